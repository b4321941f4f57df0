"""A map of communes as SVG: each a link with its number, coloured by light or by class; hatched where a number is missing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from dothi.indicators.values import Value
from dothi.places import atlas as atlases
from dothi.screens import drawing
from dothi.screens.indicators.asking import Ask
from dothi.screens.indicators.said import Shown, number

WIDE = 400.0
_TALLEST, _EDGE, _CLASSES = 420.0, 8.0, 5
_NEAR = 0.5  # units of the picture: what a simpler outline may leave out
_ROOM = 26.0  # so wide and so high (half of it) is a number on the map at least


@dataclass(frozen=True, slots=True)
class Ward:
    """An outline in the picture: its path, where its number stands, and how much room there is."""

    path: str
    x: float
    y: float
    room: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """The outlines of some communes on one boundary."""

    height: float
    wards: dict[str, Ward]


@dataclass(frozen=True, slots=True)
class Key:
    """A line of the legend. mark: a light's shape; ramp: a class, 1 to 5; both nothing: missing."""

    text: str
    mark: str
    ramp: int


_kept: dict[tuple[Any, ...], Drawn | None] = {}


def drawn(session: Session, codes: Sequence[str], boundary: int) -> Drawn | None:
    """The outlines of communes as they stood since a boundary (µs), kept until places change; None where none are known."""
    atlas = atlases.current(session)
    key = (atlas.stamp, boundary, tuple(sorted(codes)))
    if atlas.stamp is None or key not in _kept:
        while len(_kept) >= 16:
            _kept.pop(next(iter(_kept)), None)
        _kept[key] = _draw(session, atlas, set(codes), boundary)
    return _kept.get(key)


def _draw(session: Session, atlas: atlases.Atlas, codes: set[str], boundary: int) -> Drawn | None:
    import numpy as np
    import shapely

    level = atlas.level(session, "commune")
    found = [i for i, row in enumerate(level.rows) if row.code in codes and row.valid(boundary)]
    if len(found) < 2:
        return None
    shapes = level.shapes[found]
    west, south, east, north = shapely.total_bounds(shapes)
    ratio = (north - south) / ((east - west) * math.cos(math.radians((south + north) / 2)))
    height = min(_TALLEST, (WIDE - 2 * _EDGE) * ratio + 2 * _EDGE)
    place = drawing.fitted((west, south, east, north), WIDE - 2 * _EDGE, height - 2 * _EDGE, 1.0, least=0.0)

    def project(at: Any) -> Any:
        return np.stack(place(at.T), axis=1) + _EDGE

    flat = shapely.simplify(shapely.transform(shapes, project), _NEAR)
    wards = {}
    for i, shape in zip(found, flat, strict=True):
        at = shapely.maximum_inscribed_circle(shape) if not shape.is_empty else None
        x, y = at.coords[0] if at is not None else (0.0, 0.0)
        wards[level.rows[i].code] = Ward(_path(shape), x, y, 2 * at.length if at is not None else 0.0)
    return Drawn(round(height, 1), wards)


def _path(shape: Any) -> str:
    from shapely.geometry import mapping

    rings = [ring for ring in drawing.lines(mapping(shape)) if len(ring) > 3]
    return "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y, *_ in ring[:-1]) + "z" for ring in rings)


def plan(ask: Ask, values: Sequence[Value], rows: Sequence[Shown], chosen: str, name: str) -> tuple[Markup, list[Key]]:
    """The map of some communes' numbers with its legend; nothing where their outlines are not known.

    rows: the same numbers in words, in the same order. chosen: the commune the page is about. name: of the whole picture.
    """
    boundary = max((one.boundary for one in values if one.boundary is not None), default=ask.now)
    found = drawn(ask.session, [one.place.code for one in values], boundary)
    if found is None or not any(one.place.code in found.wards for one in values):
        return Markup(""), []
    lit = any(one.light is not None for one in values)
    edges = [] if lit else _edges([one.number for one in values if one.number is not None])
    wards, texts = [], []
    for one, row in zip(values, rows, strict=True):
        ward = found.wards.get(one.place.code)
        if ward is None:
            continue
        ramp = 0 if lit or one.number is None else _class(one.number, edges)
        look = "" if one.number is None else f' data-s="{row.mark or "none"}"' if lit else f' data-r="{ramp}"'
        here = ' aria-current="true"' if one.place.code == chosen else ""
        label = escape(spoken(row))
        wards.append(f'<a href="{escape(row.href)}" aria-label="{label}"{here}><path d="{ward.path}"{look}{"" if look else " class=none"}/>'
                     f"<title>{label}</title></a>")  # fmt: skip
        if row.text and ward.room >= max(_ROOM, 6.5 * len(row.text)):
            dark = ' class="on"' if ramp >= 4 else ""
            texts.append(f'<text x="{ward.x:.1f}" y="{ward.y + 4:.1f}"{dark}>{escape(row.text)}</text>')
    svg = (
        f'<svg class="ind-plan" viewBox="0 0 {WIDE:g} {found.height:g}" role="group" aria-label="{escape(name)}">'
        '<defs><pattern id="ind-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect class="hg" width="6" height="6"/><path class="hl" d="M0 0V6"/></pattern></defs>'
        f'{"".join(wards)}<g aria-hidden="true">{"".join(texts)}</g></svg>'
    )
    return Markup(svg), _legend(ask, values, rows, edges, lit=lit)  # noqa: S704 - our own drawing, names escaped


def spoken(row: Shown) -> str:
    """A commune and its number, as it is read aloud."""
    if not row.text:
        return f"{row.place}: {row.note}"
    unit = f" {row.unit}" if row.unit else ""
    return f"{row.place}: {row.text}{unit}" + (f", {row.word}" if row.mark else "")


def _edges(known: Sequence[float]) -> list[float]:
    """Round numbers that part the values into at most five classes."""
    if not known or min(known) == max(known):
        return []
    steps = drawing.ticks(min(known), max(known), _CLASSES - 1)
    while len(steps) > _CLASSES + 1:
        steps = steps[::2] if len(steps) % 2 else [*steps[::2], steps[-1]]
    return steps


def _class(value: float, edges: Sequence[float]) -> int:
    inner = edges[1:-1]
    return 1 + sum(value >= edge for edge in inner) if edges else 3


def _legend(
    ask: Ask, values: Sequence[Value], rows: Sequence[Shown], edges: Sequence[float], *, lit: bool
) -> list[Key]:
    made: list[Key] = []
    if lit:
        there = {row.light: row for row in rows if row.text}
        made = [
            Key(there[light].word, there[light].mark or "none", 0)
            for light in ("good", "near", "bad", "none")
            if light in there
        ]
    elif edges:
        digits = drawing.digits(edges)
        made = [Key(f"{number(a, digits, ask.language)} – {number(b, digits, ask.language)}", "", i)
                for i, (a, b) in enumerate(pairwise(edges), 1)]  # fmt: skip
    if any(one.number is None for one in values):
        made.append(Key(ask.say("Không có số liệu"), "", 0))
    return made


__all__ = ["Drawn", "Key", "Ward", "drawn", "plan", "spoken"]
