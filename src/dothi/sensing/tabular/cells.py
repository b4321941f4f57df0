"""One column of a chunk of a table, as columns of Arrow and numpy: text cells, number cells, date cells."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dothi.kit import clock

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

NEVER = np.iinfo(np.int64).min  # stands for "no instant"
OK, EMPTY, REFUSED = 0, 1, 2


@dataclass(slots=True)
class Cells:
    """Cells of one column. A cell is text, or a number (spreadsheets, Parquet), or an instant, or nothing.

    text: Arrow strings, null where the cell is not text; number: float64, NaN where not a number;
    instant: µs since 1970, NEVER where none; zoned: instants are UTC, otherwise local wall clock counted as if UTC.
    """

    length: int
    text: Any = None
    number: Floats | None = None
    instant: Ints | None = None
    zoned: bool = False

    def take(self, where: Ints) -> "Cells":
        """Some of the cells, in the order of the positions."""
        return Cells(
            len(where),
            None if self.text is None else self.text.take(pa.array(where)),
            None if self.number is None else self.number[where],
            None if self.instant is None else self.instant[where],
            self.zoned,
        )

    def said(self, place: int) -> str:
        """One cell as a person would read it."""
        if self.text is not None and self.text[place].is_valid:
            return str(self.text[place].as_py())
        if self.number is not None and not np.isnan(self.number[place]):
            return number_text(float(self.number[place]))
        if self.instant is not None and self.instant[place] != NEVER:
            return clock.iso(int(self.instant[place])).removesuffix("" if self.zoned else "Z")
        return ""

    def texts(self) -> Any:
        """Every cell as text (Arrow strings), null where it is empty."""
        if self.number is None and self.instant is None:
            return self.text if self.text is not None else pa.nulls(self.length, pa.string())
        return pa.array([self.said(place) or None for place in range(self.length)], pa.string())


@dataclass(slots=True)
class Parsed:
    """What cells came to: a value and a state (OK, EMPTY, REFUSED) each, and why not by position.

    code: places in a table of texts (JSON results, qualities), -1 where none.
    """

    value: Any
    state: Any
    reasons: dict[int, str] = field(default_factory=dict)
    code: Any = None
    quality: Any = None


def from_text(values: list[str | None]) -> Cells:
    """Cells of texts."""
    return Cells(len(values), pa.array(values, pa.string()))


def from_objects(values: list[Any]) -> Cells:
    """Cells of a spreadsheet's values: None, text, number, boolean, date, time of day."""
    length = len(values)
    number = np.full(length, np.nan)
    instant = np.full(length, NEVER, np.int64)
    text: list[str | None] = [None] * length
    for place, value in enumerate(values):
        if value is None:
            continue
        if isinstance(value, bool):
            text[place] = "TRUE" if value else "FALSE"
        elif isinstance(value, int | float):
            number[place] = value
        elif isinstance(value, datetime):
            instant[place] = _rounded(value)
        elif isinstance(value, date):
            instant[place] = _rounded(datetime(value.year, value.month, value.day))  # noqa: DTZ001 - wall clock
        elif isinstance(value, time):
            text[place] = value.isoformat("seconds")
        elif isinstance(value, timedelta):
            text[place] = str(value)
        else:
            text[place] = str(value)
    return Cells(length, pa.array(text, pa.string()), number, instant)


def from_arrow(array: Any) -> Cells:
    """Cells of an Arrow column: numbers and timestamps as they are, everything else as text."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return from_arrow(array.dictionary_decode())
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return Cells(len(array), None, array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        zoned = pa.types.is_timestamp(kind) and kind.tz is not None
        micros = array.cast(pa.timestamp("us", kind.tz if zoned else None), safe=False).cast(pa.int64())
        return Cells(len(array), None, None, micros.fill_null(NEVER).to_numpy(zero_copy_only=False), zoned)
    return Cells(len(array), array if pa.types.is_string(kind) else array.cast(pa.string()))


def joined(first: Cells, second: Cells) -> Cells:
    """Two columns as one of texts, a space between (date and time of day)."""
    days = [said.removesuffix("T00:00:00.000") if said else "" for said in _all(first)]
    pairs = zip(days, _all(second), strict=True)
    return from_text([" ".join(part for part in pair if part) or None for pair in pairs])


def by_distinct(cells: Cells, parse: Callable[[Any], Parsed]) -> Parsed:
    """Parse every distinct text once (`parse` gets them as Arrow strings), and spread the outcome over the rows."""
    coded = cells.text.dictionary_encode()
    some = parse(coded.dictionary)
    index = coded.indices.fill_null(0).to_numpy(zero_copy_only=False)
    blank = pc.is_null(cells.text).to_numpy(zero_copy_only=False)
    if not len(coded.dictionary):
        return Parsed(np.full(cells.length, np.nan), np.full(cells.length, EMPTY, np.uint8))
    nothing = NEVER if some.value.dtype == np.int64 else np.nan
    spread = Parsed(
        np.where(blank, nothing, some.value[index]), np.where(blank, EMPTY, some.state[index]).astype(np.uint8)
    )
    if some.reasons:
        for place in np.flatnonzero(spread.state == REFUSED):
            spread.reasons[int(place)] = some.reasons[int(index[place])]
    if some.code is not None:
        spread.code = np.where(blank, -1, some.code[index])
    if some.quality is not None:
        spread.quality = np.where(blank, -1, some.quality[index])
    return spread


def number_text(value: float) -> str:
    """A number the way people write it: 12 rather than 12.0."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _rounded(wall: datetime) -> int:
    # a spreadsheet's date is a binary fraction of a day: exact to some microseconds only
    micros = clock.micros(wall.replace(tzinfo=UTC))
    return (micros + 500) // 1000 * 1000


def _all(cells: Cells) -> list[str]:
    return [text or "" for text in cells.texts().to_pylist()]
