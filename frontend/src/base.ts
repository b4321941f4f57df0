/** What lies under a map: the city's own sketch, or the style or tiles an installation sets on the element. */
import type { GeoJSON } from "geojson";
import type { StyleSpecification } from "maplibre-gl";

export interface Base {
  data: GeoJSON | null;
  tiles?: string | undefined;
  style?: StyleSpecification | undefined;
}

/** The city's sketch: its wards, water and roads. Nothing where the server has none; a broken line is an error. */
export async function sketch(address = "/places/base.geojson"): Promise<GeoJSON | null> {
  const answer = await fetch(address);
  return answer.ok ? ((await answer.json()) as GeoJSON) : null;
}
/**
 * The base of an element: data-map-style, data-map-tiles, or data-base, the address of the sketch.
 * strict: a sketch that could not be asked for is an error, for those who ask again; otherwise the map goes without.
 */
export async function loadBase(data: DOMStringMap, { strict = false } = {}): Promise<Base> {
  if (data.mapStyle) {
    const answer = await fetch(data.mapStyle);
    if (!answer.ok) throw new Error(`${data.mapStyle}: ${answer.status}`);
    return { data: null, style: (await answer.json()) as StyleSpecification };
  }
  if (data.mapTiles) return { data: null, tiles: data.mapTiles };
  try {
    return { data: await sketch(data.base) };
  } catch (error) {
    if (strict) throw error;
    return { data: null };
  }
}
