/** The bar at the top and the figures at the foot: <ops-clock>, <ops-worst>, <ops-sources>, <spark-line>, and the figures' renewal. */

import { make, mark } from "../dom";
import { listen } from "../feed";
import { ask } from "../operations/ahead";
import * as alarms from "../operations/alarms";
import { span } from "../operations/dom";
import { SEVERITIES } from "../operations/model";
import { settings } from "../operations/settings";
import * as state from "../operations/state";
import { say } from "../operations/words";
import { clock } from "../pure/number";
import { language } from "../words";

const two = (value: number): string => String(value).padStart(2, "0");
/** 17:42:08 in Vietnam, which keeps UTC+7 all year. */
export function second(ms: number): string {
  const local = new Date(ms + 7 * 3_600_000);
  return `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())}`;
}

/** Thứ Bảy, 21/11/2026. */
function dateOf(ms: number): string {
  const given: Intl.DateTimeFormatOptions = { weekday: "long", timeZone: "Asia/Ho_Chi_Minh" };
  const date = new Date(ms + 7 * 3_600_000).toISOString().slice(0, 10).split("-").reverse().join("/");
  const word = new Intl.DateTimeFormat(language() === "en" ? "en-GB" : "vi-VN", given).format(ms);
  return `${word}, ${date}`;
}

abstract class Part extends HTMLElement {
  protected undo: (() => void)[] = [];
  disconnectedCallback(): void {
    for (const undo of this.undo.splice(0)) undo();
  }
}

class OpsClock extends Part {
  connectedCallback(): void {
    const tick = () => {
      const now = state.get().at ?? settings.clock();
      const time = this.querySelector("time");
      if (time) time.textContent = second(now);
      this.classList.toggle("replay", state.get().mode === "replay");
      const day = this.querySelector<HTMLElement>(".day")?.firstChild;
      if (day && dateOf(now) !== this.dataset.day) {
        if (this.dataset.day !== undefined || state.get().mode === "replay") day.textContent = dateOf(now);
        this.dataset.day = dateOf(now);
      }
    };
    const timer = setInterval(tick, 1000);
    this.undo.push(() => clearInterval(timer), state.subscribe(tick));
    tick();
  }
}
customElements.define("ops-clock", OpsClock);

class OpsWorst extends Part {
  connectedCallback(): void {
    this.undo.push(alarms.follow(() => this.#tell()));
    if (alarms.known.loaded) this.#tell();
    this.addEventListener("click", (event) => {
      const link = (event.target as HTMLElement).closest("a");
      if (!link || (event as MouseEvent).ctrlKey) return;
      event.preventDefault();
      const worst = this.dataset.worst;
      state.set({ filters: { ...state.EVERYTHING, severity: worst && worst !== "normal" ? worst : "" } });
    });
  }
  #tell(): void {
    const { by } = alarms.queue.counts();
    const worst = SEVERITIES.find((one) => by[one] > 0) ?? "normal";
    const link = this.querySelector("a");
    if (!link) return;
    this.dataset.worst = worst;
    link.dataset.s = worst;
    const text = make("span", "", say(worst));
    if (worst !== "normal") text.append(" · ", make("span", "num", String(by[worst])));
    link.replaceChildren(mark(worst), text);
    const bell = by.critical ? `(${by.critical}) ` : "";
    document.title = bell + document.title.replace(/^\(\d+\) /, "");
  }
}
customElements.define("ops-worst", OpsWorst);

interface Source {
  newest: number;
  silent: number;
  all: number;
}
const LATE = 1_800_000;
class OpsSources extends Part {
  #lost: number | null = null;
  connectedCallback(): void {
    const hear = (event: Event) => this.#tell((event as CustomEvent<Record<string, Source>>).detail);
    document.addEventListener("ops:sources", hear);
    this.undo.push(() => document.removeEventListener("ops:sources", hear));
    this.undo.push(listen({ opened: () => this.#band(false) }));
    const timer = setInterval(() => this.#band(document.documentElement.dataset.live === "off"), 2000);
    this.undo.push(() => clearInterval(timer));
  }
  #tell(found: Record<string, Source>): void {
    const now = state.get().at ?? settings.clock();
    for (const [code, one] of Object.entries(found)) {
      const place = this.querySelector<HTMLElement>(`[data-sector="${CSS.escape(code)}"]`);
      if (!place) continue;
      const age = span(now - one.newest);
      const dead = one.silent === one.all;
      const late = !dead && (2 * one.silent > one.all || now - one.newest > LATE);
      const text = make(
        "span",
        `num${late ? " minor-t" : dead ? " faint" : ""}`,
        dead ? say("drop", { span: one.newest ? age : "" }) : late ? say("late", { span: age }) : age,
      );
      place.replaceChildren(
        mark(dead ? "offline" : late ? "minor" : "normal"),
        make("span", "nm", settings.sectors[code] ?? code),
        " ",
        text,
      );
    }
  }
  /** The page itself has lost the server: say since when, across the whole page. */
  #band(lost: boolean): void {
    const bands = document.querySelector(".modes");
    const old = bands?.querySelector(".mode[data-m=lost]");
    if (!lost) {
      this.#lost = null;
      old?.remove();
      return;
    }
    this.#lost ??= settings.clock();
    if (old || settings.clock() - this.#lost < 3000) return;
    const band = make("section", "mode");
    band.dataset.m = "lost";
    band.setAttribute("role", "alert");
    band.append(mark("offline"), make("b", "", say("lost", { time: clock(this.#lost) })));
    bands?.prepend(band);
  }
}
customElements.define("ops-sources", OpsSources);

/** <spark-line data-points="[0.7,null,1.2]" data-tone="bad-t">: how a figure came here, without an axis. */
class SparkLine extends HTMLElement {
  static observedAttributes = ["data-points"];
  connectedCallback(): void {
    this.#draw();
  }
  attributeChangedCallback(): void {
    if (this.isConnected) this.#draw();
  }
  #draw(): void {
    const points = JSON.parse(this.dataset.points ?? "[]") as (number | null)[];
    const numbers = points.filter((one): one is number => one !== null);
    if (numbers.length < 2) {
      this.replaceChildren();
      return;
    }
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    const x = (i: number) => 2 + (i / (points.length - 1)) * 76;
    const y = (value: number) => (high === low ? 12 : 21 - ((value - low) / (high - low)) * 18);
    let path = "";
    let pen = false;
    let last: [number, number] = [0, 0];
    points.forEach((one, i) => {
      if (one === null) {
        pen = false;
        return;
      }
      path += `${pen ? "L" : "M"}${x(i).toFixed(1)} ${y(one).toFixed(1)}`;
      pen = true;
      last = [x(i), y(one)];
    });
    this.innerHTML = `<svg viewBox="0 0 80 24" aria-hidden="true" focusable="false"><path d="${path}"/><circle cx="${last[0].toFixed(1)}" cy="${last[1].toFixed(1)}" r="2.5"/></svg>`;
  }
}
customElements.define("spark-line", SparkLine);

const EVERY = 15_000;
/** The figures are asked for again every quarter of a minute, and whenever the moment shown changes. */
export function renewFigures(): void {
  const bar = document.querySelector<HTMLElement>(".figs");
  if (!bar) return;
  let asking: AbortController | undefined;
  const renew = async () => {
    if (document.hidden) return;
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
    try {
      const answer = await ask(state.at("/operations/figures"), {
        headers: { accept: "text/html" },
        signal: mine.signal,
      });
      if (!answer.ok || asking !== mine) return;
      const made = document.createElement("template");
      made.innerHTML = await answer.text();
      const focus = bar.contains(document.activeElement)
        ? (document.activeElement as HTMLElement).dataset.code
        : undefined;
      bar.replaceChildren(made.content);
      if (focus) bar.querySelector<HTMLElement>(`[data-code="${focus}"]`)?.focus({ preventScroll: true });
    } catch {
      // what was there stays; its age tells how old it is
    }
  };
  setInterval(() => void (state.get().mode === "live" && renew()), EVERY);
  let soon: ReturnType<typeof setTimeout> | undefined;
  const later = () => {
    soon = undefined;
    void renew();
  };
  state.subscribe((now, before) => {
    if (!soon && (now.at !== before.at || now.known !== before.known)) soon = setTimeout(later, 300);
  });
}
