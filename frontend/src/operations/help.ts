/** `?`: every key that answers, by what it is for. */
import { button, make } from "../dom";
import { all, type Key } from "./keys";
import { say } from "./words";

const SHOWN: Record<string, string> = { " ": "Space", enter: "Enter", escape: "Esc" };
const name = (key: Key): string => (key.shift ? "⇧ " : "") + (SHOWN[key.key] ?? key.key.toUpperCase());

export function open(): void {
  if (document.querySelector("dialog.ops-help")) return;
  const dialog = make("dialog", "ops-dialog ops-help");
  const heading = make("h2", "", say("help"));
  heading.id = "ops-help-h";
  dialog.setAttribute("aria-labelledby", heading.id);
  const body = make("div", "groups");
  const groups = new Map<string, Map<string, string[]>>();
  for (const key of all()) {
    if (!key.word) continue;
    const group = groups.get(key.group ?? say("groupPage")) ?? new Map<string, string[]>();
    groups.set(key.group ?? say("groupPage"), group);
    group.set(key.word, [...(group.get(key.word) ?? []), name(key)]);
  }
  for (const [title, words] of groups) {
    const section = make("section");
    const list = make("dl");
    for (const [word, keys] of words) {
      const dt = make("dt");
      const few = keys.length > 3 ? [`${keys[0]}–${keys.at(-1)}`] : keys;
      for (const one of few) dt.append(make("kbd", "", one), " ");
      list.append(dt, make("dd", "", word));
    }
    section.append(make("h3", "", title), list);
    body.append(section);
  }
  const close = button("btn", say("close"), () => dialog.close());
  dialog.append(heading, body, make("p", "xs faint", say("helpNote")), close);
  document.body.append(dialog);
  const before = document.activeElement as HTMLElement | null;
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before?.isConnected) before.focus({ preventScroll: true });
  });
  dialog.showModal();
  close.focus();
}
