/**
 * <ops-queue>: the alarm queue. Rows keep their place: what is new waits behind "3 mới". Ten thousand rows are drawn as the
 * twenty that are seen. What the server wrote inside works without this.
 */

import * as actions from "../operations/actions";
import * as alarms from "../operations/alarms";
import { announce, button, icon, make, mark, span } from "../operations/dom";
import { register } from "../operations/keys";
import {
  type Alarm,
  EXERCISE,
  Heights,
  type Item,
  SEVERITIES,
  type Section,
  section,
  stands,
} from "../operations/model";
import { others } from "../operations/presence";
import { settings } from "../operations/settings";
import * as state from "../operations/state";
import { say, type Word } from "../operations/words";
import { clock, moment } from "../pure/number";

const LINE = 76;
const HEAD = 28;
const CHIPS = [
  ["all", {}],
  ["mine", { assignee: "me" }],
  ["none", { assignee: "none" }],
  ["near", { near: "1" }],
] as const satisfies readonly (readonly [Word, Partial<state.Filters>])[];
const headWord = (one: Section): string => (one === "cleared" ? say("clearedHead") : say(one));

export class OpsQueue extends HTMLElement {
  #undo: (() => void)[] = [];
  #list!: HTMLElement;
  #lane!: HTMLElement;
  #heights = new Heights([], LINE, HEAD);
  #drawn = new Map<string, HTMLElement>();
  #picked = new Set<number>();
  #frame = 0;
  #chips: HTMLButtonElement[] = [];
  #selects: HTMLSelectElement[] = [];
  #ready = false;

  connectedCallback(): void {
    this.#furnish();
    const resized = new ResizeObserver(() => this.#soon());
    resized.observe(this.#list);
    const ages = setInterval(() => this.#soon(), 5000);
    const hear = () => this.#soon();
    document.addEventListener("ops:presence", hear);
    this.#undo.push(
      alarms.follow((change) => this.#changed(change)),
      state.subscribe((now, before) => this.#moved(now, before)),
      this.#keys(),
      () => resized.disconnect(),
      () => clearInterval(ages),
      () => document.removeEventListener("ops:presence", hear),
    );
    if (alarms.known.loaded) this.#changed({ whole: true, ids: new Set(), fresh: [] });
  }
  disconnectedCallback(): void {
    for (const undo of this.#undo.splice(0)) undo();
    cancelAnimationFrame(this.#frame);
  }

  #furnish(): void {
    this.#list = this.querySelector<HTMLElement>(".list") ?? this.appendChild(make("div", "scroll grow list"));
    this.#list.addEventListener("scroll", () => this.#soon(), { passive: true });
    const chips = this.querySelector<HTMLElement>(".chips");
    chips?.setAttribute("role", "group");
    this.#chips = CHIPS.map(([word, filters]) => {
      const chip = button("chip", say(word), () =>
        state.set({ filters: { assignee: "", near: "", ...filters }, view: null }),
      );
      chip.dataset.filter = word;
      return chip;
    });
    const more = make("details", "more");
    const summary = make("summary", "chip");
    summary.append(icon("filter"), make("span", "vh", say("moreFilters")));
    summary.title = say("moreFilters");
    const panel = make("div", "card stack");
    this.#selects = (["severity", "sector", "unit", "agency"] as const).map((name) => {
      const select = make("select", "in");
      select.name = name;
      select.setAttribute(
        "aria-label",
        say(({ severity: "anySeverity", sector: "anySector", unit: "anyUnit", agency: "anyAgency" } as const)[name]),
      );
      select.addEventListener("change", () => state.set({ filters: { [name]: select.value }, view: null }));
      return select;
    });
    const shelved = make("label", "opt");
    const box = Object.assign(make("input"), { type: "checkbox" });
    box.addEventListener("change", () => state.set({ filters: { state: box.checked ? "shelved" : "" } }));
    shelved.append(box, make("span", "", say("shelvedOnly")), make("span", "faint num end"));
    panel.append(
      ...this.#selects,
      shelved,
      button("btn", say("clearFilters"), () => state.set({ filters: { ...state.EVERYTHING }, view: null })),
    );
    more.append(summary, panel);
    more.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !more.open) return;
      more.open = false;
      summary.focus();
      event.stopPropagation();
    });
    const away = (event: Event) => {
      if (more.open && !more.contains(event.target as Node)) more.open = false;
    };
    document.addEventListener("pointerdown", away);
    this.#undo.push(() => document.removeEventListener("pointerdown", away));
    chips?.replaceChildren(...this.#chips);
    this.querySelector(".find")?.append(more);
    const form = this.querySelector<HTMLFormElement>("form.find");
    const field = form?.querySelector<HTMLInputElement>("input[name=q]");
    form?.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#focusFirst();
    });
    field?.addEventListener("input", () => state.set({ filters: { q: field.value.trim() }, view: null }));
    field?.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        field.value = "";
        state.set({ filters: { q: "" } });
        this.#list.focus();
        event.preventDefault();
      } else if (event.key === "ArrowDown") {
        event.preventDefault();
        this.#focusFirst();
      }
    });
    this.querySelector(".fresh-chip")?.addEventListener("click", () => this.bring());
  }

  #changed(change: alarms.Change): void {
    if (!this.#ready) {
      this.#ready = true;
      this.#lane = make("ul", "lane");
      this.#list.replaceChildren(this.#lane);
    }
    if (change.whole) this.#arrange();
    // into an empty list nothing can jump
    else if (!alarms.queue.items.length) this.#arrange(true);
    const worst = change.fresh.find((one) => one.severity === "critical" && stands(one) && !one.acknowledged);
    if (worst) announce(say("newCritical", { title: worst.title }), true);
    else if (change.fresh.length) announce(say("freshSay", { n: alarms.queue.waiting().length }));
    this.#says();
    this.#soon();
  }
  #moved(now: state.State, before: state.State): void {
    if (now.filters !== before.filters) {
      alarms.queue.wanted = now.filters;
      this.#arrange(true);
      this.#list.scrollTop = 0;
    }
    if (now.selected !== before.selected) this.#reveal();
    this.#says();
    this.#soon();
  }
  #arrange(settle = false): void {
    if (settle) alarms.queue.settle();
    this.#heights = new Heights(alarms.queue.items, LINE, HEAD);
    for (const one of this.#drawn.values()) one.remove();
    this.#drawn.clear();
    if (this.#lane) this.#lane.style.height = `${this.#heights.total}px`;
    const empty = this.#list.querySelector(".state");
    if (alarms.queue.items.length) empty?.remove();
    else if (!empty) this.#list.append(this.#nothing());
  }
  #nothing(): HTMLElement {
    const box = make("div", "state");
    const filtered = Object.values(state.get().filters).some(Boolean);
    const replay = state.get().mode === "replay";
    box.append(
      make("b", "", say("emptyTitle")),
      make("span", "", filtered ? say("emptyFiltered") : replay ? say("emptyReplay") : say("emptyText")),
    );
    if (filtered)
      box.append(button("btn", say("clearFilters"), () => state.set({ filters: { ...state.EVERYTHING }, view: null })));
    return box;
  }
  /** Brings what waits into the list. */
  bring(): void {
    if (state.get().mode === "replay") {
      state.set({ at: null });
      return;
    }
    alarms.queue.settle();
    this.#arrange();
    this.#says();
    this.#soon();
  }

  /** The counts, the chips, what waits. */
  #says(): void {
    const { open, unheard, mine, none, near } = alarms.queue.counts();
    const now = state.get();
    const tally = this.querySelector(".tally");
    if (tally) tally.textContent = say("open", { open, unheard });
    const numbers = { all: open, mine, none, near };
    for (const chip of this.#chips) {
      const word = chip.dataset.filter as keyof typeof numbers;
      const on =
        word === "all"
          ? !now.filters.assignee && !now.filters.near
          : word === "near"
            ? now.filters.near === "1"
            : now.filters.assignee === (word === "mine" ? "me" : "none");
      chip.setAttribute("aria-pressed", String(on));
      chip.replaceChildren(say(word), make("span", "num", String(numbers[word])));
    }
    this.#choices();
    const fresh = this.querySelector<HTMLButtonElement>(".fresh-chip");
    if (!fresh) return;
    const waiting = now.mode === "replay" ? [] : alarms.queue.waiting();
    const count = now.mode === "replay" ? alarms.known.liveNews : waiting.length;
    fresh.hidden = count === 0;
    const worst = SEVERITIES.find((one) => waiting.some((alarm) => alarm.active && alarm.severity === one));
    fresh.replaceChildren(icon("arrow-up"), say(now.mode === "replay" ? "freshNow" : "fresh", { n: count }));
    if (worst) fresh.prepend(mark(worst));
    fresh.classList.toggle("hot", worst === "critical");
  }
  #choices(): void {
    const { filters } = state.get();
    const used = {
      severity: new Set<string>(),
      sector: new Set<string>(),
      unit: new Set<string>(),
      agency: new Set<string>(),
    };
    for (const one of alarms.queue.all.values()) {
      used.severity.add(one.severity);
      if (one.sector) used.sector.add(one.sector);
      if (one.unit) used.unit.add(one.unit);
      if (one.agency !== null) used.agency.add(String(one.agency));
    }
    for (const select of this.#selects) {
      const name = select.name as keyof typeof used;
      const called = (key: string) =>
        name === "severity"
          ? say(key as Word)
          : ((name === "sector" ? alarms.names.sectors : name === "unit" ? alarms.names.units : alarms.names.agencies)[
              key
            ] ?? key);
      const keys =
        name === "severity"
          ? SEVERITIES.filter((one) => used.severity.has(one))
          : [...used[name]].sort((a, b) => called(a).localeCompare(called(b), "vi"));
      const signature = keys.join();
      if (select.dataset.keys !== signature) {
        select.dataset.keys = signature;
        select.replaceChildren(
          new Option(select.getAttribute("aria-label") ?? "", ""),
          ...keys.map((key) => new Option(called(key), key)),
        );
      }
      if (document.activeElement !== select) select.value = filters[name];
    }
    const more = this.querySelector(".more > summary");
    more?.classList.toggle(
      "on",
      Boolean(filters.severity || filters.sector || filters.unit || filters.agency || filters.state),
    );
    const box = this.querySelector<HTMLInputElement>(".more input[type=checkbox]");
    if (box) box.checked = filters.state === "shelved";
    const count = this.querySelector(".more .opt .num");
    if (count) count.textContent = alarms.known.suppressed ? String(alarms.known.suppressed) : "";
    const field = this.querySelector<HTMLInputElement>("input[name=q]");
    if (field && document.activeElement !== field) field.value = filters.q;
  }

  #soon(): void {
    if (!this.#frame && this.#ready)
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        this.#draw();
      });
  }
  #draw(): void {
    const items = alarms.queue.items;
    const [first, end] = this.#heights.seen(this.#list.scrollTop - 4 * LINE, this.#list.clientHeight + 8 * LINE);
    const wanted = new Set<string>();
    for (let i = first; i < end; i++) {
      const item = items[i];
      if (!item) continue;
      wanted.add(item.key);
      let row = this.#drawn.get(item.key);
      if (!row) {
        row = item.kind === "head" ? this.#head(item) : this.#line(item);
        this.#drawn.set(item.key, row);
        this.#place(row, i);
      }
      if (item.kind === "line") this.#fill(row, item);
      row.style.transform = `translateY(${this.#heights.tops[i]}px)`;
      row.setAttribute("aria-posinset", String(i + 1));
      row.setAttribute("aria-setsize", String(items.length));
    }
    for (const [key, row] of this.#drawn)
      if (!wanted.has(key) && !row.contains(document.activeElement)) {
        row.remove();
        this.#drawn.delete(key);
      }
    this.dataset.ready = "";
    this.#bulk();
  }
  /** Rows stand in the document in the order they are seen, so that Tab goes down the list. */
  #place(row: HTMLElement, index: number): void {
    row.dataset.i = String(index);
    const after = [...this.#lane.children].find((one) => Number((one as HTMLElement).dataset.i) > index);
    this.#lane.insertBefore(row, after ?? null);
  }
  #head(item: Item & { kind: "head" }): HTMLElement {
    const row = make("li", "grp");
    row.dataset.kind = item.section;
    row.append(make("h3", "", headWord(item.section)), make("span", "num", String(item.count)));
    return row;
  }
  #line(item: Item & { kind: "line" }): HTMLElement {
    const row = make("li", "line");
    const alarm = alarms.queue.all.get(item.id);
    const box = Object.assign(make("input", "pick"), { type: "checkbox" });
    box.setAttribute("aria-label", say("pick", { number: alarm?.number ?? "" }));
    box.addEventListener("change", () => this.#pick(item.id, box.checked));
    const link = make("a");
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      state.set({ selected: `alarm:${alarm?.number}` });
      // pressed by a key: on to the details
      if (event.detail === 0) document.dispatchEvent(new CustomEvent("ops:enter"));
    });
    row.append(box, link);
    if (item.group > 1) {
      const fold = button("btn quiet ico fold", "", () => this.#fold(item.id));
      fold.append(icon("chevron-right"));
      row.append(fold);
    }
    return row;
  }
  #fill(row: HTMLElement, item: Item & { kind: "line" }): void {
    const alarm = alarms.queue.all.get(item.id);
    if (!alarm) return;
    const now = state.get().at ?? settings.clock();
    const here = others(alarm.id);
    const chosen = state.get().selected === `alarm:${alarm.number}`;
    const picked = this.#picked.has(alarm.id);
    const signature = [
      alarm.version,
      alarm.severity,
      alarm.active,
      alarm.acknowledged,
      alarm.value,
      alarm.repeats,
      alarm.suppressed,
      alarm.assignee,
      chosen,
      picked,
      item.open,
      item.group,
      here.map((one) => one.initials).join(),
      note(alarm, now),
      span(now - alarm.raised),
    ].join("|");
    if (row.dataset.drawn === signature) return;
    row.dataset.drawn = signature;
    row.dataset.id = String(alarm.id);
    const closed = !stands(alarm) && state.get().filters.state !== "shelved";
    row.className = `line ${alarm.acknowledged ? "ackd" : "un"}${closed ? " gone" : ""}${item.depth ? " deep" : ""}${picked ? " picked" : ""}${alarm.flags & EXERCISE ? " drill" : ""}`;
    const box = row.querySelector<HTMLInputElement>("input.pick");
    if (box) box.checked = picked;
    const fold = row.querySelector<HTMLButtonElement>(".fold");
    if (fold) {
      fold.setAttribute("aria-expanded", String(item.open));
      fold.setAttribute("aria-label", say("members", { n: item.group }));
      fold.title = say("members", { n: item.group });
    }
    const link = row.querySelector("a") as HTMLAnchorElement;
    link.href = `/operations?${state.write({ ...state.get(), selected: `alarm:${alarm.number}` })}`;
    if (chosen) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    const tone = alarm.active ? alarm.severity : "normal";
    const value = make("span", "v num", alarm.value);
    value.dataset.s = tone;
    const title = make("span", "t clip", alarm.title);
    const where = make("span", "p");
    const unit = alarm.unit ? alarms.names.units[alarm.unit] : "";
    where.append(
      make("span", "clip", [alarm.subject, unit].filter(Boolean).join(" · ")),
      make("span", "end num", span(now - alarm.raised)),
    );
    const foot = make("span", "p");
    foot.append(...badge(alarm, closed));
    const over = alarm.due !== null && alarm.due < now && !alarm.acknowledged;
    foot.append(make("span", over ? "clip poor" : "clip", note(alarm, now)));
    const who = make("span", "end row");
    if (item.group > 1 && !item.open) who.append(make("span", "num many", `×${item.group}`));
    for (const one of here.slice(0, 3)) {
      const face = make("span", "ini here", one.initials);
      face.title = say("looking", { name: one.name });
      who.append(face);
    }
    const owner = alarms.names.people[String(alarm.assignee ?? alarm.acknowledgedBy ?? "")];
    if (owner && !here.length) {
      const face = make("span", "ini", owner[1]);
      face.title = owner[0];
      who.append(face);
    }
    if (who.childNodes.length) foot.append(who);
    link.replaceChildren(mark(tone), make("span", "vh", headWord(section(alarm))), title, value, where, foot);
  }

  // choosing, marking, folding

  #selectedId(): number | null {
    const { selected } = state.get();
    if (!selected?.startsWith("alarm:")) return null;
    const number = selected.slice(6);
    for (const one of alarms.queue.all.values()) if (one.number === number) return one.id;
    return null;
  }
  #step(by: 1 | -1): void {
    const items = alarms.queue.items;
    const id = this.#selectedId();
    const from = id === null ? -1 : alarms.queue.place(id);
    const to = from < 0 ? alarms.queue.step(by === 1 ? -1 : items.length, by) : alarms.queue.step(from, by);
    const item = items[to];
    if (item?.kind !== "line") return;
    const alarm = alarms.queue.all.get(item.id);
    if (alarm) state.set({ selected: `alarm:${alarm.number}` });
    this.#focus(to);
  }
  #focusFirst(): void {
    const to = alarms.queue.step(-1, 1);
    const item = alarms.queue.items[to];
    if (item?.kind !== "line") return;
    const alarm = alarms.queue.all.get(item.id);
    if (alarm) state.set({ selected: `alarm:${alarm.number}` });
    this.#focus(to);
  }
  /** Scrolls a line into sight and puts the focus on it. */
  #focus(index: number): void {
    const top = this.#heights.tops[index] ?? 0;
    const { scrollTop, clientHeight } = this.#list;
    if (top - HEAD < scrollTop) this.#list.scrollTop = Math.max(0, top - HEAD);
    else if (top + LINE > scrollTop + clientHeight) this.#list.scrollTop = top + LINE - clientHeight;
    this.#draw();
    const item = alarms.queue.items[index];
    if (item) this.#drawn.get(item.key)?.querySelector<HTMLElement>("a")?.focus({ preventScroll: true });
  }
  #reveal(): void {
    const id = this.#selectedId();
    if (id === null) return;
    const index = alarms.queue.place(id);
    if (index < 0) return;
    const top = this.#heights.tops[index] ?? 0;
    const { scrollTop, clientHeight } = this.#list;
    if (top < scrollTop || top + LINE > scrollTop + clientHeight)
      this.#list.scrollTop = Math.max(0, top - clientHeight / 3);
  }
  #fold(id: number): void {
    alarms.queue.fold(id);
    this.#arrange();
    this.#soon();
  }
  #pick(id: number, on: boolean): void {
    const members = alarms.queue.items.some((one) => one.kind === "line" && one.id === id && one.group > 1 && !one.open)
      ? [...alarms.queue.all.values()]
          .filter((one) => one.group === alarms.queue.all.get(id)?.group && stands(one))
          .map((one) => one.id)
      : [id];
    for (const one of members) {
      if (on) this.#picked.add(one);
      else this.#picked.delete(one);
    }
    this.#soon();
  }
  /** What is marked, or what is selected. */
  picked(): Alarm[] {
    const chosen = this.#selectedId();
    const ids = this.#picked.size ? [...this.#picked] : chosen === null ? [] : [chosen];
    return ids.flatMap((id) => alarms.queue.all.get(id) ?? []);
  }
  #bulk(): void {
    const bar = this.querySelector<HTMLElement>(".bulk");
    if (!bar) return;
    for (const id of this.#picked) if (!alarms.queue.all.has(id)) this.#picked.delete(id);
    const count = this.#picked.size;
    bar.hidden = count === 0 || state.get().mode === "replay";
    this.classList.toggle("picking", count > 0);
    if (bar.hidden || bar.dataset.count === String(count)) return;
    bar.dataset.count = String(count);
    const act = button("btn primary", say("acknowledge"), () => void this.#ackAll());
    act.append(make("kbd", "", "A"));
    const give = button("btn", say("dispatch"), () => void actions.dispatch(this.picked()).then(() => this.#unpick()));
    give.append(make("kbd", "", "D"));
    const none = button("btn quiet ico", "×", () => this.#unpick());
    none.setAttribute("aria-label", say("cancel"));
    bar.replaceChildren(make("span", "num", say("picked", { n: count })), act, give, none);
  }
  #unpick(): void {
    this.#picked.clear();
    this.#soon();
  }
  async #ackAll(): Promise<void> {
    if (await actions.acknowledgeMany(this.picked())) this.#unpick();
  }

  #keys(): () => void {
    const group = say("groupQueue");
    const act = say("groupAct");
    return register(
      { key: "j", word: say("keyDown"), group, run: () => this.#step(1) },
      { key: "k", word: say("keyUp"), group, run: () => this.#step(-1) },
      { key: "arrowdown", word: "", run: () => this.#step(1) },
      { key: "arrowup", word: "", run: () => this.#step(-1) },
      { key: "x", word: say("keyPick"), group, run: () => this.#toggle() },
      { key: "o", word: say("keyFold"), group, run: () => this.#foldChosen() },
      { key: "n", word: say("keyNew"), group, run: () => this.bring() },
      { key: "f", word: say("keyFilter"), group, run: () => this.#turn() },
      {
        key: "/",
        word: say("keySearch"),
        group,
        run: () => this.#search(),
      },
      {
        key: "a",
        word: say("keyAck"),
        group: act,
        run: () => void (this.#picked.size ? this.#ackAll() : actions.acknowledge(this.picked())),
      },
      {
        key: "d",
        word: say("keyDispatch"),
        group: act,
        run: () => void actions.dispatch(this.picked()).then((done) => done && this.#unpick()),
      },
      { key: "c", word: say("keyComment"), group: act, run: () => void actions.comment(this.picked()) },
      {
        key: "s",
        word: say("keyShelve"),
        group: act,
        run: () => void actions.shelve(this.picked()).then((done) => done && this.#unpick()),
      },
    );
  }
  #search(): void {
    const field = this.querySelector<HTMLInputElement>("input[name=q]");
    field?.focus();
    field?.select();
  }
  #toggle(): void {
    const id = this.#selectedId();
    if (id !== null) this.#pick(id, !this.#picked.has(id));
  }
  #foldChosen(): void {
    const id = this.#selectedId();
    const item = id === null ? undefined : alarms.queue.items[alarms.queue.place(id)];
    if (item?.kind === "line") this.#fold(item.id);
  }
  #turn(): void {
    const at = this.#chips.findIndex((chip) => chip.getAttribute("aria-pressed") === "true");
    const next = CHIPS[(at + 1) % CHIPS.length];
    if (next) state.set({ filters: { assignee: "", near: "", ...next[1] }, view: null });
  }
}
customElements.define("ops-queue", OpsQueue);

function badge(alarm: Alarm, closed: boolean): HTMLElement[] {
  const one = make("span", "badge");
  if (closed) one.textContent = say("gone");
  else if (!alarm.active) {
    one.textContent = say(alarm.acknowledged ? "ended" : "endedUnheard");
    one.dataset.s = "normal";
  } else if (alarm.suppressed) one.textContent = say("suppressed");
  else if (!alarm.acknowledged) {
    one.textContent = say("unheard");
    one.dataset.s = alarm.severity;
  } else one.textContent = say(alarm.assignee === null ? "heard" : "working");
  return [one];
}
function note(alarm: Alarm, now: number): string {
  if (alarm.shelvedUntil !== null && alarm.suppressed === "shelved")
    return say("shelvedUntil", { time: moment(alarm.shelvedUntil, now) });
  const repeats = alarm.repeats > 1 ? say("repeats", { n: alarm.repeats }) : "";
  let first = "";
  if (alarm.acknowledged && alarm.acknowledgedAt !== null) {
    const by = alarms.names.people[String(alarm.acknowledgedBy ?? "")];
    first = `${by ? `${by[0].split(" ").at(-1)} ` : ""}${clock(alarm.acknowledgedAt)}`;
  } else if (alarm.due !== null)
    first =
      alarm.due >= now
        ? say("dueLeft", { span: span(alarm.due - now) })
        : say("dueOver", { span: span(now - alarm.due) });
  return [first, repeats].filter(Boolean).join(" · ");
}
