"""Records of a dataset: as a list with a few facts each, or as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dothi.answers import model, reading, shown
from dothi.answers.asking import Asking
from dothi.answers.blocks.words import title_of
from dothi.datasets import reading as records
from dothi.datasets.schema import Field
from dothi.datasets.views import View
from dothi.identity import guard
from dothi.warnings.service import DRAFT

_FACTS = 3  # of a list that names no fields


def listed(ask: Asking, spec: model.Rows) -> shown.Rows:
    """As a list."""
    return answer(ask, spec, "list")


def table(ask: Asking, spec: model.Rows) -> shown.Rows:
    """As a table."""
    return answer(ask, spec, "table")


def answer(ask: Asking, spec: Any, kind: str, code: str | None = None) -> shown.Rows:
    """The records that fit. spec: with where, sort or order, fields, limit; code: the dataset where the spec names none."""
    code = code or spec.dataset
    view = ask.view(code)
    if view is None:
        return shown.Rows(kind, title_of(spec, ask), why=reading.no_dataset(code, ask))
    asked = reading.asked(ask, view, spec.where)
    sort = tuple(pair for pair in model.sort_of(spec.order) if view.field(pair[0]) is not None)
    total = records.count(view, asked, ask.session)
    if getattr(spec, "near", False) and ask.near is not None:
        found = reading.nearest(ask, view, asked, spec.limit)
    else:
        listing = records.listing(view, replace(asked, sort=sort, limit=spec.limit), ask.session)
        found = [(one, None) for one in listing.records]
    fields = chosen(view, spec.fields, kind)
    made = shown.Rows(
        kind, title_of(spec, ask, view.called(ask.language)), source=reading.source(view, ask),
        href=f"/catalogue/{view.code}", api=reading.api(view, spec.where, ask), at=reading.at(view, ask),
        simulated=view.simulated, total=total,
        rows=rows(ask, view, fields, found),
        numeric=[one.kind in ("number", "integer") for one in fields],
    )  # fmt: skip
    made.heads = [one.name for one in made.rows[0].cells] if made.rows else [one.called(ask.language) for one in fields]
    if template := getattr(spec, "draft", None):
        _drafts(ask, made, template, [str(one["key"]) for one, _ in found])
    if not total:
        made.why = reading.none_such(view, spec.where, ask)
    return made


def _drafts(ask: Asking, made: shown.Rows, template: str, keys: list[str]) -> None:
    """A last column that begins a warning from each record, for those who may write one."""
    if ask.at is not None or not guard.may_somewhere(ask.caller, DRAFT):
        return
    made.heads.append(ask.say("Cảnh báo cho dân"))
    made.numeric.append(False)
    for row, key in zip(made.rows, keys, strict=True):
        address = ask.address("/operations/warnings/new", template=template, record=key)
        row.cells.append(shown.Cell(ask.say("Cảnh báo cho dân"), ask.say("Soạn cảnh báo"), href=address))


def chosen(view: View, names: list[str], kind: str) -> list[Field]:
    """The fields shown: those named that the caller may see, or the first few."""
    if names:
        first = "name" if any(one.role == "name" for one in view.fields) else "key"  # heads the line already
        return [one for name in names if (one := view.field(name)) is not None and one.role != first]
    plain = [
        one for one in view.fields
        if one.role not in ("key", "name", "valid-from", "valid-until") and one.kind not in ("array", "object")
    ]  # fmt: skip
    return plain[: _FACTS if kind == "list" else 5]


def rows(
    ask: Asking, view: View, fields: list[Field], found: Sequence[tuple[dict[str, Any], float | None]]
) -> list[shown.Row]:
    """The records' lines; keys of other records are said by their names."""
    names = {
        one.name: reading.referred(one, [record["properties"].get(one.name) for record, _ in found], ask)
        for one in fields if one.reference is not None or one.name == "unit"
    }  # fmt: skip
    return [row(ask, view, fields, one, metres, names) for one, metres in found]


def row(
    ask: Asking, view: View, fields: list[Field], one: dict[str, Any], metres: float | None,
    names: Mapping[str, Mapping[Any, str]] | None = None,
) -> shown.Row:  # fmt: skip
    """One record's line. names: by field, what the records are called that it refers to."""
    properties = one["properties"]
    named = reading.name_of(view, properties, str(one["key"]), ask)
    cells = []
    for field in fields:
        value = properties.get(field.name)
        named_ = (names or {}).get(field.name, {}).get(value)
        # a ward's code is said by the ward's name, and headed so
        head = (
            ask.say("Phường, xã") if named_ and named_ != value and field.name == "unit" else field.called(ask.language)
        )
        text = named_ or reading.text_of(field, value, ask)
        cells.append(shown.Cell(head, text, field.kind in ("number", "integer")))
    lon = None if one["west"] is None else (one["west"] + one["east"]) / 2
    lat = None if one["south"] is None else (one["south"] + one["north"]) / 2
    return shown.Row(
        named, reading.href(view, str(one["key"])), cells, place=ask.unit_name(one["unit_code"]), metres=metres, lon=lon,
        lat=lat,
    )  # fmt: skip
