"""Receipts: what a number was made of, whether it still would be, and the rows that add up to it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from dothi.identity.guard import Caller
from dothi.indicators import declared, handled, hours, judging, store
from dothi.indicators.computing import Run, given, seal
from dothi.indicators.counted import Row
from dothi.indicators.ground import Ground
from dothi.indicators.judging import Given
from dothi.indicators.model import Cases, Input, Observations, Records, factor_of
from dothi.indicators.parts import Part, text
from dothi.indicators.periods import Period
from dothi.indicators.sight import Sight
from dothi.indicators.tables import IndicatorReceipt
from dothi.indicators.tables import IndicatorValue as V
from dothi.indicators.values import Again, Changed, InputReceipt, Receipt, Reproduced, Since
from dothi.kit import clock
from dothi.kit import text as texts
from dothi.kit.errors import Conflict, NotFound

COLUMNS = ["input", "aggregate", "source", "row", "at", "number"]


class _Held:
    """A receipt of one place, and what it takes to compute it again."""

    def __init__(self, session: Session, caller: Caller, id_: str) -> None:
        said, _, place = id_.partition("-")
        number = texts.whole(said)
        row = store.receipt(session, number) if number is not None else None
        self.known = declared.known(session)
        one = self.known.get(row.indicator) if row is not None else None
        if row is None or one is None or place not in row.places:
            raise _absent(id_)
        self.session, self.id, self.row, self.one, self.place = session, id_, row, one, place
        self.caller = caller
        self.told: Mapping[str, Any] = row.places[place]
        # what was computed while its period ran is looked at as of that moment: what came later is no change of it
        self.running = row.end > row.computed_at
        self.now = row.computed_at if self.running else clock.now_micros()
        self.run = Run(session, self.known, self.now, keep=False)
        self.ground: Ground = self.run.ground
        sight = Sight(session, caller, self.known, self.ground)
        seen = store.value_rows(
            session, V.indicator == one.code, V.period_kind == row.period_kind, V.start == row.start, V.place == place,
            V.place_kind == row.place_kind, sight.clause([one]),
        )  # fmt: skip
        if not seen:
            raise _absent(id_)
        self.stands = seen[0]
        if not (sight.told(self.stands.reason) and sight.told(self.told["reason"])):
            raise _absent(id_)  # every row of few cases is a person's
        self.period = Period(row.start, row.end, row.period_kind)  # type: ignore[arg-type]

    @property
    def current(self) -> bool:
        """Whether the number of this receipt is the one that stands."""
        return self.stands.receipt_id == self.row.id

    def units(self) -> list[str]:
        """The communes of the place."""
        found = self.ground.places(self.row.place_kind, self.row.boundary).get(self.place)  # type: ignore[arg-type]
        return found[1] if found is not None else [self.place]

    def part(self, name: str) -> Part | None:
        """The part of an input as the receipt keeps it."""
        kept = self.told["inputs"][name][1]
        return Part.of(kept) if kept is not None else None


def _absent(id_: str) -> NotFound:
    return NotFound(
        f"there is no receipt {id_[:60]!r}; numbers of a running period are made anew, and their receipts with them"
    )


def receipt(session: Session, caller: Caller, id_: str) -> Receipt:
    """The receipt of a number. Raises NotFound, also where the caller does not see every input."""
    held = _Held(session, caller, id_)
    row, one, told = held.row, held.one, held.told
    inputs = []
    for name, said in row.inputs.items():
        value, _, _ = told["inputs"][name]
        part = held.part(name)
        inputs.append(InputReceipt(
            name, said["source"], said["query"], said["aggregate"], value, int(part.seen) if part is not None else 0,
            said["version"], said["first"], said["last"], part.sha if part is not None else "",
            part.simulated if part is not None else False,
        ))  # fmt: skip
    place = held.ground.named(row.place_kind, held.place, row.boundary)
    return Receipt(
        id_, row.indicator, one.title.vi, place, held.period.code, held.period.kind, row.start, row.end, told["number"],
        told["numerator"], told["denominator"], told["coverage"], told["state"], told["reason"], one.unit,
        one.decimals, row.formula, row.formula_hash, tuple(inputs), row.boundary, row.computed_at, told["simulated"],
        row.sha256, held.current, tuple(_since(session, held)), min(row.end, row.computed_at), held.running,
        f"{held.stands.receipt_id}-{held.place}",
        judging.factor(factor_of(row.formula), told["number"], told["numerator"], told["denominator"]),
    )  # fmt: skip


def whole(session: Session, caller: Caller, id_: str) -> bool:
    """Whether a receipt is as it was written: its hash is of what it says."""
    row = _Held(session, caller, id_).row
    names = ("indicator", "period_kind", "start", "end", "place_kind", "boundary", "formula", "formula_hash", "inputs", "places",
             "computed_at")  # fmt: skip
    said = {name: getattr(row, name) for name in names}
    return row.sha256 in (seal(said), _sealed_before(said))


def _sealed_before(said: Mapping[str, Any]) -> str:
    """The hash as receipts had it at first: small numbers were written another way (1e-05)."""
    body = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()


def _since(session: Session, held: _Held) -> list[Since]:
    """What happened to the inputs after the number was made."""
    found: dict[tuple[Any, ...], Since] = {}
    since, row = held.row.computed_at, held.row
    for name, one in held.one.inputs.items():
        if one.records is not None:
            for at, who, count in store.record_changes(session, one.records.dataset, since):
                found[one.source, at, who] = Since(at, one.source, who, "records", count)
        elif one.observations is not None:
            first, last = row.inputs[name]["first"], row.inputs[name]["last"]
            for what, asked in (("corrected", store.corrected), ("late", store.late)):
                if (told := asked(session, one.observations.property, first, last, since)) is not None:
                    found[one.source, what] = Since(told[1], one.source, None, what, told[0])
    if row.formula_hash != held.one.hash:
        found["formula",] = Since(held.now, "formula", None, "formula", 1)
    return sorted(found.values(), key=lambda one: one.at)


def again(session: Session, caller: Caller, id_: str) -> Again:
    """The number made again, now, by the formula as it is declared now."""
    return _again(_Held(session, caller, id_))


def _again(held: _Held) -> Again:
    one, row = held.one, held.row
    made = held.run.numbers(one, held.period, row.place_kind, row.boundary).get(held.place)  # type: ignore[arg-type]
    if made is None:
        return Again(None, same=False, differs=tuple(one.inputs))
    kept = held.told["inputs"]
    differs = tuple(name for name in one.inputs if name not in kept or text(made.given[name]) != text(kept[name]))
    changes = tuple(_changed(held, made.given[name], name) for name in differs if name in kept)
    return Again(made.judged.number, not differs and row.formula_hash == one.hash, differs, changes)


def _changed(held: _Held, now: Given, name: str) -> Changed:
    part = held.part(name)
    rows = tuple(int(one.seen) if one is not None else 0 for one in (part, now.part))
    return Changed(name, held.told["inputs"][name][0], now.value, *rows)


def reproduce(session: Session, caller: Caller, id_: str) -> Reproduced:
    """The query of every input in words, and its rows; aggregated as named they give the inputs, the formula the number.

    A sum is of the column number, a count too (each row 1), a mean its mean, a share the mean of ones and zeros. Raises
    Conflict where the inputs are others now than when the number was made.
    """
    held = _Held(session, caller, id_)
    one, row = held.one, held.row
    found = _again(held)
    if found.differs:
        told = ", ".join(
            f"{c.name} was {c.was} of {c.rows_was} rows and is {c.is_} of {c.rows_is}" for c in found.changes
        )
        begun = (
            f"the period still ran when this was computed, at {clock.iso(row.computed_at)}; " if held.running else ""
        )
        raise Conflict(
            f"{begun}the inputs have changed since: {told or ', '.join(found.differs)}; the number that stands now is"
            f" {held.stands.value}, receipt {held.stands.receipt_id}-{held.place}"
        )
    name_ = held.ground.named(row.place_kind, held.place, row.boundary).name
    lines = [
        f"# {row.indicator} · {held.period.code} · {name_} ({held.place}) · receipt {id_}",
        f"number = {row.formula}",
    ]
    rows: list[list[Any]] = [list(COLUMNS)]
    for name, said in row.inputs.items():
        value = held.told["inputs"][name][0]
        first, last = clock.iso(said["first"]), clock.iso(said["last"])
        version = f", dataset version {said['version']}" if said["version"] is not None else ""
        whole = (of := one.inputs[name].records) is not None and of.whole is not None
        where = "the whole city" if whole else f"communes {', '.join(held.units())}"
        lines.append(f"{name} = {value}  <- {said['query']} · {first} to {last} · {where}{version}")
        rows += [[name, said["aggregate"], said["source"], *each] for each in _rows(held, one.inputs[name])]
    return Reproduced("\n".join(lines), rows)


def _rows(held: _Held, of: Input) -> Sequence[Sequence[Any]]:
    """Row, moment and number of everything an input counted in the place."""
    units, stage = held.units(), held.run.stage
    if of.observations is not None:
        return _hours(held, of, of.observations, units)
    if of.records is not None:
        return _records(held, of, of.records, units)
    if of.cases is not None:
        return _cases(held, of.cases, units)
    if of.indicator is not None:
        other = held.known[of.indicator]
        numbers = held.run.numbers(other, held.period, held.row.place_kind, held.row.boundary)  # type: ignore[arg-type]
        number = numbers[held.place].judged.number
        return [] if number is None else [[of.indicator, clock.iso(held.period.start), number]]
    found = stage.found(of, held.period, held.row.boundary)
    moment = clock.iso(held.row.boundary)
    return [[unit, moment, given(of, found, [unit]).value] for unit in units if unit in found.parts]


def _hours(held: _Held, of: Input, asked: Observations, units: Sequence[str]) -> list[Sequence[Any]]:
    assert of.aggregate is not None  # noqa: S101
    placed = held.run.stage.placed(asked, held.period, held.row.boundary, dict.fromkeys(units, held.place))
    return [list(row) for row in hours.rows_of(placed, asked, of.aggregate, held.place)]


def _records(held: _Held, of: Input, asked: Records, units: Sequence[str]) -> list[Sequence[Any]]:
    stage, boundary = held.run.stage, held.row.boundary
    found: list[Sequence[Any]] = []
    read = stage.records(asked, held.period)
    if asked.whole is not None:
        return [
            list(each) for one in (read[1] if read is not None else []) if (each := _line(of, one, 1.0)) is not None
        ]
    for start, some in stage.by_boundary(asked, read[1] if read is not None else [], boundary).items():
        where = stage.units(asked, some, start)
        weights = _weights(held, units, start)
        for one in some:
            weight = weights.get(where[one.key] or "", 0.0)
            if weight and (line := _line(of, one, weight)) is not None:
                found.append(line)
    return found


def _line(of: Input, one: Row, weight: float) -> Sequence[Any] | None:
    """A record that was counted: its key, moment and number."""
    if not one.counts and of.aggregate != "share":
        return None
    number: Any = float(one.counts) if of.aggregate in ("count", "share") else one.value
    if number is None:
        return None
    return [one.key, clock.iso(one.at), number * weight if isinstance(number, float | int) else number]


def _weights(held: _Held, units: Sequence[str], start: int) -> dict[str, float]:
    """The share of each commune of a boundary that went into some communes of the receipt's own."""
    if start == held.row.boundary:
        return dict.fromkeys(units, 1.0)
    found: dict[str, float] = {}
    codes = held.ground.rows(start)
    for code in codes:
        ones = {other: Part(count=1.0 if other == code else 0.0) for other in codes}
        moved = held.ground.carry(ones, start, held.row.boundary, "count")
        share = sum(moved[unit].count for unit in units if unit in moved)
        if share:
            found[code] = share
    return found


def _cases(held: _Held, asked: Cases, units: Sequence[str]) -> list[Sequence[Any]]:
    # how many dossiers there are is public, which ones they are is not
    closed = asked.type == "dossier" and "cases:read" not in held.caller.everywhere
    stage = held.run.stage
    found: list[Sequence[Any]] = []
    for start, first, after in stage.spans(held.period):
        weights = _weights(held, units, start)
        for row in handled.rows(held.session, asked, first, after, held.now):
            weight = weights.get(row.unit or "", 0.0)
            if weight:
                number = 1.0 if asked.value is None else float(row[4])
                name, at = (f"#{len(found) + 1}", held.period.start) if closed else (row.number, row.opened_at)
                found.append([name, clock.iso(at), number * weight])
    return found


__all__ = ["COLUMNS", "IndicatorReceipt", "again", "receipt", "reproduce", "whole"]
