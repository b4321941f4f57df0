/** A dataset drawn over the city's base. Loaded only when a page really shows one. */
import {
  type GeoJSONSource,
  type LayerSpecification,
  LngLatBounds,
  type MapMouseEvent,
  type SourceSpecification,
  type StyleSpecification,
} from "maplibre-gl";
import type { Base } from "./base";
import { catalogueSay } from "./catalogue-words";
import { paced, still } from "./gl/motion";
import { gestures, loaded, orGone, upright } from "./gl/start";
import { type Colours, colours, ex, ground } from "./gl/style";
import type { Box } from "./pure/box";

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
  /** New data for a GeoJSON source of the style. */
  set(source: string, data: GeoJSON.GeoJSON): void;
  camera(): { center: [number, number]; zoom: number };
  remove(): void;
}

/** Plain layers for any geometry, in the first series colour. */
function plain(source: string, c: Colours): LayerSpecification[] {
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
  const under = ground(options.base, holder);
  const sources: Record<string, SourceSpecification> = { ...under.sources };
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
    own = plain("d-data", colours(holder));
  }
  // names of places stay readable above the dataset's areas
  const labels = under.layers.filter((one) => one.type === "symbol");
  const land = under.layers.filter((one) => one.type !== "symbol");
  const above = (one: LayerSpecification) => one.type === "symbol" || one.type === "circle";
  const marks = own.filter(above);
  const areas = own.filter((one) => !above(one));
  const map = upright({
    container: holder,
    style: { ...under, sources, layers: [...land, ...areas, ...labels, ...marks] },
    ...(options.camera ?? { bounds: options.bounds, fitBoundsOptions: { padding: room(holder), maxZoom: 15.5 } }),
    maxZoom: 18,
    scrollZoom: false,
    cooperativeGestures: true,
    locale: { ...gestures(), "Map.Title": catalogueSay("map") },
  });
  map.scrollZoom.enable();
  // not strict: a tile of the dataset that is missing must not take the map away
  await orGone(map, loaded(map));
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
        ...paced(400),
      });
    },
    zoom: (step) => {
      if (still()) map.jumpTo({ zoom: map.getZoom() + step });
      else map.easeTo({ zoom: map.getZoom() + step, duration: 400 });
    },
    set: (source, data) => void map.getSource<GeoJSONSource>(`d-${source}`)?.setData(data),
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
