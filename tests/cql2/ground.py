"""What the tests of CQL2 stand on: a dataset with awkward records, its queryables, and a question asked of a database."""

from collections.abc import Callable, Iterable
from typing import Any

import shapely
from sqlalchemy import ColumnElement, insert, select
from sqlalchemy.orm import Session

from dothi.datasets import cql2
from dothi.datasets.cql2.typed import typed
from dothi.datasets.tables import Dataset, Record
from dothi.db.features import boxed
from dothi.kit import geo
from dothi.kit.errors import BadInput, Fault

QUERYABLES = {
    "name": "string",
    "city": "string",
    "height": "number",
    "floors": "integer",
    "open": "boolean",
    "built": "date",
    "razed": "date",
    "seen": "date-time",
    "left": "date-time",
    "tags": "array",
    "more": "object",
    "đường": "string",
}


def dataset(session: Session, records: Iterable[tuple[dict[str, Any], str | None]], code: str = "houses") -> int:
    """A dataset of these (properties, well-known text of the geometry), keyed by their position."""
    made = Dataset(code=code, title="Nhà", folded="nha", schema={}, created_at=0, described_at=0)
    session.add(made)
    session.flush()
    rows = []
    for place, (properties, written) in enumerate(records):
        shape = shapely.from_wkt(written) if written else None
        west, south, east, north = shape.bounds if shape else (None,) * 4
        rows.append(
            {
                "dataset_id": made.id,
                "key": str(place),
                "properties": properties,
                "geometry": geo.wkb(shape) if shape else None,
                "west": west,
                "south": south,
                "east": east,
                "north": north,
                "recorded_at": 0,
                "recorded_by": "test",
            }
        )
    session.execute(insert(Record), rows)
    session.flush()
    return made.id


def column(name: str) -> tuple[ColumnElement[Any], str]:
    """The queryables as a door gives them."""
    if name == "geometry":
        return Record.__table__.c.geometry, "geometry"
    if name in QUERYABLES:
        return typed(Record.__table__.c.properties, name, QUERYABLES[name]), QUERYABLES[name]
    allowed = ", ".join(["geometry", *QUERYABLES])
    raise BadInput(f"no queryable {name!r}", [Fault(name, f"no queryable {name!r}", allowed)])


def near_of(dataset_id: int) -> Callable[[str, cql2.conditions.Box], ColumnElement[bool] | None]:
    """The index of the boxes, as a door offers it."""
    c = Record.__table__.c
    return lambda name, box: boxed(dataset_id, c.id, c.geometry, *box) if name == "geometry" else None


def found(session: Session, dataset_id: int, expression: cql2.Expression, *, index: bool = True) -> list[int]:
    """The positions of the records an expression holds for."""
    c = Record.__table__.c
    holds = cql2.condition(expression, column, near_of(dataset_id) if index else None)
    query = select(c.key).where(c.dataset_id == dataset_id, holds).order_by(c.id)
    return [int(key) for key in session.execute(query).scalars()]


def ask(session: Session, dataset_id: int, text: Any, lang: str = "cql2-text", crs: str | None = None) -> list[int]:
    """The positions of the records a filter holds for."""
    return found(session, dataset_id, cql2.parse(text, lang, crs))
