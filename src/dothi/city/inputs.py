"""The typed inputs of a blueprint: what another city would say otherwise, used as `${name}` in any value."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from dothi import packs
from dothi.city.weave import Node, plain, tree, woven
from dothi.kit.errors import Fault
from dothi.sensing.sectors import Certainty, Code

UnitCode = Annotated[str, Field(pattern=r"^\d{2,5}$")]


class Unit(packs.Strict):
    """A commune of the city, and the office that stands for it."""

    code: UnitCode
    name: packs.Text
    agency: Code | None = None
    lon: float | None = Field(None, ge=-180, le=180)
    lat: float | None = Field(None, ge=-90, le=90)
    properties: dict[str, Any] = Field(default_factory=dict)


class Area(packs.Strict):
    """A named area made of units."""

    code: Code
    name: packs.Text
    units: list[UnitCode] = Field(default_factory=list)


class Agency(packs.Strict):
    """An office this city has otherwise than others."""

    code: Code
    name: packs.Text
    electronic_code: str | None = None


class Number(packs.Strict):
    """A number with where it comes from."""

    value: float
    source: str
    certainty: Certainty | None = None
    year: int | None = Field(None, ge=1900, le=2200)


class Threshold(packs.Strict):
    """A threshold; it says by whom it was set. value: none where it is unknown."""

    value: float | None
    source: str
    certainty: Certainty | None = None
    note: str | None = None
    valid_from: date | None = None


class People(packs.Strict):
    """A role people have in this city (never a person): which office, how many."""

    role: Code
    name: packs.Text
    agency: Code | None = None
    count: int | None = Field(None, ge=0)


class Population(packs.Strict):
    """How many people lived in a unit, and in which year."""

    value: float = Field(ge=0)
    year: int = Field(ge=1900, le=2200)
    source: str
    certainty: Certainty | None = None


SHAPES: dict[str, Any] = {
    "units": list[Unit], "area": Area, "agency": Agency, "number": float | Number, "threshold": Threshold,
    "people": list[People], "population": dict[UnitCode, Population | list[Population]], "text": str | packs.Text, "date": date,
    "lines": dict[str, str],
}  # fmt: skip
NOTHING: Any = object()
READ = ("units", "population", "people", "lines")  # rooms and the sketch read these, whether or not `${…}` does
VALUED = ("number", "threshold")  # `${name}` of these is the number, `${name.source}` the rest


class Input(packs.Strict):
    """An input a blueprint declares: its type, title, and what it is when nobody says otherwise."""

    type: Literal["units", "area", "agency", "number", "threshold", "people", "population", "text", "date", "lines"]
    title: packs.Text
    unit: str | None = None
    source: str | None = None
    least: float | None = None
    most: float | None = None
    choices: list[str] | None = None
    default: Any = None


@dataclass
class Inputs:
    """The inputs of one city: what is declared, the value of each and where it stands, what is wrong."""

    declared: dict[str, Input] = field(default_factory=dict)
    values: dict[str, Node] = field(default_factory=dict)
    whole: dict[str, Any] = field(default_factory=dict)  # the values with everything their type has
    faults: list[Fault] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    places: dict[str, Node] = field(default_factory=dict)

    @property
    def plain(self) -> dict[str, Any]:
        """The values as plain data."""
        return {name: plain(node) for name, node in self.values.items()}


def resolve(levels: list[Node]) -> Inputs:
    """The inputs of a city. levels: the `inputs` of each file, the one furthest down first."""
    made = Inputs()
    given: dict[str, Node] = {}
    for level in levels:
        if not isinstance(level.value, dict):
            made.faults.append(level.fault("must be a mapping of inputs by name"))
            continue
        for name, node in level.value.items():
            kind = node.get("type")
            if kind is not None and isinstance(kind.value, str):
                _declare(made, str(name), node)
            else:
                given[str(name)] = node
    for name, node in given.items():
        if name not in made.places:
            known = list(made.places)
            made.faults.append(
                node.fault(f'no input "{name}" is declared', near=(name, known), allowed=", ".join(known) or None)
            )
    for name, one in made.declared.items():
        node = given.get(name) or made.places[name].get("default")
        if node is None:
            made.faults.append(
                made.places[name].fault("nobody says its value", allowed="a default, or a value in city.yaml")
            )
            continue
        whole = _checked(one, node, made.faults)
        if whole is not NOTHING:
            made.values[name], made.whole[name] = node, whole
    return made


def _declare(made: Inputs, name: str, node: Node) -> None:
    made.places[name] = node
    source = woven(node, node.source.name)
    shaped = packs.shaped(source, Input)
    made.faults += source.faults
    if shaped is not None:
        made.declared[name] = shaped


def _checked(one: Input, node: Node, faults: list[Fault]) -> Any:
    """A value as its input's type has it; NOTHING when it is not of the type, and `faults` says why."""
    shape = create_model("Given", __base__=packs.Strict, value=(SHAPES[one.type], ...))
    source = woven(Node({"value": node}, node.source, node.path), node.source.name)
    made = packs.shaped(source, shape)
    if made is None:
        faults += source.faults
        return NOTHING
    number = plain(node)
    number = number.get("value") if isinstance(number, dict) else number
    low, high = -math.inf if one.least is None else one.least, math.inf if one.most is None else one.most
    if one.type in VALUED and isinstance(number, int | float) and not low <= number <= high:
        faults.append(node.fault(f"{number} is out of range", allowed=f"{low} to {high}"))
        return NOTHING
    if one.choices and number not in one.choices:
        said = f"{number!r} is none of the choices"
        faults.append(node.fault(said, near=(str(number), one.choices), allowed=", ".join(one.choices)))
        return NOTHING
    return made.model_dump(mode="json")["value"]


_GAP = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[a-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
EACH = "each"


def fill(node: Node, inputs: Inputs, each: Node | None = None) -> Node:
    """The nodes with every `${name}` filled in, and every entry with `each: name` once for each of that input."""
    if isinstance(node.value, dict):
        return Node({key: fill(one, inputs, each) for key, one in node.value.items()}, node.source, node.path)
    if isinstance(node.value, list):
        return Node([made for one in node.value for made in _entry(one, inputs, each)], node.source, node.path)
    if isinstance(node.value, str) and "${" in node.value:
        return _text(node, inputs, each)
    return node


def _entry(node: Node, inputs: Inputs, each: Node | None) -> Iterator[Node]:
    over = node.get(EACH)
    if over is None:
        yield fill(node, inputs, each)
        return
    rest = Node({key: one for key, one in node.value.items() if key != EACH}, node.source, node.path)
    found = inputs.whole.get(str(over.value))
    if not isinstance(found, list):
        known = [name for name, one in inputs.whole.items() if isinstance(one, list)]
        inputs.faults.append(
            over.fault(
                f'no input "{over.value}" is a list', near=(str(over.value), known), allowed=", ".join(known) or None
            )
        )
        return
    inputs.used.add(str(over.value))
    for one in found:
        yield fill(rest, inputs, tree(one, node.source, node.path))


def _text(node: Node, inputs: Inputs, each: Node | None) -> Node:
    whole = _GAP.fullmatch(node.value)
    if whole is not None:
        found = _value(whole[1], node, inputs, each)
        return node if found is NOTHING else _here(found, node)

    def put(gap: re.Match[str]) -> str:
        found = _value(gap[1], node, inputs, each)
        if isinstance(found, dict | list):
            keys = [f"{gap[0][:-1]}.{key}}}" for key in found] if isinstance(found, dict) else []
            inputs.faults.append(node.fault(f"{gap[0]} is no text or number", allowed=", ".join(keys) or None))
        return gap[0] if found is NOTHING else str(found)

    made = Node(_GAP.sub(put, node.value), node.source, node.path)
    if "${" in _GAP.sub("", node.value):
        inputs.faults.append(node.fault('"${" without its "}"', allowed="${name}"))
    return made


def _here(value: Any, node: Node) -> Node:
    """A value put in whole: faults inside it point at where it was asked for."""
    if isinstance(value, dict):
        return Node({key: _here(one, node) for key, one in value.items()}, node.source, node.path)
    if isinstance(value, list):
        return Node([_here(one, node) for one in value], node.source, node.path)
    return Node(value, node.source, node.path)


def _value(path: str, node: Node, inputs: Inputs, each: Node | None) -> Any:
    """What a path like `units.code` or `each.name.vi` leads to; a fault and NOTHING when it leads nowhere."""
    name, *rest = path.split(".")
    known = [*inputs.declared, *([EACH] if each is not None else [])]
    if not _NAME.fullmatch(path) or name not in known:
        said = f'no input "{name}"'
        inputs.faults.append(node.fault(said, near=(name, known), allowed=", ".join(known) or None))
        return NOTHING
    inputs.used.add(name)
    if name == EACH and each is not None:
        value = plain(each)
    elif name in inputs.whole:
        value = inputs.whole[name]
        if not rest and inputs.declared[name].type in VALUED and isinstance(value, dict):
            return value["value"]
    else:
        return NOTHING  # its own fault is said already
    for key in rest:
        if isinstance(value, list) and not key.isdigit():
            value = [one.get(key) for one in value if isinstance(one, Mapping)]
        elif isinstance(value, list) and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, Mapping) and key in value:
            value = value[key]
        else:
            keys = [str(one) for one in value] if isinstance(value, Mapping) else []
            said = f'"${{{path}}}" leads nowhere'
            inputs.faults.append(node.fault(said, near=(key, keys), allowed=", ".join(keys) or None))
            return NOTHING
    return value


def unused(inputs: Inputs) -> list[Fault]:
    """Inputs nothing asks for."""
    return [
        inputs.places[name].fault(f'nothing uses the input "{name}"', allowed=f"${{{name}}} in a value")
        for name, one in inputs.declared.items()
        if one.type not in READ and name not in inputs.used
    ]


def written(inputs: Inputs) -> dict[str, Any]:
    """The declarations with each value as its default."""
    return {
        name: {**plain(node), "default": plain(inputs.values[name])}
        for name, node in inputs.places.items()
        if name in inputs.values
    }
