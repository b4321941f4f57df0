/** The legend that is also the switchboard: states and sectors to show, layers in order with their strength. */
import { button, make, mark } from "../dom";
import { icon } from "./dom";
import { type LayerName, type Layers, move } from "./layers";
import { MARKS, type MarkName } from "./objects";
import { settings } from "./settings";
import { say } from "./words";

export class LayerPanel {
  readonly element = make("details", "legend mapbox");
  #layers: Layers;
  #tell: (layers: Layers) => void;
  #states = make("ul", "states");
  #sectors = make("ul", "sectors");
  #order = make("ol", "order");
  #editing = false;
  #sectorKeys = "";

  constructor(layers: Layers, tell: (layers: Layers) => void) {
    this.#layers = layers;
    this.#tell = tell;
    this.element.open = !matchMedia("(max-width: 1000px)").matches;
    const edit = button("btn quiet ico edit", "", () => {
      this.#editing = !this.#editing;
      edit.setAttribute("aria-expanded", String(this.#editing));
      body.classList.toggle("editing", this.#editing);
    });
    edit.setAttribute("aria-expanded", "false");
    edit.setAttribute("aria-label", say("editLayers"));
    edit.title = say("editLayers");
    edit.append(icon("sliders-horizontal"));
    const body = make("div", "body");
    const more = make("div", "more");
    more.append(make("p", "label", say("sectors")), this.#sectors, make("p", "label", say("layers")), this.#order);
    body.append(this.#states, more, make("p", "xs faint note", say("clusterNote")));
    const summary = make("summary", "", say("layersOn"));
    this.element.append(summary, edit, body);
    for (const state of [...MARKS].reverse())
      this.#states.append(this.#row(`state.${state}`, say(state), mark(state), state));
    this.#drawOrder();
  }
  #row(key: string, word: string, shape: HTMLElement | null, state = ""): HTMLLIElement {
    const row = make("li");
    const press = button("", "", () => {
      const hidden = new Set(this.#layers.hidden);
      if (!hidden.delete(key)) hidden.add(key);
      this.#tell({ ...this.#layers, hidden });
    });
    press.dataset.key = key;
    if (state) press.dataset.state = state;
    if (shape) press.append(shape);
    press.append(make("span", "", word), make("span", "n num"));
    press.setAttribute("aria-pressed", String(!this.#layers.hidden.has(key)));
    row.append(press);
    return row;
  }
  #drawOrder(): void {
    const names: Record<LayerName, string> = {
      objects: say("objects"),
      cameras: say("cameras"),
      warnings: say("warnings"),
      labels: say("labels"),
      wards: say("wards"),
    };
    const focus = this.#order.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset.focus
      : undefined;
    this.#order.replaceChildren(
      ...this.#layers.order.map((name, i) => {
        const row = make("li");
        const on = Object.assign(make("input"), { type: "checkbox", checked: !this.#layers.off.has(name) });
        on.dataset.focus = `on ${name}`;
        on.addEventListener("change", () => {
          const off = new Set(this.#layers.off);
          if (on.checked) off.delete(name);
          else off.add(name);
          this.#tell({ ...this.#layers, off });
        });
        const label = make("label");
        label.append(on, make("span", "", names[name]));
        const strength = Object.assign(make("input"), {
          type: "range",
          min: "10",
          max: "100",
          step: "10",
          value: String(this.#layers.opacity[name] ?? 100),
        });
        strength.setAttribute("aria-label", `${say("opacity")}: ${names[name]}`);
        strength.dataset.focus = `strength ${name}`;
        strength.addEventListener("change", () => {
          const opacity = { ...this.#layers.opacity };
          if (strength.value === "100") delete opacity[name];
          else opacity[name] = Number(strength.value);
          this.#tell({ ...this.#layers, opacity });
        });
        const [up, down] = ([-1, 1] as const).map((by) => {
          const one = button("btn quiet ico", "", () => this.#tell(move(this.#layers, name, by)));
          one.append(icon(by < 0 ? "arrow-up" : "arrow-down"));
          one.setAttribute("aria-label", `${say(by < 0 ? "raise" : "lower")}: ${names[name]}`);
          one.dataset.focus = `${by} ${name}`;
          one.disabled = by < 0 ? i === 0 : i === this.#layers.order.length - 1;
          return one;
        }) as [HTMLButtonElement, HTMLButtonElement];
        row.append(label, up, down, strength);
        return row;
      }),
    );
    if (focus) {
      const again = this.#order.querySelector<HTMLElement>(`[data-focus="${focus}"]:not(:disabled)`);
      (again ?? this.#order.querySelector<HTMLElement>(`[data-focus$="${focus.split(" ")[1]}"]`))?.focus();
    }
  }
  show(layers: Layers): void {
    this.#layers = layers;
    for (const press of this.element.querySelectorAll<HTMLElement>("[data-key]"))
      press.setAttribute("aria-pressed", String(!layers.hidden.has(press.dataset.key ?? "")));
    this.#drawOrder();
  }
  counts(states: ReadonlyMap<MarkName, number>, sectors: ReadonlyMap<string, number>): void {
    const keys = [...sectors].sort((a, b) => b[1] - a[1]).map(([key]) => key);
    if (keys.join() !== this.#sectorKeys) {
      this.#sectorKeys = keys.join();
      this.#sectors.replaceChildren(
        ...keys.map((key) => this.#row(`sector.${key}`, settings.sectors[key] ?? key, null)),
      );
    }
    for (const press of this.element.querySelectorAll<HTMLElement>("[data-key]")) {
      const [kind, key = ""] = press.dataset.key?.split(".") ?? [];
      const count = (kind === "state" ? states.get(key as MarkName) : sectors.get(key)) ?? 0;
      const n = press.querySelector(".n");
      if (n && n.textContent !== String(count)) n.textContent = String(count);
      if (kind === "state")
        press.parentElement?.classList.toggle("none", count === 0 && !this.#layers.hidden.has(press.dataset.key ?? ""));
    }
  }
}
