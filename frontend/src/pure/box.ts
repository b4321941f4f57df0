/** Boxes on the earth: west, south, east, north in degrees. Pure. */
export type Box = [west: number, south: number, east: number, north: number];

/** Việt Nam with its islands. */
export const VIETNAM: Box = [102.1, 8.2, 117.9, 23.4];

/** "w,s,e,n" as an element carries it; nothing when that is no box. */
export function readBox(text: string | undefined): Box | undefined {
  const given = text?.split(",").map(Number);
  return given?.length === 4 && given.every(Number.isFinite) ? (given as Box) : undefined;
}
/** The smallest box around some positions. */
export function around(points: readonly (readonly [number, number])[]): Box | undefined {
  if (!points.length) return undefined;
  const xs = points.map((one) => one[0]);
  const ys = points.map((one) => one[1]);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}
export const middle = ([w, s, e, n]: Box): [number, number] => [(w + e) / 2, (s + n) / 2];
