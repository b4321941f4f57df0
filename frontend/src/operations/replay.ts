/**
 * The time machine's clockwork: into the past and back, playing at a speed, fetching ahead. It moves `at` in state.ts and
 * nothing else; every panel follows that, so the map, the queue, the log and the figures show one moment.
 */
import { forget, here, prefetch } from "./ahead";
import { get, moment, set, subscribe } from "./state";

export const SPEEDS = [1, 10, 60, 600] as const;
export type Speed = (typeof SPEEDS)[number];
/** What is known of the past: as it was then, or with all that has come since. */
export type Knowing = "then" | "now";

export interface Player {
  playing: boolean;
  speed: Speed;
  knowing: Knowing;
  /** playing waits for the server */
  waiting: boolean;
}

const DEPTH = 3; // moments fetched ahead
const PATIENCE_MS = 2500; // a moment is shown late rather than never
const BEGIN_MS = 3600_000; // an hour ago, when nothing else says where to begin

const player: Player = { playing: false, speed: 60, knowing: "then", waiting: false };
const hearers = new Set<(now: Player) => void>();
let timer: ReturnType<typeof setTimeout> | undefined;
let last: number | null = null;
/** the present as long as the past is shown: `known` of somebody who looks with today's knowledge */
let today = 0;

/** Wall time between two moments, and how far the clock goes in it, both ms. Pure. */
export function pace(speed: Speed): { every: number; step: number } {
  const every = speed === 1 ? 2000 : 1000;
  return { every, step: every * speed };
}
/** The next moment: on the grid of the pace, never past the present; null at its end. Pure. */
export function next(at: number, speed: Speed, present: number): number | null {
  const { step } = pace(speed);
  const to = (Math.floor(at / step) + 1) * step;
  return to >= present ? null : to;
}

export const now = (): Readonly<Player> => player;
export function follow(hear: (now: Player) => void): () => void {
  hearers.add(hear);
  return () => hearers.delete(hear);
}
function tell(patch: Partial<Player>): void {
  Object.assign(player, patch);
  for (const hear of [...hearers]) hear(player);
}

const knownAt = (): number | null => (player.knowing === "now" ? today : null);

/** Shows a moment of the past; one at or after the present is the present, and that is live. */
export function go(at: number): void {
  const present = Date.now();
  if (at >= present - 1000) {
    live();
    return;
  }
  if (get().mode === "live") today = present;
  last = at;
  set({ at: Math.round(at / 1000) * 1000, known: knownAt() });
}
/** Goes back or forth. */
export function shift(by: number): void {
  const { at } = get();
  go((at ?? Date.now()) + by);
}
/** Into the past, where it was left or an hour ago. */
export function enter(at?: number): void {
  if (get().mode === "live") go(at ?? last ?? Math.floor((Date.now() - BEGIN_MS) / 60_000) * 60_000);
}
/** Back to what is. */
export function live(): void {
  pause();
  forget();
  set({ at: null });
}
export function toggle(): void {
  if (get().mode === "live") enter();
  else live();
}
export function know(knowing: Knowing): void {
  if (knowing === "now") today = Date.now();
  tell({ knowing });
  if (get().mode === "replay") set({ known: knownAt() });
}

export function speed(to: Speed): void {
  tell({ speed: to });
  if (player.playing) schedule();
}
export function faster(by: 1 | -1): void {
  const i = SPEEDS.indexOf(player.speed) + by;
  const found = SPEEDS[(i + SPEEDS.length) % SPEEDS.length];
  if (found) speed(found);
}
export function pause(): void {
  clearTimeout(timer);
  timer = undefined;
  if (player.playing) tell({ playing: false, waiting: false });
}
export function play(): void {
  enter();
  if (player.playing) return;
  tell({ playing: true });
  schedule();
}
export function playOrPause(): void {
  if (player.playing) pause();
  else play();
}

const said = (at: number): string => moment({ ...get(), mode: "replay", at, known: knownAt() });

function schedule(): void {
  clearTimeout(timer);
  timer = setTimeout(() => void tick(), pace(player.speed).every);
  ahead();
}
function ahead(): void {
  let at = get().at;
  for (let i = 0; i < DEPTH && at !== null; i++) {
    at = next(at, player.speed, Date.now());
    if (at !== null) void prefetch(said(at));
  }
}
async function tick(): Promise<void> {
  const { at } = get();
  if (at === null || !player.playing) {
    pause();
    return;
  }
  const to = next(at, player.speed, Date.now());
  if (to === null) {
    live();
    return;
  }
  const began = performance.now();
  if (!here(said(to))) {
    const slow = setTimeout(() => tell({ waiting: true }), 300);
    await Promise.race([prefetch(said(to)), new Promise((done) => setTimeout(done, PATIENCE_MS))]);
    clearTimeout(slow);
    if (player.waiting) tell({ waiting: false });
    if (!player.playing || get().at !== at) return;
  }
  last = to;
  set({ at: to, known: knownAt() });
  clearTimeout(timer);
  const { every } = pace(player.speed);
  timer = setTimeout(() => void tick(), Math.max(200, every - (performance.now() - began)));
  ahead();
}

subscribe((state, before) => {
  if (state.mode === before.mode) return;
  if (state.mode === "live") {
    pause();
    forget();
  } else if (state.known !== null && state.known !== state.at) {
    today = state.known;
    tell({ knowing: "now" });
  }
});
const start = get();
if (start.mode === "replay") {
  last = start.at;
  if (start.known !== null && start.known !== start.at) {
    today = start.known;
    player.knowing = "now";
  }
}
