"""How an order (chỉ đạo) goes: which step from which state. Pure: values in, values out."""

from dataclasses import dataclass

from dothi.kit.errors import Conflict

CLOSED = ("accepted", "withdrawn")
HANDLES, GIVES = "handles", "gives"


@dataclass(frozen=True, slots=True)
class Verb:
    """A step of an order. who: the side that takes it; text: what it must say; kind: of its entry."""

    who: str
    since: tuple[str, ...]
    to: str | None  # None: the state stays
    kind: str
    text: bool = False


VERBS: dict[str, Verb] = {
    "receive": Verb(HANDLES, ("given",), "received", "received"),
    "progress": Verb(HANDLES, ("received", "returned"), None, "progress", text=True),
    "done": Verb(HANDLES, ("received", "returned"), "done", "done", text=True),
    "accept": Verb(GIVES, ("done",), "accepted", "accepted"),
    "return": Verb(GIVES, ("done",), "returned", "returned", text=True),
    "remind": Verb(GIVES, ("given", "received", "returned"), None, "reminded"),
    "extend": Verb(GIVES, ("given", "received", "returned"), None, "extended", text=True),
    "withdraw": Verb(GIVES, ("given", "received", "returned", "done"), "withdrawn", "withdrawn", text=True),
}


class CannotStep(Conflict):
    """The order's flow has no such step from the state it is in."""


def step(state: str, verb: str) -> str:
    """The state after a step. Raises CannotStep."""
    how = VERBS[verb]
    if state not in how.since:
        raise CannotStep(f"the order is {state}; {verb} needs {' or '.join(how.since)}")
    return how.to or state


def next_verbs(state: str, *, handles: bool, gives: bool) -> list[str]:
    """The steps a person of one or both sides may take now."""
    sides = {HANDLES: handles, GIVES: gives}
    return [name for name, verb in VERBS.items() if state in verb.since and sides[verb.who]]


def is_late(state: str, due_at: int, done_at: int | None, now: int) -> bool:
    """Whether the deadline has passed with the work undone, or the work was done after it. Instants in µs."""
    if state in ("given", "received", "returned"):
        return due_at < now
    return done_at is not None and done_at > due_at
