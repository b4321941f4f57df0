/** The map's style: the city's own base in the `--map-*` roles, or the base an installation sets, and the sensors above. */
import type { FeatureCollection } from "geojson";
import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { Base } from "../base";
import { colour } from "../colour";
import { rank, STATES } from "../pure/state";
import { language } from "../words";

// drawn by the browser; MapLibre reads weight and slope out of the family's name (aliases in css/fonts.css)
const FONT = ["Be Vietnam Pro Medium"];
const FONT_STRONG = ["Be Vietnam Pro Semibold"];
const FONT_WATER = ["Be Vietnam Pro Italic"];
export const EMPTY: FeatureCollection = { type: "FeatureCollection", features: [] };
type Expression = never;
/** An expression of the style language, whose types are stricter than its makers. */
export const ex = (value: unknown): Expression => value as Expression;
export type Colours = (role: string) => string;
export const colours =
  (at: HTMLElement): Colours =>
  (role) =>
    colour(role, at);

/** Layers of `/places/base.geojson`; `kind` says what each feature is, `inset` that it is the outline of the country. */
function baseLayers(c: Colours): LayerSpecification[] {
  const kind = (...names: string[]) =>
    ex(["all", ["in", ["get", "kind"], ["literal", names]], ["!", ["has", "inset"]]]);
  const grow = (low: number, middle: number, high: number) =>
    ex(["interpolate", ["exponential", 1.6], ["zoom"], 10, low, 13.5, middle, 17, high]);
  const round = { "line-cap": "round" as const, "line-join": "round" as const };
  const area = ex(["in", ["geometry-type"], ["literal", ["Polygon", "MultiPolygon"]]]);
  const line = ex(["in", ["geometry-type"], ["literal", ["LineString", "MultiLineString"]]]);
  const both = (...filters: Expression[]) => ex(["all", ...filters]);
  const wide = ex(["match", ["get", "class"], ["motorway", "trunk"], 1.7, ["primary"], 1.4, ["secondary"], 1.1, 0.8]);
  const times = (factor: number, more: number) =>
    ex([
      "interpolate",
      ["exponential", 1.6],
      ["zoom"],
      10,
      ["+", ["*", wide, 0.7 * factor], more * 0.6],
      13.5,
      ["+", ["*", wide, 1.8 * factor], more],
      17,
      ["+", ["*", wide, 9 * factor], more],
    ]);
  const words = ex(language() === "en" ? ["coalesce", ["get", "name_en"], ["get", "name"]] : ["get", "name"]);
  const label = (
    id: string,
    filter: Expression,
    size: number,
    layout: object = {},
    paint: object = {},
  ): LayerSpecification => ({
    id,
    type: "symbol",
    source: "base",
    filter,
    layout: { "text-field": words, "text-font": FONT, "text-size": size, "text-max-width": 9, ...layout },
    paint: { "text-color": c("--map-label"), "text-halo-color": c("--map-halo"), "text-halo-width": 1.6, ...paint },
  });
  const said = (what: string) => ex(["==", ["get", "label"], what]);
  const roads = kind("road", "expressway", "street");
  return [
    {
      id: "country",
      type: "fill",
      source: "base",
      filter: both(ex(["has", "inset"]), area),
      paint: { "fill-color": c("--map-ward") },
    },
    {
      id: "islands",
      type: "circle",
      source: "base",
      filter: both(
        ex(["has", "inset"]),
        ex(["in", ["geometry-type"], ["literal", ["Point", "MultiPoint"]]]),
        ex(["in", ["get", "kind"], ["literal", ["island", "archipelago"]]]),
      ),
      paint: { "circle-radius": 2, "circle-color": c("--ink") },
    },
    {
      id: "land-here",
      type: "fill",
      source: "base",
      filter: ex(["==", ["get", "kind"], "ward"]),
      paint: { "fill-color": c("--map-ward") },
    },
    {
      id: "urban",
      type: "fill",
      source: "base",
      filter: kind("urban"),
      paint: { "fill-color": c("--map-land"), "fill-opacity": 0.45 },
    },
    {
      id: "water",
      type: "fill",
      source: "base",
      filter: both(kind("river", "canal", "lake", "water"), area),
      paint: { "fill-color": c("--map-water") },
    },
    {
      id: "water-line",
      type: "line",
      source: "base",
      filter: both(kind("river", "canal", "stream"), line),
      layout: round,
      paint: { "line-color": c("--map-water"), "line-width": grow(1.4, 4, 14) },
    },
    {
      id: "road-edge",
      type: "line",
      source: "base",
      filter: roads,
      layout: round,
      paint: { "line-color": c("--map-road-edge"), "line-width": times(1, 1.6) },
    },
    {
      id: "road",
      type: "line",
      source: "base",
      filter: roads,
      layout: round,
      paint: { "line-color": c("--map-road"), "line-width": times(1, 0) },
    },
    {
      id: "ward-edge",
      type: "line",
      source: "base",
      filter: kind("ward"),
      paint: { "line-color": c("--map-edge"), "line-width": 1.2, "line-dasharray": [3, 2] },
    },
    label("l-road", both(roads, ex(["has", "name"])), 11, {
      "symbol-placement": "line",
      "symbol-spacing": 420,
      "text-field": ex(["coalesce", ["get", "ref"], words]),
    }),
    label(
      "l-poi",
      kind("poi", "bridge"),
      11,
      { "text-optional": true },
      { "text-opacity": ex(["step", ["zoom"], 0, 14.5, 1]) },
    ),
    label("l-water", said("water"), 12, { "text-font": FONT_WATER }),
    label("l-ward", said("ward"), 13, {
      "text-font": FONT_STRONG,
      "text-max-width": 20,
      "text-variable-anchor": ["center", "top", "bottom", "left", "right"],
      "text-radial-offset": 1.6,
    }),
    label(
      "l-sea",
      both(ex(["has", "inset"]), ex(["in", ["get", "label"], ["literal", ["archipelago", "sea"]]])),
      12,
      {},
      { "text-opacity": ex(["step", ["zoom"], 1, 9, 0]) },
    ),
  ];
}

/** A mark in the picture of its state. */
export const PICTURE = {
  "icon-image": ex(["concat", "s-", ["get", "s"]]),
  "icon-allow-overlap": true,
  "icon-ignore-placement": true,
};
/** The value beside a mark; on: of the chosen one, inverted and always there. */
export const tag = (c: Colours, id: string, source: string, on: boolean, filter?: Expression): LayerSpecification => ({
  id,
  type: "symbol",
  source,
  ...(filter ? { filter } : {}),
  layout: {
    "text-field": ex(["get", "tag"]),
    "text-font": FONT,
    "text-size": 12,
    "text-anchor": "left",
    "text-offset": on
      ? [1.7, 0]
      : ex([
          "match",
          ["get", "s"],
          "critical",
          ["literal", [1.5, 0]],
          "major",
          ["literal", [1.3, 0]],
          ["literal", [1.1, 0]],
        ]),
    "text-max-width": 30,
    "icon-image": on ? "tag-on" : "tag",
    "icon-text-fit": "both",
    "icon-text-fit-padding": [1, 4, 1, 4],
    "symbol-sort-key": ex(["-", 0, ["get", "r"]]),
    "text-allow-overlap": on,
    "icon-allow-overlap": on,
  },
  paint: { "text-color": c(on ? "--paper" : "--ink") },
});
/** A ring round many; by: the colour of each rank; calm: the rank up to which it stays thin. */
export const cluster = (
  c: Colours,
  source: string,
  steps: readonly number[],
  calm: number,
  by: readonly (readonly [number, string])[],
): LayerSpecification => ({
  id: "cluster",
  type: "circle",
  source,
  filter: ex(["has", "point_count"]),
  paint: {
    "circle-color": c("--surface"),
    "circle-radius": ex(["step", ["get", "point_count"], ...steps]),
    "circle-stroke-width": ex(["case", [">", ["get", "worst"], calm], 3, 1.5]),
    "circle-stroke-color": ex([
      "match",
      ["get", "worst"],
      ...by.flatMap(([worst, role]) => [worst, c(role)]),
      c("--line-strong"),
    ]),
  },
});
/** The disc behind the chosen mark. */
export const chosenRing = (c: Colours, radius: number, opacity: number): LayerSpecification => ({
  id: "chosen-ring",
  type: "circle",
  source: "chosen",
  paint: {
    "circle-radius": radius,
    "circle-color": c("--surface"),
    "circle-opacity": opacity,
    "circle-stroke-width": 2,
    "circle-stroke-color": c("--ink"),
  },
});
/** How many stand in a ring. */
export const count = (c: Colours, source: string, field: string, size: number): LayerSpecification => ({
  id: "cluster-n",
  type: "symbol",
  source,
  filter: ex(["has", "point_count"]),
  layout: {
    "text-field": ex(["get", field]),
    "text-font": FONT,
    "text-size": size,
    "text-allow-overlap": true,
    // a circle's worth of room, so that place names step aside
    "text-padding": 9,
  },
  paint: { "text-color": c("--ink") },
});
/** A word on the bare map beside what carries it: the label of a drawing, the number of a cluster of cameras. */
export const note = (
  c: Colours,
  id: string,
  source: string,
  field: string,
  offset: [number, number],
  { size = 12, ink = "--ink", halo = 2 } = {},
): LayerSpecification => ({
  id,
  type: "symbol",
  source,
  filter: ex(["has", field]),
  layout: {
    "text-field": ex(["get", field]),
    "text-font": FONT,
    "text-size": size,
    "text-offset": offset,
    "text-allow-overlap": true,
  },
  paint: { "text-color": c(ink), "text-halo-color": c("--map-halo"), "text-halo-width": halo },
});

function sensorLayers(c: Colours): LayerSpecification[] {
  // colour is for what needs a look
  const ring = STATES.map((one) => [rank(one), rank(one) > rank("normal") ? `--${one}` : "--line-strong"] as const);
  const alone = ex(["!", ["has", "point_count"]]);
  const said = ex(["!=", ["get", "tag"], ""]);
  return [
    chosenRing(c, 12, 0.6),
    cluster(c, "things", [14, 10, 16, 50, 19, 200, 23], rank("normal"), ring),
    count(c, "things", "point_count", 12.5),
    {
      id: "thing",
      type: "symbol",
      source: "things",
      filter: alone,
      layout: { ...PICTURE, "symbol-sort-key": ex(["get", "r"]) },
    },
    tag(c, "thing-tag", "things", false, ex(["all", alone, said])),
    { id: "critical", type: "symbol", source: "critical", layout: PICTURE },
    tag(c, "critical-tag", "critical", false, said),
    { id: "chosen", type: "symbol", source: "chosen", layout: PICTURE },
    tag(c, "chosen-tag", "chosen", true, said),
  ];
}

/** The base map by itself. */
export function ground(base: Base, at: HTMLElement): StyleSpecification {
  const c = colours(at);
  const land: LayerSpecification = {
    id: "land",
    type: "background",
    paint: { "background-color": c("--map-land") },
  };
  if (base.style) return { ...base.style, version: 8 };
  if (base.tiles)
    return {
      version: 8,
      sources: { tiles: { type: "raster", tiles: [base.tiles], tileSize: 256 } },
      layers: [land, { id: "tiles", type: "raster", source: "tiles" }],
    };
  return {
    version: 8,
    sources: { base: { type: "geojson", data: (base.data ?? EMPTY) as never, tolerance: 0.2 } },
    layers: [land, ...baseLayers(c)],
  };
}
/** The base map with more sources and layers above it. */
export function above(
  base: Base,
  at: HTMLElement,
  sources: StyleSpecification["sources"],
  layers: (c: Colours) => LayerSpecification[],
): StyleSpecification {
  const under = ground(base, at);
  return { ...under, sources: { ...under.sources, ...sources }, layers: [...under.layers, ...layers(colours(at))] };
}
/** A source nothing is in yet. */
export const POINTS = { type: "geojson" as const, data: EMPTY };
/** One whose marks are gathered in rings, each with the worst rank `r` within it. */
export const gather = (radius: number, most: number) => ({
  ...POINTS,
  cluster: true,
  clusterRadius: radius,
  clusterMaxZoom: most,
  clusterProperties: { worst: ["max", ["get", "r"]] },
});
/** The base map with the sensors above it. */
export const style = (base: Base, at: HTMLElement, gathered: boolean): StyleSpecification =>
  above(base, at, { things: { ...gather(34, 15), cluster: gathered }, critical: POINTS, chosen: POINTS }, sensorLayers);
