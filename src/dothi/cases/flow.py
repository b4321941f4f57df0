"""How a case goes: which steps lead on from a state, and for whom. Purely as declared: values in, values out."""

from collections.abc import Iterable
from dataclasses import dataclass

from dothi.cases.declared import Need, State, Transition, Type, Who
from dothi.kit import clock
from dothi.kit.errors import Conflict, Fault

LONGEST = 4000  # characters of a text


class CannotStep(Conflict):
    """The case's flow has no such step from the state it is in."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What of a case, beyond its state, decides its steps. done_at: when it was last done or closed, µs."""

    now: int
    done_at: int | None = None
    pending: bool = False  # a step waits for somebody's approval


@dataclass(frozen=True, slots=True)
class Given:
    """What comes with a step; has: needs that stand already (a photo, a result, a checklist done)."""

    text: str = ""
    reason: str | None = None
    office: int | None = None
    handler: int | None = None
    crew: int | None = None
    duplicate_of: int | None = None
    has: frozenset[Need] = frozenset()


def state(type_: Type, code: str) -> State | None:
    """The state of a code."""
    return next((one for one in type_.states if one.code == code), None)


def next_steps(type_: Type, state_: str, sides: Iterable[Who], facts: Facts) -> list[Transition]:
    """The steps somebody of these sides may take now; the system's own are nobody's else."""
    mine = set(sides)
    return [
        one
        for one in type_.transitions
        if state_ in one.since and mine & set(one.who) and not facts.pending and in_time(one, facts)
    ]


def in_time(step: Transition, facts: Facts) -> bool:
    """Whether the window of a step is still open."""
    if step.within_days is None:
        return True
    return facts.done_at is not None and facts.now <= facts.done_at + step.within_days * clock.DAY


def take(type_: Type, state_: str, code: str, facts: Facts) -> Transition:
    """The step of a code from a state. Raises CannotStep, saying what can be done instead."""
    step = next((one for one in type_.transitions if one.code == code), None)
    possible = [one.code for one in type_.transitions if state_ in one.since]
    if step is None or state_ not in step.since:
        raise CannotStep(
            f"the case is {state_}: {code[:60]} is no step from there",
            [Fault("transition", f"{code!r}"[:80], ", ".join(possible) or "none")],
        )
    if facts.pending:
        raise CannotStep("a step of this case waits for approval; it is confirmed or sent back first")
    if not in_time(step, facts):
        raise CannotStep(f"{code} was possible for {step.within_days} days after the case was done")
    return step


def check(type_: Type, step: Transition, given: Given) -> list[Fault]:
    """What is missing or wrong of what comes with a step, all at once."""
    del type_
    faults = [_missing(step, need) for need in step.needs if not _has(need, given)]
    if given.reason is not None and step.reasons and given.reason not in step.reasons:
        faults.append(Fault("reason", f"{given.reason!r}"[:80], ", ".join(step.reasons)))
    if len(given.text) > LONGEST:
        faults.append(Fault("text", f"{len(given.text)} characters", f"1 to {LONGEST} characters"))
    return faults


def _has(need: Need, given: Given) -> bool:
    match need:
        case "text":
            return bool(given.text)
        case "reason":
            return bool(given.reason)
        case "office":
            return given.office is not None
        case "handler":
            return given.handler is not None
        case "crew":
            return given.crew is not None
        case "duplicate-of":
            return given.duplicate_of is not None
        case _:
            return need in given.has


def _missing(step: Transition, need: Need) -> Fault:
    allowed = {
        "text": f"1 to {LONGEST} characters", "reason": ", ".join(step.reasons), "office": "an office that handles it",
        "handler": "somebody of the office", "crew": "a crew of the office", "duplicate-of": "the case that goes on",
        "photo-after": "a photo of what was done", "result": "the result document", "checklist": "every step ticked",
    }[need]  # fmt: skip
    return Fault(need.replace("-", "_"), "is missing", allowed)


def opening(type_: Type, *, confirmed: bool) -> tuple[str, Transition | None]:
    """The state a new case begins in, and the step of the system that led there at once where nobody need confirm."""
    if not type_.confirm or not confirmed:
        return type_.start, None
    step = system_step(type_, type_.start)
    return (step.to or type_.start, step) if step else (type_.start, None)


def system_step(type_: Type, state_: str) -> Transition | None:
    """The step the system takes from a state: the one that confirms a new case."""
    return next((one for one in type_.transitions if state_ in one.since and "system" in one.who and one.to), None)
