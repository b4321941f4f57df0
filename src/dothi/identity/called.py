"""What agencies are called in the reader's language."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.identity.tables import Agency

_KEPT = "english names of agencies"


def agency(session: Session, name: str | None, language: str) -> str:
    """An agency's name in a language, by its Vietnamese one: so it is kept in entries, which outlive the agency."""
    if language != "en" or not name:
        return name or ""
    return _english(session).get(name, name)


def agencies(session: Session, ids: Iterable[int | None], language: str) -> dict[int, str]:
    """Some agencies' names in a language, by id."""
    wanted = sorted({one for one in ids if one is not None})
    query = select(Agency.id, Agency.name, Agency.name_en).where(Agency.id.in_(wanted))
    rows = session.execute(query) if wanted else ()
    return {id_: (english if language == "en" else None) or name for id_, name, english in rows}


def _english(session: Session) -> dict[str, str]:
    """English names by Vietnamese ones, read once a session."""
    known: dict[str, str] | None = session.info.get(_KEPT)
    if known is None:
        query = select(Agency.name, Agency.name_en).where(Agency.name_en.is_not(None))
        known = session.info[_KEPT] = {name: english for name, english in session.execute(query) if english}
    return known
