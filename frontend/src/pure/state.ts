/** The six states of a sensor, how bad each is, and the shape that says it without colour. */

export const STATES = ["nodata", "offline", "normal", "minor", "major", "critical"] as const;
export type State = (typeof STATES)[number];
export type Shape = "circle" | "square" | "triangle" | "octagon" | "slashed-ring" | "broken-ring";

const SHAPES: Record<State, Shape> = {
  normal: "circle",
  minor: "square",
  major: "triangle",
  critical: "octagon",
  offline: "slashed-ring",
  nodata: "broken-ring",
};
/** Diameter on the map in CSS pixels. */
export const SIZES: Record<State, number> = { nodata: 12, normal: 11, offline: 13, minor: 13, major: 16, critical: 20 };

export const isState = (value: unknown): value is State => STATES.includes(value as State);
export const shape = (state: State): Shape => SHAPES[state];
/** 0 (no data) to 5 (critical): a cluster shows the worst of its members. */
export const rank = (state: State): number => STATES.indexOf(state);
export const ofRank = (value: number): State => STATES[value] ?? "nodata";
export const worst = (states: Iterable<State>): State => {
  let found = 0;
  for (const one of states) found = Math.max(found, rank(one));
  return ofRank(found);
};
/** A critical sensor is drawn by itself, beside the cluster, so that it never hides in a number. */
export const clusters = (state: State): boolean => state !== "critical";

/** Limits of a stream: from this value on (or down to it, when `below`), the stream is in that state. */
export interface Band {
  at: number;
  s: State;
  below?: boolean;
}
/** The state a number means under a stream's limits. */
export function judged(value: number | null, bands: readonly Band[] | undefined): State {
  if (value === null || !Number.isFinite(value)) return "nodata";
  let found: State = "normal";
  for (const band of bands ?? []) {
    if ((band.below ? value <= band.at : value >= band.at) && rank(band.s) > rank(found)) found = band.s;
  }
  return found;
}
