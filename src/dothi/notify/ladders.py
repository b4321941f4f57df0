"""Escalation ladders: who is told next, and after how long, while nobody acknowledges. What they do: alerts.escalation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from dothi.identity import guard
from dothi.identity import store as identity
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit.errors import BadInput, Conflict, Fault, NotAllowed, NotFound
from dothi.kit.text import nfc
from dothi.notify import store
from dothi.notify.levels import SEVERITIES
from dothi.notify.tables import Ladder
from dothi.notify.targets import CHANNELS
from dothi.notify.telling import To

MOST_RUNGS = 10
LONGEST = 7 * 24 * 60  # minutes
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


@dataclass(frozen=True, slots=True)
class Rung:
    """Who is told after how many minutes: holders of a role, or one person; on some channels, or all."""

    after_minutes: int
    role: str | None = None
    person: int | None = None
    channels: tuple[str, ...] = ()

    def to(self, agency_id: int | None) -> To:
        """Whom this means where an agency's matter is concerned."""
        if self.person is not None:
            return To(people=(self.person,))
        return To(role=self.role, agency_id=agency_id)

    def json(self) -> dict[str, Any]:
        """As it is kept."""
        who: dict[str, Any] = {"person": self.person} if self.person is not None else {"role": self.role}
        return {"after_minutes": self.after_minutes, **who, "channels": list(self.channels)}


def rungs(ladder: Ladder) -> list[Rung]:
    """The rungs of a ladder, the first to fire first."""
    found = [
        Rung(int(one["after_minutes"]), one.get("role"), one.get("person"), tuple(one.get("channels") or ()))
        for one in ladder.rungs
    ]
    return sorted(found, key=lambda one: one.after_minutes)


def put(
    session: Session,
    caller: Caller,
    *,
    code: str,
    title: str,
    severity: str,
    rungs_: Sequence[Rung],
    sector: str | None = None,
    agency_id: int | None = None,
    active: bool = True,
    id_: int | None = None,
) -> Ladder:
    """A new ladder, or another reading of one. Who leads within an agency makes ladders of that agency."""
    guard.require(caller, "duty:lead", agency_id)
    found = of(session, caller, id_) if id_ is not None else None
    faults = _faults(session, code, title, severity, rungs_)
    if agency_id is not None and identity.agency(session, agency_id) is None:
        faults.append(Fault("agency", f"{agency_id}", "an agency that is there"))
    if faults:
        raise BadInput("this ladder cannot be kept", faults)
    if store.ladder_code_taken(session, code, id_):
        raise Conflict(f"a ladder with the code {code!r} exists already")
    made = found or Ladder()
    made.code, made.title, made.severity = code, nfc(title.strip()), severity
    made.sector, made.agency_id, made.active = sector or None, agency_id, active
    made.rungs = [one.json() for one in rungs_]
    if found is None:
        session.add(made)
    session.flush()
    _tell(session, "notify.ladder.updated" if found else "notify.ladder.created", caller, made)
    return made


def remove(session: Session, caller: Caller, id_: int) -> None:
    """Take a ladder away; what it did stays in the journal."""
    found = of(session, caller, id_)
    _tell(session, "notify.ladder.removed", caller, found)
    session.delete(found)
    session.flush()


def of(session: Session, caller: Caller, id_: int) -> Ladder:
    """A ladder the caller may change."""
    found = store.ladder(session, id_)
    if found is None or not guard.may(caller, "duty:lead", found.agency_id):
        raise NotFound("you lead no such ladder")
    return found


def mine(session: Session, caller: Caller) -> list[Ladder]:
    """The ladders a caller sees: those of the agencies they lead in, and those of all."""
    if not guard.may_somewhere(caller, "duty:lead"):
        raise NotAllowed(f"{caller.name or caller.actor} does not hold duty:lead")
    return [
        one for one in store.ladders(session) if one.agency_id is None or guard.may(caller, "duty:lead", one.agency_id)
    ]


def _faults(session: Session, code: str, title: str, severity: str, given: Sequence[Rung]) -> list[Fault]:
    faults = []
    if not _CODE.fullmatch(code):
        faults.append(Fault("code", f"{code[:60]!r}", "a-z, 0-9 and -, at most 60"))
    if not 0 < len(title.strip()) <= 200:
        faults.append(Fault("title", "is missing" if not title.strip() else "too long", "1 to 200 letters"))
    if severity not in SEVERITIES:
        faults.append(Fault("severity", f"{severity[:40]!r}", ", ".join(SEVERITIES)))
    if not 0 < len(given) <= MOST_RUNGS:
        faults.append(Fault("rungs", f"{len(given)} rungs", f"1 to {MOST_RUNGS}"))
    known = {one.id for one in store.people(session, [one.person for one in given if one.person is not None])}
    for place, one in enumerate(given):
        if not 0 <= one.after_minutes <= LONGEST:
            faults.append(Fault(f"rung{place}_after", f"{one.after_minutes}", f"0 to {LONGEST} minutes"))
        if (one.role is None) == (one.person is None) or (one.role is not None and one.role not in guard.ROLES):
            faults.append(Fault(f"rung{place}_who", "nobody", "a role or a person"))
        elif one.person is not None and one.person not in known:
            faults.append(Fault(f"rung{place}_who", f"{one.person}", "somebody who may sign in"))
        if bad := [channel for channel in one.channels if channel not in CHANNELS]:
            faults.append(Fault(f"rung{place}_channels", ", ".join(bad)[:60], ", ".join(CHANNELS)))
    return faults


def _tell(session: Session, kind: str, caller: Caller, ladder: Ladder) -> None:
    journal.append(
        session, kind, actor=caller.actor, subject=f"ladder:{ladder.id}", agency_id=ladder.agency_id,
        data={"code": ladder.code, "severity": ladder.severity, "rungs": ladder.rungs, "active": ladder.active},
    )  # fmt: skip
