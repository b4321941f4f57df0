"""Send what waits: claim, send, note what became of it.

A claim is the message being due again only after its end. So a process that is killed between sending and noting leaves a
message that is sent once more: nothing is lost, and a repeat carries the same name (Message-ID, webhook-id, Topic).
"""

import logging
import random
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.orm import Session

from dothi.db import session as db
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.notify import calls, files, mail, store, targets
from dothi.notify.letter import Letter, Outcome, letter
from dothi.notify.tables import Address
from dothi.notify.telling import To, tell
from dothi.notify.wording import CHANNEL_NAMES, both
from dothi.web import i18n

log = logging.getLogger(__name__)
CLAIM = 5 * 60 * clock.SECOND
BATCH = 60  # messages claimed at once
THREADS = 8
_ON_ONE_CONNECTION = 10  # e-mails
TRIES = 9  # 10 s, 20 s … 21 min: three quarters of an hour in all
FIRST_WAIT, LONGEST_WAIT = 10.0, 3600.0  # seconds
OWN_WAIT = 300.0  # seconds, while our own mail server or gateway does not work: until the news is too old
FAILURES = 20  # in a row, and an address is disabled
LONGEST_WAITING = clock.DAY  # news older than this helps nobody


def send_due(seconds: float = 30) -> int:
    """Send what is due, for about so many seconds; returns how many tries were made."""
    end = time.monotonic() + seconds
    tried = 0
    while time.monotonic() < end:
        letters = _claimed()
        if not letters:
            break
        tried += len(letters)
        _send(letters)
    return tried


def backoff(tries: int, wait: float = 0.0, chance: Callable[[], float] = random.random) -> float:
    """Seconds until the next try: twice as long each time, by chance half to one and a half of it."""
    doubled: float = FIRST_WAIT * 2 ** min(tries - 1, 20)
    return max(wait, min(LONGEST_WAIT, doubled) * (0.5 + chance()))


def _claimed() -> list[Letter]:
    now = clock.now_micros()
    with db.reading() as session:
        if not store.due(session, now, 1) and not store.any_ownerless(session, now):
            return []
    with db.writing() as session:
        store.drop_ownerless(session, now)
        taken = []
        for message, address in store.due(session, now, BATCH):
            if message.created_at < now - LONGEST_WAITING:
                message.state, message.error = "dropped", "it waited too long"
                continue
            if address.disabled_at is not None:
                message.state, message.error = "dropped", "the address is disabled"
                continue
            one = letter(message, address)
            if store.claim(session, one.id, message.tries, now + CLAIM):
                taken.append(one)
    return taken


def _send(letters: list[Letter]) -> None:
    """Send letters side by side; what became of each is noted at once, so that a kill repeats few."""
    mails = [one for one in letters if one.channel == "mail"]
    parts = [mails[at : at + _ON_ONE_CONNECTION] for at in range(0, len(mails), _ON_ONE_CONNECTION)]
    parts += [[one] for one in letters if one.channel != "mail"]
    with ThreadPoolExecutor(THREADS, thread_name_prefix="notify") as pool:
        list(pool.map(_carry, parts))


def _carry(part: list[Letter]) -> None:
    left = {one.id: one for one in part}
    try:
        for one, outcome in _carried(part):
            del left[one.id]
            _settle(one, outcome)
    except Exception as error:
        log.exception("messages %s could not be sent", ", ".join(map(str, left)))
        for one in left.values():
            _settle(one, Outcome("again", type(error).__name__, ours=True))


def _carried(part: list[Letter]) -> Iterable[tuple[Letter, Outcome]]:
    channel = part[0].channel
    url = targets.server(channel)
    if channel in ("mail", "sms"):
        if not url:
            return [(one, Outcome("again", f"this installation does not send by {channel}", ours=True)) for one in part]
        if url.startswith(files.SCHEME):
            return [(one, files.write(one)) for one in part]
    if channel == "mail":
        return mail.send(part, str(url))
    if channel == "sms":
        return ((one, calls.sms_call(one, str(url))) for one in part)
    return ((one, calls.push_call(one) if channel == "push" else calls.webhook_call(one)) for one in part)


def _settle(one: Letter, outcome: Outcome) -> None:
    """Note what became of a try, in a transaction of its own."""
    now = clock.now_micros()
    # a log holds no address and nothing of what was said
    log.info("message %s by %s: %s", one.id, one.channel, outcome.state)
    with db.writing() as session:
        if outcome.state == "sent":
            values = {"state": "sent", "sent_at": now, "error": None}
            if one.data.get("once"):  # a one-time link is nobody else's business
                values |= {"body": "", "data": {"kind": one.kind}}
                if one.data.get("secret"):  # a code sent by SMS is the title itself
                    values["subject"] = ""
            if store.settle(session, one.id, one.tries, **values):
                _reached(session, one, now)
            return
        final = outcome.state in ("gone", "refused") or (one.tries >= TRIES and not outcome.ours)
        if final:
            noted = store.settle(session, one.id, one.tries, state="failed", error=outcome.why[:500])
        else:
            seconds = backoff(one.tries, outcome.wait)
            due = now + int((min(seconds, OWN_WAIT) if outcome.ours else seconds) * clock.SECOND)
            noted = store.settle(session, one.id, one.tries, due_at=due, error=outcome.why[:500])
        if noted and not outcome.ours:
            _missed(session, one, outcome, now)


def _reached(session: Session, one: Letter, now: int) -> None:
    address = store.address(session, one.address_id)
    if address is None:
        return
    if address.failed:
        address.failed = 0
    if one.data.get("confirms") and address.confirmed_at is None:  # a webhook confirms by answering
        address.confirmed_at = now
        _tell(session, "notify.address.confirmed", address)


def _missed(session: Session, one: Letter, outcome: Outcome, now: int) -> None:
    address = store.address(session, one.address_id)
    if address is None or address.disabled_at is not None:
        return
    address.failed += 1
    if outcome.state != "gone" and address.failed < FAILURES:
        return
    address.disabled_at = now
    store.drop_waiting(session, address.id, "the address is disabled")
    _tell(session, "notify.address.disabled", address)
    if address.person_id is None:
        return

    def said(language: str) -> tuple[str, str]:
        say = i18n.speaker(language)
        return say("Một địa chỉ nhận tin của bạn đã bị ngắt"), say(
            "Gửi tới địa chỉ này nhiều lần không được: {channel} {label}. Kiểm tra rồi xác nhận lại.",
            channel=say(CHANNEL_NAMES[address.channel]), label=address.label,
        )  # fmt: skip

    titles, bodies = both(said)
    tell(
        session, cause=f"address:{address.id}", key=f"disabled:{now}", to=To(people=(address.person_id,)), title=titles,
        body=bodies, kind="notify.address.disabled", link="/me/notifications",
    )  # fmt: skip


def _tell(session: Session, kind: str, address: Address) -> None:
    journal.append(session, kind, actor="dothi", subject=f"address:{address.id}", data={"channel": address.channel})
