/** <gis-print>: the shared state as a sheet of paper: title, map, legend, scale bar, north, date, source, the islands. */
import { loadBase } from "../base";
import { VIETNAM } from "../pure/box";
import { number } from "../pure/number";
import { language, say } from "../words";
import { parameter } from "../workbench/compare";
import { h } from "../workbench/dom";
import { bar, metresPerPixel } from "../workbench/geodesy";
import { consulted, legend } from "../workbench/legendry";
import { GisMap } from "../workbench/map";
import { held, type Layer, type Settings } from "../workbench/model";
import { read, type State } from "../workbench/state";
import { kept } from "../workbench/tools";
import { day, measured } from "../workbench/units";
import { t } from "../workbench/words";
import { inset } from "./inset";

export class GisPrint extends HTMLElement {
  #view: GisMap | undefined;
  #turn = 0;

  connectedCallback(): void {
    document.documentElement.dataset.theme = "light"; // paper is white, whatever the screen wears
    const form = document.querySelector<HTMLFormElement>("form.sheetform");
    const apply = () => {
      const data = new FormData(form ?? undefined);
      document.documentElement.dataset.paper = String(data.get("paper") ?? "a4l");
      const title = this.querySelector(".sheet h2");
      if (title) title.textContent = String(data.get("title") || document.title);
      const note = this.querySelector(".sheet .note");
      if (note) note.textContent = String(data.get("note") ?? "");
      this.#view?.map.resize();
    };
    form?.addEventListener("input", (event) => {
      const paper = (event.target as HTMLInputElement).name === "paper";
      apply();
      if (paper) void this.#draw(form);
    });
    form?.addEventListener("submit", (event) => {
      event.preventDefault();
      print();
    });
    void this.#draw(form);
  }
  disconnectedCallback(): void {
    this.#turn++;
    this.#view?.remove();
    this.#view = undefined;
  }

  async #draw(form: HTMLFormElement | null): Promise<void> {
    const turn = ++this.#turn;
    delete this.dataset.ready;
    this.#view?.remove();
    this.#view = undefined;
    const layers = held<Layer[]>("gis-layers") ?? [];
    const settings = held<Settings>("gis-settings");
    const known = new Map(layers.map((one) => [one.code, one]));
    const state = read(location.search, (code) => known.has(code));
    if (!state.layers.length && !new URLSearchParams(location.search).has("l"))
      state.layers = settings.start.map((code) => ({ code, visible: true, opacity: 100, filter: "" }));
    const query = new URLSearchParams(location.search);
    const data = new FormData(form ?? undefined);
    document.documentElement.dataset.paper = String(data.get("paper") ?? "a4l");
    const shown = state.layers.filter((one) => one.visible).flatMap((one) => known.get(one.code) ?? []);
    const title = String(
      data.get("title") || query.get("title") || shown.map((one) => one.title).join(", ") || document.title,
    );
    const holder = h("div", { class: "paper-map" });
    const facts = h("div", { class: "facts" });
    const sheet = h(
      "article",
      { class: "sheet" },
      h("header", {}, h("h2", {}, title), h("p", { class: "note" }, String(data.get("note") ?? ""))),
      h("div", { class: "body" }, h("div", { class: "frame" }, holder, north()), this.#side(shown, state)),
      h("footer", {}, facts),
    );
    this.replaceChildren(sheet);
    sheet.querySelector(".frame")?.insertAdjacentHTML("beforeend", inset(118, say, settings.centre ?? undefined));
    const base = await loadBase(this.dataset);
    if (turn !== this.#turn) return;
    const start = state.camera ?? (settings.centre ? { at: settings.centre, zoom: settings.zoom } : VIETNAM);
    const view = new GisMap(holder, base, known, start, { still: true, pixelRatio: 2 });
    this.#view = view;
    await view.loaded;
    if (state.base === "plain") await view.ground(true);
    view.put("drawn", kept(state.area, state.measure));
    await view.show(state.layers, state.moments ? parameter(state.moments.kind, state.moments.left) : {});
    await new Promise<void>((done) => {
      if (view.map.loaded()) done();
      else view.map.once("idle", () => done());
      setTimeout(done, 15_000);
    });
    if (turn !== this.#turn) return;
    facts.replaceChildren(...this.#facts(view, shown, state));
    // paper keeps a picture better than a canvas
    const canvas = view.map.getCanvas();
    const picture = h("img", { src: canvas.toDataURL("image/png"), alt: title, class: "still" });
    await picture.decode().catch(() => undefined);
    holder.append(picture);
    const side = sheet.querySelector(".side");
    side?.classList.toggle("tight", side.scrollHeight > side.clientHeight); // a legend longer than the paper
    if (turn === this.#turn) this.dataset.ready = "";
  }
  #side(shown: Layer[], state: State): HTMLElement {
    const said = new Set<string>(); // a plan that many layers belong to is named once
    const open = (layer: Layer) =>
      layer.consultations.filter((one) => one.state === "open" && !said.has(one.code) && said.add(one.code));
    return h(
      "section",
      { class: "side", attrs: { "aria-label": say("legend") } },
      h("h3", {}, say("legend")),
      ...shown.map((one) => {
        const filter = state.layers.find((each) => each.code === one.code)?.filter;
        return h(
          "div",
          { class: "lgd" },
          h("b", {}, one.title),
          one.simulated ? h("span", { class: "badge", attrs: { "data-s": "sim" } }, t("simulated")) : null,
          legend(one),
          filter ? h("p", { class: "xs" }, `${t("filter")}: ${filter}`) : null,
          consulted(open(one)),
        );
      }),
    );
  }
  #facts(view: GisMap, shown: Layer[], state: State): HTMLElement[] {
    const { at, zoom } = view.camera();
    const metres = metresPerPixel(at[1], zoom);
    const made = bar(metres, 150);
    const line = h("i");
    line.style.setProperty("width", `${made.pixels}px`);
    // a CSS pixel is 1/96 inch on paper
    const scale = Math.round((metres * 96) / 0.0254 / 100) * 100;
    const sources = [
      ...new Set(shown.map((one) => [one.agency, one.source].filter(Boolean).join(", ")).filter(Boolean)),
    ];
    const stamp = new Date(Date.now() + 7 * 3_600_000).toISOString();
    const moment = state.moments?.left
      ? t(state.moments.kind === "as-of" ? "asOfMoment" : "inForceAt", { at: day(state.moments.left) })
      : "";
    const credit = this.dataset.credit ?? say("sketch");
    return [
      h(
        "span",
        { class: "bar" },
        line,
        h("span", { class: "num" }, measured(made.metres, language()).replace(/[,.]0+(?=\u00a0)/, "")),
      ),
      h("span", { class: "num" }, t("scale", { n: number(scale, 0, language()) })),
      h("span", {}, `${t("source")}: ${sources.join("; ") || "–"}. ${credit}.`),
      h(
        "span",
        { class: "num" },
        [moment, t("printedAt", { at: `${stamp.slice(11, 16)} ${day(stamp)}` })].filter(Boolean).join(" · "),
      ),
    ];
  }
}
customElements.define("gis-print", GisPrint);

function north(): HTMLElement {
  const made = h("div", { class: "north" });
  made.innerHTML = `<svg viewBox="0 0 24 40" width="26" role="img" aria-label="${t("north")}"><path d="M12 1 20 30 12 25 4 30z" fill="var(--surface)" stroke="var(--ink)" stroke-width="1.4" stroke-linejoin="round"/><path d="M12 1v24l-8 5z" fill="var(--ink)"/><text x="12" y="39" text-anchor="middle" font-size="9" font-weight="600" fill="var(--ink)">${language() === "vi" ? "B" : "N"}</text></svg>`;
  return made;
}
