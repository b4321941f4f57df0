"""Records as answers read them: what is asked of a dataset, how its values are said, where it is from, what is nearest."""

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from dothi.answers import model, saying, sieve, store
from dothi.answers.asking import Asking
from dothi.datasets import reading
from dothi.datasets.schema import Field
from dothi.datasets.selecting import Asked
from dothi.datasets.views import View
from dothi.identity import called
from dothi.kit import clock
from dothi.sensing.sectors import sectors

_RINGS = (0.01, 0.03, 0.1, 0.5, 3.0)  # degrees around a place in which the nearest are looked for
_MOST = 400
_METRES = 111_320.0  # of a degree of latitude


def asked(ask: Asking, view: View, where: str | None) -> Asked:
    """What is asked of a dataset: the condition, the ward, the moment."""
    expression = None if where is None else sieve.parsed(where, ask.moment)
    unit = ask.place if view.geometry_type is not None else None
    return Asked(where=expression, unit=unit, city=ask.city, as_of=ask.at)


def lately(ask: Asking, view: View, wanted: Asked, last: str | None) -> Asked:
    """And only of the last stretch of time, by the field that says since when a record is valid."""
    field = next((one for one in view.fields if one.role == "valid-from"), None)
    if last is None or field is None:
        return wanted
    return between(ask, wanted, field, ask.moment - model.span(last))


def between(ask: Asking, wanted: Asked, field: Field, since: int) -> Asked:
    """And only of a stretch of time before the moment asked of, by a field."""
    first, last = since, ask.moment
    if field.kind == "date":
        ends = [f"DATE('{store.day(one)}')" for one in (first, last)]
    else:
        ends = [f"TIMESTAMP('{clock.iso(one)}')" for one in (first, last)]
    text = f'"{field.name}" >= {ends[0]} and "{field.name}" <= {ends[1]}'
    given = () if wanted.where is None else wanted.where if isinstance(wanted.where, tuple) else (wanted.where,)
    return replace(wanted, where=(*given, sieve.parsed(text, ask.moment)))


def no_dataset(code: str, ask: Asking) -> str:
    """Why there is nothing of a dataset."""
    known = sectors().datasets.get(code)
    title = known[1].title.of(ask.language) if known else code
    if ask.caller.kind == "anonymous":
        return ask.say("Thành phố chưa công bố tập dữ liệu “{title}”.", title=title)
    return ask.say(
        "Chưa có tập dữ liệu “{title}” mà bạn được xem. Cần cơ quan phụ trách nhận và nạp dữ liệu.", title=title
    )


def none_such(view: View, where: str | None, ask: Asking) -> str:
    """Why no record is shown of a dataset that is there."""
    if not view.count:
        return ask.say("Tập dữ liệu “{title}” chưa có bản ghi nào.", title=view.called(ask.language))
    if ask.place:
        return ask.say("Không có ở {place}.", place=ask.unit_name(ask.place))
    return (
        ask.say("Không có bản ghi nào như vậy trong {n}.", n=view.count) if where else ask.say("Không có bản ghi nào.")
    )


def source(view: View, ask: Asking) -> str:
    """Where a dataset is from, in words."""
    agency = called.agencies(ask.session, [view.agency_id], ask.language)
    parts = [view.called(ask.language), agency.get(view.agency_id or 0, ""), view.source or ""]
    return " · ".join(dict.fromkeys(part for part in parts if part))


def at(view: View, ask: Asking) -> int | None:
    """The moment records hold for: that asked of, or when the dataset last changed."""
    return ask.at if ask.at is not None else view.changed_at


def api(view: View, where: str | None, ask: Asking) -> str:
    """The same records by OGC API - Features."""
    given = {"filter": sieve.moved(where, ask.moment) if where else None, "place": None}
    if ask.at is not None:
        given["as-of"] = clock.iso(ask.at)
    return ask.address(f"/ogc/collections/{view.code}/items", **given)


def href(view: View, key: str) -> str:
    """The page of a record."""
    return f"/catalogue/{view.code}/records/{quote(key)}"


def name_of(view: View, properties: dict[str, Any], key: str, ask: Asking) -> str:
    """What a record is called: by the field whose role that is, or its key."""
    field = next((one for one in view.fields if one.role == "name"), None)
    value = properties.get(field.name) if field is not None else None
    if ask.language == "en" and field is not None and properties.get(f"{field.name}_en"):
        value = properties[f"{field.name}_en"]
    if field is not None and field.values is not None and value in field.values:
        return label(field, value, ask)
    return str(value) if value not in (None, "") else key


def text_of(field: Field, value: Any, ask: Asking) -> str:
    """A field's value as people read it; a dash for none."""
    if value is None or value in ("", []):
        return "–"
    if isinstance(value, bool):
        return ask.say("có") if value else ask.say("không")
    if field.values is not None and not isinstance(value, list | dict) and value in field.values:
        return label(field, value, ask)
    if isinstance(value, int | float):
        decimals = 0 if float(value).is_integer() else min(2, len(f"{value:.6f}".rstrip("0").partition(".")[2]))
        if field.unit is None and isinstance(value, int) and 1900 <= value <= 2100:
            return str(value)  # a year
        return saying.quantity(float(value), decimals, symbol(field.unit, ask), ask.language)
    if field.kind in ("date", "date-time") and isinstance(value, str):
        return moment(value, field.kind)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)[:200]


def referred(field: Field, keys: Iterable[Any], ask: Asking) -> dict[Any, str]:
    """What the records are called that a field refers to, by key: of another dataset, or wards by their code."""
    wanted = sorted({one for one in keys if isinstance(one, str) and one})[:_MOST]
    if not wanted:
        return {}
    if field.name == "unit" and field.reference is None:
        return {one: name for one in wanted if (name := ask.unit_name(one))}
    view = ask.view(field.reference) if field.reference is not None else None
    key = None if view is None else next((one for one in view.fields if one.role == "key"), None)
    if view is None or key is None:
        return {}
    quoted = ", ".join("'" + one.replace("'", "''") + "'" for one in wanted)
    found = reading.listing(
        view, replace(asked(ask, view, None), unit=None, where=sieve.parsed(f'"{key.name}" IN ({quoted})', ask.moment),
                      limit=len(wanted)), ask.session,
    )  # fmt: skip
    return {str(one["key"]): name_of(view, one["properties"], str(one["key"]), ask) for one in found.records}


def label(field: Field, value: Any, ask: Asking) -> str:
    """What a value of an enumeration is called."""
    if field.values is None or value not in field.values:
        return str(value)
    place = field.values.index(value)
    for labels in (field.labels_en, field.labels) if ask.language == "en" else (field.labels,):
        if labels is not None and labels[place]:
            return str(labels[place])
    return str(value)


def moment(value: str, kind: str) -> str:
    """21/11/2026, or 17:42 21/11/2026."""
    try:
        if kind == "date":
            return f"{datetime.fromisoformat(value):%d/%m/%Y}"
        return f"{clock.local(clock.parse(value)):%H:%M %d/%m/%Y}"
    except ValueError:
        return value


_SYMBOLS = {"m2": "m²", "m3": "m³", "Cel": "°C", "ug/m3": "µg/m³", "m3/h": "m³/h", "km2": "km²", "deg": "°", "kW.h": "kWh",
            "har": "ha", "m3/d": "m³/{d}", "[VND]": "₫", "1": "", "min": "{min}", "a": "{a}", "d": "{d}"}  # fmt: skip


# the Vietnamese words of units of datasets; "per" first
_IN_ENGLISH = (
    ("/ngày", "/day"), ("/tháng", "/month"), ("ngày", "days"), ("tháng", "months"), ("phút", "min"), ("triệu", "million"),
    ("tỷ", "billion"), ("công trình", "sites"), ("vụ", "incidents"), ("người", "people"), ("tấn", "t"),
)  # fmt: skip


def symbol(unit: str | None, ask: Asking) -> str:
    """A UCUM unit of a dataset as people read it."""
    if unit is None:
        return ""
    if ask.language == "en":
        for word, english in _IN_ENGLISH:
            unit = unit.replace(word, english)
    if "VND" in unit and ask.language == "vi" and not unit.startswith("["):
        unit = unit.replace("VND", "đồng")
    if unit.startswith("{"):
        return unit.strip("{}")
    if "đồng" in unit:
        return unit
    return _SYMBOLS.get(unit, unit).format(d=ask.say("ngày"), min=ask.say("phút"), a=ask.say("năm"))


def nearest(ask: Asking, view: View, wanted: Asked, limit: int) -> list[tuple[dict[str, Any], float | None]]:
    """The records nearest to where the reader is, with metres as the crow flies."""
    assert ask.near is not None  # noqa: S101 - asked only where a place is given
    lon, lat = ask.near
    found: list[tuple[dict[str, Any], float | None]] = []
    for ring in _RINGS:
        box = (max(-180.0, lon - ring), max(-90.0, lat - ring), min(180.0, lon + ring), min(90.0, lat + ring))
        listing = reading.listing(view, replace(wanted, bbox=box, limit=_MOST), ask.session)
        found = sorted(((one, metres(one, lon, lat)) for one in listing.records), key=lambda pair: pair[1] or 0.0)
        # what lies in the corner of a box may be further than what is just outside of it
        safe = [pair for pair in found if (pair[1] or 0.0) <= ring * _METRES * math.cos(math.radians(lat))]
        if len(safe) >= limit:
            return safe[:limit]
    return found[:limit]


def metres(one: dict[str, Any], lon: float, lat: float) -> float:
    """How far a record's box is from a place, metres as the crow flies."""
    west, south, east, north = (one[side] for side in ("west", "south", "east", "north"))
    if west is None:
        return math.inf
    dx = max(west - lon, 0.0, lon - east) * _METRES * math.cos(math.radians(lat))
    dy = max(south - lat, 0.0, lat - north) * _METRES
    return math.hypot(dx, dy)


def api_of(code: str) -> str:
    """A dataset's records by OGC API - Features."""
    return f"/ogc/collections/{code}/items"
