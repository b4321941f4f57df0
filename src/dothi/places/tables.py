"""Places: administrative units through time, what became of them, and named areas."""

from typing import Any

from sqlalchemy import BigInteger, Float, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from dothi.db.base import Base
from dothi.db.types import Geometry, Id, Json


class Unit(Base):
    """A province, district (until 30 June 2025) or commune, under one code for one stretch of time.

    Codes are reused with new meanings: the key is (code, valid_from), never the code alone.
    """

    __tablename__ = "unit"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Text, index=True)
    level: Mapped[str] = mapped_column(Text)  # province | district | commune
    kind: Mapped[str] = mapped_column(Text)  # tỉnh, thành phố, huyện, quận, thị xã, xã, phường, thị trấn, đặc khu
    name: Mapped[str] = mapped_column(Text)  # without its kind: Tân An
    full_name: Mapped[str] = mapped_column(Text)  # Phường Tân An
    full_name_en: Mapped[str | None] = mapped_column(Text)
    folded: Mapped[str] = mapped_column(Text, index=True)  # kit.text.fold(full_name)
    parent_code: Mapped[str | None] = mapped_column(Text, index=True)
    valid_from: Mapped[int] = mapped_column(BigInteger)  # µs UTC
    valid_to: Mapped[int | None] = mapped_column(BigInteger)  # exclusive; None: still valid
    area_km2: Mapped[float | None] = mapped_column(Float)
    population: Mapped[int | None] = mapped_column(BigInteger)
    geometry: Mapped[bytes | None] = mapped_column(Geometry, deferred=True)
    lon: Mapped[float | None]  # a point inside, for labels
    lat: Mapped[float | None]
    approximate: Mapped[bool] = mapped_column(default=False)  # a sketch, not the official boundary
    source: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (Index("uq_unit_code_level_valid_from", "code", "level", "valid_from", unique=True),)


class UnitChange(Base):
    """The crosswalk: on a day, (part of) an old unit became (part of) a new one."""

    __tablename__ = "unit_change"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    on: Mapped[int] = mapped_column(BigInteger)  # µs UTC
    level: Mapped[str] = mapped_column(Text)
    old_code: Mapped[str] = mapped_column(Text, index=True)
    new_code: Mapped[str] = mapped_column(Text, index=True)
    extent: Mapped[str] = mapped_column(Text)  # whole | part | same
    weight: Mapped[float | None]  # share of the old unit's population or area, when known
    basis: Mapped[str | None] = mapped_column(Text)  # what the weight and the change rest on


class Area(Base):
    """A named area: a pilot city made of units, a river basin, a drawn zone; valid in time."""

    __tablename__ = "area"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)  # pilot-city, basin, zone …
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str | None] = mapped_column(Text)
    folded: Mapped[str] = mapped_column(Text, index=True)
    units: Mapped[list[Any] | None] = mapped_column(Json)  # unit codes, or
    geometry: Mapped[bytes | None] = mapped_column(Geometry, deferred=True)
    properties: Mapped[dict[str, Any] | None] = mapped_column(Json)
    valid_from: Mapped[int | None] = mapped_column(BigInteger)
    valid_to: Mapped[int | None] = mapped_column(BigInteger)
    approximate: Mapped[bool] = mapped_column(default=False)


class Feature(Base):
    """A line or shape of the built-in base map: river, road, bridge, point of note."""

    __tablename__ = "base_feature"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    area_code: Mapped[str | None] = mapped_column(Text, index=True)
    kind: Mapped[str] = mapped_column(Text)  # river, canal, road, expressway, label …
    name: Mapped[str | None] = mapped_column(Text)
    geometry: Mapped[bytes] = mapped_column(Geometry)
    approximate: Mapped[bool] = mapped_column(default=True)
    source: Mapped[str | None] = mapped_column(Text)
    properties: Mapped[dict[str, Any] | None] = mapped_column(Json)


class Stamp(Base):
    """One row whose random value differs after every change of places, so that copies in memory know they are old."""

    __tablename__ = "place_stamp"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
