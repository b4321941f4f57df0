/** What the server says of layers and records. */
import type { LayerSpecification } from "maplibre-gl";
import type { Kind } from "./cql";

export type Face = "light" | "dark";
/** A line of a legend as the server tells it. */
export interface Entry {
  label: string;
  colour: string;
  shape: string;
}
export interface Field {
  name: string;
  kind: Kind;
  title: string;
  unit: string;
  role: string | null;
  values: { value: string | number; title: string }[] | null;
}
export interface Consultation {
  code: string;
  name: string;
  state: "open" | "upcoming" | "closed" | "adopted";
  starts: string | null;
  ends: string | null;
  href: string;
}
export interface Layer {
  code: string;
  title: string;
  description: string;
  agency: string;
  sector: string;
  geometry: string;
  count: number;
  bbox: [number, number, number, number] | null;
  sharing: "open" | "shared" | "restricted";
  simulated: boolean;
  source: string;
  changed: number | null;
  href: string;
  fields: Field[];
  style: Record<Face, LayerSpecification[]> & Record<`${Face}Legend`, Entry[]>;
  consultations: Consultation[];
}
export interface Settings {
  centre: [number, number] | null;
  zoom: number;
  meridian: number;
  start: string[];
  city: string;
  signedIn: boolean;
}
export interface Found {
  key: string;
  name: string;
  href: string;
  bbox: [number, number, number, number] | null;
  geometry: GeoJSON.Geometry | null;
  properties: { title: string; unit: string; kind: Kind; value: unknown }[];
}
export interface Identified {
  layers: { code: string; title: string; simulated: boolean; more: boolean; records: Found[] }[];
}
export interface Totals {
  collection: string;
  title: string;
  count: number;
  simulated: boolean;
  measures: {
    field: string;
    title: string;
    unit: string;
    /** whether a sum of it says something */
    adds: boolean;
    count: number;
    sum: number | null;
    mean: number | null;
    min: number | null;
    max: number | null;
  }[];
  area: number | null;
  places: { code: string | null; name: string; count: number; sums: (number | null)[] }[];
  kinds: {
    field: string;
    title: string;
    rows: { value: unknown; name: string; count: number; area: number | null; sums: (number | null)[] }[];
  } | null;
  records: Found[];
}
export const held = <T>(id: string): T => JSON.parse(document.getElementById(id)?.textContent ?? "null") as T;
