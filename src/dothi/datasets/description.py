"""The description of a dataset as somebody sends it: every column checked, every fault at once."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from dothi.datasets import checking, schema, vocabulary
from dothi.datasets.tables import Dataset
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.kit.geo import TYPES
from dothi.kit.text import nfc

SHARING = ("restricted", "shared", "open")
STATUS = ("draft", "published", "retired")
GEOMETRY_TYPES = (*TYPES, "Geometry")
TAKEN = frozenset({"things", "units"})  # names of collections that are no datasets
_CODE = re.compile(r"[a-z0-9][a-z0-9-]*")
_LONGEST_CODE = 60
_EMAIL = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+")
_CONTACT = ("name", "email", "phone", "url")
_CRS = re.compile(r"https?://www\.opengis\.net/def/crs/[A-Za-z]+/[^/\s]+/[A-Za-z0-9]+")

Reader = Callable[[str, Any, list[Fault]], Any]


def read(body: dict[str, Any], *, new: bool, standing: Dataset | None = None) -> tuple[dict[str, Any], list[Fault]]:
    """The columns a body names, as they are kept, and every fault. `agency` stays a code."""
    faults: list[Fault] = []
    if not isinstance(body, dict):
        raise BadInput("the description is no JSON object", [Fault("", "is no JSON object", "an object")])
    values: dict[str, Any] = {}
    for name, value in body.items():
        reader = _READERS.get(name)
        if reader is None:
            faults.append(Fault(str(name)[:80], "is not known here", ", ".join(_READERS)))
        else:
            values[name] = reader(name, value, faults)
    if new:
        faults += [Fault(name, "is missing") for name in ("code", "title") if name not in body]
        values.setdefault("schema", schema.ordered({"properties": {}}))
    elif standing is not None and values.get("code", standing.code) != standing.code:
        faults.append(Fault("code", "is its name in every address and cannot be another", standing.code))
    values.pop("code", None) if not new else None
    _agree(values, standing, faults)
    return values, faults


def _agree(values: dict[str, Any], standing: Dataset | None, faults: list[Fault]) -> None:
    """What several columns say together."""
    wanted = values.get("schema", standing.schema if standing else None)
    if isinstance(wanted, dict) and not schema.faults(wanted):
        fields = schema.fields(wanted)
        by_role = next((one.name for one in fields if one.role == "key"), None)
        if "key_field" in values or "schema" in values:
            key_field = values.get("key_field", standing.key_field if standing else None)
            if key_field is None and by_role is not None:
                values["key_field"] = key_field = by_role
            names = [one.name for one in fields]
            if key_field is not None and key_field not in names:
                faults.append(Fault("key_field", f"no field {key_field!r}", ", ".join(names)))
            elif by_role is not None and key_field != by_role:
                faults.append(Fault("key_field", f"the schema gives {by_role!r} the role of the key", by_role))
            faults += [
                Fault("key_field", f"{one.name!r} is no key", "an open field of type string or integer")
                for one in fields
                if one.name == key_field and (one.kind not in ("string", "integer") or one.personal or not one.open)
            ]
    first = values.get("valid_from", standing.valid_from if standing else None)
    last = values.get("valid_until", standing.valid_until if standing else None)
    if isinstance(first, int) and isinstance(last, int) and last < first:
        faults.append(Fault("valid_until", "is before valid_from"))


def _text(longest: int, *, needed: bool = False) -> Reader:
    def reader(name: str, value: Any, faults: list[Fault]) -> Any:
        if value is None and not needed:
            return "" if name == "description" else None
        if not isinstance(value, str):
            faults.append(Fault(name, "is no text", "a string"))
            return None
        text = nfc(value).strip()
        if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
            faults.append(Fault(name, "has a sign that is no character", "Unicode text"))
        if needed and not text:
            faults.append(Fault(name, "is empty"))
        if len(text) > longest:
            faults.append(Fault(name, f"{len(text)} characters are too many", str(longest)))
        return text if text or needed or name == "description" else None

    return reader


def _code(name: str, value: Any, faults: list[Fault]) -> Any:
    if not isinstance(value, str) or not _CODE.fullmatch(value) or len(value) > _LONGEST_CODE:
        faults.append(
            Fault(name, f"{str(value)[:80]!r}", "1 to 60 of a-z, 0-9 and hyphens, starting with a letter or digit")
        )
    elif value in TAKEN:
        faults.append(Fault(name, f"{value!r} is the name of something else"))
    return value


def _among(values: tuple[str, ...], *, needed: bool = False) -> Reader:
    def reader(name: str, value: Any, faults: list[Fault]) -> Any:
        if value is None and not needed:
            return None
        if value not in values:
            faults.append(Fault(name, f"{str(value)[:80]!r}", ", ".join(values)))
        return value

    return reader


def _schema(_: str, value: Any, faults: list[Fault]) -> Any:
    found = schema.faults(value)
    faults += found
    return value if found else schema.ordered(value)


def _address(name: str, value: Any, faults: list[Fault]) -> Any:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 2000:
        faults.append(Fault(name, "is no address", "a URI such as https://…"))
        return None
    try:
        return checking.compiled({"type": "string", "format": "uri"})(value.strip())
    except checking.Unfit as unfit:
        faults += unfit.faults(name)
        return None


def _licence(name: str, value: Any, faults: list[Fault]) -> Any:
    """An address; a code of our own list becomes one."""
    known = vocabulary.licence(value) if isinstance(value, str) else None
    if known is not None and "://" not in value:
        return known.uri
    return _address(name, value, faults)


def _crs(name: str, value: Any, faults: list[Fault]) -> Any:
    if value is not None and (not isinstance(value, str) or not _CRS.fullmatch(value)):
        faults.append(Fault(name, f"{str(value)[:80]!r}", "a URI such as http://www.opengis.net/def/crs/EPSG/0/9209"))
    return value


def _frequency(name: str, value: Any, faults: list[Fault]) -> Any:
    if value is None or value == "":
        return None
    known = vocabulary.frequency(value) if isinstance(value, str) else None
    if known is None:
        faults.append(Fault(name, f"{str(value)[:80]!r}", ", ".join(one.code for one in vocabulary.FREQUENCIES)))
        return None
    return known.code


def _themes(name: str, value: Any, faults: list[Fault]) -> Any:
    made = []
    for i, one in enumerate(_listed(name, value, faults)):
        known = vocabulary.theme(one) if isinstance(one, str) else None
        if known is None:
            faults.append(
                Fault(f"{name}.{i}", f"{str(one)[:80]!r}", ", ".join(each.code for each in vocabulary.THEMES))
            )
        else:
            made.append(known.code)
    return list(dict.fromkeys(made))


def _keywords(name: str, value: Any, faults: list[Fault]) -> Any:
    said = _listed(name, value, faults)
    if len(said) > 50:
        faults.append(Fault(name, f"{len(said)} keywords are too many", "50"))
    word = _text(100, needed=True)
    return list(dict.fromkeys(word(f"{name}.{i}", one, faults) for i, one in enumerate(said)))


def _listed(name: str, value: Any, faults: list[Fault]) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        faults.append(Fault(name, "is no list", "an array"))
        return []
    return list(value)


def _contact(name: str, value: Any, faults: list[Fault]) -> Any:
    if value is None:
        return None
    if not isinstance(value, dict):
        faults.append(Fault(name, "is no JSON object", "name, email, phone, url of an office"))
        return None
    made = {}
    for key, one in value.items():
        if key not in _CONTACT:
            faults.append(Fault(f"{name}.{key}"[:80], "is not known here", ", ".join(_CONTACT)))
        elif key == "url":
            made[key] = _address(f"{name}.url", one, faults)
        else:
            made[key] = _text(200)(f"{name}.{key}", one, faults)
    if made.get("email") and not _EMAIL.fullmatch(made["email"]):
        faults.append(Fault(f"{name}.email", f"{made['email']!r} is no e-mail address", "office@province.gov.vn"))
    return {key: one for key, one in made.items() if one} or None


def _instant(name: str, value: Any, faults: list[Fault]) -> Any:
    """µs, an instant, or a day of Vietnam, which as an end counts as a whole."""
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
        if day is None:
            return clock.parse(value)
        if name == "valid_until":
            day += timedelta(days=1)
        return clock.parse(f"{day.isoformat()}T00:00:00", clock.VIETNAM)
    except (BadInput, ValueError, OverflowError):
        faults.append(Fault(name, f"{str(value)[:80]!r} is no moment", "2026-11-21, or 2026-11-21T07:30:00+07:00"))
        return None


def _json_object(name: str, value: Any, faults: list[Fault]) -> Any:
    if value is None:
        return None
    try:
        made = checking.compiled({"type": "object"})(value)
    except checking.Unfit as unfit:
        faults += unfit.faults(name)
        return None
    for key in made:
        if key.startswith("_"):
            faults.append(Fault(f"{name}.{key}"[:80], "is the server's own", "names without an underscore in front"))
    return made or None


def _style(name: str, value: Any, faults: list[Fault]) -> Any:
    if value is None:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("layers"), list):
        faults.append(Fault(name, "is no style", "layers as MapLibre has them, and fields: the names they read"))
        return None
    return value


def _boolean(name: str, value: Any, faults: list[Fault]) -> Any:
    if not isinstance(value, bool):
        faults.append(Fault(name, f"{str(value)[:80]!r}", "true, false"))
    return value


def _number(name: str, value: Any, faults: list[Fault]) -> Any:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        faults.append(Fault(name, f"{str(value)[:80]!r}", "the number of an agency"))
        return None
    return value


_READERS: dict[str, Reader] = {
    "code": _code, "title": _text(300, needed=True), "title_en": _text(300), "description": _text(20_000),
    "description_en": _text(20_000), "agency": _text(100), "agency_id": _number, "sharing": _among(SHARING, needed=True),
    "status": _among(STATUS, needed=True), "schema": _schema, "geometry_type": _among(GEOMETRY_TYPES), "crs": _crs,
    "key_field": _text(100), "licence": _licence, "frequency": _frequency, "contact": _contact, "keywords": _keywords,
    "themes": _themes, "sector": _text(60), "source": _text(5000), "source_url": _address, "quality": _text(20_000),
    "valid_from": _instant, "valid_until": _instant, "style": _style, "properties": _json_object, "simulated": _boolean,
}  # fmt: skip
