"""Where a warning is in force, as a drawing in the page itself: it follows the page's theme and needs no script. Pure."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import shapely
from markupsafe import Markup, escape

from dothi.kit import geo
from dothi.screens.drawing import Project, fitted, lines

WIDTH, HEIGHT = 720, 420
_BASE = ("ward", "urban", "river", "canal", "lake", "water", "road", "expressway")


def drawing(areas: Sequence[dict[str, Any]], base: bytes, tone: str, name: str, language: str) -> Markup:
    """The areas over the base map (GeoJSON text). tone: the colour's role. name: what the drawing shows, in words."""
    shapes = [geo.from_geojson(one["geometry"]) for one in areas if one.get("geometry")]
    if not shapes:
        return Markup("")
    project = fitted(shapely.union_all(shapes).bounds, WIDTH, HEIGHT, 0.7)
    features = [one for one in json.loads(base)["features"] if not one["properties"].get("inset")]
    parts = [f'<rect class="land" width="{WIDTH}" height="{HEIGHT}"/>']
    for kind in _BASE:
        parts += [_path(one["geometry"], kind, project) for one in features if one["properties"].get("kind") == kind]
    parts += [_path(geo.to_geojson(one), f"area t-{tone}", project) for one in shapes]
    parts += _labels(features, project, language)
    return Markup(  # noqa: S704 - numbers, our own classes and escaped names
        f'<svg class="warn-map" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(name)}">{"".join(parts)}</svg>'
    )


def _path(geometry: dict[str, Any], kind: str, project: Project) -> str:
    closed = "Polygon" in geometry["type"]
    text = "".join(_line([project(one) for one in line], closed=closed) for line in lines(geometry))
    if not text:
        return ""
    names = f"{kind} {'fill' if closed else 'way'}"
    under = f'<path class="{names} under" d="{text}"/>' if kind in ("road", "expressway") else ""
    return f'{under}<path class="{names}" d="{text}"/>'


def _line(points: list[tuple[float, float]], *, closed: bool) -> str:
    """A line as a path; nothing for one that is out of the picture."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    if not points or max(xs) < 0 or min(xs) > WIDTH or max(ys) < 0 or min(ys) > HEIGHT:
        return ""
    # what is a mile outside is brought near: numbers stay short and the picture small
    near = [(min(max(x, -WIDTH), 2 * WIDTH), min(max(y, -HEIGHT), 2 * HEIGHT)) for x, y in points]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in near) + ("z" if closed else "")


def _labels(features: Iterable[dict[str, Any]], project: Project, language: str) -> list[str]:
    made: list[str] = []
    taken: list[tuple[float, float]] = []
    for one in features:
        given = one["properties"]
        if given.get("kind") == "ward" and given.get("lon") is not None:
            at = (given["lon"], given["lat"])
            text = given.get("fullNameEn") if language == "en" else given.get("fullName")
        elif given.get("label") == "water" and one["geometry"]["type"] == "Point":
            at, text = one["geometry"]["coordinates"], given.get("name_en" if language == "en" else "name")
        else:
            continue
        x, y = project(at)
        clear = all(abs(x - ox) > 150 or abs(y - oy) > 26 for ox, oy in taken)
        if text and clear and 50 < x < WIDTH - 50 and 16 < y < HEIGHT - 8:
            taken.append((x, y))
            made.append(f'<text x="{x:.0f}" y="{y:.0f}">{escape(str(text))}</text>')
    return made
