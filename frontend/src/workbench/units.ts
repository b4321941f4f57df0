/** Lengths, areas and places as people write them. */
import { type Language, number, quantity } from "../pure/number";

export function measured(metres: number, language: Language): string {
  if (metres < 1000) return quantity(metres, metres < 10 ? 2 : metres < 100 ? 1 : 0, "m", language);
  return quantity(metres / 1000, metres < 100_000 ? 2 : 0, "km", language);
}
export function squared(square: number, language: Language): string {
  if (square < 10_000) return quantity(square, square < 100 ? 1 : 0, "m²", language);
  if (square < 10_000_000) return quantity(square / 10_000, 2, "ha", language);
  return quantity(square / 1_000_000, 2, "km²", language);
}
/** 10,53589° B, 106,41366° Đ */
export function lonLat([lon, lat]: readonly [number, number], language: Language): string {
  const [north, south, east, west] = language === "vi" ? ["B", "N", "Đ", "T"] : ["N", "S", "E", "W"];
  return `${number(Math.abs(lat), 5, language)}° ${lat < 0 ? south : north}, ${number(Math.abs(lon), 5, language)}° ${lon < 0 ? west : east}`;
}
/** A number as precise as it is: up to two decimals, none where it is whole. */
export function plain(value: number, language: Language): string {
  const digits = Number.isInteger(value) ? 0 : Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 100 ? 1 : 2;
  return number(value, digits, language);
}
/** 2026-11-21 as 21/11/2026. */
export const day = (iso: string): string => iso.slice(0, 10).split("-").reverse().join("/");
