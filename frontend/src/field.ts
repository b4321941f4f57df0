/** The crews' pages: what is done waits in the telephone until the server has it. Everything works without this too. */
import "./css/field.css";
import "./field/sign-pad";
import { button, make, mark } from "./dom";
import { smaller } from "./field/photo";
import {
  type Answer,
  type Outcome,
  type Parcel,
  Queue,
  type Sent,
  stateAfter,
  stateOf,
  type Value,
} from "./field/queue";
import { Kept } from "./field/store";
import { distances, follow } from "./field/where";
import { say, type Word } from "./field/words";

const EVERY_MS = 45_000;
const STATE_MARKS: Record<string, string> = { going: "info", working: "info", done: "normal", failed: "major" };
let token = "";
let person = Number(document.body.dataset.person) || 0;
let outcome: Outcome | "sending" = "empty";

const store = new Kept();
const queue = new Queue(store, send, () => void show());

async function send(parcel: Parcel): Promise<Sent> {
  const form = new FormData();
  form.set("_token", token);
  for (const [name, value] of Object.entries({ key: parcel.key, job: parcel.job, do: parcel.do, at: parcel.at }))
    form.set(name, String(value));
  for (const [name, value, file] of parcel.fields)
    if (typeof value === "string") form.append(name, value);
    else form.append(name, value, file ?? "photo.jpg");
  try {
    const answer = await fetch("/field/parcels", {
      method: "POST",
      body: form,
      headers: { accept: "application/json" },
    });
    if (answer.status === 401) return "signed-out";
    if (answer.status === 413 || answer.status === 400 || answer.status === 404 || answer.status === 409) {
      const said = (await answer.json().catch(() => ({}))) as { detail?: string; title?: string };
      return { state: "refused", message: said.detail ?? said.title ?? String(answer.status) };
    }
    return answer.ok ? ((await answer.json()) as Answer) : "later";
  } catch {
    return "offline";
  }
}

/** Asks who is signed in, sends what waits, and shows the page anew once the server has all of it. */
async function sync(renew = false): Promise<void> {
  const waiting = (await store.parcels()).length;
  try {
    const answer = await fetch("/field/me", { headers: { accept: "application/json" } });
    if (answer.status === 401 || answer.status === 403) {
      outcome = "signed-out";
      navigator.serviceWorker?.controller?.postMessage({ forget: true });
      return void show();
    }
    if (!answer.ok) throw new Error(String(answer.status));
    const me = (await answer.json()) as { person: number; token: string; shares: boolean };
    ({ token, person } = me);
    follow(me.shares, (lon, lat) => void at(lon, lat));
  } catch {
    outcome = "offline";
    return void show();
  }
  if (waiting) {
    outcome = "sending";
    await show();
  }
  outcome = (await navigator.locks?.request("dothi-field", () => queue.run(person))) ?? (await queue.run(person));
  await show();
  if (outcome === "empty" && (waiting || renew)) await refresh();
}
async function at(lon: number, lat: number): Promise<void> {
  const body = new FormData();
  for (const [name, value] of Object.entries({ _token: token, lon, lat })) body.set(name, String(value));
  await fetch("/field/position", { method: "POST", body, headers: { accept: "application/json" } }).catch(() => {});
}

/** The page as the server has it now, unless somebody is writing in it. */
async function refresh(): Promise<void> {
  const main = document.querySelector("main");
  const writing = [
    ...document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("main textarea, main input"),
  ].some((one) =>
    one.type === "file"
      ? one.value !== ""
      : one.type !== "checkbox" && one.type !== "radio" && one.value !== one.defaultValue,
  );
  if (!main || writing) return;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
    if (!answer.ok || answer.redirected) return;
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    if (!next || (await store.parcels()).length) return;
    const focused = document.activeElement?.closest("[data-code]")?.getAttribute("data-code");
    main.replaceWith(next);
    ready();
    if (focused) next.querySelector<HTMLElement>(`[data-code="${CSS.escape(focused)}"] button`)?.focus();
  } catch {
    // the next round does it
  }
}

// ---- what is shown ----

async function show(): Promise<void> {
  const [parcels, told] = await Promise.all([store.parcels(), store.told()]);
  const line = document.querySelector("field-line");
  if (line) {
    const n = parcels.length;
    const off = outcome === "offline" || !navigator.onLine;
    const made: Node[] = [mark(off ? "offline" : outcome === "signed-out" ? "major" : "normal")];
    if (outcome === "signed-out") {
      const link = make("a", "", say("signIn", { n }));
      link.href = `/admin/sign-in?next=${encodeURIComponent(location.pathname)}`;
      made.push(link);
    } else {
      made.push(make("span", "", say(off ? "offline" : "online")));
      if (n) made.push(make("b", "num", say(outcome === "sending" ? "sending" : "waiting", { n })));
    }
    line.replaceChildren(...made);
    (line as HTMLElement).dataset.state = off ? "off" : outcome;
    (line as HTMLElement).dataset.n = String(n);
  }
  const box = document.querySelector("field-told");
  box?.replaceChildren(
    ...told.map((one) => {
      const banner = make("div", "banner");
      banner.dataset.s = "major";
      banner.setAttribute("role", "alert");
      const body = make("div", "grow");
      body.append(
        make("b", "", say("notTaken", { said: [one.said, one.about].filter(Boolean).join(", ") })),
        make("p", "sm", one.message),
        ...one.faults.map((fault) => make("p", "sm", fault)),
      );
      if (one.text) body.append(make("p", "sm muted", say("yours", { text: one.text })));
      const row = make("div", "row wrap");
      const link = make("a", "btn", say("open"));
      link.href = `/field/jobs/${one.job}`;
      row.append(
        link,
        button("btn quiet", say("dismiss"), () => void store.forget(one.key).then(show)),
      );
      body.append(row);
      banner.append(mark("major"), body);
      return banner;
    }),
  );
  overlay(parcels);
}
/** What waits is shown as if it were so, and says that it waits. */
function overlay(parcels: Parcel[]): void {
  const main = document.querySelector<HTMLElement>("main[data-job]");
  if (main) {
    const mine = parcels.filter((one) => one.job === Number(main.dataset.job));
    for (const one of mine) put(main, one);
    const state = stateAfter(parcels, Number(main.dataset.job));
    if (state) become(main, state);
  }
  for (const row of document.querySelectorAll<HTMLElement>("li[data-job]")) {
    const state = stateAfter(parcels, Number(row.dataset.job));
    if (state) badge(row, state);
  }
}
function become(main: HTMLElement, state: string): void {
  main.dataset.s = state;
  for (const one of main.querySelectorAll<HTMLElement>("[data-for]"))
    one.hidden = !one.dataset.for?.split(" ").includes(state);
  for (const one of main.querySelectorAll<HTMLElement>("[data-primary]"))
    one.classList.toggle("primary", one.dataset.primary === state);
  badge(main, state);
}
function badge(at: HTMLElement, state: string): void {
  const one = at.querySelector<HTMLElement>("[data-state]");
  if (!one) return;
  one.textContent = `${say(state as Word)} · ${say("queued")}`;
  if (STATE_MARKS[state]) one.dataset.s = STATE_MARKS[state];
}
function put(main: HTMLElement, parcel: Parcel): void {
  const value = (name: string) => parcel.fields.find(([one]) => one === name)?.[1];
  const code = value("code");
  const row = typeof code === "string" ? main.querySelector<HTMLElement>(`li[data-code="${CSS.escape(code)}"]`) : null;
  if (parcel.do === "tick" && row) tick(row, value("done") !== "0");
  if (parcel.do === "photo" && row) {
    tick(row, true);
    if (row.querySelector(`[data-key="${parcel.key}"]`)) return;
    const photo = value("photo");
    if (!(photo instanceof Blob)) return;
    const picture = make("img", "mini");
    picture.dataset.key = parcel.key;
    picture.alt = say("photo");
    picture.src = URL.createObjectURL(photo);
    row.append(picture);
  }
}
function tick(row: HTMLElement, done: boolean): void {
  row.toggleAttribute("data-done", done);
  row.querySelector(".tickf button")?.setAttribute("aria-pressed", String(done));
  const next = row.querySelector<HTMLInputElement>(".tickf input[name=done]");
  if (next) next.value = done ? "0" : "1";
  const list = row.parentElement;
  const count = document.querySelector("[data-count]");
  if (list && count) count.textContent = `${list.querySelectorAll("[data-done]").length}/${list.children.length}`;
}

// ---- what is done ----

async function parcelOf(form: HTMLFormElement): Promise<Parcel> {
  const fields: Parcel["fields"] = [];
  for (const [name, value] of new FormData(form)) {
    if (name === "_token" || name === "version") continue;
    if (typeof value === "string") fields.push([name, value as Value]);
    else if (value.size)
      fields.push([name, name === "signature" ? value : await smaller(value), value.name || "photo.jpg"]);
  }
  return {
    key: crypto.randomUUID?.() ?? `${Date.now().toString(16)}-${Math.random().toString(16).slice(2).padEnd(16, "0")}`,
    person,
    job: Number(form.dataset.job),
    do: form.dataset.parcel ?? "",
    said: form.dataset.said ?? "",
    about: document.querySelector(".fw-bar .num")?.textContent?.trim() ?? "",
    at: Date.now(),
    fields,
  };
}
document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (!form.dataset.parcel || form.dataset.plainly) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  void (async () => {
    try {
      const parcel = await parcelOf(form);
      await queue.add(parcel);
      if (parcel.do === "photo" || parcel.do === "work") form.reset();
      const state = stateOf(parcel.do);
      if (state === "done" || state === "failed") form.reset();
      if (state) {
        scrollTo({ top: 0 });
        document.getElementById("m")?.focus({ preventScroll: true });
      }
      void sync();
    } catch (error) {
      console.warn(error); // no database here: the form goes as it would without script
      form.dataset.plainly = "1";
      form.requestSubmit();
    } finally {
      delete form.dataset.busy;
    }
  })();
});
document.addEventListener("change", (event) => {
  const input = event.target as HTMLInputElement;
  const form = input.closest<HTMLFormElement>("form.photof");
  if (form && input.type === "file" && input.files?.length) form.requestSubmit();
});

/** Rows of parts grow as they are filled. */
function rows(): void {
  for (const box of document.querySelectorAll<HTMLElement>("[data-rows]"))
    box.addEventListener("input", () => {
      const last = box.lastElementChild as HTMLElement | null;
      if (!last?.querySelector<HTMLInputElement>("input")?.value || box.children.length > 29) return;
      const next = last.cloneNode(true) as HTMLElement;
      const n = box.children.length + 1;
      const names: Word[] = ["part", "count", "unit"];
      for (const [i, input] of [...next.querySelectorAll("input")].entries()) {
        input.value = "";
        input.defaultValue = "";
        input.placeholder = "";
        input.setAttribute("aria-label", say(names[i] ?? "part", { n }));
      }
      box.append(next);
    });
}
function ready(): void {
  rows();
  distances();
  keep();
}

// ---- without a network ----

function keep(): void {
  const worker = navigator.serviceWorker?.controller;
  if (!worker) return;
  const pages = [...document.querySelectorAll<HTMLAnchorElement>('main a[href^="/field/jobs/"]')].map(
    (one) => one.pathname,
  );
  const files = [
    ...performance.getEntriesByType("resource").map((one) => one.name),
    ...[...document.querySelectorAll<HTMLLinkElement>('link[rel="stylesheet"], link[rel="preload"]')].map(
      (one) => one.href,
    ),
    ...[...document.querySelectorAll<HTMLScriptElement>("script[src]")].map((one) => one.src),
  ].filter((one) => new URL(one, location.href).pathname.startsWith("/static/"));
  const own = location.pathname + location.search;
  worker.postMessage({ keep: [...new Set([own, ...pages])], files: [...new Set(files)], person });
}
async function install(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("controllerchange", () => keep());
  navigator.serviceWorker.addEventListener("message", (event) => {
    if ((event.data as { kept?: number }).kept !== undefined) document.documentElement.dataset.kept = "";
  });
  await navigator.serviceWorker.register("/field/worker.js", { scope: "/field" }).catch((error) => console.warn(error));
  if (navigator.serviceWorker.controller) keep();
}
addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  const asking = event as Event & { prompt(): Promise<unknown> };
  const nav = document.querySelector("nav.foot");
  if (!nav || nav.querySelector("[data-install]")) return;
  const made = button("btn quiet", say("install"), () => void asking.prompt().then(() => made.remove()));
  made.dataset.install = "";
  nav.append(made);
});

document.documentElement.dataset.script = "";
addEventListener("online", () => void sync());
addEventListener("offline", () => {
  outcome = "offline";
  void show();
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") void sync(true);
});
setInterval(() => void (document.visibilityState === "visible" && sync(true)), EVERY_MS);
ready();
void install();
void show().catch((error) => console.warn(error));
void sync();
