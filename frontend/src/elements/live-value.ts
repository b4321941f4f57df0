/** <live-value data-stream="12" data-digits="2">1,63</live-value>: follows the live stream; the age beside it follows too. */
import { listen } from "../feed";
import { number } from "../pure/number";
import { language } from "../words";

export class LiveValue extends HTMLElement {
  #stop?: () => void;

  connectedCallback(): void {
    const stream = Number(this.dataset.stream);
    const digits = Number(this.dataset.digits ?? 1);
    let newest = Number(this.dataset.at ?? 0);
    this.#stop = listen({
      observations: (rows) => {
        for (const [id, , at, result] of rows) {
          if (id !== stream || at < newest || typeof result !== "number") continue;
          newest = at;
          this.textContent = number(result, digits, language());
          this.classList.remove("stale");
          const when = new Date(at / 1000).toISOString();
          for (const one of document.querySelectorAll(`live-age[data-stream="${stream}"]`)) {
            one.setAttribute("datetime", when);
          }
        }
      },
    });
  }
  disconnectedCallback(): void {
    this.#stop?.();
  }
}
customElements.define("live-value", LiveValue);
