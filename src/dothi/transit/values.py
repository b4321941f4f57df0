"""The values of GTFS as texts say them: times beyond midnight, dates, positions, colours."""

import datetime as dt
import re
from functools import lru_cache
from zoneinfo import ZoneInfo

from dothi.kit import clock

_TIME = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)")
_COLOUR = re.compile(r"#?([0-9a-fA-F]{6})")
LATEST = 168 * 3600  # a trip of more than a week is a mistake


@lru_cache(maxsize=100_000)
def seconds(text: str) -> int | None:
    """Seconds of 06:05:00 or 25:10:00; None of anything else."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    value = 3600 * int(found[1]) + 60 * int(found[2]) + int(found[3])
    return value if value <= LATEST else None


def clock_text(value: int) -> str:
    """25:10:00 of 90,600 seconds."""
    return f"{value // 3600:02}:{value // 60 % 60:02}:{value % 60:02}"


def day(text: str) -> int | None:
    """The ordinal of 20261122; None of anything else."""
    if len(text) != 8 or not (text.isascii() and text.isdecimal()):
        return None
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:])).toordinal()
    except ValueError:
        return None


def day_text(value: int) -> str:
    """20261122 of an ordinal."""
    return f"{dt.date.fromordinal(value):%Y%m%d}"


def colour(text: str) -> str | None:
    """Six hexadecimal digits, a leading # forgiven."""
    found = _COLOUR.fullmatch(text)
    return found[1].upper() if found else None


def position(lat: str, lon: str) -> tuple[float, float] | None:
    """Latitude and longitude in degrees; 0,0 is nobody's stop."""
    try:
        y, x = float(lat), float(lon)
    except ValueError:
        return None
    return (y, x) if -90 <= y <= 90 and -180 <= x <= 180 and (y, x) != (0, 0) else None


def whole(text: str, empty: int | None = None, most: int = 2**31 - 1) -> int | None:
    """A whole number from 0; None of anything else."""
    if not text:
        return empty
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):
        return None
    return value if (value := int(text)) <= most else None


@lru_cache(maxsize=4096)
def midnight(day_: int, zone: str) -> int:
    """The instant a service day's seconds count from, µs UTC: noon minus twelve hours (GTFS reference, "Time").

    It is midnight but for the two days a year on which some zones change their clocks.
    """
    noon = dt.datetime.combine(dt.date.fromordinal(day_), dt.time(12), ZoneInfo(zone))
    return clock.micros(noon) - 12 * clock.HOUR


def service_day(at: int, zone: str) -> int:
    """The ordinal of the civil day at an instant in a zone."""
    return clock.moment(at).astimezone(ZoneInfo(zone)).date().toordinal()
