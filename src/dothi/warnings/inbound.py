"""Others' messages: who may be believed, what is taken, and what becomes of the earlier ones.

A message is believed for its feed alone. What it updates or cancels must be of the same sender, the same status and
come from the same feed, so that nobody ends another's warning, and an exercise never ends a real one.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from dothi.kit import bus, clock, geo
from dothi.kit.errors import BadInput, DothiError, Fault
from dothi.warnings import areas, covered, parsing, reading, rules, saying, signing, store
from dothi.warnings.composing import GEOCODE
from dothi.warnings.model import SEVERITIES, Alert, Info
from dothi.warnings.news import WarningReceived
from dothi.warnings.tables import CapFeed, Warning_

MOST_BYTES = 512 * 1024
_AHEAD = 10 * 60 * clock.SECOND  # clocks differ; more is a message from the future
_OLDEST = 7 * clock.DAY  # what ended longer ago is history somebody sends again
_WITHOUT_END = clock.DAY  # 3.2.2: without expires each recipient sets its own policy
_MOST_AREAS = 200
_POINTS = 300
_FOLLOWED = ("Actual", "Exercise", "System", "Test")
# breaches that make a message unusable or dangerous; the others are lived with, as senders differ
_GRAVE = ("identifier", "sender", "status", "msgType", "scope", "references", "addresses", "restriction")


class NotBelieved(DothiError):
    """The message is not one its feed may send."""

    status = 403


@dataclass(frozen=True)
class Taken:
    """What became of a message: `new`, `known`, `old` (over before it came), `ignored` (an Ack, an Error, a Draft)."""

    outcome: str
    identifier: str
    warning_id: int | None = None


def take(session: Session, feed: CapFeed, body: bytes, now: int) -> Taken:
    """Take one message of a feed. Raises DothiError in words for what is not taken; nothing is kept then."""
    root = parsing.parse(body, MOST_BYTES)
    if feed.certificate:
        root = signing.verified(root, feed.certificate)  # only what was signed is read
    alert = reading.alert(root)
    _believe(feed, alert, now)
    grave = [one for one in rules.breaches(alert) if one.place.partition(".")[0] in _GRAVE]
    if grave:
        raise BadInput("the message breaks the rules of CAP 1.2", grave)
    before = store.received(session, feed.code, alert.sender, alert.identifier)
    if before is not None:
        _same(before, alert)
        return Taken("known", alert.identifier, before.id)
    if alert.status not in _FOLLOWED or alert.msg_type in ("Ack", "Error"):
        return Taken("ignored", alert.identifier)
    expires = max((one.expires or alert.sent + _WITHOUT_END for one in alert.infos), default=alert.sent + _WITHOUT_END)
    if expires < now - _OLDEST:
        return Taken("old", alert.identifier)
    row = _row(session, feed, alert, expires, now, body)
    session.add(row)
    session.flush()
    row.chain_id = _follow(session, feed, alert, row)
    session.flush()
    saying.public(session, "warnings.message.received", row)
    bus.say(session, WarningReceived(row.id, feed.code, alert.msg_type))
    return Taken("new", alert.identifier, row.id)


def _believe(feed: CapFeed, alert: Alert, now: int) -> None:
    if alert.sender == signing.sender():
        raise NotBelieved(f"the message says that it is from us ({alert.sender}); we did not send it")
    if feed.senders and alert.sender not in feed.senders:
        raise NotBelieved(
            f"the feed {feed.code} does not speak for {alert.sender[:120]!r}",
            [Fault("sender", f"{alert.sender[:120]!r}", ", ".join(map(str, feed.senders)))],
        )
    if alert.sent > now + _AHEAD:
        raise NotBelieved(
            "the message was sent in the future", [Fault("sent", clock.iso(alert.sent), f"not after {clock.iso(now)}")]
        )


def _same(before: Warning_, alert: Alert) -> None:
    """An identifier is used once: the same message again is no news, another one under it is a forgery or a mistake."""
    said = reading.alert(parsing.parse((before.xml or "").encode(), 2 * MOST_BYTES))
    if said != alert:
        raise NotBelieved(
            f"the identifier {alert.identifier[:120]!r} was used before by a different message",
            [Fault("identifier", alert.identifier[:120], "a new one; changes are sent as an Update")],
        )


def _follow(session: Session, feed: CapFeed, alert: Alert, row: Warning_) -> int:
    """End what this message updates or cancels; end itself if what does so came before it. Returns its chain."""
    mine = [one.identifier for one in alert.references if one.sender == alert.sender and one.sent <= alert.sent]
    chain = row.id
    if mine:
        earlier = store.of_feed(session, feed.code, alert.sender, mine, alert.status)
        chain = min((one.chain_id or one.id for one in earlier), default=row.id)
        if alert.msg_type in ("Update", "Cancel"):
            state = "superseded" if alert.msg_type == "Update" else "cancelled"
            store.end_these(session, [one.id for one in earlier], state, alert.sent)
    for later in store.referring(session, feed.code, alert.sender, alert.status):
        named = {(one["sender"], one["identifier"]) for one in later.references}
        if later.id != row.id and (alert.sender, alert.identifier) in named and (later.sent_at or 0) >= alert.sent:
            state = "superseded" if later.msg_type == "Update" else "cancelled"
            store.end_these(session, [row.id], state, later.sent_at or 0)
            return later.chain_id or later.id
    return chain


def _row(session: Session, feed: CapFeed, alert: Alert, expires: int, now: int, body: bytes) -> Warning_:
    found = _areas(alert)
    shapes = [geo.from_geojson(one["geometry"]) for one in found if one["geometry"]]
    west, south, east, north = areas.bounds(shapes) or (None, None, None, None)
    worst = min((SEVERITIES.index(one.severity) for one in alert.infos), default=len(SEVERITIES) - 1)
    named = [one["unit"] for one in found if one["unit"]]
    return Warning_(
        identifier=alert.identifier,
        sender=alert.sender,
        inbound=True,
        feed=feed.code,
        state="published" if expires > now else "expired",
        status=alert.status,
        msg_type=alert.msg_type,
        scope=alert.scope,
        references=[{"sender": one.sender, "identifier": one.identifier, "sent": one.sent} for one in alert.references],
        infos=[_info(one) for one in alert.infos],
        areas=found,
        severity=SEVERITIES[worst],
        category=alert.infos[0].categories[0] if alert.infos else "Other",
        units=covered.units(session, shapes, named),
        west=west,
        south=south,
        east=east,
        north=north,
        sent_at=alert.sent,
        effective_at=min((one.effective or alert.sent for one in alert.infos), default=alert.sent),
        onset_at=min((one.onset for one in alert.infos if one.onset), default=None),
        expires_at=expires,
        ended_at=None if expires > now else expires,
        drafted_by=f"feed:{feed.code}",
        drafted_at=now,
        xml=body.decode("utf-8", "replace") if _is_utf8(body) else _rewritten(body),
        signed=bool(feed.certificate),
        simulated=any(one == ("simulated", "true") for info in alert.infos for one in info.parameters),
        version=1,
    )


def _is_utf8(body: bytes) -> bool:
    head = body[:200].decode("ascii", "ignore").lower()
    return "encoding" not in head or "utf-8" in head


def _rewritten(body: bytes) -> str:
    """A document of another encoding, so that it can be kept as text and read again."""
    from lxml import etree

    return str(etree.tostring(parsing.parse(body), encoding="unicode"))


def _info(info: Info) -> dict[str, Any]:
    return {
        "language": info.language, "event": info.event, "headline": info.headline or info.event,
        "description": info.description or "", "instruction": info.instruction or "",
        "categories": list(info.categories), "responses": list(info.responses), "urgency": info.urgency,
        "severity": info.severity, "certainty": info.certainty, "contact": info.contact or "",
        "sender_name": info.sender_name or "", "web": info.web if _is_link(info.web) else "",
    }  # fmt: skip


def _is_link(text: str | None) -> bool:
    try:
        return bool(text) and urlsplit(text or "").scheme in ("http", "https")
    except ValueError:
        return False


def _areas(alert: Alert) -> list[dict[str, Any]]:
    """Every area once, with its names in the languages it is told in."""
    found: dict[Any, dict[str, Any]] = {}
    for info in alert.infos:
        language = info.language[:2].lower()
        for area in info.areas:
            key = (
                (area.polygons, area.circles, area.geocodes) if area.polygons or area.circles or area.geocodes else area
            )
            if key not in found:
                if len(found) >= _MOST_AREAS:
                    continue
                shape = areas.shape(area)
                unit = next((value for name, value in area.geocodes if name == GEOCODE), None)
                outline = None if shape is None else geo.to_geojson(areas.covering(shape, _POINTS))
                found[key] = {"unit": unit, "names": {}, "geometry": outline}
            found[key]["names"].setdefault(language, area.description)
    return list(found.values())
