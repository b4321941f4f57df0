"""What the sector packs declare in `tasking.yaml`: kinds of actuators, and what each may be told, when and by whom."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from dothi import packs
from dothi.alerts.model import Span, micros
from dothi.kit import formula
from dothi.kit.errors import BadInput, Fault
from dothi.sensing.sectors import Code, Property, properties_of, sectors
from dothi.tasking import sun, swe

FILE = "tasking.yaml"
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]


def _truth(text: str) -> str:
    try:
        made = formula.parse(text)
    except BadInput as error:
        raise ValueError(f"{error.message}; allowed: {formula.ALLOWED}") from None
    if not made.truth:
        raise ValueError("must be true or false: compare with something")
    return text


Truth = Annotated[str, AfterValidator(_truth)]


class Uom(packs.Strict):
    """A unit: the UCUM code, and what people read."""

    ucum: str
    symbol: str | None = None


class Parameter(packs.Strict):
    """One field of the DataRecord. interval: [least, most]; tokens: words with their names; value: what is meant when not given."""

    name: Name
    type: Literal["Boolean", "Count", "Quantity", "Category", "Text"]
    label: packs.Text
    description: packs.Text | None = None
    unit: Uom | None = None
    interval: tuple[float, float] | None = None
    values: list[float] | None = None
    tokens: dict[str, packs.Text] | None = None
    pattern: str | None = None
    optional: bool = False
    value: bool | float | str | None = None

    @model_validator(mode="after")
    def _fits(self) -> "Parameter":
        numeric = self.type in ("Count", "Quantity")
        if not numeric and (self.interval is not None or self.values is not None or self.unit is not None):
            raise ValueError("interval, values and unit are for Count and Quantity")
        if self.type == "Category" and not self.tokens:
            raise ValueError("a Category names its tokens")
        if (self.tokens is not None and self.type != "Category") or (self.pattern is not None and self.type != "Text"):
            raise ValueError("tokens are for a Category, pattern for a Text")
        if self.interval is not None and self.interval[0] > self.interval[1]:
            raise packs.Wrong("the least is above the most", "interval", allowed="[least, most]")
        if faults := swe.wrong({"type": "DataRecord", "field": [self.component()]}):
            raise ValueError("; ".join(f"{one.place.rpartition('.')[2]} {one.message}" for one in faults))
        if self.value is not None and not swe.fits(self.component(), self.value):
            raise ValueError(f"its value {self.value!r} is none it allows: {swe.allowed(self.component())}")
        return self

    def component(self) -> dict[str, Any]:
        """The field as SWE Common JSON; names in English and of tokens are ours, others pass them over."""
        held: dict[str, Any] = {}
        if self.interval is not None:
            held["interval"] = [list(self.interval)]
        if self.values is not None:
            held["value"] = list(self.values)
        if self.tokens:
            held["value"] = list(self.tokens)
        if self.pattern:
            held["pattern"] = self.pattern
        if held:
            held = {"type": "AllowedValues" if self.type in ("Count", "Quantity") else "AllowedTokens", **held}
        made = {
            "name": self.name, "type": self.type, "label": self.label.vi, "label_en": self.label.en,
            "description": self.description.vi if self.description else None,
            "description_en": self.description.en if self.description else None,
            "uom": {"code": self.unit.symbol or self.unit.ucum, "ucum": self.unit.ucum} if self.unit else None,
            "constraint": held or None, "optional": self.optional or None, "value": self.value,
            "tokens": {one: text.model_dump() for one, text in self.tokens.items()} if self.tokens else None,
        }  # fmt: skip
        return {key: given for key, given in made.items() if given is not None}


class ReadBack(packs.Strict):
    """How a task is known to be done: a value of the thing's `property`, measured after the sending, within `seconds`.

    equals: the parameter it must equal, to within `within`; or holds: a formula over `value` and the parameters.
    """

    property: Code
    equals: Name | None = None
    within: float = Field(0, ge=0)
    holds: Truth | None = None
    seconds: float = Field(gt=0, le=86400)

    @model_validator(mode="after")
    def _one(self) -> "ReadBack":
        if (self.equals is None) == (self.holds is None):
            raise ValueError("give one of equals, holds")
        return self


class Reading(packs.Strict):
    """A number an interlock needs: the newest value of a property of the thing itself, or of the nearest thing that has it."""

    property: Code
    of: Literal["thing", "nearest"] = "thing"
    metres: float = Field(3000, gt=0, le=50_000)
    max_age: Span = "30m"


class Interlock(packs.Strict):
    """What must hold for a task to be given. when: only for tasks of which this is true; unknown: what a missing value does."""

    code: Code
    title: packs.Text
    inputs: dict[Name, Reading] = Field(min_length=1)
    formula: Truth
    when: Truth | None = None
    unknown: Literal["block", "allow"] = "block"
    source: str
    certainty: Literal["verified", "second-hand", "from-memory", "assumed"] = "assumed"


class TwoPersons(packs.Strict):
    """A second person is asked only for tasks of which this is true."""

    when: Truth


class Kind(packs.Strict):
    """A kind of actuator and what it can be told."""

    code: Code
    title: packs.Text
    description: packs.Text | None = None
    encoding: str = "application/json"
    parameters: list[Parameter] = Field(min_length=1, max_length=20)
    read_back: ReadBack | None = None
    timeout: Span = "1m"
    two_person: bool | TwoPersons = False
    approve_within: Span = "30m"
    conflict: Literal["wait", "replace", "refuse"] = "wait"
    hold: Span = "2h"
    schedulable: bool = False
    interlocks: list[Interlock] = Field(default_factory=list)
    confirm: packs.Text | None = None
    schedules: list["Programme"] = Field(default_factory=list)
    source: str = ""

    @model_validator(mode="after")
    def _agrees(self) -> "Kind":
        names = [one.name for one in self.parameters]
        if len(set(names)) != len(names):
            raise ValueError("two parameters have one name")
        if self.schedulable and self.two_person:
            raise ValueError("what needs a second person is not switched by a schedule: schedulable is for one of both")
        if self.schedules and not self.schedulable:
            raise ValueError("it has schedules but is not schedulable")
        return self

    def record(self) -> dict[str, Any]:
        """The DataRecord of its tasks."""
        return {"type": "DataRecord", "field": [one.component() for one in self.parameters]}

    def second(self, values: Mapping[str, Any]) -> bool:
        """Whether a task with these parameters needs a second person; what cannot be reckoned needs one."""
        if not isinstance(self.two_person, TwoPersons):
            return self.two_person
        return bool(worked(self.two_person.when, swe.numbers(values), unknown=True))

    @property
    def timeout_micros(self) -> int:
        """How long the device has to acknowledge, µs."""
        return micros(self.timeout)


class Step(packs.Strict):
    """At a moment (`18:00`, `sunset+10m`, `sunrise-10m`) these parameters are set."""

    at: str
    set: dict[Name, bool | float | str] = Field(min_length=1)

    @model_validator(mode="after")
    def _moment(self) -> "Step":
        try:
            sun.moment_of(self.at)
        except BadInput as error:
            raise ValueError(f"{error.message}; allowed: {sun.ALLOWED}") from None
        return self


class Programme(packs.Strict):
    """A schedule a city can take up for a group of its things as it is, or change."""

    code: Code
    title: packs.Text
    steps: list[Step] = Field(min_length=1, max_length=48)
    source: str = ""


class Tasking(packs.Strict):
    """The whole of tasking.yaml."""

    kinds: list[Kind] = Field(default_factory=list)


packs.schema(FILE, Tasking)


def worked(text: str, values: Mapping[str, float], *, unknown: bool | None = None) -> bool | None:
    """What a formula says; `unknown` where a name has no value or the reckoning none."""
    made = formula.parse(text)
    if any(name not in values for name in made.names):
        return unknown
    found = made(values)
    return unknown if found is None else bool(found)


@packs.renewed
@lru_cache(maxsize=1)
def kinds() -> dict[str, Kind]:
    """The kinds of every pack, by code."""
    return {one.code: one for pack in sectors().packs.values() for one in _given(pack).kinds}


@packs.renewed
@lru_cache(maxsize=1)
def sector_of() -> dict[str, str]:
    """The sector that declares each kind."""
    return {one.code: pack.code for pack in sectors().packs.values() for one in _given(pack).kinds}


def _given(pack: packs.Pack) -> Tasking:
    found: Tasking | None = pack.files.get(FILE)
    return found if found is not None else Tasking()


@packs.names
def _check(found: dict[str, packs.Pack]) -> Iterable[Fault]:
    """Codes given once; properties and parameters that exist; steps that set what may be set."""
    properties = properties_of(found)
    seen: set[str] = set()
    for pack in found.values():
        if pack.files.get(FILE) is None:
            continue
        for i, kind in enumerate(_given(pack).kinds):
            here: tuple[str | int, ...] = ("kinds", i)
            if kind.code in seen:
                yield pack.fault(FILE, (*here, "code"), f'"{kind.code}" is given twice')
            seen.add(kind.code)
            for path, message, wrong, allowed in _faults(kind, properties):
                yield pack.fault(
                    FILE, (*here, *path), message, near=(wrong, allowed) if wrong else None, allowed=", ".join(allowed)
                )


Wrong = tuple[tuple[str | int, ...], str, str, list[str]]


def _faults(kind: Kind, properties: Mapping[str, Property]) -> Iterable[Wrong]:
    numeric = [one.name for one in kind.parameters if one.type in ("Count", "Quantity", "Boolean")]
    back = kind.read_back
    if back is not None:
        if back.property not in properties:
            yield ("read_back", "property"), f'no property "{back.property}"', back.property, list(properties)
        if back.equals is not None and back.equals not in numeric:
            yield ("read_back", "equals"), f'no number among the parameters is "{back.equals}"', back.equals, numeric
        yield from _names(("read_back", "holds"), back.holds, ["value", *numeric])
    if isinstance(kind.two_person, TwoPersons):
        yield from _names(("two_person", "when"), kind.two_person.when, numeric)
    for i, lock in enumerate(kind.interlocks):
        here = ("interlocks", i)
        for name, reading in lock.inputs.items():
            if reading.property not in properties:
                yield (
                    (*here, "inputs", name, "property"),
                    f'no property "{reading.property}"',
                    reading.property,
                    list(properties),
                )
        yield from _names((*here, "formula"), lock.formula, [*lock.inputs, *numeric])
        yield from _names((*here, "when"), lock.when, numeric)
    for i, programme in enumerate(kind.schedules):
        for j, step in enumerate(programme.steps):
            for fault in swe.check(kind.record(), step.set, "set")[1]:
                name = fault.place.rpartition(".")[2]
                yield ("schedules", i, "steps", j, "set", name), fault.message, "", [fault.allowed or ""]


def _names(path: tuple[str | int, ...], text: str | None, allowed: list[str]) -> Iterable[Wrong]:
    for name in formula.parse(text).names if text is not None else ():
        if name not in allowed:
            yield path, f'the formula reads "{name}"', name, allowed
