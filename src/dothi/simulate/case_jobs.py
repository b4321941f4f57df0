"""The demo's field jobs: each morning a dispatcher sends the simulated crews out, and a job goes as its case goes."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.cases import field_store, jobs, news, planning
from dothi.cases.tables import Case, Job
from dothi.cases.types import types
from dothi.simulate import case_rows
from dothi.simulate.case_staff import Company, Gang

A_DAY = 5  # jobs of a crew
_OPEN = ("assigned", "working")


def send_out(session: Session, company: Company, now: int) -> int:
    """Plan the day of every crew that has none yet, in the best order; how many jobs were planned."""
    day, made = jobs.today(now), 0
    for staff in company.staff.values():
        for gang in staff.gangs:
            if session.scalar(select(Job.id).where(Job.crew_id == gang.id, Job.day == day).limit(1)) is None:
                made += _day(session, company, gang, day, now)
    return made


def _day(session: Session, company: Company, gang: Gang, day: str, now: int) -> int:
    """The cases of a crew that are next due, those left out that somebody has touched by hand."""
    given = select(Job.case_id).where(Job.state.in_(jobs.OPEN))
    waiting = select(Case).where(
        Case.crew_id == gang.id, Case.state.in_(_OPEN), Case.type == "report", Case.simulated, Case.pending_id.is_(None),
        Case.id.not_in(given),
    )  # fmt: skip
    found = session.scalars(waiting.order_by(Case.due_at, Case.id).limit(4 * A_DAY)).all()
    ids = [one.id for one in found if not case_rows.touched(session, one, company)][:A_DAY]
    with news.at(now):
        for id_ in ids:
            planning.plan(session, company.centre, id_, gang.id, day)
        if len(ids) > 1:
            planning.optimise(session, company.centre, gang.id, day)
    return len(ids)


def follow(session: Session, case: Case, deed: str, at: int) -> None:
    """Have the open job of a case be begun or done when the case is."""
    job = field_store.open_job(session, case.id)
    if job is None or deed not in ("start", "resolve"):
        return
    job.began_at = job.began_at or at
    job.state = "working"
    if deed == "resolve":
        category = types().named(case.category)
        job.checks = {one.code: {"at": at, "by": None} for one in (category.checklist if category else [])}
        job.state, job.ended_at, job.minutes = "done", at, max(5, (at - job.began_at) // 60_000_000 % 120)
    job.version += 1
    session.flush()
