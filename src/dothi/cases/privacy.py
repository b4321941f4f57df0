"""Personal data of reporters: kept apart when it comes, erased on request, forgotten when nobody needs it any more.

What is erased names nobody: no contact, no personal answer, no signature, no link of the reporter's, and no name or
number in what anybody wrote. What is counted stays: what kind of case, where, how long it took, how it was rated.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from dothi.cases import contacts, contacts_store, files, files_store, news, privacy_store, sight, tally, within
from dothi.cases.contacts import Contact
from dothi.cases.redaction import Needles
from dothi.cases.tables import Case, CaseContact, CaseEntry, CaseFile
from dothi.cases.types import types
from dothi.config import settings
from dothi.db import session as db
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault
from dothi.kit.text import fold
from dothi.notify import store as notify

DRAFTS, UNCONFIRMED, CODES = 30 * clock.DAY, 7 * clock.DAY, clock.DAY
PERSONAL = "x-personal"
_ALWAYS = ("signature", "paper", "result")  # kinds of files that are somebody's own
_PART = 200  # cases forgotten in one transaction


def split(schema: Mapping[str, Any] | None, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Answers apart: those that may stand with the case, and those its schema says are personal, at any depth."""
    open_: dict[str, Any] = {}
    personal: dict[str, Any] = {}
    properties = (schema or {}).get("properties") or {}
    for name, value in values.items():
        one = properties.get(name)
        one = one if isinstance(one, Mapping) else {}
        if one.get(PERSONAL):
            personal[name] = value
        elif isinstance(value, Mapping) and one.get("properties"):
            inner, theirs = split(one, value)
            open_[name] = inner
            if theirs:
                personal[name] = theirs
        elif isinstance(value, list) and _any_personal(one.get("items")):
            personal[name] = value
        else:
            open_[name] = value
    return open_, personal


def erase(
    session: Session, caller: Caller, case: Case, *, token: str | None = None, own_files: bool = True, reason: str = ""
) -> None:
    """Erase who reported a case; the case and what is counted stay.

    By its reporter, or with cases:erase in the office. own_files: the photos the reporter sent too. reason: the request
    it rests on, of an office. A dossier being handled keeps its applicant: it is withdrawn first.
    """
    own = within.reporter(caller, case, token)
    if not own:
        within.require(session, caller, "cases:erase", case)
    if case.type == "dossier" and case.closed_at is None:
        raise Conflict("a dossier that is being handled keeps its applicant; withdraw it first")
    contact = session.get(CaseContact, case.id)
    if contact is not None and contact.erased_at is not None and case.person_id is None and case.secret is None:
        return
    _erase(session, news.REPORTER if own else news.actor(caller), case, own_files=own_files, reason=reason)


def erase_contact(
    session: Session,
    caller: Caller,
    *,
    phone: str | None = None,
    email: str | None = None,
    own_files: bool = True,
    reason: str = "",
) -> tuple[list[str], list[str]]:
    """Erase somebody by telephone or e-mail from every case the caller holds cases:erase for.

    Returns the numbers of the cases erased, and of those left because they are dossiers being handled. Held everywhere,
    it also forgets what notify has at that telephone or e-mail. Whoever it was for, the journal does not say.
    """
    number, mail = contacts.phone_of(phone) if phone else None, contacts.mail_of(email) if email else None
    faults = [Fault("phone", "no telephone number")] if phone and not number else []
    faults += [Fault("email", "no e-mail address")] if email and not mail else []
    if faults or not (number or mail):
        raise BadInput("say whose data is to be erased", faults or [Fault("", "neither a telephone nor an e-mail")])
    held = [one for one in contacts_store.cases_of(session, number, mail) if within.held(caller, "cases:erase", one)]
    known = [Needles.of(Contact(phone=number, email=mail))]
    known += [Needles.of(contacts.of_row(row)) for one in held if (row := session.get(CaseContact, one.id))]
    why = _reworded(reason[:300], known)  # who is named in one case may be named in what is said of another
    done, left = [], []
    for case in held:
        if case.type == "dossier" and case.closed_at is None:
            left.append(case.number)
            continue
        _erase(session, news.actor(caller), case, own_files=own_files, reason=why)
        done.append(case.number)
    if "cases:erase" in caller.everywhere:
        targets = {one for one in (number, mail) if one}
        for address in contacts_store.addresses_at(session, targets, given=bool(left)):
            if left and contacts_store.follows(session, address.id):
                continue
            for case_id in contacts_store.followed_by(session, f"address:{address.id}"):
                _unfollow(session, case_id, [f"address:{address.id}"])
            notify.drop_address(session, address.id)
        privacy_store.drop_appointments(session, number) if number else None
    elif not done and not left:
        raise sight.not_found()
    journal.append(
        session, "cases.erasure", actor=news.actor(caller), agency_id=caller.agency_id,
        data={"cases": done, "left": left, "reason": why},
    )  # fmt: skip
    return done, left


def forget(now: int | None = None) -> None:
    """Delete what nobody needs any more: drafts, positions of crews, codes, reports nobody confirmed, stray files."""
    at = clock.now_micros() if now is None else now
    with db.writing() as session:
        privacy_store.forget_drafts(session, at - DRAFTS)
        privacy_store.forget_positions(session, at - settings().crew_hours * clock.HOUR)
        contacts_store.forget_codes(session, at - CODES)
    while True:
        with db.writing() as session:
            if forget_unconfirmed(session, at - UNCONFIRMED) < _PART:
                break
    with db.reading() as session:
        files.sweep(session)


def forget_unconfirmed(session: Session, before: int) -> int:
    """Delete reports whose code nobody answered, opened before an instant; returns how many, some hundreds at most."""
    rows = privacy_store.unconfirmed(session, types().unconfirmed, before, _PART)
    for case in rows:
        key, number = tally.key(case), case.number
        contact = session.get(CaseContact, case.id)
        ways = [one for one in (contact.phone, contact.email) if one] if contact else []
        hung = files_store.files(session, case.id)
        _forget_addresses(session, case, ways)
        for message in contacts_store.messages(session, f"case:{number}"):
            session.delete(message)
        files.drop(session, hung)
        news.tell(session, case, "forgotten", actor=news.ENGINE, shown=False)
        privacy_store.drop_case(session, case)
        tally.changed(session, key, None)
    return len(rows)


def _erase(session: Session, by: str, case: Case, *, own_files: bool, reason: str) -> None:
    now = clock.now_micros()
    row = session.get(CaseContact, case.id)
    contact = contacts.of_row(row) if row is not None else Contact()
    schema = _schema(case)
    case.fields, personal = split(schema, case.fields or {})
    known = Contact(
        contact.name, contact.phone, contact.email, contact.identity_number, contact.home,
        papers={**(contact.papers or {}), "fields": personal},
    )  # fmt: skip
    signers = privacy_store.drop_signers(session, case.id)
    needles = [Needles.of(one) for one in (known, *(Contact(name=signer) for signer in signers))]
    person_id = case.person_id
    if row is not None:
        for name in ("name", "phone", "email", "identity_number", "home", "language", "papers", "verified_at"):
            setattr(row, name, None)
        row.erased_at = now
    else:
        session.add(CaseContact(case_id=case.id, erased_at=now))
    contacts_store.drop_codes(session, case.id)
    before = tally.key(case)
    case.person_id = case.secret = None
    whos = [f"person:{person_id}"] if person_id else []
    _unfollow(session, case.id, whos)
    _forget_addresses(session, case, [one for one in (contact.phone, contact.email) if one])
    privacy_store.drop_appointments_of(session, case.id)
    privacy_store.reword(session, case, needles, contacts_store.messages(session, f"case:{case.number}"))
    case.folded = fold(f"{case.number} {case.title} {case.address}")
    if person_id:
        privacy_store.drop_drafts(session, person_id, case.category)
        privacy_store.unname(session, case.id, f"person:{person_id}", news.REPORTER)
    case.updated_at, case.version = now, case.version + 1
    session.add(
        CaseEntry(
            case_id=case.id, at=now, actor=by, agency_id=case.agency_id if by != news.REPORTER else None,
            kind="erased", public=False, text="", data={"reason": _reworded(reason[:300], needles)},
        )
    )  # fmt: skip
    session.flush()
    tally.changed(session, before, tally.key(case))
    news.tell(session, case, "erased", actor=by, shown=False, data={"reason": _reworded(reason[:300], needles)})
    theirs = [one for one in files_store.files(session, case.id) if _theirs(one, own_files=own_files)]
    files.drop(session, theirs)


def _theirs(file: CaseFile, *, own_files: bool) -> bool:
    return file.kind in _ALWAYS or (own_files and file.actor == news.REPORTER)


def _reworded(text: str, needles: list[Needles]) -> str:
    for one in needles:
        text = one.gone_from(text)
    return text


def _forget_addresses(session: Session, case: Case, targets: list[str]) -> None:
    """Forget where news of the case went, unless the same address was given with another case or wants warnings."""
    for address in contacts_store.addresses_at(session, targets, given=True) if targets else []:
        _unfollow(session, case.id, [f"address:{address.id}"])
        contacts_store.drop_messages(session, f"case:{case.number}", [address.id])
        others = contacts_store.other_cases(session, case.id, address.target)
        if not others and not contacts_store.follows(session, address.id):
            notify.drop_address(session, address.id)


def _unfollow(session: Session, case_id: int, whos: list[str]) -> None:
    gone = contacts_store.unfollow(session, case_id, whos) if whos else 0
    if gone:
        privacy_store.fewer_followers(session, case_id, gone)


def _schema(case: Case) -> Mapping[str, Any] | None:
    known = types()
    if case.category in known.procedures:
        return known.procedures[case.category].form
    category = known.named(case.category)
    return category.questions if category else None


def _any_personal(schema: Any) -> bool:
    if not isinstance(schema, Mapping):
        return False
    return bool(schema.get(PERSONAL)) or any(_any_personal(one) for one in (schema.get("properties") or {}).values())
