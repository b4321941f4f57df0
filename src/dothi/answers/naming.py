"""The names of each kind of block: which of them must exist, and where."""

import string
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dothi.answers import model
from dothi.answers.known import Check, Path
from dothi.kit.errors import Fault

# what a sentence of an answer may put in
SLOTS = ("value", "count", "of", "share", "name", "at", "age", "word", "place")


def faults(check: Check, path: Path, block: model.Block) -> Iterable[Fault]:
    """What a block names that does not exist."""
    spec = block.spec
    for i, one in enumerate(spec if isinstance(spec, list) else [spec]):
        yield from needs(check, (*path, i, "needs") if isinstance(spec, list) else (*path, "needs"), one.needs)
    if isinstance(spec, list):
        for i, one in enumerate(spec):
            yield from _figure(check, (*path, i), one)
    elif (kind := _KINDS.get(type(spec))) is not None:
        yield from kind(check, path, spec)


def needs(check: Check, path: Path, codes: Sequence[str]) -> Iterable[Fault]:
    """What is needed and neither a dataset nor a property."""
    for i, code in enumerate(codes):
        yield from check.named(
            (*path, i), "dataset or property", code, [*check.known.datasets, *check.known.properties]
        )


def _figure(check: Check, path: Path, one: model.Figure) -> Iterable[Fault]:
    yield from check.property((*path, "property"), one.observed)
    yield from check.dataset((*path, "dataset"), one.dataset)
    yield from _cases(check, (*path, "cases"), one.cases)
    yield from _rules(check, (*path, "alarms"), one.alarms)
    yield from check.named((*path, "indicator"), "indicator", one.indicator, check.known.indicators)
    yield from _period(check, path, one.indicator, one.period)
    if one.field is not None:
        yield from check.fields(path, one.dataset, {"field": one.field})
        yield from _numeric(check, path, one)
    if one.over is not None:
        yield from check.fields(path, one.dataset, {"over": one.over})
    yield from check.where_of_records((*path, "where"), one.dataset, one.where)
    if one.observed is not None:
        yield from check.where_of_values((*path, "where"), one.where)
    yield from _time(check, path, one.dataset, one.last)
    yield from _says(check, path, one.says)


def _numeric(check: Check, path: Path, one: model.Figure | model.Bars) -> Iterable[Fault]:
    how = one.how if isinstance(one, model.Figure) else one.aggregate
    if one.dataset not in check.known.datasets or how in ("count", "share", "distinct"):
        return
    kinds = {f.name: f.kind for f in check.known.fields(one.dataset)}
    if one.field in kinds and kinds[one.field] not in ("number", "integer"):
        numbers = [name for name, kind in kinds.items() if kind in ("number", "integer")]
        yield check.pack.fault(check.file, (*path, "field"), f'"{one.field}" is {kinds[one.field]}, no number to take the {how} of',
                               allowed=", ".join(numbers) or "no field of this dataset is a number")  # fmt: skip


def _time(check: Check, path: Path, dataset: str | None, last: str | None, time: str | None = None) -> Iterable[Fault]:
    """`last` over records needs to know when they are."""
    if last is None or dataset is None or dataset not in check.known.datasets or time is not None:
        return
    if not any(one.role == "valid-from" for one in check.known.fields(dataset)):
        yield check.pack.fault(check.file, (*path, "last"), f"{dataset} does not say which field is its time; give its field "
                               "x-role: valid-from, or restrict it by where")  # fmt: skip


def _says(check: Check, path: Path, lines: list[model.Line]) -> Iterable[Fault]:
    for i, line in enumerate(lines):
        for language in ("vi", "en"):
            here = (*path, "says", i, "text", language)
            try:
                slots = [name for _, name, _, _ in string.Formatter().parse(getattr(line.text, language)) if name]
            except ValueError:
                yield check.pack.fault(check.file, here, "a brace stands alone", allowed="{" + "}, {".join(SLOTS) + "}")
                continue
            for name in slots:
                yield from check.named(here, "slot", name, SLOTS)


def _period(check: Check, path: Path, code: str | None, period: str | None) -> Iterable[Fault]:
    one = check.known.indicators.get(code) if code else None
    periods = list(getattr(one, "periods", None) or [])
    if one is not None and period is not None and periods:
        yield from check.named((*path, "period"), f"period of {code}", period, periods)


def _cases(check: Check, path: Path, one: Any) -> Iterable[Fault]:
    if one is None:
        return
    yield from check.named((*path, "type"), "type of cases", one.type, check.known.types)
    for i, code in enumerate(one.categories):
        yield from check.named((*path, "categories", i), "category", code, check.known.categories)


def _rules(check: Check, path: Path, one: Any) -> Iterable[Fault]:
    for i, code in enumerate(one.rules if one is not None else []):
        yield from check.named((*path, "rules", i), "rule", code, check.known.rules)


def _rows(check: Check, path: Path, one: Any, dataset: str | None = None) -> Iterable[Fault]:
    code = dataset or one.dataset
    yield from check.fields((*path, "fields"), code, dict(enumerate(one.fields)))
    order = getattr(one, "order", [])
    if isinstance(order, str):
        yield from check.fields(path, code, {"order": order.removeprefix("-")})
    else:
        yield from check.fields((*path, "order"), code, {i: name.removeprefix("-") for i, name in enumerate(order)})
    yield from check.where_of_records((*path, "where"), code, one.where)


def _records(check: Check, path: Path, one: Any) -> Iterable[Fault]:
    yield from check.dataset((*path, "dataset"), one.dataset)
    fitting = [code for code, dataset in check.known.drafts.items() if dataset == one.dataset]
    yield from check.named(
        (*path, "draft"), f"template written from {one.dataset}", getattr(one, "draft", None), fitting
    )
    yield from _rows(check, path, one)


def _things(check: Check, path: Path, one: model.Things) -> Iterable[Fault]:
    yield from check.property((*path, "property"), one.observed)
    yield from check.where_of_values((*path, "where"), one.where)


def _chart(check: Check, path: Path, one: model.Chart) -> Iterable[Fault]:
    yield from check.property((*path, "property"), one.observed)


def _bars(check: Check, path: Path, one: model.Bars) -> Iterable[Fault]:
    yield from check.property((*path, "property"), one.observed)
    yield from check.dataset((*path, "dataset"), one.dataset)
    yield from _cases(check, (*path, "cases"), one.cases)
    if one.observed is not None:
        yield from check.where_of_values((*path, "where"), one.where)
    yield from check.where_of_records((*path, "where"), one.dataset, one.where)
    if one.dataset is None or one.dataset not in check.known.datasets:
        return
    there = check.known.fields(one.dataset)
    names = [f.name for f in there]
    if one.by not in model.TIMES and one.by != "unit":
        yield from check.named((*path, "by"), f"field of {one.dataset}", one.by, [*names, "unit", *model.TIMES])
    given = {key: name for key, name in (("field", one.field), ("time", one.time)) if name is not None}
    yield from check.fields(path, one.dataset, given)  # type: ignore[arg-type]
    if one.field is not None:
        yield from _numeric(check, path, one)
    dated = [f.name for f in there if f.kind in ("date", "date-time")]
    if one.time in names and one.time not in dated:
        yield check.pack.fault(
            check.file, (*path, "time"), f'"{one.time}" is no day or instant', allowed=", ".join(dated)
        )
    if (one.by in model.TIMES or one.last) and one.time is None and not any(f.role == "valid-from" for f in there):
        yield check.pack.fault(check.file, (*path, "by" if one.by in model.TIMES else "last"),
                               "needs time: the field that says when", allowed=", ".join(dated))  # fmt: skip


def _map(check: Check, path: Path, one: model.Map) -> Iterable[Fault]:
    for i, code in enumerate(one.datasets):
        yield from check.dataset((*path, "datasets", i), code)
    for i, code in enumerate(one.properties):
        yield from check.property((*path, "properties", i), code)


def _indicator(check: Check, path: Path, one: model.Indicator) -> Iterable[Fault]:
    yield from check.named((*path, "code"), "indicator", one.code, check.known.indicators)
    yield from _period(check, path, one.code, one.period)
    yield from _says(check, path, one.says)


def _analysis(check: Check, path: Path, one: model.Analysis) -> Iterable[Fault]:
    yield from check.named((*path, "code"), "analysis", one.code, check.known.analyses)
    result = getattr(check.known.analyses.get(one.code), "result", None)
    if result is not None:
        yield from _rows(check, path, one, str(result))


def _index(check: Check, path: Path, one: model.IndexOf) -> Iterable[Fault]:
    yield from check.named((*path, "code"), "index", one.code, check.known.indices)


_KINDS: dict[type, Callable[[Check, Path, Any], Iterable[Fault]]] = {
    model.Figure: _figure, model.Rows: _records, model.Search: _records, model.Things: _things, model.Chart: _chart,
    model.Bars: _bars, model.Map: _map, model.Alarms: _rules, model.Cases: _cases, model.Indicator: _indicator,
    model.Analysis: _analysis, model.IndexOf: _index,
}  # fmt: skip
