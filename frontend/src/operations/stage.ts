/** The drawn map of the operations page. Loaded only when the page shows it: MapLibre is the heaviest thing we send. */
import "maplibre-gl/dist/maplibre-gl.css";
import type { Feature, FeatureCollection, Point } from "geojson";
import {
  type ExpressionSpecification,
  type GeoJSONSource,
  Map as GlMap,
  type LayerSpecification,
  type MapMouseEvent,
  type StyleSpecification,
  setWorkerUrl,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { colour } from "../colour";
import { addImages, type Imager } from "../gl/shapes";
import { type Base, style as baseStyle, FONT } from "../gl/style";
import type { LayerName, Layers } from "./layers";
import { addMarks } from "./marks";
import { type Diff, MARKS, type Mark, type MarkName, rank } from "./objects";
import { say } from "./words";

setWorkerUrl(workerUrl);
export type Box = [number, number, number, number];
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

const EMPTY: FeatureCollection = { type: "FeatureCollection", features: [] };
const calm = (t: number) => 1 - (1 - t) ** 3;
/** Beside what floats above the map. */
const room = (holder: HTMLElement) => (holder.clientWidth > 700 ? { top: 60, bottom: 40, left: 40, right: 230 } : 24);
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const ex = (value: unknown): ExpressionSpecification => value as ExpressionSpecification;
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
const GROUPS: Record<LayerName, readonly string[]> = {
  wards: ["ward-edge"],
  labels: ["l-road", "l-poi", "l-water", "l-ward", "l-sea"],
  warnings: ["warn-fill", "warn-line"],
  cameras: ["cam", "cam-n"],
  objects: ["cluster", "cluster-n", "mark", "critical", "tag", "chosen-ring", "chosen", "chosen-tag"],
};
const DRAWN = ["near-line", "near", "draw-fill", "draw-line", "draw-dot", "draw-n"];

export async function draw(holder: HTMLElement, options: Options): Promise<Stage> {
  const map = new GlMap({
    container: holder,
    style: style(options.base, holder),
    ...(options.camera
      ? { center: options.camera.center, zoom: options.camera.zoom }
      : { bounds: options.bounds, fitBoundsOptions: { padding: room(holder) } }),
    attributionControl: false,
    fadeDuration: 0,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxZoom: 19,
    doubleClickZoom: false,
    locale: { "Map.Title": say("mapName") },
    canvasContextAttributes: { antialias: true },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  await Promise.all([
    document.fonts.load("500 12px 'Be Vietnam Pro'", "Đường ỗ 12"),
    new Promise<void>((done, fail) => {
      map.once("load", () => done());
      map.once("error", (event) => fail(event.error ?? new Error("map")));
      setTimeout(() => fail(new Error("the map did not load")), 20_000);
    }),
  ]).catch((error) => {
    map.remove();
    throw error;
  });
  addImages(map as unknown as Imager, holder);
  addMarks(map as unknown as Imager, holder);
  return new Stage(map, options);
}

export class Stage {
  #map: GlMap;
  #marks = new Map<number, Mark>();
  #chosen: number | null = null;
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
      this.#move({ center: at(event), zoom: map.getZoom() + 1 });
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
    this.#move({ center: hit.at, zoom: zoom + 0.3 });
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
  /** Values beside marks; the chosen one's own is inverted. */
  async tags(tags: readonly Tag[]): Promise<void> {
    const made = (list: readonly Tag[]): FeatureCollection => ({
      type: "FeatureCollection",
      features: list.map((one) => ({
        type: "Feature",
        geometry: { type: "Point", coordinates: one.at },
        properties: { id: one.id, s: one.s, r: rank(one.s), tag: one.text },
      })),
    });
    await Promise.all([
      this.#source("tags").setData(made(tags.filter((one) => one.id !== this.#chosen))),
      this.#source("chosen-tags").setData(made(tags.filter((one) => one.id === this.#chosen))),
    ]);
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
    if (center) this.#move({ center, zoom: camera?.zoom ?? to.zoom ?? this.#map.getZoom() });
  }
  /** Brings a place into the window if it is outside of it; otherwise nothing moves. */
  ensure(at: Position): void {
    const p = this.#map.project(at);
    const { clientWidth, clientHeight } = this.#map.getContainer();
    if (p.x < 40 || p.y < 60 || p.x > clientWidth - 40 || p.y > clientHeight - 40)
      this.#move({ center: at, zoom: Math.max(this.#map.getZoom(), 13) });
  }
  zoom(by: number): void {
    this.#move({ center: this.#map.getCenter().toArray() as Position, zoom: this.#map.getZoom() + by });
  }
  #move(to: Camera): void {
    if (still()) this.#map.jumpTo(to);
    else this.#map.easeTo({ ...to, duration: 400, easing: calm });
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

function style(base: Base, at: HTMLElement): StyleSpecification {
  const c = (role: string) => colour(role, at);
  const made = baseStyle(base, at, true);
  const own = new Set(["things", "critical", "chosen"]);
  const sources: StyleSpecification["sources"] = Object.fromEntries(
    Object.entries(made.sources).filter(([name]) => !own.has(name)),
  );
  const points = { type: "geojson" as const, data: EMPTY };
  Object.assign(sources, {
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
  });
  const layers: LayerSpecification[] = made.layers.filter(
    (layer) => !("source" in layer) || !own.has(layer.source as string),
  );
  return { ...made, sources, layers: [...layers, ...overlay(c)] };
}

function overlay(c: (role: string) => string): LayerSpecification[] {
  const ring = ex([
    "match",
    ["get", "worst"],
    ...MARKS.flatMap((one) => [rank(one), c(COLOURED[one])]),
    c("--line-strong"),
  ]);
  const picture = {
    "icon-image": ex(["concat", "s-", ["get", "s"]]),
    "icon-allow-overlap": true,
    "icon-ignore-placement": true,
  };
  const tag = (id: string, source: string, on: boolean): LayerSpecification => ({
    id,
    type: "symbol",
    source,
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
    {
      id: "cam-n",
      type: "symbol",
      source: "cam",
      filter: ex(["has", "point_count"]),
      layout: {
        "text-field": ex(["get", "point_count"]),
        "text-font": FONT,
        "text-size": 11,
        "text-offset": [1.2, -0.7],
        "text-allow-overlap": true,
      },
      paint: { "text-color": c("--ink-2"), "text-halo-color": c("--map-halo"), "text-halo-width": 1.5 },
    },
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
    {
      id: "cluster-n",
      type: "symbol",
      source: "marks",
      filter: ex(["has", "point_count"]),
      layout: {
        "text-field": ex(["get", "point_count_abbreviated"]),
        "text-font": FONT,
        "text-size": 12,
        "text-allow-overlap": true,
        "text-padding": 9,
      },
      paint: { "text-color": c("--ink") },
    },
    {
      id: "mark",
      type: "symbol",
      source: "marks",
      filter: bare,
      layout: { ...picture, "symbol-sort-key": ex(["get", "r"]) },
    },
    { id: "critical", type: "symbol", source: "critical", layout: picture },
    tag("tag", "tags", false),
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
    { id: "chosen", type: "symbol", source: "chosen", layout: picture },
    tag("chosen-tag", "chosen-tags", true),
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
    {
      id: "draw-n",
      type: "symbol",
      source: "draw",
      filter: ex(["has", "label"]),
      layout: {
        "text-field": ex(["get", "label"]),
        "text-font": FONT,
        "text-size": 12,
        "text-offset": [0, -1.2],
        "text-allow-overlap": true,
      },
      paint: { "text-color": c("--ink"), "text-halo-color": c("--map-halo"), "text-halo-width": 2 },
    },
  ];
}
