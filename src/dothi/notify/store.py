"""The SQL of notify."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dothi.identity.tables import Grant, Person
from dothi.journal.tables import Entry
from dothi.notify.levels import SEVERITIES
from dothi.notify.tables import Address, Ladder, Message, Preference, Read, Subscription

_PART = 500  # values of one IN
_SENDABLE = and_(Address.confirmed_at.is_not(None), Address.disabled_at.is_(None))


# addresses and preferences


def address(session: Session, id_: int) -> Address | None:
    """The address of a number."""
    return session.get(Address, id_)


def addresses(session: Session, person_id: int) -> list[Address]:
    """A person's addresses, in the order they were given."""
    return list(session.scalars(select(Address).where(Address.person_id == person_id).order_by(Address.id)))


def same_address(session: Session, person_id: int | None, channel: str, target: str) -> Address | None:
    """The address somebody gave already; of citizens, whoever it was."""
    query = select(Address).where(Address.channel == channel, Address.target == target, Address.person_id == person_id)
    return session.scalar(query.order_by(Address.id).limit(1))


def asked_since(session: Session, channel: str, target: str, since: int) -> bool:
    """Whether a one-time link went to this address since then, whoever asked for it."""
    query = select(Address.id).where(Address.channel == channel, Address.target == target, Address.asked_at >= since)
    return session.scalar(query.limit(1)) is not None


def address_by_token(session: Session, digest: str) -> Address | None:
    """The address a one-time link belongs to."""
    return session.scalar(select(Address).where(Address.token == digest))


def sendable(session: Session, ids: Iterable[int]) -> list[Address]:
    """Those of some addresses that are confirmed and not disabled, and whose owner is active."""
    query = select(Address).outerjoin(Person, Person.id == Address.person_id)
    query = query.where(_SENDABLE, or_(Address.person_id.is_(None), Person.active))
    wanted = sorted(set(ids))
    return [
        one
        for at in range(0, len(wanted), _PART)
        for one in session.scalars(query.where(Address.id.in_(wanted[at : at + _PART])).order_by(Address.id))
    ]


def reachable(session: Session, people: Iterable[int] | None = None) -> list[Address]:
    """The confirmed, enabled addresses of active people: of all, or of some."""
    query = select(Address).join(Person, Person.id == Address.person_id).where(_SENDABLE, Person.active)
    if people is not None:
        query = query.where(Address.person_id.in_(sorted(set(people))))
    return list(session.scalars(query.order_by(Address.person_id, Address.id)))


def people(session: Session, ids: Iterable[int]) -> list[Person]:
    """Active people."""
    return list(session.scalars(select(Person).where(Person.id.in_(sorted(set(ids))), Person.active)))


def holders(session: Session, roles: Iterable[str]) -> list[tuple[int, str, str | None]]:
    """Active people who hold one of some roles, with the kind and code of its scope."""
    query = select(Grant.person_id, Grant.scope_kind, Grant.scope).join(Person, Person.id == Grant.person_id)
    rows = session.execute(query.where(Grant.role.in_(sorted(roles)), Person.active).order_by(Grant.person_id))
    return [(row[0], row[1], row[2]) for row in rows]


def preferences(session: Session, people_ids: Iterable[int]) -> dict[tuple[int, str], Preference]:
    """What some people said they want, by person and channel."""
    rows = session.scalars(select(Preference).where(Preference.person_id.in_(sorted(set(people_ids)))))
    return {(one.person_id, one.channel): one for one in rows}


def preference(session: Session, person_id: int, channel: str) -> Preference | None:
    """What a person said they want on a channel."""
    return session.get(Preference, (person_id, channel))


def drop_address(session: Session, id_: int) -> None:
    """Forget an address with what it subscribed to; what waits for it is not sent."""
    drop_waiting(session, id_, "the address was removed")
    session.execute(delete(Address).where(Address.id == id_))


def forget_unconfirmed(session: Session, before: int) -> int:
    """Forget citizens' addresses nobody confirmed."""
    which = and_(Address.person_id.is_(None), Address.confirmed_at.is_(None), Address.created_at < before)
    return len(session.scalars(delete(Address).where(which).returning(Address.id)).all())


# subscriptions


def subscriptions(session: Session, address_id: int) -> list[Subscription]:
    """What an address subscribed to."""
    query = select(Subscription).where(Subscription.address_id == address_id).order_by(Subscription.id)
    return list(session.scalars(query))


def drop_subscriptions(session: Session, address_id: int) -> None:
    """End every subscription of an address."""
    session.execute(delete(Subscription).where(Subscription.address_id == address_id))


def subscribers(session: Session, units: Sequence[str]) -> list[tuple[int, list[Any]]]:
    """Addresses that subscribed to one of some units or to the whole city, with the topics they want."""
    query = select(Subscription.address_id, Subscription.topics).join(Address, Address.id == Subscription.address_id)
    query = query.where(_SENDABLE)
    found: list[tuple[int, list[Any]]] = []
    parts: list[ColumnElement[bool]] = [Subscription.unit_code.is_(None)]
    codes = sorted(set(units))
    parts += [Subscription.unit_code.in_(codes[at : at + _PART]) for at in range(0, len(codes), _PART)]
    for part in parts:
        found += [(row[0], row[1]) for row in session.execute(query.where(part).order_by(Subscription.id))]
    return found


# messages


def add_messages(session: Session, rows: list[dict[str, Any]]) -> int:
    """Add those messages whose key is not there yet; returns how many."""
    added = 0
    for at in range(0, len(rows), _PART):
        part = rows[at : at + _PART]
        there = set(session.scalars(select(Message.key).where(Message.key.in_([row["key"] for row in part]))))
        fresh = [row for row in part if row["key"] not in there]
        if not fresh:
            continue
        try:
            with session.begin_nested():
                session.execute(insert(Message), fresh)
            added += len(fresh)
        except IntegrityError:  # somebody else writes the same just now
            added += sum(_add_one(session, row) for row in fresh)
    return added


def _add_one(session: Session, row: dict[str, Any]) -> bool:
    try:
        with session.begin_nested():
            session.execute(insert(Message), [row])
    except IntegrityError:
        return False
    return True


def due(session: Session, now: int, limit: int) -> list[tuple[Message, Address]]:
    """Messages to be sent now, the gravest first, with their addresses."""
    gravity = case(
        {name: place for place, name in enumerate(SEVERITIES)}, value=Message.severity, else_=len(SEVERITIES)
    )
    query = (
        select(Message, Address)
        .join(Address, Address.id == Message.address_id)
        .where(Message.state == "waiting", Message.due_at <= now)
        .order_by(gravity, Message.due_at, Message.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def claim(session: Session, id_: int, tries: int, until: int) -> bool:
    """Take a message for sending: it is due again only at the end of the claim. False when another took it."""
    which = (Message.id == id_, Message.tries == tries, Message.state == "waiting")
    done = session.execute(update(Message).where(*which).values(tries=tries + 1, due_at=until))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def settle(session: Session, id_: int, tries: int, **values: Any) -> bool:
    """Note what became of a claimed message, unless the claim ran out and another took it."""
    which = (Message.id == id_, Message.tries == tries, Message.state == "waiting")
    done = session.execute(update(Message).where(*which).values(**values))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def drop_waiting(session: Session, address_id: int, why: str) -> None:
    """Messages that wait for an address are not sent any more."""
    which = (Message.address_id == address_id, Message.state == "waiting")
    session.execute(update(Message).where(*which).values(state="dropped", error=why))


def drop_ownerless(session: Session, now: int) -> None:
    """Messages whose address is gone are not sent any more."""
    which = (Message.address_id.is_(None), Message.state == "waiting", Message.due_at <= now)
    session.execute(update(Message).where(*which).values(state="dropped", error="the address was removed"))


def any_ownerless(session: Session, now: int) -> bool:
    """Whether a message waits whose address is gone."""
    which = (Message.address_id.is_(None), Message.state == "waiting", Message.due_at <= now)
    return session.scalar(select(Message.id).where(*which).limit(1)) is not None


def forget_messages(session: Session, before: int) -> int:
    """Delete messages that were done with before an instant."""
    which = and_(Message.state != "waiting", Message.created_at < before)
    return len(session.scalars(delete(Message).where(which).returning(Message.id)).all())


def message_log(
    session: Session,
    agencies: Sequence[int] | None,
    *,
    cause: str | None = None,
    state: str | None = None,
    channel: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[tuple[Message, Address | None, Person | None]]:
    """Messages, newest first, with whom they went to.

    agencies: only to people of these; None: to anybody. before: an id.
    """
    query = (
        select(Message, Address, Person)
        .outerjoin(Address, Address.id == Message.address_id)
        .outerjoin(Person, Person.id == Address.person_id)
    )
    if agencies is not None:
        query = query.where(Person.agency_id.in_(agencies))
    for column, wanted in ((Message.cause, cause), (Message.state, state), (Message.channel, channel)):
        if wanted:
            query = query.where(column == wanted)
    if before is not None:
        query = query.where(Message.id < before)
    return [(row[0], row[1], row[2]) for row in session.execute(query.order_by(Message.id.desc()).limit(limit))]


# the journal as it is read


def read_upto(session: Session, name: str) -> int | None:
    """How far a reader of the journal has come; None when it never read."""
    return session.scalar(select(Read.upto).where(Read.name == name))


def move_read(session: Session, name: str, known: int | None, upto: int) -> bool:
    """Note how far a reader has come, unless it stands elsewhere than known by now."""
    if known is None:
        try:
            with session.begin_nested():
                session.execute(insert(Read).values(name=name, upto=upto))
        except IntegrityError:
            return False
        return True
    done = session.execute(update(Read).where(Read.name == name, Read.upto == known).values(upto=upto))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def entry_before(session: Session, at: int) -> int:
    """The newest journal entry of before an instant; 0 when there is none."""
    return session.scalar(select(func.max(Entry.id)).where(Entry.at < at)) or 0


def entries_seen(session: Session, ids: Sequence[int], sees: ColumnElement[bool]) -> set[int]:
    """Those of some journal entries that fulfil the clause of what somebody may see."""
    return set(session.scalars(select(Entry.id).where(Entry.id.in_(ids), sees)))


# ladders


def ladders(session: Session, *, active: bool = False) -> list[Ladder]:
    """Escalation ladders, by code."""
    query = select(Ladder).order_by(Ladder.code)
    return list(session.scalars(query.where(Ladder.active) if active else query))


def ladder(session: Session, id_: int) -> Ladder | None:
    """The ladder of a number."""
    return session.get(Ladder, id_)


def ladder_code_taken(session: Session, code: str, but: int | None) -> bool:
    """Whether another ladder has this code."""
    query = select(exists().where(Ladder.code == code, Ladder.id != (but or 0)))
    return bool(session.scalar(query))
