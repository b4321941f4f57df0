/** The board's map: each crew's way through its jobs, where the crews are, what waits. */
import type { GeoJSONSource, Map as GlMap, LayerSpecification } from "maplibre-gl";
import type { Base } from "../base";
import { addImages } from "../gl/shapes";
import { drawn, gestures, imager, upright } from "../gl/start";
import { colours, EMPTY, ex, ground, PICTURE } from "../gl/style";
import type { Box } from "../pure/box";
import { say as common } from "../words";

export interface Route {
  crew: number;
  name: string;
  at: [number, number] | null;
  age: string;
  stops: [id: number, lon: number, lat: number, n: number, number: string][];
}
export interface Points {
  routes: Route[];
  waiting: [number: string, lon: number, lat: number, state: string][];
}
export interface Shown {
  show(points: Points, crew: number | null): void;
  zoom(step: 1 | -1): void;
  home(): void;
  remove(): void;
}

const FONT = ["Be Vietnam Pro Medium"];

export async function draw(
  holder: HTMLElement,
  base: Base,
  bounds: Box,
  hears: { crew(id: number): void; card(name: string): void },
): Promise<Shown> {
  const c = colours(holder);
  const chosen = (yes: unknown, no: unknown) => ex(["case", ["get", "on"], yes, no]);
  const own: LayerSpecification[] = [
    {
      id: "way",
      type: "line",
      source: "ways",
      layout: { "line-cap": "round", "line-join": "round", "line-sort-key": chosen(1, 0) },
      paint: {
        "line-color": chosen(c("--accent"), c("--ink-3")),
        "line-width": chosen(3, 1.5),
        "line-opacity": chosen(0.9, 0.55),
      },
    },
    {
      id: "waits",
      type: "symbol",
      source: "waits",
      layout: { ...PICTURE },
    },
    {
      id: "stop",
      type: "circle",
      source: "stops",
      layout: { "circle-sort-key": chosen(1, 0) },
      paint: {
        "circle-radius": chosen(10, 8),
        "circle-color": chosen(c("--accent"), c("--surface")),
        "circle-stroke-color": chosen(c("--map-halo"), c("--ink-3")),
        "circle-stroke-width": 1.5,
      },
    },
    {
      id: "stop-n",
      type: "symbol",
      source: "stops",
      layout: {
        "text-field": ex(["to-string", ["get", "n"]]),
        "text-font": FONT,
        "text-size": 12,
        "text-allow-overlap": true,
        "text-ignore-placement": true,
      },
      paint: { "text-color": chosen(c("--accent-on"), c("--ink")) },
    },
    {
      id: "crew",
      type: "circle",
      source: "crews",
      paint: {
        "circle-radius": 6,
        "circle-color": ex(["case", ["get", "live"], c("--ink"), c("--surface")]),
        "circle-stroke-color": ex(["case", ["get", "live"], c("--map-halo"), c("--ink-3")]),
        "circle-stroke-width": 2,
      },
    },
    {
      id: "crew-name",
      type: "symbol",
      source: "crews",
      layout: {
        "text-field": ["get", "name"] as never,
        "text-font": FONT,
        "text-size": 12,
        "text-variable-anchor": ["bottom", "top", "left", "right"],
        "text-radial-offset": 0.8,
        "text-max-width": 12,
      },
      paint: { "text-color": c("--ink"), "text-halo-color": c("--map-halo"), "text-halo-width": 1.8 },
    },
  ];
  const under = ground(base, holder);
  const map: GlMap = upright({
    container: holder,
    style: {
      ...under,
      sources: {
        ...under.sources,
        ...Object.fromEntries(
          ["ways", "waits", "stops", "crews"].map((name) => [name, { type: "geojson" as const, data: EMPTY }]),
        ),
      },
      layers: [...under.layers, ...own],
    },
    bounds,
    fitBoundsOptions: { padding: 28 },
    maxZoom: 18,
    cooperativeGestures: matchMedia("(pointer: coarse)").matches,
    locale: { ...gestures(), "Map.Title": common("map") },
  });
  addImagesWhenMissing(map, holder);
  await drawn(map);
  map.on("click", (event) => {
    const { x, y } = event.point;
    const box: [[number, number], [number, number]] = [
      [x - 8, y - 8],
      [x + 8, y + 8],
    ];
    const found = map.queryRenderedFeatures(box, { layers: ["stop", "crew", "waits"] })[0];
    if (!found) return;
    if (found.layer.id === "crew") hears.crew(Number(found.properties.crew));
    else hears.card(String(found.properties.id));
  });
  const put = (name: string, features: GeoJSON.Feature[]) =>
    (map.getSource(name) as GeoJSONSource | undefined)?.setData({ type: "FeatureCollection", features });
  const point = (lon: number, lat: number, properties: object): GeoJSON.Feature => ({
    type: "Feature",
    geometry: { type: "Point", coordinates: [lon, lat] },
    properties: { ...properties },
  });
  return {
    show({ routes, waiting }, crew) {
      put(
        "ways",
        routes.flatMap((one): GeoJSON.Feature[] => {
          const line = [...(one.at ? [one.at] : []), ...one.stops.map(([, lon, lat]) => [lon, lat])];
          if (line.length < 2) return [];
          return [
            {
              type: "Feature",
              geometry: { type: "LineString", coordinates: line },
              properties: { on: one.crew === crew },
            },
          ];
        }),
      );
      put(
        "stops",
        routes.flatMap((one) =>
          one.stops.map(([id, lon, lat, n]) => point(lon, lat, { id, n, on: one.crew === crew })),
        ),
      );
      put(
        "crews",
        routes.flatMap((one) =>
          one.at
            ? [
                point(...one.at, {
                  crew: one.crew,
                  live: one.age !== "",
                  name: one.age ? `${one.name}\n${one.age}` : one.name,
                }),
              ]
            : [],
        ),
      );
      put(
        "waits",
        waiting.map(([id, lon, lat, s]) => point(lon, lat, { id, s })),
      );
    },
    zoom: (step) => map.zoomTo(map.getZoom() + step, { duration: 240 }),
    home: () => map.fitBounds(bounds, { padding: 28, duration: 400 }),
    remove: () => map.remove(),
  };
}
/** Pictures are added once the style is there, and before a layer asks for them. */
function addImagesWhenMissing(map: GlMap, holder: HTMLElement): void {
  map.once("styledata", () => addImages(imager(map), holder));
}
