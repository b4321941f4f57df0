"""Values of sector packs that the running cities set otherwise, and the knowledge kept of packs made anew after a change.

Whoever loads the shipped packs gets them with the overrides in force: the files are read, the values put in, and only
then shaped and checked, so that a wrong override is refused by the pack's own schema, with the line of the city's file.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from dothi.kit.errors import Fault
from dothi.packs.lines import Path_, Source

NAMED = (
    "code",
    "severity",
    "state",
    "property",
    "name",
    "number",
    "averaging",
    "key",
)  # what tells entries of a list apart
Kept = TypeVar("Kept", bound=Callable[..., Any])


@dataclass(frozen=True)
class Override:
    """One value. at: the file's stem, then keys; entries of lists by their code or number. said: where the city says so.

    city: the code of the city that sets it. units: codes of the communes it holds in alone; none: everywhere.
    """

    sector: str
    at: str
    value: Any
    source: str
    said: tuple[Source, Path_] | None = field(default=None, compare=False)
    city: str = field(default="", compare=False)
    units: tuple[str, ...] = ()

    def fault(self, message: str, *, near: tuple[str, list[str]] | None = None, allowed: str | None = None) -> Fault:
        """A fault where the city says so."""
        source, path = self.said or (Source(f"override of {self.sector}"), ())
        return source.fault(path, message, near=near, allowed=allowed)


_in_force: list[Override] | None = None
_provider: Callable[[], list[Override]] | None = None
_kept: list[Callable[[], None]] = []


def provided(by: Callable[[], list[Override]]) -> None:
    """Have the first loading of packs in a process ask for the overrides in force."""
    global _provider
    _provider = by


def in_force() -> list[Override]:
    """The overrides of this process."""
    global _in_force
    if _in_force is None:
        _in_force = _provider() if _provider is not None else []
    return _in_force


def of_areas() -> list[Override]:
    """Those of this process that hold in some communes alone: they are not put into packs, rooms ask for them."""
    return [one for one in in_force() if one.units]


def take(made: Iterable[Override] | None) -> bool:
    """Have other overrides be in force in this process; whether anything changed. None: ask for them anew."""
    global _in_force
    before = _in_force
    _in_force = None if made is None else list(made)
    if made is not None and (before or []) == _in_force:
        return False
    renew()
    return True


def renewed(kept: Kept) -> Kept:
    """Mark a cached function whose answer comes from packs: it is asked anew after a change of overrides."""
    _kept.append(kept.cache_clear)  # type: ignore[attr-defined]
    return kept


def renew() -> None:
    """Forget what is kept of packs: every `renewed` function, and every cache of a room's `declared`."""
    for forget in _kept:
        forget()
    for name, module in list(sys.modules.items()):
        if name.startswith("dothi.") and name.endswith(".declared"):
            for one in list(vars(module).values()):
                if callable(getattr(one, "cache_clear", None)):
                    one.cache_clear()


def put(source: Source, one: Override) -> Fault | None:
    """Put a value into a file that was read; a fault when its path leads nowhere."""
    value = source.value
    steps = one.at.split(".")[1:]
    made: list[str | int] = []
    for i, step in enumerate(steps):
        found = _step(value, step)
        last = i == len(steps) - 1
        if found is None and last and isinstance(value, dict):
            found = step  # a key the pack leaves at its default; its schema decides whether there is such a key
        if found is None:
            known = _names(value)
            said = ".".join(one.at.split(".")[: i + 1])
            return one.fault(
                f'"{said}" of sector {one.sector} has no "{step}"',
                near=(step, known),
                allowed=", ".join(known[:40]) or None,
            )
        made.append(found)
        if last:
            value[found] = one.value
        else:
            value = value[found]
    if one.said is not None:
        said_by, own = one.said
        source.origins[tuple(made)] = (said_by, (*own, "value"))
    return None


def _step(value: Any, step: str) -> str | int | None:
    if isinstance(value, dict):
        return next((key for key in value if str(key) == step), None)
    if isinstance(value, list):
        for i, one in enumerate(value):
            if isinstance(one, dict) and any(str(one.get(name)) == step for name in NAMED):
                return i
        if step.isdigit() and int(step) < len(value):
            return int(step)
    return None


def _names(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [str(key) for key in value]
    if isinstance(value, list):
        return [
            next((str(one[name]) for name in NAMED if name in one), str(i)) if isinstance(one, dict) else str(i)
            for i, one in enumerate(value)
        ]
    return []
