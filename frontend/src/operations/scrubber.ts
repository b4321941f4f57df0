/**
 * <ops-scrubber>: LIVE or REPLAY, play at a speed, the track with the alarms of the last hours, the two clocks.
 * What it shows and moves is `at` and `known` of state.ts; the clockwork is replay.ts. Without script it is links.
 */
import "../css/scrubber.css";
import { button, make } from "../dom";
import { listen } from "../feed";
import { clock, moment } from "../pure/number";
import { heights, marks, stepOf, stretch } from "../pure/timeline";
import { announce, icon, toast } from "./dom";
import { register } from "./keys";
import * as replay from "./replay";
import { settings } from "./settings";
import * as state from "./state";
import { say, spell } from "./time-words";

const SEVERITIES = ["critical", "major", "minor", "warning"] as const;
const TALL = 30; // of the bars, in the units of the drawing
const WIDE = 1000;
const HOUR = 3_600_000;
const SVG = "http://www.w3.org/2000/svg";

interface Counts {
  since: number;
  until: number;
  step: number;
  rows: [number, ...number[]][];
}
interface Present {
  new: number;
  critical: number;
}

const two = (n: number): string => String(n).padStart(2, "0");
/** 17:42:08 in Việt Nam. */
export function second(ms: number): string {
  return `${clock(ms)}:${two(Math.floor(ms / 1000) % 60)}`;
}
const dayOf = (ms: number): number => Math.floor((ms + 7 * HOUR) / (24 * HOUR));
const date = (ms: number): string => new Date(ms + 7 * HOUR).toISOString().slice(0, 10).split("-").reverse().join("/");

export class OpsScrubber extends HTMLElement {
  #undo: (() => void)[] = [];
  #span = 24 * HOUR;
  #held: [number, number] | undefined;
  #counts: Counts | undefined;
  #loading: AbortController | undefined;
  #track!: HTMLElement;
  #svg!: SVGSVGElement;
  #head!: HTMLElement;
  #ghost!: HTMLElement;
  #labels!: HTMLElement;
  #liveButton!: HTMLButtonElement;
  #pastButton!: HTMLButtonElement;
  #playButton!: HTMLButtonElement;
  #speeds: HTMLButtonElement[] = [];
  #was!: HTMLElement;
  #knew!: HTMLElement;
  #how!: HTMLButtonElement;
  #present: Present = { new: 0, critical: 0 };
  #told = 0;
  #asked: ReturnType<typeof setTimeout> | undefined;
  #chosenKnowing = false;
  #drag = false;

  connectedCallback(): void {
    this.#furnish();
    const tick = setInterval(() => this.#clocks(), 1000);
    const minute = setInterval(() => void this.#load(), 60_000);
    const wheel = (event: WheelEvent) => this.#wheel(event);
    this.#track.addEventListener("wheel", wheel, { passive: false });
    this.#undo.push(
      () => clearInterval(tick),
      () => clearInterval(minute),
      state.subscribe((now, before) => this.#moved(now, before)),
      replay.follow(() => this.#says()),
      listen({
        journal: ({ kind }) => {
          if (!kind.startsWith("alerts.alarm.")) return;
          if (state.get().mode === "replay") this.#askPresent();
          else this.#soon();
        },
      }),
      this.#keys(),
    );
    this.#says();
    void this.#load();
    if (state.get().mode === "replay") this.#askPresent(0);
    this.dataset.ready = "";
  }
  disconnectedCallback(): void {
    for (const undo of this.#undo.splice(0)) undo();
    clearTimeout(this.#asked);
    clearTimeout(this.#later);
    this.#loading?.abort();
  }

  #furnish(): void {
    const live = make("div", "live");
    live.setAttribute("role", "group");
    live.setAttribute("aria-label", this.dataset.mode ?? "");
    this.#liveButton = button("btn", "", () => replay.live());
    this.#liveButton.append(make("i", "lamp"), say("liveNow"));
    this.#pastButton = button("btn", "", () => replay.enter());
    this.#pastButton.append(icon("history"), say("replay"));
    live.append(this.#liveButton, this.#pastButton);

    const transport = make("div", "transport");
    transport.setAttribute("role", "group");
    transport.setAttribute("aria-label", say("group"));
    this.#playButton = button("btn ico", "", () => replay.playOrPause());
    this.#playButton.innerHTML = SHAPES;
    const speeds = make("span", "speeds");
    this.#speeds = replay.SPEEDS.map((n) => {
      const one = button("", `${n}×`, () => replay.speed(n));
      one.setAttribute("aria-label", say("speed", { n }));
      one.title = say("speed", { n });
      return one;
    });
    speeds.append(...this.#speeds);
    transport.append(this.#playButton, speeds);

    this.#track = make("div", "track");
    this.#track.tabIndex = 0;
    this.#track.setAttribute("role", "slider");
    this.#track.setAttribute("aria-label", say("track"));
    this.#svg = document.createElementNS(SVG, "svg");
    this.#svg.setAttribute("viewBox", `0 0 ${WIDE} 44`);
    this.#svg.setAttribute("preserveAspectRatio", "none");
    this.#svg.setAttribute("aria-hidden", "true");
    this.#head = make("i", "head");
    this.#ghost = make("i", "ghost");
    this.#ghost.hidden = true;
    this.#labels = make("div", "labels num");
    this.#labels.setAttribute("aria-hidden", "true");
    this.#track.append(this.#svg, this.#labels, this.#ghost, this.#head);
    this.#track.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.#drag = true;
      this.#track.setPointerCapture(event.pointerId);
      this.#track.focus({ preventScroll: true });
      replay.pause();
      this.#to(event);
    });
    this.#track.addEventListener("pointermove", (event) => {
      if (this.#drag) this.#to(event);
      else this.#hover(event);
    });
    for (const name of ["pointerup", "pointercancel"] as const)
      this.#track.addEventListener(name, () => {
        this.#drag = false;
      });
    this.#track.addEventListener("pointerleave", () => {
      this.#ghost.hidden = true;
    });
    this.#track.addEventListener("keydown", (event) => this.#key(event));

    const clocks = make("div", "clocks num");
    this.#was = make("b");
    this.#knew = make("b");
    this.#how = button("", "", () => {
      this.#chosenKnowing = true;
      replay.know(replay.now().knowing === "then" ? "now" : "then");
    });
    this.#how.className = "how";
    clocks.append(make("span", "", say("was")), this.#was, this.#how, this.#knew);
    const span = this.querySelector<HTMLSelectElement>("select") ?? make("select", "in");
    span.hidden = false;
    span.setAttribute("aria-label", say("span"));
    span.value = String(this.#span / HOUR);
    span.addEventListener("change", () => {
      this.#span = Number(span.value) * HOUR;
      this.#held = undefined;
      void this.#load();
    });
    this.replaceChildren(live, transport, this.#track, span, clocks);
  }
  #keys(): () => void {
    const group = say("group");
    return register(
      { key: " ", word: say("keyLive"), group, run: () => replay.toggle() },
      { key: "p", word: say("keyPlay"), group, run: () => replay.playOrPause() },
      { key: "[", word: say("keyBack"), group, run: () => this.#step(-1) },
      { key: "]", word: say("keyForth"), group, run: () => this.#step(1) },
      { key: "+", word: say("keyFaster"), group, run: () => replay.faster(1) },
      { key: "-", word: say("keySlower"), group, run: () => replay.faster(-1) },
      { key: "i", word: say("keyKnow"), group, run: () => this.#how.click() },
    );
  }
  #step(by: 1 | -1): void {
    replay.pause();
    replay.shift(by * replay.pace(replay.now().speed).step);
  }
  #key(event: KeyboardEvent): void {
    const by = { ArrowLeft: -60_000, ArrowDown: -60_000, ArrowRight: 60_000, ArrowUp: 60_000 }[event.key];
    const large = { PageDown: -stepOf(this.#span), PageUp: stepOf(this.#span) }[event.key];
    const [since] = this.#stretch();
    if (event.key === "Home") replay.go(since);
    else if (event.key === "End") replay.live();
    else if (by ?? large) {
      replay.pause();
      replay.shift((by ?? large ?? 0) * (event.shiftKey ? 10 : 1));
    } else if (event.key === " ") replay.toggle();
    else if (event.key === "Enter") replay.playOrPause();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  #wheel(event: WheelEvent): void {
    if (!event.deltaY || state.get().mode === "live") return;
    event.preventDefault();
    replay.pause();
    replay.shift((event.deltaY > 0 ? 1 : -1) * (this.#span / 288));
  }

  #stretch(): [number, number] {
    this.#held = stretch(this.#span, settings.clock(), state.get().at, this.#held);
    return this.#held;
  }
  #share(at: number): number {
    const [since, until] = this.#stretch();
    return Math.min(1, Math.max(0, (at - since) / (until - since)));
  }
  #atOf(event: PointerEvent): number {
    const box = this.#track.getBoundingClientRect();
    const [since, until] = this.#stretch();
    const at = since + ((until - since) * (event.clientX - box.left)) / box.width;
    const grid = this.#span > 48 * HOUR ? 10 * 60_000 : 60_000;
    return Math.max(since, Math.round(at / grid) * grid);
  }
  #to(event: PointerEvent): void {
    replay.go(this.#atOf(event));
  }
  #hover(event: PointerEvent): void {
    const at = this.#atOf(event);
    const now = settings.clock();
    this.#ghost.hidden = at > now;
    this.#ghost.style.setProperty("left", `${100 * this.#share(at)}%`);
    this.#ghost.dataset.time = moment(at, now);
    this.#ghost.dataset.end = this.#share(at) > 0.86 ? "1" : "";
  }

  #moved(now: state.State, before: state.State): void {
    if (now.mode !== before.mode) {
      this.#present = { new: 0, critical: 0 };
      this.#told = 0;
      if (now.mode === "replay") void this.#whatWasKnown();
    }
    if (now.at !== before.at || now.known !== before.known) {
      const [since, until] = this.#stretch();
      if (!this.#counts || this.#counts.since !== since || this.#counts.until !== until) void this.#load();
      if (now.mode === "replay") this.#askPresent(before.mode === "live" ? 0 : 1500);
    }
    this.#says();
  }

  /** Somebody who goes back to a time of which nothing was known then is shown what is known of it today, and told so. */
  async #whatWasKnown(): Promise<void> {
    if (this.#chosenKnowing || replay.now().knowing === "now") return;
    const asked = state.moment();
    try {
      const answer = await fetch(`/operations/replay/known.json?${asked}`);
      const found = (await answer.json()) as { known: number; later: number };
      if (!answer.ok || state.moment() !== asked || found.known || !found.later) return;
      replay.know("now");
      toast(say("laterAll", { n: found.later }));
    } catch {
      // the two clocks still say what is shown
    }
  }

  #later: ReturnType<typeof setTimeout> | undefined;
  #soon(): void {
    this.#later ??= setTimeout(() => {
      this.#later = undefined;
      void this.#load();
    }, 4000);
  }
  async #load(): Promise<void> {
    const [since, until] = this.#stretch();
    this.#loading?.abort();
    const mine = new AbortController();
    this.#loading = mine;
    const query = `since=${state.iso(since)}&until=${state.iso(until)}&step=${stepOf(this.#span) / 1000}`;
    try {
      const answer = await fetch(`/operations/replay/counts.json?${query}`, { signal: mine.signal });
      if (answer.ok) this.#counts = (await answer.json()) as Counts;
    } catch {
      // the track works without its bars
    }
    if (this.isConnected && this.#loading === mine) this.#draw();
  }
  /** What waits in the present, as a number and no more. */
  #askPresent(wait = 2000): void {
    this.#asked ??= setTimeout(async () => {
      this.#asked = undefined;
      if (state.get().mode === "live") return;
      try {
        const answer = await fetch(`/operations/replay/now.json?${state.moment()}`);
        if (!answer.ok || state.get().mode === "live") return;
        const before = this.#present.critical;
        this.#present = (await answer.json()) as Present;
        if (this.#present.critical > before && this.#told++)
          announce(say("newCriticalSay", { n: this.#present.critical - before }), true);
        this.#told ||= 1;
        document.dispatchEvent(new CustomEvent("ops:present", { detail: this.#present }));
        this.#says();
      } catch {
        // asked again with the next news
      }
    }, wait);
  }

  #draw(): void {
    const [since, until] = this.#stretch();
    const step = stepOf(this.#span);
    const rows = (this.#counts?.rows ?? []).filter(([at]) => at >= since && at < until);
    const most = Math.max(1, ...rows.map(([, ...n]) => n.reduce((a, b) => a + b, 0)));
    const wide = (WIDE * step) / (until - since);
    const parts: SVGElement[] = [];
    const path = (d: string, name: string) => {
      const one = document.createElementNS(SVG, "path");
      one.setAttribute("d", d);
      one.setAttribute("class", name);
      parts.push(one);
    };
    for (const [i, severity] of SEVERITIES.entries()) {
      let d = "";
      for (const [at, ...counts] of rows) {
        const tall = heights(counts, most, TALL);
        const height = tall[i] ?? 0;
        if (!height) continue;
        // the worst stands on top, where it is seen first
        const below = tall.slice(i + 1).reduce((a, b) => a + b, 0);
        const x = ((at - since) / (until - since)) * WIDE;
        d += `M${x.toFixed(1)} ${(TALL - below).toFixed(1)}h${(wide * 0.84).toFixed(1)}v${(-height).toFixed(1)}h${(-wide * 0.84).toFixed(1)}z`;
      }
      if (d) path(d, severity);
    }
    path(`M0 ${TALL}.5h${WIDE}`, "floor");
    this.#svg.replaceChildren(...parts);
    this.#labels.replaceChildren(
      ...marks(since, until).flatMap(([at, midnight]) => {
        const x = (at - since) / (until - since);
        if (x < 0.03 || x > 0.95) return [];
        const one = make("span", midnight ? "day" : "", midnight ? date(at).slice(0, 5) : clock(at));
        one.style.setProperty("left", `${(100 * x).toFixed(2)}%`);
        return [one];
      }),
    );
    this.#says();
  }
  #countAt(at: number): number {
    const step = stepOf(this.#span);
    const row = this.#counts?.rows.find(([from]) => at >= from && at < from + step);
    return row ? row.slice(1).reduce((a, b) => a + b, 0) : 0;
  }

  #clocks(): void {
    const now = state.get();
    const at = now.at ?? settings.clock();
    const known = now.known ?? at;
    const there = (ms: number, beside: number) =>
      dayOf(ms) === dayOf(beside) ? second(ms) : `${second(ms)} ${date(ms).slice(0, 5)}`;
    this.#was.textContent = there(at, settings.clock());
    this.#knew.textContent = there(known, at);
    this.#head.style.setProperty("left", `${100 * this.#share(at)}%`);
    if (now.mode === "replay") this.#band(at, known);
  }
  #says(): void {
    const now = state.get();
    const player = replay.now();
    const past = now.mode === "replay";
    this.dataset.mode = now.mode;
    document.body.dataset.mode = now.mode;
    this.#liveButton.classList.toggle("on", !past);
    this.#liveButton.setAttribute("aria-pressed", String(!past));
    this.#pastButton.classList.toggle("on", past);
    this.#pastButton.setAttribute("aria-pressed", String(past));
    this.#playButton.dataset.on = player.playing ? "1" : "";
    this.#playButton.setAttribute("aria-label", say(player.playing ? "pause" : "play"));
    this.#playButton.title = `${say(player.playing ? "pause" : "play")} (P)`;
    this.#playButton.classList.toggle("waiting", player.waiting);
    for (const [i, one] of this.#speeds.entries())
      one.setAttribute("aria-pressed", String(replay.SPEEDS[i] === player.speed));
    this.#how.textContent = say("knew");
    this.#how.disabled = !past;
    this.#how.dataset.knowing = past ? player.knowing : "";
    this.#how.title = past ? say(player.knowing === "then" ? "knowThenTitle" : "knowNowTitle") : "";
    if (past) this.#how.setAttribute("aria-pressed", String(player.knowing === "now"));
    else this.#how.removeAttribute("aria-pressed");
    const [since, until] = this.#stretch();
    const at = now.at ?? settings.clock();
    this.#track.setAttribute("aria-valuemin", String(Math.round(since / 1000)));
    this.#track.setAttribute("aria-valuemax", String(Math.round(until / 1000)));
    this.#track.setAttribute("aria-valuenow", String(Math.round(at / 1000)));
    this.#track.setAttribute(
      "aria-valuetext",
      say("trackSay", { time: moment(at, settings.clock()), n: this.#countAt(at), span: spell(stepOf(this.#span)) }),
    );
    this.#clocks();
    const band = document.querySelector<HTMLElement>("[data-band=replay]");
    if (band) band.hidden = !past;
  }
  #band(at: number, known: number): void {
    const band = document.querySelector<HTMLElement>("[data-band=replay]");
    if (!band) return;
    const put = (name: string, text: string) => {
      const place = band.querySelector<HTMLElement>(`[data-say=${name}]`);
      if (place && place.textContent !== text) place.textContent = text;
    };
    const player = replay.now();
    const far = dayOf(known) === dayOf(at) ? second(known) : `${second(known)} ${date(known)}`;
    put("at", `${second(at)}, ${date(at)}`);
    put("now", say("band", { now: clock(settings.clock()) }));
    put("known", say(player.knowing === "then" ? "bandKnown" : "bandToday", { known: far }));
    put("speed", player.playing ? say("speedOn", { n: player.speed }) : say("bandSpace"));
    const chip = band.querySelector<HTMLElement>("[data-say=new]");
    if (!chip) return;
    const { new: count, critical } = this.#present;
    chip.hidden = count === 0;
    chip.dataset.s = critical ? "critical" : "";
    put("new", critical ? say("newCritical", { n: critical }) : say("new", { n: count }));
  }
}
const SHAPES =
  '<svg viewBox="0 0 24 24" fill="currentColor" aria-hidden="true"><path class="to-play" d="M7 4.5v15l13-7.5z"/><path class="to-pause" d="M6 5h4v14H6zM14 5h4v14h-4z"/></svg>';
customElements.define("ops-scrubber", OpsScrubber);
