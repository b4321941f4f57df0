// Keeps the sheet of a report openable without a network, and sends what waits in the outbox once there is one.
// Served as /reports/worker.js. The sending is idempotent: the server makes one report of one key, however often sent.
const SHEET = "dothi-report-sheet";
const PAGE = "/reports/new";
const MOST = 80;
const DAY = 24 * 3600 * 1000;
const PATIENCE = 6000; // ms before the kept sheet is shown instead

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(SHEET)
      .then((kept) => kept.add(nobodys()))
      .catch(() => undefined)
      .then(() => self.skipWaiting()),
  );
});
// as a stranger sees it: what is kept on a shared device names nobody
const nobodys = () => new Request(PAGE, { cache: "reload", credentials: "omit" });
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  const wanted = event.data?.keep;
  if (!Array.isArray(wanted)) return;
  event.waitUntil(
    caches.open(SHEET).then(async (kept) => {
      const there = new Set((await kept.keys()).map((one) => one.url));
      const names = new Set(wanted);
      // what is not asked for any more is of older builds
      if (there.size > MOST)
        for (const url of there) if (url.includes("/static/dist/assets/") && !names.has(url)) await kept.delete(url);
      await Promise.allSettled(wanted.filter((url) => !there.has(url)).map((url) => kept.add(url)));
      const page = await kept.match(PAGE);
      if (!page || Date.now() - Date.parse(page.headers.get("date") ?? "") > DAY) await kept.add(nobodys()).catch(() => {});
    }),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && url.pathname === PAGE) event.respondWith(sheet(request));
  else if (url.pathname.startsWith("/static/dist/assets/") || url.pathname === "/static/mark.svg")
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
});

async function sheet(request) {
  const kept = await caches.open(SHEET);
  const coming = fetch(request);
  const patience = new Promise((done) => setTimeout(done, PATIENCE)).then(() => kept.match(PAGE));
  try {
    return (await Promise.race([coming, patience])) ?? (await coming);
  } catch (error) {
    const found = await kept.match(PAGE);
    if (found) return found;
    throw error;
  }
}

self.addEventListener("sync", (event) => {
  if (event.tag === "reports") event.waitUntil(flush());
});

function open() {
  return new Promise((done, fail) => {
    const asked = indexedDB.open("dothi-reports", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("outbox", { keyPath: "key" });
      asked.result.createObjectStore("draft", { keyPath: "key" });
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
}
function run(db, mode, work) {
  return new Promise((done, fail) => {
    const asked = work(db.transaction("outbox", mode).objectStore("outbox"));
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
}
async function flush() {
  const db = await open();
  for (const parcel of await run(db, "readonly", (of) => of.getAll())) {
    if (parcel.refused) continue;
    const { token } = await (await fetch("/reports/token", { cache: "no-store" })).json();
    const body = new FormData();
    for (const [name, value] of parcel.fields) if (name !== "_token" && name !== "do") body.append(name, value);
    for (const one of parcel.photos) body.append("photo", one.blob, one.name);
    body.set("_token", token);
    body.set("do", "send");
    const answer = await fetch(PAGE, { method: "POST", body, headers: { accept: "application/json" } });
    // what the server refuses is left for the page, which can say why; what it cannot take now is tried again
    if (answer.status >= 500) throw new Error(`${answer.status}`);
    if (answer.ok) await run(db, "readwrite", (of) => of.delete(parcel.key));
  }
  for (const one of await self.clients.matchAll({ type: "window" })) one.postMessage({ reports: "sent" });
}
