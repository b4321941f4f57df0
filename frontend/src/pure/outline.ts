/** An outline somebody draws point by point; the thinking without a map. Positions are longitude, latitude. */
export type At = [number, number];
export interface Polygon {
  type: "Polygon";
  coordinates: At[][];
}
export interface MultiPolygon {
  type: "MultiPolygon";
  coordinates: At[][][];
}

export class Outline {
  /** finished rings, not closed */
  done: At[][] = [];
  /** the ring being drawn */
  points: At[] = [];

  get empty(): boolean {
    return !this.done.length && !this.points.length;
  }
  add(at: At): void {
    this.points.push([round(at[0]), round(at[1])]);
  }
  /** Takes the last point back, or opens the last finished ring again. */
  back(): void {
    if (!this.points.length) this.points = this.done.pop() ?? [];
    this.points.pop();
  }
  /** Ends the ring; whether it has a surface. */
  finish(): boolean {
    const ring = this.points.filter((at, i) => i === 0 || !same(at, this.points[i - 1] as At));
    if (ring.length < 3 || Math.abs(area(ring)) === 0) return false;
    this.done.push(ring);
    this.points = [];
    return true;
  }
  move(ring: number, point: number, to: At): void {
    const found = this.done[ring];
    if (found?.[point]) found[point] = [round(to[0]), round(to[1])];
  }
  clear(): void {
    this.done = [];
    this.points = [];
  }
  /** The finished rings as GeoJSON; nothing drawn is null. */
  geojson(): Polygon | MultiPolygon | null {
    const closed = this.done.map((ring) => [[...ring, ring[0] as At]]);
    if (!closed.length) return null;
    return closed.length === 1
      ? { type: "Polygon", coordinates: closed[0] as At[][] }
      : { type: "MultiPolygon", coordinates: closed };
  }
  /** Takes a text somebody pasted; whether it was a polygon. Holes are left out: a warning fills them. */
  read(text: string): boolean {
    try {
      const rings = outers(JSON.parse(text));
      if (!rings.length) return false;
      this.done = rings.map((ring) => {
        const open = ring.map(([x, y]) => [round(x), round(y)] as At);
        if (open.length > 1 && same(open[0] as At, open.at(-1) as At)) open.pop();
        return open;
      });
      this.points = [];
      return this.done.every((ring) => ring.length > 2);
    } catch {
      return false;
    }
  }
}

function outers(value: { type?: string } & Record<string, unknown>): At[][] {
  switch (value.type) {
    case "Feature":
      return outers(value.geometry as never);
    case "FeatureCollection":
      return (value.features as never[]).flatMap((one) => outers(one));
    case "Polygon":
      return [(value.coordinates as At[][])[0] as At[]];
    case "MultiPolygon":
      return (value.coordinates as At[][][]).map((one) => one[0] as At[]);
    default:
      return [];
  }
}

const round = (value: number) => Math.round(value * 1e5) / 1e5;
const same = (a: At, b: At) => a[0] === b[0] && a[1] === b[1];
function area(ring: readonly At[]): number {
  return ring.reduce((sum, at, i) => {
    const next = ring[(i + 1) % ring.length] as At;
    return sum + at[0] * next[1] - next[0] * at[1];
  }, 0);
}
