"""Files as chunks of columns, a bounded number of rows at a time: CSV, Excel and Parquet, also in gzip and zip."""

import csv
import gc
import gzip
import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np

from dothi.kit import archives, encodings
from dothi.kit.errors import BadInput, Fault
from dothi.kit.legacy import FONTS
from dothi.kit.text import fold, nfc
from dothi.packs.lines import closest
from dothi.sensing.tabular.cells import Cells, Ints, from_text
from dothi.sensing.tabular.mapping import File

CHUNK = 50_000
SAMPLE = 512 * 1024
_LOOK = 60  # rows among which a header is looked for
_DELIMITERS = ",;\t|"
_FIELD = 1_000_000  # bytes of a cell


@dataclass(slots=True)
class Chunk:
    """Some rows. rows: their numbers in the file from 1; blank: how many more had nothing in them.

    faulty: rows that could not be split into cells, as (row, reason, text).
    """

    rows: Ints
    cells: dict[str, Cells]
    blank: int = 0
    faulty: list[tuple[int, str, str]] = field(default_factory=list)


class Table(Protocol):
    """An open file: its columns, what was found out about it, and its rows."""

    header: list[str]
    about: str
    size: int

    def chunks(self, wanted: list[str], rows: int = CHUNK) -> Iterator[Chunk]:
        """The rows, only the wanted columns."""
        ...

    def position(self) -> int:
        """How far reading has come, of `size`."""
        ...


def open_table(path: Path, how: File, wanted: list[str], stack: ExitStack) -> Table:
    """A file as a table, closed with the stack; `wanted` columns help to find the header.

    Raises BadInput when the file cannot be read or lacks a column.
    """
    try:
        raw = stack.enter_context(path.open("rb"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from None
    stack.push(_damaged(path.name))
    size = path.stat().st_size
    magic = raw.read(8)
    raw.seek(0)
    if magic[:4] == b"PK\x03\x04" and not _is_workbook(raw):
        try:
            return _zipped(path, raw, how, wanted, stack, size)
        except archives.UNREADABLE as error:
            raise BadInput(f"{path.name}: a damaged zip archive: {error}") from None
    if magic[:2] == b"\x1f\x8b":
        inner: Any = stack.enter_context(gzip.GzipFile(fileobj=raw))
        try:
            magic = inner.read(8)
            inner.seek(0)
        except (OSError, EOFError) as error:
            raise BadInput(f"{path.name}: a damaged gzip file: {error}") from None
        if magic[:4] in {b"PAR1", b"PK\x03\x04"}:
            inner = _spooled(inner, stack)
        return _opened(path.name, inner, raw, magic, how, wanted, size)
    return _opened(path.name, raw, raw, magic, how, wanted, size)


def _damaged(name: str) -> Callable[..., None]:
    """Says in words what a damaged archive raises wherever in its middle reading has come."""

    def leave(_: object, error: object, __: object) -> None:
        if isinstance(error, archives.BROKEN):
            raise BadInput(f"{name}: a damaged archive: {error}") from None

    return leave


def _opened(
    name: str, stream: IO[bytes], raw: IO[bytes], magic: bytes, how: File, wanted: list[str], size: int
) -> Table:
    if not magic:
        raise BadInput(f"{name} is empty")
    if magic[:4] == b"PAR1":
        from dothi.sensing.tabular.parquet import ParquetTable

        return ParquetTable(name, stream, wanted)
    if magic[:4] == b"PK\x03\x04":
        from dothi.sensing.tabular.excel import ExcelTable

        return ExcelTable(name, stream, how, wanted)
    if magic == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise BadInput(f"{name} is an Excel 97 workbook (.xls); save it as .xlsx first")
    return CsvTable(name, stream, raw, how, wanted, size)


def _is_workbook(raw: IO[bytes]) -> bool:
    try:
        with zipfile.ZipFile(raw) as archive:
            found = any(name.startswith("xl/") for name in archive.namelist())
    except archives.UNREADABLE:
        raise BadInput("a damaged zip archive or workbook") from None
    raw.seek(0)
    return found


def _zipped(path: Path, raw: IO[bytes], how: File, wanted: list[str], stack: ExitStack, size: int) -> Table:
    archive = stack.enter_context(zipfile.ZipFile(raw))
    names = [n for n in archive.namelist() if not n.endswith("/") and not n.startswith("__MACOSX")]
    if how.member is not None:
        if how.member not in names:
            raise BadInput(
                f"{path.name}: no file {how.member!r} inside", [Fault("file.member", how.member, ", ".join(names))]
            )
        names = [how.member]
    if len(names) != 1:
        allowed = ", ".join(names[:20])
        raise BadInput(f"{path.name} holds {len(names)} files", [Fault("file.member", "says which one", allowed)])
    if archive.getinfo(names[0]).flag_bits & 1:
        raise BadInput(f"{path.name} is encrypted")
    inner = stack.enter_context(archive.open(names[0]))
    magic = inner.read(8)
    inner.seek(0)
    stream: IO[bytes] = _spooled(inner, stack) if magic[:4] in {b"PAR1", b"PK\x03\x04"} else inner
    return _opened(names[0], stream, raw, magic, how, wanted, size)


def _spooled(stream: IO[bytes], stack: ExitStack) -> IO[bytes]:
    """The stream as a temporary file: Parquet and workbooks are read from their end."""
    import shutil

    spool = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - closed with the stack
    shutil.copyfileobj(stream, spool, 1 << 20)
    spool.seek(0)
    return spool


def matched(header: list[str], wanted: list[str], name: str) -> dict[str, int]:
    """The place of each wanted column: by its very name, else ignoring case and diacritics. Raises BadInput."""
    exact = {column: place for place, column in reversed(list(enumerate(header)))}
    folded = {fold(column): place for place, column in reversed(list(enumerate(header)))}
    places: dict[str, int] = {}
    faults: list[Fault] = []
    for column in wanted:
        place = exact.get(nfc(column), folded.get(fold(column)))
        if place is None:
            guess = closest(column, header)
            hint = f'; did you mean "{guess}"?' if guess else ""
            faults.append(Fault(name, f"no column {column!r}{hint}", ", ".join(c for c in header if c)[:600]))
        else:
            places[column] = place
    if faults:
        raise BadInput(f"{name} lacks columns the mapping names", faults)
    return places


def header_at(rows: list[list[str]], wanted: list[str], how: File) -> int:
    """Index of the header's last row among a file's first rows: given, or the first that has the wanted columns."""
    if how.header_row is not None:
        return how.header_row - 1
    best, most = 0, -1
    names = {fold(column) for column in wanted}
    for place, _ in enumerate(rows):
        if place + 1 < how.header_rows:
            continue
        said = {fold(cell) for cell in header_of(rows[place - how.header_rows + 1 : place + 1])} - {""}
        score = len(names & said) if names else (len(said) if all(map(_is_label, said)) else -1)
        if score > most:
            best, most = place, score
    return best


def header_of(rows: list[list[str]]) -> list[str]:
    """Column names of one or several header rows; in the upper ones a merged cell names the columns to its right."""
    upper = []
    width = len(rows[-1]) if rows else 0
    for row in rows[:-1]:
        filled, last = [], ""
        for cell in [*row, *[""] * (width - len(row))]:
            last = cell.strip() or last
            filled.append(last)
        upper.append(filled)
    names = []
    for place, cell in enumerate(rows[-1] if rows else []):
        parts = [row[place] for row in upper] + [cell]
        parts = [" ".join(nfc(part).split()) for part in parts]
        names.append(" / ".join(dict.fromkeys(part for part in parts if part)))
    return names


def _is_label(text: str) -> bool:
    return not text.replace(".", "").replace(",", "").replace("-", "").isdigit()


class CsvTable:
    """Delimited text."""

    def __init__(self, name: str, stream: IO[bytes], raw: IO[bytes], how: File, wanted: list[str], size: int) -> None:
        self.name, self.size, self._raw, self._how = name, size, raw, how
        try:
            sample = stream.read(SAMPLE)
            stream.seek(0)
        except (OSError, EOFError) as error:
            raise BadInput(f"{name}: damaged: {error}") from None
        self.encoding = (
            encodings.named(how.encoding) if how.encoding else encodings.detect(sample, whole=len(sample) < SAMPLE)
        )
        text = io.TextIOWrapper(stream, encoding=self.encoding.codec, newline="")
        self._text = text  # held, because an unheld wrapper closes the file under it
        lines = self._lines(text, how.font or self.encoding.font)
        try:
            first = list(islice(lines, _LOOK))
        except (UnicodeDecodeError, OSError, EOFError) as error:
            raise self._broken(error, 0) from None
        if first and first[0].lower().startswith("sep=") and len(first[0].strip()) == 5:
            self.delimiter = first[0].strip()[4]
        else:
            self.delimiter = how.delimiter or sniffed(first, wanted, how)
        csv.field_size_limit(_FIELD)  # one setting for the whole process, and records have longer cells
        self._reader = csv.reader(chain(first, lines), delimiter=self.delimiter)
        rows: list[list[str]] = []
        try:
            rows = [row for _, row in zip(range(_LOOK), csv.reader(first, delimiter=self.delimiter), strict=False)]
        except csv.Error as error:
            raise BadInput(f"{name}: {error}") from None
        if how.header_row is not None and how.header_row > len(rows):
            raise BadInput(f"{name} has no row {how.header_row}", [Fault("file.header_row", str(how.header_row))])
        place = header_at(rows, wanted, how)
        self.header = header_of(rows[max(0, place - how.header_rows + 1) : place + 1])
        for _ in range(place + 1):
            next(self._reader, None)
        said = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}.get(self.delimiter, self.delimiter)
        guess = "" if how.encoding or self.encoding.sure else " (guessed from its words; `file.encoding:` overrides)"
        self.about = f"CSV, {self.encoding.name}{guess}, {said}, header in row {self._reader.line_num}"

    def position(self) -> int:
        """How far reading has come, of `size`."""
        return self._raw.tell()

    def chunks(self, wanted: list[str], rows: int = CHUNK) -> Iterator[Chunk]:
        """The rows, as text cells."""
        places = matched(self.header, wanted, self.name)
        width = len(self.header)
        while True:
            start = self._reader.line_num + 1
            batch = self._some(rows)
            if not batch:
                return
            if self._reader.line_num + 1 - start == len(batch):
                numbers = np.arange(start, start + len(batch), dtype=np.int64)
            else:  # line breaks inside quotes: a row is where its first line stands
                lines = [1 + sum(cell.count("\n") for cell in row) for row in batch]
                numbers = start + np.concatenate(([0], np.cumsum(lines)[:-1])).astype(np.int64)
            chunk = Chunk(numbers, {})
            if any(len(row) != width for row in batch):
                batch = self._evened(batch, width, chunk)
            turned: list[Any] = list(zip(*batch, strict=True)) if batch else [()] * width
            chunk.cells = {column: from_text(list(turned[place])) for column, place in places.items()}
            yield chunk

    def _some(self, count: int) -> list[list[str]]:
        collecting = gc.isenabled()
        gc.disable()  # lists of texts hold no cycles, and looking for some takes a third of the time
        try:
            return list(islice(self._reader, count))
        except (csv.Error, UnicodeDecodeError, OSError, EOFError) as error:
            raise self._broken(error, self._reader.line_num) from None
        finally:
            if collecting:
                gc.enable()

    def _evened(self, batch: list[list[str]], width: int, chunk: Chunk) -> list[list[str]]:
        """The rows that have the header's number of cells; the others go to `blank` and `faulty`."""
        kept, even = [], []
        for place, row in enumerate(batch):
            if len(row) != width:
                if not any(cell.strip() for cell in row):
                    chunk.blank += 1
                    continue
                extra = len(row) > width
                if extra and not any(cell.strip() for cell in row[width:]):
                    row = row[:width]  # noqa: PLW2901 - trailing delimiters only
                elif not extra and self._how.short_rows == "fill":
                    row = row + [""] * (width - len(row))  # noqa: PLW2901
                else:
                    reason = f"{len(row)} cells, the header has {width}"
                    chunk.faulty.append((int(chunk.rows[place]), reason, self.delimiter.join(row)[:200]))
                    continue
            kept.append(place)
            even.append(row)
        chunk.rows = chunk.rows[np.array(kept, np.int64)]
        return even

    def _lines(self, text: io.TextIOWrapper, font: str | None) -> Iterator[str]:
        # text without a legacy font goes to the csv reader as it is, which never leaves C; values are composed (NFC)
        # where they are compared
        return map(FONTS[font], text) if font else iter(text)

    def _broken(self, error: Exception, number: int) -> BadInput:
        if isinstance(error, UnicodeDecodeError):
            where = f"{self.name}: after line {number}: bytes that are not {self.encoding.name}"
            return BadInput(where, [Fault("file.encoding", str(error.reason), ", ".join(encodings.NAMES))])
        if isinstance(error, csv.Error):
            return BadInput(f"{self.name}: row {number}: {error}; an unclosed quote?")
        return BadInput(f"{self.name}: damaged after line {number}: {error}")


def sniffed(lines: list[str], wanted: list[str], how: File) -> str:
    """The delimiter: the one whose header has most of the wanted columns, else the one that splits rows most evenly."""
    best, most = ",", (-1.0, -1.0)
    for mark in _DELIMITERS:
        try:
            rows = [row for row in csv.reader(lines, delimiter=mark) if row]
        except csv.Error:
            continue
        if not rows:
            continue
        names = {
            fold(cell)
            for cell in header_of(rows[max(0, header_at(rows, wanted, how) - how.header_rows + 1) :][: how.header_rows])
        }
        widths = [len(row) for row in rows]
        usual = max(set(widths), key=widths.count)
        score = (
            float(len(names & {fold(c) for c in wanted})),
            0.0 if usual == 1 else widths.count(usual) / len(rows) * usual,
        )
        if score > most:
            best, most = mark, score
    return best
