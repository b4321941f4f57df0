"""The SQL of field work: crews, who is in them, their jobs, where they are, and what their phones sent."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from dothi.cases.tables import Case, CaseEntry, CaseFile, Crew, CrewMember, CrewPosition, Job, Sent
from dothi.db.upsert import insert_into
from dothi.identity.tables import Agency, Person

OPEN = ("planned", "going", "working")
_CASE = (
    Case.number, Case.type, Case.category, Case.state, Case.phase, Case.priority, Case.title, Case.address, Case.unit,
    Case.lon, Case.lat, Case.agency_id, Case.due_at, Case.opened_at, Case.simulated, Case.exercise, Case.followers,
)  # fmt: skip


# crews and who is in them


def crew(session: Session, id_: int) -> Crew | None:
    """The crew of a number."""
    return session.get(Crew, id_)


def crews(session: Session, agency_ids: Collection[int] | None, *, active: bool = True) -> list[Crew]:
    """The crews of some offices by name; None: of all."""
    query = select(Crew).order_by(Crew.name, Crew.id)
    if agency_ids is not None:
        query = query.where(Crew.agency_id.in_(agency_ids))
    return list(session.scalars(query.where(Crew.active.is_(True)) if active else query))


def offices_with_crews(session: Session, agency_ids: Collection[int] | None) -> list[Agency]:
    """Those of some offices that send crews out."""
    query = select(Agency).where(exists().where(Crew.agency_id == Agency.id, Crew.active.is_(True)))
    if agency_ids is not None:
        query = query.where(Agency.id.in_(agency_ids))
    return list(session.scalars(query.order_by(Agency.name, Agency.id)))


def crews_of(session: Session, person_id: int) -> list[tuple[Crew, CrewMember]]:
    """The crews somebody belongs to."""
    query = select(Crew, CrewMember).join(CrewMember, CrewMember.crew_id == Crew.id)
    rows = session.execute(query.where(CrewMember.person_id == person_id, Crew.active.is_(True)).order_by(Crew.name))
    return [(crew_, member) for crew_, member in rows]


def member(session: Session, crew_id: int, person_id: int) -> CrewMember | None:
    """Somebody's place in a crew."""
    return session.get(CrewMember, (crew_id, person_id))


def members(session: Session, crew_ids: Collection[int]) -> list[tuple[CrewMember, str]]:
    """Who belongs to some crews, with their names."""
    query = select(CrewMember, Person.name).join(Person, Person.id == CrewMember.person_id)
    rows = session.execute(
        query.where(CrewMember.crew_id.in_(crew_ids), Person.active.is_(True)).order_by(Person.name, Person.id)
    )
    return [(one, name) for one, name in rows]


def add_member(session: Session, crew_id: int, person_id: int) -> None:
    """Put somebody into a crew."""
    if session.get(CrewMember, (crew_id, person_id)) is None:
        session.add(CrewMember(crew_id=crew_id, person_id=person_id, on_since=None, shares=False))
        session.flush()


def drop_member(session: Session, crew_id: int, person_id: int) -> bool:
    """Take somebody out of a crew; False for one who is not in it."""
    gone = delete(CrewMember).where(CrewMember.crew_id == crew_id, CrewMember.person_id == person_id)
    return session.execute(gone.returning(CrewMember.person_id)).first() is not None


def people(session: Session, agency_id: int) -> list[Person]:
    """Who works in an office."""
    return list(
        session.scalars(
            select(Person).where(Person.agency_id == agency_id, Person.active.is_(True)).order_by(Person.name)
        )
    )


def end_shifts(session: Session, before: int) -> int:
    """Shifts somebody forgot to end are over."""
    over = update(CrewMember).where(CrewMember.on_since < before).values(on_since=None, shares=False)
    return len(session.scalars(over.returning(CrewMember.person_id)).all())


# jobs


def job(session: Session, id_: int, *, fresh: bool = False) -> Job | None:
    """The job of a number; fresh: as it stands now, after its case was locked."""
    return session.get(Job, id_, populate_existing=fresh)


def open_job(session: Session, case_id: int) -> Job | None:
    """The job on a case that is still to be done."""
    return session.scalar(
        select(Job).where(Job.case_id == case_id, Job.state.in_(OPEN)).order_by(Job.id.desc()).limit(1)
    )


def jobs_of(session: Session, case_id: int) -> list[Job]:
    """Every job on a case, the newest first."""
    return list(session.scalars(select(Job).where(Job.case_id == case_id).order_by(Job.id.desc())))


def last_place(session: Session, crew_id: int, day: str) -> int:
    """The place of the last job of a crew's day; 0 for none."""
    return session.scalar(select(func.max(Job.position)).where(Job.crew_id == crew_id, Job.day == day)) or 0


def day_jobs(session: Session, crew_id: int, day: str) -> list[Job]:
    """The jobs of a crew's day in their order."""
    query = select(Job).where(Job.crew_id == crew_id, Job.day == day, Job.state != "withdrawn")
    return list(session.scalars(query.order_by(Job.position, Job.id)))


def lines(session: Session, *where: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """Jobs with what is to be known of their cases, in the order of their routes."""
    query: Any = select(Job, *_CASE).join(Case, Case.id == Job.case_id).where(Job.state != "withdrawn", *where)
    return session.execute(query.order_by(Job.day, Job.crew_id, Job.position, Job.id)).all()


def of_day(crew_ids: Collection[int], day: str) -> ColumnElement[bool]:
    """Jobs of some crews on a day."""
    return and_(Job.crew_id.in_(crew_ids), Job.day == day)


def left_over(crew_ids: Collection[int], day: str) -> ColumnElement[bool]:
    """Open jobs of days before: what was not done then."""
    return and_(Job.crew_id.in_(crew_ids), Job.day < day, Job.state.in_(OPEN))


def unplanned(
    session: Session, agency_id: int, types: Collection[str], states: Collection[tuple[str, str]], limit: int
) -> Sequence[Case]:
    """Cases of an office nobody is sent out for, by what is next due. states: pairs of type and state that count."""
    sent = exists().where(Job.case_id == Case.id, Job.state.in_(OPEN))
    fits = or_(*(and_(Case.type == type_, Case.state == state) for type_, state in states))
    query = select(Case).where(
        Case.agency_id == agency_id,
        Case.closed_at.is_(None),
        Case.type.in_(types),
        fits,
        Case.pending_id.is_(None),
        ~sent,
    )
    due = session.scalars(query.where(Case.due_at.is_not(None)).order_by(Case.due_at, Case.id).limit(limit)).all()
    if len(due) >= limit:
        return due
    rest = query.where(Case.due_at.is_(None)).order_by(Case.id).limit(limit - len(due))
    return [*due, *session.scalars(rest)]


def failures(session: Session, case_ids: Collection[int]) -> dict[int, Job]:
    """The last job on each of some cases, where it failed."""
    rows = session.scalars(select(Job).where(Job.case_id.in_(case_ids), Job.state == "failed").order_by(Job.id))
    return {one.case_id: one for one in rows}


def last_said(session: Session, case_id: int, job_id: int) -> CaseEntry | None:
    """Who did something with a job last."""
    query = select(CaseEntry).where(CaseEntry.case_id == case_id, CaseEntry.kind == "job")
    for one in session.scalars(query.order_by(CaseEntry.at.desc(), CaseEntry.id.desc()).limit(20)):
        if (one.data or {}).get("job") == job_id:
            return one
    return None


def files(session: Session, case_id: int) -> list[CaseFile]:
    """The files of a case."""
    return list(session.scalars(select(CaseFile).where(CaseFile.case_id == case_id).order_by(CaseFile.id)))


# positions


def put_position(session: Session, crew_id: int, person_id: int, at: int, lon: float, lat: float) -> None:
    """Keep where a crew is."""
    values = {"crew_id": crew_id, "person_id": person_id, "at": at, "lon": lon, "lat": lat}
    session.execute(insert_into(session, CrewPosition).values(values).on_conflict_do_nothing())


def last_at(session: Session, person_id: int) -> int | None:
    """When somebody last said where they are."""
    return session.scalar(select(func.max(CrewPosition.at)).where(CrewPosition.person_id == person_id))


def positions(session: Session, crew_ids: Collection[int], since: int) -> dict[int, CrewPosition]:
    """Where some crews last were, told by members who are on shift and share it."""
    shared = exists().where(
        CrewMember.crew_id == CrewPosition.crew_id, CrewMember.person_id == CrewPosition.person_id,
        CrewMember.shares.is_(True), CrewMember.on_since <= CrewPosition.at,
    )  # fmt: skip
    query = select(CrewPosition).where(CrewPosition.crew_id.in_(crew_ids), CrewPosition.at >= since, shared)
    return {one.crew_id: one for one in session.scalars(query.order_by(CrewPosition.at))}


def drop_positions(session: Session, person_id: int) -> int:
    """Delete where somebody was."""
    gone = delete(CrewPosition).where(CrewPosition.person_id == person_id).returning(CrewPosition.at)
    return len(session.scalars(gone).all())


# parcels of phones


def sent(session: Session, key: str) -> Sent | None:
    """What a parcel was answered."""
    return session.get(Sent, key, populate_existing=True)


def claim(session: Session, key: str, actor: str, at: int) -> bool:
    """Take a parcel in; False where it came before. Of two at once the second waits for the first to be committed."""
    values = {"key": key, "actor": actor, "at": at, "answer": {}}
    statement = insert_into(session, Sent).values(values).on_conflict_do_nothing(index_elements=["key"])
    return session.execute(statement.returning(Sent.key)).first() is not None


def answered(session: Session, key: str, answer: dict[str, Any]) -> None:
    """Keep what a parcel was answered."""
    session.execute(update(Sent).where(Sent.key == key).values(answer=answer))


def forget_sent(session: Session, before: int) -> int:
    """Delete answers no phone asks for again."""
    return len(session.scalars(delete(Sent).where(Sent.at < before).returning(Sent.key)).all())


def names(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """Names of people."""
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(set(ids))))
    return {id_: name for id_, name in rows}  # noqa: C416 - rows are not pairs to mypy
