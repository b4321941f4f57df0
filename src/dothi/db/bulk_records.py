"""Loads of records in sets: staged by COPY or executemany, compared, applied and undone by one statement each.

The statements are the same text on both databases but for the few places in `_SPELLED`. Every one of them runs in the
transaction of the session it is given.
"""

import json
import struct
from collections.abc import Iterable, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

# what a staged row, a record and an earlier version have in common, in the order staging wants it
BODY = (
    "key", "geometry", "geojson", "properties", "west", "south", "east", "north", "unit_code", "folded", "valid_from",
    "valid_until",
)  # fmt: skip
_BODY = ", ".join(BODY)
_S_BODY = ", ".join(f"s.{name}" for name in BODY)
_R_BODY = ", ".join(f"r.{name}" for name in BODY)
_V_BODY = ", ".join(f"v.{name}" for name in BODY)
_SET_STAGED = ", ".join(f"{name} = s.{name}" for name in BODY if name != "key")
_SET_VERSION = ", ".join(f"{name} = v.{name}" for name in BODY if name != "key")
_STAGED = f"load_id, row, {_BODY}"
_MANY = 2000
_SPELLED = {
    "sqlite": {"same_json": "dothi_same_json(r.properties, s.properties)", "false": "0", "true": "1"},
    "postgresql": {"same_json": "r.properties = s.properties", "false": "false", "true": "true"},
}
# the geometry is compared by its text: seven decimals are what is kept
_SAME = (
    "({same_json} AND r.geojson IS NOT DISTINCT FROM s.geojson"
    " AND r.valid_from IS NOT DISTINCT FROM s.valid_from AND r.valid_until IS NOT DISTINCT FROM s.valid_until)"
)
_MEETS = "s.load_id = :load AND r.dataset_id = :dataset AND r.key = s.key"
_NOT_STAGED = "NOT EXISTS (SELECT 1 FROM staged_record s WHERE s.load_id = :load AND s.key = r.key)"
_NEW = "NOT EXISTS (SELECT 1 FROM record r WHERE r.dataset_id = :dataset AND r.key = s.key)"
_SAVED = (
    f"INSERT INTO record_version (record_id, dataset_id, version, recorded_at, recorded_by, load_id, superseded_at,"
    f" superseded_by, superseded_load_id, deleted, {_BODY})"
    f" SELECT r.id, r.dataset_id, r.version, r.recorded_at, r.recorded_by, r.load_id, :now, :by, {{load}}, {{deleted}},"
    f" {_R_BODY} FROM record r"
)
# a plus keeps SQLite from taking the index of a column that says little
_MINE = "v.superseded_load_id = :load AND +v.dataset_id = :dataset"


def _run(session: Session, sql: str, **values: Any) -> CursorResult[Any]:
    spelled = _SPELLED[session.get_bind().dialect.name]
    for name, form in spelled.items():
        sql = sql.replace(f"{{{name}}}", form)
    return cast("CursorResult[Any]", session.execute(text(sql), values))


def _count(session: Session, sql: str, **values: Any) -> int:
    return int(_run(session, sql, **values).scalar() or 0)


# --- staging ---------------------------------------------------------------------------------------------------


def stage(session: Session, load_id: int, rows: Iterable[Sequence[Any]]) -> None:
    """Write staged rows: the row's number, then BODY; geometry as WKB (little endian), properties as JSON text."""
    connection = session.connection().connection
    if session.get_bind().dialect.name == "sqlite":
        marks = ", ".join("?" * (len(BODY) + 2))
        own: Any = connection.cursor()
        own.executemany(f"INSERT INTO staged_record ({_STAGED}) VALUES ({marks})", ((load_id, *row) for row in rows))
        return
    cursor: Any = connection.cursor()
    with cursor.copy(f"COPY staged_record ({_STAGED}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row((load_id, row[0], row[1], _ewkb(row[2]), *row[3:]))


_SRID = struct.pack("<I", 4326)


def _ewkb(wkb: bytes | None) -> str | None:
    """PostGIS's own form, in hexadecimal, of well-known binary in little endian."""
    if wkb is None:
        return None
    kind = struct.unpack_from("<I", wkb, 1)[0] | 0x20000000
    return (wkb[:1] + struct.pack("<I", kind) + _SRID + wkb[5:]).hex()


def same_json(a: str | None, b: str | None) -> bool:
    """Whether two JSON texts say the same, whatever their order."""
    return a == b or (a is not None and b is not None and bool(json.loads(a) == json.loads(b)))


def prepare(session: Session, rows: int) -> None:
    """Make ready the session's connection for the statements below, which are about so many rows."""
    if session.get_bind().dialect.name == "sqlite":
        connection = session.connection()
        driver: Any = connection.connection.dbapi_connection
        driver.create_function("dothi_same_json", 2, same_json, deterministic=True)
        if rows >= _MANY:  # a million records: 22 s instead of 26, and nobody else writes meanwhile
            connection.detach()  # closed afterwards, with its memory
            driver.execute("PRAGMA cache_size=-600000").close()
    else:
        session.execute(text("SET LOCAL jit = off"))
        # the server goes on with a statement whose client was killed, and holds the dataset meanwhile
        session.execute(text("SET LOCAL client_connection_check_interval = '2s'"))
        if rows >= _MANY:
            # what this transaction itself wrote the planner knows nothing of; a nested loop over it may take hours
            session.execute(text("SET LOCAL enable_nestloop = off"))


def analyze(session: Session) -> None:
    """Tell the planner how many rows there are by now, in a short transaction of its own (SQLite asks nobody)."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ANALYZE staged_record, record, record_version"))


def refuse_repeated(session: Session, load_id: int, reason: str) -> int:
    """Refuse rows whose key another row of the load had before; returns how many.

    reason: with {row} for that other row.
    """
    head, _, tail = reason.partition("{row}")
    many = (
        "(SELECT key, min(row) AS first FROM staged_record WHERE load_id = :load GROUP BY key HAVING count(*) > 1) AS d"
    )
    return _refuse(
        session, load_id, "s.key = d.key AND s.row > d.first", "CAST(:head AS TEXT) || d.first || CAST(:tail AS TEXT)",
        beside=f", {many}", head=head, tail=tail,
    )  # fmt: skip


def refuse_standing(session: Session, load_id: int, dataset_id: int, reason: str) -> int:
    """Refuse rows whose key stands already: for loads that only append."""
    there = "EXISTS (SELECT 1 FROM record r WHERE r.dataset_id = :dataset AND r.key = s.key)"
    return _refuse(session, load_id, there, "CAST(:reason AS TEXT)", dataset=dataset_id, reason=reason)


def refuse_dangling(
    session: Session,
    load_id: int,
    field: str,
    referred_id: int,
    reason: str,
    *,
    own: bool = False,
    listed: bool = False,
) -> int:
    """Refuse rows whose field (listed: a list) names no record of a dataset.

    own: it is the load's own dataset, so that its rows count too.
    """
    sqlite = session.get_bind().dialect.name == "sqlite"
    if listed:
        each = (
            "json_each(s.properties, :path) AS e"
            if sqlite
            else "jsonb_array_elements_text(CASE WHEN jsonb_typeof(s.properties -> :path) = 'array'"
            " THEN s.properties -> :path ELSE '[]' END) AS e(value)"
        )
        value = "CAST(e.value AS TEXT)"
    else:
        each = ""
        value = "CAST(json_extract(s.properties, :path) AS TEXT)" if sqlite else "(s.properties ->> :path)"
    lacks = (
        f"{value} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM record r WHERE r.dataset_id = :dataset AND r.key = {value})"
    )
    if own:
        lacks += f" AND NOT EXISTS (SELECT 1 FROM staged_record o WHERE o.load_id = :load AND o.key = {value})"
    where = f"EXISTS (SELECT 1 FROM {each} WHERE {lacks})" if listed else lacks
    path = f'$."{field}"' if sqlite else field
    return _refuse(
        session, load_id, where, "CAST(:reason AS TEXT)", field, dataset=referred_id, path=path, reason=reason
    )


def _refuse(
    session: Session, load_id: int, where: str, spelled: str, column: str = "id", *, beside: str = "", **values: Any
) -> int:
    """Move staged rows to the faults. beside: what else stands in FROM; spelled: the reason."""
    value = "s.key" if column == "id" else "NULL"
    chosen = f"FROM staged_record s{beside} WHERE s.load_id = :load AND {where}"
    found = _run(
        session,
        'INSERT INTO load_fault (load_id, row, "column", value, reason, repaired)'
        f" SELECT s.load_id, s.row, CAST(:column AS TEXT), {value}, {spelled}, {{false}} {chosen}",
        load=load_id, column=column, **values,
    ).rowcount  # fmt: skip
    if found:
        used = {name: value for name, value in values.items() if name in ("dataset", "path")}
        _run(
            session,
            f"DELETE FROM staged_record WHERE load_id = :load AND row IN (SELECT s.row {chosen})",
            load=load_id, **used,
        )  # fmt: skip
    return int(found)


# --- comparing -------------------------------------------------------------------------------------------------


def compare(session: Session, load_id: int, dataset_id: int) -> dict[str, int]:
    """How many staged rows are added, changed and same, and how many records no staged row has (removed)."""
    both = {"load": load_id, "dataset": dataset_id}
    staged = _count(session, "SELECT count(*) FROM staged_record WHERE load_id = :load", load=load_id)
    standing = _count(session, "SELECT count(*) FROM record WHERE dataset_id = :dataset", dataset=dataset_id)
    met = same = 0
    if staged and standing:
        row: Any = _run(
            session,
            f"SELECT count(*), coalesce(sum(CASE WHEN {_SAME} THEN 1 ELSE 0 END), 0)"
            f" FROM staged_record s JOIN record r ON r.dataset_id = :dataset AND r.key = s.key WHERE s.load_id = :load",
            **both,
        ).one()
        met, same = int(row[0]), int(row[1])
    return {"added": staged - met, "changed": met - same, "same": same, "removed": standing - met}


def changed_sample(session: Session, load_id: int, dataset_id: int, limit: int) -> list[dict[str, Any]]:
    """Some rows that would change a record: row, key, and both sides' properties and geometry texts."""
    found = _run(
        session,
        "SELECT s.row, s.key, r.properties AS old_properties, s.properties AS new_properties,"
        " r.geojson AS old_geojson, s.geojson AS new_geojson"
        " FROM staged_record s JOIN record r ON r.dataset_id = :dataset AND r.key = s.key"
        f" WHERE s.load_id = :load AND NOT {_SAME} ORDER BY s.row LIMIT :most",
        load=load_id, dataset=dataset_id, most=limit,
    )  # fmt: skip
    return [_parsed(row) for row in found.mappings()]


def added_sample(session: Session, load_id: int, dataset_id: int, limit: int) -> list[dict[str, Any]]:
    """Some rows that would add a record."""
    found = _run(
        session,
        f"SELECT s.row, s.key, s.properties, s.geojson FROM staged_record s WHERE s.load_id = :load AND {_NEW}"
        " ORDER BY s.row LIMIT :most",
        load=load_id, dataset=dataset_id, most=limit,
    )  # fmt: skip
    return [_parsed(row) for row in found.mappings()]


def removed_sample(session: Session, load_id: int, dataset_id: int, limit: int) -> list[dict[str, Any]]:
    """Some records that no staged row has."""
    found = _run(
        session,
        f"SELECT r.key, r.properties, r.geojson FROM record r WHERE r.dataset_id = :dataset AND {_NOT_STAGED}"
        " ORDER BY r.id LIMIT :most",
        load=load_id, dataset=dataset_id, most=limit,
    )  # fmt: skip
    return [_parsed(row) for row in found.mappings()]


def _parsed(row: Any) -> dict[str, Any]:
    return {
        name: json.loads(value) if name.endswith("properties") and isinstance(value, str) else value
        for name, value in row.items()
    }


# --- applying --------------------------------------------------------------------------------------------------


def apply(session: Session, load_id: int, dataset_id: int, mode: str, now: int, by: str) -> dict[str, int]:
    """Bring the records to what is staged; returns how many were added, changed, and removed."""
    both = {"load": load_id, "dataset": dataset_id}
    who = {**both, "now": now, "by": by}
    made = {"added": 0, "changed": 0, "removed": 0}
    standing = _count(session, "SELECT 1 FROM record WHERE dataset_id = :dataset LIMIT 1", dataset=dataset_id)
    if standing and mode == "replace":
        saved = _SAVED.format(load=":load", deleted="{true}", same_json="")
        _run(session, f"{saved} WHERE r.dataset_id = :dataset AND {_NOT_STAGED}", **who)
        gone = _run(session, f"DELETE FROM record AS r WHERE r.dataset_id = :dataset AND {_NOT_STAGED}", **both)
        made["removed"] = int(gone.rowcount)
    if standing and mode != "append":
        saved = _SAVED.format(load=":load", deleted="{false}")
        _run(session, f"{saved}, staged_record s WHERE {_MEETS} AND NOT {_SAME}", **who)
        # what was just saved says which records change, so that they are not compared again
        made["changed"] = int(
            _run(
                session,
                f"UPDATE record SET {_SET_STAGED}, version = record.version + 1, recorded_at = :now, recorded_by = :by,"
                " load_id = :load FROM staged_record s, record_version v WHERE s.load_id = :load"
                " AND record.dataset_id = :dataset AND record.key = s.key AND v.record_id = record.id"
                " AND v.superseded_load_id = :load AND v.deleted = {false}",
                **who,
            ).rowcount
        )
    # a key that stood before goes on counting its versions
    gone_before = "(SELECT key, max(version) AS last FROM record_version WHERE dataset_id = :dataset AND deleted = {true} GROUP BY key)"
    deleted = _count(
        session,
        "SELECT 1 FROM record_version WHERE dataset_id = :dataset AND deleted = {true} LIMIT 1",
        dataset=dataset_id,
    )
    version, beside = (
        ("1 + coalesce(o.last, 0)", f" LEFT JOIN {gone_before} AS o ON o.key = s.key") if deleted else ("1", "")
    )
    unless = f" AND {_NEW}" if standing else ""
    made["added"] = int(
        _run(
            session,
            f"INSERT INTO record (dataset_id, version, recorded_at, recorded_by, load_id, {_BODY})"
            f" SELECT :dataset, {version}, :now, :by, :load, {_S_BODY} FROM staged_record s{beside}"
            f" WHERE s.load_id = :load{unless} ORDER BY s.row",
            **who,
        ).rowcount
    )
    return made


# --- undoing ---------------------------------------------------------------------------------------------------


def later_changes(session: Session, load_id: int, dataset_id: int) -> list[str]:
    """Keys of records the load wrote or removed that somebody changed, removed or made anew since; at most 20."""
    found = _run(
        session,
        "SELECT DISTINCT key FROM ("
        "SELECT v.key FROM record_version v WHERE v.dataset_id = :dataset AND v.load_id = :load"
        " UNION ALL SELECT v.key FROM record_version v"
        f" WHERE {_MINE} AND v.deleted = {{true}}"
        " AND EXISTS (SELECT 1 FROM record r WHERE r.dataset_id = :dataset AND r.key = v.key)"
        ") AS k ORDER BY key LIMIT 20",
        load=load_id, dataset=dataset_id,
    )  # fmt: skip
    return [str(key) for key in found.scalars()]


def undo(session: Session, load_id: int, dataset_id: int, now: int, by: str) -> dict[str, int]:
    """Bring back what stood before a load, where nobody changed it since; what the load made goes to the versions."""
    both = {"load": load_id, "dataset": dataset_id}
    who = {**both, "now": now, "by": by}
    back = "SELECT 1 FROM record_version v WHERE v.record_id = r.id AND +v.superseded_load_id = :load AND v.deleted = {false}"
    saved = _SAVED.format(load="NULL", deleted=f"CASE WHEN EXISTS ({back}) THEN {{false}} ELSE {{true}} END")
    _run(session, f"{saved} WHERE r.dataset_id = :dataset AND r.load_id = :load", **who)
    restored = _run(
        session,
        f"UPDATE record SET {_SET_VERSION}, version = record.version + 1, recorded_at = :now, recorded_by = :by,"
        f" load_id = v.load_id FROM record_version v WHERE {_MINE} AND v.deleted = {{false}} AND v.record_id = record.id"
        " AND +record.dataset_id = :dataset AND record.load_id = :load",
        **who,
    ).rowcount
    gone = _run(session, "DELETE FROM record WHERE dataset_id = :dataset AND load_id = :load", **both).rowcount
    again = _run(
        session,
        f"INSERT INTO record (id, dataset_id, version, recorded_at, recorded_by, load_id, {_BODY})"
        f" SELECT v.record_id, v.dataset_id, v.version + 1, :now, :by, v.load_id, {_V_BODY} FROM record_version v"
        f" WHERE {_MINE} AND v.deleted = {{true}}"
        " AND NOT EXISTS (SELECT 1 FROM record r WHERE r.dataset_id = :dataset AND r.key = v.key)",
        **who,
    ).rowcount
    return {"changed": int(restored), "removed": int(gone), "added": int(again)}


# --- what became of the dataset --------------------------------------------------------------------------------


def broken_references(
    session: Session, dataset_id: int, at: int, referring_id: int, field: str, *, listed: bool, limit: int
) -> list[tuple[str, str]]:
    """Records of another dataset that name a record a write at a moment removed: that key, and their own."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    if listed and sqlite:
        each, value = ", json_each(q.properties, :path) AS e", "CAST(e.value AS TEXT)"
    elif listed:
        each = (
            ", jsonb_array_elements_text(CASE WHEN jsonb_typeof(q.properties -> :path) = 'array'"
            " THEN q.properties -> :path ELSE '[]' END) AS e(value)"
        )
        value = "e.value"
    else:
        each = ""
        value = "CAST(json_extract(q.properties, :path) AS TEXT)" if sqlite else "(q.properties ->> :path)"
    found: Any = _run(
        session,
        f"SELECT {value}, q.key FROM record q{each} WHERE q.dataset_id = :referring AND {value} IN (SELECT v.key"
        " FROM record_version v WHERE v.dataset_id = :dataset AND v.superseded_at = :at AND v.deleted = {true})"
        f" AND NOT EXISTS (SELECT 1 FROM record r WHERE r.dataset_id = :dataset AND r.key = {value}) LIMIT :most",
        referring=referring_id, dataset=dataset_id, at=at, path=f'$."{field}"' if sqlite else field, most=limit,
    )  # fmt: skip
    return [(str(row[0]), str(row[1])) for row in found.all()]


def boxes(session: Session, dataset_id: int, now: int, by: str, limit: int) -> list[tuple[float, ...]] | None:
    """The boxes a load or its undoing touched, before and after; None where they are more than the limit.

    now, by: of that write; both sides of it carry them.
    """
    found = _run(
        session,
        "SELECT west, south, east, north FROM record WHERE dataset_id = :dataset AND recorded_at = :now"
        " AND recorded_by = :by AND west IS NOT NULL UNION ALL"
        " SELECT west, south, east, north FROM record_version WHERE dataset_id = :dataset AND superseded_at = :now"
        " AND superseded_by = :by AND west IS NOT NULL LIMIT :most",
        dataset=dataset_id, now=now, by=by, most=limit + 1,
    ).all()  # fmt: skip
    return None if len(found) > limit else [tuple(row) for row in found]


def sweep(session: Session, load_id: int, most: int) -> int:
    """Remove some staged rows of a load that needs them no more; returns how many."""
    gone = _run(
        session,
        "DELETE FROM staged_record WHERE load_id = :load AND row IN"
        " (SELECT row FROM staged_record WHERE load_id = :load ORDER BY row LIMIT :most)",
        load=load_id, most=most,
    )  # fmt: skip
    return int(gone.rowcount)
