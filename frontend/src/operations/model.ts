/** Alarms as the queue keeps them, the order they stand in, and how news changes them without a row ever jumping. Pure. */

export const SEVERITIES = ["critical", "major", "minor", "warning"] as const;
export type Severity = (typeof SEVERITIES)[number];
export type Section = Severity | "cleared";
export const SECTIONS: readonly Section[] = [...SEVERITIES, "cleared"];

/** Times in ms UTC. */
export interface Alarm {
  id: number;
  number: string;
  severity: Severity;
  active: boolean;
  acknowledged: boolean;
  title: string;
  subject: string;
  value: string;
  raised: number;
  noticed: number;
  cleared: number | null;
  acknowledgedAt: number | null;
  acknowledgedBy: number | null;
  assignee: number | null;
  sector: string | null;
  unit: string | null;
  agency: number | null;
  group: string;
  repeats: number;
  suppressed: string | null;
  shelvedUntil: number | null;
  due: number | null;
  version: number;
  thing: number | null;
  lon: number | null;
  lat: number | null;
  flags: number;
}
export const SIMULATED = 1;
export const EXERCISE = 2;
export const WITHDRAWN = 4;

/** The rows of `/operations/queue` under the names of their columns. */
export function decode(columns: readonly string[], rows: readonly unknown[][]): Alarm[] {
  return rows.map((row) => {
    const made = Object.fromEntries(columns.map((name, i) => [name, row[i]])) as unknown as Alarm;
    made.active = Boolean(made.active);
    made.acknowledged = Boolean(made.acknowledged);
    return made;
  });
}

/** Whether it still asks for somebody's eyes: active, or ended and not yet acknowledged. */
export const stands = (one: Alarm): boolean =>
  !(one.flags & WITHDRAWN) && one.suppressed === null && (one.active || !one.acknowledged);
export const section = (one: Alarm): Section => (one.active ? one.severity : "cleared");
export const rank = (severity: Severity): number => SEVERITIES.indexOf(severity);

/** Severity, then the unacknowledged, then the oldest; what has ended stands last. */
export function compare(a: Alarm, b: Alarm): number {
  return (
    SECTIONS.indexOf(section(a)) - SECTIONS.indexOf(section(b)) ||
    Number(a.acknowledged) - Number(b.acknowledged) ||
    a.raised - b.raised ||
    a.id - b.id
  );
}

export interface Wanted {
  severity: string;
  state: string;
  sector: string;
  unit: string;
  agency: string;
  assignee: string;
  near: string;
  q: string;
}
export interface About {
  now: number;
  me: number | null;
  /** minutes to acknowledge, by severity */
  dues: Record<string, number>;
  fold(text: string): string;
}

/** Half of the time to take notice is gone, or all of it: the same as the room's own queue says. */
export function nearBreach(one: Alarm, about: About): boolean {
  if (one.due === null || one.acknowledged || !one.active) return false;
  return one.due - about.now <= ((about.dues[one.severity] ?? 240) * 60_000) / 2;
}

/** In somebody's hands, or taken notice of by them and in nobody's. */
export const mine = (one: Alarm, me: number | null): boolean =>
  me !== null && (one.assignee === me || (one.assignee === null && one.acknowledgedBy === me));

const folded = new WeakMap<Alarm, string>();
function searched(one: Alarm, about: About): string {
  let text = folded.get(one);
  if (text === undefined) {
    text = about.fold(`${one.number} ${one.title} ${one.subject}`);
    folded.set(one, text);
  }
  return text;
}

export function fits(one: Alarm, wanted: Wanted, about: About): boolean {
  if (wanted.state === "shelved" ? one.suppressed === null : !stands(one)) return false;
  if (wanted.severity && !wanted.severity.split(",").includes(one.severity)) return false;
  if (wanted.state === "unacknowledged" && one.acknowledged) return false;
  if (wanted.state === "acknowledged" && !one.acknowledged) return false;
  if (wanted.state === "cleared" && one.active) return false;
  if (wanted.sector && one.sector !== wanted.sector) return false;
  if (wanted.unit && one.unit !== wanted.unit) return false;
  if (wanted.agency && String(one.agency) !== wanted.agency) return false;
  if (wanted.assignee === "me" && !mine(one, about.me)) return false;
  if (wanted.assignee === "none" && one.assignee !== null) return false;
  if (/^\d+$/.test(wanted.assignee) && String(one.assignee) !== wanted.assignee) return false;
  if (wanted.near && !nearBreach(one, about)) return false;
  if (!wanted.q) return true;
  const text = searched(one, about);
  return about
    .fold(wanted.q)
    .split(" ")
    .every((word) => text.includes(word));
}

/** A line of the list. group: how many stand under it; depth 1: it stands under another. */
export type Item =
  | { kind: "head"; key: string; section: Section; count: number }
  | { kind: "line"; key: string; id: number; group: number; open: boolean; depth: 0 | 1 };

/** The list as it is shown. What arrives waits until it is asked for; what changes changes where it stands. */
export class Queue {
  readonly all = new Map<number, Alarm>();
  #items: Item[] = [];
  #placed = new Set<number>();
  #open = new Set<string>();
  wanted: Wanted;
  about: About;

  constructor(wanted: Wanted, about: About) {
    this.wanted = wanted;
    this.about = about;
  }
  get items(): readonly Item[] {
    return this.#items;
  }
  replace(alarms: Iterable<Alarm>): void {
    this.all.clear();
    for (const one of alarms) this.all.set(one.id, one);
    this.settle();
  }
  /** Takes news in. Nothing moves; what is not placed yet counts as waiting. */
  take(alarms: Iterable<Alarm>): void {
    for (const one of alarms) {
      const before = this.all.get(one.id);
      // an answer asked for before a newer one arrived must not turn it back
      if (!before || one.version >= before.version) this.all.set(one.id, one);
    }
  }
  /** Those that fit and wait outside the list. */
  waiting(): Alarm[] {
    const found: Alarm[] = [];
    for (const one of this.all.values())
      if (!this.#placed.has(one.id) && fits(one, this.wanted, this.about)) found.push(one);
    return found;
  }
  /** Puts everything where it belongs now. */
  settle(): void {
    const fitting = [...this.all.values()].filter((one) => fits(one, this.wanted, this.about)).sort(compare);
    for (const [id, one] of this.all) if (!stands(one) && this.wanted.state !== "shelved") this.all.delete(id);
    this.#placed = new Set(fitting.map((one) => one.id));
    const groups = new Map<string, Alarm[]>();
    for (const one of fitting) {
      const key = one.group ? `${one.group}` : `#${one.id}`;
      const found = groups.get(key);
      if (found) found.push(one);
      else groups.set(key, [one]);
    }
    const items: Item[] = [];
    const counts = new Map<Section, number>();
    for (const one of fitting) counts.set(section(one), (counts.get(section(one)) ?? 0) + 1);
    let at: Section | undefined;
    const seen = new Set<string>();
    for (const one of fitting) {
      const key = one.group ? `${one.group}` : `#${one.id}`;
      if (seen.has(key)) continue; // stands under the worst of its group
      seen.add(key);
      if (section(one) !== at) {
        at = section(one);
        items.push({ kind: "head", key: `head:${at}`, section: at, count: counts.get(at) ?? 0 });
      }
      const members = groups.get(key) ?? [one];
      const open = this.#open.has(key);
      items.push({ kind: "line", key: `${one.id}`, id: one.id, group: members.length, open, depth: 0 });
      if (open)
        for (const other of members)
          if (other !== one)
            items.push({ kind: "line", key: `${other.id}`, id: other.id, group: 1, open: false, depth: 1 });
    }
    this.#items = items;
  }
  /** Opens or folds the group a line stands for. */
  fold(id: number): void {
    const group = this.all.get(id)?.group;
    if (!group) return;
    if (!this.#open.delete(group)) this.#open.add(group);
    this.settle();
  }
  /** The line of an alarm: its own, or the one its folded group stands under. */
  place(id: number): number {
    const own = this.#items.findIndex((one) => one.kind === "line" && one.id === id);
    if (own >= 0) return own;
    const group = this.all.get(id)?.group;
    return group ? this.#items.findIndex((one) => one.kind === "line" && this.all.get(one.id)?.group === group) : -1;
  }
  /** The next line from one on, over the heads; stays at the ends. */
  step(from: number, by: 1 | -1): number {
    for (let i = from + by; i >= 0 && i < this.#items.length; i += by) if (this.#items[i]?.kind === "line") return i;
    return from;
  }
  counts(): { open: number; unheard: number; by: Record<Severity, number>; mine: number; none: number; near: number } {
    const by: Record<Severity, number> = { critical: 0, major: 0, minor: 0, warning: 0 };
    let [open, unheard, own, none, near] = [0, 0, 0, 0, 0];
    for (const one of this.all.values()) {
      if (!stands(one)) continue;
      open++;
      if (!one.acknowledged) unheard++;
      if (one.active) by[one.severity]++;
      if (one.assignee === null) none++;
      if (mine(one, this.about.me)) own++;
      if (nearBreach(one, this.about)) near++;
    }
    return { open, unheard, by, mine: own, none, near };
  }
}

/** Tops of rows of two heights, and which are seen through a window. */
export class Heights {
  readonly tops: Float64Array;
  readonly total: number;
  constructor(items: readonly Item[], line: number, head: number) {
    this.tops = new Float64Array(items.length + 1);
    let y = 0;
    for (let i = 0; i < items.length; i++) {
      this.tops[i] = y;
      y += items[i]?.kind === "head" ? head : line;
    }
    this.tops[items.length] = y;
    this.total = y;
  }
  /** First and one past the last row seen between y and y + height. */
  seen(y: number, height: number): [number, number] {
    const count = this.tops.length - 1;
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.tops[middle + 1] ?? 0) <= y) low = middle + 1;
      else high = middle;
    }
    let end = low;
    while (end < count && (this.tops[end] ?? 0) < y + height) end++;
    return [low, end];
  }
}
