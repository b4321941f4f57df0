"""Where the header of a table is, and what its columns are called."""

import re
from typing import Any

from dothi.datasets.loads.values import empty
from dothi.kit.text import nfc

_NUMBERED = re.compile(r"\(?\d{1,2}\)?|\(?[A-Za-z]\)?")


def header_place(rows: list[list[Any]]) -> int:
    """The index of the (first line of the) header among a table's first rows.

    The first row that has about as many cells as the rows below it, none of them a number or a day.
    """
    filled = [[cell for cell in row if not empty(cell)] for row in rows]
    best, most = 0, -1.0
    for place, cells in enumerate(filled):
        below = sorted(len(row) for row in filled[place + 1 : place + 21] if row)
        usual = below[len(below) // 2] if below else len(cells)
        if not cells or any(_is_value(cell) for cell in cells) or (usual > 1 and len(cells) < 2):
            continue
        share = min(len(cells), usual) / max(usual, 1)
        score = share - 0.02 * place
        if score > most:
            best, most = place, score
        if share >= 0.8:
            break
    return best


def _is_value(cell: Any) -> bool:
    if not isinstance(cell, str):
        return True
    return re.fullmatch(r"[+-]?[\d.,\s/:-]*\d[\d.,\s/:-]*", cell.strip()) is not None


def labels(rows: list[list[Any]]) -> list[str]:
    """Column names of one or several header rows; in the upper ones a merged cell names the columns to its right."""
    width = max(map(len, rows), default=0)
    upper: list[list[str]] = []
    for row in rows[:-1]:
        filled, last = [], ""
        for cell in [*row, *[None] * (width - len(row))]:
            last = _label(cell) or last
            filled.append(last)
        upper.append(filled)
    names: list[str] = []
    for place in range(width):
        cell = rows[-1][place] if rows and place < len(rows[-1]) else None
        parts = [row[place] for row in upper] + [_label(cell)]
        names.append(" / ".join(dict.fromkeys(part for part in parts if part)) or f"column {place + 1}")
    seen: dict[str, int] = {}
    for place, name in enumerate(names):
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            names[place] = f"{name} ({seen[name]})"
    return names


def _label(cell: Any) -> str:
    return "" if empty(cell) else " ".join(nfc(str(cell)).split())


def numbered(row: list[Any]) -> bool:
    """Whether a row only counts the columns: 1 2 3, (1) (2) (3), A B 1 2."""
    cells = [str(cell).strip().removesuffix(".0") for cell in row if not empty(cell)]
    if len(cells) < 3 or not all(_NUMBERED.fullmatch(cell) for cell in cells):
        return False
    digits = [int(found[0]) for cell in cells if (found := re.search(r"\d+", cell))]
    return len(digits) >= 2 and digits == list(range(digits[0], digits[0] + len(digits))) and digits[0] <= 2
