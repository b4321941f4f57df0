/**
 * <reports-map data-src="/reports.geojson?…" data-bounds="w,s,e,n">: public reports on the city's map, gathered in rings.
 * <report-pin data-lon data-lat data-tone data-label>: one report's place; nothing to press.
 */
import { loadBase } from "../base";
import { button, make, mark } from "../dom";
import { inset } from "../elements/inset";
import { whenWanted } from "../elements/veil";
import { zoomBox } from "../elements/zoom";
import type { Camera, View } from "../gl/view";
import { around, type Box, middle, readBox, VIETNAM } from "../pure/box";
import type { Thing } from "../pure/merge";
import { isState, type State } from "../pure/state";
import { say } from "../words";
import { reportSay } from "./words";

interface Report {
  id: number;
  number: string;
  title: string;
  address: string;
  state: string;
  tone: string;
  followers: number;
}
type Feature = { geometry: { coordinates: [number, number] }; properties: Report };
const thing = (id: number, at: [number, number], tone: string, name: string): Thing => ({
  type: "Feature",
  id,
  geometry: { type: "Point", coordinates: at },
  properties: { id, n: name, s: isState(tone) ? tone : "minor", c: "", m: 0, st: [] },
});
const TONES: [State, Parameters<typeof reportSay>[0]][] = [
  ["major", "late"],
  ["minor", "going"],
  ["nodata", "waits"],
  ["normal", "done"],
  ["offline", "off"],
];

abstract class Drawn extends HTMLElement {
  protected view: View | undefined;
  protected undo: (() => void)[] = [];
  protected abstract bounds: Box;
  protected abstract start(): Promise<void>;

  connectedCallback(): void {
    this.insertAdjacentHTML("beforeend", inset(104, say, middle(this.bounds)));
    this.append(make("span", "mapcredit", this.dataset.credit ?? say("sketch")));
    this.undo.push(
      whenWanted(this, () => {
        this.start().catch((error) => {
          console.error(error);
          this.querySelector(".gl")?.remove();
          this.append(Object.assign(make("p", "state", reportSay("listFailed")), { role: "status" }));
        });
      }),
    );
  }
  disconnectedCallback(): void {
    for (const undo of this.undo.splice(0)) undo();
    this.view?.remove();
    this.view = undefined;
    this.replaceChildren();
  }
  /** Draws, and draws anew when the theme changes. */
  protected async paint(
    things: readonly Thing[],
    options: { interactive: boolean; chosen?: number; camera?: Camera; onPick?(id: number | null): void },
  ): Promise<void> {
    const [gl, base] = await Promise.all([import("../gl/view"), loadBase(this.dataset)]);
    const draw = async (): Promise<void> => {
      const camera = this.view?.camera() ?? options.camera;
      this.view?.remove();
      this.querySelector(".gl")?.remove();
      const holder = make("div", "gl");
      this.prepend(holder);
      const view = await gl.draw(holder, {
        base,
        bounds: this.bounds,
        interactive: options.interactive,
        cluster: options.interactive,
        ...(camera ? { camera } : {}),
        ...(options.chosen === undefined ? {} : { chosen: options.chosen }),
        onPick: options.onPick ?? (() => undefined),
        tag: () => "",
      });
      if (!this.isConnected) return view.remove();
      this.view = view;
      this.querySelector(".poster")?.remove();
      view.show(things);
    };
    await draw();
    document.addEventListener("themechange", draw);
    this.undo.push(() => document.removeEventListener("themechange", draw));
    this.dataset.ready = "";
  }
}

class ReportsMap extends Drawn {
  #found = new Map<number, Feature>();

  protected get bounds(): Box {
    const points = [...this.#found.values()].map((one) => one.geometry.coordinates);
    return readBox(this.dataset.bounds) ?? around(points) ?? VIETNAM;
  }
  protected async start(): Promise<void> {
    const answer = await fetch(this.dataset.src ?? "/reports.geojson");
    if (!answer.ok) throw new Error(`${answer.status}`);
    const sent = (await answer.json()) as { features: Feature[]; more: boolean };
    for (const one of sent.features) this.#found.set(one.properties.id, one);
    const things = sent.features.map((one) =>
      thing(one.properties.id, one.geometry.coordinates, one.properties.tone, one.properties.title),
    );
    await this.paint(things, { interactive: true, onPick: (id) => this.#choose(id) });
    this.append(zoomBox({ zoom: (step) => this.view?.zoom(step), home: () => this.view?.go({ box: this.bounds }) }));
    this.#legend(sent.more ? things.length : 0);
    this.dataset.count = String(things.length);
  }
  #legend(more: number): void {
    const legend = make("details", "legend mapbox");
    const list = make("ul");
    const there = new Set([...this.#found.values()].map((one) => one.properties.tone));
    for (const [tone, word] of TONES) {
      if (!there.has(tone)) continue;
      const row = make("li");
      row.append(mark(tone), reportSay(word));
      list.append(row);
    }
    legend.append(make("summary", "", reportSay("legend")), list);
    if (more) legend.append(make("p", "", reportSay("more", { n: more })));
    this.append(legend);
  }
  #choose(id: number | null): void {
    this.view?.choose(id);
    this.querySelector(":scope > .pop")?.remove();
    const one = id === null ? undefined : this.#found.get(id)?.properties;
    if (!one) return;
    const pop = make("section", "card pop");
    pop.setAttribute("aria-live", "polite");
    const head = make("header");
    const link = make("a", "", one.title);
    link.href = `/reports/${one.number}`;
    const close = button("btn quiet ico x", "×", () => this.#choose(null));
    close.setAttribute("aria-label", say("close"));
    head.append(mark(one.tone), link, close);
    pop.append(head, make("p", "xs muted", [one.state, one.address].filter(Boolean).join(" · ")));
    const foot = [one.number, one.followers ? reportSay("followers", { n: one.followers }) : ""].filter(Boolean);
    pop.append(make("p", "xs faint num", foot.join(" · ")));
    this.append(pop);
  }
}
customElements.define("reports-map", ReportsMap);

class ReportPin extends Drawn {
  get #at(): [number, number] {
    return [Number(this.dataset.lon), Number(this.dataset.lat)];
  }
  protected get bounds(): Box {
    const [lon, lat] = this.#at;
    return [lon - 0.004, lat - 0.003, lon + 0.004, lat + 0.003];
  }
  protected async start(): Promise<void> {
    const one = thing(1, this.#at, this.dataset.tone ?? "minor", this.dataset.label ?? "");
    await this.paint([one], {
      interactive: false,
      chosen: 1,
      camera: { center: this.#at, zoom: 15.5 },
    });
  }
}
customElements.define("report-pin", ReportPin);
