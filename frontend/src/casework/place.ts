/**
 * <case-place data-lon data-lat data-tone data-label>: where a case is, on the city's map.
 * <case-place class="pick" data-input="f-place" data-search="/places/search">: a press on the map, or a place found,
 * writes "lon lat" into the field of that id. Without script the field is there by itself.
 */
import { type Base, loadBase } from "../base";
import { make, mark } from "../dom";
import { inset } from "../elements/inset";
import { type Pick, PlacePicker } from "../elements/place-picker";
import { zoomBox } from "../elements/zoom";
import { around, type Box, VIETNAM } from "../pure/box";
import { whenSeen } from "../seen";
import { say } from "../words";
import type { PlaceMap } from "./place-gl";

type At = [lon: number, lat: number];

export class CasePlace extends HTMLElement {
  #map: PlaceMap | undefined;
  #base: Base = { data: null };
  #undo: (() => void)[] = [];

  connectedCallback(): void {
    this.#undo.push(whenSeen(this, () => void this.#start(), "200px"));
  }
  disconnectedCallback(): void {
    for (const undo of this.#undo.splice(0)) undo();
    this.#map?.remove();
    this.#map = undefined;
    this.replaceChildren();
  }

  get #field(): HTMLInputElement | null {
    return this.dataset.input ? (document.getElementById(this.dataset.input) as HTMLInputElement | null) : null;
  }
  get #at(): At | undefined {
    const given = this.dataset.lon
      ? [Number(this.dataset.lon), Number(this.dataset.lat)]
      : (this.#field?.value.replace(",", " ").trim().split(/\s+/).map(Number) ?? []);
    return given.length === 2 && given.every(Number.isFinite) ? (given as At) : undefined;
  }

  async #start(): Promise<void> {
    try {
      const [{ PlaceMap: Kind }, base] = await Promise.all([import("./place-gl"), loadBase(this.dataset)]);
      if (!this.isConnected) return;
      this.#base = base;
      await this.#draw(Kind);
      const retheme = () => {
        this.#map?.remove();
        void this.#draw(Kind);
      };
      document.addEventListener("themechange", retheme);
      this.#undo.push(() => document.removeEventListener("themechange", retheme));
      const field = this.#field;
      const typed = () => this.#show();
      field?.addEventListener("input", typed);
      this.#undo.push(() => field?.removeEventListener("input", typed));
      this.dataset.ready = "";
    } catch (error) {
      console.error(error);
      this.replaceChildren();
      this.dataset.off = ""; // the address and the degrees say where it is
    }
  }
  async #draw(Kind: typeof PlaceMap): Promise<void> {
    const holder = make("div", "gl");
    this.replaceChildren(holder);
    const field = this.#field;
    const tone = mark(this.dataset.tone || "normal");
    this.#map = new Kind(holder, this.#base, this.#bounds(), tone, field ? (at) => this.#chosen(at) : undefined);
    holder.setAttribute("aria-label", this.dataset.label ?? say("map"));
    await this.#map.loaded();
    this.#show();
    this.insertAdjacentHTML("beforeend", inset(field ? 100 : 88, say, this.#at));
    if (field) {
      this.append(zoomBox({ zoom: (step) => this.#map?.zoom(step), home: () => this.#map?.home(this.#bounds()) }));
      if (this.dataset.search) this.append(this.#picker(this.dataset.search));
    }
    this.append(make("span", "mapcredit", say("sketch")));
  }
  #picker(src: string): HTMLElement {
    const picker = new PlacePicker();
    picker.className = "search";
    picker.dataset.src = src;
    picker.addEventListener("pick", (event) => {
      const { lon, lat } = (event as CustomEvent<Pick>).detail;
      this.#chosen([lon, lat]);
      this.#map?.go([lon, lat], 15);
    });
    return picker;
  }
  #chosen(at: At): void {
    const field = this.#field;
    if (!field) return;
    field.value = `${at[0].toFixed(6)} ${at[1].toFixed(6)}`;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  #show(): void {
    this.#map?.put(this.#at);
  }
  #bounds(): Box {
    const at = this.#at;
    if (at) return [at[0] - 0.008, at[1] - 0.004, at[0] + 0.008, at[1] + 0.004];
    const points: At[] = [];
    const walk = (value: unknown): void => {
      if (Array.isArray(value) && typeof value[0] === "number") points.push(value as At);
      else if (Array.isArray(value)) for (const one of value) walk(one);
    };
    const features = (this.#base.data as GeoJSON.FeatureCollection | null)?.features ?? [];
    for (const one of features)
      if (one.properties?.kind === "ward" && !one.properties.inset) walk((one.geometry as GeoJSON.Polygon).coordinates);
    return around(points) ?? VIETNAM;
  }
}
customElements.define("case-place", CasePlace);
