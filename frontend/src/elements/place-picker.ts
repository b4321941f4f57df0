/**
 * <place-picker data-src="/places/search">: a combobox over places and the things of the page's map.
 * Says `pick` with {lon, lat, bbox?, name, thing?}. With and without diacritics.
 */
import { fold } from "../pure/fold";
import { say } from "../words";

export interface Pick {
  name: string;
  note: string;
  lon: number;
  lat: number;
  bbox?: [number, number, number, number];
  thing?: number;
}
let count = 0;

export class PlacePicker extends HTMLElement {
  /** things the page knows, searched here; the server searches places */
  local: () => Pick[] = () => [];
  #abort?: AbortController;
  #timer?: ReturnType<typeof setTimeout>;
  #found: Pick[] = [];
  #at = -1;
  #input!: HTMLInputElement;
  #list!: HTMLElement;

  connectedCallback(): void {
    if (this.#input) return;
    const id = `pp${++count}`;
    this.#input = Object.assign(document.createElement("input"), {
      className: "in",
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
    this.#list = Object.assign(document.createElement("div"), { id, className: "list", hidden: true });
    this.#list.setAttribute("role", "listbox");
    this.#list.setAttribute("aria-label", say("find"));
    this.append(this.#input, this.#list);
    this.#input.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#search(), 150);
    });
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#input.addEventListener("blur", () => setTimeout(() => this.#close(), 150));
  }
  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
  }

  async #search(): Promise<void> {
    const words = fold(this.#input.value);
    this.#abort?.abort();
    if (words.length < 2) {
      this.#close();
      return;
    }
    const mine = this.local()
      .filter((p) => fold(p.name).includes(words))
      .slice(0, 6);
    this.#show(mine, false);
    this.#abort = new AbortController();
    try {
      const url = `${this.dataset.src ?? "/places/search"}?q=${encodeURIComponent(this.#input.value)}&limit=8`;
      const answer = await fetch(url, { signal: this.#abort.signal, headers: { accept: "application/json" } });
      const places = answer.ok ? read(await answer.json()) : [];
      this.#show([...places, ...mine], true);
    } catch (error) {
      if ((error as Error).name !== "AbortError") this.#show(mine, true);
    }
  }
  #show(found: Pick[], final: boolean): void {
    this.#found = found;
    this.#at = -1;
    this.#input.removeAttribute("aria-activedescendant");
    if (!found.length && !final) return;
    this.#list.replaceChildren(
      ...found.map((p, i) => {
        const row = Object.assign(document.createElement("div"), { id: `${this.#list.id}-${i}` });
        row.setAttribute("role", "option");
        row.setAttribute("aria-selected", "false");
        const name = Object.assign(document.createElement("span"), { textContent: p.name });
        const note = Object.assign(document.createElement("span"), { textContent: p.note, className: "xs faint" });
        row.append(name, note);
        row.addEventListener("mousedown", (event) => {
          event.preventDefault();
          this.#choose(i);
        });
        return row;
      }),
    );
    if (!found.length) {
      this.#list.append(
        Object.assign(document.createElement("p"), { className: "none", textContent: say("noPlace"), role: "status" }),
      );
    }
    this.#list.hidden = false;
    this.#input.setAttribute("aria-expanded", "true");
  }
  #close(): void {
    this.#list.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
  }
  #key(event: KeyboardEvent): void {
    if (event.key === "Escape") {
      this.#close();
      return;
    }
    if (event.key === "Enter" && this.#found.length && !this.#list.hidden) {
      event.preventDefault();
      this.#choose(Math.max(0, this.#at));
      return;
    }
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step || !this.#found.length) return;
    event.preventDefault();
    this.#at = (this.#at + step + this.#found.length) % this.#found.length;
    [...this.#list.children].forEach((row, i) => {
      row.setAttribute("aria-selected", String(i === this.#at));
      if (i === this.#at) {
        row.scrollIntoView({ block: "nearest" });
        this.#input.setAttribute("aria-activedescendant", row.id);
      }
    });
  }
  #choose(i: number): void {
    const pick = this.#found[i];
    if (!pick) return;
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
