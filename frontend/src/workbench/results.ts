/** What was found: records under the pointer, totals of an area, a measurement. */
import { language } from "../words";
import { button, h, icon } from "./dom";
import { degrees, length, ringArea, vn2000 } from "./geodesy";
import type { Found, Identified, Layer, Totals } from "./model";
import type { Area, Position } from "./state";
import { said } from "./tools";
import { day, lonLat, measured, plain, squared } from "./units";
import { t } from "./words";

const shownValue = (one: Found["properties"][number]): string => {
  const { value, unit, kind } = one;
  if (typeof value === "boolean") return value ? t("yes") : t("no");
  if (typeof value === "number") return unit ? `${plain(value, language())}\u00a0${unit}` : plain(value, language());
  if (kind === "date" && typeof value === "string") return day(value);
  return typeof value === "string" ? value : JSON.stringify(value);
};

export function position(at: Position, meridian: number): HTMLElement {
  const { x, y } = vn2000(at, meridian);
  const metres = (value: number) => plain(Math.round(value * 100) / 100, language());
  return h(
    "dl",
    { class: "kv coords" },
    h("dt", {}, "WGS 84"),
    h("dd", { class: "num" }, lonLat(at, language())),
    h("dt", {}, `VN-2000, ${degrees(meridian)}`),
    h("dd", { class: "num" }, `X ${metres(x)} · Y ${metres(y)}\u00a0m`),
  );
}

export function identified(
  at: Position,
  meridian: number,
  found: Identified,
  show: (one: Found | null) => void,
): HTMLElement {
  const body = h("div", { class: "stack found" }, position(at, meridian));
  if (!found.layers.length) body.append(h("p", { class: "state" }, t("nothingHere")));
  for (const layer of found.layers) {
    body.append(
      h(
        "section",
        { attrs: { "aria-label": layer.title } },
        h(
          "h3",
          {},
          layer.title,
          " ",
          h("span", { class: "faint num" }, String(layer.records.length) + (layer.more ? "+" : "")),
          layer.simulated ? h("span", { class: "badge", attrs: { "data-s": "sim" } }, t("simulated")) : null,
        ),
        ...layer.records.map((one, i) => card(one, show, i === 0 && layer.records.length < 4)),
        layer.more ? h("p", { class: "xs faint" }, t("more")) : null,
      ),
    );
  }
  return body;
}
function card(one: Found, show: (one: Found | null) => void, open: boolean): HTMLElement {
  const made = h(
    "details",
    { class: "rec", open },
    h("summary", {}, h("b", {}, one.name), one.name === one.key ? null : h("span", { class: "xs faint" }, one.key)),
    h(
      "dl",
      { class: "kv" },
      ...one.properties.flatMap((each) => [
        h("dt", {}, each.title),
        h("dd", { class: typeof each.value === "number" ? "num" : "" }, shownValue(each)),
      ]),
    ),
    h("a", { class: "sm", href: one.href }, `${one.name} →`),
  );
  for (const event of ["mouseenter", "focusin"] as const) made.addEventListener(event, () => show(one));
  made.addEventListener("mouseleave", () => show(null));
  return made;
}

export interface TotalsOptions {
  area: Area;
  geometry: GeoJSON.Geometry;
  layers: Layer[];
  counted: string;
  parameters: Record<string, string>;
  choose(code: string): void;
  clear(): void;
  show(one: Found | null): void;
}
export function totals(found: Totals | null, options: TotalsOptions): HTMLElement {
  const pick = h(
    "select",
    { class: "in", on: { change: () => options.choose(pick.value) }, attrs: { "aria-label": t("counted") } },
    ...options.layers.map((one) => h("option", { value: one.code, selected: one.code === options.counted }, one.title)),
  );
  const body = h(
    "div",
    { class: "stack totals" },
    h(
      "p",
      { class: "row between" },
      h("span", { class: "num sm" }, `${t("drawnArea")}: ${said(options.area)}`),
      button("x", t("clearArea"), options.clear),
    ),
    h("label", { class: "field" }, h("span", { class: "label" }, t("counted")), pick),
  );
  if (!found) return body;
  body.append(
    h(
      "p",
      { class: "figure" },
      h(
        "span",
        { class: "fig num" },
        plain(found.count, language()),
        h("span", { class: "unit" }, t("records", { n: "" }).trim()),
      ),
      found.area !== null
        ? h("span", { class: "sm muted num" }, `${t("insideArea")}: ${squared(found.area, language())}`)
        : null,
    ),
  );
  if (!found.count) {
    body.append(h("p", { class: "state" }, t("nothingInside")));
    return body;
  }
  if (found.kinds?.rows.length) {
    const most = Math.max(...found.kinds.rows.map((one) => one.count));
    body.append(
      table(
        t("byKind", { field: found.kinds.title.toLocaleLowerCase("vi") }),
        [found.kinds.title, t("count"), ...(found.area !== null ? [t("insideArea")] : [])],
        found.kinds.rows.map((one) => [
          bar(one.name || "–", one.count / most),
          plain(one.count, language()),
          ...(found.area !== null ? [one.area === null ? "–" : squared(one.area, language())] : []),
        ]),
      ),
    );
  }
  const measures = found.measures.filter((one) => one.count);
  if (measures.length)
    body.append(
      table(
        t("total"),
        ["", t("total"), t("mean"), t("min"), t("max")],
        measures.map((one) => [heading(one), ...[one.adds ? one.sum : null, one.mean, one.min, one.max].map(written)]),
        true,
      ),
    );
  // columns of the ward table: what adds up, two of them at most
  const sums = found.measures.flatMap((one, i) => (one.adds && one.count ? [i] : [])).slice(0, 2);
  if (found.places.length)
    body.append(
      table(
        t("byWard"),
        [t("ward"), t("count"), ...sums.map((i) => heading(found.measures[i]))],
        found.places.map((one) => [
          one.name || t("noWard"),
          plain(one.count, language()),
          ...sums.map((i) => written(one.sums[i])),
        ]),
      ),
    );
  body.append(exports(options));
  const list = h(
    "ol",
    { class: "hits" },
    ...found.records.map((one) => {
      const link = h("a", { href: one.href }, one.name);
      for (const event of ["mouseenter", "focus"] as const) link.addEventListener(event, () => options.show(one));
      for (const event of ["mouseleave", "blur"] as const) link.addEventListener(event, () => options.show(null));
      return h("li", {}, link, one.name === one.key ? null : h("span", { class: "xs faint" }, ` ${one.key}`));
    }),
  );
  body.append(
    h(
      "details",
      { class: "list" },
      h("summary", {}, found.count > 100 ? t("first100") : t("records", { n: found.count })),
      list,
    ),
  );
  return body;
}
const written = (value: number | null | undefined) => (typeof value === "number" ? plain(value, language()) : "–");
const heading = (one: Totals["measures"][number] | undefined) =>
  one ? (one.unit ? `${one.title} (${one.unit})` : one.title) : "";
function bar(name: string, share: number): HTMLElement {
  return h(
    "span",
    { class: "barred" },
    h("span", {}, name),
    h("meter", { min: 0, max: 1, value: share, attrs: { "aria-hidden": "true" } }),
  );
}
function table(caption: string, heads: string[], rows: (string | Node)[][], small = false): HTMLElement {
  return h(
    "div",
    { class: "tw", tabIndex: 0, attrs: { role: "region", "aria-label": caption } },
    h(
      "table",
      { class: small ? "table small" : "table" },
      h("caption", { class: "label" }, caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ...heads.map((one, i) =>
            one || i ? h("th", { class: i ? "n" : "", attrs: { scope: "col" } }, one) : h("td", {}),
          ),
        ),
      ),
      h(
        "tbody",
        {},
        ...rows.map((row) =>
          h(
            "tr",
            {},
            ...row.map((one, i) => (i ? h("td", { class: "n" }, one) : h("th", { attrs: { scope: "row" } }, one))),
          ),
        ),
      ),
    ),
  );
}
function exports(options: TotalsOptions): HTMLElement {
  const link = (format: string, word: string) => {
    const query = new URLSearchParams({
      collection: options.counted,
      format,
      area: JSON.stringify(options.geometry),
      ...options.parameters,
    });
    return h("a", { class: "btn", href: `/map/export?${query}`, attrs: { download: true } }, icon("download"), word);
  };
  return h(
    "div",
    { class: "field" },
    h("span", { class: "label" }, t("export")),
    h(
      "div",
      { class: "row wrap" },
      link("geojson", "GeoJSON"),
      link("csv", "CSV"),
      link("xlsx", "Excel"),
      link("gpkg", "GeoPackage"),
    ),
  );
}

export function measurement(kind: "line" | "area", points: Position[], clear: () => void): HTMLElement {
  const rows: [string, string][] =
    kind === "line"
      ? [[t("length"), measured(length(points), language())]]
      : [
          [t("surface"), squared(ringArea(points), language())],
          [t("perimeter"), measured(length([...points, points[0] as Position]), language())],
        ];
  return h(
    "div",
    { class: "stack" },
    h(
      "dl",
      { class: "kv big" },
      ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", { class: "num" }, value)]),
    ),
    h("p", { class: "xs faint" }, t("geodesic")),
    h("div", { class: "row" }, button("x", t("clearMeasure"), clear, { text: true })),
  );
}
