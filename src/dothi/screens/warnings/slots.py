"""What warnings hang into the operations page: those in force in the bar, those of an alarm, all of them on the map."""

from collections.abc import Mapping
from typing import Any

from dothi.alerts.tables import Alarm
from dothi.kit import clock
from dothi.screens.warnings import words
from dothi.warnings import declared, here, service
from dothi.web import slots


def now(ask: Any) -> Mapping[str, Any]:
    """`operations.warnings`: ours in force at the moment shown, and how many wait for a second person."""
    at, known = _clocks(ask)
    found = here.here(ask.session, service.current(ask.session, ask.caller, at, known=known, own=True))
    waiting = 0 if _replay(ask) else len(here.here(ask.session, service.waiting(ask.session, ask.caller)))
    return {"list": found, "waiting": waiting, "w": words, "now": at or clock.now_micros(), "language": ask.language}


def of_alarm(ask: Any, alarm: Alarm | None) -> Mapping[str, Any] | None:
    """`operations.warning`: the warnings composed from an alarm, or that its rule wants one; None where neither is."""
    if alarm is None:
        return None
    found = service.of_alarm(ask.session, ask.caller, alarm.id)
    code = None if found or _replay(ask) else service.leads(ask.session, ask.caller, alarm)
    if not found and code is None:
        return None
    lead = None
    if code is not None:
        title = declared.templates()[code][1].title.of(ask.language)
        lead = {"title": title, "href": f"/operations/warnings/new?alarm={alarm.number}"}
    return {"list": found, "lead": lead, "w": words, "now": clock.now_micros(), "language": ask.language}


def on_map(ask: Any) -> Mapping[str, Any]:
    """`operations.map.warnings`: ours and others' in force at the moment shown, as GeoJSON."""
    at, known = _clocks(ask)
    features = [
        {
            "type": "Feature", "id": f"warning:{one.id}", "geometry": one.geometry, "properties": {
                "id": one.id, "tone": one.tone, "severity": one.severity, "headline": one.info(ask.language)["headline"],
                "areas": one.places(ask.language), "status": one.status, "exercise": one.exercise,
                "inbound": one.inbound, "simulated": one.simulated, "url": one.url,
                "expires": None if one.expires_at is None else one.expires_at // 1000,
            },
        }
        for one in here.here(ask.session, service.current(ask.session, ask.caller, at, known=known))
        if one.geometry is not None
    ]  # fmt: skip
    return {"type": "FeatureCollection", "features": features}


def _replay(ask: Any) -> bool:
    return bool(getattr(ask, "replay", False))


def _clocks(ask: Any) -> tuple[int | None, int | None]:
    return (ask.at, ask.known) if _replay(ask) else (None, None)


slots.fill("operations.warnings", now)
slots.fill("operations.warning", of_alarm)
slots.fill("operations.map.warnings", on_map)
