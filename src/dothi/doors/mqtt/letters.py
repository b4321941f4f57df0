"""Dead letters: published payloads that were refused, kept for a person to look at and send in again."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from dothi.db import session as db
from dothi.doors.mqtt import store, topics
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.sensing import decode, ingest, registry
from dothi.sensing.columns import Receipt
from dothi.sensing.tables import DeadLetter

MOST = 10_000  # letters kept; the oldest go first


@dataclass(slots=True)
class Letter:
    """A refused message on its way to the table. sender: `key:7`, `anonymous`, or `broker` for somebody else's broker."""

    topic: str
    payload: bytes
    reason: str
    sender: str


def keep(refused: list[Letter]) -> None:
    """Write letters down, committed."""
    now = clock.now_micros()
    rows = [
        {"at": now, "topic": one.topic, "payload": one.payload, "reason": one.reason[:2000], "sender": one.sender}
        for one in refused
    ]
    with db.writing() as session:
        store.insert_letters(session, rows, MOST)


def listed(
    session: Session, caller: Caller, *, limit: int = 100, before: int | None = None, replayed: bool = False
) -> list[DeadLetter]:
    """Letters, newest first, those already replayed only when asked for; administrators read them."""
    guard.require(caller, "admin")
    return store.letters(session, min(limit, 1000), before, replayed=replayed)


def waiting(session: Session) -> int:
    """How many letters nobody replayed yet."""
    return store.waiting_letters(session)


def replay(id_: int, caller: Caller) -> Receipt:
    """Take a letter's observation in after all, now that what was wrong is mended.

    Raises BadInput with the present reason when it is still refused; the letter then keeps that reason.
    """
    guard.require(caller, "admin")
    with db.reading() as session:
        letter = session.get(DeadLetter, id_)
        if letter is None:
            raise NotFound(f"there is no dead letter {id_}")
        topic, payload = letter.topic, bytes(letter.payload)
    try:
        receipt = _again(topic, payload)
    except BadInput as error:
        with db.writing() as session:
            kept = session.get(DeadLetter, id_)
            if kept is not None:
                kept.reason = str(error)[:2000]
        raise
    with db.writing() as session:
        kept = session.get(DeadLetter, id_)
        if kept is not None:
            kept.replayed_at = clock.now_micros()
    return receipt


def _again(topic: str, payload: bytes) -> Receipt:
    target = topics.target(topic)
    if target is None or target.kind != "observation":
        raise _bad(f"{topic} takes no observations")
    columns = decode.observation(payload, target.stream)
    wrong = unfit(target, registry.stream(columns.datastream[0]))
    if wrong:
        raise _bad(wrong)
    receipt = ingest.put(columns).result(60)
    if receipt.refused:
        raise _bad(receipt.refused[0].reason)
    return receipt


def unfit(target: topics.Target, stream: registry.Stream | None) -> str | None:
    """Why a datastream is not the one a topic names, or None."""
    if stream is None:
        return f"there is no Datastream {target.stream}" if target.stream else "there is no such Datastream"
    if target.stream is not None and target.multi is not stream.multi:
        return f"{stream.id} is a {'MultiDatastream' if stream.multi else 'Datastream'}; its topic says the other"
    return None


def _bad(reason: str) -> BadInput:
    return BadInput(reason, [Fault("", reason)])
