import { describe, expect, it } from "vitest";
import { read as readCql, write as writeCql } from "../src/workbench/cql";
import { bar, degrees, distance, go, length, outline, ringArea, vn2000 } from "../src/workbench/geodesy";
import { keys } from "../src/workbench/legend";
import { read, readArea, type State, write, writeArea } from "../src/workbench/state";

const VN: [[number, number], number, number, number][] = [
  [[106.41366, 10.53589], 105.75, 1165201.8802, 572439.4668],
  [[106.41366, 10.53589], 105.5, 1165270.6062, 599802.8244],
  [[108.2, 11.9], 108.5, 1316022.1559, 467125.6358],
];

describe("geodesy agrees with PROJ (values from pyproj's Geod and EPSG:9209, 9210, 9218)", () => {
  it("measures geodesics", () => {
    expect(distance([106.41366, 10.53589], [106.45, 10.57])).toBeCloseTo(5482.219106, 3);
    expect(
      length([
        [105.85, 21.03],
        [106.7, 10.78],
      ]),
    ).toBeCloseTo(1137901.668347, 2);
    expect(distance([106, 10], [106, 10])).toBe(0);
  });
  it("measures areas", () => {
    const ring: [number, number][] = [
      [106.4, 10.53],
      [106.42, 10.53],
      [106.43, 10.55],
      [106.41, 10.56],
    ];
    expect(ringArea(ring) / 6658727.5787).toBeCloseTo(1, 5);
    expect(ringArea([...ring].reverse())).toBeCloseTo(ringArea(ring), 3);
  });
  it("says positions in VN-2000 with the meridian of the province", () => {
    for (const [at, meridian, x, y] of VN) {
      const found = vn2000(at, meridian);
      expect(Math.abs(found.x - x)).toBeLessThan(0.01);
      expect(Math.abs(found.y - y)).toBeLessThan(0.01);
    }
    expect(degrees(105.75)).toBe("105°45′");
    expect(degrees(108)).toBe("108°00′");
  });
  it("goes so many metres in a direction", () => {
    for (const bearing of [0, 45, 90, 200])
      expect(distance([106.4, 10.5], go([106.4, 10.5], 800, bearing))).toBeCloseTo(800, 2);
    const ring = outline({ kind: "circle", at: [106.4, 10.5], radius: 500 });
    expect(ring[0]).toEqual(ring.at(-1));
    expect(ringArea(ring.slice(0, -1)) / (Math.PI * 500 ** 2)).toBeCloseTo(1, 2);
  });
  it("makes round scale bars that fit", () => {
    expect(bar(10, 100)).toEqual({ metres: 1000, pixels: 100 });
    expect(bar(1.3, 120).metres).toBe(100);
    expect(bar(0.5, 100).metres).toBe(50);
  });
});

describe("an address says the whole state", () => {
  const state: State = {
    camera: { at: [106.41366, 10.53589], zoom: 13.25 },
    layers: [
      { code: "lamps", visible: true, opacity: 100, filter: "condition = 'out' AND power >= 120" },
      { code: "zoning", visible: false, opacity: 60, filter: "" },
    ],
    base: "plain",
    picked: [106.4, 10.53],
    area: { kind: "circle", at: [106.41, 10.54], radius: 350.5 },
    counted: "lamps",
    measure: {
      kind: "line",
      points: [
        [106.4, 10.5],
        [106.41, 10.51],
      ],
    },
    moments: { kind: "datetime", left: "2026-11-01", right: "", split: 40 },
  };
  it("comes back as it went", () => expect(read(write(state))).toEqual(state));
  it("stays readable", () => expect(write(state)).toContain("l=lamps,zoning:60:off&f.lamps=condition"));
  it("leaves out what it cannot read", () => {
    const found = read(
      "at=1,99,3&l=lamps:x,lamps,ghost&pick=1&area=circle:1,2,-3&m=line:1,2&t1=yesterday",
      (code) => code !== "ghost",
    );
    expect(found.camera).toBeNull();
    expect(found.layers).toEqual([{ code: "lamps", visible: true, opacity: 100, filter: "" }]);
    expect([found.picked, found.area, found.measure]).toEqual([null, null, null]);
    expect(found.moments?.left).toBe("");
  });
  it("keeps areas of every kind", () => {
    for (const text of [
      "circle:106.4,10.5,350.5",
      "box:106.4,10.5,106.5,10.6",
      "polygon:106.4,10.5,106.5,10.5,106.5,10.6",
    ])
      expect(writeArea(readArea(text) as never)).toBe(text);
    expect(readArea("polygon:1,2,3,4")).toBeNull();
  });
});

describe("the filter builder writes CQL2", () => {
  const kind = (field: string) =>
    field === "power" ? "number" : field === "since" ? "date" : field === "public" ? "boolean" : "string";
  const cases: [string, string, string, string][] = [
    ["road", "has", "hung vuong", "ACCENTI(CASEI(road)) LIKE ACCENTI(CASEI('%hung vuong%'))"],
    ["road", "=", "Đ'ức", "road = 'Đ''ức'"],
    ["power", ">=", "120", "power >= 120"],
    ["since", "<", "2026-01-01", "since < DATE('2026-01-01')"],
    ["public", "=", "true", "public = TRUE"],
    ["mã số", "null", "", '"mã số" IS NULL'],
    ["note", "has", "50% AND more", "ACCENTI(CASEI(note)) LIKE ACCENTI(CASEI('%50\\% AND more%'))"],
  ];
  it.each(cases)("%s %s %s", (field, operator, value, text) => {
    const given = { all: true, rows: [{ field, operator: operator as never, value }] };
    expect(writeCql(given, kind)).toBe(text);
    expect(readCql(text)).toEqual(given);
  });
  it("joins by AND or OR, and leaves out what is not filled in", () => {
    const rows = [
      { field: "a", operator: "=" as const, value: "x AND y" },
      { field: "b", operator: "=" as const, value: "" },
      { field: "c", operator: "null" as const, value: "" },
    ];
    expect(writeCql({ all: false, rows }, kind)).toBe("a = 'x AND y' OR c IS NULL");
    expect(readCql("a = 'x AND y' OR c IS NULL")?.rows).toHaveLength(2);
  });
  it("does not pretend to show what is more than plain", () => {
    for (const text of [
      "a = 1 AND b = 2 OR c = 3",
      "S_INTERSECTS(geometry, POINT(1 2))",
      "a BETWEEN 1 AND 2",
      "NOT a = 1",
    ])
      expect(readCql(text)).toBeNull();
    expect(readCql(" ")).toEqual({ all: true, rows: [] });
  });
});

describe("a legend is read out of the paint", () => {
  it("of choices, with the edge of the areas", () => {
    const layers = [
      {
        type: "fill",
        paint: { "fill-color": ["match", ["get", "type"], "A", "#111111", ["B", "C"], "#222222", "#999999"] },
      },
      { type: "line", paint: { "line-color": "#333333" } },
    ];
    expect(keys(layers).map((one) => [one.value, one.colour, one.edge])).toEqual([
      ["A", "#111111", "#333333"],
      ["B", "#222222", "#333333"],
      ["C", "#222222", "#333333"],
    ]);
  });
  it("of steps, with where each ends", () => {
    const made = keys([
      { type: "circle", paint: { "circle-color": ["step", ["get", "depth"], "#1", 15, "#2", 30, "#3"] } },
    ]);
    expect(made.map((one) => [one.value, one.until, one.field])).toEqual([
      [null, 15, "depth"],
      [15, 30, "depth"],
      [30, undefined, "depth"],
    ]);
  });
  it("of one colour", () =>
    expect(keys([{ type: "line", paint: { "line-color": "#123456" } }])).toEqual([
      { shape: "line", colour: "#123456", value: null },
    ]));
});
