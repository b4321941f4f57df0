/**
 * The wall's line to the server. It survives everything: a server that restarts, a network that comes and goes, a machine
 * that slept. What it heard last stays on the screen, and since when it hears nothing is always known.
 */
import type { Now } from "./model";

export type Said = (now: Now) => void;
export interface Line {
  /** when the server last answered, ms by the wall's clock; 0: never */
  heard: number;
  /** the server refuses this wall */
  refused: boolean;
  /** the server's clock less the wall's, ms */
  offset: number;
  build: string;
}

const EVERY_MS = 5000;
const AGAIN_MS = 2000; // while nothing is heard
const NEWS_MS = 250;
const SLEPT_MS = 6000; // a second that took so long was a sleep
const PATIENCE_MS = 8000;

export class Link {
  readonly line: Line = { heard: 0, refused: false, offset: 0, build: "" };
  #address: string;
  #said: Said;
  #changed: () => void;
  #source: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking: AbortController | undefined;
  #tick: ReturnType<typeof setInterval> | undefined;
  #beat = Date.now();

  constructor(address: string, said: Said, changed: () => void) {
    this.#address = address;
    this.#said = said;
    this.#changed = changed;
  }
  async start(): Promise<void> {
    await this.#enter();
    addEventListener("hashchange", () => void this.#enter().then(() => this.wake()));
    addEventListener("online", () => this.wake());
    addEventListener("offline", () => this.#changed());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.wake();
    });
    this.#tick = setInterval(() => this.#watch(), 1000);
    this.wake();
  }
  stop(): void {
    clearInterval(this.#tick);
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#asking?.abort();
  }
  /** The token stands behind # and is handed over once; the cookie it becomes no script can read. */
  async #enter(): Promise<void> {
    const token = location.hash.slice(1);
    if (!token.startsWith("w_")) return;
    history.replaceState(null, "", location.pathname + location.search);
    for (;;) {
      try {
        const answer = await fetch(`${this.#address}/open`, { method: "POST", body: token });
        if (answer.status < 500) {
          this.line.refused = answer.status === 401;
          return;
        }
      } catch {
        // the server is away: the token is still good
      }
      this.#changed();
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
  }
  /** Whatever happened meanwhile: everything anew. */
  wake(): void {
    this.#source?.close();
    this.#listen();
    this.#soon(0);
  }
  #watch(): void {
    const now = Date.now();
    const slept = now - this.#beat > SLEPT_MS;
    this.#beat = now;
    if (slept) this.wake();
    this.#changed();
  }
  #listen(): void {
    const source = new EventSource(`${this.#address}/live?kind=alerts,warnings,duty`);
    this.#source = source;
    source.addEventListener("journal", () => this.#soon(NEWS_MS));
    source.addEventListener("open", () => this.#soon(NEWS_MS));
    source.addEventListener("error", () => this.#soon(NEWS_MS));
  }
  #soon(wait: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), wait);
  }
  async #ask(): Promise<void> {
    if (this.#asking) return;
    const asking = new AbortController();
    this.#asking = asking;
    const late = setTimeout(() => asking.abort(), PATIENCE_MS);
    let again = EVERY_MS;
    try {
      const answer = await fetch(`${this.#address}/now.json`, { signal: asking.signal, cache: "no-store" });
      if (answer.status === 401 || answer.status === 403) {
        this.line.refused = true;
        this.#source?.close();
        again = 30_000;
      } else if (answer.ok) this.#take((await answer.json()) as Now);
      else again = AGAIN_MS;
    } catch {
      again = AGAIN_MS;
    } finally {
      clearTimeout(late);
      this.#asking = undefined;
    }
    // a stream that a proxy broke off for good is opened anew
    if (!this.line.refused && this.#source?.readyState === EventSource.CLOSED) this.#listen();
    this.#changed();
    this.#soon(again);
  }
  #take(now: Now): void {
    if (this.line.build && now.build && now.build !== this.line.build) {
      location.reload();
      return;
    }
    Object.assign(this.line, {
      heard: Date.now(),
      refused: false,
      offset: Math.abs(now.at - Date.now()) > 2000 ? now.at - Date.now() : 0,
      build: now.build,
    });
    this.#said(now);
  }
}
