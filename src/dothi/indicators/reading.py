"""Reading numbers: one, a series, all places of a period, the newest of many; with target, light and trend."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlalchemy import and_, or_
from sqlalchemy.orm import Session

from dothi.identity.guard import Caller
from dothi.indicators import across, declared, judging, store
from dothi.indicators.ground import Ground, ground, unit
from dothi.indicators.model import Declared
from dothi.indicators.periods import KINDS, Kind, Period, between, containing
from dothi.indicators.periods import parse as parse_period
from dothi.indicators.sight import Sight
from dothi.indicators.tables import IndicatorTarget
from dothi.indicators.tables import IndicatorValue as V
from dothi.indicators.targets import of_year
from dothi.indicators.values import Forecast, Place, PlaceKind, Target, Value
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.places import cities

Told = Callable[[str | None], bool]
_BACK = 12  # periods a trend looks at
_HISTORY: dict[Kind, int] = {"day": 120, "week": 156, "month": 72, "quarter": 32, "year": 15}  # a forecast learns from


class _Desk:
    """What one call needs of the ground, the declared and the caller's sight."""

    def __init__(self, session: Session, caller: Caller, now: int | None) -> None:
        self.session, self.now = session, clock.now_micros() if now is None else now
        self.known = declared.known(session)
        self.ground: Ground = ground(session, self.now)
        self.sight = Sight(session, caller, self.known, self.ground)

    def one(self, code: str) -> Declared:
        """An indicator the caller sees anything of; NotFound otherwise."""
        found = self.known.get(code)
        if found is None or not self.sight.sees(found):
            raise NotFound(f"there is no indicator {code[:80]!r}, or you may not see it")
        return found

    def place(self, code: str | None) -> Place:
        """A place by its code; None: the city a page is about, else the first."""
        if code is None:
            seen = cities.lens(self.session)
            mine = [one for one in self.ground.cities if seen is None or one.code in seen.areas]
            first = next(iter(mine or self.ground.cities), None)
            if first is None:
                raise NotFound("no city is set up here yet")
            return self.ground.named("city", first.code, self.ground.today)
        if any(one.code == code for one in self.ground.atlas.areas):
            return self.ground.named("city", code, self.ground.today)
        if code not in self.ground.atlas.by_code:
            raise NotFound(f"there is no place {code[:40]!r}")
        return unit(self.ground.atlas.bearing(code, self.ground.today) or self.ground.atlas.by_code[code][-1])

    def own(self, place: Place, rows: Sequence[V], boundary: int) -> list[V]:
        """Those of a place's rows that are of the same unit as on a boundary: codes are given out again."""
        if place.kind == "city":
            return list(rows)
        bearing = self.ground.atlas.bearing
        meant = bearing(place.code, boundary)
        return [row for row in rows if meant is not None and bearing(place.code, row.boundary) == meant]

    def rows(self, one: Declared, *where: Any) -> list[V]:
        """Values of an indicator that the caller sees."""
        return store.value_rows(self.session, V.indicator == one.code, self.sight.clause([one]), *where)

    def value(self, one: Declared, row: Any, place: Place | None = None) -> Value:
        """A row as a value, without what is beside it."""
        period = _period_of(row.start, row.period_kind)
        where = place or self.ground.named(row.place_kind, row.place, row.boundary)
        if not self.sight.told(row.reason):
            return replace(self.missing(one, where, period, row.reason), boundary=row.boundary, simulated=row.simulated,
                           computed_at=row.computed_at)  # fmt: skip
        return Value(
            one.code, where, period.code, period.kind, period.start, period.end, row.value, row.state, row.reason,
            one.unit, one.decimals, row.numerator, row.denominator, row.coverage, row.simulated,
            period.end > self.now, False, row.boundary, f"{row.receipt_id}-{row.place}", row.computed_at,
            judging.factor(one.factor, row.value, row.numerator, row.denominator),
        )  # fmt: skip

    def missing(self, one: Declared, place: Place, period: Period, reason: str = "not-computed") -> Value:
        """The value of a period nothing was computed for."""
        return Value(one.code, place, period.code, period.kind, period.start, period.end, None, "missing", reason,
                     one.unit, one.decimals, running=period.end > self.now)  # fmt: skip


_period_of = lru_cache(maxsize=2048)(containing)


def _place_is(place: Place) -> Any:
    return and_(V.place == place.code, V.place_kind == place.kind)


def value(
    session: Session, caller: Caller, code: str, place: str | None = None, period: str | Period = "month",
    *, now: int | None = None,
) -> Value:  # fmt: skip
    """The number of an indicator for a place and a period, with target, light and trend.

    place: code of a city, commune or province; None: the first city. period: 2026-11-22, 2026-W47, 2026-11, 2026-Q4, 2026,
    or the name of a kind for the newest of it that has a number. Raises NotFound, BadInput.
    """
    desk = _Desk(session, caller, now)
    one, where = desk.one(code), desk.place(place)
    when = _period(desk, one, where, period)
    first = when.before(_BACK - 1).start
    rows = desk.rows(one, _place_is(where), V.period_kind == when.kind, V.start >= first, V.start <= when.start)
    found = next((row for row in rows if row.start == when.start), None)
    if found is None:
        return _beside(
            one, desk.missing(one, where, when), rows, store.targets(session, [code], [where.code]), desk.sight.told
        )
    made = desk.value(one, found)
    return _beside(
        one, made, desk.own(where, rows, found.boundary), store.targets(session, [code], [where.code]), desk.sight.told
    )


def _period(desk: _Desk, one: Declared, place: Place, period: str | Period) -> Period:
    if isinstance(period, Period):
        return period
    if period not in KINDS:
        return parse_period(period)
    newest = store.newest(desk.session, [desk.sight.clause([one]), _place_is(place)], [period])
    start = next((row[2] for row in newest if row[0] == one.code), None)
    return containing(desk.now if start is None else start, period)


def _beside(one: Declared, made: Value, rows: Sequence[Any], targets: Sequence[IndicatorTarget], told: Told) -> Value:
    """A value with its target, light and trend. rows: of its series, in order, up to it at least."""
    year = containing(made.start, made.kind).first.year
    target = of_year(targets, one.code, made.place.code, year)
    known = {row.start: row.value for row in rows if row.start <= made.start and told(row.reason)}
    series = [known.get(start) for start in _before(Period(made.start, made.end, made.kind), _BACK)]
    # a period that still runs says little about where things go, of sums least of all
    trend = judging.trend(one, series[:-1] if made.running else series)
    light = judging.light(one, made.number, target.value if target is not None else None)
    return replace(made, target=target, light=light, trend=trend)


@lru_cache(maxsize=512)
def _before(period: Period, count: int) -> tuple[int, ...]:
    """The starts of so many periods up to one, oldest first."""
    made = [period]
    while len(made) < count:
        made.append(made[-1].before())
    return tuple(one.start for one in reversed(made))


def series(
    session: Session, caller: Caller, code: str, place: str | None, period_kind: Kind, first: int, last: int,
    *, boundary: int | None = None, now: int | None = None,
) -> list[Value]:  # fmt: skip
    """The numbers of a place in [first, last), µs UTC, oldest first; a period without one is there and missing.

    boundary: an instant whose unit outlines are meant, so that what came before and after a merger compares: numerators
    and denominators are carried over with the crosswalk's weights, the rate is made anew; what has no weight is missing.
    """
    if period_kind not in KINDS:
        raise BadInput("there is no such kind of period", [Fault("period", repr(period_kind)[:40], ", ".join(KINDS))])
    desk = _Desk(session, caller, now)
    one, where = desk.one(code), desk.place(place)
    wanted = list(between(period_kind, first, last))
    if len(wanted) > 4000:
        raise BadInput("too many periods at once", [Fault("first", f"{len(wanted)} periods", "at most 4000")])
    rows = (
        desk.rows(one, _place_is(where), V.period_kind == period_kind, V.start >= wanted[0].start, V.start < last)
        if wanted
        else []
    )
    if boundary is None:
        rows = desk.own(
            where,
            rows,
            desk.ground.today if desk.ground.standing(where) else max((r.boundary for r in rows), default=0),
        )
    held = {row.start: row for row in rows}
    targets = store.targets(session, [code], [where.code])
    on = desk.ground.boundary(boundary) if boundary is not None and where.kind != "city" else None
    made: list[Value] = []
    carried = across.carried(desk, one, where, wanted, held, on) if on is not None else {}
    for period in wanted:
        row = held.get(period.start)
        found = carried.get(period.start) or (
            desk.value(one, row, where) if row is not None else desk.missing(one, where, period)
        )
        year = period.first.year
        target = of_year(targets, code, where.code, year)
        light = judging.light(one, found.number, target.value if target is not None else None)
        made.append(replace(found, target=target, light=light))
    return made


def by_place(
    session: Session, caller: Caller, code: str, period: str | Period, *, level: PlaceKind = "unit",
    now: int | None = None,
) -> list[Value]:  # fmt: skip
    """The numbers of every place of a kind in a period, by name; a place without one is there and missing."""
    desk = _Desk(session, caller, now)
    one = desk.one(code)
    if level not in ("city", "unit", "province"):
        raise BadInput("there is no such level", [Fault("level", repr(level)[:40], "city, unit, province")])
    when = _newest(desk, one, level, period) if period in KINDS else _period(desk, one, Place(level, "", ""), period)
    rows = desk.rows(one, V.place_kind == level, V.period_kind == when.kind, V.start >= when.before(_BACK - 1).start,
                     V.start <= when.start)  # fmt: skip
    by_code: dict[str, list[V]] = {}
    for row in rows:
        by_code.setdefault(row.place, []).append(row)
    boundary = max((row.boundary for row in rows if row.start == when.start), default=desk.ground.today)
    targets = store.targets(session, [code])
    made = []
    for place_code, (place, _) in desk.ground.places(level, boundary).items():
        own = desk.own(place, by_code.get(place_code, []), boundary)
        here = next((row for row in own if row.start == when.start), None)
        found = desk.value(one, here, place) if here is not None else desk.missing(one, place, when)
        made.append(_beside(one, found, own, targets, desk.sight.told))
    return sorted(made, key=lambda value_: value_.place.name)


def _newest(desk: _Desk, one: Declared, level: PlaceKind, kind: str | Period) -> Period:
    newest = store.newest(desk.session, [desk.sight.clause([one]), V.place_kind == level], [str(kind)])
    return containing(max((row[2] for row in newest), default=desk.now), kind)  # type: ignore[arg-type]


def latest(
    session: Session, caller: Caller, codes: Iterable[str] | None = None, *, place: str | None = None,
    kind: Kind | None = None, now: int | None = None,
) -> list[Value]:  # fmt: skip
    """The newest number of every indicator the caller sees, for a place: of the longest period declared, or of `kind`.

    Of month and year the month is taken: what a board shows. Those without any number are there and missing.
    """
    return everywhere(session, caller, codes, places=[place], kind=kind, now=now)


def everywhere(
    session: Session, caller: Caller, codes: Iterable[str] | None = None, *, places: Iterable[str | None],
    kind: Kind | None = None, now: int | None = None,
) -> list[Value]:  # fmt: skip
    """What `latest` says, of several places at once, place by place."""
    desk = _Desk(session, caller, now)
    asked = None if codes is None else set(codes)
    shown = {one.code: (one, as_) for one in desk.known.values()
             if (asked is None or one.code in asked) and (as_ := _shown(one, kind)) is not None and desk.sight.sees(one)}  # fmt: skip
    where = {found.code: found for found in map(desk.place, places)}
    if not shown:
        return []
    here = [desk.sight.clause(one for one, _ in shown.values()), _among(where.values())]
    starts = {tuple(row[:4]): row[4] for row in store.newest_by_place(session, here)}
    wanted = [
        (one, place, containing(starts.get((place.kind, place.code, one.code, as_), desk.now), as_))
        for place in where.values() for one, as_ in shown.values() if place.kind in one.places
    ]  # fmt: skip
    spans = {(p.kind, _before(p, _BACK)[0], p.start) for _, _, p in wanted}
    in_span = or_(*(and_(V.period_kind == k, V.start >= a, V.start <= b) for k, a, b in spans))
    rows: dict[tuple[str, str, str], list[Any]] = {}
    for row in store.light_rows(session, *here, in_span) if spans else ():
        if row.period_kind == shown[row.indicator][1]:
            rows.setdefault((row.place_kind, row.place, row.indicator), []).append(row)
    targets: dict[str, list[IndicatorTarget]] = {}
    for target in store.targets(session, list(shown), list(where)):
        targets.setdefault(target.indicator, []).append(target)
    made = []
    for one, place, when in wanted:
        own = rows.get((place.kind, place.code, one.code), [])
        found = next((row for row in own if row.start == when.start), None)
        value_ = desk.value(one, found, place) if found is not None else desk.missing(one, place, when)
        made.append(_beside(one, value_, own, targets.get(one.code, ()), desk.sight.told))
    return made


def _among(places: Iterable[Place]) -> Any:
    by_kind: dict[str, list[str]] = {}
    for one in places:
        by_kind.setdefault(one.kind, []).append(one.code)
    return or_(*(and_(V.place_kind == kind, V.place.in_(codes)) for kind, codes in by_kind.items()))


def _shown(one: Declared, kind: Kind | None) -> Kind | None:
    """The kind of period an indicator is shown by."""
    if kind is not None:
        return kind if kind in one.periods else None
    return next((k for k in ("month", "week", "day", "quarter", "year") if k in one.periods), None)


def forecast(
    session: Session, caller: Caller, code: str, place: str | None, period_kind: Kind, *, now: int | None = None
) -> Forecast | None:
    """How a series may go on after its last full period; None where nothing is declared or too little is known."""
    desk = _Desk(session, caller, now)
    one, where = desk.one(code), desk.place(place)
    if one.forecast is None:
        return None
    last = containing(desk.now, period_kind)
    first = last.before(_HISTORY[period_kind])
    rows = desk.rows(one, _place_is(where), V.period_kind == period_kind, V.start >= first.start, V.start < last.start)
    own = desk.own(where, rows, desk.ground.today)
    known = {row.start: row.value for row in own if row.state != "missing" and desk.sight.told(row.reason)}
    if not known:
        return None
    begin = containing(min(known), period_kind)
    return judging.forecast(one, [(p, known.get(p.start)) for p in between(period_kind, begin.start, last.start)])


def places(session: Session, kind: PlaceKind | None = None, at: int | None = None) -> list[Place]:
    """The places figures are computed for, on the boundaries of an instant (None: now)."""
    here = ground(session)
    boundary = here.today if at is None else here.boundary(at)
    kinds: tuple[PlaceKind, ...] = ("city", "province", "unit") if kind is None else (kind,)
    return [place for each in kinds for place, _ in here.places(each, boundary).values()]


__all__ = ["Target", "by_place", "everywhere", "forecast", "latest", "places", "series", "value"]
