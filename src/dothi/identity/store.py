"""The SQL of identity."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from dothi.identity.tables import Agency, Grant, Key, Person, SignIn
from dothi.kit.text import fold


def person(session: Session, id_: int) -> Person | None:
    """The person of a number."""
    return session.get(Person, id_)


def person_by_login(session: Session, login: str) -> Person | None:
    """The person of a login; logins are kept in small letters."""
    return session.scalar(select(Person).where(Person.login == login.strip().lower()))


def people(session: Session, search: str = "") -> list[Person]:
    """People, by login; those whose name, login or e-mail has the text (diacritics optional)."""
    wanted = fold(search)
    found = session.scalars(select(Person).order_by(Person.login)).all()
    return [p for p in found if wanted in fold(f"{p.name} {p.login} {p.email or ''}")]


def any_person(session: Session) -> bool:
    """Whether anybody is known at all."""
    return session.scalar(select(Person.id).limit(1)) is not None


def grants(session: Session, person_id: int) -> list[Grant]:
    """The roles a person holds, in the order they were given."""
    return list(session.scalars(select(Grant).where(Grant.person_id == person_id).order_by(Grant.id)))


def grants_of_all(session: Session) -> dict[int, list[Grant]]:
    """Everybody's roles by person."""
    found: dict[int, list[Grant]] = {}
    for one in session.scalars(select(Grant).order_by(Grant.id)):
        found.setdefault(one.person_id, []).append(one)
    return found


def grant(session: Session, id_: int) -> Grant | None:
    """The grant of a number."""
    return session.get(Grant, id_)


def remove_grant(session: Session, id_: int) -> None:
    """Take a role away."""
    session.execute(delete(Grant).where(Grant.id == id_))


def agency(session: Session, id_: int) -> Agency | None:
    """The agency of a number."""
    return session.get(Agency, id_)


def agency_by_code(session: Session, code: str) -> Agency | None:
    """The agency of a code."""
    return session.scalar(select(Agency).where(Agency.code == code))


def agencies(session: Session) -> list[Agency]:
    """All agencies, by code."""
    return list(session.scalars(select(Agency).order_by(Agency.code)))


def below(session: Session, code: str) -> list[int]:
    """The agency of a code and every agency under it."""
    root = session.scalar(select(Agency.id).where(Agency.code == code))
    if root is None:
        return []
    under = select(Agency.id).where(Agency.id == root).cte("under", recursive=True)
    under = under.union(select(Agency.id).join(under, Agency.parent_id == under.c.id))
    return list(session.scalars(select(under.c.id)))


def sign_in(session: Session, token: str, now: int) -> SignIn | None:
    """The unexpired session of a browser, by the hash of its token."""
    return session.scalar(select(SignIn).where(SignIn.token == token, SignIn.expires_at > now))


def sign_ins(session: Session, person_id: int, now: int) -> int:
    """How many browsers a person is signed in at."""
    query = select(func.count()).where(SignIn.person_id == person_id, SignIn.expires_at > now)
    return session.scalar(query) or 0


def end_sign_in(session: Session, token: str) -> None:
    """End one browser's session."""
    session.execute(delete(SignIn).where(SignIn.token == token))


def end_sign_ins(session: Session, person_id: int) -> int:
    """End every session of a person; returns how many there were."""
    return len(_ended(session, SignIn.person_id == person_id))


def end_expired(session: Session, now: int) -> int:
    """Forget sessions that ran out; returns how many."""
    return len(_ended(session, SignIn.expires_at <= now))


def _ended(session: Session, which: Any) -> Sequence[str]:
    return session.scalars(delete(SignIn).where(which).returning(SignIn.token)).all()


def key(session: Session, id_: int) -> Key | None:
    """The key of a number, revoked ones too."""
    return session.get(Key, id_)


def live_key(session: Session, id_: int, now: int) -> Key | None:
    """The key of a number, unless it was revoked or ran out."""
    alive = or_(Key.expires_at.is_(None), Key.expires_at > now)
    return session.scalar(select(Key).where(Key.id == id_, Key.revoked_at.is_(None), alive))


def keys(session: Session) -> list[Key]:
    """All keys, newest first."""
    return list(session.scalars(select(Key).order_by(Key.id.desc())))


def administrators(session: Session) -> int:
    """How many active people administer everything."""
    query = (
        select(func.count(func.distinct(Grant.person_id)))
        .join(Person, Person.id == Grant.person_id)
        .where(Grant.role == "administrator", Grant.scope_kind == "all", Person.active)
    )
    return session.scalar(query) or 0
