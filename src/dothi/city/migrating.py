"""Do the steps of migrations in the running city: codes in place, values of records as new versions."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.cases.tables import Crew
from dothi.city import practice_store, store
from dothi.city.migrations import Drop, Rename, Step, Values
from dothi.datasets import history, replacing, schema
from dothi.datasets import store as records
from dothi.datasets.tables import Dataset, Record
from dothi.datasets.writing import Derive
from dothi.identity.guard import Caller
from dothi.identity.tables import Agency
from dothi.journal import service as journal
from dothi.places.tables import Area
from dothi.sensing import registry
from dothi.sensing.tables import Datastream, ObservedProperty, Sensor, Thing

_TABLES: dict[str, Any] = {
    "property": ObservedProperty, "thing": Thing, "sensor": Sensor, "dataset": Dataset, "agency": Agency, "area": Area,
    "crew": Crew,
}  # fmt: skip


def counts(session: Session, step: Step) -> dict[str, Any]:
    """What a step meets: whether the item is there, how many records it changes, which values it does not know."""
    what = step.what
    if isinstance(what, Rename):
        table = _TABLES[what.kind]
        return {"there": session.scalar(select(table.id).where(table.code == what.from_)) is not None}
    dataset = session.scalars(select(Dataset).where(Dataset.code == what.dataset)).first()
    if dataset is None:
        return {}
    values = [
        one.get(what.field) for one in session.scalars(select(Record.properties).where(Record.dataset_id == dataset.id))
    ]
    if isinstance(what, Drop):
        return {"records": sum(value is not None for value in values)}
    known = {*map(str, what.values), *(str(one) for one in what.values.values())}
    unknown = sorted({str(value) for value in values if value is not None and str(value) not in known})
    return {
        "records": sum(value is not None and str(value) in what.values for value in values),
        "unknown": unknown[:20],
    }


def do(session: Session, caller: Caller, step: Step) -> None:
    """Do one step and say so in the journal."""
    what = step.what
    if isinstance(what, Rename):
        _rename(session, caller, what)
        data: dict[str, Any] = {"kind": what.kind, "from": what.from_, "to": what.to}
    else:
        data = {"dataset": what.dataset, "field": what.field, "records": _records(session, caller, what)}
    journal.append(
        session, "city.migration.done", actor=caller.actor, subject=f"pack:{step.about}", visibility="open", data=data
    )  # fmt: skip


def _rename(session: Session, caller: Caller, one: Rename) -> None:
    table = _TABLES[one.kind]
    there = {
        code: row
        for row in session.scalars(select(table).where(table.code.in_([one.from_, one.to])))
        for code in (row.code,)
    }
    if one.from_ not in there or one.to in there:
        return  # another city's apply did it already
    _call(there[one.from_], one.to)
    if one.kind in ("thing", "property"):
        link = Datastream.thing_id if one.kind == "thing" else Datastream.observed_property_id
        for stream in session.scalars(
            select(Datastream).where(link == there[one.from_].id, Datastream.code.is_not(None))
        ):
            thing, _, property_ = str(stream.code).rpartition(".")
            _call(stream, f"{one.to}.{property_}" if one.kind == "thing" else f"{thing}.{one.to}")
        registry.invalidate()
    if one.kind == "dataset":
        held = store.setting(session, store.RECORDS) or {}
        moved = {one.to if name == one.from_ else name: value for name, value in held.items()}
        store.put_setting(session, store.RECORDS, moved)
    session.flush()
    practice_store.rename(session, caller, one.kind, one.from_, one.to)


def _call(row: Any, code: str) -> None:
    row.code = code
    properties = getattr(row, "properties", None)
    if isinstance(properties, dict) and "code" in properties:
        row.properties = {**properties, "code": code}


def _records(session: Session, caller: Caller, one: Values | Drop) -> int:
    """Give every record the field's new value; those whose value the map does not know stay."""
    dataset = session.scalars(select(Dataset).where(Dataset.code == one.dataset)).first()
    if dataset is None:
        return 0
    clean, standing = store.clean(session, one.dataset), records.records_by_key(session, dataset.id)
    derive, rows = Derive(schema.fields(dataset.schema)), {}
    for key, record in standing.items():
        properties = {name: value for name, value in record.properties.items() if name != one.field}
        if isinstance(one, Values) and one.field in record.properties:
            value = record.properties[one.field]
            properties = {**record.properties, one.field: one.values.get(str(value), value)}
        if properties != record.properties:
            kept = {name: getattr(record, name) for name in records.COLUMNS}
            rows[key] = {**kept, "properties": properties, "folded": derive.folded(key, properties)}
    if not rows:
        return 0
    done = replacing.bring(session, caller, dataset, rows, standing, [])
    data = {"file": "migrations.yaml", "version": dataset.version, **vars(done)}
    history.tell(session, caller, dataset, "data.load.applied", data)
    session.flush()
    store.mark_again(session, one.dataset, clean)
    return done.changed
