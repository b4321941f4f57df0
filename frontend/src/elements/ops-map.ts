/**
 * <ops-map data-base="/places/base.geojson" data-bounds="w,s,e,n">: the live map of the operations page. Follows the selection,
 * the two clocks and the filters of the page; news is gathered, and no mark is drawn anew more than once a second. What the
 * chosen one says is written beside it as it comes.
 */

import { type Base, loadBase } from "../base";
import { make } from "../dom";
import { listen } from "../feed";
import { ask } from "../operations/ahead";
import * as alarms from "../operations/alarms";
import { register } from "../operations/keys";
import type { LayerPanel } from "../operations/layer-panel";
import { parse } from "../operations/layers";
import { furnish } from "../operations/map-tools";
import type { Nearby } from "../operations/nearby";
import { type Mark, rank } from "../operations/objects";
import { Picture } from "../operations/picture";
import { settings } from "../operations/settings";
import type { Sketch } from "../operations/sketch";
import type { Camera, Hit, Stage, Tag } from "../operations/stage";
import * as state from "../operations/state";
import { say } from "../operations/words";
import { type Box, readBox, VIETNAM } from "../pure/box";
import { type Row, type Sent, thingsOf } from "../pure/merge";
import { whenSeen } from "../seen";

const AGAIN = 1000; // ms before the same mark is drawn anew
const PACE = 200; // ms between two drawings of what is due, at best
const SLOWEST = 1000;
const TAGS = 300;

interface Answer {
  at: number;
  things: Sent;
  alarms?: unknown[];
  warnings?: never;
  cameras?: never;
}

export class OpsMap extends HTMLElement {
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
  #picture = new Picture(this.#layers.hidden);
  #panel: LayerPanel | undefined;
  #sketch: Sketch | undefined;
  #nearby: Nearby | undefined;
  #camera = state.get().camera;
  #base: Base = { data: null };
  #extra: Partial<Pick<Answer, "warnings" | "cameras">> = {};

  connectedCallback(): void {
    // on a phone the map stands below the fold: it is heavy, and waits until somebody comes to it
    this.#undo.push(whenSeen(this, () => void this.#start()));
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
        loadBase(this.dataset),
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
      base: this.#base,
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
    stage.choose(this.#picture.chosen());
    await stage.show(this.#picture.drawn);
    this.#drawExtra();
    this.#sketch?.redraw();
    this.#nearby?.redraw();
    setTimeout(() => this.#retag(), 400);
    this.#legend();
  }
  #bounds(): Box {
    return readBox(this.dataset.bounds) ?? VIETNAM;
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
    this.#picture.take(thingsOf(answer.things));
    this.#extra = answer;
    this.#sources(true);
    this.#pending.clear();
    this.#picture.again();
  }
  async #reload(): Promise<void> {
    const answer = await this.#fetch();
    if (!answer || !this.isConnected) return;
    this.#take(answer);
    await this.#stage?.show(this.#picture.drawn);
    this.#drawExtra();
    this.#legend();
    setTimeout(() => this.#retag(), 300);
  }
  #drawExtra(): void {
    if (this.#extra.warnings) this.#stage?.warnings(this.#extra.warnings);
    if (this.#extra.cameras) this.#stage?.cameras(this.#extra.cameras);
  }
  async #again(): Promise<void> {
    this.#pending.clear();
    this.#picture.again();
    await this.#stage?.show(this.#picture.drawn);
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
          const { changed, unknown } = this.#picture.things.hear(rows, settings.clock());
          if (unknown.size) ask(unknown);
          for (const id of changed) this.#pending.add(id);
          if (changed.has(this.#picture.chosen() ?? 0)) this.#say();
          if (changed.size) this.#soon();
        },
        journal: ({ kind, subject, data }) => {
          if (state.get().mode === "replay") return;
          if (kind.startsWith("warnings.")) return this.#reloadSoon(1500);
          if (!kind.startsWith("sensing.")) return;
          const id = Number(/^thing:(\d+)$/.exec(subject ?? "")?.[1] ?? data?.thing);
          if (!id) return;
          if (kind === "sensing.thing.deleted") {
            this.#picture.things.drop(id);
            this.#pending.add(id);
            this.#soon();
          } else ask([id]);
        },
      }),
      alarms.follow((change) => {
        if (change.whole) return void this.#again();
        this.#picture.index();
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
    this.#picture.things.put(thingsOf(answer.things));
    for (const id of ids) this.#pending.add(id);
    this.#picture.index();
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
      const made = this.#picture.mark(id);
      if (this.#picture.marks.set(id, made)) {
        if (made) put.push(made);
        else drop.push(id);
        this.#drawnAt.set(id, began);
      }
      const text = this.#tagged.get(id);
      if (text !== undefined && text !== this.#picture.text(id)) {
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
    this.#say();
    const chosen = this.#picture.chosen();
    const tags: Tag[] = [];
    this.#tagged.clear();
    for (const id of this.#alone.ids) {
      const one = this.#picture.marks.all.get(id);
      if (!one || id === chosen || !(this.#alone.few || rank(one.s) >= rank("major"))) continue;
      const text = this.#picture.text(id);
      this.#tagged.set(id, text);
      if (text) tags.push({ id, at: one.at, s: one.s, text });
    }
    await this.#stage.tags(tags);
  }
  /** Writes what the chosen one says, beside it. */
  #say(): void {
    const chosen = this.#picture.chosen();
    const one = chosen === null ? undefined : this.#picture.marks.all.get(chosen);
    this.#stage?.say(one?.at ?? [0, 0], one ? this.#picture.text(one.id) : "");
  }
  /** Once in a while: what fell silent, and how fresh each sector is, for the bar. */
  async #age(): Promise<void> {
    if (state.get().mode === "replay") return;
    this.#sources();
    await this.#picture.age(settings.clock(), (id) => this.#pending.add(id));
    if (this.#pending.size) this.#soon();
  }
  #sources(first = false): void {
    const found = this.#picture.sources();
    if (!first || Object.keys(found).length) document.dispatchEvent(new CustomEvent("ops:sources", { detail: found }));
  }

  // following the page

  #changed(now: state.State, before: state.State): void {
    if (now.at !== before.at || now.known !== before.known) this.#reloadSoon(150);
    if (now.layers !== before.layers) {
      const hidden = [...this.#layers.hidden].sort().join();
      this.#layers = parse(now.layers);
      this.#picture.hidden = this.#layers.hidden;
      this.#stage?.layers(this.#layers);
      this.#panel?.show(this.#layers);
      if (hidden !== [...this.#layers.hidden].sort().join()) void this.#again();
      this.#legend();
    }
    if (now.selected !== before.selected) {
      const id = this.#picture.chosen();
      this.#stage?.choose(id);
      const at = id === null ? undefined : this.#picture.marks.all.get(id)?.at;
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
    if (hit.kind === "mark") state.set({ selected: this.#picture.meant(Number(hit.id)) });
  }

  // what floats above the map

  #furnish(): void {
    const { sketch, nearby, panel } = furnish(this, {
      stage: () => this.#stage,
      picture: this.#picture,
      bounds: () => this.#bounds(),
      layers: this.#layers,
    });
    this.#sketch = sketch;
    this.#nearby = nearby;
    this.#panel = panel;
    this.#legend();
  }
  #legend(): void {
    const { states, sectors } = this.#picture.counts();
    this.#panel?.counts(states, sectors);
    this.dataset.count = String(this.#picture.marks.all.size);
  }
  #keys(): () => void {
    const group = say("groupMap");
    return register(
      { key: "m", word: say("keyMap"), group, run: () => this.#stage?.focus() },
      { key: "g", word: say("keyNear"), group, run: () => void this.#near() },
    );
  }
  async #near(): Promise<void> {
    const id = this.#picture.chosen();
    const at = id === null ? undefined : this.#picture.marks.all.get(id)?.at;
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
