"""Small numbers kept small: what is hidden beside a number of few cases, so that what is told does not give it away.

Complementary suppression (Hundepool and others, Statistical Disclosure Control, 2012, chapter 4): a total that is told, less
its parts that are told, must not come to few cases. Parts of a city are its communes, of a year its quarters and months, of
a month its days. Where what is left would be few, or the number of one part alone, the smallest part that is told is hidden
with it, and so on; totals stay told where they can.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from dothi.indicators import store
from dothi.indicators.ground import Ground
from dothi.indicators.judging import few, hushed
from dothi.indicators.model import Declared
from dothi.indicators.periods import Kind, containing
from dothi.indicators.values import PlaceKind

WITHIN: dict[Kind, tuple[Kind, ...]] = {
    "week": ("day",), "month": ("day",), "quarter": ("day", "month"), "year": ("day", "month", "quarter"),
}  # fmt: skip
_WIDER: tuple[PlaceKind, ...] = ("city", "province")
Key = tuple[str, str, str, int]  # kind of place, place, kind of period, start


@dataclass(slots=True)
class Cell:
    """A number that stands. counts: cases of each input; hidden: that it is not told; was: it is not told now."""

    key: Key
    end: int
    boundary: int
    counts: Mapping[str, float]
    hidden: bool
    was: bool = False

    @property
    def weight(self) -> float:
        """How many cases it rests on."""
        return max(self.counts.values(), default=0.0)


@dataclass
class Table:
    """The numbers of one indicator of about a year."""

    cells: dict[Key, Cell] = field(default_factory=dict)

    def groups(self, ground: Ground, end: int) -> Iterator[tuple[Cell, list[Cell]]]:
        """Every total with its parts: of places, then of times. end: totals that go on beyond are left out."""
        by_series: dict[tuple[str, str, int, str], list[Cell]] = {}
        boundaries: dict[tuple[str, int], set[int]] = {}  # on which the communes of a period stand
        for cell in self.cells.values():
            by_series.setdefault((*cell.key[:2], cell.boundary, cell.key[2]), []).append(cell)
            if cell.key[0] == "unit":
                boundaries.setdefault(cell.key[2:], set()).add(cell.boundary)
        for cell in self.cells.values():
            kind, place, period, start = cell.key
            if kind in _WIDER:
                yield from self._of_places(ground, cell, boundaries.get((period, start), set()))
            for part in WITHIN.get(period, ()) if cell.end <= end else ():  # type: ignore[call-overload]
                series = by_series.get((kind, place, cell.boundary, part), ())
                if inside := [one for one in series if start <= one.key[3] and one.end <= cell.end]:
                    yield cell, inside

    def _of_places(self, ground: Ground, cell: Cell, boundaries: set[int]) -> Iterator[tuple[Cell, list[Cell]]]:
        kind, place, period, start = cell.key
        for boundary in boundaries:
            _, units = ground.places(kind, boundary).get(place, (None, []))  # type: ignore[arg-type]
            parts = [self.cells.get(("unit", unit, period, start)) for unit in units]
            inside = [one for one in parts if one is not None]
            whole = kind == "city" or len(inside) == len(parts)  # a province has communes nothing is computed for
            if inside and whole:
                yield cell, inside


def hide(groups: Sequence[tuple[Cell, Sequence[Cell]]], least: int) -> None:
    """Hide what would give away a hidden number, until nothing does. Pure."""
    again = True
    while again:
        again = False
        for total, parts in groups:
            again = _one(total, parts, least) or again


def _one(total: Cell, parts: Sequence[Cell], least: int) -> bool:
    """One total and its parts; whether anything was hidden."""
    if total.hidden:
        return False
    told = sorted(
        (one for one in parts if not one.hidden and one.weight),
        key=lambda one: (not one.was, one.weight, -one.key[3], one.key),
    )
    gone = [one for one in parts if one.hidden and one.weight]
    done = False
    while gone and _gives_away(gone, least):
        done = True
        if not told:
            total.hidden = True
            break
        told[0].hidden = True
        gone.append(told.pop(0))
    return done


def _gives_away(gone: Sequence[Cell], least: int) -> bool:
    if len(gone) == 1:
        return True
    sums: dict[str, float] = {}
    for one in gone:
        for name, count in one.counts.items():
            sums[name] = sums.get(name, 0.0) + count
    return any(0 < each < least for each in sums.values())


# --- what stands


def settle(session: Session, known: Mapping[str, Declared], ground: Ground, written: Iterable[tuple[str, int]]) -> None:
    """Hide and show again what is to be hidden of indicators that were written. written: their codes with starts of periods."""
    years: dict[str, set[int]] = {}
    for code, start in written:
        years.setdefault(code, set()).add(containing(start, "year").start)
    wanted = {code: some for code, some in years.items() if _small(known, code)}
    for one in _upwards(known, wanted):
        for year in sorted(wanted[one.code]):
            _settle(session, known, ground, one, year)


def _small(known: Mapping[str, Declared], code: str, seen: frozenset[str] = frozenset()) -> bool:
    """Whether an indicator, or one it rests on, hides small numbers."""
    one = known.get(code)
    if one is None or code in seen:
        return False
    return one.least is not None or any(
        _small(known, i.indicator, seen | {code}) for i in one.inputs.values() if i.indicator
    )


def _upwards(known: Mapping[str, Declared], wanted: dict[str, set[int]]) -> list[Declared]:
    """Indicators in the order they rest on one another, those that rest on the wanted ones among them."""
    made: list[Declared] = []
    open_ = [known[code] for code in sorted(wanted)]
    while open_:
        one = open_.pop(0)
        made = [each for each in made if each is not one] + [one]
        for other in known.values():
            if any(i.indicator == one.code for i in other.inputs.values()):
                wanted.setdefault(other.code, set()).update(wanted[one.code])
                open_.append(other)
    return made


def _settle(session: Session, known: Mapping[str, Declared], ground: Ground, one: Declared, year: int) -> None:
    whole = containing(year, "year")
    first, end = containing(year, "week").start, containing(whole.end - 1, "week").end
    rows = store.smalls(session, one.code, first, end)
    below = _below(session, known, one, first, end)
    cases = [name for name in one.names if one.inputs[name].cases is not None]
    least = one.least or max((known[code].least or 0 for code in below), default=0) or 2
    table, reasons = Table(), dict[Key, tuple[str | None, str | None]]()
    for row in rows:
        key: Key = (row.place_kind, row.place, row.period_kind, row.start)
        told = row.places[row.place]
        parts = {name: told["inputs"][name][1] for name in cases if name in told["inputs"]}
        counts = {name: float(part[1]) for name, part in parts.items() if part is not None}
        own = one.least is not None and any(
            0 < each < one.least for part in parts.values() if part is not None for each in part[:2]
        )
        hidden = own or any(key in some for some in below.values())
        if not whole.start <= row.start < whole.end:
            hidden = hidden or hushed(row.reason)  # of another year: settled with that one
        shown = told["reason"] if not hushed(told["reason"]) else None
        reasons[key] = row.reason, shown
        period = containing(row.start, row.period_kind)
        table.cells[key] = Cell(key, period.end, row.boundary, counts, hidden, hushed(row.reason))
    if one.least is not None:
        hide(list(table.groups(ground, end)), one.least)
    for key, cell in table.cells.items():
        was, shown = reasons[key]
        reason = few(least) if cell.hidden else shown
        if reason != was:
            store.put_reason(session, one.code, key, reason)


def _below(session: Session, known: Mapping[str, Declared], one: Declared, first: int, end: int) -> dict[str, set[Key]]:
    """What is hidden of the indicators an indicator rests on."""
    codes = [i.indicator for i in one.inputs.values() if i.indicator is not None and i.indicator in known]
    return {code: store.hushed_keys(session, code, first, end) for code in codes}


__all__ = ["WITHIN", "Cell", "Table", "hide", "settle"]
