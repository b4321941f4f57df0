"""The runs of analyses. What they find is records of datasets; here stands only what was done, when, and of what."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from dothi.db.base import Base
from dothi.db.types import Id, Json


class AnalysisRun(Base):
    """One run of a declared analysis. Times are µs UTC."""

    __tablename__ = "analysis_run"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    at: Mapped[int] = mapped_column(BigInteger)  # the moment the result is about
    started_at: Mapped[int] = mapped_column(BigInteger)
    finished_at: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text)  # running | done | same | refused | failed
    rows: Mapped[int | None] = mapped_column(Integer)  # of the result
    added: Mapped[int | None] = mapped_column(Integer)
    changed: Mapped[int | None] = mapped_column(Integer)
    removed: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str | None] = mapped_column(Text)  # why there is no new result, in Vietnamese
    reason_en: Mapped[str | None] = mapped_column(Text)
    inputs: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # by name: source, version or time range, count
    print: Mapped[str | None] = mapped_column(Text)  # sha256 hex of method, parameters and inputs
    simulated: Mapped[bool] = mapped_column(Boolean, default=False)
    __table_args__ = (Index("ix_analysis_run_code_id", "code", "id"), {"sqlite_autoincrement": True})
