"""The verbs of one record: put, patch, delete, undelete. Each in the caller's transaction, with all its book-keeping."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from dothi.datasets import access, history, references, schema, store, views, writing
from dothi.datasets.schema import Checker
from dothi.datasets.tables import Dataset, Record
from dothi.identity.guard import Caller
from dothi.kit import geo
from dothi.kit.errors import BadInput, Conflict, Fault, NotFound, PreconditionFailed

Feature = Mapping[str, Any]


def put(
    session: Session, caller: Caller, code: str, key: str | None, feature: Feature, expect_version: int | None = None
) -> Record:
    """Create the record with this key, or replace it. Without a key it is made: from the key field, the id, or anew.

    Fields the caller may not see stay as they are unless named. What changes nothing makes no version.
    expect_version: the version that must stand, 0 for none. Raises PreconditionFailed, Conflict (a key of a new record
    is taken), BadInput with every fault.
    """
    dataset = access.writable(session, caller, code)
    checker = schema.checker(dataset.schema)
    given = dict(feature)
    standing = None
    if key is not None:
        given["id"] = key = _key(key)
        standing = store.record(session, dataset.id, key)
        _expect(standing, expect_version)
        if standing is not None:
            given["properties"] = _unseen(caller, dataset, checker, standing) | _object(given.get("properties"))
    row = _prepared(session, dataset, checker, given)
    if key is None:
        standing = store.record(session, dataset.id, row["key"])
        if standing is not None:
            raise Conflict(f"there is a record {row['key']!r} already", [Fault("id", "is taken")])
        _expect(None, expect_version)
    return _keep(session, caller, dataset, standing, row)


def patch(
    session: Session, caller: Caller, code: str, key: str, changes: Feature, expect_version: int | None = None
) -> Record:
    """Change what a JSON merge patch (RFC 7396) of the feature names; null removes a property or the geometry."""
    dataset = access.writable(session, caller, code)
    checker = schema.checker(dataset.schema)
    standing = _standing(session, dataset, key)
    _expect(standing, expect_version)
    merged = _merged(_known(checker, standing.properties), _object(changes.get("properties")))
    given = {"id": key, "properties": merged, "geometry": changes.get("geometry")}
    row = _prepared(session, dataset, checker, given, standing.geometry if "geometry" not in changes else b"")
    return _keep(session, caller, dataset, standing, row)


def delete(session: Session, caller: Caller, code: str, key: str, expect_version: int | None = None) -> None:
    """Delete a record; its versions stay. Raises Conflict naming what refers to it."""
    dataset = access.writable(session, caller, code)
    standing = _standing(session, dataset, key)
    _expect(standing, expect_version)
    references.refuse(session, caller, dataset, [key])
    at = history.moment(dataset)
    boxes = history.box(standing)
    session.add(history.retire(standing, at, caller.actor, deleted=True))
    session.delete(standing)
    version = history.settle(session, dataset, at, added=-1, before=boxes)
    history.tell(
        session, caller, dataset, "data.record.deleted", {"version": version}, key=key, place=standing.unit_code
    )


def undelete(session: Session, caller: Caller, code: str, key: str) -> Record:
    """Bring a deleted record back as it last stood; it must still fit the schema and what it refers to."""
    dataset = access.writable(session, caller, code)
    if store.record(session, dataset.id, key) is not None:
        raise Conflict(f"the record {key!r} is not deleted")
    last = store.last_version(session, dataset.id, key)
    if last is None:
        raise _no_record(key)
    checker = schema.checker(dataset.schema)
    given = {"id": key, "properties": _known(checker, last.properties)}
    row = _prepared(session, dataset, checker, given, last.geometry)
    return _keep(session, caller, dataset, None, row, verb="undeleted")


def find(session: Session, caller: Caller, code: str, key: str) -> Record | None:
    """A record as it stands, whole: not for showing to anybody. Raises NotFound for a dataset that is not seen."""
    dataset = access.seen(session, caller, code)
    return store.record(session, dataset.id, key)


def _keep(
    session: Session, caller: Caller, dataset: Dataset, standing: Record | None, row: dict[str, Any], verb: str = ""
) -> Record:
    if standing is not None and standing.properties == row["properties"] and standing.geojson == row["geojson"]:
        return standing
    at = history.moment(dataset)
    values = {name: row[name] for name in store.COLUMNS}
    data: dict[str, Any] = {}
    if standing is None:
        last = store.last_version(session, dataset.id, row["key"])
        record = Record(
            dataset_id=dataset.id, version=1 if last is None else last.version + 1, recorded_at=at,
            recorded_by=caller.actor, **values,
        )  # fmt: skip
        session.add(record)
        before: list[history.Box] = []
    else:
        record, before = standing, history.box(standing)
        open_ = {one.name for one in schema.fields(dataset.schema) if one.open and not one.personal} | {"geometry"}
        names = history.differences(record.properties, record.geojson, row["properties"], row["geojson"])
        data["changed"] = sorted(open_.intersection(names))
        session.add(history.retire(record, at, caller.actor, deleted=False))
        session.flush()
        for name, value in values.items():
            setattr(record, name, value)
        record.version, record.recorded_at, record.recorded_by, record.load_id = (
            record.version + 1,
            at,
            caller.actor,
            None,
        )
    session.flush()
    data["version"] = history.settle(
        session, dataset, at, added=1 if standing is None else 0, before=before, after=history.box(record)
    )
    if "repaired" in row:
        data["repaired"] = row["repaired"]
    kind = f"data.record.{verb or ('created' if standing is None else 'updated')}"
    history.tell(session, caller, dataset, kind, data, key=record.key, place=record.unit_code)
    return record


def _prepared(
    session: Session, dataset: Dataset, checker: Checker, given: Feature, geometry: bytes | None = b""
) -> dict[str, Any]:
    """One row. geometry: well-known binary to keep as it is instead of the feature's GeoJSON; b"": none such."""
    shapes = None
    if geometry != b"":
        shapes = np.full(1, None, object)
        shapes[0] = None if geometry is None else geo.from_wkb(geometry)
    made = writing.prepare(session, dataset, [given], checker=checker, shapes=shapes)
    faults = [one for one in made.faults if not one.repaired]
    if not faults:
        faults = references.unknown(session, dataset, checker.fields, made.rows)
    if faults:
        raise BadInput(
            "this record cannot be kept",
            [
                Fault(
                    one.column if one.column in ("geometry", "id") else f"properties.{one.column}",
                    one.reason,
                    one.allowed,
                )
                for one in faults
            ],
        )
    row = made.rows[0]
    if made.faults:
        row["repaired"] = made.faults[0].reason
    return row


def _unseen(caller: Caller, dataset: Dataset, checker: Checker, standing: Record) -> dict[str, Any]:
    """The values of fields the caller does not see."""
    hidden = views.made(dataset, caller).hidden
    return {name: value for name, value in _known(checker, standing.properties).items() if name in hidden}


def _known(checker: Checker, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties the schema still has."""
    names = {one.name for one in checker.fields}
    return {name: value for name, value in properties.items() if name in names}


def _merged(target: Any, patch_: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch_, Mapping):
        return patch_
    made = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch_.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = _merged(made.get(name), value)
    return made


def _object(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadInput("properties is no JSON object", [Fault("properties", "is no JSON object", "an object")])
    return value


def _key(text: str) -> str:
    key, why = writing.key_of(text)
    if key is None:
        raise BadInput(f"the key {why}", [Fault("id", why or "", "1 to 200 printable characters")])
    return key


def _standing(session: Session, dataset: Dataset, key: str) -> Record:
    found = None if "\0" in key else store.record(session, dataset.id, key)
    if found is None:
        raise _no_record(key)
    return found


def _no_record(key: str) -> NotFound:
    return NotFound(f"there is no record {key[:80]!r}")


def _expect(standing: Record | None, version: int | None) -> None:
    now = 0 if standing is None else standing.version
    if version is not None and version != now:
        found = f"it is in version {now}" if now else "there is none"
        raise PreconditionFailed(f"the record is not in version {version}: {found}")
