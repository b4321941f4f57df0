/** Drawing and measuring with mouse, finger or keys. One tool at a time; Esc leaves it. */
import type { MapMouseEvent } from "maplibre-gl";
import { language } from "../words";
import { distance, length, outline, ringArea } from "./geodesy";
import type { GisMap } from "./map";
import type { Area, Position } from "./state";
import { measured, squared } from "./units";
import { t, type Word } from "./words";

export type Tool = "point" | "line" | "area" | "polygon" | "box" | "circle";
export interface Hear {
  /** a click with the pointing tool */
  pointed(at: Position): void;
  measured(kind: "line" | "area", points: Position[]): void;
  drawn(area: Area): void;
  /** the tool changed, or what to do next */
  told(tool: Tool, hint: string, points: number): void;
}

export class Tools {
  tool: Tool = "point";
  #points: Position[] = [];
  #at: Position | null = null;
  #kept: GeoJSON.Feature[] = [];
  #undo: (() => void)[] = [];

  constructor(
    readonly view: GisMap,
    readonly hear: Hear,
  ) {
    const { map } = view;
    const click = (event: MapMouseEvent) => this.#press([event.lngLat.lng, event.lngLat.lat]);
    const move = (event: MapMouseEvent) => {
      if (!this.#points.length) return;
      this.#at = [event.lngLat.lng, event.lngLat.lat];
      this.#draw();
    };
    const twice = (event: MapMouseEvent) => {
      if (this.tool === "point") return;
      event.preventDefault();
      // the two clicks of a double click have set the same point twice
      if (this.#points.length > 1) this.#points.pop();
      this.finish();
    };
    const canvas = map.getCanvas();
    const key = (event: KeyboardEvent) => {
      const centre = map.getCenter();
      const here: Position = [centre.lng, centre.lat];
      if (event.key === " " || (event.key === "Enter" && (this.tool === "point" || !this.#points.length)))
        this.#press(here);
      else if (event.key === "Enter") this.finish();
      else if (event.key === "Backspace") this.back();
      else if (event.key === "Escape" && this.tool !== "point") this.choose("point");
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    const follow = () => {
      if (!this.#points.length || document.activeElement !== canvas) return;
      const centre = map.getCenter();
      this.#at = [centre.lng, centre.lat];
      this.#draw();
    };
    map.on("click", click);
    map.on("mousemove", move);
    map.on("dblclick", twice);
    map.on("move", follow);
    canvas.addEventListener("keydown", key, true);
    this.#undo.push(() => {
      map.off("click", click);
      map.off("mousemove", move);
      map.off("dblclick", twice);
      map.off("move", follow);
      canvas.removeEventListener("keydown", key, true);
    });
  }
  remove(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }

  choose(tool: Tool): void {
    this.tool = tool;
    this.#points = [];
    this.#at = null;
    this.view.map.getCanvas().style.cursor = tool === "point" ? "" : "crosshair";
    this.#draw();
    this.#tell();
  }
  /** What stays drawn: the chosen area, the measured line. */
  keep(features: GeoJSON.Feature[]): void {
    this.#kept = features;
    this.#draw();
  }
  back(): void {
    this.#points.pop();
    this.#draw();
    this.#tell();
  }
  finish(): void {
    const points = this.#points;
    if (this.tool === "line" && points.length > 1) this.hear.measured("line", points);
    else if (this.tool === "area" && points.length > 2) this.hear.measured("area", points);
    else if (this.tool === "polygon" && points.length > 2) this.hear.drawn({ kind: "polygon", points });
    else return;
    this.choose("point");
  }

  #press(at: Position): void {
    if (this.tool === "point") {
      this.hear.pointed(at);
      return;
    }
    this.#points.push(at);
    const [first] = this.#points;
    if (first && this.#points.length === 2 && this.tool === "box") {
      const [w, e] = [first[0], at[0]].sort((a, b) => a - b) as [number, number];
      const [s, n] = [first[1], at[1]].sort((a, b) => a - b) as [number, number];
      if (w < e && s < n) this.hear.drawn({ kind: "box", box: [w, s, e, n] });
      this.choose("point");
      return;
    }
    if (first && this.#points.length === 2 && this.tool === "circle") {
      const radius = distance(first, at);
      if (radius > 0) this.hear.drawn({ kind: "circle", at: first, radius });
      this.choose("point");
      return;
    }
    this.#draw();
    this.#tell();
  }
  #tell(): void {
    const words: Record<Tool, Word> = {
      point: "hintPoint",
      line: "hintNext",
      area: "hintNext",
      polygon: "hintNext",
      box: "hintCorner",
      circle: "hintRadius",
    };
    const first = this.tool !== "point" && !this.#points.length;
    this.hear.told(this.tool, t(first ? "hintFirst" : words[this.tool]), this.#points.length);
  }
  #draw(): void {
    this.view.put("drawn", [...this.#kept, ...this.#unfinished()]);
  }
  #unfinished(): GeoJSON.Feature[] {
    const [first] = this.#points;
    if (!first) return [];
    const points = this.#at ? [...this.#points, this.#at] : this.#points;
    const last = points.at(-1) as Position;
    const dots = this.#points.map((one) => feature({ type: "Point", coordinates: one }));
    if (this.tool === "circle" || this.tool === "box") {
      if (points.length < 2) return dots;
      const area: Area =
        this.tool === "circle"
          ? { kind: "circle", at: first, radius: distance(first, last) }
          : {
              kind: "box",
              box: [
                Math.min(first[0], last[0]),
                Math.min(first[1], last[1]),
                Math.max(first[0], last[0]),
                Math.max(first[1], last[1]),
              ],
            };
      return [feature({ type: "Polygon", coordinates: [outline(area)] }), ...dots, labelled(last, said(area))];
    }
    const closed =
      this.tool === "line" || points.length < 3
        ? []
        : [feature({ type: "Polygon", coordinates: [[...points, first]] })];
    const line = closed.length ? [] : [feature({ type: "LineString", coordinates: points })];
    const label =
      this.tool === "line"
        ? measured(length(points), language())
        : points.length > 2
          ? squared(ringArea(points), language())
          : "";
    return [...closed, ...line, ...dots, ...(label ? [labelled(last, label)] : [])];
  }
}
const feature = (geometry: GeoJSON.Geometry, properties: Record<string, string> = {}): GeoJSON.Feature => ({
  type: "Feature",
  geometry,
  properties,
});
const labelled = (at: Position, label: string) => feature({ type: "Point", coordinates: at }, { label });

/** How large an area is, in words. */
export function said(area: Area): string {
  const surface = squared(ringArea(outline(area).slice(0, -1)), language());
  return area.kind === "circle" ? `${t("radius")} ${measured(area.radius, language())} · ${surface}` : surface;
}
export function kept(area: Area | null, line: { kind: "line" | "area"; points: Position[] } | null): GeoJSON.Feature[] {
  const made: GeoJSON.Feature[] = [];
  if (area) made.push(feature({ type: "Polygon", coordinates: [outline(area)] }));
  if (line) {
    const last = line.points.at(-1) as Position;
    const first = line.points[0] as Position;
    made.push(
      line.kind === "line"
        ? feature({ type: "LineString", coordinates: line.points })
        : feature({ type: "Polygon", coordinates: [[...line.points, first]] }),
      labelled(
        last,
        line.kind === "line" ? measured(length(line.points), language()) : squared(ringArea(line.points), language()),
      ),
    );
  }
  return made;
}
