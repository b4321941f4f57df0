/** How a map moves: calmly, or not at all for those who asked their system for less motion. */
import type { Map as GlMap } from "maplibre-gl";

export const still = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
const calm = (t: number) => 1 - (1 - t) ** 3;

/** Moves to a place and a zoom. */
export function glide(map: GlMap, to: { center: [number, number]; zoom: number }): void {
  if (still()) map.jumpTo(to);
  else map.easeTo({ ...to, duration: 400, easing: calm });
}
/** For movements MapLibre paces itself. */
export const paced = (duration: number): { animate: false } | { duration: number } =>
  still() ? { animate: false } : { duration };
