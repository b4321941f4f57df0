"""The MapLibre layers a dataset is drawn with where it brings none of its own."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from dothi.db.tiling import COUNTED

Face = Literal["light", "dark"]
Shape = Literal["circle", "square", "triangle", "diamond", "cross", "star", "line", "area", "cluster"]

# the look's data series and map tokens, light and dark
SERIES = (
    ("#1d4a86", "#8fbbf2"), ("#0b7a75", "#4ec2b8"), ("#a0651a", "#dca564"),
    ("#7a3f8c", "#c795d8"), ("#5c6b2f", "#a9bb6e"), ("#6b5d57", "#b7a8a1"),
)  # fmt: skip
OTHER = ("#8b9398", "#6c777d")  # no data
_LABEL = ("#4d585b", "#9aa7ad")
_HALO = ("#f8f8f5", "#101518")
_ON = ("#ffffff", "#0a1526")
# told apart without colour, six of each before they repeat
POINTS: tuple[Shape, ...] = ("circle", "square", "triangle", "diamond", "cross", "star")
DASHES: tuple[tuple[float, ...], ...] = ((1, 0), (4, 2), (1, 1.5), (6, 2, 1, 2), (2, 2), (8, 3))
PATTERNS = ("solid", "diagonal", "dots", "cross-hatch", "horizontal", "vertical")
_SIGNS = dict(zip(POINTS, "●■▲◆✚★", strict=True))
_FONT = ["Be Vietnam Pro Medium"]  # the look's; drawn by the browser where no glyphs are served


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a legend.

    colour and dark: on light and dark ground. shape: of a point, or line, area, cluster. pattern: of an area; dash: of
    a line, in widths. value: what the field holds, None for everything else; field: None when nothing is told apart.
    """

    label: str
    label_en: str | None
    colour: str
    dark: str
    shape: Shape
    pattern: str | None = None
    dash: tuple[float, ...] | None = None
    field: str | None = None
    value: Any = None


def layers(geometry_type: str | None, entries: list[Entry], name: str | None, face: Face) -> list[dict[str, Any]]:
    """The layers of records of a geometry type, by the entries of their legend. name: the field of their names."""
    shape = kind(geometry_type)
    colour = _matched(entries, [one.colour if face == "light" else one.dark for one in entries])
    drawn: list[dict[str, Any]]
    if shape == "circle":
        alone = ["!", ["has", COUNTED]]
        drawn = [_signs(entries, colour, face) if len(entries) > 1 else {**_dots(colour, face), "filter": alone}]
    elif shape == "line":
        drawn = _lines(entries, colour)
    else:
        drawn = _areas(entries, colour)
        if geometry_type in (None, "Geometry", "GeometryCollection"):
            lines = ["==", ["geometry-type"], "LineString"]
            drawn += [{**one, "filter": _both(lines, one)} for one in _lines([], colour)]
            drawn.append(_dots(colour, face))
    return [*drawn, *gathered(face), *_labels(name, shape, face)]


def kind(geometry_type: str | None) -> Shape:
    """Whether records are points (circle), lines or areas; areas too where they may be anything."""
    if "Line" in (geometry_type or ""):
        return "line"
    return "circle" if "Point" in (geometry_type or "") else "area"


def _matched(entries: list[Entry], values: list[Any]) -> Any:
    """A value by class: the only one, or a match on the field, whose last one is for everything else."""
    if len(entries) < 2 or entries[0].field is None:
        return values[0]
    made: list[Any] = ["match", ["to-string", ["get", entries[0].field]]]
    for entry, value in zip(entries[:-1], values[:-1], strict=True):
        text = str(entry.value).lower() if isinstance(entry.value, bool) else str(entry.value)
        made += [text, value]
    return [*made, values[-1]]


def _both(condition: list[Any], layer: dict[str, Any]) -> list[Any]:
    return ["all", condition, layer["filter"]] if "filter" in layer else condition


def _signs(entries: list[Entry], colour: Any, face: Face) -> dict[str, Any]:
    """Points as characters, one shape to a class."""
    return {
        "type": "symbol",
        "filter": ["!", ["has", COUNTED]],
        "layout": {
            "text-field": _matched(entries, [_SIGNS[one.shape] for one in entries]),
            "text-font": _FONT,
            "text-size": ["interpolate", ["linear"], ["zoom"], 8, 9, 14, 15, 18, 20],
            "text-allow-overlap": True,
            "text-ignore-placement": True,
        },
        "paint": {"text-color": colour, "text-halo-color": _face(_HALO, face), "text-halo-width": 1.2},
    }


def _dots(colour: Any, face: Face) -> dict[str, Any]:
    return {
        "type": "circle",
        "filter": ["all", ["==", ["geometry-type"], "Point"], ["!", ["has", COUNTED]]],
        "paint": {
            "circle-color": colour,
            "circle-radius": ["interpolate", ["linear"], ["zoom"], 8, 2.5, 14, 5, 18, 8],
            "circle-stroke-color": _face(_HALO, face),
            "circle-stroke-width": 1,
        },
    }


def _lines(entries: list[Entry], colour: Any) -> list[dict[str, Any]]:
    """Lines, one layer to a dash: MapLibre cannot choose it by value."""
    width = ["interpolate", ["linear"], ["zoom"], 8, 0.8, 14, 2.5, 18, 6]
    layout = {"line-cap": "butt", "line-join": "round"}
    if len(entries) < 2:
        return [{"type": "line", "layout": layout, "paint": {"line-color": colour, "line-width": width}}]
    made = []
    for dash in dict.fromkeys(one.dash for one in entries):
        here = [str(one.value) for one in entries if one.dash == dash and one.value is not None]
        text = ["to-string", ["get", entries[0].field]]
        choice: list[Any] = ["in", text, ["literal", here]]
        if dash == entries[-1].dash:  # everything else is drawn alike
            every = [str(one.value) for one in entries if one.value is not None]
            choice = ["any", choice, ["!", ["in", text, ["literal", every]]]]
        paint: dict[str, Any] = {"line-color": colour, "line-width": width}
        if dash is not None and dash != DASHES[0]:
            paint["line-dasharray"] = list(dash)
        made.append({"type": "line", "filter": choice, "layout": layout, "paint": paint})
    return made


def _areas(entries: list[Entry], colour: Any) -> list[dict[str, Any]]:
    """Areas as a light fill and a full outline, dashed by class; who has the look's patterns lays them over."""
    polygons = ["==", ["geometry-type"], "Polygon"]
    fill = {"type": "fill", "filter": polygons, "paint": {"fill-color": colour, "fill-opacity": 0.28}}
    dashed = [replace(one, dash=_dash_of(one)) for one in entries]
    outlines = _lines(dashed if len(entries) > 1 else entries, colour)
    return [fill, *({**one, "filter": _both(polygons, one)} for one in outlines)]


def _dash_of(entry: Entry) -> tuple[float, ...]:
    return DASHES[PATTERNS.index(entry.pattern)] if entry.pattern in PATTERNS else DASHES[0]


def gathered(face: Face) -> list[dict[str, Any]]:
    """Gathered records: a disc that grows with their number, and the number."""
    light = SERIES[0]
    many = ["has", COUNTED]
    return [
        {
            "type": "circle",
            "filter": many,
            "paint": {
                "circle-color": _face(light, face),
                "circle-opacity": 0.85,
                "circle-radius": ["interpolate", ["linear"], ["log10", ["get", COUNTED]], 0, 2, 1, 5, 2, 9, 4, 16],
                "circle-stroke-color": _face(_HALO, face),
                "circle-stroke-width": 1,
            },
        },
        {
            "type": "symbol",
            "filter": ["all", many, [">=", ["get", COUNTED], 20]],
            "layout": {
                "text-field": ["number-format", ["get", COUNTED], {"locale": "vi"}],
                "text-font": _FONT,
                "text-size": 11,
                "symbol-sort-key": ["-", ["get", COUNTED]],
            },
            "paint": {"text-color": _face(_ON, face), "text-halo-color": _face(light, face), "text-halo-width": 1},
        },
    ]


def _labels(name: str | None, kind: str, face: Face) -> list[dict[str, Any]]:
    """The name of each record, where there is room."""
    if name is None:
        return []
    places: dict[str, dict[str, Any]] = {
        "circle": {"text-offset": [0, 1.1], "text-anchor": "top"},
        "line": {"symbol-placement": "line"},
    }
    place = places.get(kind, {})
    return [
        {
            "type": "symbol",
            "minzoom": 14,
            "filter": ["all", ["has", name], ["!", ["has", COUNTED]]],
            "layout": {
                "text-field": ["to-string", ["get", name]],
                "text-font": _FONT,
                "text-size": 12,
                "text-max-width": 8,
                **place,
            },
            "paint": {"text-color": _face(_LABEL, face), "text-halo-color": _face(_HALO, face), "text-halo-width": 1.2},
        }
    ]


def _face(colours: tuple[str, str], face: Face) -> str:
    return colours[0] if face == "light" else colours[1]
