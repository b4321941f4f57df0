"""The map as a still picture: the built-in base and every sensor's shape, in one SVG without script."""

import json
from collections.abc import Callable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from sqlalchemy.orm import Session

from dothi.kit import clock
from dothi.places import geojson
from dothi.screens import drawing
from dothi.sensing.sectors import SEVERITY
from dothi.sensing.state import ThingState

WIDTH, HEIGHT = 760, 560
_VIETNAM = (102.1, 8.2, 117.9, 23.4)
# the map's roles from tokens.css, light and dark: a picture cannot read the page's own
LIGHT = {"land": "#e9e9e3", "ward": "#f8f8f5", "edge": "#b9beb8", "road": "#ffffff", "road-edge": "#d2d3cb",
         "water": "#bfd3dd", "label": "#4d585b", "normal": "#2c7a4b", "minor": "#a87b00", "major": "#c95a05",
         "critical": "#c01f30", "offline": "#68727a", "nodata": "#8b9398"}  # fmt: skip
DARK = {"land": "#0c1013", "ward": "#172026", "edge": "#3a464c", "road": "#2b363d", "road-edge": "#1b252b",
        "water": "#203d4c", "label": "#9aa7ad", "normal": "#58b981", "minor": "#e3bb3d", "major": "#f28c3a",
        "critical": "#ee4b4f", "offline": "#8b979e", "nodata": "#6c777d"}  # fmt: skip
_SHAPES = {
    "normal": '<circle r="4.5"/>', "minor": '<rect x="-5" y="-5" width="10" height="10"/>',
    "major": '<path d="M0-7 7 6H-7z"/>', "critical": '<path d="M-3.5-8h7L8-3.5v7L3.5 8h-7L-8 3.5v-7z"/>',
    "offline": '<path class="o" d="M0-4.5a4.5 4.5 0 1 0 .01 0M-3 3l6-6"/>',
    "nodata": '<circle class="o" r="4.5" stroke-dasharray="2.4 2.3"/>',
}  # fmt: skip
Project = Callable[[Sequence[float]], str]


def picture(session: Session, things: Sequence[ThingState], theme: str | None) -> str:
    """The picture. theme None: as the reader's system asks."""
    placed = [one for one in things if one.lon is not None and one.lat is not None]
    base = json.loads(geojson.base_map(session, None, clock.now_micros(), 20.0).body)["features"]
    shapes = [f for f in base if not f["properties"].get("inset")]
    project = _fit(placed, shapes)
    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" class="land"/>']
    for kind in ("ward", "urban", "river", "canal", "road", "expressway"):
        parts += [_drawn(one["geometry"], kind, project) for one in shapes if one["properties"].get("kind") == kind]
    for one in shapes:
        if one["properties"].get("kind") == "label" and one["geometry"]["type"] == "Point":
            x, y = project(one["geometry"]["coordinates"]).split(" ")
            parts.append(f'<text x="{x}" y="{y}">{escape(str(one["properties"].get("name") or ""))}</text>')
    for state in sorted(_SHAPES, key=SEVERITY.__getitem__):
        inside = [
            f'<g transform="translate({project((one.lon or 0, one.lat or 0))})"><title>{escape(one.name)}</title>{_SHAPES[state]}</g>'
            for one in placed if one.state == state
        ]  # fmt: skip
        if inside:
            parts.append(f'<g class="{state}">{"".join(inside)}</g>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="xMidYMid slice">'
        f"<style>{_style(theme)}</style>{''.join(parts)}</svg>"
    )


def _fit(things: Sequence[ThingState], shapes: Sequence[dict[str, Any]]) -> Project:
    """Positions to the picture: all sensors but the outermost 2 % in view; without sensors, all shapes."""
    box = drawing.middle((one.lon or 0.0, one.lat or 0.0) for one in things) or drawing.middle(
        p for f in shapes for p in _positions(f["geometry"])
    )
    place = drawing.fitted(box or _VIETNAM, WIDTH, HEIGHT, 0.88)

    def project(position: Sequence[float]) -> str:
        x, y = place(position)
        return f"{x:.1f} {y:.1f}"

    return project


def _positions(geometry: dict[str, Any]) -> list[tuple[float, float]]:
    def walk(value: Any) -> list[tuple[float, float]]:
        if value and isinstance(value[0], int | float):
            return [(value[0], value[1])]
        return [point for part in value for point in walk(part)]

    return walk(geometry.get("coordinates") or [])


def _drawn(geometry: dict[str, Any], kind: str, project: Project) -> str:
    lines = drawing.lines(geometry)
    if not lines:
        return ""
    close = "z" if "Polygon" in geometry["type"] else ""
    path = "".join("M" + "L".join(project(p) for p in line) + close for line in lines)
    filled = f"{kind} {'area' if close else 'way'}"
    if kind in ("road", "expressway"):
        return f'<path class="{filled} under" d="{path}"/><path class="{filled}" d="{path}"/>'
    return f'<path class="{filled}" d="{path}"/>'


def _style(theme: str | None) -> str:
    def rules(c: dict[str, str]) -> str:
        states = "".join(f".{s}{{fill:{c[s]}}}.{s} .o{{fill:none;stroke:{c[s]};stroke-width:2}}" for s in _SHAPES)
        return (
            f".land{{fill:{c['land']}}}.ward,.urban{{fill:{c['ward']}}}.ward{{stroke:{c['edge']}}}"
            f".river.area,.canal.area{{fill:{c['water']}}}.river.way,.canal.way{{stroke:{c['water']}}}"
            f".road,.expressway{{stroke:{c['road']}}}.under{{stroke:{c['road-edge']}}}text{{fill:{c['label']}}}{states}"
        )

    shared = (
        "path{stroke-linejoin:round}.ward{stroke-width:1.2;stroke-dasharray:4 3}.way{fill:none;stroke-linecap:round}"
        ".river.way{stroke-width:11}.canal.way{stroke-width:3}.road,.expressway{stroke-width:2}.under{stroke-width:3.4}"
        "text{font:500 13px 'Be Vietnam Pro',system-ui,sans-serif;text-anchor:middle}"
    )
    if theme == "dark":
        return shared + rules(DARK)
    return shared + rules(LIGHT) + ("" if theme else f"@media (prefers-color-scheme:dark){{{rules(DARK)}}}")
