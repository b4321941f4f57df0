"""Timers: who is to be called when, the earliest first; setting one anew forgets the old one."""

import heapq
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Timed(Protocol):
    """Whoever has a timer. due: when it is to be called (µs), None for never."""

    due: int | None


One = TypeVar("One", bound=Timed)


class Timers(Generic[One]):
    """A heap whose outdated entries are passed over when they come up."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, One]] = []
        self._set = 0

    def __len__(self) -> int:
        return len(self._heap)

    def set(self, one: One, due: int | None) -> None:
        """Call `one` at `due`, and not when it was to be called before."""
        if due == one.due:
            return
        one.due = due
        if due is not None:
            self._set += 1
            heapq.heappush(self._heap, (due, self._set, one))

    def next(self) -> int | None:
        """When the first one is to be called."""
        while self._heap and self._heap[0][2].due != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def ring(self, now: int) -> Iterator[One]:
        """Whoever is to be called by now; each has no timer any more."""
        while (due := self.next()) is not None and due <= now:
            one = heapq.heappop(self._heap)[2]
            one.due = None
            yield one
