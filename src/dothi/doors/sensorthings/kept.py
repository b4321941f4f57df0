"""Answers kept while the database stays as it is: a map asked for by many screens at once is made once.

An answer is kept with the stamp of the database it was made from (`hot.stamp`). It is given again only while the stamp
is the same, so that nobody ever gets an answer older than their question; whoever asks the same while it is being made
waits for it. What a caller may see is part of what was prepared, and so of the key.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from dothi.db import hot

_MOST = 32_000_000  # bytes of all answers kept
_LARGEST = 4_000_000  # of one of them

Made = tuple[bytes, str]  # a body and its media type

_kept: OrderedDict[Any, tuple[object, Made]] = OrderedDict()  # the least recently asked for first
_making: dict[Any, asyncio.Task[Made]] = {}
_total = 0


async def answer(key: Any, make: Callable[[], Awaitable[Made]]) -> Made:
    """The answer to `key` as of now: the one kept where that still holds, else what `make` gives, or raises."""
    stamp = await hot.stamp()
    kept = _kept.get(key)
    if kept is not None and kept[0] == stamp:
        _kept.move_to_end(key)
        return kept[1]
    # one begun at the same stamp lacks nothing that was there when this was asked
    mark = asyncio.get_running_loop(), key, stamp
    task = _making.get(mark)
    if task is None:
        task = _making[mark] = asyncio.ensure_future(_make(key, stamp, make))
        task.add_done_callback(lambda _: _making.pop(mark, None))
    return await asyncio.shield(task)  # whoever asked first may go away


async def _make(key: Any, stamp: object, make: Callable[[], Awaitable[Made]]) -> Made:
    global _total
    made = await make()
    # several statements made it: it is of one moment only when nothing was committed between them
    if len(made[0]) <= _LARGEST and await hot.stamp() == stamp:
        _drop(key)
        _kept[key] = stamp, made
        _total += len(made[0])
        while _total > _MOST:
            _drop(next(iter(_kept)))
    return made


def _drop(key: Any) -> None:
    global _total
    gone = _kept.pop(key, None)
    if gone is not None:
        _total -= len(gone[1][0])
