/** What the operations map shows: the city's things, the alarms open at them, and the mark each of them makes. */
import { state as judge, type Thing, Things } from "../pure/merge";
import { language } from "../words";
import * as alarms from "./alarms";
import { type Alarm, rank as severityRank } from "./model";
import { lone, MARKS, type Mark, type MarkName, Marks, markOf, tag } from "./objects";
import * as state from "./state";

const SLICE = 2000; // things looked at before others have their turn
/** How fresh a sector is: its newest value, and how many of its things say nothing. */
export interface Source {
  newest: number;
  silent: number;
  all: number;
}

export class Picture {
  things = new Things();
  readonly marks = new Marks();
  /** states and sectors that are switched off */
  hidden: ReadonlySet<string>;
  #byThing = new Map<number, Alarm[]>();

  constructor(hidden: ReadonlySet<string>) {
    this.hidden = hidden;
  }
  get drawn(): Mark[] {
    return [...this.marks.all.values()];
  }
  /** Other things; their marks follow with again(). */
  take(things: Thing[]): void {
    this.things = new Things();
    this.things.put(things);
  }
  /** Which alarms are open at which thing. */
  index(): void {
    this.#byThing.clear();
    for (const one of alarms.queue.all.values()) {
      if (one.thing === null || !this.things.all.has(one.thing)) continue;
      const found = this.#byThing.get(one.thing);
      if (found) found.push(one);
      else this.#byThing.set(one.thing, [one]);
    }
  }
  #visible(one: Mark): boolean {
    return !this.hidden.has(`state.${one.s}`) && !this.hidden.has(`sector.${one.c}`);
  }
  /** The mark of a thing; of minus an alarm's id, the mark of an alarm that stands by itself. */
  mark(id: number): Mark | null {
    let made: Mark | null = null;
    if (id > 0) {
      const thing = this.things.all.get(id);
      made = thing ? markOf(thing, this.#byThing.get(id)) : null;
    } else {
      const alarm = alarms.queue.all.get(-id);
      made = alarm && !(alarm.thing !== null && this.things.all.get(alarm.thing)?.geometry) ? lone(alarm) : null;
    }
    return made && this.#visible(made) ? made : null;
  }
  /** Every mark anew. */
  again(): void {
    this.index();
    this.marks.all.clear();
    for (const id of this.things.all.keys()) this.marks.set(id, this.mark(id));
    for (const one of alarms.queue.all.values()) this.marks.set(-one.id, this.mark(-one.id));
  }
  /** What stands beside a mark. */
  text(id: number): string {
    const thing = this.things.all.get(id)?.properties;
    const own = thing ? tag(thing, language()) : "";
    if (own) return own;
    return (id < 0 ? alarms.queue.all.get(-id)?.value : this.#byThing.get(id)?.[0]?.value) ?? "";
  }
  /** The mark the page has selected. */
  chosen(): number | null {
    const { selected } = state.get();
    const [kind = "", name = ""] = selected?.split(":") ?? [];
    if (kind === "thing") return Number(name) || null;
    if (kind !== "alarm") return null;
    for (const one of alarms.queue.all.values())
      if (one.number === name)
        return one.thing !== null && this.things.all.get(one.thing)?.geometry ? one.thing : -one.id;
    return null;
  }
  /** What a mark stands for when it is pressed: the worst alarm there, or the thing. */
  meant(id: number): string {
    const there = id < 0 ? [alarms.queue.all.get(-id)] : (this.#byThing.get(id) ?? []);
    const first = there
      .filter((one) => one !== undefined)
      .sort((a, b) => Number(b.active) - Number(a.active) || severityRank(a.severity) - severityRank(b.severity))[0];
    return first ? `alarm:${first.number}` : `thing:${id}`;
  }
  /** How many things and active alarms stand where `test` says yes. */
  inside(test: (at: [number, number]) => boolean): { things: number; alarms: number } {
    let [things, count] = [0, 0];
    for (const [id, one] of this.marks.all) {
      if (!test(one.at)) continue;
      if (id > 0) things++;
      count += id < 0 ? 1 : (this.#byThing.get(id)?.filter((alarm) => alarm.active).length ?? 0);
    }
    return { things, alarms: count };
  }
  counts(): { states: Map<MarkName, number>; sectors: Map<string, number> } {
    const states = new Map<MarkName, number>(MARKS.map((one) => [one, 0]));
    const sectors = new Map<string, number>();
    for (const one of this.marks.all.values()) states.set(one.s, (states.get(one.s) ?? 0) + 1);
    for (const { properties } of this.things.all.values())
      sectors.set(properties.c, (sectors.get(properties.c) ?? 0) + 1);
    return { states, sectors };
  }
  sources(): Record<string, Source> {
    const found: Record<string, Source> = {};
    for (const { properties } of this.things.all.values()) {
      if (!properties.st.length) continue;
      const one = found[properties.c] ?? { newest: 0, silent: 0, all: 0 };
      found[properties.c] = one;
      one.all++;
      if (properties.s === "offline" || properties.s === "nodata") one.silent++;
      for (const stream of properties.st) if ((stream.t ?? 0) > one.newest) one.newest = stream.t ?? 0;
    }
    return found;
  }
  /** Things fall silent without any news: looks at all of them again, a slice at a time. */
  async age(now: number, changed: (id: number) => void): Promise<void> {
    let i = 0;
    for (const { properties } of this.things.all.values()) {
      const is = judge(properties, now);
      if (is !== properties.s) {
        properties.s = is;
        changed(properties.id);
      }
      if (++i % SLICE === 0) await new Promise((go) => setTimeout(go));
    }
  }
}
