/** The drawn map. Loaded only when a page really shows one: MapLibre is the heaviest thing we send. */
import type { Point } from "geojson";
import { type GeoJSONSource, LngLat, type MapMouseEvent } from "maplibre-gl";
import type { Base } from "../base";
import type { Box } from "../pure/box";
import type { Thing } from "../pure/merge";
import { clusters, rank } from "../pure/state";
import { say } from "../words";
import { glide } from "./motion";
import { addImages } from "./shapes";
import { drawn, gestures, imager, upright } from "./start";
import { style } from "./style";

export interface Options {
  base: Base;
  bounds: Box;
  interactive: boolean;
  cluster: boolean;
  chosen?: number;
  camera?: Camera;
  onPick(id: number | null): void;
  tag(thing: Thing, few: boolean): string;
}
export interface Camera {
  center: [number, number];
  zoom: number;
}
export interface View {
  show(things: readonly Thing[]): void;
  choose(id: number | null): void;
  go(to: { box?: Box | undefined; at?: [number, number]; zoom?: number }): void;
  zoom(step: number): void;
  camera(): Camera;
  remove(): void;
}

export async function draw(holder: HTMLElement, options: Options): Promise<View> {
  const map = upright({
    container: holder,
    style: style(options.base, holder, options.cluster),
    ...(options.camera ? options.camera : { bounds: options.bounds, fitBoundsOptions: { padding: 24 } }),
    interactive: options.interactive,
    maxZoom: 18,
    cooperativeGestures: options.interactive && matchMedia("(pointer: coarse)").matches,
    locale: { ...gestures(), "Map.Title": say("map") },
  });
  await drawn(map);
  addImages(imager(map), holder);
  let all: readonly Thing[] = [];
  let chosen = options.chosen ?? null;

  const source = (name: string) => map.getSource(name) as GeoJSONSource;
  const feature = (thing: Thing, few: boolean) => ({
    type: "Feature" as const,
    geometry: thing.geometry as Point,
    properties: {
      id: thing.properties.id,
      s: thing.properties.s,
      r: rank(thing.properties.s),
      tag: options.tag(thing, few || rank(thing.properties.s) >= rank("major") || thing.properties.id === chosen),
    },
  });
  const collection = (things: readonly Thing[], few: boolean) => ({
    type: "FeatureCollection" as const,
    features: things.map((one) => feature(one, few)),
  });
  let few = false;
  function inView(): boolean {
    const box = map.getBounds();
    let count = 0;
    for (const one of all) if (one.geometry && box.contains(one.geometry.coordinates) && ++count > 50) return false;
    return true;
  }
  function render(): void {
    few = inView();
    const others = all.filter((one) => one.geometry && one.properties.id !== chosen);
    source("things").setData(
      collection(
        others.filter((one) => clusters(one.properties.s)),
        few,
      ),
    );
    source("critical").setData(
      collection(
        others.filter((one) => !clusters(one.properties.s)),
        few,
      ),
    );
    source("chosen").setData(
      collection(
        all.filter((one) => one.geometry && one.properties.id === chosen),
        true,
      ),
    );
  }
  map.on("moveend", () => {
    if (inView() !== few) render();
  });

  if (options.interactive) {
    const layers = ["chosen", "critical", "critical-tag", "thing", "thing-tag", "cluster"];
    const hit = (event: MapMouseEvent) => {
      const { x, y } = event.point;
      return map.queryRenderedFeatures(
        [
          [x - 8, y - 8],
          [x + 8, y + 8],
        ],
        { layers },
      )[0];
    };
    map.on("click", async (event) => {
      const found = hit(event);
      if (!found) return options.onPick(null);
      if (found.layer.id !== "cluster") return options.onPick(Number(found.properties.id));
      const zoom = await source("things").getClusterExpansionZoom(Number(found.properties.cluster_id));
      glide(map, { center: (found.geometry as Point).coordinates as [number, number], zoom: zoom + 0.3 });
    });
    map.on("mousemove", (event) => {
      map.getCanvas().style.cursor = hit(event) ? "pointer" : "";
    });
  }

  return {
    show(things) {
      all = things;
      render();
    },
    choose(id) {
      chosen = id;
      render();
    },
    go({ box, at, zoom }) {
      const camera = box ? map.cameraForBounds(box, { padding: 32, maxZoom: 15.5 }) : undefined;
      const center = camera?.center ? LngLat.convert(camera.center).toArray() : at;
      if (center)
        glide(map, { center: center as [number, number], zoom: camera?.zoom ?? zoom ?? Math.max(map.getZoom(), 14.5) });
    },
    zoom(step) {
      glide(map, { center: map.getCenter().toArray() as [number, number], zoom: map.getZoom() + step });
    },
    camera: () => ({ center: map.getCenter().toArray() as [number, number], zoom: map.getZoom() }),
    remove: () => map.remove(),
  };
}
