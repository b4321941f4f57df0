/** What the colours of a layer say, read out of its MapLibre paint. */

export interface Key {
  shape: "fill" | "line" | "circle";
  colour: string;
  edge?: string;
  /** the value it stands for; null: any other, or the only one */
  value: string | number | null;
  /** steps: from this value up to the next */
  until?: number;
  /** the field the colour depends on */
  field?: string;
}
interface Layer {
  type: string;
  filter?: unknown;
  paint?: Record<string, unknown>;
}
const PAINT = { fill: "fill-color", circle: "circle-color", line: "line-color" } as const;

/** The keys of the layer that says most: areas before points before lines. */
export function keys(all: readonly Layer[]): Key[] {
  const layers = all.filter((one) => !gathered(one.filter));
  const edge = plain(layers.find((one) => one.type === "line")?.paint?.["line-color"]);
  for (const shape of ["fill", "circle", "line"] as const) {
    const layer = layers.find((one) => one.type === shape && one.paint?.[PAINT[shape]] !== undefined);
    if (!layer) continue;
    const made = read(layer.paint?.[PAINT[shape]], shape);
    if (made.length) return made.map((one) => (shape === "fill" && edge ? { ...one, edge } : one));
  }
  return [];
}
/** Whether a layer draws points gathered into one, which stand for no class. */
function gathered(filter: unknown): boolean {
  const text = JSON.stringify(filter ?? null);
  return text.includes('["has","point_count"]') && !text.includes('["!",["has","point_count"]]');
}
const plain = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

function read(value: unknown, shape: Key["shape"]): Key[] {
  if (typeof value === "string") return [{ shape, colour: value, value: null }];
  if (!Array.isArray(value)) return [];
  const [kind, input, ...rest] = value;
  const field = Array.isArray(input) ? of(input) : undefined;
  if (kind === "match" && field) {
    const made: Key[] = [];
    for (let i = 0; i + 1 < rest.length; i += 2)
      for (const one of Array.isArray(rest[i]) ? rest[i] : [rest[i]])
        if (plain(rest[i + 1])) made.push({ shape, colour: rest[i + 1], value: one, field });
    return made;
  }
  if (kind === "step" && field) {
    const made: Key[] = [];
    const first = plain(rest[0]);
    const stop = (i: number) => (typeof rest[i] === "number" ? { until: rest[i] as number } : {});
    if (first) made.push({ shape, colour: first, value: null, field, ...stop(1) });
    for (let i = 1; i + 1 < rest.length; i += 2)
      if (plain(rest[i + 1])) made.push({ shape, colour: rest[i + 1], value: rest[i], field, ...stop(i + 2) });
    return made;
  }
  if (kind === "interpolate") {
    const inner = Array.isArray(rest[0]) ? of(rest[0]) : undefined;
    const made: Key[] = [];
    for (let i = 1; i + 1 < rest.length; i += 2)
      if (plain(rest[i + 1]))
        made.push({ shape, colour: rest[i + 1], value: rest[i], ...(inner ? { field: inner } : {}) });
    return made;
  }
  return value.flatMap((one) => (Array.isArray(one) ? read(one, shape) : [])).slice(0, 12);
}
/** The field an expression reads: ["get", x], also inside ["to-number", …], ["coalesce", …]. */
function of(expression: unknown[]): string | undefined {
  if (expression[0] === "get" && typeof expression[1] === "string") return expression[1];
  for (const one of expression) {
    const found = Array.isArray(one) ? of(one) : undefined;
    if (found) return found;
  }
  return undefined;
}
