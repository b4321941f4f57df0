"""Values of sector packs that a city sets otherwise: from its blueprint, from the database, and in every process.

Rooms know nothing of it: `packs.load` puts the values in before it shapes a file. A process asks for them when it loads
packs first; a server looks every few seconds whether an apply changed them, and then has packs read anew.
"""

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dothi import packs
from dothi.cases import deadlines
from dothi.city.blueprint import Blueprint
from dothi.config import settings
from dothi.db import session as db
from dothi.kit.errors import Fault
from dothi.packs import overrides as known
from dothi.packs.lines import Source
from dothi.packs.overrides import Override
from dothi.places import cities
from dothi.sensing.sectors import Sectors, sectors, together

SETTING = "overrides"
EVERY = 10.0  # seconds between two looks of a server
_WAY_OUT = (
    "the same value in both cities, or none in this one; what this city alone has otherwise is said of its own things "
    "(`stale_minutes` of a sector, `levels` of a station) or by a rule for its area at /operations/rules"
)
log = logging.getLogger(__name__)


def of(blueprint: Blueprint, source: Source | None = None) -> list[Override]:
    """The overrides a blueprint asks for; those a city may set for its own area with its communes."""
    units = tuple(sorted({unit for area in blueprint.places.areas for unit in area.units}))
    return [
        Override(
            code, one.at, one.value, one.source, None if source is None else (source, ("sectors", code, "overrides", i)),
            blueprint.city, units if deadlines.by_area(one.at) else (),
        )
        for code, use in blueprint.sectors.items()
        for i, one in enumerate(use.overrides)
    ]  # fmt: skip


def stored(session: Session, *, without: str | None = None) -> list[Override]:
    """The overrides of the cities applied here. without: one of them.

    Where there is one city alone, all of them hold everywhere.
    """
    alone = not cities.all_(session).keys() - {without} if without else len(cities.all_(session)) < 2
    made = []
    for value in cities.each(session, SETTING):
        if value.get("city") != without:
            made += [
                Override(
                    one["sector"], one["at"], one["value"], one["source"], city=str(value.get("city", "")),
                    units=() if alone else tuple(one.get("units") or ()),
                )
                for one in value["values"]
            ]  # fmt: skip
    return made


def taught(mine: list[Override], others: list[Override]) -> Sectors:
    """The packs as a city would have them. Raises BadInput with the line of every override its pack refuses."""
    own = {(one.sector, one.at) for one in mine}
    # all of mine are put in, so that the packs' schemas check them
    wanted = [*(one for one in others if (one.sector, one.at) not in own), *(replace(one, units=()) for one in mine)]
    if wanted == known.in_force():
        return sectors()
    return together(packs.load(packs.content_path("sectors"), wanted))


def contradictions(mine: list[Override], others: list[Override]) -> Iterator[Fault]:
    """Overrides another city of this installation has at another value: packs are those of the installation.

    What a city may set for its own area contradicts nobody who has other communes.
    """
    for one, other in ((one, other) for one in mine for other in others):
        apart = bool(one.units and other.units) and not set(one.units) & set(other.units)
        if (one.sector, one.at) == (other.sector, other.at) and other.value != one.value and not apart:
            yield one.fault(
                f"{one.city} wants {one.at} of {one.sector} at {one.value!r}, and {other.city} of this installation has it "
                f"at {other.value!r}: packs are those of all its cities",
                allowed=_WAY_OUT,
            )


def follow(session: Session) -> None:
    """Have this process go by what is stored as soon as the transaction stands."""

    def stands(_: Session) -> None:
        known.take(_asked())

    event.listen(session, "after_commit", stands, once=True)


def _asked() -> list[Override]:
    """What the database says; nothing where there is none yet."""
    given = settings()
    if not given.database_url and not (given.data / "dothi.db").exists() and db._engine is None:  # noqa: SLF001
        return []
    try:
        with db.aside() as session:  # whoever needs packs may have begun to write
            return stored(session)
    except (SQLAlchemyError, OSError, ValueError) as error:
        log.debug("no overrides: %s", error)
        return []


known.provided(_asked)


class _Watch:
    """Looks every few seconds whether the overrides changed, as another process may have applied a blueprint."""

    def __init__(self) -> None:
        self._ends = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._ends.clear()
        self._thread = threading.Thread(target=self._run, name="overrides", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ends.set()
        if self._thread is not None:
            self._thread.join(EVERY)

    def _run(self) -> None:
        while not self._ends.wait(EVERY):
            if known.take(_asked()):
                log.info("packs are read anew: a city's overrides changed")


_watch = _Watch()


async def start() -> None:
    """Begin to look."""
    _watch.start()


async def stop() -> None:
    """Look no more."""
    _watch.stop()


def item(city: str, mine: list[Override]) -> dict[str, Any] | None:
    """The overrides as the setting that keeps them; None when there are none."""
    if not mine:
        return None
    values = [
        {"sector": one.sector, "at": one.at, "value": one.value, "source": one.source}
        | ({"units": list(one.units)} if one.units else {})
        for one in mine
    ]
    return {"city": city, "values": values}
