"""The SQL of places."""

import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, or_, select, update
from sqlalchemy.orm import Session, undefer

from dothi.db.quick import Rows
from dothi.places.tables import Area, Feature, Stamp, Unit, UnitChange

_SLIM = (
    Unit.id, Unit.code, Unit.level, Unit.kind, Unit.name, Unit.full_name, Unit.full_name_en, Unit.parent_code,
    Unit.valid_from, Unit.valid_to, Unit.area_km2, Unit.population, Unit.lon, Unit.lat, Unit.approximate, Unit.source,
)  # fmt: skip


def stamp(session: Session) -> int | None:
    """The value that differs after every change of places; None while nothing was ever put in."""
    found = _STAMP.first(session)
    return None if found is None else int(found[0])


_STAMP = Rows(select(Stamp.value).where(Stamp.id == 1))


def touch(session: Session) -> None:
    """Say that places changed, as part of the transaction that changed them."""
    value = secrets.randbits(62) + 1
    if session.execute(update(Stamp).where(Stamp.id == 1).values(value=value)).rowcount == 0:  # type: ignore[attr-defined]
        session.execute(insert(Stamp).values(id=1, value=value))


def slim_units(session: Session) -> Sequence[Any]:
    """Every unit of every time without its geometry."""
    return session.execute(select(*_SLIM).order_by(Unit.code, Unit.valid_from)).all()


def shapes(session: Session, level: str) -> Sequence[Any]:
    """(id, WKB) of the units of a level that have a geometry."""
    return session.execute(select(Unit.id, Unit.geometry).where(Unit.level == level, Unit.geometry.is_not(None))).all()


def shapes_of(session: Session, ids: Iterable[int]) -> dict[int, bytes]:
    """WKB by unit id, of the units that have a geometry."""
    found: dict[int, bytes] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        query = select(Unit.id, Unit.geometry).where(Unit.id.in_(part), Unit.geometry.is_not(None))
        found.update({row.id: row.geometry for row in session.execute(query)})
    return found


def get_unit(session: Session, unit_id: int) -> Unit | None:
    """A unit by its id, geometry left behind until asked for."""
    return session.get(Unit, unit_id)


def unit_at(session: Session, code: str, at: int, level: str | None = None) -> Unit | None:
    """The unit that bears the code at an instant."""
    query = select(Unit).where(
        Unit.code == code, Unit.valid_from <= at, or_(Unit.valid_to.is_(None), Unit.valid_to > at)
    )
    if level is not None:
        query = query.where(Unit.level == level)
    return session.scalars(query.order_by(Unit.valid_from.desc()).limit(1)).first()


def units_at(session: Session, codes: Iterable[str], at: int) -> list[Unit]:
    """The units that bear any of the codes at an instant; of two that bear one code the later begun comes last."""
    valid = Unit.valid_from <= at, or_(Unit.valid_to.is_(None), Unit.valid_to > at)
    wanted, found = sorted(codes), list[Unit]()
    for start in range(0, len(wanted), 500):
        query = select(Unit).where(Unit.code.in_(wanted[start : start + 500]), *valid)
        found += session.scalars(query.order_by(Unit.valid_from))
    return found


def units_with_code(session: Session, code: str) -> list[Unit]:
    """Every unit that ever bore the code, oldest first."""
    return list(session.scalars(select(Unit).where(Unit.code == code).order_by(Unit.valid_from)))


def insert_units(session: Session, rows: list[dict[str, Any]]) -> None:
    """Add units, each with the same columns."""
    if rows:
        session.execute(insert(Unit), rows)


def update_units(session: Session, changes: list[tuple[int, dict[str, Any]]]) -> None:
    """Change units by id; each may change other columns."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for unit_id, values in changes:
        groups.setdefault(tuple(sorted(values)), []).append(
            {"unit_id": unit_id, **{f"to_{k}": v for k, v in values.items()}}
        )
    table = Unit.__table__
    for columns, rows in groups.items():
        sets = {name: bindparam(f"to_{name}", type_=table.c[name].type) for name in columns}
        session.connection().execute(update(table).where(table.c.id == bindparam("unit_id")).values(**sets), rows)  # type: ignore[arg-type]
    if groups:
        session.expire_all()


def changes(session: Session, *, old: str | None = None, new: str | None = None) -> list[UnitChange]:
    """Rows of the crosswalk by the old or the new code, by day and code."""
    query = select(UnitChange)
    if old is not None:
        query = query.where(UnitChange.old_code == old)
    if new is not None:
        query = query.where(UnitChange.new_code == new)
    return list(session.scalars(query.order_by(UnitChange.on, UnitChange.old_code, UnitChange.new_code)))


def changes_on(session: Session, days: Iterable[int]) -> list[UnitChange]:
    """The crosswalk of some days."""
    return list(session.scalars(select(UnitChange).where(UnitChange.on.in_(sorted(set(days))))))


def insert_changes(session: Session, rows: list[dict[str, Any]]) -> None:
    """Add rows to the crosswalk."""
    if rows:
        session.execute(insert(UnitChange), rows)


def areas(session: Session, *, shapes_too: bool = False) -> list[Area]:
    """Every named area, by code."""
    query = select(Area).order_by(Area.code)
    return list(session.scalars(query.options(undefer(Area.geometry)) if shapes_too else query))


def area(session: Session, code: str) -> Area | None:
    """The area of a code, with its geometry."""
    return session.scalars(select(Area).where(Area.code == code).options(undefer(Area.geometry))).first()


def delete_area(session: Session, code: str) -> bool:
    """Remove an area; whether there was one."""
    return bool(session.execute(delete(Area).where(Area.code == code)).rowcount)  # type: ignore[attr-defined]


def features(session: Session, area_code: str | None = None) -> list[Feature]:
    """The built-in base map, of one area or all, in drawing order of arrival."""
    query = select(Feature).order_by(Feature.id)
    return list(session.scalars(query if area_code is None else query.where(Feature.area_code == area_code)))


def replace_features(session: Session, area_code: str, rows: list[dict[str, Any]]) -> None:
    """Put the base map of an area in place of the one it had."""
    session.execute(delete(Feature).where(Feature.area_code == area_code))
    if rows:
        session.execute(insert(Feature), rows)
