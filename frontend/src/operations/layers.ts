/** The map's layers: which are on, in which order, how strong. Kept in the address bar as short text. Pure. */

/** From the top of the map down. */
export const LAYERS = ["objects", "cameras", "warnings", "labels", "wards"] as const;
export type LayerName = (typeof LAYERS)[number];

export interface Layers {
  /** from the top down */
  order: LayerName[];
  off: Set<LayerName>;
  /** 10 to 100, percent; absent: 100 */
  opacity: Partial<Record<LayerName, number>>;
  /** sectors and states that are not shown: "sector.lighting", "state.normal" */
  hidden: Set<string>;
}
const isLayer = (name: string): name is LayerName => (LAYERS as readonly string[]).includes(name);

/** "warnings,objects:60,-cameras,!sector.lighting": the order, strengths, what is off, what is hidden. */
export function parse(text: string): Layers {
  const made: Layers = { order: [], off: new Set(), opacity: {}, hidden: new Set() };
  for (const part of text.split(",").filter(Boolean)) {
    if (part.startsWith("!")) {
      if (/^!(sector|state)\.[\w-]{1,40}$/.test(part)) made.hidden.add(part.slice(1));
      continue;
    }
    const [name = "", strength] = part.replace(/^-/, "").split(":");
    if (!isLayer(name) || made.order.includes(name)) continue;
    made.order.push(name);
    if (part.startsWith("-")) made.off.add(name);
    const percent = Number(strength);
    if (strength && percent >= 10 && percent < 100) made.opacity[name] = Math.round(percent);
  }
  for (const name of LAYERS) if (!made.order.includes(name)) made.order.push(name);
  return made;
}
/** "" when everything is as it was at first. */
export function format(layers: Layers): string {
  const usual = layers.order.every((name, i) => name === LAYERS[i]);
  const parts = layers.order
    .filter((name) => !usual || layers.off.has(name) || layers.opacity[name])
    .map(
      (name) => `${layers.off.has(name) ? "-" : ""}${name}${layers.opacity[name] ? `:${layers.opacity[name]}` : ""}`,
    );
  return [...parts, ...[...layers.hidden].sort().map((name) => `!${name}`)].join(",");
}
export function move(layers: Layers, name: LayerName, by: 1 | -1): Layers {
  const order = [...layers.order];
  const at = order.indexOf(name);
  const to = at + by;
  if (to < 0 || to >= order.length) return layers;
  [order[at], order[to]] = [order[to] as LayerName, order[at] as LayerName];
  return { ...layers, order };
}
