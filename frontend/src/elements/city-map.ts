/**
 * <city-map data-src="/portal/things.geojson" data-base="/places/base.geojson" data-bounds="w,s,e,n">
 * The sensors of the city on its map, following the live stream. data-chosen: one thing, nothing else to press.
 * data-sectors: JSON {key: word} of the layer chips. data-lazy: wait for a tap on narrow screens.
 */
import { type Base, loadBase } from "../base";
import { button, make, mark } from "../dom";
import { listen } from "../feed";
import type { Camera, View } from "../gl/view";
import { around, type Box, middle, readBox, VIETNAM } from "../pure/box";
import { type Row, type Sent, type Stream, type Thing, Things, thingsOf } from "../pure/merge";
import { age, quantity } from "../pure/number";
import { judged, rank, STATES } from "../pure/state";
import { language, say, stateWord } from "../words";
import { inset } from "./inset";
import { type Pick, PlacePicker, picksOf } from "./place-picker";
import { whenWanted } from "./veil";
import { zoomBox } from "./zoom";

const STEP_MS = 250;

export class CityMap extends HTMLElement {
  #things = new Things();
  #view: View | undefined;
  #undo: (() => void)[] = [];
  #hidden = new Set<string>();
  #chosen: number | null = null;
  #pop: HTMLElement | undefined;
  #dirty: ReturnType<typeof setTimeout> | undefined;
  #asked = new Set<number>();
  #ask: ReturnType<typeof setTimeout> | undefined;
  #base: Base = { data: null };

  connectedCallback(): void {
    const full = !this.dataset.chosen;
    this.#chosen = full ? null : Number(this.dataset.chosen);
    this.#furnish(full);
    this.#undo.push(whenWanted(this, () => void this.#start()));
  }
  disconnectedCallback(): void {
    for (const undo of this.#undo.splice(0)) undo();
    clearTimeout(this.#dirty);
    clearTimeout(this.#ask);
    this.#view?.remove();
    this.#view = undefined;
    this.#things = new Things();
    for (const one of this.querySelectorAll(":scope > :not(.poster, noscript)")) one.remove();
  }

  async #start(): Promise<void> {
    try {
      const [view, things, base] = await Promise.all([import("../gl/view"), this.#fetch(), loadBase(this.dataset)]);
      if (!this.isConnected) return;
      this.#base = base;
      this.#things.put(things);
      await this.#draw(view.draw);
      if (!this.isConnected) return;
      this.#chips();
      this.#follow();
      const retheme = async () => {
        const camera = this.#view?.camera();
        this.#view?.remove();
        this.querySelector(".gl")?.remove();
        await this.#draw(view.draw, camera);
      };
      document.addEventListener("themechange", retheme);
      this.#undo.push(() => document.removeEventListener("themechange", retheme));
      this.dataset.ready = "";
    } catch (error) {
      console.error(error);
      this.querySelector(".gl")?.remove();
      const note = make("p", "state", say("failed"));
      note.setAttribute("role", "status");
      if (!this.querySelector(".poster")) this.append(note);
    }
  }
  async #draw(draw: typeof import("../gl/view").draw, camera?: Camera): Promise<void> {
    const holder = make("div", "gl");
    this.prepend(holder);
    const view = await draw(holder, {
      base: this.#base,
      bounds: this.#bounds(),
      interactive: !this.dataset.chosen,
      cluster: !this.dataset.chosen,
      ...(camera ? { camera } : {}),
      ...(this.#chosen === null ? {} : { chosen: this.#chosen }),
      onPick: (id) => this.choose(id),
      tag: (thing, wanted) => (wanted ? label(thing) : ""),
    });
    if (!this.isConnected) return view.remove();
    this.#view = view;
    this.querySelector(".poster")?.remove();
    this.#render();
  }
  #bounds(): Box {
    const points = () => [...this.#things.all.values()].flatMap((t) => (t.geometry ? [t.geometry.coordinates] : []));
    return readBox(this.dataset.bounds) ?? around(points()) ?? VIETNAM;
  }
  get #source(): URL {
    return new URL(this.dataset.src ?? "/portal/things.geojson", location.href);
  }
  /** The things a map is about; null: every one. */
  #only(): Set<number> | null {
    const ids = this.#source.searchParams.get("ids");
    return ids === null ? null : new Set(ids.split(",").map(Number));
  }
  async #fetch(ids?: Iterable<number>): Promise<Thing[]> {
    const url = this.#source;
    if (ids) url.searchParams.set("ids", [...ids].join(","));
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`${url.pathname}: ${answer.status}`);
    return thingsOf((await answer.json()) as Sent);
  }
  #follow(): void {
    const only = this.#only();
    const later = (ids: Iterable<number>) => {
      for (const id of ids) if (!only || only.has(id)) this.#asked.add(id);
      if (this.#asked.size) this.#ask ??= setTimeout(() => void this.#refresh(), 150);
    };
    this.#undo.push(
      listen({
        observations: (rows: Row[]) => {
          const { changed, unknown } = this.#things.hear(rows, Date.now());
          later(unknown);
          if (changed.size) this.#soon();
        },
        journal: ({ kind, subject, data }) => {
          if (!kind.startsWith("sensing.")) return;
          const id = Number(/^thing:(\d+)$/.exec(subject ?? "")?.[1] ?? data?.thing);
          if (!id || (only && !only.has(id))) return;
          if (kind === "sensing.thing.deleted") {
            this.#things.drop(id);
            this.#soon();
          } else later([id]);
        },
      }),
    );
    const timer = setInterval(() => {
      if (this.#things.age(Date.now())) this.#soon();
    }, 15_000);
    this.#undo.push(() => clearInterval(timer));
  }
  async #refresh(): Promise<void> {
    const ids = [...this.#asked].slice(0, 200);
    this.#asked.clear();
    this.#ask = undefined;
    try {
      const found = await this.#fetch(ids);
      if (!this.isConnected) return;
      this.#things.put(found);
      this.#chips();
      this.#soon();
    } catch {
      // the next news asks again
    }
  }
  #soon(): void {
    this.#dirty ??= setTimeout(() => {
      this.#dirty = undefined;
      this.#render();
    }, STEP_MS);
  }
  #shown(): Thing[] {
    return [...this.#things.all.values()].filter((t) => !this.#hidden.has(t.properties.c));
  }
  #render(): void {
    const shown = this.#shown();
    this.#view?.show(shown);
    this.dataset.count = String(shown.length);
    if (this.#pop && this.#chosen !== null) this.#fill(this.#pop, this.#chosen);
    this.dispatchEvent(new CustomEvent("things", { detail: shown, bubbles: true }));
  }

  /** Selects a thing, or nothing. */
  choose(id: number | null): void {
    this.#chosen = id;
    this.#view?.choose(id);
    this.#pop?.remove();
    this.#pop = undefined;
    if (id === null || !this.#things.all.has(id)) return;
    this.#pop = make("section", "card pop");
    this.#pop.setAttribute("aria-live", "polite");
    this.append(this.#pop);
    this.#fill(this.#pop, id);
  }
  #fill(pop: HTMLElement, id: number): void {
    const thing = this.#things.all.get(id)?.properties;
    if (!thing) return;
    const head = make("header");
    const link = make("a", "", thing.n);
    link.href = `/things/${id}`;
    const close = button("btn quiet ico x", "×", () => this.choose(null));
    close.setAttribute("aria-label", say("close"));
    head.append(mark(thing.s), link, close);
    const state = make("p", "xs muted", thing.why && thing.fixed ? thing.why : stateWord(thing.s));
    const list = make("ul");
    for (const one of thing.st.slice(0, 8)) {
      const row = make("li");
      row.append(make("span", "muted", one.n), make("b", "", value(one)));
      list.append(row);
    }
    const newest = Math.max(0, ...thing.st.map((s) => s.t ?? 0));
    const foot = make("p", "xs faint", newest ? age(newest, Date.now(), language()) : say("noData"));
    const old = pop.contains(document.activeElement) && document.activeElement?.matches(".x");
    pop.replaceChildren(head, state, list, foot);
    if (old) close.focus();
  }

  #furnish(full: boolean): void {
    const given = readBox(this.dataset.bounds);
    this.insertAdjacentHTML("beforeend", inset(full ? 124 : 104, say, given && middle(given)));
    const credit = make("span", "mapcredit", this.dataset.credit ?? say("sketch"));
    this.append(credit);
    if (!full) return;
    const picker = new PlacePicker(); // defined by its own module, loaded before this one
    picker.className = "search";
    picker.dataset.src = this.dataset.search ?? "/places/search";
    picker.local = () => picksOf(this.#things.all.values());
    picker.addEventListener("pick", (event) => {
      const pick = (event as CustomEvent<Pick>).detail;
      this.#view?.go({ box: pick.bbox, at: [pick.lon, pick.lat] });
      this.choose(pick.thing ?? null);
      this.dataset.place = pick.name;
    });
    const chips = make("div", "layers");
    chips.setAttribute("role", "group");
    const zoom = zoomBox({
      zoom: (step) => this.#view?.zoom(step),
      home: () => this.#view?.go({ box: this.#bounds() }),
    });
    const legend = make("details", "legend mapbox");
    legend.open = this.clientWidth > 900;
    const list = make("ul");
    for (const state of [...STATES].sort((a, b) => rank(b) - rank(a))) {
      const row = make("li");
      row.append(mark(state), stateWord(state));
      list.append(row);
    }
    legend.append(make("summary", "", say("legend")), list);
    this.append(picker, chips, zoom, legend);
  }
  #chips(): void {
    const holder = this.querySelector(".layers");
    if (!holder) return;
    const words = JSON.parse(this.dataset.sectors ?? "{}") as Record<string, string>;
    const counts = new Map<string, number>();
    for (const { properties } of this.#things.all.values())
      counts.set(properties.c, (counts.get(properties.c) ?? 0) + 1);
    const sectors = [...counts].sort((a, b) => b[1] - a[1]);
    holder.setAttribute("aria-label", say("sensors"));
    holder.replaceChildren(
      ...(sectors.length < 2 ? [] : sectors).map(([key, count]) => {
        const chip = button("chip num", `${words[key] ?? key} ${count}`, () => {
          if (!this.#hidden.delete(key)) this.#hidden.add(key);
          chip.setAttribute("aria-pressed", String(!this.#hidden.has(key)));
          this.#render();
        });
        chip.setAttribute("aria-pressed", String(!this.#hidden.has(key)));
        return chip;
      }),
    );
  }
}
customElements.define("city-map", CityMap);

const value = (s: Stream): string =>
  s.v !== null ? quantity(s.v, s.g, s.u, language()) : s.t === null ? say("noData") : (s.x ?? say("noData"));
/** What a tag says: the value that makes the thing's state, or the one that speaks for it. */
function label(thing: Thing): string {
  const { s, st, m } = thing.properties;
  const own = st[m];
  const worst =
    own && judged(own.v, own.b) === s ? own : st.find((one) => one.v !== null && judged(one.v, one.b) === s);
  const first = worst ?? own ?? st[0];
  return first && (first.v !== null || first.x) ? value(first) : "";
}
