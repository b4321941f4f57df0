"""Send crews out: which cases wait for one, who goes where on which day and in which order.

Every verb needs cases:assign in the office and names the version it saw, of the case or of the job.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from dothi.cases import crews, jobs, news, routing, verbs, verbs_flow
from dothi.cases import field_store as store
from dothi.cases.calendar import MINUTE, midnight
from dothi.cases.crews import Standing, Suggestion
from dothi.cases.jobs import Line
from dothi.cases.routing import Point, Route, Stop
from dothi.cases.tables import Case, Crew, Job
from dothi.cases.types import types
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit.errors import BadInput, Conflict, Fault, NotFound, PreconditionFailed

SHOWN = 60  # waiting cases on a board; the inbox has all
AHEAD = 30  # days one plans ahead at most


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case nobody is sent out for. failed: why the last crew could not do it, and when."""

    case: Case
    minutes: int
    failed: str | None = None
    failed_at: int | None = None
    suggestion: Suggestion | None = None


@dataclass(slots=True)
class Column:
    """A crew's day. route: its open jobs in their order; starts: the instant the route is reckoned from."""

    standing: Standing
    lines: list[Line] = field(default_factory=list)
    over: list[Line] = field(default_factory=list)  # left over from days before
    route: Route = field(default_factory=lambda: Route(()))
    starts: int = 0
    minutes: int = 0  # of work and driving
    shift: int = 0

    @property
    def crew(self) -> Crew:
        """The crew."""
        return self.standing.crew

    def begins(self, line: Line) -> int | None:
        """When a job is reckoned to begin, µs."""
        leg = next((one for one in self.route.legs if one.id == line.id), None)
        return self.starts + round(leg.begin * MINUTE) if leg is not None else None

    def km(self, line: Line) -> float | None:
        """The way to a job from the one before."""
        return next((one.km for one in self.route.legs if one.id == line.id), None)


@dataclass(frozen=True, slots=True)
class Ordered:
    """A day's route before and after it was put in order."""

    before: Route
    after: Route

    @property
    def changed(self) -> bool:
        """Whether it is another order."""
        return self.before.order != self.after.order


def board(session: Session, caller: Caller, agency_id: int, day: str) -> tuple[list[Column], list[Waiting]]:
    """The crews of an office on a day, and the cases that wait for one, each with the crew that suits best."""
    standings = crews.standing(session, caller, agency_id)
    columns = days(session, standings, day)
    return columns, waiting(session, caller, agency_id, day, columns)


def days(session: Session, standings: Sequence[Standing], day: str) -> list[Column]:
    """A day of some crews."""
    date = jobs.date_of(day)
    made = {one.crew.id: Column(one, shift=crews.shift_minutes(session, date)) for one in standings}
    for row in store.lines(session, store.of_day(list(made), day)):
        made[row[0].crew_id].lines.append(jobs.line(row))
    if day == jobs.today():
        for row in store.lines(session, store.left_over(list(made), day)):
            made[row[0].crew_id].over.append(jobs.line(row))
    for column in made.values():
        _reckon(session, column, date)
    return list(made.values())


def waiting(
    session: Session, caller: Caller, agency_id: int, day: str, columns: Sequence[Column], limit: int = SHOWN
) -> list[Waiting]:
    """Cases of an office nobody is sent out for, by what is next due."""
    guard.require(caller, "cases:assign", agency_id)
    kinds, states = _plannable()
    found = store.unplanned(session, agency_id, kinds, states, limit)
    failed = store.failures(session, [one.id for one in found])
    made = []
    for case in found:
        last = failed.get(case.id)
        best = next(iter(suggested(case, columns, day)), None)
        made.append(
            Waiting(
                case,
                crews.minutes_of(case.category),
                last.reason if last else None,
                last.ended_at if last else None,
                best,
            )
        )
    return made


def suggested(case: Case, columns: Sequence[Column], day: str) -> list[Suggestion]:
    """Crews for a case, the best first."""
    if not columns:
        return []
    now = news.now()
    live = day == jobs.today(now)
    load = {one.crew.id: one.minutes for one in columns}
    ends: dict[int, Point] = {}
    for column in columns:
        for line in column.lines:
            if line.open and line.at is not None:
                ends[column.crew.id] = line.at
    standings = [one.standing for one in columns]
    return crews.nearest(standings, case, load, ends, columns[0].shift, live=live, now=now)


# verbs


def plan(
    session: Session, caller: Caller, name: int | str, crew_id: int, day: str, *, place: int | None = None,
    version: int | None = None,
) -> Job:  # fmt: skip
    """Send a crew out for a case on a day. place: in the order of its jobs, from 0; None: last. version: the case's."""
    held = verbs.hold(session, caller, name, version=version)
    verbs.need(held, "assign")
    case, crew = held.case, _crew(session, caller, crew_id)
    there = store.open_job(session, case.id)
    if there is not None:
        other = store.crew(session, there.crew_id)
        raise Conflict(f"{case.number} is planned already: {other.name if other else '–'}, {there.day}")
    kinds, states = _plannable()
    if case.type not in kinds or (case.type, case.state) not in states or case.pending_id is not None:
        raise Conflict(f"{case.number} is {case.state}: nobody is sent out for it now")
    faults = _day_faults(day)
    if case.agency_id is not None and crew.agency_id != case.agency_id:
        faults.append(Fault("crew", "is of another office", "a crew of the office that has the case"))
    verbs.refuse(faults, "the crew cannot be sent out so")
    job = Job(
        case_id=case.id, crew_id=crew.id, day=day, position=store.last_place(session, crew.id, day) + 1, state="planned",
        checks={}, parts=[], note="", version=0,
    )  # fmt: skip
    session.add(job)
    session.flush()
    if not jobs.step(session, caller, case, "replan", crew=crew.id):
        verbs_flow.assign(session, caller, case.id, crew=crew.id, office=case.agency_id or crew.agency_id)
    jobs.told(session, caller, job, "planned")
    if place is not None:
        _insert(session, job, place)
    return job


def move(
    session: Session,
    caller: Caller,
    id_: int,
    crew_id: int,
    day: str,
    *,
    place: int | None = None,
    version: int | None = None,
) -> Job:
    """Give a job to another crew, or put it on another day or place. Not one that is being worked at."""
    job, case = _job(session, caller, id_, version)
    crew = _crew(session, caller, crew_id)
    if job.state not in ("planned", "going"):
        raise jobs.meanwhile(session, case, job)
    faults = _day_faults(day)
    if case.agency_id is not None and crew.agency_id != case.agency_id:
        faults.append(Fault("crew", "is of another office", "a crew of the office that has the case"))
    verbs.refuse(faults, "the job cannot be moved so")
    before = (job.crew_id, job.day)
    if before != (crew.id, day):
        job.position = store.last_place(session, crew.id, day) + 1
        job.crew_id, job.day = crew.id, day
        if before[0] != crew.id:
            job.state = "planned"
            session.flush()
            verbs_flow.assign(session, caller, case.id, crew=crew.id)
        jobs.told(session, caller, job, "moved", before={"crew": before[0], "day": before[1]})
    if place is not None:
        _insert(session, job, place)
    return job


def withdraw(session: Session, caller: Caller, id_: int, *, text: str = "", version: int | None = None) -> Job:
    """Take a job back: its case waits for a crew again. Not one that is being worked at."""
    job, case = _job(session, caller, id_, version)
    if job.state not in ("planned", "going"):
        raise jobs.meanwhile(session, case, job)
    text = verbs.said(text)
    verbs.refuse(verbs.spoken(text, needed=False), "the job cannot be taken back so")
    job.state, job.ended_at = "withdrawn", news.now()
    case.crew_id = None
    case.version += 1
    return jobs.told(session, caller, job, "withdrawn", text=text)


def reorder(session: Session, caller: Caller, crew_id: int, day: str, order: Sequence[int]) -> list[Job]:
    """Put the open jobs of a crew's day into an order. Raises PreconditionFailed where they are others meanwhile."""
    crew = _crew(session, caller, crew_id)
    rows = store.day_jobs(session, crew.id, day)
    open_ = [one for one in rows if one.state in jobs.OPEN]
    if sorted(order) != sorted(one.id for one in open_):
        raise PreconditionFailed(
            "the jobs of this day are others meanwhile; look at them again",
            [Fault("order", ", ".join(map(str, order))[:120], ", ".join(str(one.id) for one in open_))],
        )
    _place(session, rows, order)
    _tell(session, caller, crew, day, len(order), None)
    return store.day_jobs(session, crew.id, day)


def shift_by(session: Session, caller: Caller, id_: int, by: int) -> Job:
    """Move a job some places up (negative) or down in its day."""
    job, _ = _job(session, caller, id_, None)
    order = [one.id for one in store.day_jobs(session, job.crew_id, job.day) if one.state in jobs.OPEN]
    if job.id in order:
        at = order.index(job.id)
        order.insert(max(0, min(len(order) - 1, at + by)), order.pop(at))
        reorder(session, caller, job.crew_id, job.day, order)
    return job


def optimise(session: Session, caller: Caller, crew_id: int, day: str) -> Ordered:
    """Put the open jobs of a crew's day into the best order found; those begun stay first."""
    crew = _crew(session, caller, crew_id)
    standing = next(one for one in crews.standing(session, caller, crew.agency_id) if one.crew.id == crew.id)
    (column,) = days(session, [standing], day)
    open_ = _open(column)
    begun = [one for one in open_ if one.state in ("working", "going")]
    rest = [one for one in open_ if one.state == "planned"]
    start, _ = _start(session, standing, day)
    stops = {one.id: _stop(one, column.starts) for one in open_}
    head = routing.along(start, [stops[one.id] for one in begun])
    here = next((one.at for one in reversed(begun) if one.at is not None), start)
    best = routing.order(here, [stops[one.id] for one in rest], head.minutes)
    order = [one.id for one in begun] + best.order
    before = routing.along(start, [stops[one.id] for one in open_])
    after = routing.along(start, [stops[one] for one in order])
    if order != before.order:
        _place(session, store.day_jobs(session, crew.id, day), order)
        _tell(session, caller, crew, day, len(order), round(after.km, 1))
    return Ordered(before, after)


# inside


def _plannable() -> tuple[list[str], list[tuple[str, str]]]:
    """Types a crew works at, and their states in which one is sent out."""
    known = types()
    kinds, states = [], []
    for type_ in known.by_code.values():
        if not any("work" in one.who for one in type_.transitions):
            continue
        kinds.append(type_.code)
        again = {state for one in type_.transitions if one.code == "replan" for state in one.since}
        for one in type_.states:
            counts = one.phase in ("new", "open") and not (type_.confirm and one.code == type_.start)
            if counts or one.code in again:
                states.append((type_.code, one.code))
    return kinds, states


def _crew(session: Session, caller: Caller, crew_id: int) -> Crew:
    found = store.crew(session, crew_id)
    if found is None or not guard.may(caller, "cases:assign", found.agency_id):
        raise NotFound("there is no such crew")
    if not found.active:
        raise BadInput("this crew goes out no more", [Fault("crew", found.name, "another crew")])
    return found


def _job(session: Session, caller: Caller, id_: int, version: int | None) -> tuple[Job, Case]:
    """A job whose case nobody else changes before this transaction ends, for who sends its crew out."""
    found = jobs.whole(session, caller, id_)
    guard.require(caller, "cases:assign", found.crew.agency_id)
    held = verbs.hold(session, caller, found.case.id, sees=Case.id == found.case.id)
    job = store.job(session, id_, fresh=True) or found.job
    if version is not None and version != job.version:
        raise PreconditionFailed(
            jobs.meanwhile(session, held.case, job).message, [Fault("version", str(version), str(job.version))]
        )
    return job, held.case


def _day_faults(day: str) -> list[Fault]:
    date, now = jobs.date_of(day), jobs.date_of(jobs.today())
    if not now <= date <= now + dt.timedelta(days=AHEAD):
        return [Fault("day", day, f"today to {AHEAD} days ahead")]
    return []


def _insert(session: Session, job: Job, place: int) -> None:
    rows = store.day_jobs(session, job.crew_id, job.day)
    order = [one.id for one in rows if one.state in jobs.OPEN and one.id != job.id]
    order.insert(max(0, min(len(order), place)), job.id)
    _place(session, rows, order)


def _place(session: Session, rows: Sequence[Job], order: Sequence[int]) -> None:
    """What is done stays before what is to be done."""
    places = {id_: n for n, id_ in enumerate(order)}
    done = [one for one in rows if one.id not in places]
    for n, one in enumerate(
        [*done, *sorted((one for one in rows if one.id in places), key=lambda one: places[one.id])], 1
    ):
        one.position = n
    session.flush()


def _tell(session: Session, caller: Caller, crew: Crew, day: str, count: int, km: float | None) -> None:
    journal.append(
        session, "cases.crew.route", actor=caller.actor, subject=f"crew:{crew.code}", agency_id=crew.agency_id,
        visibility="restricted", data={"day": day, "jobs": count, **({"km": km} if km is not None else {})},
    )  # fmt: skip


def _open(column: Column) -> list[Line]:
    return [one for one in column.lines if one.open]


def _start(session: Session, standing: Standing, day: str) -> tuple[Point | None, int]:
    """Where a crew's day begins, or goes on, and when (µs)."""
    now = news.now()
    date = jobs.date_of(day)
    first = midnight(date) + crews.begins(session, date) * MINUTE
    position = standing.position
    if day == jobs.today(now):
        if position is not None and position.fresh(now):
            return (position.lon, position.lat), max(now, first)
        return standing.base, max(now, first)
    return standing.base, first


def _stop(line: Line, starts: int) -> Stop:
    due = (line.due_at - starts) / MINUTE if line.due_at is not None else None
    return Stop(line.id, line.at, line.minutes, due)


def _reckon(session: Session, column: Column, date: dt.date) -> None:
    start, column.starts = _start(session, column.standing, date.isoformat())
    column.route = routing.along(start, [_stop(one, column.starts) for one in _open(column)])
    work = sum(one.minutes for one in column.lines if one.state != "failed")
    column.minutes = round(work + routing.drive(column.route.km))


def day_after(day: str) -> str:
    """The day after one."""
    return (jobs.date_of(day) + dt.timedelta(days=1)).isoformat()


def noon(day: str) -> int:
    """Noon of a day, µs: for whoever writes its date."""
    return midnight(jobs.date_of(day)) + 720 * MINUTE
