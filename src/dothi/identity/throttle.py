"""Failed sign-ins are counted per login and per address, so that passwords cannot be tried out."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from dothi.kit.errors import Busy

WINDOW = 15 * 60.0  # seconds
# a login from one address; an address, whatever logins; a login, whatever addresses
LIMITS = {"both": 5, "address": 30, "login": 50}
REMEMBERED = 20_000


class TooManyTries(Busy):
    """Passwords were wrong too often; nothing is looked at for a while."""

    retry_after = 60


class Throttle:
    """Counts failures in this process; memory is bounded, the oldest are forgotten first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def check(self, login: str, address: str) -> None:
        """Raise TooManyTries while one of the counts is full."""
        now = self._clock()
        with self._lock:
            for kind, name in _names(login, address):
                times = self._failures.get((kind, name))
                if times is None:
                    continue
                while times and times[0] <= now - WINDOW:
                    times.popleft()
                if len(times) >= LIMITS[kind]:
                    error = TooManyTries("too many failed sign-ins; wait a while and try again")
                    error.retry_after = max(1, round(times[0] + WINDOW - now))
                    raise error

    def failed(self, login: str, address: str) -> None:
        """Count a failure."""
        now = self._clock()
        with self._lock:
            for name in _names(login, address):
                self._failures.setdefault(name, deque(maxlen=LIMITS["login"])).append(now)
                self._failures.move_to_end(name)
            while len(self._failures) > REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, login: str, address: str) -> None:
        """Forget this login's failures from this address."""
        with self._lock:
            self._failures.pop(_names(login, address)[0], None)

    def forget(self) -> None:
        """Forget everything."""
        with self._lock:
            self._failures.clear()


def _names(login: str, address: str) -> list[tuple[str, str]]:
    login = login.strip().lower()[:200]
    return [("both", f"{login} {address}"), ("address", address), ("login", login)]
