"""The integrity rules of OGC 18-088: what comes with an entity, and what goes with it."""

import pytest
from shapely.geometry import shape
from sqlalchemy import func, select, text

from dothi.identity.guard import SYSTEM
from dothi.journal.tables import Entry
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, NotFound
from dothi.sensing import service, store
from dothi.sensing.news import after_commit
from dothi.sensing.service import Parent
from dothi.sensing.tables import (
    Datastream,
    DatastreamState,
    DirtyHour,
    FeatureOfInterest,
    HistoricalLocation,
    Location,
    Observation,
    ObservationSuperseded,
    ObservedProperty,
    Sensor,
    Thing,
)
from tests.sensorthings_write.conftest import datastream, location, multi, observed_property, point, sensor, thing

NOON = clock.parse("2026-11-21T05:00:00Z")


def observation(minute=0, result=12.5, **more):
    return {"phenomenonTime": clock.iso(NOON + minute * 60 * clock.SECOND), "result": result, **more}


def count(session, table):
    session.commit()
    return session.scalar(select(func.count()).select_from(table))


def state(session, stream):
    session.expire_all()
    return session.get(DatastreamState, stream)


def test_a_thing_comes_with_everything_nested_in_it(session, make):
    id_ = make(
        "Thing",
        thing(
            Locations=[
                location(),
                location(name="the same in words", encodingType="text/plain", location="cầu Tân An"),
            ],
            Datastreams=[datastream(Observations=[observation(0), observation(1, 13.5)])],
            MultiDatastreams=[multi(Observations=[observation(0, [1.2, 3.4])])],
        ),
    )
    assert count(session, Location) == 2
    assert count(session, HistoricalLocation) == 1
    assert count(session, Datastream) == 2
    assert count(session, ObservedProperty) == 3
    assert count(session, Observation) == 3
    made = session.get(Thing, id_)
    assert (made.lon, made.lat) == (106.41, 10.53)
    assert made.name_folded == "tram phu khuong"


def test_each_datastream_has_exactly_one_state_row(session, make):
    make("Thing", thing(Datastreams=[datastream(), datastream()], MultiDatastreams=[multi()]))
    assert count(session, DatastreamState) == 3


def test_two_things_may_bear_the_same_name(session, make):
    assert make("Thing", thing()) != make("Thing", thing())


def test_a_code_names_one_thing_only(session, make):
    id_ = make("Thing", thing(properties={"code": "TA-01"}))
    assert service.by_code(session, "Thing", "TA-01") == id_
    with pytest.raises(Conflict, match="TA-01"):
        make("Thing", thing(properties={"code": "TA-01"}))


def test_ensure_creates_once_and_then_updates(session):
    first = service.ensure(session, SYSTEM, "Thing", "TA-02", thing(Locations=[location()]))
    again = service.ensure(session, SYSTEM, "Thing", "TA-02", thing(name="Trạm mới", Locations=[location()]))
    assert first == again
    assert session.get(Thing, first).name == "Trạm mới"
    assert count(session, HistoricalLocation) == 1
    service.ensure(session, SYSTEM, "Thing", "TA-02", thing(name="Trạm mới", Locations=[location(lon=106.5)]))
    session.expire_all()
    assert session.get(Thing, first).lon == 106.5


def test_ensuring_what_is_so_already_says_nothing(session):
    service.ensure(session, SYSTEM, "Sensor", "sds", sensor())
    entries = count(session, Entry)
    service.ensure(session, SYSTEM, "Sensor", "sds", sensor())
    assert count(session, Entry) == entries


def test_entities_are_linked_by_id(session, make):
    s, p = make("Sensor", sensor()), make("ObservedProperty", observed_property())
    id_ = make("Thing", thing())
    body = datastream(Sensor={"@iot.id": s}, ObservedProperty={"@iot.id": p}, Thing={"@iot.id": id_})
    made = session.get(Datastream, make("Datastream", body))
    assert (made.thing_id, made.sensor_id, made.observed_property_id) == (id_, s, p)


def test_an_observation_comes_with_its_feature_and_its_datastream(session, make, station):
    feature = {"name": "cầu", "description": "", "encodingType": "application/geo+json", "feature": point()}
    id_ = make("Observation", observation(Datastream={"@iot.id": station[1]}, FeatureOfInterest=feature))
    assert id_ == f"{station[1]}-{NOON}"
    named = session.scalar(select(Observation.feature_id))
    assert session.get(FeatureOfInterest, named).name == "cầu"


def test_the_feature_of_interest_is_made_of_the_things_location(session, make, station):
    make("Observation", observation(), Parent("Datastream", station[1], "Observations"))
    make("Observation", observation(1), Parent("Datastream", station[1], "Observations"))
    feature = session.scalars(select(FeatureOfInterest)).one()
    assert (feature.name, feature.feature) == ("Bến Vàm Cỏ", point())
    assert set(session.scalars(select(Observation.feature_id))) == {feature.id}


def test_a_thing_that_moved_gets_another_feature(session, make, station):
    thing_id, stream = station
    first = service.ensure_feature(session, stream)
    make("Location", location(name="chỗ mới", lon=106.6), Parent("Thing", thing_id, "Locations"))
    session.expire_all()
    assert session.get(Datastream, stream).feature_id is None
    assert service.ensure_feature(session, stream) != first


def test_the_server_keeps_where_a_thing_was(session, make, station):
    thing_id, _ = station
    new = make("Location", location(lon=106.6), Parent("Thing", thing_id, "Locations"))
    assert store.linked(session, "Thing", thing_id, "Locations") == [new]
    assert len(store.linked(session, "Thing", thing_id, "HistoricalLocations")) == 2
    service.update(session, SYSTEM, "Thing", thing_id, {"Locations": [{"@iot.id": 1}]})
    assert store.linked(session, "Thing", thing_id, "Locations") == [1]
    assert len(store.linked(session, "Thing", thing_id, "HistoricalLocations")) == 3
    service.link(session, SYSTEM, "Thing", thing_id, "Locations", new)
    assert store.linked(session, "Thing", thing_id, "Locations") == [1, new]
    session.expire_all()
    assert session.get(Thing, thing_id).lon == 106.6
    service.unlink(session, SYSTEM, "Thing", thing_id, "Locations", new)
    session.expire_all()
    assert session.get(Thing, thing_id).lon == 106.41


def test_the_newest_historical_location_of_a_client_moves_the_thing(session, make, station):
    thing_id, _ = station
    there = make("Location", location(lon=106.7))
    old = {"time": "2020-01-01T00:00:00Z", "Locations": [{"@iot.id": there}]}
    make("HistoricalLocation", old, Parent("Thing", thing_id, "HistoricalLocations"))
    assert store.linked(session, "Thing", thing_id, "Locations") == [1]
    make("HistoricalLocation", {**old, "time": "2099-01-01T00:00:00Z", "Thing": {"@iot.id": thing_id}})
    assert store.linked(session, "Thing", thing_id, "Locations") == [there]
    session.expire_all()
    assert session.get(Thing, thing_id).lon == 106.7


def test_an_area_is_represented_by_a_point_inside_it(session, make):
    ring = [[106.0, 10.0], [106.2, 10.0], [106.2, 10.2], [106.0, 10.2], [106.0, 10.0]]
    area = location(location={"type": "Polygon", "coordinates": [ring]})
    made = session.get(Thing, make("Thing", thing(Locations=[area])))
    assert 106.0 < made.lon < 106.2
    assert 10.0 < made.lat < 10.2


def test_a_deleted_thing_takes_its_datastreams_observations_and_history(session, make, station):
    thing_id, stream = station
    make("Observation", observation(), Parent("Datastream", stream, "Observations"))
    service.delete(session, SYSTEM, "Thing", thing_id)
    for table in (Thing, Datastream, DatastreamState, Observation, HistoricalLocation):
        assert count(session, table) == 0, table
    assert count(session, Location) == 1
    assert count(session, Sensor) == 1
    assert count(session, ObservationSuperseded) == 0
    session.commit()
    kinds = session.scalars(select(Entry.kind).where(Entry.kind.like("%.deleted")).order_by(Entry.id)).all()
    assert kinds == ["sensing.datastream.deleted", "sensing.thing.deleted"]


@pytest.mark.parametrize("entity", ["Sensor", "ObservedProperty"])
def test_a_deleted_sensor_or_property_takes_its_datastreams(session, make, station, entity):
    make("Thing", thing(MultiDatastreams=[multi()]))
    service.delete(session, SYSTEM, entity, 1)
    assert session.get(Datastream, station[1]) is None
    assert count(session, Datastream) == 1
    service.delete(session, SYSTEM, entity, 2)
    assert count(session, Datastream) == 0


def test_a_deleted_datastream_takes_its_observations_and_is_told_once(session, make, station):
    for minute in range(3):
        make("Observation", observation(minute), Parent("Datastream", station[1], "Observations"))
    before = count(session, Entry)
    service.delete(session, SYSTEM, "Datastream", station[1])
    assert count(session, Observation) == 0
    assert count(session, Entry) == before + 1
    session.commit()
    last = session.scalars(select(Entry).order_by(Entry.id.desc())).first()
    assert last.data["observations"] == 3


def test_a_deleted_location_takes_the_history_that_names_it(session, station):
    service.delete(session, SYSTEM, "Location", 1)
    assert count(session, HistoricalLocation) == 0
    made = session.get(Thing, station[0])
    assert (made.lon, made.lat) == (None, None)


def test_a_deleted_historical_location_takes_nothing(session, station):
    service.delete(session, SYSTEM, "HistoricalLocation", 1)
    assert count(session, Location) == 1
    assert store.linked(session, "Thing", station[0], "Locations") == [1]


def test_a_deleted_feature_takes_its_observations(session, make, station):
    make("Observation", observation(), Parent("Datastream", station[1], "Observations"))
    (feature,) = session.scalars(select(FeatureOfInterest.id))
    service.delete(session, SYSTEM, "FeatureOfInterest", feature)
    assert count(session, Observation) == 0
    assert state(session, station[1]).count == 0
    assert session.get(Datastream, station[1]).feature_id is None


def test_a_deleted_observation_is_remembered_as_superseded(session, make, station):
    parent = Parent("Datastream", station[1], "Observations")
    first, last = make("Observation", observation(0), parent), make("Observation", observation(1, 99), parent)
    service.delete(session, SYSTEM, "Observation", last)
    kept = session.scalars(select(ObservationSuperseded)).one()
    assert (kept.result, kept.deleted) == (99, True)
    now = state(session, station[1])
    assert (now.count, now.last_at, now.result, now.until) == (1, NOON, 12.5, NOON)
    service.delete(session, SYSTEM, "Observation", first)
    now = state(session, station[1])
    assert (now.count, now.first_at, now.last_at, now.result) == (0, None, None, None)
    with pytest.raises(NotFound):
        service.delete(session, SYSTEM, "Observation", first)


def test_a_corrected_observation_supersedes(session, make, station):
    id_ = make("Observation", observation(), Parent("Datastream", station[1], "Observations"))
    session.execute(text("DELETE FROM dirty_hour"))
    service.update(session, SYSTEM, "Observation", id_, {"result": 7, "resultQuality": {"checked": True}})
    old = session.scalars(select(ObservationSuperseded)).one()
    new = session.scalars(select(Observation)).one()
    assert (old.result, old.deleted, new.result, new.quality) == (12.5, False, 7, '{"checked":true}')
    assert new.received_at >= old.received_at
    assert state(session, station[1]).result == 7
    assert session.scalars(select(DirtyHour.first_hour)).all() == [NOON // clock.HOUR * clock.HOUR]


def test_a_correction_that_changes_nothing_is_none(session, make, station):
    id_ = make("Observation", observation(), Parent("Datastream", station[1], "Observations"))
    service.update(session, SYSTEM, "Observation", id_, {"result": 12.5})
    assert count(session, ObservationSuperseded) == 0


def test_another_time_moves_an_observation(session, make, station):
    parent = Parent("Datastream", station[1], "Observations")
    id_, other = make("Observation", observation(), parent), make("Observation", observation(5, 5), parent)
    service.update(session, SYSTEM, "Observation", id_, observation(9))
    ats = session.scalars(select(Observation.at).order_by(Observation.at)).all()
    assert ats == [NOON + 300 * clock.SECOND, NOON + 540 * clock.SECOND]
    now = state(session, station[1])
    assert (now.count, now.first_at, now.last_at) == (2, ats[0], ats[1])
    with pytest.raises(Conflict, match="stands already"):
        service.update(session, SYSTEM, "Observation", other, observation(9))


def test_an_observation_may_move_to_another_datastream(session, make, station):
    body = datastream(Sensor={"@iot.id": 1}, ObservedProperty={"@iot.id": 1})
    other = make("Datastream", body, Parent("Thing", station[0], "Datastreams"))
    id_ = make("Observation", observation(), Parent("Datastream", station[1], "Observations"))
    service.update(session, SYSTEM, "Observation", id_, {"Datastream": {"@iot.id": other}})
    assert session.scalars(select(Observation.datastream_id)).all() == [other]
    assert (state(session, station[1]).count, state(session, other).count) == (0, 1)


def test_the_same_observation_twice_is_one(session, make, station):
    parent = Parent("Datastream", station[1], "Observations")
    assert make("Observation", observation(), parent) == make("Observation", observation(), parent)
    assert (count(session, Observation), count(session, ObservationSuperseded)) == (1, 0)
    assert state(session, station[1]).count == 1


def test_replacing_clears_what_the_body_leaves_out(session, station):
    service.update(session, SYSTEM, "Thing", station[0], {"properties": {"mast": 3}})
    service.replace(session, SYSTEM, "Thing", station[0], {"name": "khác", "description": "khác"})
    assert service.body_of(session, SYSTEM, "Thing", station[0]) == {
        "name": "khác",
        "description": "khác",
        "properties": None,
    }
    assert len(store.linked(session, "Thing", station[0], "Datastreams")) == 1


def test_an_update_changes_only_what_it_names(session, station):
    service.update(session, SYSTEM, "Thing", station[0], {"description": "mới"})
    assert service.body_of(session, SYSTEM, "Thing", station[0])["name"] == "Trạm Phú Khương"


def test_an_edited_location_moves_its_things(session, station):
    service.update(session, SYSTEM, "Location", 1, {"location": point(105.0, 21.0)})
    session.expire_all()
    assert session.get(Thing, station[0]).lat == 21.0


def test_a_datastreams_area_grows_with_its_features(session, make, station):
    parent = Parent("Datastream", station[1], "Observations")
    make("Observation", observation(), parent)
    session.expire_all()
    area = shape(session.get(Datastream, station[1]).observed_area)
    assert (area.geom_type, area.bounds) == ("Polygon", (106.41, 10.53, 106.41, 10.53))
    feature = {"name": "x", "description": "", "encodingType": "application/geo+json", "feature": point(107, 11)}
    make("Observation", observation(1, FeatureOfInterest=feature), parent)
    session.expire_all()
    assert shape(session.get(Datastream, station[1]).observed_area).bounds == (106.41, 10.53, 107, 11)


def test_what_the_server_keeps_is_not_taken_from_clients(session, make, station):
    body = datastream(phenomenonTime="2001-01-01T00:00:00Z/2002-01-01T00:00:00Z", resultTime="2001-01-01T00:00:00Z")
    id_ = make("Datastream", body, Parent("Thing", station[0], "Datastreams"))
    assert state(session, id_).first_at is None


def test_a_result_must_be_what_its_datastream_says(session, make, station):
    with pytest.raises(BadInput, match="not a number"):
        make("Observation", observation(result="nhiều"), Parent("Datastream", station[1], "Observations"))
    id_ = make("MultiDatastream", multi(Thing={"@iot.id": station[0]}))
    with pytest.raises(BadInput, match="array of 2"):
        make("Observation", observation(result=[1]), Parent("MultiDatastream", id_, "Observations"))


def test_every_change_is_in_the_journal(session, station):
    service.update(session, SYSTEM, "Thing", station[0], {"name": "mới"})
    session.commit()
    last = session.scalars(select(Entry).order_by(Entry.id.desc())).first()
    assert (last.kind, last.subject) == ("sensing.thing.updated", f"thing:{station[0]}")
    assert last.data == {"before": {"name": "Trạm Phú Khương"}, "after": {"name": "mới"}}


@pytest.mark.parametrize(
    ("entity", "body", "place"),
    [
        ("ObservedProperty", observed_property(MultiDatastreams=[{"@iot.id": 2}]), "MultiDatastreams[0]"),
        ("Datastream", datastream(Thing={"@iot.id": 1}, Observations=[{"@iot.id": "1-5"}]), "Observations[0]"),
    ],
)
def test_links_that_belong_to_the_other_side_are_refused_there(session, make, station, entity, body, place):
    make("MultiDatastream", multi(Thing={"@iot.id": 1}))
    with pytest.raises(BadInput) as caught:
        make(entity, body)
    assert place in {fault.place for fault in caught.value.faults}


def test_datastreams_change_things_sensors_and_properties(session, make, station):
    other = make("Thing", thing(properties={"sharing": "open"}))
    instrument = make("Sensor", sensor(name="khác"))
    service.update(session, SYSTEM, "Datastream", 1, {"Thing": {"@iot.id": other}, "Sensor": {"@iot.id": instrument}})
    made = session.get(Datastream, 1)
    assert (made.thing_id, made.sensor_id, made.sharing) == (other, instrument, "open")
    service.update(session, SYSTEM, "Thing", station[0], {"Datastreams": [{"@iot.id": 1}]})
    assert store.linked(session, "Thing", station[0], "Datastreams") == [1]


def test_what_is_said_after_the_commit_is_not_said_of_what_was_undone(session):
    said = []
    with session.begin_nested():
        after_commit(session, lambda: said.append("kept"))
    assert said == []
    session.commit()
    assert said == ["kept"]
    session.execute(text("SELECT 1"))
    after_commit(session, lambda: said.append("lost"))
    session.rollback()
    session.commit()
    assert said == ["kept"]
