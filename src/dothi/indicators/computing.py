"""Computing: numbers of indicators for periods, written only where they differ, each computing with its receipt."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from dothi.indicators import declared, hushing, store, writing
from dothi.indicators.ground import Ground, ground
from dothi.indicators.judging import Given, Judged, hushed, judged
from dothi.indicators.model import APART, Declared, Input
from dothi.indicators.parts import Part, merged, result, text
from dothi.indicators.periods import KINDS, Period, containing, months
from dothi.indicators.periods import parse as parse_period
from dothi.indicators.sources import WHOLE, Found, Stage, grouped
from dothi.indicators.values import Place, PlaceKind
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault

ACTOR = "dothi"
_ORDER = ("month", "week", "day", "quarter", "year")  # what is read for a month serves its days


class Told(msgspec.Struct, frozen=True):
    """A number as it stands in a receipt; by input its value, its part, why there is none."""

    coverage: float | None
    denominator: float | None
    inputs: Mapping[str, Given]
    number: float | None
    numerator: float | None
    reason: str | None
    simulated: bool
    state: str


class Made(msgspec.Struct, frozen=True):
    """The number of a place with all it was made of."""

    place: Place
    judged: Judged
    given: Mapping[str, Given]
    simulated: bool

    def told(self) -> bytes:
        """As it stands in a receipt: JSON."""
        j = self.judged
        return text(Told(
            j.coverage, j.denominator, self.given, j.number, j.numerator, j.reason, self.simulated, j.state
        ))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """The numbers of an indicator for one period, by place of a kind. inputs: what they were made of, as a receipt says it."""

    one: Declared
    period: Period
    kind: PlaceKind
    boundary: int
    numbers: dict[str, Made]
    inputs: dict[str, Any]


@dataclass
class Batch:
    """What was computed and is to be written."""

    now: int
    known: Mapping[str, Declared]
    rows: list[Row] = field(default_factory=list)
    parts: list[dict[str, Any]] = field(default_factory=list)


class Run:
    """Numbers computed in one go, each input and each indicator once."""

    def __init__(self, session: Session, known: Mapping[str, Declared], now: int, *, keep: bool = True) -> None:
        self.ground: Ground = ground(session, now)
        self.stage = Stage(session, self.ground, now, keep=keep)
        self.known, self.now = known, now
        self._made: dict[tuple[str, Period, PlaceKind, int], dict[str, Made]] = {}
        self._shared: dict[tuple[str, Period, PlaceKind, int], dict[str, Given]] = {}  # what several indicators ask

    def boundary(self, one: Declared, period: Period, kind: PlaceKind) -> int:
        """On which boundary the places of a period stand: then, where then is known; a city is what it is today."""
        today = self.ground.today
        if kind == "city":
            return today
        then = self.ground.boundary(min(period.end, self.now + 1) - 1)
        if then == today:
            return today
        located = any(
            i.observations is not None or (i.records is not None and i.records.unit is None and i.records.whole is None)
            for i in one.inputs.values()
        )
        if not self.ground.rows(then) or (located and not self.ground.drawn(then)):
            return today
        return then

    def numbers(self, one: Declared, period: Period, kind: PlaceKind, boundary: int | None = None) -> dict[str, Made]:
        """The numbers of an indicator for every place of a kind."""
        on = self.boundary(one, period, kind) if boundary is None else boundary
        key = (one.code, period, kind, on)
        if key not in self._made:
            places = self.ground.places(kind, on)
            given = {name: self._given(i, period, kind, on, places) for name, i in one.inputs.items()}
            self._made[key] = {
                code: self._one(one, place, {name: of[code] for name, of in given.items()})
                for code, (place, _) in places.items()
            }
        return self._made[key]

    def _one(self, one: Declared, place: Place, given: dict[str, Given]) -> Made:
        simulated = False
        for each in given.values():
            simulated = simulated or (each.part is not None and each.part.simulated)
        return Made(place, judged(one, given), given, simulated)

    def _given(
        self, one: Input, period: Period, kind: PlaceKind, boundary: int, places: Mapping[str, tuple[Place, list[str]]]
    ) -> dict[str, Given]:
        if one.indicator is not None:
            return self._other(one, period, kind, boundary, places)
        if one.records is not None and one.records.whole is not None:
            if kind != one.records.whole:
                return dict.fromkeys(places, Given(None, None, "whole-city"))
            told = given(one, self.stage.found(one, period, boundary), [WHOLE])
            return dict.fromkeys(places, told)
        apart = one.aggregate in APART and kind != "unit"
        key = (one.hash, period, kind, boundary)
        if key not in self._shared:
            found = self.stage.found(one, period, boundary, grouped(places) if apart else None)
            self._shared[key] = {
                code: given(one, found, [code] if apart else units) for code, (_, units) in places.items()
            }
        return self._shared[key]

    def _other(
        self, one: Input, period: Period, kind: PlaceKind, boundary: int, places: Mapping[str, Any]
    ) -> dict[str, Given]:
        other = self.known.get(one.indicator or "")
        numbers = self.numbers(other, period, kind, boundary) if other is not None else {}
        made: dict[str, Given] = {}
        for code in places:
            found = numbers.get(code)
            if found is None or found.judged.number is None:
                made[code] = Given(None, None, found.judged.reason if found is not None else "no-indicator")
                continue
            part = Part(1, 1, found.judged.number, sha=short(found.told()), simulated=found.simulated)
            why = found.judged.reason
            made[code] = Given(found.judged.number, part, why if hushed(why) else None)
        return made

    def inputs(self, one: Declared, period: Period, boundary: int) -> dict[str, Any]:
        """What the inputs are, as a receipt says it."""
        told: dict[str, Any] = {}
        for name, i in one.inputs.items():
            version = self.stage.found(i, period, boundary).version if i.records is not None else None
            told[name] = {"source": i.source, "query": i.query(), "aggregate": i.aggregate or "", "version": version,
                          "first": period.start, "last": min(period.end, self.now)}  # fmt: skip
        return told


def given(one: Input, found: Found, units: Sequence[str]) -> Given:
    """An input of a place, from the parts of its communes."""
    if found.why is not None:
        return Given(None, None, found.why)
    some = [found.parts[unit] for unit in units if unit in found.parts]
    whole = one.population is not None or one.area is not None
    if found.unplaced and not any(part.count for part in some):
        return Given(None, None, "no-place")
    if (whole and len(some) < len(units)) or (not some and not found.zero):
        return Given(None, None, _lacks(one))
    if not some:
        some = [Part()]
    part = merged(some, one.aggregate) if len(some) > 1 else some[0]
    if part.lost is not None:
        return Given(None, part, part.lost)
    if one.observations is not None and not part.seen and one.empty == "missing":
        return Given(None, part, "no-values")
    value = result(one.aggregate, part)
    return Given(value, part, None if value is not None else _lacks(one))


def _lacks(one: Input) -> str:
    return {"observations": "no-sensors", "records": "no-records", "cases": "no-cases", "population": "no-population",
            "area": "no-area"}.get(one.kind, "no-data")  # fmt: skip


def compute(
    session: Session, codes: Iterable[str] | None = None, periods: Iterable[Period | str] | None = None, *,
    now: int | None = None,
) -> int:  # fmt: skip
    """Compute indicators (None: all that are switched on) for periods (None: those that run); returns how many numbers changed.

    A period is computed for the indicators that are declared for its kind, whatever stood there before.
    """
    at = clock.now_micros() if now is None else now
    known = declared.known(session)
    wanted = list(known) if codes is None else list(codes)
    if unknown := [code for code in wanted if code not in known]:
        faults = [
            Fault("indicator", f"{code[:60]!r} is not declared, or its sector is off", "dothi indicators list")
            for code in unknown
        ]
        raise BadInput("there is no such indicator", faults)
    some = [containing(at, kind) for kind in KINDS] if periods is None else [
        parse_period(one) if isinstance(one, str) else one for one in periods
    ]  # fmt: skip
    batch = prepare(session, known, [(code, period) for code in wanted for period in some], at)
    return write(session, batch)


def prepare(session: Session, known: Mapping[str, Declared], wanted: Iterable[tuple[str, Period]], now: int) -> Batch:
    """Compute, and write nothing."""
    run, batch = Run(session, known, now), Batch(now, known)
    asked = [(code, p) for code, p in dict.fromkeys(wanted) if p.kind in known[code].periods and p.start <= now]
    ready: set[Period] = set()
    for code, period in sorted(asked, key=lambda one: (_ORDER.index(one[1].kind), one[1].start, one[0])):
        one = known[code]
        if period.kind in ("quarter", "year") and period not in ready:
            ready.add(period)
            some = [
                i
                for other, p in asked
                if p == period
                for i in known[other].inputs.values()
                if i.observations is not None
            ]
            for boundary in {
                run.boundary(known[other], period, k) for other, p in asked if p == period for k in known[other].places
            }:
                run.stage.prepare(some, months(period), boundary)
        for kind in one.places:
            boundary = run.boundary(one, period, kind)
            numbers = run.numbers(one, period, kind)
            batch.rows.append(Row(one, period, kind, boundary, numbers, run.inputs(one, period, boundary)))
    batch.parts = list({(row["input"], row["month"], row["boundary"]): row for row in run.stage.fresh}.values())
    return batch


def write(session: Session, batch: Batch) -> int:
    """Write what differs from what stands; returns how many numbers that were."""
    writing.parts(session, batch.parts)
    changed = 0
    by_period: dict[Period, list[Row]] = {}
    for row in batch.rows:
        by_period.setdefault(row.period, []).append(row)
    written: list[tuple[str, int]] = []
    for period, rows in by_period.items():
        some = _write(session, batch.now, period, rows)
        changed += sum(some.values())
        written += [(code, period.start) for code in some]
    hushing.settle(session, batch.known, ground(session, batch.now), written)
    return changed


def _write(session: Session, now: int, period: Period, rows: Sequence[Row]) -> dict[str, int]:
    """What differs of one period: receipts first, then the numbers that lead to them; how many, by indicator."""
    stands = store.held(session, sorted({row.one.code for row in rows}), period.kind, period.start)
    places: dict[tuple[str, str], list[str]] = {}
    for code, kind, place in stands:
        places.setdefault((code, kind), []).append(place)
    fresh: list[tuple[Row, dict[str, str]]] = []  # with the digests of the places that are others now
    receipts: list[dict[str, Any]] = []
    old: set[int] = set()
    gone: list[tuple[str, str, str]] = []
    for row in rows:
        one, kind = row.one, row.kind
        gone += [(one.code, kind, c) for c in places.get((one.code, kind), ()) if c not in row.numbers]
        told: dict[str, bytes] = {}
        marks: dict[str, str] = {}
        begin = text([one.hash, row.boundary])[:-1] + b","
        for code, made in row.numbers.items():
            said = made.told()
            mark = short(begin + said + b"]")
            before = stands.get((one.code, kind, code))
            if before is None or before.digest != mark:
                told[code], marks[code] = said, mark
        if not marks:
            continue
        receipts.append(_receipt(now, row, told))
        fresh.append((row, marks))
        standing = {c: stands[one.code, kind, c] for c in marks if (one.code, kind, c) in stands}
        if period.end <= now:
            _restated(session, row, standing)
        else:
            old |= {held.receipt_id for held in standing.values()}
    numbers = writing.receipts(session, receipts)
    values = [_value(row, code, mark, receipt, now) for (row, marks), receipt in zip(fresh, numbers, strict=True)
              for code, mark in marks.items()]  # fmt: skip
    writing.values(session, values)
    store.drop_values(session, period.kind, period.start, gone)
    store.drop_receipts(session, old)
    counts: dict[str, int] = {}
    for row, marks in fresh:
        counts[row.one.code] = counts.get(row.one.code, 0) + len(marks)
    return counts


def _receipt(now: int, row: Row, told: Mapping[str, bytes]) -> dict[str, Any]:
    """A receipt as it is kept. told: the JSON of every place."""
    one, period = row.one, row.period
    made = {
        "indicator": one.code, "period_kind": period.kind, "start": period.start, "end": period.end, "place_kind": row.kind,
        "boundary": row.boundary, "formula": one.said, "formula_hash": one.hash, "inputs": row.inputs, "computed_at": now,
    }  # fmt: skip
    places = text({code: msgspec.Raw(said) for code, said in told.items()})
    sha = seal({**made, "places": msgspec.Raw(places)})
    return {**made, "places_json": places.decode(), "sha256": sha}


def seal(said: Mapping[str, Any]) -> str:
    """The hash of a receipt: of all it says."""
    return hashlib.sha256(text(said)).hexdigest()


def short(said: bytes) -> str:
    """A short hash of JSON."""
    return hashlib.sha256(said).hexdigest()[:16]


def _value(row: Row, code: str, mark: str, receipt: int, now: int) -> tuple[Any, ...]:
    """A value in the order of `writing.COLUMNS`."""
    one, period, made = row.one, row.period, row.numbers[code]
    j = made.judged
    return (
        one.code, period.kind, period.start, row.kind, code, j.number, j.numerator, j.denominator, j.coverage, j.state,
        j.reason, one.hash, row.boundary, receipt, mark, now, made.simulated,
    )  # fmt: skip


def _restated(session: Session, row: Row, before: Mapping[str, Any]) -> None:
    """A number of a period that had ended and been computed is another now: that is told."""
    period, numbers = row.period, row.numbers
    others = {c: [held.value, numbers[c].judged.number] for c, held in before.items()
              if held.computed_at >= period.end and held.value != numbers[c].judged.number}  # fmt: skip
    if others:
        first = dict(list(others.items())[:20])
        journal.append(
            session, "indicators.value.restated", actor=ACTOR, subject=f"indicator:{row.one.code}", visibility="restricted",
            data={"period": period.code, "kind": row.kind, "places": len(others), "was_is": first},
        )  # fmt: skip
