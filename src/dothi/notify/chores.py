"""The standing work of notify."""

from dothi.config import settings
from dothi.db import session as db
from dothi.jobs.runner import every
from dothi.kit import clock
from dothi.notify import outbox, sending, store

UNCONFIRMED = 7 * clock.DAY


@every("notify.send", seconds=3)
def send() -> None:
    """Turn news of the journal into messages, and send what is due."""
    outbox.gather()
    sending.send_due()


@every("notify.forget", minutes=360)
def forget() -> None:
    """Forget old messages, and addresses nobody confirmed."""
    now = clock.now_micros()
    with db.writing() as session:
        store.forget_messages(session, now - settings().message_days * clock.DAY)
        store.forget_unconfirmed(session, now - UNCONFIRMED)
