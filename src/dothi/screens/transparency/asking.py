"""How the transparency page is asked for: of which stretch of time, which ward, office and category."""

import datetime as dt
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from dothi.cases import calendar, stats
from dothi.cases.stats import BY, Asked, By, Row
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import whole
from dothi.places import cities
from dothi.screens import desk, words
from dothi.screens.desk import ANYBODY
from dothi.web.i18n import marked

PERIODS = {
    "30": marked("30 ngày"), "90": marked("90 ngày"), "365": marked("12 tháng"), "year": marked("Từ đầu năm"),
}  # fmt: skip
USUAL = "365"
_FRESH = 60.0  # seconds figures are kept: they walk every report of their time
_KEPT = 200
_found: OrderedDict[tuple[object, ...], tuple[float, list[Row]]] = OrderedDict()
_lock = threading.Lock()


@dataclass
class Ask(desk.Ask):
    """One question to the transparency page."""

    def page(self, template: str, page: Any) -> Response:
        """The answer as a page."""
        frame = {"page": page, "entries": ("transparency",), "city": self.city, "now": self.now, "language": self.language,
                 "simulated": page.simulated, "words": words}  # fmt: skip
        return self.shown(f"transparency/{template}.html", frame)


@dataclass(frozen=True)
class Wanted:
    """What is shown: a stretch of days and a part of the city. given: the address's own words for it."""

    asked: Asked
    given: dict[str, str]
    first: dt.date
    last: dt.date

    def query(self, **more: str) -> str:
        """The address of the same, with something else about it."""
        kept = {name: value for name, value in (self.given | more).items() if value}
        return urlencode(kept)


def wanted(ask: Ask) -> Wanted:
    """What the address asks for. Raises BadInput with every fault."""
    query, faults = ask.request.query_params, []
    today = calendar.day_of(ask.now)
    given = {
        name: query[name].strip()[:60] for name in ("period", "since", "until", "ward", "office", "category") if query.get(name)
    }  # fmt: skip
    period = given.get("period", USUAL)
    if period not in PERIODS:
        faults.append(Fault("period", f"{period!r}", ", ".join(PERIODS)))
        period = USUAL
    first = dt.date(today.year, 1, 1) if period == "year" else today - dt.timedelta(days=int(period))
    last = today
    for name in ("since", "until"):
        if name in given:
            try:
                day = dt.date.fromisoformat(given[name])
            except ValueError:
                faults.append(Fault(name, f"{given[name]!r}", "2026-11-21"))
                continue
            first, last = (day, last) if name == "since" else (first, day)
    office = given.get("office")
    if office is not None and whole(office, 9) is None:
        faults.append(Fault("office", f"{office!r}", ask.say("mã số của cơ quan")))
    if any("\0" in value for value in given.values()):
        faults.append(Fault("query", ask.say("có ký tự rỗng"), ask.say("chữ")))
    if not faults and (first > last or first.year < 2000):
        faults.append(Fault("since", f"{first}", ask.say("từ năm 2000 đến {day}", day=last)))
    if faults:
        raise BadInput("these figures cannot be asked for so", faults)
    since, until = calendar.midnight(first), calendar.midnight(last) + clock.DAY
    asked = Asked(
        since,
        until,
        office=int(office) if office else None,
        unit=given.get("ward"),
        category=given.get("category"),
        city=cities.lens(ask.session),
    )
    return Wanted(asked, given, first, last)


def figures(ask: Ask, by: By, asked: Asked) -> list[Row]:
    """The figures, kept a minute."""
    key = (by, asked)
    at = time.monotonic()
    with _lock:
        kept = _found.get(key)
    if kept is not None and at - kept[0] < _FRESH:
        return kept[1]
    rows = stats.figures(ask.session, by, asked, ask.now)
    with _lock:
        _found[key] = (at, rows)
        while len(_found) > _KEPT:
            _found.popitem(last=False)
    return rows


def forget() -> None:
    """Count anew what is asked next."""
    with _lock:
        _found.clear()


def narrowed(found: Wanted, by: By, key: str) -> Asked:
    """The cases of one line of the page. Raises BadInput."""
    if by not in BY:
        raise BadInput("there is no such table", [Fault("by", f"{by[:40]!r}", ", ".join(BY))])
    asked = found.asked
    if by == "month":
        try:
            begin, end = stats.month_span(key)
        except (BadInput, ValueError):
            raise BadInput("this is no month", [Fault("key", f"{key[:40]!r}", "2026-11")]) from None
        return replace(asked, since=max(begin, asked.since), until=min(end, asked.until))
    if by == "ward":
        return replace(asked, unit=key)
    if by == "category":
        return replace(asked, category=key)
    if by == "office":
        if (office := whole(key, 9)) is None:
            raise BadInput("there is no such office", [Fault("key", f"{key[:40]!r}", "the number of an office")])
        return replace(asked, office=office)
    return asked


DESK = desk.Desk(Ask, desk.people, ANYBODY, ANYBODY)
get = DESK.get
