"""What simulated people file at one-stop desks, where and when; the words of dossier_words.yaml, the same every time. Pure."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from dothi.cases.calendar import Calendar
from dothi.cases.declared import Procedure
from dothi.cases.types import types
from dothi.kit import clock
from dothi.packs import lines
from dothi.simulate.luck import chance, pick

_FILE = Path(__file__).parent / "dossier_words.yaml"
MARK = "sim:hs:"
ONLINE = 0.72  # share filed online; the rest is brought to the desk
# how much more of it there is, by hour of the day in Vietnam
_ONLINE_HOURS = (0.2, 0.1, 0, 0, 0, 0.2, 0.6, 1.4, 3, 3.4, 3, 2, 1.2, 1.8, 2.6, 2.8, 2.2, 1.4, 1, 1.4, 1.8, 1.6, 1, 0.5)
_DESK_HOURS = (0, 0, 0, 0, 0, 0, 0, 2, 5, 5, 4, 1, 0, 2, 4, 4, 2, 0, 0, 0, 0, 0, 0, 0)
_WEEKDAYS, _WEEKENDS = 1.25, 0.35


@dataclass(frozen=True)
class Desk:
    """Where a service is filed: the office, and the commune it is for (none: all)."""

    office: int
    unit: str | None


@dataclass(frozen=True)
class Filing:
    """A dossier as it is filed. at: µs UTC; key: the sender's; papers: codes of what comes as a file."""

    key: str
    at: int
    procedure: str
    desk: Desk
    online: bool
    fields: dict[str, Any]
    papers: tuple[str, ...]


@lru_cache(maxsize=1)
def said() -> dict[str, Any]:
    """The whole file."""
    found: dict[str, Any] = lines.read(_FILE, _FILE.name).value
    return found


def filings(
    desks: Mapping[str, Sequence[Desk]], cal: Calendar, begin: int, end: int, a_day: float, salt: str = ""
) -> list[Filing]:
    """The dossiers filed between two instants, about so many a day, in the order they come in. desks: by service."""
    served = {code: one for code, one in said()["services"].items() if desks.get(code) and code in types().procedures}
    if not served:
        return []
    usual = sum(one["weight"] for one in served.values())
    made: list[Filing] = []
    for hour in range(begin // clock.HOUR, -(-end // clock.HOUR)):
        local = clock.local(hour * clock.HOUR)
        works = cal.works(local.date())
        share = {code: one["weight"] * one["month"][local.month - 1] for code, one in served.items()}
        online = ONLINE * _ONLINE_HOURS[local.hour] / sum(_ONLINE_HOURS) * (_WEEKDAYS if works else _WEEKENDS)
        brought = (1 - ONLINE) * _DESK_HOURS[local.hour] / sum(_DESK_HOURS) * (1.45 if works else 0)
        expected = a_day * (online + brought) * sum(share.values()) / usual
        count = int(expected) + (chance("hs", salt, hour, "more") < expected % 1)
        for n, at in enumerate(sorted(int((hour + chance("hs", salt, hour, n)) * clock.HOUR) for n in range(count))):
            if begin <= at < end:
                key = f"{MARK}{salt}{hour}:{n}"
                by_web = chance(key, "online") * (online + brought) < online
                made.append(_filing(key, at, pick(share, key, "service"), desks, online=by_web))
    return made


def _filing(key: str, at: int, service: str, desks: Mapping[str, Sequence[Desk]], *, online: bool) -> Filing:
    of = types().procedures[service]
    desk = desks[service][int(chance(key, "desk") * len(desks[service]))]
    papers = tuple(
        one.code for one in of.papers if not one.form and (one.needed or chance(key, one.code) < 0.25)
    ) if online else ()  # fmt: skip
    return Filing(key, at, service, desk, online, fields(of, key, clock.local_day(at)), papers)


def fields(of: Procedure, key: str, day: dt.date) -> dict[str, Any]:
    """Answers to what is asked and is no personal data."""
    told: dict[str, Any] = said()["services"][of.code]["values"]
    found: dict[str, Any] = {}
    needed = of.form.get("required", [])
    for name, schema in of.form.get("properties", {}).items():
        if schema.get("x-personal"):
            continue
        given = told.get(name)
        if isinstance(given, list):
            found[name] = given[int(chance(key, name) * len(given))]
        elif isinstance(given, dict):
            found[name] = given["least"] + int(chance(key, name) * (given["most"] - given["least"] + 1))
        elif schema.get("format") == "date" and name in needed:
            found[name] = (day + dt.timedelta(days=7 + int(chance(key, name) * 40))).isoformat()
    return found
