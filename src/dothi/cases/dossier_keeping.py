"""What follows for a dossier whenever its case moves: its national number, and the row of what it has beyond a case.

Whoever moves the case (its applicant, a desk, a simulated past), the row is kept in the same transaction.
"""

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.cases import flow, news, numbering
from dothi.cases.tables import Case, CaseFile, Dossier
from dothi.cases.types import types
from dothi.identity.tables import Agency
from dothi.kit import bus, clock

TYPE = "dossier"
# Circular 01/2018/TT-VPCP article 19 with the agency codes of Decision 20/2020/QĐ-TTg, and their form before it
NUMBER = re.compile(r"(?:\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}|[A-Z]\d{2}(?:\.\d+)*)-\d{6}-\d{4,6}")
_CODE = re.compile(r"\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}|[A-Z]\d{2}(?:\.\d+)*")
NOBODY = "H00"  # no ministry's and no province's: of an office whose electronic code nobody has set
_RESULTS = {"grant": "granted", "refuse": "refused"}
_DEPTH = 6


def office_code(session: Session, agency_id: int | None) -> str:
    """The electronic code a number begins with: the office's own, else the next one's above it with the office after."""
    own = found = session.get(Agency, agency_id) if agency_id is not None else None
    for _ in range(_DEPTH):
        if found is None:
            break
        if found.electronic_code and _CODE.fullmatch(found.electronic_code):
            apart = found is own or found.electronic_code[0].isdigit()  # the older form has no room for a part
            return found.electronic_code if apart or own is None else f"{found.electronic_code}.{own.id:02d}"
        found = session.get(Agency, found.parent_id) if found.parent_id is not None else None
    return f"{NOBODY}.{own.id if own is not None else 0:02d}"


def _series(session: Session, values: dict[str, Any], opened_at: int) -> tuple[str, Callable[[int], str]]:
    code = office_code(session, values.get("receiving_id") or values.get("agency_id"))
    name = f"{code}-{clock.local(opened_at):%y%m%d}"
    return name, lambda count: f"{name}-{count:04d}"


numbering.scheme(TYPE, _series)


@bus.hears(news.CaseMoved)
def keep(session: Session, moved: news.CaseMoved) -> None:
    """Keep the dossier's row with its case, and refuse what the law does not have: additions asked for twice."""
    if moved.type != TYPE:
        return
    case = session.get(Case, moved.case_id)
    row = session.get(Dossier, moved.case_id)
    if case is None:
        return
    if row is None:
        row = begun(case)
        session.add(row)
    if moved.step == "ask":
        if row.supplements:
            raise flow.CannotStep("additions are asked for once only, and they were asked for already")
        row.supplements = 1
    if moved.step == "ask-fee" and row.fee <= row.paid:
        raise flow.CannotStep("no fee is open for this dossier")
    if moved.step == "pay" and row.paid < row.fee:
        row.paid = row.fee  # taken at the desk; a provider's answer set it before
    if moved.after == "accepted" and row.accepted_at is None:
        row.accepted_at, row.promised_at = moved.at, case.due_at
    if moved.step in _RESULTS:
        row.result = _RESULTS[moved.step]
        kinds = select(CaseFile.id).where(CaseFile.case_id == case.id, CaseFile.kind == "result").limit(1)
        row.electronic_result = session.scalar(kinds) is not None
    session.flush()


def begun(case: Case) -> Dossier:
    """The row of a dossier that was just filed."""
    procedure = types().procedures.get(case.category or "")
    return Dossier(
        case_id=case.id, procedure=case.category or "", online=case.channel == "web", digitised=False,
        electronic_result=False, fee=procedure.fee if procedure else 0, paid=0, supplements=0, apology="",
    )  # fmt: skip
