"""Reports near a place that may be the same: offered to join instead of doubling."""

import math
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.cases import sight
from dothi.cases.tables import Case
from dothi.cases.types import types
from dothi.kit import clock

_METRES = 111_320.0  # of a degree of latitude


@dataclass(frozen=True, slots=True)
class Near:
    """A public report close by. metres: from the place asked."""

    id: int
    number: str
    title: str
    state: str
    phase: str
    address: str
    lon: float
    lat: float
    opened_at: int
    followers: int
    metres: int


def near(session: Session, category: str, lon: float, lat: float, limit: int = 5) -> list[Near]:
    """Open public reports of a category within its distance and days, the nearest first."""
    within = types().category(category).duplicates
    high = within.metres / _METRES
    wide = high / max(0.01, math.cos(math.radians(lat)))
    query = select(
        Case.id, Case.number, Case.title, Case.state, Case.phase, Case.address, Case.lon, Case.lat, Case.opened_at,
        Case.followers,
    ).where(
        Case.category == category, Case.lat.between(lat - high, lat + high), Case.lon.between(lon - wide, lon + wide),
        Case.opened_at >= clock.now_micros() - within.days * clock.DAY, Case.closed_at.is_(None), sight.public(),
    )  # fmt: skip
    rows: list[Any] = list(session.execute(query.order_by(Case.opened_at.desc()).limit(200)))
    found = [(metres(lon, lat, row.lon, row.lat), row) for row in rows]
    close = sorted((one for one in found if one[0] <= within.metres), key=lambda one: (one[0], one[1].id))
    return [Near(**row._asdict(), metres=round(far)) for far, row in close[:limit]]


def metres(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Metres between two points no more than some kilometres apart."""
    x = (other_lon - lon) * math.cos(math.radians((lat + other_lat) / 2))
    return math.hypot(x, other_lat - lat) * _METRES
