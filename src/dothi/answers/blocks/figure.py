"""A number with its unit, time and source, the state it means, and the sentence that answers with it."""

from dataclasses import replace
from statistics import median

from dothi.answers import conditions, hourly, model, reading, reckon, saying, shown, sieve, store
from dothi.answers.asking import Asking
from dothi.answers.blocks import alarms, bars, cases, indicator, things, warned
from dothi.answers.blocks.words import assumed, text_of, title_of
from dothi.datasets import reading as records
from dothi.datasets.views import View
from dothi.sensing.sectors import sectors
from dothi.sensing.state import number


def answers(ask: Asking, specs: list[model.Figure]) -> shown.Numbers:
    """Several side by side."""
    made = [answer(ask, one) for one in specs]
    return shown.Numbers("figures", numbers=made, simulated=any(one.simulated for one in made))


def answer(ask: Asking, spec: model.Figure) -> shown.Number:
    """One number."""
    made = {
        "property": _of_property, "dataset": _of_records, "cases": _of_cases, "alarms": _of_alarms,
        "warnings": _of_warnings, "indicator": _of_indicator,
    }[spec.source](ask, spec)  # fmt: skip
    if made.value is not None and spec.scale is not None:
        made.value *= spec.scale.by
        made.unit = text_of(spec.scale.unit, ask.language)
        made.text = number(made.value, spec.scale.decimals, ask.language)
        factor = number(spec.scale.by, _digits(spec.scale.by), ask.language)
        how = ask.say("nhân {factor}, theo {source}", factor=factor, source=text_of(spec.scale.source, ask.language))
        sure = assumed(spec.scale.certainty, ask)
        made.how = "; ".join(part for part in (made.how, f"{how} ({sure})" if sure else how) if part)
    _said(ask, spec, made)
    return made


def _digits(value: float) -> int:
    return min(4, len(f"{value:.6f}".rstrip("0").partition(".")[2]))


def _said(ask: Asking, spec: model.Figure, made: shown.Number) -> None:
    """The sentence, the state it names, the target; why there is none."""
    decided: float | str | None = made.value if made.value is not None else (made.text or None)
    if decided is None:
        made.why = text_of(spec.missing, ask.language) or made.why or ask.say("Chưa có số liệu.")
        made.state = "nodata"
        return
    unit = made.unit
    value = f"{made.text}{saying.NBSP}{unit}" if unit else made.text
    of, count = made.of, made.count
    share = number(100 * count / of, 0, ask.language) if of and count is not None else ""
    slots = saying.Slots(
        value, number(count, 0, ask.language) if count is not None else made.text,
        number(of, 0, ask.language) if of is not None else "", share, made.name, made.word or (bars.state_name(made.state, ask) if made.state else ""), ask.moment_words(made.at),
        ask.age_words(made.at), ask.unit_name(ask.place) or ask.say("thành phố"),
    )  # fmt: skip
    sentence, state = saying.said(spec.says, decided, slots, ask.language)
    made.sentence = sentence
    if state is not None:
        made.state = state
    if spec.target is not None:
        wanted = saying.quantity(spec.target.value, _digits(spec.target.value), unit, ask.language)
        sure = assumed(spec.target.certainty, ask)
        source = text_of(spec.target.source, ask.language)
        made.target = ask.say("Mục tiêu {value}, theo {source}", value=wanted, source=source) + (
            f" ({sure})" if sure else ""
        )


# of a property


def _of_property(ask: Asking, spec: model.Figure) -> shown.Number:
    assert spec.observed is not None  # noqa: S101 - the source is property
    return _of_hours(ask, spec, spec.observed) if spec.of == "hour" else _of_newest(ask, spec, spec.observed)


def _of_newest(ask: Asking, spec: model.Figure, code: str) -> shown.Number:
    known = sectors().properties[code]
    values = ask.newest(code)
    made = reckon.newest(values, spec.how, None if spec.where is None else sieve.parsed(spec.where, ask.moment))
    counted = spec.how in ("count", "share")
    decimals = 0 if counted else known.decimals
    unit = "%" if spec.how == "share" else "" if spec.how == "count" else known.unit.shown(ask.language)
    value = made.value if isinstance(made.value, float | int) else None
    picked = made.picked
    text = made.value if isinstance(made.value, str) else number(value, decimals, ask.language)
    found = shown.Number(
        "figure", title_of(spec, ask, known.name.of(ask.language)), source=things.source(code, values, ask),
        href=f"/things/{picked.thing}" if picked and spec.how in ("worst", "min", "max") else _listed(code, ask),
        api=things.api(code, ask), how=_how(spec.how, made, ask), at=made.at, simulated=made.simulated, value=value,
        text=text, unit=unit if value is not None else "", state=made.state, of=made.of,
        count=made.count, name=picked.name if picked else "", word=picked.word if picked and made.state else "",
    )  # fmt: skip
    if made.value is None:
        found.why = _why(code, values, made, spec, ask)
    return found


def _listed(code: str, ask: Asking) -> str:
    return ask.address("/", sector=sectors().sector_of.get(code)) + "#ds"


def _why(code: str, values: list[reckon.Value], made: reckon.Made, spec: model.Figure, ask: Asking) -> str:
    if not values:
        return things.nothing(code, ask)
    if not made.of:
        last = max((one.at for one in values if one.at is not None), default=None)
        if last is None:
            return ask.say("{n} nơi đo chưa gửi số liệu nào.", n=len(values))
        return ask.say("Cả {n} nơi đo mất tin; số liệu cuối lúc {at}.", n=len(values), at=ask.moment_words(last))
    return ask.say("Không nơi nào như vậy trong {n} nơi đo.", n=made.of) if spec.where else ask.say("Chưa có số liệu.")


def _how(how: str, made: reckon.Made, ask: Asking) -> str:
    words = {
        "worst": ask.say("giá trị ở nơi xấu nhất"), "count": ask.say("số nơi đo như vậy"),
        "share": ask.say("phần trăm nơi đo như vậy"), "sum": ask.say("tổng các nơi đo"),
        "mean": ask.say("trung bình các nơi đo"), "median": ask.say("trung vị các nơi đo"),
        "min": ask.say("thấp nhất trong các nơi đo"), "max": ask.say("cao nhất trong các nơi đo"),
    }  # fmt: skip
    said = ask.say("{how}, trong {n} nơi còn tin", how=words[how], n=made.of)
    return said + (ask.say(", không tính {n} nơi mất tin", n=made.silent) if made.silent else "")


def _of_hours(ask: Asking, spec: model.Figure, code: str) -> shown.Number:
    known = sectors().properties[code]
    assert spec.last is not None  # noqa: S101 - of: hour has last
    found = hourly.read(ask, code, model.span(spec.last), spec.hours)
    value = hourly.number(found.hours, spec.how)
    unit = known.unit.shown(ask.language)
    decimals = known.decimals
    if spec.how == "integral":
        unit, decimals = of_hours(unit), min(1, decimals)
    elif spec.how == "count":
        unit, decimals = "", 0
    words = {
        "mean": ask.say("trung bình các giờ"), "median": ask.say("trung vị các giờ"), "min": ask.say("thấp nhất"),
        "max": ask.say("cao nhất"), "sum": ask.say("tổng mọi giá trị"), "count": ask.say("số giá trị"),
        "rise": ask.say("số tăng của công tơ"), "integral": ask.say("cộng trung bình từng giờ"),
    }  # fmt: skip
    part = ask.say(", {first}–{last} giờ mỗi ngày", first=spec.hours[0], last=spec.hours[1]) if spec.hours else ""
    how = ask.say(
        "{how} từ {since} đến {until}{part}; có {n}/{all} giờ số liệu", how=words[spec.how],
        since=ask.moment_words(found.begin), until=ask.moment_words(found.end), part=part, n=len(found.hours),
        all=found.expected,
    )  # fmt: skip
    made = shown.Number(
        "figure", title_of(spec, ask, known.name.of(ask.language)),
        source=ask.say("{name}: {n} nơi đo", name=known.name.of(ask.language), n=len(found.streams)),
        href=_listed(code, ask), api=things.api(code, ask), how=how, at=found.newest, simulated=found.simulated,
        value=value, text=number(value, decimals, ask.language), unit=unit, of=len(found.streams),
        count=len({one.stream for one in found.hours}),
    )  # fmt: skip
    if value is None:
        made.unit = ""
        made.why = (
            things.nothing(code, ask) if not found.streams else ask.say("Chưa có giờ nào đủ số liệu trong khoảng này.")
        )
    return made


def of_hours(unit: str) -> str:
    """The unit of something lasting an hour: kW to kWh."""
    return f"{unit}h" if unit.endswith("W") else f"{unit}·h"


# of records


def _of_records(ask: Asking, spec: model.Figure) -> shown.Number:
    assert spec.dataset is not None  # noqa: S101 - the source is dataset
    view = ask.view(spec.dataset)
    if view is None:
        return shown.Number("figure", title_of(spec, ask), why=reading.no_dataset(spec.dataset, ask))
    every = reading.asked(ask, view, None)
    asked = reading.lately(ask, view, reading.asked(ask, view, spec.where), spec.last)
    if spec.last is not None:
        every = reading.lately(ask, view, every, spec.last)
    of, count = records.count(view, every, ask.session), records.count(view, asked, ask.session)
    field = view.field(spec.field) if spec.field else None
    value: float | None
    unit, decimals = "", 0
    if spec.how == "count":
        value = float(count)
    elif spec.how == "share":
        value, unit = (100 * count / of if of else None), "%"
    elif field is None:
        value = None
    elif spec.how == "median":
        values = store.numbers(ask.session, view, asked, field.name)
        value = float(median(values)) if values else None
    else:
        value = store.amount(ask.session, view, asked, spec.how, field.name)
    if spec.over is not None and field is not None:
        whole = store.amount(ask.session, view, asked, "sum", spec.over) if view.field(spec.over) is not None else None
        value, unit = (100 * value / whole if value is not None and whole else None), "%"
    elif field is not None and spec.how != "distinct":
        unit = reading.symbol(field.unit, ask)
        decimals = 0 if value is None or float(value).is_integer() or abs(value) >= 1000 else 1
    made = shown.Number(
        "figure", title_of(spec, ask, view.called(ask.language)), source=reading.source(view, ask),
        href=f"/catalogue/{view.code}", api=reading.api(view, spec.where, ask), at=reading.at(view, ask),
        simulated=view.simulated, value=value, text=number(value, decimals, ask.language),
        unit=unit if value is not None else "", of=of, count=count, how=_records_how(ask, spec, view, of),
    )  # fmt: skip
    if value is None:
        made.why = (
            ask.say("Trường cần tính không công khai.") if spec.field and field is None
            else reading.none_such(view, spec.where, ask)
        )  # fmt: skip
    elif not view.count:
        made.value, made.text = None, ""
        made.why = reading.none_such(view, None, ask)
    return made


def _records_how(ask: Asking, spec: model.Figure, view: View, of: int) -> str:
    words = {
        "count": ask.say("số bản ghi"), "share": ask.say("phần trăm bản ghi"), "sum": ask.say("tổng"),
        "mean": ask.say("trung bình"), "median": ask.say("trung vị"), "min": ask.say("nhỏ nhất"),
        "max": ask.say("lớn nhất"), "distinct": ask.say("số giá trị khác nhau"),
    }  # fmt: skip
    said = ask.say("{how} trong {n} bản ghi", how=words[spec.how], n=number(of, 0, ask.language))
    return said + (ask.say(", điều kiện: {where}", where=conditions.said(spec.where, view, ask)) if spec.where else "")


# of cases, alarms, indicators


def _of_cases(ask: Asking, spec: model.Figure) -> shown.Number:
    assert spec.cases is not None  # noqa: S101 - the source is cases
    return replace(
        cases.counted(ask, spec.cases, spec.last),
        title=title_of(spec, ask, cases.measure_name(spec.cases.measure, ask)),
    )


def _of_alarms(ask: Asking, spec: model.Figure) -> shown.Number:
    assert spec.alarms is not None  # noqa: S101 - the source is alarms
    return replace(alarms.counted(ask, spec.alarms.rules), title=title_of(spec, ask, ask.say("Cảnh báo đang mở")))


def _of_warnings(ask: Asking, spec: model.Figure) -> shown.Number:
    assert spec.warnings is not None  # noqa: S101 - the source is warnings
    return replace(warned.counted(ask, spec.warnings), title=title_of(spec, ask, ask.say("Cảnh báo đang có hiệu lực")))


def _of_indicator(ask: Asking, spec: model.Figure) -> shown.Number:
    assert spec.indicator is not None  # noqa: S101 - the source is indicator
    made = indicator.number_of(ask, spec.indicator, spec.period)
    return replace(made, title=title_of(spec, ask, made.title))
