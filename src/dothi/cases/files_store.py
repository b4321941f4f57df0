"""The SQL of files."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dothi.cases.tables import Case, CaseFile, DossierDraft

_PART = 500  # values of one IN


def found(session: Session, file_id: int) -> tuple[CaseFile, Case] | None:
    """A file with its case."""
    row = session.execute(
        select(CaseFile, Case).join(Case, Case.id == CaseFile.case_id).where(CaseFile.id == file_id)
    ).first()
    return (row[0], row[1]) if row else None


def files(session: Session, case_id: int) -> list[CaseFile]:
    """The files of a case, in the order they came."""
    return list(session.scalars(select(CaseFile).where(CaseFile.case_id == case_id).order_by(CaseFile.id)))


def count(session: Session, case_id: int, actor: str) -> int:
    """How many files of a case are a sender's."""
    asked = select(func.count()).select_from(CaseFile).where(CaseFile.case_id == case_id, CaseFile.actor == actor)
    return session.scalar(asked) or 0


def used(session: Session, names: Collection[str]) -> set[str]:
    """Those of some sha256 that a file or a draft names."""
    wanted, there = sorted(names), set[str]()
    for at in range(0, len(wanted), _PART):
        part = wanted[at : at + _PART]
        for column in (CaseFile.sha256, CaseFile.shown):
            there |= {name for name in session.scalars(select(column).where(column.in_(part))) if name}
    if wanted:
        for rows in session.scalars(select(DossierDraft.files)):
            there |= {one for row in rows if isinstance(row, dict) for one in row.values() if isinstance(one, str)}
    return there & set(names)
