"""page.yaml: the questions a sector's page answers, each a list of blocks. What every key may hold."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dothi import packs
from dothi.kit import clock
from dothi.sensing.sectors import Certainty, Code, Judged
from dothi.warnings.declared import Category

Span = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}[hdw]$")]
Aggregate = Literal[
    "worst", "count", "share", "sum", "mean", "median", "min", "max", "distinct", "rise", "integral",
]  # fmt: skip
Period = Literal["day", "week", "month", "quarter", "year"]
Measure = Literal["open", "late", "received", "solved", "on-time", "median-days", "satisfied"]
Time = Literal["hour-of-day", "weekday", "day", "week", "month", "year"]
TIMES: tuple[str, ...] = ("hour-of-day", "weekday", "day", "week", "month", "year")
_SPANS = {"h": clock.HOUR, "d": clock.DAY, "w": 7 * clock.DAY}


def span(text: str) -> int:
    """A stretch of time as packs write it (24h, 7d, 4w), in µs."""
    return int(text[:-1]) * _SPANS[text[-1]]


class Line(packs.Strict):
    """One sentence of an answer, said when the number fits; without a condition it always fits."""

    above: float | None = None
    from_: float | None = Field(None, alias="from")
    below: float | None = None
    to: float | None = None
    equals: float | str | None = None
    state: Judged | None = None
    text: packs.Text

    def fits(self, value: float | str | None) -> bool:
        """Whether the sentence speaks about this value."""
        if isinstance(value, str) or value is None:
            bare = all(one is None for one in (self.above, self.from_, self.below, self.to, self.equals))
            return bare or (value is not None and value == self.equals)
        return (
            (self.equals is None or value == self.equals)
            and (self.above is None or value > self.above)
            and (self.from_ is None or value >= self.from_)
            and (self.below is None or value < self.below)
            and (self.to is None or value <= self.to)
        )


class Scale(packs.Strict):
    """A number made of another by a factor: kilowatt hours to đồng. source: where the factor is from."""

    by: float
    unit: packs.Text | str
    decimals: int = Field(0, ge=0, le=6)
    source: packs.Text | str
    certainty: Certainty


class Target(packs.Strict):
    """What a number should be, and who says so."""

    value: float
    source: packs.Text | str
    certainty: Certainty


class CasesOf(packs.Strict):
    """Which cases: of a type, of some categories; none named: all of the sector's own categories."""

    type: Code | None = None
    categories: list[Code] = Field(default_factory=list)
    measure: Measure = "open"


class AlarmsOf(packs.Strict):
    """Which alarms: of some rules; none named: all of the sector."""

    rules: list[Code] = Field(default_factory=list)


class WarningsOf(packs.Strict):
    """Which warnings to the public: of some CAP categories; none named: all that are in force. own: only this city's."""

    categories: list[Category] = Field(default_factory=list)
    own: bool = False


class Part(packs.Strict):
    """What every block may say.

    officials: shown under the details for those whose work it is; needs: datasets and properties without which it is left
    out, such as the sluices of a city that has any.
    """

    title: packs.Text | None = None
    officials: bool = False
    needs: list[Code] = Field(default_factory=list)


def sort_of(order: str | list[str]) -> tuple[tuple[str, bool], ...]:
    """Fields to sort by as packs write them, and whether falling."""
    given = [order] if isinstance(order, str) else order
    return tuple((one.removeprefix("-"), one.startswith("-")) for one in given)


def _one_source(given: dict[str, object]) -> str:
    named = [name for name, value in given.items() if value is not None]
    if len(named) == 1:
        return named[0]
    found = f"names {', '.join(named)} together" if named else "says of nothing what it is"
    raise ValueError(f"{found}; give one of {', '.join(given)}")


class Figure(Part):
    """A number: of sensors' newest values or of their hours, of records, cases, alarms, warnings, or an indicator."""

    observed: Code | None = Field(None, alias="property")
    dataset: Code | None = None
    cases: CasesOf | None = None
    alarms: AlarmsOf | None = None
    warnings: WarningsOf | None = None
    indicator: Code | None = None
    aggregate: Aggregate | None = None
    field: str | None = None
    over: str | None = None
    where: str | None = None
    of: Literal["now", "hour"] = "now"
    last: Span | None = None
    hours: tuple[int, int] | None = None
    period: Period | None = None
    scale: Scale | None = None
    target: Target | None = None
    says: list[Line] = Field(default_factory=list)
    missing: packs.Text | None = None

    @property
    def source(self) -> str:
        """Which of its sources it names."""
        return _one_source(
            {
                "property": self.observed,
                "dataset": self.dataset,
                "cases": self.cases,
                "alarms": self.alarms,
                "warnings": self.warnings,
                "indicator": self.indicator,
            }
        )

    @property
    def how(self) -> Aggregate:
        """The aggregate, or what is usual for the source."""
        return self.aggregate or ("worst" if self.observed is not None and self.of == "now" else "count")

    @model_validator(mode="after")
    def _whole(self) -> "Figure":
        source = self.source
        allowed: dict[str, tuple[str, ...]] = {
            "property": ("worst", "count", "share", "mean", "median", "min", "max", "sum")
            if self.of == "now" else ("mean", "median", "min", "max", "sum", "integral", "rise", "count"),
            "dataset": ("count", "share", "sum", "mean", "median", "min", "max", "distinct"),
        }  # fmt: skip
        if self.aggregate is not None and self.aggregate not in allowed.get(source, ()):
            said = ", ".join(allowed[source]) if source in allowed else "none; it is a number already"
            raise ValueError(f'aggregate "{self.aggregate}" is none for {source}; allowed: {said}')
        if source == "dataset" and self.how in ("sum", "mean", "median", "min", "max", "distinct") and not self.field:
            raise ValueError(f'aggregate "{self.how}" of a dataset needs field')
        if self.over is not None and (source != "dataset" or self.how != "sum"):
            raise ValueError("over belongs to the sum of a field of a dataset: the share of one sum in another")
        if source == "property" and self.of == "hour" and (self.last is None or self.aggregate is None):
            raise ValueError("of: hour needs last (such as 24h) and aggregate")
        if self.how == "share" and self.where is None:
            raise ValueError("aggregate share needs where")
        _only(self, source, {"field": ("dataset",), "where": ("property", "dataset"), "last": ("property", "dataset", "cases"),
                             "period": ("indicator",), "hours": ("property",)})  # fmt: skip
        if self.of == "hour" and self.where is not None:
            raise ValueError("of: hour has no where; its hours are restricted by hours")
        return self


def _only(given: object, source: str, rules: dict[str, tuple[str, ...]]) -> None:
    for name, sources in rules.items():
        if getattr(given, name) is not None and source not in sources:
            raise ValueError(f"{name} belongs to {', '.join(sources)}, not to {source}")


class Rows(Part):
    """Records: as a list with a few facts each, or as a table.

    draft: of a table, the template of warnings.yaml that those who may write warnings begin from each record.
    """

    dataset: Code
    where: str | None = None
    order: str | list[str] = Field(default_factory=list)
    fields: list[str] = Field(default_factory=list)
    limit: int = Field(10, ge=1, le=100)
    near: bool = False
    draft: Code | None = None


class Things(Part):
    """Newest values of one property, with state, time and place."""

    observed: Code = Field(alias="property")
    where: str | None = None
    order: Literal["value", "-value", "state", "-state", "at", "-at", "name"] = "-state"
    limit: int = Field(10, ge=1, le=100)


class Chart(Part):
    """A property over time, from the hours kept of it."""

    observed: Code = Field(alias="property")
    of: Literal["hour", "day"] = "hour"
    last: Span = "24h"
    aggregate: Literal["mean", "sum", "min", "max", "integral"] = "mean"
    by: Literal["none", "thing"] = "none"
    limit: int = Field(4, ge=1, le=6)
    limits: bool = True
    hours: tuple[int, int] | None = None


class Bars(Part):
    """Counts or amounts by a field, by ward, by time."""

    dataset: Code | None = None
    observed: Code | None = Field(None, alias="property")
    cases: CasesOf | None = None
    by: str
    aggregate: Literal["count", "sum", "mean", "min", "max"] = "count"
    field: str | None = None
    time: str | None = None
    where: str | None = None
    last: Span | None = None
    order: Literal["value", "-value", "name"] | None = None
    limit: int = Field(12, ge=2, le=60)

    @property
    def source(self) -> str:
        """Which of its sources it names."""
        return _one_source({"dataset": self.dataset, "property": self.observed, "cases": self.cases})

    @model_validator(mode="after")
    def _whole(self) -> "Bars":
        source = self.source
        if source == "dataset" and self.aggregate != "count" and not self.field:
            raise ValueError(f'aggregate "{self.aggregate}" needs field')
        if source == "property" and self.by not in ("thing", "unit", "state"):
            raise ValueError(f'by "{self.by}" is none for property; allowed: thing, unit, state')
        if source == "property" and self.aggregate == "sum" and self.by == "state":
            raise ValueError("by state things are counted")
        cases = ("category", "unit", "month", "office")
        if source == "cases" and self.by not in cases:
            raise ValueError(f'by "{self.by}" is none for cases; allowed: {", ".join(cases)}')
        _only(self, source, {"field": ("dataset",), "time": ("dataset",)})
        return self


class Map(Part):
    """Layers on a small map, and the same ones on the map of plans and data."""

    datasets: list[Code] = Field(default_factory=list)
    properties: list[Code] = Field(default_factory=list)

    @model_validator(mode="after")
    def _shows(self) -> "Map":
        if not self.datasets and not self.properties:
            raise ValueError("shows nothing; give datasets, properties or both")
        return self


class Alarms(Part):
    """Alarms that stand, for whoever may see them. rules: none named: all of the sector."""

    rules: list[Code] = Field(default_factory=list)
    limit: int = Field(10, ge=1, le=50)


class Warnings(Part):
    """Warnings to the public in force: this city's and those it takes in, the gravest first."""

    categories: list[Category] = Field(default_factory=list)
    own: bool = False
    limit: int = Field(10, ge=1, le=50)


class Cases(Part):
    """Cases: reports, jobs, dossiers that a caller may see."""

    type: Code | None = None
    categories: list[Code] = Field(default_factory=list)
    state: Literal["open", "late", "done", "all"] = "open"
    last: Span | None = None
    limit: int = Field(10, ge=1, le=50)


class Indicator(Part):
    """An indicator with its target and light. places: and by ward; history: so many periods as bars."""

    code: Code
    period: Period = "month"
    places: bool = False
    history: int = Field(0, ge=0, le=60)
    says: list[Line] = Field(default_factory=list)
    missing: packs.Text | None = None


class Analysis(Part):
    """What an analysis found: the records of its result, with method, source and when it last ran."""

    code: Code
    where: str | None = None
    order: str | list[str] = Field(default_factory=list)
    fields: list[str] = Field(default_factory=list)
    limit: int = Field(10, ge=1, le=100)
    draw: Literal["list", "table"] = "table"


class Words(Part):
    """Words that hold whatever the numbers are. source, certainty: of what they claim."""

    vi: str
    en: str
    href: str | None = Field(None, pattern=r"^(/|https://)")
    source: packs.Text | str | None = None
    certainty: Certainty | None = None


class Search(Part):
    """Records nearest to where somebody is, or found by words."""

    dataset: Code
    ask: packs.Text
    fields: list[str] = Field(default_factory=list)
    where: str | None = None
    limit: int = Field(5, ge=1, le=20)


class IndexOf(Part):
    """An index of indices.yaml: the worst station with its advice, and the others. people: whose advice."""

    code: Code
    people: Literal["everyone", "sensitive"] = "everyone"
    limit: int = Field(6, ge=1, le=50)


class Block(packs.Strict):
    """One block: a single key says its kind, and what stands under it what is shown."""

    figure: Figure | None = None
    figures: Annotated[list[Figure], Field(min_length=2, max_length=6)] | None = None
    list_: Rows | None = Field(None, alias="list")
    table: Rows | None = None
    things: Things | None = None
    chart: Chart | None = None
    bars: Bars | None = None
    map: Map | None = None
    alarms: Alarms | None = None
    warnings: Warnings | None = None
    cases: Cases | None = None
    indicator: Indicator | None = None
    analysis: Analysis | None = None
    text: Words | None = None
    search: Search | None = None
    index: IndexOf | None = None

    @property
    def kind(self) -> str:
        """Which kind of block it is, as packs write it."""
        return next(name.rstrip("_") for name in type(self).model_fields if getattr(self, name) is not None)

    @property
    def spec(self) -> "Part | list[Figure]":
        """What stands under its kind."""
        found: Part | list[Figure] = getattr(self, "list_" if self.kind == "list" else self.kind)
        return found

    @property
    def officials(self) -> bool:
        """Whether it is a detail for those whose work it is."""
        spec = self.spec
        return all(one.officials for one in spec) if isinstance(spec, list) else spec.officials

    @property
    def needs(self) -> list[str]:
        """Datasets and properties without which it is left out."""
        spec = self.spec
        return [code for one in (spec if isinstance(spec, list) else [spec]) for code in one.needs]

    @model_validator(mode="after")
    def _one_kind(self) -> "Block":
        kinds = {(field.alias or name): getattr(self, name) for name, field in type(self).model_fields.items()}
        named = [name for name, value in kinds.items() if value is not None]
        if len(named) != 1:
            found = f"holds {' and '.join(named)}" if named else "holds nothing"
            raise ValueError(f"a block is one thing, this one {found}; give one of {', '.join(kinds)}")
        return self


class Question(packs.Strict):
    """A question as a citizen asks it.

    needs: datasets and properties without which nobody there asks it, such as the beaches of a city by the sea; note: how
    we know, in words, beside what the blocks say themselves.
    """

    code: Code
    ask: packs.Text
    needs: list[Code] = Field(default_factory=list)
    audience: Literal["everyone", "officials"] = Field("everyone", alias="for")
    note: packs.Text | None = None
    blocks: list[Block] = Field(min_length=1)


class Page(packs.Strict):
    """page.yaml. headline: the question that speaks for the sector where sectors stand side by side; the first one."""

    title: packs.Text | None = None
    summary: packs.Text | None = None
    headline: Code | None = None
    questions: list[Question] = Field(min_length=1)
