/**
 * <sign-pad data-input="file">: a frame to sign in. What was drawn is put as a picture into the file field of that id.
 * Strokes are smoothed through the middles of their points; a name in the field beside it is what a keyboard signs with.
 */
import { button, make } from "../dom";
import { say } from "./words";

const RATIO = 2;

export class SignPad extends HTMLElement {
  #canvas = make("canvas");
  #pen: CanvasRenderingContext2D | null = null;
  #last: [number, number] | undefined;
  #drawn = false;

  connectedCallback(): void {
    if (this.#pen) return;
    const canvas = this.#canvas;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", say("sign"));
    const clear = button("btn quiet", say("clear"), () => this.clear());
    this.append(canvas, make("p", "xs muted", say("sign")), clear);
    this.#pen = canvas.getContext("2d");
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => this.#up());
    new ResizeObserver(() => this.#fit()).observe(canvas);
  }
  get #field(): HTMLInputElement | null {
    return document.getElementById(this.dataset.input ?? "") as HTMLInputElement | null;
  }
  /** A canvas that changes its size forgets what was drawn: only an empty one does. */
  #fit(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    if (this.#drawn || !clientWidth) return;
    this.#canvas.width = clientWidth * RATIO;
    this.#canvas.height = clientHeight * RATIO;
  }
  #point(event: PointerEvent): [number, number] {
    const box = this.#canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * RATIO, (event.clientY - box.top) * RATIO];
  }
  #down(event: PointerEvent): void {
    event.preventDefault();
    this.#fit();
    this.#canvas.setPointerCapture(event.pointerId);
    this.#last = this.#point(event);
    const pen = this.#pen;
    if (!pen) return;
    if (!this.#drawn) {
      pen.fillStyle = "#fff"; // a picture for paper, in light and in dark
      pen.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    }
    pen.strokeStyle = "#0d1a4a";
    pen.lineWidth = 2.4 * RATIO;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(...this.#last);
    pen.lineTo(this.#last[0] + 0.1, this.#last[1]);
    pen.stroke();
    this.#drawn = true;
  }
  #move(event: PointerEvent): void {
    const pen = this.#pen;
    if (!this.#last || !pen) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) {
      const next = this.#point(one);
      const [x, y] = this.#last;
      pen.beginPath();
      pen.moveTo(x, y);
      pen.quadraticCurveTo(x, y, (x + next[0]) / 2, (y + next[1]) / 2);
      pen.lineTo(...next);
      pen.stroke();
      this.#last = next;
    }
  }
  #up(): void {
    if (!this.#last) return;
    this.#last = undefined;
    this.#canvas.toBlob((blob) => {
      const field = this.#field;
      if (!blob || !field) return;
      const files = new DataTransfer();
      files.items.add(new File([blob], "signature.png", { type: "image/png" }));
      field.files = files.files;
      this.dataset.signed = "";
    }, "image/png");
  }
  clear(): void {
    this.#drawn = false;
    this.#fit();
    this.#pen?.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    if (this.#field) this.#field.value = "";
    delete this.dataset.signed;
  }
}
customElements.define("sign-pad", SignPad);
