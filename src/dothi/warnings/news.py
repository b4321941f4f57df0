"""What this room tells upper rooms, in the transaction of the change."""

from dataclasses import dataclass


@dataclass(frozen=True)
class WarningPublished:
    """A warning of ours was published: a new one, an update, or the end of one (msg_type Cancel)."""

    warning_id: int
    identifier: str
    msg_type: str
    status: str


@dataclass(frozen=True)
class WarningReceived:
    """A message of somebody else's feed was taken."""

    warning_id: int
    feed: str
    msg_type: str
