"""Fill a place with a city of observations, past the doors: what is measured comes after."""

import time

from shapely.geometry import Point

from dothi.db import schema, writers
from dothi.db import session as db
from dothi.kit import clock, geo
from dothi.sensing import ingest, rollup
from dothi.sensing.columns import Columns
from dothi.sensing.tables import (
    Datastream,
    DatastreamState,
    FeatureOfInterest,
    Location,
    ObservedProperty,
    Sensor,
    Thing,
    ThingLocation,
)

START = clock.parse("2026-09-01T00:00:00Z")
AIR = ("PM2.5", "PM10", "NO2", "O3", "SO2")
PER_THING = len(AIR)
STEP = 60_000_000  # a value a minute


def city(things: int, observing: tuple[str, ...] = AIR) -> list[int]:
    """So many things with a datastream of each property, all open; their datastream ids."""
    schema.upgrade(db.engine())
    with db.writing() as session:
        sensor = Sensor(
            name="cảm biến", description="", encoding_type="application/pdf", metadata_="https://example.org"
        )
        props = [
            ObservedProperty(name=name, definition=f"https://example.org/{name}", description=name)
            for name in observing
        ]
        session.add_all([sensor, *props])
        session.flush()
        streams: list[Datastream] = []
        for n in range(things):
            lon, lat = 106.37 + 0.0008 * (n % 100), 10.50 + 0.0006 * (n // 100)
            where = {"type": "Point", "coordinates": [lon, lat]}
            wkb = geo.wkb(Point(lon, lat))
            thing = Thing(
                name=f"Trạm {n}",
                name_folded=f"tram {n}",
                description="trạm đo",
                properties={"n": n},
                sharing="open",
                lon=lon,
                lat=lat,
            )
            location = Location(
                name=f"Chỗ {n}",
                description="",
                encoding_type="application/geo+json",
                location=where,
                geometry=wkb,
                sharing="open",
            )
            feature = FeatureOfInterest(
                name=f"Chỗ {n}",
                description="",
                encoding_type="application/geo+json",
                feature=where,
                geometry=wkb,
                sharing="open",
            )
            session.add_all([thing, location, feature])
            session.flush()
            session.add(ThingLocation(thing_id=thing.id, location_id=location.id))
            for prop in props:
                streams.append(
                    Datastream(
                        name=f"{prop.name} ở trạm {n}",
                        description="",
                        thing_id=thing.id,
                        sensor_id=sensor.id,
                        observation_type="http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
                        unit={"name": "microgram per cubic metre", "symbol": "µg/m³", "definition": "ug/m3"},
                        observed_property_id=prop.id,
                        sharing="open",
                        feature_id=feature.id,
                    )
                )
        session.add_all(streams)
        session.flush()
        ids = [stream.id for stream in streams]
        session.add_all([DatastreamState(datastream_id=id_, count=0) for id_ in ids])
    return ids


def observations(ids: list[int], total: int) -> float:
    """The same number of minute values for each datastream; returns rows/s."""
    each = total // len(ids)
    began = time.perf_counter()
    rows = 0
    for at in range(0, len(ids), 20):
        part = ids[at : at + 20]
        for start in range(0, each, 1000):
            count = min(1000, each - start)
            times = [START + (start + i) * STEP for i in range(count)]
            columns = Columns(
                [id_ for id_ in part for _ in range(count)],
                times * len(part),
                [20 + ((id_ * 7 + i * 13) % 400) / 10 for id_ in part for i in range(count)],
            )
            rows += ingest.put_now(columns).accepted
    rate = rows / (time.perf_counter() - began)
    rollup.settle_all()
    return rate


def vacuum() -> None:
    """What autovacuum would have done by the time a city has so many observations."""
    engine = db.engine()
    if engine.dialect.name == "postgresql":
        import psycopg

        with psycopg.connect(writers.dsn(engine), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
