"""What a pack's `expect.yaml` may promise of its indicators: rows of every input in, the number out."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace
from pydantic import Field

from dothi import packs
from dothi.indicators import hours, judging
from dothi.indicators.judging import Given
from dothi.indicators.model import FILE, Declared, Indicators, Input
from dothi.indicators.parts import Part, result
from dothi.indicators.values import Light, State
from dothi.kit.errors import BadInput
from dothi.sensing.sectors import Code


class IndicatorCase(packs.Strict):
    """Inputs and the number they make.

    given: by input its number, or its rows: of observations hourly means (or mappings of mean, min, max …), of records
    their properties, of cases the values. null: the input is missing. expected: rows there should have been, for the
    coverage. target: for the light.
    """

    title: str = ""
    indicator: Code
    given: dict[str, float | list[float | dict[str, Any]] | None]
    expected: int | None = None
    value: float | None
    numerator: float | None = None
    coverage: float | None = None
    state: State | None = None
    reason: str | None = None
    target: float | None = None
    light: Light | None = Field(None)


def _keep(pack: packs.Pack, case: IndicatorCase) -> Iterable[str]:
    file: Indicators | None = pack.files.get(FILE)
    one = next((one for one in (file.indicators if file else []) if one.code == case.indicator), None)
    if one is None:
        return [f'no indicator "{case.indicator}" in {FILE}']
    if wrong := sorted(set(case.given) ^ set(one.inputs)):
        return [f"given: {', '.join(wrong)}; the inputs are {', '.join(one.inputs)}"]
    try:
        given = {name: _given(one, one.inputs[name], rows, case, name) for name, rows in case.given.items()}
    except BadInput as error:
        return [str(error)]
    return list(_differs(one, case, judging.judged(one, given)))


def _differs(one: Declared, case: IndicatorCase, made: judging.Judged) -> Iterable[str]:
    told = {"value": made.number, "numerator": made.numerator, "coverage": made.coverage, "state": made.state,
            "reason": made.reason, "light": judging.light(one, made.number, case.target)}  # fmt: skip
    for name, actual in told.items():
        wanted = getattr(case, name)
        if wanted is None and name != "value":
            continue
        if isinstance(wanted, float) and isinstance(actual, float):
            if abs(wanted - actual) > 0.5 * 10 ** -max(one.decimals, 2):
                yield f"{name} should be {wanted} and is {actual}"
        elif wanted != actual:
            yield f"{name} should be {wanted} and is {actual}"


def _given(one: Declared, of: Input, rows: Any, case: IndicatorCase, name: str) -> Given:
    if rows is None:
        return Given(None, None, "no-data")
    if isinstance(rows, float):
        expected = case.expected if one.coverage is not None and one.coverage.of == name else None
        return Given(rows, Part(rows, rows, rows, expected=expected or 0))
    part = _part(of, rows)
    if of.observations is not None:
        there = case.expected if case.expected is not None else part.seen
        part = replace(part, expected=there)
    value = result(of.aggregate, part)
    return Given(value, part, None if value is not None else "no-data")


def _part(of: Input, rows: list[Any]) -> Part:
    assert of.aggregate is not None  # noqa: S101 - a list is of counted inputs only
    if of.observations is not None:
        made = hours.from_lines(rows)
        placed = made.placed(["given"])
        return hours.parts(placed, of.observations, of.aggregate, made.end)["given"]
    from dothi.indicators import counted

    if of.records is not None:
        held = [one if isinstance(one, Mapping) else {of.records.value or "value": one} for one in rows]
        counts = _fulfil(of.records.where, held)
        some = [counted.Row(str(i), 1, counts[i], _value(one.get(of.records.value or "")), "given", None, None, 0)
                for i, one in enumerate(held)]  # fmt: skip
    else:
        some = [counted.Row(str(i), 1, True, float(one), "given", None, None, 0) for i, one in enumerate(rows)]
    return counted.part(some, of.aggregate, simulated=False)


def _value(told: Any) -> float | str | None:
    return told if told is None or isinstance(told, str) else float(told)


def _fulfil(where: str | None, rows: list[Mapping[str, Any]]) -> list[bool]:
    """Which properties fulfil a CQL2 text: asked of SQLite in memory, as a database would be."""
    if where is None:
        return [True] * len(rows)
    from sqlalchemy import Column as Of
    from sqlalchemy import Integer, MetaData, Table, case, insert, select

    from dothi.datasets import cql2
    from dothi.db.engine import make_engine
    from dothi.db.types import Json

    table = Table("given", MetaData(), Of("n", Integer, primary_key=True), Of("properties", Json))
    kinds = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    known = {name: kinds.get(type(value), "string") for row in rows for name, value in row.items() if value is not None}
    engine = make_engine("sqlite://")
    with engine.connect() as connection:
        table.create(connection)
        if rows:
            connection.execute(insert(table), [{"n": i, "properties": dict(row)} for i, row in enumerate(rows)])
        clause = cql2.condition(
            cql2.parse(where),
            lambda name: (cql2.typed(table.c.properties, name, known.get(name, "string")), known.get(name, "string")),
        )
        found = list(connection.scalars(select(case((clause, 1), else_=0)).select_from(table).order_by(table.c.n)))
    engine.dispose()
    return [bool(one) for one in found]


packs.promise("indicators", IndicatorCase, _keep)
