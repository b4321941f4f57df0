/** Everything the workbench shows, as an address that can be shared: what is not said is as at the start. */

export type Position = [number, number];
export type Area =
  | { kind: "polygon"; points: Position[] }
  | { kind: "box"; box: [number, number, number, number] }
  | { kind: "circle"; at: Position; radius: number };
export interface Shown {
  code: string;
  visible: boolean;
  /** per cent */
  opacity: number;
  /** CQL2 text; empty: everything */
  filter: string;
}
export interface Moments {
  /** as-of: what was known then; datetime: what was in force then */
  kind: "as-of" | "datetime";
  /** ISO days or instants; empty: now */
  left: string;
  right: string;
  /** where the divider stands, per cent from the left */
  split: number;
}
export interface State {
  camera: { at: Position; zoom: number } | null;
  /** the topmost first */
  layers: Shown[];
  base: "sketch" | "plain";
  picked: Position | null;
  area: Area | null;
  /** the layer an area is counted in */
  counted: string;
  measure: { kind: "line" | "area"; points: Position[] } | null;
  moments: Moments | null;
}

export const EMPTY: State = {
  camera: null,
  layers: [],
  base: "sketch",
  picked: null,
  area: null,
  counted: "",
  measure: null,
  moments: null,
};

const round = (value: number, digits: number) => Number(value.toFixed(digits));
const numbers = (text: string): number[] => text.split(",").map(Number);
const finite = (values: number[]): boolean => values.length > 0 && values.every(Number.isFinite);
const spot = (p: Position) => `${round(p[0], 6)},${round(p[1], 6)}`;

function pairs(text: string): Position[] {
  const flat = numbers(text);
  if (!finite(flat) || flat.length % 2) return [];
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]] as Position);
}
function position(text: string | null): Position | null {
  const found = text ? pairs(text) : [];
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** The state an address says; what cannot be read is left out. */
export function read(search: string, known: (code: string) => boolean = () => true): State {
  const query = new URLSearchParams(search);
  const state: State = structuredClone(EMPTY);
  const [lon, lat, zoom] = numbers(query.get("at") ?? "");
  if (lon !== undefined && lat !== undefined && zoom !== undefined && finite([lon, lat, zoom]) && Math.abs(lat) < 86)
    state.camera = { at: [lon, lat], zoom: Math.min(22, Math.max(0, zoom)) };
  for (const part of (query.get("l") ?? "").split(",").filter(Boolean)) {
    const [code = "", opacity, off] = part.split(":");
    if (!known(code) || state.layers.some((one) => one.code === code)) continue;
    const share = opacity ? Number(opacity) : 100;
    state.layers.push({
      code,
      opacity: Number.isFinite(share) ? Math.min(100, Math.max(0, share)) : 100,
      visible: off !== "off",
      filter: query.get(`f.${code}`) ?? "",
    });
  }
  if (query.get("base") === "plain") state.base = "plain";
  state.picked = position(query.get("pick"));
  state.area = readArea(query.get("area") ?? "");
  state.counted = query.get("sum") ?? "";
  const [kind, points] = (query.get("m") ?? "").split(":");
  const measured = pairs(points ?? "");
  if ((kind === "line" || kind === "area") && measured.length > 1) state.measure = { kind, points: measured };
  const left = query.get("t1");
  const right = query.get("t2");
  if (left !== null || right !== null) {
    const split = Number(query.get("split") ?? "50");
    state.moments = {
      kind: query.get("tk") === "datetime" ? "datetime" : "as-of",
      left: moment(left),
      right: moment(right),
      split: Number.isFinite(split) ? Math.min(95, Math.max(5, split)) : 50,
    };
  }
  return state;
}
const moment = (text: string | null): string =>
  text && /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text) ? text : "";

export function readArea(text: string): Area | null {
  const [kind, rest = ""] = text.split(":");
  const flat = numbers(rest);
  if (!finite(flat)) return null;
  if (kind === "circle" && flat.length === 3 && (flat[2] as number) > 0)
    return { kind, at: [flat[0] as number, flat[1] as number], radius: flat[2] as number };
  if (kind === "box" && flat.length === 4) return { kind, box: flat as [number, number, number, number] };
  const points = pairs(rest);
  return kind === "polygon" && points.length > 2 ? { kind, points } : null;
}
export function writeArea(area: Area): string {
  if (area.kind === "circle") return `circle:${spot(area.at)},${round(area.radius, 1)}`;
  if (area.kind === "box") return `box:${area.box.map((one) => round(one, 6)).join(",")}`;
  return `polygon:${area.points.map(spot).join(",")}`;
}

/** The address of a state, without the leading question mark. Commas and colons stay readable. */
export function write(state: State): string {
  const parts: [string, string][] = [];
  if (state.camera)
    parts.push([
      "at",
      `${round(state.camera.at[0], 5)},${round(state.camera.at[1], 5)},${round(state.camera.zoom, 2)}`,
    ]);
  const layers = state.layers.map((one) =>
    one.visible ? (one.opacity === 100 ? one.code : `${one.code}:${one.opacity}`) : `${one.code}:${one.opacity}:off`,
  );
  parts.push(["l", layers.join(",")]);
  for (const one of state.layers) if (one.filter) parts.push([`f.${one.code}`, one.filter]);
  if (state.base !== "sketch") parts.push(["base", state.base]);
  if (state.picked) parts.push(["pick", spot(state.picked)]);
  if (state.area) parts.push(["area", writeArea(state.area)]);
  if (state.area && state.counted) parts.push(["sum", state.counted]);
  if (state.measure) parts.push(["m", `${state.measure.kind}:${state.measure.points.map(spot).join(",")}`]);
  if (state.moments) {
    const { kind, left, right, split } = state.moments;
    parts.push(["t1", left], ["t2", right]);
    if (kind !== "as-of") parts.push(["tk", kind]);
    if (split !== 50) parts.push(["split", String(round(split, 1))]);
  }
  return parts.map(([name, value]) => `${encodeURIComponent(name)}=${readable(value)}`).join("&");
}
const readable = (value: string) =>
  encodeURIComponent(value).replace(/%2C/g, ",").replace(/%3A/g, ":").replace(/%20/g, "+");
