/** The buttons of a map that only looks: nearer, farther, and back to the whole. */
import { button, make } from "../dom";
import { say } from "../words";

const PATHS = {
  zoomIn: "M5 12h14M12 5v14",
  zoomOut: "M5 12h14",
  home: "M8 3H5a2 2 0 0 0-2 2v3m18 0V5a2 2 0 0 0-2-2h-3m0 18h3a2 2 0 0 0 2-2v-3M3 16v3a2 2 0 0 0 2 2h3",
};

/** home: what the whole is called. */
export function zoomBox(to: { zoom(step: 1 | -1): void; home(): void }, home = say("home")): HTMLElement {
  const box = make("div", "zoom mapbox");
  const add = (path: string, word: string, run: () => void) => {
    const one = button("", "", run);
    one.innerHTML = `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="${path}"/></svg>`;
    one.setAttribute("aria-label", word);
    one.title = word;
    box.append(one);
  };
  add(PATHS.zoomIn, say("zoomIn"), () => to.zoom(1));
  add(PATHS.zoomOut, say("zoomOut"), () => to.zoom(-1));
  add(PATHS.home, home, () => to.home());
  return box;
}
