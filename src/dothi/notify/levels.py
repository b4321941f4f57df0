"""How serious something is, worst first; and when somebody does not want to be disturbed."""

from datetime import datetime, timedelta

from dothi.kit import clock

SEVERITIES = ("critical", "major", "minor", "warning")
NEVER = "none"
_RANK = {name: place for place, name in enumerate(SEVERITIES)}


def at_least(severity: str | None, limit: str) -> bool:
    """Whether a severity is the limit or worse; never for the limit `none`, nor for no severity at all."""
    return severity in _RANK and limit in _RANK and _RANK[severity] <= _RANK[limit]


def not_before(now: int, quiet_from: int | None, quiet_until: int | None) -> int:
    """The first instant from now on that is outside the quiet hours, µs UTC.

    quiet_from, quiet_until: minutes of the day in Vietnam's time, the second exclusive; from 22:00 until 06:00 spans
    midnight. Both alike, or one of them missing: there are no quiet hours.
    """
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return now
    local = clock.local(now)
    minute = local.hour * 60 + local.minute
    over_midnight = quiet_from > quiet_until
    if over_midnight and quiet_until <= minute < quiet_from:
        return now
    if not over_midnight and not quiet_from <= minute < quiet_until:
        return now
    day = local.date() + timedelta(days=1 if over_midnight and minute >= quiet_from else 0)
    end = datetime(day.year, day.month, day.day, quiet_until // 60, quiet_until % 60, tzinfo=clock.VIETNAM)
    return clock.micros(end)
