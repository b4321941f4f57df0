"""Series across a change of units: the parts of every commune, as their receipts keep them, carried to one boundary."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dothi.indicators import judging, store
from dothi.indicators.computing import given
from dothi.indicators.judging import Given
from dothi.indicators.model import Declared
from dothi.indicators.parts import Part
from dothi.indicators.periods import Period
from dothi.indicators.sources import Found
from dothi.indicators.tables import IndicatorValue as V
from dothi.indicators.values import Place, Value

if TYPE_CHECKING:
    from dothi.indicators.reading import _Desk


def carried(
    desk: "_Desk", one: Declared, place: Place, wanted: Sequence[Period], held: Mapping[int, V], boundary: int
) -> dict[int, Value]:
    """The values of a place on a boundary, by the start of the period, of those that were computed on another one."""
    units = _units(desk, place, boundary)
    made: dict[int, Value] = {}
    if units is None:
        return {period.start: desk.missing(one, place, period, "ended") for period in wanted}
    starts = {period.start: period for period in wanted}
    rows = (
        desk.rows(one, V.place_kind == "unit", V.period_kind == wanted[0].kind, V.start.in_(list(starts)))
        if wanted
        else []
    )
    by_start: dict[int, list[V]] = {}
    for row in rows:
        if row.boundary != boundary:
            by_start.setdefault(row.start, []).append(row)
    hides = bool(desk.sight.hidden(one).units)
    for start, some in by_start.items():
        if hides:  # a carried number rests on places one by one
            continue
        shown = _carry(desk, one, units, some, boundary)
        number = judging.judged(one, shown)
        if not desk.sight.told(number.reason) or _hidden(desk, units, some, boundary):
            made[start] = replace(desk.missing(one, place, starts[start], number.reason or "no-data"), carried=True)
            continue
        made[start] = replace(
            desk.missing(one, place, starts[start]), number=number.number, state=number.state, reason=number.reason,
            numerator=number.numerator, denominator=number.denominator, coverage=number.coverage, carried=True,
            factor=judging.factor(one.factor, number.number, number.numerator, number.denominator), boundary=boundary,
            simulated=any(row.simulated for row in some), computed_at=max(row.computed_at for row in some),
        )  # fmt: skip
    for period in wanted:  # what stands under the same code on another boundary is another place
        own = held.get(period.start)
        if period.start not in made and own is not None and own.boundary != boundary:
            made[period.start] = desk.missing(one, place, period)
    return made


def _hidden(desk: "_Desk", units: Sequence[str], some: Sequence[V], boundary: int) -> bool:
    """Whether a place on a boundary has a share of a number that the caller is not told."""
    gone = {row.place for row in some if not desk.sight.told(row.reason)}
    if not gone:
        return False
    shares = {row.place: Part(count=float(row.place in gone)) for row in some}
    moved = desk.ground.carry(shares, some[0].boundary, boundary, "count")
    return any(moved[unit].count > 0 for unit in units if unit in moved)


def _units(desk: "_Desk", place: Place, boundary: int) -> list[str] | None:
    if place.kind == "unit":
        return [place.code] if place.code in desk.ground.rows(boundary) else None
    found = desk.ground.places("province", boundary).get(place.code)
    return found[1] if found is not None else None


def _carry(desk: "_Desk", one: Declared, units: Sequence[str], some: Sequence[V], boundary: int) -> dict[str, Given]:
    receipts: dict[int, Any] = {}
    for row in some:
        if row.receipt_id not in receipts:
            receipts[row.receipt_id] = store.receipt(desk.session, row.receipt_id)
    made: dict[str, Given] = {}
    start = some[0].boundary
    for name, input_ in one.inputs.items():
        if not input_.additive:
            made[name] = Given(None, None, "no-shares")
            continue
        parts: dict[str, Part] = {}
        for row in some:
            held = receipts[row.receipt_id]
            kept = held.places[row.place]["inputs"].get(name) if held is not None else None
            if kept is not None and kept[1] is not None:
                parts[row.place] = Part.of(kept[1])
        moved = desk.ground.carry(parts, start, boundary, input_.aggregate)
        made[name] = given(input_, Found(moved), units)
    return made
