"""Targets: what is to be reached in a year, of a place or of every place."""

import math
from collections.abc import Sequence

from sqlalchemy.orm import Session

from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.indicators import declared, store
from dothi.indicators.tables import IndicatorTarget
from dothi.indicators.values import Target
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.places import atlas

PERMISSION = "indicators:write"
_YEARS = (2000, 2100)


def set_target(
    session: Session, caller: Caller, code: str, year: int, value: float, *, place: str | None = None,
    phase: str | None = None, source: str | None = None,
) -> Target:  # fmt: skip
    """Set what an indicator is to reach in a year. place None: every place without a target of its own.

    phase: of a plan (`2026-2030`); source: the document that sets it. Raises NotAllowed, NotFound, BadInput.
    """
    guard.require(caller, PERMISSION)
    if code not in declared.known(session):
        raise NotFound(f"there is no indicator {code[:80]!r}")
    faults = []
    if not _YEARS[0] <= year <= _YEARS[1]:
        faults.append(Fault("year", str(year), f"{_YEARS[0]} to {_YEARS[1]}"))
    if not math.isfinite(value):
        faults.append(Fault("value", str(value), "a number"))
    faults += [Fault(name, "is too long", "at most 300 characters") for name, text in (("phase", phase), ("source", source))
               if text is not None and len(text) > 300]  # fmt: skip
    if place is not None and not _stands(session, place):
        faults.append(Fault("place", f"{place[:40]!r} is no city or unit", "the code of a city or a unit"))
    if faults:
        raise BadInput("the target cannot be set", faults)
    row = {
        "indicator": code, "place": place or "", "year": year, "value": float(value), "phase": phase or None,
        "source": source or None, "set_by": caller.actor, "set_at": clock.now_micros(),
    }  # fmt: skip
    store.put_target(session, row)
    _tell(
        session,
        caller,
        "indicators.target.set",
        code,
        place,
        {"year": year, "value": value, "phase": phase, "source": source},
    )
    return Target(year, float(value), row["phase"], row["source"], caller.actor, row["set_at"])  # type: ignore[arg-type]


def drop_target(session: Session, caller: Caller, code: str, year: int, *, place: str | None = None) -> bool:
    """Take a target away; whether there was one."""
    guard.require(caller, PERMISSION)
    gone = store.drop_target(session, code, place or "", year)
    if gone:
        _tell(session, caller, "indicators.target.dropped", code, place, {"year": year})
    return gone


def targets(session: Session, code: str, place: str | None = None) -> list[Target]:
    """The targets of an indicator by year: of a place where it has its own, else of every place."""
    found: dict[int, IndicatorTarget] = {}
    for one in store.targets(session, [code], [place or ""]):  # the empty place sorts first
        found[one.year] = one
    return [_target(one) for _, one in sorted(found.items())]


def of_year(targets_: Sequence[IndicatorTarget], code: str, place: str, year: int) -> Target | None:
    """The target that holds in a year: of the year, or the next one ahead; of the place before that of every place."""
    ahead = [one for one in targets_ if one.indicator == code and one.place in ("", place) and one.year >= year]
    found = min(ahead, key=lambda one: (one.year, one.place == ""), default=None)
    return _target(found) if found is not None else None


def _target(one: IndicatorTarget) -> Target:
    return Target(one.year, one.value, one.phase, one.source, one.set_by, one.set_at)


def _stands(session: Session, place: str) -> bool:
    known = atlas.current(session)
    return place in known.by_code or any(area.code == place for area in known.areas)


def _tell(session: Session, caller: Caller, kind: str, code: str, place: str | None, data: dict[str, object]) -> None:
    journal.append(
        session, kind, actor=caller.actor, subject=f"indicator:{code}", visibility="open",
        data={"place": place, **{name: one for name, one in data.items() if one is not None}},
    )  # fmt: skip
