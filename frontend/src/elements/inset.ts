/** The overview every map carries: Việt Nam with the Hoàng Sa and Trường Sa archipelagos and the East Sea by its name. */
import type { Word } from "../words";

const LAND =
  "M12 18 18 13 25 14 29 9 36 12 42 17 39 22 34 26 31 32 36 40 43 48 49 56 51 66 50 76 46 83 38 88 31 96 25 99 26 92 30 87 36 83 41 77 42 68 38 58 33 49 27 41 23 33 25 27 19 24z";
const HOANG_SA = [
  [72, 47, 1.2],
  [75, 49, 1],
  [78, 45, 1.2],
  [81, 48, 1],
  [69, 44, 0.9],
];
const TRUONG_SA = [
  [76, 89, 1.1],
  [81, 93, 1.2],
  [86, 90, 1],
  [79, 98, 1],
  [91, 96, 1.1],
  [72, 100, 0.9],
];

/** Where a position lies in the drawing; the drawing is Việt Nam's mainland from 102,1° to 109,46° E and 8,56° to 23,39° N. */
const place = ([lon, lat]: readonly [number, number]) =>
  `<circle cx="${(12 + ((lon - 102.1) / 7.36) * 39).toFixed(1)}" cy="${(99 - ((lat - 8.56) / 14.83) * 90).toFixed(1)}" r="2.2" fill="var(--accent)"/>`;

export const inset = (width: number, say: (word: Word) => string, here?: readonly [number, number]): string =>
  `<div class="inset mapbox"><svg width="${width}" viewBox="0 0 128 120" role="img" aria-label="${say("inset")}"><path d="${LAND}" fill="var(--map-ward)" stroke="var(--map-edge)" stroke-linejoin="round"/>${here ? place(here) : ""}<g fill="var(--ink)" transform="translate(9 0)">${[...HOANG_SA, ...TRUONG_SA].map(([x, y, r]) => `<circle cx="${x}" cy="${y}" r="${r}"/>`).join("")}</g><text class="pl" x="86" y="62">${say("hoangSa")}</text><text class="pl" x="86" y="114">${say("truongSa")}</text><text class="pl sea" x="86" y="79">${say("sea")}</text></svg></div>`;
