"""Answers kept while the database stays as it is: what many screens ask for at once is made once.

An answer is kept with the stamp of the database it was made from (`hot.stamp`). It is given again only while the stamp
is the same, so that nobody ever gets an answer older than their question; whoever asks the same while it is being made
waits for it. What a caller may see is part of what was prepared, and so of the key.

Stamps cost a question each, which is much beside a light answer: one that had always changed by the next asking is made
without them for a while, ever longer the longer that goes on.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from dothi.db import hot

_MOST = 32_000_000  # bytes of all answers kept
_LARGEST = 4_000_000  # of one of them
_REMEMBERED = 2048  # answers of which it is known how often they had changed
_LONGEST = 64  # askings without stamps

Made = tuple[bytes, str]  # a body and its media type


@dataclass(slots=True)
class _Luck:
    """How an answer fared. changed: askings in a row that found it changed; rest: askings yet without stamps."""

    changed: int = 0
    rest: int = 1  # most pages are asked for once


_kept: OrderedDict[Any, tuple[object, Made]] = OrderedDict()  # the least recently asked for first
_making: dict[Any, asyncio.Task[Made]] = {}
_fared: OrderedDict[Any, _Luck] = OrderedDict()
_total = 0


async def answer(key: Any, make: Callable[[], Awaitable[Made]], *, light: bool) -> Made:
    """The answer to `key` as of now: the one kept where that still holds, else what `make` gives, or raises.

    light: making it costs about as much as asking whether it still holds.
    """
    luck = _luck(key)
    if light and luck.rest:
        luck.rest -= 1
        return await make()
    stamp = await hot.stamp()
    kept = _kept.get(key)
    if kept is not None and kept[0] == stamp:
        _kept.move_to_end(key)
        luck.changed = 0
        return kept[1]
    # one begun at the same stamp lacks nothing that was there when this was asked
    mark = asyncio.get_running_loop(), key, stamp
    task = _making.get(mark)
    if task is None:
        luck.changed += 1
        luck.rest = min(2**luck.changed - 2, _LONGEST)  # none after the first
        task = _making[mark] = asyncio.ensure_future(_make(key, stamp, make))
        task.add_done_callback(lambda _: _making.pop(mark, None))
    return await asyncio.shield(task)  # whoever asked first may go away


def _luck(key: Any) -> _Luck:
    luck = _fared.get(key)
    if luck is None:
        luck = _fared[key] = _Luck()
        if len(_fared) > _REMEMBERED:
            _fared.popitem(last=False)
    return luck


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
