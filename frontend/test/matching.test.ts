import { expect, it } from "vitest";
import { matching } from "../src/pure/matching";

const POTHOLE = "o ga, duong hu | pothole, broken road | o voi | duong xau | sut lun";
const DRAIN = "cong nghet, nuoc thai tran | tac cong | hoi cong | rac bit cong";

it("finds a category by the words people use, accents or not", () => {
  expect(matching(POTHOLE, "ổ voi")).toBe(3);
  expect(matching(POTHOLE, "O GA")).toBe(2); // "o ga," has its comma
  expect(matching(POTHOLE, "hư đường")).toBe(1);
  expect(matching(DRAIN, "o ga")).toBe(0); // letters alone are no word
  expect(matching(DRAIN, "")).toBe(1);
});
