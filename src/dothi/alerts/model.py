"""How a rule reads: in a pack's `alerts.yaml`, in the database and in the editor of the browser.

Thresholds stand in the observed property's own unit; times to wait are texts such as `90s`, `10m`, `1h30m`, `2d`.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from dothi import packs
from dothi.kit import formula
from dothi.kit.clock import DAY, HOUR, SECOND
from dothi.kit.errors import BadInput
from dothi.sensing.sectors import Certainty, Code

Severity = Literal["critical", "major", "minor", "warning"]
SEVERITIES: tuple[Severity, ...] = ("critical", "major", "minor", "warning")  # the worst first
RANK: dict[str, int] = {one: i for i, one in enumerate(SEVERITIES)}

_SPAN = re.compile(r"(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def micros(span: str) -> int:
    """A time to wait in microseconds: `90s`, `10m`, `1h30m`, `2d`. Raises ValueError for anything else."""
    found = _SPAN.fullmatch(span)
    if found is None:
        raise ValueError(f'"{span}" is no time to wait; write for example 90s, 10m, 1h30m or 2d')
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = days * DAY + hours * HOUR + minutes * 60 * SECOND + seconds * SECOND
    if not 0 < total <= 400 * DAY:
        raise ValueError(f'"{span}" must be longer than nothing and at most 400d')
    return total


def _span(text: str) -> str:
    micros(text)
    return text


Span = Annotated[str, AfterValidator(_span)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]


class Named(packs.Strict):
    """A threshold that each subject sets for itself: an attribute of datastream, thing or unit, or an alarm level.

    attribute: looked for in the datastream's properties, then the thing's, then the administrative unit's; a path
    with dots goes into nested ones. What is found is multiplied by `times`, then `plus` is added. Nothing found:
    `default`; none given: the threshold is unknown, and the condition is never met.
    """

    attribute: str | None = Field(None, pattern=r"^[\w-]+(\.[\w-]+)*$")
    level: Code | None = None
    plus: float = 0
    times: float = 1
    default: float | None = None

    @model_validator(mode="after")
    def _one(self) -> "Named":
        if (self.attribute is None) == (self.level is None):
            raise ValueError("give one of attribute, level")
        return self

    @property
    def key(self) -> str:
        """What the subject's number is called."""
        return f"attribute:{self.attribute}" if self.attribute is not None else f"level:{self.level}"


Threshold = float | Named


class Rate(packs.Strict):
    """How fast a value changes: more than `rise` up or `fall` down in each `per`.

    Reckoned between the newest value and the oldest one of the last `over`, at least half of which they must span.
    """

    rise: Threshold | None = None
    fall: Threshold | None = None
    per: Span
    over: Span

    @model_validator(mode="after")
    def _some(self) -> "Rate":
        if self.rise is None and self.fall is None:
            raise ValueError("says no change; give rise, fall or both")
        return self


class Absence(packs.Strict):
    """Nothing came for `intervals` times the expected interval of the datastream, and at least for `least`."""

    intervals: float = Field(gt=0)
    least: Span


class Unusual(packs.Strict):
    """Further from the usual of this hour of the week than so many spreads (1 spread is about a standard deviation).

    least: and at least this far, in the property's unit, so that a very steady series is not held to trifles.
    """

    spreads: float = Field(gt=0)
    side: Literal["above", "below", "both"] = "both"
    least: float = Field(0, ge=0)


class Fence(packs.Strict):
    """Whether a moving thing is inside or outside an area (its code, or a unit's), or a ring of [lon, lat]."""

    area: str | None = None
    ring: list[tuple[float, float]] | None = Field(None, min_length=3)
    is_: Literal["inside", "outside"] = Field(alias="is")

    @model_validator(mode="after")
    def _one(self) -> "Fence":
        if (self.area is None) == (self.ring is None):
            raise ValueError("give one of area, ring")
        return self


class Agree(packs.Strict):
    """How many sensors must say so: a count, and a share of those that speak at all."""

    count: int = Field(2, ge=1)
    share: float = Field(0, ge=0, le=1)


THRESHOLDS = ("above", "from_", "below", "to")


class Condition(packs.Strict):
    """What must be so. One kind, met at once, or `lasting`, or so many `times` `within` a stretch of time."""

    above: Threshold | None = None
    from_: Threshold | None = Field(None, alias="from")
    below: Threshold | None = None
    to: Threshold | None = None
    outside: tuple[Threshold, Threshold] | None = None
    equals: str | bool | None = None
    rate: Rate | None = None
    absent: Span | Absence | None = None
    unusual: Unusual | None = None
    fence: Fence | None = None
    formula: str | None = None
    agree: Agree | None = None
    lasting: Span | None = None
    times: int | None = Field(None, ge=2, le=100)
    within: Span | None = None
    counting: Literal["values", "crossings"] = "values"

    @model_validator(mode="after")
    def _one_kind(self) -> "Condition":
        if len(self.kinds) != 1:
            raise ValueError(
                "must say one kind of condition: thresholds (above, from, below, to), outside, equals, rate, absent, "
                "unusual, fence, formula (with or without thresholds); it says " + (" and ".join(self.kinds) or "none")
            )
        if (self.times is None) != (self.within is None):
            raise ValueError("times and within belong together")
        if self.times is not None and self.lasting is not None:
            raise ValueError("lasts, or is repeated; give lasting, or times and within")
        if self.agree is not None and self.kinds[0] not in {"threshold", "outside", "equals", "unusual"}:
            raise ValueError("agree goes with thresholds, outside, equals or unusual")
        if self.formula is not None:
            try:
                parsed = formula.parse(self.formula)
            except BadInput as error:
                raise packs.Wrong(str(error.message), "formula", allowed=formula.ALLOWED) from None
            if parsed.truth == any(getattr(self, one) is not None for one in THRESHOLDS):
                raise ValueError(
                    "a formula that is true or false takes no thresholds" if parsed.truth
                    else "a formula that is a number needs a threshold: above, from, below or to"
                )  # fmt: skip
        return self

    @property
    def kinds(self) -> list[str]:
        """The kinds of condition it speaks of: exactly one in a valid condition."""
        found = []
        if self.formula is not None:
            found.append("formula")
        elif any(getattr(self, one) is not None for one in THRESHOLDS):
            found.append("threshold")
        return found + [
            one for one in ("outside", "equals", "rate", "absent", "unusual", "fence") if getattr(self, one) is not None
        ]

    @cached_property
    def kind(self) -> str:
        """threshold, outside, equals, rate, absent, unusual, fence or formula."""
        return self.kinds[0]

    def thresholds(self) -> Iterator[Threshold]:
        """Every threshold in it."""
        for one in THRESHOLDS:
            if (given := getattr(self, one)) is not None:
                yield given
        yield from self.outside or ()
        if self.rate is not None:
            yield from (one for one in (self.rate.rise, self.rate.fall) if one is not None)


class Clear(packs.Strict):
    """When an alarm ends: by default as soon as its condition is no longer met.

    margin: hysteresis, how far the value must come back behind the threshold (in its unit). when: an own condition
    instead. lasting: so long it must have been so without a break. keep_for: the alarm stands at least so long.
    quiet: it also ends when nothing at all came for so long.
    """

    margin: float = Field(0, ge=0)
    when: Condition | None = None
    lasting: Span | None = None
    keep_for: Span | None = None
    quiet: Span | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "Clear":
        if self.margin and self.when is not None:
            raise ValueError("clears by a margin or by a condition of its own, not both")
        if self.when is not None and (self.when.lasting or self.when.times or self.when.kind == "absent"):
            raise ValueError("the clearing condition is a plain one; `lasting` stands beside `when`")
        return self


class Hours(packs.Strict):
    """Local hours, `HH:MM` to `HH:MM` (exclusive); past midnight when the end is not after the start."""

    from_: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", alias="from")]
    to: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class Season(packs.Strict):
    """A stretch of every year, `MM-DD` to `MM-DD`, both included; over New Year when the end is before the start."""

    from_: MonthDay = Field(alias="from")
    to: MonthDay


class Schedule(packs.Strict):
    """When the rule watches, in Vietnam time.

    Outside it nothing is raised, a duration does not count, and what is active ends. Hours past midnight belong to the
    day they begin on.
    """

    hours: list[Hours] = Field(default_factory=list)
    days: list[Weekday] = Field(default_factory=list)
    season: Season | None = None


class Suppress(packs.Strict):
    """Alarms that this rule's are only a consequence of: they are recorded under them and do not ring.

    parents: codes of rules. at: an alarm of such a rule at the same thing, in the same unit, or at the thing
    `upstream` (the thing's property `upstream` names its code).
    """

    parents: list[Code] = Field(min_length=1)
    at: Literal["thing", "unit", "upstream"] = "thing"


class Group(packs.Strict):
    """Which alarms stand under one line of the queue: those of the rule at one thing, in one unit, or all of them.

    window: raised again within it counts as a repeat of the earlier one.
    """

    by: Literal["thing", "unit", "rule"] = "thing"
    window: Span = "30m"


class Input(packs.Strict):
    """A named series a formula reads: a property of the subject's own thing, of a named thing, or of the nearest."""

    property: Code
    thing: str | None = None
    nearest_m: float | None = Field(None, gt=0, le=50_000)

    @model_validator(mode="after")
    def _one(self) -> "Input":
        if self.thing is not None and self.nearest_m is not None:
            raise ValueError("is of a named thing or of the nearest, not both")
        return self


class Where(packs.Strict):
    """Which things are meant; every line given must fit. things: codes, with * and ? for any letters."""

    sector: Code | None = None
    official: bool | None = None
    simulated: bool | None = None
    agency: Code | None = None
    area: Code | None = None
    units: list[str] = Field(default_factory=list)
    things: list[str] = Field(default_factory=list)
    attributes: dict[str, str | float | bool] = Field(default_factory=dict)


class Together(packs.Strict):
    """Sensors that are asked as one: all of an area (or of everything), of each unit, or those near each other."""

    by: Literal["area", "unit", "distance"]
    metres: float | None = Field(None, gt=0, le=50_000)

    @model_validator(mode="after")
    def _metres(self) -> "Together":
        if (self.by == "distance") != (self.metres is not None):
            raise ValueError("by distance needs metres, and only that does")
        return self


class On(packs.Strict):
    """What is watched: a property at each datastream, named inputs at each thing, or each thing as a whole.

    unit: what a formula that is a number is measured in, where its inputs do not say.
    """

    property: Code | None = None
    inputs: dict[Name, Input] = Field(default_factory=dict)
    constants: dict[Name, Threshold] = Field(default_factory=dict)
    unit: packs.Text | str | None = None
    each: Literal["datastream", "thing"] = "datastream"
    together: Together | None = None
    where: Where = Where()

    @model_validator(mode="after")
    def _one_way(self) -> "On":
        if self.property is not None and self.inputs:
            raise ValueError("watches one property or several inputs, not both")
        if self.property is None and not self.inputs and self.each != "thing":
            raise ValueError("says nothing to watch; give property, inputs, or `each: thing` for whole things")
        if self.together is not None and self.property is None:
            raise ValueError("together needs a property")
        if self.unit is not None and not self.inputs:
            raise ValueError("unit is of a formula over inputs; a property has its own")
        return self


class Step(packs.Strict):
    """A step of a procedure. minutes: within which it is to be done; role: whose it is."""

    code: Code
    text: packs.Text
    minutes: float | None = Field(None, gt=0)
    role: str | None = None


class Procedure(packs.Strict):
    """What people do about an alarm, step by step (quy trình xử lý)."""

    code: Code
    title: packs.Text
    steps: list[Step] = Field(min_length=1)
    source: packs.Text | str | None = None


class Warns(packs.Strict):
    """What to tell the public: a template of warnings.yaml, from which severity on, and what fills its slots.

    by_severity: slots that depend on how bad it is, over those of `slots`.
    """

    template: Code
    from_: Severity = Field("minor", alias="from")
    slots: dict[Code, str] = Field(default_factory=dict)
    by_severity: dict[Severity, dict[Code, str]] = Field(default_factory=dict)

    def speaks_of(self, severity: str) -> bool:
        """Whether an alarm of this severity is to be told to the public."""
        return severity in SEVERITIES[: SEVERITIES.index(self.from_) + 1]

    def filling(self, severity: str) -> dict[str, str]:
        """The slots of an alarm of this severity."""
        worse = next((said for one, said in self.by_severity.items() if one == severity), {})
        return {**self.slots, **worse}


class RuleModel(packs.Strict):
    """A rule. `when`: by severity, each with its own condition; the worst one met is the alarm's severity.

    stands: how long a value counts as being so when no newer one comes; the property's patience otherwise.
    """

    code: Code
    title: packs.Text
    description: packs.Text | None = None
    sector: Code | None = None
    on: On
    when: dict[Severity, Condition] = Field(min_length=1)
    clear: Clear = Clear()
    stands: Span | None = None
    schedule: Schedule | None = None
    suppress: Suppress | None = None
    group: Group = Group()
    procedure: Code | None = None
    warns: Warns | None = None
    exercise: bool = False
    status: Literal["on", "off", "draft"] = "on"
    source: packs.Text | str | None = None
    certainty: Certainty | None = None

    @model_validator(mode="after")
    def _fits(self) -> "RuleModel":
        said = [*self.when.values(), *([self.clear.when] if self.clear.when else [])]
        absent = [one.kind == "absent" for one in said]
        if self.on.each == "thing" and not self.on.inputs and not self.on.property and not all(absent):
            raise ValueError("a thing as a whole can only be absent; a value needs a property or inputs")
        if any(absent) and self.clear.quiet:
            raise ValueError("an alarm of absence cannot clear because nothing came")
        if any(absent) and not all(absent):
            raise ValueError("absence is a rule of its own; all conditions must be absences, or none")
        for one in said:
            if one.agree is not None and self.on.together is None:
                raise ValueError("agree needs `on.together`: sensors of an area, a unit or near each other")
            if one.agree is None and self.on.together is not None:
                raise ValueError("sensors watched together need `agree` in each condition")
            if (self.on.inputs != {}) != (one.kind == "formula") and one.kind not in {"fence", "absent"}:
                raise ValueError("named inputs and formulas belong together")
            if one.formula is not None:
                _names_known(self.on, one.formula)
            if one.kind == "fence" and self.on.inputs and not {"lon", "lat"} <= set(self.on.inputs):
                raise ValueError("a fence reads inputs called lon and lat, or one property that holds points")
        return self

    def conditions(self) -> list[tuple[Severity, Condition]]:
        """Severities and their conditions, the worst first."""
        return [(one, self.when[one]) for one in SEVERITIES if one in self.when]

    def named(self) -> set[str]:
        """Keys of the numbers its subjects set for themselves."""
        said = [*self.when.values(), *([self.clear.when] if self.clear.when else [])]
        found = [one for condition in said for one in condition.thresholds()] + list(self.on.constants.values())
        return {one.key for one in found if isinstance(one, Named)}

    def definition(self) -> dict[str, Any]:
        """As it is kept in the database and read again with `RuleModel.model_validate`."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _names_known(on: On, text: str) -> None:
    known = [*on.inputs, *on.constants]
    unknown = sorted(set(formula.parse(text).names) - set(known))
    if unknown:
        raise ValueError(f'the formula reads "{unknown[0]}"; the rule has {", ".join(known)}')


class Alerts(packs.Strict):
    """alerts.yaml: a pack's rules and procedures."""

    rules: list[RuleModel] = Field(default_factory=list)
    procedures: list[Procedure] = Field(default_factory=list)
