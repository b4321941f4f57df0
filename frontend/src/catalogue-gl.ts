/** A dataset drawn over the city's base. Loaded only when a page really shows one. */
import "maplibre-gl/dist/maplibre-gl.css";
import {
  Map as GlMap,
  type LayerSpecification,
  LngLatBounds,
  type MapMouseEvent,
  type SourceSpecification,
  type StyleSpecification,
  setWorkerUrl,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { catalogueSay } from "./catalogue-words";
import { colour } from "./colour";
import { type Base, style as baseStyle } from "./gl/style";
import { say } from "./words";

setWorkerUrl(workerUrl);
export type Box = [number, number, number, number];
export interface Picked {
  id: string;
  properties: Record<string, unknown>;
  count: number;
}
export interface Options {
  base: Base;
  /** The dataset's own style (MapLibre), its sources and layers; or data, drawn plainly. */
  style: StyleSpecification | undefined;
  data: GeoJSON.GeoJSON | undefined;
  bounds: Box;
  key?: string | undefined;
  camera?: { center: [number, number]; zoom: number };
  onPick(one: Picked | null): void;
}
export interface DatasetView {
  go(box: Box): void;
  zoom(step: number): void;
  camera(): { center: [number, number]; zoom: number };
  remove(): void;
}
const SENSORS = new Set(["things", "critical", "chosen"]);
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const ex = (value: unknown) => value as never;

/** Plain layers for any geometry, in the first series colour. */
function plain(source: string, c: (role: string) => string): LayerSpecification[] {
  const type = (...names: string[]) => ex(["in", ["geometry-type"], ["literal", names]]);
  return [
    {
      id: "d-fill",
      type: "fill",
      source,
      filter: type("Polygon", "MultiPolygon"),
      paint: { "fill-color": c("--s-1"), "fill-opacity": 0.16 },
    },
    {
      id: "d-line",
      type: "line",
      source,
      filter: type("Polygon", "MultiPolygon", "LineString", "MultiLineString"),
      layout: { "line-join": "round", "line-cap": "round" },
      paint: { "line-color": c("--s-1"), "line-width": 1.6 },
    },
    {
      id: "d-point",
      type: "circle",
      source,
      filter: type("Point", "MultiPoint"),
      paint: {
        "circle-color": c("--s-1"),
        "circle-radius": 5.5,
        "circle-stroke-color": c("--map-halo"),
        "circle-stroke-width": 1.5,
      },
    },
  ];
}

export async function draw(holder: HTMLElement, options: Options): Promise<DatasetView> {
  const c = (role: string) => colour(role, holder);
  const base = baseStyle(options.base, holder, false);
  const sources: Record<string, SourceSpecification> = Object.fromEntries(
    Object.entries(base.sources).filter(([name]) => !SENSORS.has(name)),
  );
  const under = base.layers.filter((one) => !("source" in one) || !SENSORS.has(String(one.source)));
  let own: LayerSpecification[] = [];
  if (options.style) {
    for (const [name, source] of Object.entries(options.style.sources)) sources[`d-${name}`] = absolute(source);
    own = options.style.layers
      .filter((one) => one.type !== "background")
      .map(
        (one) => ({ ...one, id: `d-${one.id}`, ...("source" in one ? { source: `d-${one.source}` } : {}) }) as never,
      );
  } else if (options.data) {
    sources["d-data"] = { type: "geojson", data: options.data };
    own = plain("d-data", c);
  }
  // names of places stay readable above the dataset's areas
  const labels = under.filter((one) => one.type === "symbol");
  const ground = under.filter((one) => one.type !== "symbol");
  const above = (one: LayerSpecification) => one.type === "symbol" || one.type === "circle";
  const marks = own.filter(above);
  const areas = own.filter((one) => !above(one));
  const map = new GlMap({
    container: holder,
    style: { ...base, sources, layers: [...ground, ...areas, ...labels, ...marks] },
    ...(options.camera ?? { bounds: options.bounds, fitBoundsOptions: { padding: room(holder), maxZoom: 15.5 } }),
    attributionControl: false,
    fadeDuration: 0,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxZoom: 18,
    scrollZoom: false,
    cooperativeGestures: true,
    locale: {
      "CooperativeGesturesHandler.MobileHelpText": say("gesture"),
      "CooperativeGesturesHandler.WindowsHelpText": say("ctrl"),
      "CooperativeGesturesHandler.MacHelpText": say("ctrl"),
      "Map.Title": catalogueSay("map"),
    },
    canvasContextAttributes: { antialias: true },
  });
  map.scrollZoom.enable();
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  await new Promise<void>((done, fail) => {
    map.once("load", () => done());
    setTimeout(() => fail(new Error("the map did not load")), 20_000);
  }).catch((error) => {
    map.remove();
    throw error;
  });
  const ids = own.map((one) => one.id);
  const hit = (event: MapMouseEvent) => {
    const { x, y } = event.point;
    return map.queryRenderedFeatures(
      [
        [x - 6, y - 6],
        [x + 6, y + 6],
      ],
      { layers: ids },
    )[0];
  };
  map.on("click", (event) => {
    const found = hit(event);
    if (!found) return options.onPick(null);
    const properties = found.properties as Record<string, unknown>;
    const count = Number(properties.point_count ?? 1);
    options.onPick({
      id: String(properties._key ?? properties.key ?? found.id ?? ""),
      properties,
      count,
    });
  });
  map.on("mousemove", (event) => {
    map.getCanvas().style.cursor = hit(event) ? "pointer" : "";
  });
  return {
    go: (box) => {
      map.fitBounds(new LngLatBounds([box[0], box[1]], [box[2], box[3]]), {
        padding: room(holder),
        maxZoom: 16,
        ...(still() ? { animate: false } : { duration: 400 }),
      });
    },
    zoom: (step) => {
      if (still()) map.jumpTo({ zoom: map.getZoom() + step });
      else map.easeTo({ zoom: map.getZoom() + step, duration: 400 });
    },
    camera: () => ({ center: map.getCenter().toArray() as [number, number], zoom: map.getZoom() }),
    remove: () => map.remove(),
  };
}

/** Room around what is shown, so that neither the overview nor the buttons cover it. */
function room(holder: HTMLElement): { top: number; right: number; bottom: number; left: number } {
  const narrow = holder.clientWidth < 460;
  return { top: 24, bottom: 32, left: narrow ? 122 : 136, right: narrow ? 16 : 64 };
}

/** Addresses of tiles as the worker needs them: whole. */
function absolute(source: SourceSpecification): SourceSpecification {
  const whole = (address: string) => (address.startsWith("/") ? location.origin + address : address);
  const copy = { ...source } as { url?: string; tiles?: string[] };
  if (copy.url) copy.url = whole(copy.url);
  if (copy.tiles) copy.tiles = copy.tiles.map(whole);
  return copy as SourceSpecification;
}
