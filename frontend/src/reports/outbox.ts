/**
 * Reports that wait for a network, and the draft being written: in this browser alone, until they are sent.
 * The worker (`static/reports-worker.js`) reads the same store when it is woken without a page.
 */
const NAME = "dothi-reports";

export interface Parcel {
  /** the sender's name of the report: sent twice it is one report */
  key: string;
  at: number;
  fields: [string, string][];
  photos: { name: string; blob: Blob }[];
  refused?: string;
}

let opening: Promise<IDBDatabase> | undefined;
const open = (): Promise<IDBDatabase> => {
  opening ??= new Promise((done, fail) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("outbox", { keyPath: "key" });
      asked.result.createObjectStore("draft", { keyPath: "key" });
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
  return opening;
};
async function run<T>(
  store: string,
  mode: IDBTransactionMode,
  work: (of: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const db = await open();
  return new Promise((done, fail) => {
    const asked = work(db.transaction(store, mode).objectStore(store));
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
}
export const waiting = (): Promise<Parcel[]> => run("outbox", "readonly", (of) => of.getAll());
export const keep = (parcel: Parcel): Promise<unknown> => run("outbox", "readwrite", (of) => of.put(parcel));
export const drop = (key: string): Promise<unknown> => run("outbox", "readwrite", (of) => of.delete(key));
const DRAFT = "now";
export const draft = (): Promise<Parcel | undefined> => run("draft", "readonly", (of) => of.get(DRAFT));
export const keepDraft = (parcel: Parcel): Promise<unknown> =>
  run("draft", "readwrite", (of) => of.put({ ...parcel, key: DRAFT, of: parcel.key }));
export const dropDraft = (): Promise<unknown> => run("draft", "readwrite", (of) => of.delete(DRAFT));

export interface Fault {
  place: string;
  message: string;
}
export type Outcome =
  | { done: "sent"; number: string; url: string }
  | { done: "refused"; status: number; faults: Fault[] }
  | { done: "later" };

/** Sends one parcel. "later": there is no network, or the server cannot take it now. */
export async function send(parcel: Parcel): Promise<Outcome> {
  try {
    const asked = await fetch("/reports/token", { headers: { accept: "application/json" }, cache: "no-store" });
    if (!asked.ok) return { done: "later" };
    const { token } = (await asked.json()) as { token: string };
    const body = new FormData();
    for (const [name, value] of parcel.fields) if (name !== "_token" && name !== "do") body.append(name, value);
    for (const one of parcel.photos) body.append("photo", one.blob, one.name);
    body.set("_token", token);
    body.set("do", "send");
    const answer = await fetch("/reports/new", { method: "POST", body, headers: { accept: "application/json" } });
    if (answer.ok) return { done: "sent", ...((await answer.json()) as { number: string; url: string }) };
    if (answer.status >= 500 || answer.status === 408) return { done: "later" };
    const said = (await answer.json().catch(() => ({}))) as { faults?: Fault[]; detail?: string };
    return { done: "refused", status: answer.status, faults: said.faults ?? [] };
  } catch {
    return { done: "later" };
  }
}
/** Asks the browser to wake the worker once there is a network. Not every browser can; the page tries too. */
export async function wakeLater(): Promise<void> {
  const worker = await navigator.serviceWorker?.getRegistration("/reports/").catch(() => undefined);
  const sync = (worker as { sync?: { register(tag: string): Promise<void> } } | undefined)?.sync;
  await sync?.register("reports").catch(() => undefined);
}
