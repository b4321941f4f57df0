"""How the values of SensorThings properties are checked; each check returns the value as it is kept and adds its faults."""

import json
from typing import Any

from dothi.kit import clock, geo
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import nfc
from dothi.sensing import decode

Faults = list[Fault]
NAME_LENGTH = 500  # characters; a longer folded name would not fit PostgreSQL's index
TYPES = ("OM_Measurement", "OM_CountObservation", "OM_TruthObservation", "OM_CategoryObservation", "OM_Observation",
         "OM_ComplexObservation")  # fmt: skip
OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0/"
GEOJSON = ("application/geo+json", "application/vnd.geo+json")
SHARING = ("restricted", "shared", "open")


def text(value: Any, place: str, faults: Faults) -> Any:
    """Any text, in NFC."""
    if not isinstance(value, str):
        faults.append(Fault(place, f"{short(value)} is not text", "text"))
        return ""
    return nfc(value)


def name(value: Any, place: str, faults: Faults) -> Any:
    """A name that says something and fits an index."""
    found = text(value, place, faults)
    if isinstance(value, str) and not found.strip():
        faults.append(Fault(place, "the name is empty", f"1 to {NAME_LENGTH} characters"))
    elif len(found) > NAME_LENGTH:
        faults.append(Fault(place, f"{len(found)} characters are too many", f"1 to {NAME_LENGTH} characters"))
    return found


def filled(value: Any, place: str, faults: Faults) -> Any:
    """Text that is not empty."""
    found = text(value, place, faults)
    if isinstance(value, str) and not found.strip():
        faults.append(Fault(place, "the text is empty", "text"))
    return found


def an_object(value: Any, place: str, faults: Faults) -> Any:
    """A JSON object."""
    if not isinstance(value, dict):
        faults.append(Fault(place, f"{short(value)} is not a JSON object", "a JSON object"))
        return None
    return value


def owned_object(value: Any, place: str, faults: Faults) -> Any:
    """The `properties` of an entity with a sharing level, which they may name."""
    found = an_object(value, place, faults)
    if found is not None and found.get("sharing", "open") not in SHARING:
        faults.append(Fault(f"{place}.sharing", f"{short(value['sharing'])} is no sharing level", ", ".join(SHARING)))
    return found


def anything(value: Any, place: str, faults: Faults) -> Any:
    """Any JSON value but null."""
    if value is None:
        faults.append(Fault(place, "the value is null", "any other JSON value"))
    return value


def unit(value: Any, place: str, faults: Faults) -> Any:
    """18-088 table 10: name, symbol and definition, each null for a result without unit."""
    if not isinstance(value, dict):
        faults.append(Fault(place, f"{short(value)} is not a unit", '{"name": …, "symbol": …, "definition": …}'))
        return None
    for key in ("name", "symbol", "definition"):
        if key not in value:
            faults.append(Fault(f"{place}.{key}", "is missing", "text or null"))
        elif not isinstance(value[key], str | None):
            faults.append(Fault(f"{place}.{key}", f"{short(value[key])} is not text", "text or null"))
    return value


def units(value: Any, place: str, faults: Faults) -> Any:
    """The units of a MultiDatastream, one for each result."""
    if not isinstance(value, list) or not value:
        faults.append(Fault(place, f"{short(value)} is not a list of units", "one unit for each result"))
        return []
    return [unit(one, f"{place}[{i}]", faults) for i, one in enumerate(value)]


def observation_type(value: Any, place: str, faults: Faults) -> Any:
    """The URI of an O&M observation type; its last part alone is completed."""
    if isinstance(value, str) and (value.rpartition("/")[2] in TYPES or value.startswith(("http://", "https://"))):
        return value if "/" in value else OM + value
    faults.append(Fault(place, f"{short(value)} is no observation type", f"{OM} and one of " + ", ".join(TYPES)))
    return ""


def observation_types(value: Any, place: str, faults: Faults) -> Any:
    """The observation types of a MultiDatastream, one for each result."""
    if not isinstance(value, list) or not value:
        faults.append(Fault(place, f"{short(value)} is not a list of types", "one observation type for each result"))
        return []
    return [observation_type(one, f"{place}[{i}]", faults) for i, one in enumerate(value)]


def area(value: Any, place: str, faults: Faults) -> Any:
    """A GeoJSON geometry, kept as given."""
    geometry(value, place, faults)
    return value


def instant(value: Any, place: str, faults: Faults) -> Any:
    """An ISO 8601 instant as µs UTC."""
    try:
        at = clock.parse(value)
    except BadInput as error:
        faults.append(Fault(place, error.faults[0].message, error.faults[0].allowed))
        return 0
    if not decode.EARLIEST <= at < decode.LATEST:
        faults.append(Fault(place, f"{value} is out of range", "the years 1800 to 2199"))
    return at


def geometry(value: Any, place: str, faults: Faults) -> Any:
    """The shapely geometry of a GeoJSON one, None when it is broken."""
    try:
        return geo.from_geojson(value, place)
    except BadInput as error:
        faults += error.faults
        return None


def clean(value: Any, place: str, faults: Faults) -> None:
    """Refuse what no database keeps: zero characters, lone surrogates, infinities, bottomless nesting."""
    stack: list[tuple[Any, str, int]] = [(value, place, 0)]
    while stack:
        one, where, depth = stack.pop()
        if depth > 100:
            faults.append(Fault(where[:200], "the JSON is nested too deep", "100 levels"))
            return
        if isinstance(one, str) and (why := _bad_text(one)):
            faults.append(Fault(where, why, "Unicode text"))
        elif isinstance(one, float) and one - one != 0:
            faults.append(Fault(where, "the number is not finite", "a number up to 1.8e308"))
        elif isinstance(one, dict):
            for key, inner in one.items():
                if why := _bad_text(key):
                    faults.append(Fault(where, f"a key: {why}", "Unicode text"))
                stack.append((inner, inside(where, key), depth + 1))
        elif isinstance(one, list):
            stack += [(inner, f"{where}[{i}]", depth + 1) for i, inner in enumerate(one)]


def _bad_text(text: str) -> str | None:
    if "\0" in text:
        return "the text holds a zero character"
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        return "the text holds half a surrogate pair"
    return None


def inside(place: str, name: str) -> str:
    """The place of a property inside another place."""
    return f"{place}.{name}" if place else name


def short(value: Any) -> str:
    """A value as a message quotes it."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def as_bytes(body: Any) -> bytes:
    """A JSON body as the decoders read it."""
    return json.dumps(body, ensure_ascii=False).encode()
