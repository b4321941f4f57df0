/**
 * <place-picker data-src="/places/search">: a combobox over places and the things of the page's map.
 * Says `pick` with {lon, lat, bbox?, name, thing?}. With and without diacritics.
 */
import { make } from "../dom";
import { Choices, type Pick } from "../pure/choices";
import { fold } from "../pure/fold";
import type { Thing } from "../pure/merge";
import { say } from "../words";

export type { Pick };

const PAUSE = 150; // ms without a key before anything is searched
let count = 0;

/** Things of a map as places to go to. */
export const picksOf = (things: Iterable<Thing>): Pick[] =>
  [...things].flatMap(({ geometry, properties }) =>
    geometry
      ? [
          {
            name: properties.n,
            note: say("sensor"),
            lon: geometry.coordinates[0],
            lat: geometry.coordinates[1],
            thing: properties.id,
          },
        ]
      : [],
  );

export class PlacePicker extends HTMLElement {
  /** things the page knows, searched here; the server searches places */
  local: () => Pick[] = () => [];
  #choices = new Choices();
  #abort?: AbortController;
  #timer?: ReturnType<typeof setTimeout>;
  #input!: HTMLInputElement;
  #list!: HTMLElement;

  connectedCallback(): void {
    if (this.#input) return;
    const id = `pp${++count}`;
    this.#input = Object.assign(make("input", "in"), {
      type: "search",
      placeholder: say("find"),
      autocomplete: "off",
      spellcheck: false,
    });
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-label": say("find"),
      "aria-expanded": "false",
      "aria-controls": id,
      "aria-autocomplete": "list",
    }))
      this.#input.setAttribute(name, value);
    this.#list = Object.assign(make("div", "list"), { id, hidden: true });
    this.#list.setAttribute("role", "listbox");
    this.#list.setAttribute("aria-label", say("find"));
    this.append(this.#input, this.#list);
    this.#input.addEventListener("input", () => this.#typed());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#input.addEventListener("blur", () =>
      setTimeout(() => {
        if (document.activeElement !== this.#input) this.#close();
      }, 150),
    );
  }
  disconnectedCallback(): void {
    this.#stop();
  }

  /** Rows that fit other words stay where they are; those that do not go at once. */
  #typed(): void {
    this.#stop();
    const text = this.#input.value;
    this.#choices.typed(text);
    if (fold(text).length < 2) this.#close();
    else {
      this.#show();
      this.#timer = setTimeout(() => void this.#search(text), PAUSE);
    }
  }
  async #search(text: string): Promise<void> {
    const asking = new AbortController();
    this.#abort = asking;
    this.#choices.things(this.local());
    this.#show();
    const url = `${this.dataset.src ?? "/places/search"}?q=${encodeURIComponent(text)}&limit=8`;
    const places = await fetch(url, { signal: asking.signal, headers: { accept: "application/json" } })
      .then(async (answer) => (answer.ok ? read(await answer.json()) : []))
      .catch(() => []);
    if (asking.signal.aborted) return;
    const taken = this.#choices.answer(places);
    if (taken) this.#choose(taken);
    else this.#show();
  }
  #stop(): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#choices.stop();
  }
  #show(): void {
    const { rows, waiting } = this.#choices;
    this.#list.replaceChildren(
      ...rows.map((one, i) => {
        const row = make("div");
        row.id = `${this.#list.id}-${i}`;
        row.setAttribute("role", "option");
        row.append(make("span", "", one.name), make("span", "xs faint", one.note));
        row.addEventListener("mousedown", (event) => {
          event.preventDefault();
          this.#choose(one);
        });
        return row;
      }),
    );
    if (!rows.length) this.#list.append(Object.assign(make("p", "none", say("noPlace")), { role: "status" }));
    this.#mark();
    // an empty list says nothing before the answer
    this.#open(rows.length > 0 || !waiting);
  }
  #mark(): void {
    const { rows, at } = this.#choices;
    const children = [...this.#list.children].slice(0, rows.length);
    for (const [i, row] of children.entries()) row.setAttribute("aria-selected", String(i === at));
    const row = children[at];
    row?.scrollIntoView({ block: "nearest" });
    if (row) this.#input.setAttribute("aria-activedescendant", row.id);
    else this.#input.removeAttribute("aria-activedescendant");
  }
  #open(open: boolean): void {
    this.#list.hidden = !open;
    this.#input.setAttribute("aria-expanded", String(open));
  }
  #close(): void {
    this.#stop();
    this.#open(false);
  }
  #key(event: KeyboardEvent): void {
    const choices = this.#choices;
    const open = !this.#list.hidden;
    if (event.key === "Escape") this.#close();
    else if (event.key === "Enter" && (choices.waiting || (open && choices.rows.length))) {
      event.preventDefault();
      const taken = choices.enter();
      if (taken) this.#choose(taken);
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && open && choices.rows.length) {
      event.preventDefault();
      choices.step(event.key === "ArrowDown" ? 1 : -1);
      this.#mark();
    }
  }
  #choose(pick: Pick): void {
    this.#input.value = pick.name;
    this.#close();
    this.dispatchEvent(new CustomEvent<Pick>("pick", { detail: pick, bubbles: true }));
  }
}
customElements.define("place-picker", PlacePicker);

type Loose = Record<string, unknown>;
/** The answer of `/places/search`: a list, or an object holding one, of units and areas with a point inside. */
function read(answer: unknown): Pick[] {
  const object = answer as Loose;
  const list = [answer, object?.places, object?.items, object?.results, object?.features].find(Array.isArray) as
    | Loose[]
    | undefined;
  return (list ?? []).flatMap((raw) => {
    const one = { ...raw, ...((raw.properties as Loose | undefined) ?? {}) };
    const point = (raw.geometry as { type?: string; coordinates?: number[] } | undefined) ?? {};
    const lon = Number(one.lon ?? (point.type === "Point" ? point.coordinates?.[0] : Number.NaN));
    const lat = Number(one.lat ?? (point.type === "Point" ? point.coordinates?.[1] : Number.NaN));
    const bbox = one.bbox as Pick["bbox"] | undefined;
    if (!Number.isFinite(lon) || !Number.isFinite(lat)) return [];
    const name = String(one.fullName ?? one.label ?? one.name ?? "");
    const note = String(one.province ?? "");
    return [{ name, note, lon, lat, ...(Array.isArray(bbox) && bbox.length === 4 ? { bbox } : {}) }];
  });
}
