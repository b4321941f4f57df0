// Keeps the crews' pages while there is no network: pages of /field for two days, the site's own files. Photos of cases
// are not kept: what is blurred today must not be shown from yesterday. Who signs out, or another person, finds nothing.
const PAGES = "dothi-field-pages-1";
const FILES = "dothi-field-files-1";
const OLDEST = 48 * 3600 * 1000;
const PATIENCE = 6000; // ms until a page that is kept is shown instead
const OWN = ["/field/me", "/field/parcels", "/field/position", "/field/worker.js", "/field/manifest.webmanifest"];

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => {
  const old = async () => {
    for (const name of await caches.keys())
      if (name.startsWith("dothi-field-") && name !== PAGES && name !== FILES) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(old());
});

const isPage = (url) => /^\/field(\/jobs\/\d+)?$/.test(url.pathname) && !OWN.includes(url.pathname);
/** A page by its address, without the language switch. */
const name = (url) => url.pathname + (url.searchParams.get("day") === "next" ? "?day=next" : "");

async function kept(url) {
  const found = await (await caches.open(PAGES)).match(name(url));
  if (!found) return undefined;
  if (Date.now() - Date.parse(found.headers.get("date") ?? "") > OLDEST) {
    await (await caches.open(PAGES)).delete(name(url));
    return undefined;
  }
  return found;
}

async function fresh(request, url) {
  const answer = await fetch(request);
  if (answer.redirected || answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403)
    await caches.delete(PAGES); // nobody is signed in, or somebody who may not
  else if (answer.ok) await (await caches.open(PAGES)).put(name(url), answer.clone());
  return answer;
}

async function page(request, url) {
  const coming = fresh(request, url);
  const waiting = new Promise((done) => {
    setTimeout(async () => done(await kept(url)), PATIENCE);
  });
  try {
    return (await Promise.race([coming, waiting])) ?? (await coming);
  } catch {
    return (await kept(url)) ?? (await kept(new URL("/field", url))) ?? nothing();
  }
}

const nothing = () =>
  new Response(
    `<!doctype html><html lang="vi"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Mất mạng · dothi</title><body style="font:16px/1.5 system-ui;padding:2rem"><h1 style="font-size:1.25rem">Đang mất mạng</h1>
<p>Trang này chưa được lưu trên máy. Khi có mạng, mở lại danh sách việc một lần.</p><p lang="en">You are offline, and this page is not kept on this device.</p>
<p><a href="/field">Danh sách việc</a></p></body></html>`,
    { status: 503, headers: { "content-type": "text/html; charset=utf-8" } },
  );

async function file(request) {
  const files = await caches.open(FILES);
  const found = await files.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) await files.put(request, answer.clone());
  return answer;
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/static/dist/assets/") || /^\/static\/(mark|field-)/.test(url.pathname))
    event.respondWith(file(event.request));
  // who asks for the page as it is now gets no kept one
  else if (isPage(url)) event.respondWith((event.request.cache === "no-store" ? fresh : page)(event.request, url));
});

/** {keep: addresses of pages, files: of the site's files, person}: keep them now. {forget: true}: keep nothing. */
self.addEventListener("message", (event) => {
  const { keep = [], files = [], person, forget } = event.data ?? {};
  const work = async () => {
    if (forget) return void (await caches.delete(PAGES));
    const pages = await caches.open(PAGES);
    const before = await pages.match("/field?person");
    if (before && (await before.text()) !== String(person)) await caches.delete(PAGES);
    await (await caches.open(PAGES)).put("/field?person", new Response(String(person)));
    const store = await caches.open(FILES);
    const there = new Set((await store.keys()).map((one) => new URL(one.url).pathname));
    for (const one of files) if (!there.has(new URL(one, self.location).pathname)) await store.add(one).catch(() => {});
    // files of earlier builds are not asked for any more
    const wanted = new Set(files.map((one) => new URL(one, self.location).pathname));
    if (wanted.size)
      for (const one of await store.keys())
        if (new URL(one.url).pathname.startsWith("/static/dist/") && !wanted.has(new URL(one.url).pathname) && there.size > 60)
          await store.delete(one);
    for (const one of keep) {
      const url = new URL(one, self.location);
      if (isPage(url)) await fresh(new Request(url, { headers: { accept: "text/html" } }), url).catch(() => {});
    }
    event.source?.postMessage({ kept: keep.length });
  };
  event.waitUntil(work());
});
