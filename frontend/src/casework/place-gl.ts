/** The map of one place; brings MapLibre with it, so only a page that shows a map loads it. */
import { type Map as GlMap, Marker } from "maplibre-gl";
import type { Base } from "../base";
import { make } from "../dom";
import { gestures, loaded, upright } from "../gl/start";
import { ground } from "../gl/style";
import type { Box } from "../pure/box";
import { say } from "../words";

type At = [lon: number, lat: number];

export class PlaceMap {
  readonly map: GlMap;
  readonly #marker: Marker;

  constructor(holder: HTMLElement, base: Base, bounds: Box, tone: HTMLElement, chosen?: (at: At) => void) {
    this.map = upright({
      container: holder,
      style: ground(base, holder),
      bounds,
      fitBoundsOptions: { padding: 8, maxZoom: 16 },
      maxZoom: 18,
      interactive: chosen !== undefined,
      cooperativeGestures: chosen !== undefined,
      locale: { "Map.Title": say("map"), ...gestures() },
    });
    const at = make("div", "mp sel");
    const dot = make("span", "dot");
    dot.append(tone);
    at.append(dot);
    this.#marker = new Marker({ element: at, draggable: chosen !== undefined });
    if (!chosen) {
      this.map.getCanvas().tabIndex = -1;
      return;
    }
    this.map.on("click", (event) => chosen([event.lngLat.lng, event.lngLat.lat]));
    this.#marker.on("dragend", () => {
      const { lng, lat } = this.#marker.getLngLat();
      chosen([lng, lat]);
    });
    // by keyboard: arrows move the map, Enter puts the point at its centre
    this.map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      const { lng, lat } = this.map.getCenter();
      chosen([lng, lat]);
    });
  }
  loaded(): Promise<void> {
    return loaded(this.map);
  }
  put(at: At | undefined): void {
    if (at) this.#marker.setLngLat(at).addTo(this.map);
    else this.#marker.remove();
  }
  go(at: At, zoom: number): void {
    this.map.easeTo({ center: at, zoom, duration: 400 });
  }
  zoom(step: 1 | -1): void {
    this.map.easeTo({ zoom: this.map.getZoom() + step, duration: 200 });
  }
  home(box: Box): void {
    this.map.fitBounds(box, { padding: 8, maxZoom: 16, duration: 400 });
  }
  remove(): void {
    this.map.remove();
  }
}
