"""The journal (sổ nhật ký): one append-only table that is audit log, feed, outbox and live cursor; and its seals."""

from typing import Any

from sqlalchemy import BigInteger, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from dothi.db.base import Base
from dothi.db.types import Id, Json


class Entry(Base):
    """Who did what to which subject, when and where, who may read it, and what exactly changed."""

    __tablename__ = "journal"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(Text)  # e.g. sensing.thing.created
    actor: Mapped[str] = mapped_column(Text)  # person:3, key:7, anonymous, dothi
    agency_id: Mapped[int | None] = mapped_column(Id)
    subject: Mapped[str | None] = mapped_column(Text, index=True)  # e.g. thing:12
    place: Mapped[str | None] = mapped_column(Text)  # unit code
    visibility: Mapped[str] = mapped_column(Text)  # open | shared | restricted
    data: Mapped[dict[str, Any] | None] = mapped_column(Json)
    __table_args__ = (Index(None, "kind", "id"), {"sqlite_autoincrement": True})


class Seal(Base):
    """A hash over a run of entries, chained to the seal before it."""

    __tablename__ = "journal_seal"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    first_id: Mapped[int] = mapped_column(BigInteger)
    last_id: Mapped[int] = mapped_column(BigInteger)
    count: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[int] = mapped_column(BigInteger)
    previous: Mapped[str] = mapped_column(Text)  # hex sha256 of the seal before; 64 zeros for the first
    hash: Mapped[str] = mapped_column(Text)  # hex sha256
