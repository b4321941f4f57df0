import { describe, expect, it } from "vitest";
import { dated, timeless } from "../src/operations/ahead";
import { next, pace } from "../src/operations/replay";
import { heights, marks, stepOf, stretch } from "../src/pure/timeline";
import { begin, fresh, HOLD_MS, turn } from "../src/wall/turn";

const HOUR = 3_600_000;
const NOON = Date.parse("2026-11-21T12:00:00+07:00");

describe("addresses of a moment", () => {
  it("lose it and get it back in one spelling", () => {
    const asked = "/operations/queue?at=2026-11-21T05:00:00Z&known=2026-11-21T05:00:00Z";
    expect(timeless(asked)).toBe("/operations/queue");
    expect(timeless("/operations/map.json")).toBeUndefined();
    expect(timeless("/x?part=1&at=a&known=b")).toBe("/x?part=1");
    expect(timeless("/x?at=a&known=b&hours=12")).toBe("/x?hours=12");
    expect(dated("/x?hours=12", "at=a&known=b")).toBe("/x?hours=12&at=a&known=b");
  });
});

describe("the clock of the replay", () => {
  it("goes on the grid of its pace", () => {
    expect(pace(600)).toEqual({ every: 1000, step: 600_000 });
    expect(next(NOON + 1, 600, NOON + HOUR)).toBe(NOON + 600_000);
    expect(next(NOON, 60, NOON + HOUR)).toBe(NOON + 60_000);
  });
  it("ends at the present", () => {
    expect(next(NOON, 600, NOON + 600_000)).toBeNull();
  });
});

describe("the track", () => {
  it("ends with the present and holds still while it plays", () => {
    const live = stretch(24 * HOUR, NOON + 1, null);
    expect(live[1] - live[0]).toBe(24 * HOUR);
    expect(live[1]).toBeGreaterThan(NOON);
    expect(stretch(24 * HOUR, NOON, NOON - 2 * HOUR, live)[1]).toBeGreaterThanOrEqual(NOON);
    const past = stretch(24 * HOUR, NOON, NOON - 90 * HOUR);
    expect(past[0]).toBeLessThan(NOON - 90 * HOUR);
    expect(stretch(24 * HOUR, NOON, NOON - 89 * HOUR, past)).toEqual(past);
  });
  it("has some fifty bars and a handful of marks, midnight among them", () => {
    for (const hours of [6, 24, 168, 720]) {
      const bars = (hours * HOUR) / stepOf(hours * HOUR);
      expect(bars).toBeGreaterThanOrEqual(30);
      expect(bars).toBeLessThanOrEqual(72);
    }
    const found = marks(NOON - 24 * HOUR, NOON);
    expect(found.length).toBeLessThanOrEqual(7);
    expect(found.some(([at, midnight]) => midnight && (at + 7 * HOUR) % (24 * HOUR) === 0)).toBe(true);
  });
  it("shows one alarm beside fifty", () => {
    expect(heights([0, 1, 0, 0], 50, 30)[1]).toBeGreaterThanOrEqual(3);
    expect(heights([50, 0, 0, 0], 50, 30)[0]).toBe(30);
    expect(heights([0, 0, 0, 0], 0, 30)).toEqual([0, 0, 0, 0]);
  });
});

describe("a wall", () => {
  const views = [{ seconds: 10 }, { seconds: 20 }];
  it("turns through its views, each for its own time", () => {
    let now = begin(0);
    now = turn(now, views, [], 9_999);
    expect(now.view).toBe(0);
    now = turn(now, views, [], 10_000);
    expect(now.view).toBe(1);
    now = turn(now, views, [], 29_000);
    expect(now.view).toBe(1);
    expect(turn(now, views, [], 30_000).view).toBe(0);
  });
  it("jumps to a new critical alarm and returns to the view it left", () => {
    const away = turn({ ...begin(0), view: 1 }, views, ["CB-1", "CB-2"], 5_000);
    expect(away.alarm).toBe("CB-2");
    expect(turn(away, views, [], 5_000 + HOLD_MS - 1).alarm).toBe("CB-2");
    const back = turn(away, views, [], 5_000 + HOLD_MS);
    expect(back).toEqual({ view: 1, since: 5_000 + HOLD_MS, alarm: null, until: 0 });
  });
  it("knows what is new, and nothing is when it begins", () => {
    expect(fresh(undefined, ["CB-1"])).toEqual([]);
    expect(fresh(new Set(["CB-1"]), ["CB-1", "CB-2"])).toEqual(["CB-2"]);
  });
  it("lives with fewer views than it had", () => {
    expect(turn({ ...begin(0), view: 5 }, [{ seconds: 10 }], [], 1).view).toBe(0);
    expect(turn(begin(0), [], [], 1).view).toBe(0);
  });
});
