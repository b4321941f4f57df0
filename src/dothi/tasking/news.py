"""What tasking says on the bus."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TaskChanged:
    """A task was asked for, or took a step, in this transaction. state: where it stands now."""

    id: int
    state: str
