"""The SQL of erasing and forgetting."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from dothi.cases.redaction import Needles
from dothi.cases.tables import (
    Appointment,
    Case,
    CaseEntry,
    CaseFile,
    CaseSuspension,
    CaseTimer,
    CrewPosition,
    Dossier,
    DossierDraft,
    Job,
)
from dothi.notify.tables import Message

_WORDS: dict[type, tuple[str, ...]] = {
    Case: ("title", "text", "address", "fields", "hidden"),
    CaseEntry: ("text", "data"),
    CaseFile: ("name",),
    CaseSuspension: ("text",),
    Job: ("note", "checks", "parts"),
    Dossier: ("apology",),
    Message: ("subject", "body", "data"),
}


def reword(session: Session, case: Case, needles: Iterable[Needles], messages: Iterable[Message]) -> None:
    """Take what names somebody out of everything that was written about a case."""
    looked = [one for one in needles if one.folded or one.exact]
    timers = select(CaseTimer.id).where(CaseTimer.case_id == case.id)
    rows: list[Any] = [case, *messages]
    rows += session.scalars(select(CaseEntry).where(CaseEntry.case_id == case.id))
    rows += session.scalars(select(CaseFile).where(CaseFile.case_id == case.id))
    rows += session.scalars(select(CaseSuspension).where(CaseSuspension.timer_id.in_(timers)))
    rows += session.scalars(select(Job).where(Job.case_id == case.id))
    rows += session.scalars(select(Dossier).where(Dossier.case_id == case.id))
    for row in rows:
        for name in _WORDS[type(row)]:
            said = kept = getattr(row, name)
            for one in looked:
                kept = one.gone_from_value(kept)
            if kept != said:
                setattr(row, name, kept)


def unname(session: Session, case_id: int, actor: str, to: str) -> None:
    """What somebody did for themselves, not for an office, is from then on done by another name."""
    acted = (CaseEntry.case_id == case_id, CaseEntry.actor == actor, CaseEntry.agency_id.is_(None))
    session.execute(update(CaseEntry).where(*acted).values(actor=to))
    sent = (CaseFile.case_id == case_id, CaseFile.actor == actor)
    session.execute(update(CaseFile).where(*sent).values(actor=to))


def drop_signers(session: Session, case_id: int) -> list[str]:
    """Forget who signed at the door; returns their names, which others may have written down."""
    rows = session.scalars(select(Job).where(Job.case_id == case_id, Job.signed_by.is_not(None))).all()
    names = [row.signed_by for row in rows if row.signed_by]
    for row in rows:
        row.signed_by = None
    return names


def drop_appointments_of(session: Session, case_id: int) -> None:
    """The times given at a desk stay taken, by nobody."""
    session.execute(update(Appointment).where(Appointment.case_id == case_id).values(name="", phone="", secret=""))


def drop_appointments(session: Session, phone: str) -> None:
    """The same of a telephone."""
    said = {phone, f"0{phone.removeprefix('+84')}"}
    session.execute(update(Appointment).where(Appointment.phone.in_(said)).values(name="", phone="", secret=""))


def fewer_followers(session: Session, case_id: int, by: int) -> None:
    """Count followers that went."""
    session.flush()
    case = session.get(Case, case_id)
    if case is not None:
        case.followers = max(0, case.followers - by)


def drop_drafts(session: Session, person_id: int, procedure: str | None) -> None:
    """Delete the forms of a service somebody has begun."""
    session.execute(
        delete(DossierDraft).where(DossierDraft.person_id == person_id, DossierDraft.procedure == procedure)
    )


def forget_drafts(session: Session, before: int) -> int:
    """Delete forms nobody went on with."""
    return len(
        session.scalars(delete(DossierDraft).where(DossierDraft.at < before).returning(DossierDraft.token)).all()
    )


def forget_positions(session: Session, before: int) -> int:
    """Delete where crews were."""
    gone = delete(CrewPosition).where(CrewPosition.at < before).returning(CrewPosition.at)
    return len(session.scalars(gone).all())


def unconfirmed(session: Session, states: Sequence[str], before: int, limit: int) -> list[Case]:
    """Cases that wait for their code since before an instant."""
    which = (Case.state.in_(states), Case.phase == "new", Case.opened_at < before)
    return list(session.scalars(select(Case).where(*which).order_by(Case.id).limit(limit)))


def drop_case(session: Session, case: Case) -> None:
    """Delete a case with all that hangs on it."""
    session.flush()
    session.expunge(case)
    session.execute(delete(Case).where(Case.id == case.id))
