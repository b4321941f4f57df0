/** Elements in a few words. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  text = "",
): HTMLElementTagNameMap[K] {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
/** The shape of a state; the word beside it says the same. */
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
