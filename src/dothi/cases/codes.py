"""One-time codes: six digits sent to a reporter's own telephone or e-mail, so that a report counts.

Only a keyed hash is kept. A wrong answer must be counted though the caller is refused: `answer` therefore never raises,
and whoever asks it commits. What is counted in this process holds also where they forget to.
"""

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

from sqlalchemy.orm import Session

from dothi.cases import contacts, contacts_store, news, throttling
from dothi.cases.tables import Case, CaseCode, CaseContact
from dothi.kit import clock
from dothi.kit.errors import Conflict
from dothi.notify.tables import Address
from dothi.notify.telling import Said, write
from dothi.notify.wording import both
from dothi.web import forms, i18n

DIGITS = 6
LASTS = 10 * 60 * clock.SECOND
TRIES = 5
SENDS = 3  # an hour to one telephone or e-mail
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Sent:
    """A code is on its way. masked: where to, so that its owner knows it again."""

    to: str  # sms | mail
    masked: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a try. left: tries left; address_id: of notify, confirmed by a right answer."""

    right: bool
    left: int = 0
    address_id: int | None = None


class _Tries:
    """Tries of codes as this process saw them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: OrderedDict[int, int] = OrderedDict()

    def take(self, code_id: int) -> int:
        with self._lock:
            made = self._made[code_id] = self._made.get(code_id, 0) + 1
            while len(self._made) > _REMEMBERED:
                self._made.popitem(last=False)
            return made

    def forget(self) -> None:
        with self._lock:
            self._made.clear()


_tries = _Tries()


def send(session: Session, case: Case, address: str | None = None) -> Sent:
    """Send a new code to the case's contact; the codes before count no more.

    address: the sender's, which is counted and not kept. Raises throttling.TooOften, and Conflict where this
    installation cannot reach the contact.
    """
    contact = session.get(CaseContact, case.id)
    how = contacts.way(contact) if contact is not None else None
    if contact is None or how is None:
        raise Conflict("no one-time code can be sent to this contact from here")
    channel, target = how
    now = clock.now_micros()
    sent = contacts_store.codes_since(session, target, now - clock.HOUR)
    if len(sent) >= SENDS:
        error = throttling.TooOften("three codes were sent within the hour; wait a while and try again")
        error.retry_after = max(1, (sent[-SENDS] + clock.HOUR - now) // clock.SECOND)
        raise error
    throttling.code(address)
    contacts_store.end_codes(session, case.id, now)
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    made = CaseCode(case_id=case.id, hash="", to=channel, sent_at=now, expires_at=now + LASTS, tries=0)
    session.add(made)
    session.flush()
    made.hash = _hash(case.id, made.id, code)
    to = contacts_store.address_for(session, channel, target, contact.language or "vi", now)
    _write(session, case, to, code, made.id)
    _tell(session, case, "code.sent", to=channel)
    masked = contacts.masked_phone(target) if channel == "sms" else contacts.masked(contact).email or ""
    return Sent(channel, masked, made.expires_at)


def answer(session: Session, case: Case, said: str) -> Answer:
    """Whether somebody has the code; right, the contact is verified and its address gets news. Commit either way."""
    now = clock.now_micros()
    live = contacts_store.live_code(session, case.id, now)
    digits = "".join(said.split())[:20]
    # the same work whether there is a code or not
    same = hmac.compare_digest(live.hash if live else "-" * 64, _hash(case.id, live.id if live else 0, digits))
    if live is None:
        return Answer(right=False)
    made = contacts_store.try_code(session, live.id, TRIES, now)
    made = None if made is None else max(made, _tries.take(live.id))
    if made is None or made > TRIES:
        return Answer(right=False)
    if not same:
        if made == TRIES:
            _tell(session, case, "code.failed", tries=made)
        return Answer(right=False, left=TRIES - made)
    contact = session.get(CaseContact, case.id)
    if contact is None or not contacts_store.use_code(session, live.id, now):
        return Answer(right=False)
    contact.verified_at = now
    target = contact.phone if live.to == "sms" else contact.email
    to = contacts_store.address_of(session, live.to, target) if target else None
    if to is not None:
        if to.confirmed_at is None:
            contacts_store.end_subscriptions(session, to.id)
        to.confirmed_at, to.token, to.disabled_at, to.failed = to.confirmed_at or now, None, None, 0
    session.flush()
    return Answer(right=True, left=TRIES - made, address_id=to.id if to else None)


def forget() -> None:
    """Forget what this process counted."""
    _tries.forget()


def _hash(case_id: int, code_id: int, code: str) -> str:
    """Keyed with the installation's secret: six digits alone could be tried out by whoever reads the table."""
    key = hmac.digest(forms.secret(), b"cases.code", hashlib.sha256)
    return hmac.new(key, f"{case_id}.{code_id}.{code}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _write(session: Session, case: Case, to: Address, code: str, code_id: int) -> None:
    def said(language: str) -> tuple[str, str]:
        say = i18n.speaker(language)
        lasts = LASTS // (60 * clock.SECOND)
        if to.channel == "sms":  # an SMS is its title alone
            return say("{code} là mã xác nhận phản ánh {number}, dùng trong {minutes} phút. Đừng đưa mã cho ai.",
                       code=code, number=case.number, minutes=lasts), ""  # fmt: skip
        body = say(
            "Mã xác nhận của phản ánh {number}: {code}. Mã dùng trong {minutes} phút. "
            "Đừng đưa mã cho ai. Nếu bạn không gửi phản ánh này thì bỏ qua thư.",
            number=case.number, code=code, minutes=lasts,
        )  # fmt: skip
        return say("Mã xác nhận phản ánh {number}", number=case.number), body

    titles, bodies = both(said)
    told = Said(titles, bodies, "cases.code", simulated=case.simulated, exercise=case.exercise)
    write(
        session, f"case:{case.number}", f"code:{code_id}", [to], told, at_once=True, leave=False,
        more={"once": True, "secret": True},
    )  # fmt: skip


def _tell(session: Session, case: Case, kind: str, **data: object) -> None:
    news.tell(session, case, kind, actor=news.REPORTER, shown=False, data=data)
