"""Alarms that stand. They are for those on duty: citizens get warnings, and are told so."""

from dothi.alerts import queue, saying
from dothi.alerts.model import SEVERITIES
from dothi.alerts.standing import Standing
from dothi.answers import model, shown
from dothi.answers.asking import Asking
from dothi.answers.blocks.words import title_of
from dothi.identity import guard


def standing(ask: Asking, rules: list[str]) -> list[Standing]:
    """What stands of some rules, or of the sector: the worst first. at: as it stood then."""
    wanted = queue.Asked(sector=None if rules else ask.sector, unit=ask.place, at=ask.at)
    found = [one for line in queue.queue(ask.session, ask.caller, wanted) for one in line.members]
    kept = [
        one
        for one in found
        if one.active
        and (not rules or one.rule_code in rules)
        and (ask.city is None or ask.city.holds(one.unit_code, one.lon, one.lat))
    ]
    return sorted(kept, key=lambda one: (SEVERITIES.index(one.severity), one.raised_at))


def allowed(ask: Asking) -> bool:
    """Whether the caller may see alarms at all."""
    return guard.may_somewhere(ask.caller, "alarms:read")


def counted(ask: Asking, rules: list[str]) -> shown.Number:
    """How many stand."""
    made = shown.Number("figure", source=ask.say("Hàng đợi cảnh báo của trung tâm điều hành"), href="/operations")
    if not allowed(ask):
        made.why = _not_here(ask)
        made.href = "/warnings"
        return made
    found = standing(ask, rules)
    made.value, made.text, made.count, made.of = float(len(found)), str(len(found)), len(found), len(found)
    made.at, made.simulated = ask.moment, any(one.simulated for one in found)
    worst = found[0].severity if found else None
    made.state = "normal" if worst is None else "minor" if worst == "warning" else worst
    return made


def _not_here(ask: Asking) -> str:
    return ask.say("Cảnh báo vận hành chỉ hiện cho người trực. Cảnh báo phát cho người dân ở trang Cảnh báo.")


def answer(ask: Asking, spec: model.Alarms) -> shown.Rows:
    """The alarms themselves."""
    made = shown.Rows(
        "alarms", title_of(spec, ask, ask.say("Cảnh báo đang mở")), source=ask.say("Hàng đợi cảnh báo của trung tâm điều hành"),
        href="/operations", at=ask.moment,
    )  # fmt: skip
    if not allowed(ask):
        made.why, made.href, made.at = _not_here(ask), "/warnings", None
        return made
    found = standing(ask, spec.rules)
    made.total, made.simulated = len(found), any(one.simulated for one in found)
    made.rows = [
        shown.Row(
            saying.title(one, ask.language), f"/operations/alarms/{one.number}",
            [shown.Cell(ask.say("Số"), one.number)], value=saying.value(one, ask.language),
            state="minor" if one.severity == "warning" else one.severity, word=one.subject_name, at=one.raised_at,
            place=ask.unit_name(one.unit_code), lon=one.lon, lat=one.lat,
        )
        for one in found[: spec.limit]
    ]  # fmt: skip
    if not found:
        made.why = ask.say("Không có cảnh báo nào đang mở.")
    return made
