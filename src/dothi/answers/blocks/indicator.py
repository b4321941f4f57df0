"""An indicator: its value with target, light and receipt; earlier periods; by ward."""

from dothi.answers import model, saying, shown
from dothi.answers.asking import Asking
from dothi.answers.blocks.words import text_of, title_of
from dothi.indicators import reasons
from dothi.indicators import service as indicators
from dothi.indicators.model import Declared
from dothi.indicators.periods import Kind, Period, containing
from dothi.indicators.values import Value
from dothi.kit.errors import BadInput, NotFound
from dothi.sensing.state import number

_LIGHTS = {"good": "normal", "near": "minor", "bad": "major"}


def _known(ask: Asking, code: str) -> Declared | None:
    return indicators.known(ask.session).get(code)


def _period(ask: Asking, one: Declared, kind: str | None) -> str | Period:
    wanted: Kind = kind if kind in one.periods else one.periods[0]
    return wanted if ask.at is None else containing(ask.at, wanted)


def number_of(ask: Asking, code: str, period: str | None) -> shown.Number:
    """An indicator's newest value of a kind of period (or as of the moment asked of), for the ward or the city."""
    one = _known(ask, code)
    if one is None:
        return shown.Number("indicator", code, why=ask.say("Chỉ số này thuộc lĩnh vực chưa bật ở đây."))
    title = one.title.of(ask.language)
    try:
        found = indicators.value(
            ask.session, ask.caller, code, ask.place, _period(ask, one, period or "month"), now=ask.now
        )
    except (NotFound, BadInput) as error:
        return shown.Number("indicator", title, why=error.message, href=f"/indicators/{code}")
    return _number(ask, one, found, title)


def _number(ask: Asking, one: Declared, found: Value, title: str) -> shown.Number:
    made = shown.Number(
        "indicator", title, source=ask.say("Chỉ số “{title}”, kỳ {period}", title=title, period=found.period),
        href=f"/indicators/{one.code}", how=_how(ask, found), at=found.computed_at, simulated=found.simulated, value=found.number,
        text=number(found.number, found.decimals, ask.language), unit=found.unit.shown(ask.language) if found.number is not None else "",
        state=_LIGHTS.get(found.light or ""), name=_place(ask, found),
        receipt=f"/indicators/receipts/{found.receipt_id}" if found.receipt_id else "",
    )  # fmt: skip
    if found.number is None:
        made.why = reasons.said(found.reason, ask.language) or ask.say("Chỉ số này chưa được tính.")
    if found.target is not None:
        value = saying.quantity(found.target.value, found.decimals, found.unit.shown(ask.language), ask.language)
        made.target = ask.say("Mục tiêu {year}: {value}", year=found.target.year, value=value)
    if found.trend is not None:
        made.trend = {"up": ask.say("xu hướng tăng"), "down": ask.say("xu hướng giảm"), "flat": ask.say("ổn định")}[
            found.trend.way
        ]
    return made


def _place(ask: Asking, found: Value) -> str:
    return (found.place.name_en if ask.language == "en" else None) or found.place.name


def _how(ask: Asking, found: Value) -> str:
    parts = []
    if found.coverage is not None:
        parts.append(ask.say("đủ {share} % số liệu", share=number(100 * min(1.0, found.coverage), 0, ask.language)))
    if found.state == "thin":
        parts.append(reasons.said(found.reason or "thin", ask.language))
    if found.running:
        parts.append(ask.say("kỳ chưa hết"))
    if found.carried:
        parts.append(ask.say("quy đổi theo đơn vị hành chính hiện nay"))
    return ", ".join(parts)


def answer(ask: Asking, spec: model.Indicator) -> shown.Number:
    """The value, and the sentence that answers with it."""
    made = number_of(ask, spec.code, spec.period)
    made.title = title_of(spec, ask, made.title)
    if made.value is None:
        made.state, made.why = "nodata", text_of(spec.missing, ask.language) or made.why
        return made
    value = f"{made.text}{saying.NBSP}{made.unit}" if made.unit else made.text
    slots = saying.Slots(
        value, made.text, "", "", made.name, "", ask.moment_words(made.at), ask.age_words(made.at),
        ask.unit_name(ask.place) or ask.say("thành phố"),
    )  # fmt: skip
    made.sentence, state = saying.said(spec.says, made.value, slots, ask.language)
    made.state = state or made.state
    return made


def beside(ask: Asking, spec: model.Indicator) -> list[shown.Shown]:
    """What a block asks for beside the value: earlier periods, and by ward."""
    one = _known(ask, spec.code)
    if one is None:
        return []
    made: list[shown.Shown] = []
    try:
        if spec.history:
            made.append(_history(ask, one, spec))
        if spec.places:
            made.append(_places(ask, one, spec))
    except (NotFound, BadInput):
        return made
    return made


def _bars(ask: Asking, one: Declared, found: list[Value], head: str, *, moving: bool) -> shown.Bars:
    bars = [
        shown.Bar(one_.period if moving else _place(ask, one_), one_.number, number(one_.number, one_.decimals, ask.language),
                  state=None if moving else _LIGHTS.get(one_.light or ""))
        for one_ in found if moving or one_.number is not None
    ]  # fmt: skip
    top = max((abs(bar.value) for bar in bars if bar.value is not None), default=0.0)
    for bar in bars:
        bar.share = abs(bar.value or 0.0) / top if top else 0.0
    title = one.title.of(ask.language)
    made = shown.Bars(
        "bars", head, source=ask.say("Chỉ số “{title}”", title=title), href=f"/indicators/{one.code}",
        at=max((v.computed_at for v in found if v.computed_at is not None), default=None),
        simulated=any(v.simulated for v in found), bars=bars, unit=found[0].unit.shown(ask.language) if found else "", moving=moving,
        head=ask.say("Kỳ") if moving else ask.say("Phường, xã"),
    )  # fmt: skip
    if top == 0.0:
        made.why = ask.say("Chưa có kỳ nào được tính.") if moving else ask.say("Chưa tính theo phường, xã.")
    return made


def _history(ask: Asking, one: Declared, spec: model.Indicator) -> shown.Bars:
    kind: Kind = spec.period if spec.period in one.periods else one.periods[0]
    last = containing(ask.moment, kind)
    found = indicators.series(
        ask.session, ask.caller, one.code, ask.place, kind, last.before(spec.history - 1).start, last.end
    )
    return _bars(ask, one, list(found), ask.say("Các kỳ trước"), moving=True)


def _places(ask: Asking, one: Declared, spec: model.Indicator) -> shown.Bars:
    found = indicators.by_place(ask.session, ask.caller, one.code, _period(ask, one, spec.period))
    ranked = sorted(found, key=lambda value: -(value.number or 0.0))
    return _bars(ask, one, ranked, ask.say("Theo phường, xã"), moving=False)
