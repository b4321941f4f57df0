"""Fees: what a payment provider must do, one for trials that takes no money, and what an answer of one changes.

A provider's answer is counted once, however often and in whatever order it comes; money is believed only when the
provider has signed that it came.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol
from urllib.parse import urlencode

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dothi.cases import news, store, verbs, verbs_flow
from dothi.cases.tables import Case, Dossier, Payment
from dothi.config import settings
from dothi.identity.guard import SYSTEM, Caller
from dothi.kit.errors import BadInput, Conflict, Fault, NotAllowed, NotFound
from dothi.web import forms

SIGNATURE = "x-signature"
LARGEST = 16 * 1024  # bytes of a provider's answer
STATE = "fee"


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider says of a payment. amount: VND."""

    reference: str
    paid: bool
    amount: int


class Provider(Protocol):
    """Takes fees: a bank's gateway, the payment platform of the national portal."""

    code: str
    simulated: bool

    def begin(self, reference: str, amount: int, text: str, back: str) -> str:
        """Where the payer is sent, to pay an amount in VND; back: where they come back to."""

    def read(self, headers: Mapping[str, str], body: bytes) -> Told:
        """What a call of the provider says. Raises NotAllowed unless the provider has signed it."""


class Sandbox:
    """Takes no money: its page, of this installation, has whoever tries it choose whether the payment succeeds."""

    code = "sandbox"
    simulated = True

    def begin(self, reference: str, amount: int, text: str, back: str) -> str:
        """The sandbox's own page."""
        del amount, text
        return f"/services/pay/{reference}?{urlencode({'back': back})}"

    def said(self, reference: str, amount: int, *, paid: bool) -> tuple[dict[str, str], bytes]:
        """The call the sandbox makes, as a real provider would: headers and body."""
        body = json.dumps({"reference": reference, "amount": amount, "result": "paid" if paid else "failed"}).encode()
        return {SIGNATURE: self._signed(body)}, body

    def read(self, headers: Mapping[str, str], body: bytes) -> Told:
        """What a call says, if it is signed with the installation's secret."""
        given = headers.get(SIGNATURE, "")
        if not hmac.compare_digest(given.encode(), self._signed(body).encode()):
            raise NotAllowed("the signature of this call is not the provider's")
        try:
            said = json.loads(body)
            return Told(str(said["reference"]), said["result"] == "paid", int(said["amount"]))
        except (ValueError, TypeError, KeyError):
            raise BadInput("the call cannot be read", [Fault("body", "is no answer of this provider")]) from None

    def _signed(self, body: bytes) -> str:
        key = hmac.digest(forms.secret(), b"payments.sandbox", hashlib.sha256)
        return hmac.new(key, body, hashlib.sha256).hexdigest()


def provider(code: str | None = None) -> Provider | None:
    """Who takes fees here: as the setting says; in demo mode the sandbox; else nobody. code: only if it is this one."""
    said = settings().payment or ("sandbox" if settings().demo else None)
    if said is None:
        return None
    if said == "sandbox":
        found: Provider = Sandbox()
    else:
        module, _, name = said.partition(":")
        found = getattr(import_module(module), name)()
    return found if code in (None, found.code) else None


def ask(session: Session, caller: Caller, name: int | str, *, token: str | None = None) -> Payment:
    """The payment of a dossier's fee, to be begun: the one that is asked already, or a new one. By its applicant."""
    held = verbs.hold(session, caller, name, token=token)
    verbs.need(held, "reporter")
    here = provider()
    row = session.get(Dossier, held.case.id)
    if here is None:
        raise Conflict("no fee is paid online here; pay at the one-stop desk")
    if row is None or held.case.state != STATE or row.fee <= row.paid:
        raise Conflict("no fee is open for this dossier")
    amount = row.fee - row.paid
    open_ = select(Payment).where(
        Payment.case_id == held.case.id, Payment.state == "asked", Payment.provider == here.code,
        Payment.amount == amount,
    )  # fmt: skip
    found = session.scalar(open_.order_by(Payment.id.desc()).limit(1))
    if found is None:
        found = Payment(
            case_id=held.case.id, provider=here.code, reference=secrets.token_hex(12), amount=amount, state="asked",
            simulated=here.simulated, at=held.now, paid_at=None,
        )  # fmt: skip
        session.add(found)
        session.flush()
    return found


def told(session: Session, code: str, headers: Mapping[str, str], body: bytes) -> Payment:
    """Count what a provider says of a payment, once. Raises NotAllowed for a call it has not signed."""
    here = provider(code)
    if here is None:
        raise NotFound("no such provider takes fees here")
    said = here.read(headers, body)
    found = session.scalar(select(Payment).where(Payment.reference == said.reference, Payment.provider == code))
    if found is None:
        raise NotFound("there is no such payment")
    if said.paid and said.amount != found.amount:
        raise BadInput("another amount was asked for", [Fault("amount", str(said.amount), str(found.amount))])
    held = verbs.hold(session, SYSTEM, found.case_id)  # two calls at once come one after the other
    since = ("asked", "failed") if said.paid else ("asked",)  # money that came after all is money that came
    changed = session.execute(
        update(Payment).where(Payment.id == found.id, Payment.state.in_(since))
        .values(state="paid" if said.paid else "failed", paid_at=held.now if said.paid else None).returning(Payment.id)
    ).first()  # fmt: skip
    session.refresh(found)
    if changed is None:
        return found
    _entry(session, held.case, found, held.now)
    if said.paid:
        row = session.get(Dossier, held.case.id)
        if row is not None and row.paid < row.fee:
            row.paid += found.amount
            session.flush()
            if held.case.state == STATE and row.paid >= row.fee:
                verbs_flow.step(session, SYSTEM, held.case.id, "pay")
    return found


def of(session: Session, case: Case) -> list[Payment]:
    """The payments of a dossier, oldest first."""
    return list(session.scalars(select(Payment).where(Payment.case_id == case.id).order_by(Payment.id)))


def one(session: Session, reference: str) -> tuple[Payment, Case]:
    """A payment with its dossier. Whoever has the reference was sent here by us."""
    row = session.execute(
        select(Payment, Case).join(Case, Case.id == Payment.case_id).where(Payment.reference == reference)
    ).first()
    if row is None:
        raise NotFound("there is no such payment")
    return row[0], row[1]


def give_back(session: Session, caller: Caller, name: int | str, payment_id: int) -> Payment:
    """Say that a fee was given back: of a dossier that was withdrawn, of a payment made twice."""
    held = verbs.hold(session, caller, name)
    verbs.need(held, "handle")
    found = session.get(Payment, payment_id)
    if found is None or found.case_id != held.case.id or found.state != "paid":
        raise Conflict("no such payment of this dossier can be given back")
    found.state = "returned"
    row = session.get(Dossier, held.case.id)
    if row is not None:
        row.paid = max(0, row.paid - found.amount)
    _entry(session, held.case, found, held.now)
    return found


def _entry(session: Session, case: Case, payment: Payment, now: int) -> None:
    data = {
        "payment": payment.reference, "amount": payment.amount, "result": payment.state,
        "provider": payment.provider, "simulated": payment.simulated,
    }  # fmt: skip
    store.add_entry(
        session, case_id=case.id, at=now, actor=news.ENGINE, kind="payment", public=False, text="", state=None, step=None,
        agency_id=None, data=data,
    )  # fmt: skip
    news.tell(session, case, "payment", actor=news.ENGINE, shown=False, data=data)
    session.flush()
