// Writes the icons the pages use, from lucide (ISC), as one Jinja macro: no request, no script.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

const NAMES = [
  "rotate-ccw",
  "share-2",
  "eye-off",
  "lock",
  "image",
  "arrow-left",
  "activity",
  "send",
  "eye",
  "external-link",
  "undo-2",
  "file-text",
  "copy",
  "check",
  "message-square-warning",
  "history",
  "pencil",
  "upload",
  "filter",
  "database",
  "arrow-right",
  "camera",
  "chevron-right",
  "code",
  "cloud-rain",
  "download",
  "heart-pulse",
  "info",
  "list",
  "log-in",
  "map",
  "map-pin",
  "menu",
  "moon",
  "phone",
  "radio",
  "search",
  "sun",
  "table",
  "user",
  "users",
  "waves",
  "wind",
  "car",
  "leaf",
  "lightbulb",
  "droplets",
  "trash-2",
  "zap",
  "layers",
  "maximize",
  "plus",
  "minus",
  "x",
  "circle-parking",
  "megaphone",
  "flag",
  "truck",
  "pentagon",
  "ruler",
  "bookmark",
  "printer",
  "pen-line",
  "monitor",
  "sliders-horizontal",
  "arrow-up",
  "arrow-down",
  "arrow-left-right",
  "bell",
  "bell-off",
  "keyboard",
  "user-plus",
  "corner-up-right",
  "message-square",
  "locate-fixed",
  "circle-help",
  "clock",
  "video",
  "list-checks",
  // of the categories of reports and the public services: sectors/*/cases.yaml, services.yaml
  "ban",
  "bone",
  "brick-wall",
  "building-2",
  "cable",
  "circle-dot",
  "circle-parking-off",
  "circle-question-mark",
  "construction",
  "cylinder",
  "dog",
  "droplet-off",
  "ferris-wheel",
  "fire-extinguisher",
  "fish-off",
  "flame-kindling",
  "footprints",
  "glass-water",
  "haze",
  "house",
  "lightbulb-off",
  "mountain",
  "package-x",
  "shield-alert",
  "signpost",
  "store",
  "toilet",
  "traffic-cone",
  "tree-deciduous",
  "trees",
  "utensils",
  "utility-pole",
  "volume-2",
];
// what packs name themselves: a new sector needs no line here, only this tool run again
const sectors = new URL("../../sectors/", import.meta.url);
for (const sector of readdirSync(sectors)) {
  for (const file of ["sector.yaml", "cases.yaml", "services.yaml"]) {
    const path = new URL(`${sector}/${file}`, sectors);
    if (!existsSync(path)) continue;
    for (const [, name] of readFileSync(path, "utf8").matchAll(/\bicon: *["']?([a-z0-9-]+)/g)) {
      const known = existsSync(new URL(`../node_modules/lucide-static/icons/${name}.svg`, import.meta.url));
      if (!known) console.error(`sectors/${sector}/${file}: lucide has no icon "${name}"`);
      else if (!NAMES.includes(name)) NAMES.push(name);
    }
  }
}
const body = (name) =>
  readFileSync(new URL(`../node_modules/lucide-static/icons/${name}.svg`, import.meta.url), "utf8")
    .replace(/<!--.*?-->/gs, "")
    .replace(/<svg[^>]*>|<\/svg>/gs, "")
    .replace(/\s+/g, " ")
    .replace(/ \/>/g, "/>")
    .trim();
const lines = NAMES.sort().map((name) => `  "${name}": '${body(name)}',`);
writeFileSync(
  new URL("../../src/dothi/web/templates/icons.html", import.meta.url),
  `{# lucide icons (ISC licence); made by frontend/tools/icons.mjs, do not edit #}
{% set shapes = {
${lines.join("\n")}
} %}
{% macro icon(name, size="") -%}
<svg width="20" height="20" class="ic{{ ' ' ~ size if size }}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{{ shapes[name]|default(shapes["circle-dot"], true)|safe }}</svg>
{%- endmacro %}
`,
);
