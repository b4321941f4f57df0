"""Instants: aware datetimes in code, whole microseconds since 1970 UTC in storage."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from dothi.kit.errors import BadInput, Fault

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
_MICROSECOND = timedelta(microseconds=1)
# what `moment` can give back: the years 1 to 9999 in UTC
_FIRST = (datetime.min.replace(tzinfo=UTC) - EPOCH) // _MICROSECOND
_LAST = (datetime.max.replace(tzinfo=UTC) - EPOCH) // _MICROSECOND
_LAST_LOCAL = _LAST - 7 * HOUR

_ISO = re.compile(
    r"(?P<y>\d{4})-(?P<mo>\d\d)-(?P<d>\d\d)[Tt ](?P<h>\d\d):(?P<mi>\d\d)"
    r"(?::(?P<s>\d\d)(?:[.,](?P<f>\d{1,9}))?)?(?P<z>[Zz]|[+-]\d\d:?\d\d|[+-]\d\d)?"
)

source: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731 - tests set another


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return source()


def now_micros() -> int:
    """The present instant in microseconds since 1970 UTC."""
    return micros(source())


def micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware datetime; a naive one is refused with ValueError."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return (moment - EPOCH) // _MICROSECOND


def moment(micros_: int) -> datetime:
    """The aware UTC datetime of a count of microseconds since 1970 UTC."""
    return EPOCH + timedelta(microseconds=micros_)


def local(micros_: int) -> datetime:
    """The instant in Vietnam's time; those of the year 10000 there, which no calendar here has, as the last of 9999."""
    return moment(min(micros_, _LAST_LOCAL)).astimezone(VIETNAM)


def local_day(micros_: int) -> date:
    """The day an instant lies on in Vietnam."""
    return local(micros_).date()


def midnight(day: date) -> int:
    """The instant a day begins in Vietnam, microseconds since 1970 UTC."""
    return micros(datetime(day.year, day.month, day.day, tzinfo=VIETNAM))


def month(day: date, further: int = 0) -> date:
    """The first day of the month a day lies in, or of one so many months later."""
    total = day.year * 12 + day.month - 1 + further
    return date(total // 12, total % 12 + 1, 1)


def iso(micros_: int) -> str:
    """ISO 8601 in UTC with milliseconds, or microseconds where the instant has them."""
    when = moment(micros_)
    spec = "milliseconds" if micros_ % 1000 == 0 else "microseconds"
    return when.replace(tzinfo=None).isoformat(timespec=spec) + "Z"


def parse(text: str, zone: ZoneInfo | timezone | None = None) -> int:
    """Microseconds since 1970 UTC of an ISO 8601 instant.

    zone: what a text without an offset means; None refuses such a text.
    Raises BadInput naming the value and the form that is allowed.
    """
    found = _ISO.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise _bad(text)
    z = found["z"]
    tz: timezone | ZoneInfo
    if z is None:
        if zone is None:
            raise _bad(text, "the time zone is missing")
        tz = zone
    elif z in "Zz":
        tz = UTC
    else:
        digits = z[1:].replace(":", "").ljust(4, "0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        if offset >= timedelta(hours=24):
            raise _bad(text)
        tz = timezone(-offset if z[0] == "-" else offset)
    fraction = int((found["f"] or "0").ljust(9, "0")[:6])
    second = int(found["s"] or 0)
    leap = second == 60  # ISO 8601 allows a leap second; it counts as the next second
    try:
        when = datetime(
            int(found["y"]),
            int(found["mo"]),
            int(found["d"]),
            int(found["h"]),
            int(found["mi"]),
            59 if leap else second,
            fraction,
            tz,
        )
    except (ValueError, OverflowError) as error:
        raise _bad(text, str(error)) from None
    at = micros(when) + (SECOND if leap else 0)
    if not _FIRST <= at <= _LAST:
        raise _bad(text, "outside the years 1 to 9999")
    return at


def parse_span(text: str) -> tuple[int, int | None]:
    """Start and end (or None) of an ISO 8601 instant or `start/end` interval, in microseconds UTC."""
    start, slash, end = text.partition("/") if isinstance(text, str) else (text, "", "")
    if not slash:
        return parse(start), None
    first, last = parse(start), parse(end)
    if last < first:
        raise _bad(text, "the interval ends before it starts")
    return first, last


def _bad(text: object, why: str = "not an ISO 8601 instant") -> BadInput:
    allowed = "for example 2026-11-21T07:30:00Z or 2026-11-21T14:30:00+07:00"
    return BadInput(f"{text!r}: {why}", [Fault("time", f"{text!r}: {why}", allowed)])
