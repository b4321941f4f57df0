/** The rows of the queue: the head of a section, and a line for an alarm. */
import { button, make, mark } from "../dom";
import { clock, moment } from "../pure/number";
import * as alarms from "./alarms";
import { icon, span } from "./dom";
import { type Alarm, EXERCISE, type Item, type Section, section, stands } from "./model";
import { others } from "./presence";
import { settings } from "./settings";
import * as state from "./state";
import { say } from "./words";

export type Head = Item & { kind: "head" };
export type Line = Item & { kind: "line" };
const headWord = (one: Section): string => (one === "cleared" ? say("clearedHead") : say(one));

export function headRow(item: Head): HTMLElement {
  const row = make("li", "grp");
  row.dataset.kind = item.section;
  row.append(make("h3", "", headWord(item.section)), make("span", "num", String(item.count)));
  return row;
}
/** A line that can be pressed, still empty. */
export function lineRow(item: Line, does: { pick(on: boolean): void; fold(): void }): HTMLElement {
  const row = make("li", "line");
  const alarm = alarms.queue.all.get(item.id);
  const box = Object.assign(make("input", "pick"), { type: "checkbox" });
  box.setAttribute("aria-label", say("pick", { number: alarm?.number ?? "" }));
  box.addEventListener("change", () => does.pick(box.checked));
  const link = make("a");
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    state.set({ selected: `alarm:${alarm?.number}` });
    // pressed by a key: on to the details
    if (event.detail === 0) document.dispatchEvent(new CustomEvent("ops:enter"));
  });
  row.append(box, link);
  if (item.group > 1) {
    const fold = button("btn quiet ico fold", "", () => does.fold());
    fold.append(icon("chevron-right"));
    row.append(fold);
  }
  return row;
}
/** Writes a line's alarm into it, if it says anything else than before. */
export function fillLine(row: HTMLElement, item: Line, picked: boolean): void {
  const alarm = alarms.queue.all.get(item.id);
  if (!alarm) return;
  const now = state.get().at ?? settings.clock();
  const here = others(alarm.id);
  const chosen = state.get().selected === `alarm:${alarm.number}`;
  const signature = [
    alarm.version,
    alarm.severity,
    alarm.active,
    alarm.acknowledged,
    alarm.value,
    alarm.repeats,
    alarm.suppressed,
    alarm.assignee,
    chosen,
    picked,
    item.open,
    item.group,
    here.map((one) => one.initials).join(),
    note(alarm, now),
    span(now - alarm.raised),
  ].join("|");
  if (row.dataset.drawn === signature) return;
  row.dataset.drawn = signature;
  row.dataset.id = String(alarm.id);
  const closed = !stands(alarm) && state.get().filters.state !== "shelved";
  row.className = `line ${alarm.acknowledged ? "ackd" : "un"}${closed ? " gone" : ""}${item.depth ? " deep" : ""}${picked ? " picked" : ""}${alarm.flags & EXERCISE ? " drill" : ""}`;
  const box = row.querySelector<HTMLInputElement>("input.pick");
  if (box) box.checked = picked;
  const fold = row.querySelector<HTMLButtonElement>(".fold");
  if (fold) {
    fold.setAttribute("aria-expanded", String(item.open));
    fold.setAttribute("aria-label", say("members", { n: item.group }));
    fold.title = say("members", { n: item.group });
  }
  const link = row.querySelector("a") as HTMLAnchorElement;
  link.href = `/operations?${state.write({ ...state.get(), selected: `alarm:${alarm.number}` })}`;
  if (chosen) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
  const tone = alarm.active ? alarm.severity : "normal";
  const value = make("span", "v num", alarm.value);
  value.dataset.s = tone;
  const title = make("span", "t clip", alarm.title);
  const where = make("span", "p");
  const unit = alarm.unit ? alarms.names.units[alarm.unit] : "";
  where.append(
    make("span", "clip", [alarm.subject, unit].filter(Boolean).join(" · ")),
    make("span", "end num", span(now - alarm.raised)),
  );
  const foot = make("span", "p");
  foot.append(...badge(alarm, closed));
  const over = alarm.due !== null && alarm.due < now && !alarm.acknowledged;
  foot.append(make("span", over ? "clip poor" : "clip", note(alarm, now)));
  const who = make("span", "end row");
  if (item.group > 1 && !item.open) who.append(make("span", "num many", `×${item.group}`));
  for (const one of here.slice(0, 3)) {
    const face = make("span", "ini here", one.initials);
    face.title = say("looking", { name: one.name });
    who.append(face);
  }
  const owner = alarms.names.people[String(alarm.assignee ?? alarm.acknowledgedBy ?? "")];
  if (owner && !here.length) {
    const face = make("span", "ini", owner[1]);
    face.title = owner[0];
    who.append(face);
  }
  if (who.childNodes.length) foot.append(who);
  link.replaceChildren(mark(tone), make("span", "vh", headWord(section(alarm))), title, value, where, foot);
}

function badge(alarm: Alarm, closed: boolean): HTMLElement[] {
  const one = make("span", "badge");
  if (closed) one.textContent = say("gone");
  else if (!alarm.active) {
    one.textContent = say(alarm.acknowledged ? "ended" : "endedUnheard");
    one.dataset.s = "normal";
  } else if (alarm.suppressed) one.textContent = say("suppressed");
  else if (!alarm.acknowledged) {
    one.textContent = say("unheard");
    one.dataset.s = alarm.severity;
  } else one.textContent = say(alarm.assignee === null ? "heard" : "working");
  return [one];
}
function note(alarm: Alarm, now: number): string {
  if (alarm.shelvedUntil !== null && alarm.suppressed === "shelved")
    return say("shelvedUntil", { time: moment(alarm.shelvedUntil, now) });
  const repeats = alarm.repeats > 1 ? say("repeats", { n: alarm.repeats }) : "";
  let first = "";
  if (alarm.acknowledged && alarm.acknowledgedAt !== null) {
    const by = alarms.names.people[String(alarm.acknowledgedBy ?? "")];
    first = `${by ? `${by[0].split(" ").at(-1)} ` : ""}${clock(alarm.acknowledgedAt)}`;
  } else if (alarm.due !== null)
    first =
      alarm.due >= now
        ? say("dueLeft", { span: span(alarm.due - now) })
        : say("dueOver", { span: span(now - alarm.due) });
  return [first, repeats].filter(Boolean).join(" · ");
}
