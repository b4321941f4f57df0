"""Layers of a style against what MapLibre knows: kinds, settings, choices and expressions. Pure.

What it knows stands in maplibre.json, made of MapLibre's own style specification by frontend/tools/style.mjs.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Place = tuple[str | int, ...]
_OLD_FILTERS = ("!has", "!in", "none")  # of filters before expressions, which MapLibre still reads
_HOW = ("linear", "exponential", "cubic-bezier")
_COLOUR = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})|[a-z]+(?:\([^()]+\))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A fault at a place below the layer. said: what stands there, where something else may have been meant."""

    at: Place
    message: str
    allowed: tuple[str, ...] | str
    said: str | None = None


def faults(layer: Mapping[str, Any]) -> Iterator[Wrong]:
    """Everything in a layer that MapLibre would refuse or leave out."""
    known = _known()
    kind = layer.get("type")
    if kind not in known["kinds"]:
        written = kind if isinstance(kind, str) else ""
        yield Wrong(("type",), f'no kind of layer "{written}"', tuple(known["kinds"]), written)
        return
    for key in layer:
        if key not in known["layer"]:
            yield Wrong((key,), f'no key "{key}" of a layer', tuple(known["layer"]), str(key))
    for part in ("paint", "layout"):
        given = layer.get(part)
        settings: dict[str, dict[str, Any]] = known["kinds"][kind][part]
        for name, value in given.items() if isinstance(given, dict) else ():
            if name not in settings:
                other = "layout" if part == "paint" else "paint"
                if name in known["kinds"][kind][other]:
                    yield Wrong((part, name), f'"{name}" belongs under {other}', f"{other}: {{{name}: …}}")
                else:
                    yield Wrong((part, name), f'"{name}" is nothing of a layer {kind}', tuple(settings), str(name))
                continue
            yield from _value((part, name), value, settings[name])
    yield from _expressions(("filter",), layer.get("filter"), _OLD_FILTERS)


def read_by(value: Any, at: Place = ()) -> Iterator[tuple[Place, str]]:
    """The fields an expression reads, and where: `[get, name]`, `[has, name]`."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from read_by(each, (*at, key))
    if isinstance(value, list):
        if len(value) == 2 and value[0] in ("get", "has") and isinstance(value[1], str):
            yield (*at, 1), value[1]
        for i, each in enumerate(value):
            yield from read_by(each, (*at, i))


@cache
def _known() -> dict[str, Any]:
    known: dict[str, Any] = json.loads(Path(__file__).with_name("maplibre.json").read_text("utf-8"))
    return known


def _value(at: Place, value: Any, setting: Mapping[str, Any]) -> Iterator[Wrong]:
    kind = setting["type"]
    if isinstance(value, list):
        if kind != "array" or (value and isinstance(value[0], str)):
            yield from _expressions(at, value)
    elif isinstance(value, dict):
        return  # stops, as styles had them before expressions
    elif kind == "number" and (isinstance(value, bool) or not isinstance(value, int | float)):
        yield Wrong(at, f"{value!r} is no number", "a number, or an expression that makes one")
    elif kind == "boolean" and not isinstance(value, bool):
        yield Wrong(at, f"{value!r}", "true, false")
    elif kind == "enum" and value not in setting["values"]:
        yield Wrong(at, f"{value!r} is none of the choices", tuple(setting["values"]), str(value))
    elif kind == "color" and not (isinstance(value, str) and _COLOUR.fullmatch(value)):
        yield Wrong(at, f"{value!r} is no colour", '"#c9962b" in quotes, rgb(…), hsl(…) or a name of CSS')


def _expressions(at: Place, value: Any, more: tuple[str, ...] = ()) -> Iterator[Wrong]:
    """Operators that are none, at any depth; what is no expression inside one (labels, literals) is left alone."""
    if not isinstance(value, list) or not value:
        return
    operator = value[0]
    known = (*_known()["expressions"], *more)
    if not isinstance(operator, str) or operator not in known:
        written = operator if isinstance(operator, str) else ""
        yield Wrong((*at, 0), f"no expression {operator!r}", known, written)
        return
    if operator in ("literal", "semiliteral"):
        return
    for i, each in enumerate(value[1:], 1):
        if operator.startswith("interpolate") and i == 1:
            if not isinstance(each, list) or not each or each[0] not in _HOW:
                yield Wrong(
                    (*at, 1), f"{each!r} is no way to interpolate", "[linear], [exponential, base], [cubic-bezier, …]"
                )
            continue
        if operator == "match" and i > 1 and i % 2 == 0 and i < len(value) - 1:
            continue  # the labels of a branch
        yield from _expressions((*at, i), each, more)
