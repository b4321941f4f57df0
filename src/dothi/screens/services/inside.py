"""What a dossier has beyond a case, for the desk: a part of the case's page there, and the forms in it.

The desk includes `services/_inside.html` with the slot `casework.dossier`; its steps are the flow's own.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session
from starlette.responses import Response

from dothi.cases import contacts, dossiers, forms, payments
from dothi.cases.contacts import Contact
from dothi.cases.tables import Case
from dothi.db import session as db
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import whole
from dothi.screens.desk import back
from dothi.screens.services import words
from dothi.screens.services.desk import Ask, prepared
from dothi.web import slots


def part(ask: Any, case: Case, revealed: Contact | None = None) -> Mapping[str, Any] | None:
    """`casework.dossier`: papers, answers, fee, supplements, result. revealed: the contact somebody just unmasked."""
    if case.type != dossiers.TYPE:
        return None
    session: Session = ask.session
    whole = dossiers.whole(session, case)
    schema = whole.procedure.form if whole.procedure else {}
    personal = forms.personal_names(schema)
    known = {**case.fields, **((revealed.papers if revealed else None) or {})}
    to = dossiers.office_of(session, case)
    return {
        "whole": whole, "answers": forms.answers(schema, known, ask.language), "case": case, "w": words,
        "hidden": [] if revealed else _titles(schema, personal, ask.language),
        "masked": contacts.masked_of(session, case), "titles": words.paper_titles(whole.procedure, ask.language),
        "payments": payments.of(session, case), "language": ask.language, "resolving": to.name if to else "",
        "may": ask.may("cases:handle", case.agency_id) or ask.may("cases:handle", case.receiving_id or -1),
        "open": case.phase not in ("done", "closed"), "now": ask.now, "token": getattr(ask, "token", None),
    }  # fmt: skip


def _titles(schema: Mapping[str, Any], names: list[str], language: str) -> list[str]:
    properties = schema.get("properties", {})
    return [
        str((properties[name].get("x-en") if language == "en" else None) or properties[name]["title"]) for name in names
    ]


def result(ask: Ask) -> Response:
    """`POST /services/desk/{number}/result`: the result document, looked through, signed where there is a signer."""
    found = ask.uploads("result")
    if not found:
        raise BadInput(ask.say("Chọn tệp kết quả."), [Fault("result", "is missing", "PDF")])
    ready = prepared(found[0][1])
    with db.writing() as session:
        dossiers.result(session, ask.caller, _number(ask), ready)
    return _back(ask)


def apology(ask: Ask) -> Response:
    """`POST /services/desk/{number}/apology`: an apology with one new date, published."""
    until = _moment(ask)
    with db.writing() as session:
        dossiers.apologise(session, ask.caller, _number(ask), ask.values.get("text", ""), until)
    return _back(ask)


def fee(ask: Ask) -> Response:
    """`POST /services/desk/{number}/fee`: another amount than the usual one."""
    given = ask.values.get("fee", "").replace(".", "").replace(" ", "")
    if (fee_ := whole(given, 12)) is None:
        raise BadInput(ask.say("Mức phí là một số đồng."), [Fault("fee", given[:20], "VND")])
    with db.writing() as session:
        dossiers.set_fee(session, ask.caller, _number(ask), fee_)
    return _back(ask)


def refund(ask: Ask) -> Response:
    """`POST /services/desk/{number}/refund`: a fee was given back."""
    payment = whole(ask.values.get("payment")) or 0
    with db.writing() as session:
        payments.give_back(session, ask.caller, _number(ask), payment)
    return _back(ask)


def _moment(ask: Ask) -> int:
    given = ask.values.get("until", "")
    try:
        return clock.parse(given if len(given) > 10 else f"{given}T17:00:00", clock.VIETNAM)
    except BadInput:
        raise BadInput(ask.say("Chọn ngày hẹn lại."), [Fault("until", given[:20], "2026-12-01")]) from None


def _number(ask: Ask) -> str:
    return str(ask.request.path_params["number"]).replace("\0", "")[:60]


def _back(ask: Ask) -> Response:
    return back(f"/desk/cases/{_number(ask)}")


slots.fill("casework.dossier", part)
