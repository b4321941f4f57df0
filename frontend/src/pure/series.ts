/** A series as a chart and its sentence need it. */
import { clock, date, type Language, quantity } from "./number";

export interface Series {
  step: number;
  at: number[];
  value: (number | null)[];
}
export type Point = [number, number | null];

/** The middle of the distances between neighbours, ms; 0 with fewer than two points. */
export function pace(at: readonly number[]): number {
  const steps = at
    .slice(1)
    .map((t, i) => t - (at[i] ?? t))
    .sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)] ?? 0;
}

/** Points with a null wherever values are missing longer than 2.5 usual steps: a gap stays a gap. */
export function withGaps(series: Series): Point[] {
  const usual = series.step || pace(series.at);
  const points: Point[] = [];
  series.at.forEach((t, i) => {
    const before = series.at[i - 1];
    if (before !== undefined && usual > 0 && t - before > usual * 2.5) points.push([before + usual, null]);
    points.push([t, series.value[i] ?? null]);
  });
  return points;
}

export function extremes(points: readonly Point[]): { low: Point; high: Point } | null {
  let low: Point | null = null;
  let high: Point | null = null;
  for (const p of points) {
    if (p[1] === null) continue;
    if (!low || p[1] < (low[1] as number)) low = p;
    if (!high || p[1] > (high[1] as number)) high = p;
  }
  return low && high ? { low, high } : null;
}

/** What the chart says in one sentence: highest, lowest, newest, gaps. */
export function sentence(name: string, points: readonly Point[], unit: string, digits: number, lang: Language): string {
  const found = extremes(points);
  if (!found) return lang === "vi" ? `${name}: không có số liệu trong khoảng này.` : `${name}: no data in this period.`;
  const when = (p: Point) => `${clock(p[0])} ${date(p[0])}`;
  const q = (p: Point) => quantity(p[1], digits, unit, lang);
  const gaps = points.filter((p) => p[1] === null).length;
  const last = points.findLast((p) => p[1] !== null) as Point;
  return lang === "vi"
    ? `${name}: cao nhất ${q(found.high)} lúc ${when(found.high)}, thấp nhất ${q(found.low)} lúc ${when(found.low)}, mới nhất ${q(last)} lúc ${when(last)}; ${gaps ? `${gaps} khoảng thiếu số liệu` : "không thiếu số liệu"}.`
    : `${name}: highest ${q(found.high)} at ${when(found.high)}, lowest ${q(found.low)} at ${when(found.low)}, newest ${q(last)} at ${when(last)}; ${gaps ? `${gaps} gap${gaps > 1 ? "s" : ""}` : "no gaps"}.`;
}
