/** The sheet of a report: category search, questions, photos, place; a draft kept; sent now or once there is a network. */
import "./reports/place";
import { button, make } from "./dom";
import { fold } from "./pure/fold";
import { matching } from "./pure/matching";
import {
  draft,
  drop,
  dropDraft,
  type Fault,
  keep,
  keepDraft,
  type Parcel,
  send,
  waiting,
  wakeLater,
} from "./reports/outbox";
import { Photos } from "./reports/photos";
import type { ReportPlace } from "./reports/place";
import { reportSay } from "./reports/words";

const form = document.querySelector<HTMLFormElement>("form[data-report]");
if (form) start(form);

function start(sheet: HTMLFormElement): void {
  const one = <E extends HTMLElement>(selector: string) => document.querySelector<E>(selector);
  const field = (name: string) => sheet.querySelector<HTMLInputElement>(`input[name=${name}]`);
  const place = sheet.querySelector<ReportPlace>("report-place");
  const sender = sheet.querySelector<HTMLButtonElement>(".rp-send button");
  const photoField = sheet.querySelector<HTMLInputElement>("#photo");
  let touched = false;
  if (!sheet.querySelector(".err")) named();

  // the button sends at once
  if (sender) {
    sender.textContent = sender.dataset.send ?? sender.textContent;
    sender.value = "send";
  }
  one("[data-offline]")?.removeAttribute("hidden");

  const photos = photoField && new Photos(photoField, () => later(), offer);
  function offer(at: [number, number]): void {
    if (place?.at || one(".rp-offer")) return;
    const said = make("p", "rp-offer banner sm");
    said.setAttribute("role", "status");
    said.append(make("span", "", reportSay("fromPhoto")));
    said.append(
      button("btn", reportSay("use"), () => {
        place?.put(at, reportSay("photoPlace"), true);
        said.remove();
      }),
    );
    photoField?.closest(".field")?.append(said);
  }

  // what it is about
  const extra = one("[data-extra]");
  const due = one("[data-due]");
  function chosen(): string {
    return sheet.querySelector<HTMLInputElement>("input[name=category]:checked")?.value ?? "";
  }
  function ask(code: string): void {
    const given = document.querySelector<HTMLTemplateElement>(`template[data-for="${CSS.escape(code)}"]`);
    extra?.replaceChildren(...(given ? [given.content.cloneNode(true)] : []));
    if (due) due.textContent = given?.dataset.due ? reportSay("due", { when: given.dataset.due }) : "";
  }
  sheet.addEventListener("change", (event) => {
    if ((event.target as HTMLInputElement).name === "category") {
      ask(chosen());
      near();
    }
  });
  if (chosen() && due && !due.textContent) {
    const given = document.querySelector<HTMLTemplateElement>(`template[data-for="${CSS.escape(chosen())}"]`);
    due.textContent = given?.dataset.due ? reportSay("due", { when: given.dataset.due }) : "";
    if (extra && !extra.childElementCount) ask(chosen());
  }

  // search among the categories, as people call things
  const find = one<HTMLInputElement>("#find");
  const more = one<HTMLDetailsElement>(".rp-more");
  const labels = [...sheet.querySelectorAll<HTMLElement>(".rp-cat")];
  if (find) {
    find.closest("[hidden]")?.removeAttribute("hidden");
    let wasOpen = more?.open ?? false;
    find.addEventListener("input", () => {
      const words = fold(find.value);
      const scores = labels.map((label) => matching(label.dataset.words ?? "", words));
      const best = Math.max(...scores);
      let hits = 0;
      for (const [at, label] of labels.entries()) {
        const score = scores[at] ?? 0;
        // a word anybody uses beats letters found here and there
        const fits = score > 0 && (best < 2 || score >= 2);
        label.hidden = !fits;
        label.toggleAttribute("data-best", fits && score === best);
        if (fits) hits += 1;
      }
      for (const group of sheet.querySelectorAll<HTMLElement>(".rp-group"))
        group.hidden = !group.querySelector(".rp-cat:not([hidden])");
      if (more) {
        if (words && !more.dataset.found) wasOpen = more.open;
        more.toggleAttribute("data-found", words !== "");
        more.open = words !== "" || wasOpen;
      }
      one("[data-none]")?.toggleAttribute("hidden", hits > 0);
      const told = one("[data-found][role=status]") ?? one("p[data-found]");
      if (told) told.textContent = words ? reportSay("found", { n: hits }) : "";
    });
    find.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      const hit = labels.find((label) => label.hasAttribute("data-best"))?.querySelector("input");
      hit?.click();
      hit?.focus();
    });
  }

  // reports close by
  const around = one("[data-near]");
  let asking: AbortController | undefined;
  async function near(): Promise<void> {
    const at = place?.at;
    asking?.abort();
    if (!at || !around) return around?.replaceChildren();
    asking = new AbortController();
    const query = new URLSearchParams({ category: chosen(), lon: String(at[0]), lat: String(at[1]) });
    try {
      const answer = await fetch(`/reports/near?${query}`, { signal: asking.signal, headers: { accept: "text/html" } });
      if (!answer.ok) return;
      const made = document.createElement("template");
      made.innerHTML = await answer.text();
      around.replaceChildren(made.content);
      const known = around.querySelector<HTMLElement>("[data-ward]");
      place?.known(known?.dataset.ward ?? "", known?.hasAttribute("data-outside") ?? false);
      const ward = sheet.querySelector<HTMLSelectElement>("select[name=ward]");
      const code = answer.headers.get("x-ward");
      if (ward && code && [...ward.options].some((option) => option.value === code)) ward.value = code;
    } catch {
      // without a network nothing is close by
    }
  }
  sheet.addEventListener("placed", () => {
    void near();
    later();
  });
  around?.addEventListener("click", (event) => {
    const join = (event.target as Element).closest<HTMLElement>("[data-join]");
    if (!join) return;
    event.preventDefault();
    void (async () => {
      const { token } = (await (await fetch("/reports/token")).json()) as { token: string };
      const plain = Object.assign(make("form"), { method: "post", action: join.dataset.join ?? "", hidden: true });
      plain.append(Object.assign(make("input"), { name: "_token", value: token }));
      document.body.append(plain);
      await dropDraft().catch(() => undefined);
      plain.submit();
    })();
  });

  // how long the text is
  const text = sheet.querySelector<HTMLTextAreaElement>("#text");
  const count = one("[data-count]");
  const tell = () => {
    if (text && count) count.textContent = reportSay("count", { n: text.value.length, most: text.maxLength });
  };
  text?.addEventListener("input", tell);
  tell();

  // the draft
  const saved = one("[data-saved]");
  const clock = (at: number) => new Date(at).toLocaleTimeString("vi-VN", { hour: "2-digit", minute: "2-digit" });
  function parcel(): Parcel {
    const fields: [string, string][] = [];
    for (const [name, value] of new FormData(sheet)) if (typeof value === "string") fields.push([name, value]);
    return {
      key: field("key")?.value ?? "",
      at: Date.now(),
      fields,
      photos: (photos?.files ?? []).map((file) => ({ name: file.name, blob: file })),
    };
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  function later(): void {
    touched = true;
    clearTimeout(timer);
    timer = setTimeout(() => void note(), 600);
  }
  async function note(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const kept = parcel();
    const stands = await keepDraft(kept).then(
      () => true,
      () => false, // no store, no draft
    );
    if (saved && stands) saved.textContent = reportSay("saved", { when: clock(kept.at) });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && timer !== undefined) void note(); // whoever looks elsewhere may not come back
  });
  sheet.addEventListener("input", later);
  sheet.addEventListener("change", later);

  function fill(kept: Parcel): void {
    const skipped = new Set(["_token", "do", "kept", "wards"]);
    const of = new Map(kept.fields);
    for (const name of ["category"]) {
      const radio = sheet.querySelector<HTMLInputElement>(
        `input[name=${name}][value="${CSS.escape(of.get(name) ?? "")}"]`,
      );
      if (radio) {
        radio.checked = true;
        if (radio.closest("details")) (radio.closest("details") as HTMLDetailsElement).open = true;
        ask(radio.value);
      }
    }
    for (const [name, value] of kept.fields) {
      if (skipped.has(name) || name === "category") continue;
      for (const at of sheet.querySelectorAll<HTMLInputElement>(`[name="${CSS.escape(name)}"]`)) {
        if (at.type === "radio" || at.type === "checkbox") at.checked = at.value === value;
        else at.value = value;
      }
    }
    void photos?.add(kept.photos.map(({ name, blob }) => new File([blob], name, { type: blob.type })));
    const at = place?.at;
    if (at) place?.put(at, "", true);
    tell();
  }
  void draft()
    .then((kept) => {
      if (!kept || touched || sheet.querySelector(".err")) return;
      if (
        !kept.photos.length &&
        !kept.fields.some(([name, value]) => value && /^(text|address|category|phone|email|lon)$/.test(name))
      )
        return;
      fill(kept);
      if (!saved) return;
      saved.textContent = reportSay("restored", { when: clock(kept.at) });
      const off = button("btn quiet xs", reportSay("forget"), async () => {
        clearTimeout(timer);
        timer = undefined;
        await dropDraft();
        location.reload();
      });
      saved.append(" ", off);
    })
    .catch(() => undefined);

  // sending
  sheet.addEventListener("submit", (event) => {
    if (typeof indexedDB === "undefined") return;
    event.preventDefault();
    if (sender?.disabled) return;
    void go();
  });
  async function go(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const made = parcel();
    if (sender) {
      sender.disabled = true;
      sender.textContent = reportSay("sending");
    }
    try {
      await keep(made).catch(() => undefined);
      const outcome = await send(made);
      if (outcome.done === "sent") {
        await Promise.allSettled([drop(made.key), dropDraft()]);
        fresh(); // whoever comes back writes another one
        location.assign(outcome.url);
        return;
      }
      if (outcome.done === "refused") {
        await drop(made.key).catch(() => undefined);
        wrong(outcome.status === 429 ? [{ place: "", message: reportSay("busy") }] : outcome.faults);
        return;
      }
      await Promise.allSettled([dropDraft(), wakeLater()]);
      fresh();
      await outbox(reportSay("waiting"));
    } finally {
      if (sender) {
        sender.disabled = false;
        sender.textContent = sender.dataset.send ?? "";
      }
    }
  }
  /** A name and a secret of this browser's own: the page itself may be a kept one, opened more than once. */
  function named(): void {
    const key = field("key");
    if (key) key.value = random();
    const secret = field("secret");
    if (secret) secret.value = random();
  }
  /** The sheet as new: the one before waits in the outbox. */
  function fresh(): void {
    sheet.reset();
    photos?.clear();
    extra?.replaceChildren();
    around?.replaceChildren();
    place?.put(null, "");
    clearTimeout(timer);
    timer = undefined;
    touched = false;
    named();
    if (saved) saved.textContent = "";
    if (due) due.textContent = "";
  }
  function wrong(faults: Fault[]): void {
    for (const old of sheet.querySelectorAll("[data-fault]")) old.remove();
    for (const old of sheet.querySelectorAll(".field.bad")) old.classList.remove("bad");
    let first: HTMLElement | null = null;
    const loose: string[] = [];
    for (const { place: where, message } of faults) {
      const at =
        where === "place"
          ? sheet.querySelector<HTMLElement>("#place")
          : (sheet.querySelector<HTMLElement>(`[name="${CSS.escape(where)}"]`) ??
            sheet.querySelector<HTMLElement>(`#${CSS.escape(where || "-")}`));
      const holder = where === "category" ? one("#cats") : (at?.closest<HTMLElement>(".field") ?? at);
      if (!holder) {
        loose.push(message);
        continue;
      }
      holder.classList.add("bad");
      const said = make("span", "err");
      said.dataset.fault = "";
      said.id = `fault-${where}`;
      const shape = make("b", "mk");
      shape.dataset.s = "critical";
      shape.setAttribute("aria-hidden", "true");
      said.append(shape, ` ${message}`);
      const input = holder.querySelector<HTMLElement>("input:not([type=hidden]), select, textarea");
      if (where === "category" || where === "place") holder.prepend(said);
      else (input?.closest(".field > *") ?? input ?? holder.lastElementChild)?.after(said);
      input?.setAttribute("aria-invalid", "true");
      input?.setAttribute("aria-describedby", said.id);
      first ??= input ?? holder;
    }
    one("[data-trouble]")?.remove();
    const banner = make("p", "banner");
    banner.dataset.s = "critical";
    banner.dataset.trouble = "";
    banner.setAttribute("role", "alert");
    const shape = make("b", "mk");
    shape.dataset.s = "critical";
    shape.setAttribute("aria-hidden", "true");
    banner.append(shape, make("span", "", loose.length ? loose.join(" ") : reportSay("refused")));
    sheet.before(banner);
    (first ?? banner).scrollIntoView({ block: "center" });
    first?.focus({ preventScroll: true });
  }

  // what waits for a network
  const box = one("[data-outbox]");
  async function outbox(note = ""): Promise<void> {
    const rows = await waiting().catch(() => []);
    if (!box) return;
    if (!rows.length && !note) return box.replaceChildren();
    const said = make("div", "banner rp-outbox");
    said.setAttribute("role", "status");
    const refused = rows.find((row) => row.refused);
    said.append(
      make(
        "span",
        "",
        refused
          ? reportSay("refusedLater", { why: refused.refused ?? "" })
          : note || reportSay("waitingMany", { n: rows.length }),
      ),
    );
    if (rows.length) {
      said.append(button("btn", reportSay("sendNow"), () => void flush()));
      if (refused)
        said.append(
          button("btn quiet", reportSay("drop"), async () => {
            await drop(refused.key);
            await outbox();
          }),
        );
    }
    box.replaceChildren(said);
  }
  let flushing = false;
  async function flush(): Promise<void> {
    if (flushing) return;
    flushing = true;
    try {
      const links: HTMLElement[] = [];
      for (const row of await waiting()) {
        const outcome = await send(row);
        if (outcome.done === "later") break;
        if (outcome.done === "refused") {
          await keep({
            ...row,
            refused: outcome.faults.map((fault) => fault.message).join(" ") || String(outcome.status),
          });
          continue;
        }
        await drop(row.key);
        const said = make("p", "banner");
        said.setAttribute("role", "status");
        const link = Object.assign(make("a", "", reportSay("open")), { href: outcome.url });
        said.append(make("span", "", reportSay("sent", { number: outcome.number })), link);
        links.push(said);
      }
      await outbox();
      box?.append(...links);
    } catch {
      // tried again with the next network
    } finally {
      flushing = false;
    }
  }
  addEventListener("online", () => void flush());
  navigator.serviceWorker?.addEventListener("message", (event) => {
    if ((event.data as { reports?: string })?.reports === "sent") void outbox();
  });
  void waiting()
    .then((rows) => (rows.length ? outbox().then(flush) : undefined))
    .catch(() => undefined);

  // the worker keeps the sheet openable without a network
  if ("serviceWorker" in navigator)
    void navigator.serviceWorker
      .register("/reports/worker.js", { scope: "/reports/" })
      .then(async () => {
        const ready = await navigator.serviceWorker.ready;
        const assets = [
          ...document.querySelectorAll<HTMLScriptElement | HTMLLinkElement>(
            "script[src], link[rel=stylesheet], link[rel=preload]",
          ),
        ];
        const chunks = performance.getEntriesByType("resource").map((entry) => entry.name);
        const own = [...assets.map((asset) => ("src" in asset ? asset.src : asset.href)), ...chunks].filter((url) =>
          url.startsWith(`${location.origin}/static/`),
        );
        ready.active?.postMessage({ keep: [...new Set(own)] });
      })
      .catch(() => undefined);
}

function random(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
