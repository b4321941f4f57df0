"""Places: units through time, what became of them, named areas, and where a point lies."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from dothi.identity import guard
from dothi.journal import service as journal
from dothi.kit import clock, geo
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.kit.text import fold, nfc
from dothi.places import atlas as atlases
from dothi.places import names, store
from dothi.places import search as searching
from dothi.places.atlas import AreaRow, Row
from dothi.places.search import Hit
from dothi.places.tables import Area, Unit


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the crosswalk; the units are None where only a code (or a table's key) is known."""

    on: int  # µs UTC
    level: str
    extent: str  # whole | part | same
    weight: float | None
    basis: str | None
    old_code: str
    new_code: str
    old: Row | None
    new: Row | None


def locate(session: Session, lon: float, lat: float, at: int | None = None, level: str = "commune") -> Unit | None:
    """The unit of a level a point (degrees, WGS 84) lies in at an instant (µs UTC; None: now)."""
    row = locate_many(session, [lon], [lat], at, level)[0]
    return None if row is None else store.get_unit(session, row.id)


def locate_code(session: Session, lon: float, lat: float, at: int | None = None, level: str = "commune") -> str | None:
    """The code of the unit a point lies in; no query but the one that asks whether places changed."""
    row = locate_many(session, [lon], [lat], at, level)[0]
    return None if row is None else row.code


def locate_many(
    session: Session, lons: Sequence[float], lats: Sequence[float], at: int | None = None, level: str = "commune"
) -> list[Row | None]:
    """The unit each of many points lies in, in one pass."""
    if level not in names.LEVELS:
        raise BadInput(f"no such level: {level!r}", [Fault("level", repr(level), ", ".join(names.LEVELS))])
    atlas = atlases.current(session)
    return atlases.locate(atlas.level(session, level), lons, lats, clock.now_micros() if at is None else at)


def unit(session: Session, code: str, at: int | None = None, level: str | None = None) -> Unit | None:
    """The unit that bears a code at an instant (None: now)."""
    return store.unit_at(session, code, clock.now_micros() if at is None else at, level)


def units(session: Session, codes: Iterable[str], at: int | None = None) -> list[Unit]:
    """The units that bear any of some codes at an instant (None: now)."""
    return store.units_at(session, codes, clock.now_micros() if at is None else at)


def get_unit(session: Session, code: str, at: int | None = None) -> Unit:
    """The unit that bears a code at an instant; NotFound when there is none."""
    found = unit(session, code, at)
    if found is None:
        raise NotFound(
            f"no administrative unit bears the code {code!r}" + ("" if at is None else f" at {clock.iso(at)}")
        )
    return found


def history(session: Session, code: str) -> list[Unit]:
    """Every unit that ever bore the code, oldest first: the same code may mean another place in another time."""
    return store.units_with_code(session, code)


def successors(session: Session, old_code: str, at: int | None = None) -> list[Change]:
    """What a unit became.

    at: an instant at which the code meant the unit asked for; then the first change after it. None: every change ever.
    """
    found = store.changes(session, old=old_code)
    if at is not None:
        later = [change.on for change in found if change.on > at]
        found = [change for change in found if later and change.on == min(later)]
    return _described(session, found)


def predecessors(session: Session, new_code: str, at: int | None = None) -> list[Change]:
    """What a unit was made of; at: an instant at which the code means it, then the last change up to it."""
    found = store.changes(session, new=new_code)
    if at is not None:
        earlier = [change.on for change in found if change.on <= at]
        found = [change for change in found if earlier and change.on == max(earlier)]
    return _described(session, found)


def _described(session: Session, found: Iterable[Any]) -> list[Change]:
    atlas = atlases.current(session)
    return [
        Change(
            change.on,
            change.level,
            change.extent,
            change.weight,
            change.basis,
            change.old_code,
            change.new_code,
            atlas.bearing(change.old_code, change.on - 1),
            atlas.bearing(change.new_code, change.on),
        )
        for change in found
    ]


def search(session: Session, text: str, at: int | None = None, limit: int = 20, *, former: bool = False) -> list[Hit]:
    """Units and areas by name, with or without diacritics, exact accents first.

    Understands kind words ("phường Tân An", "P. Tân An", "p tan an"), either tone placement (Thuỷ, Thủy), codes,
    and a province behind ("Tân An, Cần Thơ", "tan an can tho"). former: also what stands no longer.
    """
    return searching.find(
        atlases.current(session), text, clock.now_micros() if at is None else at, limit, former=former
    )


def area(session: Session, code: str) -> Area | None:
    """The named area of a code."""
    return store.area(session, code)


def area_rows(session: Session, at: int | None = None, kind: str | None = None) -> list[AreaRow]:
    """The named areas that stand at an instant (None: now), by code."""
    when = clock.now_micros() if at is None else at
    return [row for row in atlases.current(session).areas if row.valid(when) and kind in (None, row.kind)]


def area_shape(session: Session, code: str, at: int | None = None) -> BaseGeometry | None:
    """The outline of an area: as drawn, or its units' outlines at an instant (None: now) as one; None when unknown."""
    found = store.area(session, code)
    if found is None:
        raise NotFound(f"no area has the code {code!r}")
    if found.geometry is not None:
        return geo.from_wkb(found.geometry)
    when = clock.now_micros() if at is None else at
    atlas = atlases.current(session)
    rows = [row for unit_code in found.units or [] if (row := atlas.bearing(str(unit_code), when)) is not None]
    shapes = store.shapes_of(session, [row.id for row in rows])
    return shapely.union_all(shapely.from_wkb(list(shapes.values()))) if shapes else None


def put_area(
    session: Session,
    caller: guard.Caller,
    code: str,
    *,
    name: str,
    kind: str = "pilot-city",
    name_en: str | None = None,
    units: Sequence[str] | None = None,
    geometry: BaseGeometry | None = None,
    properties: dict[str, Any] | None = None,
    valid_from: int | None = None,
    valid_to: int | None = None,
    approximate: bool = False,
) -> bool:
    """Create or change a named area made of units, or drawn; whether anything changed."""
    guard.require(caller, "places:write")
    if (units is None) == (geometry is None):
        raise BadInput(
            f"area {code}: give units or a geometry, one of them", [Fault("area", "units or geometry", "one")]
        )
    values: dict[str, Any] = {
        "kind": kind, "name": nfc(name), "name_en": name_en, "folded": fold(name),
        "units": None if units is None else list(units), "geometry": None if geometry is None else geo.wkb(geometry),
        "properties": properties, "valid_from": valid_from, "valid_to": valid_to, "approximate": approximate,
    }  # fmt: skip
    found = store.area(session, code)
    if found is not None and all(getattr(found, column) == value for column, value in values.items()):
        return False
    if found is None:
        session.add(Area(code=code, **values))
    else:
        for column, value in values.items():
            setattr(found, column, value)
    session.flush()
    _changed(session, caller, "places.area.updated" if found else "places.area.created", f"area:{code}", {"name": name})
    return True


def drop_area(session: Session, caller: guard.Caller, code: str) -> bool:
    """Remove a named area; whether there was one."""
    guard.require(caller, "places:write")
    if not store.delete_area(session, code):
        return False
    _changed(session, caller, "places.area.deleted", f"area:{code}", {})
    return True


def _changed(session: Session, caller: guard.Caller, kind: str, subject: str, said: dict[str, Any]) -> None:
    store.touch(session)
    journal.append(session, kind, actor=caller.actor, subject=subject, visibility="open", data=said)
