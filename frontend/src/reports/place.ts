/**
 * <report-place data-bounds="w,s,e,n">: where a report is: the device's position, a search, a pin on the map.
 * Writes the form's lon, lat and accuracy, and says `placed`. The map is loaded when seen, on a phone when it is tapped
 * or a place is known; without it the ward and the address below it do.
 */
import { type Base, loadBase } from "../base";
import { button, make } from "../dom";
import { inset } from "../elements/inset";
import { type Pick, PlacePicker } from "../elements/place-picker";
import { whenWanted } from "../elements/veil";
import { zoomBox } from "../elements/zoom";
import { middle, readBox, VIETNAM } from "../pure/box";
import { say } from "../words";
import type { At, PlaceView } from "./place-gl";
import { reportSay } from "./words";

const PATIENCE = 15_000;

export class ReportPlace extends HTMLElement {
  #view: PlaceView | undefined;
  #base: Base = { data: null };
  #undo: (() => void)[] = [];
  #status = make("p", "sm muted num");
  #started = false;
  #wake = () => {};

  connectedCallback(): void {
    const holder = make("div", "rp-placemap");
    const picker = new PlacePicker();
    picker.className = "search";
    picker.addEventListener("pick", (event) => {
      const pick = (event as CustomEvent<Pick>).detail;
      if (pick.bbox) {
        this.#wake();
        this.#view?.go(pick.bbox);
      }
      if (!pick.bbox) this.put([pick.lon, pick.lat], "", true);
    });
    const gps = button("btn", "", () => this.#locate(gps));
    gps.innerHTML = `<svg class="ic" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M2 12h3M19 12h3M12 2v3M12 19v3"/><circle cx="12" cy="12" r="7"/><circle cx="12" cy="12" r="3"/></svg>`;
    gps.append(reportSay("gps"));
    const bar = make("div", "rp-placebar");
    bar.append(gps, picker);
    this.#status.setAttribute("role", "status");
    this.append(bar, holder, this.#status);
    this.#tell(this.at ? "" : reportSay("tap"));
    holder.dataset.lazy = "";
    const asleep = whenWanted(holder, () => void this.#start(holder));
    this.#undo.push(asleep);
    this.#wake = () => {
      asleep();
      void this.#start(holder);
    };
  }
  disconnectedCallback(): void {
    for (const undo of this.#undo.splice(0)) undo();
    this.#view?.remove();
    this.#view = undefined;
    this.#started = false;
    this.replaceChildren();
  }

  #field(name: string): HTMLInputElement | null {
    return this.closest("form")?.querySelector(`input[name=${name}]`) ?? null;
  }
  get at(): At | null {
    const [lon, lat] = [this.#field("lon")?.value, this.#field("lat")?.value];
    return lon && lat ? [Number(lon), Number(lat)] : null;
  }
  /** Sets the pin. note: how it is known, for the line below. */
  put(at: At | null, note: string, look = false): void {
    const write = (name: string, value: string) => {
      const field = this.#field(name);
      if (field) field.value = value;
    };
    write("lon", at ? at[0].toFixed(6) : "");
    write("lat", at ? at[1].toFixed(6) : "");
    write("accuracy", "");
    if (at) this.#wake();
    this.#view?.pin(at, look);
    this.#tell(at ? [reportSay("pinned"), note].filter(Boolean).join(" · ") : reportSay("tap"));
    this.dispatchEvent(new CustomEvent("placed", { bubbles: true }));
  }
  /** What the server knows of the place: its ward, or that it is none of ours. */
  known(ward: string, outside: boolean): void {
    if (outside) this.#tell(reportSay("outside"), true);
    else if (ward && this.at) this.#tell([ward, this.#note || reportSay("pinned")].join(" · "));
  }
  #note = "";
  #tell(text: string, bad = false): void {
    this.#status.textContent = text;
    this.#status.classList.toggle("bad", bad);
  }

  #locate(gps: HTMLButtonElement): void {
    if (!("geolocation" in navigator)) {
      this.#tell(reportSay("noGps"));
      return;
    }
    gps.disabled = true;
    this.#tell(reportSay("finding"));
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        gps.disabled = false;
        this.#note = reportSay("accuracy", { n: Math.round(coords.accuracy) });
        this.put([coords.longitude, coords.latitude], this.#note, true);
        const accuracy = this.#field("accuracy");
        if (accuracy) accuracy.value = String(Math.round(coords.accuracy));
      },
      () => {
        gps.disabled = false;
        this.#tell(reportSay("noGps"));
      },
      { enableHighAccuracy: true, timeout: PATIENCE, maximumAge: 60_000 },
    );
  }
  async #start(holder: HTMLElement): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    const bounds = readBox(this.dataset.bounds) ?? VIETNAM;
    try {
      const [gl, base] = await Promise.all([import("./place-gl"), loadBase(this.dataset)]);
      if (!this.isConnected) return;
      this.#base = base;
      const paint = async () => {
        this.#view?.remove();
        holder.querySelector(".gl")?.remove();
        const canvas = make("div", "gl");
        holder.prepend(canvas);
        this.#view = await gl.draw(canvas, {
          base: this.#base,
          bounds,
          at: this.at,
          onPin: (at) => {
            this.#note = "";
            this.put(at, "");
          },
        });
      };
      holder.insertAdjacentHTML("beforeend", inset(92, say, middle(bounds)));
      holder.append(make("span", "mapcredit", this.dataset.credit ?? say("sketch")));
      holder.append(zoomBox({ zoom: (step) => this.#view?.zoom(step), home: () => this.#view?.go(bounds) }));
      await paint();
      if (this.at) this.#view?.pin(this.at, true);
      document.addEventListener("themechange", paint);
      this.#undo.push(() => document.removeEventListener("themechange", paint));
      this.dataset.ready = "";
    } catch (error) {
      console.error(error);
      holder.remove();
      this.#tell(reportSay("mapFailed"));
    }
  }
}
customElements.define("report-place", ReportPlace);
