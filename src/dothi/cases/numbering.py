"""The numbers of cases: PA-26-000123, or as the scheme of a type says. One statement gives the next of a series."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from dothi.cases.declared import Type
from dothi.cases.tables import CaseSequence
from dothi.kit import clock

# gives the series a number is of, and how its text is made of the count: for dossiers, whose codes are national
Scheme = Callable[[Session, dict[str, Any], int], tuple[str, Callable[[int], str]]]
_schemes: dict[str, Scheme] = {}


def scheme(type_: str, made: Scheme) -> None:
    """Have a type's numbers made otherwise: `made(session, values of the case, opened_at µs)`."""
    _schemes[type_] = made


def series(session: Session, type_: Type, values: dict[str, Any], opened_at: int) -> tuple[str, Callable[[int], str]]:
    """The series a case's number is of, and its text."""
    if type_.code in _schemes:
        return _schemes[type_.code](session, values, opened_at)
    name = f"{type_.prefix or type_.code.upper()[:4]}-{clock.moment(opened_at).astimezone(clock.VIETNAM):%y}"
    return name, lambda count: f"{name}-{count:06d}"


def take(session: Session, name: str) -> int:
    """The next count of a series; nobody else takes one before this transaction ends."""
    made: Any = (sqlite_insert if session.get_bind().dialect.name == "sqlite" else pg_insert)(CaseSequence)
    statement = made.values(name=name, last=1).on_conflict_do_update(
        index_elements=["name"], set_={"last": CaseSequence.last + 1}
    )
    return int(session.execute(statement.returning(CaseSequence.last)).scalar_one())


def give_back(session: Session, name: str) -> None:
    """Take back the count this transaction just took and needs no more, so that no number is left out."""
    session.execute(update(CaseSequence).where(CaseSequence.name == name).values(last=CaseSequence.last - 1))
