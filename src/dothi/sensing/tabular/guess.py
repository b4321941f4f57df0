"""A first mapping for a file, for a person to edit: what its header and first rows suggest."""

import json
import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from dothi.kit.errors import BadInput
from dothi.kit.text import fold
from dothi.sensing import sectors
from dothi.sensing.tabular import numbers, times, units
from dothi.sensing.tabular.cells import NEVER, Cells
from dothi.sensing.tabular.mapping import File
from dothi.sensing.tabular.read import open_table
from dothi.sensing.tabular.stations import code_of, position

_TIMES = (
    "observedat",
    "timestamp",
    "datetime",
    "phenomenontime",
    "thoi gian",
    "thoigian",
    "time",
    "ngay gio",
    "ngay",
    "date",
)
_STATIONS = ("station", "tram", "ten tram", "ma tram", "diem do", "vi tri", "city", "thing", "device", "id", "name")
_FORMATS = (
    "iso", "dd/MM/yyyy HH:mm:ss", "dd/MM/yyyy HH:mm", "dd-MM-yyyy HH:mm:ss", "dd-MM-yyyy HH:mm", "HH:mm dd/MM/yyyy",
    "dd/MM/yyyy", "yyyy/MM/dd HH:mm:ss", "yyyy/MM/dd HH:mm", "epoch", "epoch-ms", "excel",
)  # fmt: skip
_ROWS = 500
_IN_HEADER = re.compile(r"^(?P<name>.*?)\s*[(\[](?P<unit>[^()\[\]]*(?:\([^()]*\))?)[)\]]\s*$")


def mapping_for(path: Path) -> str:
    """YAML of a first mapping; doubtful lines carry a comment. Raises BadInput when the file cannot be read."""
    with ExitStack() as stack:
        table = open_table(path, File(), [], stack)
        header = [name for name in dict.fromkeys(table.header) if name]
        chunk = next(iter(table.chunks(header, _ROWS)), None)
        if chunk is None or not len(chunk.rows):
            raise BadInput(f"{path.name} has a header and no rows")
        return _written(path, table.about, header, chunk.cells)


def _written(path: Path, about: str, header: list[str], cells: dict[str, Cells]) -> str:
    when, format_ = _time(header, cells)
    where = _location(header, cells)
    station = _named(header, _STATIONS, {when, where})
    lines = [
        f"# a first guess from {path.name} ({about}); look at every line before it is used",
        f"title: {_q(path.stem)}",
        "time:",
        f"  column: {_q(when)}",
        f"  format: {_q(format_)}",
        "  zone: Asia/Ho_Chi_Minh  # of times without an offset",
        "station:",
        *([f"  column: {_q(station)}"] if station else ["  is: station-1  # the one station of this file"]),
        f'  code: "{code_of(path.stem)[:30]}-{{slug}}"',
        *(["  name_column: name"] if "name" in header and station != "name" else []),
        *(
            [f"  location: {_q(where)}  # {_order(cells[where])}", f'  order: "{_order(cells[where])}"']
            if where
            else []
        ),
        *_lon_lat(header, {when, station, where}),
        "  create: true  # false: refuse rows of stations that are not there yet",
        "  sharing: restricted  # open: everybody sees it",
        f"sensor: {{code: {code_of(path.stem)[:40]}, name: {_q(path.stem)}}}",
    ]
    return "\n".join([*lines, *_properties(header, cells, {when, station, where, None})]) + "\n"


def _properties(header: list[str], cells: dict[str, Cells], used: set[str | None]) -> list[str]:
    known = _known()
    lines, taken, decimal = ["properties:"], set(), "."
    for column in header:
        if column in used or fold(column) in {"name", "lon", "lng", "longitude", "lat", "latitude", "kinh do", "vi do"}:
            continue
        kind, unit, comma = _looks(cells[column])
        if comma:
            decimal = ","
        found = _IN_HEADER.match(column)
        bare, written = (found["name"], found["unit"]) if found else (column, "")
        pack = known.property_of(bare) if known else None
        code = pack.code if pack else code_of(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", bare))
        if code in taken:
            continue
        if kind is None:
            lines.append(f"  # {_q(column)}: {cells[column].said(0)[:40]!r} is no number, left out")
            continue
        taken.add(code)
        given = units.ucum(unit or written) if unit or written else None
        parts = [f"column: {_q(column)}"]
        if pack is None:
            parts.append(f"unit: {_q(given or '1')}")
        elif given and given != pack.unit.ucum and not unit:
            parts.append(f"given: {_q(given)}")
        if re.fullmatch(r"aqi|chi so.*", fold(bare)) and pack is None:
            code = "other-aqi"
        note = "" if pack or given else "  # unit?"
        lines.append(f"  {code}: {{{', '.join(parts)}}}{note}")
    return [f'decimal: "{decimal}"', *lines]


def _looks(cells: Cells) -> tuple[str | None, str | None, bool]:
    """What a column holds: a kind or None for words, the unit inside the cells, whether decimals are commas."""
    texts = [text for text in cells.texts().to_pylist() if text and text.strip().casefold() not in numbers.MISSING]
    shapes = [numbers._SHAPE.fullmatch(text.strip()) for text in texts]  # noqa: SLF001 - the same shape is the point
    good = [shape for shape in shapes if shape]
    if texts and len(good) < 0.8 * len(texts):
        return None, None, False
    found = {shape["unit"].strip() for shape in good if shape["unit"]}
    if len(found) > 3 or any(len(unit) > 12 for unit in found):
        return None, None, False
    comma = any("," in shape["n"] for shape in good) and not any("." in shape["n"] for shape in good)
    return "measurement", min(found) if found else None, comma


def _time(header: list[str], cells: dict[str, Cells]) -> tuple[str, str]:
    names = sorted(header, key=lambda name: next((n for n, t in enumerate(_TIMES) if t in fold(name)), 99))
    from dothi.kit.clock import VIETNAM

    for column in names:
        some = cells[column]
        if some.instant is not None and bool(np.any(some.instant != NEVER)):
            return column, "iso"
        for format_ in _FORMATS[: len(_FORMATS) if any(t in fold(column) for t in _TIMES) else -3]:
            parsed = times.parse_cells(some, times.Time((format_,), VIETNAM))
            if (parsed.state == 0).sum() >= 0.8 * some.length:
                return column, format_
    return names[0], "iso"


def _location(header: list[str], cells: dict[str, Cells]) -> str | None:
    for column in header:
        texts = [text for text in cells[column].texts().to_pylist() if text]
        # "1,25" is a number: only a pair of decimals is surely a position
        if texts and sum(text.count(".") == 2 and position(text) is not None for text in texts) >= 0.8 * len(texts):
            return column
    return None


def _order(cells: Cells) -> str:
    """In Vietnam the latitude is the smaller number."""
    found = next((position(text, "lon,lat") for text in cells.texts().to_pylist() if text), None)
    return "lon,lat" if found and found[0] > found[1] else "lat,lon"


def _lon_lat(header: list[str], used: set[str | None]) -> list[str]:
    names = {fold(name): name for name in header if name not in used}
    lon = next((names[n] for n in ("lon", "lng", "longitude", "kinh do") if n in names), None)
    lat = next((names[n] for n in ("lat", "latitude", "vi do") if n in names), None)
    return [f"  lon: {_q(lon)}", f"  lat: {_q(lat)}"] if lon and lat else []


def _named(header: list[str], names: tuple[str, ...], used: set[str | None]) -> str | None:
    free = [column for column in header if column not in used]
    for name in names:
        for column in free:
            if name in fold(column).replace("_", " ").split() or fold(column) == name:
                return column
    return None


def _known() -> sectors.Sectors | None:
    try:
        return sectors.sectors()
    except (FileNotFoundError, BadInput):
        return None


def _q(value: Any) -> str:
    """A text as YAML: bare when it is plain."""
    text = str(value)
    return text if re.fullmatch(r"[A-Za-z_][\w-]*", text, re.ASCII) else json.dumps(text, ensure_ascii=False)
