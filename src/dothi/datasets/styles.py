"""How a dataset is drawn: MapLibre layers with a light and a dark face, and the entries of its legend.

A dataset may bring its own (`style`: layers and the fields they use); otherwise one is made from its geometry and the
first field that has few named values. No meaning rests on colour alone: points differ in shape, areas and lines in
pattern or dash, and every class has a label.
"""

from dataclasses import replace
from typing import Any

from dothi.datasets import drawing
from dothi.datasets.drawing import DASHES, PATTERNS, POINTS, Entry, Face, Shape
from dothi.datasets.schema import Field
from dothi.datasets.views import View
from dothi.db.tiling import COUNTED

FACES: tuple[Face, ...] = ("light", "dark")

_CLASSES = 24  # more values than this are not told apart


def used(view: View) -> tuple[str, ...]:
    """The visible fields a dataset's style uses."""
    visible = {one.name for one in view.fields}
    if _own(view):
        told = view.style or {}
        names = [str(name) for name in told.get("fields") or ()]
        return tuple(dict.fromkeys(name for name in [*names, *_named_in(told.get("layers"))] if name in visible))
    by = _by(view)
    return (by.name,) if by is not None else ()


def legend(view: View) -> list[Entry]:
    """The entries of a dataset's legend, in order.

    Where the dataset brings its own layers: the entries it brings too (`legend`), else the classes its colours match.
    """
    if _own(view):
        layers = (view.style or {}).get("layers")
        told = (view.style or {}).get("legend")
        if isinstance(told, list) and told:
            return [_told(one, view) for one in told if isinstance(one, dict)]
        return _matching(view, layers) or [
            _entry(view, 0, view.title, view.title_en, colour=_first_colour(layers), plain=True)
        ]
    by = _by(view)
    if by is None:
        return [_entry(view, 0, view.title, view.title_en)]
    made = [
        _entry(view, place, label, label_en, field=by.name, value=value)
        for place, (value, label, label_en) in enumerate(_values(by))
    ]
    return [
        *made,
        replace(_entry(view, 0, "Khác", "Other", field=by.name), colour=drawing.OTHER[0], dark=drawing.OTHER[1]),
    ]


def _matching(view: View, layers: Any) -> list[Entry]:
    """The classes of the first colour that is chosen by a field's value."""
    for layer in layers:
        for name, value in (layer.get("paint") or {}).items():
            if not (name.endswith("-color") and isinstance(value, list) and value[:1] == ["match"] and len(value) > 4):
                continue
            field = next(iter(_named_in(value[1])), None)
            by = next((one for one in view.fields if one.name == field), None)
            if by is None:
                continue
            labels = {known: (label, label_en) for known, label, label_en in _values(by)}
            made = []
            for known, colour in zip(value[2:-1:2], value[3:-1:2], strict=False):
                each = known if isinstance(known, list) else [known]
                words = [labels.get(one, (str(one), None)) for one in each]
                english = ", ".join(en or vi for vi, en in words) if any(en for _, en in words) else None
                label = ", ".join(vi for vi, _ in words)
                made.append(_entry(view, 0, label, english, colour=str(colour), plain=True, field=field, value=each[0]))
            if isinstance(value[-1], str):
                made.append(_entry(view, 0, "Khác", "Other", colour=value[-1], plain=True, field=field))
            return made
    return []


def default(view: View, tiles: str, face: Face = "light", language: str = "vi") -> dict[str, Any]:
    """The MapLibre style of a dataset: a whole style with one source, its layers over nothing.

    tiles: address of the TileJSON. language: of the legend in its metadata.
    """
    source = view.code
    layers = [
        {**layer, "id": f"{source}-{number}", "source": source, "source-layer": source}
        for number, layer in enumerate(_layers(view, face))
    ]
    return {
        "version": 8,
        "name": view.called(language),
        "metadata": {
            "dothi:dataset": view.code,
            "dothi:face": face,
            "dothi:legend": [in_words(one, face, language) for one in legend(view)],
        },
        "sources": {source: {"type": "vector", "url": tiles}},
        "layers": layers,
    }


def in_words(entry: Entry, face: Face, language: str) -> dict[str, Any]:
    """An entry as JSON says it, on one ground, in one language."""
    made: dict[str, Any] = {
        "label": (entry.label_en if language == "en" else None) or entry.label,
        "colour": entry.colour if face == "light" else entry.dark,
        "shape": entry.shape,
    }
    if entry.pattern is not None:
        made["pattern"] = entry.pattern
    if entry.dash is not None:
        made["dash"] = list(entry.dash)
    if entry.field is not None:
        made |= {"field": entry.field, "value": entry.value}
    return made


def _own(view: View) -> bool:
    """Whether the dataset brings layers that use no field hidden from the caller."""
    layers = (view.style or {}).get("layers")
    return isinstance(layers, list) and bool(layers) and not set(_named_in(layers)) & set(view.hidden)


def _named_in(value: Any) -> list[str]:
    """The fields MapLibre expressions read: ["get", name], ["has", name], legacy filters and {name} in texts."""
    if isinstance(value, dict):
        return [name for one in value.values() for name in _named_in(one)]
    if isinstance(value, str):
        return [part.partition("}")[0] for part in value.split("{")[1:] if "}" in part]
    if not isinstance(value, list):
        return []
    if len(value) >= 2 and value[0] in ("get", "has", "!has", "==", "!=", "in", "!in", "<", ">", "<=", ">="):
        first = [value[1]] if isinstance(value[1], str) and not value[1].startswith("$") else []
        return first + [name for one in value[1:] if isinstance(one, list | dict) for name in _named_in(one)]
    return [name for one in value for name in _named_in(one)]


def _by(view: View) -> Field | None:
    """The field whose values are told apart: the first with named values, few enough."""
    fitting = (one for one in view.fields if one.values and 1 < len(one.values) <= _CLASSES and one.role != "key")
    return next(fitting, None)


def _values(by: Field) -> list[tuple[Any, str, str | None]]:
    """A field's values with their labels in Vietnamese and English."""
    values = by.values or ()
    labels, english = by.labels or (None,) * len(values), by.labels_en or (None,) * len(values)
    return [(one, vi or str(one), en) for one, vi, en in zip(values, labels, english, strict=True)]


def _entry(
    view: View,
    place: int,
    label: str,
    label_en: str | None,
    *,
    colour: str | None = None,
    plain: bool = False,
    **more: Any,
) -> Entry:
    """An entry in the place's colour and shape. plain: as a layer of the dataset's own draws it."""
    kind = drawing.kind(view.geometry_type)
    light, dark = (colour, colour) if colour else drawing.SERIES[place % len(drawing.SERIES)]
    # the second time round the same colour comes with the next shape
    turn = 0 if plain else (place + place // len(drawing.SERIES)) % len(POINTS)
    return Entry(
        label, label_en, light, dark,
        POINTS[turn] if kind == "circle" else kind,
        PATTERNS[turn] if kind == "area" else None,
        DASHES[turn] if kind == "line" else None,
        **more,
    )  # fmt: skip


def _told(one: dict[str, Any], view: View) -> Entry:
    """An entry as the dataset's own style writes it: label, label-en, colour, dark, shape, pattern, dash."""
    plain = _entry(view, 0, "", None)
    colour = str(one.get("colour") or one.get("color") or plain.colour)
    shape = one.get("shape")
    dash = one.get("dash")
    label = one.get("label") or {}
    vi, en = (label.get("vi"), label.get("en")) if isinstance(label, dict) else (label, one.get("label-en"))
    shapes: dict[str, Shape] = {name: name for name in (*POINTS, "line", "area", "cluster")}
    return Entry(
        str(vi or ""), str(en) if en else None, colour, str(one.get("dark") or colour),
        shapes.get(str(shape), plain.shape), str(one["pattern"]) if one.get("pattern") else plain.pattern,
        tuple(float(part) for part in dash) if isinstance(dash, list) else plain.dash, one.get("field"), one.get("value"),
    )  # fmt: skip


def _first_colour(layers: Any) -> str | None:
    """The first plain colour of some layers."""
    for layer in layers if isinstance(layers, list) else ():
        for name, value in (layer.get("paint") or {}).items():
            if name.endswith("-color") and isinstance(value, str):
                return value
    return None


def _layers(view: View, face: Face) -> list[dict[str, Any]]:
    if _own(view):
        told = (view.style or {})["layers"]
        return [_alone(layer) for layer in told if isinstance(layer, dict)] + drawing.gathered(face)
    name = next((one.name for one in view.fields if one.role == "name"), None)
    return drawing.layers(view.geometry_type, legend(view), name, face)


def _alone(layer: dict[str, Any]) -> dict[str, Any]:
    """A layer of the dataset's own, which knows nothing of gathered records, without them."""
    given = layer.get("filter")
    if layer.get("type") == "background" or COUNTED in str(layer):
        return dict(layer)
    if given is None:
        return {**layer, "filter": ["!", ["has", COUNTED]]}
    # the older form of filters does not mix with expressions
    return {**layer, "filter": ["all", ["!has", COUNTED] if _is_old(given) else ["!", ["has", COUNTED]], given]}


def _is_old(given: Any) -> bool:
    if not isinstance(given, list) or not given:
        return False
    if given[0] in ("==", "!=", "<", ">", "<=", ">=", "in", "!in", "!has", "none"):
        return len(given) > 1 and isinstance(given[1], str)
    return any(_is_old(one) for one in given[1:])
