"""The form on which a warning is written: what it shows, and what somebody wrote into it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dothi.alerts import saying
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.screens import words
from dothi.screens.warnings.desk import Ask
from dothi.warnings import composing, covered, declared, service, store
from dothi.warnings.composing import Composed, Said
from dothi.warnings.declared import Template
from dothi.warnings.tables import Warning_

_TEXTS = ("event", "headline", "description", "instruction")


@dataclass
class Written:
    """The context of `warnings/write.html`. action: where the form goes; alarm: what it was begun from."""

    action: str
    composed: Composed
    template: Template | None
    slots: dict[str, str]
    templates: list[tuple[str, str, str]]  # code, title, sector
    wards: list[dict[str, str]]
    shape: str
    alarm: dict[str, Any] | None = None
    version: int | None = None
    update: bool = False
    fits: list[str] = field(default_factory=list)

    @staticmethod
    def local(micros: int | None) -> str:
        """An instant as `datetime-local` has it, in Vietnam's time."""
        return "" if micros is None else words.field_of(micros)

    def said(self, language: str) -> Said:
        """The texts in a language."""
        return self.composed.said.get(language) or Said()


def blank(ask: Ask) -> Written:
    """A new form: from an alarm (`?alarm=`, its number or id) or a record (`?record=`, its key) and a template, or empty."""
    query = ask.request.query_params
    alarm = _alarm(ask, query.get("alarm", ""))
    led = store.led(ask.session, alarm) if alarm is not None else None
    fits = service.templates_for(alarm.explanation, alarm.sector, led) if alarm is not None else []
    code = query.get("template") or next(iter(fits), "")
    if code and code not in declared.templates():
        raise NotFound(f"no template {code[:60]!r}")
    slots: dict[str, str] = {}
    if alarm is None and code and query.get("record"):
        composed, slots = service.from_record(ask.session, ask.caller, code, query["record"])
    elif alarm is not None:
        composed = service.suggestion(ask.session, ask.caller, alarm.id, code or None)
    elif code:
        composed = service.from_template(ask.session, code, {})
    else:
        composed = Composed({}, expires_at=ask.now + 6 * clock.HOUR)
    if code and alarm is not None:
        slots = _facts(service.facts_of(alarm)["vi"], declared.templates()[code][1])
    if led is not None and led.template == code:
        slots |= led.filling(alarm.severity)
    made = _page(ask, "/operations/warnings", composed, code, slots)
    made.fits, made.alarm = (
        fits,
        None if alarm is None else {"id": alarm.id, "number": alarm.number, "title": saying.title(alarm, ask.language)},
    )
    return made


def again(ask: Ask, row: Warning_) -> Written:
    """The form of a draft that is there already."""
    made = _page(ask, f"/operations/warnings/{row.id}/edit", composed_of(row), row.template or "", {})
    made.version, made.update = row.version, row.msg_type == "Update"
    return made


def given(ask: Ask, action: str) -> tuple[Written, list[Fault]]:
    """What somebody wrote, and what of it cannot be read."""
    values, faults = ask.values, list[Fault]()
    code = values.get("template", "")
    code = code if code in declared.templates() else ""
    slots = {name[5:]: text for name, text in values.items() if name.startswith("slot-")}
    shape: Any = None
    if text := values.get("shape", ""):
        try:
            shape = json.loads(text)
        except (ValueError, RecursionError):
            faults.append(Fault("shape", "is not GeoJSON", "a polygon drawn on the map"))
    composed = Composed(
        {
            language: Said(**{name: values.get(f"{name}_{language}", "") for name in _TEXTS})
            for language in composing.LANGUAGES
        },
        values.get("status", "Actual"), ask.all("category"), ask.all("response"), values.get("urgency", "Unknown"),
        values.get("severity", "Unknown"), values.get("certainty", "Unknown"), _instant(values, "onset", faults),
        _instant(values, "expires", faults), ask.all("unit"), shape,
        {language: values.get(f"shape_name_{language}", "") for language in composing.LANGUAGES} if shape else {},
        values.get("contact", "")[:300], code or None, simulated=bool(values.get("simulated")),
    )  # fmt: skip
    made = _page(ask, action, composed, code, slots)
    made.shape = text
    if alarm := _alarm(ask, values.get("alarm", "")):
        made.alarm = {"id": alarm.id, "number": alarm.number, "title": saying.title(alarm, ask.language)}
    return made, faults


def filled(ask: Ask, made: Written) -> Written:
    """The texts anew from the template and its slots, everything else as it was written."""
    if made.template is None:
        raise BadInput("choose a template first", [Fault("template", "none", "one of the list")])
    alarm = _alarm(ask, ask.values.get("alarm", ""))
    facts = {} if alarm is None else service.facts_of(alarm)
    known = _facts(facts["vi"], made.template) if facts else {}
    before = made.composed
    slots = {**known, **{name: text for name, text in made.slots.items() if text}}
    fresh = service.from_template(
        ask.session, made.template.code, slots, facts=facts, units=before.units, shape_names=before.shape_names,
        onset_at=before.onset_at, expires_at=before.expires_at if before.template == ask.values.get("filled") else None,
    )  # fmt: skip
    made.composed = replace(
        fresh, status=before.status, units=before.units, shape=before.shape, shape_names=before.shape_names,
        contact=before.contact, simulated=before.simulated, onset_at=before.onset_at,
    )  # fmt: skip
    made.slots = slots
    return made


def composed_of(row: Warning_) -> Composed:
    """A kept warning as it can be written on."""
    first: dict[str, Any] = row.infos[0] if row.infos else {}
    said = {one["language"]: Said(**{name: one[name] for name in _TEXTS}) for one in row.infos}
    drawn = next((one for one in row.areas if not one.get("unit")), None)
    return Composed(
        said, row.status, first.get("categories", ()), first.get("responses", ()), first.get("urgency", "Unknown"),
        row.severity, first.get("certainty", "Unknown"), row.onset_at, row.expires_at,
        [one["unit"] for one in row.areas if one.get("unit")], drawn and drawn["geometry"],
        drawn["names"] if drawn else {}, first.get("contact", ""), row.template, row.simulated,
    )  # fmt: skip


def _page(ask: Ask, action: str, composed: Composed, code: str, slots: dict[str, str]) -> Written:
    found = declared.templates()
    shape = "" if composed.shape is None else json.dumps(composed.shape, separators=(",", ":"))
    wards = covered.choices(ask.session)
    known = {one["code"] for one in wards}
    wards += [{"code": c, **names} for c, names in covered.names(ask.session, composed.units).items() if c not in known]
    template = found[code][1] if code in found else None
    return Written(action, composed, template, slots, templates(ask), wards, shape)


def _facts(known: Mapping[str, str], template: Template) -> dict[str, str]:
    return {one.code: known[one.fact] for one in template.slots if one.fact}


def _alarm(ask: Ask, text: str) -> Any:
    if not text:
        return None
    found = store.alarm_named(ask.session, ask.caller, text)
    if found is None:
        raise NotFound(f"no alarm {text[:40]!r} that you may see")
    return found


def _instant(values: Mapping[str, str], name: str, faults: list[Fault]) -> int | None:
    text = values.get(name, "")
    if not text:
        return None
    try:
        return clock.parse(text, clock.VIETNAM)
    except BadInput:
        faults.append(Fault(name, f"{text[:40]!r} is no time", "2026-11-21T14:30"))
        return None


def templates(ask: Ask) -> list[tuple[str, str, str]]:
    """Every template: its code, its title in the reader's language, its sector."""
    return [(one.code, one.title.of(ask.language), sector) for sector, one in declared.templates().values()]
