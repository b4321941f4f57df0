/** Boxes over a picture: shares of its sides, and the lines of percents a form holds. Pure. */
export type Shares = [x: number, y: number, width: number, height: number];

/** The box between two corners, kept within the picture. */
export function within(a: readonly [number, number], b: readonly [number, number]): Shares {
  const cut = (value: number) => Math.min(1, Math.max(0, value));
  const [x1, x2] = [cut(Math.min(a[0], b[0])), cut(Math.max(a[0], b[0]))];
  const [y1, y2] = [cut(Math.min(a[1], b[1])), cut(Math.max(a[1], b[1]))];
  return [x1, y1, x2 - x1, y2 - y1];
}
/** "12.0 30.5 20.0 10.0" a line. */
export const linesOf = (boxes: readonly Shares[]): string =>
  boxes.map((one) => one.map((side) => (100 * side).toFixed(1)).join(" ")).join("\n");
/** What lines that hold four percents say; others are left to the server, which says what is wrong. */
export const sharesOf = (text: string): Shares[] =>
  text
    .replaceAll(",", ".")
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter((one) => one.length === 4 && one.every(Number.isFinite))
    .map((one) => one.map((side) => side / 100) as Shares);
