/** One drawn map: the city's base, the chosen layers as vector tiles, what is drawn and what is picked above. */
import type {
  GeoJSONSource,
  Map as GlMap,
  LayerSpecification,
  StyleSpecification,
  VectorTileSource,
} from "maplibre-gl";
import type { Base } from "../base";
import { face } from "../face";
import { paced } from "../gl/motion";
import { faces, loaded, upright } from "../gl/start";
import { colours, EMPTY, ex, ground, note } from "../gl/style";
import type { Box } from "../pure/box";
import type { Layer } from "./model";
import { faded } from "./paint";
import type { Position, Shown } from "./state";
import { t } from "./words";

export interface Camera {
  at: Position;
  zoom: number;
}
/** Parameters that go with every request of a map's records: as-of, datetime. */
export type Moment = Record<string, string>;
interface TileJson {
  tiles: string[];
  minzoom?: number;
  maxzoom?: number;
  bounds?: Box;
  vector_layers?: { id: string }[];
}
const OVERLAYS = ["drawn", "picked"];

export class GisMap {
  readonly map: GlMap;
  readonly loaded: Promise<void>;
  #holder: HTMLElement;
  #base: Base;
  #plain = false;
  #shown: readonly Shown[] = [];
  #known: ReadonlyMap<string, Layer>;
  #moment: Moment = {};
  #urls = new Map<string, string>();
  #ids = new Map<string, string[]>();
  #turn = 0;
  #gone = false;
  #overlays: Record<string, GeoJSON.FeatureCollection> = { drawn: EMPTY, picked: EMPTY };
  /** layers the server could not draw, by code */
  readonly broken = new Map<string, string>();
  onBroken: () => void = () => undefined;

  constructor(
    holder: HTMLElement,
    base: Base,
    known: ReadonlyMap<string, Layer>,
    start: Camera | Box,
    options: { still?: boolean; pixelRatio?: number } = {},
  ) {
    this.#holder = holder;
    this.#base = base;
    this.#known = known;
    this.map = upright({
      container: holder,
      style: this.#ground(),
      ...(Array.isArray(start)
        ? { bounds: start, fitBoundsOptions: { padding: 40 } }
        : { center: start.at, zoom: start.zoom }),
      interactive: !options.still,
      maxZoom: 20,
      maxTileCacheSize: 200,
      doubleClickZoom: true,
      locale: { "Map.Title": t("map") },
      ...(options.pixelRatio ? { pixelRatio: options.pixelRatio } : {}),
      ...(options.still ? { canvasContextAttributes: { preserveDrawingBuffer: true } } : {}),
    });
    this.loaded = Promise.all([faces(), loaded(this.map, { patience: 30_000 })])
      .then(() => {
        if (!this.#gone) this.#above();
      })
      // nobody waits any more for a map that was taken away
      .catch((error) => {
        if (!this.#gone) throw error;
      });
  }

  #ground(): StyleSpecification {
    const whole = ground(this.#base, this.#holder);
    if (!this.#plain) return whole;
    const kept = (one: LayerSpecification) =>
      one.type === "background" || one.id === "ward-edge" || one.id === "l-ward";
    return { ...whole, layers: whole.layers.filter(kept) };
  }
  /** Sources and layers of what is drawn and picked, above everything. */
  #above(): void {
    const c = colours(this.#holder);
    for (const name of OVERLAYS)
      if (!this.map.getSource(name)) this.map.addSource(name, { type: "geojson", data: this.#overlays[name] ?? EMPTY });
    const layers: LayerSpecification[] = [
      {
        id: "o-picked-fill",
        type: "fill",
        source: "picked",
        filter: ex(["==", ["geometry-type"], "Polygon"]),
        paint: { "fill-color": c("--accent"), "fill-opacity": 0.16 },
      },
      {
        id: "o-picked-halo",
        type: "line",
        source: "picked",
        filter: ex(["!=", ["geometry-type"], "Point"]),
        paint: { "line-color": c("--map-halo"), "line-width": 6 },
      },
      {
        id: "o-picked-line",
        type: "line",
        source: "picked",
        filter: ex(["!=", ["geometry-type"], "Point"]),
        paint: { "line-color": c("--ink"), "line-width": 2.5 },
      },
      {
        id: "o-picked-point",
        type: "circle",
        source: "picked",
        filter: ex(["==", ["geometry-type"], "Point"]),
        paint: {
          "circle-radius": ex(["case", ["has", "spot"], 4, 10]),
          "circle-color": c("--ink"),
          "circle-opacity": ex(["case", ["has", "spot"], 1, 0]),
          "circle-stroke-color": ex(["case", ["has", "spot"], c("--map-halo"), c("--ink")]),
          "circle-stroke-width": 2.5,
        },
      },
      {
        id: "o-drawn-fill",
        type: "fill",
        source: "drawn",
        filter: ex(["==", ["geometry-type"], "Polygon"]),
        paint: { "fill-color": c("--accent"), "fill-opacity": 0.1 },
      },
      { id: "o-drawn-halo", type: "line", source: "drawn", paint: { "line-color": c("--map-halo"), "line-width": 5 } },
      {
        id: "o-drawn-line",
        type: "line",
        source: "drawn",
        layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": c("--accent"), "line-width": 2.5, "line-dasharray": ex([2.5, 1.5]) },
      },
      {
        id: "o-drawn-point",
        type: "circle",
        source: "drawn",
        filter: ex(["==", ["geometry-type"], "Point"]),
        paint: {
          "circle-radius": 4.5,
          "circle-color": c("--map-halo"),
          "circle-stroke-color": c("--accent"),
          "circle-stroke-width": 2.5,
        },
      },
      note(c, "o-drawn-label", "drawn", "label", [0, -1.3]),
    ];
    for (const one of layers) if (!this.map.getLayer(one.id)) this.map.addLayer(one);
  }

  /** Draws other layers, or the same ones otherwise. */
  async show(shown: readonly Shown[], moment: Moment): Promise<void> {
    this.#shown = shown;
    this.#moment = moment;
    const turn = ++this.#turn;
    await this.loaded;
    if (this.#gone) return;
    const wanted = new Map(shown.filter((one) => this.#known.has(one.code)).map((one) => [one.code, one]));
    for (const code of [...this.#urls.keys()]) if (!wanted.has(code)) this.#drop(code);
    await Promise.all([...wanted.values()].map((one) => this.#put(one, turn)));
    if (turn !== this.#turn || this.#gone) return;
    const before = this.map.getStyle().layers.find((one) => one.type === "symbol" || one.id.startsWith("o-"))?.id;
    for (const one of [...shown].reverse()) {
      for (const id of this.#ids.get(one.code) ?? []) {
        if (this.map.getLayer(id)?.type === "symbol") this.map.moveLayer(id, "o-picked-fill");
        else this.map.moveLayer(id, before);
        this.map.setLayoutProperty(id, "visibility", one.visible ? "visible" : "none");
        this.#fade(id, one);
      }
    }
  }
  async #put(one: Shown, turn: number): Promise<void> {
    const query = new URLSearchParams({ ...(one.filter ? { filter: one.filter } : {}), ...this.#moment }).toString();
    const url = `/ogc/collections/${encodeURIComponent(one.code)}/tiles/WebMercatorQuad/tilejson.json${query ? `?${query}` : ""}`;
    if (this.#urls.get(one.code) === url || !one.visible) return;
    this.#urls.set(one.code, url);
    try {
      const answer = await fetch(url, { headers: { accept: "application/json" } });
      if (!answer.ok)
        throw new Error(
          ((await answer.json().catch(() => ({}))) as { detail?: string }).detail ?? String(answer.status),
        );
      const told = (await answer.json()) as TileJson;
      if (this.#urls.get(one.code) !== url || this.#gone) return;
      const tiles = told.tiles
        .map((address) => new URL(address, location.origin))
        .map((address) => location.origin + decodeURI(address.pathname) + address.search);
      const name = `s-${one.code}`;
      const source = this.map.getSource(name) as VectorTileSource | undefined;
      if (source) source.setTiles(tiles);
      else {
        this.map.addSource(name, {
          type: "vector",
          tiles,
          minzoom: told.minzoom ?? 0,
          maxzoom: told.maxzoom ?? 16,
          ...(told.bounds ? { bounds: told.bounds } : {}),
        });
        this.#add(one.code, name, told.vector_layers?.[0]?.id ?? one.code);
      }
      if (this.broken.delete(one.code)) this.onBroken();
    } catch (error) {
      if (turn > this.#turn) return;
      this.#urls.delete(one.code);
      this.broken.set(one.code, (error as Error).message);
      this.onBroken();
    }
  }
  #style(code: string): LayerSpecification[] {
    return this.#known.get(code)?.style[face()] ?? [];
  }
  #add(code: string, source: string, inside: string): void {
    const alone = ["!", ["has", "point_count"]];
    const ids = this.#style(code).map((one, i) => {
      const id = `${code}|${i}`;
      const given = "filter" in one ? one.filter : undefined;
      // a dataset's own layers know nothing of gathered points
      const filter = JSON.stringify(given ?? "").includes("point_count")
        ? given
        : given
          ? ["all", given, alone]
          : alone;
      this.map.addLayer(
        { ...one, id, source, "source-layer": inside, filter: ex(filter) } as LayerSpecification,
        "o-picked-fill",
      );
      return id;
    });
    this.#ids.set(code, ids);
  }
  #drop(code: string): void {
    for (const id of this.#ids.get(code) ?? []) if (this.map.getLayer(id)) this.map.removeLayer(id);
    if (this.map.getSource(`s-${code}`)) this.map.removeSource(`s-${code}`);
    this.#ids.delete(code);
    this.#urls.delete(code);
    this.broken.delete(code);
  }
  #fade(id: string, one: Shown): void {
    const layer = this.map.getLayer(id);
    if (!layer) return;
    const [code = "", which = ""] = id.split("|");
    const given = (this.#style(code)[Number(which)] as { paint?: Record<string, unknown> } | undefined)?.paint ?? {};
    const names: Record<string, string[]> = {
      fill: ["fill-opacity"],
      line: ["line-opacity"],
      circle: ["circle-opacity", "circle-stroke-opacity"],
      symbol: ["icon-opacity", "text-opacity"],
      "fill-extrusion": ["fill-extrusion-opacity"],
      heatmap: ["heatmap-opacity"],
    };
    for (const name of names[layer.type] ?? [])
      this.map.setPaintProperty(id, name as "fill-opacity", faded(given[name] ?? 1, one.opacity / 100));
  }

  /** Redraws the ground: another theme, or another base. */
  async ground(plain: boolean): Promise<void> {
    this.#plain = plain;
    await this.loaded;
    this.map.setStyle(this.#ground(), { diff: false });
    await new Promise<void>((done) => this.map.once("style.load", () => done()));
    this.#urls.clear();
    this.#ids.clear();
    this.#above();
    await this.show(this.#shown, this.#moment);
  }
  put(name: "drawn" | "picked", features: GeoJSON.Feature[]): void {
    this.#overlays[name] = { type: "FeatureCollection", features };
    void this.loaded.then(() =>
      (this.map.getSource(name) as GeoJSONSource | undefined)?.setData(
        this.#overlays[name] as GeoJSON.FeatureCollection,
      ),
    );
  }

  camera(): Camera {
    const centre = this.map.getCenter();
    return { at: [centre.lng, centre.lat], zoom: this.map.getZoom() };
  }
  box(): Box {
    const b = this.map.getBounds();
    return [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()];
  }
  go(to: { box?: Box | null; at?: Position; zoom?: number }): void {
    const animate = paced(400);
    if (to.box) this.map.fitBounds(to.box, { padding: 56, maxZoom: 17, ...animate });
    else if (to.at) this.map.easeTo({ center: to.at, zoom: to.zoom ?? Math.max(this.map.getZoom(), 14.5), ...animate });
  }
  zoom(step: number): void {
    this.map.easeTo({ zoom: this.map.getZoom() + step, ...paced(240) });
  }
  remove(): void {
    this.#gone = true;
    this.map.remove();
  }
}
