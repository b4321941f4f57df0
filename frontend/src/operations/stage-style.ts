/** The style of the operations map: the base, and above it warnings, cameras, marks, and what is drawn by hand. */
import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { Base } from "../base";
import { above, type Colours, chosenRing, cluster, count, ex, gather, note, PICTURE, POINTS, tag } from "../gl/style";
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
  objects: ["cluster", "cluster-n", "mark", "critical", "tag", "chosen-ring", "chosen"],
};
/** what is drawn by hand, above everything */
export const DRAWN = ["near-line", "near", "draw-fill", "draw-line", "draw-dot", "draw-n"];

export function style(base: Base, at: HTMLElement): StyleSpecification {
  const sources = {
    marks: { ...gather(38, 15), promoteId: "id" },
    critical: { ...POINTS, promoteId: "id" },
    chosen: POINTS,
    tags: POINTS,
    warn: POINTS,
    cam: { ...POINTS, cluster: true, clusterRadius: 24, clusterMaxZoom: 14 },
    near: POINTS,
    draw: POINTS,
  };
  return above(base, at, sources, overlay);
}

function overlay(c: Colours): LayerSpecification[] {
  const ring = MARKS.map((one) => [rank(one), COLOURED[one]] as const);
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
    cluster(c, "marks", [13, 10, 15, 50, 18, 200, 21, 1000, 25], rank("normal"), ring),
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
    chosenRing(c, 15, 0.7),
    { id: "chosen", type: "symbol", source: "chosen", layout: PICTURE },
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
