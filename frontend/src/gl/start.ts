/** What every map does when it starts. Brings MapLibre with it: only modules a page loads when it shows a map import it. */
import "maplibre-gl/dist/maplibre-gl.css";
import { Map as GlMap, type MapOptions, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { say } from "../words";
import type { Imager } from "./shapes";

setWorkerUrl(workerUrl);

/** What draws where there is no graphics card: old office machines, remote desktops, virtual machines. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;
let smooth: boolean | undefined;

/** Whether edges are smoothed: without a graphics card that takes most of a frame. */
function smoothed(): boolean {
  if (smooth === undefined) {
    const gl = document.createElement("canvas").getContext("webgl2");
    const told = gl?.getExtension("WEBGL_debug_renderer_info");
    smooth = !SOFTWARE.test(String(gl?.getParameter(told?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER) ?? ""));
    gl?.getExtension("WEBGL_lose_context")?.loseContext();
  }
  return smooth;
}

/** A map that stays upright, north above; its credit is written by the page. */
export function upright({ canvasContextAttributes, ...options }: MapOptions): GlMap {
  const map = new GlMap({
    attributionControl: false,
    fadeDuration: 0,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    canvasContextAttributes: { antialias: smoothed(), ...canvasContextAttributes },
    ...options,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  return map;
}
/** What a map says that takes two fingers, or Ctrl and the wheel. */
export const gestures = (): Record<string, string> => ({
  "CooperativeGesturesHandler.MobileHelpText": say("gesture"),
  "CooperativeGesturesHandler.WindowsHelpText": say("ctrl"),
  "CooperativeGesturesHandler.MacHelpText": say("ctrl"),
});
/** MapLibre's own type of an image is wider than what shapes draw. */
export const imager = (map: GlMap): Imager => map as unknown as Imager;

/** The page's font, drawn by the browser: without waiting for it the first labels would be in another face. */
export const faces = (): Promise<unknown> => document.fonts.load("500 12px 'Be Vietnam Pro'", "Đường ỗ 12");

/** strict: any fault before the map has drawn itself fails it, instead of only the silence of `patience` ms. */
export const loaded = (map: GlMap, { patience = 20_000, strict = false } = {}): Promise<void> =>
  new Promise((done, fail) => {
    map.once("load", () => done());
    if (strict) map.once("error", (event) => fail(event.error ?? new Error("map")));
    setTimeout(() => fail(new Error("the map did not load")), patience);
  });
/** Waits; if what is waited for fails, the map goes. */
export async function orGone(map: GlMap, wait: Promise<unknown>): Promise<void> {
  await wait.catch((error) => {
    map.remove();
    throw error;
  });
}
/** Drawn, in the page's font. */
export const drawn = (map: GlMap, patience?: number): Promise<void> =>
  orGone(map, Promise.all([faces(), loaded(map, { strict: true, ...(patience ? { patience } : {}) })]));
