"""How many cases there are, by what they are counted by: kept with every change, in its own transaction."""

from functools import lru_cache
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from dothi.cases.tables import Case, CaseTally
from dothi.cases.types import types
from dothi.db import quick, upsert
from dothi.db.wire import Statement
from dothi.journal import service as journal
from dothi.kit import clock

_COLUMNS = ("month", "type", "category", "unit", "agency_id", "phase", "public", "simulated")
Key = tuple[str, str, str, str, int, str, bool, bool]


def month(at: int) -> str:
    """The month of an instant (µs) in Vietnam: 2026-11."""
    return _month(at // clock.HOUR)


@lru_cache(maxsize=1024)
def _month(hour: int) -> str:
    # Vietnam is whole hours from UTC: no month ends within one
    return f"{clock.local(hour * clock.HOUR):%Y-%m}"


def shown(case: Case) -> bool:
    """Whether the public sees a case."""
    return case.public and case.hidden is None and case.state not in types().unconfirmed


def key(case: Case) -> Key:
    """What a case is counted by as it stands."""
    return (
        month(case.opened_at), case.type, case.category or "", case.unit or "", case.agency_id or 0, case.phase,
        shown(case), case.simulated,
    )  # fmt: skip


def changed(session: Session, before: Key | None, after: Key | None) -> None:
    """Count a case elsewhere; before None: it is new; after None: it is gone.

    Written as the last work of the transaction, in the turn that writers of the journal take: so no two transactions
    wait for each other's counts.
    """
    if before != after:
        rows = [(one, by) for one, by in ((before, -1), (after, 1)) if one is not None]
        values = [{**dict(zip(_COLUMNS, key_, strict=True)), "count": by} for key_, by in rows]
        if journal.at_end(session):
            for one in values:
                journal.last(session, _COUNT, one)
        else:
            journal.take_turn(session)
            quick.write(session, [(_COUNT, one) for one in values])


def _counting(insert_: Any) -> Any:
    made = insert_(CaseTally.__table__)
    more = CaseTally.__table__.c.count + made.excluded.count
    return made.on_conflict_do_update(index_elements=list(_COLUMNS), set_={"count": more})


_COUNT = Statement(upsert.for_each(_counting), [*_COLUMNS, "count"])


def recount(session: Session) -> int:
    """Count every case anew (after an import that wrote rows by itself); returns how many there are."""
    session.execute(delete(CaseTally))
    counts: dict[Key, int] = {}
    rows = session.scalars(select(Case).execution_options(yield_per=2000))
    for case in rows:
        one = key(case)
        counts[one] = counts.get(one, 0) + 1
    if counts:
        session.execute(
            insert(CaseTally), [{**dict(zip(_COLUMNS, k, strict=True)), "count": n} for k, n in counts.items()]
        )
    return sum(counts.values())


def count(session: Session, *where: Any) -> int:
    """How many cases the counts that hold the clauses stand for."""
    return session.scalar(select(func.coalesce(func.sum(CaseTally.count), 0)).where(*where)) or 0
