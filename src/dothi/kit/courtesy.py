"""Who goes first in a process: whoever waits for an answer, before work that nobody waits for at this moment.

Python runs one thread at a time, so that a thread that thinks for long takes from every request being served. Such a
thread says that it stands `aside` and calls `pause` every so often, at best many times a millisecond. While nobody is
waiting that costs it nothing; while somebody is, it has its share of what the process works and sleeps the rest, so
that it falls behind for a while but never stands still. What holds a lock others wait for runs `at_once`.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

SHARE = 0.25  # of the processor time of the process, for one thread that stands aside
LEAST = 0.1  # of the time that goes by, where those served mostly wait for a database
_SLICE = 0.001  # seconds of work between two looks: as long as a request may be held up by one
_REST = 0.02  # the longest sleep without a look whether anybody still waits
_LINGER = 0.05  # after an answer the next question is on its way for so long
_PATIENCE = 5.0  # a request that takes longer is a stream or a download, and mostly waits itself
_OWED = 0.5  # seconds of work that are paid for in sleep at most
_SAVED = 0.002  # seconds of work that may be saved up

_tokens = count()
_served: dict[int, float] = {}  # by token: when it came, the youngest last
_until = 0.0  # up to when somebody waits all the same, time.monotonic()
_here = threading.local()


def came() -> int:
    """A request is to be answered; what this gives is for `went`."""
    token = next(_tokens)
    _served[token] = time.monotonic()
    return token


def went(token: int) -> None:
    """It is answered."""
    _served.pop(token, None)
    expect(_LINGER)


def expect(seconds: float) -> None:
    """Somebody is to go first from now on for so long, without a request of their own."""
    global _until
    _until = max(_until, time.monotonic() + seconds)


def waited_for() -> bool:
    """Whether anybody waits for an answer."""
    now = time.monotonic()
    if now < _until:
        return True
    try:
        return now - next(reversed(_served.values())) < _PATIENCE
    except StopIteration:
        return False
    except RuntimeError:  # one came or went just now
        return True


class _Share:
    """What one thread that stands aside has worked, and what it owes in sleep."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.held = False
        self.at, self.worked, self.all, self.owed = time.monotonic(), time.thread_time(), time.process_time(), 0.0

    def pause(self) -> None:
        now = time.monotonic()
        if now - self.at < _SLICE or self.held:
            return
        if not self._reckon(now):
            return
        while self.owed > 0:
            time.sleep(min(_REST, max(_SLICE, self.owed / self.share)))
            if not self._reckon(time.monotonic()):
                return

    def _reckon(self, now: float) -> bool:
        """Add what was worked and take off what the time since allows; False when nobody waits, and nothing is owed."""
        worked, together = time.thread_time(), time.process_time()
        owed = 0.0
        if asked := waited_for():
            allowed = max(self.share * (together - self.all), LEAST * (now - self.at))
            owed = min(_OWED, max(-_SAVED, self.owed + worked - self.worked - allowed))
        self.at, self.worked, self.all, self.owed = now, worked, together, owed
        return asked


@contextmanager
def aside(share: float = SHARE) -> Iterator[None]:
    """This thread gives way, with at least this share of the time (0 to 1) while others wait."""
    before = getattr(_here, "share", None)
    _here.share = _Share(share)
    try:
        yield
    finally:
        _here.share = before


@contextmanager
def at_once() -> Iterator[None]:
    """What others wait for too (a transaction that writes): no pauses until it is done; they are made up for later."""
    mine: _Share | None = getattr(_here, "share", None)
    if mine is None or mine.held:
        yield
        return
    mine.held = True
    try:
        yield
    finally:
        mine.held = False


def pause() -> None:
    """Let others go first when it is time to; does nothing in a thread that does not stand aside."""
    mine: _Share | None = getattr(_here, "share", None)
    if mine is not None:
        mine.pause()
