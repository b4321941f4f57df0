/**
 * <gis-workbench data-base="…">: the planner's map. The page holds what there is as JSON (#gis-layers, #gis-settings);
 * everything shown is in the address.
 */
import { type Base, loadBase } from "../base";
import { around, type Box, VIETNAM } from "../pure/box";
import { say } from "../words";
import { asked } from "../workbench/ask";
import { Compare, parameter } from "../workbench/compare";
import { button, h } from "../workbench/dom";
import { metresPerPixel, outline } from "../workbench/geodesy";
import { GisMap } from "../workbench/map";
import { type Found, held, type Identified, type Layer, type Settings, type Totals } from "../workbench/model";
import { identified, measurement, totals } from "../workbench/results";
import { type Area, type Position, read, type Shown, type State, write } from "../workbench/state";
import { Status } from "../workbench/status";
import { Toolbar } from "../workbench/toolbar";
import { kept, type Tool, Tools } from "../workbench/tools";
import { t, type Word } from "../workbench/words";
import type { GisLayers } from "./gis-layers";
import { inset } from "./inset";
import { type Pick, PlacePicker } from "./place-picker";

export class GisWorkbench extends HTMLElement {
  #known = new Map<string, Layer>();
  #settings!: Settings;
  #state!: State;
  #base: Base = { data: null };
  #view!: GisMap;
  #tools!: Tools;
  #compare: Compare | null = null;
  #panel!: GisLayers;
  #results = h("aside", { class: "results", hidden: true, attrs: { "aria-label": t("results") } });
  #hint = h("p", { class: "hint mapbox", hidden: true, attrs: { role: "status" } });
  #status!: Status;
  #bar!: Toolbar;
  #asked: AbortController | null = null;
  #undo: (() => void)[] = [];
  #wait: ReturnType<typeof setTimeout> | undefined;

  connectedCallback(): void {
    const layers = held<Layer[]>("gis-layers") ?? [];
    this.#settings = held<Settings>("gis-settings");
    this.#known = new Map(layers.map((one) => [one.code, one]));
    this.#state = read(location.search, (code) => this.#known.has(code));
    if (!new URLSearchParams(location.search).has("l"))
      this.#state.layers = this.#settings.start.map((code) => ({ code, visible: true, opacity: 100, filter: "" }));
    void this.#start();
  }
  disconnectedCallback(): void {
    for (const undo of this.#undo.splice(0)) undo();
    this.#compare?.remove();
    this.#tools?.remove();
    this.#view?.remove();
  }

  async #start(): Promise<void> {
    const stage = this.querySelector<HTMLElement>(".stage") as HTMLElement;
    const panel = this.querySelector<HTMLElement>(".panelbody") as HTMLElement;
    try {
      this.#base = await loadBase(this.dataset);
      const holder = h("div", { class: "gl" });
      stage.prepend(holder);
      this.#view = new GisMap(holder, this.#base, this.#known, this.#camera());
      this.#panel = document.createElement("gis-layers") as GisLayers;
      this.#panel.known = this.#known;
      panel.replaceChildren(this.#panel);
      this.#panel.shown = this.#state.layers;
      this.#furnish(stage);
      await this.#view.loaded;
    } catch (error) {
      console.error(error);
      stage.append(h("p", { class: "state failed", attrs: { role: "alert" } }, say("failed")));
      return;
    }
    const { map } = this.#view;
    const canvas = map.getCanvas();
    canvas.setAttribute("aria-label", t("map"));
    this.#tools = new Tools(this.#view, {
      pointed: (at) => void this.#identify(at),
      measured: (kind, points) => this.#set({ measure: { kind, points }, area: null, picked: null }),
      drawn: (area) => this.#set({ area, measure: null, picked: null, counted: this.#countable() }),
      told: (tool, hint) => this.#told(tool, hint),
    });
    this.#panel.addEventListener("change", (event) => this.#set({ layers: (event as CustomEvent<Shown[]>).detail }));
    this.#panel.addEventListener("zoom", (event) =>
      this.#view.go({ box: this.#known.get((event as CustomEvent<string>).detail)?.bbox ?? null }),
    );
    this.#view.onBroken = () => {
      this.#panel.broken = new Map([...this.#view.broken, ...(this.#compare?.view.broken ?? [])]);
    };
    map.on("moveend", () => {
      const { at, zoom } = this.#view.camera();
      this.#state.camera = { at, zoom };
      this.#remember();
      this.#status.scale(this.#view.camera());
    });
    map.on("mousemove", (event) => this.#status.coordinates([event.lngLat.lng, event.lngLat.lat]));
    map.on("move", () => {
      if (document.activeElement === canvas) this.#status.coordinates(this.#view.camera().at);
    });
    const repaint = () => this.#repaint();
    document.addEventListener("themechange", repaint);
    const back = () => {
      this.#state = read(location.search, (code) => this.#known.has(code));
      this.#panel.shown = this.#state.layers;
      this.#view.go({ ...(this.#state.camera ?? {}) });
      void this.#draw(true);
    };
    addEventListener("popstate", back);
    this.#undo.push(
      () => document.removeEventListener("themechange", repaint),
      () => removeEventListener("popstate", back),
    );
    if (this.#state.base === "plain") await this.#view.ground(true);
    this.#status.coordinates(this.#view.camera().at);
    this.#status.scale(this.#view.camera());
    this.#told("point", "");
    await this.#draw(true);
    this.dataset.ready = "";
  }
  #camera(): { at: Position; zoom: number } | Box {
    if (this.#state.camera) return this.#state.camera;
    if (this.#settings.centre) return { at: this.#settings.centre, zoom: this.#settings.zoom };
    const boxes = [...this.#known.values()].flatMap((one) => (one.bbox ? [one.bbox] : []));
    return (
      around(
        boxes.flatMap(([w, s, e, n]) => [
          [w, s],
          [e, n],
        ]),
      ) ?? VIETNAM
    );
  }

  /** Everything that changes goes through here: drawn, remembered in the address. */
  #set(change: Partial<State>): void {
    const fresh =
      "area" in change || "measure" in change || "picked" in change || "counted" in change || "layers" in change;
    Object.assign(this.#state, change);
    this.#remember();
    void this.#draw(fresh);
  }
  #remember(): void {
    clearTimeout(this.#wait);
    this.#wait = setTimeout(() => history.replaceState(null, "", `?${write(this.#state)}`), 120);
  }
  async #draw(fresh: boolean): Promise<void> {
    const { layers, moments } = this.#state;
    if (moments && !this.#compare) {
      const stage = this.querySelector<HTMLElement>(".stage") as HTMLElement;
      this.#compare = new Compare(stage, this.#view, this.#base, this.#known, moments, (changed) =>
        this.#set({ moments: changed }),
      );
      this.#compare.view.onBroken = this.#view.onBroken;
    } else if (!moments && this.#compare) {
      this.#compare.remove();
      this.#compare = null;
    }
    this.classList.toggle("comparing", Boolean(moments));
    this.#bar.comparing(Boolean(moments));
    this.#tools.keep(kept(this.#state.area, this.#state.measure));
    this.#compare?.view.put("drawn", kept(this.#state.area, this.#state.measure));
    const drawn = this.#compare ? this.#compare.show(layers) : this.#view.show(layers, {});
    if (fresh) await this.#answer();
    await drawn;
    this.dataset.shown = layers
      .filter((one) => one.visible)
      .map((one) => one.code)
      .join(",");
  }

  // --- what was found

  #visible(): Shown[] {
    return this.#state.layers.filter((one) => one.visible && this.#known.has(one.code));
  }
  #countable(): string {
    const codes = this.#visible().map((one) => one.code);
    return codes.includes(this.#state.counted)
      ? this.#state.counted
      : (codes.find((code) => this.#known.get(code)?.fields.every((f) => f.name !== "consultation")) ?? codes[0] ?? "");
  }
  async #identify(at: Position): Promise<void> {
    this.#set({ picked: at, area: null, measure: null });
  }
  async #answer(): Promise<void> {
    const { picked, area, measure } = this.#state;
    this.#view.put(
      "picked",
      picked ? [{ type: "Feature", geometry: { type: "Point", coordinates: picked }, properties: { spot: 1 } }] : [],
    );
    this.#asked?.abort();
    if (measure)
      return this.#open(
        t(measure.kind === "line" ? "line" : "area"),
        measurement(measure.kind, measure.points, () => this.#set({ measure: null })),
      );
    if (picked)
      return this.#ask(t("here"), "/map/identify", this.#pointed(picked), (found: Identified) =>
        identified(picked, this.#status.meridian, found, (one) => this.#highlight(one)),
      );
    if (area) return this.#count(area);
    this.#results.hidden = true;
    this.classList.remove("found");
  }
  #pointed([lon, lat]: Position): unknown {
    const radius = metresPerPixel(lat, this.#view.camera().zoom) * 7;
    const now = this.#moment();
    const layers = this.#visible().map((one) => ({ collection: one.code, filter: one.filter, ...now }));
    return { lon, lat, radius: Math.min(100_000, radius), layers };
  }
  /** The moment of the side that is asked: the left one, while two are compared. */
  #moment(): Record<string, string> {
    const { moments } = this.#state;
    return moments
      ? Object.fromEntries(
          Object.entries(parameter(moments.kind, moments.left)).map(([name, value]) => [name.replace("-", "_"), value]),
        )
      : {};
  }
  async #count(area: Area): Promise<void> {
    const layers = this.#visible().flatMap((one) => this.#known.get(one.code) ?? []);
    const counted = this.#countable();
    this.#state.counted = counted;
    const geometry: GeoJSON.Geometry = { type: "Polygon", coordinates: [outline(area)] };
    const filter = this.#state.layers.find((one) => one.code === counted)?.filter ?? "";
    const parameters = { ...(filter ? { filter } : {}), ...this.#moment() };
    const options = {
      area,
      geometry,
      layers,
      counted,
      parameters,
      choose: (code: string) => this.#set({ counted: code }),
      clear: () => this.#set({ area: null }),
      show: (one: Found | null) => this.#highlight(one),
    };
    if (!counted) return this.#open(t("inside"), totals(null, options));
    return this.#ask(
      t("inside"),
      "/map/totals",
      { collection: counted, area: geometry, ...parameters },
      (found: Totals) => totals(found, options),
    );
  }
  async #ask<T>(title: string, url: string, body: unknown, make: (found: T) => HTMLElement): Promise<void> {
    const mine = new AbortController();
    this.#asked = mine;
    const made = await asked(url, body, make, mine.signal, (meanwhile) => this.#open(title, meanwhile));
    if (made && !mine.signal.aborted) this.#open(title, made);
  }
  #open(title: string, body: HTMLElement): void {
    const close = () => this.#set({ picked: null, area: null, measure: null });
    this.#results.replaceChildren(
      h(
        "header",
        {},
        h("h2", {}, title),
        button("x", t("close"), () => {
          close();
          this.#view.map.getCanvas().focus();
        }),
      ),
      h("div", { class: "scroll", tabIndex: 0, attrs: { role: "region", "aria-label": title } }, body),
    );
    this.#results.hidden = false;
    this.classList.add("found");
    this.dataset.answered = title;
  }
  #highlight(one: Found | null): void {
    const { picked } = this.#state;
    const spot: GeoJSON.Feature[] = picked
      ? [{ type: "Feature", geometry: { type: "Point", coordinates: picked }, properties: { spot: 1 } }]
      : [];
    this.#view.put(
      "picked",
      one?.geometry ? [{ type: "Feature", geometry: one.geometry, properties: {} }, ...spot] : spot,
    );
  }

  /** Another base or theme: the ground anew, everything else as it was. */
  #repaint(): void {
    const plain = this.#state.base === "plain";
    for (const view of [this.#view, ...(this.#compare ? [this.#compare.view] : [])]) void view.ground(plain);
    this.#panel.shown = this.#state.layers;
  }

  // --- furniture

  #furnish(stage: HTMLElement): void {
    const picker = new PlacePicker();
    picker.className = "search";
    picker.dataset.src = this.dataset.search ?? "/places/search";
    picker.addEventListener("pick", (event) => {
      const pick = (event as CustomEvent<Pick>).detail;
      this.#view.go({ box: pick.bbox ?? null, at: [pick.lon, pick.lat] });
    });
    this.#bar = new Toolbar({
      choose: (tool) => this.#tools.choose(tool),
      compare: () => this.#toggleCompare(),
      share: (from) => void this.#share(from),
      print: () => `/map/print?${write(this.#state)}`,
    });
    const zoom = h(
      "div",
      { class: "zoom mapbox" },
      button("plus", say("zoomIn"), () => this.#view.zoom(1)),
      button("minus", say("zoomOut"), () => this.#view.zoom(-1)),
      button("home", say("home"), () => {
        const to = this.#settings.centre
          ? { at: this.#settings.centre, zoom: this.#settings.zoom }
          : { box: this.#camera() as Box };
        this.#view.go(to);
      }),
    );
    const cross = h("div", { class: "cross", attrs: { "aria-hidden": "true" } });
    stage.append(picker, this.#bar.element, zoom, this.#hint, cross);
    stage.insertAdjacentHTML("beforeend", inset(96, say, this.#settings.centre ?? undefined));
    stage.append(h("span", { class: "mapcredit" }, this.dataset.credit ?? say("sketch")));
    this.#status = new Status(this.#settings.meridian, this.#state.base, (base) => {
      this.#state.base = base;
      this.#remember();
      this.#repaint();
    });
    this.append(this.#results, this.#status.element);
    const fold = this.querySelector<HTMLButtonElement>(".fold");
    fold?.addEventListener("click", () => {
      const open = this.classList.toggle("folded");
      fold.setAttribute("aria-expanded", String(!open));
      fold.setAttribute("aria-label", t(open ? "openSheet" : "closeSheet"));
      this.#view.map.resize();
    });
  }
  #told(tool: Tool, hint: string): void {
    this.#bar.chosen(tool);
    this.classList.toggle("drawing", tool !== "point");
    this.#hint.hidden = tool === "point";
    this.#hint.replaceChildren(
      h("b", {}, t(tool as Word)),
      h("span", {}, hint),
      h("span", { class: "tip xs" }, t("hintKeys")),
      h(
        "span",
        { class: "row" },
        h("button", { type: "button", class: "btn", on: { click: () => this.#tools.finish() } }, t("done")),
        h("button", { type: "button", class: "btn quiet", on: { click: () => this.#tools.back() } }, t("undo")),
        ...(tool === "box"
          ? [
              h(
                "button",
                {
                  type: "button",
                  class: "btn quiet",
                  on: {
                    click: () => {
                      const box = this.#view.box();
                      this.#tools.choose("point");
                      this.#set({
                        area: { kind: "box", box },
                        measure: null,
                        picked: null,
                        counted: this.#countable(),
                      });
                    },
                  },
                },
                t("useView"),
              ),
            ]
          : []),
        h(
          "button",
          { type: "button", class: "btn quiet", on: { click: () => this.#tools.choose("point") } },
          t("cancel"),
        ),
      ),
    );
  }
  #toggleCompare(): void {
    if (this.#state.moments) {
      this.#set({ moments: null });
      return;
    }
    const before = new Date(Date.now() + 7 * 3_600_000 - 30 * 86_400_000).toISOString().slice(0, 10);
    this.#set({ moments: { kind: "as-of", left: before, right: "", split: 50 } });
  }
  async #share(from: HTMLElement): Promise<void> {
    const url = `${location.origin}/map?${write(this.#state)}`;
    history.replaceState(null, "", `?${write(this.#state)}`);
    try {
      if (navigator.share && matchMedia("(pointer: coarse)").matches)
        return await navigator.share({ url, title: document.title });
      await navigator.clipboard.writeText(url);
    } catch {
      // no clipboard here: the address bar has it
    }
    const note = h("span", { class: "toast mapbox", attrs: { role: "status" } }, t("copied"));
    from.closest(".stage")?.append(note);
    setTimeout(() => note.remove(), 2500);
  }
}
customElements.define("gis-workbench", GisWorkbench);
