"""Datasets, their records with every earlier version, loads and their staging, reviews, corrections and use.

Every time column is BIGINT microseconds since 1970 UTC. Geometry is kept in WGS 84 (longitude, latitude); its GeoJSON
text is stored beside it once, so that pages of features are concatenation. `record` holds only what stands now;
what stood before is in `record_version`, so a deleted record is found there alone.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Computed, Float, ForeignKey, Index, Integer, Text, literal_column
from sqlalchemy.orm import Mapped, Unmapped, mapped_column, unmapped_column

from dothi.db import words
from dothi.db.base import Base
from dothi.db.types import Geometry, Id, Json

_NEVER_AGAIN = {"sqlite_autoincrement": True}


class Dataset(Base):
    """A described collection of records: a register, an inventory, a layer of the map."""

    __tablename__ = "dataset"
    __table_args__ = _NEVER_AGAIN
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)  # a-z, 0-9 and hyphens: its name in every address
    title: Mapped[str] = mapped_column(Text)
    title_en: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    description_en: Mapped[str | None] = mapped_column(Text)
    folded: Mapped[str] = mapped_column(Text)  # kit.text.fold of all one may search by
    agency_id: Mapped[int | None] = mapped_column(Id, index=True)  # identity.agency that owns it
    sharing: Mapped[str] = mapped_column(Text, default="restricted")  # restricted | shared | open
    status: Mapped[str] = mapped_column(Text, default="draft")  # draft | published | retired
    schema: Mapped[dict[str, Any]] = mapped_column(Json)  # JSON Schema of a record's properties
    geometry_type: Mapped[str | None] = mapped_column(Text)  # GeoJSON type, Geometry for any, None for none
    crs: Mapped[str | None] = mapped_column(Text)  # URI of the system it is delivered in; kept as CRS84
    key_field: Mapped[str | None] = mapped_column(Text)  # the property that is the owner's own stable id
    licence: Mapped[str | None] = mapped_column(Text)  # URI
    frequency: Mapped[str | None] = mapped_column(Text)  # EU frequency code: DAILY, MONTHLY, IRREG …
    contact: Mapped[dict[str, Any] | None] = mapped_column(Json)  # name, email, phone, url of an office
    keywords: Mapped[list[Any]] = mapped_column(Json, default=list)
    themes: Mapped[list[Any]] = mapped_column(Json, default=list)  # EU data themes: ENVI, TRAN, GOVE …
    sector: Mapped[str | None] = mapped_column(Text, index=True)
    source: Mapped[str | None] = mapped_column(Text)  # lineage, in words
    source_url: Mapped[str | None] = mapped_column(Text)
    quality: Mapped[str | None] = mapped_column(Text)  # known flaws, in words
    valid_from: Mapped[int | None] = mapped_column(BigInteger)  # declared temporal extent
    valid_until: Mapped[int | None] = mapped_column(BigInteger)
    style: Mapped[dict[str, Any] | None] = mapped_column(Json)  # MapLibre layers and the fields they use
    properties: Mapped[dict[str, Any] | None] = mapped_column(Json)
    simulated: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[int] = mapped_column(BigInteger)
    described_at: Mapped[int] = mapped_column(BigInteger)  # newest change of this row's description
    # kept by every write of records, in its transaction
    count: Mapped[int] = mapped_column(BigInteger, default=0)
    version: Mapped[int] = mapped_column(BigInteger, default=0)  # one more with every change
    changed_at: Mapped[int | None] = mapped_column(BigInteger)
    west: Mapped[float | None] = mapped_column(Float(53))
    south: Mapped[float | None] = mapped_column(Float(53))
    east: Mapped[float | None] = mapped_column(Float(53))
    north: Mapped[float | None] = mapped_column(Float(53))


class _Row:
    """What a record, its earlier versions and its staged form have in common."""

    key: Mapped[str] = mapped_column(Text)  # the feature's id in every interface
    geometry: Mapped[bytes | None] = mapped_column(Geometry, deferred=True)
    geojson: Mapped[str | None] = mapped_column(Text)  # of the geometry, seven decimals
    properties: Mapped[dict[str, Any]] = mapped_column(Json)
    west: Mapped[float | None] = mapped_column(Float(53))
    south: Mapped[float | None] = mapped_column(Float(53))
    east: Mapped[float | None] = mapped_column(Float(53))
    north: Mapped[float | None] = mapped_column(Float(53))
    unit_code: Mapped[str | None] = mapped_column(Text)  # commune holding it, assigned by the server
    folded: Mapped[str | None] = mapped_column(Text)  # kit.text.fold of its texts, for search
    valid_from: Mapped[int | None] = mapped_column(BigInteger)
    valid_until: Mapped[int | None] = mapped_column(BigInteger)  # exclusive


class Record(_Row, Base):
    """A record as it stands. Its box is in R*Tree record_box on SQLite, in a GiST index on PostgreSQL."""

    __tablename__ = "record"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("dataset.id", ondelete="CASCADE"))
    version: Mapped[int] = mapped_column(Integer, default=1)
    recorded_at: Mapped[int] = mapped_column(BigInteger)
    recorded_by: Mapped[str] = mapped_column(Text)  # guard.Caller.actor
    load_id: Mapped[int | None] = mapped_column(Id)
    # the properties as pages say them: kept by the database itself, as to write them out is most of a page's work
    said: Unmapped[str | None] = unmapped_column(
        Text, Computed(words.json_raw(literal_column("properties")), persisted=True)
    )
    __table_args__ = (
        Index("uq_record_dataset_id_key", "dataset_id", "key", unique=True),
        Index("ix_record_dataset_id_id", "dataset_id", "id"),
        Index("ix_record_dataset_id_unit_code", "dataset_id", "unit_code"),
        _NEVER_AGAIN,
    )


class RecordVersion(_Row, Base):
    """A record as it stood from recorded_at until superseded_at."""

    __tablename__ = "record_version"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    record_id: Mapped[int] = mapped_column(Id, index=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("dataset.id", ondelete="CASCADE"))
    version: Mapped[int] = mapped_column(Integer)
    recorded_at: Mapped[int] = mapped_column(BigInteger)
    recorded_by: Mapped[str] = mapped_column(Text)
    load_id: Mapped[int | None] = mapped_column(Id)
    superseded_at: Mapped[int] = mapped_column(BigInteger)
    superseded_by: Mapped[str] = mapped_column(Text)
    superseded_load_id: Mapped[int | None] = mapped_column(Id, index=True)
    deleted: Mapped[bool] = mapped_column(Boolean, default=False)  # nothing took its place
    __table_args__ = (
        Index("ix_record_version_dataset_id_key_version", "dataset_id", "key", "version"),
        Index("ix_record_version_dataset_id_superseded_at", "dataset_id", "superseded_at"),
    )


class Load(Base):
    """A delivery of many records: staged, compared, applied in one transaction, and undone as one."""

    __tablename__ = "load"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("dataset.id", ondelete="CASCADE"), index=True)
    mode: Mapped[str] = mapped_column(Text)  # append | upsert | replace
    state: Mapped[str] = mapped_column(Text)  # staging | staged | applied | undone | dropped | failed
    file_name: Mapped[str | None] = mapped_column(Text)
    format: Mapped[str | None] = mapped_column(Text)
    mapping: Mapped[dict[str, Any] | None] = mapped_column(Json)
    asked_by: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[int] = mapped_column(BigInteger)
    finished_at: Mapped[int | None] = mapped_column(BigInteger)
    total: Mapped[int | None] = mapped_column(BigInteger)  # rows to read, where the file tells
    read: Mapped[int] = mapped_column(BigInteger, default=0)
    accepted: Mapped[int] = mapped_column(BigInteger, default=0)
    refused: Mapped[int] = mapped_column(BigInteger, default=0)
    repaired: Mapped[int] = mapped_column(BigInteger, default=0)
    added: Mapped[int | None] = mapped_column(BigInteger)  # the comparison with what stands
    changed: Mapped[int | None] = mapped_column(BigInteger)
    same: Mapped[int | None] = mapped_column(BigInteger)
    removed: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str | None] = mapped_column(Text)  # why it failed


class StagedRecord(_Row, Base):
    """A record of a load that is not applied yet."""

    __tablename__ = "staged_record"
    load_id: Mapped[int] = mapped_column(ForeignKey("load.id", ondelete="CASCADE"), primary_key=True)
    row: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)  # in the file, from 1
    __table_args__ = (Index("ix_staged_record_load_id_key", "load_id", "key"),)


class LoadFault(Base):
    """A cell or row of a file that was refused, or repaired with notice."""

    __tablename__ = "load_fault"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    load_id: Mapped[int] = mapped_column(ForeignKey("load.id", ondelete="CASCADE"), index=True)
    row: Mapped[int] = mapped_column(BigInteger)
    column: Mapped[str | None] = mapped_column(Text)
    value: Mapped[str | None] = mapped_column(Text)  # shortened
    reason: Mapped[str] = mapped_column(Text)
    repaired: Mapped[bool] = mapped_column(Boolean, default=False)


class TileStamp(Base):
    """At which version of its dataset a cell of the map last changed; zoom 0 stands for the whole dataset."""

    __tablename__ = "tile_stamp"
    dataset_id: Mapped[int] = mapped_column(ForeignKey("dataset.id", ondelete="CASCADE"), primary_key=True)
    z: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    x: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    y: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)


class Review(Base):
    """A wish to publish or open a dataset, decided by a second person."""

    __tablename__ = "review"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("dataset.id", ondelete="CASCADE"), index=True)
    sharing: Mapped[str] = mapped_column(Text)  # wanted
    status: Mapped[str] = mapped_column(Text)  # wanted
    note: Mapped[str | None] = mapped_column(Text)
    findings: Mapped[list[Any] | None] = mapped_column(Json)  # of the personal-data scan when it was asked
    asked_by: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[int] = mapped_column(BigInteger)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[int | None] = mapped_column(BigInteger)
    decision: Mapped[str | None] = mapped_column(Text)  # approved | refused | withdrawn
    answer: Mapped[str | None] = mapped_column(Text)


class Correction(Base):
    """What somebody says is wrong in a dataset. The contact is personal data."""

    __tablename__ = "correction"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("dataset.id", ondelete="CASCADE"), index=True)
    record_key: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    contact: Mapped[str | None] = mapped_column(Text)
    sent_by: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text, default="open")  # open | done | refused
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[int | None] = mapped_column(BigInteger)


class Usage(Base):
    """How often a dataset was asked for in a day through one door."""

    __tablename__ = "usage"
    dataset_id: Mapped[int] = mapped_column(ForeignKey("dataset.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)  # days since 1970, Vietnam time
    door: Mapped[str] = mapped_column(Text, primary_key=True)  # page, download, features, tiles, ckan, dcat
    count: Mapped[int] = mapped_column(BigInteger)


class Harvest(Base):
    """Another portal whose datasets are listed here too."""

    __tablename__ = "harvest"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    url: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)  # ckan | dcat
    title: Mapped[str] = mapped_column(Text)
    agency_id: Mapped[int | None] = mapped_column(Id)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    last_at: Mapped[int | None] = mapped_column(BigInteger)
    last_result: Mapped[dict[str, Any] | None] = mapped_column(Json)


class HarvestedDataset(Base):
    """A dataset of another portal: described here, kept there."""

    __tablename__ = "harvested_dataset"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    harvest_id: Mapped[int] = mapped_column(ForeignKey("harvest.id", ondelete="CASCADE"))
    identifier: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text, unique=True)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    folded: Mapped[str] = mapped_column(Text)
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", Json)  # as DCAT in JSON
    digest: Mapped[str] = mapped_column(Text, index=True)  # of what makes two descriptions the same dataset
    same_as: Mapped[str | None] = mapped_column(Text)  # code of the dataset it repeats
    modified_at: Mapped[int | None] = mapped_column(BigInteger)
    seen_at: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (Index("uq_harvested_dataset_harvest_id_identifier", "harvest_id", "identifier", unique=True),)
