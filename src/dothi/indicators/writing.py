"""Writing what was computed, many rows by one statement each: values, receipts, kept parts.

JSON comes as text that is made already (`parts.text`), so that what is hashed is what is kept.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Text, bindparam, insert
from sqlalchemy.orm import Session

from dothi.db import upsert, words
from dothi.db.rows import write_each
from dothi.indicators.tables import IndicatorPart, IndicatorReceipt

_KEYS = {"indicator": "text", "period_kind": "text", "start": "bigint", "place_kind": "text", "place": "text"}
_REST = {
    "value": "float8", "numerator": "float8", "denominator": "float8", "coverage": "float8", "state": "text",
    "reason": "text", "formula_hash": "text", "boundary": "bigint", "receipt_id": "bigint", "digest": "text",
    "computed_at": "bigint", "simulated": "boolean",
}  # fmt: skip
COLUMNS = (*_KEYS, *_REST)
_INTO = f"INSERT INTO indicator_value ({', '.join(COLUMNS)})"
_OVER = f"ON CONFLICT ({', '.join(_KEYS)}) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in _REST)
_BY_ROW = f"{_INTO} VALUES ({', '.join('?' for _ in COLUMNS)}) {_OVER}"
_AT_ONCE = f"{_INTO} SELECT * FROM unnest({', '.join(f'%s::{kind}[]' for kind in (_KEYS | _REST).values())}) {_OVER}"


def values(session: Session, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write values, as tuples in the order of COLUMNS, in the place of those that stood."""
    write_each(session, _BY_ROW, _AT_ONCE, rows)


def receipts(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Keep receipts, `places_json` of a row being the text of `places`; returns their numbers in the order of the rows."""
    if not rows:
        return []
    table: Any = IndicatorReceipt.__table__
    made = insert(table).values(places=_json("places_json")).returning(table.c.id, sort_by_parameter_order=True)
    return list(session.scalars(made, list(rows)))


def parts(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep the parts of months; `parts_json` of a row is their text."""
    if rows:
        made = upsert.insert_into(session, IndicatorPart.__table__).values(parts=_json("parts_json"))
        sets = {"parts": made.excluded.parts, "source": made.excluded.source}
        keys = ["input", "month", "boundary"]
        session.execute(made.on_conflict_do_update(index_elements=keys, set_=sets), list(rows))


def _json(name: str) -> Any:
    """What a JSON column is given as text that is JSON already."""
    return words.json_kept(bindparam(name, type_=Text()))
