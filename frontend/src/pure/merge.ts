/** Things as the map keeps them, and how news from the live stream changes them. */
import { type Band, judged, type State, worst } from "./state";

/** A datastream's newest value: d its id, v the value, t when (ms UTC), g digits, b limits, l seconds until it is late. */
export interface Stream {
  d: number;
  n: string;
  u: string;
  v: number | null;
  x?: string;
  t: number | null;
  g: number;
  b?: Band[];
  l?: number;
}
export interface ThingProperties {
  id: number;
  n: string;
  s: State;
  c: string;
  /** the server's word for the state: Báo động II, Kém */
  why?: string;
  /** judged by more than the limits below: only the server can say */
  fixed?: boolean;
  /** the stream that speaks for the thing */
  m: number;
  sim?: boolean;
  st: Stream[];
}
export interface Thing {
  type: "Feature";
  id: number;
  geometry: { type: "Point"; coordinates: [number, number] } | null;
  properties: ThingProperties;
}
/** What streams of one property share. */
type Kind = Pick<Stream, "n" | "u" | "g" | "b" | "l">;
/** Things as the server sends them: what their streams share is said once, in `kinds`, and counted to by `k`. */
export interface Sent {
  kinds?: Kind[];
  features: Thing[];
}
/** The things of an answer, each stream with all it is. */
export function thingsOf(sent: Sent): Thing[] {
  for (const { properties } of sent.features)
    for (const stream of properties.st as (Stream & { k?: number })[])
      if (stream.k !== undefined) Object.assign(stream, sent.kinds?.[stream.k]);
  return sent.features;
}
/** [datastream, thing, µs UTC, result] as `/live` sends them. */
export type Row = [number, number, number, unknown];

/** The rows of an `observations` event; anything malformed is left out. */
export function rows(data: string): Row[] {
  try {
    const parsed: unknown = JSON.parse(data);
    const list = (parsed as { o?: unknown }).o;
    return Array.isArray(list)
      ? list.filter((r): r is Row => Array.isArray(r) && r.length >= 4 && r.slice(0, 3).every(Number.isFinite))
      : [];
  } catch {
    return [];
  }
}

/** Takes one row into a stream. False when the stream already has a newer value, so a late arrival never wins. */
export function take(stream: Stream, row: Row): boolean {
  const at = row[2] / 1000;
  if (stream.t !== null && at < stream.t) return false;
  stream.t = at;
  const result = row[3];
  stream.v = typeof result === "number" && Number.isFinite(result) ? result : null;
  if (stream.v === null && result !== null && result !== undefined) stream.x = String(JSON.stringify(result));
  else delete stream.x;
  return true;
}

/** The state of a thing from its streams' own limits and lateness; what the server fixed stays until it says otherwise. */
export function state(thing: ThingProperties, now: number): State {
  if (thing.fixed) return thing.s;
  const seen = thing.st.filter((s) => s.t !== null);
  if (seen.length === 0) return "nodata";
  const live = seen.filter((s) => !s.l || now - (s.t ?? 0) <= s.l * 1000);
  if (live.length === 0) return "offline";
  return worst(["normal", ...live.filter((s) => s.v !== null).map((s) => judged(s.v, s.b))]);
}

export class Things {
  readonly all = new Map<number, Thing>();
  readonly #streams = new Map<number, { thing: Thing; stream: Stream }>();

  put(things: Iterable<Thing>): void {
    for (const one of things) {
      const old = this.all.get(one.properties.id);
      for (const stream of old?.properties.st ?? []) this.#streams.delete(stream.d);
      for (const stream of one.properties.st) {
        // an answer asked for before a live value arrived must not turn the clock back
        const known = old?.properties.st.find((s) => s.d === stream.d);
        if (known && known.t !== null && known.t > (stream.t ?? 0)) Object.assign(stream, { v: known.v, t: known.t });
        this.#streams.set(stream.d, { thing: one, stream });
      }
      this.all.set(one.properties.id, one);
    }
  }

  drop(id: number): void {
    for (const stream of this.all.get(id)?.properties.st ?? []) this.#streams.delete(stream.d);
    this.all.delete(id);
  }

  /** Takes news in; returns the things that changed, and the ids to ask the server about: new ones, and ones only it judges. */
  hear(news: readonly Row[], now: number): { changed: Set<number>; unknown: Set<number> } {
    const changed = new Set<number>();
    const unknown = new Set<number>();
    for (const row of news) {
      const found = this.#streams.get(row[0]);
      if (!found) unknown.add(row[1]);
      else if (take(found.stream, row)) {
        changed.add(found.thing.properties.id);
        if (found.thing.properties.fixed) unknown.add(found.thing.properties.id);
      }
    }
    for (const id of changed) {
      const thing = this.all.get(id)?.properties;
      if (thing) thing.s = state(thing, now);
    }
    return { changed, unknown };
  }

  /** Things fall silent without any news: judge all again. */
  age(now: number): boolean {
    let changed = false;
    for (const { properties } of this.all.values()) {
      const is = state(properties, now);
      if (is !== properties.s) {
        properties.s = is;
        changed = true;
      }
    }
    return changed;
  }
}
