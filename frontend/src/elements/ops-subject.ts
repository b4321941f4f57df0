/** <ops-subject>: the right panel. The server draws it; this asks for it when the selection, the moment or the subject changes. */

import { make } from "../dom";
import * as actions from "../operations/actions";
import { ask } from "../operations/ahead";
import * as alarms from "../operations/alarms";
import { announce, toast } from "../operations/dom";
import { register } from "../operations/keys";
import type { Alarm } from "../operations/model";
import * as state from "../operations/state";
import { say } from "../operations/words";

export class OpsSubject extends HTMLElement {
  #undo: (() => void)[] = [];
  #asking: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waits: ReturnType<typeof setTimeout> | undefined;

  connectedCallback(): void {
    this.addEventListener("click", this.#click);
    this.addEventListener("submit", this.#submit);
    this.#reveal();
    this.#undo.push(
      state.subscribe((now, before) => {
        if (now.selected !== before.selected) this.#soon(70);
        else if (now.at !== before.at || now.known !== before.known) this.#soon(200);
      }),
      alarms.follow((change) => {
        const id = Number(this.querySelector<HTMLElement>(".subj")?.dataset.id);
        if (!change.whole && id && change.ids.has(id)) this.#soon(150, true);
      }),
      register(
        { key: "enter", word: say("keyOpen"), group: say("groupQueue"), run: () => this.#enter() },
        { key: "escape", word: "", run: () => this.#leave() },
      ),
    );
    const hear = () => this.#soon(150, true);
    const enter = () => this.#enter();
    for (const [name, run] of [
      ["ops:changed", hear],
      ["duty:stepped", hear],
      ["ops:enter", enter],
    ] as const) {
      document.addEventListener(name, run);
      this.#undo.push(() => document.removeEventListener(name, run));
    }
  }
  disconnectedCallback(): void {
    for (const undo of this.#undo.splice(0)) undo();
    clearTimeout(this.#timer);
    clearTimeout(this.#waits);
    this.#asking?.abort();
  }

  #soon(ms: number, again = false): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (again && this.#writing()) return this.#note();
      void this.load();
    }, ms);
  }
  /** Somebody is in the middle of a sentence here. */
  #writing(): boolean {
    return [...this.querySelectorAll<HTMLInputElement>("input:not([type=hidden], [type=checkbox]), textarea")].some(
      (one) => one.value !== one.defaultValue,
    );
  }
  #note(): void {
    if (this.querySelector(".later")) return;
    const note = make("p", "later xs", say("updated"));
    this.querySelector(".acts")?.prepend(note);
  }

  /** Asks for the panel again. */
  async load(): Promise<void> {
    const { selected } = state.get();
    this.#asking?.abort();
    const [kind, name = ""] = [selected?.split(":", 1)[0], selected?.slice(selected.indexOf(":") + 1)];
    if (!selected || (kind !== "alarm" && kind !== "thing")) {
      if (!selected) this.#nothing();
      else document.dispatchEvent(new CustomEvent("ops:select", { detail: { kind, name } }));
      return;
    }
    const mine = new AbortController();
    this.#asking = mine;
    clearTimeout(this.#waits);
    const same = this.querySelector<HTMLElement>(".subj")?.dataset.of === selected;
    // after 400 ms, not before; what was there stays until then
    if (!same) this.#waits = setTimeout(() => this.#skeleton(), 400);
    try {
      const url = state.at(`/operations/${kind}s/${encodeURIComponent(name)}?part=1`);
      const answer = await ask(url, { signal: mine.signal, headers: { accept: "text/html" } });
      const text = answer.ok ? await answer.text() : "";
      if (this.#asking !== mine || !this.isConnected) return;
      clearTimeout(this.#waits);
      if (!answer.ok) return this.#failed(answer.status);
      this.#put(text, selected, same);
    } catch (error) {
      if ((error as Error).name === "AbortError") return;
      clearTimeout(this.#waits);
      this.#failed(0);
    }
  }
  #put(html: string, selected: string, same: boolean): void {
    const old = this.querySelector<HTMLElement>(".subj");
    const scroll = same ? (old?.scrollTop ?? 0) : 0;
    const focus = this.contains(document.activeElement) ? (document.activeElement as HTMLElement) : null;
    const key = focus ? (focus.dataset.act ?? focus.id ?? "") : "";
    const chart = same ? this.querySelector("ops-trend") : null;
    const made = document.createElement("template");
    made.innerHTML = html;
    const next = made.content.querySelector("ops-trend");
    // the same chart goes on instead of being drawn anew
    if (chart && next && chart.getAttribute("data-stream") === next.getAttribute("data-stream"))
      next.replaceWith(chart);
    this.replaceChildren(made.content);
    const subject = this.querySelector<HTMLElement>(".subj");
    if (subject) {
      subject.dataset.of = selected;
      subject.scrollTop = scroll;
    }
    this.#reveal();
    if (focus) {
      const again = key ? this.querySelector<HTMLElement>(`[data-act="${key}"], [id="${key}"]`) : null;
      (again ?? subject)?.focus({ preventScroll: true });
    }
    if (!same) document.dispatchEvent(new CustomEvent("ops:subject", { detail: subject?.dataset ?? {} }));
  }
  #nothing(): void {
    const box = make("div", "state");
    box.append(make("b", "", "–"));
    this.replaceChildren(box);
  }
  #skeleton(): void {
    const box = make("div", "pad stack");
    box.setAttribute("aria-label", say("loading"));
    for (const width of ["w40", "w90", "w60", "chart", "w90", "w60"]) box.append(make("div", `skel ${width}`));
    this.replaceChildren(box);
  }
  #failed(status: number): void {
    const box = make("div", "state");
    box.append(make("b", "", status === 404 ? "404" : say("failed")));
    this.replaceChildren(box);
  }
  /** What only works with script shows itself. */
  #reveal(): void {
    for (const one of this.querySelectorAll<HTMLElement>("[data-act][hidden]")) one.hidden = false;
    for (const one of this.querySelectorAll<HTMLElement>("details.plain")) one.hidden = true;
  }

  #alarm(): Alarm[] {
    const subject = this.querySelector<HTMLElement>(".subj");
    const id = Number(subject?.dataset.id);
    const known = alarms.queue.all.get(id);
    if (known) return [known];
    // one that left the queue: enough of it to act on
    return id && subject
      ? [
          {
            id,
            version: Number(subject.dataset.version),
            number: subject.dataset.number,
            title: subject.querySelector("h2")?.textContent ?? "",
            acknowledged: false,
            suppressed: null,
          } as unknown as Alarm,
        ]
      : [];
  }
  #click = (event: Event): void => {
    const at = event.target as HTMLElement;
    const link = at.closest<HTMLElement>("[data-select]");
    if (link && !(event as MouseEvent).ctrlKey && !(event as MouseEvent).metaKey) {
      event.preventDefault();
      state.set({ selected: link.dataset.select ?? null });
      return;
    }
    const copy = at.closest<HTMLElement>("button.copy");
    if (copy) {
      void navigator.clipboard?.writeText(copy.textContent?.trim() ?? "").then(() => toast(say("copied")));
      return;
    }
    const act = at.closest<HTMLElement>("[data-act]")?.dataset.act;
    if (!act) return;
    if (act === "live") {
      event.preventDefault();
      state.set({ at: null });
      return;
    }
    const verbs: Record<string, (of: readonly Alarm[]) => Promise<boolean>> = {
      dispatch: actions.dispatch,
      comment: actions.comment,
      shelve: actions.shelve,
      clear: actions.clear,
    };
    if (verbs[act]) void verbs[act](this.#alarm());
  };
  #submit = (event: Event): void => {
    const verb = (event.target as HTMLElement).dataset.verb;
    if (!verb) return;
    event.preventDefault();
    const of = this.#alarm();
    void (verb === "acknowledge"
      ? actions.acknowledge(of.map((one) => ({ ...one, acknowledged: false })))
      : actions.unacknowledge(of));
  };
  #enter(): void {
    const subject = this.querySelector<HTMLElement>(".subj");
    subject?.focus();
    if (subject) announce(subject.querySelector("h2")?.textContent ?? "");
  }
  #leave(): void {
    if (!this.contains(document.activeElement)) return;
    const line = document.querySelector<HTMLElement>("ops-queue .line a[aria-current]");
    (line ?? document.querySelector<HTMLElement>("ops-queue .list"))?.focus();
  }
}
customElements.define("ops-subject", OpsSubject);
