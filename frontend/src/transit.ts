/** Public transport pages: a map of lines and vehicles, departures that renew themselves, stops near by. All reads without. */
import "./css/transit.css";
import { loadBase } from "./base";
import type { DatasetView } from "./catalogue-gl";
import { button, make } from "./dom";
import { inset } from "./elements/inset";
import { whenWanted } from "./elements/veil";
import { zoomBox } from "./elements/zoom";
import { face } from "./face";
import { middle, readBox, VIETNAM } from "./pure/box";
import { language, say } from "./words";

const WORDS = {
  vi: {
    map: "Bản đồ xe buýt",
    failed: "Máy này không vẽ được bản đồ. Mọi tuyến và trạm đều có trong danh sách.",
    asking: "Đang hỏi máy vị trí…",
    denied: "Máy không cho biết vị trí. Hãy tìm theo tên trạm.",
  },
  en: {
    map: "Public transport map",
    failed: "This device cannot draw the map. All lines and stops are in the list.",
    asking: "Asking this device where it is…",
    denied: "The device does not tell where it is. Search by name instead.",
  },
} as const;
const word = (name: keyof (typeof WORDS)["vi"]) => WORDS[language()][name];
const PACE = 20_000;

async function json(address: string): Promise<never> {
  const answer = await fetch(address, { headers: { accept: "application/json, application/geo+json" } });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return (await answer.json()) as never;
}

/** <transit-map data-style data-bounds data-vehicles>: data-vehicles is asked again while the page is looked at. */
class TransitMap extends HTMLElement {
  #view: DatasetView | undefined;
  #undo: (() => void)[] = [];

  connectedCallback(): void {
    const bounds = readBox(this.dataset.bounds) ?? VIETNAM;
    this.insertAdjacentHTML("beforeend", inset(96, say, middle(bounds)));
    this.append(make("span", "mapcredit", this.dataset.credit ?? say("sketch")));
    this.append(zoomBox({ zoom: (step) => this.#view?.zoom(step), home: () => this.#view?.go(bounds) }, word("map")));
    this.#undo.push(whenWanted(this, () => void this.#start()));
  }
  disconnectedCallback(): void {
    for (const undo of this.#undo.splice(0)) undo();
    this.#view?.remove();
    this.#view = undefined;
    this.replaceChildren();
  }
  async #start(): Promise<void> {
    try {
      const [gl, base] = await Promise.all([import("./catalogue-gl"), loadBase(this.dataset)]);
      const draw = async () => {
        const camera = this.#view?.camera();
        const address = this.dataset.style ?? "/transit/style.json";
        const worn = face() === "dark" ? `${address.includes("?") ? "&" : "?"}face=dark` : "";
        const style = await json(address + worn);
        this.#view?.remove();
        this.querySelector(".gl")?.remove();
        const holder = make("div", "gl");
        this.prepend(holder);
        const view = await gl.draw(holder, {
          base,
          style,
          data: undefined,
          bounds: readBox(this.dataset.bounds) ?? VIETNAM,
          ...(camera ? { camera } : {}),
          onPick: (one) => this.#show(one?.properties),
        });
        if (!this.isConnected) return view.remove();
        this.#view = view;
      };
      await draw();
      document.addEventListener("themechange", draw);
      const timer = setInterval(() => void this.#renew(), PACE);
      this.#undo.push(
        () => document.removeEventListener("themechange", draw),
        () => clearInterval(timer),
      );
      this.dataset.ready = "";
    } catch (error) {
      console.error(error);
      this.querySelector(".gl")?.remove();
      const note = make("p", "state", word("failed"));
      note.setAttribute("role", "status");
      this.append(note);
    }
  }
  async #renew(): Promise<void> {
    if (document.hidden || !this.dataset.vehicles) return;
    try {
      this.#view?.set("vehicles", await json(this.dataset.vehicles));
    } catch {
      // the next time
    }
  }
  #show(one: Record<string, unknown> | undefined): void {
    this.querySelector(":scope > .pop")?.remove();
    if (!one) return;
    const pop = make("section", "card pop");
    pop.setAttribute("aria-live", "polite");
    const head = make("header");
    const link = make(one.page ? "a" : "b", "", String(one.name ?? ""));
    if (link instanceof HTMLAnchorElement) link.href = String(one.page);
    const close = button("btn quiet ico x", "×", () => this.#show(undefined));
    close.setAttribute("aria-label", say("close"));
    head.append(link, close);
    pop.append(head, make("span", "sm muted", String(one.long_name ?? one.lines ?? one.line ?? "")));
    this.append(pop);
  }
}
customElements.define("transit-map", TransitMap);

/** <live-part data-src data-seconds>: its content asked again while somebody looks; nothing moves under a finger or the focus. */
class LivePart extends HTMLElement {
  #timer: ReturnType<typeof setInterval> | undefined;

  connectedCallback(): void {
    this.#timer = setInterval(() => void this.#renew(), 1000 * Number(this.dataset.seconds ?? 30));
    document.addEventListener("visibilitychange", this.#seen);
  }
  disconnectedCallback(): void {
    clearInterval(this.#timer);
    document.removeEventListener("visibilitychange", this.#seen);
  }
  #seen = (): void => {
    if (!document.hidden) void this.#renew();
  };
  async #renew(): Promise<void> {
    if (document.hidden || this.contains(document.activeElement)) return;
    try {
      const answer = await fetch(this.dataset.src ?? "", { headers: { accept: "text/html" } });
      if (answer.ok) this.innerHTML = await answer.text();
    } catch {
      // the old departures stay, with the time they are of
    }
  }
}
customElements.define("live-part", LivePart);

const near = document.querySelector<HTMLButtonElement>("[data-near]");
if (near && "geolocation" in navigator) {
  near.hidden = false;
  const told = document.querySelector("[data-near-say]");
  near.addEventListener("click", () => {
    if (told) told.textContent = word("asking");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        location.href = `/transit?near=${coords.latitude.toFixed(5)},${coords.longitude.toFixed(5)}`;
      },
      () => {
        if (told) told.textContent = word("denied");
      },
      { timeout: 12_000, maximumAge: 60_000 },
    );
  });
}
