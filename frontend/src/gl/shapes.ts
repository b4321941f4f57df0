/** The state shapes as images for the map, drawn from the roles, each with a halo in the map's colour. */
import { colour } from "../colour";
import { SIZES, STATES, type State } from "../pure/state";

const RATIO = 2;
/** Outlines in a 16 by 16 box, the same as `.mk` in base.css. */
const FILL: Partial<Record<State, string>> = {
  normal: "M8 2.5a5.5 5.5 0 1 0 .01 0z",
  minor: "M3 2h10a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V3a1 1 0 0 1 1-1z",
  major: "M8 .8 15.6 14.6H.4z",
  critical: "M4.7 0h6.6L16 4.7v6.6L11.3 16H4.7L0 11.3V4.7z",
};
const RING = "M8 2a6 6 0 1 0 .01 0z";

export interface Picture {
  width: number;
  height: number;
  data: Uint8ClampedArray;
}

function draw(state: State, at: HTMLElement, scale: number): Picture {
  const size = SIZES[state] * scale;
  const margin = 3 * scale;
  const pixels = Math.ceil((size + 2 * margin) * RATIO);
  const canvas = Object.assign(document.createElement("canvas"), { width: pixels, height: pixels });
  const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
  pen.scale(RATIO, RATIO);
  pen.translate(margin, margin);
  pen.scale(size / 16, size / 16);
  const unit = 16 / size;
  const paint = colour(`--${state}`, at);
  pen.lineJoin = "round";
  pen.strokeStyle = colour("--map-halo", at);
  pen.lineWidth = 3.5 * unit * scale;
  const fill = FILL[state];
  if (fill) {
    const path = new Path2D(fill);
    pen.stroke(path);
    pen.fillStyle = paint;
    pen.fill(path);
    if (state === "critical") {
      pen.fillStyle = colour("--status-on", at);
      pen.fillRect(7, 3, 2, 6);
      pen.fillRect(7, 11, 2, 2);
    }
  } else {
    const ring = new Path2D(RING);
    pen.fillStyle = colour("--map-halo", at);
    pen.fill(ring);
    pen.lineWidth = 2 + 3 * unit;
    pen.stroke(ring);
    pen.strokeStyle = paint;
    pen.lineWidth = 2;
    if (state === "nodata") pen.setLineDash([3.1, 3.1]);
    pen.stroke(ring);
    if (state === "offline") pen.stroke(new Path2D("M3.8 12.2l8.4-8.4"));
  }
  return pen.getImageData(0, 0, pixels, pixels);
}

/** A little card that stretches under a value. */
function tag(background: string, edge: string): Picture {
  const canvas = Object.assign(document.createElement("canvas"), { width: 32, height: 32 });
  const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
  pen.fillStyle = background;
  pen.strokeStyle = edge;
  pen.lineWidth = 2;
  pen.beginPath();
  pen.roundRect(1, 1, 30, 30, 6);
  pen.fill();
  pen.stroke();
  return pen.getImageData(0, 0, 32, 32);
}

export interface Imager {
  addImage(id: string, image: Picture, options: object): unknown;
}
/** scale: how much larger than on a desk; a wall is read from afar. */
export function addImages(map: Imager, at: HTMLElement, scale = 1): void {
  for (const state of STATES) map.addImage(`s-${state}`, draw(state, at, scale), { pixelRatio: RATIO });
  const stretch = { pixelRatio: RATIO, stretchX: [[8, 24]], stretchY: [[8, 24]], content: [6, 4, 26, 28] };
  map.addImage("tag", tag(colour("--surface", at), colour("--line", at)), stretch);
  map.addImage("tag-on", tag(colour("--ink", at), colour("--ink", at)), stretch);
}
