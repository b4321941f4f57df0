"""How a city is run beside its devices: its own rules of alarms, the packs' rules it switched, schedules, targets.

What a blueprint may say of them, and where each names a thing, office or place of the city.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Annotated, Any, Literal

from pydantic import Field

from dothi import packs
from dothi.alerts.model import RuleModel
from dothi.sensing.sectors import Code
from dothi.tasking.declared import Step

KINDS = ("rule", "switch", "schedule", "target")  # of items
Status = Literal["on", "off", "draft"]
Path_ = tuple[str | int, ...]


class Rule(RuleModel):
    """A rule beside those of packs. agency: whose it is, and whose things alone it watches; none: the whole city's."""

    agency: Code | None = None


class Switch(packs.Strict):
    """A pack's rule that stands otherwise than its pack says."""

    code: Code
    status: Status


class Schedule(packs.Strict):
    """Switching by the clock and the sun. things: codes; one that ends with * stands for all that begin so."""

    code: Code
    title: Annotated[str, Field(min_length=1, max_length=200)]
    kind: Code
    agency: Code | None = None
    things: list[str] = Field(min_length=1)
    steps: list[Step] = Field(min_length=1)
    exceptions: dict[str, list[Step]] = Field(default_factory=dict)
    enabled: bool = True


class Goal(packs.Strict):
    """What an indicator is to reach in a year. place: code of an area or commune; none: every place without its own."""

    year: int = Field(ge=2000, le=2100)
    value: Annotated[float, Field(allow_inf_nan=False)]
    place: str | None = None
    phase: Annotated[str, Field(max_length=300)] | None = None
    source: Annotated[str, Field(max_length=300)] | None = None


class Target(Goal):
    """A goal with the indicator it is of."""

    indicator: Code


# where an item of a kind names something; * stands for every entry of a list or key of a mapping
_NAMES: dict[tuple[str, str], tuple[str, ...]] = {
    ("rule", "thing"): ("on.where.things.*", "on.inputs.*.thing"),
    ("rule", "agency"): ("agency", "on.where.agency"),
    ("rule", "area"): ("on.where.area", "when.*.fence.area", "clear.when.fence.area"),
    ("rule", "unit"): ("on.where.units.*",),
    ("rule", "property"): ("on.property", "on.inputs.*.property"),
    ("rule", "rule"): ("suppress.parents.*",),
    ("schedule", "thing"): ("things.*",),
    ("schedule", "agency"): ("agency",),
    ("target", "area"): ("place",),
}
# what is of one place alone though it names nothing: a ring of coordinates, a street
_SPOTS = ("when.*.fence.ring", "clear.when.fence.ring", "on.where.attributes.road")
PLACED = ("thing", "agency", "area", "unit")


def names(kind: str, fields: dict[str, Any], what: str) -> list[tuple[Path_, str]]:
    """Every name of a thing, agency, area, unit, property or rule in an item's fields, with its key."""
    return [
        (path, value)
        for pattern in _NAMES.get((kind, what), ())
        for path, value in _found(fields, tuple(pattern.split(".")))
        if isinstance(value, str)
    ]


def spots(kind: str, fields: dict[str, Any]) -> list[str]:
    """The keys that speak of one place by its coordinates or its street."""
    found = [path for pattern in _SPOTS for path, _ in _found(fields, tuple(pattern.split(".")))]
    return [".".join(map(str, path)) for path in found] if kind == "rule" else []


def tied(kind: str, fields: dict[str, Any]) -> bool:
    """Whether an item speaks of anything one city has and another has not, so that each city needs one of its own."""
    return any(names(kind, fields, what) for what in PLACED) or bool(spots(kind, fields))


def called(kind: str, fields: dict[str, Any], what: str, call: Callable[[str], str]) -> dict[str, Any]:
    """The fields with everything of a sort that they name called otherwise."""
    made = deepcopy(fields)
    for path, value in names(kind, fields, what):
        put(made, path, call(value))
    return made


def put(fields: Any, path: Path_, value: Any) -> None:
    """Set what stands under a key."""
    for part in path[:-1]:
        fields = fields[part]
    fields[path[-1]] = value


def wild(code: str) -> bool:
    """Whether the code of a thing stands for several."""
    return "*" in code or "?" in code


def _found(value: Any, parts: tuple[str, ...], path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    if not parts:
        yield path, value
    elif parts[0] == "*":
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, one in inner:
            yield from _found(one, parts[1:], (*path, key))
    elif isinstance(value, dict) and parts[0] in value:
        yield from _found(value[parts[0]], parts[1:], (*path, parts[0]))
