// Writes the icons the pages use, from lucide (ISC), as one Jinja macro: no request, no script.
import { readFileSync, writeFileSync } from "node:fs";

const NAMES = [
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
  "message-square",
  "locate-fixed",
  "circle-help",
  "clock",
  "video",
  "list-checks",
];
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
<svg class="ic{{ ' ' ~ size if size }}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{{ shapes[name]|safe }}</svg>
{%- endmacro %}
`,
);
