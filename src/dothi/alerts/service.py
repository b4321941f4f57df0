"""What people do with alarms. Every verb appends the alarm's event and its journal entry in the same transaction.

Acting needs alarms:handle in the agency of each alarm; an alarm that is not visible does not exist. `versions` names
the version of each alarm the caller looked at: if another hand was quicker, nothing at all is done (Conflict).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from dothi.alerts import store
from dothi.alerts.news import tell
from dothi.alerts.tables import Alarm, AlarmEvent
from dothi.identity import guard
from dothi.identity import store as people
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault, NotFound
from dothi.kit.text import nfc
from dothi.sensing.sectors import sectors

LONGEST_SHELF = 7 * clock.DAY
TEXT = 2000  # characters of a comment or reason
MOST = 5000  # alarms of one call
HOW = {
    "condition": ("Đã trở lại bình thường", "Back to normal"),
    "schedule": ("Hết giờ theo dõi", "Outside the hours of the rule"),
    "quiet": ("Không còn số liệu", "Nothing came any more"),
    "by-hand": ("Trực ban kết thúc", "Ended by the duty officer"),
    "rule-off": ("Quy tắc đã tắt hoặc thay đổi", "The rule was switched off or changed"),
    "gone": ("Đối tượng không còn", "Its subject is no more"),
    "withdrawn": ("Rút lại: số liệu đến muộn cho thấy không xảy ra", "Withdrawn: late data showed it never was"),
}
Versions = Mapping[int, int] | Sequence[int] | None


def alarm(session: Session, caller: Caller, number_or_id: str | int) -> Alarm:
    """One alarm by its number (CB-26-00012) or id. Raises NotFound."""
    found = store.alarm(session, caller, number_or_id)
    if found is None:
        raise NotFound(f"there is no alarm {number_or_id}")
    return found


def events(session: Session, caller: Caller, id_: int, known: int | None = None) -> list[AlarmEvent]:
    """What happened to an alarm, oldest first; known: only what had been noticed by then (µs UTC)."""
    return store.events(session, alarm(session, caller, id_).id, known)


def explanation(session: Session, caller: Caller, id_: int, severity: str | None = None) -> dict[str, Any]:
    """Why an alarm was raised, as the rule engine wrote it down, with the rule as it read then and links to the values.

    severity: why it became so severe; `first` then holds what it began with, where that was another severity.
    The evidence holds the observations the caller may see, each with `received_at` and `href`, and with the property
    it is of (`property`: sensing.sectors.Property, None where no pack knows it).
    """
    one = alarm(session, caller, id_)
    said = dict(one.explanation or {})
    steps = said.pop("steps", {})
    if severity is not None and said.get("severity") != severity and severity in steps:
        said = {**steps[severity], "first": {"severity": said.get("severity"), "words": said.get("words", {})}}
    evidence = [dict(value) for value in said.get("evidence", [])]
    seen = store.seen_streams(session, caller, (int(value["stream"]) for value in evidence))
    evidence = [value for value in evidence if value["stream"] in seen]
    got = store.received(session, [(int(value["stream"]), int(value["at"])) for value in evidence])
    for value in evidence:
        stream, at = int(value["stream"]), int(value["at"])
        value["property"] = sectors().property_of(*seen[stream])
        value["received_at"] = got.get((stream, at))
        value["href"] = f"/sta/v1.1/Observations('{stream}-{at}')"
        value["stream_href"] = f"/sta/v1.1/Datastreams({stream})"
    version = store.definition(session, one.rule_id, one.rule_version)
    return {
        **said, "evidence": evidence, "rule": one.rule_code, "version": one.rule_version,
        "definition": version.definition if version else None,
    }  # fmt: skip


def acknowledge(
    session: Session, caller: Caller, ids: Sequence[int], comment: str | None = None, versions: Versions = None
) -> list[Alarm]:
    """Take notice of some alarms; those acknowledged already stay as they are."""
    found, now = _held(session, caller, ids, versions), clock.now_micros()
    note = _text(comment, "comment", needed=False)
    for one in found:
        if not one.acknowledged:
            one.acknowledged, one.acknowledged_at, one.acknowledged_by = True, now, caller.actor
            _done(session, caller, one, "acknowledged", now, {"text": note} if note else None)
    return found


def unacknowledge(
    session: Session, caller: Caller, ids: Sequence[int], comment: str | None = None, versions: Versions = None
) -> list[Alarm]:
    """Give notice back: the alarms ring again."""
    found, now = _held(session, caller, ids, versions), clock.now_micros()
    note = _text(comment, "comment", needed=False)
    for one in found:
        if one.acknowledged:
            one.acknowledged, one.acknowledged_at, one.acknowledged_by = False, None, None
            _done(session, caller, one, "unacknowledged", now, {"text": note} if note else None)
    return found


def assign(
    session: Session, caller: Caller, ids: Sequence[int], person_id: int | None, versions: Versions = None
) -> list[Alarm]:
    """Put some alarms into a person's hands, or (None) into nobody's."""
    found, now = _held(session, caller, ids, versions), clock.now_micros()
    person = people.person(session, person_id) if person_id is not None else None
    if person_id is not None and (person is None or not person.active):
        raise BadInput("nobody to give it to", [Fault("person_id", f"there is no person {person_id}")])
    for one in found:
        if one.assignee_id != person_id:
            one.assignee_id = person_id
            _done(
                session, caller, one, "assigned", now, {"person_id": person_id, "name": person.name if person else None}
            )
    return found


def comment(session: Session, caller: Caller, ids: Sequence[int], text: str) -> list[Alarm]:
    """Write something down about some alarms."""
    found, now = _held(session, caller, ids, None), clock.now_micros()
    said = _text(text, "text", needed=True)
    for one in found:
        _done(session, caller, one, "commented", now, {"text": said})
    return found


def clear(session: Session, caller: Caller, ids: Sequence[int], reason: str, versions: Versions = None) -> list[Alarm]:
    """End some alarms by hand: acknowledged and over. The next value that fulfils the rule raises again."""
    found, now = _held(session, caller, ids, versions), clock.now_micros()
    why = _text(reason, "reason", needed=True)
    for one in found:
        if one.active:
            one.active, one.cleared_how = False, "by-hand"
            one.cleared_at = max(now, one.raised_at)
            one.cleared_noticed_at = now
            if not one.acknowledged:
                one.acknowledged, one.acknowledged_at, one.acknowledged_by = True, now, caller.actor
            _done(session, caller, one, "cleared", now, {"how": "by-hand", "text": why, "acknowledged": True})
    return found


def shelve(
    session: Session, caller: Caller, ids: Sequence[int], until: int | None, reason: str, versions: Versions = None
) -> list[Alarm]:
    """Keep some alarms, and what their rule raises at the same subjects meanwhile, from ringing; until None: no longer.

    until: µs UTC, at most 7 days ahead.
    """
    found, now = _held(session, caller, ids, versions), clock.now_micros()
    faults: list[Fault] = []
    if until is not None and not now < until <= now + LONGEST_SHELF:
        faults.append(Fault("until", clock.iso(until), f"later than now, until {clock.iso(now + LONGEST_SHELF)}"))
    why = _text(reason, "reason", needed=until is not None, faults=faults)
    for one in found:
        if until is not None or one.shelved_until is not None:
            one.shelved_until = until
            if until is not None:
                one.suppressed = "shelved"
            elif one.suppressed == "shelved":
                one.suppressed = None
            said = {"until": until, "text": why, "suppressed": one.suppressed}
            _done(session, caller, one, "shelved", now, said)
    return found


def _held(session: Session, caller: Caller, ids: Sequence[int], versions: Versions) -> list[Alarm]:
    """The alarms, locked and in the order asked for; every fault at once."""
    if not guard.may_somewhere(caller, "alarms:handle"):
        guard.require(caller, "alarms:handle")
    wanted = list(dict.fromkeys(ids))
    if not wanted or len(wanted) > MOST:
        raise BadInput(
            "no alarm is named" if not wanted else "too many alarms",
            [Fault("ids", f"{len(wanted)} alarms", f"1 to {MOST}")],
        )
    found = {one.id: one for one in store.held(session, caller, wanted)}
    missing = [id_ for id_ in wanted if id_ not in found]
    if missing:
        raise NotFound("not all of these alarms exist", [Fault("ids", f"there is no alarm {id_}") for id_ in missing])
    for one in found.values():
        guard.require(caller, "alarms:handle", one.agency_id)
    told = versions if isinstance(versions, Mapping) else dict(zip(ids, versions or (), strict=False))
    changed = [one for one in found.values() if one.id in told and told[one.id] != one.version]
    if changed:
        raise Conflict(
            "somebody was quicker; look again",
            [Fault(one.number, f"it is in version {one.version} now, not {told[one.id]}") for one in changed],
        )
    return [found[id_] for id_ in wanted]


def _done(session: Session, caller: Caller, one: Alarm, kind: str, now: int, said: dict[str, Any] | None) -> None:
    one.version += 1
    one.changed_at = now
    session.flush()
    tell(session, one, kind, actor=caller.actor, at=now, noticed_at=now, event=said)


def _text(given: str | None, place: str, *, needed: bool, faults: list[Fault] | None = None) -> str:
    found = [] if faults is None else faults
    said = nfc(given or "").strip()
    if needed and not said:
        found.append(Fault(place, "says nothing", f"1 to {TEXT} characters"))
    if len(said) > TEXT:
        found.append(Fault(place, f"{len(said)} characters are too many", f"1 to {TEXT} characters"))
    if found:
        raise BadInput("what is said does not do", found)
    return said
