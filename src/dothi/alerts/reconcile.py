"""After late data: the stored alarms of one rule at one subject beside those that a clean run gives now. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from dothi.alerts.memory import Change
from dothi.alerts.standing import Course

Verb = Literal["keep", "revise", "withdraw", "insert"]


@dataclass(slots=True)
class Told:
    """A stored alarm and what its events tell. id: of the alarm."""

    id: int
    course: Course


@dataclass(slots=True)
class Wanted:
    """An alarm as a clean run gives it. changes: those of the run; an alarm that began before it has earlier steps."""

    raised_at: int
    steps: list[dict[str, Any]]
    cleared: tuple[int, str | None] | None = None
    changes: list[Change] = field(default_factory=list)


@dataclass(slots=True)
class Verdict:
    """What to do: with a stored alarm, with a wanted one, or to make the one like the other."""

    verb: Verb
    told: Told | None = None
    wanted: Wanted | None = None


def step(change: Change) -> dict[str, Any]:
    """A change as a step of a course, but for its text."""
    return {"at": change.at, "severity": change.severity, "value": change.value, "limit": change.limit}


def wanted(start: int, told: Sequence[Told], opened: int | None, changes: Sequence[Change]) -> list[Wanted]:
    """The alarms from `start` on that a run from there gives.

    opened: since when an alarm stood at `start`, as the run's memory had it; its earlier steps are the stored ones.
    """
    made: list[Wanted] = []
    if opened is not None:
        earlier = next(
            (one.course for one in told if not one.course.gone and one.course.raised_at == opened), None
        ) or next((one.course for one in told if _stood(one.course, start)), None)  # fmt: skip
        if earlier is not None and earlier.raised_at is not None:
            made.append(Wanted(earlier.raised_at, [one for one in earlier.steps if one["at"] <= start]))
    for change in changes:
        if change.kind == "raised":
            made.append(Wanted(change.at, [step(change)], changes=[change]))
        elif made and made[-1].cleared is None:
            made[-1].changes.append(change)
            if change.kind == "cleared":
                made[-1].cleared = (change.at, change.how)
            else:
                made[-1].steps.append(step(change))
    return made


def verdicts(told: Sequence[Told], made: Sequence[Wanted], since: int) -> list[Verdict]:
    """What makes the stored alarms those that are wanted.

    since: an alarm that was over by then is not inserted, because the rule was not watching yet.
    """
    left = {one.id: one for one in told}
    found: list[Verdict] = []
    rest: list[Wanted] = []
    for one in made:
        same = next((other for other in left.values() if other.course.raised_at == one.raised_at), None)
        if same is None:
            rest.append(one)
            continue
        del left[same.id]
        found.append(Verdict("keep" if _alike(same.course, one) else "revise", same, one))
    for one in rest:
        near = next((other for other in left.values() if not other.course.gone and _meet(other.course, one)), None)
        if near is not None:
            del left[near.id]
            found.append(Verdict("revise", near, one))
        elif one.cleared is None or one.cleared[0] > since:
            found.append(Verdict("insert", wanted=one))
    withdrawn = [Verdict("withdraw", one) for one in left.values() if not one.course.gone]
    # withdraw and revise first: an alarm that is raised again may begin where another one began
    return withdrawn + sorted(found, key=lambda one: one.verb == "insert")


def further(course: Course, one: Wanted) -> list[Change] | None:
    """What a clean run adds to a stored alarm that it leaves as it is so far; None when it went otherwise."""
    if course.gone or course.cleared is not None or course.raised_at != one.raised_at:
        return None
    mine = [(step["at"], step.get("severity")) for step in course.steps]
    if mine != [(step["at"], step["severity"]) for step in one.steps][: len(mine)]:
        return None
    return [
        change for change in one.changes
        if change.kind != "raised" and (change.kind == "cleared" or (change.at, change.severity) not in mine)
    ]  # fmt: skip


def _stood(course: Course, at: int) -> bool:
    began = course.raised_at is not None and course.raised_at <= at and not course.gone
    return began and (course.cleared is None or course.cleared[0] > at)


def _alike(course: Course, one: Wanted) -> bool:
    if course.gone or course.cleared != one.cleared:
        return False
    mine = [(step["at"], step.get("severity")) for step in course.steps]
    return mine == [(step["at"], step["severity"]) for step in one.steps]


def _meet(course: Course, one: Wanted) -> bool:
    if course.raised_at is None:
        return False
    mine = course.cleared[0] if course.cleared else None
    other = one.cleared[0] if one.cleared else None
    return (other is None or course.raised_at <= other) and (mine is None or one.raised_at <= mine)
