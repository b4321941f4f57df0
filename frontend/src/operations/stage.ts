/** The drawn map of the operations page. Loaded only when the page shows it: MapLibre is the heaviest thing we send. */
import type { Feature, FeatureCollection, Point } from "geojson";
import { type GeoJSONSource, type Map as GlMap, type MapMouseEvent, Marker } from "maplibre-gl";
import type { Base } from "../base";
import { make } from "../dom";
import { glide } from "../gl/motion";
import { addImages } from "../gl/shapes";
import { drawn, imager, upright } from "../gl/start";
import type { Box } from "../pure/box";
import type { Layers } from "./layers";
import { addMarks } from "./marks";
import { type Diff, type Mark, type MarkName, rank } from "./objects";
import { DRAWN, GROUPS, style } from "./stage-style";
import { say } from "./words";

export type Position = [number, number];
export interface Camera {
  center: Position;
  zoom: number;
}
export interface Tag {
  id: number;
  at: Position;
  s: MarkName;
  text: string;
}
export interface Hit {
  kind: "mark" | "camera" | "warning" | "cluster" | "place";
  id: string;
  at: Position;
}
export interface Options {
  base: Base;
  bounds: Box;
  camera?: Camera | undefined;
  onHit(hit: Hit): void;
  onPoint(at: Position, how: "click" | "double" | "move"): boolean;
  onMove(): void;
  onIdle(): void;
}

/** Beside what floats above the map. */
const room = (holder: HTMLElement) => (holder.clientWidth > 700 ? { top: 60, bottom: 40, left: 40, right: 230 } : 24);

export async function draw(holder: HTMLElement, options: Options): Promise<Stage> {
  const map = upright({
    container: holder,
    style: style(options.base, holder),
    ...(options.camera
      ? { center: options.camera.center, zoom: options.camera.zoom }
      : { bounds: options.bounds, fitBoundsOptions: { padding: room(holder) } }),
    maxZoom: 19,
    doubleClickZoom: false,
    locale: { "Map.Title": say("mapName") },
  });
  await drawn(map);
  addImages(imager(map), holder);
  addMarks(imager(map), holder);
  return new Stage(map, options);
}

export class Stage {
  #map: GlMap;
  #marks = new Map<number, Mark>();
  #chosen: number | null = null;
  /** What the chosen one says stands on the page, not in the picture: it is written as it comes. */
  #said = new Marker({ element: make("div", "map-said"), anchor: "left", offset: [20, 0] });
  #opacities = new Map<string, Record<string, unknown>>();

  constructor(map: GlMap, options: Options) {
    this.#map = map;
    const at = (event: MapMouseEvent): Position => event.lngLat.toArray() as Position;
    let single: ReturnType<typeof setTimeout> | undefined;
    map.on("click", (event) => {
      if (options.onPoint(at(event), "click")) return;
      clearTimeout(single);
      const hit = this.#hit(event.point.x, event.point.y, at(event));
      single = setTimeout(() => void this.#take(hit, options), 0);
    });
    map.on("dblclick", (event) => {
      if (options.onPoint(at(event), "double")) return event.preventDefault();
      glide(this.#map, { center: at(event), zoom: map.getZoom() + 1 });
    });
    map.on("mousemove", (event) => {
      const drawing = options.onPoint(at(event), "move");
      const hit = drawing ? null : this.#hit(event.point.x, event.point.y, at(event));
      map.getCanvas().style.cursor = drawing ? "crosshair" : hit && hit.kind !== "place" ? "pointer" : "";
    });
    map.on("moveend", () => options.onMove());
    map.on("idle", () => options.onIdle());
  }
  async #take(hit: Hit, options: Options): Promise<void> {
    if (hit.kind !== "cluster") return options.onHit(hit);
    const zoom = await this.#source("marks").getClusterExpansionZoom(Number(hit.id));
    glide(this.#map, { center: hit.at, zoom: zoom + 0.3 });
  }
  #hit(x: number, y: number, at: Position): Hit {
    const box: [[number, number], [number, number]] = [
      [x - 8, y - 8],
      [x + 8, y + 8],
    ];
    const layers = ["chosen", "critical", "tag", "mark", "cluster", "cam", "warn-fill"].filter(
      (name) => this.#map.getLayoutProperty(name, "visibility") !== "none",
    );
    const found = this.#map.queryRenderedFeatures(box, { layers })[0];
    if (!found) return { kind: "place", id: "", at };
    const place = found.geometry.type === "Point" ? ((found.geometry as Point).coordinates as Position) : at;
    if (found.layer.id === "cluster") return { kind: "cluster", id: String(found.properties.cluster_id), at: place };
    if (found.layer.id === "cam") return { kind: "camera", id: String(found.properties.id), at: place };
    if (found.layer.id === "warn-fill") return { kind: "warning", id: String(found.properties.id), at: place };
    return { kind: "mark", id: String(found.properties.id), at: place };
  }
  #source(name: string): GeoJSONSource {
    return this.#map.getSource(name) as GeoJSONSource;
  }

  /** Everything anew. */
  async show(marks: readonly Mark[]): Promise<void> {
    this.#marks = new Map(marks.map((one) => [one.id, one]));
    const [quiet, loud] = [
      marks.filter((one) => one.id !== this.#chosen && one.s !== "critical"),
      marks.filter((one) => one.id !== this.#chosen && one.s === "critical"),
    ];
    await Promise.all([
      this.#source("marks").setData(collection(quiet)),
      this.#source("critical").setData(collection(loud)),
      this.#drawChosen(),
    ]);
  }
  /** What changed, at the cost of what changed. */
  async change({ put, drop }: Diff): Promise<void> {
    const quiet = { add: [] as Feature[], remove: [...drop] as number[] };
    const loud = { add: [] as Feature[], remove: [...drop] as number[] };
    for (const id of drop) this.#marks.delete(id);
    for (const one of put) {
      this.#marks.set(one.id, one);
      if (one.id === this.#chosen) continue;
      (one.s === "critical" ? loud : quiet).add.push(feature(one));
      (one.s === "critical" ? quiet : loud).remove.push(one.id);
    }
    const waits: Promise<void>[] = [];
    if (quiet.add.length || quiet.remove.length) waits.push(this.#source("marks").updateData(quiet));
    if (loud.add.length || loud.remove.length) waits.push(this.#source("critical").updateData(loud));
    if (put.some((one) => one.id === this.#chosen) || drop.includes(this.#chosen ?? 0)) waits.push(this.#drawChosen());
    await Promise.all(waits);
  }
  /** Values beside marks, but for the chosen one's own. */
  async tags(tags: readonly Tag[]): Promise<void> {
    await this.#source("tags").setData({
      type: "FeatureCollection",
      features: tags.map((one) => ({
        type: "Feature",
        geometry: { type: "Point", coordinates: one.at },
        properties: { id: one.id, s: one.s, r: rank(one.s), tag: one.text },
      })),
    });
  }
  /** The chosen one's own value, at once; "": nothing. */
  say(at: Position, text: string): void {
    const label = this.#said.getElement();
    if (label.textContent === text) {
      if (text) this.#said.setLngLat(at);
      return;
    }
    label.textContent = text;
    if (text) this.#said.setLngLat(at).addTo(this.#map);
    else this.#said.remove();
  }
  choose(id: number | null): void {
    const before = this.#chosen;
    if (id === before) return;
    this.#chosen = id;
    const put = [before, id].flatMap((one) => (one === null ? [] : (this.#marks.get(one) ?? [])));
    const gone = id !== null && this.#marks.has(id) ? [id] : [];
    if (gone.length) {
      void this.#source("marks").updateData({ remove: gone });
      void this.#source("critical").updateData({ remove: gone });
    }
    void this.change({ put: put.filter((one) => one.id !== id), drop: [] });
    void this.#drawChosen();
  }
  async #drawChosen(): Promise<void> {
    const one = this.#chosen === null ? undefined : this.#marks.get(this.#chosen);
    await this.#source("chosen").setData(collection(one ? [one] : []));
  }
  warnings(data: FeatureCollection): void {
    void this.#source("warn").setData(data);
  }
  cameras(data: FeatureCollection): void {
    void this.#source("cam").setData(data);
  }
  /** A shape being drawn, measured or looked around. */
  sketch(data: FeatureCollection): void {
    void this.#source("draw").setData(data);
  }
  near(data: FeatureCollection): void {
    void this.#source("near").setData(data);
  }

  /** Order, strength, and what is off. */
  layers(given: Layers): void {
    for (const name of [...given.order].reverse()) {
      const off = given.off.has(name);
      const strength = (given.opacity[name] ?? 100) / 100;
      for (const id of GROUPS[name]) {
        if (!this.#map.getLayer(id)) continue;
        this.#map.moveLayer(id);
        this.#map.setLayoutProperty(id, "visibility", off ? "none" : "visible");
        this.#strength(id, strength);
      }
    }
    for (const id of DRAWN) this.#map.moveLayer(id);
    this.#said.getElement().hidden = given.off.has("objects");
  }
  #strength(id: string, strength: number): void {
    const layer = this.#map.getLayer(id);
    const kinds = {
      symbol: ["icon-opacity", "text-opacity"],
      circle: ["circle-opacity", "circle-stroke-opacity"],
      line: ["line-opacity"],
      fill: ["fill-opacity"],
    } as Record<string, string[]>;
    const own = this.#opacities.get(id) ?? {};
    for (const property of kinds[layer?.type ?? ""] ?? []) {
      if (!(property in own)) own[property] = this.#map.getPaintProperty(id, property as never) ?? 1;
      const given = own[property];
      const value =
        strength === 1
          ? given
          : typeof given === "number"
            ? given * strength
            : property === "text-opacity"
              ? strength
              : given;
      this.#map.setPaintProperty(id, property as never, value as never);
    }
    this.#opacities.set(id, own);
  }

  /** Ids of the marks that stand alone in the window, at most so many. */
  alone(most: number): { ids: number[]; few: boolean } {
    const found = this.#map.queryRenderedFeatures({
      layers: ["mark", "critical"].filter((name) => this.#map.getLayer(name)),
    });
    const ids = [...new Set(found.map((one) => Number(one.properties.id)))];
    return { ids: ids.slice(0, most), few: ids.length <= 50 };
  }
  go(to: { box?: Box | undefined; at?: Position | undefined; zoom?: number | undefined }): void {
    const camera = to.box ? this.#map.cameraForBounds(to.box, { padding: 60, maxZoom: 16 }) : undefined;
    const center =
      (camera?.center as { toArray?: () => Position } | undefined)?.toArray?.() ??
      (camera?.center as Position | undefined) ??
      to.at;
    if (center) glide(this.#map, { center, zoom: camera?.zoom ?? to.zoom ?? this.#map.getZoom() });
  }
  /** Brings a place into the window if it is outside of it; otherwise nothing moves. */
  ensure(at: Position): void {
    const p = this.#map.project(at);
    const { clientWidth, clientHeight } = this.#map.getContainer();
    if (p.x < 40 || p.y < 60 || p.x > clientWidth - 40 || p.y > clientHeight - 40)
      glide(this.#map, { center: at, zoom: Math.max(this.#map.getZoom(), 13) });
  }
  zoom(by: number): void {
    glide(this.#map, { center: this.#map.getCenter().toArray() as Position, zoom: this.#map.getZoom() + by });
  }
  camera(): Camera {
    return { center: this.#map.getCenter().toArray() as Position, zoom: this.#map.getZoom() };
  }
  centre(): Position {
    return this.#map.getCenter().toArray() as Position;
  }
  focus(): void {
    this.#map.getCanvas().focus();
  }
  remove(): void {
    this.#map.remove();
  }
}

const feature = (one: Mark): Feature => ({
  type: "Feature",
  id: one.id,
  geometry: { type: "Point", coordinates: one.at },
  properties: { id: one.id, s: one.s, r: rank(one.s), c: one.c, h: one.heard ? 1 : 0 },
});
const collection = (marks: readonly Mark[]): FeatureCollection => ({
  type: "FeatureCollection",
  features: marks.map(feature),
});
