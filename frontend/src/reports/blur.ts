/** <photo-blur data-src>: draws boxes on a photo into the form's field `boxes`, as shares of its sides. */
import { button, make } from "../dom";
import { reportSay } from "./words";

type Box = [number, number, number, number];

class PhotoBlur extends HTMLElement {
  #boxes: Box[] = [];
  #from: [number, number] | null = null;

  connectedCallback(): void {
    const picture = this.querySelector("img");
    const details = this.closest("form")?.querySelector("details");
    if (!picture || !details) return;
    details.addEventListener("toggle", () => {
      if (!details.open || this.dataset.on !== undefined) return;
      this.dataset.on = "";
      picture.src = this.dataset.src ?? picture.src;
      picture.draggable = false;
      const frame = make("div", "rp-frame");
      picture.replaceWith(frame);
      frame.append(picture);
      const help = make("p", "xs muted", reportSay("blurHelp"));
      const clear = button("btn quiet", reportSay("blurClear"), () => {
        this.#boxes = [];
        this.#show(frame);
      });
      this.append(help, clear);
      const at = (event: PointerEvent): [number, number] => {
        const box = frame.getBoundingClientRect();
        const share = (value: number) => Math.min(1, Math.max(0, value));
        return [share((event.clientX - box.left) / box.width), share((event.clientY - box.top) / box.height)];
      };
      frame.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        frame.setPointerCapture(event.pointerId);
        this.#from = at(event);
        this.#boxes.push([...this.#from, 0, 0]);
      });
      frame.addEventListener("pointermove", (event) => {
        if (!this.#from) return;
        const [x, y] = at(event);
        const [a, b] = this.#from;
        this.#boxes[this.#boxes.length - 1] = [Math.min(a, x), Math.min(b, y), Math.abs(x - a), Math.abs(y - b)];
        this.#show(frame);
      });
      frame.addEventListener("pointerup", () => {
        this.#from = null;
        this.#boxes = this.#boxes.filter(([, , w, h]) => w > 0.005 && h > 0.005);
        this.#show(frame);
      });
    });
  }
  #show(frame: HTMLElement): void {
    for (const one of frame.querySelectorAll("i")) one.remove();
    for (const [x, y, w, h] of this.#boxes) {
      const one = make("i");
      Object.assign(one.style, {
        left: `${x * 100}%`,
        top: `${y * 100}%`,
        width: `${w * 100}%`,
        height: `${h * 100}%`,
      });
      frame.append(one);
    }
    const field = this.closest("form")?.querySelector<HTMLInputElement>("input[name=boxes]");
    if (field) field.value = this.#boxes.map((box) => box.map((one) => one.toFixed(4)).join(",")).join(";");
  }
}
customElements.define("photo-blur", PhotoBlur);
