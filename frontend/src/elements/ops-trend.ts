/**
 * <ops-trend data-stream="12" data-name="Mực nước" data-unit="m" data-digits="2" data-limits='[{"v":1.6,"name":"BĐ III","role":"--bd-3"}]'>
 * The last twelve hours up to the moment shown, with the lines that matter, following the live stream.
 */

import { make } from "../dom";
import { listen } from "../feed";
import { ask } from "../operations/ahead";
import { settings } from "../operations/settings";
import * as state from "../operations/state";
import type { Plot } from "../plot";
import { type Point, sentence, withGaps } from "../pure/series";
import { language } from "../words";
import type { Limit } from "./time-chart";

const HOURS = 12;
const WIDE = HOURS * 3_600_000;
const EVERY = 1000;

export class OpsTrend extends HTMLElement {
  #undo: (() => void)[] = [];
  #points: Point[] = [];
  #plot: Plot | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  connectedCallback(): void {
    if (this.#plot) return;
    void this.#start();
    this.#undo.push(
      state.subscribe((now, before) => {
        if (now.at !== before.at || now.known !== before.known) this.#later(() => void this.#load(), 250);
      }),
      listen({
        observations: (rows) => {
          if (state.get().mode === "replay") return;
          const own = rows.filter((row) => row[0] === Number(this.dataset.stream) && typeof row[3] === "number");
          for (const row of own) this.#points.push([row[2] / 1000, row[3] as number]);
          if (own.length) this.#later(() => this.#draw(), EVERY);
        },
      }),
    );
    const retheme = () => this.#draw();
    document.addEventListener("themechange", retheme);
    this.#undo.push(() => document.removeEventListener("themechange", retheme));
  }
  disconnectedCallback(): void {
    // a panel that is drawn again may keep its chart: wait whether it comes back
    queueMicrotask(() => {
      if (this.isConnected) return;
      for (const undo of this.#undo.splice(0)) undo();
      clearTimeout(this.#timer);
      this.#plot?.remove();
      this.#plot = undefined;
    });
  }
  #later(run: () => void, ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      run();
    }, ms);
  }
  async #start(): Promise<void> {
    const [{ plot }] = await Promise.all([import("../plot"), this.#load(false)]);
    if (!this.isConnected) return;
    const holder = make("div", "plot");
    holder.setAttribute("role", "img");
    this.replaceChildren(holder);
    this.#plot = plot(holder);
    this.#draw();
  }
  async #load(draw = true): Promise<void> {
    try {
      const answer = await ask(state.at(`/operations/series/${this.dataset.stream}?hours=${HOURS}`));
      if (!answer.ok) return;
      const found = (await answer.json()) as { at: number[]; value: (number | null)[] };
      this.#points = withGaps({ step: 0, ...found });
    } catch {
      return;
    }
    if (draw && this.isConnected) this.#draw();
  }
  #draw(): void {
    const end = state.get().at ?? settings.clock();
    this.#points = this.#points.filter(([at]) => at >= end - WIDE).sort((a, b) => a[0] - b[0]);
    const digits = Number(this.dataset.digits ?? 1);
    const unit = this.dataset.unit ?? "";
    const name = this.dataset.name ?? "";
    const text = sentence(name, this.#points, unit, digits, language());
    this.querySelector(".plot")?.setAttribute("aria-label", text);
    this.classList.toggle("empty", !this.#points.length);
    this.#plot?.draw({
      lines: [{ name, unit, points: this.#points }],
      limits: JSON.parse(this.dataset.limits ?? "[]") as Limit[],
      digits,
      span: [end - WIDE, end],
      zero: false,
    });
  }
}
customElements.define("ops-trend", OpsTrend);
