/**
 * What the page asks of the server about the moment shown. In replay an answer about a moment and what was known of it
 * stays true, so it is kept for a while, and the next moments are fetched ahead of the clock: playing then needs no wait.
 *
 *   const answer = await ask(at("/operations/queue"), { headers: { accept: "application/json" } });
 */

/** An address without its moment, and what else made the answer what it is. */
interface Shape {
  path: string;
  accept: string;
  used: number;
}
interface Kept {
  status: number;
  type: string;
  text: string;
}

const MOST = 160; // answers kept
const FORGET_MS = 20_000; // a shape nobody asked for so long is not fetched ahead any more
const shapes = new Map<string, Shape>();
const kept = new Map<string, Promise<Kept>>();
const ready = new Set<string>();

const MOMENT = /[?&](?:at|known)=[^&]*/g;
/** The address without its moment; undefined when it has none. Pure. */
export function timeless(url: string): string | undefined {
  if (!/[?&]at=/.test(url)) return undefined;
  const bare = url.replace(MOMENT, "");
  return bare.includes("?") || !bare.includes("&") ? bare : bare.replace("&", "?");
}
/** The address with a moment, in one spelling. Pure. */
export const dated = (path: string, moment: string): string => `${path}${path.includes("?") ? "&" : "?"}${moment}`;
const momentOf = (url: string): string => (url.match(MOMENT) ?? []).map((part) => part.slice(1)).join("&");

async function read(url: string, accept: string, signal?: AbortSignal): Promise<Kept> {
  const answer = await fetch(url, { headers: { accept }, ...(signal ? { signal } : {}) });
  return { status: answer.status, type: answer.headers.get("content-type") ?? "", text: await answer.text() };
}
function keep(url: string, accept: string): Promise<Kept> {
  const key = `${accept} ${url}`;
  let found = kept.get(key);
  if (found) {
    kept.delete(key);
    kept.set(key, found); // the newest asked for stays longest
    return found;
  }
  found = read(url, accept);
  kept.set(key, found);
  found.then(
    (one) => {
      if (one.status === 200) ready.add(key);
      else kept.delete(key);
    },
    () => kept.delete(key),
  );
  for (const old of kept.keys()) {
    if (kept.size <= MOST) break;
    kept.delete(old);
    ready.delete(old);
  }
  return found;
}

/** As fetch of something to look at; what is asked about a past moment may have been fetched already. */
export async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  const path = timeless(url);
  if (path === undefined || (init.method ?? "GET") !== "GET") return fetch(url, init);
  const accept = new Headers(init.headers).get("accept") ?? "*/*";
  shapes.set(`${accept} ${path}`, { path, accept, used: Date.now() });
  const one = await keep(dated(path, momentOf(url)), accept);
  init.signal?.throwIfAborted();
  return new Response(one.text, { status: one.status, headers: { "content-type": one.type } });
}

/** Asks now for what the panels will ask for at a moment (`at=…&known=…`). Resolves when all of it is here. */
export function prefetch(moment: string): Promise<boolean> {
  const now = Date.now();
  const asked: Promise<Kept>[] = [];
  for (const [key, one] of shapes) {
    if (now - one.used > FORGET_MS) shapes.delete(key);
    else asked.push(keep(dated(one.path, moment), one.accept));
  }
  return Promise.allSettled(asked).then((all) => all.every((one) => one.status === "fulfilled"));
}
/** Whether everything of a moment is here already. */
export function here(moment: string): boolean {
  for (const one of shapes.values()) if (!ready.has(`${one.accept} ${dated(one.path, moment)}`)) return false;
  return true;
}
/** Forgets everything: live again. */
export function forget(): void {
  shapes.clear();
  kept.clear();
  ready.clear();
}
