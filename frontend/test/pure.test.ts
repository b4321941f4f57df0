import { describe, expect, test } from "vitest";
import { fold } from "../src/pure/fold";
import { rows, type Sent, state, type Thing, Things, thingsOf } from "../src/pure/merge";
import { age, brief, clock, date, dayStart, number, quantity } from "../src/pure/number";
import { pace, sentence, withGaps } from "../src/pure/series";
import { clusters, judged, ofRank, rank, STATES, shape, worst } from "../src/pure/state";
import { filled } from "../src/words";

const MINUTE = 60_000;
const NOON = Date.parse("2026-11-21T12:00:00+07:00");

function river(v: number | null = 0.8, t: number | null = NOON): Thing {
  return {
    type: "Feature",
    id: 1,
    geometry: { type: "Point", coordinates: [106.4258, 10.539] },
    properties: {
      id: 1,
      n: "Trạm thủy văn Tân An",
      s: "normal",
      c: "water",
      m: 0,
      st: [
        {
          d: 7,
          n: "Mực nước",
          u: "m",
          v,
          t,
          g: 2,
          l: 3600,
          b: [
            { at: 1.2, s: "minor" },
            { at: 1.4, s: "major" },
            { at: 1.6, s: "critical" },
          ],
        },
      ],
    },
  };
}

describe("states", () => {
  test("every state has its own shape, so colour is never alone", () => {
    expect(new Set(STATES.map(shape)).size).toBe(STATES.length);
  });
  test("a cluster shows the worst of its members", () => {
    expect(worst(["normal", "minor", "nodata", "offline"])).toBe("minor");
    expect(worst([])).toBe("nodata");
    expect(STATES.map(rank).map(ofRank)).toEqual([...STATES]);
  });
  test("a critical sensor never hides in a cluster", () => {
    expect(STATES.filter((s) => !clusters(s))).toEqual(["critical"]);
  });
  test("a value is judged by its own station's levels, from the level on", () => {
    const bands = river().properties.st[0]?.b;
    expect([1.19, 1.2, 1.4, 1.63].map((v) => judged(v, bands))).toEqual(["normal", "minor", "major", "critical"]);
    expect(judged(5, [{ at: 6, s: "major", below: true }])).toBe("major");
    expect(judged(null, bands)).toBe("nodata");
  });
});

describe("numbers", () => {
  test("Vietnamese and English write them their own way", () => {
    expect(number(1234567.89, 1, "vi")).toBe("1.234.567,9");
    expect(number(1234567.89, 1, "en")).toBe("1,234,567.9");
    expect(number(-0.5, 2, "vi")).toBe("\u22120,50");
    expect(number(-0.001, 1, "vi")).toBe("0,0");
  });
  test("no number is a dash, never zero", () => {
    expect(number(null, 1, "vi")).toBe("–");
    expect(quantity(Number.NaN, 1, "m", "vi")).toBe("–\u00a0m");
  });
  test("times are Vietnam's, wherever the reader is", () => {
    expect(clock(NOON)).toBe("12:00");
    expect(date(NOON + 12 * 60 * MINUTE)).toBe("22/11/2026");
    expect(dayStart("2026-11-21")).toBe(Date.parse("2026-11-20T17:00:00Z"));
  });
  test("ages are said in words", () => {
    expect(age(NOON - 4 * MINUTE, NOON, "vi")).toBe("4 phút trước");
    expect(age(NOON - 60 * MINUTE, NOON, "en")).toBe("1 hour ago");
    expect(age(NOON + MINUTE, NOON, "vi")).toBe("vừa xong");
  });
});

describe("live news", () => {
  test("what streams share comes once, and each stream has it", () => {
    const sent = {
      kinds: [{ n: "Mực nước", u: "m", g: 2, b: [{ at: 1.2, s: "minor" }] }],
      features: [
        {
          properties: {
            id: 1,
            st: [
              { d: 7, k: 0, v: 1.5, t: 0 },
              { d: 8, n: "cũ", u: "cm", g: 0, v: 2, t: 0 },
            ],
          },
        },
      ],
    } as unknown as Sent;
    const [level, old] = thingsOf(sent)[0]?.properties.st ?? [];
    expect([level?.n, level?.u, level?.b?.[0]?.at, level?.v]).toEqual(["Mực nước", "m", 1.2, 1.5]);
    expect(old?.n).toBe("cũ");
    expect(thingsOf({ features: [] })).toEqual([]);
  });
  test("a value moves its thing and its state", () => {
    const things = new Things();
    things.put([river()]);
    const { changed, unknown } = things.hear(rows(`{"o":[[7,1,${(NOON + 1000) * 1000},1.63]]}`), NOON + 2000);
    expect([...changed]).toEqual([1]);
    expect(unknown.size).toBe(0);
    expect(things.all.get(1)?.properties.s).toBe("critical");
  });
  test("a late arrival never wins over a newer value", () => {
    const things = new Things();
    things.put([river()]);
    expect(things.hear([[7, 1, (NOON - 1000) * 1000, 9]], NOON).changed.size).toBe(0);
    expect(things.all.get(1)?.properties.st[0]?.v).toBe(0.8);
  });
  test("an answer asked for before the news does not turn the clock back", () => {
    const things = new Things();
    things.put([river()]);
    things.hear([[7, 1, (NOON + 1000) * 1000, 1.3]], NOON);
    things.put([river()]);
    expect(things.all.get(1)?.properties.st[0]?.v).toBe(1.3);
  });
  test("news of a thing not known yet says whom to ask for", () => {
    expect([...new Things().hear([[9, 4, NOON * 1000, 1]], NOON).unknown]).toEqual([4]);
  });
  test("malformed news is nothing", () => {
    expect(rows("{")).toEqual([]);
    expect(rows('{"o":[[1,2],"x",[1,2,3,4]]}')).toEqual([[1, 2, 3, 4]]);
  });
  test("a silent thing goes offline by itself, and one without values has no data", () => {
    expect(state(river().properties, NOON + 3601_000)).toBe("offline");
    expect(state(river(null, null).properties, NOON)).toBe("nodata");
    const things = new Things();
    things.put([river()]);
    expect(things.age(NOON + MINUTE)).toBe(false);
    expect(things.age(NOON + 2 * 3600_000)).toBe(true);
  });
});

describe("series", () => {
  const at = [0, 1, 2, 9, 10].map((m) => NOON + m * MINUTE);
  const value = [1, 2, 3, 2, 1];
  test("a gap stays a gap", () => {
    expect(pace(at)).toBe(MINUTE);
    const points = withGaps({ step: 0, at, value });
    expect(points.map((p) => p[1])).toEqual([1, 2, 3, null, 2, 1]);
  });
  test("the chart says its extremes and gaps in a sentence", () => {
    const said = sentence("Mực nước", withGaps({ step: 0, at, value }), "m", 2, "vi");
    expect(said).toContain("cao nhất 3,00\u00a0m lúc 12:02");
    expect(said).toContain("1 khoảng thiếu số liệu");
    expect(sentence("Mực nước", [], "m", 2, "vi")).toContain("không có số liệu");
  });
});

test("search folds as the server does", () => {
  expect(fold("  Phường  Đông Hưng Thuận ")).toBe("phuong dong hung thuan");
  expect(fold("Thuỷ")).toBe(fold("thủy"));
});

test("a duration is short on a desk and written out on a wall", () => {
  const far = (ms: number) => brief(ms, "vi", true);
  expect([900, 59_999, 61_000, 7_300_000, 90_000_000].map(far)).toEqual([
    "0\u00a0giây",
    "59\u00a0giây",
    "1\u00a0phút",
    "2\u00a0giờ",
    "1\u00a0ngày",
  ]);
  expect(brief(59_999, "vi")).toBe("59\u00a0s");
  expect(brief(61_000, "vi")).toBe("1\u00a0ph");
  for (const ms of [-5, 12_000, 61_000]) expect(brief(ms, "en", true)).toBe(brief(ms, "en"));
});

test("a sentence is filled; what nobody gave stays, or is left out", () => {
  expect(filled("{n} mới, {when}", { n: 3 })).toBe("3 mới, {when}");
  expect(filled("{n} mới{when}", { n: 0 }, "")).toBe("0 mới");
});
