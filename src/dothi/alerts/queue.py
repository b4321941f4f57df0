"""The alarm queue (hàng đợi): what stands, the worst first, repeats and siblings under one line."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import Session

from dothi.alerts import standing as stands
from dothi.alerts import store
from dothi.alerts.model import RANK, SEVERITIES
from dothi.alerts.standing import Standing
from dothi.alerts.tables import Alarm
from dothi.identity.guard import Caller
from dothi.kit import clock, text
from dothi.kit.errors import BadInput, Fault

STATES = ("active", "cleared", "acknowledged", "unacknowledged", "suppressed", "all")
_MINUTE = 60 * clock.SECOND
# how soon somebody is to take notice, µs after it was noticed; the escalation ladders have times of their own
NOTICE_WITHIN = {"critical": 5 * _MINUTE, "major": 15 * _MINUTE, "minor": 60 * _MINUTE, "warning": 240 * _MINUTE}
_NEAR = 0.5  # of that time gone: near breach


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the queue; everything may be left out.

    severity: one or several. state: one of STATES; None is what stands and is not suppressed, "all" with what is.
    unit: code of an administrative unit or area. agency, assignee: ids. text: words of title, subject or number, with
    or without diacritics. near_breach: unacknowledged and half of NOTICE_WITHIN gone. at, known: as of (µs UTC).
    """

    severity: str | Sequence[str] | None = None
    state: str | None = None
    sector: str | None = None
    unit: str | None = None
    agency: int | None = None
    assignee: int | None = None
    mine: bool = False
    unassigned: bool = False
    text: str | None = None
    near_breach: bool = False
    at: int | None = None
    known: int | None = None


@dataclass(slots=True)
class Line:
    """One line of the queue: the alarms of one group; `head` speaks for them (the worst that waits longest).

    count: how often it was raised, repeats counted. since: the earliest raise. waits: somebody must take notice.
    breach_at: when the time to take notice is over (µs UTC), while it runs.
    """

    key: str
    head: Standing
    members: list[Standing]
    count: int
    severity: str
    active: bool
    waits: bool
    since: int
    newest_at: int
    breach_at: int | None
    near_breach: bool

    @property
    def ids(self) -> list[int]:
        """Ids of its alarms, for acting on all of them."""
        return [one.id for one in self.members]

    @property
    def versions(self) -> dict[int, int]:
        """The versions of its alarms as looked at."""
        return {one.id: one.version for one in self.members}


@dataclass(slots=True)
class Queue:
    """Lines, and what the whole of what was asked for amounts to: counts are of lines."""

    lines: list[Line]
    by_severity: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    active: int = 0
    alarms: int = 0


def queue(session: Session, caller: Caller, asked: Asked | None = None) -> list[Line]:
    """The lines of the queue: severity, then what waits for notice, then the oldest first."""
    return whole(session, caller, asked).lines


def whole(session: Session, caller: Caller, asked: Asked | None = None) -> Queue:
    """The queue with its counts by severity, for the legend and the head of the list."""
    wanted = asked or Asked()
    severities = _checked(wanted)
    moment = clock.now_micros() if wanted.at is None else wanted.at
    clauses = _lasting(session, wanted)
    if wanted.at is None and wanted.known is None:
        found = stands.now(session, caller, [*clauses, *_present(wanted, caller)])
    else:
        found = [
            one for one in stands.standing(session, caller, moment, wanted.known, clauses)
            if _so(one, wanted, caller)
        ]  # fmt: skip
    lines = [line for line in grouped(found, moment) if not severities or line.severity in severities]
    if wanted.near_breach:
        lines = [line for line in lines if line.near_breach]
    by = Counter(line.severity for line in lines)
    return Queue(
        lines, {one: by[one] for one in SEVERITIES}, sum(line.waits for line in lines),
        sum(line.active for line in lines), sum(len(line.members) for line in lines),
    )  # fmt: skip


def grouped(alarms: Iterable[Standing], moment: int) -> list[Line]:
    """Alarms as lines, in the order of the queue."""
    groups: dict[str, list[Standing]] = {}
    for one in alarms:
        groups.setdefault(one.group_key or f"alarm:{one.id}", []).append(one)
    lines = [_line(key, members, moment) for key, members in groups.items()]
    lines.sort(key=lambda line: (RANK[line.severity], not line.waits, not line.active, line.since, line.key))
    return lines


def _line(key: str, members: list[Standing], moment: int) -> Line:
    members.sort(key=lambda one: (not one.active, RANK[one.severity], one.acknowledged, one.raised_at, one.id))
    head = members[0]
    waiting = [one for one in members if not one.acknowledged]
    ringing = [one for one in waiting if one.suppressed is None]
    breach = min((one.noticed_at + NOTICE_WITHIN[one.severity] for one in ringing), default=None)
    near = any(moment - one.noticed_at >= _NEAR * NOTICE_WITHIN[one.severity] for one in ringing)
    # members left the queue when they were acknowledged; the newest still knows how often its group was raised
    count = max(len(members), *(one.repeats for one in members))
    return Line(
        key, head, members, count, head.severity, head.active, bool(waiting), min(one.raised_at for one in members),
        max(one.raised_at for one in members), breach, near,
    )  # fmt: skip


def _checked(asked: Asked) -> set[str]:
    severities = {asked.severity} if isinstance(asked.severity, str) else set(asked.severity or ())
    faults = [
        Fault("severity", f'there is no severity "{one}"', ", ".join(SEVERITIES))
        for one in sorted(severities - set(SEVERITIES))
    ]
    if asked.state is not None and asked.state not in STATES:
        faults.append(Fault("state", f'there is no state "{asked.state}"', ", ".join(STATES)))
    if faults:
        raise BadInput("the queue cannot be asked this", faults)
    return severities


def _lasting(session: Session, asked: Asked) -> list[ColumnElement[bool]]:
    """Clauses on what never changes about an alarm."""
    clauses: list[ColumnElement[bool]] = []
    if asked.sector:
        clauses.append(Alarm.sector == asked.sector)
    if asked.unit:
        clauses.append(Alarm.unit_code.in_(store.units_below(session, asked.unit)))
    if asked.agency is not None:
        clauses.append(Alarm.agency_id == asked.agency)
    words = text.fold(asked.text or "").split()
    return [*clauses, *(Alarm.folded.contains(word, autoescape=True) for word in words)]


def _present(asked: Asked, caller: Caller) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    match asked.state:
        case "active":
            clauses.append(Alarm.active.is_(True))
        case "cleared":
            clauses.append(Alarm.active.is_(False))
        case "acknowledged":
            clauses.append(Alarm.acknowledged.is_(True))
        case "unacknowledged":
            clauses.append(Alarm.acknowledged.is_(False))
        case "suppressed":
            clauses.append(Alarm.suppressed.is_not(None))
    if asked.state not in {"suppressed", "all"}:
        clauses.append(Alarm.suppressed.is_(None))
    if asked.assignee is not None:
        clauses.append(Alarm.assignee_id == asked.assignee)
    if asked.mine:
        clauses.append(_mine(caller))
    if asked.unassigned:
        clauses.append(Alarm.assignee_id.is_(None))
    if asked.near_breach:
        clauses.append(Alarm.acknowledged.is_(False))
    return clauses


def _mine(caller: Caller) -> ColumnElement[bool]:
    """In the caller's hands, or taken notice of by them and nobody else's."""
    own = caller.id if caller.kind == "person" else -1
    return or_(
        Alarm.assignee_id == own, (Alarm.assignee_id.is_(None)) & (Alarm.acknowledged_by == f"person:{own}")
    )  # fmt: skip


def _so(one: Standing, asked: Asked, caller: Caller) -> bool:
    """What `_present` asks, of an alarm at an earlier moment."""
    own = caller.id if caller.kind == "person" else -1
    state = asked.state
    return (
        (state != "active" or one.active)
        and (state != "cleared" or not one.active)
        and (state != "acknowledged" or one.acknowledged)
        and (state != "unacknowledged" or not one.acknowledged)
        and (state != "suppressed" or one.suppressed is not None)
        and (state in {"suppressed", "all"} or one.suppressed is None)
        and (asked.assignee is None or one.assignee_id == asked.assignee)
        and (not asked.mine or one.assignee_id == own or (one.assignee_id is None and one.acknowledged_by == f"person:{own}"))
        and (not asked.unassigned or one.assignee_id is None)
        and (not asked.near_breach or not one.acknowledged)
    )  # fmt: skip
