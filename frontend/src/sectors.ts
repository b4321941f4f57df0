/** A sector's page: its layout; what takes long comes when it is looked at; where the reader is, when they say so. */
import "./css/sectors.css";
import "./catalogue-map";
import "./elements/city-map";
import { make } from "./dom";
import { whenSeen } from "./seen";
import { language } from "./words";

/** <sector-part data-src="/sectors/x/question">: the answer to one question, asked for when it comes into view. */
class SectorPart extends HTMLElement {
  #undo: (() => void) | undefined;
  #abort: AbortController | undefined;

  connectedCallback(): void {
    this.#undo = whenSeen(this, () => void this.#load(), "400px");
  }
  disconnectedCallback(): void {
    this.#undo?.();
    this.#abort?.abort();
  }
  async #load(): Promise<void> {
    this.#abort = new AbortController();
    const address = new URL(this.dataset.src ?? "", location.href);
    address.searchParams.set("part", "1");
    try {
      const answer = await fetch(address, { signal: this.#abort.signal });
      if (!answer.ok) return; // the link to the answer stays
      const made = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("article");
      if (made && this.isConnected) this.closest("article")?.replaceWith(document.adoptNode(made));
    } catch {
      // the link to the answer stays
    }
  }
}
customElements.define("sector-part", SectorPart);

/** <near-me>: asks the browser where the reader is and sends the form with it; the place is kept nowhere. */
class NearMe extends HTMLElement {
  connectedCallback(): void {
    if (!navigator.geolocation || this.firstChild) return;
    const vi = language() === "vi";
    const button = make("button", "btn", vi ? "Gần tôi" : "Near me");
    button.type = "button";
    button.addEventListener("click", () => {
      button.disabled = true;
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          const form = this.closest("form");
          const field = make("input");
          field.type = "hidden";
          field.name = this.dataset.name ?? "near";
          field.value = `${coords.longitude.toFixed(5)},${coords.latitude.toFixed(5)}`;
          form?.append(field);
          form?.submit();
        },
        () => {
          button.disabled = false;
          button.textContent = vi ? "Không lấy được vị trí" : "Your place is not known";
        },
        { maximumAge: 60_000, timeout: 10_000 },
      );
    });
    this.append(button);
  }
}
customElements.define("near-me", NearMe);
