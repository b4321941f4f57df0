/**
 * <blur-boxes data-input="f-boxes"><img></blur-boxes>: boxes drawn over a picture, as lines of percents in a field:
 * left, top, width, height. A box is taken away by its button, or by its line in the field.
 */
import { button, make } from "../dom";
import { linesOf, type Shares, sharesOf, within } from "../pure/boxes";
import { language } from "../words";

const WORDS = {
  vi: { remove: (n: number) => `Bỏ ô ${n}` },
  en: { remove: (n: number) => `Remove box ${n}` },
};

export class BlurBoxes extends HTMLElement {
  #boxes: Shares[] = [];
  #layer = make("div", "layer");

  connectedCallback(): void {
    const field = this.#field;
    if (!field || this.#layer.isConnected) return;
    this.append(this.#layer);
    this.#boxes = sharesOf(field.value);
    field.addEventListener("input", () => {
      this.#boxes = sharesOf(field.value);
      this.#show();
    });
    const clear = field.form?.querySelector<HTMLButtonElement>("[data-clear]");
    if (clear) {
      clear.hidden = false;
      clear.addEventListener("click", () => this.#put([]));
    }
    this.#layer.addEventListener("pointerdown", (event) => this.#begin(event));
    this.#show();
  }
  get #field(): HTMLTextAreaElement | null {
    return document.getElementById(this.dataset.input ?? "") as HTMLTextAreaElement | null;
  }
  #begin(event: PointerEvent): void {
    if (event.button || (event.target as Element).closest("button")) return;
    event.preventDefault();
    const box = this.#layer.getBoundingClientRect();
    const at = (one: PointerEvent) =>
      [(one.clientX - box.left) / box.width, (one.clientY - box.top) / box.height] as const;
    const from = at(event);
    const draft = make("div", "one draft");
    this.#layer.append(draft);
    this.#layer.setPointerCapture(event.pointerId);
    let drawn: Shares | undefined;
    const move = (one: PointerEvent) => {
      drawn = within(from, at(one));
      place(draft, drawn);
    };
    const end = () => {
      this.#layer.removeEventListener("pointermove", move);
      draft.remove();
      if (drawn && drawn[2] > 0.005 && drawn[3] > 0.005) this.#put([...this.#boxes, drawn]);
    };
    this.#layer.addEventListener("pointermove", move);
    this.#layer.addEventListener("pointerup", end, { once: true });
    this.#layer.addEventListener("pointercancel", end, { once: true });
  }
  #put(boxes: Shares[]): void {
    this.#boxes = boxes;
    if (this.#field) this.#field.value = linesOf(boxes);
    this.#show();
  }
  #show(): void {
    this.#layer.replaceChildren(
      ...this.#boxes.map((one, i) => {
        const box = make("div", "one");
        place(box, one);
        const word = WORDS[language()].remove(i + 1);
        const away = button("btn ico", "×", () => this.#put(this.#boxes.filter((_, other) => other !== i)));
        away.setAttribute("aria-label", word);
        away.title = word;
        box.append(away);
        return box;
      }),
    );
  }
}
customElements.define("blur-boxes", BlurBoxes);

function place(element: HTMLElement, [x, y, w, h]: Shares): void {
  Object.assign(element.style, {
    left: `${100 * x}%`,
    top: `${100 * y}%`,
    width: `${100 * w}%`,
    height: `${100 * h}%`,
  });
}
