"""`/indicators/{code}`: a number with its light, its series, its places, how it is made, and its targets."""

import math
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.responses import Response

from dothi.indicators import periods, targets
from dothi.indicators import service as indicators
from dothi.indicators.model import Declared
from dothi.indicators.periods import KINDS, Kind, containing
from dothi.indicators.values import Forecast, Receipt, Target, Value
from dothi.kit.errors import BadInput, DothiError, Fault, NotFound
from dothi.screens import desk, words
from dothi.screens.desk import back
from dothi.screens.indicators import asking, draw, outlines, said
from dothi.screens.indicators.asking import Ask
from dothi.screens.indicators.export import BACK
from dothi.screens.indicators.outlines import Key
from dothi.screens.indicators.said import Part, Shown
from dothi.web.forms import Filled

_BACK: dict[Kind, int] = {**BACK, "year": 8}


@dataclass(frozen=True)
class Row:
    """A period in the table of the series."""

    period: str
    value: str
    low: str
    target: str
    mark: str
    note: str
    receipt: str
    running: bool


@dataclass
class One:
    """The context of `indicators/one.html`."""

    title: str
    code: str
    sector: str
    sector_code: str
    description: str
    value: Shown
    direction: str
    gap: str
    parts: list[Part]
    formula: str
    counted: str
    coverage: str
    chart: Markup
    sentence: str
    rows: list[Row]
    forecast: Forecast | None
    forecast_error: str
    places: list[Shown]
    choices: list[tuple[str, str]]
    kinds: list[tuple[Kind, str, bool]]
    given: dict[str, str]
    receipt: Receipt | None
    boundary: str
    targets: list[Target]
    may: bool
    filled: Filled
    source: str
    certainty: str
    carries: str
    carried: bool
    unit: str
    decimals: int
    simulated: bool
    year: int
    plan: Markup | None = None
    legend: list[Key] = field(default_factory=list)
    said: str = ""


def index(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /indicators/{code}`."""
    one = asking.declared(ask)
    code = one.code
    place, kind, period = pinned(ask, one)
    value = indicators.value(ask.session, ask.caller, code, place, period or kind, now=ask.now)
    end = max(value.end, containing(ask.now, kind).end if period is None else value.end)
    first = containing(end - 1, kind).before(_BACK[kind] - 1).start
    carried = ask.request.query_params.get("on") == "now" and value.place.kind == "unit"
    series = indicators.series(
        ask.session, ask.caller, code, place, kind, first, end, boundary=ask.now if carried else None, now=ask.now
    )
    series = _trimmed(series)
    ahead = indicators.forecast(ask.session, ask.caller, code, place, kind, now=ask.now) if period is None else None
    by = indicators.by_place(ask.session, ask.caller, code, value.period, now=ask.now) if "unit" in one.places else []
    receipt = indicators.receipt(ask.session, ask.caller, value.receipt_id) if value.receipt_id else None
    given = {name: text for name, text in (("place", place or ""), ("period", period or kind)) if text}
    page = _page(ask, one, value, series, ahead, by, receipt, given)
    if by:
        name = f"{page.title}, {page.value.period}"
        page.plan, page.legend = outlines.plan(ask, by, page.places, value.place.code, name)
    page.carried, page.filled, page.said = carried, filled or Filled(), ask.request.query_params.get("done", "")[:20]
    if value.place.kind == "unit":
        page.carries = f"/indicators/{code}?{urlencode(given | ({} if carried else {'on': 'now'}))}"
    return ask.page("one", page, status)


def pinned(ask: Ask, one: Declared) -> tuple[str | None, Kind, str | None]:
    """Place, kind of period, and the period where one is named. Raises BadInput."""
    query, faults = ask.request.query_params, list[Fault]()
    place = query.get("place", "").strip() or None
    if place is not None and place not in (codes := [each.code for each in asking.places(ask)]):
        faults.append(Fault("place", f"there is no place {place[:40]!r} here", ", ".join(codes[:60])))
    if place is None and "city" not in one.places:
        place = next((each.code for each in asking.places(ask) if each.kind in one.places), None)
    text = query.get("period", "").strip()
    kind: Kind = next((k for k in ("month", "week", "day", "quarter", "year") if k in one.periods), one.periods[0])
    period = None
    if text in KINDS:
        kind = text
    elif text:
        found = periods.parse(text)
        kind, period = found.kind, found.code
    if kind not in one.periods:
        faults.append(Fault("period", f"{one.code} is not computed by {kind}", ", ".join(one.periods)))
    if faults:
        raise BadInput("this number cannot be asked for so", faults)
    return place, kind, period


def _trimmed(values: list[Value]) -> list[Value]:
    """A series from its first number on, six periods at least."""
    first = next((i for i, one in enumerate(values) if one.number is not None), len(values))
    return values[min(first, max(0, len(values) - 6)) :]


def _page(
    ask: Ask, one: Declared, value: Value, series: list[Value], ahead: Forecast | None, by: list[Value],
    receipt: Receipt | None, given: dict[str, str],
) -> One:  # fmt: skip
    language, say = ask.language, ask.say
    shown = said.shown(ask, one, value)
    sentence = _sentence(ask, one, series)
    title = one.title.of(language)
    chart = draw.series(
        series, ahead.points if ahead else (), language, f"{title}. {sentence}", _goal(ask, one, series)
    )
    places = [
        said.shown(ask, one, each, f"/indicators/{one.code}?{urlencode(given | {'place': each.place.code})}")
        for each in by
    ]
    most = max((abs(each.number) for each in by if each.number is not None), default=0.0)
    places = [
        replace(row, share=abs(each.number or 0.0) / most if most else 0.0)
        for row, each in zip(places, by, strict=True)
    ]
    kinds = [(k, say(said.KINDS[k]), k == value.kind) for k in one.periods]
    return One(
        title, one.code, said.sector(one.sector, language), one.sector, one.description.of(language), shown,
        say(said.DIRECTIONS[one.direction]),
        _gap(ask, one, value), said.parts(ask, one), said.formula(one.said),
        said.counted(value.numerator, value.denominator, value.factor, language),
        "" if value.coverage is None else words.quantity(100 * value.coverage, 0, "%", language), chart, sentence,
        [_row(ask, one, each) for each in reversed(series)], ahead,
        said.quantity(ahead.error, one.decimals + 1, shown.unit, language) if ahead and ahead.error is not None else "",
        places, [(each.code, asking.name(each, language)) for each in asking.places(ask) if each.kind in one.places], kinds, given,
        receipt, words.day(value.boundary) if value.boundary is not None else "",
        indicators.targets(ask.session, one.code, value.place.code), desk.allowed(ask.caller, targets.PERMISSION), Filled(),
        one.source, say(said.CERTAINTIES[one.certainty]), "", False, shown.unit, one.decimals,
        value.simulated or any(each.simulated for each in series), containing(ask.now, "year").first.year,
    )  # fmt: skip


def _gap(ask: Ask, one: Declared, value: Value) -> str:
    """How far it is to the target, in words."""
    if value.target is None or value.number is None or one.direction == "none" or value.light == "good":
        return ""
    much = said.apart(ask, abs(value.target.value - value.number), one.decimals, value.unit.shown(ask.language))
    return ask.say("Còn thiếu {much}", much=much) if one.direction == "up" else ask.say("Còn vượt {much}", much=much)


def _goal(ask: Ask, one: Declared, series: list[Value]) -> str:
    last = series[-1] if series else None
    if last is None or last.target is None:
        return ""
    return f"{ask.say('Mục tiêu {year}', year=last.target.year)}: {said.target(ask, one, last)}"


def _sentence(ask: Ask, one: Declared, series: list[Value]) -> str:
    known = [each for each in series if each.number is not None]
    if not known:
        return ask.say("Chưa kỳ nào có số liệu.")
    high = max(known, key=lambda each: each.number or 0.0)
    low = min(known, key=lambda each: each.number or 0.0)

    def told(each: Value) -> str:
        return said.quantity(each.number or 0.0, one.decimals, each.unit.shown(ask.language), ask.language)

    text = ask.say(
        "Cao nhất {high} ({when_high}), thấp nhất {low} ({when_low}).", high=told(high), low=told(low),
        when_high=said.period(high.kind, high.start, ask.language), when_low=said.period(low.kind, low.start, ask.language),
    )  # fmt: skip
    gaps = len(series) - len(known)
    return text + (" " + ask.say("{n} kỳ không có số liệu.", n=gaps) if gaps else "")


def _row(ask: Ask, one: Declared, value: Value) -> Row:
    shown = said.shown(ask, one, value)
    return Row(
        shown.period, shown.text, "" if value.coverage is None else words.quantity(100 * value.coverage, 0, "%", ask.language),
        shown.target, shown.mark, shown.note, shown.receipt, value.running,
    )  # fmt: skip


def put(ask: Ask) -> Response:
    """`POST /indicators/{code}/targets`: set what is to be reached in a year."""
    code = ask.request.path_params["code"]
    try:
        year, value = _typed(ask)
        indicators.set_target(
            ask.session, ask.caller, code, year, value, place=ask.values.get("place", "").strip() or None,
            phase=ask.values.get("phase", "").strip() or None, source=ask.values.get("source", "").strip() or None,
        )  # fmt: skip
    except BadInput as error:
        return index(ask, _wrong(ask, error), error.status)
    return back(_address(ask, code, "set"))


def drop(ask: Ask) -> Response:
    """`POST /indicators/{code}/targets/drop`: take a year's target away."""
    code = ask.request.path_params["code"]
    year = ask.values.get("year", "")
    if not (year.isascii() and year.isdecimal() and len(year) == 4):
        raise BadInput("the target cannot be taken away", [Fault("year", f"{year[:20]!r} is no year", "2026")])
    gone = indicators.drop_target(
        ask.session, ask.caller, code, int(year), place=ask.values.get("place", "").strip() or None
    )
    if not gone:
        raise NotFound(f"{code[:80]} has no target for {year}")
    return back(_address(ask, code, "dropped"))


def _address(ask: Ask, code: str, done: str) -> str:
    place = ask.values.get("place", "").strip()
    return f"/indicators/{code}?{urlencode({'place': place, 'done': done} if place else {'done': done})}#targets"


def _typed(ask: Ask) -> tuple[int, float]:
    faults: list[Fault] = []
    year, text = ask.values.get("year", "").strip(), ask.values.get("value", "").strip()
    if not (year.isascii() and year.isdecimal() and len(year) == 4):
        faults.append(Fault("year", f"{year[:20]!r} is no year", "2000 – 2100"))
    value = math.nan
    try:
        value = float(text.replace(" ", "").replace(words.NBSP, "").replace(",", "."))
    except ValueError:
        faults.append(Fault("value", f"{text[:20]!r} is no number", "90; 90,5"))
    else:
        if not math.isfinite(value):
            faults.append(Fault("value", f"{text[:20]!r} is no number", "90; 90,5"))
    if faults:
        raise BadInput("the target cannot be set", faults)
    return int(year), value


_SAID = {
    "the target cannot be set": "Chưa đặt được mục tiêu", "is too long": "dài quá",
}  # fmt: skip


def _wrong(ask: Ask, error: DothiError) -> Filled:
    """The form again, its faults in the reader's words."""
    words_ = {
        "year": ask.say("không phải một năm"),
        "value": ask.say("không phải một số"),
        "place": ask.say("không có nơi này"),
    }
    told = [
        Fault(f.place, words_.get(f.place, ask.say(_SAID.get(f.message, f.message))), f.allowed) for f in error.faults
    ]
    return desk.wrong(ask, words.retold(error, ask.say(_SAID.get(error.message, error.message)), told))
