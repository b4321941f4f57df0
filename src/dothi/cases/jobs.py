"""A crew's jobs as the crew does them: planned, going, working, done or failed; each step moves its case by its flow.

A job is planned by a dispatcher (`planning`). What a phone did offline comes later: a step that somebody else of the
crew took meanwhile is told as such (Meanwhile), and what was already so is no error.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.orm import Session

from dothi.cases import crews, files, news, routing, sight, verbs, verbs_flow
from dothi.cases import field_store as store
from dothi.cases.calendar import day_of
from dothi.cases.declared import Check
from dothi.cases.tables import Case, CaseFile, Crew, Job
from dothi.cases.types import types
from dothi.cases.verbs import Held
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import bus, clock
from dothi.kit.errors import BadInput, Conflict, Fault, NotFound, PreconditionFailed

State = Literal["planned", "going", "working", "done", "failed", "withdrawn"]
STATES: tuple[State, ...] = ("planned", "going", "working", "done", "failed", "withdrawn")
OPEN = store.OPEN
MOST_PARTS, MOST_MINUTES, LONGEST_NOTE, LONGEST_NAME = 30, 24 * 60, 2000, 100
_BEHIND = 3 * clock.DAY  # a phone that was offline longer tells its own time no more
_PLAIN: dict[str, dict[str, str]] = {"other": {"vi": "Lý do khác", "en": "Another reason"}}


class Meanwhile(Conflict):
    """Somebody else dealt with the job first. who, at (µs), state: what became of it."""

    def __init__(
        self, message: str, faults: list[Fault] | None = None, *, who: str = "", at: int = 0, state: str = ""
    ) -> None:
        super().__init__(message, faults or [])
        self.who, self.at, self.state = who, at, state


@dataclass(frozen=True, slots=True)
class Part:
    """Something used up."""

    name: str
    count: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A job in a list, with what is to be known of its case."""

    id: int
    case_id: int
    crew_id: int
    day: str
    position: int
    state: str
    version: int
    minutes: int  # it took, or usually takes
    reason: str | None
    began_at: int | None
    ended_at: int | None
    ticked: int
    checks: int  # steps of the checklist
    number: str
    type: str
    category: str | None
    case_state: str
    phase: str
    priority: str
    title: str
    address: str
    unit: str | None
    lon: float | None
    lat: float | None
    agency_id: int | None
    due_at: int | None
    opened_at: int
    simulated: bool
    exercise: bool
    followers: int

    @property
    def open(self) -> bool:
        """Whether it is still to be done."""
        return self.state in OPEN

    @property
    def at(self) -> routing.Point | None:
        """Where it is."""
        return (self.lon, self.lat) if self.lon is not None and self.lat is not None else None


@dataclass(frozen=True, slots=True)
class Whole:
    """A job with all a crew needs of it."""

    job: Job
    case: Case
    crew: Crew
    checks: list[Check]
    files: list[CaseFile]
    reasons: dict[str, Any]
    mine: bool


# reading


def line(row: Any) -> Line:
    """A row of `field_store.lines`."""
    job, category = row[0], types().named(row.category)
    return Line(
        job.id, job.case_id, job.crew_id, job.day, job.position, job.state, job.version,
        job.minutes if job.minutes is not None else crews.minutes_of(row.category), job.reason, job.began_at, job.ended_at,
        len(job.checks or {}), len(category.checklist) if category else 0, row.number, row.type, row.category, row.state,
        row.phase, row.priority, row.title, row.address, row.unit, row.lon, row.lat, row.agency_id, row.due_at,
        row.opened_at, row.simulated, row.exercise, row.followers,
    )  # fmt: skip


def today(now: int | None = None) -> str:
    """The day it is in Vietnam, as jobs name it."""
    return day_of(news.now() if now is None else now).isoformat()


def mine(session: Session, caller: Caller, day: str) -> tuple[list[Line], list[Line]]:
    """The jobs of the caller's crews on a day in the order of the route, and those left over from days before."""
    ids = [crew.id for crew, _ in crews.mine(session, caller)]
    if not ids:
        return [], []
    now = [line(row) for row in store.lines(session, store.of_day(ids, day))]
    return now, [line(row) for row in store.lines(session, store.left_over(ids, day))]


def whole(session: Session, caller: Caller, id_: int) -> Whole:
    """A job for somebody of its crew, or for who sends the crew out. NotFound alike for any other."""
    job, case, crew = _seen(session, caller, id_)
    category = types().named(case.category)
    return Whole(
        job, case, crew, list(category.checklist) if category else [], store.files(session, case.id),
        reasons(case.type), _in_crew(session, caller, job),
    )  # fmt: skip


def reasons(type_: str) -> dict[str, Any]:
    """Why a job may fail, code to text: of its case's type, else of the type `job`."""
    for code in (type_, "job"):
        found = types().step(code, "fail")
        if found is not None and found.reasons:
            return dict(found.reasons)
    return dict(_PLAIN)


def photo_kind(check: Check | None) -> str:
    """What a photo of a step of the checklist shows."""
    code = check.code if check is not None else ""
    return next((kind for kind in ("before", "after") if code.startswith(kind)), "other")


# what a crew does


def go(session: Session, caller: Caller, id_: int, *, at: int | None = None, version: int | None = None) -> Job:
    """Set out."""
    job, held = _held(session, caller, id_, version)
    if job.state in ("going", "working") and version is None:
        return job
    _since(session, held, job, "planned")
    job.state = "going"
    _lead(session, caller, held.case, "go")
    return _told(session, caller, job, "going", at=at)


def begin(session: Session, caller: Caller, id_: int, *, at: int | None = None, version: int | None = None) -> Job:
    """Begin to work."""
    job, held = _held(session, caller, id_, version)
    if job.state == "working" and version is None:
        return job
    _since(session, held, job, "planned", "going")
    job.state, job.began_at = "working", _moment(at)
    _lead(session, caller, held.case, "begin", "start")
    return _told(session, caller, job, "working", at=at)


def tick(
    session: Session, caller: Caller, id_: int, code: str, *, done: bool = True, note: str = "", at: int | None = None,
    version: int | None = None,
) -> Job:  # fmt: skip
    """Tick a step of the checklist, or take the tick back."""
    job, held = _held(session, caller, id_, version)
    _since(session, held, job, *OPEN)
    category = held.category
    known = [one.code for one in (category.checklist if category else [])]
    note = verbs.said(note)
    faults = verbs.spoken(note, "note", needed=False, longest=300)
    if code not in known:
        faults.append(Fault("code", f"{code!r}"[:60], ", ".join(known) or "no checklist"))
    verbs.refuse(faults, "there is no such step")
    checks = dict(job.checks or {})
    if done:
        checks[code] = {"at": _moment(at), "by": caller.id, **({"note": note} if note else {})}
    else:
        checks.pop(code, None)
    if checks != job.checks:
        job.checks = checks
        _next(session, job)
    return job


def attach(
    session: Session, caller: Caller, id_: int, given: files.Prepared, *, kind: str = "after", code: str | None = None,
    public: bool = False, at: int | None = None,
) -> CaseFile:  # fmt: skip
    """Hang a photo on the job's case; code: the step of the checklist it belongs to, which is ticked with it."""
    job, held = _held(session, caller, id_, None)
    _since(session, held, job, *OPEN, "done")
    if kind not in ("before", "after", "other"):
        raise BadInput("this is no photo of a job", [Fault("kind", f"{kind!r}"[:40], "before, after, other")])
    if given.copies is None:
        raise BadInput("this is no photo", [Fault("photo", given.media_type, "a picture")])
    made = files.keep(session, caller, held.case, kind, given.name, given, public)
    if code and job.state in OPEN:
        tick(session, caller, id_, code, at=at)
    return made


def work(
    session: Session, caller: Caller, id_: int, *, parts: Sequence[Part] | None = None, minutes: int | None = None,
    note: str | None = None, version: int | None = None,
) -> Job:  # fmt: skip
    """Write down what was used and how long it took; None leaves it as it is."""
    job, held = _held(session, caller, id_, version)
    _since(session, held, job, *OPEN, "done")
    _write(session, job, parts, minutes, note)
    return job


def sign(session: Session, caller: Caller, id_: int, name: str, given: files.Prepared) -> CaseFile:
    """Keep the signature of who took the work over: personal, seen by the office and the crew alone."""
    job, held = _held(session, caller, id_, None)
    _since(session, held, job, *OPEN, "done")
    name = verbs.said(name)
    verbs.refuse(verbs.spoken(name, "signed_by", longest=LONGEST_NAME), "say who signed")
    if given.copies is None:
        raise BadInput("this is no drawing", [Fault("signature", given.media_type, "a picture")])
    made = files.keep(session, caller, held.case, "signature", given.name, given, public=False)
    job.signed_by = name
    _next(session, job)
    return made


def finish(
    session: Session, caller: Caller, id_: int, text: str, *, parts: Sequence[Part] | None = None,
    minutes: int | None = None, note: str | None = None, at: int | None = None, version: int | None = None,
) -> Job:  # fmt: skip
    """Say that the job is done; the case takes its step where its flow has one. text: what was done, for the reporter.

    Every step of the checklist that is not optional must be ticked. Raises BadInput with all that is missing.
    """
    job, held = _held(session, caller, id_, version)
    _since(session, held, job, *OPEN)
    text = verbs.said(text)
    faults = verbs.spoken(text)
    category = held.category
    missing = [
        one
        for one in (category.checklist if category else [])
        if not one.optional and one.code not in (job.checks or {})
    ]
    faults += [Fault(f"check.{one.code}", "is not ticked", one.title.vi) for one in missing]
    verbs.refuse(faults, "the job cannot be ended so")
    _write(session, job, parts, minutes, note)
    ended = _moment(at)
    if job.minutes is None and job.began_at is not None:
        job.minutes = max(1, min(MOST_MINUTES, round((ended - job.began_at) / (60 * clock.SECOND))))
    job.state, job.ended_at, job.began_at = "done", ended, job.began_at or ended
    _lead(session, caller, held.case, "begin")
    taken = _lead(session, caller, held.case, "resolve", "finish", text=text)
    more = {"minutes": job.minutes, "parts": job.parts or None}
    return _told(session, caller, job, "done", text="" if taken else text, at=at, **more)


def fail(
    session: Session,
    caller: Caller,
    id_: int,
    reason: str,
    text: str,
    *,
    at: int | None = None,
    version: int | None = None,
) -> Job:
    """Say that the job could not be done, and why: it goes back to who plans."""
    job, held = _held(session, caller, id_, version)
    _since(session, held, job, *OPEN)
    text, known = verbs.said(text), reasons(held.type.code)
    faults = verbs.spoken(text)
    if reason not in known:
        faults.append(Fault("reason", f"{reason!r}"[:60] if reason else "is missing", ", ".join(known)))
    verbs.refuse(faults, "say why the job could not be done")
    job.state, job.reason, job.ended_at = "failed", reason, _moment(at)
    held.case.crew_id = None
    if not _lead(session, caller, held.case, "fail", text=text, reason=reason):
        held.case.version += 1
    return _told(session, caller, job, "failed", text=text, at=at, reason=reason)


def current(session: Session, caller: Caller, id_: int, version: int) -> Job:
    """The job, held, in the version a page showed. Raises PreconditionFailed with who changed it meanwhile."""
    return _held(session, caller, id_, version)[0]


# shared with planning


def told(
    session: Session, caller: Caller, job: Job, did: str, *, text: str = "", at: int | None = None, **more: Any
) -> Job:
    """The job in its next version, an entry of its case, the journal."""
    return _told(session, caller, job, did, text=text, at=at, **more)


def step(session: Session, caller: Caller, case: Case, *codes: str, **given: Any) -> bool:
    """Take the first of some steps the case's flow has from here for the caller; False where there is none."""
    return _lead(session, caller, case, *codes, **given)


def meanwhile(session: Session, case: Case, job: Job) -> Meanwhile:
    """Why a job cannot be dealt with so any more: who did what with it, and when."""
    last = store.last_said(session, case.id, job.id)
    at = last.at if last is not None else case.updated_at
    actor = last.actor if last is not None else ""
    ids = [int(actor[7:])] if actor.startswith("person:") and actor[7:].isdecimal() else []
    who = store.names(session, ids).get(ids[0], "") if ids else ""
    local = clock.local(at)
    return Meanwhile(
        f"{who or 'somebody'} dealt with this job at {local:%H:%M %d/%m/%Y}: it is {job.state}",
        [Fault("state", job.state)], who=who, at=at, state=job.state,
    )  # fmt: skip


def _seen(session: Session, caller: Caller, id_: int) -> tuple[Job, Case, Crew]:
    job = store.job(session, id_)
    crew = store.crew(session, job.crew_id) if job is not None else None
    case = session.get(Case, job.case_id) if job is not None else None
    if job is None or crew is None or case is None:
        raise _no_job()
    if not (_in_crew(session, caller, job) or guard.may(caller, "cases:assign", crew.agency_id)):
        raise _no_job()
    return job, case, crew


def _in_crew(session: Session, caller: Caller, job: Job) -> bool:
    if caller.kind != "person" or caller.id is None or not guard.may_somewhere(caller, "cases:work"):
        return False
    return store.member(session, job.crew_id, caller.id) is not None


def _held(session: Session, caller: Caller, id_: int, version: int | None) -> tuple[Job, Held]:
    """A job and its case, which nobody else changes before this transaction ends."""
    job, case, _ = _seen(session, caller, id_)
    held = verbs.hold(session, caller, case.id, sees=Case.id == case.id)
    job = store.job(session, id_, fresh=True) or job
    if not _in_crew(session, caller, job):  # who sends the crew out may do for it what it says by telephone
        crew = store.crew(session, job.crew_id)
        if crew is None or not guard.may(caller, "cases:assign", crew.agency_id):
            raise meanwhile(session, held.case, job)
    if version is not None and version != job.version:
        raise _stale(session, held.case, job, version)
    return job, held


def _stale(session: Session, case: Case, job: Job, version: int) -> PreconditionFailed:
    found = meanwhile(session, case, job)
    return PreconditionFailed(f"{found.message}; look at it again", [Fault("version", str(version), str(job.version))])


def _since(session: Session, held: Held, job: Job, *states: str) -> None:
    if job.state not in states:
        raise meanwhile(session, held.case, job)


def _moment(at: int | None) -> int:
    """The instant a phone says, where it can be believed; else the present."""
    now = news.now()
    return at if at is not None and now - _BEHIND <= at <= now else now


def _write(session: Session, job: Job, parts: Sequence[Part] | None, minutes: int | None, note: str | None) -> None:
    faults: list[Fault] = []
    if parts is not None:
        if len(parts) > MOST_PARTS:
            faults.append(Fault("parts", f"{len(parts)} parts", f"at most {MOST_PARTS}"))
        for n, one in enumerate(parts):
            faults += verbs.spoken(one.name, f"parts.{n}.name", longest=LONGEST_NAME)
            faults += verbs.spoken(one.unit, f"parts.{n}.unit", needed=False, longest=20)
            if not 0 < one.count <= 100_000:
                faults.append(Fault(f"parts.{n}.count", f"{one.count:g}", "more than 0"))
    if minutes is not None and not 1 <= minutes <= MOST_MINUTES:
        faults.append(Fault("minutes", f"{minutes}", f"1 to {MOST_MINUTES}"))
    if note is not None:
        note = verbs.said(note)
        faults += verbs.spoken(note, "note", needed=False, longest=LONGEST_NOTE)
    verbs.refuse(faults, "this cannot be written down")
    if parts is not None:
        job.parts = [{"name": one.name, "count": one.count, "unit": one.unit} for one in parts]
    if minutes is not None:
        job.minutes = minutes
    if note is not None:
        job.note = note
    _next(session, job)


def _next(session: Session, job: Job) -> None:
    job.version += 1
    session.flush()


def _lead(session: Session, caller: Caller, case: Case, *codes: str, **given: Any) -> bool:
    if case.pending_id is not None:
        return False
    sides = sight.sides(session, caller, case)
    for code in codes:
        how = types().step(case.type, code)
        if how is not None and case.state in how.since and sides & set(how.who):
            verbs_flow.step(session, caller, case.id, code, **given)
            return True
    return False


def _told(
    session: Session, caller: Caller, job: Job, did: str, *, text: str = "", at: int | None = None, **more: Any
) -> Job:
    _next(session, job)
    case = session.get_one(Case, job.case_id)
    data: dict[str, Any] = {"job": job.id, "did": did, "crew": job.crew_id, "day": job.day}
    data |= {key: value for key, value in more.items() if value is not None}
    if at is not None and (moment := _moment(at)) != news.now():
        data["phone_at"] = moment
    held = verbs.of(session, caller, case, {"work"})
    case.updated_at = held.now
    verbs.settle(held, "job", text=text, data=data, journal=f"job.{did}", changed=False)
    return job


def _no_job() -> NotFound:
    return NotFound("there is no such job to be seen")


@bus.hears(news.CaseMoved)
def _moved(session: Session, moved: news.CaseMoved) -> None:
    """A case that was done, closed or refused without its crew needs no crew any more."""
    if types().state(moved.type, moved.after).phase not in ("done", "closed"):
        return
    job = store.open_job(session, moved.case_id)
    if job is not None:
        job.state, job.ended_at = "withdrawn", news.now()
        job.version += 1


def date_of(day: str) -> dt.date:
    """The date a job's day names. Raises BadInput."""
    try:
        return dt.date.fromisoformat(day)
    except (ValueError, TypeError):
        raise BadInput("this is no day", [Fault("day", f"{day!r}"[:40], "2026-11-21")]) from None
