"""A small simulated Tân An for looking at pages: sensors of every sector and state, with two days of history.

Deterministic: the same numbers every time, so that a picture can be compared with an earlier one.
"""

import math
import random
from pathlib import Path

from sqlalchemy.orm import Session

from dothi.db import session as db
from dothi.identity.guard import SYSTEM
from dothi.kit import clock
from dothi.places import base
from dothi.places import service as places
from dothi.sensing import ingest, service
from dothi.sensing.columns import Columns
from dothi.sensing.sectors import sectors

CITY = Path(__file__).parents[2] / "cities" / "tan-an"
WARDS = ["27694", "27712", "27715"]
WEST, SOUTH, EAST, NORTH = 106.372, 10.512, 106.447, 10.562
MINUTE = 60 * clock.SECOND


def properties(session: Session) -> dict[str, int]:
    """The observed properties of all packs, by code."""
    made = {}
    for code, known in sectors().properties.items():
        body = {
            "name": known.name.vi,
            "definition": known.definition,
            "description": known.name.en,
            "properties": {"code": code},
        }
        made[code] = service.ensure(session, SYSTEM, "ObservedProperty", code, body)
    return made


def thing(
    session: Session, name: str, lon: float, lat: float, codes: list[str], known: dict[str, int], *,
    simulated: bool = True, code: str | None = None, levels: dict[str, float] | None = None, **more: object,
) -> tuple[int, dict[str, int]]:  # fmt: skip
    """A thing with a datastream per observed property; its id and the datastreams' ids by property."""
    taught = sectors().properties
    properties_ = {"sharing": "open", "simulated": simulated, **({"code": code} if code else {}), **more}
    id_ = service.create(session, SYSTEM, "Thing", {
        "name": name, "description": name, "properties": properties_,
        "Locations": [{"name": name, "description": name, "encodingType": "application/geo+json",
                       "location": {"type": "Point", "coordinates": [lon, lat]}}],
    })  # fmt: skip
    streams = {}
    for one in codes:
        of = taught[one]
        streams[one] = service.create(session, SYSTEM, "Datastream", {
            "name": of.name.vi, "description": of.name.vi, "unitOfMeasurement": of.unit.sensorthings(),
            "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
            "properties": {"levels": {k: {"value": v, "certainty": "assumed"} for k, v in levels.items()}} if levels and one == "water-level" else {},
            "Thing": {"@iot.id": id_}, "ObservedProperty": {"@iot.id": known[one]},
            "Sensor": {"name": f"Đầu đo {of.name.vi}", "description": "mô phỏng", "encodingType": "text/html", "metadata": "mô phỏng"},
        })  # fmt: skip
    return id_, streams


def tide(at: int) -> float:
    """A stage of the Vàm Cỏ Tây, m: two unequal tides a day."""
    hours = at / clock.HOUR
    return 0.95 + 0.48 * math.cos(2 * math.pi * hours / 12.42) + 0.2 * math.cos(2 * math.pi * hours / 24.84 + 1)


def put(rows: list[tuple[int, int, float]]) -> None:
    """Store some observations: (datastream, µs, result)."""
    ingest.put_now(Columns([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]))


def city(lamps: int = 60, now: int | None = None) -> dict[str, int]:
    """Make the city in the database in use; ids of the things tests ask for, by a short name."""
    now = clock.now_micros() if now is None else now
    luck = random.Random(7)
    named: dict[str, int] = {}
    rows: list[tuple[int, int, float]] = []

    def anywhere() -> tuple[float, float]:
        return luck.uniform(WEST, EAST), luck.uniform(SOUTH, NORTH)

    with db.writing() as session:
        places.put_area(session, SYSTEM, "tan-an", name="Tân An", units=WARDS, approximate=True)
        base.load_base(session, CITY, "tan-an")
        known = properties(session)
        named["river"], stage = thing(
            session,
            "Trạm thủy văn Tân An",
            106.4258,
            10.539,
            ["water-level", "rainfall-1h"],
            known,
            code="tv-tan-an",
            levels={"bd1": 1.2, "bd2": 1.4, "bd3": 1.6},
            river="Sông Vàm Cỏ Tây",
            official=True,
            owner="Đài Khí tượng Thủy văn",
        )
        rows += [
            (stage["water-level"], at, round(tide(at), 2))
            for at in range(now - 48 * clock.HOUR, now, 10 * MINUTE)
            if not now - 9 * clock.HOUR < at < now - 7 * clock.HOUR
        ]
        rows += [(stage["rainfall-1h"], at, 0.0) for at in range(now - 48 * clock.HOUR, now, clock.HOUR)]
        for i, (name, lon, lat) in enumerate([
            ("Trạm Nguyễn Huệ", 106.4135, 10.5385), ("Trạm Khánh Hậu", 106.3868, 10.5165), ("Trạm chợ Tân An", 106.4105, 10.5372),
            ("Trạm cầu Tân An 2", 106.4331, 10.5302), ("Trạm Hướng Thọ Phú", 106.4022, 10.5561),
        ]):  # fmt: skip
            key = f"air{i}"
            named[key], air = thing(
                session, name, lon, lat, ["pm25", "pm10", "o3", "no2"], known, code=f"kk-{i}", official=i == 0
            )
            for at in range(now - 40 * clock.HOUR, now - (26 if i == 4 else 0) * clock.HOUR, 15 * MINUTE):
                h = (at / clock.HOUR + 7) % 24
                if i == 0 and 3 <= h < 5:
                    continue
                rush = math.exp(-((h - 7.5) ** 2) / 4) + math.exp(-((h - 18) ** 2) / 5)
                level = (18 + 26 * rush + 4 * i) * (1 + 0.1 * luck.random())
                rows += [
                    (air["pm25"], at, round(level, 1)),
                    (air["pm10"], at, round(level * 1.5, 1)),
                    (air["o3"], at, round(40 + 40 * math.sin((h - 8) / 12 * math.pi), 1)),
                    (air["no2"], at, round(20 + 30 * rush, 1)),
                ]
        for i in range(8):
            lon, lat = anywhere()
            _, flood = thing(session, f"Đo ngập đường số {i + 1}", lon, lat, ["flood-depth"], known)
            depth = (0, 0, 21, 0, 38, 0, 55, 0)[i]
            rows += [(flood["flood-depth"], at, depth) for at in range(now - 6 * clock.HOUR, now, 10 * MINUTE)]
            named[f"flood{i}"] = _
        for i in range(6):
            lon, lat = anywhere()
            _, rain = thing(session, f"Trạm mưa M-0{i + 1}", lon, lat, ["rainfall-1h"], known)
            old = 10 * clock.HOUR if i == 2 else 0
            rows += [
                (rain["rainfall-1h"], at, (12.5 if i == 1 else 0.0))
                for at in range(now - 24 * clock.HOUR - old, now - old, clock.HOUR // 2)
            ]
        for i in range(3):
            lon, lat = anywhere()
            _, weather = thing(session, f"Trạm thời tiết {i + 1}", lon, lat, ["air-temperature", "humidity"], known)
            rows += [(weather["air-temperature"], at, 25 + i) for at in range(now - 24 * clock.HOUR, now, 30 * MINUTE)]
            rows += [(weather["humidity"], at, 84) for at in range(now - 24 * clock.HOUR, now, 30 * MINUTE)]
        for i in range(lamps):
            lon, lat = anywhere()
            _, lamp = thing(session, f"Tủ đèn đường {i + 1:02d}", lon, lat, ["power", "lamps-failed"], known)
            if i % 12 != 5:
                rows += [
                    (lamp["power"], at, round(3.2 + luck.random(), 2))
                    for at in range(now - 3 * clock.HOUR, now, 30 * MINUTE)
                ]
                rows.append((lamp["lamps-failed"], now - 10 * MINUTE, 0))
        for i in range(lamps // 3):
            lon, lat = anywhere()
            _, road = thing(session, f"Đếm xe nút {i + 1:02d}", lon, lat, ["traffic-flow", "traffic-speed"], known)
            rows += [
                (road["traffic-speed"], now - 5 * MINUTE, 28),
                (road["traffic-flow"], now - 5 * MINUTE, 900 + 20 * i),
            ]
        named["empty"], _ = thing(session, "Trạm mới lắp", 106.405, 10.545, ["water-temperature"], known)
    put(rows)
    return named
