/** The map a place is chosen on: a tap sets the pin, which is dragged, or moved by the arrow keys. Loaded when seen. */
import { LngLat, Marker } from "maplibre-gl";
import type { Base } from "../base";
import { glide } from "../gl/motion";
import { drawn, gestures, upright } from "../gl/start";
import { style } from "../gl/style";
import type { Box } from "../pure/box";
import { reportSay } from "./words";

export type At = [number, number];
export interface PlaceView {
  pin(at: At | null, look: boolean): void;
  go(box: Box): void;
  zoom(step: number): void;
  remove(): void;
}
const STEP = 12; // px an arrow key moves the pin

export async function draw(
  holder: HTMLElement,
  options: { base: Base; bounds: Box; at: At | null; onPin(at: At): void },
): Promise<PlaceView> {
  const map = upright({
    container: holder,
    style: style(options.base, holder, false),
    ...(options.at ? { center: options.at, zoom: 16 } : { bounds: options.bounds, fitBoundsOptions: { padding: 16 } }),
    maxZoom: 19,
    cooperativeGestures: matchMedia("(pointer: coarse)").matches,
    locale: { ...gestures(), "Map.Title": reportSay("tap") },
  });
  await drawn(map);
  let marker: Marker | null = null;
  const said = () => {
    const { lng, lat } = (marker as Marker).getLngLat();
    options.onPin([lng, lat]);
  };
  function place(at: At): void {
    if (marker) {
      marker.setLngLat(at);
      return;
    }
    const face = document.createElement("div");
    face.className = "rp-pin";
    marker = new Marker({ element: face, draggable: true, anchor: "bottom" }).setLngLat(at).addTo(map);
    face.tabIndex = 0;
    face.setAttribute("role", "button");
    face.setAttribute("aria-label", reportSay("pin"));
    face.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
      if (!by || !marker) return;
      event.preventDefault();
      event.stopPropagation();
      const point = map.project(marker.getLngLat());
      marker.setLngLat(map.unproject([point.x + (by[0] ?? 0), point.y + (by[1] ?? 0)]));
      said();
    });
    marker.on("dragend", said);
  }
  if (options.at) place(options.at);
  map.on("click", (event) => {
    place([event.lngLat.lng, event.lngLat.lat]);
    said();
  });
  return {
    pin(at, look) {
      if (at) {
        place(at);
        if (look) glide(map, { center: at, zoom: Math.max(map.getZoom(), 16) });
      } else {
        marker?.remove();
        marker = null;
      }
    },
    go(box) {
      const camera = map.cameraForBounds(box, { padding: 24, maxZoom: 16 });
      if (camera?.center)
        glide(map, { center: LngLat.convert(camera.center).toArray() as At, zoom: camera.zoom ?? 14 });
    },
    zoom(step) {
      glide(map, { center: map.getCenter().toArray() as At, zoom: map.getZoom() + step });
    },
    remove: () => map.remove(),
  };
}
