"""Stretches of local time that figures are computed for: days, weeks, months, quarters, years of Vietnam."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault

Kind = Literal["day", "week", "month", "quarter", "year"]
KINDS: tuple[Kind, ...] = ("day", "week", "month", "quarter", "year")
ALLOWED = "2026-11-22, 2026-W47, 2026-11, 2026-Q4, 2026; or day, week, month, quarter, year for the newest one"
_TEXT = re.compile(r"(\d{4})(?:-(?:W(\d\d)|Q([1-4])|(\d\d)(?:-(\d\d))?))?")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A stretch of time. start and end in µs UTC, end exclusive; both are local midnights."""

    start: int
    end: int
    kind: Kind

    @property
    def first(self) -> date:
        """Its first day in Vietnam."""
        return clock.local_day(self.start)

    @property
    def code(self) -> str:
        """Its name: 2026-11-22, 2026-W47, 2026-11, 2026-Q4, 2026."""
        day = self.first
        if self.kind == "week":
            year, week, _ = day.isocalendar()
            return f"{year:04d}-W{week:02d}"
        return {
            "day": f"{day:%Y-%m-%d}", "month": f"{day:%Y-%m}", "year": f"{day:%Y}",
            "quarter": f"{day:%Y}-Q{(day.month + 2) // 3}",
        }[self.kind]  # fmt: skip

    def before(self, count: int = 1) -> "Period":
        """The period so many earlier (later, when negative)."""
        found = self
        for _ in range(abs(count)):
            found = containing(found.start - 1 if count > 0 else found.end, self.kind)
        return found


def containing(at: int, kind: Kind) -> Period:
    """The period of a kind that an instant (µs UTC) lies in."""
    return _of(clock.local_day(at), kind)


def parse(text: str) -> Period:
    """The period of a name. Raises BadInput saying which names there are."""
    found = _TEXT.fullmatch(text.strip())
    if found is not None:
        year, week, quarter, month, day = found.groups()
        try:
            if week:
                return _of(date.fromisocalendar(int(year), int(week), 1), "week")
            if quarter:
                return _of(date(int(year), 3 * int(quarter) - 2, 1), "quarter")
            if day:
                return _of(date(int(year), int(month), int(day)), "day")
            return _of(date(int(year), int(month or 1), 1), "month" if month else "year")
        except (ValueError, OverflowError):
            pass
    raise BadInput("there is no such period", [Fault("period", f"{text[:40]!r}", ALLOWED)])


def between(kind: Kind, first: int, last: int) -> Iterator[Period]:
    """The periods of a kind that have a part of [first, last), oldest first; instants in µs UTC."""
    found = containing(first, kind)
    while found.start < last:
        yield found
        found = containing(found.end, kind)


def months(period: Period) -> list[Period]:
    """The whole months a quarter or a year is made of."""
    return list(between("month", period.start, period.end))


def _of(day: date, kind: Kind) -> Period:
    if kind == "day":
        first, after = day, day + timedelta(days=1)
    elif kind == "week":
        first = day - timedelta(days=day.weekday())
        after = first + timedelta(days=7)
    elif kind == "month":
        first = day.replace(day=1)
        after = (first + timedelta(days=32)).replace(day=1)
    elif kind == "quarter":
        first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
        after = (first + timedelta(days=95)).replace(day=1)
    else:
        first, after = date(day.year, 1, 1), date(day.year + 1, 1, 1)
    return Period(_midnight(first), _midnight(after), kind)


def _midnight(day: date) -> int:
    return clock.micros(datetime(day.year, day.month, day.day, tzinfo=clock.VIETNAM))
