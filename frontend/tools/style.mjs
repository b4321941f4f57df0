// Writes what MapLibre knows of circles, lines and fills, from its style specification (ISC): packs are held to it.
import { readFileSync, writeFileSync } from "node:fs";

const at = "../node_modules/@maplibre/maplibre-gl-style-spec/";
const read = (path) => JSON.parse(readFileSync(new URL(at + path, import.meta.url), "utf8"));
const spec = read("dist/latest.json");
const setting = (one) => ({
  type: one.type,
  ...(one.values ? { values: Array.isArray(one.values) ? one.values : Object.keys(one.values) } : {}),
});
const settings = (of) => Object.fromEntries(Object.entries(of).map(([name, one]) => [name, setting(one)]));
const kinds = ["circle", "fill", "line"].map((kind) => [
  kind,
  { layout: settings(spec[`layout_${kind}`]), paint: settings(spec[`paint_${kind}`]) },
]);
const made = {
  source: `@maplibre/maplibre-gl-style-spec ${read("package.json").version}, ISC; made by frontend/tools/style.mjs`,
  layer: Object.keys(spec.layer).filter((key) => !["id", "metadata", "source", "source-layer"].includes(key)),
  expressions: Object.keys(spec.expression_name.values),
  kinds: Object.fromEntries(kinds),
};
writeFileSync(new URL("../../src/dothi/datasets/maplibre.json", import.meta.url), `${JSON.stringify(made, null, 1)}\n`);
