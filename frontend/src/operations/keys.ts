/**
 * The keys of the page. A part registers what it answers to; the help dialog lists exactly what is registered.
 *
 *   const stop = register({ key: " ", word: "Trực tiếp hoặc xem lại", run: toggle });
 */

export interface Key {
  /** KeyboardEvent.key, lower case: "j", "/", " ", "enter" */
  key: string;
  /** what it does, in the page's language, for the help dialog */
  word: string;
  /** heading it stands under in the help */
  group?: string;
  shift?: boolean;
  run(event: KeyboardEvent): void;
}

const known = new Map<string, Key>();
const name = (key: string, shift = false): string => (shift ? "shift+" : "") + key.toLowerCase();

/** A later registration takes a key over until it is taken back. */
export function register(...keys: Key[]): () => void {
  const before = keys.map((one) => known.get(name(one.key, one.shift)));
  for (const one of keys) known.set(name(one.key, one.shift), one);
  return () => {
    keys.forEach((one, i) => {
      const id = name(one.key, one.shift);
      if (known.get(id) !== one) return;
      const old = before[i];
      if (old) known.set(id, old);
      else known.delete(id);
    });
  };
}
export const all = (): Key[] => [...known.values()];

/** Where letters are typed, and where Space and Enter press something themselves. */
function taken(event: KeyboardEvent): boolean {
  const at = event.target as HTMLElement | null;
  if (!at?.matches) return false;
  if (at.closest("dialog[open]")) return true;
  if (
    at.isContentEditable ||
    at.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=range], [type=button])")
  )
    return true;
  // the map moves and zooms by itself while it has the focus
  if (at.matches("canvas") && /^(Arrow|[+=_-]$)/.test(event.key)) return true;
  const pressed = "button, summary, input, [role=button], [role=slider], [role=option]";
  return (event.key === " " && at.matches(pressed)) || (event.key === "Enter" && at.matches(`${pressed}, a[href]`));
}

export function listen(): () => void {
  const hear = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || taken(event))
      return;
    const found =
      known.get(name(event.key, event.shiftKey)) ?? (event.shiftKey ? known.get(name(event.key)) : undefined);
    if (!found) return;
    event.preventDefault();
    found.run(event);
  };
  document.addEventListener("keydown", hear);
  return () => document.removeEventListener("keydown", hear);
}
