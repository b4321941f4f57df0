"""What a method of analysis is, what it is given, and what it gives: plain values, no session, no clock.

A method is a module of `methods` that ends with `METHOD = Method(...)`. It reads its inputs by *roles*, never by the
names of a pack's fields, so that one method serves every sector.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dothi import packs
from dothi.analyses.streets import Streets
from dothi.kit import clock
from dothi.kit.errors import BadInput, DothiError

Kind = Literal["string", "number", "integer", "boolean", "date", "date-time", "array"]
Shape = Literal["point", "line", "polygon", "any"]
Takes = Literal["records", "observations", "streets"]
Number = float | int
GIVEN_ALWAYS: dict[str, Kind] = {"code": "string", "computed_at": "date-time", "simulated": "boolean"}


class TooLittle(DothiError):
    """A method will not say anything of so little: the last result stays, and the run says why."""

    status = 409

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi = vi


@dataclass(frozen=True)
class Role:
    """One value a method reads of each record or thing, by its meaning."""

    says: str
    kinds: tuple[Kind, ...] = ("string",)
    needed: bool = False


NUMBER: tuple[Kind, ...] = ("number", "integer")
WORD: tuple[Kind, ...] = ("string", "integer")
WHEN: tuple[Kind, ...] = ("date", "date-time")


@dataclass(frozen=True)
class Need:
    """One input of a method. shape: what the records must be; own_fields: every field comes under its own name too."""

    takes: Takes
    says: str
    roles: Mapping[str, Role] = field(default_factory=dict)
    shape: Shape | None = None
    needed: bool = True
    own_fields: bool = False


STREET = {
    "name": Role("name of the street", WORD),
    "grade": Role("lines of different grades meet at their ends only (bridges)", (*WORD, "number", "boolean")),
}


@dataclass(frozen=True, slots=True)
class Item:
    """A record as a method sees it: its key, its values by role, its shape (WGS 84), the commune it lies in."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    shape: BaseGeometry | None = None
    unit: str | None = None

    def number(self, role: str) -> float | None:
        """A number, None where there is none."""
        value = self.values.get(role)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def text(self, role: str) -> str | None:
        """A text, None where there is none."""
        value = self.values.get(role)
        return None if value is None or value == "" else str(value)

    def at(self, role: str = "at") -> int | None:
        """An instant (µs UTC): µs as they are, ISO text, or a day, which is its midnight in Vietnam."""
        value = self.values.get(role)
        if isinstance(value, int):
            return value
        if not isinstance(value, str):
            return None
        try:
            return clock.parse(value if len(value) > 10 else f"{value}T00:00", clock.VIETNAM)
        except BadInput:
            return None


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one datastream: instants (µs UTC; the start of the hour, of hourly means) and numbers, in order.

    key: the thing's code. values: the thing's own properties by role.
    """

    key: str
    at: NDArray[np.int64]
    value: NDArray[np.float64]
    values: Mapping[str, Any] = field(default_factory=dict)
    shape: BaseGeometry | None = None
    unit: str | None = None
    name: str = ""

    def number(self, role: str) -> float | None:
        """As Item.number."""
        return Item(self.key, self.values).number(role)

    def text(self, role: str) -> str | None:
        """As Item.text."""
        return Item(self.key, self.values).text(role)

    def during(self, start: int, end: int) -> "Series":
        """The part from an instant until before another."""
        first, last = np.searchsorted(self.at, [start, end])
        return Series(
            self.key, self.at[first:last], self.value[first:last], self.values, self.shape, self.unit, self.name
        )


@dataclass(frozen=True)
class Given:
    """Everything a method reads, by the names of its inputs. now: µs UTC, the moment the result is about."""

    now: int
    items: Mapping[str, Sequence[Item]] = field(default_factory=dict)
    series: Mapping[str, Sequence[Series]] = field(default_factory=dict)
    roads: Mapping[str, Streets] = field(default_factory=dict)

    def records(self, name: str) -> Sequence[Item]:
        """The records of an input; none where the pack gives none."""
        return self.items.get(name, ())

    def observations(self, name: str) -> Sequence[Series]:
        """The series of an input; none where the pack gives none."""
        return self.series.get(name, ())

    def streets(self, name: str = "streets") -> Streets | None:
        """The street graph, where the pack gives one."""
        return self.roads.get(name)


@dataclass(frozen=True, slots=True)
class Feature:
    """One record of the result. What is None is left out of it."""

    key: str
    values: Mapping[str, Any]
    shape: BaseGeometry | None = None


class Parameters(packs.Strict):
    """The base of every method's parameters."""


Wrong = tuple[tuple[str | int, ...], str, str, list[str]]  # path under the analysis, message, what was written, allowed
Fields = Mapping[str, Mapping[str, Kind]]  # by input, its fields and their kinds


@dataclass(frozen=True)
class Method:
    """A published method. gives: what each feature holds; protects: whether with these parameters nobody can be found."""

    code: str
    says: str
    source: str
    needs: Mapping[str, Need]
    parameters: type[Parameters]
    gives: Mapping[str, Kind]
    run: Callable[[Given, Any], list[Feature]]
    shape: Shape | None = None
    timeless: bool = False  # the same inputs give the same result whenever it is asked
    protects: Callable[[Any], bool] = lambda _: False
    check: Callable[[Fields, Any], Iterable[Wrong]] = lambda _, __: ()


def rounded(value: float | None, digits: int = 2) -> float | None:
    """A number as a record keeps it; None for none and for what is no finite number."""
    return None if value is None or not np.isfinite(value) else round(float(value), digits)


def hourly(series: Series) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Hours (µs UTC) and their means: of hourly means the same again."""
    if not len(series.at):
        return series.at, series.value
    hours, where = np.unique(series.at // clock.HOUR, return_inverse=True)
    sums = np.bincount(where, series.value)
    return hours * clock.HOUR, sums / np.bincount(where)


def local_hour(at: NDArray[np.int64]) -> NDArray[np.int64]:
    """The hour of the day in Vietnam (UTC+7 all year) of some instants."""
    return (at // clock.HOUR + 7) % 24


def local_day(at: NDArray[np.int64] | int) -> Any:
    """The number of the day in Vietnam, counted from 1 January 1970."""
    return (at + 7 * clock.HOUR) // clock.DAY


def day_text(day: int) -> str:
    """The day of such a number as 2026-11-21."""
    return clock.moment(int(day) * clock.DAY).date().isoformat()


def centre(shape: BaseGeometry | None) -> tuple[float, float] | None:
    """Longitude and latitude of a point that stands for a shape."""
    if shape is None or shape.is_empty:
        return None
    point = shape if shape.geom_type == "Point" else shapely.point_on_surface(shape)
    return float(point.x), float(point.y)


def graph_of(items: Sequence[Item]) -> Streets:
    """The street graph of some lines. Raises TooLittle where there is none."""
    lines = [one for one in items if one.shape is not None and one.shape.length > 0]
    if not lines:
        raise TooLittle("chưa có đường phố nào trong dữ liệu", "there is no street in the data yet")
    graded = any(one.values.get("grade") is not None for one in lines)
    return Streets(
        [one.shape for one in lines if one.shape is not None], [one.key for one in lines],
        [one.text("name") for one in lines], [one.values.get("grade") or 0 for one in lines] if graded else None,
    )  # fmt: skip
