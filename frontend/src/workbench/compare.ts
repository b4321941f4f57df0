/** Two moments on one place: a second map over the first, with a divider anybody can move. */
import type { Base } from "../base";
import { button, h } from "./dom";
import { GisMap, type Moment } from "./map";
import type { Layer } from "./model";
import type { Moments, Shown } from "./state";
import { t } from "./words";

/** A day means its end in Vietnam: what was so that day. */
export function parameter(kind: Moments["kind"], moment: string): Moment {
  if (!moment) return {};
  return {
    [kind]: moment.length === 10 ? new Date(`${moment}T23:59:59+07:00`).toISOString().replace(".000", "") : moment,
  };
}

export class Compare {
  readonly view: GisMap;
  #holder = h("div", { class: "gl over", attrs: { "aria-hidden": "true" } });
  #range = h("input", {
    type: "range",
    min: "5",
    max: "95",
    step: "1",
    class: "divider",
    attrs: { "aria-label": t("divider") },
  });
  #line = h("div", { class: "split" });
  #form: HTMLElement;
  #left: HTMLInputElement;
  #right: HTMLInputElement;
  #kind: HTMLSelectElement;
  #moments: Moments;
  #moving = false;
  #undo: (() => void)[] = [];

  constructor(
    place: HTMLElement,
    readonly first: GisMap,
    base: Base,
    known: ReadonlyMap<string, Layer>,
    moments: Moments,
    readonly change: (moments: Moments | null) => void,
  ) {
    this.#moments = { ...moments };
    const today = new Date(Date.now() + 7 * 3_600_000).toISOString().slice(0, 10);
    const date = (which: "left" | "right") => {
      const made = h("input", {
        type: "date",
        class: "in",
        value: moments[which].slice(0, 10),
        max: today,
        on: { change: () => this.#set({ [which]: made.value }) },
      });
      return made;
    };
    this.#left = date("left");
    this.#right = date("right");
    this.#kind = h(
      "select",
      { class: "in", on: { change: () => this.#set({ kind: this.#kind.value as Moments["kind"] }) } },
      h("option", { value: "as-of", selected: moments.kind === "as-of" }, t("asOf")),
      h("option", { value: "datetime", selected: moments.kind === "datetime" }, t("inForce")),
    );
    this.#form = h(
      "div",
      { class: "moments mapbox", attrs: { role: "group", "aria-label": t("compare") } },
      h("label", {}, h("span", { class: "label" }, t("before")), this.#left),
      h("label", { class: "kind" }, h("span", { class: "label" }, t("whichTime")), this.#kind),
      h("label", {}, h("span", { class: "label" }, `${t("after")} (${t("emptyNow")})`), this.#right),
      button("x", t("closeCompare"), () => change(null)),
    );
    this.#range.value = String(moments.split);
    this.#range.addEventListener("input", () => {
      this.#moments.split = Number(this.#range.value);
      this.#cut();
      change({ ...this.#moments });
    });
    place.append(this.#holder, this.#line, this.#range, this.#form);
    this.view = new GisMap(this.#holder, base, known, first.camera());
    this.#cut();
    const follow = (from: GisMap, to: GisMap) => () => {
      if (this.#moving) return;
      this.#moving = true;
      to.map.jumpTo({ center: from.map.getCenter(), zoom: from.map.getZoom() });
      this.#moving = false;
    };
    const [one, other] = [follow(first, this.view), follow(this.view, first)];
    first.map.on("move", one);
    this.view.map.on("move", other);
    this.#drag();
    this.#undo.push(() => first.map.off("move", one));
    const size = new ResizeObserver(() => this.#cut());
    size.observe(place);
    this.#undo.push(() => size.disconnect());
  }
  #set(change: Partial<Moments>): void {
    Object.assign(this.#moments, change);
    this.change({ ...this.#moments });
  }
  #cut(): void {
    const at = `${this.#moments.split}%`;
    this.#holder.style.setProperty("clip-path", `inset(0 0 0 ${at})`);
    this.#line.style.setProperty("left", at);
  }
  #drag(): void {
    this.#line.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.#line.setPointerCapture(event.pointerId);
      const box = (this.#line.parentElement as HTMLElement).getBoundingClientRect();
      const move = (at: PointerEvent) => {
        this.#range.value = String(((at.clientX - box.left) / box.width) * 100);
        this.#range.dispatchEvent(new Event("input"));
      };
      this.#line.addEventListener("pointermove", move);
      this.#line.addEventListener("pointerup", () => this.#line.removeEventListener("pointermove", move), {
        once: true,
      });
    });
  }
  async show(shown: readonly Shown[]): Promise<void> {
    await Promise.all([
      this.first.show(shown, parameter(this.#moments.kind, this.#moments.left)),
      this.view.show(shown, parameter(this.#moments.kind, this.#moments.right)),
    ]);
  }
  remove(): void {
    for (const undo of this.#undo.splice(0)) undo();
    this.view.remove();
    for (const one of [this.#holder, this.#line, this.#range, this.#form]) one.remove();
  }
}
