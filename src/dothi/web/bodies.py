"""How long and in which form a request's body may come: what every door that reads one holds to."""

import time

SLOWEST = 500  # bytes a second over the whole body, after a first pause: slower is a caller who only holds the line


class Patience:
    """How long to wait for the next piece of a body."""

    def __init__(self, pause: float) -> None:
        self._pause, self._until = pause, time.monotonic() + pause

    def seconds(self, taken: int) -> float:
        """At most one pause, and no longer than the bytes taken so far have earned at the slowest pace."""
        return max(0.0, min(self._pause, self._until + taken / SLOWEST - time.monotonic()))


def packed(encoding: str) -> bool:
    """Whether a Content-Encoding says that the body is packed; packed ones are refused, for a few bytes can be many."""
    return encoding.strip().lower() not in {"", "identity"}
