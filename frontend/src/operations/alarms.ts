/** Every open alarm of the page, once: loaded whole, then kept by the live stream. Queue, map and bar follow it. */
import { type Entry, listen } from "../feed";
import { fold } from "../pure/fold";
import { ask as askServer } from "./ahead";
import { type Alarm, decode, Queue } from "./model";
import { settings } from "./settings";
import * as state from "./state";

export interface Names {
  people: Record<string, [string, string]>;
  units: Record<string, string>;
  agencies: Record<string, string>;
  sectors: Record<string, string>;
}
export interface Change {
  /** everything was loaded anew */
  whole: boolean;
  ids: Set<number>;
  fresh: Alarm[];
}
type Hearer = (change: Change) => void;
interface Answer extends Names {
  at: number;
  columns: string[];
  rows: unknown[][];
  full: boolean;
  suppressed: number;
}

export const names: Names = { people: {}, units: {}, agencies: {}, sectors: {} };
export const queue = new Queue(state.get().filters, {
  get now() {
    return state.get().at ?? settings.clock();
  },
  me: settings.me,
  dues: settings.dues,
  fold,
});
export const known = { loaded: false, full: false, suppressed: 0, liveNews: 0 };

const hearers = new Set<Hearer>();
/** Hears every change until the returned function is called. */
export function follow(hear: Hearer): () => void {
  hearers.add(hear);
  return () => hearers.delete(hear);
}
const tell = (change: Change) => {
  for (const hear of [...hearers]) hear(change);
};

function take(answer: Answer): Alarm[] {
  Object.assign(names.people, answer.people);
  Object.assign(names.units, answer.units);
  Object.assign(names.agencies, answer.agencies);
  Object.assign(names.sectors, answer.sectors);
  known.suppressed = answer.suppressed;
  return decode(answer.columns, answer.rows);
}
async function ask(url: string, signal?: AbortSignal): Promise<Answer> {
  const answer = await askServer(url, { headers: { accept: "application/json" }, ...(signal ? { signal } : {}) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return (await answer.json()) as Answer;
}

let loading: AbortController | undefined;
/** Loads all of it as of the moment shown. */
export async function load(): Promise<void> {
  loading?.abort();
  const mine = new AbortController();
  loading = mine;
  const shelved = state.get().filters.state === "shelved" ? "?state=shelved" : "";
  try {
    const answer = await ask(state.at(`/operations/queue${shelved}`), mine.signal);
    if (loading !== mine) return;
    queue.replace(take(answer));
    known.loaded = true;
    known.full = answer.full;
    tell({ whole: true, ids: new Set(queue.all.keys()), fresh: [] });
  } catch (error) {
    if ((error as Error).name !== "AbortError") console.warn(error);
  }
}

const asked = new Set<number>();
let timer: ReturnType<typeof setTimeout> | undefined;
const MANY = 400;
/** Asks the server about some alarms again, a moment later and together. */
export function refresh(ids: Iterable<number>): void {
  for (const id of ids) asked.add(id);
  if (!timer) timer = setTimeout(fetchAsked, 250);
}
async function fetchAsked(): Promise<void> {
  timer = undefined;
  if (state.get().mode === "replay") return asked.clear();
  const ids = [...asked].slice(0, MANY);
  for (const id of ids) asked.delete(id);
  if (!ids.length) return;
  if (asked.size > 4 * MANY) {
    // a storm: the whole list costs less than its pieces
    asked.clear();
    const before = new Set(queue.all.keys());
    const answer = await ask("/operations/queue").catch(() => null);
    if (answer) merge(take(answer), before);
    return;
  }
  const answer = await ask(`/operations/queue?ids=${ids.join(",")}`).catch(() => null);
  if (answer) merge(take(answer), new Set(queue.all.keys()));
  if (asked.size && !timer) timer = setTimeout(fetchAsked, 250);
}
function merge(alarms: Alarm[], before: ReadonlySet<number>): void {
  queue.take(alarms);
  tell({ whole: false, ids: new Set(alarms.map((one) => one.id)), fresh: alarms.filter((one) => !before.has(one.id)) });
}
/** Takes in what an action answered. */
export function done(answer: unknown): void {
  const given = answer as Answer;
  merge(take(given), new Set(queue.all.keys()));
}

let connected = false;
export function start(): () => void {
  const stops = [
    listen({
      journal(entry: Entry) {
        const id = Number(/^alarm:(\d+)$/.exec(entry.subject ?? "")?.[1]);
        if (!id || !entry.kind.startsWith("alerts.alarm.")) return;
        if (state.get().mode === "live") refresh([id]);
      },
      opened() {
        // the stream resumes by itself; a server that started anew may have forgotten what was missed
        if (connected && state.get().mode === "live") void load();
        connected = true;
      },
    }),
    state.subscribe((now, before) => {
      queue.wanted = now.filters;
      if (
        now.at !== before.at ||
        now.known !== before.known ||
        (now.filters.state === "shelved") !== (before.filters.state === "shelved")
      ) {
        if (now.mode === "live") known.liveNews = 0;
        soon();
      }
    }),
  ];
  const hear = (event: Event) => refresh((event as CustomEvent<{ ids: number[] }>).detail.ids);
  document.addEventListener("ops:changed", hear);
  // what waits in the present while the past is shown, counted by the scrubber
  const present = (event: Event) => {
    known.liveNews = (event as CustomEvent<{ new: number }>).detail.new;
    tell({ whole: false, ids: new Set(), fresh: [] });
  };
  document.addEventListener("ops:present", present);
  stops.push(() => document.removeEventListener("ops:present", present));
  stops.push(() => document.removeEventListener("ops:changed", hear));
  void load();
  return () => {
    for (const stop of stops) stop();
  };
}
let waiting: ReturnType<typeof setTimeout> | undefined;
function soon(): void {
  if (waiting) return;
  waiting = setTimeout(() => {
    waiting = undefined;
    void load();
  }, 120);
}
