/** The inbox: rows by keyboard, the chosen one in the panel, many at once. Everything is a link or a form without this. */
import { make } from "../dom";
import { open as help } from "../operations/help";
import { listen, register } from "../operations/keys";
import { language } from "../words";
import { dress, panel, part, put, send } from "./panel";

const WORDS = {
  vi: {
    picked: (n: number) => `Chọn ${n}`,
    list: "Danh sách",
    act: "Xử lý",
    next: "Việc sau",
    before: "Việc trước",
    mark: "Đánh dấu, bỏ đánh dấu",
    open: "Mở việc",
    assign: "Giao việc (các việc đã đánh dấu, hoặc việc đang chọn)",
    reply: "Trả lời, trao đổi",
    find: "Tìm",
    keys: "Các phím",
    close: "Về danh sách",
    failed: "Chưa nhận được trả lời của máy chủ. Mở lại việc này xem đã lưu chưa, rồi gửi lại nếu cần.",
  },
  en: {
    picked: (n: number) => `${n} marked`,
    list: "List",
    act: "Act",
    next: "Next case",
    before: "Previous case",
    mark: "Mark, unmark",
    open: "Open the case",
    assign: "Assign (the marked cases, or the chosen one)",
    reply: "Reply, comment",
    find: "Search",
    keys: "The keys",
    close: "Back to the list",
    failed: "The server did not answer. Open the case again to see whether it was kept, then send it again if need be.",
  },
};
const words = () => WORDS[language()];

const list = () => document.querySelector<HTMLElement>(".list[data-here]");
const rows = () => [...(list()?.querySelectorAll<HTMLTableRowElement>("tr[data-case]") ?? [])];
const boxes = () => [...(list()?.querySelectorAll<HTMLInputElement>("input[name=case]") ?? [])];
let at = -1; // the row under the keys
let asked = 0; // of several answers only the last counts

/** The address of the list, without the case that is chosen. */
function here(): string {
  return list()?.dataset.here ?? "/desk";
}
function chosen(): string | undefined {
  return panel()?.querySelector<HTMLElement>("[data-number]")?.dataset.number;
}
function step(by: 1 | -1): void {
  const all = rows();
  if (!all.length) return;
  if (at < 0) at = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
  at = Math.min(all.length - 1, Math.max(0, at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by));
  for (const [i, one] of all.entries()) one.toggleAttribute("data-at", i === at);
  const link = all[at]?.querySelector<HTMLElement>("a.ti");
  link?.focus({ preventScroll: true });
  all[at]?.scrollIntoView({ block: "nearest" });
}
function select(number: string | undefined): void {
  for (const one of rows()) {
    if (one.dataset.case === number) one.setAttribute("aria-selected", "true");
    else one.removeAttribute("aria-selected");
  }
  document.body.classList.toggle("has-case", number !== undefined);
}
/** Shows a case beside the list; `act`: with that form open. */
async function show(number: string, act = "", push = true): Promise<void> {
  const mine = ++asked;
  const to = new URL(here(), location.href);
  to.searchParams.set("case", number);
  if (act) to.searchParams.set("act", act);
  const query = new URLSearchParams({ next: here(), act });
  const html = await part(`/desk/cases/${encodeURIComponent(number)}?${query}`);
  if (mine !== asked) return;
  if (html === null) {
    location.href = to.href;
    return;
  }
  put(html);
  select(number);
  if (matchMedia("(max-width: 760px)").matches) scrollTo(0, 0);
  at = rows().findIndex((one) => one.dataset.case === number);
  if (push) history.replaceState(null, "", to);
}
/** The list as it is now: marks, place and keyboard stay. */
async function refresh(): Promise<void> {
  const whole = list();
  const html = await part(here());
  if (!whole || html === null) return;
  const marked = new Set(
    boxes()
      .filter((one) => one.checked)
      .map((one) => one.value.split(":")[0]),
  );
  const top = whole.querySelector(".scroll")?.scrollTop ?? 0;
  whole.innerHTML = html;
  for (const one of boxes()) one.checked = marked.has(one.value.split(":")[0] ?? "");
  const scroll = whole.querySelector(".scroll");
  if (scroll) scroll.scrollTop = top;
  ready();
  select(chosen());
}
function ready(): void {
  for (const one of document.querySelectorAll<HTMLElement>("[data-keys]")) one.hidden = false;
  picked();
}
function picked(): void {
  const many = boxes().filter((one) => one.checked).length;
  const say = list()?.querySelector("[data-picked]");
  if (say) say.textContent = many ? words().picked(many) : "";
  for (const one of list()?.querySelectorAll<HTMLButtonElement>(".picks .btn") ?? []) one.disabled = !many;
}
function away(): void {
  const at = panel();
  if (at) at.replaceChildren();
  const number = rows().find((one) => one.getAttribute("aria-selected") === "true")?.dataset.case;
  select(undefined);
  history.replaceState(null, "", here());
  rows()
    .find((one) => one.dataset.case === number)
    ?.querySelector<HTMLElement>("a.ti")
    ?.focus();
}
async function many(form: HTMLFormElement, by: HTMLElement | null): Promise<void> {
  const query = new URLSearchParams([...new FormData(form, by)].map(([name, value]) => [name, String(value)]));
  const html = await part(`/desk/bulk?${query}`);
  if (html === null) return form.submit();
  asked++;
  put(html);
  document.body.classList.add("has-case");
}
function bulk(act: string): void {
  const form = list()?.querySelector<HTMLFormElement>("form.bulk");
  const by = form?.querySelector<HTMLButtonElement>(`button[name=do][value=${act}]`);
  const number = rows()[at]?.dataset.case ?? chosen();
  if (form && by && boxes().some((one) => one.checked)) void many(form, by);
  else if (number) void show(number, act);
}

function clicked(event: MouseEvent): void {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const target = event.target as HTMLElement;
  const link = target.closest<HTMLAnchorElement>("a");
  const row = target.closest<HTMLTableRowElement>("tr[data-case]");
  if (row && !target.closest("input, label") && (!link || link.matches(".ti"))) {
    event.preventDefault();
    void show(row.dataset.case ?? "");
    return;
  }
  if (!link || !panel()?.contains(link)) return;
  const number = chosen();
  if (link.matches("[data-close]")) {
    event.preventDefault();
    away();
  } else if (number && link.matches("[data-do], [data-cancel]")) {
    event.preventDefault();
    void show(number, link.dataset.do ?? "");
  }
}
async function submitted(event: SubmitEvent): Promise<void> {
  const form = event.target as HTMLFormElement;
  if (form.matches("form.bulk")) {
    event.preventDefault();
    await many(form, event.submitter);
    return;
  }
  if (!panel()?.contains(form) || form.method !== "post") return;
  event.preventDefault();
  if (form.getAttribute("aria-busy")) return;
  const sent = await send(form, event.submitter);
  if (!sent) return failed(form);
  put(sent.html);
  if (sent.ok) {
    if (form.matches("[data-bulk]")) for (const one of boxes()) one.checked = false;
    await refresh();
  }
}
/** It may have arrived or not: nothing is sent twice by itself, and what was typed stays. */
function failed(form: HTMLFormElement): void {
  form.querySelector(".failed")?.remove();
  const said = make("p", "err failed", words().failed);
  said.setAttribute("role", "alert");
  form.append(said);
}

/** The page of the inbox. */
export function inbox(): void {
  const w = words();
  document.addEventListener("click", clicked);
  document.addEventListener("submit", (event) => void submitted(event));
  document.addEventListener("change", (event) => {
    if ((event.target as HTMLElement).matches("input[name=case]")) picked();
  });
  const current = () => rows()[at]?.dataset.case ?? chosen();
  register(
    { key: "j", word: w.next, group: w.list, run: () => step(1) },
    { key: "k", word: w.before, group: w.list, run: () => step(-1) },
    {
      key: "x",
      word: w.mark,
      group: w.list,
      run: () => {
        const box = rows()[at]?.querySelector<HTMLInputElement>("input[name=case]");
        if (box) box.checked = !box.checked;
        picked();
      },
    },
    {
      key: "enter",
      word: w.open,
      group: w.list,
      run: () => {
        const number = current();
        if (number) void show(number);
      },
    },
    { key: "g", word: w.assign, group: w.act, run: () => bulk("assign") },
    { key: "r", word: w.reply, group: w.act, run: () => bulk("comment") },
    { key: "escape", word: w.close, group: w.list, run: () => away() },
    { key: "/", word: w.find, run: () => document.querySelector<HTMLInputElement>("#q")?.focus() },
    { key: "?", word: w.keys, run: () => help() },
  );
  listen();
  const beside = panel();
  if (beside) dress(beside);
  ready();
}
/** The page of one case: its forms are sent as they are. */
export function single(): void {
  register(
    { key: "/", word: words().find, run: () => document.querySelector<HTMLInputElement>("#q")?.focus() },
    { key: "?", word: words().keys, run: () => help() },
  );
  listen();
  dress(document);
}
