import { expect, test } from "vitest";
import { linesOf, sharesOf, within } from "../src/pure/boxes";

test("a box is drawn from any corner and stays within the picture", () => {
  expect(within([0.5, 0.5], [0.25, 0.75])).toEqual([0.25, 0.5, 0.25, 0.25]);
  expect(within([-0.5, 0.5], [2, 1.5])).toEqual([0, 0.5, 1, 0.5]);
});
test("lines of percents say the same boxes; what is none is left to the server", () => {
  expect(linesOf([[0.1, 0.2, 0.3, 0.4]])).toBe("10.0 20.0 30.0 40.0");
  expect(sharesOf("10.0 20.0 30.0 40.0\nnothing\n 1,5 2 3 4 ")).toEqual([
    [0.1, 0.2, 0.3, 0.4],
    [0.015, 0.02, 0.03, 0.04],
  ]);
});
