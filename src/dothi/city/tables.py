"""Applied blueprints: what was asked of the running city, when, by whom."""

from typing import Any

from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from dothi.db.base import Base
from dothi.db.types import Id, Json


class CityVersion(Base):
    """One `dothi apply`: the whole blueprint as it was applied."""

    __tablename__ = "city_version"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    city: Mapped[str] = mapped_column(Text, index=True)
    version: Mapped[str | None] = mapped_column(Text)
    applied_at: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(Text)
    blueprint: Mapped[dict[str, Any]] = mapped_column(Json)  # resolved, as applied
    summary: Mapped[dict[str, Any] | None] = mapped_column(Json)


class Setting(Base):
    """Small values the running city keeps: its name, centre, switched-on sectors, applied packs."""

    __tablename__ = "city_setting"
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[Any] = mapped_column(Json)
