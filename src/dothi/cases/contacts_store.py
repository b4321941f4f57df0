"""The SQL of contacts and one-time codes, and of the addresses that news of cases go to."""

from collections.abc import Collection, Sequence

from sqlalchemy import BigInteger, ColumnElement, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from dothi.cases.contacts import Contact
from dothi.cases.tables import Case, CaseCode, CaseContact, CaseFollower
from dothi.db.quick import Rows
from dothi.notify.tables import Address, Message, Subscription

LABEL = "cases"  # of an address that was given with a case, apart from those somebody subscribed with


def ways(session: Session, case_id: int, person_id: int | None) -> tuple[bool, bool]:
    """Whether a person has any address, and whether a case has a contact: of most cases nobody is told."""
    found = _WAYS.first(session, case=case_id, person=person_id)
    return (bool(found[0]), bool(found[1])) if found is not None else (False, False)


_WAYS = Rows(
    select(
        exists().where(Address.person_id == bindparam("person", type_=BigInteger())),
        exists().where(CaseContact.case_id == bindparam("case", type_=BigInteger())),
    )
)


def opened_since(session: Session, contact: Contact, since: int, most: int) -> int | None:
    """When the oldest of the last `most` cases of a telephone or e-mail was opened, if there are as many since then."""
    ways = _ways(contact.phone, contact.email)
    if ways is None:
        return None
    query = (
        select(Case.opened_at)
        .join(CaseContact, CaseContact.case_id == Case.id)
        .where(ways, Case.opened_at > since)
        .order_by(Case.opened_at.desc())
        .limit(most)
    )
    found = session.scalars(query).all()
    return found[-1] if len(found) >= most else None


def codes_since(session: Session, target: str, since: int) -> list[int]:
    """When one-time codes went to a telephone or e-mail since then, for whatever case; oldest first."""
    query = (
        select(CaseCode.sent_at)
        .join(CaseContact, CaseContact.case_id == CaseCode.case_id)
        .where(or_(CaseContact.phone == target, CaseContact.email == target), CaseCode.sent_at > since)
        .order_by(CaseCode.sent_at)
    )
    return list(session.scalars(query))


def end_codes(session: Session, case_id: int, now: int) -> None:
    """The codes sent before count no more."""
    live = (CaseCode.case_id == case_id, CaseCode.used_at.is_(None), CaseCode.expires_at > now)
    session.execute(update(CaseCode).where(*live).values(expires_at=now))


def live_code(session: Session, case_id: int, now: int) -> CaseCode | None:
    """The code that counts now."""
    live = (CaseCode.case_id == case_id, CaseCode.used_at.is_(None), CaseCode.expires_at > now)
    return session.scalar(select(CaseCode).where(*live).order_by(CaseCode.id.desc()).limit(1))


def try_code(session: Session, code_id: int, most: int, now: int) -> int | None:
    """Count a try, if there is one left; returns how many were made with it. One statement: none slips through."""
    which = (CaseCode.id == code_id, CaseCode.tries < most, CaseCode.used_at.is_(None), CaseCode.expires_at > now)
    counted = update(CaseCode).where(*which).values(tries=CaseCode.tries + 1).returning(CaseCode.tries)
    return session.scalar(counted.execution_options(synchronize_session=False))


def use_code(session: Session, code_id: int, now: int) -> bool:
    """Use a code up, once."""
    which = (CaseCode.id == code_id, CaseCode.used_at.is_(None))
    used = update(CaseCode).where(*which).values(used_at=now).returning(CaseCode.id)
    return session.scalar(used.execution_options(synchronize_session=False)) is not None


def drop_codes(session: Session, case_id: int) -> None:
    """Forget every code of a case."""
    session.execute(delete(CaseCode).where(CaseCode.case_id == case_id))


def forget_codes(session: Session, before: int) -> int:
    """Forget codes that were sent before an instant."""
    return len(session.scalars(delete(CaseCode).where(CaseCode.sent_at < before).returning(CaseCode.id)).all())


def address_of(session: Session, channel: str, target: str) -> Address | None:
    """The address news of cases go to at a telephone or e-mail."""
    which = (Address.person_id.is_(None), Address.channel == channel, Address.target == target, Address.label == LABEL)
    return session.scalar(select(Address).where(*which).order_by(Address.id).limit(1))


def address_for(session: Session, channel: str, target: str, language: str, now: int) -> Address:
    """The address news of cases go to at a telephone or e-mail, made where there is none yet."""
    found = address_of(session, channel, target)
    if found is None:
        found = Address(
            person_id=None, channel=channel, target=target, label=LABEL, language=language, created_at=now, failed=0
        )
        session.add(found)
    found.language = language
    session.flush()
    return found


def end_subscriptions(session: Session, address_id: int) -> None:
    """End what was asked for at an address before it was confirmed: who asked may have been anybody."""
    session.execute(delete(Subscription).where(Subscription.address_id == address_id))


def addresses_at(session: Session, targets: Collection[str], *, given: bool) -> list[Address]:
    """Citizens' addresses at some telephones and e-mails; given: those given with cases only."""
    query = select(Address).where(Address.person_id.is_(None), Address.target.in_(sorted(targets)))
    return list(session.scalars(query.where(Address.label == LABEL) if given else query))


def other_cases(session: Session, case_id: int, target: str) -> bool:
    """Whether another case has this telephone or e-mail."""
    ways = or_(CaseContact.phone == target, CaseContact.email == target)
    query = select(CaseContact.case_id).where(ways, CaseContact.case_id != case_id)
    return session.scalar(query.limit(1)) is not None


def follows(session: Session, address_id: int) -> bool:
    """Whether an address follows a case, or wants the warnings of a place."""
    follower = select(CaseFollower.id).where(CaseFollower.who == f"address:{address_id}").limit(1)
    wants = select(Subscription.id).where(Subscription.address_id == address_id).limit(1)
    return session.scalar(follower) is not None or session.scalar(wants) is not None


def unfollow(session: Session, case_id: int, whos: Sequence[str]) -> int:
    """Take followers off a case; returns how many there were."""
    which = (CaseFollower.case_id == case_id, CaseFollower.who.in_(whos))
    return len(session.scalars(delete(CaseFollower).where(*which).returning(CaseFollower.id)).all())


def followed_by(session: Session, who: str) -> list[int]:
    """The cases an address or a person follows."""
    return list(session.scalars(select(CaseFollower.case_id).where(CaseFollower.who == who)))


def drop_messages(session: Session, cause: str, address_ids: Sequence[int]) -> None:
    """Delete what some addresses were told of a cause, and what was yet to be."""
    session.execute(delete(Message).where(Message.cause == cause, Message.address_id.in_(address_ids)))


def messages(session: Session, cause: str) -> list[Message]:
    """What anybody was told of a cause."""
    return list(session.scalars(select(Message).where(Message.cause == cause)))


def cases_of(session: Session, phone: str | None, email: str | None) -> list[Case]:
    """The cases with a telephone or an e-mail, oldest first."""
    ways = _ways(phone, email)
    if ways is None:
        return []
    query = select(Case).join(CaseContact, CaseContact.case_id == Case.id).where(ways).order_by(Case.id)
    return list(session.scalars(query))


def count_of(session: Session, phone: str | None, email: str | None) -> int:
    """How many cases have a telephone or an e-mail."""
    ways = _ways(phone, email)
    return 0 if ways is None else session.scalar(select(func.count()).select_from(CaseContact).where(ways)) or 0


def _ways(phone: str | None, email: str | None) -> ColumnElement[bool] | None:
    ways = [column == value for column, value in ((CaseContact.phone, phone), (CaseContact.email, email)) if value]
    return or_(*ways) if ways else None
