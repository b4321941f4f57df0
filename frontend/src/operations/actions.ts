/** What is done with alarms: asked for where it needs words, sent once, and said. The first hand wins. */

import { button, make } from "../dom";
import * as alarms from "./alarms";
import { announce, toast } from "./dom";
import type { Alarm } from "./model";
import { settings } from "./settings";
import * as state from "./state";
import { say } from "./words";

interface Problem {
  detail?: string;
  faults?: { place: string; message: string; allowed?: string | null }[];
}

/** Sends an action; true when it was done. What was typed stays with the caller until then. */
async function send(
  verb: string,
  of: readonly Alarm[],
  more: Record<string, string> = {},
  error?: HTMLElement,
): Promise<boolean> {
  if (!ready(of)) return false;
  const body = new URLSearchParams({
    _token: settings.token,
    ids: of.map((one) => one.id).join(","),
    versions: of.map((one) => `${one.id}:${one.version}`).join(","),
    ...more,
  });
  const tell = (text: string) => {
    if (error) {
      error.textContent = text;
      error.hidden = false;
      announce(text, true);
    } else {
      toast(text, undefined, "major");
      announce(text, true);
    }
  };
  let answer: Response;
  try {
    answer = await fetch(`/operations/alarms/${verb}`, {
      method: "POST",
      body,
      headers: { accept: "application/json" },
    });
  } catch {
    tell(say("failed"));
    return false;
  }
  if (answer.ok) {
    alarms.done(await answer.json());
    changed(of);
    return true;
  }
  const problem = (await answer.json().catch(() => ({}))) as Problem;
  const faults = (problem.faults ?? []).map((one) => one.allowed ?? one.message).join("; ");
  tell(
    answer.status === 409
      ? (problem.detail ?? say("failed"))
      : [problem.detail ?? say("failed"), faults].filter(Boolean).join(": "),
  );
  if (answer.status === 409) {
    alarms.refresh(of.map((one) => one.id));
    changed(of);
  }
  return false;
}
const changed = (of: readonly Alarm[]) =>
  document.dispatchEvent(new CustomEvent("ops:changed", { detail: { ids: of.map((one) => one.id) } }));

function ready(of: readonly Alarm[]): boolean {
  if (state.get().mode === "replay") {
    toast(say("past"));
    announce(say("past"), true);
    return false;
  }
  if (!of.length) return false;
  if (!settings.handles) {
    toast(say("notAllowed"));
    announce(say("notAllowed"), true);
    return false;
  }
  return true;
}
const fresh = (of: readonly Alarm[]): Alarm[] => of.flatMap((one) => alarms.queue.all.get(one.id) ?? []);

/** One alarm, at once, with the way back for a few seconds. */
export async function acknowledge(of: readonly Alarm[]): Promise<boolean> {
  if (!ready(of)) return false;
  const waiting = of.filter((one) => !one.acknowledged);
  if (!waiting.length || !(await send("acknowledge", waiting))) return false;
  const text = say("done", { n: waiting.length });
  toast(text, { word: say("undo"), run: () => void send("unacknowledge", fresh(waiting)) }, "normal");
  announce(text);
  return true;
}
export async function unacknowledge(of: readonly Alarm[]): Promise<boolean> {
  if (!(await send("unacknowledge", of))) return false;
  toast(say("undone"));
  return true;
}

/** Several, with a comment. */
export async function acknowledgeMany(of: readonly Alarm[]): Promise<boolean> {
  if (!ready(of)) return false;
  return ask(say("acknowledgeMany", { n: of.length }), of, (form) => {
    const note = area(say("comment"), "comment");
    form.append(note);
    return {
      word: say("acknowledge"),
      send: (error) => send("acknowledge", fresh(of), values(form), error),
      done: () => say("done", { n: of.length }),
    };
  });
}
export async function dispatch(of: readonly Alarm[]): Promise<boolean> {
  if (!ready(of)) return false;
  return ask(of.length > 1 ? say("assignMany", { n: of.length }) : say("dispatch"), of, (form) => {
    const select = make("select", "in");
    select.name = "person";
    const me = settings.people.find(([id]) => id === settings.me);
    select.append(
      ...(me ? [new Option(`${say("me")} (${me[1]})`, String(me[0]))] : []),
      ...settings.people.filter(([id]) => id !== settings.me).map(([id, name]) => new Option(name, String(id))),
      new Option(say("nobody"), ""),
    );
    const first = of[0];
    if (of.length === 1 && first?.assignee) select.value = String(first.assignee);
    form.append(field(say("to"), select), area(say("comment"), "comment"));
    const order = document.querySelector<HTMLAnchorElement>(".subj a[data-order]");
    if (order && of.length === 1) {
      form.append(
        button("btn", order.textContent?.trim() ?? "", () => {
          form.closest("dialog")?.close();
          order.click();
        }),
      );
    }
    return {
      word: say("assign"),
      send: (error) => send("assign", fresh(of), values(form), error),
      done: () => say("assigned", { n: of.length }),
    };
  });
}
export async function comment(of: readonly Alarm[]): Promise<boolean> {
  if (!ready(of)) return false;
  return ask(say("commentTitle"), of, (form) => {
    form.append(area(say("commentNeeded"), "comment", true));
    return {
      word: say("save"),
      send: (error) => send("comment", fresh(of), values(form), error),
      done: () => say("commented"),
    };
  });
}
export async function shelve(of: readonly Alarm[]): Promise<boolean> {
  if (!ready(of)) return false;
  const rings = of.every((one) => one.suppressed === "shelved");
  if (rings) {
    if (!(await send("shelve", of, { minutes: "0" }))) return false;
    toast(say("ringsAgain"));
    return true;
  }
  return ask(say("shelve"), of, (form) => {
    const select = make("select", "in");
    select.name = "minutes";
    for (const [minutes, word] of [
      [30, "30\u00a0ph"],
      [60, "1\u00a0giờ"],
      [240, "4\u00a0giờ"],
      [480, "8\u00a0giờ"],
      [1440, "24\u00a0giờ"],
    ] as const)
      select.append(
        new Option(
          document.documentElement.lang === "en" ? word.replace("ph", "min").replace("giờ", "h") : word,
          String(minutes),
        ),
      );
    form.append(field(say("howLong"), select), area(say("reason"), "comment", true));
    return {
      word: say("shelve"),
      send: (error) => send("shelve", fresh(of), values(form), error),
      done: () => say("shelvedDone"),
    };
  });
}
export async function clear(of: readonly Alarm[]): Promise<boolean> {
  if (!ready(of)) return false;
  return ask(say("clearTitle"), of, (form) => {
    form.append(area(say("reason"), "comment", true));
    return {
      word: say("clear"),
      danger: true,
      send: (error) => send("clear", fresh(of), values(form), error),
      done: () => say("cleared"),
    };
  });
}

const values = (form: HTMLFormElement): Record<string, string> =>
  Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
let count = 0;
function field(word: string, control: HTMLElement): HTMLElement {
  const box = make("div", "field");
  const label = make("label", "", word);
  control.id = `ops-f${++count}`;
  label.htmlFor = control.id;
  box.append(label, control);
  return box;
}
function area(word: string, name: string, needed = false): HTMLElement {
  const text = make("textarea", "in");
  text.name = name;
  text.required = needed;
  text.rows = 3;
  text.maxLength = 2000;
  return field(word, text);
}

interface Deed {
  word: string;
  danger?: boolean;
  send(error: HTMLElement): Promise<boolean>;
  done(): string;
}
/** A dialog with a form; resolves with whether it was done. Ctrl+Enter sends, Escape leaves. */
function ask(title: string, of: readonly Alarm[], fill: (form: HTMLFormElement) => Deed): Promise<boolean> {
  const dialog = make("dialog", "ops-dialog");
  const form = make("form", "stack");
  form.method = "dialog";
  const heading = make("h2", "", title);
  heading.id = `ops-d${++count}`;
  dialog.setAttribute("aria-labelledby", heading.id);
  const list = make("ul", "of xs muted");
  for (const one of of.slice(0, 4)) list.append(make("li", "clip", `${one.number} · ${one.title}`));
  if (of.length > 4) list.append(make("li", "", `+ ${of.length - 4}`));
  form.append(heading, list);
  const deed = fill(form);
  const error = make("p", "err");
  error.hidden = true;
  const foot = make("div", "row");
  const send = make("button", `btn ${deed.danger ? "danger" : "primary"}`, deed.word);
  send.append(make("kbd", "", "Ctrl Enter"));
  foot.append(
    send,
    button("btn quiet", say("cancel"), () => dialog.close()),
  );
  form.append(error, foot);
  dialog.append(form);
  document.body.append(dialog);
  const before = document.activeElement as HTMLElement | null;
  return new Promise((resolve) => {
    let was = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      send.disabled = true;
      was = await deed.send(error);
      send.disabled = false;
      if (!was) return;
      dialog.close();
      toast(deed.done(), undefined, "normal");
      announce(deed.done());
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        form.requestSubmit(send);
      }
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (before?.isConnected) before.focus({ preventScroll: true });
      resolve(was);
    });
    dialog.showModal();
    form.querySelector<HTMLElement>("select, textarea")?.focus();
  });
}
