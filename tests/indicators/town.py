"""A small city before and after the merger: two wards of Tân An (Tây Ninh) and its namesakes in Cần Thơ."""

from typing import Any

from shapely.geometry import box
from sqlalchemy import insert

from dothi.datasets import service as datasets
from dothi.identity.guard import SYSTEM
from dothi.indicators import declared
from dothi.indicators.model import Declared
from dothi.kit import clock, geo
from dothi.kit.clock import HOUR
from dothi.kit.text import fold
from dothi.places import store as places
from dothi.places.cities import Setting
from dothi.places.tables import Area, Unit, UnitChange
from dothi.sensing.tables import Datastream, ObservationHour, ObservedProperty, Sensor, Thing


def day(text: str) -> int:
    """Local midnight of a day, µs."""
    return clock.parse(f"{text}T00:00:00", clock.VIETNAM)


REFORM, LONG_AGO = day("2025-07-01"), day("2004-07-08")
NOW = day("2026-03-10") + 9 * HOUR + 30 * 60 * clock.SECOND
# code, name, from, to, people, km², box
UNITS = [
    ("80", "Tỉnh Long An", LONG_AGO, REFORM, None, None, None),
    ("80", "Tỉnh Tây Ninh", REFORM, None, None, None, None),
    ("92", "Thành phố Cần Thơ", LONG_AGO, None, None, None, None),
    ("27685", "Phường 5", LONG_AGO, REFORM, 4000, 2.0, (106.40, 10.54, 106.42, 10.57)),
    ("27688", "Phường 2", LONG_AGO, REFORM, 6000, 2.0, (106.42, 10.54, 106.45, 10.57)),
    ("27712", "Xã Bình Tâm", LONG_AGO, REFORM, 5000, 8.0, (106.40, 10.50, 106.45, 10.54)),
    ("31135", "Phường Tân An", LONG_AGO, REFORM, 9000, 3.0, (105.78, 10.00, 105.82, 10.05)),
    ("31147", "Phường Hưng Lợi", LONG_AGO, REFORM, 8000, 3.0, (105.70, 10.00, 105.78, 10.05)),
    ("27694", "Phường Long An", REFORM, None, 9000, 4.0, (106.40, 10.54, 106.45, 10.57)),
    ("27712", "Phường Tân An", REFORM, None, 6000, 8.0, (106.40, 10.50, 106.45, 10.54)),
    ("31135", "Phường Ninh Kiều", REFORM, None, 9000, 3.0, (105.78, 10.00, 105.82, 10.05)),
    ("31147", "Phường Tân An", REFORM, None, 8000, 3.0, (105.70, 10.00, 105.78, 10.05)),
]
# of Phường 5 a quarter went to the new Tân An; its other part and all of Phường 2 are Long An
LINKS = [
    ("27685", "27694", "part", 0.75), ("27685", "27712", "part", 0.25), ("27688", "27694", "whole", None),
    ("27712", "27712", "whole", None), ("31135", "31135", "whole", None), ("31147", "31147", "same", None),
]  # fmt: skip
SENSORS = {  # code: unit now, where, sharing, property
    "A1": ("27694", 106.41, 10.55, "open", "pm25"), "A2": ("27694", 106.43, 10.55, "open", "pm25"),
    "B1": ("27712", 106.42, 10.52, "open", "pm25"), "C1": ("31147", 105.75, 10.02, "open", "pm25"),
    "S1": ("27712", 106.43, 10.52, "restricted", "salinity"), "S2": ("27694", 106.43, 10.55, "open", "salinity"),
}  # fmt: skip
LAMPS = {
    "type": "object", "required": ["code"],
    "properties": {
        "code": {"type": "string", "title": "Mã", "x-role": "key"}, "state": {"type": "string", "title": "Tình trạng"},
        "power": {"type": "number", "title": "Công suất"}, "broke_on": {"type": "string", "format": "date", "title": "Hỏng"},
        "ward": {"type": "string", "title": "Phường"},
    },
}  # fmt: skip


def build(session: Any) -> dict[str, int]:
    """Places, sensors and an open dataset of lamps; returns the datastreams' ids by code."""
    for code, name, start, end, people, km2, where in UNITS:
        level = "province" if len(code) == 2 else "commune"
        parent = None if level == "province" else "80" if code.startswith("27") else "92"
        kind, _, bare = name.partition(" ")
        shape = None if where is None else geo.wkb(box(*where))
        session.add(Unit(
            code=code, level=level, kind=kind, name=bare, full_name=name, full_name_en=name, folded=fold(name), parent_code=parent,
            valid_from=start, valid_to=end, population=people, area_km2=km2, geometry=shape, lon=None, lat=None,
        ))  # fmt: skip
    for old, new, extent, weight in LINKS:
        session.add(UnitChange(on=REFORM, level="commune", old_code=old, new_code=new, extent=extent, weight=weight))
    session.add(Area(code="tan-an", kind="pilot-city", name="Tân An", folded="tan an", units=["27694", "27712"]))
    session.add(Setting(name="city", value={"code": "tan-an", "sectors": ["air", "lighting"]}))
    places.touch(session)
    session.flush()
    sensor = Sensor(name="s", description="", encoding_type="text", metadata_="")
    known = {
        code: ObservedProperty(code=code, name=code, definition=code, description="") for code in ("pm25", "salinity")
    }
    session.add_all([sensor, *known.values()])
    session.flush()
    ids = {}
    for code, (unit, lon, lat, sharing, property_) in SENSORS.items():
        thing = Thing(code=code, name=code, name_folded=code, description="", sharing=sharing, simulated=code == "A2", lon=lon,
                      lat=lat, unit_code=unit)  # fmt: skip
        session.add(thing)
        session.flush()
        stream = Datastream(
            code=f"{code}.{property_}", name=code, description="", observation_type="", thing_id=thing.id, sensor_id=sensor.id,
            observed_property_id=known[property_].id, sharing=sharing,
        )  # fmt: skip
        session.add(stream)
        session.flush()
        ids[code] = stream.id
    session.commit()
    return ids


def hours(session: Any, stream: int, first: int, means: list[float | None]) -> None:
    """Rolled up hours of a datastream, one after the other; None leaves one out."""
    rows = [
        {"datastream_id": stream, "hour": first + i * HOUR, "count": 4, "numbers": 4, "sum": 4 * mean, "min": mean - 1,
         "max": mean + 1, "first": mean, "last": mean} for i, mean in enumerate(means) if mean is not None
    ]  # fmt: skip
    session.execute(insert(ObservationHour), rows)
    session.commit()


def lamps(session: Any, rows: dict[str, dict[str, Any]], code: str = "lamps", geometry: str | None = "Point") -> None:
    """An open dataset of lamps with some records; `at` of a row is its place."""
    body = {
        "code": code,
        "title": "Đèn",
        "geometry_type": geometry,
        "key_field": "code",
        "schema": LAMPS,
        "sharing": "restricted",
    }
    datasets.create(session, SYSTEM, body)
    for key, held in rows.items():
        put(session, key, held, code)
    from dothi.datasets.tables import Dataset

    found = session.query(Dataset).filter(Dataset.code == code).one()
    found.sharing, found.status = "open", "published"
    session.commit()


def put(session: Any, key: str, held: dict[str, Any], code: str = "lamps") -> None:
    """Write one record."""
    session.commit()  # what is written next sees what others wrote meanwhile
    properties = {name: value for name, value in held.items() if name != "at"} | {"code": key}
    where = held.get("at", (106.41, 10.55))
    shape = {"type": "Point", "coordinates": list(where)} if where is not None else None
    datasets.put(session, SYSTEM, code, key, {"type": "Feature", "geometry": shape, "properties": properties})
    session.commit()


def declare(monkeypatch: Any, *some: dict[str, Any]) -> dict[str, Declared]:
    """Have these be all indicators there are."""
    common = {
        "title": {"vi": "Thử", "en": "Test"}, "description": {"vi": "", "en": ""}, "unit": {"ucum": "%", "symbol": "%"},
        "direction": "down", "periods": ["day", "month", "year"], "places": ["city", "unit"], "source": "test",
        "certainty": "assumed", "sector": "air",
    }  # fmt: skip
    made = {one["code"]: Declared.model_validate({**common, **one}) for one in some}
    monkeypatch.setattr(declared, "indicators", lambda: made)
    return made


OVER = {
    "code": "over", "formula": "100 * over / hours", "coverage": {"of": "hours", "least": 0.75},
    "inputs": {
        "over": {"observations": {"property": "pm25", "where": "mean > 45"}, "aggregate": "count"},
        "hours": {"observations": {"property": "pm25"}, "aggregate": "count"},
    },
}  # fmt: skip
