/** What is nearest to a place: sensors, open alarms and the city's own objects, listed and joined to it on the map. */
import type { FeatureCollection } from "geojson";
import { button, make, mark } from "../dom";
import { announce, icon } from "./dom";
import { type Ground, metres, type Sketch } from "./sketch";
import type { Position } from "./stage";
import * as state from "./state";
import { say } from "./words";

interface Found {
  lon: number;
  lat: number;
  unit: { code: string; name: string } | null;
  sensors: { id: number; name: string; state: string; value: string; metres: number; lon: number; lat: number }[];
  alarms: {
    number: string;
    title: string;
    severity: string;
    value: string;
    metres: number;
    lon: number;
    lat: number;
  }[];
  assets: { name: string; kind: string; metres: number; lon: number; lat: number; href: string }[];
}

export class Nearby {
  #to: Ground;
  #sketch: Sketch;
  #found: Found | null = null;

  constructor(to: Ground, sketch: Sketch) {
    this.#to = to;
    this.#sketch = sketch;
  }
  button(): HTMLButtonElement {
    const one = button("btn ico", "", () => this.#sketch.begin("point", (at) => void this.around(at)));
    one.append(icon("locate-fixed"));
    one.setAttribute("aria-label", say("nearest"));
    one.title = say("nearest");
    return one;
  }
  async around([lon, lat]: Position): Promise<void> {
    try {
      const url = state.at(`/operations/near?lon=${lon.toFixed(6)}&lat=${lat.toFixed(6)}`);
      const answer = await fetch(url, { headers: { accept: "application/json" } });
      if (!answer.ok) return;
      this.#found = (await answer.json()) as Found;
    } catch {
      return;
    }
    this.#show(this.#found);
    this.redraw();
  }
  #show(found: Found): void {
    const { card } = this.#to;
    const head = make("header", "row between");
    const title = make("b", "", found.unit?.name ?? say("nearest"));
    const close = button("btn quiet ico", "×", () => this.clear());
    close.setAttribute("aria-label", say("close"));
    head.append(title, close);
    const parts: HTMLElement[] = [head];
    const list = (word: string, rows: HTMLElement[]) => {
      if (!rows.length) return;
      const ul = make("ul", "mini");
      ul.append(...rows);
      parts.push(make("p", "label", word), ul);
    };
    const row = (shape: HTMLElement | null, link: HTMLElement, value: string, far: number) => {
      const li = make("li");
      if (shape) li.append(shape);
      li.append(link, make("span", "num", value), make("span", "num faint", metres(far)));
      return li;
    };
    const pick = (text: string, selected: string) => {
      const link = make("a", "clip", text);
      link.href = `/operations?${selected.startsWith("alarm:") ? `alarm=${selected.slice(6)}` : `select=${selected}`}`;
      link.addEventListener("click", (event) => {
        event.preventDefault();
        state.set({ selected });
      });
      return link;
    };
    list(
      say("nearAlarms"),
      found.alarms.map((one) => row(mark(one.severity), pick(one.title, `alarm:${one.number}`), one.value, one.metres)),
    );
    list(
      say("nearSensors"),
      found.sensors.map((one) => row(mark(one.state), pick(one.name, `thing:${one.id}`), one.value, one.metres)),
    );
    list(
      say("nearAssets"),
      found.assets.map((one) => {
        const link = make("a", "clip", one.name);
        link.href = one.href;
        link.title = one.kind;
        return row(null, link, one.kind, one.metres);
      }),
    );
    if (parts.length === 1) parts.push(make("p", "sm muted", say("nearNone")));
    card.replaceChildren(...parts);
    card.hidden = false;
    card.classList.add("list");
    announce(
      `${say("nearest")}: ${[found.alarms[0]?.title, found.sensors[0]?.name, found.assets[0]?.name].filter(Boolean).join(", ")}`,
    );
    (card.querySelector("a") ?? close).focus({ preventScroll: true });
  }
  clear(): void {
    this.#found = null;
    this.#to.card.hidden = true;
    this.#to.card.classList.remove("list");
    this.redraw();
  }
  redraw(): void {
    const data: FeatureCollection = { type: "FeatureCollection", features: [] };
    const found = this.#found;
    if (found) {
      const centre: Position = [found.lon, found.lat];
      data.features.push({
        type: "Feature",
        geometry: { type: "Point", coordinates: centre },
        properties: { centre: 1 },
      });
      for (const one of [...found.alarms.slice(0, 3), ...found.sensors.slice(0, 4), ...found.assets.slice(0, 4)]) {
        const at: Position = [one.lon, one.lat];
        data.features.push(
          { type: "Feature", geometry: { type: "LineString", coordinates: [centre, at] }, properties: {} },
          { type: "Feature", geometry: { type: "Point", coordinates: at }, properties: {} },
        );
      }
    }
    this.#to.stage()?.near(data);
  }
}
