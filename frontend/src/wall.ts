/** The wall: one screen nobody touches. It turns through its views, cuts to a new critical alarm, and says when it hears nothing. */
import "./css/wall.css";
import { type Base, loadBase } from "./base";
import { make, mark } from "./dom";
import { inset } from "./elements/inset";
import { type Box, middle, VIETNAM } from "./pure/box";
import { type Sent, type Thing, thingsOf } from "./pure/merge";
import { clock } from "./pure/number";
import { isState, rank, type State } from "./pure/state";
import { Link } from "./wall/link";
import type { Mark, WallMap } from "./wall/map";
import { type Figure, type Matter, type Now, shape, type Top, type WallView } from "./wall/model";
import { begin, fresh, type Turn, turn } from "./wall/turn";
import { say, span } from "./wall/words";
import { say as common, language } from "./words";

const LOST_MS = 12_000; // without an answer so long, the wall says so
const THINGS_MS = 15_000;
const MOST_ROWS = 6;

const place = <E extends HTMLElement>(name: string) => document.querySelector<E>(`[data-wall=${name}]`) as E;
const put = (name: string, text: string) => {
  const one = place(name);
  if (one.textContent !== text) one.textContent = text;
};

class Wall {
  #root: HTMLElement;
  #link: Link;
  #now: Now | undefined;
  #known: Set<string> | undefined;
  #turn: Turn = begin(Date.now());
  #shown = "";
  #map: WallMap | undefined;
  #drawing = false;
  #things: Thing[] = [];
  #thingsAt = 0;
  #base: Base | undefined;
  #size = "";

  constructor(root: HTMLElement) {
    this.#root = root;
    const { address } = JSON.parse(document.getElementById("wall-settings")?.textContent ?? "{}") as {
      address: string;
    };
    this.#link = new Link(
      address,
      (now) => this.#hear(now),
      () => this.#beat(),
    );
  }
  async start(): Promise<void> {
    this.#beat();
    let waiting: ReturnType<typeof setTimeout> | undefined;
    addEventListener("resize", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.#redraw(), 400);
    });
    void this.#awake();
    document.addEventListener("visibilitychange", () => void this.#awake());
    await this.#link.start();
  }
  /** Where the browser allows it, the screen is kept from going dark. */
  async #awake(): Promise<void> {
    try {
      if (document.visibilityState === "visible") await navigator.wakeLock?.request("screen");
    } catch {
      // a wall's own system decides then
    }
  }

  #hear(now: Now): void {
    this.#now = now;
    const found = fresh(this.#known, now.criticals);
    this.#known = new Set(now.criticals);
    this.#advance(found);
    this.#says(now);
    if (Date.now() - this.#thingsAt > THINGS_MS) void this.#load();
    else this.#marks();
  }
  async #load(): Promise<void> {
    this.#thingsAt = Date.now();
    try {
      const answer = await fetch("/operations/wall/map.json", { cache: "no-store" });
      if (answer.ok) this.#things = thingsOf(((await answer.json()) as { things: Sent }).things);
    } catch {
      // the next news asks again
    }
    if (this.#map) this.#marks();
    else await this.#draw();
  }

  // every second: the clock, how fresh all this is, whose turn it is

  #beat(): void {
    const { line } = this.#link;
    const now = Date.now() + line.offset;
    put("clock", clock(now));
    const when = new Date(now + 7 * 3_600_000);
    const days =
      language() === "en"
        ? ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
        : ["Chủ Nhật", "Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy"];
    put("day", days[when.getUTCDay()] ?? "");
    put("date", when.toISOString().slice(0, 10).split("-").reverse().join("/"));
    this.#fresh(line.heard, now);
    this.#root.dataset.state = line.refused ? "refused" : line.heard ? "on" : "waiting";
    if (this.#now && !line.refused) {
      this.#advance([]);
      this.#ages(now);
    }
  }
  #fresh(heard: number, now: number): void {
    const silent = Date.now() - heard;
    const lost = heard > 0 && (silent > LOST_MS || (!navigator.onLine && silent > 2000));
    const place_ = place("fresh");
    const since = clock(heard + this.#link.line.offset);
    const text = lost
      ? say("lost", { time: since })
      : heard
        ? say("live", { span: span(Math.max(0, silent)) })
        : say("loading");
    if (place_.dataset.text !== text) {
      place_.dataset.text = text;
      place_.replaceChildren(mark(lost ? "offline" : heard ? "normal" : "nodata"), ` ${text}`);
    }
    const band = place("lost");
    band.hidden = !lost;
    if (lost) put("lost-text", say("lostLong", { time: since }));
    this.#root.classList.toggle("lost", lost);
    const silentOnes = (this.#now?.sources ?? []).filter(([, state]) => state !== "normal");
    const worst = silentOnes.find(([, state]) => state === "offline") ?? silentOnes[0];
    const second = place("source");
    const said = worst && !lost ? `${worst[0]} ${worst[2]}` : "";
    if (second.dataset.text !== said) {
      second.dataset.text = said;
      second.replaceChildren(...(worst && said ? [mark(worst[1]), ` ${said}`] : []));
    }
    void now;
  }
  #advance(found: string[]): void {
    const now = this.#now;
    if (!now) return;
    this.#turn = turn(this.#turn, now.views, found, Date.now());
    const key = this.#turn.alarm ?? `view:${this.#turn.view}`;
    if (key === this.#shown) return;
    this.#shown = key;
    this.#root.dataset.shown = this.#turn.alarm ? "alarm" : "view";
    this.#cut();
    this.#viewSays();
    this.#says(now);
    this.#marks();
  }

  // the map

  get #k(): number {
    return (2 * Number.parseFloat(getComputedStyle(document.documentElement).fontSize)) / 16;
  }
  #view(): WallView | undefined {
    return this.#now?.views[this.#turn.view];
  }
  #looked(): Matter | undefined {
    const { alarm } = this.#turn;
    return alarm === null ? undefined : this.#now?.alarms.find((one) => one.number === alarm);
  }
  async #draw(): Promise<void> {
    if (this.#drawing || !this.#now) return;
    this.#drawing = true;
    const stage = place("map");
    const holder = make("div", "gl");
    try {
      this.#base ??= await loadBase(stage.dataset, { strict: true });
      stage.querySelector(".gl")?.remove();
      stage.querySelector(".inset")?.remove();
      stage.prepend(holder);
      const k = this.#k;
      const b = this.#now.bounds;
      const width = Math.round(164 * k);
      stage.insertAdjacentHTML("beforeend", inset(width, common, b ? middle(b) : undefined));
      const { draw } = await import("./wall/map");
      this.#map = await draw(holder, this.#base, b ?? VIETNAM, k, width + 40 * k);
      this.#size = `${innerWidth}x${innerHeight}`;
      this.#cut();
      this.#marks();
      this.#root.dataset.ready = "";
    } catch (error) {
      console.warn(error);
      holder.remove();
      this.#root.dataset.ready = "plain";
    } finally {
      this.#drawing = false;
    }
  }
  #redraw(): void {
    if (!this.#map || this.#size === `${innerWidth}x${innerHeight}`) return;
    this.#map.remove();
    this.#map = undefined;
    void this.#draw();
  }
  #cut(): void {
    const looked = this.#looked();
    const [zoom, lat, lon] = (this.#view()?.state.map ?? "").split("/").map(Number);
    const b = this.#now?.bounds as Box | null | undefined;
    if (looked && looked.lon !== null && looked.lat !== null)
      this.#map?.cut({ at: [looked.lon, looked.lat], zoom: 14.2 });
    else if (zoom && lat !== undefined && lon !== undefined && Number.isFinite(lat + lon + zoom))
      this.#map?.cut({ at: [lon, lat], zoom });
    else if (b) this.#map?.cut({ box: b });
  }
  /** What a view lets through: its sector and severities. */
  #passes(sector: string): boolean {
    const wanted = this.#turn.alarm === null ? this.#view()?.state.sector : "";
    return !wanted || wanted.split(",").includes(sector);
  }
  #marks(): void {
    const now = this.#now;
    if (!this.#map || !now) return;
    const made = new Map<number, Mark>();
    for (const one of this.#things)
      if (one.geometry && this.#passes(one.properties.c))
        made.set(one.id, { id: one.id, at: one.geometry.coordinates, s: one.properties.s, tag: "" });
    let chosen: number | null = null;
    const top = this.#looked() ?? now.top ?? undefined;
    for (const one of [...now.alarms].reverse()) {
      // a view of one sector still shows what is critical elsewhere
      if (one.lon === null || one.lat === null || !(one.s === "critical" || this.#passes(one.sector))) continue;
      const state = shape(one.s);
      const s: State = isState(state) ? state : "minor";
      const there = [...made.values()].find((m) => m.at[0] === one.lon && m.at[1] === one.lat);
      const id = there?.id ?? -one.id;
      const own = one.number === top?.number;
      const tag = own && top ? top.value : one.value; // the top one as it is now, as beside the map
      if (!there || rank(s) >= rank(there.s)) made.set(id, { id, at: [one.lon, one.lat], s, tag });
      if (own) chosen = id;
    }
    this.#map.show([...made.values()], chosen);
  }

  // words

  #viewSays(): void {
    const now = this.#now;
    if (!now) return;
    const box = place("view");
    const looked = this.#looked();
    box.dataset.s = looked ? "critical" : "";
    const dots = make("span", "rot");
    dots.setAttribute("role", "img");
    dots.setAttribute("aria-label", say("view", { n: this.#turn.view + 1, all: now.views.length }));
    dots.append(
      ...now.views.map((_, i) => {
        const dot = make("i");
        dot.classList.toggle("on", i === this.#turn.view && !looked);
        return dot;
      }),
    );
    const title = looked ? say("news", { title: looked.title }) : (this.#view()?.title ?? "");
    box.replaceChildren(
      ...(looked ? [mark("critical")] : []),
      make("span", "", title),
      ...(now.views.length > 1 && !looked ? [dots] : []),
    );
  }
  #says(now: Now): void {
    put("title", now.title);
    const worst = place("worst");
    worst.dataset.s = now.worst.s === "normal" ? "normal" : shape(now.worst.s);
    worst.replaceChildren(
      mark(worst.dataset.s ?? ""),
      make("span", "", now.worst.n ? `${now.worst.word.toUpperCase()} · ${now.worst.n}` : now.worst.word),
    );
    place("sim").hidden = !now.simulated;
    place("drill").hidden = !now.exercise;
    const warnings = now.warnings.map((one) => one.properties?.headline ?? one.properties?.title ?? "").filter(Boolean);
    place("warning").hidden = !warnings.length;
    put("warning-text", [...new Set(warnings)].join(" · "));
    this.#top(now);
    this.#list(now);
    this.#figures(now.figures);
    if (!this.#shown) this.#viewSays();
  }
  #top(now: Now): void {
    const box = place("top");
    const looked = this.#looked();
    const one: Matter | Top | null = looked ?? now.top;
    const whole = one && now.top?.number === one.number ? now.top : null;
    const isNew = one !== null && box.dataset.number !== one.number;
    box.dataset.s = one ? shape(one.s) : "normal";
    box.dataset.number = one?.number ?? "";
    if (!one) {
      box.replaceChildren(make("h2", "", say("none")), make("p", "muted", say("noneWhy")));
      return;
    }
    const figure = make("div", "value");
    const number = make("span", "fig num", one.figure);
    number.dataset.s = shape(one.s);
    if (one.figure && one.unit) number.append(make("small", "", `\u00a0${one.unit}`));
    const beside = make("div", "beside");
    if (whole?.trend) beside.append(make("b", whole.direction, whole.trend));
    if (whole?.against) beside.append(make("span", "muted", whole.against));
    figure.append(number, beside);
    const who = make("p", "who");
    who.dataset.raised = String(one.at);
    who.dataset.heard = one.heard ? (one.who ? say("heardBy", { state: one.state, who: one.who }) : one.state) : "";
    const parts: HTMLElement[] = [make("h2", "", one.title)];
    if (one.place) parts.push(make("p", "where muted", one.place));
    if (one.figure) parts.push(figure);
    parts.push(who);
    if (whole?.doing) {
      const doing = make("p", "doing muted");
      doing.append(`→ ${whole.doing}`);
      parts.push(doing);
    }
    box.replaceChildren(...parts);
    if (isNew) {
      box.classList.remove("new");
      void box.offsetWidth;
      if (box.dataset.s === "critical") box.classList.add("new");
    }
    this.#ages(Date.now() + this.#link.line.offset);
  }
  #list(now: Now): void {
    const first = this.#looked()?.number ?? now.top?.number;
    const rest = now.alarms.filter((one) => one.number !== first);
    const list = place("list");
    list.replaceChildren(
      ...rest.slice(0, MOST_ROWS).map((one) => {
        const row = make("li");
        const age = make("span", "a num");
        age.dataset.at = String(one.at);
        row.append(
          mark(shape(one.s)),
          make("b", "t", one.title),
          make("span", "v num", one.value),
          make(
            "span",
            "p",
            [one.place, one.heard ? one.who || one.state.toLowerCase() : say("short")].filter(Boolean).join(" · "),
          ),
          age,
        );
        row.classList.toggle("un", !one.heard);
        return row;
      }),
    );
    // rows that do not fit whole are not shown: a count says how many there are
    const whole = (one: HTMLElement) => one.offsetTop + one.offsetHeight <= list.clientHeight + 1;
    const fits: Element[] = [];
    for (const row of list.children as HTMLCollectionOf<HTMLElement>) {
      // the last one may still fit with its title on one line
      if (!whole(row)) row.classList.add("one");
      if (!whole(row)) break;
      fits.push(row);
    }
    for (const row of [...list.children]) if (!fits.includes(row)) row.remove();
    const shown = [first, ...rest.slice(0, fits.length).map((one) => one.number)];
    const total = now.counts.reduce((sum, [, n]) => sum + n, 0);
    const seen = now.alarms.filter((one) => shown.includes(one.number));
    const parts = now.counts
      .map(([word, n, severity]) => [word.toLowerCase(), n - seen.filter((one) => one.s === severity).length] as const)
      .filter(([, n]) => n > 0)
      .map(([word, n]) => `${n} ${word}`);
    const left = total - seen.length;
    put("rest", left > 0 ? say("rest", { n: left, parts: parts.join(", ") }) : "");
    this.#ages(Date.now() + this.#link.line.offset);
  }
  #ages(now: number): void {
    for (const one of this.#root.querySelectorAll<HTMLElement>("[data-at]")) {
      const text = span(now - Number(one.dataset.at));
      if (one.textContent !== text) one.textContent = text;
    }
    const who = this.#root.querySelector<HTMLElement>(".who");
    if (!who) return;
    const since = span(now - Number(who.dataset.raised));
    const text = who.dataset.heard
      ? say("heard", { state: who.dataset.heard, span: since })
      : say("unheard", { span: since });
    if (who.textContent !== text) who.textContent = text;
  }
  #figures(figures: Figure[]): void {
    const now = Date.now() + this.#link.line.offset;
    place("figures").replaceChildren(
      ...figures.map((one) => {
        const cell = make("div");
        const value = make("p", `fig num ${one.tone}`, one.value);
        if (one.unit) value.append(make("small", "", one.unit));
        const foot = make("p", "f");
        const late = one.at !== null && one.late > 0 && now - one.at > one.late * 1000;
        const age = one.at === null ? "" : say("ago", { span: span(now - one.at) });
        if (one.trend) foot.append(make("span", one.direction, one.trend));
        foot.append(make("span", "", one.limit));
        if (late) foot.append(make("span", "minor-t", age));
        cell.append(make("p", "n", one.name), value, foot);
        return cell;
      }),
    );
  }
}

const root = document.querySelector<HTMLElement>("body.wall");
if (root) void new Wall(root).start();
