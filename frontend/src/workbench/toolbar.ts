/** The tools over the map. One tab stop; arrow keys walk along it, as a toolbar should. */
import { button, h, icon } from "./dom";
import type { Tool } from "./tools";
import { t, type Word } from "./words";

const TOOLS: Tool[][] = [["point"], ["line", "area"], ["polygon", "box", "circle"]];

export class Toolbar {
  readonly element = h("div", { class: "toolbar mapbox", attrs: { role: "toolbar", "aria-label": t("select") } });
  #buttons = new Map<Tool, HTMLButtonElement>();
  #compare: HTMLButtonElement;

  constructor(hear: { choose(tool: Tool): void; compare(): void; share(from: HTMLElement): void; print(): string }) {
    for (const group of TOOLS) {
      const holder = h("div", { class: "grp" });
      for (const tool of group) {
        const short = t(`short.${tool}` as Word);
        const made = button(tool, t(tool), () => hear.choose(tool), {
          pressed: tool === "point",
          class: "tool",
          short,
        });
        this.#buttons.set(tool, made);
        holder.append(made);
      }
      this.element.append(holder);
    }
    this.#compare = button("compare", t("compare"), hear.compare, {
      pressed: false,
      class: "tool",
      short: t("short.compare"),
    });
    const print = h(
      "a",
      { class: "tool", title: t("print"), href: "/map/print" },
      icon("print"),
      h("span", {}, t("print")),
    );
    print.setAttribute("aria-label", t("print"));
    // the address is made when it is needed: for a click, for opening in another tab
    for (const event of ["pointerdown", "focus", "click"] as const)
      print.addEventListener(event, () => {
        print.href = hear.print();
      });
    const share = button("share", t("share"), () => hear.share(share), { class: "tool", short: t("share") });
    this.element.append(h("div", { class: "grp" }, this.#compare, print, share));
    this.#walk();
  }
  chosen(tool: Tool): void {
    for (const [name, made] of this.#buttons) made.setAttribute("aria-pressed", String(name === tool));
  }
  comparing(on: boolean): void {
    this.#compare.setAttribute("aria-pressed", String(on));
  }
  #walk(): void {
    const all = () => [...this.element.querySelectorAll<HTMLElement>(".tool")];
    all().forEach((one, i) => {
      one.tabIndex = i ? -1 : 0;
    });
    this.element.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key] ?? 0;
      const list = all();
      const at = list.indexOf(document.activeElement as HTMLElement);
      if (!step || at < 0) return;
      event.preventDefault();
      list[(at + step + list.length) % list.length]?.focus();
    });
    this.element.addEventListener("focusin", (event) => {
      for (const one of all()) one.tabIndex = one === event.target ? 0 : -1;
    });
  }
}
