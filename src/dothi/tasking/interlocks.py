"""What must hold before a machine is told anything: declared conditions over the newest values. Pure but for `gather`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from dothi.alerts.model import micros
from dothi.kit import clock
from dothi.kit.errors import Fault
from dothi.tasking import store, swe
from dothi.tasking.declared import Interlock, Kind, worked
from dothi.tasking.store import Reading, Subject

Readings = Mapping[tuple[str, str], Reading | None]  # (interlock, input) → what was read


@dataclass(frozen=True)
class Block:
    """An interlock that does not let a task pass. missing: the inputs nothing fresh enough is known of."""

    lock: Interlock
    values: dict[str, float]
    missing: tuple[str, ...] = ()

    def fault(self) -> Fault:
        """As the interfaces say it."""
        if self.missing:
            read = ", ".join(f"{name} ({self.lock.inputs[name].property})" for name in self.missing)
            message = f"{self.lock.title.en}: nothing fresh is known of {read}"
        else:
            message = f"{self.lock.title.en}: " + ", ".join(f"{name} {value:g}" for name, value in self.values.items())
        return Fault(f"interlock.{self.lock.code}", message, self.lock.formula)

    def words(self, language: str) -> str:
        """As people read it."""
        english = language == "en"
        title = self.lock.title.of(language)
        if self.missing:
            return f"{title} ({'no fresh value' if english else 'không có số liệu mới'}: {', '.join(self.missing)})"
        shown = ", ".join(f"{name} {value:g}" for name, value in self.values.items())
        return f"{title} ({shown if english else shown.replace('.', ',')})"


def gather(session: Session, kind: Kind, subject: Subject) -> dict[tuple[str, str], Reading | None]:
    """What the interlocks of a kind read at a thing."""
    found: dict[tuple[str, str], Reading | None] = {}
    for lock in kind.interlocks:
        for name, wanted in lock.inputs.items():
            if wanted.of == "thing":
                found[lock.code, name] = store.of_thing(session, subject.thing_id, wanted.property)
            elif subject.lon is not None and subject.lat is not None:
                found[lock.code, name] = store.nearest(
                    session, subject.lon, subject.lat, wanted.metres, wanted.property
                )
    return found


def blocks(kind: Kind, values: Mapping[str, Any], read: Readings, now: int) -> list[Block]:
    """The interlocks that keep a task with these parameters from being given at a moment (µs UTC)."""
    found = []
    given = swe.numbers(values)
    for lock in kind.interlocks:
        if lock.when is not None and worked(lock.when, given, unknown=True) is False:
            continue
        fresh: dict[str, float] = {}
        for name, wanted in lock.inputs.items():
            one = read.get((lock.code, name))
            if one is None or one.value is None or one.at is None or now - one.at > micros(wanted.max_age):
                continue
            fresh[name] = one.value
        holds = worked(lock.formula, {**given, **fresh})
        if holds is None and lock.unknown == "block":
            found.append(Block(lock, fresh, tuple(name for name in lock.inputs if name not in fresh)))
        elif holds is False:
            found.append(Block(lock, fresh))
    return found


def check(session: Session, kind: Kind | None, subject: Subject, values: Mapping[str, Any]) -> list[Block]:
    """The interlocks that stand in the way now."""
    if kind is None or not kind.interlocks:
        return []
    return blocks(kind, values, gather(session, kind, subject), clock.now_micros())
