"""Registers of the demo: records of declared datasets, made up for the running city and for the time up to now.

A module a sector registers makers:

    @register("accidents", days=730)
    def accidents(ground: Ground, begin: int, now: int) -> Iterator[Row]: …

A maker is pure, and its luck hangs on the day and the key, never on `begin`: the same day always has the same rows, and a
later `now` only adds rows or moves those along that were not finished. begin: a midnight in Vietnam, µs UTC. Nothing it makes is about anybody; every dataset it fills is marked simulated.
"""

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from dothi.simulate.ground import Ground


@dataclass(frozen=True)
class Row:
    """One record. at: when it became known, µs UTC; geometry: GeoJSON in longitude and latitude, or none."""

    key: str
    at: int
    properties: dict[str, Any]
    geometry: dict[str, Any] | None = None

    @property
    def feature(self) -> dict[str, Any]:
        """The record as a GeoJSON feature."""
        return {"type": "Feature", "id": self.key, "geometry": self.geometry, "properties": self.properties}


Maker = Callable[[Ground, int, int], Iterator[Row]]


@dataclass(frozen=True)
class Register:
    """How the records of a dataset are made.

    days: how far back; after: datasets whose records it needs; prefix: how its keys begin where a city's own file has
    other records of the dataset, which stay.
    """

    dataset: str
    make: Maker
    days: float
    after: tuple[str, ...] = ()
    prefix: str = ""


_registers: dict[str, Register] = {}


def register(
    dataset: str, *, days: float = 365, after: tuple[str, ...] = (), prefix: str = ""
) -> Callable[[Maker], Maker]:
    """Have a dataset be filled by a maker, wherever a city takes it up."""

    def keep(make: Maker) -> Maker:
        _registers[dataset] = Register(dataset, make, days, after, prefix)
        return make

    return keep


@cache
def every() -> dict[str, Register]:
    """Every register, those first that others need."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    ordered: dict[str, Register] = {}

    def put(code: str) -> None:
        if code not in ordered and code in _registers:
            for other in _registers[code].after:
                put(other)
            ordered[code] = _registers[code]

    for code in sorted(_registers):
        put(code)
    return ordered
