/** The style of the operations map: the base, and above it warnings, cameras, marks, and what is drawn by hand. */
import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { Base } from "../base";
import { type Colours, colours, count, EMPTY, ex, ground, note, PICTURE, tag } from "../gl/style";
import type { LayerName } from "./layers";
import { MARKS, type MarkName, rank } from "./objects";

const COLOURED: Record<MarkName, string> = {
  nodata: "--line-strong",
  offline: "--line-strong",
  normal: "--line-strong",
  warning: "--minor",
  minor: "--minor",
  major: "--major",
  critical: "--critical",
};
/** which drawn layers a layer of the page is made of, from the bottom up */
export const GROUPS: Record<LayerName, readonly string[]> = {
  wards: ["ward-edge"],
  labels: ["l-road", "l-poi", "l-water", "l-ward", "l-sea"],
  warnings: ["warn-fill", "warn-line"],
  cameras: ["cam", "cam-n"],
  objects: ["cluster", "cluster-n", "mark", "critical", "tag", "chosen-ring", "chosen", "chosen-tag"],
};
/** what is drawn by hand, above everything */
export const DRAWN = ["near-line", "near", "draw-fill", "draw-line", "draw-dot", "draw-n"];

export function style(base: Base, at: HTMLElement): StyleSpecification {
  const under = ground(base, at);
  const points = { type: "geojson" as const, data: EMPTY };
  return {
    ...under,
    sources: {
      ...under.sources,
      marks: {
        ...points,
        promoteId: "id",
        cluster: true,
        clusterRadius: 38,
        clusterMaxZoom: 15,
        clusterProperties: { worst: ["max", ["get", "r"]] },
      },
      critical: { ...points, promoteId: "id" },
      chosen: points,
      tags: points,
      "chosen-tags": points,
      warn: points,
      cam: { ...points, cluster: true, clusterRadius: 24, clusterMaxZoom: 14 },
      near: points,
      draw: points,
    },
    layers: [...under.layers, ...overlay(colours(at))],
  };
}

function overlay(c: Colours): LayerSpecification[] {
  const ring = ex([
    "match",
    ["get", "worst"],
    ...MARKS.flatMap((one) => [rank(one), c(COLOURED[one])]),
    c("--line-strong"),
  ]);
  const bare = ex(["!", ["has", "point_count"]]);
  const tone = (fallback: string) =>
    ex(["match", ["get", "s"], "critical", c("--critical"), "major", c("--major"), "minor", c("--minor"), c(fallback)]);
  return [
    { id: "warn-fill", type: "fill", source: "warn", paint: { "fill-color": tone("--accent"), "fill-opacity": 0.14 } },
    {
      id: "warn-line",
      type: "line",
      source: "warn",
      paint: { "line-color": tone("--accent"), "line-width": 2, "line-dasharray": [2, 1.5] },
    },
    {
      id: "cam",
      type: "symbol",
      source: "cam",
      layout: { "icon-image": "camera", "icon-allow-overlap": true, "icon-ignore-placement": true },
    },
    note(c, "cam-n", "cam", "point_count", [1.2, -0.7], { size: 11, ink: "--ink-2", halo: 1.5 }),
    {
      id: "cluster",
      type: "circle",
      source: "marks",
      filter: ex(["has", "point_count"]),
      paint: {
        "circle-color": c("--surface"),
        "circle-radius": ex(["step", ["get", "point_count"], 13, 10, 15, 50, 18, 200, 21, 1000, 25]),
        "circle-stroke-width": ex(["case", [">", ["get", "worst"], rank("normal")], 3, 1.5]),
        "circle-stroke-color": ring,
      },
    },
    count(c, "marks", "point_count_abbreviated", 12),
    {
      id: "mark",
      type: "symbol",
      source: "marks",
      filter: bare,
      layout: { ...PICTURE, "symbol-sort-key": ex(["get", "r"]) },
    },
    { id: "critical", type: "symbol", source: "critical", layout: PICTURE },
    tag(c, "tag", "tags", false),
    {
      id: "chosen-ring",
      type: "circle",
      source: "chosen",
      paint: {
        "circle-radius": 15,
        "circle-color": c("--surface"),
        "circle-opacity": 0.7,
        "circle-stroke-width": 2,
        "circle-stroke-color": c("--ink"),
      },
    },
    { id: "chosen", type: "symbol", source: "chosen", layout: PICTURE },
    tag(c, "chosen-tag", "chosen-tags", true),
    {
      id: "near-line",
      type: "line",
      source: "near",
      filter: ex(["==", ["geometry-type"], "LineString"]),
      paint: { "line-color": c("--accent"), "line-width": 1, "line-opacity": 0.8, "line-dasharray": [3, 2] },
    },
    {
      id: "near",
      type: "circle",
      source: "near",
      filter: ex(["==", ["geometry-type"], "Point"]),
      paint: {
        "circle-radius": ex(["case", ["has", "centre"], 5, 10]),
        "circle-color": c("--accent"),
        "circle-opacity": ex(["case", ["has", "centre"], 1, 0]),
        "circle-stroke-width": 1.5,
        "circle-stroke-color": c("--accent"),
      },
    },
    {
      id: "draw-fill",
      type: "fill",
      source: "draw",
      filter: ex(["==", ["geometry-type"], "Polygon"]),
      paint: { "fill-color": c("--accent"), "fill-opacity": 0.12 },
    },
    {
      id: "draw-line",
      type: "line",
      source: "draw",
      filter: ex(["in", ["geometry-type"], ["literal", ["LineString", "Polygon"]]]),
      layout: { "line-join": "round" },
      paint: { "line-color": c("--accent"), "line-width": 2 },
    },
    {
      id: "draw-dot",
      type: "circle",
      source: "draw",
      filter: ex(["==", ["geometry-type"], "Point"]),
      paint: {
        "circle-radius": 4,
        "circle-color": c("--surface"),
        "circle-stroke-width": 2,
        "circle-stroke-color": c("--accent"),
      },
    },
    note(c, "draw-n", "draw", "label", [0, -1.2]),
  ];
}
