"""What one case at hand is to a caller: its inside, its reporter's, or a page of the public's."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.cases import sight, tally
from dothi.cases.tables import Case, CaseOffice
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit.errors import NotAllowed, NotSignedIn

reporter = sight.is_reporter
shown = tally.shown


def held(caller: Caller, permission: str, case: Case) -> bool:
    """Whether the caller holds a permission in the office responsible, or in the one that took the case in."""
    return any(guard.may(caller, permission, office) for office in (case.agency_id, case.receiving_id))


def inside(session: Session, caller: Caller, case: Case) -> bool:
    """Whether the caller sees the inside: in an office that handles or co-handles it, or in the crew sent out."""
    if held(caller, "cases:read", case):
        return True
    offices = [office for permission, office in caller.within if permission == "cases:read"]
    if offices:
        asked = select(CaseOffice.case_id).where(CaseOffice.case_id == case.id, CaseOffice.agency_id.in_(offices))
        if session.scalar(asked.limit(1)) is not None:
            return True
    return guard.may_somewhere(caller, "cases:work") and sight.in_crew(session, caller, case)


def require(session: Session, caller: Caller, permission: str, case: Case) -> None:
    """Refuse unless the permission is held here; whoever does not see the case learns nothing of it."""
    if held(caller, permission, case):
        return
    if not shown(case) and not inside(session, caller, case):
        raise sight.not_found()
    if caller.kind == "anonymous":
        raise NotSignedIn(f"sign in; this needs {permission}")
    raise NotAllowed(f"{caller.name or caller.actor} does not hold {permission} here")
