"""Numbers, periods, lights, trends and formulas in the words of the pages."""

import json
import re
from dataclasses import dataclass, field

from dothi.indicators import reasons
from dothi.indicators.model import Declared, Input
from dothi.indicators.periods import Kind, Period, containing
from dothi.indicators.values import InputReceipt, Value
from dothi.kit import clock
from dothi.screens import words
from dothi.screens.asking import sector_names
from dothi.screens.indicators.asking import Ask, light, name
from dothi.sensing.sectors import sectors
from dothi.web.i18n import marked

# the light of a number as a shape, and what it is called; red is the same shape as the worst alarm
MARKS = {"good": "normal", "near": "minor", "bad": "critical", "missing": "nodata"}
WORDS = {
    "good": marked("Đạt mục tiêu"), "near": marked("Gần đạt mục tiêu"), "bad": marked("Chưa đạt mục tiêu"),
    "none": marked("Chưa có mục tiêu"), "missing": marked("Không có số liệu"),
}  # fmt: skip
DIRECTIONS = {
    "up": marked("Càng cao càng tốt"), "down": marked("Càng thấp càng tốt"), "none": marked("Không có chiều tốt xấu"),
}  # fmt: skip
KINDS: dict[str, str] = {
    "day": marked("Ngày"), "week": marked("Tuần"), "month": marked("Tháng"), "quarter": marked("Quý"), "year": marked("Năm"),
}  # fmt: skip
CERTAINTIES = {
    "verified": marked("đã đối chiếu văn bản"), "unknown": marked("chưa rõ"), "second-hand": marked("theo nguồn dẫn lại"),
    "from-memory": marked("theo trí nhớ, cần đối chiếu"), "assumed": marked("giả định"),
}  # fmt: skip
_AGGREGATES = {
    "count": marked("đếm"), "sum": marked("cộng"), "mean": marked("trung bình"), "min": marked("nhỏ nhất"),
    "max": marked("lớn nhất"), "median": marked("trung vị"), "p90": marked("mức 90 % không vượt"),
    "distinct": marked("đếm số khác nhau trong"), "latest": marked("mới nhất"), "share": marked("tỷ lệ"),
}  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """A number as a page shows it.

    mark: its shape; word: what its light says; note: why it is missing or thin; trend: up, down, flat or nothing, way:
    whether that is wanted.
    """

    code: str
    title: str
    text: str
    unit: str
    light: str
    mark: str
    word: str
    period: str
    running: bool
    simulated: bool
    note: str
    target: str
    year: int | None
    trend: str
    way: str
    change: str
    place: str
    place_code: str
    receipt: str
    at: int | None
    href: str
    share: float = 0.0
    standards: list[str] = field(default_factory=list)


def shown(ask: Ask, one: Declared, value: Value, href: str = "") -> Shown:
    """A number with all that makes it believable, in words."""
    lit, unit = light(value), value.unit.shown(ask.language)
    trend = value.trend
    moving = trend is not None and trend.certain and trend.way != "flat"
    return Shown(
        one.code, one.title.of(ask.language), number(value.number, value.decimals, ask.language), unit, lit,
        MARKS.get(lit, ""), ask.say(WORDS[lit]), period(value.kind, value.start, ask.language), value.running, value.simulated,
        reasons.said(value.reason, ask.language), target(ask, one, value),
        value.target.year if value.target is not None else None,
        "" if trend is None or not trend.certain else trend.way,
        "" if trend is None or not moving or trend.good is None else ("good" if trend.good else "poor"),
        apart(ask, abs(trend.change), value.decimals + 1, unit) if trend is not None and moving else "",
        name(value.place, ask.language), value.place.code, value.receipt_id or "", value.computed_at,
        href or f"/indicators/{one.code}", 0.0, [f"{s.set.upper().replace('-', ' ')} · {s.number}" for s in one.standards],
    )  # fmt: skip


def number(value: float | None, decimals: int, language: str) -> str:
    """A number; nothing for none."""
    return "" if value is None else words.number(value, decimals, language)


def counted(numerator: float | None, denominator: float | None, factor: float | None, language: str) -> str:
    """What was counted, and what makes the number of it: 62 ÷ 69 × 100; nothing where it is no ratio."""
    if numerator is None or denominator is None:
        return ""
    times = f" × {_counted(factor, language)}" if factor not in (None, 1) else ""
    return f"{_counted(numerator, language)} ÷ {_counted(denominator, language)}{times}"


def _counted(value: float | None, language: str) -> str:
    """With two decimals at most, and none that says nothing."""
    digits = 0 if value is None else next((d for d in (0, 1) if round(value, d) == round(value, 2)), 2)
    return number(value, digits, language)


def quantity(value: float, decimals: int, unit: str, language: str) -> str:
    """A number with its unit."""
    return words.quantity(value, decimals, unit, language)


def apart(ask: Ask, much: float, decimals: int, unit: str) -> str:
    """How far two numbers lie apart: shares in points, not in %."""
    return quantity(much, decimals, ask.say("điểm %") if unit == "%" else unit, ask.language)


def target(ask: Ask, one: Declared, value: Value) -> str:
    """≥ 90 %; nothing where none is set."""
    if value.target is None:
        return ""
    sign = {"up": "≥ ", "down": "≤ "}.get(one.direction, "")
    return sign + quantity(value.target.value, one.decimals, value.unit.shown(ask.language), ask.language)


def period(kind: Kind, start: int, language: str) -> str:
    """Tháng 11/2026; Week 47/2026."""
    when = containing(start, kind)
    day, en = when.first, language == "en"
    if kind == "day":
        return f"{day:%d/%m/%Y}"
    if kind == "year":
        return f"{day:%Y}" if en else f"Năm {day:%Y}"
    if kind == "week":
        year, week, _ = day.isocalendar()
        return f"{'Week' if en else 'Tuần'} {week}/{year}"
    if kind == "quarter":
        return f"{'Q' if en else 'Quý '}{(day.month + 2) // 3}/{day:%Y}"
    return f"{day:%m/%Y}" if en else f"Tháng {day.month}/{day:%Y}"


def tick(kind: Kind, start: int) -> str:
    """A period under a chart: 11/26, 22/11, W47, Q4/26, 2026."""
    when: Period = containing(start, kind)
    day = when.first
    match kind:
        case "day":
            return f"{day:%d/%m}"
        case "week":
            return f"{day.isocalendar()[1]}/{day.isocalendar()[0] % 100}"
        case "quarter":
            return f"Q{(day.month + 2) // 3}/{day.year}"
        case "year":
            return f"{day:%Y}"
    return f"{day.month}/{day:%Y}"


def sector(code: str, language: str) -> str:
    """A sector's short name."""
    return sector_names(language).get(code, code)


@dataclass(frozen=True)
class Part:
    """One input in words. source: the page it comes from."""

    name: str
    text: str
    source: str
    href: str


def parts(ask: Ask, one: Declared) -> list[Part]:
    """What goes into the formula."""
    return [Part(label, input_said(ask, given), given.source, _href(given)) for label, given in one.inputs.items()]


def input_said(ask: Ask, given: Input) -> str:
    """One input in words."""
    say = ask.say
    how = say(_AGGREGATES[given.aggregate]) if given.aggregate else ""
    if given.observations is not None:
        of = given.observations
        known = sectors().properties.get(of.property)
        title = known.name.of(ask.language) if known else of.property
        base = (
            say("{how} các giờ đo của {what}", how=how, what=title)
            if of.of == "hour"
            else say("{how} các ngày đo của {what}", how=how, what=title)
        )
        text = base + (say(", chỉ lấy khi {where}", where=of.where) if of.where else "")
        return text + (say(" (lấy {take} của giờ hay ngày)", take=of.take) if given.aggregate not in ("count", "share", "distinct") and of.take != "mean" else "")  # fmt: skip
    if given.records is not None:
        from_ = given.records
        title = _dataset(from_.dataset, ask.language)
        when = (
            say("có ngày “{field}” trong kỳ", field=from_.during)
            if from_.during
            else (say("như lúc cuối kỳ") if from_.at == "end" else say("như lúc đầu kỳ"))
        )
        what = say("trường “{field}” của bản ghi", field=from_.value) if from_.value else say("bản ghi")
        text = say("{how} {what} trong “{dataset}”, {when}", how=how, what=what, dataset=title, when=when)
        if from_.whole is not None:
            text += say(", chung cho cả thành phố")
        return text + (say(", chỉ lấy khi {where}", where=from_.where) if from_.where else "")
    if given.cases is not None:
        kind = say("hồ sơ") if given.cases.type == "dossier" else say("phản ánh")
        measure = ask.say(_MEASURES.get(given.cases.measure, given.cases.measure))
        by = say("tính theo ngày nhận") if given.cases.by == "opened" else say("tính theo ngày xong")
        value = {"hours": say("số giờ xử lý của "), "rating": say("điểm hài lòng của ")}.get(
            given.cases.value or "", ""
        )
        return say("{how} {value}{kind} {measure}, {by}", how=how, value=value, kind=kind, measure=measure, by=by)
    if given.population is not None:
        return say("số dân của đơn vị")
    if given.area is not None:
        return say("diện tích của đơn vị, km²")
    return say("chỉ số {code}", code=given.indicator or "")


_MEASURES = {
    "received": marked("đã nhận"), "solved": marked("đã xử lý xong"), "on-time": marked("xong đúng hạn"),
    "late": marked("xong trễ hạn"), "open": marked("đang xử lý"), "overdue": marked("đang quá hạn"),
    "rejected": marked("không xử lý được"), "merged": marked("gộp vào vụ khác"), "reopened": marked("mở lại"),
    "satisfied": marked("người gửi hài lòng"), "unsatisfied": marked("người gửi chưa hài lòng"),
}  # fmt: skip


def _dataset(code: str, language: str) -> str:
    declared = sectors().datasets.get(code)
    return declared[1].title.of(language) if declared is not None else code


def _href(given: Input) -> str:
    if given.records is not None:
        return f"/catalogue/{given.records.dataset}"
    if given.indicator is not None:
        return f"/indicators/{given.indicator}"
    if given.cases is not None:
        return "/services/quality" if given.cases.type == "dossier" else "/transparency"
    return ""


_FORMULA = re.compile(r"\s*([*/])\s*")


def formula(text: str) -> str:
    """A formula with the signs people read."""
    return _FORMULA.sub(lambda found: " × " if found[1] == "*" else " ÷ ", text).replace(" - ", " − ")


def receipt_input(ask: Ask, one: Declared | None, given: InputReceipt) -> str:
    """What an input of a receipt is, in words where it is still declared."""
    declared = one.inputs.get(given.name) if one is not None else None
    if declared is not None and declared.query() == given.query:
        return input_said(ask, declared)
    kind, _, rest = given.query.partition(" ")
    try:
        told = json.loads(rest.rpartition(",")[0] or rest)
    except ValueError:
        return given.query
    return f"{kind}: {', '.join(f'{k} {v}' for k, v in told.items())}" if isinstance(told, dict) else given.query


def days(first: int, last: int) -> str:
    """A stretch of days, both ends included."""
    return f"{words.day(first)} – {words.day(last - clock.SECOND)}"
