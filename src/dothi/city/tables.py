"""Applied blueprints: what was asked of the running city, when, by whom."""

from typing import Any

from sqlalchemy import BigInteger, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from dothi.db.base import Base
from dothi.db.types import Id, Json
from dothi.places.cities import Setting

__all__ = ["CityFile", "CityVersion", "Setting"]


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


class CityFile(Base):
    """A sketch as an apply drew it. digest: of all sketches of that apply together."""

    __tablename__ = "city_file"
    city: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    digest: Mapped[str] = mapped_column(Text, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
