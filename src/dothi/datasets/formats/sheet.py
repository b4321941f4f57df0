"""Excel workbooks, written row by row."""

import json
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import shapely

from dothi.datasets.formats import rows
from dothi.datasets.formats.rows import Target
from dothi.datasets.reading import Asked
from dothi.datasets.views import View
from dothi.kit import clock
from dothi.kit.errors import TooLarge

PIECE = 256 * 1024
_ROWS = 1_048_575  # of a sheet, below the header
_CELL = 32_767  # characters


def xlsx(view: View, asked: Asked, where: Target) -> Iterator[bytes]:
    """A workbook with one sheet: titles in the first row, days as days, a point as two columns, other shapes as WKT."""
    if (asked.limit or view.count) > _ROWS and view.count > _ROWS:
        raise TooLarge(f"a sheet has {_ROWS:,} rows, {view.code} has {view.count:,}; ask for csv or geoparquet")
    with tempfile.TemporaryDirectory(prefix="dothi-export-") as folder:
        path = Path(folder) / "out.xlsx"
        _write(path, view, asked, where)
        yield from pieces(path)


def pieces(path: Path) -> Iterator[bytes]:
    """The bytes of a file, some at a time."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _write(path: Path, view: View, asked: Asked, where: Target) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet("".join(one for one in view.title if one not in "[]:*?/\\")[:31] or view.code[:31])
    sheet.freeze_panes = "A2"
    made = rows.columns(view, asked)
    drawn, point = view.geometry_type is not None and asked.geometry, view.geometry_type == "Point"
    degrees = where.way is None
    heads = [one.title for one in made]
    if drawn:
        heads += (["Kinh độ", "Vĩ độ"] if degrees else ["Y (đông, m)", "X (bắc, m)"]) if point else ["WKT"]

    def head(text: str) -> Any:
        cell = WriteOnlyCell(sheet, text)
        cell.font = Font(bold=True)
        return cell

    def plain(value: Any, kind: str) -> Any:
        worth = _value(value, kind)
        if isinstance(worth, str):
            cell = WriteOnlyCell(sheet, _printable(worth)[:_CELL])
            cell.data_type = "s"  # a text that begins with = is no formula
            return cell
        return worth

    sheet.append([head(text) for text in heads])
    for some in rows.records(view, asked):
        shapes = where.shapes([one.wkb for one in some]) if drawn else None
        for place, one in enumerate(some):
            cells = [plain(value, made[i].kind) for i, value in enumerate(rows.values(view, made, one))]
            shape = None if shapes is None else shapes[place]
            if shape is not None and point:
                cells += [round(float(shape.x), 7 if degrees else 3), round(float(shape.y), 7 if degrees else 3)]
            elif shape is not None:
                text = shapely.to_wkt(shape, rounding_precision=7 if degrees else 3)
                cells.append(text if len(text) <= _CELL else f"{shape.geom_type} of {len(text):,} characters")
            sheet.append(cells)
    book.save(path)


def _printable(text: str) -> str:
    return "".join(one for one in text if one >= " " or one in "\t\n\r")


def _value(value: Any, kind: str) -> Any:
    if isinstance(value, str) and kind == "date":
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    if isinstance(value, str) and kind == "date-time":
        at: datetime = clock.local(clock.parse(value, clock.VIETNAM))
        return at.replace(tzinfo=None)  # a workbook knows no zones: Vietnam's time
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**15:
        return str(value)
    return value
