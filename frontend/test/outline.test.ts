import { describe, expect, it } from "vitest";
import { type At, Outline } from "../src/pure/outline";

const square: At[] = [
  [106.4, 10.5],
  [106.5, 10.5],
  [106.5, 10.6],
  [106.4, 10.6],
];

function drawn(points: At[]): Outline {
  const made = new Outline();
  for (const at of points) made.add(at);
  return made;
}

describe("an outline", () => {
  it("is closed when it is told", () => {
    const made = drawn(square);
    expect(made.geojson()).toBeNull();
    expect(made.finish()).toBe(true);
    expect(made.geojson()).toEqual({ type: "Polygon", coordinates: [[...square, square[0]]] });
  });
  it("needs a surface", () => {
    expect(drawn(square.slice(0, 2)).finish()).toBe(false);
    expect(
      drawn([
        [1, 1],
        [2, 2],
        [3, 3],
      ]).finish(),
    ).toBe(false);
  });
  it("leaves out a point set twice", () => {
    const made = drawn([...square, square[3] as At]);
    made.finish();
    expect(made.done[0]).toHaveLength(4);
  });
  it("of several parts is one area", () => {
    const made = drawn(square);
    made.finish();
    for (const at of square) made.add([at[0] + 1, at[1]]);
    made.finish();
    expect(made.geojson()?.type).toBe("MultiPolygon");
  });
  it("goes back point by point, into a finished part too", () => {
    const made = drawn(square);
    made.finish();
    made.back();
    expect(made.done).toHaveLength(0);
    expect(made.points).toHaveLength(3);
  });
  it("reads what it wrote, and fills holes", () => {
    const made = new Outline();
    const hole: At[] = [
      [106.42, 10.52],
      [106.43, 10.52],
      [106.43, 10.53],
      [106.42, 10.52],
    ];
    expect(made.read(JSON.stringify({ type: "Polygon", coordinates: [[...square, square[0]], hole] }))).toBe(true);
    expect(made.geojson()).toEqual({ type: "Polygon", coordinates: [[...square, square[0]]] });
    expect(made.read("{}")).toBe(false);
    expect(made.read("x")).toBe(false);
    expect(made.read('{"type":"Point","coordinates":[1,2]}')).toBe(false);
  });
});
