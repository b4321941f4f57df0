"""SensorThings Things as a collection of features: read like a dataset, written through SensorThings."""

import time
from typing import Any

from sqlalchemy import Text, case, func, literal_column, select

from dothi.datasets import collected
from dothi.datasets.reading import Rows, Virtual
from dothi.db import features as spelled
from dothi.db import session as db
from dothi.db import words
from dothi.identity import guard
from dothi.sensing.tables import Thing

CODE = "things"
_TTL = 30.0  # seconds a count and an extent are kept
_FIELDS = (
    collected.field("name", "string", "Tên", "Name", required=True),
    collected.field("description", "string", "Mô tả", "Description"),
    collected.field("code", "string", "Mã của chủ sở hữu", "The owner's own code"),
    collected.field("placeCode", "string", "Mã xã, phường", "Commune code"),
    collected.field("connected", "boolean", "Đang kết nối", "Connected"),
    collected.field("simulated", "boolean", "Mô phỏng", "Simulated", required=True),
    collected.field("path", "string", "Đường dẫn SensorThings", "Path in SensorThings", required=True),
    collected.field("properties", "object", "Thuộc tính", "Properties"),
)
_seen: dict[tuple[int, object], tuple[float, int, tuple[float, float, float, float] | None]] = {}


def view(caller: guard.Caller) -> Virtual:
    """The things a caller may see. Counts them when it has not done so lately."""
    count, bbox = _measured(caller)
    return collected.view(
        code=CODE, title="Điểm quan trắc và thiết bị", title_en="Sensor posts and devices",
        description="Các đối tượng (Thing) của giao diện SensorThings, tại vị trí hiện nay.",
        description_en="The Things of the SensorThings interface, where they are now.",
        geometry_type="Point", fields=_FIELDS, keywords=("sensorthings",), count=count, bbox=bbox,
        rows_at=lambda _: rows(caller),
    )  # fmt: skip


def rows(caller: guard.Caller) -> Rows:
    """Things as canonical rows."""
    c = Thing.__table__.alias("t").c
    path = words.written(literal_column("'Things('", Text()), words.text_of(c.id), literal_column("')'", Text()))
    columns: dict[str, Any] = {
        "name": c.name, "description": c.description, "code": c.code, "placeCode": c.unit_code,
        "connected": c.connected, "simulated": c.simulated, "path": path, "properties": c.properties,
    }  # fmt: skip
    place = words.written(
        literal_column('\'{"type":"Point","coordinates":[\'', Text()), words.json_number(c.lon),
        literal_column("','", Text()), words.json_number(c.lat), literal_column("']}'", Text()),
    )  # fmt: skip
    geojson = case((c.lon.is_not(None), place))
    made = (
        select(
            c.id,
            words.text_of(c.id).label("key"),
            words.geojson_geometry(geojson).label("geometry"),
            geojson.label("geojson"),
            collected.members(_FIELDS, columns).label("properties"),
            c.lon.label("west"), c.lat.label("south"), c.lon.label("east"), c.lat.label("north"),
            c.unit_code, c.name_folded.label("folded"),
            spelled.no_number().label("valid_from"), spelled.no_number().label("valid_until"),
            literal_column("1").label("version"),
            literal_column("0").label("recorded_at"), spelled.no_text().label("recorded_by"),
            *(column.label(f"of_{name}") for name, column in columns.items()),
        )
        .where(guard.visible(caller, c))
        .subquery("r")
    )  # fmt: skip
    plain: dict[str, Any] = {name: made.c[f"of_{name}"] for name in columns}
    plain["properties"] = words.json_raw(plain["properties"])
    return Rows(made.c, made, (), plain=plain)


def _measured(caller: guard.Caller) -> tuple[int, tuple[float, float, float, float] | None]:
    key = (id(db.engine()), guard.sight(caller))
    known = _seen.get(key)
    if known is not None and known[0] > time.monotonic():
        return known[1], known[2]
    c = Thing.__table__.c
    query = select(func.count(), func.min(c.lon), func.min(c.lat), func.max(c.lon), func.max(c.lat))
    with db.reading() as session:
        count, *box = session.execute(query.where(guard.visible(caller, c))).one()
    bbox = None if box[0] is None else (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
    if len(_seen) > 1000:
        _seen.clear()
    _seen[key] = (time.monotonic() + _TTL, int(count), bbox)
    return int(count), bbox


def forget() -> None:
    """Count anew."""
    _seen.clear()
