"""Layers of the workbench: every dataset with a place on the map that the caller may see, and what its map needs to know."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from dothi.datasets import reading, styles, views
from dothi.datasets.schema import Field
from dothi.datasets.views import View
from dothi.identity import called
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.text import sort_key
from dothi.screens.asking import Ask, sector_names
from dothi.screens.workbench import store
from dothi.sensing.sectors import sectors

MOST_PLANS = 200
LONGEST_SHAPE = 60_000  # characters of a geometry sent along to be highlighted
_STATES = ("open", "upcoming", "closed", "adopted")
# a dataset that has these fields says how the public is consulted about it
_CONSULTED = {"consultation", "consulted_from", "consulted_until"}


@dataclass(frozen=True)
class Consultation:
    """How the public is consulted about one plan."""

    code: str
    name: str
    state: str  # open | upcoming | closed | adopted
    starts: str | None
    ends: str | None
    href: str


def mapped(caller: Caller) -> list[View]:
    """What may be drawn, in the order of titles."""
    return [one for one in views.views(caller) if one.geometry_type is not None]


def catalogue(ask: Ask) -> list[dict[str, Any]]:
    """The layers as the page's script reads them."""
    found = mapped(ask.caller)
    names = called.agencies(ask.session, {one.agency_id for one in found}, ask.language)
    plans = {one.code: consultations(ask.session, one, ask.language) for one in found if is_consulted(one)}
    sector = sector_names(ask.language)
    made = []
    for view in found:
        said = plans.get(view.code) or _referred(ask.session, view, plans)
        made.append({
            "code": view.code, "title": view.called(ask.language),
            "description": (view.description_en if ask.language == "en" else None) or view.description,
            "agency": names.get(view.agency_id or 0, ""), "sector": sector.get(view.sector or "other", view.sector or ""),
            "sectorCode": view.sector or "other", "geometry": view.geometry_type, "count": view.count,
            "bbox": view.bbox, "sharing": view.sharing, "simulated": view.simulated, "version": view.version,
            "source": view.source or "", "licence": view.licence, "changed": view.changed_at and view.changed_at // 1000,
            "href": f"/catalogue/{view.code}", "fields": [field(one, ask.language) for one in view.fields],
            "style": _drawn(view, ask.language), "consultations": [vars(one) for one in said],
        })  # fmt: skip
    order = {code: i for i, code in enumerate(("planning", "facilities"))}
    return sorted(
        made, key=lambda one: (order.get(one["sectorCode"], 9), sort_key(one["sector"]), sort_key(one["title"]))
    )


def _drawn(view: View, language: str) -> dict[str, Any]:
    """MapLibre layers without names and sources, for both faces, and the entries of the legend."""
    made: dict[str, Any] = {}
    for face in styles.FACES:
        whole = styles.default(view, "", face, language)
        made[face] = [{k: v for k, v in one.items() if k not in ("id", "source", "source-layer")}
                      for one in whole["layers"] if one.get("type") != "background"]  # fmt: skip
        made[f"{face}Legend"] = whole["metadata"]["dothi:legend"]
    return made


# UCUM codes as people write them
_UNITS = {"har": "ha", "Cel": "°C", "m2": "m²", "m3": "m³", "deg": "°"}


def unit_of(one: Field, language: str) -> str:
    """The unit of a field as people read it."""
    if one.unit == "min":
        return "min" if language == "en" else "phút"
    return _UNITS.get(one.unit or "", one.unit or "")


def field(one: Field, language: str) -> dict[str, Any]:
    """A field as the script reads it."""
    return {
        "name": one.name, "kind": one.kind, "title": one.called(language), "unit": unit_of(one, language), "role": one.role,
        "values": [{"value": value, "title": value_title(one, value, language)} for value in one.values or ()] or None,
    }  # fmt: skip


def value_title(one: Field, value: Any, language: str) -> str:
    """What a value of a listed field is called."""
    if value is None:
        return ""
    if one.values and value in one.values:
        place = one.values.index(value)
        named = [labels[place] for labels in (one.labels_en if language == "en" else None, one.labels) if labels]
        return str(next(filter(None, named), value))
    return str(value)


def record(view: View, row: dict[str, Any], language: str) -> dict[str, Any]:
    """A record as the result panel shows it: its name, its page, its values in words."""
    properties = row["properties"]
    shown = []
    name = ""
    for one in view.fields:
        value = properties.get(one.name)
        if one.role == "name" and value is not None:
            name = str(value)
        if value is not None:
            shown.append({
                "title": one.called(language), "unit": unit_of(one, language), "kind": one.kind,
                "value": value_title(one, value, language) if one.values else value,
            })  # fmt: skip
    return {
        "key": row["key"], "name": name or row["key"], "href": f"/ogc/collections/{view.code}/items/{row['key']}?f=html",
        "bbox": [row["west"], row["south"], row["east"], row["north"]] if row["west"] is not None else None,
        "geometry": json.loads(text) if (text := row["geojson"]) and len(text) <= LONGEST_SHAPE else None,
        "properties": shown,
    }  # fmt: skip


def is_consulted(view: View) -> bool:
    """Whether a dataset's records are plans the public is asked about."""
    return {one.name for one in view.fields} >= _CONSULTED


def consultations(session: Session, view: View, language: str) -> list[Consultation]:
    """The plans of a dataset with where their consultation stands today, open ones first."""
    today = clock.now().astimezone(clock.VIETNAM).date()
    made = []
    for row in reading.read(view, reading.Asked(limit=MOST_PLANS, geometry=False), session):
        held = row["properties"]
        said = record(view, row, language)
        starts, ends = held.get("consulted_from"), held.get("consulted_until")
        state = standing(held.get("consultation"), starts, ends, today)
        made.append(Consultation(row["key"], said["name"], state, starts, ends, said["href"]))
    return sorted(made, key=lambda one: (_STATES.index(one.state), one.name))


def standing(declared: str | None, starts: str | None, ends: str | None, today: date) -> str:
    """Where a consultation stands: an adopted plan stays adopted, else its dates decide before what was written."""
    if declared == "adopted":
        return declared
    if starts and today < date.fromisoformat(starts):
        return "upcoming"
    if ends and today > date.fromisoformat(ends):
        return "closed"
    if starts or ends:
        return "open"
    return declared if declared in _STATES else "closed"


def _referred(session: Session, view: View, plans: dict[str, list[Consultation]]) -> list[Consultation]:
    """The plans the records of a layer belong to."""
    for one in view.fields:
        if one.reference in plans:
            keys = store.values(session, view, one.name, MOST_PLANS)
            return [plan for plan in plans[one.reference] if plan.code in keys]
    return []


def planning_first(codes: list[str]) -> list[str]:
    """Layers shown when nobody said which: those of planning that are there."""
    own = [code for code, (sector, _) in sectors().datasets.items() if sector == "planning"]
    return [code for code in ("plans", "land-use-plan") if code in own and code in codes] or codes[:2]
