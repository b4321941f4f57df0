"""What a column of somebody else's table means, and what its cells say."""

import re
from collections.abc import Iterable
from typing import Any

from dothi.kit.text import fold

# field: the names other tables give it, folded and without spaces; the first that is there wins
GUESSES: dict[str, tuple[str, ...]] = {
    "code": (
        "code", "mahanhchinh", "madonvi", "madvhc", "madonvihanhchinh", "maxa", "maphuong", "maphuongxa", "wardcode",
        "provincecode", "matinh", "ma", "gsocode", "nsocode", "id",
    ),
    "full_name": ("fullname", "tendaydu", "fullnamevi"),
    "name": (
        "name", "tendonvi", "ten", "tenxa", "tenphuong", "tenphuongxa", "tendvhc", "tendonvihanhchinh", "wardname",
        "namevi", "tentinh", "provincename",
    ),
    "full_name_en": ("fullnameen", "nameen", "tentienganh"),
    "kind": ("phanloai", "kind", "loai", "loaidonvi", "cap", "type"),
    "area_km2": ("areakm2", "dientichkm2", "dientich", "area"),
    "population": ("population", "danso", "dansonguoi"),
    "parent_code": ("parentcode", "parent", "provincecode", "matinh", "matinhthanh", "matp"),
    "parent_name": ("parentname", "tinhthanh", "tinhthanhpho", "province", "provincename", "tinh", "tentinh"),
    "valid_from": ("validfrom", "hieuluctu", "ngayhieuluc"),
    "valid_to": ("validto", "hieulucden"),
    "lon": ("lon", "longitude", "kinhdo"),
    "lat": ("lat", "latitude", "vido"),
    "old_code": ("oldcode", "macu", "madonvicu", "oldwardcode"),
    "new_code": ("newcode", "mamoi", "madonvimoi", "newwardcode"),
    "old_unit": ("oldunit", "oldname", "tencu", "donvicu"),
    "new_unit": ("newunit", "newname", "tenmoi", "donvimoi"),
    "old_district": ("olddistrict", "huyencu", "quanhuyencu"),
    "old_province": ("oldprovince", "tinhcu"),
    "new_province": ("newprovince", "tinhmoi"),
    "extent": ("extent", "mucdo", "hinhthuc", "ghichu"),
    "weight": ("weight", "tyle", "trongso"),
    "basis": ("basis", "cancu"),
}  # fmt: skip


def plain(column: str) -> str:
    """A column's name as it is compared: "Diện tích (km2)", "dien_tich" → dientichkm2, dientich."""
    return re.sub(r"[\W_]", "", fold(column))


def column_of(columns: Iterable[str], field: str) -> str | None:
    """The column that holds a field."""
    there = {plain(column): column for column in reversed(list(columns))}
    return next((there[guess] for guess in GUESSES[field] if guess in there), None)


def fields(columns: Iterable[str], said: dict[str, str]) -> dict[str, str]:
    """Column by field: as said (field=column), and guessed for the rest; one column means one field."""
    columns = list(columns)
    found = {field: column for field, column in said.items() if column in columns}
    taken = set(found.values())
    for field in GUESSES:
        if field not in said:
            column = column_of([c for c in columns if c not in taken], field)
            if column is not None:
                found[field] = column
                taken.add(column)
    return found


def number(cell: Any) -> float | None:
    """The number in a cell, however it is written: 2.68, "2.68 km²", "2,68", "1.234,5", "105.301 người"; else None.

    A single mark followed by exactly three digits groups thousands only where the text has several of them
    or counts people; see `whole`.
    """
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, int | float):
        return float(cell)
    found = re.match(r"\s*(-?[\d.,]*\d)", str(cell))
    if not found:
        return None
    digits = found[1]
    dot, comma = digits.rfind("."), digits.rfind(",")
    if dot >= 0 and comma >= 0:
        group, mark = (".", ",") if comma > dot else (",", ".")
        digits = digits.replace(group, "").replace(mark, ".")
    elif digits.count(",") > 1 or digits.count(".") > 1:
        digits = digits.replace(",", "").replace(".", "")
    else:
        digits = digits.replace(",", ".")
    try:
        return float(digits)
    except ValueError:
        return None


def area_km2(cell: Any) -> float | None:
    """A size in km²; "268 ha" is 2.68."""
    value = number(cell)
    if value is not None and re.search(r"\d\s*ha\b", str(cell), re.IGNORECASE):
        value /= 100
    return value


def whole(cell: Any) -> int | None:
    """A count of people: "105301", "105.301 người", "105,301"."""
    if isinstance(cell, str) and re.match(r"\s*\d{1,3}([.,]\d{3})+([^\d.,]|$)", cell):
        return int(re.sub(r"[.,]", "", cell.split()[0]))
    value = number(cell)
    return None if value is None else int(value)


def text(cell: Any) -> str | None:
    """A cell as text with single spaces; empty cells are None; 27694.0 from Excel is 27694."""
    if cell is None:
        return None
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell).split()) or None


def code_in(cell: Any) -> str | None:
    """The code in parentheses behind a name: "Thành phố Tân An (794)" → 794."""
    found = re.search(r"\((\d{2,5})\)", str(cell or ""))
    return found[1] if found else None
