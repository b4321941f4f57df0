/** The wall's map: the city's own style in the wall's size. Never moved by hand; it cuts from place to place. */
import type { Point } from "geojson";
import type { GeoJSONSource, LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { Base } from "../base";
import { addImages } from "../gl/shapes";
import { drawn, imager, upright } from "../gl/start";
import { style } from "../gl/style";
import type { Box } from "../pure/box";
import { clusters, rank, type State } from "../pure/state";

export interface Mark {
  id: number;
  at: [number, number];
  s: State;
  tag: string;
}
export interface WallMap {
  show(marks: readonly Mark[], chosen: number | null): void;
  /** Cuts to a box, or to a place at a zoom of a desk's map. */
  cut(to: { box: Box } | { at: [number, number]; zoom: number }): void;
  remove(): void;
}
type Loose = Record<string, unknown>;

const LEAST = 24; // px of any text on a screen of 1080 lines

/** A style made for a desk, `k` times as large; no text under 24 px of a screen of 1080 lines. Pure. */
export function grown(given: StyleSpecification, k: number): StyleSpecification {
  const times = (value: unknown): unknown =>
    typeof value === "number"
      ? value * k
      : Array.isArray(value) && !JSON.stringify(value).includes('"zoom"')
        ? ["*", k, value]
        : value;
  const layers = given.layers.map((layer) => {
    const one = structuredClone(layer) as LayerSpecification & { layout?: Loose; paint?: Loose };
    const { layout, paint } = one as { layout?: Loose; paint?: Loose };
    if (layout && typeof layout["text-size"] === "number")
      layout["text-size"] = Math.max((LEAST * k) / 2, layout["text-size"] * k);
    if (layout?.["icon-text-fit-padding"]) layout["icon-text-fit-padding"] = [1, 4, 1, 4].map((n) => n * k);
    // names of streets are for those who can walk up to the map
    if (one.id === "l-road" || one.id === "l-poi") one.layout = { ...layout, visibility: "none" } as never;
    for (const name of ["circle-radius", "circle-stroke-width"])
      if (paint && paint[name] !== undefined) paint[name] = times(paint[name]);
    if (paint?.["text-halo-width"] !== undefined) paint["text-halo-width"] = times(paint["text-halo-width"]);
    return one as LayerSpecification;
  });
  const things = given.sources.things as Loose | undefined;
  const sources = things
    ? { ...given.sources, things: { ...things, clusterRadius: 34 * k, clusterMaxZoom: 15 } }
    : given.sources;
  return { ...given, layers, sources: sources as StyleSpecification["sources"] };
}

export async function draw(holder: HTMLElement, base: Base, bounds: Box, k: number, inset: number): Promise<WallMap> {
  // the overview stands bottom left: what matters keeps clear of it
  const padding = { top: 60 * k, right: 50 * k, bottom: 40 * k, left: Math.min(inset, holder.clientWidth * 0.3) * 0.8 };
  const map = upright({
    container: holder,
    style: grown(style(base, holder, true), k),
    bounds,
    fitBoundsOptions: { padding },
    interactive: false,
    maxZoom: 18,
  });
  await drawn(map, 30_000);
  addImages(imager(map), holder, k);
  // a machine under a wall forgets its graphics when it sleeps; the map draws itself anew when they are back
  map.getCanvas().addEventListener("webglcontextlost", (event) => event.preventDefault());
  const source = (name: string) => map.getSource(name) as GeoJSONSource;
  const collection = (marks: readonly Mark[]) => ({
    type: "FeatureCollection" as const,
    features: marks.map((one) => ({
      type: "Feature" as const,
      geometry: { type: "Point", coordinates: one.at } as Point,
      properties: { id: one.id, s: one.s, r: rank(one.s), tag: one.tag },
    })),
  });
  return {
    show(marks, chosen) {
      const others = marks.filter((one) => one.id !== chosen);
      source("things").setData(collection(others.filter((one) => clusters(one.s))));
      source("critical").setData(collection(others.filter((one) => !clusters(one.s))));
      source("chosen").setData(collection(marks.filter((one) => one.id === chosen)));
    },
    cut(to) {
      if ("box" in to) {
        map.setPadding({ top: 0, right: 0, bottom: 0, left: 0 });
        map.fitBounds(to.box, { padding, animate: false, maxZoom: 15.5 });
      } else map.jumpTo({ center: to.at, zoom: to.zoom + Math.log2(k) / 2, padding });
    },
    remove: () => map.remove(),
  };
}
