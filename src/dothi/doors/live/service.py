"""The live feed of this process."""

import asyncio
import contextlib
import signal
from typing import Any

from dothi.doors.live.feed import Feed

_feed: Feed | None = None
_before: dict[signal.Signals, Any] = {}


async def start() -> None:
    """Start the feed on the running loop."""
    global _feed
    feed = _feed = Feed()
    feed.start()
    _hear_the_end(feed)


def _hear_the_end(feed: Feed) -> None:
    """Send listeners away as soon as the server is told to stop: it waits for open answers before anything else."""
    loop = asyncio.get_running_loop()

    def told(number: int, frame: Any) -> None:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(feed.close)
        before = _before.get(signal.Signals(number))
        if callable(before):
            before(number, frame)

    for one in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(ValueError):  # not the main thread: whoever runs the server stops it another way
            _before[one] = signal.signal(one, told)


async def stop() -> None:
    """Send listeners away and stop."""
    global _feed
    feed, _feed = _feed, None
    for one, before in list(_before.items()):
        with contextlib.suppress(ValueError):
            signal.signal(one, before)
    _before.clear()
    if feed is not None:
        await feed.stop()


def feed() -> Feed | None:
    """The feed, once started."""
    return _feed


def health() -> dict[str, Any]:
    """How many listen, for /health."""
    return {"ok": _feed is not None, "clients": len(_feed.clients) if _feed is not None else 0}
