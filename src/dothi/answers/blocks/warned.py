"""Warnings to the public in force: those of this city and those taken in from others, with level, area and end."""

from collections.abc import Sequence

from dothi.answers import model, shown
from dothi.answers.asking import Asking
from dothi.answers.blocks.words import title_of
from dothi.warnings import service
from dothi.warnings.telling import Told
from dothi.web.i18n import marked

LEVELS = {
    "Extreme": marked("Đặc biệt nguy hiểm"), "Severe": marked("Nguy hiểm"), "Moderate": marked("Cần đề phòng"),
    "Minor": marked("Cần chú ý"), "Unknown": marked("Chưa rõ mức độ"),
}  # fmt: skip


def in_force(ask: Asking, categories: Sequence[str], *, own: bool) -> list[Told]:
    """Those real (no exercise), of some categories, that touch the ward and the city asked about; the gravest first."""
    return [
        one
        for one in service.current(ask.session, ask.caller, ask.at, own=own)
        if not one.exercise and (not categories or one.category in categories) and _here(ask, one)
    ]


def _here(ask: Asking, one: Told) -> bool:
    if ask.place is not None and one.units and ask.place not in one.units:
        return False
    city = ask.city
    return city is None or not one.units or any(city.holds(unit, None, None) for unit in one.units)


def counted(ask: Asking, spec: model.WarningsOf) -> shown.Number:
    """How many are in force; the gravest gives state and name."""
    found = in_force(ask, spec.categories, own=spec.own)
    worst = found[0] if found else None
    made = shown.Number(
        "figure", source=_source(ask, own=spec.own), href="/warnings", api="/cap/current.geojson", at=ask.moment,
        simulated=any(one.simulated for one in found), value=float(len(found)), text=str(len(found)), count=len(found),
        of=len(found),
    )  # fmt: skip
    made.state = "normal" if worst is None else _state(worst)
    if worst is not None:
        made.name, made.word = _headline(worst, ask), ask.say(LEVELS.get(worst.severity, LEVELS["Unknown"]))
    return made


def answer(ask: Asking, spec: model.Warnings) -> shown.Rows:
    """The warnings themselves."""
    made = shown.Rows(
        "warnings", title_of(spec, ask, ask.say("Cảnh báo đang có hiệu lực")), source=_source(ask, own=spec.own),
        href="/warnings", api="/cap/current.geojson", at=ask.moment,
    )  # fmt: skip
    found = in_force(ask, spec.categories, own=spec.own)
    made.total, made.simulated = len(found), any(one.simulated for one in found)
    made.rows = [_row(ask, one) for one in found[: spec.limit]]
    if not found:
        made.why = ask.say("Không có cảnh báo nào đang có hiệu lực.")
    return made


def _row(ask: Asking, one: Told) -> shown.Row:
    info = one.info(ask.language)
    cells = [shown.Cell(ask.say("Mức"), ask.say(LEVELS.get(one.severity, LEVELS["Unknown"])))]
    if where := one.places(ask.language):
        cells.append(shown.Cell(ask.say("Khu vực"), where))
    if info.get("sender_name") or one.sender:
        cells.append(shown.Cell(ask.say("Ai phát"), str(info.get("sender_name") or one.sender)))
    until = ask.moment_words(one.expires_at)
    return shown.Row(
        _headline(one, ask), one.url, cells, value=ask.say("đến {until}", until=until) if until else "", state=_state(one),
        word=str(info.get("event") or ""), at=one.sent_at,
    )  # fmt: skip


def _headline(one: Told, ask: Asking) -> str:
    info = one.info(ask.language)
    return str(info.get("headline") or info.get("event") or one.identifier)


def _state(one: Told) -> str:
    return "minor" if one.tone == "warning" else one.tone


def _source(ask: Asking, *, own: bool) -> str:
    return ask.say("Cảnh báo đã phát theo CAP 1.2") if own else ask.say("Cảnh báo đã phát và đã nhận theo CAP 1.2")
