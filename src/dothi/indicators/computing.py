"""Computing: numbers of indicators for periods, written only where they differ, each computing with its receipt."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from dothi.indicators import declared, store
from dothi.indicators.ground import Ground, ground
from dothi.indicators.judging import Given, Judged, judged
from dothi.indicators.model import APART, Declared, Input, digest
from dothi.indicators.parts import Part, merged, result
from dothi.indicators.periods import KINDS, Period, containing, months
from dothi.indicators.periods import parse as parse_period
from dothi.indicators.sources import Found, Stage, grouped
from dothi.indicators.values import Place, PlaceKind
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault

ACTOR = "dothi"
_ORDER = ("month", "week", "day", "quarter", "year")  # what is read for a month serves its days


@dataclass(frozen=True, slots=True)
class Made:
    """The number of a place with all it was made of."""

    place: Place
    judged: Judged
    given: Mapping[str, Given]
    simulated: bool

    def told(self) -> dict[str, Any]:
        """As it stands in a receipt."""
        j = self.judged
        inputs = {name: [one.value, one.part.as_list() if one.part is not None else None, one.why]
                  for name, one in self.given.items()}  # fmt: skip
        return {"number": j.number, "numerator": j.numerator, "denominator": j.denominator, "coverage": j.coverage,
                "state": j.state, "reason": j.reason, "simulated": self.simulated, "inputs": inputs}  # fmt: skip


@dataclass
class Batch:
    """What was computed and is to be written. rows: indicator, period, kind of place, boundary and numbers by place."""

    now: int
    rows: list[tuple[Declared, Period, PlaceKind, int, dict[str, Made], dict[str, Any]]] = field(default_factory=list)
    parts: list[dict[str, Any]] = field(default_factory=list)


class Run:
    """Numbers computed in one go, each input and each indicator once."""

    def __init__(self, session: Session, known: Mapping[str, Declared], now: int, *, keep: bool = True) -> None:
        self.ground: Ground = ground(session, now)
        self.stage = Stage(session, self.ground, now, keep=keep)
        self.known, self.now = known, now
        self._made: dict[tuple[str, Period, PlaceKind, int], dict[str, Made]] = {}

    def boundary(self, one: Declared, period: Period, kind: PlaceKind) -> int:
        """On which boundary the places of a period stand: then, where then is known; a city is what it is today."""
        today = self.ground.today
        if kind == "city":
            return today
        then = self.ground.boundary(min(period.end, self.now + 1) - 1)
        if then == today:
            return today
        located = any(i.observations is not None or (i.records is not None and i.records.unit is None)
                      for i in one.inputs.values())  # fmt: skip
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
        simulated = any(each.part is not None and each.part.simulated for each in given.values())
        return Made(place, judged(one, given), given, simulated)

    def _given(
        self, one: Input, period: Period, kind: PlaceKind, boundary: int, places: Mapping[str, tuple[Place, list[str]]]
    ) -> dict[str, Given]:
        if one.indicator is not None:
            return self._other(one, period, kind, boundary, places)
        apart = one.aggregate in APART and kind != "unit"
        found = self.stage.found(one, period, boundary, grouped(places) if apart else None)
        return {code: given(one, found, [code] if apart else units) for code, (_, units) in places.items()}

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
            part = Part(1, 1, found.judged.number, sha=digest(found.told()), simulated=found.simulated)
            made[code] = Given(found.judged.number, part)
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
    run, batch = Run(session, known, now), Batch(now)
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
            batch.rows.append((one, period, kind, boundary, numbers, run.inputs(one, period, boundary)))
    batch.parts = list({(row["input"], row["month"], row["boundary"]): row for row in run.stage.fresh}.values())
    return batch


def write(session: Session, batch: Batch) -> int:
    """Write what differs from what stands; returns how many numbers that were."""
    store.put_parts(session, batch.parts)
    changed = 0
    by_period: dict[Period, list[Any]] = {}
    for row in batch.rows:
        by_period.setdefault(row[1], []).append(row)
    for period, rows in by_period.items():
        codes = sorted({one.code for one, *_ in rows})
        stands = store.held(session, codes, period.kind, period.start)
        by_kind: dict[tuple[str, str], list[str]] = {}
        for code, place_kind, place in stands:
            by_kind.setdefault((code, place_kind), []).append(place)
        values: list[dict[str, Any]] = []
        old: set[int] = set()
        gone: list[tuple[str, str, str]] = []
        for one, _, kind, boundary, numbers, inputs in rows:
            told = {code: made.told() for code, made in numbers.items()}
            marks = {code: digest([one.hash, boundary, said]) for code, said in told.items()}
            new = [c for c in told if (one.code, kind, c) not in stands or stands[one.code, kind, c].digest != marks[c]]
            gone += [(one.code, kind, c) for c in by_kind.get((one.code, kind), ()) if c not in told]
            if not new:
                continue
            receipt = _receipt(session, batch.now, one, period, kind, boundary, inputs, {c: told[c] for c in new})
            values += [_value(one, period, kind, boundary, c, told[c], marks[c], receipt, batch.now) for c in new]
            before = {c: stands[one.code, kind, c] for c in new if (one.code, kind, c) in stands}
            if period.end <= batch.now:
                _restated(session, one, period, kind, before, told)
            else:
                old |= {row.receipt_id for row in before.values()}
        store.put_values(session, values)
        store.drop_values(session, period.kind, period.start, gone)
        store.drop_receipts(session, old)
        changed += len(values)
    return changed


def _receipt(
    session: Session, now: int, one: Declared, period: Period, kind: PlaceKind, boundary: int, inputs: dict[str, Any],
    places: dict[str, Any],
) -> int:  # fmt: skip
    row = {
        "indicator": one.code, "period_kind": period.kind, "start": period.start, "end": period.end, "place_kind": kind,
        "boundary": boundary, "formula": one.said, "formula_hash": one.hash, "inputs": inputs, "places": places,
        "computed_at": now,
    }  # fmt: skip
    return store.put_receipt(session, {**row, "sha256": seal(row)})


def seal(row: Mapping[str, Any]) -> str:
    """The hash of a receipt: of all it says."""
    text = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _value(
    one: Declared, period: Period, kind: PlaceKind, boundary: int, code: str, told: Mapping[str, Any], mark: str,
    receipt: int, now: int,
) -> dict[str, Any]:  # fmt: skip
    return {
        "indicator": one.code, "period_kind": period.kind, "start": period.start, "place_kind": kind, "place": code,
        "value": told["number"], "numerator": told["numerator"], "denominator": told["denominator"],
        "coverage": told["coverage"], "state": told["state"], "reason": told["reason"], "formula_hash": one.hash,
        "boundary": boundary, "receipt_id": receipt, "digest": mark, "computed_at": now, "simulated": told["simulated"],
    }  # fmt: skip


def _restated(
    session: Session, one: Declared, period: Period, kind: str, before: Mapping[str, Any], told: Mapping[str, Any]
) -> None:
    """A number of a period that had ended and been computed is another now: that is told."""
    others = {c: [row.value, told[c]["number"]] for c, row in before.items()
              if row.computed_at >= period.end and row.value != told[c]["number"]}  # fmt: skip
    if others:
        first = dict(list(others.items())[:20])
        journal.append(
            session, "indicators.value.restated", actor=ACTOR, subject=f"indicator:{one.code}", visibility="restricted",
            data={"period": period.code, "kind": kind, "places": len(others), "was_is": first},
        )  # fmt: skip
