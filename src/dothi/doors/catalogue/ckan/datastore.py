"""datastore_search: the records of a dataset as a table, with filters, words, sorting and pages."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, null

from dothi.config import settings
from dothi.datasets import cql2, reading, usage
from dothi.datasets.reading import Asked, Rows
from dothi.datasets.views import View
from dothi.db import session as db
from dothi.doors.catalogue.ckan.actions import Call, Json, action
from dothi.doors.catalogue.ckan.given import Given, Invalid
from dothi.kit.text import fold

MOST, DEFAULT = 32_000, 100  # rows, as CKAN has them
DEEPEST = 5_000_000  # offset
KEY, SHAPE = "_id", "geometry"
FORMATS = ("objects", "lists", "csv", "tsv")
_TYPES = {
    "string": "text", "number": "numeric", "integer": "int8", "boolean": "bool", "date": "date",
    "date-time": "timestamptz", "array": "json", "object": "json",
}  # fmt: skip


@action
def datastore_search(call: Call) -> Any:
    """Return records of a resource: `resource_id`, `filters`, `q`, `fields`, `sort`, `limit`, `offset`, `include_total`, `records_format`."""
    given = call.given
    view, _, _ = call.find_resource(given.must("resource_id", "id"))
    columns = _columns(view)
    fields = given.list("fields")
    if fields is None:
        fields = list(columns)
    for name in fields:
        if name not in columns:
            given.refuse("fields", f'field "{name[:80]}" not in table')
    limit, offset = given.number("limit", DEFAULT, MOST), given.number("offset", 0, DEEPEST)
    form = given.text("records_format") or "objects"
    if form not in FORMATS:
        given.refuse("records_format", f"must be one of {', '.join(FORMATS)}")
    if given.flag("distinct"):
        given.refuse("distinct", "is not offered here")
    count = given.flag("include_total", default=True)
    parts = [*_filters(view, given, columns), *_words(view, given, columns)]
    sort = _sort(view, given, columns)
    q = None if _is_table(given) else given.text("q")
    given.check()
    asked = Asked(where=_all(parts), q=q or None, sort=sort, limit=limit)
    rows, total = _read(view, asked, offset, count=count, shape=SHAPE in fields)
    usage.count_use(view.id, "ckan")
    records = [{name: _value(row, name) for name in fields} for row in rows]
    result: Json = {
        "include_total": count, "limit": limit, "offset": offset, "records_format": form,
        "resource_id": given.text("resource_id") or given.text("id"),
        "fields": [columns[name] for name in fields], "records": _formed(records, fields, form),
        "_links": _links(given, limit, offset),
    }  # fmt: skip
    result |= {name: given.values[name] for name in ("filters", "q", "sort") if name in given}
    if count:
        result |= {"total": total, "total_was_estimated": False, "total_estimation_threshold": None}
    return result


@action
def datastore_info(call: Call) -> Json:
    """Return the fields of a resource's table and how many records it has: `id`."""
    view, _, _ = call.find_resource(call.given.must("id", "resource_id"))
    return {
        "meta": {"id": call.given.text("id"), "count": view.count, "table_type": "BASE TABLE", "aliases": [view.code]},
        "fields": list(_columns(view).values()),
    }


def _columns(view: View) -> dict[str, Json]:
    """The columns a caller sees, by name: the key, the fields in their order, the geometry as GeoJSON."""
    found: dict[str, Json] = {KEY: {"id": KEY, "type": "text"}}
    for one in view.fields:
        info = {"label": one.title or one.name, "label_en": one.title_en, "notes": one.description, "unit": one.unit}
        told = {name: text for name, text in info.items() if text}
        found[one.name] = {"id": one.name, "type": _TYPES.get(one.kind, "text"), "info": told}
    if view.geometry_type is not None:
        found.setdefault(SHAPE, {"id": SHAPE, "type": "json", "info": {"label": "GeoJSON"}})
    return found


def _read(
    view: View, asked: Asked, offset: int, *, count: bool, shape: bool
) -> tuple[Sequence[Mapping[str, Any]], int | None]:
    def choose(some: Rows) -> list[ColumnElement[Any]]:
        text = reading.properties_text(some, view).label("properties")
        geojson = some.c.geojson if shape else null()
        return [some.c.key.label("key"), geojson.label("geojson"), text]

    with db.reading() as session:
        total = reading.count(view, asked, session) if count else None
        if not asked.limit:
            return [], total
        found = session.execute(reading.page(view, asked, choose).offset(offset)).mappings()
        rows, size, most = [], 0, settings().max_answer
        for row in islice(found, asked.limit):
            size += len(row["properties"]) + len(row["geojson"] or "")
            if size > most:
                raise Invalid(
                    wrong={"limit": [f"the answer would be larger than {most} bytes: ask for fewer records or fields"]}
                )
            rows.append({**row, "properties": json.loads(row["properties"])})
    return rows, total


def _value(row: Mapping[str, Any], name: str) -> Any:
    if name == KEY:
        return row["key"]
    if name in row["properties"]:
        return row["properties"][name]
    if name == SHAPE and row["geojson"] is not None:
        return json.loads(row["geojson"])
    return None


def _formed(records: Sequence[Json], fields: Sequence[str], form: str) -> Any:
    if form == "objects":
        return records
    lists = [[record[name] for name in fields] for record in records]
    if form == "lists":
        return lists
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t" if form == "tsv" else ",", lineterminator="\n")
    for row in lists:
        writer.writerow(
            json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list, bool)) else value for value in row
        )
    return out.getvalue()


def _filters(view: View, given: Given, columns: Mapping[str, Json]) -> list[Json]:
    """`filters` as CQL2: a value is equal, a list is one of them."""
    parts = []
    for name, wanted in given.table("filters").items():
        if name not in columns or (name == SHAPE and columns[name]["type"] == "json"):
            given.refuse("filters", f'field "{name[:80]}" not in table')
            continue
        kind = _kind(view, name)
        if kind in ("array", "object"):
            given.refuse("filters", f'field "{name}" cannot be filtered')
            continue
        try:
            values = [_literal(kind, one) for one in (wanted if isinstance(wanted, list) else [wanted])]
        except ValueError as error:
            given.refuse("filters", f"{name}: {error}")
            continue
        parts.append(_any([{"op": "=", "args": [_property(view, name), value]} for value in values]))
    return parts


def _is_table(given: Given) -> bool:
    value = given.values.get("q")
    return isinstance(value, dict) or (isinstance(value, str) and value.lstrip().startswith("{"))


def _words(view: View, given: Given, columns: Mapping[str, Json]) -> list[Json]:
    """`q` that names for each field its words, as CQL2."""
    parts = []
    for name, text in (given.table("q") if _is_table(given) else {}).items():
        if name not in columns or _kind(view, name) != "string":
            given.refuse("q", f'field "{name[:80]}" is no text of this table')
            continue
        parts += [_holds(view, name, word) for word in fold(str(text)).split()]
    return parts


def _holds(view: View, name: str, word: str) -> Json:
    plain = word.removesuffix(":*").replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    folded = {"op": "accenti", "args": [{"op": "casei", "args": [_property(view, name)]}]}
    wanted = {"op": "accenti", "args": [{"op": "casei", "args": [f"%{plain}%"]}]}
    return {"op": "like", "args": [folded, wanted]}


def _sort(view: View, given: Given, columns: Mapping[str, Json]) -> tuple[tuple[str, bool], ...]:
    """`sort` as CKAN has it: `name`, `name desc`, names in quotes, several with commas."""
    found = []
    value = given.values.get("sort")
    texts = [str(one) for one in value] if isinstance(value, list) else given.text("sort").split(",")
    for part in filter(None, (text.strip() for text in texts)):
        words = part.rsplit(None, 1)
        way = words[-1].lower() if len(words) == 2 and words[-1].lower() in ("asc", "desc") else ""
        name = (words[0] if way else part).strip().strip('"')
        if name not in columns or columns[name]["type"] == "json":
            given.refuse("sort", f'field "{name[:80]}" not in table')
            continue
        found.append((_name(view, name), way == "desc"))
    return tuple(found)


def _kind(view: View, name: str) -> str:
    return next((one.kind for one in view.fields if one.name == name), "string")


def _name(view: View, name: str) -> str:
    """What reading calls a column: the key is `id`, unless a field of the dataset is."""
    if name == KEY and not any(one.name == KEY for one in view.fields):
        if any(one.name == "id" for one in view.fields):
            raise Invalid(wrong={KEY: ["cannot be asked for: this dataset has a field of its own named id"]})
        return "id"
    return name


def _property(view: View, name: str) -> Json:
    return {"property": _name(view, name)}


def _literal(kind: str, value: Any) -> Any:
    """A value of a filter in the kind of its field; text of a query string is read as that kind."""
    if isinstance(value, (dict, list)) or value is None:
        raise ValueError("a filter is a text, a number, true or false, or a list of them")
    if kind == "boolean":
        if str(value).lower() in ("true", "false"):
            return str(value).lower() == "true"
        raise ValueError(f"{str(value)[:40]!r} is neither true nor false")
    if kind in ("number", "integer"):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            raise ValueError(f"{str(value)[:40]!r} is no number") from None
        if number != number or abs(number) == float("inf"):
            raise ValueError("not a finite number")
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    text = str(value)
    if kind == "date":
        return {"date": text}
    if kind == "date-time":
        return {"timestamp": text}
    return text


def _any(parts: list[Json]) -> Json:
    if not parts:
        return {"op": "=", "args": [1, 0]}
    return parts[0] if len(parts) == 1 else {"op": "or", "args": parts}


def _all(parts: list[Json]) -> Any:
    if not parts:
        return None
    whole = parts[0] if len(parts) == 1 else {"op": "and", "args": parts}
    return cql2.parse(json.dumps(whole), lang="cql2-json")


def _links(given: Given, limit: int, offset: int) -> Json:
    kept = {
        name: json.dumps(value) if isinstance(value, (dict, list)) else value
        for name, value in given.values.items()
        if name != "offset" and isinstance(value, (str, int, float, bool, dict, list))
    }
    path = "/api/3/action/datastore_search?"
    return {"start": path + urlencode(kept), "next": path + urlencode(kept | {"offset": offset + limit})}
