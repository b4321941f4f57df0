import { expect, test } from "vitest";
import { around, middle, readBox, VIETNAM } from "../src/pure/box";

test("a box is read as an element carries it, or not at all", () => {
  expect(readBox("106.3,10.4,106.5,10.6")).toEqual([106.3, 10.4, 106.5, 10.6]);
  for (const text of [undefined, "", "1,2,3", "1,2,3,x", "1,2,3,4,5"]) expect(readBox(text)).toBeUndefined();
});

test("a box goes around what there is", () => {
  expect(around([])).toBeUndefined();
  expect(
    around([
      [106.4, 10.5],
      [106.3, 10.6],
    ]),
  ).toEqual([106.3, 10.5, 106.4, 10.6]);
  expect(middle([100, 8, 110, 24])).toEqual([105, 16]);
  expect(around([middle(VIETNAM)])?.[0]).toBeCloseTo(110);
});
