"""How often somebody may report or ask for a code within an hour: by address, and by telephone or e-mail.

Addresses are counted in this process and never kept; contacts are counted in the database, which every process shares.
"""

import ipaddress
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from sqlalchemy.orm import Session

from dothi.cases import contacts_store as store
from dothi.cases.contacts import Contact
from dothi.config import settings
from dothi.kit import clock
from dothi.kit.errors import Busy

HOUR = 3600.0  # seconds
REMEMBERED = 50_000  # names of one window; the oldest are forgotten first


class TooOften(Busy):
    """Too many within the hour; nothing was done."""

    retry_after = 60


class Window:
    """Counts what was done under a name within the last hour, in this process. Memory is bounded."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, name: str, most: int) -> None:
        """Count one more; raises TooOften, and counts nothing, when there were as many as may be."""
        now = self._clock()
        with self._lock:
            times = self._times.setdefault(name, deque())
            self._times.move_to_end(name)
            while times and times[0] <= now - HOUR:
                times.popleft()
            if len(times) >= most:
                raise _too_often(times[0] + HOUR - now)
            times.append(now)
            while len(self._times) > REMEMBERED:
                self._times.popitem(last=False)

    def forget(self) -> None:
        """Forget everything."""
        with self._lock:
            self._times.clear()


reports, codes = Window(), Window()


def report(session: Session, address: str | None, contact: Contact | None) -> None:
    """Raise TooOften when another report would be one too many of an address or a contact.

    address: of the anonymous sender; None: somebody signed in, or the desk on behalf of a caller. contact: checked.
    """
    given = settings()
    if contact is not None and given.reports_per_contact:
        since = clock.now_micros() - clock.HOUR
        oldest = store.opened_since(session, contact, since, given.reports_per_contact)
        if oldest is not None:
            raise _too_often((oldest - since) / clock.SECOND)
    if address and given.reports_per_hour:
        reports.take(network(address), given.reports_per_hour)


def code(address: str | None) -> None:
    """Raise TooOften when another one-time code would be one too many asked for from an address."""
    if address:
        codes.take(network(address), settings().codes_per_hour)


def network(address: str) -> str:
    """What one subscriber holds: an IPv4 address, an IPv6 /64."""
    try:
        found = ipaddress.ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def forget() -> None:
    """Forget what this process counted."""
    reports.forget()
    codes.forget()


def _too_often(seconds: float) -> TooOften:
    error = TooOften("too many within an hour; wait a while and try again")
    error.retry_after = max(1, round(seconds))
    return error
