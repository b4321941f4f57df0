"""When offices work: the hours of the week, holidays, and the days officially swapped.

A day is decided by, in this order: the table an administrator keeps, the official days that come with dothi, the
library of Vietnamese holidays, the week of DOTHI_OFFICE_HOURS. All of it is in Vietnam's time, UTC+7 all year.
"""

import datetime as dt
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import holidays
from sqlalchemy.orm import Session

from dothi import packs
from dothi.cases import calendar_store as store
from dothi.config import settings
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import bus, clock
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.kit.text import nfc

MINUTE = 60 * clock.SECOND
_OFFSET = 7 * clock.HOUR
_EPOCH = dt.date(1970, 1, 1).toordinal()
_LONGEST = 60  # years looked through for working time before it is said that there is none
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_OFFICIAL = Path(__file__).parent / "official_days.yaml"

Hours = tuple[tuple[int, int], ...]  # of one day: from, to in minutes since midnight
Week = tuple[Hours, ...]  # Monday first


@dataclass(frozen=True)
class CalendarChanged:
    """A day was declared worked or free, or that was taken back, in this transaction."""

    day: dt.date


@dataclass(frozen=True, slots=True)
class Decided:
    """Why a day is free or worked against the week. document: what it rests on, where there is one."""

    works: bool
    name: packs.Text
    document: str | None = None


@dataclass(frozen=True, slots=True)
class _Years:
    """Sums over whole years, one value a day and one after the last: what lies before it."""

    first: int  # ordinal of the first day
    days: list[int]  # working days before
    time: list[int]  # working µs before

    @property
    def last(self) -> int:
        return self.first + len(self.days) - 2


class Calendar:
    """Which days are worked, and from when until when. Its sums are made a year at a time, when they are asked for.

    hours: seven weekdays, Monday first, each a list of (from, to) in minutes since midnight. off: whether a day is
    free. decided: why a day is as it is. A day declared worked has the hours of the longest weekday, also where it is
    a Saturday of half a day or a Sunday.
    """

    def __init__(
        self,
        hours: Sequence[Sequence[tuple[int, int]]],
        off: Callable[[dt.date], bool],
        decided: Callable[[dt.date], Decided | None] | None = None,
    ) -> None:
        self.week: Week = tuple(tuple(day) for day in hours)
        self._usual = max(self.week, key=_length)
        if len(self.week) != len(_WEEKDAYS) or not self._usual:
            raise ValueError("a week has seven days, and one of them is worked")
        self.longest = _length(self._usual)  # minutes of a whole working day
        self._off, self._decided = off, decided
        self._years: _Years | None = None

    def decided(self, day: dt.date) -> Decided | None:
        """Why a day is free or worked against the week; None where the week says it."""
        return self._decided(day) if self._decided else None

    def works(self, day: dt.date) -> bool:
        """Whether a day is worked."""
        return not self._off(day)

    def hours(self, day: dt.date) -> Hours:
        """The hours of a day; none on a free one."""
        if self._off(day):
            return ()
        own = self.week[day.weekday()]
        decided = self.decided(day)
        return self._usual if not own or (decided is not None and decided.works) else own

    def start(self, day: dt.date) -> int:
        """When a working day begins, µs."""
        return midnight(day) + self.hours(day)[0][0] * MINUTE

    def end(self, day: dt.date) -> int:
        """When a working day ends, µs."""
        return midnight(day) + self.hours(day)[-1][1] * MINUTE

    def receipt(self, at: int) -> dt.date:
        """The working day a thing handed in at an instant counts as received on: after hours it is the next one."""
        day = day_of(at - 1)  # hours until midnight still belong to the day before
        if self.works(day) and at <= self.end(day):
            return day
        return self.nth(day, 1)

    def nth(self, day: dt.date, n: int) -> dt.date:
        """The n-th working day after a day (before it, if n is negative); of a working day, 0 is itself."""
        years = self._cover(day.toordinal(), day.toordinal())
        while True:
            place = day.toordinal() - years.first
            # a working day counts itself: the first after it is the next
            wanted = years.days[place + 1] - 1 + n
            if wanted < 0:
                years = self._grow(-1)
            elif wanted >= years.days[-1]:
                years = self._grow(1)
            else:
                return dt.date.fromordinal(years.first + bisect_right(years.days, wanted) - 1)

    def days_between(self, since: dt.date, until: dt.date) -> int:
        """Working days after one day up to and with another; negative the other way round."""
        years = self._cover(since.toordinal(), until.toordinal())
        return years.days[until.toordinal() - years.first + 1] - years.days[since.toordinal() - years.first + 1]

    def time_between(self, since: int, until: int) -> int:
        """Working time between two instants, µs."""
        years = self._cover(_ordinal(since), _ordinal(until))
        return self._passed(years, until) - self._passed(years, since)

    def ahead(self, at: int, micros: int) -> int:
        """The first instant by which so much working time has passed since another; before it, if negative."""
        years = self._cover(_ordinal(at), _ordinal(at))
        while True:
            wanted = self._passed(years, at) + micros
            if wanted <= 0:
                years = self._grow(-1)
            elif wanted > years.time[-1]:
                years = self._grow(1)
            else:
                break
        place = bisect_left(years.time, wanted) - 1
        day, left = dt.date.fromordinal(years.first + place), wanted - years.time[place]
        for begin, end in self.hours(day):
            span = (end - begin) * MINUTE
            if left <= span:
                return midnight(day) + begin * MINUTE + left
            left -= span
        raise AssertionError("a day's hours are its share of the sum")

    def _passed(self, years: _Years, at: int) -> int:
        """Working µs from the first day known up to an instant."""
        ordinal = _ordinal(at)
        day = dt.date.fromordinal(ordinal)
        since = at - midnight(day)
        today = sum(min(max(since - begin * MINUTE, 0), (end - begin) * MINUTE) for begin, end in self.hours(day))
        return years.time[ordinal - years.first] + today

    def _cover(self, since: int, until: int) -> _Years:
        since, until = min(since, until), max(since, until)
        years = self._years
        if years is None or since < years.first or until > years.last:
            first, last = dt.date.fromordinal(since).year, dt.date.fromordinal(until).year
            if years is not None:
                first = min(first, dt.date.fromordinal(years.first).year)
                last = max(last, dt.date.fromordinal(years.last).year)
            self._years = years = self._summed(first, last)
        return years

    def _grow(self, by: int) -> _Years:
        """A year more at one end."""
        years = self._years
        assert years is not None  # noqa: S101 - it was covered
        first, last = dt.date.fromordinal(years.first).year, dt.date.fromordinal(years.last).year
        if last - first > _LONGEST and years.days[-1] == 0:
            raise BadInput(f"no day is worked between {first} and {last}")
        self._years = years = self._summed(first - (by < 0), last + (by > 0))
        return years

    def _summed(self, first: int, last: int) -> _Years:
        begin, end = dt.date(first, 1, 1).toordinal(), dt.date(last, 12, 31).toordinal()
        days, time = [0], [0]
        for ordinal in range(begin, end + 1):
            hours = self.hours(dt.date.fromordinal(ordinal))
            days.append(days[-1] + (1 if hours else 0))
            time.append(time[-1] + _length(hours) * MINUTE)
        return _Years(begin, days, time)


def day_of(at: int) -> dt.date:
    """The day an instant lies on in Vietnam."""
    return dt.date.fromordinal(_ordinal(at))


def midnight(day: dt.date) -> int:
    """The instant a day begins in Vietnam, µs."""
    return (day.toordinal() - _EPOCH) * clock.DAY - _OFFSET


def _ordinal(at: int) -> int:
    return (at + _OFFSET) // clock.DAY + _EPOCH


def _length(hours: Sequence[tuple[int, int]]) -> int:
    return sum(end - begin for begin, end in hours)


# ---- what an installation's calendar is ----


def load(session: Session) -> Calendar:
    """The calendar of this installation. Made anew only when the table or the setting has changed."""
    global _known
    _known = _made(store.rows(session), settings().office_hours)
    return _known


def known() -> Calendar:
    """The calendar as this process last loaded it: good enough for a colour, never for a due moment."""
    return _known or _made((), settings().office_hours)


_known: Calendar | None = None


@lru_cache(maxsize=4)
def _made(rows: tuple[tuple[str, bool, str, str], ...], hours: str) -> Calendar:
    decided = dict(official())
    for day, works, document, note in rows:
        key = dt.date.fromisoformat(day)
        known = decided.get(key)
        if note:
            name = packs.Text(vi=note, en=note)
        elif known is not None and known.works == works:
            name = known.name
        else:
            name = _DECLARED[works]
        decided[key] = Decided(works, name, document)
    return made(week_of(hours), decided)


_DECLARED = {
    True: packs.Text(vi="Làm việc theo quyết định", en="Worked by decision"),
    False: packs.Text(vi="Ngày nghỉ theo quyết định", en="Day off by decision"),
}


def made(week: Week, declared: Mapping[dt.date, Decided]) -> Calendar:
    """The calendar of a week, with Vietnam's holidays and what was declared of single days."""

    def decided(day: dt.date) -> Decided | None:
        return declared.get(day) or _statutory(day.year).get(day)

    def off(day: dt.date) -> bool:
        found = decided(day)
        return not week[day.weekday()] if found is None else not found.works

    return Calendar(week, off, decided)


class _OfficialDay(packs.Strict):
    day: str
    works: bool
    document: str
    name: packs.Text


class _Official(packs.Strict):
    days: list[_OfficialDay]


@lru_cache(maxsize=1)
def official() -> Mapping[dt.date, Decided]:
    """The officially decided days that come with dothi."""
    file, _ = packs.load_file(_OFFICIAL, _Official)
    return {dt.date.fromisoformat(one.day): Decided(one.works, one.name, one.document) for one in file.days}


@lru_cache(maxsize=256)
def _statutory(year: int) -> dict[dt.date, Decided]:
    """Holidays of a year, and the weekends worked instead of a free day, as the library knows them."""
    vi: Any = holidays.country_holidays("VN", years=year, language="vi")
    en: Any = holidays.country_holidays("VN", years=year, language="en_US")
    found = {
        day: Decided(True, packs.Text(vi="Làm bù", en="Worked instead of a free day"))
        for day in vi.weekend_workdays
        if day.year == year
    }
    for day, name in vi.items():
        found[day] = Decided(False, packs.Text(vi=_festival(name), en=_festival(str(en.get(day) or name))))
    return found


def _festival(name: str) -> str:
    """Tết is one festival, whichever of its days."""
    for whole in ("Tết Nguyên Đán", "Lunar New Year"):
        if whole in name:
            return whole
    return "Tết Nguyên Đán" if name == "29 Tết" else name


_PART = re.compile(r"(?P<from>[a-z]{3})(?:-(?P<to>[a-z]{3}))?\s+(?P<hours>.+)")
_SPAN = re.compile(r"(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)")
_FORM = "mon-fri 7:30-11:30 13:30-17:00; sat 7:30-11:30"


@lru_cache(maxsize=8)
def week_of(text: str) -> Week:
    """The week a text says: `mon-fri 7:30-11:30 13:30-17:00; sat 7:30-11:30`. Raises BadInput with every fault."""
    week: list[Hours] = [()] * 7
    faults = []
    for part in filter(None, (one.strip().lower() for one in text.split(";"))):
        found = _PART.fullmatch(part)
        first = found and found["from"]
        last = found and (found["to"] or first)
        if not found or first not in _WEEKDAYS or last not in _WEEKDAYS:
            faults.append(Fault("DOTHI_OFFICE_HOURS", f"{part!r}", _FORM))
            continue
        hours = _hours(found["hours"])
        begin, end = _WEEKDAYS.index(first), _WEEKDAYS.index(last)
        if hours is None or end < begin:
            faults.append(Fault("DOTHI_OFFICE_HOURS", f"{part!r}", f"spans one after another: {_FORM}"))
            continue
        for weekday in range(begin, end + 1):
            week[weekday] = hours
    if not faults and not any(week):
        faults.append(Fault("DOTHI_OFFICE_HOURS", "no day is worked", _FORM))
    if faults:
        raise BadInput("the office hours cannot be read", faults)
    return tuple(week)


def _hours(text: str) -> Hours | None:
    spans = []
    for part in text.split():
        found = _SPAN.fullmatch(part)
        if not found:
            return None
        a, b, c, d = (int(one) for one in found.groups())
        spans.append((60 * a + b, 60 * c + d))
    edges = [edge for span in spans for edge in span]
    ordered = all(one < two for one, two in zip(edges[::2], edges[1::2], strict=True)) and edges == sorted(edges)
    return tuple(spans) if ordered and edges[-1] <= 24 * 60 else None


# ---- verbs ----


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the table, or of the official days that come with dothi (set_by is then None)."""

    day: dt.date
    works: bool
    document: str
    note: str
    set_by: str | None


def days(session: Session) -> list[Day]:
    """The days declared, the newest first; what the table says goes before what comes with dothi."""
    found = {day: Day(day, one.works, one.document or "", one.name.vi, None) for day, one in official().items()}
    for row in store.all_(session):
        day = dt.date.fromisoformat(row.day)
        found[day] = Day(day, row.works, row.document, row.note, row.actor)
    return sorted(found.values(), key=lambda one: one.day, reverse=True)


def set_day(session: Session, caller: Caller, day: dt.date | str, works: bool, document: str, note: str = "") -> Day:
    """Declare a day worked or free, by a document. Due moments that change with it are reckoned anew."""
    guard.require(caller, "cases:config")
    which, faults = _day(day)
    document, note = nfc(" ".join(document.split())), nfc(" ".join(note.split()))
    if not 0 < len(document) <= 200:
        faults.append(Fault("document", f"{len(document)} letters", "the decision's number, at most 200 letters"))
    if len(note) > 500:
        faults.append(Fault("note", f"{len(note)} letters", "at most 500"))
    if faults:
        raise BadInput("this day cannot be declared", faults)
    store.put(session, which.isoformat(), works, document, note, caller.actor, clock.now_micros())
    journal.append(
        session, "cases.calendar.set", actor=caller.actor, subject=f"workday:{which}", visibility="open",
        data={"day": which.isoformat(), "works": works, "document": document, "note": note},
    )  # fmt: skip
    bus.say(session, CalendarChanged(which))
    return Day(which, works, document, note, caller.actor)


def unset_day(session: Session, caller: Caller, day: dt.date | str) -> None:
    """Take back what the table says of a day."""
    guard.require(caller, "cases:config")
    which, faults = _day(day)
    if faults:
        raise BadInput("this is no day", faults)
    if not store.remove(session, which.isoformat()):
        raise NotFound(f"nothing was declared of {which}")
    journal.append(
        session, "cases.calendar.unset", actor=caller.actor, subject=f"workday:{which}", visibility="open",
        data={"day": which.isoformat()},
    )  # fmt: skip
    bus.say(session, CalendarChanged(which))


def _day(day: dt.date | str) -> tuple[dt.date, list[Fault]]:
    allowed = "a day such as 2026-11-24, of the years 2000 to 2100"
    try:
        found = day if isinstance(day, dt.date) else dt.date.fromisoformat(day.strip())
    except ValueError:
        return dt.date.min, [Fault("day", f"{day!r}"[:60], allowed)]
    return found, [] if 2000 <= found.year <= 2100 else [Fault("day", f"{found}", allowed)]
