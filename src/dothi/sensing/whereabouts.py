"""Where things are and were: current locations, the history the server keeps of them, and features of interest.

OGC 18-088 clauses 8.2.2, 8.2.3 and 8.2.8.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from shapely.geometry import box
from shapely.geometry.base import BaseGeometry
from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy import insert as insert_into
from sqlalchemy.orm import Session

from dothi.kit import clock, geo
from dothi.places.service import locate_code
from dothi.sensing import registry, store
from dothi.sensing.news import after_commit
from dothi.sensing.tables import (
    Datastream,
    FeatureOfInterest,
    HistoricalLocation,
    HistoricalLocationLocation,
    Location,
    Thing,
    ThingLocation,
)

_BLIND = {"synchronize_session": False}
# made once, and of tables: making a statement, and a model's way to the database, cost more than running it
_AT = insert_into(ThingLocation.__table__)  # type: ignore[arg-type]
_WAS_AT = insert_into(HistoricalLocationLocation.__table__)  # type: ignore[arg-type]
_GEOMETRIES = (
    select(Location.id, Location.geometry)
    .join(ThingLocation, ThingLocation.location_id == Location.id)
    .where(ThingLocation.thing_id == bindparam("thing"), Location.geometry.is_not(None))
    .order_by(Location.id)
)


def move(
    session: Session, thing_id: int, locations: Sequence[int], *, new: bool = False
) -> tuple[int | None, str | None]:
    """Put a thing at these locations from now on, instead of where it was.

    new: it was made just now, so that nobody else can meet it, it was nowhere and has no datastreams.
    Returns the new HistoricalLocation's id and the code of the unit the thing is in.
    """
    if not new:
        lock(session, [thing_id])
        _leave(session, thing_id)
    _place(session, thing_id, locations)
    made = None
    if locations:
        made = _remember(session, thing_id, clock.now_micros(), locations)
    unit = _stand(session, thing_id, locations[-1] if locations else None)
    if not new:
        _forget_features(session, thing_id)
    return made, unit


def remember(session: Session, thing_id: int, time: int, locations: Sequence[int]) -> int:
    """Record where a client says a thing was at a time (µs UTC); the newest word moves the thing."""
    lock(session, [thing_id])
    made = _remember(session, thing_id, time, locations)
    _settle(session, thing_id, made)
    return made


def retime(session: Session, historical_id: int) -> None:
    """A client changed a HistoricalLocation: if it is the newest of its thing, the thing follows."""
    thing_id = session.scalar(select(HistoricalLocation.thing_id).where(HistoricalLocation.id == historical_id))
    if thing_id is not None:
        lock(session, [thing_id])
        _settle(session, thing_id, historical_id)


def follow(session: Session, thing_id: int, prefer: int | None = None) -> None:
    """Bring a thing's position, its administrative unit and its next feature of interest up to its locations.

    prefer: the location that counts when the thing has several; otherwise the newest one with a geometry.
    """
    _stand(session, thing_id, prefer)
    _forget_features(session, thing_id)


def _stand(session: Session, thing_id: int, prefer: int | None) -> str | None:
    """Copy the position of a thing's locations, and its unit, to the thing; returns the unit's code."""
    placed: list[Any] = list(session.execute(_GEOMETRIES, {"thing": thing_id}).all())
    lon = lat = code = None
    if placed:
        chosen = next((g for id_, g in placed if id_ == prefer), placed[-1][1])
        geometry = geo.from_wkb(chosen)
        point = geometry if geometry.geom_type == "Point" else geometry.representative_point()
        lon, lat = float(point.x), float(point.y)
        code = locate_code(session, lon, lat)
    store.update(session, "Thing", thing_id, {"lon": lon, "lat": lat, "unit_code": code})
    return code


def _forget_features(session: Session, thing_id: int) -> None:
    """Later observations of a thing are about where it is by then."""
    statement = update(Datastream).where(Datastream.thing_id == thing_id).values(feature_id=None)
    forget_streams(session, session.scalars(statement.returning(Datastream.id), execution_options=_BLIND).all())


def redraw(session: Session, location_id: int) -> None:
    """A location was edited: things there follow, and later observations get a new feature of interest."""
    store.update(session, "Location", location_id, {"feature_id": None})
    for thing_id in store.linked(session, "Location", location_id, "Things"):
        follow(session, thing_id)


def ensure_feature(session: Session, datastream_id: int) -> int | None:
    """The FeatureOfInterest of a datastream's observations that name none, made from its thing's location.

    None when the thing has no location yet.
    """
    stream = select(Datastream.feature_id, Datastream.thing_id).where(Datastream.id == datastream_id)
    row = session.execute(stream).one_or_none()
    if row is not None and row.feature_id is None:
        lock(session, [row.thing_id])
        row = session.execute(stream).one_or_none()  # somebody may have made it meanwhile
    if row is None:
        return None
    if row.feature_id is not None:
        return int(row.feature_id)
    query = (
        select(Location, Thing.agency_id, Thing.sharing)
        .join(ThingLocation, ThingLocation.location_id == Location.id)
        .join(Thing, Thing.id == ThingLocation.thing_id)
        .where(ThingLocation.thing_id == row.thing_id)
        .order_by(Location.geometry.is_(None), Location.id.desc())
        .limit(1)
        .with_for_update(of=Location)
        .execution_options(populate_existing=True)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        return None
    location, agency_id, sharing = found
    feature = location.feature_id
    if feature is None:
        values = {
            "name": location.name, "description": location.description, "encoding_type": location.encoding_type,
            "feature": location.location, "geometry": location.geometry, "properties": location.properties,
            "agency_id": agency_id, "sharing": sharing,
        }  # fmt: skip
        feature = store.insert(session, "FeatureOfInterest", values)
        store.update(session, "Location", location.id, {"feature_id": feature})
    session.expire(location)
    store.update(session, "Datastream", datastream_id, {"feature_id": feature})
    cover(session, [datastream_id], feature)
    forget_streams(session, [datastream_id])
    return int(feature)


def cover(session: Session, datastreams: Sequence[int], feature_id: int) -> None:
    """Widen the observedArea of some datastreams until it holds a feature of interest."""
    query = select(FeatureOfInterest.geometry).where(FeatureOfInterest.id == feature_id)
    shape = session.scalar(query)
    if shape is None:
        return
    feature = geo.from_wkb(shape)
    for id_, area in session.execute(
        select(Datastream.id, Datastream.observed_area).where(Datastream.id.in_(datastreams))
    ).all():
        wider = _wider(area, feature)
        if wider is not None:
            store.update(session, "Datastream", id_, {"observed_area": wider})


def _wider(area: Any, feature: BaseGeometry) -> dict[str, Any] | None:
    """The envelope of an area and a feature; None when the area's holds the feature already.

    Always a Polygon, even around one point: clients take nothing else for an observedArea.
    """
    west, south, east, north = feature.bounds
    if area is not None:
        w, s, e, n = geo.from_geojson(area).bounds
        if w <= west and s <= south and e >= east and n >= north:
            return None
        west, south, east, north = min(w, west), min(s, south), max(e, east), max(n, north)
    return geo.to_geojson(box(west, south, east, north))


def forget_streams(session: Session, ids: Sequence[int]) -> None:
    """Have ingest look some datastreams up again, at once and once this transaction stands."""
    if ids:
        registry.invalidate(ids)
        after_commit(session, lambda: registry.invalidate(ids))


def lock(session: Session, things: Iterable[int]) -> None:
    """Hold some things until the transaction ends.

    Whoever changes a thing, its datastreams or where it is does this first, so that no two wait for each other.
    """
    wanted = sorted(set(things))
    if wanted:
        query = select(Thing.id).where(Thing.id.in_(wanted)).order_by(Thing.id)
        session.execute(query.with_for_update(key_share=True)).all()


def _leave(session: Session, thing_id: int) -> None:
    session.execute(delete(ThingLocation).where(ThingLocation.thing_id == thing_id), execution_options=_BLIND)


def _place(session: Session, thing_id: int, locations: Sequence[int]) -> None:
    rows = [{"thing_id": thing_id, "location_id": one} for one in dict.fromkeys(locations)]
    if rows:
        session.execute(_AT, rows)


def _remember(session: Session, thing_id: int, time: int, locations: Sequence[int]) -> int:
    made = store.insert(session, "HistoricalLocation", {"thing_id": thing_id, "time": time})
    rows = [{"historical_location_id": made, "location_id": one} for one in dict.fromkeys(locations)]
    if rows:
        session.execute(_WAS_AT, rows)
    return made


def _settle(session: Session, thing_id: int, historical_id: int) -> None:
    newest = session.execute(
        select(HistoricalLocation.id)
        .where(HistoricalLocation.thing_id == thing_id)
        .order_by(HistoricalLocation.time.desc(), HistoricalLocation.id.desc())
        .limit(1)
    ).scalar_one()
    locations = store.linked(session, "HistoricalLocation", historical_id, "Locations")
    if newest == historical_id and locations and locations != store.linked(session, "Thing", thing_id, "Locations"):
        _leave(session, thing_id)
        _place(session, thing_id, locations)
        follow(session, thing_id, locations[-1])


def newest_time(session: Session, thing_id: int) -> int | None:
    """The time of a thing's newest HistoricalLocation, µs UTC."""
    return session.scalar(select(func.max(HistoricalLocation.time)).where(HistoricalLocation.thing_id == thing_id))
