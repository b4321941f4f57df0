"""Files as they are handed in: archives opened with care, and what each file is by what is in it."""

import re
import stat
import tempfile
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dothi.config import settings
from dothi.kit import archives
from dothi.kit.errors import BadInput, Fault, TooLarge
from dothi.kit.text import fold

FORMATS = {
    "geojson": "GeoJSON", "geojsonseq": "GeoJSON text sequence", "topojson": "TopoJSON", "gpkg": "GeoPackage",
    "shp": "Shapefile", "kml": "KML", "dxf": "DXF", "csv": "CSV", "xlsx": "Excel", "geoparquet": "GeoParquet",
    "flatgeobuf": "FlatGeobuf",
}  # fmt: skip
_ALLOWED = ", ".join([*FORMATS.values(), "KMZ", "a zip of one of them"])
_SHAPE = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qix", ".sbn", ".sbx")
_ENTRIES = 1000
_HEAD = 64 * 1024
_PIECE = 1 << 20


@dataclass(frozen=True)
class Member:
    """One readable file. name: as it was called, for people; path: where it is, with the extension of its format."""

    name: str
    format: str
    path: Path


def members(path: Path, stack: ExitStack) -> list[Member]:
    """The readable files of what was handed in, unpacked where it is an archive, until the stack closes.

    Raises BadInput for what cannot be read, TooLarge for an archive that unpacks to more than the settings allow.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {error.strerror}") from None
    if not head:
        raise BadInput(f"{path.name} is empty")
    if head[:2] == b"PK":
        return _archive(path, stack)
    if path.suffix.lower() == ".shp":
        return [Member(path.stem, "shp", _beside(path, stack))]
    return [_member(path.name, path, head, stack)]


def _archive(path: Path, stack: ExitStack) -> list[Member]:
    try:
        archive = stack.enter_context(zipfile.ZipFile(path))
        entries = [one for one in archive.infolist() if not one.is_dir() and not _clutter(one.filename)]
    except archives.UNREADABLE as error:
        raise BadInput(f"{path.name}: a damaged zip archive: {error}") from None
    if any(one.filename.startswith("xl/") for one in entries):
        _room(path.name, entries)
        return [Member(path.name, "xlsx", path)]
    faults = [fault for one in entries if (fault := _unsafe(one))]
    if len(entries) > _ENTRIES:
        faults.append(Fault(path.name, f"{len(entries):,} files", f"at most {_ENTRIES:,}"))
    if faults:
        raise BadInput(f"{path.name} is not an archive we unpack", faults[:20])
    _room(path.name, entries)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dothi-load-")))
    unpacked = _unpack(path.name, archive, entries, folder)
    found: list[Member] = []
    for name, where in unpacked:
        kind = PurePosixPath(name).suffix.lower()
        if kind == ".shp":
            found.append(Member(PurePosixPath(name).stem, "shp", where))
        elif kind not in (*_SHAPE, ".xml", ".txt", ".qmd", ".qml", ".sld", ".pdf", ".png", ".jpg", ".html", ".lyr"):
            with where.open("rb") as file:
                head = file.read(_HEAD)
            if head:
                found.append(_member(name, where, head, stack))
    if not found:
        raise BadInput(
            f"{path.name} holds nothing we read",
            [Fault(path.name, ", ".join(one.filename for one in entries[:10]) or "no files", _ALLOWED)],
        )
    return found


def _clutter(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return not parts or parts[0] == "__MACOSX" or parts[-1].startswith("._") or parts[-1] in {".DS_Store", "Thumbs.db"}


def _unsafe(entry: zipfile.ZipInfo) -> Fault | None:
    name = entry.filename.replace("\\", "/")
    if name.startswith("/") or ".." in name.split("/") or re.match(r"[A-Za-z]:", name):
        return Fault(name[:120], "a path that leads out of the archive", "plain names")
    if stat.S_ISLNK(entry.external_attr >> 16):
        return Fault(name[:120], "a symbolic link", "plain files")
    if entry.flag_bits & 1:
        return Fault(name[:120], "is encrypted", "an archive without a password")
    return None


def _room(name: str, entries: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive that says it unpacks to more than is allowed; what it does not say, `_unpack` counts."""
    most, ratio = settings().load_bytes, settings().load_ratio
    total = sum(one.file_size for one in entries)
    faults = [
        Fault(
            one.filename[:120],
            f"{one.file_size:,} bytes out of {one.compress_size:,}",
            f"at most {ratio} times as many",
        )
        for one in entries
        if one.file_size > max(one.compress_size, 1) * ratio and one.file_size > 10 * _PIECE
    ]
    if total > most:
        faults.append(Fault(name, f"unpacks to {total:,} bytes", f"at most {most:,} (setting load_bytes)"))
    if faults:
        raise TooLarge(f"{name} unpacks to more than is allowed", faults)


def _unpack(
    name: str, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], folder: Path
) -> list[tuple[str, Path]]:
    """Every file under a name of our own; files that differ in their extension only stay together."""
    left = settings().load_bytes
    places: dict[str, str] = {}
    made: list[tuple[str, Path]] = []
    for entry in entries:
        shown = entry.filename.replace("\\", "/")
        inner = PurePosixPath(shown)
        stem = places.setdefault(fold(str(inner.with_suffix(""))), f"f{len(places)}")
        where = folder / f"{stem}{_extension(inner)}"
        if where.exists():
            where = folder / f"{stem}-{len(made)}{_extension(inner)}"
        try:
            with archive.open(entry) as source, where.open("wb") as target:
                while piece := source.read(_PIECE):
                    left -= len(piece)
                    if left < 0:
                        raise TooLarge(
                            f"{name} unpacks to more than {settings().load_bytes:,} bytes (setting load_bytes)"
                        )
                    target.write(piece)
        except archives.UNREADABLE as error:
            raise BadInput(f"{name}: {shown[:120]} cannot be unpacked: {error}") from None
        made.append((shown, where))
    return made


def _extension(inner: PurePosixPath) -> str:
    found = inner.suffix.lower()
    return found if re.fullmatch(r"\.[a-z0-9]{1,12}", found) else ""


def _beside(path: Path, stack: ExitStack) -> Path:
    """A shapefile's parts under one spelling of its name: GDAL looks for `.shp` and `.dbf`, files may say `.DBF`."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dothi-load-")))
    for one in path.parent.iterdir():
        if one.stem.lower() == path.stem.lower() and one.suffix.lower() in _SHAPE:
            (folder / f"f0{one.suffix.lower()}").symlink_to(one.resolve())
    return folder / "f0.shp"


def _member(name: str, path: Path, head: bytes, stack: ExitStack) -> Member:
    kind = sniffed(head, name)
    wanted = {"gpkg": ".gpkg", "kml": ".kml", "dxf": ".dxf", "flatgeobuf": ".fgb", "topojson": ".topojson"}.get(kind)
    if wanted is not None and path.suffix != wanted:  # GDAL chooses its driver by name and content together
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dothi-load-")))
        linked = folder / f"f0{wanted}"
        linked.symlink_to(path.resolve())
        path = linked
    return Member(PurePosixPath(name).stem, kind, path)


def sniffed(head: bytes, name: str) -> str:
    """The format of a file that begins with these bytes. Raises BadInput for what is none of ours."""
    if head.startswith(b"SQLite format 3\x00"):
        return "gpkg"
    if head.startswith(b"fgb\x03"):
        return "flatgeobuf"
    if head.startswith(b"PAR1"):
        return "geoparquet"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadInput(f"{name} is an Excel 97 workbook (.xls) or another old Office file; save it as .xlsx first")
    if head.startswith((b"\x00\x00\x27\x0a", b"AC10", b"%PDF", b"\x1f\x8b")):
        what = {b"\x00": "a shapefile without its name .shp", b"A": "a DWG drawing; save it as DXF", b"%": "a PDF"}
        raise BadInput(f"{name} is {what.get(head[:1], 'gzip')}", [Fault("file", name, _ALLOWED)])
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    first = text[:1]
    if first in {b"{", b"["} or head[:1] == b"\x1e":
        return _json(text)
    if first == b"<":
        return _xml(head, name)
    if re.match(rb"(?:999\r?\n.*?\r?\n\s*)*0\s*\r?\nSECTION", text) or head.startswith(b"AutoCAD Binary DXF"):
        return "dxf"
    if name.lower().endswith((".csv", ".tsv", ".txt")) or b"\x00" not in head or head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "csv"
    raise BadInput(f"{name} is nothing we read", [Fault("file", name, _ALLOWED)])


def _json(text: bytes) -> str:
    if re.match(rb'\{\s*"type"\s*:\s*"Topology"', text) or (b'"Topology"' in text[:2000] and b'"arcs"' in text):
        return "topojson"
    lines = [line.strip(b"\x1e \r") for line in text.split(b"\n")[:3]]
    each = [line for line in lines if line]
    if text[:1] == b"\x1e" or (len(each) > 1 and all(b'"type"' in line for line in each) and each[0].endswith(b"}")):
        return "geojsonseq"
    return "geojson"


def _xml(head: bytes, name: str) -> str:
    """KML by its root; declarations of entities are refused, for they can grow without end."""
    if b"\x00" in head:
        raise BadInput(f"{name} is XML in UTF-16", [Fault("file", name, "KML in UTF-8")])
    if re.search(rb"<!\s*(?:DOCTYPE|ENTITY)", head, re.IGNORECASE):
        raise BadInput(f"{name} declares XML entities", [Fault("file", "<!DOCTYPE …>", "KML without DOCTYPE")])
    bare = re.sub(rb"<\?.*?\?>|<!--.*?-->", b"", head, flags=re.DOTALL).lstrip(b"\xef\xbb\xbf \t\r\n")
    root = re.match(rb"<(?:[\w.-]+:)?([\w.-]+)", bare)
    if root is None or root[1] not in (b"kml", b"Document", b"Folder", b"Placemark"):
        what = root[1].decode(errors="replace") if root else "no element"
        raise BadInput(f"{name} is XML of a kind we do not read", [Fault("file", f"<{what}>", _ALLOWED)])
    return "kml"
