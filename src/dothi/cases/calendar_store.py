"""The SQL of the calendar: days declared worked or free."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dothi.cases.tables import Workday
from dothi.db.quick import Rows


def rows(session: Session) -> tuple[tuple[str, bool, str, str], ...]:
    """Every day declared: day, whether it is worked, document, note. A few dozen rows in ten years."""
    return tuple((day, works, document, note) for day, works, document, note in _DAYS.all(session))


_DAYS = Rows(select(Workday.day, Workday.works, Workday.document, Workday.note).order_by(Workday.day))


def all_(session: Session) -> list[Workday]:
    """Every day declared, the newest first."""
    return list(session.scalars(select(Workday).order_by(Workday.day.desc())))


def put(session: Session, day: str, works: bool, document: str, note: str, actor: str, at: int) -> None:
    """Declare a day, or declare it anew."""
    session.merge(Workday(day=day, works=works, document=document, note=note, actor=actor, at=at))
    session.flush()


def remove(session: Session, day: str) -> bool:
    """Forget what was declared of a day; returns whether anything was."""
    return bool(session.execute(delete(Workday).where(Workday.day == day)).rowcount)  # type: ignore[attr-defined]
