"""The SQL of cases, their entries, followers, offices and links."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam, delete, func, insert, inspect, or_, select, update
from sqlalchemy.orm import Session, make_transient_to_detached

from dothi.cases import sight
from dothi.cases.tables import (
    Case,
    CaseEntry,
    CaseFile,
    CaseFollower,
    CaseLink,
    CaseOffice,
    CaseTimer,
    Crew,
    CrewMember,
    Job,
)
from dothi.db import quick, upsert
from dothi.db.quick import Objects, Rows
from dothi.db.wire import Said, Statement
from dothi.db.words import in_turn
from dothi.identity.tables import Agency, Person

# statements are made once: to make one anew costs more than to run it
_ROWS = Case.__table__
_OF_ID = select(Case).where(Case.id == bindparam("name"))
_OF_NUMBER = select(Case).where(Case.number == bindparam("name"))
_OF_KEY = Rows(select(Case.id).where(Case.key == bindparam("key")))
_ADD_ENTRY = insert(CaseEntry.__table__).returning(CaseEntry.__table__.c.id)  # type: ignore[arg-type]


def _adding(insert_: Any) -> Any:
    return insert_(_ROWS).on_conflict_do_nothing(index_elements=["key"]).returning(_ROWS.c.id)


_SAID = ("case_id", "at", "actor", "agency_id", "kind", "public", "text", "state", "step", "data")  # an entry's columns
_ENTER = Statement(_ADD_ENTRY, _SAID)
_ADD = Statement(upsert.for_each(_adding), [one.name for one in _ROWS.columns if one.name != "id"])


def settle(session: Session, more: Sequence[Said] = (), **entry: Any) -> int:
    """Write what changed of the rows at hand, more statements, and an entry, in one message if it can be; the entry's id."""
    if session.new or session.deleted or any(type(one) not in _PLAIN for one in session.dirty):
        session.flush()
    return int(quick.write(session, [*_changes(session), *more, (_ENTER, entry)])[-1][0][0])


def _changes(session: Session) -> Iterator[Said]:
    """What a flush would write of rows that only changed: in a fraction of its time."""
    for state in [inspect(one) for one in session.dirty]:
        values = {name: state.dict[name] for name, was in state.committed_state.items() if state.dict[name] != was}
        if values:
            yield _writing(state.class_, tuple(values)), {"id_": state.dict["id"], **values}
        state._commit_all(state.dict, session.identity_map)  # noqa: SLF001 - as a flush does; there is no public name


_PLAIN = (Case, CaseTimer)


@lru_cache(maxsize=256)
def _writing(kind: Any, names: tuple[str, ...]) -> Statement:
    table = kind.__table__
    return Statement(update(table).where(table.c.id == bindparam("id_", type_=table.c.id.type)), ["id_", *names])


# the case itself


def case(
    session: Session, name: int | str, sees: ColumnElement[bool], *, lock: bool = False, wait: bool = True
) -> Case | None:
    """The case of an id or a number; lock: nobody else changes it before this transaction ends.

    wait: False gives None for one that somebody else has locked.
    """
    query = select(Case).where(sight.named(name), sees)
    if lock:
        query = query.with_for_update(skip_locked=not wait).execution_options(populate_existing=True)
    return session.scalar(query)


def held(session: Session, name: int | str) -> Case | None:
    """The case of an id or a number, whoever may see it, locked: nobody else changes it before this transaction ends."""
    if isinstance(name, int):
        return _LOCK_ID.first(session, name=name)
    return _LOCK_NUMBER.first(session, name=sight.number(name))


_LOCK_ID, _LOCK_NUMBER = (
    Objects(Case, one.with_for_update().execution_options(populate_existing=True)) for one in (_OF_ID, _OF_NUMBER)
)


def passes(session: Session, id_: int, sees: ColumnElement[bool]) -> bool:
    """Whether a case holds a clause."""
    return session.scalar(select(Case.id).where(Case.id == id_, sees)) is not None


def by_key(session: Session, key: str) -> Case | None:
    """The case a sender's key made."""
    found = _OF_KEY.first(session, key=key)
    return None if found is None else session.scalar(_OF_ID, {"name": found[0]})


def key_turn(session: Session, key: str) -> None:
    """Wait until nobody else is about to open a case with this key, and hold that until the transaction ends."""
    _KEY_TURN.all(session, turn=f"dothi.case.key {key}")


_KEY_TURN = Rows(select(in_turn(bindparam("turn", type_=Text()))))


def add(session: Session, values: dict[str, Any]) -> Case | None:
    """Add a case; None when another one has its key meanwhile."""
    found = quick.write(session, [(_ADD, values)])[0]
    if not found:
        return None
    made = Case(id=found[0][0], **values)
    make_transient_to_detached(made)
    session.add(made)
    return made


def lock_joined(session: Session, ids: Iterable[int | None]) -> bool:
    """Lock cases, those they were joined to and those joined to them, the older first.

    False where one was joined to them while this waited, and somebody else has it: who waits out of turn may wait for ever.
    """
    asked = {one for one in ids if one is not None}
    found = _joined(session, asked)
    session.execute(select(Case.id).where(Case.id.in_(found)).order_by(Case.id).with_for_update())
    while late := _joined(session, asked) - found:
        free = select(Case.id).where(Case.id.in_(late)).with_for_update(skip_locked=True)
        if set(session.scalars(free)) != late:
            return False
        found |= late
    return True


def _joined(session: Session, ids: Iterable[int]) -> set[int]:
    """Cases, those they were joined to and those joined to them."""
    found = set(ids)
    for id_ in ids:
        found.update(duplicates(session, id_))
        into = session.scalar(select(Case.merged_into).where(Case.id == id_))
        while into is not None and into not in found:
            found.add(into)
            into = session.scalar(select(Case.merged_into).where(Case.id == into))
    return found


def cases_of(session: Session, ids: Iterable[int]) -> dict[int, Case]:
    """Cases by id."""
    return {one.id: one for one in session.scalars(select(Case).where(Case.id.in_(list(ids))))}


# entries


def add_entry(session: Session, **values: Any) -> int:
    """Add an entry; its id."""
    return int(session.execute(_ADD_ENTRY, values).scalar_one())


def entry(session: Session, id_: int) -> CaseEntry | None:
    """The entry of a number."""
    return session.get(CaseEntry, id_)


def entries(session: Session, case_id: int, where: Sequence[ColumnElement[bool]] = ()) -> list[CaseEntry]:
    """What happened to a case, oldest first."""
    query = select(CaseEntry).where(CaseEntry.case_id == case_id, *where)
    return list(session.scalars(query.order_by(CaseEntry.at, CaseEntry.id)))


def last_change(session: Session, case_id: int) -> CaseEntry | None:
    """The newest entry: who changed a case last."""
    query = select(CaseEntry).where(CaseEntry.case_id == case_id)
    return session.scalar(query.order_by(CaseEntry.at.desc(), CaseEntry.id.desc()).limit(1))


# followers


def follow(session: Session, case_id: int, who: str, at: int) -> bool:
    """Add a follower; False for one who follows already."""
    statement = upsert.insert_into(session, CaseFollower).values(case_id=case_id, who=who, at=at)
    statement = statement.on_conflict_do_nothing(index_elements=["case_id", "who"]).returning(CaseFollower.id)
    if session.execute(statement).scalar_one_or_none() is None:
        return False
    _more_followers(session, case_id, 1)
    return True


def unfollow(session: Session, case_id: int, who: str) -> bool:
    """Take a follower off; False for one who did not follow."""
    gone = (
        delete(CaseFollower).where(CaseFollower.case_id == case_id, CaseFollower.who == who).returning(CaseFollower.id)
    )
    if session.execute(gone).first() is None:
        return False
    _more_followers(session, case_id, -1)
    return True


def _more_followers(session: Session, case_id: int, by: int) -> None:
    session.execute(
        update(Case).where(Case.id == case_id).values(followers=Case.followers + by),
        execution_options={"synchronize_session": False},
    )


def followers(session: Session, case_id: int) -> list[str]:
    """Who follows a case."""
    return list(
        session.scalars(select(CaseFollower.who).where(CaseFollower.case_id == case_id).order_by(CaseFollower.id))
    )


def merge_followers(session: Session, from_id: int, into_id: int, at: int) -> int:
    """Have everybody who follows one case follow the other too; how many follow that one then."""
    there = select(CaseFollower.who).where(CaseFollower.case_id == into_id)
    new = list(
        session.scalars(select(CaseFollower.who).where(CaseFollower.case_id == from_id, CaseFollower.who.not_in(there)))
    )
    if new:
        rows = [{"case_id": into_id, "who": who, "at": at} for who in new]
        session.execute(
            upsert.insert_into(session, CaseFollower).on_conflict_do_nothing(index_elements=["case_id", "who"]), rows
        )
    return session.scalar(select(func.count()).where(CaseFollower.case_id == into_id)) or 0


# offices, links, files, crews


def ask_office(session: Session, case_id: int, agency_id: int, at: int) -> bool:
    """Have an office co-handle; False where it does already."""
    found = session.get(CaseOffice, (case_id, agency_id))
    if found is not None and found.done_at is None:
        return False
    if found is None:
        session.add(CaseOffice(case_id=case_id, agency_id=agency_id, asked_at=at))
    else:
        found.asked_at, found.done_at = at, None
    session.flush()
    return True


def offices(session: Session, case_id: int) -> list[tuple[CaseOffice, Agency]]:
    """The offices that co-handle, in the order they were asked."""
    query = select(CaseOffice, Agency).join(Agency, Agency.id == CaseOffice.agency_id)
    rows = session.execute(
        query.where(CaseOffice.case_id == case_id).order_by(CaseOffice.asked_at, CaseOffice.agency_id)
    )
    return [(one, agency) for one, agency in rows]


def link(session: Session, case_id: int, kind: str, to: str, at: int, actor: str) -> bool:
    """Link a case with something; False where the link stands."""
    statement = upsert.insert_into(session, CaseLink).values(case_id=case_id, kind=kind, to=to, at=at, actor=actor)
    statement = statement.on_conflict_do_nothing(index_elements=["case_id", "kind", "to"]).returning(CaseLink.id)
    return session.execute(statement).scalar_one_or_none() is not None


def links(session: Session, case_id: int) -> list[CaseLink]:
    """What a case links to, and what links to it."""
    query = select(CaseLink).where(or_(CaseLink.case_id == case_id, CaseLink.to == f"case:{case_id}"))
    return list(session.scalars(query.order_by(CaseLink.id)))


def duplicates(session: Session, case_id: int) -> list[int]:
    """The cases that were merged into one."""
    query = select(CaseLink.case_id).where(CaseLink.to == f"case:{case_id}", CaseLink.kind == "duplicate-of")
    return list(session.scalars(query.order_by(CaseLink.case_id)))


def file_kinds(session: Session, case_id: int) -> set[str]:
    """The kinds of files that hang on a case."""
    return set(session.scalars(select(CaseFile.kind).where(CaseFile.case_id == case_id).distinct()))


def checks(session: Session, case_id: int) -> set[str]:
    """The steps of the checklist some job on a case has ticked."""
    return {code for done in session.scalars(select(Job.checks).where(Job.case_id == case_id)) for code in done or {}}


def crew(session: Session, id_: int) -> Crew | None:
    """The crew of a number."""
    return session.get(Crew, id_)


def crews_of(session: Session, person_id: int) -> list[int]:
    """The crews somebody belongs to."""
    return list(session.scalars(select(CrewMember.crew_id).where(CrewMember.person_id == person_id)))


def officer(session: Session, id_: int) -> tuple[bool, int | None] | None:
    """Whether somebody still acts, and their office; None where there is no such person."""
    found = _OFFICER.first(session, id=id_)
    return (found[0], found[1]) if found else None


def office_there(session: Session, id_: int) -> bool:
    """Whether there is an office of a number."""
    return _OFFICE.first(session, id=id_) is not None


_OFFICER = Rows(select(Person.active, Person.agency_id).where(Person.id == bindparam("id")))
_OFFICE = Rows(select(Agency.id).where(Agency.id == bindparam("id")))


# names


def agency_names(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Names of offices by id."""
    return _names(session, Agency, ids)


def person_names(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Names of officers by id."""
    return _names(session, Person, ids)


def crew_names(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Names of crews by id."""
    return _names(session, Crew, ids)


def _names(session: Session, table: Any, ids: Iterable[int | None]) -> dict[int, str]:
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    rows = session.execute(select(table.id, table.name).where(table.id.in_(wanted)))
    return {id_: name for id_, name in rows}  # noqa: C416 - rows are not pairs to mypy
