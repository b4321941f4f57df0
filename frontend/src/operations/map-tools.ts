/** What floats above the operations map: the overview, search, drawing and measuring, zoom, and the legend. */
import { button, make } from "../dom";
import { inset } from "../elements/inset";
import { type Pick, PlacePicker, picksOf } from "../elements/place-picker";
import { type Box, middle, readBox } from "../pure/box";
import { say as common } from "../words";
import { icon } from "./dom";
import { LayerPanel } from "./layer-panel";
import { format, type Layers } from "./layers";
import { Nearby } from "./nearby";
import type { Picture } from "./picture";
import { Sketch } from "./sketch";
import type { Position, Stage } from "./stage";
import * as state from "./state";
import { say } from "./words";

export interface Furnished {
  sketch: Sketch;
  nearby: Nearby;
  panel: LayerPanel;
}
/** Puts all of it on the map's element. */
export function furnish(
  on: HTMLElement,
  {
    stage,
    picture,
    bounds,
    layers,
  }: { stage: () => Stage | undefined; picture: Picture; bounds: () => Box; layers: Layers },
): Furnished {
  const given = readBox(on.dataset.bounds);
  on.insertAdjacentHTML("beforeend", inset(124, common, given && middle(given)));
  on.append(make("span", "mapcredit", on.dataset.credit ?? ""));
  const tools = make("div", "maptools");
  tools.setAttribute("role", "group");
  tools.setAttribute("aria-label", say("groupMap"));
  const picker = new PlacePicker();
  picker.className = "search";
  picker.dataset.src = on.dataset.search ?? "/places/search";
  picker.local = () => picksOf(picture.things.all.values());
  picker.addEventListener("pick", (event) => {
    const pick = (event as CustomEvent<Pick>).detail;
    stage()?.go({ box: pick.bbox, at: [pick.lon, pick.lat], zoom: 15.5 });
    if (pick.thing) state.set({ selected: `thing:${pick.thing}` });
  });
  const card = make("div", "mapcard card");
  card.hidden = true;
  const to = { stage, card, inside: (test: (at: Position) => boolean) => picture.inside(test) };
  const sketch = new Sketch(to);
  const nearby = new Nearby(to, sketch);
  tools.append(picker, ...sketch.buttons(), nearby.button());
  const zoom = make("div", "zoom mapbox");
  for (const [word, name, run] of [
    ["zoomIn", "plus", () => stage()?.zoom(1)],
    ["zoomOut", "minus", () => stage()?.zoom(-1)],
    ["home", "maximize", () => stage()?.go({ box: bounds() })],
  ] as const) {
    const one = button("", "", run);
    one.append(icon(name));
    one.setAttribute("aria-label", common(word));
    one.title = common(word);
    zoom.append(one);
  }
  const panel = new LayerPanel(layers, (now) => state.set({ layers: format(now) }));
  on.append(tools, card, zoom, panel.element);
  return { sketch, nearby, panel };
}
