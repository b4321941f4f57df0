/** Who else looks at what: said every ten seconds, and shown as initials in the queue. */
import * as alarms from "./alarms";
import * as state from "./state";

export interface Other {
  name: string;
  initials: string;
}
let here = new Map<number, Other[]>();
export const others = (alarm: number): Other[] => here.get(alarm) ?? [];

const tab = Math.random().toString(36).slice(2, 10);
const EVERY = 10_000;

interface Row {
  person: string;
  initials: string;
  subject: string | null;
}

async function say(): Promise<void> {
  if (document.hidden) return;
  const { selected, mode } = state.get();
  let subject = mode === "live" ? selected : null;
  if (subject?.startsWith("alarm:")) {
    const number = subject.slice(6);
    const found = [...alarms.queue.all.values()].find((one) => one.number === number);
    subject = found ? `alarm:${found.id}` : null;
  }
  try {
    const answer = await fetch("/operations/presence", {
      method: "POST",
      body: JSON.stringify({ tab, subject }),
      headers: { accept: "application/json", "content-type": "application/json" },
    });
    if (!answer.ok) return;
    const rows = ((await answer.json()) as { others: Row[] }).others;
    const found = new Map<number, Other[]>();
    for (const row of rows) {
      const id = Number(/^alarm:(\d+)$/.exec(row.subject ?? "")?.[1]);
      if (id) found.set(id, [...(found.get(id) ?? []), { name: row.person, initials: row.initials }]);
    }
    here = found;
    document.dispatchEvent(new CustomEvent("ops:presence"));
  } catch {
    // nobody is seen until the server answers again
  }
}
export function start(): () => void {
  let soon: ReturnType<typeof setTimeout> | undefined;
  const timer = setInterval(() => void say(), EVERY);
  const stop = state.subscribe((now, before) => {
    if (now.selected === before.selected) return;
    clearTimeout(soon);
    soon = setTimeout(() => void say(), 600);
  });
  soon = setTimeout(() => void say(), 1200);
  const leave = () => navigator.sendBeacon("/operations/presence", JSON.stringify({ tab, subject: null, gone: true }));
  addEventListener("pagehide", leave);
  return () => {
    removeEventListener("pagehide", leave);
    clearInterval(timer);
    clearTimeout(soon);
    stop();
  };
}
