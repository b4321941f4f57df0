/** Small pieces every part of the operations page is made of. */
import { button, make, mark } from "../dom";
import { brief } from "../pure/number";
import { language } from "../words";

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
