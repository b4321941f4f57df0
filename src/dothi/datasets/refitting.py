"""A new schema for records there are: whether they fit, and what follows from their properties made anew."""

from typing import Any

from sqlalchemy.orm import Session

from dothi.datasets import references, schema, store
from dothi.datasets.schema import Field
from dothi.datasets.tables import Dataset, Record, RecordVersion
from dothi.datasets.writing import Derive
from dothi.kit.errors import Conflict, Fault

_SAID = 20  # faults
# what a field may say anew without asking its records
_WORDS = {
    "title", "title-en", "description", "description-en", "examples", "default", "deprecated", "$comment", "x-unit",
    "x-personal", "x-open", "x-role", "readOnly", "writeOnly",
}  # fmt: skip
Flags = dict[str, dict[str, bool]]


def loosened(before: dict[str, Any], after: dict[str, Any], former: Flags) -> list[str]:
    """Fields whose values more people would see: masked or kept back so far, or left out of the schema meanwhile."""
    stood: Flags = former | {one.name: _flags(one) for one in schema.fields(before)}
    return [
        one.name
        for one in schema.fields(after)
        if (was := stood.get(one.name)) is not None
        and ((was["personal"] and not one.personal) or (one.open and not was["open"]))
    ]


def unmasked(before: dict[str, Any], after: dict[str, Any], former: Flags) -> list[str]:
    """Fields that were personal and would be so no more."""
    stood: Flags = former | {one.name: _flags(one) for one in schema.fields(before)}
    return [one.name for one in schema.fields(after) if not one.personal and stood.get(one.name, {}).get("personal")]


def former(before: dict[str, Any], after: dict[str, Any], known: Flags) -> Flags:
    """The fields that earlier versions may have and the schema has no more, with what held for them last."""
    left = known | {one.name: _flags(one) for one in schema.fields(before)}
    for one in schema.fields(after):
        left.pop(one.name, None)
    return left


def refit(session: Session, dataset: Dataset, wanted: dict[str, Any]) -> None:
    """Hold every record against a new schema, and derive anew what follows from its fields.

    Raises Conflict with the first faults.
    """
    before, after = schema.fields(dataset.schema), schema.fields(wanted)
    if dataset.count and _stricter(dataset.schema, wanted):
        _hold(session, dataset, wanted)
    if _derived(before) != _derived(after):
        derive = Derive(after)
        tables: list[Any] = [Record, RecordVersion]
        for table in tables:
            for batch in store.batches(session, table, dataset.id):
                rows = []
                for id_, key, properties in batch:
                    first, last = derive.validity(properties)
                    folded = derive.folded(key, properties)
                    rows.append({"id": id_, "folded": folded, "valid_from": first, "valid_until": last})
                store.set_derived(session, table, rows)
        session.expire_all()


def _hold(session: Session, dataset: Dataset, wanted: dict[str, Any]) -> None:
    checker = schema.checker(wanted)
    names = {one.name for one in checker.fields}
    found: list[Fault] = []
    for batch in store.batches(session, Record, dataset.id):
        rows = []
        for _, key, properties in batch:
            held = {name: value for name, value in properties.items() if name in names}
            kept, faults = checker.clean(held)
            if not faults and kept != held:
                # as it is kept it would be another text: an instant that was plain text until now
                different = next(name for name in held if kept.get(name) != held[name])
                faults = [Fault(f"properties.{different}", "is written in another form", str(kept.get(different)))]
            found += [Fault(f"record {key}: {fault.place}", fault.message, fault.allowed) for fault in faults]
            rows.append({"key": key, "properties": held})
        found += [
            Fault(f"records: properties.{one.column}", one.reason)
            for one in references.unknown(session, dataset, checker.fields, rows)
        ]
        if len(found) >= _SAID:
            break
    if found:
        raise Conflict("records do not fit this schema; correct them first", found[:_SAID])


def _stricter(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether anything but words and new optional fields differs."""
    old, new = before.get("properties", {}), after.get("properties", {})
    if set(after.get("required") or ()) - set(before.get("required") or ()):
        return True
    # a field that comes new may be one the records kept from an earlier schema
    return any(_plain(new[name]) != _plain(old.get(name, {})) for name in new)


def _plain(one: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in one.items() if key not in _WORDS}


def _flags(one: Field) -> dict[str, bool]:
    return {"personal": one.personal, "open": one.open}


def _derived(fields: tuple[Field, ...]) -> Any:
    """What of the fields the folded text and the time of validity depend on."""
    return (
        [
            (one.name, one.values, one.labels)
            for one in fields
            if one.open and not one.personal and one.kind in ("string", "array")
        ],
        [(one.role, one.name, one.kind) for one in fields if one.role in ("valid-from", "valid-until")],
    )
