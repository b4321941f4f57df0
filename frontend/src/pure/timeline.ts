/** The timeline of the scrubber: which stretch it shows, how wide its steps are, where its marks stand. Times ms UTC. */

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
export const ZONE = 7 * HOUR; // Việt Nam all year

/** Width of a bar for a span, ms: some fifty to seventy bars. */
export function stepOf(span: number): number {
  for (const step of [5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY])
    if (span / step <= 72) return step;
  return DAY;
}
/** The stretch shown: it ends with the present, unless the moment lies before it; then the moment stands in its middle. */
export function stretch(span: number, present: number, at: number | null, held?: [number, number]): [number, number] {
  const step = stepOf(span);
  const end = Math.ceil(present / step) * step;
  if (at === null || at >= end - span) return [end - span, end];
  // while it plays on, the track stands still
  if (held && held[1] - held[0] === span && at >= held[0] && at <= held[1]) return held;
  const middle = Math.ceil((at + span / 2) / step) * step;
  return [middle - span, middle];
}
/** Marks at round local hours or days: [ms, whether it is midnight]. */
export function marks(since: number, until: number): [number, boolean][] {
  const span = until - since;
  const every = [HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY].find((one) => span / one <= 7) ?? 7 * DAY;
  const made: [number, boolean][] = [];
  for (let at = Math.ceil((since + ZONE) / every) * every - ZONE; at < until; at += every)
    made.push([at, (at + ZONE) % DAY === 0]);
  return made;
}
/** Heights of stacked counts in `tall` units: the square root of their sum, so that one alarm is seen beside fifty. */
export function heights(counts: readonly number[], most: number, tall: number): number[] {
  const sum = counts.reduce((a, b) => a + b, 0);
  if (!sum || !most) return counts.map(() => 0);
  const whole = Math.max(3, tall * Math.sqrt(sum / most));
  return counts.map((one) => (whole * one) / sum);
}
