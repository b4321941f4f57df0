"""Leases: work that must run once is done by whoever holds its lease."""

from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from dothi.db.base import Base


class Lease(Base):
    """Who does a piece of work, and until when if they fall silent."""

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    holder: Mapped[str] = mapped_column(Text)
    until: Mapped[int] = mapped_column(BigInteger)


class JobRun(Base):
    """The last run of a scheduled job, for the health page."""

    __tablename__ = "job_run"
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    started_at: Mapped[int] = mapped_column(BigInteger)
    finished_at: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str | None] = mapped_column(Text)
