/** An opacity made fainter. Expressions that depend on the zoom must stay outermost, so their outputs are made fainter instead. */
export function faded(value: unknown, share: number): never {
  return fade(value, share) as never;
}
function fade(value: unknown, share: number): unknown {
  if (typeof value === "number") return value * share;
  if (!Array.isArray(value)) return share;
  if (share === 1) return value;
  const [kind] = value;
  if (kind === "interpolate") return value.map((one, i) => (i >= 4 && i % 2 === 0 ? fade(one, share) : one));
  if (kind === "step") return value.map((one, i) => (i >= 2 && i % 2 === 0 ? fade(one, share) : one));
  return ["*", value, share];
}
