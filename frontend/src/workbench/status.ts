/** The line under the map: scale bar, coordinates in WGS 84 and VN-2000, the base. */
import { language } from "../words";
import { h } from "./dom";
import { bar, degrees, metresPerPixel, vn2000 } from "./geodesy";
import type { Camera } from "./map";
import type { Position, State } from "./state";
import { lonLat, measured, plain } from "./units";
import { t } from "./words";

/** Central meridians of Vietnamese provinces, degrees. */
const MERIDIANS = [
  103, 104, 104.5, 104.75, 105, 105.5, 105.75, 106, 106.25, 106.5, 107, 107.25, 107.5, 107.75, 108, 108.25, 108.5,
];

export class Status {
  readonly element = h("div", { class: "status" });
  #line = h("i");
  #length = h("span", { class: "num" });
  #xy = h("span", { class: "xy num" });
  #vn = h("span", { class: "en num" });
  #at: Position = [0, 0];

  constructor(
    public meridian: number,
    base: State["base"],
    change: (base: State["base"]) => void,
  ) {
    const ground = choice(t("base"), base, [
      ["sketch", t("sketch")],
      ["plain", t("plain")],
    ]);
    ground.addEventListener("change", () => change(ground.value as State["base"]));
    const zone = choice(
      t("meridian"),
      String(meridian),
      MERIDIANS.map((one) => [String(one), degrees(one)]),
    );
    zone.addEventListener("change", () => {
      this.meridian = Number(zone.value);
      this.coordinates(this.#at);
    });
    this.element.append(
      h("span", { class: "bar" }, this.#line, this.#length),
      this.#xy,
      h("span", { class: "vn" }, h("span", {}, "VN-2000"), zone, this.#vn),
      h("label", { class: "base" }, h("span", {}, t("base")), ground),
    );
  }
  coordinates(at: Position): void {
    this.#at = at;
    const { x, y } = vn2000(at, this.meridian);
    this.#xy.textContent = lonLat(at, language());
    this.#vn.textContent = `X ${plain(Math.round(x), language())} · Y ${plain(Math.round(y), language())}`;
  }
  scale({ at, zoom }: Camera): void {
    const made = bar(metresPerPixel(at[1], zoom), 110);
    this.#line.style.setProperty("width", `${made.pixels}px`);
    this.#length.textContent = measured(made.metres, language()).replace(/[,.]0+(?=\u00a0)/, "");
  }
}
function choice(label: string, value: string, options: [string, string][]): HTMLSelectElement {
  return h(
    "select",
    { class: "in", attrs: { "aria-label": label } },
    ...options.map(([key, said]) => h("option", { value: key, selected: key === value }, said)),
  );
}
