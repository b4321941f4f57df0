import { expect, test } from "vitest";
import { applies } from "../src/pure/conditions";

test("a question applies by the answer to another", () => {
  const repair = { field: "work", in: ["repair", "raise"], min: null };
  expect(applies(repair, ["raise"])).toBe(true);
  expect(applies(repair, ["new"])).toBe(false);
  expect(applies(repair, [])).toBe(false);
  const floors = { field: "floors", in: [], min: 3 };
  expect([applies(floors, ["3"]), applies(floors, ["2,5"]), applies(floors, [""]), applies(floors, ["x"])]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
