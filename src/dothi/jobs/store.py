"""The SQL of leases and job runs."""

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dothi.jobs.tables import JobRun, Lease


def take(session: Session, name: str, holder: str, now: int, until: int) -> bool:
    """Take or renew a lease, if nobody else holds it beyond now."""
    taken = session.execute(
        update(Lease)
        .where(Lease.name == name, or_(Lease.holder == holder, Lease.until <= now))
        .values(holder=holder, until=until)
    )
    if taken.rowcount:  # type: ignore[attr-defined]
        return True
    if session.scalar(select(Lease.name).where(Lease.name == name)) is not None:
        return False
    try:
        with session.begin_nested():
            session.execute(insert(Lease).values(name=name, holder=holder, until=until))
    except IntegrityError:  # somebody else was first
        return False
    return True


def holder(session: Session, name: str) -> str | None:
    """Who holds a lease, or held it last."""
    return session.scalar(select(Lease.holder).where(Lease.name == name))


def release(session: Session, name: str, holder: str) -> None:
    """Give a lease back."""
    session.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))


def began(session: Session, name: str, at: int) -> None:
    """Note that a job started."""
    values = {"started_at": at, "finished_at": None}
    done = session.execute(update(JobRun).where(JobRun.name == name).values(**values))
    if not done.rowcount:  # type: ignore[attr-defined]
        session.execute(insert(JobRun).values(name=name, **values))


def ended(session: Session, name: str, at: int, error: str | None) -> None:
    """Note how a job ended."""
    session.execute(update(JobRun).where(JobRun.name == name).values(finished_at=at, error=error))


def runs(session: Session) -> list[JobRun]:
    """The last run of every job."""
    return list(session.scalars(select(JobRun).order_by(JobRun.name)))
