"""When a rule watches: hours, days and seasons in Vietnam time."""

from dothi.alerts.model import WEEKDAYS, Schedule
from dothi.kit.clock import DAY, HOUR, SECOND, moment

_ZONE = 7 * HOUR  # UTC+7 all year
_MINUTE = 60 * SECOND
Stretch = tuple[int, int]  # µs UTC, the end exclusive


class Opening:
    """A schedule that can be asked for an instant and for its next edge."""

    def __init__(self, schedule: Schedule) -> None:
        self.spans = sorted((_minutes(one.from_), _minutes(one.to)) for one in schedule.hours) or [(0, 1440)]
        self.days = {WEEKDAYS.index(one) for one in schedule.days} or set(range(7))
        season = schedule.season
        self.season = (season.from_, season.to) if season is not None else None
        self._known: tuple[int, list[Stretch]] = (-1, [])

    def open(self, at: int) -> bool:
        """Whether the rule watches at an instant (µs UTC)."""
        return any(begin <= at < end for begin, end in self._near(at))

    def edge(self, after: int) -> int | None:
        """The next instant after this one at which it opens or closes; None: none within 400 days."""
        now = self.open(after)
        day = after
        for _ in range(402):
            edges = sorted({one for stretch in self._near(day) for one in stretch if one > after})
            for one in edges:
                if self.open(one) != now:
                    return one
            day += DAY
        return None

    def _near(self, at: int) -> list[Stretch]:
        """The stretches that touch the local day of an instant."""
        day = (at + _ZONE) // DAY
        if self._known[0] != day:
            self._known = (day, [one for back in (1, 0, -1) for one in self._of(day - back)])
        return self._known[1]

    def _of(self, day: int) -> list[Stretch]:
        """The stretches that begin on a local day, counted from 1 January 1970."""
        if (day + 3) % 7 not in self.days:
            return []
        start = day * DAY - _ZONE
        if self.season is not None and not self._in_season(start + _ZONE):
            return []
        return [
            (start + begin * _MINUTE, start + (end if end > begin else end + 1440) * _MINUTE)
            for begin, end in self.spans
        ]

    def _in_season(self, local: int) -> bool:
        first, last = self.season or ("", "")
        today = f"{moment(local):%m-%d}"
        return first <= today <= last if first <= last else today >= first or today <= last


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])
