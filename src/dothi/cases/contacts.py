"""Who reported a case and how to reach them: the one room for it, each reading journalled with its purpose."""

import re
import unicodedata
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sqlalchemy.orm import Session

from dothi.cases import news, redaction, within
from dothi.cases.tables import Case, CaseContact, CaseEntry
from dothi.identity.guard import Caller
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.kit.text import nfc
from dothi.notify import targets
from dothi.web import i18n

LONGEST_NAME, LONGEST_HOME, LONGEST_PURPOSE = 120, 300, 300
SHORTEST_PURPOSE = 5
_MAIL_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
_MAIL = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_MAIL_HOST}")
MOBILE = re.compile(r"\+84[35789]\d{8}")
_FIXED = re.compile(r"\+842\d{9}")  # 02x(x) and the subscriber's number: eleven digits with the 0
_ABROAD = re.compile(r"\+(?!84)[1-9]\d{6,14}")  # E.164
_IDENTITY = re.compile(r"\d{12}")  # số định danh cá nhân, Law 26/2023/QH15 article 12
_NAME_SIGNS = frozenset(" .,'’-&()/")


@dataclass(frozen=True, slots=True)
class Contact:
    """Who reported. phone: E.164 once checked; papers: a form's personal fields."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    identity_number: str | None = None
    home: str | None = None
    language: str | None = None
    papers: dict[str, Any] | None = field(default=None, repr=False)
    verified_at: int | None = None

    def __bool__(self) -> bool:
        return any((self.name, self.phone, self.email, self.identity_number, self.home, self.papers))


@dataclass(frozen=True, slots=True)
class Masked:
    """So much of a contact that two can be told apart, and nobody can be reached or found by it."""

    name: str | None
    phone: str | None
    email: str | None
    identity_number: str | None
    home: bool
    papers: bool
    verified: bool
    erased: bool


def check(name: str | None, phone: str | None, email: str | None) -> list[Fault]:
    """What is wrong with a contact as somebody wrote it; what is left out is no fault."""
    faults = []
    if name and not _is_name(nfc(name)):
        allowed = f"letters, at most {LONGEST_NAME}, for example Nguyễn Văn An"
        faults.append(Fault("name", "no name of somebody", allowed))
    if phone and phone_of(phone) is None:
        faults.append(Fault("phone", "no telephone number", "for example 0901 234 567"))
    if email and mail_of(email) is None:
        faults.append(Fault("email", "no e-mail address", "for example an@example.vn"))
    return faults


def phone_of(said: str) -> str | None:
    """A telephone number in E.164: Vietnamese mobile and fixed ones however written, foreign ones with their +."""
    digits = re.sub(r"[\s.()\-\u00a0]", "", said.strip())
    if len(digits) > 20 or not digits.isascii():
        return None
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    elif digits.startswith("0"):
        digits = f"+84{digits[1:]}"
    elif digits.startswith("84"):
        digits = f"+{digits}"
    if digits.startswith("+840"):
        digits = f"+84{digits[4:]}"
    return digits if any(form.fullmatch(digits) for form in (MOBILE, _FIXED, _ABROAD)) else None


def mail_of(said: str) -> str | None:
    """An e-mail address as it is kept."""
    cleaned = targets.cleaned("mail", said)
    return cleaned if len(cleaned) <= 254 and _MAIL.fullmatch(cleaned) else None


def checked(contact: Contact) -> Contact:
    """A contact as it is kept; every fault at once."""
    faults = check(contact.name, contact.phone, contact.email)
    identity = re.sub(r"[\s.]", "", contact.identity_number or "")
    if identity and not (identity.isascii() and _IDENTITY.fullmatch(identity)):
        faults.append(Fault("identity_number", "no personal identity number", "12 digits"))
    home = " ".join(_plain(contact.home or "").split())
    if len(home) > LONGEST_HOME:
        faults.append(Fault("home", f"{len(home)} letters", f"at most {LONGEST_HOME}"))
    if contact.language not in (None, *i18n.LANGUAGES):
        faults.append(Fault("language", f"{str(contact.language)[:20]!r}", ", ".join(i18n.LANGUAGES)))
    if faults:
        raise BadInput("this contact cannot be kept", faults)
    return Contact(
        name=" ".join(nfc(contact.name or "").split()) or None,
        phone=phone_of(contact.phone) if contact.phone else None,
        email=mail_of(contact.email) if contact.email else None,
        identity_number=identity or None,
        home=home or None,
        language=contact.language,
        papers=dict(contact.papers) if contact.papers else None,
        verified_at=contact.verified_at,
    )


def put(session: Session, caller: Caller, case: Case, contact: Contact, *, token: str | None = None) -> None:
    """Keep who reported. A case without a contact takes it from the verb that opens it.

    Changing it needs to be the reporter, or cases:contact in the office. Another telephone or e-mail is not verified.
    """
    found = session.get(CaseContact, case.id)
    if found is not None and not within.reporter(caller, case, token):
        within.require(session, caller, "cases:contact", case)
    given = checked(contact)
    if found is None:
        if not given:
            return
        session.add(CaseContact(case_id=case.id, **asdict(given)))
    else:
        same = (found.phone, found.email) == (given.phone, given.email)
        values = asdict(given) | {"verified_at": found.verified_at if same else given.verified_at}
        for name, value in values.items():
            setattr(found, name, value)
        found.erased_at = None
    session.flush()
    by = news.REPORTER if caller.kind == "anonymous" or within.reporter(caller, case, token) else news.actor(caller)
    _tell(session, "contact.changed" if found else "contact.given", by, case, fields=_names(given))


def read(session: Session, caller: Caller, case: Case, purpose: str, *, token: str | None = None) -> Contact:
    """Who reported, in full; the journal and the case's inside say who asked and what for.

    Needs cases:contact in the office, or to be the reporter. purpose: why, in words; contact data in it are left out.
    The session writes: commit before the contact is shown.
    """
    own = within.reporter(caller, case, token)
    if not own:
        within.require(session, caller, "cases:contact", case)
    why = " ".join(_plain(purpose).split())
    if not own and not SHORTEST_PURPOSE <= len(why) <= LONGEST_PURPOSE:
        allowed = f"{SHORTEST_PURPOSE} to {LONGEST_PURPOSE} letters"
        raise BadInput("say what the contact is needed for", [Fault("purpose", f"{len(why)} letters", allowed)])
    found = session.get(CaseContact, case.id)
    contact = of_row(found) if found is not None else Contact()
    if not contact:
        raise NotFound("this case has no contact")
    why = redaction.Needles.of(contact).gone_from(why[:LONGEST_PURPOSE])
    now = news.now()
    if not own:
        session.add(
            CaseEntry(
                case_id=case.id, at=now, actor=news.actor(caller), agency_id=caller.agency_id, kind="contact",
                text=why, public=False,
            )
        )  # fmt: skip
    _tell(
        session,
        "contact.read",
        news.REPORTER if own else news.actor(caller),
        case,
        purpose=why,
        fields=_names(contact),
        own=own,
    )
    return contact


def masked(contact: CaseContact | Contact | None) -> Masked:
    """A contact as lists and pages of the inside show it: Nguyễn V. A., 09xx xxx 567, n***@example.vn."""
    if contact is None:
        return Masked(None, None, None, None, home=False, papers=False, verified=False, erased=False)
    return Masked(
        name=masked_name(contact.name) if contact.name else None,
        phone=masked_phone(contact.phone) if contact.phone else None,
        email=targets.masked("mail", contact.email) if contact.email else None,
        identity_number=f"{'x' * 9}{contact.identity_number[-3:]}" if contact.identity_number else None,
        home=bool(contact.home),
        papers=bool(contact.papers),
        verified=contact.verified_at is not None,
        erased=getattr(contact, "erased_at", None) is not None,
    )


def masked_of(session: Session, case: Case) -> Masked:
    """The masked contact of a case, for who sees its inside."""
    return masked(session.get(CaseContact, case.id))


def masked_name(name: str) -> str:
    """The family name, and the first letters of the others; of a single name its first letter."""
    first, *others = name.split() or [""]
    if not others:
        return f"{first[:1]}."
    return " ".join([first, *(f"{one[:1].upper()}." for one in others)])


def masked_phone(phone: str) -> str:
    """A number as it is dialled here, with its beginning and its last three digits: 09xx xxx 567."""
    if phone.startswith("+84"):
        local = f"0{phone[3:]}"
        hidden = local[:2] + "x" * (len(local) - 5) + local[-3:]
        return f"{hidden[:4]} {hidden[4:-3]} {hidden[-3:]}"
    return f"{phone[:2]}{'x' * max(0, len(phone) - 5)}{phone[-3:]}"


def of_row(row: CaseContact) -> Contact:
    """The contact a row holds."""
    return Contact(
        row.name, row.phone, row.email, row.identity_number, row.home, row.language, row.papers, row.verified_at
    )


def way(contact: Contact | CaseContact) -> tuple[Literal["sms", "mail"], str] | None:
    """How a one-time code or news reach them here: by SMS to a Vietnamese mobile, else by e-mail; None: not at all.

    A foreign number never gets an SMS: senders of floods earn on them.
    """
    if contact.phone and targets.server("sms") and MOBILE.fullmatch(contact.phone):
        return "sms", contact.phone
    if contact.email and targets.server("mail"):
        return "mail", contact.email
    return None


def _is_name(name: str) -> bool:
    name = name.strip()
    letters = sum(unicodedata.category(c)[0] == "L" for c in name)
    signs = all(unicodedata.category(c)[0] in "LMN" or c in _NAME_SIGNS for c in name)
    return 1 <= len(name) <= LONGEST_NAME and letters >= 1 and signs


def _plain(text: str) -> str:
    """A text without signs that are not seen: controls, reversals of direction."""
    return "".join(c for c in nfc(text) if c in "\n\t" or unicodedata.category(c)[0] != "C")


def _names(contact: Contact) -> list[str]:
    return [name for name in ("name", "phone", "email", "identity_number", "home", "papers") if getattr(contact, name)]


def _tell(session: Session, kind: str, by: str, case: Case, **data: Any) -> None:
    news.tell(session, case, kind, actor=by, shown=False, data=data)
