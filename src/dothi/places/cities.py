"""The small values running cities keep, for every room to read: name, centre, sectors on, inputs of the blueprint.

Written by `dothi apply` alone. The first city of an installation keeps `city`, `inputs`, …; others `city:<code>`, …
"""

from contextvars import ContextVar
from typing import Any

from sqlalchemy import Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from dothi.db.base import Base
from dothi.db.types import Json

CITY, INPUTS = "city", "inputs"
_chosen: ContextVar[str | None] = ContextVar("city", default=None)


class Setting(Base):
    """Small values the running city keeps: its name, centre, switched-on sectors, inputs."""

    __tablename__ = "city_setting"
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[Any] = mapped_column(Json)


def setting(session: Session, name: str) -> Any:
    """A small value of the running city; None when it was never set."""
    return session.scalars(select(Setting.value).where(Setting.name == name)).first()


def choose(code: str | None) -> None:
    """Have the rest of this request be about a city; None: the first one."""
    _chosen.set(code)


def each(session: Session, name: str) -> list[Any]:
    """A value (`city`, `inputs`, …) of every city that has it, the first one's first."""
    mine = (Setting.name == name) | Setting.name.startswith(f"{name}:", autoescape=True)
    rows = session.execute(select(Setting.name, Setting.value).where(mine))
    return [value for _, value in sorted(rows, key=lambda row: row[0])]


def all_(session: Session) -> dict[str, dict[str, Any]]:
    """Every city applied here, by code, the first one first: its setting `city` (name, centre, sectors, areas …)."""
    return {str(value.get("code")): value for value in each(session, CITY) if isinstance(value, dict)}


def called(city: dict[str, Any]) -> str:
    """What a city (its setting `city`) is called in Vietnamese; empty where it says nothing."""
    name = city.get("name") or ""
    return str(name.get("vi") or "") if isinstance(name, dict) else str(name)


def of(session: Session, name: str, code: str | None = None) -> Any:
    """A value (`city`, `inputs`, …) of a city: the one of this code, else the one chosen, else the first."""
    wanted = code or _chosen.get()
    if wanted is not None:
        first = setting(session, CITY)
        if not (isinstance(first, dict) and first.get("code") == wanted):
            found = setting(session, f"{name}:{wanted}")
            if found is not None or code is not None:
                return found
    return setting(session, name)


def inputs(session: Session, code: str | None = None) -> dict[str, Any]:
    """The inputs of a city's blueprint: `population` is {unit: {value, year, source}}, `units` a list with codes."""
    return dict(of(session, INPUTS, code) or {})
