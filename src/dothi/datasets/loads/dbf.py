"""The attribute table of a shapefile: which encoding its letters have, whatever its .cpg says or does not."""

import re
import struct
from pathlib import Path

from dothi.kit import encodings
from dothi.kit.encodings import Encoding

_SAMPLE = 512 * 1024
# .cpg names (and code page numbers) that say something definite; Latin ones are what programs write for want of better
_SAID = {
    "utf-8": "utf-8", "utf8": "utf-8", "65001": "utf-8", "1258": "cp1258", "ansi 1258": "cp1258", "cp1258": "cp1258",
    "windows-1258": "cp1258", "tcvn3": "tcvn3", "tcvn": "tcvn3", "abc": "tcvn3", "vni": "vni",
}  # fmt: skip


def encoding_of(shp: Path, given: str | None) -> tuple[Encoding, list[str]]:
    """The encoding of the attributes of a shapefile, and what is to be said about it.

    given: as the caller names it. Else the .cpg decides where it says more than Latin and the bytes agree, else the
    bytes do: UTF-8 when they are valid, else the reading that yields Vietnamese syllables.
    """
    if given is not None:
        return encodings.named(given), []
    sample = _text(shp.with_suffix(".dbf"))
    notices: list[str] = []
    page = shp.with_suffix(".cpg")
    said = ""
    if page.is_file():
        said = page.read_bytes()[:64].decode("latin-1").strip().casefold()
        named = _SAID.get(said)
        if named is not None:
            how = encodings.named(named)
            if named != "utf-8" or _valid(sample):
                return how, []
            notices.append("the .cpg says UTF-8 and the letters are not")
    found = encodings.detect(sample, whole=True)
    if not found.sure:
        beside = f"the .cpg says {said!r}" if said else "there is no .cpg"
        notices.append(f"{beside}: the letters read as {found.name}; `encoding:` says otherwise")
    return found, notices


def _valid(sample: bytes) -> bool:
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _text(path: Path) -> bytes:
    """Cells of text of a dBASE table, a line each: field names first, then as many rows as fit the sample."""
    try:
        with path.open("rb") as file:
            head = file.read(32)
            if len(head) < 32:
                return b""
            first, length = struct.unpack("<HH", head[8:12])
            fields = file.read(max(0, first - 32))
            rows = file.read(_SAMPLE * 4)
    except OSError:
        return b""
    places: list[tuple[int, int]] = []
    names: list[bytes] = []
    at = 1
    for start in range(0, len(fields) - 31, 32):
        if fields[start] == 0x0D:
            break
        names.append(fields[start : start + 11].split(b"\x00")[0])
        width = fields[start + 16]
        if fields[start + 11 : start + 12] == b"C":
            width += fields[start + 17] << 8
            places.append((at, width))
        at += width
    made = names
    size = sum(map(len, names))
    for start in range(0, len(rows) - length + 1, max(length, 1)):
        for offset, width in places:
            cell = rows[start + offset : start + offset + width].strip(b" \x00")
            # a text that fills its field may end within a letter of UTF-8
            cell = re.sub(rb"[\xc0-\xfd][\x80-\xbf]{0,3}$", b"", cell) if len(cell) >= width - 1 else cell
            if cell and not cell.isascii():
                made.append(cell)
                size += len(cell) + 1
        if size > _SAMPLE:
            break
    return b"\n".join(made)
