"""Whether a task is done: what the thing itself measures after it was told. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dothi.kit import clock
from dothi.tasking import flow, swe
from dothi.tasking.declared import Kind, ReadBack, worked
from dothi.tasking.store import Reading


@dataclass(frozen=True)
class Verdict:
    """What becomes of a task: the state it goes to, or None: it waits; and why."""

    to: str | None
    reason: str | None = None


def counts(read: Reading | None, sent_at: int) -> bool:
    """Whether a value was measured after the task was sent; devices tell whole seconds."""
    return read is not None and read.at is not None and read.at >= sent_at // clock.SECOND * clock.SECOND


def holds(back: ReadBack, values: Mapping[str, Any], value: float) -> bool:
    """Whether a value read back is the one asked for."""
    given = swe.numbers(values)
    if back.equals is not None:
        return back.equals in given and abs(value - given[back.equals]) <= back.within + 1e-9
    return worked(back.holds or "", {**given, "value": value}) is True


def judge(
    kind: Kind | None, state: str, values: Mapping[str, Any], sent_at: int, due: int, read: Reading | None, now: int
) -> Verdict:
    """What becomes of a task the device has been told of. Times are µs UTC."""
    back = kind.read_back if kind is not None else None
    fresh = read.value if read is not None and counts(read, sent_at) else None
    if back is not None and fresh is not None and holds(back, values, fresh):
        return Verdict(flow.DONE)
    if now < due:
        return Verdict(None)
    if back is None:
        return Verdict(flow.TIMED_OUT, "never-done" if state == flow.ACKNOWLEDGED else "never-acknowledged")
    if fresh is not None:
        return Verdict(flow.FAILED, "read-otherwise")
    return Verdict(flow.TIMED_OUT, "nothing-read" if state == flow.ACKNOWLEDGED else "never-acknowledged")
