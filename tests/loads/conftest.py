"""A dataset to load into, and files as offices hand them in."""

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyogrio
import pytest
import shapely
from sqlalchemy import Engine, func, select

from dothi.datasets import service
from dothi.datasets.tables import Record
from dothi.db import session as db
from dothi.identity.guard import SYSTEM
from dothi.kit.encodings import NAMES
from dothi.kit.legacy import FONTS

TREES = {
    "ma": {"type": "string", "title": "Mã cây", "title-en": "Tree", "x-role": "key"},
    "loai": {"type": "string", "title": "Loài cây", "x-role": "name"},
    "cao": {"type": "number", "title": "Chiều cao", "x-unit": "m"},
    "trong": {"type": "string", "format": "date", "title": "Ngày trồng"},
    "tot": {"type": "boolean", "title": "Còn sống"},
}


@pytest.fixture
def make(database: Engine) -> Callable[..., str]:
    """Make a dataset: code, properties of its schema, more of its description."""

    def made(code: str = "cay-xanh", properties: dict | None = None, **more) -> str:
        schema = {
            "type": "object",
            "properties": TREES if properties is None else properties,
            "required": more.pop("required", []),
        }
        key = more.pop("key_field", "ma" if properties is None else None)
        body = {"code": code, "title": code, "schema": schema, "geometry_type": "Point", "key_field": key, **more}
        with db.writing() as session:
            service.create(session, SYSTEM, body)
        return code

    return made


@pytest.fixture
def trees(make) -> str:
    return make()


def records(code: str) -> dict[str, dict]:
    """The records of a dataset by key."""
    from dothi.datasets.tables import Dataset

    with db.reading() as session:
        query = select(Record).join(Dataset, Dataset.id == Record.dataset_id).where(Dataset.code == code)
        return {
            one.key: {**one.properties, "geojson": one.geojson, "version": one.version, "load": one.load_id}
            for one in session.scalars(query)
        }


def total(table) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def geojson(path: Path, rows: list[dict], **more) -> Path:
    """A FeatureCollection of rows: properties, with lon and lat or a geometry."""
    import json

    features = []
    for row in rows:
        shape = row.pop("geometry", None) or (
            {"type": "Point", "coordinates": [row.pop("lon"), row.pop("lat")]} if "lon" in row else None
        )
        features.append({"type": "Feature", "properties": row, "geometry": shape})
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": features, **more}, ensure_ascii=False), "utf-8"
    )
    return path


def tree(number: int, **more) -> dict:
    return {
        "ma": f"C{number:03d}",
        "loai": "Sao đen",
        "cao": 5 + number / 10,
        "lon": 106.41 + number / 1000,
        "lat": 10.53,
        **more,
    }


def encoded(text: str, name: str) -> bytes:
    """The bytes an old program would have written for a text; the table turned round."""
    codec, font = NAMES[name]
    if font is None:
        return text.encode(codec.removesuffix("-sig"))
    forward = {FONTS[font](bytes([byte]).decode("latin-1")): bytes([byte]) for byte in range(0xA1, 0x100)}
    forward = {letter: byte for letter, byte in forward.items() if len(letter) == 1}
    return b"".join(letter.encode("ascii") if letter.isascii() else forward[letter] for letter in text)


def shapefile(
    folder: Path, names: list[bytes], rows: list[list[bytes]], shapes: list, prj: str | None, cpg: str | None = None
) -> Path:
    """A zipped shapefile with an attribute table of our own bytes, as an old program wrote it."""
    folder.mkdir(parents=True, exist_ok=True)
    table = pa.table({"n": list(range(len(rows))), "geometry": [shapely.to_wkb(one) for one in shapes]})
    kind = shapes[0].geom_type
    pyogrio.write_arrow(
        table,
        folder / "thua.shp",
        driver="ESRI Shapefile",
        geometry_name="geometry",
        geometry_type=kind,
        crs="EPSG:4326",
    )
    width = 60
    fields = b"".join(name.ljust(11, b"\0") + b"C" + bytes(4) + bytes([width, 0]) + bytes(14) for name in names)
    length = 1 + width * len(names)
    head = struct.pack("<BBBBIHH", 3, 126, 1, 1, len(rows), 32 + len(fields) + 1, length) + bytes(20)
    body = b"".join(b" " + b"".join(cell.ljust(width) for cell in row) for row in rows)
    (folder / "thua.dbf").write_bytes(head + fields + b"\r" + body + b"\x1a")
    for part, text in ((".prj", prj), (".cpg", cpg)):
        (folder / f"thua{part}").unlink(missing_ok=True)
        if text is not None:
            (folder / f"thua{part}").write_text(text)
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for one in folder.iterdir():
            archive.write(one, f"Bản đồ/{one.name}")
    return path
