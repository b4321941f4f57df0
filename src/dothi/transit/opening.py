"""A GTFS feed as its operator hands it over: a zip, a folder in a zip, or a folder; its files as rows of text."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dothi.kit import archives
from dothi.kit.errors import BadInput, Fault
from dothi.transit.faults import Findings

READ = (
    "agency.txt", "stops.txt", "routes.txt", "calendar.txt", "calendar_dates.txt", "trips.txt", "frequencies.txt",
    "stop_times.txt", "shapes.txt",
)  # fmt: skip
NEEDED = ("stops.txt", "routes.txt", "trips.txt", "stop_times.txt")
LARGEST = 1024 * 1024 * 1024  # bytes of a feed unpacked
RATIO = 200  # a text packs ten or twenty times smaller; beyond this it is no text
_CELL = 1024 * 1024  # characters
# columns of the GTFS reference that nothing here asks for: no fault of the feed
UNUSED = frozenset((
    "agency_fare_url", "agency_email", "cemv_support", "tts_stop_name", "stop_desc", "zone_id", "stop_url",
    "stop_timezone", "level_id", "stop_access", "route_desc", "continuous_pickup", "continuous_drop_off",
    "network_id", "trip_short_name", "bikes_allowed", "cars_allowed", "shape_dist_traveled", "timepoint",
    "location_group_id", "location_id", "start_pickup_drop_off_window", "end_pickup_drop_off_window",
    "pickup_booking_rule_id", "drop_off_booking_rule_id",
))  # fmt: skip


@dataclass
class Opened:
    """The files of a feed by their GTFS names, and what else was there."""

    name: str
    sha256: str
    files: dict[str, bytes] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)


def of_bytes(name: str, body: bytes) -> Opened:
    """A zip at hand. Raises BadInput for what is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            opened = Opened(name, hashlib.sha256(body).hexdigest())
            for info in archive.infolist():
                _take(archive, info, opened)
    except archives.UNREADABLE as error:
        raise _bad(name, f"cannot be unpacked: {str(error)[:120]}") from None
    return _whole(opened)


def _take(archive: zipfile.ZipFile, info: zipfile.ZipInfo, opened: Opened) -> None:
    base = info.filename.replace("\\", "/").rpartition("/")[2].lower()
    if info.is_dir() or not base or "__MACOSX" in info.filename:
        return
    if base not in READ:
        opened.others.append(base[:80])
        return
    if info.file_size > LARGEST or info.file_size > RATIO * max(info.compress_size, 1024):
        raise _bad(f"{opened.name}/{base}", f"is {info.file_size} bytes unpacked, which is no timetable")
    if info.file_size + sum(map(len, opened.files.values())) > LARGEST:
        raise _bad(opened.name, f"is more than {LARGEST} bytes unpacked")
    if base in opened.files:
        raise _bad(f"{opened.name}/{base}", "is there twice")
    opened.files[base] = archive.read(info)


def of_path(path: Path) -> Opened:
    """A zip file or a folder on this machine."""
    if path.is_dir():
        opened, digest = Opened(path.name, ""), hashlib.sha256()
        for one in sorted(path.iterdir()):
            if one.is_file() and one.name.lower() in READ:
                opened.files[one.name.lower()] = one.read_bytes()
                digest.update(one.name.lower().encode() + opened.files[one.name.lower()])
            elif one.is_file():
                opened.others.append(one.name)
        opened.sha256 = digest.hexdigest()
        return _whole(opened)
    try:
        body = path.read_bytes()
    except OSError as error:
        raise _bad(str(path), f"cannot be read: {error.strerror or error}") from None
    return of_bytes(path.name, body)


def _whole(opened: Opened) -> Opened:
    missing = [name for name in NEEDED if name not in opened.files]
    if missing:
        raise BadInput(
            f"{opened.name} is no GTFS feed",
            [Fault(f"{opened.name}/{name}", "is missing", "a GTFS feed has " + ", ".join(NEEDED)) for name in missing],
        )
    return opened


class Table:
    """One file's rows by column, each with its number in the file. Columns nobody reads are said once."""

    def __init__(self, name: str, body: bytes, known: tuple[str, ...], findings: Findings) -> None:
        self.name, self.findings, self.read = name, findings, 0
        csv.field_size_limit(_CELL)  # one setting for the whole process, and other readers have longer cells
        self._rows = csv.reader(io.StringIO(_text(name, body, findings), newline=""), skipinitialspace=True)
        try:
            header = next(self._rows, [])
        except csv.Error as error:
            raise _bad(f"{name}:1", f"is no header: {error}") from None
        self.columns = [one.strip().strip("\ufeff").lower() for one in header]
        self.places = {one: i for i, one in reversed(list(enumerate(self.columns)))}
        for one in self.columns:
            if one and one not in known:
                findings.note("unused-column" if one in UNUSED else "unknown-column", name, 1, one)

    def has(self, *needed: str) -> bool:
        """Whether the columns are there; those that are not are said."""
        missing = [one for one in needed if one not in self.places]
        for one in missing:
            self.findings.note("missing-column", self.name, 1, one)
        if missing:  # nothing of the file can be read, and the table of rows says so
            self.read = sum(any(row) for row in self._lines())
        return not missing

    def rows(self, *wanted: str) -> Iterator[tuple[int, list[str]]]:
        """The number and the texts of the wanted columns of each row, empty where there is none."""
        width = len(self.columns)
        places = [self.places.get(one, width) for one in wanted]
        for number, row in enumerate(self._lines(), start=2):
            if not any(row):
                continue
            self.read += 1
            if len(row) > width and any(row[width:]):
                self.findings.note("broken-row", self.name, number, "", f"{len(row)} values", f"{width} values")
                continue
            cells = (row + [""] * (width + 1 - len(row)))[: width + 1]
            cells[width] = ""
            yield number, [cells[i].strip() for i in places]

    def _lines(self) -> Iterator[list[str]]:
        while True:
            try:
                row = next(self._rows)
            except StopIteration:
                return
            except csv.Error as error:
                self.read += 1
                self.findings.note("broken-row", self.name, self._rows.line_num, "", str(error))
                continue
            yield row


def _text(name: str, body: bytes, findings: Findings) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        findings.note("encoding", name, 0, "", "not UTF-8, read as Windows-1258", "UTF-8")
        text = body.decode("cp1258", "replace")
    return text.replace("\0", "")


def _bad(place: str, message: str) -> BadInput:
    return BadInput(f"{place} {message}", [Fault(place, message, "a GTFS zip")])
