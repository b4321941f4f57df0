/**
 * <dataset-map data-style="/ogc/collections/x/styles/…" data-bounds="w,s,e,n" data-code="x">: a dataset on the city's
 * base map. data-features: an address of GeoJSON to draw instead of tiles. data-geojson: the GeoJSON itself.
 * data-titles: JSON {field: title}; data-key: a record to stress. data-lazy: wait for a tap on narrow screens.
 */
import { loadBase } from "./base";
import type { DatasetView } from "./catalogue-gl";
import { catalogueSay } from "./catalogue-words";
import { button, make } from "./dom";
import { inset } from "./elements/inset";
import { whenWanted } from "./elements/veil";
import { zoomBox } from "./elements/zoom";
import { face } from "./face";
import { type Box, middle, readBox, VIETNAM } from "./pure/box";
import { number } from "./pure/number";
import { language, say } from "./words";

/** A value as it is read: fractions with the reader's comma, whole numbers as they are, for they may be codes. */
const said = (value: unknown) =>
  typeof value === "number" && !Number.isInteger(value)
    ? number(value, Math.min(6, String(value).split(".")[1]?.length ?? 0), language())
    : String(value);

export class DatasetMap extends HTMLElement {
  #view: DatasetView | undefined;
  #undo: (() => void)[] = [];

  connectedCallback(): void {
    this.#furnish();
    this.#undo.push(whenWanted(this, () => void this.#start()));
  }
  disconnectedCallback(): void {
    for (const undo of this.#undo.splice(0)) undo();
    this.#view?.remove();
    this.#view = undefined;
    this.replaceChildren();
  }

  get #bounds(): Box {
    return readBox(this.dataset.bounds) ?? VIETNAM;
  }
  async #start(): Promise<void> {
    try {
      const [gl, base, data] = await Promise.all([
        import("./catalogue-gl"),
        loadBase(this.dataset),
        this.dataset.geojson
          ? JSON.parse(this.dataset.geojson)
          : this.dataset.features
            ? this.#json(this.dataset.features)
            : undefined,
      ]);
      if (!this.isConnected) return;
      const draw = async () => {
        const camera = this.#view?.camera();
        const worn = face() === "dark" ? "?face=dark" : "";
        const style = this.dataset.style ? await this.#json(this.dataset.style + worn) : undefined;
        this.#view?.remove();
        this.querySelector(".gl")?.remove();
        const holder = make("div", "gl");
        this.prepend(holder);
        const view = await gl.draw(holder, {
          base,
          style,
          data,
          bounds: this.#bounds,
          key: this.dataset.key,
          ...(camera ? { camera } : {}),
          onPick: (feature) => this.#show(feature),
        });
        if (!this.isConnected) return view.remove();
        this.#view = view;
      };
      await draw();
      document.addEventListener("themechange", draw);
      this.#undo.push(() => document.removeEventListener("themechange", draw));
      this.#rows();
      this.dataset.ready = "";
    } catch (error) {
      console.error(error);
      this.querySelector(".gl")?.remove();
      const note = make("p", "state", catalogueSay("failed"));
      note.setAttribute("role", "status");
      this.append(note);
    }
  }
  async #json(address: string): Promise<never> {
    const answer = await fetch(address, { headers: { accept: "application/json, application/geo+json" } });
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    return (await answer.json()) as never;
  }
  /** Rows of the table beside it that know their box bring the map to it. */
  #rows(): void {
    const go = (event: Event) => {
      const box = (event.target as Element).closest<HTMLElement>("[data-box]")?.dataset.box?.split(",").map(Number);
      if (!box || (event.target as Element).closest("a")) return;
      this.#view?.go(box as Box);
      this.scrollIntoView({ block: "nearest" });
    };
    const table = document.querySelector("[data-rows-of-map]");
    table?.addEventListener("click", go);
    this.#undo.push(() => table?.removeEventListener("click", go));
  }
  #show(feature: { id: string; properties: Record<string, unknown>; count: number } | null): void {
    this.querySelector(":scope > .pop")?.remove();
    if (!feature) return;
    const pop = make("section", "card pop");
    pop.setAttribute("aria-live", "polite");
    const head = make("header");
    const close = button("btn quiet ico x", "×", () => this.#show(null));
    close.setAttribute("aria-label", say("close"));
    const many = feature.count > 1;
    const text = (properties: Record<string, unknown>) => String(properties[this.dataset.label ?? ""] ?? feature.id);
    const link = make(this.dataset.code && !many ? "a" : "b");
    link.textContent = many ? `${feature.count} ${catalogueSay("many")}` : text(feature.properties);
    if (link instanceof HTMLAnchorElement)
      link.href = `/catalogue/${this.dataset.code}/records/${encodeURIComponent(feature.id)}`;
    head.append(link, close);
    pop.append(head);
    if (!many) {
      const titles = JSON.parse(this.dataset.titles ?? "{}") as Record<string, string>;
      const list = make("dl", "kv");
      const fill = (properties: Record<string, unknown>) => {
        link.textContent = text(properties);
        list.replaceChildren();
        for (const [field, title] of Object.entries(titles).slice(0, 12)) {
          const value = properties[field];
          if (value === null || value === undefined || value === "" || field === this.dataset.label) continue;
          list.append(
            make("dt", "", title),
            make("dd", "", typeof value === "object" ? JSON.stringify(value) : said(value)),
          );
        }
      };
      fill(feature.properties);
      pop.append(list);
      // tiles carry only what the style needs
      if (this.dataset.code && feature.id)
        this.#json(`/ogc/collections/${this.dataset.code}/items/${encodeURIComponent(feature.id)}`)
          .then((whole: { properties: Record<string, unknown> }) => fill(whole.properties))
          .catch(() => undefined);
    }
    this.append(pop);
  }
  #furnish(): void {
    this.insertAdjacentHTML("beforeend", inset(104, say, middle(this.#bounds)));
    this.append(make("span", "mapcredit", this.dataset.credit ?? say("sketch")));
    this.append(
      zoomBox(
        { zoom: (step) => this.#view?.zoom(step), home: () => this.#view?.go(this.#bounds) },
        catalogueSay("map"),
      ),
    );
  }
}
customElements.define("dataset-map", DatasetMap);
