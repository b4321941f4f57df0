"""Fills the demo's registers: whole at the first start, and what has happened since ever after."""

from shapely import from_wkb
from shapely.geometry import LineString
from sqlalchemy.orm import Session

from dothi.datasets import replacing
from dothi.db import session as db
from dothi.identity import guard
from dothi.kit import clock
from dothi.places import base
from dothi.simulate import registers, store
from dothi.simulate.ground import Ground, Road, Ward


def ground(session: Session, now: int) -> Ground:
    """The running city as makers of records may know it, without records yet."""
    shapes = base.base_features(session)
    roads = [
        Road(str(one["properties"]["name"]), one["properties"]["kind"], LineString(one["geometry"]["coordinates"]))
        for one in shapes
        if one["geometry"]["type"] == "LineString"
        and one["properties"]["kind"] in ("road", "expressway")
        and one["properties"]["name"]
    ]
    wards = [Ward(code, name, from_wkb(shape)) for code, name, shape in store.wards(session, now)]
    middles = [ward.shape.centroid for ward in wards] or [road.line.centroid for road in roads]
    centre = (
        (sum(one.x for one in middles) / len(middles), sum(one.y for one in middles) / len(middles))
        if middles
        else (0.0, 0.0)
    )
    return Ground(roads, wards, centre)


def fill(now: int) -> int:
    """Bring every simulated register of the running city up to now; returns how many records were written."""
    with db.reading() as session:
        taken = store.simulated_datasets(session)
        wanted = [one for one in registers.every().values() if one.dataset in taken]
        land = ground(session, now) if wanted else None
    if land is None or not (land.roads or land.wards):
        return 0
    written = 0
    for one in wanted:
        with db.reading() as session:
            land.records = {code: store.features(session, code) for code in one.after}
            begin = store.first_known(session, one.dataset, one.prefix) or now - int(one.days * clock.DAY)
        begin = clock.midnight(clock.local_day(begin))  # makers go by whole days
        rows = {row.key: row for row in one.make(land, begin, now) if row.at <= now}
        with db.writing() as session:
            features = {key: row.feature for key, row in rows.items()}
            made = replacing.replace(session, guard.SYSTEM, one.dataset, features, prefix=one.prefix, file="simulated")
            if made.added:
                store.known_since(session, one.dataset, {key: row.at for key, row in rows.items()})
        written += made.added + made.changed + made.removed
    return written
