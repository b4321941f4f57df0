/**
 * <warning-area data-base="/places/base.geojson" data-input="f-shape">
 * Chooses the area of a warning on the map: wards are the form's checkboxes named `unit`, the outline goes as GeoJSON
 * into the field of that id. Without script both are there by themselves.
 */
import { type Base, sketch } from "../base";
import { make, button as press } from "../dom";
import type { AreaMap } from "../gl/area";
import { around, type Box, VIETNAM } from "../pure/box";
import { type At, Outline } from "../pure/outline";
import { whenSeen } from "../seen";
import { language } from "../words";

const WORDS = {
  vi: {
    draw: "Khoanh vùng",
    finish: "Xong vùng này",
    back: "Bỏ điểm cuối",
    clear: "Xóa vùng khoanh",
    idle: "Bấm vào một phường để chọn. Kéo điểm để sửa vùng đã khoanh.",
    first: "Bấm điểm đầu tiên. Bằng phím: mũi tên di chuyển, phím cách đặt điểm giữa bản đồ, Enter kết thúc.",
    next: (n: number) => `${n} điểm. Bấm đúp hoặc Enter để kết thúc.`,
    done: (n: number) => `Đã khoanh ${n} vùng.`,
  },
  en: {
    draw: "Draw an area",
    finish: "Finish this area",
    back: "Remove last point",
    clear: "Clear the drawing",
    idle: "Press a ward to choose it. Drag points to change what is drawn.",
    first: "Press the first point. By keyboard: arrows move, space sets a point at the centre, Enter finishes.",
    next: (n: number) => `${n} points. Double-click or Enter to finish.`,
    done: (n: number) => `${n} areas drawn.`,
  },
};

export class WarningArea extends HTMLElement {
  #map: AreaMap | undefined;
  #outline = new Outline();
  #drawing = false;
  #base: Base = { data: null };
  #undo: (() => void)[] = [];

  connectedCallback(): void {
    this.#undo.push(whenSeen(this, () => void this.#start()));
  }
  disconnectedCallback(): void {
    for (const undo of this.#undo.splice(0)) undo();
    this.#map?.remove();
    this.#map = undefined;
    this.replaceChildren();
  }

  get #words() {
    return WORDS[language()];
  }
  get #field(): HTMLTextAreaElement | null {
    return document.getElementById(this.dataset.input ?? "") as HTMLTextAreaElement | null;
  }
  get #boxes(): HTMLInputElement[] {
    return [...(this.closest("form")?.querySelectorAll<HTMLInputElement>("input[name=unit]") ?? [])];
  }

  async #start(): Promise<void> {
    try {
      const [{ AreaMap }, data] = await Promise.all([import("../gl/area"), sketch(this.dataset.base)]);
      if (!this.isConnected) return;
      this.#base = { data: data ?? { type: "FeatureCollection", features: [] } };
      this.#furnish();
      if (this.#field?.value) this.#outline.read(this.#field.value);
      await this.#draw(AreaMap);
      const retheme = () => {
        this.#map?.remove();
        void this.#draw(AreaMap);
      };
      document.addEventListener("themechange", retheme);
      const changed = (event: Event) => {
        const target = event.target as HTMLElement;
        if (target instanceof HTMLInputElement && target.name === "unit") this.#wards();
        if (target === this.#field && this.#outline.read(this.#field.value)) this.#map?.show();
      };
      const form = this.closest("form");
      form?.addEventListener("change", changed);
      this.#undo.push(
        () => document.removeEventListener("themechange", retheme),
        () => form?.removeEventListener("change", changed),
      );
      this.dataset.ready = "";
    } catch (error) {
      console.error(error);
      this.replaceChildren();
      this.dataset.off = ""; // the checkboxes and the field do without
    }
  }
  async #draw(Kind: typeof AreaMap): Promise<void> {
    const holder = this.querySelector(".map") as HTMLElement;
    const gl = make("div", "gl");
    holder.replaceChildren(gl);
    this.#map = new Kind(gl, this.#base, this.#bounds(), this.#outline, {
      ward: (code) => this.#toggle(code),
      drawn: () => this.#told(),
      drawing: () => this.#drawing,
    });
    await this.#map.loaded();
    this.#wards();
    this.#map.show();
    this.#tell();
  }
  #bounds(): Box {
    const wards = (this.#base.data as GeoJSON.FeatureCollection).features.filter(
      (one) => one.properties?.kind === "ward",
    );
    const points: At[] = [...this.#outline.done.flat()];
    const walk = (value: unknown): void => {
      if (Array.isArray(value) && typeof value[0] === "number") points.push(value as never);
      else if (Array.isArray(value)) for (const one of value) walk(one);
    };
    for (const one of wards) walk((one.geometry as GeoJSON.Polygon).coordinates);
    return around(points) ?? VIETNAM;
  }
  #furnish(): void {
    const bar = make("div", "bar");
    const button = (name: "draw" | "finish" | "back" | "clear", act: () => void) => {
      const made = press("btn", this.#words[name], act);
      made.dataset.do = name;
      bar.append(made);
    };
    button("draw", () => this.#begin());
    button("finish", () => this.#map?.finish());
    button("back", () => {
      this.#outline.back();
      this.#map?.show();
      this.#told();
    });
    button("clear", () => {
      this.#outline.clear();
      this.#drawing = false;
      this.#map?.show();
      this.#told();
    });
    const hint = make("p", "hint");
    hint.setAttribute("role", "status");
    const map = make("div", "map");
    this.replaceChildren(bar, map, hint);
  }
  #begin(): void {
    this.#drawing = true;
    const canvas = this.#map?.map.getCanvas();
    if (canvas) {
      canvas.style.cursor = "crosshair";
      canvas.focus({ preventScroll: true });
    }
    this.#tell();
  }
  #toggle(code: string): void {
    const box = this.#boxes.find((one) => one.value === code);
    if (!box) return;
    box.checked = !box.checked;
    this.#wards();
  }
  #wards(): void {
    this.#map?.wards(this.#boxes.filter((one) => one.checked).map((one) => one.value));
  }
  /** The outline changed: the field follows. */
  #told(): void {
    const made = this.#outline.geojson();
    if (this.#field) this.#field.value = made ? JSON.stringify(made) : "";
    if (made && !this.#outline.points.length) {
      this.#drawing = false;
      const canvas = this.#map?.map.getCanvas();
      if (canvas) canvas.style.cursor = "";
    }
    this.#tell();
  }
  #tell(): void {
    const { points, done } = this.#outline;
    const words = this.#words;
    const hint = this.querySelector(".hint");
    if (hint)
      hint.textContent = this.#drawing
        ? points.length
          ? words.next(points.length)
          : words.first
        : done.length
          ? `${words.done(done.length)} ${words.idle}`
          : words.idle;
    const off: Record<string, boolean> = {
      draw: this.#drawing,
      finish: points.length < 3,
      back: this.#outline.empty,
      clear: this.#outline.empty,
    };
    for (const one of this.querySelectorAll<HTMLButtonElement>("button[data-do]"))
      one.disabled = off[one.dataset.do ?? ""] ?? false;
  }
}
customElements.define("warning-area", WarningArea);
