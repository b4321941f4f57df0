/**
 * <live-age datetime="…">: how long ago, kept true while the page is open. data-late="900": late after that many seconds.
 * data-short: 12 s, 4 ph; data-still: as the server said it, of a moment that is over.
 */
import { age, brief } from "../pure/number";
import { language } from "../words";

const all = new Set<LiveAge>();
let timer: ReturnType<typeof setInterval> | undefined;

export class LiveAge extends HTMLElement {
  static observedAttributes = ["datetime"];

  connectedCallback(): void {
    all.add(this);
    timer ??= setInterval(() => {
      for (const one of all) one.tell();
    }, 5000);
    this.tell();
  }
  disconnectedCallback(): void {
    all.delete(this);
    if (all.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  }
  attributeChangedCallback(): void {
    if (this.isConnected) this.tell();
  }
  tell(): void {
    const ms = Date.parse(this.getAttribute("datetime") ?? "");
    if (Number.isNaN(ms) || this.dataset.still !== undefined) return;
    const now = Date.now();
    const text = this.dataset.short === undefined ? age(ms, now, language()) : brief(now - ms, language());
    if (this.textContent !== text) this.textContent = text;
    const late = Number(this.dataset.late);
    this.closest(".age")?.toggleAttribute("data-late", late > 0 && now - ms > late * 1000);
  }
}
customElements.define("live-age", LiveAge);
