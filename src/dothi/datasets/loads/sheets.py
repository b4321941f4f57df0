"""Tables: CSV and Excel with whatever offices put around them — titles above, merged cells, numbered columns."""

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from dothi.datasets.loads.crs import System
from dothi.datasets.loads.found import BATCH, Batch, RowFault, shown
from dothi.datasets.loads.headers import header_place, labels, numbered
from dothi.datasets.loads.values import empty
from dothi.kit import encodings
from dothi.kit.errors import BadInput, Fault
from dothi.kit.legacy import FONTS

_LOOK = 60  # rows among which the header is looked for
_SAMPLE = 512 * 1024
_DELIMITERS = ",;\t|"
_LONGEST, _WIDEST = 2000, 200  # rows and columns of a merged cell
_CELL = 64 << 20  # bytes: a polygon as WKT is one cell


class _Table:
    """What CSV and Excel have in common."""

    geometry = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.count: int | None = None
        self.system: System | None = None
        self.notices: list[str] = []
        self.columns: list[str] = []
        self.encoding: str | None = None
        self.about = ""

    def _made(self, numbers: list[int], rows: list[list[Any]], faults: list[RowFault]) -> Batch:
        place_of = {name: place for place, name in enumerate(self.columns)}

        def column(name: str) -> list[Any]:
            place = place_of.get(name)
            if place is None:
                return [None] * len(rows)
            return [row[place] if place < len(row) else None for row in rows]

        return Batch(np.array(numbers, np.int64), column, None, faults)

    def _evened(self, numbers: Iterable[int], rows: list[list[Any]], sign: str) -> Batch:
        """Rows without blank ones; those with more cells than the header has are refused."""
        width = len(self.columns)
        kept_numbers, kept, faults = [], [], []
        for number, row in zip(numbers, rows, strict=True):
            if len(row) > width:
                if any(not empty(cell) for cell in row[width:]):
                    said = shown(sign.join(str(cell) for cell in row))
                    faults.append(RowFault(number, None, said, f"{len(row)} cells, the header has {width}"))
                    continue
                row = row[:width]  # noqa: PLW2901 - trailing delimiters only
            if all(cell is None or cell == "" or (isinstance(cell, str) and not cell.strip()) for cell in row):
                continue
            kept_numbers.append(number)
            kept.append(row)
        return self._made(kept_numbers, kept, faults)


class Csv(_Table):
    """Delimited text."""

    format = "csv"

    def __init__(
        self,
        name: str,
        path: Path,
        *,
        encoding: str | None = None,
        font: str | None = None,
        delimiter: str | None = None,
        header_row: int | None = None,
    ) -> None:
        super().__init__(name)
        self._path, self._size, self._done = path, path.stat().st_size, 0
        with path.open("rb") as file:
            sample = file.read(_SAMPLE)
        self._how = encodings.named(encoding) if encoding else encodings.detect(sample, whole=len(sample) < _SAMPLE)
        self.encoding = self._how.name
        drawn = font or self._how.font
        self._mend = FONTS[drawn] if drawn else None
        try:
            first = list(islice(self._lines(), _LOOK * 3))
        except UnicodeDecodeError as error:
            raise self._broken(error, 0) from None
        self._skip = 1 if first and re.fullmatch(r"(?i)sep=(.)\s*", first[0]) else 0
        self.delimiter = delimiter or (first[0].strip()[4] if self._skip else _sniffed(first))
        rows = self._rows(first[self._skip :])
        if not rows:
            raise BadInput(f"{name} holds no rows")
        self._place = header_place(rows) if header_row is None else header_row - 1
        if self._place >= len(rows):
            raise BadInput(f"{name} has no row {header_row}", [Fault("header_row", str(header_row))])
        self.columns = labels([rows[self._place]])
        said = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}.get(self.delimiter, self.delimiter)
        sure = "" if encoding or self._how.sure else " (guessed from its words)"
        self.about = f"CSV, {self.encoding}{sure}, {said}, header in row {self._place + 1}"
        if sure:
            self.notices.append(f"the encoding is a guess from the words: {self.encoding}; `encoding:` says otherwise")

    def share(self) -> float:
        """How much has been read."""
        return self._done / self._size if self._size else 1.0

    def _lines(self) -> Iterator[str]:
        with self._path.open("rb") as raw:
            text = io.TextIOWrapper(raw, encoding=self._how.codec, newline="")
            for line in text:
                self._done = raw.tell()
                clean = line.replace("\x00", "")
                yield clean if self._mend is None else self._mend(clean)

    def _rows(self, lines: list[str]) -> list[list[str]]:
        csv.field_size_limit(_CELL)
        try:
            return list(islice(csv.reader(lines, delimiter=self.delimiter), _LOOK))
        except csv.Error as error:
            raise BadInput(f"{self.name}: {error}") from None

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """The rows in order; blank ones are left out. A row's number is that of its first line."""
        lines = self._lines()
        for _ in range(self._skip):
            next(lines, None)
        csv.field_size_limit(_CELL)
        reader = csv.reader(lines, delimiter=self.delimiter)
        try:
            for _ in range(self._place + 1):
                next(reader, None)
            first = True
            while True:
                numbers, rows = [], []
                start = reader.line_num
                for row in islice(reader, size):
                    numbers.append(start + 1 + self._skip)
                    rows.append(row)
                    start = reader.line_num
                if not rows:
                    return
                if first and numbered(rows[0]):
                    numbers, rows = numbers[1:], rows[1:]
                first = False
                yield self._evened(numbers, rows, self.delimiter)
        except (csv.Error, UnicodeDecodeError, OSError) as error:
            raise self._broken(error, reader.line_num) from None

    def _broken(self, error: Exception, number: int) -> BadInput:
        if isinstance(error, UnicodeDecodeError):
            where = f"{self.name}: after line {number}: bytes that are not {self.encoding}"
            return BadInput(where, [Fault("encoding", str(error.reason), ", ".join(encodings.NAMES))])
        return BadInput(f"{self.name}: row {number}: {error}; an unclosed quote?")


def _sniffed(lines: list[str]) -> str:
    """The delimiter that splits most rows into the same number of cells, more than one."""
    best, most = ",", -1.0
    for mark in _DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=mark) if row]
        except csv.Error:
            continue
        if not widths:
            continue
        usual = max(set(widths), key=widths.count)
        score = 0.0 if usual == 1 else widths.count(usual) / len(widths) * min(usual, 30)
        if score > most:
            best, most = mark, score
    return best


class Excel(_Table):
    """One sheet of a workbook."""

    format = "xlsx"

    def __init__(
        self, name: str, path: Path, sheet: str, *, font: str | None = None, header_row: int | None = None
    ) -> None:
        super().__init__(sheet)
        self._file, self._path = name, path
        self._mend = FONTS[font] if font else None
        self._done, self._most = 0, 1
        self._merged = _merges(path, sheet)
        self._by_row: dict[int, list[tuple[int, int, int, int]]] = {}
        for one in self._merged:
            for number in range(one[0], one[2] + 1):
                self._by_row.setdefault(number, []).append(one)
        rows = [list(row) for _, row in zip(range(_LOOK), self._raw_rows(fill=False), strict=False)]
        if not any(not empty(cell) for row in rows for cell in row):
            self.columns = []
            self._start = 1
            return
        place = header_place(rows) if header_row is None else header_row - 1
        if place >= len(rows):
            raise BadInput(f"{sheet} has no row {header_row}", [Fault("header_row", str(header_row))])
        depth = self._depth(place)
        self.columns = labels([self._spread(row, place + 1 + i) for i, row in enumerate(rows[place : place + depth])])
        while (
            self.columns
            and self.columns[-1].startswith("column ")
            and all(len(row) < len(self.columns) or empty(row[len(self.columns) - 1]) for row in rows)
        ):
            self.columns.pop()  # columns somebody only coloured
        self._start = place + depth + 1
        if len(rows) > place + depth and numbered(rows[place + depth]):
            self._start += 1
        rows_ = f"rows {place + 1} to {place + depth}" if depth > 1 else f"row {place + 1}"
        self.about = f"Excel, sheet {sheet!r}, header in {rows_}"
        if any(first >= self._start and (last > first or right > left) for first, left, last, right in self._merged):
            self.notices.append("merged cells below the header: their value is taken for every row they span")

    def share(self) -> float:
        """How much has been read."""
        return min(self._done / self._most, 1.0)

    def _depth(self, place: int) -> int:
        """How many rows the header takes: as far as merged cells that begin in its first row reach, or group others."""
        deep = 1
        for first, left, last, right in self._merged:
            if first == place + 1:
                deep = max(deep, last - first + 1)
                if right > left and last == first:
                    deep = max(deep, 2)
        return min(deep, 4)

    def _spread(self, row: list[Any], number: int) -> list[Any]:
        """A header row with the value of a merged cell only where it begins, and blanks below it."""
        return [cell if not self._inside(number, place + 1) else None for place, cell in enumerate(row)]

    def _inside(self, row: int, column: int) -> bool:
        return any(
            first <= row <= last and left <= column <= right and (row, column) != (first, left)
            for first, left, last, right in self._merged
        )

    def _raw_rows(self, *, fill: bool) -> Iterator[list[Any]]:
        import openpyxl

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions it leaves out
                book = openpyxl.load_workbook(self._path, read_only=True, data_only=True)
                sheet = book[self.name]
                self._most = sheet.max_row or 1
                sheet.reset_dimensions()  # what the file claims of its size is often wrong
                held: dict[tuple[int, int], Any] = {}
                for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
                    row = [self._cell(value) for value in values]
                    yield self._filled(row, number, held) if fill and self._merged else row
                book.close()
        except (BadInput, GeneratorExit):
            raise
        except Exception as error:  # openpyxl meets broken workbooks with a dozen kinds of error
            raise BadInput(f"{self._file}: not a workbook that can be read: {str(error)[:200]}") from None

    def _filled(self, row: list[Any], number: int, held: dict[tuple[int, int], Any]) -> list[Any]:
        """The row with the values of merged cells that reach into it."""
        for one in self._by_row.get(number, ()):
            first, left, _, right = one
            if number == first:
                held[first, left] = row[left - 1] if left <= len(row) else None
            row += [None] * (right - len(row))
            row[left - 1 : right] = [held.get((first, left))] * (right - left + 1)
        return row

    def _cell(self, value: Any) -> Any:
        if isinstance(value, str):
            return value if self._mend is None else self._mend(value)
        return value

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """The rows in order; blank ones are left out. A row's number is the sheet's own."""
        rows = islice(self._raw_rows(fill=True), self._start - 1, None)
        number = self._start
        while some := list(islice(rows, size)):
            yield self._evened(range(number, number + len(some)), some, " | ")
            number += len(some)
            self._done = number


def sheets(name: str, path: Path) -> list[str]:
    """The names of a workbook's sheets that may hold rows."""
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            found = [one.title for one in book.worksheets if one.sheet_state == "visible"]
            book.close()
    except Exception as error:
        raise BadInput(f"{name}: not a workbook that can be read: {str(error)[:200]}") from None
    return found


_REFERENCE = re.compile(rb'<mergeCell\s+ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')


def _merges(path: Path, sheet: str) -> list[tuple[int, int, int, int]]:
    """Merged cells of a sheet as first row, left column, last row, right column; they stand at the end of its XML."""
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(path, read_only=True)
        inside: str = book[sheet]._worksheet_path  # noqa: SLF001 - openpyxl reads merged cells only of whole books
        book.close()
    found: list[tuple[int, int, int, int]] = []
    with zipfile.ZipFile(path) as archive, archive.open(inside) as file:
        rest = b""
        for piece in chain(iter(lambda: file.read(1 << 20), b""), [b""]):
            text = rest + piece
            found += [(int(one[2]), _place(one[1]), int(one[4]), _place(one[3])) for one in _REFERENCE.finditer(text)]
            cut = text.rfind(b"<")
            rest = text[cut:] if cut >= 0 else b""
            if len(found) > 10_000:
                raise BadInput(
                    f"{sheet}: more than 10,000 merged cells", [Fault(sheet, "merged cells", "a plain table")]
                )
    # wider or longer than any table is a decoration of the whole sheet
    return sorted({one for one in found if one[2] - one[0] < _LONGEST and one[3] - one[1] < _WIDEST})


def _place(letters: bytes) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + letter - 64
    return place
