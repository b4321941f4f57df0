"""The SQL of warnings."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select, true, update
from sqlalchemy.orm import Session, undefer

from dothi.alerts.model import Warns
from dothi.alerts.tables import Alarm, Rule
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.identity.tables import Agency, Person
from dothi.kit.text import whole
from dothi.warnings.model import SEVERITIES
from dothi.warnings.tables import CapFeed, Warning_

OUT = ("published", "superseded", "cancelled", "expired")  # states in which the world has seen it
OPEN = ("draft", "asked", "refused")
_DESK = ("warnings:draft", "warnings:approve")
_RANK = case({severity: i for i, severity in enumerate(SEVERITIES)}, value=Warning_.severity, else_=len(SEVERITIES))
Box = tuple[float, float, float, float]


def seen(caller: Caller) -> ColumnElement[bool]:
    """The clause of the warnings a caller may see.

    Everybody: what was published to the public. Readers of alarms: what another sender kept from the public too.
    Who drafts or approves: drafts as well, everywhere or of their agency.
    """
    clauses: list[ColumnElement[bool]] = [_public()]
    if guard.may_somewhere(caller, "alarms:read"):
        clauses.append(and_(Warning_.inbound, Warning_.state.in_(OUT)))
    clauses.append(of_desk(caller))
    return or_(*clauses)


def of_desk(caller: Caller) -> ColumnElement[bool]:
    """The clause of our own warnings a caller may work at, drafts and all."""
    if any(held in caller.everywhere for held in _DESK):
        return Warning_.inbound.is_(False)
    agencies = sorted({agency for held, agency in caller.within if held in _DESK})
    return and_(Warning_.inbound.is_(False), Warning_.agency_id.in_(agencies)) if agencies else false()


def _public() -> ColumnElement[bool]:
    return and_(
        Warning_.state.in_(OUT), Warning_.scope == "Public",
        or_(Warning_.inbound.is_(False), Warning_.status == "Actual"),
    )  # fmt: skip


def get(session: Session, caller: Caller, id_: int) -> Warning_ | None:
    """One of our own warnings the caller works at."""
    return session.scalar(select(Warning_).where(Warning_.id == id_, of_desk(caller)))


def published(session: Session, caller: Caller, identifier: str, feed: str = "") -> Warning_ | None:
    """A published message by its CAP identifier and the feed it came from; empty: ours."""
    query = select(Warning_).where(
        Warning_.identifier == identifier, Warning_.feed == feed, Warning_.state.in_(OUT), seen(caller)
    )
    return session.scalars(query.order_by(Warning_.id).limit(1)).first()


def document(session: Session, caller: Caller, identifier: str) -> Warning_ | None:
    """A published message of ours with its XML."""
    query = select(Warning_).where(
        Warning_.identifier == identifier, Warning_.state.in_(OUT), Warning_.inbound.is_(False), seen(caller)
    )
    return session.scalar(query.options(undefer(Warning_.xml)))


def current(
    session: Session, caller: Caller, at: int, known: int | None = None, bbox: Box | None = None, *, own: bool = False
) -> list[Warning_]:
    """What is in force at an instant, the gravest first, then the newest."""
    where = [
        seen(caller), Warning_.state.in_(OUT), Warning_.msg_type.in_(("Alert", "Update")), Warning_.sent_at <= at,
        or_(Warning_.expires_at.is_(None), Warning_.expires_at > at),
        or_(Warning_.ended_at.is_(None), Warning_.ended_at > at),
        Warning_.inbound.is_(False) if own else true(),
    ]  # fmt: skip
    if known is not None:
        where += [Warning_.sent_at <= known, or_(Warning_.inbound.is_(False), Warning_.drafted_at <= known)]
    if bbox is not None:
        west, south, east, north = bbox
        where += [Warning_.west <= east, Warning_.east >= west, Warning_.south <= north, Warning_.north >= south]
    query = select(Warning_).where(*where).order_by(_RANK, Warning_.sent_at.desc(), Warning_.id.desc())
    return list(session.scalars(query))


def latest(
    session: Session, caller: Caller, since: int, statuses: Sequence[str], limit: int, *, own: bool = True
) -> list[Warning_]:
    """Published messages sent since an instant, the newest first."""
    query = select(Warning_).where(
        seen(caller), Warning_.state.in_(OUT), Warning_.sent_at >= since, Warning_.status.in_(statuses),
        Warning_.inbound.is_(False) if own else true(),
    )  # fmt: skip
    return list(session.scalars(query.order_by(Warning_.sent_at.desc(), Warning_.id.desc()).limit(limit)))


def stamp(session: Session, caller: Caller, since: int, statuses: Sequence[str]) -> tuple[int, int | None, int]:
    """What differs after every change of the public feed: count, newest instant, sum of versions."""
    row = session.execute(
        select(func.count(), func.max(Warning_.sent_at), func.coalesce(func.sum(Warning_.version), 0)).where(
            seen(caller), Warning_.state.in_(OUT), Warning_.inbound.is_(False), Warning_.sent_at >= since,
            Warning_.status.in_(statuses),
        )
    ).one()  # fmt: skip
    return int(row[0]), row[1], int(row[2])


def at_desk(session: Session, caller: Caller, states: Sequence[str], limit: int = 200) -> list[Warning_]:
    """Our own warnings in some states, the newest first."""
    query = select(Warning_).where(of_desk(caller), Warning_.state.in_(states))
    return list(session.scalars(query.order_by(Warning_.drafted_at.desc(), Warning_.id.desc()).limit(limit)))


def chain(session: Session, caller: Caller, chain_id: int) -> list[Warning_]:
    """Every message of a warning's life the caller may see, oldest first."""
    query = select(Warning_).where(Warning_.chain_id == chain_id, seen(caller))
    return list(session.scalars(query.order_by(Warning_.sent_at.is_(None), Warning_.sent_at, Warning_.id)))


def sent_of_chain(session: Session, chain_id: int) -> list[Warning_]:
    """What of a chain was published, oldest first."""
    query = select(Warning_).where(Warning_.chain_id == chain_id, Warning_.state.in_(OUT))
    return list(session.scalars(query.order_by(Warning_.sent_at, Warning_.id)))


def successor(session: Session, chain_id: int) -> Warning_ | None:
    """The update or cancellation that is being prepared of a chain."""
    query = select(Warning_).where(
        Warning_.chain_id == chain_id, Warning_.state.in_(("draft", "asked", "refused")), Warning_.msg_type != "Alert"
    )
    return session.scalars(query.order_by(Warning_.id).limit(1)).first()


def change(
    session: Session, id_: int, version: int, states: Sequence[str], values: dict[str, Any], *where: Any
) -> bool:
    """Change a warning if it still is in this version and one of these states; whether it was."""
    done = session.execute(
        update(Warning_)
        .where(Warning_.id == id_, Warning_.version == version, Warning_.state.in_(states), *where)
        .values(**values, version=Warning_.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1  # type: ignore[attr-defined, no-any-return]


def end(session: Session, where: ColumnElement[bool], state: str, at: Any) -> list[Warning_]:
    """End the published warnings of a clause; those that were ended."""
    rows = list(session.scalars(select(Warning_).where(where, Warning_.state == "published").with_for_update()))
    for row in rows:
        row.state, row.ended_at, row.version = state, row.expires_at if at is None else at, row.version + 1
    session.flush()
    return rows


def end_chain(session: Session, chain_id: int, but: int, state: str, at: int) -> int:
    """End what is in force of a chain, but for one message; how many were."""
    return len(end(session, and_(Warning_.chain_id == chain_id, Warning_.id != but), state, at))


def end_expired(session: Session, now: int) -> list[Warning_]:
    """Mark what ran out."""
    return end(session, Warning_.expires_at <= now, "expired", None)


def expired_waiting(session: Session, now: int) -> bool:
    """Whether anything ran out since it was last marked."""
    query = select(Warning_.id).where(Warning_.state == "published", Warning_.expires_at <= now).limit(1)
    return session.scalar(query) is not None


def of_alarm(session: Session, caller: Caller, alarm_id: int) -> list[Warning_]:
    """Our warnings composed from an alarm, the newest first."""
    query = select(Warning_).where(Warning_.alarm_id == alarm_id, seen(caller), Warning_.state != "dropped")
    return list(session.scalars(query.order_by(Warning_.id.desc()).limit(20)))


def alarm(session: Session, caller: Caller, id_: int) -> Alarm | None:
    """An alarm the caller may see."""
    return session.scalar(select(Alarm).where(Alarm.id == id_, guard.visible(caller, Alarm, "alarms:read")))


def alarm_named(session: Session, caller: Caller, name: str) -> Alarm | None:
    """An alarm the caller may see by its number (CB-26-00012) or its id."""
    which = Alarm.number == name
    if (id_ := whole(name, 15)) is not None:
        which = or_(which, Alarm.id == id_)
    return session.scalars(select(Alarm).where(which, guard.visible(caller, Alarm, "alarms:read")).limit(1)).first()


def led(session: Session, alarm: Alarm) -> Warns | None:
    """What the rule of an alarm, as it reads now, leads to; None: nothing, or it came from outside."""
    kept = session.scalar(select(Rule.definition).where(Rule.id == alarm.rule_id)) if alarm.rule_id else None
    said = (kept or {}).get("warns")
    return Warns.model_validate(said) if said else None


def agency(session: Session, id_: int | None) -> Agency | None:
    """The agency in whose name a warning is sent."""
    return None if id_ is None else session.get(Agency, id_)


def names(session: Session, actors: Sequence[str | None]) -> dict[str, str]:
    """What people are called, by `person:3`."""
    ids = {int(one.partition(":")[2]) for one in actors if one and one.startswith("person:")}
    if not ids:
        return {}
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(sorted(ids))))
    return {f"person:{id_}": name for id_, name in rows}


# ── others' messages


def received(session: Session, feed: str, sender: str, identifier: str) -> Warning_ | None:
    """A message a feed already gave."""
    return session.scalar(
        select(Warning_)
        .where(Warning_.feed == feed, Warning_.sender == sender, Warning_.identifier == identifier)
        .options(undefer(Warning_.xml))
    )


def referring(session: Session, feed: str, sender: str, status: str) -> list[Warning_]:
    """A sender's updates and cancellations a feed gave, the latest first."""
    query = select(Warning_).where(
        Warning_.feed == feed, Warning_.sender == sender, Warning_.status == status, Warning_.inbound,
        Warning_.msg_type.in_(("Update", "Cancel")),
    )  # fmt: skip
    return list(session.scalars(query.order_by(Warning_.sent_at.desc()).limit(500)))


def of_feed(session: Session, feed: str, sender: str, identifiers: Sequence[str], status: str) -> list[Warning_]:
    """A sender's messages by their identifiers, as a feed gave them."""
    query = select(Warning_).where(
        Warning_.feed == feed, Warning_.sender == sender, Warning_.status == status, Warning_.inbound,
        Warning_.identifier.in_(list(identifiers)[:500]),
    )  # fmt: skip
    return list(session.scalars(query))


def end_these(session: Session, ids: Sequence[int], state: str, at: int) -> int:
    """End the published ones of some warnings; how many were."""
    return len(end(session, Warning_.id.in_(list(ids)), state, at))


def feeds(session: Session, *, active: bool | None = None) -> list[CapFeed]:
    """The feeds that are followed, by code."""
    query = select(CapFeed).order_by(CapFeed.code)
    return list(session.scalars(query if active is None else query.where(CapFeed.active.is_(active))))


def feed(session: Session, code: str) -> CapFeed | None:
    """A feed by its code."""
    return session.scalar(select(CapFeed).where(CapFeed.code == code))
