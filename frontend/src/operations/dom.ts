/** Small pieces every part of the page is made of. */
import { brief } from "../pure/number";
import { language } from "../words";

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  text = "",
): HTMLElementTagNameMap[K] {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
export function mark(state: string): HTMLElement {
  const b = make("b", "mk");
  b.dataset.s = state;
  b.setAttribute("aria-hidden", "true");
  return b;
}
export function button(className: string, text: string, run: () => void): HTMLButtonElement {
  const made = make("button", className, text);
  made.type = "button";
  made.addEventListener("click", run);
  return made;
}
/** An icon the server drew into the page's template `ops-icons`. */
export function icon(name: string): Node {
  const found = document
    .querySelector<HTMLTemplateElement>("template#ops-icons")
    ?.content.querySelector(`[data-icon="${name}"]`);
  return found?.firstElementChild?.cloneNode(true) ?? document.createTextNode("");
}
/** 12 s, 4 ph, 1 giờ, 3 ngày. */
export const span = (ms: number): string => brief(ms, language());
/** Says something to those who listen rather than look. */
export function announce(text: string, now = false): void {
  const id = now ? "ops-alert" : "ops-status";
  let place = document.getElementById(id);
  if (!place) {
    place = make("div", "vh");
    place.id = id;
    place.setAttribute("role", now ? "alert" : "status");
    document.body.append(place);
  }
  place.textContent = "";
  setTimeout(() => {
    if (place) place.textContent = text;
  }, 50);
}
/** A short note at the foot of the page, with something to press perhaps. */
export function toast(text: string, act?: { word: string; run(): void }, state = ""): void {
  let holder = document.querySelector<HTMLElement>(".toasts");
  if (!holder) {
    holder = make("div", "toasts");
    holder.setAttribute("role", "status");
    document.body.append(holder);
  }
  const one = make("div", "toast");
  if (state) one.append(mark(state));
  one.append(make("span", "", text));
  if (act)
    one.append(
      button("btn quiet", act.word, () => {
        one.remove();
        act.run();
      }),
    );
  holder.append(one);
  setTimeout(() => one.remove(), act ? 9000 : 5000);
}
