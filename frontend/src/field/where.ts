/** Where the crew is: asked of the telephone only while its member shares it on shift. */
import { number } from "../pure/number";
import { language } from "../words";
import { say } from "./words";

const EVERY = 30_000;
const EARTH = 6371.0088;

export function line(a: [number, number], b: [number, number]): number {
  const rad = (degrees: number) => (degrees * Math.PI) / 180;
  const half =
    Math.sin(rad(b[1] - a[1]) / 2) ** 2 +
    Math.cos(rad(a[1])) * Math.cos(rad(b[1])) * Math.sin(rad(b[0] - a[0]) / 2) ** 2;
  return 2 * EARTH * Math.asin(Math.min(1, Math.sqrt(half)));
}
export const way = (km: number): string =>
  km < 1 ? `${Math.round(km * 100) * 10}\u00a0m` : `${number(km, 1, language())}\u00a0km`;

let watching: number | undefined;
let last = 0;
let here: [number, number] | undefined;

export function follow(shares: boolean, send: (lon: number, lat: number) => void): void {
  if (!("geolocation" in navigator)) return;
  if (!shares) {
    if (watching !== undefined) navigator.geolocation.clearWatch(watching);
    watching = undefined;
    return;
  }
  watching ??= navigator.geolocation.watchPosition(
    ({ coords }) => {
      here = [coords.longitude, coords.latitude];
      distances();
      if (Date.now() - last < EVERY || coords.accuracy > 500) return;
      last = Date.now();
      send(coords.longitude, coords.latitude);
    },
    () => {}, // no position is no error: the office sees none
    { enableHighAccuracy: true, maximumAge: 15_000, timeout: 30_000 },
  );
}
/** How far it is from here to each job of the list. */
export function distances(): void {
  if (!here) return;
  for (const row of document.querySelectorAll<HTMLElement>("[data-lon]")) {
    const facts = row.querySelector(".facts");
    if (!facts) continue;
    const said = say("here", { way: way(line(here, [Number(row.dataset.lon), Number(row.dataset.lat)])) });
    const old = facts.querySelector("[data-here]");
    if (old) old.textContent = said;
    else {
      const made = document.createElement("span");
      made.dataset.here = "";
      made.textContent = said;
      facts.append(made);
    }
  }
}
