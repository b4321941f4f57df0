"""Which Thing a row is about, and making the things and datastreams that are not there yet."""

import re
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from dothi.db import session as db
from dothi.identity import guard
from dothi.kit import units as kit_units
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.kit.text import nfc, slug
from dothi.sensing.tabular import store
from dothi.sensing.tabular.cells import Cells
from dothi.sensing.tabular.mapping import File, Mapping, Property

_PAIR = re.compile(r"\s*[\[(]?\s*([-+]?\d{1,3}(?:\.\d+)?)\s*[,;\s]\s*([-+]?\d{1,3}(?:\.\d+)?)\s*[\])]?\s*")
TO_MAKE, NONE = 0, -1


@dataclass(slots=True)
class Place:
    """One station met in the file."""

    text: str
    code: str
    name: str
    thing_id: int | None = None
    agency_id: int | None = None
    lon: float | None = None
    lat: float | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    streams: list[int] = field(default_factory=list)  # datastream id by property, TO_MAKE, or NONE
    why: dict[int, str] = field(default_factory=dict)  # why there is NONE


def code_of(text: str) -> str:
    """A text as part of a code; x where nothing of it can stand there."""
    return slug(text) or "x"


def position(text: str | None, order: str = "lat,lon") -> tuple[float, float] | None:
    """Longitude and latitude of "10.77,106.70"; None when the text is no such pair."""
    found = _PAIR.fullmatch(text or "")
    if found is None:
        return None
    first, second = float(found[1]), float(found[2])
    return on_globe(*((second, first) if order == "lat,lon" else (first, second)))


def on_globe(lon: float | None, lat: float | None) -> tuple[float, float] | None:
    """The pair when it is a position on the globe; 0,0 is how files write "unknown"."""
    if lon is None or lat is None or not (-180 <= lon <= 180 and -90 <= lat <= 90) or (lon == 0 and lat == 0):
        return None
    return lon, lat


class Stations:
    """The stations of a run, numbered as they are met."""

    def __init__(self, mapping: Mapping, properties: list[Property], caller: guard.Caller, listed: Path | None) -> None:
        self.how, self.mapping, self.properties, self.caller = mapping.station, mapping, properties, caller
        self.places: list[Place] = []
        self._index: dict[str, int] = {}
        self._reasons: dict[str, str] = {}
        self._codes: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._listed = _listed(mapping, listed) if listed is not None else {}

    def numbered(self, cells: dict[str, Cells], length: int) -> tuple[Any, dict[int, str]]:
        """The number of each row's station, -1 where there is none, and why not by position."""
        if self.how.is_:
            self._meet({self.how.is_: 0}, cells)
            place = self._index.get(self.how.is_, -1)
            reasons = {} if place >= 0 else dict.fromkeys(range(length), self._reasons[self.how.is_])
            return np.full(length, place, np.int32), reasons
        assert self.how.column is not None  # noqa: S101 - the mapping says one or the other
        coded = cells[self.how.column].texts().dictionary_encode()
        index = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        texts = coded.dictionary.to_pylist()
        unmet = {n: text for n, text in enumerate(texts) if text not in self._index and text not in self._reasons}
        if unmet:
            firsts = dict(zip(*np.unique(index, return_index=True), strict=True))
            self._meet({text: int(firsts[n]) for n, text in unmet.items()}, cells)
        of = np.array([*(self._index.get(text, -1) for text in texts), -1], np.int32)
        numbers = of[index]  # a null's index -1 is the last
        reasons = {
            int(row): self._reasons.get(texts[index[row]], "") if index[row] >= 0 else "no station"
            for row in np.flatnonzero(numbers < 0)
        }
        return numbers, reasons

    def _meet(self, new: dict[str, int], cells: dict[str, Cells]) -> None:
        """Get to know stations; new: the text and the row it was first met in."""
        fresh: dict[str, Place] = {}
        alike: dict[str, str] = {}  # texts that differ in case or spaces share a code
        for text, row in new.items():
            if text in self._index or text in self._reasons:
                continue
            same = " ".join(nfc(text).casefold().split())
            if not same:
                self._reasons[text] = "no station"
                continue
            code = self.how.codes.get(nfc(text.strip())) or self.how.code.format(value=text.strip(), slug=code_of(text))
            other = self._codes.setdefault(code, same)
            if other != same:
                self._reasons[text] = f"station {text!r} gets the code {code!r} of another; name it under `codes:`"
                continue
            alike[text] = code
            if code not in self._numbers and code not in fresh:
                fresh[code] = self._place(text, code, row, cells)
        with db.reading() as session:
            known = store.things(session, self.caller, fresh)
        for one in fresh.values():
            found = known.get(one.code)
            if found is None and not self.how.create:
                continue
            self._match(one, found)
            self._numbers[one.code] = len(self.places)
            self.places.append(one)
        for text, code in alike.items():
            if code in self._numbers:
                self._index[text] = self._numbers[code]
            else:
                self._reasons[text] = f"no Thing with the code {code!r}; `create: true` makes it"

    def _place(self, text: str, code: str, row: int, cells: dict[str, Cells]) -> Place:
        how = self.how
        name = cells[how.name_column].said(row) if how.name_column else ""
        made = Place(text, code, nfc(name.strip() or how.name.format(value=text.strip(), slug=code_of(text))))
        where = None
        if how.location:
            where = position(cells[how.location].said(row), how.order)
        elif how.lon and how.lat:
            where = on_globe(_number(cells[how.lon].said(row)), _number(cells[how.lat].said(row)))
        listed = self._listed.get(" ".join(nfc(text).casefold().split()))
        if listed is not None and how.list_ is not None:
            many = how.list_
            made.name = nfc(listed.get(many.name or "", "").strip() or made.name)
            made.properties = {
                key: nfc(listed[column]) for key, column in many.properties.items() if listed.get(column)
            }
            if many.location:
                where = position(listed.get(many.location), many.order) or where
            elif many.lon and many.lat:
                where = on_globe(_number(listed.get(many.lon)), _number(listed.get(many.lat))) or where
        if where:
            made.lon, made.lat = where
        return made

    def _match(self, one: Place, found: store.Known | None) -> None:
        """Pair the properties with the datastreams that are there: by code, else the only one of the property."""
        one.streams = [TO_MAKE] * len(self.properties)
        if found is not None:
            one.thing_id, one.agency_id = found.thing_id, found.agency_id
            guard.require(self.caller, "observations:write", found.agency_id, thing_id=found.thing_id)
        for n, prop in enumerate(self.properties):
            code = self.mapping.datastream.format(thing=one.code, property=prop.code)
            streams = found.streams if found else []
            mine = [s for s in streams if s[1] == code] or [s for s in streams if s[2] == prop.code]
            if len(mine) == 1:
                unit = kit_units.ucum_of(mine[0][3])
                if unit is not None and unit != prop.unit:
                    one.streams[n] = NONE
                    one.why[n] = f"Datastream {mine[0][0]} is in {unit}, the mapping says {prop.unit}"
                else:
                    one.streams[n] = mine[0][0]
            elif mine:
                one.streams[n] = NONE
                one.why[n] = f"{one.code} has {len(mine)} datastreams of {prop.code} and none with the code {code!r}"
            elif not self.how.create:
                one.streams[n] = NONE
                one.why[n] = f"{one.code} has no datastream of {prop.code}; `create: true` makes it"

    def make(self, used: set[int]) -> tuple[int, int]:
        """Make what is missing behind the used streams (station · properties + property), all or nothing.

        Returns how many things and datastreams were made.
        """
        width = len(self.properties)
        wanted = sorted(u for u in used if self.places[u // width].streams[u % width] == TO_MAKE)
        if not wanted:
            return 0, 0
        things = 0
        with db.writing() as session:
            caller = self._acting(session)
            sensor, observed = self._shared(session, caller, {u % width for u in wanted})
            for stream in wanted:
                one, n = self.places[stream // width], stream % width
                if one.thing_id is None:
                    one.thing_id = _ensure(session, caller, "Thing", one.code, self._thing(one))
                    things += 1
                prop = self.properties[n]
                code = self.mapping.datastream.format(thing=one.code, property=prop.code)
                one.streams[n] = _ensure(session, caller, "Datastream", code, {
                    "name": f"{prop.name}, {one.name}", "description": prop.description,
                    "observationType": prop.observation_type,
                    "unitOfMeasurement": _unit(prop),
                    "properties": {"code": code},
                    "Thing": {"@iot.id": one.thing_id}, "Sensor": {"@iot.id": sensor},
                    "ObservedProperty": {"@iot.id": observed[n]},
                })  # fmt: skip
        return things, len(wanted)

    def _acting(self, session: Session) -> guard.Caller:
        if self.how.agency is None:
            return self.caller
        id_ = store.agency(session, self.how.agency)
        if id_ is None:
            raise NotFound(
                f"no agency {self.how.agency!r}", [Fault("station.agency", self.how.agency, "an agency's code")]
            )
        return replace(self.caller, agency_id=id_)

    def _shared(self, session: Session, caller: guard.Caller, used: set[int]) -> tuple[int, dict[int, int]]:
        """The Sensor and the ObservedProperties, taken as they are where their codes are known."""
        from dothi.sensing import service

        what = self.mapping.sensor
        assert what is not None  # noqa: S101 - `create: true` asks for it
        sensor = service.by_code(session, "Sensor", what.code) or _ensure(session, caller, "Sensor", what.code, {
            "name": what.name, "description": what.description or what.name, "encodingType": "text/html",
            "metadata": what.metadata or what.description or what.name, "properties": {"code": what.code},
        })  # fmt: skip
        observed = {}
        for n in sorted(used):
            prop = self.properties[n]
            body = {"name": prop.name, "definition": prop.definition, "description": prop.description,
                    "properties": {"code": prop.code}}  # fmt: skip
            found = service.by_code(session, "ObservedProperty", prop.code)
            observed[n] = found or _ensure(session, caller, "ObservedProperty", prop.code, body)
        return sensor, observed

    def _thing(self, one: Place) -> dict[str, Any]:
        properties = {**self.how.properties, **one.properties, "code": one.code}
        if self.how.sharing:
            properties["sharing"] = self.how.sharing
        body: dict[str, Any] = {
            "name": one.name,
            "description": self.how.description or self.mapping.title or one.name,
            "properties": properties,
        }
        if one.lon is not None:
            body["Locations"] = [
                {
                    "name": one.name, "description": one.name, "encodingType": "application/geo+json",
                    "location": {"type": "Point", "coordinates": [one.lon, one.lat]},
                }
            ]  # fmt: skip
        return body


def _ensure(session: Session, caller: guard.Caller, entity: str, code: str, body: dict[str, Any]) -> int:
    from dothi.sensing import service

    return int(service.ensure(session, caller, entity, code, body))


def _unit(prop: Property) -> dict[str, Any]:
    if prop.kind in {"truth", "category"}:
        return {"name": None, "symbol": None, "definition": None}
    return {"name": prop.unit_name, "symbol": prop.symbol, "definition": f"ucum:{prop.unit}"}


def _number(text: str | None) -> float | None:
    try:
        return float((text or "").strip().replace(",", "."))
    except ValueError:
        return None


def _listed(mapping: Mapping, path: Path) -> dict[str, dict[str, str]]:
    """The station list's rows by their key, spaces and case evened."""
    from dothi.sensing.tabular.read import open_table

    how = mapping.station.list_
    if how is None:
        raise BadInput(
            "the mapping has no station.list", [Fault("--stations", str(path), "station.list with its columns")]
        )
    named = [how.key, how.name, how.lon, how.lat, how.location, *how.properties.values()]
    wanted = list(dict.fromkeys(name for name in named if name))
    rows: dict[str, dict[str, str]] = {}
    with ExitStack() as stack:
        table = open_table(path, File(), wanted, stack)
        for chunk in table.chunks(wanted):
            columns = {name: cells.texts().to_pylist() for name, cells in chunk.cells.items()}
            for values in zip(*columns.values(), strict=True):
                row = {name: value or "" for name, value in zip(columns, values, strict=True)}
                rows.setdefault(" ".join(nfc(row[how.key]).casefold().split()), row)
    return rows


__all__ = ["NONE", "TO_MAKE", "Place", "Stations", "on_globe", "position", "slug"]
