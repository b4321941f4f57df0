/**
 * <time-chart data-src="/portal/series/12" data-name="Mực nước" data-unit="m" data-digits="2" data-stream="12"
 *   data-limits='[{"v":1.2,"name":"BĐ I","role":"--bd-1","dash":[2,4]}]' data-others='[{"src","name","unit"}]' data-range="24h">
 * Follows the live stream. Gaps stay gaps; the same numbers as a table; a sentence as its name. What stands inside it
 * (the server's own drawing) stays until the chart is there.
 */
import { make } from "../dom";
import { listen } from "../feed";
import type { Plot } from "../plot";
import { clock, date, dayStart, isoDate, number } from "../pure/number";
import { type Point, type Series, sentence, withGaps } from "../pure/series";
import { whenSeen } from "../seen";
import { language, say } from "../words";

export interface Limit {
  v: number;
  name: string;
  role: string;
  dash?: number[];
}
export interface Line {
  name: string;
  unit: string;
  points: Point[];
  dashed?: boolean;
}
interface Other {
  src: string;
  name: string;
  unit: string;
}
const DAY = 86_400_000;
const RANGES: Record<string, number> = { "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY };
const LEAST_MS = 1000;

export class TimeChart extends HTMLElement {
  #undo: (() => void)[] = [];
  #plot: Plot | undefined;
  #holder?: HTMLElement;
  #say?: HTMLElement;
  #table?: HTMLElement;
  #range = "24h";
  #custom: [number, number] = [0, 0];
  #compare = "";
  #series: Series = { step: 0, at: [], value: [] };
  #other: Line | undefined;
  #abort?: AbortController;
  #drawn: ReturnType<typeof setTimeout> | undefined;

  connectedCallback(): void {
    this.#range = this.dataset.range && this.dataset.range in RANGES ? this.dataset.range : "24h";
    this.#undo.push(whenSeen(this, () => void this.#start(), "200px"));
  }
  disconnectedCallback(): void {
    for (const undo of this.#undo.splice(0)) undo();
    this.#abort?.abort();
    clearTimeout(this.#drawn);
    this.#plot?.remove();
    this.#plot = undefined;
    for (const one of this.querySelectorAll(":scope > .bar, :scope > .plot, :scope > .say, :scope > .tbl"))
      one.remove();
  }

  get #span(): [number, number] {
    if (this.#range === "custom") return this.#custom;
    const now = Date.now();
    return [now - (RANGES[this.#range] ?? DAY), now];
  }

  async #start(): Promise<void> {
    const { plot } = await import("../plot");
    if (!this.isConnected) return;
    this.#furnish();
    this.#plot = plot(this.#holder as HTMLElement);
    this.#undo.push(listen({ observations: (rows) => this.#hear(rows) }));
    const retheme = () => this.#draw();
    document.addEventListener("themechange", retheme);
    this.#undo.push(() => document.removeEventListener("themechange", retheme));
    await this.#load();
  }

  #furnish(): void {
    const bar = make("div", "bar");
    const pick = (label: string, options: [string, string][], chosen: string, change: (v: string) => void) => {
      const wrap = make("label", "", "");
      const select = make("select", "in");
      for (const [v, text] of options) select.add(new Option(text, v, false, v === chosen));
      select.addEventListener("change", () => change(select.value));
      wrap.append(make("span", "", label), select);
      return wrap;
    };
    const range = make("div", "range");
    const from = make("input", "in");
    const to = make("input", "in");
    const dates = make("div", "range");
    dates.hidden = true;
    const now = Date.now();
    for (const [field, word, ms] of [
      [from, "from", now - 7 * DAY],
      [to, "to", now],
    ] as const) {
      field.type = "date";
      field.value = isoDate(ms);
      field.max = isoDate(now);
      const wrap = make("label");
      wrap.append(make("span", "", say(word)), field);
      dates.append(wrap);
      field.addEventListener("change", () => this.#dates(from.value, to.value));
    }
    const ranges: [string, string][] = [
      ["24h", say("h24")],
      ["7d", say("d7")],
      ["30d", say("d30")],
      ["custom", say("custom")],
    ];
    range.append(
      pick(say("range"), ranges, this.#range, (v) => {
        this.#range = v;
        dates.hidden = v !== "custom";
        if (v === "custom") this.#dates(from.value, to.value);
        else void this.#load();
      }),
      dates,
    );
    const others = this.#others();
    if (this.hasAttribute("data-others")) {
      const options: [string, string][] = [
        ["", say("none")],
        ["previous", say("previous")],
        ...others.map((o, i): [string, string] => [String(i), o.name]),
      ];
      range.append(
        pick(say("compare"), options, "", (v) => {
          this.#compare = v;
          void this.#load();
        }),
      );
    }
    const swap = make("button", "btn", say("table"));
    swap.type = "button";
    swap.setAttribute("aria-pressed", "false");
    swap.addEventListener("click", () => {
      const table = this.#table as HTMLElement;
      table.hidden = !table.hidden;
      swap.setAttribute("aria-pressed", String(!table.hidden));
      this.#tabulate();
    });
    bar.append(range, swap);
    bar.classList.add("ctl44");
    this.#holder = make("div", "plot");
    this.#holder.setAttribute("role", "img");
    this.#say = make("p", "say");
    this.#table = make("div", "tbl");
    this.#table.hidden = true;
    this.#table.tabIndex = 0;
    this.#table.setAttribute("role", "region");
    this.#table.setAttribute("aria-label", `${say("table")}: ${this.#name}`);
    for (const old of this.querySelectorAll(":scope > .still")) old.remove();
    this.append(bar, this.#holder, this.#say, this.#table);
  }
  #dates(from: string, to: string): void {
    const start = dayStart(from);
    const end = dayStart(to) + DAY;
    if (!(end > start)) return;
    this.#custom = [start, end];
    void this.#load();
  }
  get #name(): string {
    return this.dataset.name ?? "";
  }
  #others(): Other[] {
    return JSON.parse(this.dataset.others || "[]") as Other[];
  }

  async #fetch(src: string, [start, end]: [number, number]): Promise<Series> {
    const url = new URL(src, location.href);
    url.searchParams.set("from", new Date(start).toISOString());
    url.searchParams.set("to", new Date(end).toISOString());
    const answer = await fetch(url, this.#abort ? { signal: this.#abort.signal } : {});
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.json()) as Series;
  }
  async #load(): Promise<void> {
    this.#abort?.abort();
    this.#abort = new AbortController();
    const span = this.#span;
    const src = this.dataset.src ?? "";
    try {
      const other = this.#others()[Number(this.#compare)];
      const length = span[1] - span[0];
      const [main, second] = await Promise.all([
        this.#fetch(src, span),
        this.#compare === "previous"
          ? this.#fetch(src, [span[0] - length, span[0]])
          : this.#compare && other
            ? this.#fetch(other.src, span)
            : undefined,
      ]);
      this.#series = main;
      this.#other = undefined;
      if (second) {
        const shift = this.#compare === "previous" ? length : 0;
        this.#other = {
          name: this.#compare === "previous" ? say("previous") : (other?.name ?? ""),
          unit: this.#compare === "previous" ? (this.dataset.unit ?? "") : (other?.unit ?? ""),
          points: withGaps({ ...second, at: second.at.map((t) => t + shift) }),
          dashed: this.#compare === "previous",
        };
      }
      this.#draw();
      this.dataset.ready = "";
    } catch (error) {
      if ((error as Error).name === "AbortError") return;
      if (this.#say) this.#say.textContent = say("error");
    }
  }
  #hear(rows: readonly (readonly [number, number, number, unknown])[]): void {
    if (this.#range === "custom" || this.#series.step) return;
    const stream = Number(this.dataset.stream);
    let news = false;
    for (const [id, , at, result] of rows) {
      const t = at / 1000;
      if (id !== stream || typeof result !== "number" || t <= (this.#series.at.at(-1) ?? 0)) continue;
      this.#series.at.push(t);
      this.#series.value.push(result);
      news = true;
    }
    if (news) this.#drawn ??= setTimeout(() => this.#draw(), LEAST_MS);
  }
  #draw(): void {
    this.#drawn = undefined;
    const digits = Number(this.dataset.digits ?? 1);
    const unit = this.dataset.unit ?? "";
    const points = withGaps(this.#series);
    const lines: Line[] = [{ name: this.#name, unit, points }];
    if (this.#other) lines.push(this.#other);
    const limits = JSON.parse(this.dataset.limits || "[]") as Limit[];
    this.#plot?.draw({ lines, limits, digits, span: this.#span, zero: this.dataset.zero !== undefined });
    const text = sentence(this.#name, points, unit, digits, language());
    this.#holder?.setAttribute("aria-label", text);
    if (this.#say) {
      const step = this.#series.step / 60_000;
      const mean = step
        ? ` ${say("mean")} ${step >= 60 ? `${step / 60} ${say("hours")}` : `${step} ${say("minutes")}`}.`
        : "";
      this.#say.textContent = text + mean;
    }
    this.#tabulate();
  }
  #tabulate(): void {
    if (!this.#table || this.#table.hidden) return;
    const digits = Number(this.dataset.digits ?? 1);
    const table = make("table", "table num");
    table.append(Object.assign(make("caption", "vh"), { textContent: this.#name }));
    const head = table.createTHead().insertRow();
    for (const [text, cls] of [
      [say("time"), ""],
      [`${say("value")} (${this.dataset.unit || "–"})`, "n"],
    ] as const) {
      const th = make("th", cls, text);
      th.scope = "col";
      head.append(th);
    }
    const body = table.createTBody();
    const rows = withGaps(this.#series).toReversed().slice(0, 1000);
    for (const [t, v] of rows) {
      const row = body.insertRow();
      row.append(
        make("td", "", `${clock(t)} ${date(t)}`),
        make("td", "n", v === null ? say("noData") : number(v, digits, language())),
      );
    }
    this.#table.replaceChildren(table);
  }
}
customElements.define("time-chart", TimeChart);
