/** What the queue lets through: its chips, the panel of further filters, its search field. */
import { button, make } from "../dom";
import * as alarms from "./alarms";
import { icon } from "./dom";
import { SEVERITIES } from "./model";
import * as state from "./state";
import { say, type Word } from "./words";

const CHIPS = [
  ["all", {}],
  ["mine", { assignee: "me" }],
  ["none", { assignee: "none" }],
  ["near", { near: "1" }],
] as const satisfies readonly (readonly [Word, Partial<state.Filters>])[];
type Numbers = Record<(typeof CHIPS)[number][0], number>;
export const clear = (): void => state.set({ filters: { ...state.EVERYTHING }, view: null });

export class FilterBar {
  readonly leave: () => void;
  #host: HTMLElement;
  #chips: HTMLButtonElement[];
  #selects: HTMLSelectElement[];

  /** first: the first line is wanted; list: the list itself. */
  constructor(host: HTMLElement, to: { first(): void; list(): void }) {
    this.#host = host;
    const chips = host.querySelector<HTMLElement>(".chips");
    chips?.setAttribute("role", "group");
    this.#chips = CHIPS.map(([word, filters]) => {
      const chip = button("chip", say(word), () =>
        state.set({ filters: { assignee: "", near: "", ...filters }, view: null }),
      );
      chip.dataset.filter = word;
      return chip;
    });
    const more = make("details", "more");
    const summary = make("summary", "chip");
    summary.append(icon("filter"), make("span", "vh", say("moreFilters")));
    summary.title = say("moreFilters");
    const panel = make("div", "card stack");
    this.#selects = (["severity", "sector", "unit", "agency"] as const).map((name) => {
      const select = make("select", "in");
      select.name = name;
      select.setAttribute(
        "aria-label",
        say(({ severity: "anySeverity", sector: "anySector", unit: "anyUnit", agency: "anyAgency" } as const)[name]),
      );
      select.addEventListener("change", () => state.set({ filters: { [name]: select.value }, view: null }));
      return select;
    });
    const shelved = make("label", "opt");
    const box = Object.assign(make("input"), { type: "checkbox" });
    box.addEventListener("change", () => state.set({ filters: { state: box.checked ? "shelved" : "" } }));
    shelved.append(box, make("span", "", say("shelvedOnly")), make("span", "faint num end"));
    panel.append(...this.#selects, shelved, button("btn", say("clearFilters"), clear));
    more.append(summary, panel);
    more.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !more.open) return;
      more.open = false;
      summary.focus();
      event.stopPropagation();
    });
    const away = (event: Event) => {
      if (more.open && !more.contains(event.target as Node)) more.open = false;
    };
    document.addEventListener("pointerdown", away);
    this.leave = () => document.removeEventListener("pointerdown", away);
    chips?.replaceChildren(...this.#chips);
    host.querySelector(".find")?.append(more);
    const form = host.querySelector<HTMLFormElement>("form.find");
    const field = form?.querySelector<HTMLInputElement>("input[name=q]");
    form?.addEventListener("submit", (event) => {
      event.preventDefault();
      to.first();
    });
    field?.addEventListener("input", () => state.set({ filters: { q: field.value.trim() }, view: null }));
    field?.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        field.value = "";
        state.set({ filters: { q: "" } });
        to.list();
        event.preventDefault();
      } else if (event.key === "ArrowDown") {
        event.preventDefault();
        to.first();
      }
    });
  }
  /** What is chosen, and how many each chip would show. */
  says(numbers: Numbers): void {
    const now = state.get();
    for (const chip of this.#chips) {
      const word = chip.dataset.filter as keyof typeof numbers;
      const on =
        word === "all"
          ? !now.filters.assignee && !now.filters.near
          : word === "near"
            ? now.filters.near === "1"
            : now.filters.assignee === (word === "mine" ? "me" : "none");
      chip.setAttribute("aria-pressed", String(on));
      chip.replaceChildren(say(word), make("span", "num", String(numbers[word])));
    }
    this.#choices();
  }
  #choices(): void {
    const { filters } = state.get();
    const used = {
      severity: new Set<string>(),
      sector: new Set<string>(),
      unit: new Set<string>(),
      agency: new Set<string>(),
    };
    for (const one of alarms.queue.all.values()) {
      used.severity.add(one.severity);
      if (one.sector) used.sector.add(one.sector);
      if (one.unit) used.unit.add(one.unit);
      if (one.agency !== null) used.agency.add(String(one.agency));
    }
    for (const select of this.#selects) {
      const name = select.name as keyof typeof used;
      const called = (key: string) =>
        name === "severity"
          ? say(key as Word)
          : ((name === "sector" ? alarms.names.sectors : name === "unit" ? alarms.names.units : alarms.names.agencies)[
              key
            ] ?? key);
      const keys =
        name === "severity"
          ? SEVERITIES.filter((one) => used.severity.has(one))
          : [...used[name]].sort((a, b) => called(a).localeCompare(called(b), "vi"));
      const signature = keys.join();
      if (select.dataset.keys !== signature) {
        select.dataset.keys = signature;
        select.replaceChildren(
          new Option(select.getAttribute("aria-label") ?? "", ""),
          ...keys.map((key) => new Option(called(key), key)),
        );
      }
      if (document.activeElement !== select) select.value = filters[name];
    }
    const more = this.#host.querySelector(".more > summary");
    more?.classList.toggle(
      "on",
      Boolean(filters.severity || filters.sector || filters.unit || filters.agency || filters.state),
    );
    const box = this.#host.querySelector<HTMLInputElement>(".more input[type=checkbox]");
    if (box) box.checked = filters.state === "shelved";
    const count = this.#host.querySelector(".more .opt .num");
    if (count) count.textContent = alarms.known.suppressed ? String(alarms.known.suppressed) : "";
    const field = this.#host.querySelector<HTMLInputElement>("input[name=q]");
    if (field && document.activeElement !== field) field.value = filters.q;
  }
  /** Puts the cursor into the search field. */
  search(): void {
    const field = this.#host.querySelector<HTMLInputElement>("input[name=q]");
    field?.focus();
    field?.select();
  }
  /** On to the next chip. */
  turn(): void {
    const at = this.#chips.findIndex((chip) => chip.getAttribute("aria-pressed") === "true");
    const next = CHIPS[(at + 1) % CHIPS.length];
    if (next) state.set({ filters: { assignee: "", near: "", ...next[1] }, view: null });
  }
}
