"""A loop that goes on beside the tests: each run of a new one would start its threads and its connections anew."""

import asyncio
import threading
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


def run(asked: Coroutine[Any, Any, T]) -> T:
    """What a coroutine comes to."""
    return asyncio.run_coroutine_threadsafe(asked, _loop()).result()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    made = asyncio.new_event_loop()
    for_ever = asyncio.Event()
    # threads that answer requests live as long as the task the loop was begun with
    threading.Thread(target=lambda: made.run_until_complete(for_ever.wait()), daemon=True).start()
    return made
