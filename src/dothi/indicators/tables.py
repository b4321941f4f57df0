"""Values of indicators, receipts, targets, and what tells which of them are to be computed anew.

Every time column is BIGINT microseconds since 1970 UTC.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Float, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from dothi.db.base import Base
from dothi.db.types import Id, Json


class IndicatorValue(Base):
    """The number of an indicator for a place and a period, as it stands."""

    __tablename__ = "indicator_value"
    indicator: Mapped[str] = mapped_column(Text, primary_key=True)
    period_kind: Mapped[str] = mapped_column(Text, primary_key=True)  # day | week | month | quarter | year
    start: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    place_kind: Mapped[str] = mapped_column(Text, primary_key=True)  # city | unit | province
    place: Mapped[str] = mapped_column(Text, primary_key=True)  # code of an area, or of a unit on this boundary
    value: Mapped[float | None] = mapped_column(Float(53))
    numerator: Mapped[float | None] = mapped_column(Float(53))
    denominator: Mapped[float | None] = mapped_column(Float(53))
    coverage: Mapped[float | None] = mapped_column(Float(53))
    state: Mapped[str] = mapped_column(Text)  # ok | thin | missing
    reason: Mapped[str | None] = mapped_column(Text)
    formula_hash: Mapped[str] = mapped_column(Text)
    boundary: Mapped[int] = mapped_column(BigInteger)  # since when the outlines of the place are these
    receipt_id: Mapped[int] = mapped_column(Id)
    digest: Mapped[str] = mapped_column(Text)  # of all it was made of
    computed_at: Mapped[int] = mapped_column(BigInteger)
    simulated: Mapped[bool] = mapped_column(Boolean, default=False)
    __table_args__ = (
        Index("ix_indicator_value_place", "indicator", "place_kind", "place", "period_kind", "start"),
        Index("ix_indicator_value_receipt_id", "receipt_id"),
    )


class IndicatorReceipt(Base):
    """What one computing of an indicator for one period was made of, place by place; never changed, only taken down."""

    __tablename__ = "indicator_receipt"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    indicator: Mapped[str] = mapped_column(Text)
    period_kind: Mapped[str] = mapped_column(Text)
    start: Mapped[int] = mapped_column(BigInteger)
    end: Mapped[int] = mapped_column(BigInteger)
    place_kind: Mapped[str] = mapped_column(Text)
    boundary: Mapped[int] = mapped_column(BigInteger)
    formula: Mapped[str] = mapped_column(Text)
    formula_hash: Mapped[str] = mapped_column(Text)
    inputs: Mapped[dict[str, Any]] = mapped_column(Json)  # by name: source, query, aggregate, version, first, last
    places: Mapped[dict[str, Any]] = mapped_column(Json)  # by place: the number and the part of every input
    computed_at: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        Index("ix_indicator_receipt_of", "indicator", "period_kind", "start", "place_kind"),
        {"sqlite_autoincrement": True},
    )


class IndicatorTarget(Base):
    """What is to be reached in a year; the empty place stands for every place that has none of its own."""

    __tablename__ = "indicator_target"
    indicator: Mapped[str] = mapped_column(Text, primary_key=True)
    place: Mapped[str] = mapped_column(Text, primary_key=True)
    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    value: Mapped[float] = mapped_column(Float(53))
    phase: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[int] = mapped_column(BigInteger)


class IndicatorPart(Base):
    """What an input comes to in one month by unit: a year is twelve rows and not its hours."""

    __tablename__ = "indicator_part"
    input: Mapped[str] = mapped_column(Text, primary_key=True)  # model.Input.hash
    month: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    boundary: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    parts: Mapped[dict[str, Any]] = mapped_column(Json)
    source: Mapped[str] = mapped_column(Text)
    __table_args__ = (Index("ix_indicator_part_source", "source", "month"),)


class IndicatorMark(Base):
    """Hours of a datastream that were rolled up again, both ends included; taken away once they are computed."""

    __tablename__ = "indicator_mark"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    datastream_id: Mapped[int] = mapped_column(Integer)
    first_hour: Mapped[int] = mapped_column(BigInteger)
    last_hour: Mapped[int] = mapped_column(BigInteger)


class IndicatorCursor(Base):
    """How far something had come when indicators were computed: a version of a dataset, the hash of a formula."""

    __tablename__ = "indicator_cursor"
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[Any] = mapped_column(Json)
