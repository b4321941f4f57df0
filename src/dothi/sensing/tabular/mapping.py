"""A mapping file: which column is the time, the station, the values, and what they mean."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from dothi import packs
from dothi.kit import encodings
from dothi.kit import units as kit_units
from dothi.kit.errors import BadInput, Fault
from dothi.packs.lines import Source
from dothi.sensing import sectors
from dothi.sensing.tabular import numbers, times

Code = sectors.Code
OBSERVATION_TYPES = {
    "measurement": "OM_Measurement", "count": "OM_CountObservation", "truth": "OM_TruthObservation",
    "category": "OM_CategoryObservation",
}  # fmt: skip


class File(packs.Strict):
    """How the file is read, where guessing is not enough."""

    encoding: str | None = None
    font: Literal["tcvn3", "vni"] | None = None  # legacy letters inside Unicode text, as copied from old workbooks
    delimiter: str | None = Field(None, min_length=1, max_length=1)
    sheet: str | None = None
    member: str | None = None  # the file inside a zip archive
    header_row: int | None = Field(None, ge=1)  # row of the (last line of the) header, as a spreadsheet counts
    header_rows: int = Field(1, ge=1, le=4)  # how many rows the header takes, merged cells and all
    short_rows: Literal["refuse", "fill"] = "refuse"

    @field_validator("encoding")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        if name is not None and name.strip().lower().replace("_", "-") not in encodings.NAMES:
            raise ValueError(f"{name!r} is not an encoding we read; one of {', '.join(encodings.NAMES)}")
        return name


class TimeOf(packs.Strict):
    """Where the time of a row stands. stamp: whether it is the start or the end of what the row sums up."""

    column: str | None = None
    columns: list[str] = Field([], max_length=2)
    format: str | list[str] = "iso"
    zone: str | None = None
    lasts: Literal["10min", "15min", "30min", "1h", "3h", "8h", "24h"] | None = None
    stamp: Literal["start", "end"] = "start"

    @field_validator("format")
    @classmethod
    def _formats(cls, given: str | list[str]) -> str | list[str]:
        for one in [given] if isinstance(given, str) else given:
            try:
                times.check(one)
            except ValueError as error:
                raise ValueError(f"{one!r} is not a time format; {error}") from None
        return given

    @field_validator("zone")
    @classmethod
    def _zone(cls, name: str | None) -> str | None:
        try:
            if name is not None:
                ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{name!r} is not a time zone, such as Asia/Ho_Chi_Minh") from None
        return name

    @model_validator(mode="after")
    def _one(self) -> "TimeOf":
        if bool(self.column) == bool(self.columns):
            raise ValueError("give either column, or columns: [date, time]")
        if self.columns and len(self.columns) != 2:
            raise ValueError("columns are two: the date and the time of day")
        return self

    @property
    def names(self) -> list[str]:
        """The columns the time is read from."""
        return [self.column] if self.column else self.columns

    def how(self) -> times.Time:
        """The reading rules."""
        formats = (self.format,) if isinstance(self.format, str) else tuple(self.format)
        zone = ZoneInfo(self.zone) if self.zone else None
        if self.columns and "iso" not in formats:
            formats = (*formats, "iso")  # a spreadsheet's own dates come as ISO text when joined with a time
        return times.Time(formats, zone)


class StationList(packs.Strict):
    """A second file with one row a station: where it is and what else is known."""

    file: str
    key: str
    name: str | None = None
    lon: str | None = None
    lat: str | None = None
    location: str | None = None  # "lat,lon" or "lon,lat" in one column
    order: Literal["lat,lon", "lon,lat"] = "lat,lon"
    properties: dict[str, str] = Field(default_factory=dict)


class Station(packs.Strict):
    """Which Thing a row is about. code: template of the stable code; {value} as written, {slug} for addresses."""

    column: str | None = None
    is_: str | None = Field(None, alias="is")  # the one station of the whole file
    code: str = "{slug}"
    name: str = "{value}"
    name_column: str | None = None
    codes: dict[str, str] = Field(default_factory=dict)
    description: str = ""
    create: bool = False
    lon: str | None = None
    lat: str | None = None
    location: str | None = None
    order: Literal["lat,lon", "lon,lat"] = "lat,lon"
    list_: StationList | None = Field(None, alias="list")
    properties: dict[str, Any] = Field(default_factory=dict)
    sharing: Literal["open", "shared", "restricted"] | None = None
    agency: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "Station":
        if bool(self.column) == bool(self.is_):
            raise ValueError("give either column, or is: the one station of the file")
        return self


class Instrument(packs.Strict):
    """The Sensor that new datastreams name."""

    code: str
    name: str
    description: str = ""
    metadata: str = ""


class PropertyOf(packs.Strict):
    """One observed property: its column (wide) or its word in the property column (long), unit and limits.

    What the sector packs say of the code (unit, name, plausible range) need not be repeated.
    """

    column: str | None = None
    is_: str | list[str] | None = Field(None, alias="is")
    kind: Literal["measurement", "count", "truth", "category"] | None = None
    unit: str | None = None  # UCUM of the datastream
    given: str | None = None  # unit of bare numbers in the file, when another
    factor: float | None = None
    offset: float = 0.0
    range: tuple[float, float] | None = None
    decimal: Literal[".", ",", "any"] | None = None
    thousands: str | None = None
    missing: list[str] | None = None
    below: Literal["refuse", "limit", "half"] | None = None
    name: str | None = None
    definition: str | None = None
    description: str | None = None


class Long(packs.Strict):
    """One value a row: the column that names the property, and the one with the value."""

    property: str
    value: str
    unit: str | None = None
    ignore: list[str] = Field(default_factory=list)


class Mapping(packs.Strict):
    """mapping.yaml of `dothi import observations`."""

    title: str = ""
    file: File = File()
    time: TimeOf
    station: Station
    properties: dict[Code, PropertyOf] = Field(min_length=1)
    long: Long | None = None
    sensor: Instrument | None = None
    datastream: str = "{thing}.{property}"
    only: dict[str, list[str]] = Field(default_factory=dict)
    decimal: Literal[".", ",", "any"] = "."
    thousands: str | None = None
    missing: list[str] = Field(default_factory=list)
    below: Literal["refuse", "limit", "half"] = "refuse"
    duplicates: Literal["last", "first", "refuse"] = "last"

    @model_validator(mode="after")
    def _shape(self) -> "Mapping":
        if self.long is None and (lacking := [code for code, one in self.properties.items() if not one.column]):
            raise ValueError(f"no `long:`, so each property needs its column; {', '.join(lacking)} has none")
        if self.long is not None and (columned := [code for code, one in self.properties.items() if one.column]):
            raise ValueError(f"`long:` names the value column already; {', '.join(columned)} must not")
        if self.station.create and self.sensor is None:
            raise ValueError("`create: true` makes datastreams, which need a `sensor:`")
        if "{thing}" not in self.datastream or "{property}" not in self.datastream:
            raise ValueError("`datastream:` must contain {thing} and {property}")
        return self


@dataclass(frozen=True)
class Property:
    """A property of a mapping with everything the sector packs add to it."""

    code: str
    column: str | None
    words: tuple[str, ...]
    kind: str
    unit: str
    name: str
    definition: str
    description: str
    symbol: str
    unit_name: str
    number: numbers.Number

    @property
    def observation_type(self) -> str:
        """The type of a new datastream's observations."""
        return "http://www.opengis.net/def/observationType/OGC-OM/2.0/" + OBSERVATION_TYPES[self.kind]


def load(path: Path) -> tuple[Mapping, Source]:
    """A mapping file; raises BadInput with every fault and its line."""
    mapping, source = packs.load_file(path, Mapping, str(path))
    faults = [
        source.fault(("properties", code, key), f"{unit!r} is not a unit we can calculate with", allowed="a UCUM code")
        for code, one in mapping.properties.items()
        for key in ("unit", "given")
        if (unit := getattr(one, key)) and not kit_units.known(unit)
    ]
    packs.refuse(faults, str(path))
    return mapping, source


def properties(mapping: Mapping) -> list[Property]:
    """The mapping's properties in order, completed from the sector packs."""
    known = _sector_properties()
    shared: dict[str, int] = {}
    return [_property(code, one, mapping, known.get(code), shared) for code, one in mapping.properties.items()]


def _sector_properties() -> dict[str, sectors.Property]:
    try:
        return sectors.sectors().properties
    except (
        FileNotFoundError,
        BadInput,
    ):  # an import does not need the packs; `dothi plan` says what is wrong with them
        return {}


def _property(
    code: str, one: PropertyOf, mapping: Mapping, pack: sectors.Property | None, shared: dict[str, int]
) -> Property:
    kind = one.kind or (pack.kind if pack else "measurement")
    unit = one.unit or (pack.unit.ucum if pack else "1")
    low, high = one.range or (pack.plausible if pack and pack.plausible else (None, None))
    if pack and one.range is None and pack.plausible and unit != pack.unit.ucum:
        low = high = None
    shown = pack.unit.sensorthings() if pack and pack.unit.ucum == unit else {"name": unit, "symbol": unit}
    missing = [*numbers.MISSING, *mapping.missing, *(one.missing or [])]
    number = numbers.Number(
        unit=unit, given=one.given, factor=one.factor, offset=one.offset,
        molar_mass=pack.molar_mass if pack else None,
        decimal=one.decimal or mapping.decimal, thousands=one.thousands or mapping.thousands,
        missing=frozenset(word.strip().casefold() for word in missing),
        low=low, high=high, below=one.below or mapping.below, whole=kind == "count", quality=shared,
    )  # fmt: skip
    words = (code,) if one.is_ is None else (one.is_,) if isinstance(one.is_, str) else tuple(one.is_)
    name = one.name or (pack.name.vi if pack else code)
    return Property(
        code, one.column, words, kind, unit, name,
        one.definition or (pack.definition if pack else f"urn:dothi:property:{code}"),
        one.description or (pack.description.vi if pack and pack.description else name),
        shown["symbol"], shown["name"], number,
    )  # fmt: skip


def columns(mapping: Mapping) -> list[str]:
    """Every column of the file the mapping names."""
    station, long = mapping.station, mapping.long
    named = [
        *mapping.time.names, station.column, station.name_column, station.lon, station.lat, station.location,
        *(one.column for one in mapping.properties.values()), *mapping.only,
        *((long.property, long.value, long.unit) if long else ()),
    ]  # fmt: skip
    return list(dict.fromkeys(name for name in named if name))


def constant_station(mapping: Mapping, name: str) -> Mapping:
    """The mapping for a file about one station, named on the command line."""
    if mapping.station.column:
        raise BadInput(
            "the mapping reads the station from a column", [Fault("--station", name, "a mapping with `is:`")]
        )
    return mapping.model_copy(update={"station": mapping.station.model_copy(update={"is_": name})})


__all__ = ["Mapping", "Property", "columns", "constant_station", "load", "properties"]
