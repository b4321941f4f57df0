/** Distances and areas on the WGS 84 ellipsoid, and coordinates in VN-2000. Degrees in, metres out. */
import type { Area, Position } from "./state";

const A = 6378137;
const F = 1 / 298.257223563;
const B = A * (1 - F);
const E2 = F * (2 - F);
const RAD = Math.PI / 180;

/** Metres along the geodesic between two positions (Vincenty 1975, inverse; half a millimetre, not for antipodes). */
export function distance(from: Position, to: Position): number {
  const l = (to[0] - from[0]) * RAD;
  const u1 = Math.atan((1 - F) * Math.tan(from[1] * RAD));
  const u2 = Math.atan((1 - F) * Math.tan(to[1] * RAD));
  const [s1, c1, s2, c2] = [Math.sin(u1), Math.cos(u1), Math.sin(u2), Math.cos(u2)];
  let lambda = l;
  let [sinS, cosS, sigma, cosA2, cos2M] = [0, 1, 0, 1, 0];
  for (let i = 0; i < 100; i++) {
    const [sl, cl] = [Math.sin(lambda), Math.cos(lambda)];
    sinS = Math.hypot(c2 * sl, c1 * s2 - s1 * c2 * cl);
    if (sinS === 0) return 0;
    cosS = s1 * s2 + c1 * c2 * cl;
    sigma = Math.atan2(sinS, cosS);
    const sinA = (c1 * c2 * sl) / sinS;
    cosA2 = 1 - sinA * sinA;
    cos2M = cosA2 ? cosS - (2 * s1 * s2) / cosA2 : 0;
    const c = (F / 16) * cosA2 * (4 + F * (4 - 3 * cosA2));
    const before = lambda;
    lambda = l + (1 - c) * F * sinA * (sigma + c * sinS * (cos2M + c * cosS * (2 * cos2M * cos2M - 1)));
    if (Math.abs(lambda - before) < 1e-12) break;
  }
  const u = (cosA2 * (A * A - B * B)) / (B * B);
  const a = 1 + (u / 16384) * (4096 + u * (-768 + u * (320 - 175 * u)));
  const b = (u / 1024) * (256 + u * (-128 + u * (74 - 47 * u)));
  const m2 = 2 * cos2M * cos2M - 1;
  const turn =
    b * sinS * (cos2M + (b / 4) * (cosS * m2 - (b / 6) * cos2M * (4 * sinS * sinS - 3) * (4 * cos2M * cos2M - 3)));
  return B * a * (sigma - turn);
}

export const length = (points: readonly Position[]): number =>
  points.slice(1).reduce((sum, point, i) => sum + distance(points[i] as Position, point), 0);

const E = Math.sqrt(E2);
const q = (sin: number) => (1 - E2) * (sin / (1 - E2 * sin * sin) + Math.log((1 + E * sin) / (1 - E * sin)) / (2 * E));
const QP = q(1);
const RQ2 = (A * A * QP) / 2;

/** Square metres inside a ring: spherical excess on the sphere of equal area, at authalic latitudes. A few parts in a million over a city. */
export function ringArea(points: readonly Position[]): number {
  const ring = points.map(([lon, lat]) => [lon * RAD, Math.asin(q(Math.sin(lat * RAD)) / QP)] as const);
  let sum = 0;
  for (let i = 0; i < ring.length; i++) {
    const [l1, b1] = ring[i] as [number, number];
    const [l2, b2] = ring[(i + 1) % ring.length] as [number, number];
    const t = Math.tan(b1 / 2) * Math.tan(b2 / 2);
    const d = Math.tan((l2 - l1) / 2) * (Math.tan(b1 / 2) + Math.tan(b2 / 2));
    sum += 2 * Math.atan2(d, 1 + t);
  }
  return Math.abs(sum) * RQ2;
}

/** Where one comes from a position, so many metres in a direction (degrees from north). Good to a millimetre over a city. */
export function go(from: Position, metres: number, bearing: number): Position {
  const lat = from[1] * RAD;
  const w = 1 - E2 * Math.sin(lat) ** 2;
  const meridian = (A * (1 - E2)) / w ** 1.5;
  const parallel = (A / Math.sqrt(w)) * Math.cos(lat);
  const guess: Position = [
    from[0] + (metres * Math.sin(bearing * RAD)) / parallel / RAD,
    from[1] + (metres * Math.cos(bearing * RAD)) / meridian / RAD,
  ];
  const reached = distance(from, guess);
  const share = reached > 0 ? metres / reached : 1;
  return [from[0] + (guess[0] - from[0]) * share, from[1] + (guess[1] - from[1]) * share];
}

/** The ring of an area, closed. */
export function outline(area: Area, steps = 72): Position[] {
  if (area.kind === "box") {
    const [w, s, e, n] = area.box;
    return [
      [w, s],
      [e, s],
      [e, n],
      [w, n],
      [w, s],
    ];
  }
  const ring =
    area.kind === "circle"
      ? Array.from({ length: steps }, (_, i) => go(area.at, area.radius, (-360 * i) / steps))
      : [...area.points];
  const [first] = ring;
  return first ? [...ring, first] : [];
}

/**
 * Seven parameters from VN-2000 to WGS 84: metres, arc seconds as a position vector turns, parts per million.
 * Decision 05/2007/QĐ-BTNMT says them for the turning frame, so the angles have the other sign here (as EPSG:6960).
 */
const SHIFT = [-191.90441429, -39.30318279, -111.45032835, 0.00928836, -0.01975479, 0.00427372, 0.252906278] as const;

/** Northing (x) and easting (y) in VN-2000 with a central meridian, a 3° zone (scale 0.9999): the order Vietnamese maps use. */
export function vn2000([lon, lat]: Position, meridian: number, scale = 0.9999): { x: number; y: number } {
  const [dx, dy, dz, rx, ry, rz, ppm] = SHIFT;
  const [phi, lam] = [lat * RAD, lon * RAD];
  const n = A / Math.sqrt(1 - E2 * Math.sin(phi) ** 2);
  const ecef = [
    n * Math.cos(phi) * Math.cos(lam),
    n * Math.cos(phi) * Math.sin(lam),
    n * (1 - E2) * Math.sin(phi),
  ] as const;
  const arc = RAD / 3600;
  const [a, b, c] = [
    (ecef[0] - dx) / (1 + ppm * 1e-6),
    (ecef[1] - dy) / (1 + ppm * 1e-6),
    (ecef[2] - dz) / (1 + ppm * 1e-6),
  ];
  const [ax, ay, az] = [rx * arc, ry * arc, rz * arc];
  // the turn back: angles this small change sign
  const x = a + az * b - ay * c;
  const y = b - az * a + ax * c;
  const z = c + ay * a - ax * b;
  const flat = Math.hypot(x, y);
  let latitude = Math.atan2(z, flat * (1 - E2));
  for (let i = 0; i < 5; i++) {
    const radius = A / Math.sqrt(1 - E2 * Math.sin(latitude) ** 2);
    latitude = Math.atan2(z + E2 * radius * Math.sin(latitude), flat);
  }
  return mercator(latitude, Math.atan2(y, x) - meridian * RAD, scale);
}

/** Transverse Mercator by Krüger's series to the third order in n (0.1 mm inside a zone). */
function mercator(phi: number, lambda: number, scale: number): { x: number; y: number } {
  const n = F / (2 - F);
  const radius = (A / (1 + n)) * (1 + n ** 2 / 4 + n ** 4 / 64);
  const alpha = [
    n / 2 - (2 / 3) * n ** 2 + (5 / 16) * n ** 3,
    (13 / 48) * n ** 2 - (3 / 5) * n ** 3,
    (61 / 240) * n ** 3,
  ];
  const t = Math.sinh(Math.atanh(Math.sin(phi)) - E * Math.atanh(E * Math.sin(phi)));
  const xi = Math.atan2(t, Math.cos(lambda));
  const eta = Math.atanh(Math.sin(lambda) / Math.hypot(1, t));
  let [north, east] = [xi, eta];
  alpha.forEach((one, i) => {
    const k = 2 * (i + 1);
    north += one * Math.sin(k * xi) * Math.cosh(k * eta);
    east += one * Math.cos(k * xi) * Math.sinh(k * eta);
  });
  return { x: scale * radius * north, y: 500000 + scale * radius * east };
}

/** A round length for a scale bar of at most so many pixels, and how many it takes. metres: of one pixel. */
export function bar(metres: number, most: number): { metres: number; pixels: number } {
  const room = metres * most;
  const power = 10 ** Math.floor(Math.log10(room));
  const size = [5, 2, 1].map((one) => one * power).find((one) => one <= room) ?? power;
  return { metres: size, pixels: size / metres };
}
/** Metres of one CSS pixel on a Web Mercator map of 512 px tiles. */
export const metresPerPixel = (lat: number, zoom: number): number =>
  (Math.cos(lat * RAD) * 2 * Math.PI * A) / (512 * 2 ** zoom);
/** A meridian as people write it: 105°45′. */
export const degrees = (value: number): string => {
  const minutes = Math.round(value * 60);
  return `${Math.floor(minutes / 60)}°${String(minutes % 60).padStart(2, "0")}′`;
};
