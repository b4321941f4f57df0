/** <gis-layers>: what is on the map, in its order; and what else there is. Says `change` with the new list, `zoom` with a code. */
import { fold } from "../pure/fold";
import { number } from "../pure/number";
import { language } from "../words";
import { button, h, icon } from "../workbench/dom";
import { filterForm } from "../workbench/filter";
import { consulted, legend } from "../workbench/legendry";
import type { Layer } from "../workbench/model";
import type { Shown } from "../workbench/state";
import { t } from "../workbench/words";

export class GisLayers extends HTMLElement {
  known: ReadonlyMap<string, Layer> = new Map();
  #shown: Shown[] = [];
  #broken: ReadonlyMap<string, string> = new Map();
  #open = new Set<string>();
  #query = "";
  #list = h("ol", { class: "on" });
  #rest = h("div", { class: "rest" });
  #says = h("p", { class: "vh", attrs: { role: "status" } });
  #dragged: string | null = null;

  connectedCallback(): void {
    if (this.childElementCount) return;
    const search = h("input", {
      class: "in",
      type: "search",
      placeholder: t("find"),
      attrs: { "aria-label": t("find") },
      on: {
        input: () => {
          this.#query = search.value;
          this.#drawRest();
        },
      },
    });
    this.append(
      h("section", { attrs: { "aria-label": t("shown") } }, h("h2", { class: "label" }, t("shown")), this.#list),
      h("section", { attrs: { "aria-label": t("add") } }, h("h2", { class: "label" }, t("add")), search, this.#rest),
      this.#says,
    );
  }
  set shown(given: Shown[]) {
    this.#shown = given.map((one) => ({ ...one }));
    this.#draw();
    this.#drawRest();
  }
  set broken(given: ReadonlyMap<string, string>) {
    this.#broken = given;
    for (const row of this.#list.querySelectorAll<HTMLElement>(":scope > li")) this.#warn(row);
  }
  #say(): void {
    this.dispatchEvent(new CustomEvent<Shown[]>("change", { detail: this.#shown.map((one) => ({ ...one })) }));
  }

  #draw(): void {
    const focus = this.#remembered();
    this.#list.replaceChildren(...this.#shown.map((one, i) => this.#row(one, i)));
    if (!this.#shown.length) this.#list.append(h("li", { class: "none sm muted" }, t("noneShown")));
    focus?.();
  }
  /** Where the keyboard was, so that it is there again. */
  #remembered(): (() => void) | null {
    const at = document.activeElement as HTMLElement | null;
    const row = at?.closest<HTMLElement>("li[data-code]");
    if (!at || !row || !this.#list.contains(row)) return null;
    const part = at.dataset.part;
    const code = row.dataset.code;
    return part
      ? () => this.#list.querySelector<HTMLElement>(`li[data-code="${code}"] [data-part="${part}"]`)?.focus()
      : null;
  }
  #row(one: Shown, i: number): HTMLElement {
    const layer = this.known.get(one.code);
    if (!layer) return h("li");
    const grip = h(
      "button",
      {
        type: "button",
        class: "grip",
        title: t("drag"),
        draggable: false,
        attrs: { "aria-label": `${layer.title}: ${t("drag")}`, "data-part": "grip" },
      },
      icon("grip"),
    );
    grip.addEventListener("keydown", (event) => {
      const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
      if (!step) return;
      event.preventDefault();
      this.#move(one.code, this.#place(one.code) + step);
    });
    const eye = button(
      one.visible ? "eye" : "off",
      `${one.visible ? t("hide") : t("show")}: ${layer.title}`,
      () => this.#set(one.code, { visible: !one.visible }),
      { pressed: one.visible },
    );
    eye.dataset.part = "eye";
    const open = this.#open.has(one.code);
    const more = button("more", `${t("options")}: ${layer.title}`, () => {
      if (!this.#open.delete(one.code)) this.#open.add(one.code);
      this.#draw();
    });
    more.setAttribute("aria-expanded", String(open));
    more.dataset.part = "more";
    const row = h(
      "li",
      { class: one.visible ? "" : "dim", attrs: { "data-code": one.code } },
      h(
        "div",
        { class: "lay" },
        grip,
        h("div", { class: "nm" }, h("b", {}, layer.title), this.#facts(layer, one)),
        eye,
        more,
      ),
      consulted(layer.consultations),
      open ? this.#options(layer, one, i) : null,
      one.visible ? legend(layer) : null,
    );
    this.#warn(row);
    this.#draggable(row, grip, one.code);
    return row;
  }
  #facts(layer: Layer, one: Shown): HTMLElement {
    const facts = [t("records", { n: number(layer.count, 0, language()) }), layer.agency].filter(Boolean).join(" · ");
    return h(
      "span",
      { class: "xs faint" },
      facts,
      layer.simulated ? h("span", { class: "badge", attrs: { "data-s": "sim" } }, t("simulated")) : null,
      layer.sharing === "open" ? null : h("span", { class: "badge" }, t(`sharing.${layer.sharing}`)),
      one.filter ? h("span", { class: "badge", attrs: { "data-s": "info" } }, t("filtered")) : null,
    );
  }
  #warn(row: HTMLElement): void {
    row.querySelector(":scope > .warn")?.remove();
    const why = this.#broken.get(row.dataset.code ?? "");
    if (why)
      row.append(
        h(
          "p",
          { class: "warn sm", attrs: { role: "status" } },
          h("b", { class: "mk", attrs: { "data-s": "major", "aria-hidden": "true" } }),
          ` ${why}`,
        ),
      );
  }
  #options(layer: Layer, one: Shown, i: number): HTMLElement {
    const share = h("input", {
      type: "range",
      min: "0",
      max: "100",
      step: "5",
      value: String(one.opacity),
      attrs: { "aria-label": `${t("opacity")}: ${layer.title}`, "data-part": "opacity" },
    });
    const said = h("output", { class: "num xs" }, `${one.opacity}\u00a0%`);
    share.addEventListener("input", () => {
      said.textContent = `${share.value}\u00a0%`;
      const now = this.#shown.find((each) => each.code === one.code);
      if (now) now.opacity = Number(share.value);
      this.#say();
    });
    const part = (element: HTMLElement, name: string) => {
      element.dataset.part = name;
      return element;
    };
    const up = part(
      button("up", t("up"), () => this.#move(one.code, i - 1)),
      "up",
    ) as HTMLButtonElement;
    const down = part(
      button("down", t("down"), () => this.#move(one.code, i + 1)),
      "down",
    ) as HTMLButtonElement;
    up.disabled = i === 0;
    down.disabled = i === this.#shown.length - 1;
    return h(
      "div",
      { class: "opts" },
      h("label", { class: "op sm" }, h("span", {}, t("opacity")), share, said),
      h(
        "div",
        { class: "row acts" },
        up,
        down,
        button("home", t("zoomTo"), () => this.dispatchEvent(new CustomEvent("zoom", { detail: one.code }))),
        button("x", t("remove"), () => this.#set(one.code, null)),
        h("a", { class: "end sm", href: layer.href }, t("about")),
      ),
      h(
        "details",
        { class: "flt", open: Boolean(one.filter) },
        h("summary", { class: "sm" }, icon("filter"), t("filter")),
        filterForm(layer, one.filter, (filter) => this.#set(one.code, { filter })),
      ),
    );
  }

  #place(code: string): number {
    return this.#shown.findIndex((one) => one.code === code);
  }
  #move(code: string, to: number): void {
    const from = this.#place(code);
    if (from < 0 || to < 0 || to >= this.#shown.length || from === to) return;
    const [one] = this.#shown.splice(from, 1);
    if (one) this.#shown.splice(to, 0, one);
    this.#draw();
    this.#says.textContent = t("moved", {
      name: this.known.get(code)?.title ?? code,
      n: to + 1,
      all: this.#shown.length,
    });
    this.#say();
  }
  #set(code: string, change: Partial<Shown> | null): void {
    const at = this.#place(code);
    if (change === null) this.#shown.splice(at, 1);
    else if (at >= 0) Object.assign(this.#shown[at] as Shown, change);
    this.#draw();
    this.#drawRest();
    this.#say();
  }
  #draggable(row: HTMLElement, grip: HTMLElement, code: string): void {
    grip.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      grip.focus();
      grip.setPointerCapture(event.pointerId);
      this.#dragged = code;
      row.classList.add("drag");
      const move = (at: PointerEvent) => {
        const rows = [...this.#list.querySelectorAll<HTMLElement>("li[data-code]")];
        const over = rows.findIndex((one) => {
          const box = one.getBoundingClientRect();
          return at.clientY >= box.top && at.clientY < box.bottom;
        });
        rows.forEach((one, i) => {
          one.classList.toggle("into", i === over && one !== row);
        });
      };
      const up = (at: PointerEvent) => {
        grip.removeEventListener("pointermove", move);
        const rows = [...this.#list.querySelectorAll<HTMLElement>("li[data-code]")];
        const to = rows.findIndex((one) => {
          const box = one.getBoundingClientRect();
          return at.clientY >= box.top && at.clientY < box.bottom;
        });
        for (const one of rows) one.classList.remove("drag", "into");
        if (this.#dragged && to >= 0) this.#move(this.#dragged, to);
        this.#dragged = null;
      };
      grip.addEventListener("pointermove", move);
      grip.addEventListener("pointerup", up, { once: true });
      grip.addEventListener("pointercancel", up, { once: true });
    });
  }

  #drawRest(): void {
    const words = fold(this.#query).split(" ").filter(Boolean);
    const found = [...this.known.values()].filter((one) => {
      const text = fold([one.title, one.description, one.agency, one.sector, one.code].join(" "));
      return words.every((word) => text.includes(word)) && !this.#shown.some((each) => each.code === one.code);
    });
    const groups = new Map<string, Layer[]>();
    for (const one of found) groups.set(one.sector, [...(groups.get(one.sector) ?? []), one]);
    this.#rest.replaceChildren(
      ...[...groups].map(([sector, layers]) =>
        h("div", {}, h("h3", { class: "xs muted" }, sector), h("ul", {}, ...layers.map((one) => this.#offer(one)))),
      ),
    );
    if (!found.length && this.#query)
      this.#rest.append(h("p", { class: "sm muted none", attrs: { role: "status" } }, t("noLayer")));
  }
  #offer(layer: Layer): HTMLElement {
    const add = h(
      "button",
      {
        type: "button",
        class: "offer",
        title: layer.description,
        on: {
          click: () => {
            this.#shown.unshift({ code: layer.code, visible: true, opacity: 100, filter: "" });
            this.#draw();
            this.#drawRest();
            this.#say();
          },
        },
      },
      icon("plus"),
      h("span", {}, layer.title),
      h("span", { class: "xs faint num" }, number(layer.count, 0, language())),
    );
    return h("li", {}, add);
  }
}
customElements.define("gis-layers", GisLayers);
