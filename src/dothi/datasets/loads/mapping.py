"""A mapping: which column of a file becomes which field of a dataset, and where a record's place comes from."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from dothi import packs
from dothi.datasets.loads import crs
from dothi.datasets.loads.opening import How
from dothi.kit import encodings
from dothi.kit.errors import BadInput, Fault


class FieldOf(packs.Strict):
    """Where the values of a field come from.

    values: what cells stand for; blank: a cell that cannot be read becomes nothing instead of refusing its row.
    """

    column: str | None = None
    value: Any = None
    decimal: Literal[".", ","] = "."
    values: dict[str, Any] = Field(default_factory=dict)
    blank: bool = False

    @model_validator(mode="after")
    def _one(self) -> "FieldOf":
        if (self.column is None) == (self.value is None):
            raise ValueError("give either column, or value: the same for every record")
        return self


class GeometryOf(packs.Strict):
    """Where a record's place comes from, where the format has no geometry of its own.

    lon, lat: degrees; east, north: metres of `crs`; position: both in one column; wkt, geojson: a shape as text.
    """

    lon: str | None = None
    lat: str | None = None
    east: str | None = None
    north: str | None = None
    position: str | None = None
    order: Literal["lat,lon", "lon,lat"] = "lat,lon"
    wkt: str | None = None
    geojson: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "GeometryOf":
        pairs = [(self.lon, self.lat), (self.east, self.north)]
        if any(bool(a) != bool(b) for a, b in pairs):
            raise ValueError("lon and lat go together, and so do east and north")
        ways = sum(bool(way) for way in (self.lon, self.east, self.position, self.wkt, self.geojson))
        if ways != 1:
            raise ValueError("give one of: lon and lat; east and north; position; wkt; geojson")
        return self

    @property
    def columns(self) -> list[str]:
        """The columns it is read from."""
        named = (self.lon, self.lat, self.east, self.north, self.position, self.wkt, self.geojson)
        return [one for one in named if one]


class Mapping(packs.Strict):
    """mapping.yaml of `dothi import records`. dataset: what a new dataset is to be, for --create."""

    layer: str | None = None
    encoding: str | None = None
    font: Literal["tcvn3", "vni"] | None = None
    delimiter: str | None = Field(None, min_length=1, max_length=1)
    header_row: int | None = Field(None, ge=1)
    crs: str | None = None
    swap: bool = False  # the first coordinate of the file is the northing or latitude
    key: str | None = None  # column of the record's key, for a dataset without a key field
    geometry: GeometryOf | None = None
    fields: dict[str, FieldOf] = Field(default_factory=dict)
    ignore: list[str] = Field(default_factory=list)
    dataset: dict[str, Any] | None = None

    @field_validator("fields", mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        if isinstance(given, dict):
            return {name: {"column": one} if isinstance(one, str) else one for name, one in given.items()}
        return given

    @field_validator("encoding")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                encodings.named(name)
            except BadInput:
                raise ValueError(f"{name!r} is not an encoding we read; one of {', '.join(encodings.NAMES)}") from None
        return name

    @field_validator("crs")
    @classmethod
    def _system(cls, said: str | None) -> str | None:
        if said is not None:
            try:
                crs.said(said)
            except BadInput as error:
                raise ValueError(f"{error.message}; {crs.ALLOWED}") from None
        return said

    @property
    def how(self) -> How:
        """How the file is to be opened."""
        return How(self.layer, self.encoding, self.font, self.delimiter, self.header_row)

    @property
    def columns(self) -> list[str]:
        """Every column of the file it names."""
        named = [
            *(one.column for one in self.fields.values()),
            self.key,
            *(self.geometry.columns if self.geometry else []),
        ]
        return list(dict.fromkeys(one for one in named if one))


def load(path: Path) -> Mapping:
    """A mapping file; raises BadInput with every fault and its line."""
    found, _ = packs.load_file(path, Mapping, str(path))
    return found


def of(value: Any) -> Mapping:
    """A mapping of plain values, as a form or an interface sends them; raises BadInput with every fault."""
    if isinstance(value, Mapping):
        return value
    try:
        return Mapping.model_validate(value)
    except ValidationError as error:
        faults = [
            Fault(".".join(("mapping", *map(str, one["loc"]))), one["msg"].removeprefix("Value error, "))
            for one in error.errors(include_url=False)
        ]
        raise BadInput("the mapping does not say what it must", faults) from None


def plain(mapping: Mapping) -> dict[str, Any]:
    """The mapping as JSON, without what it does not say."""
    made = mapping.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    for name, one in mapping.fields.items():
        if one.column is not None and one == FieldOf(column=one.column):
            made["fields"][name] = one.column
    return made
