"""Moments of a day by the clock and by the sun (after J. Meeus, by the library astral), in Vietnam time. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault

ALLOWED = "18:00, sunset, sunset+10m, sunrise-1h, dawn, dusk"
_MOMENT = re.compile(
    r"(?:(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)"
    r"|(?P<event>sunset|sunrise|dawn|dusk)(?:(?P<sign>[+-])(?P<shift>\d{1,3})(?P<unit>m|h))?)"
)
# where the sun neither rises nor sets on a day, these hours stand for it; Vietnam has no such days
_OTHERWISE = {"dawn": 5, "sunrise": 6, "sunset": 18, "dusk": 19}


@dataclass(frozen=True)
class Moment:
    """A moment of every day: minutes after local midnight, or after an event of the sun."""

    minutes: int
    event: str | None = None

    def on(self, day: date, lon: float, lat: float) -> int:
        """The instant on a local day at a place, µs UTC."""
        base = clock.midnight(day) if self.event is None else _event(self.event, day, round(lon, 3), round(lat, 3))
        return base + self.minutes * 60 * clock.SECOND


@lru_cache(maxsize=1024)
def moment_of(text: str) -> Moment:
    """The moment a text says. Raises BadInput with the forms there are."""
    found = _MOMENT.fullmatch(text.strip().replace(" ", "")) if isinstance(text, str) else None
    if found is None:
        raise BadInput(f"{text!r} is no moment of a day", [Fault("at", repr(text)[:60], ALLOWED)])
    if found["event"] is None:
        return Moment(int(found["hour"]) * 60 + int(found["minute"]))
    shift = int(found["shift"] or 0) * (60 if found["unit"] == "h" else 1)
    if shift > 12 * 60:
        raise BadInput(f"{text!r} is more than 12 hours from the sun's event", [Fault("at", repr(text)[:60], ALLOWED)])
    return Moment(-shift if found["sign"] == "-" else shift, found["event"])


@lru_cache(maxsize=20_000)
def _event(event: str, day: date, lon: float, lat: float) -> int:
    from astral import LocationInfo, sun

    place = LocationInfo(latitude=lat, longitude=lon, timezone="Asia/Ho_Chi_Minh")
    try:
        found = getattr(sun, event)(place.observer, day, tzinfo=clock.VIETNAM)
    except ValueError:
        return clock.midnight(day) + _OTHERWISE[event] * clock.HOUR
    return clock.micros(found) // (60 * clock.SECOND) * 60 * clock.SECOND


@dataclass(frozen=True)
class Due:
    """A step of a schedule at its instant, µs UTC."""

    at: int
    set: dict[str, Any]
    word: str


def between(
    steps: Sequence[Mapping[str, Any]], exceptions: Mapping[str, Any], lon: float, lat: float, first: int, last: int
) -> list[Due]:
    """The steps of a schedule from `first` up to and with `last` (µs UTC), in their order.

    exceptions: steps of a day of its own by ISO date; an empty list: none on that day.
    """
    made: list[Due] = []
    day, end = clock.local_day(first) - timedelta(days=1), clock.local_day(last) + timedelta(days=1)
    while day <= end:
        of_day: Iterable[Mapping[str, Any]] = exceptions.get(day.isoformat(), steps)
        made += [Due(moment_of(one["at"]).on(day, lon, lat), dict(one["set"]), str(one["at"])) for one in of_day]
        day += timedelta(days=1)
    return sorted((one for one in made if first <= one.at <= last), key=lambda one: one.at)


def in_force(
    steps: Sequence[Mapping[str, Any]], exceptions: Mapping[str, Any], lon: float, lat: float, at: int
) -> Due | None:
    """The last step whose moment has come, of the two days before `at`."""
    found = between(steps, exceptions, lon, lat, at - 2 * clock.DAY, at)
    return found[-1] if found else None
