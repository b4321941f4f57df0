"""What is to be computed anew, and computing it: only what changed since, in pieces that hold nobody up.

What tells: rolled up hours (marks), versions of datasets, changes of cases, another formula, other places, and time itself:
a period that ended is computed once more, those that run once an hour.
"""

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from dothi.db import session as db
from dothi.indicators import computing, declared, handled, store
from dothi.indicators.model import Declared, Input, digest
from dothi.indicators.periods import Kind, Period, between, containing, parse
from dothi.kit import clock
from dothi.kit.clock import DAY, HOUR
from dothi.kit.errors import BadInput
from dothi.places import cities
from dothi.places import store as places

log = logging.getLogger(__name__)
# how many periods back are filled by themselves; further back `dothi indicators compute` goes
FILLED: dict[Kind, int] = {"day": 35, "week": 13, "month": 36, "quarter": 12, "year": 5}
_LONG = (
    62 * DAY
)  # hours that changed over longer than this are an import: days further back are not computed one by one
_MARKS = 50_000
_OVERLAP = 2 * 60 * clock.SECOND  # a case's change may be stamped before it is committed


@dataclass
class Due:
    """What is to be done: indicators and periods, parts that are stale, and where things then have come to."""

    now: int
    wanted: dict[tuple[str, Period], None] = field(default_factory=dict)
    stale: set[tuple[str, int]] = field(default_factory=set)
    marks: list[int] = field(default_factory=list)
    cursors: dict[str, Any] = field(default_factory=dict)
    sources: set[str] = field(default_factory=set)  # whose parts are all stale
    gone: list[str] = field(default_factory=list)
    everything: bool = False

    def want(self, one: Declared, periods: Iterable[Period]) -> None:
        """Have an indicator computed for those of some periods that have begun."""
        for period in periods:
            if period.start <= self.now and period.kind in one.periods:
                self.wanted[one.code, period] = None


def due(session: Session, now: int | None = None) -> Due:
    """What has changed since indicators were last computed."""
    at = clock.now_micros() if now is None else now
    known = declared.known(session)
    had = store.cursors(session)
    found = Due(at)
    by_source = _by_source(known)
    _declared(session, found, known, had)
    _grounds(session, found, known, had)
    _hours(session, found, by_source)
    _streams(session, found, by_source, had)
    _datasets(session, found, by_source, had)
    _cases(session, found, by_source, had)
    _time(found, known, had)
    for code, told in had.get("todo") or []:  # what a run before had no time for
        if code in known:
            found.want(known[code], [parse(told)])
    _upwards(found, known)
    return found


def _by_source(known: Mapping[str, Declared]) -> dict[str, list[tuple[Declared, Input]]]:
    found: dict[str, list[tuple[Declared, Input]]] = {}
    for one in known.values():
        for each in one.inputs.values():
            found.setdefault(each.source, []).append((one, each))
    return found


def _filled(session: Session, one: Declared, now: int) -> list[Period]:
    """The periods that are filled for an indicator: since anything is stored of its inputs, so far back as FILLED says."""
    properties = [i.observations.property for i in one.inputs.values() if i.observations is not None]
    datasets = [i.records.dataset for i in one.inputs.values() if i.records is not None]
    types = [i.cases.type for i in one.inputs.values() if i.cases is not None]
    firsts = [store.first_moments(session, properties, datasets), handled.first(session, types) if types else None]
    if any(i.records is not None and i.records.during for i in one.inputs.values()):
        firsts = [0]
    first = min((each for each in firsts if each is not None), default=now)
    made: list[Period] = []
    for kind in one.periods:
        begin = containing(now, kind).before(FILLED[kind]).start
        made += between(kind, max(begin, first), now + 1)
    return made


def _declared(session: Session, found: Due, known: Mapping[str, Declared], had: Mapping[str, Any]) -> None:
    for code, one in known.items():
        mark = digest([one.hash, one.periods, one.places])
        if had.get(f"formula:{code}") != mark:
            found.want(one, _filled(session, one, found.now))
            found.cursors[f"formula:{code}"] = mark
    every = declared.indicators()
    lost = [name.removeprefix("formula:") for name in had if name.startswith("formula:")]
    for code in lost:
        if code not in every and had[f"formula:{code}"] is not False:
            found.gone.append(code)
            found.cursors[f"formula:{code}"] = False


def _grounds(session: Session, found: Due, known: Mapping[str, Declared], had: Mapping[str, Any]) -> None:
    """Units, areas, outlines or the crosswalk are others: every place may be made of something else."""
    codes: list[str | None] = [*cities.all_(session)] or [None]
    inputs = [cities.inputs(session, code).get("population") for code in codes]
    for name, mark in (("places", places.stamp(session)), ("people", digest(inputs))):
        if had.get(name) == mark:
            continue
        found.cursors[name] = mark
        if name == "places" and name in had:
            found.everything = True
        for one in known.values():
            if name == "places" or any(each.population for each in one.inputs.values()):
                found.want(one, _filled(session, one, found.now))


def _hours(session: Session, found: Due, by_source: Mapping[str, list[tuple[Declared, Input]]]) -> None:
    marks = store.marks(session, _MARKS)
    found.marks = [mark[0] for mark in marks]
    codes = store.properties_of(session, {mark[1] for mark in marks})
    spans: dict[str, set[tuple[int, int]]] = {}
    for _, stream, first, last in marks:
        if stream in codes:
            spans.setdefault(codes[stream], set()).add((first, last + HOUR))
    for code, some in spans.items():
        for first, last in _joined(some):
            found.stale |= {(f"property:{code}", month.start) for month in between("month", first, last)}
            for one, _ in by_source.get(f"property:{code}", []):
                for kind in one.periods:
                    begin = first
                    if kind in ("day", "week") and last - first > _LONG:
                        begin = max(first, containing(found.now, kind).before(FILLED[kind]).start)
                    if begin < last:
                        found.want(one, between(kind, begin, last))


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    made: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if made and first <= made[-1][1] + DAY:
            made[-1] = (made[-1][0], max(made[-1][1], last))
        else:
            made.append((first, last))
    return made


def _streams(
    session: Session, found: Due, by_source: Mapping[str, list[tuple[Declared, Input]]],
    had: Mapping[str, Any],
) -> None:  # fmt: skip
    """Datastreams that came, went or stand in another commune."""
    for source, some in by_source.items():
        kind, _, code = source.partition(":")
        if kind != "property":
            continue
        mark = digest([(one.id, one.unit, one.simulated) for one in store.streams(session, code)])
        if had.get(source) != mark:
            found.cursors[source] = mark
            if source in had:
                found.sources.add(source)
                for one, _ in some:
                    found.want(one, _filled(session, one, found.now))


def _datasets(
    session: Session, found: Due, by_source: Mapping[str, list[tuple[Declared, Input]]],
    had: Mapping[str, Any],
) -> None:  # fmt: skip
    codes = [source.partition(":")[2] for source in by_source if source.startswith("dataset:")]
    for code, mark in store.versions(session, codes).items():
        source = f"dataset:{code}"
        before = had.get(source)
        if before == mark:
            continue
        found.cursors[source] = mark
        since = before[1] if before is not None else 0
        changed: list[dict[str, Any]] | None = None
        for one, each in by_source[source]:
            assert each.records is not None  # noqa: S101
            if before is None:
                found.want(one, _filled(session, one, found.now))
            elif each.records.during is None:
                found.want(one, (p for kind in one.periods for p in between(kind, since, found.now + 1)))
            else:
                changed = store.changed_records(session, code, since) if changed is None else changed
                days = {day for held in changed if (day := _day(held.get(each.records.during))) is not None}
                found.want(one, (containing(day, kind) for day in days for kind in one.periods))


def _day(said: Any) -> int | None:
    try:
        text = str(said)
        return clock.parse(text if len(text) > 10 else f"{text}T12:00:00", clock.VIETNAM)
    except BadInput:  # a date that is none belongs to no period
        return None


def _cases(
    session: Session, found: Due, by_source: Mapping[str, list[tuple[Declared, Input]]],
    had: Mapping[str, Any],
) -> None:  # fmt: skip
    some = [(one, each) for source, pairs in by_source.items() if source.startswith("cases:") for one, each in pairs]
    if not some:
        return
    before = had.get("cases")
    newest, moments = handled.days(session, (before or 0) - _OVERLAP if before else 0)
    if newest == before:
        return
    found.cursors["cases"] = newest
    days = {containing(at, "day") for at in moments}
    for one, _ in some:
        found.want(one, {containing(day.start, kind) for day in days for kind in one.periods})


def _time(found: Due, known: Mapping[str, Declared], had: Mapping[str, Any]) -> None:
    last = had.get("hour")
    hour = found.now // HOUR * HOUR
    if last == hour:
        return
    found.cursors["hour"] = hour
    for one in known.values():
        for kind in one.periods:
            since = found.now if last is None else max(last, containing(found.now, kind).before(FILLED[kind]).start)
            found.want(one, between(kind, since, found.now + 1))


def _upwards(found: Due, known: Mapping[str, Declared]) -> None:
    """What rests on an indicator that is computed anew is computed anew too."""
    rests: dict[str, list[Declared]] = {}
    for one in known.values():
        for each in one.inputs.values():
            if each.indicator is not None:
                rests.setdefault(each.indicator, []).append(one)
    open_ = list(found.wanted)
    while open_:
        code, period = open_.pop()
        for one in rests.get(code, []):
            if period.kind in one.periods and (one.code, period) not in found.wanted:
                found.wanted[one.code, period] = None
                open_.append((one.code, period))


def run(seconds: float | None = None, now: int | None = None) -> int:
    """Compute what is due, period by period, each read first and then written in a short transaction of its own.

    seconds: stop after so long; what is left is done by the next run. Returns how many numbers changed.
    """
    end = None if seconds is None else time.monotonic() + seconds
    with db.reading() as session:
        found = due(session, now)
        known = declared.known(session)
    if found.everything or found.sources or found.stale or found.gone:
        with db.writing() as session:
            if found.everything:
                store.drop_all_parts(session)
            elif found.sources:
                store.drop_all_parts(session, found.sources)
            store.drop_parts(session, found.stale)
            store.drop_indicator(session, found.gone)
    changed, portions = 0, _portions(found, known)
    while portions and (end is None or time.monotonic() < end):
        some = portions.pop(0)
        with db.reading() as session:
            batch = computing.prepare(session, known, some, found.now)
        with db.writing() as session:
            changed += computing.write(session, batch)
    with db.writing() as session:
        store.drop_marks(session, found.marks)
        todo = [[code, period.code] for some in portions for code, period in some]
        store.put_cursors(session, {**found.cursors, "todo": todo})
    if todo:
        log.info("indicators: %d periods are left for the next run", len(todo))
    return changed


def _portions(found: Due, known: Mapping[str, Declared]) -> list[list[tuple[str, Period]]]:
    """What is wanted, a month (with its days and weeks) at a time, then what months make; newest first."""
    portions: dict[tuple[int, int], list[tuple[str, Period]]] = {}
    for code, period in found.wanted:
        if code in known:
            long = period.kind in ("quarter", "year")
            key = (1 if long else 0, -(period if long else containing(period.end - 1, "month")).start)
            portions.setdefault(key, []).append((code, period))
    return [some for _, some in sorted(portions.items())]


__all__ = ["FILLED", "Due", "due", "run"]
