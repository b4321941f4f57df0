"""What a file holds: layers with columns, and their rows in batches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dothi.datasets.loads.crs import System

BATCH = 10_000
SHOWN = 120  # characters of a value in a fault
KINDS = ("string", "number", "integer", "boolean", "date", "date-time", "array", "object")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file. kind: as schema.Field.kind; filled: share of rows with a value; sample: some values as text."""

    name: str
    kind: str
    filled: float = 1.0
    sample: tuple[str, ...] = ()
    values: tuple[str, ...] | None = None  # all there are, where they are few
    unique: bool = False  # no value stands twice among those looked at
    decimal: str = "."
    width: int = 0  # longest text


@dataclass(frozen=True, slots=True)
class RowFault:
    """A cell or row that is refused, or repaired with notice. row: in the file from 1, 0 for the file as a whole."""

    row: int
    column: str | None
    value: str | None
    reason: str
    repaired: bool = False


@dataclass(slots=True)
class Batch:
    """Some rows. rows: their numbers from 1; shapes: shapely geometries in the file's own system, None where none.

    column: the values of a column in row order, None where the rows lack it. faults: rows not in `rows` at all.
    """

    rows: NDArray[np.int64]
    column: Callable[[str], list[Any]]
    shapes: NDArray[Any] | None = None
    faults: list[RowFault] = field(default_factory=list)
    extra: frozenset[str] = frozenset()  # columns seen beside those told of

    @property
    def read(self) -> int:
        """How many rows of the file the batch stands for."""
        return len(self.rows) + len({fault.row for fault in self.faults if not fault.repaired})


class Layer(Protocol):
    """An open layer. about: how it is read, for people; share: how much of it has been read, 0 to 1."""

    name: str
    format: str
    about: str
    columns: list[str]
    count: int | None
    system: System | None
    geometry: bool
    encoding: str | None
    notices: list[str]

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """The rows in order."""
        ...

    def share(self) -> float:
        """How much has been read."""
        ...


@dataclass(frozen=True)
class LayerFound:
    """A layer looked at. bounds: in the file's own system; geometry_types: GeoJSON names seen."""

    name: str
    columns: tuple[Column, ...]
    count: int | None
    crs: str | None
    geometry_types: tuple[str, ...] = ()
    bounds: tuple[float, float, float, float] | None = None
    encoding: str | None = None
    about: str = ""
    notices: tuple[str, ...] = ()
    sample: tuple[dict[str, Any], ...] = ()
    looked_at: int = 0
    font: str | None = None
    proposals: tuple[Any, ...] = ()  # crs.Proposal: other readings of positions that are not where they should be


@dataclass(frozen=True)
class Found:
    """A file looked at."""

    path: str
    format: str
    layers: tuple[LayerFound, ...]

    @property
    def first(self) -> LayerFound:
        """The first layer, which is read when none is named."""
        return self.layers[0]


def shown(value: Any) -> str | None:
    """A value as a fault shows it."""
    if value is None:
        return None
    text = str(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
