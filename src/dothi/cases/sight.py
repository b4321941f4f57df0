"""Which cases a caller may see, and on which side of a case they stand: clauses that go into the query."""

from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from dothi.cases import own
from dothi.cases.declared import Who
from dothi.cases.tables import Case, CaseOffice, CrewMember, Job
from dothi.cases.types import types
from dothi.identity import guard
from dothi.identity.guard import SYSTEM, Caller
from dothi.kit.errors import NotFound

_BY_PERMISSION: tuple[tuple[Who, str], ...] = (
    ("handle", "cases:handle"), ("assign", "cases:assign"), ("approve", "cases:approve"), ("moderate", "cases:moderate"),
)  # fmt: skip


def offices(caller: Caller, permission: str = "cases:read") -> list[int] | None:
    """The offices a caller holds a permission in; None: everywhere."""
    if permission in caller.everywhere:
        return None
    return sorted({agency for held, agency in caller.within if held == permission})


def cases(caller: Caller, token: str | None = None) -> ColumnElement[bool]:
    """Cases of one's offices (responsible, receiving or co-handling), of one's crew, one's own, and the token's."""
    held = offices(caller)
    if held is None:
        return true()
    clauses: list[ColumnElement[bool]] = []
    if held:
        beside = select(CaseOffice.case_id).where(CaseOffice.agency_id.in_(held))
        clauses += [Case.agency_id.in_(held), Case.receiving_id.in_(held), Case.id.in_(beside)]
    if caller.kind == "person" and caller.id is not None:
        clauses.append(Case.person_id == caller.id)
        if guard.may_somewhere(caller, "cases:work"):
            mine = select(CrewMember.crew_id).where(CrewMember.person_id == caller.id)
            clauses += [Case.crew_id.in_(mine), Case.id.in_(select(Job.case_id).where(Job.crew_id.in_(mine)))]
    if token:
        clauses.append(own.holds(token))
    return or_(*clauses) if clauses else false()


def crews(caller: Caller) -> Any:
    """The query of a caller's crews."""
    mine = caller.id if caller.kind == "person" and caller.id is not None else -1
    return select(CrewMember.crew_id).where(CrewMember.person_id == mine)


def public() -> ColumnElement[bool]:
    """Cases everybody sees: public, not hidden, and confirmed. Merged ones stay, and point on."""
    shown = [Case.public.is_(True), Case.hidden.is_(None)]
    if waiting := types().unconfirmed:
        shown.append(Case.state.not_in(waiting))
    return and_(*shown)


def is_reporter(caller: Caller, case: Case, token: str | None = None) -> bool:
    """Whether the caller reported the case: signed in as then, or with the token of their own link."""
    if caller.kind == "person" and caller.id is not None and case.person_id == caller.id:
        return True
    return token is not None and own.fits(case, token)


def sides(session: Session, caller: Caller, case: Case, token: str | None = None) -> set[Who]:
    """Where a caller stands to a case: as its reporter, in its office, in its crew."""
    mine: set[Who] = {"reporter"} if is_reporter(caller, case, token) else set()
    if caller == SYSTEM:
        mine.add("system")
    for side, permission in _BY_PERMISSION:
        if permission in caller.everywhere or any(
            office is not None and (permission, office) in caller.within
            for office in (case.agency_id, case.receiving_id)
        ):
            mine.add(side)
    if guard.may_somewhere(caller, "cases:work") and (
        "cases:work" in caller.everywhere or in_crew(session, caller, case)
    ):
        mine.add("work")
    return mine


def in_crew(session: Session, caller: Caller, case: Case) -> bool:
    """Whether a caller belongs to the crew of a case, or to one that has a job on it."""
    if caller.kind != "person" or caller.id is None:
        return False
    jobs = select(Job.crew_id).where(Job.case_id == case.id, Job.state != "withdrawn")
    of_case: ColumnElement[bool] = CrewMember.crew_id.in_(jobs)
    if case.crew_id is not None:
        of_case = or_(of_case, CrewMember.crew_id == case.crew_id)
    return (
        session.scalar(select(CrewMember.crew_id).where(CrewMember.person_id == caller.id, of_case).limit(1))
        is not None
    )


def co_handles(session: Session, caller: Caller, case: Case) -> list[int]:
    """The offices beside the responsible one that a caller acts for here."""
    held = offices(caller, "cases:handle")
    query = select(CaseOffice.agency_id).where(CaseOffice.case_id == case.id)
    if held is not None:
        if not held:
            return []
        query = query.where(CaseOffice.agency_id.in_(held))
    return list(session.scalars(query))


def named(name: int | str) -> Any:
    """The clause of a case's id or number, as people type it."""
    return Case.id == name if isinstance(name, int) else Case.number == number(name)


def number(name: str) -> str:
    """A number as it is kept, however people type it."""
    return name.strip().upper()[:60]


def surely(caller: Caller, case: Case, token: str | None = None) -> bool:
    """Whether a caller sees a case by what is at hand alone; False: only a query can tell."""
    held = offices(caller)
    if held is None or is_reporter(caller, case, token):
        return True
    return (case.agency_id is not None and case.agency_id in held) or (
        case.receiving_id is not None and case.receiving_id in held
    )


def not_found() -> NotFound:
    """What is answered alike for a case that is not there and one that is not to be seen."""
    return NotFound("there is no such case to be seen")
