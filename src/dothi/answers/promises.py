"""What a pack's `expect.yaml` may promise of its page: values or records in, number, state and sentence out."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from pydantic import Field

from dothi import packs
from dothi.answers import model, reckon, saying, sieve
from dothi.datasets.cql2 import Expression
from dothi.kit import clock
from dothi.sensing.sectors import Code, Property, sectors
from dothi.sensing.state import judge, number

FILE = "page.yaml"


class GivenValue(packs.Strict):
    """A newest value; unit: a ward's code."""

    value: float | str | bool | None
    name: str = ""
    age_minutes: float = 0
    unit: str | None = None
    levels: dict[Code, float | None] = Field(default_factory=dict)


class AnswerCase(packs.Strict):
    """What a block of a question says of what is given. part: which of `figures`; at: the local moment."""

    title: str = ""
    question: Code
    block: int = 0
    part: int = 0
    at: str = "2026-11-02T08:00"
    given: list[GivenValue] = Field(default_factory=list)
    records: list[dict[str, Any]] = Field(default_factory=list)
    number: float | None = None
    value: float | str | None = None
    of: int | None = None
    state: str | None = None
    says: str | None = None
    bars: dict[str, float] | None = None


def keep(pack: packs.Pack, case: AnswerCase) -> Iterable[str]:
    """What differs from what was promised."""
    page: model.Page | None = pack.files.get(FILE)
    question = next((one for one in (page.questions if page else []) if one.code == case.question), None)
    if question is None:
        return [f'page.yaml has no question "{case.question}"']
    if not 0 <= case.block < len(question.blocks):
        return [f"the question has {len(question.blocks)} blocks, none at {case.block}"]
    spec = question.blocks[case.block].spec
    if isinstance(spec, list):
        if not 0 <= case.part < len(spec):
            return [f"the block has {len(spec)} figures, none at {case.part}"]
        spec = spec[case.part]
    if isinstance(spec, model.Figure):
        return list(_figure(spec, case))
    if isinstance(spec, model.Bars):
        return list(_bars(spec, case))
    return ["only a figure, one of figures, or bars can be promised"]


def _figure(spec: model.Figure, case: AnswerCase) -> Iterable[str]:
    made, decimals, unit = figured(spec, case)
    value = made.value
    if isinstance(value, float | int) and spec.scale is not None:
        value, decimals = value * spec.scale.by, spec.scale.decimals
        unit = spec.scale.unit if isinstance(spec.scale.unit, str) else spec.scale.unit.vi
    shown = saying.quantity(value, decimals, unit, "vi") if not isinstance(value, str) else value
    slots = saying.Slots(
        shown, str(made.count), str(made.of), number(100 * made.count / made.of, 0, "vi") if made.of else "",
        made.picked.name if made.picked else "", made.picked.word if made.picked else "",
    )  # fmt: skip
    sentence, state = saying.said(spec.says, value, slots, "vi")
    if "value" in case.model_fields_set and not _same(value, case.value):
        yield f"value should be {case.value} and is {value}"
    if case.of is not None and made.of != case.of:
        yield f"of should be {case.of} and is {made.of}"
    if case.state is not None and (state or made.state) != case.state:
        yield f"state should be {case.state} and is {state or made.state}"
    if case.says is not None and sentence.replace(saying.NBSP, " ") != case.says.replace(saying.NBSP, " "):
        yield f"says should be {case.says!r} and is {sentence!r}"


def _same(found: float | str | None, promised: float | str | None) -> bool:
    if isinstance(found, float | int) and isinstance(promised, float | int):
        return abs(found - promised) <= 1e-6 * max(1.0, abs(promised))
    return found == promised


def figured(spec: model.Figure, case: AnswerCase) -> tuple[reckon.Made, int, str]:
    """The number of a promise, its decimals and unit."""
    at = clock.parse(case.at, clock.VIETNAM)
    where = None if spec.where is None else sieve.parsed(spec.where, at)
    if spec.observed is not None and spec.of == "now":
        known = sectors().properties.get(spec.observed)
        values = [_value(known, one, at) for one in case.given]
        unit = known.unit.shown("vi") if known else ""
        if spec.how in ("count", "share"):
            return reckon.newest(values, spec.how, where), 0, "%" if spec.how == "share" else ""
        return reckon.newest(values, spec.how, where), known.decimals if known else 1, unit
    if spec.dataset is not None:
        return _of_records(spec, case.records, where), 0, "%" if spec.how == "share" else ""
    return reckon.Made(case.number, 1, 1), 0, ""


def _value(known: Property | None, one: GivenValue, at: int) -> reckon.Value:
    index = sectors().indices.get(known.state.index) if known and known.state.index else None
    said = judge(known, one.value, one.age_minutes * 60, index=index, levels=one.levels)
    moment = at - round(one.age_minutes * 60 * clock.SECOND)
    return reckon.Value(one.value, said.state, said.word_vi or "", one.name, moment, one.age_minutes, one.unit)


def _of_records(spec: model.Figure, records: list[dict[str, Any]], where: Expression | None) -> reckon.Made:
    fits = [one for one in records if where is None or sieve.holds(where, one)]
    if spec.how == "count":
        return reckon.Made(float(len(fits)), len(records), len(fits))
    if spec.how == "share":
        return reckon.Made(100 * len(fits) / len(records) if records else None, len(records), len(fits))
    values = [one[spec.field] for one in fits if spec.field and one.get(spec.field) is not None]
    made = float(len(set(values))) if spec.how == "distinct" else reckon.of_numbers(values, spec.how)
    return reckon.Made(made, len(records), len(values))


def _bars(spec: model.Bars, case: AnswerCase) -> Iterable[str]:
    at = clock.parse(case.at, clock.VIETNAM)
    where = None if spec.where is None else sieve.parsed(spec.where, at)
    if spec.dataset is None or spec.by in model.TIMES or spec.aggregate != "count":
        yield "only counts of records by a field can be promised of bars"
        return
    found = Counter(str(one.get(spec.by)) for one in case.records if where is None or sieve.holds(where, one))
    if case.bars is not None and {k: float(v) for k, v in found.items()} != case.bars:
        yield f"bars should be {case.bars} and are {dict(found)}"
