"""What others get of this room: a number with all that makes it believable, and its receipt. Pure."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from dothi.indicators.periods import Kind
from dothi.sensing.sectors import Unit

State = Literal["ok", "thin", "missing"]
Light = Literal["good", "near", "bad"]
PlaceKind = Literal["city", "unit", "province"]


@dataclass(frozen=True, slots=True)
class Place:
    """What a figure is about. code: of an area (city) or of a unit; boundary: since when (µs) its outlines are these."""

    kind: PlaceKind
    code: str
    name: str
    name_en: str | None = None


@dataclass(frozen=True, slots=True)
class Trend:
    """Where a series goes. change: per period, in the figure's unit; good: whether that is the wanted way; None: neither.

    certain: the Mann-Kendall test says so at 10 %; where it does not, `way` is flat.
    """

    way: Literal["up", "down", "flat"]
    change: float
    good: bool | None
    certain: bool
    over: int


@dataclass(frozen=True, slots=True)
class Target:
    """What was set to be reached in a year."""

    year: int
    value: float
    phase: str | None
    source: str | None
    set_by: str
    set_at: int


@dataclass(frozen=True, slots=True)
class Value:
    """One number of an indicator, or why there is none.

    number: factor × numerator ÷ denominator, these two as they were counted, where it is a ratio; None when missing, and
    `reason` then says why (a code; `reasons.said` puts it in words). unit: of the number.
    start, end, computed_at: µs UTC. coverage: share of the inputs that were there, 0 to 1. boundary: the instant since
    which the outlines of its place hold. running: the period has not ended. carried: put on other boundaries by the
    crosswalk. receipt_id: for `receipt` and `reproduce`; None where nothing was computed.
    """

    indicator: str
    place: Place
    period: str
    kind: Kind
    start: int
    end: int
    number: float | None
    state: State
    reason: str | None
    unit: Unit
    decimals: int
    numerator: float | None = None
    denominator: float | None = None
    coverage: float | None = None
    simulated: bool = False
    running: bool = False
    carried: bool = False
    boundary: int | None = None
    receipt_id: str | None = None
    computed_at: int | None = None
    factor: float | None = None
    target: Target | None = None
    light: Light | None = None
    trend: Trend | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A step of a forecast: the middle, and the band that four of five come to lie in."""

    period: str
    start: int
    number: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """How a series may go on. method: how it was made, in words of its source; error: mean absolute error on the last year."""

    method: str
    points: tuple[Point, ...]
    error: float | None


@dataclass(frozen=True, slots=True)
class InputReceipt:
    """What one input was made of.

    query: what was asked, in words of the declaration; source: `dataset:lamps`, `property:pm25`, `cases:report`,
    `indicator:x`, `places`; version: of a dataset; first, last: µs UTC, last exclusive; rows: how many were counted;
    sha256: of those rows.
    """

    name: str
    source: str
    query: str
    aggregate: str
    value: float | None
    rows: int
    version: int | None
    first: int
    last: int
    sha256: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class Since:
    """What happened to an input after a number was made of it. who: an actor as the journal names it."""

    at: int
    source: str
    who: str | None
    what: str
    count: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """How a number came to be. current: whether it is still the number that stands."""

    id: str
    indicator: str
    title: str
    place: Place
    period: str
    kind: Kind
    start: int
    end: int
    number: float | None
    numerator: float | None
    denominator: float | None
    coverage: float | None
    state: State
    reason: str | None
    unit: Unit
    decimals: int
    formula: str
    formula_hash: str
    inputs: tuple[InputReceipt, ...]
    boundary: int
    computed_at: int
    simulated: bool
    sha256: str
    current: bool
    since: tuple[Since, ...]
    until: int = (
        0  # µs UTC: up to when there were numbers: the end of the period, or the moment of computing while it ran
    )
    running: bool = False  # the period had not ended when this was computed
    stands: str = ""  # the receipt of the number that stands now
    factor: float | None = None  # what numerator ÷ denominator is multiplied by


class Reproduced(NamedTuple):
    """query: how to come to the rows; rows: the first names the columns, the others add up to the number."""

    query: str
    rows: list[list[Any]]


@dataclass(frozen=True, slots=True)
class Again:
    """A number computed again from what is stored now. same: nothing it rests on has changed."""

    number: float | None
    same: bool
    differs: tuple[str, ...]  # names of the inputs whose rows are others now
    changes: tuple["Changed", ...] = ()  # the same, with what they came to and come to


@dataclass(frozen=True, slots=True)
class Changed:
    """An input that is another now. was, is_: its number; rows: how many rows it had, and has."""

    name: str
    was: float | None
    is_: float | None
    rows_was: int
    rows_is: int
