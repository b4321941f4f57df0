"""Whose turn it is to write: SQLite has one writer, and its busy-waiting is not fair."""

import threading
from collections import deque
from types import TracebackType


class Turn:
    """A first-come, first-served lock; not re-entrant."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False


class NoTurn:
    """PostgreSQL needs none."""

    def __enter__(self) -> None:
        return

    def __exit__(self, *_: object) -> None:
        return


write_turn = Turn()
no_turn = NoTurn()
