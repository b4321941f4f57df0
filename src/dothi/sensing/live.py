"""News of observations after their commit, for whoever watches: the live doors, rules, published topics."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence

from dothi.sensing.columns import Columns

log = logging.getLogger(__name__)
Hearer = Callable[[Columns, Sequence[int]], None]


class Hub:
    """Calls its hearers on the event loop, once per commit, with the columns and the indices that were stored."""

    def __init__(self) -> None:
        self._hearers: list[tuple[asyncio.AbstractEventLoop, Hearer]] = []

    def listen(self, hearer: Hearer) -> Callable[[], None]:
        """Hear every later commit, on the running event loop; returns the function that stops it."""
        entry = (asyncio.get_running_loop(), hearer)
        self._hearers.append(entry)

        def unlisten() -> None:
            with contextlib.suppress(ValueError):
                self._hearers.remove(entry)

        return unlisten

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._hearers)

    def publish(self, columns: Columns, stored: Sequence[int]) -> None:
        """Tell every hearer; called from the writing thread after its commit."""
        for loop, hearer in list(self._hearers):
            with contextlib.suppress(RuntimeError):  # the loop has closed
                loop.call_soon_threadsafe(_tell, hearer, columns, stored)


def _tell(hearer: Hearer, columns: Columns, stored: Sequence[int]) -> None:
    try:
        hearer(columns, stored)
    except Exception:
        log.exception("a listener to observations failed")


hub = Hub()
