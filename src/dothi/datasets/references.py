"""Rules between datasets: a value with `x-reference` is the key of a record of another dataset, and stays one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from dothi.datasets import schema, store
from dothi.datasets.schema import Field
from dothi.datasets.tables import Dataset
from dothi.datasets.writing import RowFault
from dothi.identity.guard import Caller
from dothi.kit.errors import Conflict, Fault

_FEW = 3  # keys looked up one by one; more are found in one pass over the records that refer to them
_NAMED = 20


def unknown(
    session: Session, dataset: Dataset, fields: Iterable[Field], rows: Sequence[Mapping[str, Any]]
) -> list[RowFault]:
    """The values of prepared rows that are no keys of the datasets they refer to.

    rows: with `properties`, `key` and, of a file, `row`; they may refer to each other.
    """
    faults: list[RowFault] = []
    for one in fields:
        if one.reference is None:
            continue
        wanted: dict[str, list[Mapping[str, Any]]] = {}
        for row in rows:
            for value in _listed(row["properties"].get(one.name)):
                wanted.setdefault(str(value), []).append(row)
        if not wanted:
            continue
        target = store.by_code(session, one.reference)
        known = store.known_keys(session, target.id, list(wanted)) if target is not None else set()
        if one.reference == dataset.code:
            known |= {row["key"] for row in rows}
        for value, whose in wanted.items():
            if value not in known:
                why = f"no record {value[:80]!r} in dataset {one.reference}"
                faults += [RowFault(row.get("row", 1), one.name, why, value[:200]) for row in whose]
    return faults


def referring(session: Session, code: str) -> list[tuple[int, str, Field]]:
    """The fields that refer to a dataset: number and code of their dataset, and the field."""
    return [
        (id_, other, field)
        for id_, other, held in store.schemas(session)
        for field in schema.fields(held)
        if field.reference == code
    ]


def standing(session: Session, dataset: Dataset, keys: Sequence[str]) -> list[tuple[str, str, str]]:
    """Who refers to records of a dataset: the key referred to, the dataset and the record that does."""
    found: list[tuple[str, str, str]] = []
    asked = set(keys)
    for id_, code, field in referring(session, dataset.code):
        listed = field.kind == "array"
        own = id_ == dataset.id
        if len(asked) <= _FEW and not own:
            for key in keys:
                value: Any = int(key) if field.kind == "integer" and key.lstrip("-").isdigit() else key
                whose = store.whose_value(session, id_, field.name, value, listed=listed)
                if whose is not None:
                    found.append((key, code, whose))
            continue
        for whose, value in store.values(session, id_, field.name, listed=listed or own):
            # what goes with the same write refers to nothing afterwards
            if str(value) in asked and not (own and whose in asked):
                found.append((str(value), code, whose))
    return found


def refuse(session: Session, caller: Caller, dataset: Dataset, keys: Sequence[str]) -> None:
    """Raise Conflict when records that are to go are referred to; names the referrers the caller may see."""
    found = standing(session, dataset, keys)
    if not found:
        return
    seen = {code: store.visible(session, caller, code) is not None for code in {code for _, code, _ in found}}
    faults = [
        Fault(
            f"record {key}",
            f"record {whose!r} of {code} refers to it" if seen[code] else "another dataset refers to it",
        )
        for key, code, whose in found[:_NAMED]
    ]
    raise Conflict("records refer to what is to be deleted", list(dict.fromkeys(faults)))


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
