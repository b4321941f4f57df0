"""The way of a task, as values: its states, the steps between them, and what each state waits for. Pure."""

from typing import Final

from dothi.kit.errors import Conflict, Fault

PENDING, QUEUED, SENT, ACKNOWLEDGED = "pending-approval", "queued", "sent", "acknowledged"
DONE, FAILED, REFUSED, TIMED_OUT, CANCELLED = "done", "failed", "refused", "timed-out", "cancelled"
STATES: Final = (PENDING, QUEUED, SENT, ACKNOWLEDGED, DONE, FAILED, REFUSED, TIMED_OUT, CANCELLED)
OPEN: Final = (PENDING, QUEUED, SENT, ACKNOWLEDGED)
ACTING: Final = (QUEUED, SENT, ACKNOWLEDGED)  # has the actuator, or is in line for it
AWAY: Final = (SENT, ACKNOWLEDGED)  # the device has been told

_STEPS: Final[dict[str, tuple[str, ...]]] = {
    PENDING: (QUEUED, REFUSED, CANCELLED, TIMED_OUT),
    QUEUED: (SENT, REFUSED, CANCELLED, TIMED_OUT),
    SENT: (ACKNOWLEDGED, DONE, FAILED, TIMED_OUT, CANCELLED),
    ACKNOWLEDGED: (DONE, FAILED, TIMED_OUT, CANCELLED),
}


class CannotStep(Conflict):
    """The task's way has no such step from where it stands."""


def may(state: str, to: str) -> bool:
    """Whether a task can go from one state to another."""
    return to in _STEPS.get(state, ())


def step(state: str, to: str) -> None:
    """Refuse a step that is not on the way."""
    if not may(state, to):
        allowed = ", ".join(_STEPS.get(state, ())) or "nothing: the task is over"
        raise CannotStep(
            f"a task that is {state} does not become {to}", [Fault("properties.status", f"it is {state}", allowed)]
        )
