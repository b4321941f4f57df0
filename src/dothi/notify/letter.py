"""A message on its way, and what became of one try to send it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dothi.notify.tables import Address, Message
from dothi.notify.telling import delivery


@dataclass(frozen=True, slots=True)
class Letter:
    """A claimed message with the address it goes to. name: what it is called in every try."""

    id: int
    name: str
    cause: str
    channel: str
    target: str
    secret: Mapping[str, Any]
    language: str
    subject: str
    body: str
    data: Mapping[str, Any]
    severity: str | None
    tries: int
    created_at: int
    address_id: int

    @property
    def kind(self) -> str:
        """What it tells of."""
        return str(self.data.get("kind", ""))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a try.

    again: it may succeed later; gone: there is nobody at the address, nor will be; refused: this message is not taken.
    wait: seconds the other side asked for. ours: no fault of the address: our mail server or gateway did not work.
    """

    state: Literal["sent", "again", "gone", "refused"]
    why: str = ""
    wait: float = 0.0
    ours: bool = False


SENT = Outcome("sent")


def letter(message: Message, address: Address) -> Letter:
    """A message as it is sent; tries counts this one."""
    return Letter(
        message.id, delivery(message.key), message.cause, message.channel, address.target, address.secret or {},
        address.language, message.subject, message.body, message.data or {}, message.severity, message.tries + 1,
        message.created_at, address.id,
    )  # fmt: skip
