"""What an answer is made of: every number with unit, time, source, whether it is simulated, and where it comes from."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Shown:
    """What every block says of itself.

    source: in words, where from; href: the page of it; api: the same by machine; how: how it was reckoned; at: the
    moment it holds for (µs UTC; None: nothing known); why: why there is nothing to show, and what is needed.
    """

    kind: str
    title: str = ""
    officials: bool = False
    source: str = ""
    href: str = ""
    api: str = ""
    how: str = ""
    at: int | None = None
    simulated: bool = False
    why: str = ""


@dataclass(slots=True)
class Number(Shown):
    """A big number. text: as people read it, without the unit; word: its state in words; sentence: the answer.

    of: among how many; count: how many of them; name: of the thing or record that decides. level: of an index, 1 to 6.
    """

    value: float | None = None
    text: str = ""
    unit: str = ""
    state: str | None = None
    word: str = ""
    sentence: str = ""
    of: int | None = None
    count: int | None = None
    name: str = ""
    target: str = ""
    advice: str = ""
    level: int = 0
    people: str = ""
    receipt: str = ""
    trend: str = ""


@dataclass(slots=True)
class Numbers(Shown):
    """Several numbers side by side."""

    numbers: list[Number] = field(default_factory=list)


@dataclass(slots=True)
class Cell:
    """One value of a row; number: set right."""

    name: str
    text: str
    number: bool = False
    href: str = ""


@dataclass(slots=True)
class Row:
    """A line of a list. metres: how far from where the reader is."""

    name: str
    href: str = ""
    cells: list[Cell] = field(default_factory=list)
    value: str = ""
    state: str | None = None
    word: str = ""
    at: int | None = None
    due: int | None = None
    place: str = ""
    metres: float | None = None
    lon: float | None = None
    lat: float | None = None
    thing: int | None = None
    level: int = 0
    number: float | None = None


@dataclass(slots=True)
class Rows(Shown):
    """Rows with how many there are in all. heads: of a table; form: what a search form asks."""

    heads: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    total: int = 0
    numeric: list[bool] = field(default_factory=list)
    form: str = ""
    q: str = ""
    near: bool = False


@dataclass(slots=True)
class Line:
    """One line of a chart; points: (µs, value)."""

    name: str
    points: list[tuple[int, float | None]]
    thing: int | None = None


@dataclass(slots=True)
class Mark:
    """A limit across a chart."""

    value: float
    name: str
    state: str


@dataclass(slots=True)
class Series(Shown):
    """Lines over a stretch of time. sentence: highest, lowest, gaps."""

    unit: str = ""
    decimals: int = 1
    begin: int = 0
    end: int = 0
    step: int = 0
    lines: list[Line] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    sentence: str = ""


@dataclass(slots=True)
class Bar:
    """One bar. share: of the largest, 0 to 1."""

    name: str
    value: float | None
    text: str
    share: float = 0.0
    state: str | None = None
    href: str = ""


@dataclass(slots=True)
class Bars(Shown):
    """Bars under one another; moving: they stand in time, so side by side."""

    bars: list[Bar] = field(default_factory=list)
    unit: str = ""
    head: str = ""
    total: str = ""
    moving: bool = False


@dataclass(slots=True)
class Map(Shown):
    """Layers to look at. things: ids of things; layers: titles and collections of datasets; outline: west … north."""

    things: list[int] = field(default_factory=list)
    layers: list[tuple[str, str, int]] = field(default_factory=list)
    bounds: list[float] | None = None
    features: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Words(Shown):
    """Words."""

    text: str = ""
    certainty: str = ""


@dataclass(slots=True)
class Answer:
    """The answer to one question. number: the figure that heads it; None: it is in the blocks."""

    code: str
    ask: str
    officials: bool
    note: str
    head: Number | None
    blocks: list[Shown]
    missing: bool = False

    @property
    def simulated(self) -> bool:
        """Whether anything in it is."""
        return any(one.simulated for one in self.blocks)
