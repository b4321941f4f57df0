"""The actuators a city's blueprint asks for (`actuators` of its sectors), made or brought to what their kinds say."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from sqlalchemy.orm import Session

from dothi.identity.guard import Caller
from dothi.places import cities
from dothi.tasking import entities, store
from dothi.tasking.declared import kinds

NAME = "actuators"  # the setting of a city; of further ones `actuators:<code>`


def asked_for(session: Session) -> list[Mapping[str, Any]]:
    """What the cities running here ask for: kind, things (codes, `*` for any letters), properties."""
    return [one for value in cities.each(session, NAME) for one in (value or {}).get("values", [])]


def follow(session: Session, caller: Caller) -> int:
    """Have the actuators there are be those asked for; how many there are now.

    One that is no longer asked for goes, with what it was told; a kind no pack declares any more is passed over.
    """
    wanted: dict[str, None] = {}
    coded = store.coded(session)
    for one in asked_for(session):
        kind = kinds().get(str(one.get("kind")))
        if kind is None:
            continue
        for thing in _matching(coded, one.get("things") or ()):
            code = f"{thing.code}.{kind.code}"
            wanted[code] = None
            entities.ensure(session, caller, thing, kind, code, dict(one.get("properties") or {}))
    for held, _ in store.actuators(session):
        if held.code is not None and held.code not in wanted and held.metadata_.get("from") == "blueprint":
            entities.drop(session, caller, held.code)
    return len(wanted)


def _matching(coded: Iterable[Any], patterns: Iterable[str]) -> list[Any]:
    several = list(patterns)
    return [one for one in coded if any(fnmatchcase(one.code, pattern) for pattern in several)]
