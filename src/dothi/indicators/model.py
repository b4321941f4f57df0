"""How `indicators.yaml` reads: what a figure is made of, for which places and periods, and what is good of it."""

import ast
import hashlib
import json
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from dothi import packs
from dothi.cases.stats import OF
from dothi.indicators.periods import Kind
from dothi.indicators.values import PlaceKind
from dothi.kit import formula
from dothi.kit.errors import BadInput
from dothi.kit.formula import Formula
from dothi.sensing.sectors import Certainty, Code, Unit

FILE = "indicators.yaml"
Aggregate = Literal["count", "sum", "mean", "min", "max", "median", "p90", "distinct", "latest", "share"]
ADDITIVE = ("count", "sum", "mean", "share", "distinct")  # has shares: the crosswalk can carry it
BY_TIME = ("count", "sum", "mean", "share", "min", "max")  # months make a year
APART = ("median", "p90")  # of which not even places can be put together
Take = Literal["mean", "min", "max", "sum", "last", "numbers"]
COLUMNS = ("mean", "min", "max", "sum", "first", "last", "numbers", "count", "hour", "weekday")
ROLLED = frozenset(COLUMNS)
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]


def _formula(text: str, *, truth: bool, key: str = "where", columns: frozenset[str] = frozenset()) -> tuple[str, ...]:
    try:
        found = formula.parse(text, columns)
    except BadInput as error:
        raise packs.Wrong(error.message, key, allowed=formula.ALLOWED) from None
    if found.truth != truth:
        wanted = "a comparison, as in mean > 45" if truth else "a number"
        raise packs.Wrong(f"{text!r} is {'a number' if truth else 'true or false'}", key, allowed=wanted)
    return found.names


class Observations(packs.Strict):
    """Values measured, by the hour or by the day; a day's mean is the mean of its hours' means.

    where: a formula over mean, min, max, sum, first, last, numbers, count, and of hours: hour (0 to 23, local), weekday
    (0 Monday). take: which of them is aggregated.
    """

    property: Code
    of: Literal["hour", "day"] = "hour"
    where: str | None = None
    take: Take = "mean"

    @model_validator(mode="after")
    def _reads(self) -> "Observations":
        if self.where is not None:
            for name in _formula(self.where, truth=True, columns=ROLLED):
                if name not in COLUMNS:
                    known = list(COLUMNS)
                    raise packs.Wrong(f'no "{name}" of a rollup', "where", near=(name, known), allowed=", ".join(known))
                if name == "hour" and self.of == "day":
                    raise ValueError("a day has no hour; allowed with of: hour")
        return self


class Records(packs.Strict):
    """Records of a dataset: as they stood at one end of the period, or those whose date lies in it.

    where: CQL2 text. during: a field with a date; unit: a field that names the unit (else where the shape lies);
    whole: the records have no place and are those of the whole city; value: the field that is aggregated.
    """

    dataset: Code
    where: str | None = None
    at: Literal["end", "start"] = "end"
    during: str | None = None
    unit: str | None = None
    whole: Literal["city"] | None = None
    value: str | None = None

    @model_validator(mode="after")
    def _of_one(self) -> "Records":
        if self.whole is not None and self.unit is not None:
            raise packs.Wrong(
                f'whole: {self.whole} is of records without a place, and unit "{self.unit}" names theirs', "whole",
                allowed="whole or unit, one of them",
            )  # fmt: skip
        return self


class Cases(packs.Strict):
    """Cases by what became of them. by: which moment puts a case into a period; public: only those the public sees.

    hours: the time from receipt to done is aggregated (`sum`, `mean`, `median`, `p90`, `max`), in hours.
    """

    type: Code = "report"
    categories: list[Code] = Field(default_factory=list)
    sector: Code | None = None
    measure: Literal[OF] = "received"  # type: ignore[valid-type]
    by: Literal["opened", "resolved"] = "opened"
    public: bool = True
    value: Literal["hours", "rating"] | None = None


class Input(packs.Strict):
    """One named number of a place and a period."""

    observations: Observations | None = None
    records: Records | None = None
    cases: Cases | None = None
    population: Literal["end", "start"] | None = None
    area: Literal["km2"] | None = None
    indicator: Code | None = None
    aggregate: Aggregate | None = None
    empty: Literal["missing", "zero"] = "missing"

    @model_validator(mode="after")
    def _one(self) -> "Input":
        kinds = [k for k in ("observations", "records", "cases", "population", "area", "indicator") if getattr(self, k)]
        if len(kinds) != 1:
            raise ValueError("names " + (" and ".join(kinds) or "nothing") + "; give one of observations, records, cases, "
                             "population, area, indicator")  # fmt: skip
        counted = kinds[0] in ("observations", "records", "cases")
        if counted and self.aggregate is None:
            raise ValueError(
                "says no aggregate; allowed: count, sum, mean, min, max, median, p90, distinct, latest, share"
            )
        if not counted and self.aggregate is not None:
            raise ValueError(f"{kinds[0]} is one number already; leave aggregate out")
        self._fits()
        return self

    def _fits(self) -> None:
        if self.records is not None and self.aggregate not in ("count", "share") and self.records.value is None:
            raise ValueError(f"{self.aggregate} of records needs value: the field that holds the number")
        if self.cases is not None and self.aggregate not in ("count", "share") and self.cases.value is None:
            raise ValueError(f"{self.aggregate} of cases needs value: hours or rating")
        if self.aggregate == "latest" and self.observations is None:
            raise ValueError("latest is of observations only")
        if self.aggregate == "distinct" and self.cases is not None:
            raise ValueError("each case is one; use count")
        if self.aggregate == "share":
            told = self.observations or self.records
            if told is None or told.where is None:
                raise ValueError("share needs where: the share of what fulfils it among all")

    @property
    def kind(self) -> str:
        """What it is taken from."""
        return next(
            k for k in ("observations", "records", "cases", "population", "area", "indicator") if getattr(self, k)
        )

    @property
    def additive(self) -> bool:
        """Whether places can be added: so the crosswalk can carry it."""
        return self.kind in ("population", "area") or self.aggregate in ADDITIVE

    @cached_property
    def hash(self) -> str:
        """What it says, as a short name: two inputs that say the same are one."""
        return digest(self.model_dump(exclude_defaults=True))

    @property
    def source(self) -> str:
        """Where its rows are, in a word."""
        match self.kind:
            case "observations":
                return f"property:{self.observations.property}"  # type: ignore[union-attr]
            case "records":
                return f"dataset:{self.records.dataset}"  # type: ignore[union-attr]
            case "cases":
                return f"cases:{self.cases.type}"  # type: ignore[union-attr]
            case "indicator":
                return f"indicator:{self.indicator}"
        return "places"

    def query(self) -> str:
        """What is asked, in the words of the declaration."""
        told = getattr(self, self.kind)
        said = told.model_dump(exclude_defaults=True) if isinstance(told, packs.Strict) else told
        return f"{self.kind} {json.dumps(said, ensure_ascii=False, sort_keys=True)}" + (
            f", {self.aggregate}" if self.aggregate else ""
        )


class Standard(packs.Strict):
    """Its number in a published set."""

    set: Code
    number: str


class Coverage(packs.Strict):
    """How much of what should be there must be there. of: an input of observations."""

    of: Name
    least: float = Field(gt=0, le=1)


class Forecasting(packs.Strict):
    """How a series is carried on: by its trend and season, or its trend alone."""

    method: Literal["seasonal", "linear"] = "seasonal"
    periods: int = Field(6, ge=1, le=24)


class Declared(packs.Strict):
    """An indicator. sector: of the pack that declares it, filled in when the packs are read."""

    code: Code
    title: packs.Text
    description: packs.Text
    unit: Unit
    decimals: int = Field(1, ge=0, le=6)
    direction: Literal["up", "down", "none"]
    standards: list[Standard] = Field(default_factory=list)
    periods: list[Kind] = Field(min_length=1)
    places: list[PlaceKind] = Field(min_length=1)
    inputs: dict[Name, Input] = Field(min_length=1)
    formula: str | None = None
    numerator: str | None = None
    denominator: str | None = None
    per: float = 1
    coverage: Coverage | None = None
    least: int | None = Field(
        None, ge=2, le=100
    )  # of fewer cases than this nobody is told a number but who may read cases
    near: float = Field(0.1, ge=0, le=1)  # so close to its target, as a share of it, is nearly reached
    forecast: Forecasting | None = None
    source: str
    certainty: Certainty
    sector: str = ""

    @model_validator(mode="after")
    def _says(self) -> "Declared":
        if (self.formula is None) == (self.numerator is None or self.denominator is None):
            raise ValueError("give a formula, or numerator and denominator, one of them")
        if self.formula is not None and (self.numerator is not None or self.denominator is not None):
            raise ValueError("give a formula, or numerator and denominator, one of them")
        for key in ("formula", "numerator", "denominator"):
            text = getattr(self, key)
            for name in _formula(text, truth=False, key=key) if text else ():
                if name not in self.inputs:
                    known = list(self.inputs)
                    raise packs.Wrong(
                        f'no input "{name}" in {text!r}', key, near=(name, known), allowed=", ".join(known)
                    )
        for name, each in self.inputs.items():
            if each.records is not None and each.records.whole not in (None, *self.places):
                said = f"{name} is of the whole {each.records.whole}, and no number is made for it"
                raise packs.Wrong(said, "places", allowed=f"{each.records.whole} among the places")
        if unused := sorted(set(self.inputs) - set(self.names) - {self.coverage.of if self.coverage else ""}):
            said = f"no formula uses the input {', '.join(unused)}"
            raise packs.Wrong(said, "inputs", unused[0], allowed="an input the formula, numerator or denominator reads")
        if self.least is not None and not any(each.cases or each.indicator for each in self.inputs.values()):
            raise packs.Wrong(
                "least hides small numbers of cases, and no input is of cases", "least", allowed="leave it out"
            )
        if self.coverage is not None:
            of = self.inputs.get(self.coverage.of)
            if of is None or of.observations is None:
                told = [name for name, one in self.inputs.items() if one.observations is not None]
                said = f'"{self.coverage.of}" is no input of observations'
                raise packs.Wrong(said, "coverage", "of", near=(self.coverage.of, told), allowed=", ".join(told))
        return self

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The inputs the formula reads."""
        texts = [text for text in (self.formula, self.numerator, self.denominator) if text is not None]
        return tuple(dict.fromkeys(name for text in texts for name in formula.parse(text).names))

    @cached_property
    def said(self) -> str:
        """The whole formula as it is shown."""
        if self.formula is not None:
            return self.formula
        per = f"{self.per:g} * " if self.per != 1 else ""
        return f"{per}({self.numerator}) / ({self.denominator})"

    @cached_property
    def hash(self) -> str:
        """What the number means: another hash, another number."""
        inputs = {name: one.hash for name, one in self.inputs.items()}
        coverage = self.coverage.model_dump() if self.coverage else None
        told: dict[str, Any] = {"formula": self.said, "inputs": inputs, "coverage": coverage}
        if self.factor != 1:
            told["factor"] = self.factor
        if self.least is not None:
            told |= {"least": self.least, "beside": "complementary"}  # what is hidden beside it: `hushing`
        return digest(told)

    @cached_property
    def parts(self) -> tuple[str, str] | None:
        """Numerator and denominator as formulas, where it is a ratio: of `100 * a / b` they are `a` and `b`."""
        found = _ratio(self.said)
        return found[:2] if found is not None else None

    @cached_property
    def factor(self) -> float:
        """What the counted parts' ratio is multiplied by: of `100 * a / b` it is 100."""
        return factor_of(self.said) if self.parts is not None or self.shared is not None else 1.0

    @cached_property
    def shared(self) -> str | None:
        """The one input it is, of a share: counted parts are known of it too."""
        one = self.inputs[self.names[0]] if len(self.names) == 1 else None
        if one is None or one.aggregate != "share" or self.parts is not None or self.formula is None:
            return None
        return self.names[0] if _peeled(_body(self.formula))[0] == self.names[0] else None

    @cached_property
    def formulas(self) -> tuple[Formula, ...]:
        """What is reckoned: numerator and denominator, or the one formula."""
        return tuple(formula.parse(text) for text in self.parts or (self.formula or "",))


class Indicators(packs.Strict):
    """The whole file."""

    indicators: list[Declared]


def digest(said: Any) -> str:
    """A short hash of something said, whatever the order of its keys."""
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def factor_of(said: str) -> float:
    """What the counted part, or the ratio of the counted parts, of a formula is multiplied by."""
    found = _ratio(said)
    return found[2] if found is not None else _peeled(_body(said))[1]


def _body(text: str) -> ast.expr:
    return ast.parse(text.strip(), mode="eval").body


def _ratio(text: str) -> tuple[str, str, float] | None:
    """Numerator, denominator and what they are multiplied by, of a formula that divides."""
    body = _body(text)
    if not isinstance(body, ast.BinOp):
        return None
    if isinstance(body.op, ast.Div):
        above, factor = _peeled(body.left)
        return above, ast.unparse(body.right), factor
    if isinstance(body.op, ast.Mult):
        for times, inner in ((body.left, body.right), (body.right, body.left)):
            if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Div):
                above, factor = _peeled(ast.BinOp(times, ast.Mult(), inner.left))
                return above, ast.unparse(inner.right), factor
    return None


def _peeled(node: ast.expr) -> tuple[str, float]:
    """A product without the numbers it is multiplied by, and those numbers multiplied."""
    factor = 1.0
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        sides = [one for one in (node.left, node.right) if _plain(one) is None]
        if len(sides) != 1:
            break
        factor *= _plain(node.left if sides[0] is node.right else node.right) or 0.0
        node = sides[0]
    return ast.unparse(node), factor


def _plain(node: ast.expr) -> float | None:
    """A number that stands in a formula."""
    return float(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, int | float) else None


packs.schema(FILE, Indicators)
