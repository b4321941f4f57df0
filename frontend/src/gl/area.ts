/** The map on which a warning's area is drawn: wards that are chosen, the outline, its points. */
import type { GeoJSONSource, Map as GlMap, LayerSpecification, MapMouseEvent } from "maplibre-gl";
import type { Base } from "../base";
import type { Box } from "../pure/box";
import type { At, Outline } from "../pure/outline";
import { say } from "../words";
import { loaded, upright } from "./start";
import { colours, EMPTY, ex, ground } from "./style";

export interface Hears {
  /** a press while nothing is drawn: the ward there */
  ward(code: string): void;
  /** the outline changed */
  drawn(): void;
  drawing(): boolean;
}

export class AreaMap {
  readonly map: GlMap;
  #hover: At | null = null;

  constructor(
    readonly holder: HTMLElement,
    base: Base,
    bounds: Box,
    readonly outline: Outline,
    readonly hears: Hears,
  ) {
    const c = colours(holder);
    const tone = c("--critical");
    const own: LayerSpecification[] = [
      {
        id: "chosen-ward",
        type: "fill",
        source: "wards",
        filter: ex(["in", ["get", "code"], ["literal", []]]),
        paint: { "fill-color": tone, "fill-opacity": 0.2 },
      },
      {
        id: "chosen-ward-edge",
        type: "line",
        source: "wards",
        filter: ex(["in", ["get", "code"], ["literal", []]]),
        paint: { "line-color": tone, "line-width": 2.5 },
      },
      {
        id: "drawn",
        type: "fill",
        source: "drawn",
        filter: ex(["==", ["geometry-type"], "Polygon"]),
        paint: { "fill-color": tone, "fill-opacity": 0.22 },
      },
      {
        id: "drawn-line",
        type: "line",
        source: "drawn",
        paint: { "line-color": tone, "line-width": 3 },
      },
      {
        id: "drawn-point",
        type: "circle",
        source: "drawn",
        filter: ex(["==", ["geometry-type"], "Point"]),
        paint: {
          "circle-radius": 6,
          "circle-color": c("--surface"),
          "circle-stroke-color": tone,
          "circle-stroke-width": 2.5,
        },
      },
    ];
    const under = ground(base, holder);
    // below the first name, or on top of everything
    const first = under.layers.findIndex((one) => one.type === "symbol");
    const at = first < 0 ? under.layers.length : first;
    this.map = upright({
      container: holder,
      style: {
        ...under,
        sources: {
          ...under.sources,
          wards: { type: "geojson", data: base.data as never },
          drawn: { type: "geojson", data: EMPTY },
        },
        layers: [...under.layers.slice(0, at), ...own, ...under.layers.slice(at)],
      },
      bounds,
      fitBoundsOptions: { padding: 24 },
      maxZoom: 18,
      doubleClickZoom: false,
      locale: { "Map.Title": say("map") },
    });
    this.map.on("click", (event) => this.#press(event));
    this.map.on("dblclick", (event) => {
      if (!hears.drawing()) return;
      event.preventDefault();
      this.finish();
    });
    this.map.on("mousemove", (event) => {
      if (!hears.drawing() || !outline.points.length) return;
      this.#hover = [event.lngLat.lng, event.lngLat.lat];
      this.show();
    });
    this.#drag();
    this.map.getCanvas().addEventListener("keydown", (event) => this.#key(event), true);
  }
  loaded(): Promise<void> {
    return loaded(this.map);
  }
  /** Shades the chosen wards. */
  wards(codes: readonly string[]): void {
    for (const layer of ["chosen-ward", "chosen-ward-edge"])
      this.map.setFilter(
        layer,
        ex(["all", ["==", ["get", "kind"], "ward"], ["in", ["get", "code"], ["literal", codes]]]),
      );
  }
  finish(): void {
    this.outline.finish();
    this.#hover = null;
    this.show();
    this.hears.drawn();
  }
  show(): void {
    const { done, points } = this.outline;
    const features: GeoJSON.Feature[] = [];
    const put = (geometry: GeoJSON.Geometry, properties: object = {}) =>
      features.push({ type: "Feature", geometry, properties: { ...properties } });
    done.forEach((ring, r) => {
      put({ type: "Polygon", coordinates: [[...ring, ring[0] as At]] });
      ring.forEach((at, p) => {
        put({ type: "Point", coordinates: at }, { r, p });
      });
    });
    const line = this.#hover ? [...points, this.#hover] : points;
    if (line.length > 1) put({ type: "LineString", coordinates: line });
    for (const at of points) put({ type: "Point", coordinates: at });
    (this.map.getSource("drawn") as GeoJSONSource | undefined)?.setData({ type: "FeatureCollection", features });
  }
  remove(): void {
    this.map.remove();
  }

  #press(event: MapMouseEvent): void {
    const at: At = [event.lngLat.lng, event.lngLat.lat];
    if (this.hears.drawing()) {
      this.outline.add(at);
      this.show();
      this.hears.drawn();
      return;
    }
    const found = this.map.queryRenderedFeatures(event.point, {
      layers: ["land-here"].filter((id) => this.map.getLayer(id)),
    });
    const code = found.map((one) => one.properties.code).find((one) => typeof one === "string");
    if (code) this.hears.ward(code);
  }
  #key(event: KeyboardEvent): void {
    if (!this.hears.drawing()) return;
    const centre = this.map.getCenter();
    if (event.key === " ") this.outline.add([centre.lng, centre.lat]);
    else if (event.key === "Enter") this.outline.finish();
    else if (event.key === "Backspace") this.outline.back();
    else return;
    event.preventDefault();
    event.stopPropagation();
    this.show();
    this.hears.drawn();
  }
  /** Points of a finished outline are moved with mouse or finger. */
  #drag(): void {
    let held: { r: number; p: number } | null = null;
    const begin = (event: { preventDefault(): void; features?: { properties: Record<string, unknown> }[] }) => {
      const given = event.features?.[0]?.properties;
      if (this.hears.drawing() || typeof given?.r !== "number") return;
      event.preventDefault();
      held = { r: given.r, p: given.p as number };
    };
    const move = (event: { lngLat: { lng: number; lat: number } }) => {
      if (!held) return;
      this.outline.move(held.r, held.p, [event.lngLat.lng, event.lngLat.lat]);
      this.show();
    };
    const end = () => {
      if (held) this.hears.drawn();
      held = null;
    };
    this.map.on("mousedown", "drawn-point", begin);
    this.map.on("touchstart", "drawn-point", begin);
    this.map.on("mousemove", move);
    this.map.on("touchmove", move);
    this.map.on("mouseup", end);
    this.map.on("touchend", end);
    this.map.on("mouseenter", "drawn-point", () => {
      if (!this.hears.drawing()) this.map.getCanvas().style.cursor = "move";
    });
    this.map.on("mouseleave", "drawn-point", () => {
      this.map.getCanvas().style.cursor = this.hears.drawing() ? "crosshair" : "";
    });
  }
}
