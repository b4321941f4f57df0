"""Files of places, read into plain rows: GeoJSON, TopoJSON, CSV and Excel tables, the old-to-new converter."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from dothi.kit import archives
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import nfc

Kind = Literal["boundaries", "units", "crosswalk", "converter"]


@dataclass(frozen=True)
class Raw:
    """One feature or row as the file has it: where it stands, its columns, its GeoJSON geometry."""

    place: str
    values: dict[str, Any]
    geometry: Any = None


@dataclass
class Source:
    """A file understood as far as its shape: what it holds, and its rows."""

    kind: Kind
    rows: list[Raw] = field(default_factory=list)
    converter: dict[str, Any] = field(default_factory=dict)


def read(path: Path) -> Source:
    """Read a file by what is in it, not by what it is called. Raises BadInput where it is none of these."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _bad(path, error.strerror or str(error)) from None
    if data[:4] == b"PK\x03\x04":
        return _table(list(_excel(path)))
    text = decode(data)
    if text.lstrip()[:1] in ("{", "["):
        return _json(path, text)
    return _table(list(_csv(text)))


def decode(data: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 with its mark, or Windows-1258, in NFC."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return nfc(data.decode("utf-16"))
    try:
        return nfc(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return nfc(data.decode("cp1258", "replace"))


def _json(path: Path, text: str) -> Source:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise _bad(path, f"broken JSON: {error}") from None
    if isinstance(value, dict):
        match value.get("type"):
            case "FeatureCollection":
                return Source("boundaries", list(_features(path, value.get("features"))))
            case "Feature":
                return Source("boundaries", list(_features(path, [value])))
            case "Topology":
                return Source("boundaries", list(topology(path, value)))
        if "DICT_PROVINCE" in value:
            return Source("converter", converter=value)
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        return _table([Raw(f"row {number}", row) for number, row in enumerate(value, 1)])
    raise _bad(path, "JSON of a kind not known here")


def _features(path: Path, features: Any) -> Iterator[Raw]:
    if not isinstance(features, list):
        raise _bad(path, "a FeatureCollection without a list of features")
    for number, feature in enumerate(features, 1):
        if isinstance(feature, dict):
            values = feature.get("properties") or {}
            if "id" in feature and isinstance(values, dict):
                values = {"id": feature["id"], **values}
            yield Raw(f"feature {number}", values if isinstance(values, dict) else {}, feature.get("geometry"))
        else:
            yield Raw(f"feature {number}", {}, None)


def topology(path: Path, value: dict[str, Any]) -> Iterator[Raw]:
    """The features of a TopoJSON topology, every object of it, arcs joined back into rings."""
    try:
        scale = value.get("transform", {}).get("scale")
        shift = value.get("transform", {}).get("translate", (0.0, 0.0))
        arcs = [_arc(arc, scale, shift) for arc in value["arcs"]]
        objects = value["objects"].values()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _bad(path, f"broken TopoJSON: {type(error).__name__} {error}") from None
    number = 0
    for one in objects:
        for member in one.get("geometries", [one]):
            number += 1
            values = member.get("properties") or {}
            if "id" in member:
                values = {"id": member["id"], **values}
            yield Raw(f"feature {number}", values, _joined(member, arcs))


def _arc(arc: list[list[float]], scale: list[float] | None, shift: list[float]) -> list[tuple[float, float]]:
    if scale is None:
        return [(float(x), float(y)) for x, y, *_ in arc]
    points, x, y = [], 0.0, 0.0
    for dx, dy, *_ in arc:  # delta-encoded whole numbers
        x, y = x + dx, y + dy
        points.append((x * scale[0] + shift[0], y * scale[1] + shift[1]))
    return points


def _joined(member: dict[str, Any], arcs: list[list[tuple[float, float]]]) -> Any:
    def line(indexes: list[int]) -> list[tuple[float, float]]:
        points: list[tuple[float, float]] = []
        for index in indexes:
            arc = arcs[index] if index >= 0 else arcs[~index][::-1]
            points.extend(arc[1:] if points else arc)
        return points

    kind, parts = member.get("type"), member.get("arcs")
    try:
        if kind == "Polygon":
            return {"type": kind, "coordinates": [line(ring) for ring in parts or []]}
        if kind == "MultiPolygon":
            return {"type": kind, "coordinates": [[line(ring) for ring in polygon] for polygon in parts or []]}
    except (IndexError, TypeError):
        return {"type": kind, "coordinates": "arcs that are not there"}
    return {"type": kind, "coordinates": member.get("coordinates")} if kind else None


def _csv(text: str) -> Iterator[Raw]:
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restkey="", restval="")
    for row in reader:
        yield Raw(f"line {reader.line_num}", {str(k).strip(): v for k, v in row.items() if k})


def _excel(path: Path) -> Iterator[Raw]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with path.open("rb") as file:
            book = load_workbook(file, read_only=True, data_only=True)
            yield from _sheets(book)
    except (InvalidFileException, KeyError, SyntaxError, TypeError, AttributeError, *archives.UNREADABLE) as error:
        raise _bad(path, f"not a workbook that can be read: {str(error)[:120]}") from None


def _sheets(book: Any) -> Iterator[Raw]:
    try:
        for sheet in book.worksheets:
            head: list[str] | None = None
            for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
                filled = sum(cell is not None for cell in cells)
                if head is None:
                    if filled >= 2:  # titles above the table stand alone in their row
                        head = [str(cell or "").strip() for cell in cells]
                elif filled:
                    yield Raw(f"{sheet.title} row {number}", {k: v for k, v in zip(head, cells, strict=False) if k})
    finally:
        book.close()


def _table(rows: list[Raw]) -> Source:
    from dothi.places.columns import column_of

    columns = list(rows[0].values) if rows else []
    both = column_of(columns, "old_code") and column_of(columns, "new_code")
    return Source("crosswalk" if both else "units", rows)


def _bad(path: Path, why: str) -> BadInput:
    allowed = "GeoJSON, TopoJSON, CSV, Excel (.xlsx), or the JSON converter of old to new units"
    return BadInput(f"{path.name}: {why}", [Fault(path.name, why, allowed)])
