"""Workbooks (.xlsx), streamed row by row."""

import warnings
from collections.abc import Iterator
from itertools import islice
from typing import IO, Any

import numpy as np

from dothi.kit.errors import BadInput, Fault
from dothi.kit.legacy import FONTS
from dothi.sensing.tabular.cells import from_objects
from dothi.sensing.tabular.mapping import File
from dothi.sensing.tabular.read import CHUNK, Chunk, header_at, header_of, matched

_LOOK = 60


class ExcelTable:
    """One sheet of a workbook: the one named, else the first that has the wanted columns, else the first."""

    def __init__(self, name: str, stream: IO[bytes], how: File, wanted: list[str]) -> None:
        self.name, self._how = name, how
        self._mend = FONTS[how.font] if how.font else None
        try:
            import openpyxl

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions it leaves out
                book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        except Exception as error:  # openpyxl meets broken workbooks with a dozen kinds of error
            raise BadInput(f"{name}: not a workbook that can be read: {error}") from None
        if how.sheet is not None and how.sheet not in book.sheetnames:
            raise BadInput(
                f"{name}: no sheet {how.sheet!r}", [Fault("file.sheet", how.sheet, ", ".join(book.sheetnames))]
            )
        sheets = [book[how.sheet]] if how.sheet else list(book.worksheets)
        best, most = sheets[0], -1
        for sheet in sheets:
            sheet.reset_dimensions()  # what the file claims of its size is often wrong
            rows = self._first(sheet)
            place = header_at(rows, wanted, how)
            header = header_of(rows[max(0, place - how.header_rows + 1) : place + 1])
            lacking = sum(1 for column in wanted if not _has(header, column))
            if len(wanted) - lacking > most:
                best, most, self._place, self.header = sheet, len(wanted) - lacking, place, header
        self._sheet = best
        self.size = 0
        self._done = 0
        self.about = f"Excel, sheet {best.title!r}, header in row {self._place + 1}"

    def position(self) -> int:
        """How far reading has come, of `size`."""
        return self._done

    def chunks(self, wanted: list[str], rows: int = CHUNK) -> Iterator[Chunk]:
        """The rows; dates come as local wall clock, numbers as numbers."""
        places = matched(self.header, wanted, self.name)
        start = self._place + 2
        source = self._sheet.iter_rows(min_row=start, values_only=True)
        number = start
        while batch := list(islice(source, min(rows, 10_000))):
            numbers = [number + place for place, row in enumerate(batch) if any(c is not None and c != "" for c in row)]
            kept = [row for row in batch if any(c is not None and c != "" for c in row)]
            chunk = Chunk(np.array(numbers, np.int64), {}, blank=len(batch) - len(kept))
            chunk.cells = {
                column: from_objects([self._cell(row[place]) if place < len(row) else None for row in kept])
                for column, place in places.items()
            }
            number += len(batch)
            self._done = number - start
            yield chunk

    def _cell(self, value: Any) -> Any:
        return self._mend(value) if self._mend is not None and isinstance(value, str) else value

    def _first(self, sheet: Any) -> list[list[str]]:
        rows = islice(sheet.iter_rows(values_only=True), _LOOK)
        return [["" if cell is None else str(self._cell(cell)) for cell in row] for row in rows]


def _has(header: list[str], column: str) -> bool:
    try:
        matched(header, [column], "")
    except BadInput:
        return False
    return True
