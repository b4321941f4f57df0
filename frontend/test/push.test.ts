import { expect, test } from "vitest";
import { browserName, bytes } from "../src/pure/push";

test("a key in base64url is read whatever its length", () => {
  expect([...bytes("-_8")]).toEqual([251, 255]);
  expect([...bytes("AQID")]).toEqual([1, 2, 3]);
  expect(bytes("").length).toBe(0);
});

test("a browser is called by its name and place", () => {
  const chrome =
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36";
  expect(browserName(chrome)).toBe("Chrome · Android");
  expect(browserName(`${chrome} Edg/130.0`)).toBe("Edge · Android");
  expect(browserName("Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0")).toBe("Firefox · Windows");
  expect(browserName("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit Version/18 Safari/604")).toBe(
    "Safari · iPhone",
  );
  expect(browserName("")).toBe("");
});
