"""Several indicators over their last periods at once, as a board reads them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sqlalchemy.orm import Session

from dothi.identity.guard import Caller
from dothi.indicators import judging, store
from dothi.indicators.periods import Kind, containing
from dothi.indicators.reading import _before, _Desk, _place_is
from dothi.indicators.tables import IndicatorTarget
from dothi.indicators.tables import IndicatorValue as V
from dothi.indicators.targets import of_year
from dothi.indicators.values import Value


def past(
    session: Session, caller: Caller, wanted: Iterable[tuple[str, Kind]], place: str | None, counts: Mapping[Kind, int],
    *, now: int | None = None,
) -> dict[tuple[str, Kind], list[Value]]:  # fmt: skip
    """The last periods of some indicators for a place, oldest first, the running one last; with target and light.

    counts: how many periods of each kind. A period without a number is there and missing; what the caller does not see is
    not there. Raises NotFound where there is no such place.
    """
    desk = _Desk(session, caller, now)
    where = desk.place(place)
    by_kind: dict[Kind, list[str]] = {}
    for code, kind in dict.fromkeys(wanted):
        one = desk.known.get(code)
        if one is not None and kind in one.periods and where.kind in one.places and desk.sight.sees(one):
            by_kind.setdefault(kind, []).append(code)
    codes = sorted({code for some in by_kind.values() for code in some})
    targets: dict[str, list[IndicatorTarget]] = {}
    for each in store.targets(session, codes, [where.code]) if codes else ():
        targets.setdefault(each.indicator, []).append(each)
    made: dict[tuple[str, Kind], list[Value]] = {}
    for kind, some in by_kind.items():
        starts = _before(containing(desk.now, kind), counts[kind])
        here = [desk.sight.clause(desk.known[code] for code in some), _place_is(where), V.period_kind == kind]
        rows = {(row.indicator, row.start): row for row in store.light_rows(session, *here, V.start >= starts[0])
                if desk.own(where, [row], desk.ground.today)}  # fmt: skip
        for code in some:
            one = desk.known[code]
            for start in starts:
                row = rows.get((code, start))
                period = containing(start, kind)
                found = desk.value(one, row, where) if row is not None else desk.missing(one, where, period)
                target = of_year(targets.get(code, ()), code, where.code, period.first.year)
                light = judging.light(one, found.number, target.value if target is not None else None)
                made.setdefault((code, kind), []).append(replace(found, target=target, light=light))
    return made
