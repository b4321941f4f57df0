/**
 * <ops-map data-base="/places/base.geojson" data-bounds="w,s,e,n">: the live map of the operations page. Follows the selection,
 * the two clocks and the filters of the page; news is gathered, and no mark is drawn anew more than once a second.
 */

import { listen } from "../feed";
import { ask } from "../operations/ahead";
import * as alarms from "../operations/alarms";
import { button, icon, make } from "../operations/dom";
import { register } from "../operations/keys";
import { LayerPanel } from "../operations/layer-panel";
import { format, parse } from "../operations/layers";
import { type Alarm, rank as severityRank } from "../operations/model";
import { Nearby } from "../operations/nearby";
import { lone, MARKS, type Mark, type MarkName, Marks, markOf, rank, tag } from "../operations/objects";
import { settings } from "../operations/settings";
import { Sketch } from "../operations/sketch";
import type { Box, Camera, Hit, Position, Stage, Tag } from "../operations/stage";
import * as state from "../operations/state";
import { say } from "../operations/words";
import { type Row, type Thing, Things } from "../pure/merge";
import { say as common, language } from "../words";
import { inset } from "./inset";
import { type Pick as Picked, PlacePicker } from "./place-picker";

const AGAIN = 1000; // ms before the same mark is drawn anew
const PACE = 200; // ms between two drawings of what is due, at best
const SLOWEST = 1000;
const TAGS = 300;
const SLICE = 2000;

interface Answer {
  at: number;
  things: { features: Thing[] };
  alarms?: unknown[];
  warnings?: never;
  cameras?: never;
}

export class OpsMap extends HTMLElement {
  #things = new Things();
  #marks = new Marks();
  #byThing = new Map<number, Alarm[]>();
  #stage: Stage | undefined;
  #undo: (() => void)[] = [];
  #pending = new Set<number>();
  #drawnAt = new Map<number, number>();
  #tagged = new Map<number, string>();
  #alone: { ids: number[]; few: boolean } = { ids: [], few: false };
  #aloneAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pace = PACE;
  #busy = false;
  #asked = new Set<number>();
  #ask: ReturnType<typeof setTimeout> | undefined;
  #loading: AbortController | undefined;
  #later: ReturnType<typeof setTimeout> | undefined;
  #layers = parse(state.get().layers);
  #panel: LayerPanel | undefined;
  #sketch: Sketch | undefined;
  #nearby: Nearby | undefined;
  #camera = state.get().camera;
  #base: { data: unknown; tiles?: string; style?: never } = { data: null };
  #extra: Partial<Pick<Answer, "warnings" | "cameras">> = {};

  connectedCallback(): void {
    // on a phone the map stands below the fold: it is heavy, and waits until somebody comes to it
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((one) => one.isIntersecting)) return;
      seen.disconnect();
      void this.#start();
    });
    seen.observe(this);
    this.#undo.push(() => seen.disconnect());
  }
  disconnectedCallback(): void {
    for (const undo of this.#undo.splice(0)) undo();
    clearTimeout(this.#timer);
    clearTimeout(this.#ask);
    clearTimeout(this.#later);
    this.#loading?.abort();
    this.#stage?.remove();
    this.#stage = undefined;
  }

  async #start(): Promise<void> {
    this.#furnish();
    try {
      const [drawing, answer, base] = await Promise.all([
        import("../operations/stage"),
        this.#fetch(),
        this.#loadBase(),
      ]);
      if (!this.isConnected) return;
      this.#base = base;
      if (answer) this.#take(answer);
      await this.#draw(drawing.draw);
      if (!this.isConnected) return;
      this.#follow();
      // alarms that were loaded while the map was being drawn
      if (alarms.known.loaded) await this.#again();
      const retheme = async () => {
        const camera = this.#stage?.camera();
        this.#stage?.remove();
        this.querySelector(".gl")?.remove();
        await this.#draw(drawing.draw, camera);
      };
      document.addEventListener("themechange", retheme);
      this.#undo.push(() => document.removeEventListener("themechange", retheme));
      this.dataset.ready = "";
    } catch (error) {
      console.error(error);
      this.querySelector(".gl")?.remove();
      const note = make("p", "state", say("mapFailed"));
      note.setAttribute("role", "status");
      this.append(note);
    }
  }
  async #draw(draw: typeof import("../operations/stage").draw, camera?: Camera): Promise<void> {
    const holder = make("div", "gl");
    this.prepend(holder);
    const stage = await draw(holder, {
      base: this.#base as never,
      bounds: this.#bounds(),
      camera: camera ?? cameraOf(state.get().camera),
      onHit: (hit) => this.#picked(hit),
      onPoint: (at, how) => this.#sketch?.point(at, how) ?? false,
      onMove: () => this.#moved(),
      onIdle: () => this.#settled(),
    });
    if (!this.isConnected) return stage.remove();
    this.#stage = stage;
    this.querySelector(".poster")?.remove();
    stage.layers(this.#layers);
    stage.choose(this.#chosen());
    await stage.show([...this.#marks.all.values()]);
    this.#drawExtra();
    this.#sketch?.redraw();
    this.#nearby?.redraw();
    setTimeout(() => this.#retag(), 400);
    this.#legend();
  }
  #bounds(): Box {
    const given = this.dataset.bounds?.split(",").map(Number);
    return given?.length === 4 && given.every(Number.isFinite) ? (given as Box) : [102.1, 8.2, 117.9, 23.4];
  }
  async #loadBase(): Promise<{ data: unknown; tiles?: string; style?: never }> {
    if (this.dataset.mapStyle)
      return { data: null, style: (await (await fetch(this.dataset.mapStyle)).json()) as never };
    if (this.dataset.mapTiles) return { data: null, tiles: this.dataset.mapTiles };
    try {
      const answer = await fetch(this.dataset.base ?? "/places/base.geojson");
      return { data: answer.ok ? await answer.json() : null };
    } catch {
      return { data: null };
    }
  }

  // what is on the map

  async #fetch(ids?: Iterable<number>): Promise<Answer | null> {
    if (!ids) this.#loading?.abort();
    const mine = new AbortController();
    if (!ids) this.#loading = mine;
    try {
      const url = `/operations/map.json${ids ? `?ids=${[...ids].join(",")}` : ""}`;
      const answer = await ask(state.at(url), { signal: mine.signal });
      return answer.ok ? ((await answer.json()) as Answer) : null;
    } catch {
      return null;
    }
  }
  /** Takes in a whole picture. */
  #take(answer: Answer): void {
    this.#things = new Things();
    this.#things.put(answer.things.features);
    this.#extra = answer;
    this.#sources(true);
    this.#all();
  }
  async #reload(): Promise<void> {
    const answer = await this.#fetch();
    if (!answer || !this.isConnected) return;
    this.#take(answer);
    await this.#stage?.show([...this.#marks.all.values()]);
    this.#drawExtra();
    this.#legend();
    setTimeout(() => this.#retag(), 300);
  }
  #drawExtra(): void {
    if (this.#extra.warnings) this.#stage?.warnings(this.#extra.warnings);
    if (this.#extra.cameras) this.#stage?.cameras(this.#extra.cameras);
  }
  #index(): void {
    this.#byThing.clear();
    for (const one of alarms.queue.all.values()) {
      if (one.thing === null || !this.#things.all.has(one.thing)) continue;
      const found = this.#byThing.get(one.thing);
      if (found) found.push(one);
      else this.#byThing.set(one.thing, [one]);
    }
  }
  #visible(one: Mark): boolean {
    return !this.#layers.hidden.has(`state.${one.s}`) && !this.#layers.hidden.has(`sector.${one.c}`);
  }
  #mark(id: number): Mark | null {
    let made: Mark | null = null;
    if (id > 0) {
      const thing = this.#things.all.get(id);
      made = thing ? markOf(thing, this.#byThing.get(id)) : null;
    } else {
      const alarm = alarms.queue.all.get(-id);
      made = alarm && !(alarm.thing !== null && this.#things.all.get(alarm.thing)?.geometry) ? lone(alarm) : null;
    }
    return made && this.#visible(made) ? made : null;
  }
  /** Every mark anew, undrawn. */
  #all(): void {
    this.#index();
    this.#marks.all.clear();
    this.#pending.clear();
    for (const id of this.#things.all.keys()) this.#marks.set(id, this.#mark(id));
    for (const one of alarms.queue.all.values()) this.#marks.set(-one.id, this.#mark(-one.id));
  }
  async #again(): Promise<void> {
    this.#all();
    await this.#stage?.show([...this.#marks.all.values()]);
    this.#legend();
    this.#aloneAt = 0;
    setTimeout(() => this.#retag(), 300);
  }

  // news

  #follow(): void {
    const ask = (ids: Iterable<number>) => {
      for (const id of ids) this.#asked.add(id);
      this.#ask ??= setTimeout(() => void this.#refresh(), 1000);
    };
    this.#undo.push(
      listen({
        observations: (rows: Row[]) => {
          if (state.get().mode === "replay") return;
          const { changed, unknown } = this.#things.hear(rows, settings.clock());
          if (unknown.size) ask(unknown);
          for (const id of changed) this.#pending.add(id);
          if (changed.size) this.#soon();
        },
        journal: ({ kind, subject, data }) => {
          if (state.get().mode === "replay") return;
          if (kind.startsWith("warnings.")) return this.#reloadSoon(1500);
          if (!kind.startsWith("sensing.")) return;
          const id = Number(/^thing:(\d+)$/.exec(subject ?? "")?.[1] ?? data?.thing);
          if (!id) return;
          if (kind === "sensing.thing.deleted") {
            this.#things.drop(id);
            this.#pending.add(id);
            this.#soon();
          } else ask([id]);
        },
      }),
      alarms.follow((change) => {
        if (change.whole) return void this.#again();
        this.#index();
        for (const id of change.ids) {
          this.#pending.add(-id);
          const thing = alarms.queue.all.get(id)?.thing;
          if (thing) this.#pending.add(thing);
        }
        this.#soon();
      }),
      state.subscribe((now, before) => this.#changed(now, before)),
      this.#keys(),
    );
    const timer = setInterval(() => void this.#age(), 5000);
    this.#undo.push(() => clearInterval(timer));
  }
  async #refresh(): Promise<void> {
    const ids = [...this.#asked].slice(0, 200);
    for (const id of ids) this.#asked.delete(id);
    this.#ask = undefined;
    if (state.get().mode === "replay") return;
    const answer = await this.#fetch(ids);
    if (!answer || !this.isConnected) return;
    this.#things.put(answer.things.features);
    for (const id of ids) this.#pending.add(id);
    this.#index();
    this.#soon();
    if (this.#asked.size) this.#ask ??= setTimeout(() => void this.#refresh(), 1000);
  }
  #soon(): void {
    this.#timer ??= setTimeout(() => void this.#flush(), this.#pace);
  }
  /** Draws what changed and was not drawn within the last second. */
  async #flush(): Promise<void> {
    this.#timer = undefined;
    if (!this.#stage || this.#busy) return void (this.#pending.size && this.#stage && this.#soon());
    const began = performance.now();
    const put: Mark[] = [];
    const drop: number[] = [];
    let retag = false;
    for (const id of this.#pending) {
      if (began - (this.#drawnAt.get(id) ?? -AGAIN) < AGAIN) continue;
      this.#pending.delete(id);
      const made = this.#mark(id);
      if (this.#marks.set(id, made)) {
        if (made) put.push(made);
        else drop.push(id);
        this.#drawnAt.set(id, began);
      }
      const text = this.#tagged.get(id);
      if (text !== undefined && text !== this.#text(id)) {
        retag = true;
        this.#drawnAt.set(id, began);
      }
    }
    this.#busy = true;
    try {
      if (put.length || drop.length) {
        await this.#stage.change({ put, drop });
        this.#legend();
      }
      if (retag || put.length || drop.length || began - this.#aloneAt > 3000) await this.#retag();
    } finally {
      this.#busy = false;
    }
    const cost = performance.now() - began;
    // a machine that needs long to draw is asked more seldom, down to once a second
    this.#pace = Math.min(SLOWEST, Math.max(PACE, 2 * cost));
    this.dispatchEvent(new CustomEvent("drawn", { detail: { put: put.length, cost }, bubbles: true }));
    if (this.#pending.size) this.#soon();
  }
  #text(id: number): string {
    const thing = this.#things.all.get(id)?.properties;
    const own = thing ? tag(thing, language()) : "";
    if (own) return own;
    return (id < 0 ? alarms.queue.all.get(-id)?.value : this.#byThing.get(id)?.[0]?.value) ?? "";
  }
  /** Everything is drawn: which marks stand alone can be known for sure. */
  #settled(): void {
    const found = this.#stage?.alone(TAGS);
    if (!found || (found.few === this.#alone.few && found.ids.join() === this.#alone.ids.join())) return;
    this.#alone = found;
    this.#aloneAt = performance.now();
    void this.#retag();
  }
  async #retag(): Promise<void> {
    if (!this.#stage) return;
    const now = performance.now();
    if (now - this.#aloneAt > 900) {
      this.#alone = this.#stage.alone(TAGS);
      this.#aloneAt = now;
    }
    const chosen = this.#chosen();
    const ids = new Set(this.#alone.ids);
    if (chosen !== null) ids.add(chosen);
    const tags: Tag[] = [];
    this.#tagged.clear();
    for (const id of ids) {
      const one = this.#marks.all.get(id);
      if (!one || !(id === chosen || this.#alone.few || rank(one.s) >= rank("major"))) continue;
      const text = this.#text(id);
      this.#tagged.set(id, text);
      if (text) tags.push({ id, at: one.at, s: one.s, text });
    }
    await this.#stage.tags(tags);
    // what the map now says of the chosen one: read by measurements
    const told = chosen === null ? "" : (this.#tagged.get(chosen) ?? "");
    if (this.dataset.told !== told) this.dataset.told = told;
  }
  /** Things fall silent without any news: look at all of them again, a slice at a time. */
  async #age(): Promise<void> {
    if (state.get().mode === "replay") return;
    const now = settings.clock();
    this.#sources();
    const { state: judge } = await import("../pure/merge");
    let i = 0;
    for (const { properties } of this.#things.all.values()) {
      const is = judge(properties, now);
      if (is !== properties.s) {
        properties.s = is;
        this.#pending.add(properties.id);
      }
      if (++i % SLICE === 0) await new Promise((go) => setTimeout(go));
    }
    if (this.#pending.size) this.#soon();
  }
  /** How fresh each sector is, for the bar. */
  #sources(first = false): void {
    const found: Record<string, { newest: number; silent: number; all: number }> = {};
    for (const { properties } of this.#things.all.values()) {
      if (!properties.st.length) continue;
      const one = found[properties.c] ?? { newest: 0, silent: 0, all: 0 };
      found[properties.c] = one;
      one.all++;
      if (properties.s === "offline" || properties.s === "nodata") one.silent++;
      for (const stream of properties.st) if ((stream.t ?? 0) > one.newest) one.newest = stream.t ?? 0;
    }
    if (!first || Object.keys(found).length) document.dispatchEvent(new CustomEvent("ops:sources", { detail: found }));
  }

  // following the page

  #chosen(): number | null {
    const { selected } = state.get();
    const [kind = "", name = ""] = selected?.split(":") ?? [];
    if (kind === "thing") return Number(name) || null;
    if (kind !== "alarm") return null;
    for (const one of alarms.queue.all.values())
      if (one.number === name)
        return one.thing !== null && this.#things.all.get(one.thing)?.geometry ? one.thing : -one.id;
    return null;
  }
  #changed(now: state.State, before: state.State): void {
    if (now.at !== before.at || now.known !== before.known) this.#reloadSoon(150);
    if (now.layers !== before.layers) {
      const hidden = [...this.#layers.hidden].sort().join();
      this.#layers = parse(now.layers);
      this.#stage?.layers(this.#layers);
      this.#panel?.show(this.#layers);
      if (hidden !== [...this.#layers.hidden].sort().join()) void this.#again();
      this.#legend();
    }
    if (now.selected !== before.selected) {
      const id = this.#chosen();
      this.#stage?.choose(id);
      const at = id === null ? undefined : this.#marks.all.get(id)?.at;
      if (at) this.#stage?.ensure(at);
      void this.#retag();
    }
    if (now.camera !== before.camera && now.camera !== this.#camera) {
      const to = cameraOf(now.camera);
      if (to) this.#stage?.go({ at: to.center, zoom: to.zoom });
    }
  }
  #reloadSoon(ms: number): void {
    this.#later ??= setTimeout(() => {
      this.#later = undefined;
      void this.#reload();
    }, ms);
  }
  #moved(): void {
    const camera = this.#stage?.camera();
    if (!camera) return;
    const [lon, lat] = camera.center;
    this.#camera = `${camera.zoom.toFixed(2)}/${lat.toFixed(5)}/${lon.toFixed(5)}`;
    state.set({ camera: this.#camera });
    this.#aloneAt = 0;
    void this.#retag();
  }
  #picked(hit: Hit): void {
    if (hit.kind === "camera" || hit.kind === "warning") state.set({ selected: `${hit.kind}:${hit.id}` });
    if (hit.kind !== "mark") return;
    const id = Number(hit.id);
    const open = (id < 0 ? [alarms.queue.all.get(-id)] : (this.#byThing.get(id) ?? [])).filter((one): one is Alarm =>
      Boolean(one),
    );
    const first = open.sort(
      (a, b) => Number(b.active) - Number(a.active) || severityRank(a.severity) - severityRank(b.severity),
    )[0];
    state.set({ selected: first ? `alarm:${first.number}` : `thing:${id}` });
  }

  // what floats above the map

  #furnish(): void {
    const given = this.dataset.bounds?.split(",").map(Number) ?? [];
    const [w, s, e, n] = given;
    const centre =
      w !== undefined && s !== undefined && e !== undefined && n !== undefined
        ? ([(w + e) / 2, (s + n) / 2] as const)
        : undefined;
    this.insertAdjacentHTML("beforeend", inset(124, common, centre));
    this.append(make("span", "mapcredit", this.dataset.credit ?? ""));
    const tools = make("div", "maptools");
    tools.setAttribute("role", "group");
    tools.setAttribute("aria-label", say("groupMap"));
    const picker = new PlacePicker();
    picker.className = "search";
    picker.dataset.src = this.dataset.search ?? "/places/search";
    picker.local = () =>
      [...this.#things.all.values()].flatMap((t) =>
        t.geometry
          ? [
              {
                name: t.properties.n,
                note: common("sensor"),
                lon: t.geometry.coordinates[0],
                lat: t.geometry.coordinates[1],
                thing: t.properties.id,
              },
            ]
          : [],
      );
    picker.addEventListener("pick", (event) => {
      const pick = (event as CustomEvent<Picked>).detail;
      this.#stage?.go({ box: pick.bbox, at: [pick.lon, pick.lat], zoom: 15.5 });
      if (pick.thing) state.set({ selected: `thing:${pick.thing}` });
    });
    const card = make("div", "mapcard card");
    card.hidden = true;
    const to = {
      stage: () => this.#stage,
      card,
      inside: (test: (at: Position) => boolean) => {
        let [things, count] = [0, 0];
        for (const [id, one] of this.#marks.all) {
          if (!test(one.at)) continue;
          if (id > 0) things++;
          count += id < 0 ? 1 : (this.#byThing.get(id)?.filter((alarm) => alarm.active).length ?? 0);
        }
        return { things, alarms: count };
      },
    };
    this.#sketch = new Sketch(to);
    this.#nearby = new Nearby(to, this.#sketch);
    tools.append(picker, ...this.#sketch.buttons(), this.#nearby.button());
    const zoom = make("div", "zoom mapbox");
    for (const [word, name, run] of [
      ["zoomIn", "plus", () => this.#stage?.zoom(1)],
      ["zoomOut", "minus", () => this.#stage?.zoom(-1)],
      ["home", "maximize", () => this.#stage?.go({ box: this.#bounds() })],
    ] as const) {
      const one = button("", "", run);
      one.append(icon(name));
      one.setAttribute("aria-label", common(word));
      one.title = common(word);
      zoom.append(one);
    }
    this.#panel = new LayerPanel(this.#layers, (layers) => state.set({ layers: format(layers) }));
    this.append(tools, card, zoom, this.#panel.element);
    this.#legend();
  }
  #legend(): void {
    const counts = new Map<MarkName, number>(MARKS.map((one) => [one, 0]));
    const sectors = new Map<string, number>();
    for (const one of this.#marks.all.values()) counts.set(one.s, (counts.get(one.s) ?? 0) + 1);
    for (const { properties } of this.#things.all.values())
      sectors.set(properties.c, (sectors.get(properties.c) ?? 0) + 1);
    this.#panel?.counts(counts, sectors);
    this.dataset.count = String(this.#marks.all.size);
  }
  #keys(): () => void {
    const group = say("groupMap");
    return register(
      { key: "m", word: say("keyMap"), group, run: () => this.#stage?.focus() },
      { key: "g", word: say("keyNear"), group, run: () => void this.#near() },
    );
  }
  async #near(): Promise<void> {
    const id = this.#chosen();
    const at = id === null ? undefined : this.#marks.all.get(id)?.at;
    const point = at ?? this.#stage?.centre();
    if (point) await this.#nearby?.around(point);
  }
}
customElements.define("ops-map", OpsMap);

function cameraOf(text: string): Camera | undefined {
  const [zoom, lat, lon] = text.split("/").map(Number);
  if (zoom === undefined || lat === undefined || lon === undefined || ![zoom, lat, lon].every(Number.isFinite))
    return undefined;
  return Math.abs(lat) <= 85 && Math.abs(lon) <= 180
    ? { center: [lon, lat], zoom: Math.min(19, Math.max(4, zoom)) }
    : undefined;
}
