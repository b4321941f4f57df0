/** Pictures the operations map needs beyond the six states: the diamond of a notice, and a camera. */
import { colour } from "../colour";
import type { Imager } from "../gl/shapes";

const RATIO = 2;
function canvas(size: number): CanvasRenderingContext2D {
  const made = Object.assign(document.createElement("canvas"), { width: size * RATIO, height: size * RATIO });
  const pen = made.getContext("2d") as CanvasRenderingContext2D;
  pen.scale(RATIO, RATIO);
  return pen;
}
export function addMarks(map: Imager, at: HTMLElement): void {
  const size = 20;
  const pen = canvas(size);
  const diamond = new Path2D("M10 3.5 16.5 10 10 16.5 3.5 10z");
  pen.lineJoin = "round";
  pen.strokeStyle = colour("--map-halo", at);
  pen.lineWidth = 5;
  pen.stroke(diamond);
  pen.fillStyle = colour("--surface", at);
  pen.fill(diamond);
  pen.strokeStyle = colour("--minor", at);
  pen.lineWidth = 2;
  pen.stroke(diamond);
  map.addImage("s-warning", pen.getImageData(0, 0, size * RATIO, size * RATIO), { pixelRatio: RATIO });
  const box = canvas(size);
  box.fillStyle = colour("--surface", at);
  box.strokeStyle = colour("--line-strong", at);
  box.lineWidth = 1;
  box.beginPath();
  box.roundRect(1, 1, 18, 18, 4);
  box.fill();
  box.stroke();
  box.strokeStyle = colour("--ink-2", at);
  box.lineWidth = 1.5;
  box.lineJoin = "round";
  box.stroke(
    new Path2D("M5 6.5h6.5a1 1 0 0 1 1 1v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1v-5a1 1 0 0 1 1-1zM12.5 9l3.5-2v6l-3.5-2z"),
  );
  map.addImage("camera", box.getImageData(0, 0, size * RATIO, size * RATIO), { pixelRatio: RATIO });
}
