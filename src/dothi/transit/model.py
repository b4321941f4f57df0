"""A timetable as it is read, before it is stored: plain values, numbered in the order of their files."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dothi.transit.faults import Findings


class Call(NamedTuple):
    """A trip at a stop: numbers of both, seconds of the service day."""

    trip: int
    sequence: int
    stop: int
    arrival: int | None
    departure: int | None
    headsign: str
    pickup: int
    dropoff: int
    exact: bool


@dataclass
class Days:
    """On which days a service runs. mask: bit 0 Monday to bit 6 Sunday; days are ordinals."""

    mask: int = 0
    begins: int | None = None
    ends: int | None = None
    added: set[int] = field(default_factory=set)
    removed: set[int] = field(default_factory=set)

    def runs(self, day: int) -> bool:
        """Whether it runs on a day."""
        if day in self.removed:
            return False
        if day in self.added:
            return True
        if self.begins is None or self.ends is None or not self.begins <= day <= self.ends:
            return False
        return bool(self.mask >> ((day - 1) % 7) & 1)  # ordinal 1 was a Monday


@dataclass
class Timetable:
    """A whole feed. stops, lines, trips: columns of their tables but the version."""

    name: str
    sha256: str
    timezone: str
    findings: Findings
    agencies: list[dict[str, Any]] = field(default_factory=list)
    stops: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    trips: list[dict[str, Any]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    services: dict[str, Days] = field(default_factory=dict)
    shapes: dict[str, list[list[float]]] = field(default_factory=dict)

    @property
    def begins(self) -> int | None:
        """The first day any service runs, as far as is said."""
        days = [d for one in self.services.values() for d in (one.begins, *one.added) if d is not None]
        return min(days, default=None)

    @property
    def ends(self) -> int | None:
        """The last day any service runs."""
        days = [d for one in self.services.values() for d in (one.ends, *one.added) if d is not None]
        return max(days, default=None)
