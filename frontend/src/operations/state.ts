/**
 * What the whole operations page agrees on: live or replay and its two clocks, what is selected, the filters, the view.
 * It stands in the address bar, so a link shows another officer the same; every panel follows it and none keeps its own.
 *
 *   import { get, set, subscribe } from "./state";
 *   const stop = subscribe((now, before) => { if (now.at !== before.at) … });
 *   set({ at: ms, known: ms });   // replay      set({ at: null });   // back to live
 *
 * Every instant here is ms since 1970 UTC (the server's are µs); in addresses instants are ISO 8601, as the server reads them.
 */

export type Mode = "live" | "replay";
export type Near = "" | "1";

/** The queue's filters; an empty text does not filter. */
export interface Filters {
  severity: string;
  /** "" (open) | unacknowledged | acknowledged | cleared | shelved */
  state: string;
  sector: string;
  unit: string;
  agency: string;
  /** id of a person, "me" or "none" */
  assignee: string;
  near: Near;
  q: string;
}

export interface State {
  /** follows from `at`: replay when there is one */
  readonly mode: Mode;
  /** what was: the moment shown; null in live mode */
  at: number | null;
  /** what we knew: values received after it are not shown; null: the same as `at` */
  known: number | null;
  /** "alarm:CB-26-00012", "thing:7", "camera:tc-01", "warning:3" */
  selected: string | null;
  filters: Filters;
  /** number of the saved view in force, 1 to 9 */
  view: number | null;
  /** the map: zoom/lat/lon */
  camera: string;
  /** layers switched off, in alphabetical order, and orders or opacities that differ: see layers.ts */
  layers: string;
}
export type Patch = Partial<Omit<State, "mode" | "filters">> & { filters?: Partial<Filters> };
export type Hearer = (now: State, before: State) => void;

export const EVERYTHING: Filters = {
  severity: "",
  state: "",
  sector: "",
  unit: "",
  agency: "",
  assignee: "",
  near: "",
  q: "",
};
const FILTERS = Object.keys(EVERYTHING) as (keyof Filters)[];
const OURS = new Set<string>([...FILTERS, "at", "known", "alarm", "select", "view", "map", "layers"]);

const instant = (text: string | null): number | null => {
  const ms = text ? Date.parse(text) : Number.NaN;
  return Number.isFinite(ms) ? ms : null;
};
export const iso = (ms: number): string => new Date(ms).toISOString().replace(".000Z", "Z");

/** The state an address holds. Pure. */
export function read(search: string): State {
  const query = new URLSearchParams(search);
  const at = instant(query.get("at"));
  const alarm = query.get("alarm");
  const view = Number(query.get("view"));
  const filters = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""])) as unknown as Filters;
  return {
    mode: at === null ? "live" : "replay",
    at,
    known: at === null ? null : instant(query.get("known")),
    selected: alarm ? `alarm:${alarm}` : query.get("select"),
    filters,
    view: Number.isInteger(view) && view > 0 && view < 10 ? view : null,
    camera: query.get("map") ?? "",
    layers: query.get("layers") ?? "",
  };
}

/** The address of a state; what is not ours in `search` stays. Pure. */
export function write(state: State, search = ""): string {
  const query = new URLSearchParams(search);
  for (const name of [...query.keys()]) if (OURS.has(name)) query.delete(name);
  const put = (name: string, value: string | null) => value && query.set(name, value);
  if (state.at !== null) {
    put("at", iso(state.at));
    if (state.known !== null && state.known !== state.at) put("known", iso(state.known));
  }
  if (state.selected?.startsWith("alarm:")) put("alarm", state.selected.slice(6));
  else put("select", state.selected);
  for (const name of FILTERS) put(name, state.filters[name]);
  if (state.view !== null) put("view", String(state.view));
  put("map", state.camera);
  put("layers", state.layers);
  return query.toString().replaceAll("%3A", ":").replaceAll("%2F", "/").replaceAll("%2C", ",");
}

let now: State = read(typeof location === "undefined" ? "" : location.search);
const hearers = new Set<Hearer>();
let told = "";

export const get = (): State => now;

/** Changes some of it; everybody hears, the address bar follows. `at: null` leaves replay and its `known` too. */
export function set(patch: Patch): void {
  const before = now;
  const at = patch.at === undefined ? now.at : patch.at;
  const known = at === null ? null : patch.known === undefined ? now.known : patch.known;
  const made: State = {
    ...now,
    ...patch,
    at,
    known,
    mode: at === null ? "live" : "replay",
    filters: { ...now.filters, ...patch.filters },
  };
  if (write(made) === write(before)) return;
  now = made;
  // another subject or view is a step one can come back from; a moving clock or map is not
  keep(before.selected !== made.selected || before.view !== made.view || before.mode !== made.mode);
  for (const hear of [...hearers]) hear(made, before);
}

/** Hears every change until the returned function is called. */
export function subscribe(hear: Hearer): () => void {
  hearers.add(hear);
  return () => hearers.delete(hear);
}

/** `?at=…&known=…` of the moment shown, to append to what is asked of the server; "" in live mode. */
export function moment(state: State = now): string {
  if (state.at === null) return "";
  return `at=${iso(state.at)}&known=${iso(state.known ?? state.at)}`;
}
/** An address with the moment shown. */
export function at(url: string, state: State = now): string {
  const asked = moment(state);
  return asked ? `${url}${url.includes("?") ? "&" : "?"}${asked}` : url;
}

let waiting: ReturnType<typeof setTimeout> | undefined;
function keep(step: boolean): void {
  if (typeof history === "undefined") return;
  const save = () => {
    waiting = undefined;
    const query = write(now, location.search);
    const url = `${HOME}${query ? `?${query}` : ""}`;
    if (url === told) return;
    told = url;
    if (step) history.pushState(null, "", url);
    else history.replaceState(null, "", url);
  };
  clearTimeout(waiting);
  // browsers refuse hundreds of changes in a few seconds, and a moving replay makes them
  if (step) save();
  else waiting = setTimeout(save, 250);
}
/** The page's own address: a subject's whole page becomes the desk with that subject selected. */
const HOME = "/operations";

if (typeof addEventListener !== "undefined") {
  addEventListener("popstate", () => {
    const before = now;
    now = read(location.search);
    told = location.pathname + location.search;
    if (write(now) !== write(before)) for (const hear of [...hearers]) hear(now, before);
  });
}
