/** What a layer's colours say, and where the consultations of its plans stand. */

import { face } from "../face";
import { language } from "../words";
import { h } from "./dom";
import { type Key, keys } from "./legend";
import type { Consultation, Layer } from "./model";
import { day, plain } from "./units";
import { t, type Word } from "./words";

/** The colours of a layer and what each says. */
export function legend(layer: Layer): HTMLElement | null {
  const own = keys(layer.style[face()]);
  if (own.length > 1) {
    const field = layer.fields.find((one) => one.name === own[0]?.field);
    const title = field
      ? h("p", { class: "xs faint" }, field.unit ? `${field.title} (${field.unit})` : field.title)
      : null;
    return h(
      "div",
      { class: "legend" },
      title,
      h("ul", { class: "keys" }, ...own.map((one) => h("li", {}, swatch(one), h("span", {}, keyWord(one, layer))))),
    );
  }
  const told = layer.style[`${face()}Legend`];
  const shape = (name: string): Key["shape"] => (name === "area" ? "fill" : name === "line" ? "line" : "circle");
  const rows = told.map((one) =>
    h("li", {}, swatch({ shape: shape(one.shape), colour: one.colour, value: null }), h("span", {}, one.label)),
  );
  return rows.length ? h("ul", { class: "keys" }, ...rows) : null;
}
function keyWord(key: Key, layer: Layer): string {
  const field = layer.fields.find((one) => one.name === key.field);
  const listed = field?.values?.find((one) => one.value === key.value);
  if (listed)
    return field?.kind === "string" && /^[A-Z]{3}$/.test(String(listed.value))
      ? `${listed.value} · ${listed.title}`
      : listed.title;
  const n = (value: number) => plain(value, language());
  if (key.until !== undefined && typeof key.value === "number") return `${n(key.value)}–${n(key.until)}`;
  if (key.until !== undefined) return t("under", { n: n(key.until) });
  if (typeof key.value === "number") return t("from", { n: n(key.value) });
  return key.value === null ? t("other") : String(key.value);
}
/** A drawn sample; colours of the data may not be a style attribute, so they are attributes of a picture. */
function swatch(key: Key): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 14");
  svg.setAttribute("class", "sw");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(
    "http://www.w3.org/2000/svg",
    key.shape === "circle" ? "circle" : key.shape === "line" ? "path" : "rect",
  );
  const set = (values: Record<string, string>) =>
    Object.entries(values).forEach(([name, value]) => {
      shape.setAttribute(name, value);
    });
  if (key.shape === "circle")
    set({ cx: "10", cy: "7", r: "5", fill: key.colour, stroke: "currentColor", "stroke-opacity": ".35" });
  else if (key.shape === "line") set({ d: "M1 7h18", stroke: key.colour, "stroke-width": "3", fill: "none" });
  else
    set({
      x: "1",
      y: "1",
      width: "18",
      height: "12",
      rx: "1",
      fill: key.colour,
      stroke: key.edge ?? "currentColor",
      "stroke-opacity": key.edge ? "1" : ".35",
    });
  svg.append(shape);
  return svg;
}
/** The plans of a layer and where their consultations stand; open ones said, the rest behind a fold. */
export function consulted(plans: readonly Consultation[]): HTMLElement | null {
  if (!plans.length) return null;
  const when = (one: Consultation) =>
    one.state === "open" && one.ends
      ? t("until", { day: day(one.ends) })
      : one.state === "upcoming" && one.starts
        ? t("since", { day: day(one.starts) })
        : "";
  const row = (one: Consultation) =>
    h(
      "li",
      {},
      h("a", { href: one.href }, one.name),
      h(
        "span",
        { class: "row" },
        h("span", { class: "badge cs", attrs: { "data-c": one.state } }, t(`consult.${one.state}` as Word)),
        h("span", { class: "faint" }, when(one)),
      ),
    );
  const open = plans.filter((one) => one.state === "open");
  const rest = plans.filter((one) => one.state !== "open");
  return h(
    "div",
    { class: "consult xs" },
    open.length ? h("ul", {}, ...open.map(row)) : null,
    rest.length
      ? h(
          "details",
          { open: !open.length && rest.length < 3 },
          h("summary", {}, `${t("consultation")} (${rest.length})`),
          h("ul", {}, ...rest.map(row)),
        )
      : null,
  );
}
