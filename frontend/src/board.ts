/** The dispatcher's board: cards are given by drag or by keys; the plain forms of the page do the same without this. */
import "./css/board.css";
import { loadBase } from "./base";
import type { Points, Shown } from "./board/map";
import { say } from "./board/words";
import { make } from "./dom";
import { inset } from "./elements/inset";
import { zoomBox } from "./elements/zoom";
import { listen } from "./feed";
import { middle, readBox, VIETNAM } from "./pure/box";
import { type Renewing, renewing, whenSeen } from "./seen";
import { say as common } from "./words";

const NEWS_MS = 1500;
const EVERY_MS = 60_000;

class BoardMap extends HTMLElement {
  #view: Shown | undefined;
  #undo: (() => void)[] = [];
  #points: Points = { routes: [], waiting: [] };
  #crew: number | null = null;

  connectedCallback(): void {
    const box = readBox(this.dataset.bounds);
    this.insertAdjacentHTML("beforeend", inset(112, common, box && middle(box)));
    this.append(make("span", "mapcredit", this.dataset.credit ?? ""));
    this.#undo.push(whenSeen(this, () => void this.#start()));
    const retheme = () => {
      this.#view?.remove();
      this.querySelector(".gl")?.remove();
      void this.#start();
    };
    document.addEventListener("themechange", retheme);
    this.#undo.push(() => document.removeEventListener("themechange", retheme));
  }
  disconnectedCallback(): void {
    for (const undo of this.#undo.splice(0)) undo();
    this.#view?.remove();
  }
  async #start(): Promise<void> {
    try {
      const [{ draw }, base] = await Promise.all([import("./board/map"), loadBase(this.dataset)]);
      if (!this.isConnected) return;
      const holder = make("div", "gl");
      this.prepend(holder);
      const board = this.closest<DispatchBoard>("dispatch-board");
      this.#view = await draw(holder, base, readBox(this.dataset.bounds) ?? VIETNAM, {
        crew: (id) => board?.choose(id),
        card: (name) => board?.find(name),
      });
      if (!this.querySelector(".zoom"))
        this.append(zoomBox({ zoom: (step) => this.#view?.zoom(step), home: () => this.#view?.home() }));
      this.#view.show(this.#points, this.#crew);
      this.dataset.ready = "";
    } catch (error) {
      console.warn(error);
      this.querySelector(".gl")?.remove();
      if (!this.querySelector(".state")) this.append(make("p", "state", common("failed")));
    }
  }
  show(points: Points, crew: number | null): void {
    this.#points = points;
    this.#crew = crew;
    this.#view?.show(points, crew);
  }
}

/** A card in the hand: where it came from, and where it would be dropped. */
interface Lifted {
  card: HTMLElement;
  column: HTMLElement;
  place: number;
}

class DispatchBoard extends HTMLElement {
  #lifted: Lifted | undefined;
  #dragged: HTMLElement | undefined;
  #crew: number | null = null;
  #news: Renewing | undefined;
  #undo: (() => void)[] = [];

  connectedCallback(): void {
    document.documentElement.dataset.script = "";
    this.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("dragstart", (event) => this.#dragstart(event));
    this.addEventListener("dragover", (event) => this.#dragover(event));
    this.addEventListener("dragleave", (event) => {
      if (!this.contains(event.relatedTarget as Node)) this.#unmark();
    });
    this.addEventListener("drop", (event) => this.#drop(event));
    this.addEventListener("dragend", () => this.#unmark());
    this.addEventListener("submit", (event) => this.#submit(event));
    this.addEventListener("focusin", (event) => this.#focused(event.target as HTMLElement));
    this.addEventListener("click", (event) => {
      const column = (event.target as HTMLElement).closest<HTMLElement>("section.crew");
      if (column) this.choose(Number(column.dataset.column));
    });
    const closing = (event: Event) => {
      for (const one of this.querySelectorAll<HTMLDetailsElement>("details[open]"))
        if (!one.contains(event.target as Node)) one.open = false;
    };
    document.addEventListener("click", closing);
    const news = renewing(EVERY_MS, () => void this.#renew());
    this.#news = news;
    this.#undo.push(
      listen({
        journal: ({ kind }) => {
          if (/^cases\.(job|crew|shift|opened|confirmed|assigned|stepped|transferred|merged)/.test(kind))
            news.soon(NEWS_MS);
        },
      }),
      news.stop,
      () => document.removeEventListener("click", closing),
    );
    customElements.whenDefined("board-map").then(() => this.#shown());
  }
  disconnectedCallback(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }

  // ---- what is chosen ----

  choose(crew: number | null): void {
    this.#crew = crew;
    for (const one of this.#columns()) one.toggleAttribute("data-on", Number(one.dataset.column) === crew);
    this.#map();
  }
  /** Bring a card of the map into view. */
  find(name: string): void {
    const card = this.querySelector<HTMLElement>(
      `.card[data-job="${CSS.escape(name)}"], .card[data-case="${CSS.escape(name)}"]`,
    );
    card?.scrollIntoView({ block: "nearest", inline: "nearest" });
    card?.focus();
  }
  #map(): void {
    const main = this.querySelector<HTMLElement>("main");
    const points = JSON.parse(main?.dataset.points ?? '{"routes":[],"waiting":[]}') as Points;
    this.querySelector<BoardMap>("board-map")?.show(points, this.#crew);
  }
  #focused(target: HTMLElement): void {
    const card = target.closest<HTMLElement>(".card");
    if (!card) return;
    for (const one of this.querySelectorAll<HTMLElement>(".card[tabindex='0']")) one.tabIndex = -1;
    card.tabIndex = 0;
    const column = card.closest<HTMLElement>("section.crew");
    if (column && !this.#lifted) this.choose(Number(column.dataset.column));
  }
  #columns(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>("section.crew")];
  }
  #waiting(): HTMLElement | null {
    return this.querySelector("section.waiting");
  }
  #cards(column: HTMLElement): HTMLElement[] {
    return [...column.querySelectorAll<HTMLElement>(".card[tabindex]")];
  }

  // ---- keys ----

  #key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.key === "Escape") {
      const open = target.closest<HTMLDetailsElement>("details[open]");
      if (open) {
        open.open = false;
        open.querySelector("summary")?.focus();
        return;
      }
    }
    const card = target.closest<HTMLElement>(".card[tabindex]");
    if (!card || target !== card || event.ctrlKey || event.metaKey || event.altKey) return;
    const done = this.#lifted ? this.#carry(event.key) : this.#walk(card, event.key);
    if (done) event.preventDefault();
  }
  /** Nothing in the hand: keys go from card to card. */
  #walk(card: HTMLElement, key: string): boolean {
    const column = card.closest<HTMLElement>("[data-column]");
    if (!column) return false;
    const cards = this.#cards(column);
    const at = cards.indexOf(card);
    const all = [this.#waiting(), ...this.#columns()].filter((one): one is HTMLElement => one !== null);
    if (key === "ArrowDown" || key === "ArrowUp") cards[at + (key === "ArrowDown" ? 1 : -1)]?.focus();
    else if (key === "ArrowRight" || key === "ArrowLeft") {
      const step = key === "ArrowRight" ? 1 : -1;
      for (let i = all.indexOf(column) + step; i >= 0 && i < all.length; i += step) {
        const found = this.#cards(all[i] as HTMLElement);
        const next = found[Math.min(at, found.length - 1)];
        if (next) {
          next.focus();
          break;
        }
      }
    } else if (key === "Enter" || key === " ") this.#lift(card);
    else if (/^[1-9]$/.test(key)) {
      this.#lift(card);
      this.#carry(key);
    } else if ((key === "Delete" || key === "Backspace") && card.dataset.job) void this.#withdraw(card);
    else return false;
    return true;
  }
  /** With a card in the hand: keys choose the crew and the place. */
  #carry(key: string): boolean {
    const lifted = this.#lifted;
    if (!lifted) return false;
    const columns = this.#columns();
    const at = columns.indexOf(lifted.column);
    if (key === "ArrowRight" || key === "ArrowLeft") {
      const next =
        columns[Math.max(0, Math.min(columns.length - 1, at < 0 ? 0 : at + (key === "ArrowRight" ? 1 : -1)))];
      if (next) this.#over(next);
    } else if (/^[1-9]$/.test(key)) {
      const next = columns[Number(key) - 1];
      if (next) this.#over(next);
    } else if (key === "ArrowDown" || key === "ArrowUp") {
      const most = this.#places(lifted.column, lifted.card).length;
      this.#over(lifted.column, Math.max(0, Math.min(most, lifted.place + (key === "ArrowDown" ? 1 : -1))));
    } else if (key === "Enter" || key === " ") void this.#put();
    else if (key === "Escape") {
      this.#unmark();
      this.#tell(say("dropped"));
    } else return key === "Tab";
    return true;
  }
  #lift(card: HTMLElement): void {
    const column = card.closest<HTMLElement>("section.crew") ?? this.#suggested(card) ?? this.#columns()[0];
    if (!column) return;
    this.#lifted = { card, column, place: 0 };
    card.dataset.lifted = "";
    const own = card.closest("section") === column;
    const at = own ? this.#open(column).indexOf(card) : this.#places(column, card).length;
    this.#over(column, Math.max(0, at), true);
  }
  #suggested(card: HTMLElement): HTMLElement | undefined {
    const crew = card.querySelector<HTMLSelectElement>("select[name=crew]")?.value;
    return this.#columns().find((one) => one.dataset.column === crew);
  }
  #over(column: HTMLElement, place?: number, first = false): void {
    const lifted = this.#lifted;
    if (!lifted) return;
    lifted.column = column;
    lifted.place = place ?? this.#places(column, lifted.card).length;
    this.#line(column, lifted.place, lifted.card);
    column.scrollIntoView({ block: "nearest", inline: "nearest" });
    const where = say("over", { crew: column.dataset.name ?? "", n: lifted.place + 1 });
    this.#tell(first ? `${say("lifted", { name: lifted.card.dataset.name ?? "" })} ${where}` : where);
  }
  #open(column: HTMLElement): HTMLElement[] {
    return [
      ...column.querySelectorAll<HTMLElement>('.card:is([data-s="planned"], [data-s="going"], [data-s="working"])'),
    ];
  }
  #places(column: HTMLElement, without: HTMLElement): HTMLElement[] {
    return this.#open(column).filter((one) => one !== without);
  }
  /** The line where the card would come to lie. */
  #line(column: HTMLElement, place: number, card: HTMLElement): void {
    for (const one of this.querySelectorAll(".gap")) one.remove();
    for (const one of this.querySelectorAll<HTMLElement>("[data-over]")) delete one.dataset.over;
    column.dataset.over = "";
    const gap = make("li", "gap");
    const list = column.querySelector("ol");
    const before = this.#places(column, card)[place];
    if (before) before.before(gap);
    else list?.append(gap);
  }
  #unmark(): void {
    for (const one of this.querySelectorAll(".gap")) one.remove();
    for (const one of this.querySelectorAll<HTMLElement>("[data-over]")) delete one.dataset.over;
    for (const one of this.querySelectorAll<HTMLElement>("[data-lifted]")) delete one.dataset.lifted;
    this.#lifted = undefined;
    this.#dragged = undefined;
  }

  // ---- drag ----

  #dragstart(event: DragEvent): void {
    const card = (event.target as HTMLElement).closest<HTMLElement>(".card[draggable]");
    if (!card || !event.dataTransfer) return;
    this.#unmark();
    this.#dragged = card;
    card.dataset.lifted = "";
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", card.dataset.name ?? "");
  }
  #dragover(event: DragEvent): void {
    const column = (event.target as HTMLElement).closest<HTMLElement>("[data-column]");
    const card = this.#dragged;
    if (!card || !column) return;
    if (column === this.#waiting()) {
      if (!card.dataset.job) return;
      event.preventDefault();
      for (const one of this.querySelectorAll(".gap")) one.remove();
      for (const one of this.querySelectorAll<HTMLElement>("[data-over]")) delete one.dataset.over;
      column.dataset.over = "";
      this.#lifted = { card, column, place: 0 };
      return;
    }
    event.preventDefault();
    const others = this.#places(column, card);
    const under = others.findIndex((one) => {
      const box = one.getBoundingClientRect();
      return event.clientY < box.top + box.height / 2;
    });
    const place = under < 0 ? others.length : under;
    this.#lifted = { card, column, place };
    this.#line(column, place, card);
  }
  #drop(event: DragEvent): void {
    if (!this.#lifted || !this.#dragged) return;
    event.preventDefault();
    if (this.#lifted.column === this.#waiting()) void this.#withdraw(this.#lifted.card);
    else void this.#put();
  }

  // ---- what is sent ----

  async #put(): Promise<void> {
    const lifted = this.#lifted;
    if (!lifted) return;
    const { card, column, place } = lifted;
    const given = { crew: column.dataset.column ?? "", day: this.dataset.day ?? "", place: String(place) };
    const said = say("given", { name: card.dataset.name ?? "", crew: column.dataset.name ?? "" });
    const version = card.dataset.version ?? "";
    this.#unmark();
    if (card.dataset.case) await this.#send("plan", { case: card.dataset.case, version, ...given }, said);
    else await this.#send("move", { job: card.dataset.job ?? "", version, ...given }, said);
  }
  async #withdraw(card: HTMLElement): Promise<void> {
    const said = say("withdrawn", { name: card.dataset.name ?? "" });
    this.#unmark();
    await this.#send("withdraw", { job: card.dataset.job ?? "", version: card.dataset.version ?? "" }, said);
  }
  #submit(event: SubmitEvent): void {
    const form = event.target as HTMLFormElement;
    const verb = /\/desk\/board\/(\w+)$/.exec(new URL(form.action).pathname)?.[1];
    if (!verb || form.method !== "post") return;
    event.preventDefault();
    const given: Record<string, string> = {};
    for (const [name, value] of new FormData(form, event.submitter)) given[name] = String(value);
    void this.#send(verb, given, "");
  }
  async #send(verb: string, given: Record<string, string>, said: string): Promise<void> {
    const token = this.querySelector<HTMLInputElement>("input[name=_token]")?.value ?? "";
    const body = new URLSearchParams({
      _token: token,
      office: this.dataset.office ?? "",
      shown: this.dataset.day ?? "",
      ...given,
    });
    try {
      const answer = await fetch(`/desk/board/${verb}`, { method: "POST", body, headers: { accept: "text/html" } });
      if (answer.status === 401 || answer.status === 403 || /sign-in/.test(answer.url)) return location.reload();
      this.#renewed(await answer.text(), answer.ok ? said : "", given.job ?? given.case);
    } catch {
      this.#tell(say("failed"));
    }
  }
  async #renew(): Promise<void> {
    // nothing moves under a hand
    if (
      this.#lifted ||
      this.#dragged ||
      this.querySelector("details[open]") ||
      document.activeElement?.matches("select")
    )
      return this.#news?.soon(EVERY_MS / 4);
    try {
      const answer = await fetch(`/desk/board?office=${this.dataset.office}&day=${this.dataset.day}`, {
        headers: { accept: "text/html" },
      });
      if (answer.redirected) return location.reload();
      if (answer.ok) this.#renewed(await answer.text(), "", undefined, true);
    } catch {
      // the clock of the page says since when
    }
  }
  #renewed(text: string, said: string, about?: string, quiet = false): void {
    const page = new DOMParser().parseFromString(text, "text/html");
    const next = page.querySelector("main");
    const main = this.querySelector("main");
    if (!next || !main) {
      location.reload();
      return;
    }
    const held = document.activeElement?.closest<HTMLElement>(".card");
    const had = held ? [held.dataset.job, held.dataset.case] : about ? [about, about] : undefined;
    const scrolls = [...main.querySelectorAll(".cards, .crews")].map((one) => [one.scrollTop, one.scrollLeft]);
    if (quiet) next.querySelector(".says")?.replaceChildren(...(main.querySelector(".says")?.childNodes ?? []));
    main.replaceWith(next);
    for (const [i, one] of [...next.querySelectorAll(".cards, .crews")].entries()) {
      one.scrollTop = scrolls[i]?.[0] ?? 0;
      one.scrollLeft = scrolls[i]?.[1] ?? 0;
    }
    const clock = page.querySelector("[data-hour]");
    const here = document.querySelector("[data-hour]");
    if (clock && here) here.textContent = clock.textContent;
    this.choose(this.#crew);
    if (had) {
      const card = this.querySelector<HTMLElement>(
        `.card[data-job="${CSS.escape(had[0] ?? "-")}"], .card[data-case="${CSS.escape(had[1] ?? "-")}"]`,
      );
      (card ?? this.querySelector<HTMLElement>(".waiting .card"))?.focus({ preventScroll: true });
    }
    if (said) this.#tell(said);
  }
  #tell(text: string): void {
    const place = this.querySelector(".says");
    place?.replaceChildren(make("p", "told", text));
  }
  #shown(): void {
    this.#map();
  }
}
customElements.define("dispatch-board", DispatchBoard);
customElements.define("board-map", BoardMap);

for (const select of document.querySelectorAll<HTMLSelectElement>("select[data-auto]"))
  select.addEventListener("change", () => select.form?.requestSubmit());
