/**
 * <column-chart data-name="Sâu nhất" data-unit="cm" data-bars='[["0 – 5", 12], …]'>: a column's spread as bars, over the
 * server's own drawing, which stays until ECharts is there (and for ever without script).
 */
import type { BarPlot } from "./catalogue-bars";
import { make } from "./dom";
import { whenSeen } from "./seen";

export class ColumnChart extends HTMLElement {
  #undo: (() => void)[] = [];
  #plot: BarPlot | undefined;

  connectedCallback(): void {
    this.#undo.push(whenSeen(this, () => void this.#start(), "100px"));
  }
  disconnectedCallback(): void {
    for (const undo of this.#undo.splice(0)) undo();
    this.#plot?.remove();
    this.#plot = undefined;
    this.querySelector(":scope > .plot")?.remove();
  }
  async #start(): Promise<void> {
    const { bars } = await import("./catalogue-bars");
    if (!this.isConnected) return;
    const still = this.querySelector<SVGElement>("svg");
    const holder = make("div", "plot");
    holder.setAttribute("role", "img");
    holder.setAttribute("aria-label", still?.getAttribute("aria-label") ?? this.dataset.name ?? "");
    still?.remove();
    this.append(holder);
    this.#plot = bars(holder);
    const draw = () => this.#plot?.draw(JSON.parse(this.dataset.bars ?? "[]"), this.dataset.unit ?? "");
    draw();
    document.addEventListener("themechange", draw);
    this.#undo.push(() => document.removeEventListener("themechange", draw));
    this.dataset.ready = "";
  }
}
customElements.define("column-chart", ColumnChart);
