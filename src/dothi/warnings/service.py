"""Warnings to the public: composed by one person, approved by another, published, updated, cancelled.

States: draft → asked → published → superseded | cancelled | expired; asked → refused → draft; draft → dropped.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import shapely
from sqlalchemy.orm import Session

from dothi.alerts import saying as spoken
from dothi.alerts.model import Warns
from dothi.alerts.tables import Alarm
from dothi.config import settings
from dothi.datasets import reading, views
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import bus, clock, geo
from dothi.kit.errors import BadInput, Conflict, DothiError, Fault, NotAllowed, NotFound
from dothi.warnings import areas, composing, covered, declared, rules, saying, signing, store, writing
from dothi.warnings.composing import Composed, Said
from dothi.warnings.news import WarningPublished
from dothi.warnings.tables import Warning_
from dothi.warnings.telling import Told, told

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # what is not mistaken for another on the telephone
DRAFT, APPROVE = "warnings:draft", "warnings:approve"


class NotSecondPerson(NotAllowed):
    """Who wrote a warning does not approve it."""


class CannotStep(DothiError):
    """The warning is not in a state in which this can be done."""

    status = 409


def draft(
    session: Session, caller: Caller, composed: Composed, *, alarm_id: int | None = None, agency_id: int | None = None
) -> Warning_:
    """Keep a draft. Raises BadInput with every fault of what cannot be kept."""
    agency_id = caller.agency_id if agency_id is None else agency_id
    guard.require(caller, DRAFT, agency_id)
    if alarm_id is not None and store.alarm(session, caller, alarm_id) is None:
        raise NotFound(f"no alarm {alarm_id} that you may see")
    made = Warning_(
        identifier=f"draft-{secrets.token_hex(16)}", sender=signing.sender(), inbound=False, feed="", state="draft",
        msg_type="Alert", scope="Public", references=[], alarm_id=alarm_id, agency_id=agency_id, signed=False, version=1,
        **_content(session, caller, composed),
    )  # fmt: skip
    session.add(made)
    session.flush()
    made.chain_id = made.id
    session.flush()
    saying.desk(session, "warnings.message.drafted", caller, made)
    return made


def from_alarm(session: Session, caller: Caller, alarm_id: int, template: str | None = None) -> Warning_:
    """Keep a draft filled from an alarm by a template (None: the first that fits it)."""
    return draft(session, caller, suggestion(session, caller, alarm_id, template), alarm_id=alarm_id)


def suggestion(session: Session, caller: Caller, alarm_id: int, template: str | None = None) -> Composed:
    """What a draft from an alarm would say; nothing is kept."""
    alarm = store.alarm(session, caller, alarm_id)
    if alarm is None:
        raise NotFound(f"no alarm {alarm_id} that you may see")
    led = store.led(session, alarm)
    code = template or next(iter(templates_for(alarm.explanation, alarm.sector, led)), None)
    units = [alarm.unit_code] if alarm.unit_code else []
    made = Composed(
        {"vi": Said(alarm.title, alarm.title), "en": Said(alarm.title_en or "", alarm.title_en or "")},
        expires_at=clock.now_micros() + 6 * clock.HOUR,
    )  # fmt: skip
    if code is not None:
        slots = led.filling(alarm.severity) if led is not None and led.template == code else {}
        made = from_template(session, code, slots, facts=facts_of(alarm), units=units)
    return replace(made, units=units, simulated=alarm.simulated, status="Exercise" if alarm.exercise else "Actual")


def facts_of(alarm: Alarm) -> dict[str, dict[str, str]]:
    """What an alarm tells the slots of a template that name a fact, by language."""
    return {
        language: {
            "subject": alarm.subject_name, "value": spoken.value(alarm, language), "limit": spoken.limit(alarm, language),
        }
        for language in composing.LANGUAGES
    }  # fmt: skip


def templates_for(explanation: Mapping[str, Any] | None, sector: str | None, led: Warns | None = None) -> list[str]:
    """Codes of the templates that fit an alarm: what its rule names, then by the property watched, then by sector."""
    prop = str((explanation or {}).get("property") or "")
    found = declared.templates()
    named = [led.template] if led is not None and led.template in found else []
    named += [code for code, (_, one) in found.items() if prop and prop in one.properties and code not in named]
    return named + [code for code, (of, _) in found.items() if of == sector and code not in named]


def leads(session: Session, caller: Caller, alarm: Alarm) -> str | None:
    """The template of the warning an alarm is to be told with by its rule; None where there is none, or one was written.

    For those who may write warnings; whether to send one is theirs and a second person's to decide.
    """
    led = store.led(session, alarm)
    if led is None or not alarm.active or led.template not in declared.templates() or not led.speaks_of(alarm.severity):
        return None
    if not guard.may_somewhere(caller, DRAFT) or store.of_alarm(session, caller, alarm.id):
        return None
    return led.template


def from_template(
    session: Session, code: str, slots: Mapping[str, str], *, facts: Mapping[str, Mapping[str, str]] | None = None,
    units: Sequence[str] = (), shape_names: Mapping[str, str] | None = None, onset_at: int | None = None,
    expires_at: int | None = None,
) -> Composed:  # fmt: skip
    """A template filled: slots by code, facts for the slots that name one, places and times said in each language.

    facts: by language. A slot given as the Vietnamese fact reads is that fact, and so English in the English text.
    """
    if code not in declared.templates():
        raise NotFound(f"no template {code[:60]!r}")
    _, template = declared.templates()[code]
    now = clock.now_micros()
    begins = now if onset_at is None else onset_at
    ends = begins + int(template.hours * clock.HOUR) if expires_at is None else expires_at
    facts = facts or {}
    told = {
        language: {one.code: said[one.fact] for one in template.slots if one.fact and one.fact in said}
        for language, said in facts.items()
    }  # fmt: skip
    own = {code: text for code, text in slots.items() if told.get("vi", {}).get(code) != text}
    named = covered.names(session, units)
    said = {}
    for language in composing.LANGUAGES:
        places = [one[language] for one in named.values()]
        if language == "vi":  # within a sentence a kind of unit is written small: phường Long An
            places = [name[:1].lower() + name[1:] for name in places]
        places += [(shape_names or {}).get(language, "")] if shape_names else []
        always = {
            "areas": ", ".join(filter(None, places)), "onset": saying.when(begins, language),
            "expires": saying.when(ends, language),
        }  # fmt: skip
        said[language] = Said(**declared.filled(template, {**told.get(language, {}), **own, **always}, language))
    return Composed(
        said, "Actual", template.category, template.response, template.urgency, template.severity, template.certainty,
        onset_at, ends, units, None, shape_names or {}, "", code,
    )  # fmt: skip


def from_record(session: Session, caller: Caller, code: str, key: str) -> tuple[Composed, dict[str, str]]:
    """A template filled from a record of its dataset, with the slots the record fills; nothing is kept."""
    _, template = declared.templates().get(code, ("", None))
    if template is None or template.record is None:
        raise NotFound(f"no template {code[:60]!r} that is written from a record")
    view = views.view(caller, template.record)
    found = reading.one(view, key, session=session)
    if found is None:
        raise NotFound(f"no record {key[:60]!r} of {template.record}")
    properties = found["properties"]
    slots: dict[str, str] = {}
    for slot in template.slots:
        field, value = (view.field(slot.field), properties.get(slot.field)) if slot.field else (None, None)
        if field is not None and value is not None:
            chosen = any(choice.code == str(value) for choice in slot.choices)
            slots[slot.code] = str(value) if chosen else field.named(value) or str(value)
    begins, ends = (_moment(view, properties, role) for role in ("valid-from", "valid-until"))
    units, shape, names = _ground(found)
    made = from_template(session, code, slots, units=units, shape_names=names, onset_at=begins, expires_at=ends)
    return replace(made, shape=shape, simulated=view.simulated), slots


def _moment(view: views.View, properties: Mapping[str, Any], role: str) -> int | None:
    field = next((one for one in view.fields if one.role == role), None)
    value = properties.get(field.name) if field is not None else None
    return clock.parse(str(value), clock.VIETNAM) if value else None


def _ground(found: Mapping[str, Any]) -> tuple[list[str], Mapping[str, Any] | None, dict[str, str]]:
    """The ward of a point, or the outline of an area, as a warning has them."""
    geometry = json.loads(found["geojson"]) if found.get("geojson") else None
    if geometry and geometry["type"] in ("Polygon", "MultiPolygon"):
        return [], geometry, {"vi": "vùng của bản tin", "en": "the area of the bulletin"}
    return [found["unit_code"]] if found.get("unit_code") else [], None, {}


def edit(session: Session, caller: Caller, id_: int, composed: Composed, version: int) -> Warning_:
    """Write a draft anew; what was asked for must be asked for again, and its words are now the caller's."""
    row = one(session, caller, id_)
    guard.require(caller, DRAFT, row.agency_id)
    if row.msg_type == "Cancel":
        raise CannotStep("a cancellation is not rewritten; drop it and cancel again")
    if row.msg_type == "Update" and composed.status != row.status:
        raise BadInput("an update has the status of what it updates", [Fault("status", composed.status, row.status)])
    values = {**_content(session, caller, composed), "state": "draft", "decided_by": None, "decided_at": None}
    _step(session, row, version, store.OPEN, values)
    row = one(session, caller, id_)
    saying.desk(session, "warnings.message.edited", caller, row)
    return row


def ask(session: Session, caller: Caller, id_: int, version: int) -> Warning_:
    """Ask for a second person's approval. Raises BadInput with everything that is missing."""
    row = one(session, caller, id_)
    guard.require(caller, DRAFT, row.agency_id)
    _ready(row, clock.now_micros())
    _step(session, row, version, ("draft", "refused"), {"state": "asked", "decision_note": None})
    row = one(session, caller, id_)
    saying.desk(session, "warnings.message.asked", caller, row)
    return row


def approve(session: Session, caller: Caller, id_: int, version: int) -> Warning_:
    """Publish what somebody else wrote: numbered, signed, in force from this moment.

    version: of what the approver has read; had anything changed since, Conflict. Raises NotSecondPerson for who
    wrote it, whatever else they may.
    """
    row = one(session, caller, id_)
    _decides(caller, row)
    now = clock.now_micros() // clock.SECOND * clock.SECOND
    _ready(row, now)
    local = clock.local(now)
    identifier = f"{local:%Y%m%d%H%M}-{''.join(secrets.choice(_ALPHABET) for _ in range(8))}"
    before = store.sent_of_chain(session, row.chain_id or row.id) if row.msg_type != "Alert" else []
    row.references = [{"sender": it.sender, "identifier": it.identifier, "sent": it.sent_at} for it in before]
    agency = store.agency(session, row.agency_id)
    sender_names = {} if agency is None else {"vi": agency.name, "en": agency.name_en or agency.name}
    web = settings().public_url and f"{settings().public_url.rstrip('/')}/warnings/{identifier}"  # type: ignore[union-attr]
    alert = composing.message(row, now, identifier, sender_names, web or None)
    rules.check(alert)
    xml = writing.document(signing.sign(writing.element(alert))).decode()
    named = [{**it, "sender_name": sender_names.get(it["language"]) or sender_names.get("vi", "")} for it in row.infos]
    values = {
        "state": "published", "identifier": identifier, "references": row.references, "infos": named, "xml": xml,
        "sent_at": now, "effective_at": now, "signed": True, "decided_by": caller.actor, "decided_at": now,
    }  # fmt: skip
    session.expire(row)
    _step(session, row, version, ("asked",), values, Warning_.drafted_by != caller.actor)
    row = one(session, caller, id_)
    if row.msg_type != "Alert":
        state = "superseded" if row.msg_type == "Update" else "cancelled"
        if not store.end_chain(session, row.chain_id or row.id, row.id, state, now):
            raise Conflict(
                "what this message is about is over already: it ran out, or was updated or cancelled meanwhile"
            )
    saying.desk(session, "warnings.message.approved", caller, row)
    saying.public(session, "warnings.message.published", row)
    saying.subscribers(session, row)
    bus.say(session, WarningPublished(row.id, row.identifier, row.msg_type, row.status))
    return row


def refuse(session: Session, caller: Caller, id_: int, reason: str, version: int) -> Warning_:
    """Send what was asked back to its author with the reason."""
    row = one(session, caller, id_)
    _decides(caller, row)
    if not reason.strip():
        raise BadInput("say why it is refused", [Fault("reason", "is empty", "what has to change")])
    now = clock.now_micros()
    values = {"state": "refused", "decision_note": reason.strip()[:2000], "decided_by": caller.actor, "decided_at": now}
    _step(session, row, version, ("asked",), values, Warning_.drafted_by != caller.actor)
    row = one(session, caller, id_)
    saying.desk(session, "warnings.message.refused", caller, row, {"reason": row.decision_note})
    return row


def drop(session: Session, caller: Caller, id_: int, version: int) -> None:
    """Give up what was not published."""
    row = one(session, caller, id_)
    guard.require(caller, DRAFT, row.agency_id)
    _step(session, row, version, store.OPEN, {"state": "dropped"})
    saying.desk(session, "warnings.message.dropped", caller, row)


def update(session: Session, caller: Caller, id_: int) -> Warning_:
    """Begin an update of what is in force: a draft with the same content, to be edited, asked and approved."""
    base = _in_force(session, caller, id_)
    return _next(session, caller, base, "Update", "draft", list(base.infos))


def cancel(session: Session, caller: Caller, id_: int, reasons: Mapping[str, str]) -> Warning_:
    """Ask that what is in force be cancelled; a second person approves it. reasons: by language, vi at least."""
    base = _in_force(session, caller, id_)
    if not reasons.get("vi", "").strip():
        raise BadInput("say why it is cancelled", [Fault("reason_vi", "is empty", "why it is over")])
    made = _next(session, caller, base, "Cancel", "asked", composing.ended(base, reasons))
    saying.desk(session, "warnings.message.asked", caller, made)
    return made


def expire(session: Session, now: int | None = None) -> int:
    """Mark what ran out by itself; how many did."""
    now = clock.now_micros() if now is None else now
    over = store.end_expired(session, now)
    for row in over:
        if not row.inbound:
            saying.public(session, "warnings.message.expired", row)
    return len(over)


def one(session: Session, caller: Caller, id_: int) -> Warning_:
    """One of our own warnings the caller works at; NotFound alike for none and for another agency's."""
    row = store.get(session, caller, id_)
    if row is None:
        raise NotFound(f"no warning {id_} that you may see")
    return row


def current(
    session: Session, caller: Caller, at: int | None = None, bbox: store.Box | None = None, *,
    known: int | None = None, own: bool = False,
) -> list[Told]:  # fmt: skip
    """What is in force at an instant (None: now) as known at another, the gravest first: ours and others'.

    Exercises and tests are among them, `exercise` says so. own: ours only.
    """
    now = clock.now_micros() if at is None else at
    return [told(row) for row in store.current(session, caller, now, known, bbox, own=own)]


def waiting(session: Session, caller: Caller) -> list[Told]:
    """Those of our warnings that wait for a second person, as far as the caller may see them."""
    return [told(row) for row in store.at_desk(session, caller, ("asked",))]


def of_alarm(session: Session, caller: Caller, alarm_id: int) -> list[Told]:
    """Our warnings composed from an alarm, as far as the caller may see them."""
    return [told(row) for row in store.of_alarm(session, caller, alarm_id)]


def why_not(caller: Caller, row: Warning_) -> str | None:
    """Why this caller does not approve this warning: `author`, `person`, `permission`; None: they may."""
    if not guard.may(caller, APPROVE, row.agency_id):
        return "permission"
    if caller.kind != "person":
        return "person"
    return "author" if row.drafted_by == caller.actor else None


def _decides(caller: Caller, row: Warning_) -> None:
    guard.require(caller, APPROVE, row.agency_id)
    reason = why_not(caller, row)
    if reason == "author":
        raise NotSecondPerson("whoever wrote a warning does not approve it; a second person does")
    if reason == "person":
        raise NotSecondPerson("a warning is approved by a person, signed in as themselves")


def _ready(row: Warning_, now: int) -> None:
    if missing := list(composing.unready(row, now)):
        raise BadInput("the warning is not ready", missing)


def _step(
    session: Session, row: Warning_, version: int, states: Sequence[str], values: dict[str, Any], *where: Any
) -> None:
    """Change a row that is still as the caller saw it. One of two who step at once is refused."""
    id_, state = row.id, row.state
    if store.change(session, id_, version, states, values, *where):
        return
    if state not in states:
        raise CannotStep(f"the warning is {state}; this is done while it is {' or '.join(states)}")
    raise Conflict("somebody changed this warning meanwhile; read it again")


def _in_force(session: Session, caller: Caller, id_: int) -> Warning_:
    base = one(session, caller, id_)
    guard.require(caller, DRAFT, base.agency_id)
    over = base.expires_at is not None and base.expires_at <= clock.now_micros()
    if base.state != "published" or base.msg_type == "Cancel" or over:
        raise CannotStep("only a warning that is in force is updated or cancelled")
    if store.successor(session, base.chain_id or base.id):
        raise CannotStep("an update or a cancellation of this warning is being prepared already")
    return base


def _next(
    session: Session, caller: Caller, base: Warning_, msg_type: str, state: str, infos: list[dict[str, Any]]
) -> Warning_:
    kept = (
        "scope", "areas", "category", "units", "alarm_id", "template", "west", "south", "east", "north", "onset_at",
        "expires_at", "agency_id", "status", "severity", "simulated",
    )  # fmt: skip
    made = Warning_(
        identifier=f"draft-{secrets.token_hex(16)}", sender=base.sender, inbound=False, feed="", state=state,
        msg_type=msg_type, chain_id=base.chain_id or base.id, infos=infos, drafted_by=caller.actor,
        drafted_at=clock.now_micros(), signed=False, version=1,
        references=[{"sender": base.sender, "identifier": base.identifier, "sent": base.sent_at}],
        **{name: getattr(base, name) for name in kept},
    )  # fmt: skip
    session.add(made)
    session.flush()
    saying.desk(session, "warnings.message.drafted", caller, made)
    return made


def _content(session: Session, caller: Caller, composed: Composed) -> dict[str, Any]:
    """What of a row the composed texts decide. Raises BadInput with every fault."""
    wrong = list(composing.faults(composed, clock.now_micros()))
    made: list[dict[str, Any]] = []
    try:
        made = _areas(session, composed)
    except BadInput as error:
        wrong += error.faults
    if wrong:
        raise BadInput("this warning cannot be kept", wrong)
    shapes = [geo.from_geojson(it["geometry"]) for it in made]
    west, south, east, north = areas.bounds(shapes) or (None, None, None, None)
    return {
        "status": composed.status, "infos": composing.infos(composed), "areas": made, "severity": composed.severity,
        "category": next(iter(composed.categories), "Other"), "template": composed.template,
        "units": covered.units(session, shapes, composed.units), "west": west, "south": south, "east": east,
        "north": north, "onset_at": composed.onset_at, "expires_at": composed.expires_at,
        "simulated": composed.simulated, "drafted_by": caller.actor, "drafted_at": clock.now_micros(),
    }  # fmt: skip


def _areas(session: Session, composed: Composed) -> list[dict[str, Any]]:
    """One area a ward, one for what was drawn; each outline small enough for every receiver."""
    made = covered.wards(session, composed.units)
    if composed.shape is not None:
        shape = areas.covering(areas.drawn(composed.shape))
        names = {language: (composed.shape_names.get(language) or "").strip() for language in composing.LANGUAGES}
        fallback = {"vi": "Khu vực khoanh trên bản đồ", "en": "Area drawn on the map"}
        made.append({
            "unit": None, "names": {language: names[language] or fallback[language] for language in names},
            "geometry": geo.to_geojson(shapely.force_2d(shape)),
        })  # fmt: skip
    return made
