/** What the server tells a wall. Times in ms UTC. */
export interface Matter {
  id: number;
  number: string;
  s: string;
  title: string;
  place: string;
  value: string;
  figure: string;
  unit: string;
  at: number;
  state: string;
  heard: boolean;
  who: string;
  lon: number | null;
  lat: number | null;
  sector: string;
}
export interface Top extends Matter {
  against: string;
  trend: string;
  direction: string;
  doing: string;
  blocked: string[];
  steps: [number, number] | null;
}
export interface Figure {
  code: string;
  name: string;
  value: string;
  unit: string;
  tone: string;
  trend: string;
  direction: string;
  limit: string;
  at: number | null;
  late: number;
}
export interface WallView {
  title: string;
  state: Record<string, string>;
  seconds: number;
}
export interface Now {
  at: number;
  build: string;
  title: string;
  city: string;
  worst: { s: string; word: string; n: number };
  counts: [word: string, n: number, severity: string][];
  sources: [name: string, state: string, word: string][];
  simulated: boolean;
  exercise: boolean;
  alarms: Matter[];
  top: Top | null;
  criticals: string[];
  figures: Figure[];
  views: WallView[];
  bounds: [number, number, number, number] | null;
  warnings: { properties?: { headline?: string; title?: string } }[];
}
/** The shape of a severity; what is only a notice looks like minor. */
export const shape = (severity: string): string => (severity === "warning" ? "minor" : severity);
