/**
 * <ops-queue>: the alarm queue. Rows keep their place: what is new waits behind "3 mới". Ten thousand rows are drawn as the
 * twenty that are seen. What the server wrote inside works without this.
 */

import { button, make, mark } from "../dom";
import * as actions from "../operations/actions";
import * as alarms from "../operations/alarms";
import { announce, icon } from "../operations/dom";
import { register } from "../operations/keys";
import { type Alarm, Heights, SEVERITIES, stands } from "../operations/model";
import { clear, FilterBar } from "../operations/queue-filters";
import { fillLine, headRow, lineRow } from "../operations/queue-row";
import * as state from "../operations/state";
import { say } from "../operations/words";

const LINE = 76;
const HEAD = 28;

export class OpsQueue extends HTMLElement {
  #undo: (() => void)[] = [];
  #list!: HTMLElement;
  #lane!: HTMLElement;
  #heights = new Heights([], LINE, HEAD);
  #drawn = new Map<string, HTMLElement>();
  #picked = new Set<number>();
  #frame = 0;
  #filters!: FilterBar;
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
    this.#filters = new FilterBar(this, {
      first: () => this.#go(alarms.queue.step(-1, 1)),
      list: () => this.#list.focus(),
    });
    this.#undo.push(() => this.#filters.leave());
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
    if (filtered) box.append(button("btn", say("clearFilters"), clear));
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
    this.#filters.says({ all: open, mine, none, near });
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
        row =
          item.kind === "head"
            ? headRow(item)
            : lineRow(item, { pick: (on) => this.#pick(item.id, on), fold: () => this.#fold(item.id) });
        this.#drawn.set(item.key, row);
        this.#place(row, i);
      }
      if (item.kind === "line") fillLine(row, item, this.#picked.has(item.id));
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
  // choosing, marking, folding

  #selectedId(): number | null {
    const { selected } = state.get();
    if (!selected?.startsWith("alarm:")) return null;
    const number = selected.slice(6);
    for (const one of alarms.queue.all.values()) if (one.number === number) return one.id;
    return null;
  }
  #step(by: 1 | -1): void {
    const id = this.#selectedId();
    const from = id === null ? -1 : alarms.queue.place(id);
    this.#go(alarms.queue.step(from < 0 && by < 0 ? alarms.queue.items.length : from, by));
  }
  /** Selects the alarm of a line and puts the focus on it. */
  #go(to: number): void {
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
      { key: "f", word: say("keyFilter"), group, run: () => this.#filters.turn() },
      {
        key: "/",
        word: say("keySearch"),
        group,
        run: () => this.#filters.search(),
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
  #toggle(): void {
    const id = this.#selectedId();
    if (id !== null) this.#pick(id, !this.#picked.has(id));
  }
  #foldChosen(): void {
    const id = this.#selectedId();
    const item = id === null ? undefined : alarms.queue.items[alarms.queue.place(id)];
    if (item?.kind === "line") this.#fold(item.id);
  }
}
customElements.define("ops-queue", OpsQueue);
