/** Drawing an area and measuring a way on the map: by pointer, or by keyboard with the middle of the map as the pen. */
import type { FeatureCollection } from "geojson";
import { button, make } from "../dom";
import { number } from "../pure/number";
import { language } from "../words";
import { length, ringArea } from "../workbench/geodesy";
import { announce, icon } from "./dom";
import { register } from "./keys";
import type { Position, Stage } from "./stage";
import { say } from "./words";

export interface Ground {
  stage(): Stage | undefined;
  card: HTMLElement;
  inside(test: (at: Position) => boolean): { things: number; alarms: number };
}
type Tool = "area" | "line" | "point";

export const metres = (value: number): string =>
  value >= 1000
    ? `${number(value / 1000, value >= 10_000 ? 1 : 2, language())}\u00a0km`
    : `${number(value, 0, language())}\u00a0m`;
const square = (value: number): string =>
  value >= 1e6 ? `${number(value / 1e6, 2, language())}\u00a0km²` : `${number(value / 1e4, 2, language())}\u00a0ha`;

/** Whether a position lies in a ring (even–odd rule). */
export function within(ring: readonly Position[], [x, y]: Position): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [ax, ay] = ring[i] as Position;
    const [bx, by] = ring[j] as Position;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

export class Sketch {
  #to: Ground;
  #tool: Tool | null = null;
  #points: Position[] = [];
  #pen: Position | null = null;
  #done = false;
  #buttons = new Map<Tool, HTMLButtonElement>();
  #stop: (() => void) | undefined;
  #take: ((at: Position) => void) | undefined;

  constructor(to: Ground) {
    this.#to = to;
  }
  buttons(): HTMLButtonElement[] {
    return (
      [
        ["area", "draw", "pentagon"],
        ["line", "measure", "ruler"],
      ] as const
    ).map(([tool, word, name]) => {
      const one = button("btn ico", "", () => (this.#tool === tool ? this.clear() : this.begin(tool)));
      one.append(icon(name));
      one.setAttribute("aria-label", say(word));
      one.setAttribute("aria-pressed", "false");
      one.title = say(word);
      this.#buttons.set(tool, one);
      return one;
    });
  }
  /** Waits for shapes, or (point) for one place. */
  begin(tool: Tool, take?: (at: Position) => void): void {
    this.clear();
    this.#tool = tool;
    this.#take = take;
    this.#press();
    this.#hint(say(tool === "area" ? "drawHint" : tool === "line" ? "measureHint" : "nearHint"));
    this.#stop = register(
      { key: "enter", word: "", run: () => this.#enter() },
      { key: "enter", shift: true, word: "", run: () => this.#finish() },
      { key: "escape", word: "", run: () => this.clear() },
      { key: "backspace", word: "", run: () => this.#undo() },
    );
    this.#to.stage()?.focus();
    this.#to.card.parentElement?.classList.add("drawing");
  }
  /** The map was touched; true when that belongs to the shape. */
  point(at: Position, how: "click" | "double" | "move"): boolean {
    if (!this.#tool || this.#done) return false;
    if (this.#tool === "point") {
      if (how === "click") this.#pick(at);
      return true;
    }
    if (how === "move") this.#pen = at;
    else if (how === "click") this.#add(at);
    else this.#finish();
    this.redraw();
    return true;
  }
  #enter(): void {
    const at = this.#to.stage()?.centre();
    if (!at) return;
    if (this.#tool === "point") {
      this.#pick(at);
      return;
    }
    const last = this.#points.at(-1);
    if (last && last[0] === at[0] && last[1] === at[1]) {
      this.#finish();
      return;
    }
    this.#add(at);
    this.redraw();
    announce(this.#words());
  }
  #undo(): void {
    this.#points.pop();
    this.redraw();
  }
  #pick(at: Position): void {
    const take = this.#take;
    this.clear();
    take?.(at);
  }
  #add(at: Position): void {
    const last = this.#points.at(-1);
    if (!last || Math.abs(last[0] - at[0]) > 1e-9 || Math.abs(last[1] - at[1]) > 1e-9) this.#points.push(at);
  }
  #finish(): void {
    if (this.#points.length < (this.#tool === "area" ? 3 : 2)) return;
    this.#done = true;
    this.#pen = null;
    this.#stop?.();
    this.#to.card.parentElement?.classList.remove("drawing");
    this.redraw();
    this.#result();
  }
  #words(): string {
    const ring = [...this.#points, ...(this.#pen ? [this.#pen] : [])];
    if (this.#tool === "line") return say("length", { length: metres(length(ring)) });
    return ring.length > 2
      ? say("area", { area: square(ringArea(ring)) })
      : say("length", { length: metres(length(ring)) });
  }
  #hint(text: string): void {
    const { card } = this.#to;
    card.hidden = false;
    card.replaceChildren(make("p", "sm", text), make("p", "num now"));
    announce(text);
  }
  #result(): void {
    const { card } = this.#to;
    const lines = [this.#words()];
    if (this.#tool === "area") {
      lines.push(say("length", { length: metres(length([...this.#points, this.#points[0] as Position])) }));
      const { things, alarms } = this.#to.inside((at) => within(this.#points, at));
      lines.push(say("inside", { n: things, alarms }));
    }
    const remove = button("btn", say("remove"), () => this.clear());
    card.replaceChildren(...lines.map((text, i) => make("p", i ? "sm num" : "md num", text)), remove);
    announce(lines.join(". "));
    remove.focus();
  }
  clear(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#tool = null;
    this.#take = undefined;
    this.#points = [];
    this.#pen = null;
    this.#done = false;
    this.#to.card.hidden = true;
    this.#to.card.parentElement?.classList.remove("drawing");
    this.#press();
    this.redraw();
  }
  #press(): void {
    for (const [tool, one] of this.#buttons) one.setAttribute("aria-pressed", String(tool === this.#tool));
  }
  redraw(): void {
    const line = [...this.#points, ...(this.#pen && this.#points.length ? [this.#pen] : [])];
    const data: FeatureCollection = { type: "FeatureCollection", features: [] };
    if (line.length > 1) {
      const closed = this.#tool === "area" && line.length > 2;
      data.features.push({
        type: "Feature",
        geometry: closed
          ? { type: "Polygon", coordinates: [[...line, line[0] as Position]] }
          : { type: "LineString", coordinates: line },
        properties: {},
      });
    }
    this.#points.forEach((at, i) => {
      const label = i === this.#points.length - 1 && line.length > 1 ? { label: this.#words() } : {};
      data.features.push({ type: "Feature", geometry: { type: "Point", coordinates: at }, properties: label });
    });
    this.#to.stage()?.sketch(data);
    const now = this.#to.card.querySelector(".now");
    if (now && line.length > 1) now.textContent = this.#words();
  }
}
