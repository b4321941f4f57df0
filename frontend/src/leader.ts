/** The leader's page: it renews itself, its small map is drawn where it is seen. Everything it says stands without this. */
import "./css/leader.css";
import { loadBase } from "./base";
import { make } from "./dom";
import { inset } from "./elements/inset";
import { listen } from "./feed";
import type { View } from "./gl/view";
import { type Box, VIETNAM } from "./pure/box";
import type { Thing } from "./pure/merge";
import { isState, type State } from "./pure/state";
import { renewing, whenSeen } from "./seen";
import { say } from "./words";

type Point = [id: number, lon: number, lat: number, state: State, tag: string];
const NEWS_MS = 1500;
const EVERY_MS = 30_000;

const thing = ([id, lon, lat, s, tag]: Point): Thing => ({
  type: "Feature",
  id,
  geometry: { type: "Point", coordinates: [lon, lat] },
  properties: { id, n: tag, s: isState(s) ? s : "minor", c: "", m: 0, fixed: true, why: tag, st: [] },
});

/** The small map: where the worst thing is, and what else stands near it. */
class LeaderMap extends HTMLElement {
  #view: View | undefined;
  #seen: (() => void) | undefined;

  connectedCallback(): void {
    if (this.#view) return;
    if (!this.querySelector(".inset")) {
      const at = this.points.find(([id]) => String(id) === this.dataset.chosen);
      this.insertAdjacentHTML("beforeend", inset(112, say, at ? [at[1], at[2]] : undefined));
      this.append(make("span", "mapcredit", this.dataset.credit ?? ""));
    }
    this.#seen = whenSeen(this, () => void this.#draw());
  }
  disconnectedCallback(): void {
    this.#seen?.();
    // the page that renews itself puts the same map back at once
    setTimeout(() => {
      if (this.isConnected) return;
      this.#view?.remove();
      this.#view = undefined;
    });
  }
  get points(): Point[] {
    return JSON.parse(this.dataset.points ?? "[]") as Point[];
  }
  get #chosen(): number {
    return Number(this.dataset.chosen);
  }
  #bounds(): Box {
    const at = this.points.find(([id]) => id === this.#chosen) ?? this.points[0];
    if (!at) return VIETNAM;
    const near = this.points.filter(([, x, y]) => Math.abs(x - at[1]) < 0.02 && Math.abs(y - at[2]) < 0.012);
    const xs = near.map((one) => one[1]);
    const ys = near.map((one) => one[2]);
    const box: Box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    const margin = 0.004;
    // the overview stands on the left, over a third of the width; to the right tags want room
    const wide = Math.max(0.02, box[2] - box[0] + 4 * margin);
    return [box[0] - margin - 0.6 * wide, box[1] - margin, box[2] + 3 * margin, box[3] + margin];
  }
  async #draw(): Promise<void> {
    try {
      const [{ draw }, base] = await Promise.all([import("./gl/view"), loadBase(this.dataset, { strict: true })]);
      if (!this.isConnected) return;
      const holder = make("div", "gl");
      this.prepend(holder);
      const view = await draw(holder, {
        base,
        bounds: this.#bounds(),
        interactive: false,
        cluster: false,
        chosen: this.#chosen,
        onPick: () => {},
        tag: (one, wanted) => (wanted ? one.properties.n : ""),
      });
      if (!this.isConnected) return view.remove();
      this.#view = view;
      view.show(this.points.map(thing));
      this.dataset.ready = "";
    } catch (error) {
      console.warn(error);
      this.querySelector(".gl")?.remove();
    }
  }
  /** Takes over what a newer map of the same place says. False: it is of another place. */
  renew(other: HTMLElement): boolean {
    if (!this.#view || other.dataset.chosen !== this.dataset.chosen) return false;
    if (other.dataset.points !== this.dataset.points) {
      this.dataset.points = other.dataset.points ?? "[]";
      this.#view.show(this.points.map(thing));
    }
    return true;
  }
}

/** The page's inside, asked for again with every news and every half minute. */
class LeaderPage extends HTMLElement {
  #undo: (() => void)[] = [];
  #last = Date.now();

  connectedCallback(): void {
    const news = renewing(EVERY_MS, () => void this.#renew());
    const wake = () => {
      if (document.visibilityState === "visible" && Date.now() - this.#last > 5000) news.soon(0);
    };
    document.addEventListener("visibilitychange", wake);
    window.addEventListener("online", wake);
    this.#undo.push(
      listen({
        journal: ({ kind }) => {
          if (/^(alerts|duty|warnings)\./.test(kind)) news.soon(NEWS_MS);
        },
      }),
      news.stop,
      () => document.removeEventListener("visibilitychange", wake),
      () => window.removeEventListener("online", wake),
    );
  }
  disconnectedCallback(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }
  async #renew(): Promise<void> {
    const lag = () => this.querySelector<HTMLElement>(".lag");
    try {
      const answer = await fetch("/operations/leader?part=1");
      if (answer.status === 401 || answer.status === 403) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      const made = document.createElement("template");
      made.innerHTML = await answer.text();
      this.#last = Date.now();
      this.#put(made.content);
    } catch {
      const place = lag();
      if (place && !place.dataset.lost) {
        place.dataset.lost = "1";
        place.classList.add("bad-t");
        const time = new Date(this.#last + 7 * 3600_000).toISOString().slice(11, 16);
        place.textContent = `${document.documentElement.lang === "en" ? "no news since" : "mất tin từ"} ${time}`;
      }
    }
  }
  #put(fresh: DocumentFragment): void {
    const focus = document.activeElement?.closest("a")?.getAttribute("href");
    const inside = document.activeElement ? this.contains(document.activeElement) : false;
    const old = this.querySelector<LeaderMap>("leader-map");
    const next = fresh.querySelector<HTMLElement>("leader-map");
    if (old && next && old.renew(next)) next.replaceWith(old);
    // for a moment the page is short, and would forget where it was
    const y = scrollY;
    this.replaceChildren(fresh);
    scrollTo({ top: y, behavior: "instant" });
    if (inside && focus)
      this.querySelector<HTMLElement>(`a[href="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  }
}
customElements.define("leader-map", LeaderMap);
customElements.define("leader-page", LeaderPage);
