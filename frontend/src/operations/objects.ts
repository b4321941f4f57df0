/** What stands on the map: things and alarms as marks, and which of them changed since they were last drawn. Pure. */
import type { Stream, Thing, ThingProperties } from "../pure/merge";
import { type Language, quantity } from "../pure/number";
import { judged } from "../pure/state";
import type { Alarm } from "./model";

/** The six states of a sensor and the fourth severity of an alarm, from the quietest to the worst. */
export const MARKS = ["nodata", "offline", "normal", "warning", "minor", "major", "critical"] as const;
export type MarkName = (typeof MARKS)[number];
export const rank = (one: MarkName): number => MARKS.indexOf(one);
export const ofRank = (value: number): MarkName => MARKS[value] ?? "nodata";

/** id: of the thing; of an alarm that stands by itself, minus its id. */
export interface Mark {
  id: number;
  at: [number, number];
  s: MarkName;
  /** sector */
  c: string;
  heard: boolean;
}

/** The worst of what a thing measures and of the alarms open at it. */
export function worst(thing: ThingProperties, alarms: readonly Alarm[] | undefined): { s: MarkName; heard: boolean } {
  let s: MarkName = thing.s;
  let heard = true;
  for (const one of alarms ?? []) {
    if (!one.active || one.suppressed !== null) continue;
    if (rank(one.severity) > rank(s)) {
      s = one.severity;
      heard = one.acknowledged;
    } else if (one.severity === s) heard = heard && one.acknowledged;
  }
  return { s, heard };
}

export function markOf(thing: Thing, alarms: readonly Alarm[] | undefined): Mark | null {
  if (!thing.geometry) return null;
  return {
    id: thing.properties.id,
    at: thing.geometry.coordinates,
    c: thing.properties.c,
    ...worst(thing.properties, alarms),
  };
}
export function lone(alarm: Alarm): Mark | null {
  if (alarm.lon === null || alarm.lat === null || !alarm.active || alarm.suppressed !== null) return null;
  return {
    id: -alarm.id,
    at: [alarm.lon, alarm.lat],
    s: alarm.severity,
    c: alarm.sector ?? "other",
    heard: alarm.acknowledged,
  };
}
const same = (a: Mark, b: Mark): boolean =>
  a.s === b.s && a.c === b.c && a.heard === b.heard && a.at[0] === b.at[0] && a.at[1] === b.at[1];

export interface Diff {
  put: Mark[];
  drop: number[];
}
/** Marks as they were last drawn; says what is to be drawn again. */
export class Marks {
  readonly all = new Map<number, Mark>();
  /** Puts one, or takes it away; true when that changes the map. */
  set(id: number, mark: Mark | null): boolean {
    const before = this.all.get(id);
    if (!mark) return this.all.delete(id);
    if (before && same(before, mark)) return false;
    this.all.set(id, mark);
    return true;
  }
}

const value = (s: Stream, language: Language): string =>
  s.v !== null ? quantity(s.v, s.g, s.u, language) : (s.x ?? "");
/** What a tag says: the value that makes the thing's state, or the one that speaks for it. */
export function tag(thing: ThingProperties, language: Language): string {
  const own = thing.st[thing.m];
  if (own && (thing.fixed || judged(own.v, own.b) === thing.s)) return value(own, language);
  const telling = thing.st.find((one) => one.v !== null && judged(one.v, one.b) === thing.s) ?? own ?? thing.st[0];
  return telling ? value(telling, language) : "";
}
