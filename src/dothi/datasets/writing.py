"""Records made ready to be kept: properties held against the schema, shapes repaired and placed, many at once."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Protocol

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from dothi.datasets import placing, schema, shaping
from dothi.datasets.schema import Checker, Field
from dothi.kit import clock
from dothi.kit.errors import Fault
from dothi.kit.text import fold, nfc

LONGEST_KEY = 200  # characters
_LONGEST_FOLDED = 4000  # characters


class Kept(Protocol):
    """What is asked of a dataset to prepare its records: tables.Dataset is one, a steward's view is another."""

    @property
    def schema(self) -> Any:
        """The JSON Schema, every field in it."""

    @property
    def geometry_type(self) -> Any:
        """The GeoJSON type, None for none."""

    @property
    def key_field(self) -> Any:
        """The property that is the key."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with a row, or was repaired in it. column: a property, `geometry` or `id`."""

    row: int
    column: str | None
    reason: str
    value: str | None = None
    allowed: str | None = None
    repaired: bool = False


@dataclass
class Prepared:
    """Rows ready for `record` or `staged_record`, each with its number `row`, and what was found.

    A row with a fault that is not a repair is left out of rows.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)


def prepare(
    session: Session,
    dataset: Kept,
    features: Sequence[Mapping[str, Any]],
    *,
    shapes: NDArray[np.object_] | None = None,
    first_row: int = 1,
    numbers: Sequence[int] | None = None,
    checker: Checker | None = None,
) -> Prepared:
    """GeoJSON features (`geometry`, `properties`, `id`) as rows.

    shapes: their shapely geometries in WGS 84, where a reader has them as such; then `geometry` is not looked at.
    numbers: the rows' numbers in their file; else they count from first_row. checker: of the schema, if at hand.
    The same key twice in one call is a fault of the later row. Ask many thousand at a time.
    """
    made = Prepared()
    checked = checker or schema.checker(dataset.schema)
    rows = list(numbers) if numbers is not None else list(range(first_row, first_row + len(features)))
    wrong: dict[int, str] = {}
    if shapes is None:
        shapes, wrong = shaping.from_geojson([one.get("geometry") for one in features])
    fit = shaping.shaped(shapes, dataset.geometry_type)
    wrong |= fit.refused
    for i, why in wrong.items():
        made.faults.append(RowFault(rows[i], "geometry", why))
    for i, what in fit.repaired.items():
        if i not in wrong:
            made.faults.append(RowFault(rows[i], "geometry", what, repaired=True))
    units = placing.communes(session, fit.shapes).tolist()
    boxes = fit.bounds.tolist()
    absent = shapely.is_missing(fit.shapes).tolist()
    wkbs, texts = fit.wkb.tolist(), fit.texts.tolist()
    derive = Derive(checked.fields)
    seen: dict[str, int] = {}
    key_kind = next((one.kind for one in checked.fields if one.name == dataset.key_field), "string")
    for i, one in enumerate(features):
        properties, faults = _properties(one, dataset.key_field, key_kind, checked)
        key, why_not = _key(one, properties, dataset.key_field)
        if why_not is not None and not any(fault.place == f"properties.{dataset.key_field}" for fault in faults):
            faults.append(why_not)
        if key is not None and (before := seen.setdefault(key, rows[i])) != rows[i]:
            faults.append(Fault("id", f"the key {key!r} is in row {before} already"))
        if faults or i in wrong:
            made.faults += [_row_fault(rows[i], fault, one) for fault in faults]
            continue
        west, south, east, north = (None, None, None, None) if absent[i] else boxes[i]
        valid_from, valid_until = derive.validity(properties)
        made.rows.append({
            "row": rows[i], "key": key, "geometry": wkbs[i], "geojson": texts[i], "properties": properties,
            "west": west, "south": south, "east": east, "north": north, "unit_code": units[i],
            "folded": derive.folded(str(key), properties), "valid_from": valid_from, "valid_until": valid_until,
        })  # fmt: skip
    made.faults.sort(key=lambda fault: fault.row)
    return made


def new_key() -> str:
    """A key for a record whose owner gives none."""
    return secrets.token_hex(8)


def key_of(text: object) -> tuple[str | None, str | None]:
    """A key as it is kept, or why it is none."""
    if type(text) is str:
        key = text.strip() if text.isascii() else nfc(text).strip()
    elif type(text) is int:
        key = str(text)
    else:
        return None, "is no key"
    if not key:
        return None, "is empty"
    if len(key) > LONGEST_KEY:
        return None, f"has more than {LONGEST_KEY} characters"
    if not key.isprintable():
        return None, "has a sign that cannot be printed"
    return key, None


def _properties(
    one: Mapping[str, Any], key_field: str | None, key_kind: str, checked: Checker
) -> tuple[dict[str, Any], list[Fault]]:
    properties = one.get("properties")
    if properties is None:
        properties = {}
    if key_field and isinstance(properties, dict) and properties.get(key_field) is None and one.get("id") is not None:
        given = str(one["id"]).strip()
        try:
            properties = {**properties, key_field: int(given) if key_kind == "integer" else given}
        except ValueError:
            return properties, [Fault("id", f"{given[:80]!r} is no whole number", "an integer")]
    return checked.clean(properties)


def _key(one: Mapping[str, Any], properties: dict[str, Any], key_field: str | None) -> tuple[str | None, Fault | None]:
    given = one.get("id")
    if key_field is None:
        if given is None:
            return new_key(), None
        key, why = key_of(given)
        return key, Fault("id", why) if why else None
    value = properties.get(key_field)
    if value is None:
        return None, Fault(f"properties.{key_field}", "is missing; it is the key")
    key, why = key_of(value)
    if why:
        return None, Fault(f"properties.{key_field}", why)
    if given is not None and key_of(given)[0] != key:
        return None, Fault("id", f"{str(given)[:80]!r} is not what {key_field} says", str(key))
    return key, None


def _row_fault(row: int, fault: Fault, one: Mapping[str, Any]) -> RowFault:
    column = fault.place.removeprefix("properties.")
    held = one.get("properties")
    value = held.get(column) if isinstance(held, dict) else None
    shown = None if value is None else str(value)[:200]
    return RowFault(row, column or None, fault.message, shown, fault.allowed)


class Derive:
    """What follows from a record's properties: its text for search and the time it is valid."""

    def __init__(self, fields: Sequence[Field]) -> None:
        # what not everybody may read nobody finds by searching
        self._texts = [one.name for one in fields if one.open and not one.personal and one.kind in ("string", "array")]
        self._labels = {
            one.name: dict(zip(one.values, one.labels, strict=True)) for one in fields if one.values and one.labels
        }
        roles = {one.role: one for one in fields if one.role}
        self._from, self._until = roles.get("valid-from"), roles.get("valid-until")

    def folded(self, key: str, properties: Mapping[str, Any]) -> str:
        """Key and open texts, folded."""
        parts = [key]
        for name in self._texts:
            value = properties.get(name)
            if value is None:
                continue
            if type(value) is str:
                if value != key:
                    parts.append(value)
                if name in self._labels and (label := self._labels[name].get(value)):
                    parts.append(label)
            elif isinstance(value, list):
                parts += [one for one in value if isinstance(one, str)]
        return quick_fold(" ".join(parts)[:_LONGEST_FOLDED])

    def validity(self, properties: Mapping[str, Any]) -> tuple[int | None, int | None]:
        """From (µs, inclusive) and until (exclusive). A day is a day of Vietnam, and the last one counts as a whole."""
        if self._from is None and self._until is None:
            return None, None
        return _instant(self._from, properties), _instant(self._until, properties, whole_day=True)


def _instant(one: Field | None, properties: Mapping[str, Any], *, whole_day: bool = False) -> int | None:
    value = properties.get(one.name) if one is not None else None
    if one is None or not isinstance(value, str):
        return None
    if one.kind == "date-time":
        return clock.parse(value)
    day = date.fromisoformat(value)
    if whole_day:
        if day == date.max:
            return None
        day += timedelta(days=1)
    return clock.parse(f"{day.isoformat()}T00:00:00", clock.VIETNAM)


_VIETNAMESE = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ"
_TABLE = str.maketrans({letter: fold(letter) for letter in _VIETNAMESE + _VIETNAMESE.upper()})


def quick_fold(text: str) -> str:
    """kit.text.fold, ten times faster where the text is Vietnamese or plain."""
    plain = text.translate(_TABLE) if not text.isascii() else text
    return " ".join(plain.lower().split()) if plain.isascii() else fold(text)
