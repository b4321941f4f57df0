"""The verbs of notify, for the rooms above."""

from dothi.notify.addresses import OldLink
from dothi.notify.subscriptions import change, confirm, leave, subscribe
from dothi.notify.telling import To, holders, people_of, tell, tell_subscribers

__all__ = [
    "OldLink",
    "To",
    "change",
    "confirm",
    "holders",
    "leave",
    "people_of",
    "subscribe",
    "tell",
    "tell_subscribers",
]
