"""Amounts side by side: of records by a field, ward or time; of newest values by thing, ward or state; of cases."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from dothi.answers import model, reading, reckon, shown, sieve, store
from dothi.answers.asking import Asking
from dothi.answers.blocks import cases, things
from dothi.answers.blocks.words import title_of
from dothi.datasets.schema import Field
from dothi.datasets.views import View
from dothi.kit import clock
from dothi.sensing.sectors import SEVERITY, sectors
from dothi.sensing.state import number
from dothi.web.i18n import marked

_DAYS = (marked("T2"), marked("T3"), marked("T4"), marked("T5"), marked("T6"), marked("T7"), marked("CN"))
_STATES = ("critical", "major", "minor", "normal", "offline", "nodata")


def answer(ask: Asking, spec: model.Bars) -> shown.Bars:
    """The bars of whichever source is named."""
    return {"dataset": _of_records, "property": _of_property, "cases": _of_cases}[spec.source](ask, spec)


def finished(made: shown.Bars, pairs: list[shown.Bar], spec: model.Bars) -> shown.Bars:
    """Bars in order, each with its share of the largest."""
    if not made.moving:
        order = spec.order or "-value"
        if order == "name":
            pairs = sorted(pairs, key=lambda one: one.name)
        else:
            pairs = sorted(pairs, key=lambda one: one.value or 0.0, reverse=order.startswith("-"))
        pairs = pairs[: spec.limit]
    else:
        pairs = pairs[-max(spec.limit, 24) :]
    return _shared(made, pairs)


def _shared(made: shown.Bars, bars: list[shown.Bar]) -> shown.Bars:
    top = max((one.value for one in bars if one.value is not None), default=0.0)
    for one in bars:
        one.share = max(0.0, (one.value or 0.0) / top) if top > 0 else 0.0
    made.bars = bars
    return made


def _of_property(ask: Asking, spec: model.Bars) -> shown.Bars:
    assert spec.observed is not None  # noqa: S101 - the source is property
    known = sectors().properties[spec.observed]
    values = ask.newest(spec.observed)
    where = None if spec.where is None else sieve.parsed(spec.where, ask.moment)
    found = reckon.fitting(values if spec.by == "state" else [one for one in values if one.state in reckon.LIVE], where)
    unit = known.unit.shown(ask.language)
    made = shown.Bars(
        "bars", title_of(spec, ask, known.name.of(ask.language)), source=things.source(spec.observed, values, ask),
        href=ask.address("/", sector=sectors().sector_of.get(spec.observed)) + "#ds", api=things.api(spec.observed, ask),
        at=max((one.at for one in found if one.at is not None), default=None), simulated=any(one.simulated for one in values),
        unit=unit if spec.by != "state" and spec.aggregate != "count" else "", head=_head(spec, None, ask),
    )  # fmt: skip
    if not values:
        made.why = things.nothing(spec.observed, ask)
        return made
    if not found:
        made.why = ask.say("Không nơi nào như vậy trong {n} nơi đo.", n=len(values))
        return made
    bars: list[shown.Bar] = []
    if spec.by == "thing":
        made.unit = unit
        bars = [
            shown.Bar(one.name, one.number, one.text, state=one.state, href=f"/things/{one.thing}")
            for one in found
            if one.number is not None
        ]
    else:
        groups: dict[Any, list[reckon.Value]] = defaultdict(list)
        for one in found:
            groups[one.state if spec.by == "state" else one.unit].append(one)
        for key, members in groups.items():
            state = key if spec.by == "state" else max((one.state for one in members), key=lambda s: SEVERITY.get(s, 0))
            numbers = [one.number for one in members if one.number is not None]
            value = (
                float(len(members))
                if spec.aggregate == "count" or spec.by == "state"
                else reckon.of_numbers(numbers, spec.aggregate)
            )
            name = state_name(key, ask) if spec.by == "state" else ask.unit_name(key) or ask.say("Chưa rõ phường, xã")
            text = number(value, 0 if spec.aggregate == "count" or spec.by == "state" else known.decimals, ask.language)
            bars.append(shown.Bar(name, value, text, state=state))
        if spec.by == "state":
            bars.sort(key=lambda one: _STATES.index(one.state or "nodata"))
    return finished(made, bars, spec) if spec.by != "state" or spec.order else _shared(made, bars)


def state_name(state: str, ask: Asking) -> str:
    """What a state is called."""
    words = {
        "critical": ask.say("Nghiêm trọng"), "major": ask.say("Lớn"), "minor": ask.say("Nhẹ"), "normal": ask.say("Bình thường"),
        "offline": ask.say("Mất kết nối"), "nodata": ask.say("Không có dữ liệu"),
    }  # fmt: skip
    return words.get(state, state)


# of records


def _of_records(ask: Asking, spec: model.Bars) -> shown.Bars:
    assert spec.dataset is not None  # noqa: S101 - the source is dataset
    view = ask.view(spec.dataset)
    if view is None:
        return shown.Bars("bars", title_of(spec, ask), why=reading.no_dataset(spec.dataset, ask))
    field = view.field(spec.field) if spec.field else None
    made = shown.Bars(
        "bars", title_of(spec, ask, view.called(ask.language)), source=reading.source(view, ask),
        href=f"/catalogue/{view.code}", api=reading.api(view, spec.where, ask), at=reading.at(view, ask),
        simulated=view.simulated, unit=reading.symbol(field.unit, ask) if field else "", head=_head(spec, view, ask),
    )  # fmt: skip
    if (spec.field and field is None) or (spec.by not in (*model.TIMES, "unit") and view.field(spec.by) is None):
        made.why = ask.say("Trường cần tính không công khai.")
        return made
    bars = _in_time(ask, spec, view, made) if spec.by in model.TIMES else _by_field(ask, spec, view)
    if not any(one.value for one in bars):
        made.why = reading.none_such(view, spec.where or spec.last, ask)
        return made
    return finished(made, bars, spec)


def _by_field(ask: Asking, spec: model.Bars, view: View) -> list[shown.Bar]:
    asked = reading.asked(ask, view, spec.where)
    time = _time_field(spec, view)
    if spec.last is not None and time is not None:
        asked = reading.between(ask, asked, time, ask.moment - model.span(spec.last))
    field = view.field(spec.by)
    bars = []
    for key, value, _ in store.grouped(ask.session, view, asked, spec.by, spec.aggregate, spec.field):
        if spec.by == "unit":
            name = ask.unit_name(key) or ask.say("Chưa rõ phường, xã")
        else:
            assert field is not None  # noqa: S101 - asked before
            name = reading.text_of(field, key, ask)
        bars.append(shown.Bar(name, value, _text(value, spec, ask)))
    return bars


def _text(value: float | None, spec: model.Bars, ask: Asking) -> str:
    whole = spec.aggregate == "count" or value is None or float(value).is_integer() or abs(value) >= 1000
    return number(value, 0 if whole else 1, ask.language)


def _time_field(spec: model.Bars, view: View) -> Field | None:
    return view.field(spec.time) if spec.time else next((one for one in view.fields if one.role == "valid-from"), None)


def _in_time(ask: Asking, spec: model.Bars, view: View, made: shown.Bars) -> list[shown.Bar]:
    field = _time_field(spec, view)
    if field is None:
        return []
    made.moving = True
    since = None if spec.last is None else begin(ask.moment - model.span(spec.last), spec.by)
    asked = reading.asked(ask, view, spec.where)
    rows = store.moments(ask.session, view, asked, field.name, since, ask.moment, spec.field)
    groups: dict[Any, list[float]] = defaultdict(list)
    counts: dict[Any, int] = defaultdict(int)
    for at, value in rows:
        key = slot(at, spec.by)
        counts[key] += 1
        if value is not None:
            groups[key].append(value)
    keys = slots(list(counts), spec.by, since, ask.moment)
    bars = []
    for key in keys:
        value = (
            float(counts.get(key, 0))
            if spec.aggregate == "count"
            else reckon.of_numbers(groups.get(key, []), spec.aggregate)
        )
        bars.append(shown.Bar(_slot_name(key, spec.by, ask), value, _text(value, spec, ask)))
    return bars


def _local(at: int | str) -> tuple[date, int | None]:
    if isinstance(at, str):
        return date.fromisoformat(at[:10]), None
    moment = clock.local(at)
    return moment.date(), moment.hour


def slot(at: int | str, by: str) -> Any:
    """What an instant (µs) or day (ISO text) counts under; of a day the hour is not known: None."""
    day, hour = _local(at)
    match by:
        case "hour-of-day":
            return hour
        case "weekday":
            return day.weekday()
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
    return day.replace(month=1, day=1)


def begin(since: int, by: str) -> int:
    """The begin of the week, month or year an instant (µs) lies in, so that the first bar is a whole one; else itself."""
    if by not in ("week", "month", "year"):
        return since
    day = slot(since, by)
    return clock.micros(datetime(day.year, day.month, day.day, tzinfo=clock.VIETNAM))


def slots(found: list[Any], by: str, since: int | None, until: int) -> list[Any]:
    """All that stand beside one another, the empty ones too."""
    there = [one for one in found if one is not None]
    if by == "hour-of-day":
        return list(range(24)) if there else []
    if by == "weekday":
        return list(range(7))
    if not there:
        return []
    first = slot(since, by) if since is not None else min(there)
    last = slot(until, by) if since is not None else max(there)
    made = [first]
    while made[-1] < last and len(made) < 500:
        made.append(_next(made[-1], by))
    return made


def _next(day: date, by: str) -> date:
    if by == "day":
        return day + timedelta(days=1)
    if by == "week":
        return day + timedelta(days=7)
    if by == "month":
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day.replace(year=day.year + 1)


def _slot_name(key: Any, by: str, ask: Asking) -> str:
    if by == "hour-of-day":
        return f"{key}:00"
    if by == "weekday":
        return ask.say(_DAYS[key])
    return f"{key:%d/%m}" if by in ("day", "week") else f"{key:%m/%Y}" if by == "month" else f"{key:%Y}"


def _head(spec: model.Bars, view: View | None, ask: Asking) -> str:
    known = {
        "unit": ask.say("Phường, xã"), "thing": ask.say("Nơi đo"), "state": ask.say("Tình trạng"),
        "category": ask.say("Loại việc"), "office": ask.say("Cơ quan"), "hour-of-day": ask.say("Giờ trong ngày"),
        "weekday": ask.say("Thứ"), "day": ask.say("Ngày"), "week": ask.say("Tuần từ ngày"), "month": ask.say("Tháng"),
        "year": ask.say("Năm"),
    }  # fmt: skip
    field = view.field(spec.by) if view is not None else None
    return field.called(ask.language) if field is not None else known.get(spec.by, spec.by)


def _of_cases(ask: Asking, spec: model.Bars) -> shown.Bars:
    assert spec.cases is not None  # noqa: S101 - the source is cases
    made, pairs = cases.grouped(ask, spec.cases, spec.by, spec.last)
    made.title = title_of(spec, ask, made.title)
    made.head = _head(spec, None, ask)
    made.moving = spec.by == "month"
    if spec.by == "month":
        days = {slot(day * clock.DAY - store.VIETNAM, "month"): 0.0 for day, _ in pairs}
        for day, count in pairs:
            days[slot(day * clock.DAY - store.VIETNAM, "month")] += count
        since = None if spec.last is None else ask.moment - model.span(spec.last)
        keys = slots(list(days), "month", since, ask.moment)
        bars = [
            shown.Bar(_slot_name(key, "month", ask), days.get(key, 0.0), number(days.get(key, 0.0), 0, ask.language))
            for key in keys
        ]
    else:
        bars = [
            shown.Bar(cases.named(key, spec.by, ask), float(count), number(count, 0, ask.language))
            for key, count in pairs
        ]
    if not any(one.value for one in bars):
        made.why = made.why or ask.say("Không có vụ việc nào như vậy.")
        return made
    return finished(made, bars, spec)
