"""The numbers of cases: PA-26-000123, or as the scheme of a type says. One statement gives the next of a series."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from dothi.cases.declared import Type
from dothi.cases.tables import CaseSequence
from dothi.db import commits, quick, upsert, wire
from dothi.db import session as db
from dothi.db.wire import Statement
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
    name = f"{type_.prefix or type_.code.upper()[:4]}-{clock.local(opened_at):%y}"
    return name, lambda count: f"{name}-{count:06d}"


def take(session: Session, name: str) -> int:
    """The next count of a series.

    On PostgreSQL it stands at once, so that whoever opens a case with photos makes nobody else wait; a number is then left
    out where what follows fails. On SQLite nobody else writes before this transaction ends.
    """
    taking = _TAKE, {"name": name, "last": 1}
    if commits.together(session):
        with db.beside().connect() as connection:
            return int(wire.send(connection, [taking])[0][0][0])
    return int(quick.write(session, [taking])[0][0][0])


def give_back(session: Session, name: str, count: int) -> None:
    """Take back a count that was just taken and is needed no more, so that no number is left out, if nobody took another."""
    values = {"series": name, "taken": count}
    if commits.together(session):
        with db.beside().connect() as connection:
            connection.execute(_GIVE, values)
        return
    session.execute(_GIVE, values)


def _taking(insert: Any) -> Any:
    made = insert(CaseSequence.__table__)
    next_ = made.on_conflict_do_update(index_elements=["name"], set_={"last": CaseSequence.__table__.c.last + 1})
    return next_.returning(CaseSequence.__table__.c.last)


_TAKE = Statement(upsert.for_each(_taking), ["name", "last"])
_SERIES = CaseSequence.__table__.c
_GIVE = (
    update(CaseSequence.__table__)  # type: ignore[arg-type]
    .where(_SERIES.name == bindparam("series"), _SERIES.last == bindparam("taken"))
    .values(last=_SERIES.last - 1)
)
