"""The table of records under a dataset's map: sorted, filtered and paged by the server; the address holds all of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams

from dothi.datasets import reading
from dothi.datasets.cql2 import parse
from dothi.datasets.reading import Asked
from dothi.datasets.schema import Field
from dothi.datasets.views import View
from dothi.kit.errors import BadInput, Fault
from dothi.screens.catalogue import cells, filters
from dothi.screens.catalogue.asking import Ask
from dothi.screens.catalogue.cells import Cell
from dothi.screens.catalogue.filters import Condition
from dothi.web.sealed import opened, sealed

PAGE = 20
SHOWN = 14  # columns; the schema lists all


@dataclass(frozen=True, slots=True)
class Head:
    """A column. sort: the address sorted by it; now: ascending, descending or nothing."""

    field: Field
    title: str
    unit: str
    numeric: bool
    sort: str
    now: str


@dataclass(frozen=True, slots=True)
class Line:
    """A record. box: west,south,east,north for the map."""

    key: str
    href: str
    name: str
    cells: Sequence[Cell]
    box: str
    place: str


@dataclass(frozen=True, slots=True)
class Off:
    """A condition that is on, and the address without it."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Table:
    """What the template draws. query: the conditions as the address has them, for downloads of the same rows."""

    heads: Sequence[Head]
    lines: Sequence[Line]
    key_title: str
    said: str
    on: Sequence[Off]
    q: str
    kept: Sequence[tuple[str, str]]
    sort: str
    next: str
    first: str
    cql: str
    query: str
    total: int
    choices: Sequence[tuple[Field, str, str]]
    operators: dict[str, str]
    hidden_columns: int
    places: bool


def asked_of(view: View, params: QueryParams, *, limit: int | None = None) -> tuple[Asked, list[Condition]]:
    """What the address asks of the records. Raises BadInput naming all it cannot understand."""
    if faults := [Fault(name[:80], "a zero character", "text") for name, said in params.multi_items() if "\0" in said]:
        raise BadInput("the records cannot be asked for so", faults)
    texts = params.getlist("f")
    if params.get("field") and (params.get("value") or params.get("op") in ("empty", "full")):
        texts.append(f"{params['field']}:{params.get('op') or 'is'}:{params.get('value', '')}")
    on = filters.conditions(texts, view.fields)
    said = [f"({params['filter']})"] if params.get("filter") else []
    expression = " AND ".join([*said, *filter(None, [filters.cql(on)])])
    where = parse(expression, lang="cql2-text") if expression else None
    sort = params.get("sort", "")
    by = ((sort.removeprefix("-"), sort.startswith("-")),) if sort else ()
    return (
        Asked(where=where, q=params.get("q") or None, unit=params.get("unit") or None, sort=by, limit=limit,
              after=cursor(params.get("after")), geometry=False),
        on,
    )  # fmt: skip


def table(ask: Ask, view: View, named: Any) -> Table:
    """The page of records the address asks for. named: a commune's code to its name."""
    params = ask.request.query_params
    asked, on = asked_of(view, params, limit=PAGE)
    found = reading.listing(view, asked, ask.session)
    total = reading.count(view, asked, ask.session)
    kept = [("q", params["q"])] if params.get("q") else []
    kept += [("f", one.text) for one in on]
    kept += [(name, params[name]) for name in ("unit", "filter") if params.get(name)]
    sort = params.get("sort", "")
    label = label_field(view)
    shown = [one for one in view.fields if one is not label and one.kind != "object"][:SHOWN]
    heads = [_head(one, kept, sort, ask.language) for one in shown]
    return Table(
        heads, [_line(one, view, shown, label, ask, named) for one in found.records],
        label.called(ask.language) if label else ask.say("Khóa"), _said(ask, found.records, total, view), _ons(ask, on, kept, sort, named),
        params.get("q", ""), [(k, v) for k, v in kept if k != "q"], sort,
        _address([*kept, *_pair("sort", sort), ("after", written(found.after))]) if found.after else "",
        _address([*kept, *_pair("sort", sort)]) if asked.after else "", " AND ".join(
            [*([f"({params['filter']})"] if params.get("filter") else []), *filter(None, [filters.cql(on)])]
        ),
        urlencode(kept), total,
        [(one, one.called(ask.language), " ".join(filters.operators(one.kind))) for one in view.fields
         if filters.operators(one.kind)],
        filters.operator_words(ask.say), max(0, len(view.fields) - len(shown) - (label is not None)),
        any(one.get("unit_code") for one in found.records),
    )  # fmt: skip


def label_field(view: View) -> Field | None:
    """The field a record is known by to people: the one with the role of a name, else one called so."""
    for test in (
        lambda one: one.role == "name",
        lambda one: one.name.lower() in ("name", "ten", "title"),
        lambda one: one.name == view.key_field,
    ):
        found = next((one for one in view.fields if test(one)), None)
        if found is not None:
            return found
    return None


def cursor(text: str | None) -> tuple[Any, ...] | None:
    """The place a page begins at, as an address holds it."""
    if not text:
        return None
    held = opened("cursor", text)
    found = None if held is None else json.loads(held)
    if not isinstance(found, list) or not all(one is None or isinstance(one, str | int | float) for one in found):
        raise BadInput(
            "the address of this page is not whole", [Fault("after", repr(text[:80]), "a link of the table")]
        )
    return tuple(found)


def written(after: tuple[Any, ...]) -> str:
    """A cursor as an address holds it."""
    return sealed("cursor", json.dumps(after, ensure_ascii=False))


def _head(field: Field, kept: Sequence[tuple[str, str]], sort: str, language: str) -> Head:
    now = {field.name: "ascending", f"-{field.name}": "descending"}.get(sort, "")
    wanted = f"-{field.name}" if now == "ascending" else field.name
    able = field.kind not in ("array", "object")
    return Head(
        field, field.called(language), field.unit or "", field.kind in ("number", "integer"),
        _address([*kept, ("sort", wanted)]) if able else "", now,
    )  # fmt: skip


def _line(
    record: dict[str, Any], view: View, shown: Sequence[Field], label: Field | None, ask: Ask, named: Any
) -> Line:
    values = record["properties"]
    name = values.get(label.name) if label else None
    box = [record[side] for side in ("west", "south", "east", "north")]
    return Line(
        record["key"], f"/catalogue/{view.code}/records/{quote(record['key'], safe='')}",
        str(name if name not in (None, "") else record["key"]),
        [cells.cell(one, values.get(one.name), ask.language, ask.say("có"), ask.say("không"), 90) for one in shown],
        ",".join(f"{side:.6f}" for side in box) if None not in box else "",
        named(record["unit_code"]) if record.get("unit_code") else "",
    )  # fmt: skip


def _said(ask: Ask, lines: Sequence[object], total: int, view: View) -> str:
    if total == view.count:
        return ask.say("{n} / {all} bản ghi", n=len(lines), all=_number(total, ask))
    return ask.say("{n} bản ghi khớp, trong {all}", n=_number(total, ask), all=_number(view.count, ask))


def _number(value: int, ask: Ask) -> str:
    from dothi.screens import words

    return words.number(value, 0, ask.language)


def _ons(ask: Ask, on: Sequence[Condition], kept: Sequence[tuple[str, str]], sort: str, named: Any) -> list[Off]:
    made = []
    for pair in kept:
        rest = [one for one in kept if one != pair]
        href = _address([*rest, *_pair("sort", sort)])
        match pair:
            case ("f", text):
                one = next(c for c in on if c.text == text)
                made.append(Off(filters.said(one, ask.say), href))
            case ("q", text):
                made.append(Off(f"“{text}”", href))
            case ("unit", code):
                made.append(Off(named(code), href))
            case (_, text):
                made.append(Off(text, href))
    return made


def _pair(name: str, value: str) -> list[tuple[str, str]]:
    return [(name, value)] if value else []


def _address(pairs: Sequence[tuple[str, str]]) -> str:
    return f"?{urlencode(pairs)}#data"
