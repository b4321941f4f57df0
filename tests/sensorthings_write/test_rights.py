"""Who may write: agencies their own things, device keys observations of their thing, nobody else anything."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from dothi.identity.guard import ANONYMOUS, Caller
from dothi.kit import bus
from dothi.kit.errors import NotAllowed, NotFound, NotSignedIn
from dothi.sensing import registry, service
from dothi.sensing.news import EntityChanged
from dothi.sensing.service import Parent
from dothi.sensing.tables import Datastream, FeatureOfInterest, Location, Thing
from tests.sensorthings_write.conftest import datastream, location, observed_property, officer, sensor, thing

LAN, MINH = officer(1), replace(officer(2), id=2, name="Minh")
READS = {("sensing:read", 2)}
DEVICE = Caller(kind="key", id=7, name="trạm 1", agency_id=1, thing_id=1, within=frozenset({("observations:write", 1)}))


@pytest.fixture
def lans(session, make):
    """A thing of Lan's agency, shared with others who sign in, with one datastream."""
    body = thing(Locations=[location()], Datastreams=[datastream()], properties={"sharing": "shared"})
    id_ = make("Thing", body, caller=LAN)
    session.commit()
    return id_


def test_a_thing_belongs_to_the_agency_of_whoever_made_it(session, lans):
    made = session.get(Thing, lans)
    assert (made.agency_id, made.sharing) == (1, "shared")
    for table in (Datastream, Location):
        inside = session.scalars(select(table)).one()
        assert (inside.agency_id, inside.sharing) == (1, "shared")
    feature = session.get(FeatureOfInterest, service.ensure_feature(session, 1))
    assert (feature.agency_id, feature.sharing) == (1, "shared")


def test_sharing_follows_from_the_thing(session, lans):
    service.update(session, LAN, "Thing", lans, {"properties": {"sharing": "restricted"}})
    session.expire_all()
    for table in (Datastream, Location):
        assert session.scalars(select(table.sharing)).all() == ["restricted"]
    service.update(session, LAN, "Thing", lans, {"properties": {"other": 1}})
    session.expire_all()
    assert session.get(Thing, lans).sharing == "restricted"


def test_a_simulated_thing_stays_marked(session, make):
    id_ = make("Thing", thing(properties={"simulated": True}), caller=LAN)
    service.update(session, LAN, "Thing", id_, {"properties": {"mast": 3}})
    assert session.get(Thing, id_).simulated is True


@pytest.mark.parametrize(
    ("entity", "body"),
    [
        ("Thing", thing()),
        ("Location", location()),
        ("Sensor", sensor()),
        ("ObservedProperty", observed_property()),
        ("Datastream", datastream(Thing={"@iot.id": 1})),
        (
            "HistoricalLocation",
            {"time": "2026-11-21T05:00:00Z", "Thing": {"@iot.id": 1}, "Locations": [{"@iot.id": 1}]},
        ),
        ("Observation", {"result": 1, "Datastream": {"@iot.id": 1}}),
    ],
)
def test_a_stranger_creates_nothing(session, lans, entity, body):
    with pytest.raises(NotSignedIn):
        service.create(session, ANONYMOUS, entity, body)
    with pytest.raises(NotAllowed):
        service.create(session, Caller(kind="person", id=3, name="Vy", within=frozenset(READS)), entity, body)


@pytest.mark.parametrize("entity", ["Thing", "Location", "HistoricalLocation", "Datastream"])
def test_another_agency_changes_and_deletes_nothing(session, lans, entity):
    for call in (service.update, service.replace):
        with pytest.raises(NotAllowed):
            call(session, MINH, entity, 1, {"name": "x", "description": "x", "time": "2026-11-21T05:00:00Z"})
    with pytest.raises(NotAllowed):
        service.delete(session, MINH, entity, 1)
    with pytest.raises(NotAllowed):
        service.create(session, MINH, "Datastream", datastream(Thing={"@iot.id": lans}))
    with pytest.raises(NotAllowed):
        service.create(session, MINH, "Location", location(), Parent("Thing", lans, "Locations"))
    with pytest.raises(NotAllowed):
        service.create(session, MINH, "Location", location(Things=[{"@iot.id": lans}]))


def test_a_sensor_others_use_is_not_deleted_over_their_heads(session, lans):
    service.update(session, MINH, "Sensor", 1, {"description": "anyone may describe it better"})
    with pytest.raises(NotAllowed):
        service.delete(session, MINH, "Sensor", 1)
    assert session.get(Datastream, 1) is not None


def test_what_a_caller_may_not_see_is_not_there(session, make):
    id_ = make("Thing", thing(properties={"sharing": "restricted"}), caller=LAN)
    with pytest.raises(NotFound):
        service.update(session, MINH, "Thing", id_, {"name": "x"})


def test_a_device_sends_observations_of_its_thing_and_nothing_else(session, make, lans):
    other = make("Thing", thing(Datastreams=[datastream()]), caller=LAN)
    service.create(session, DEVICE, "Observation", {"result": 1, "Datastream": {"@iot.id": 1}})
    with pytest.raises(NotAllowed, match="Thing 1 only"):
        service.create(session, DEVICE, "Observation", {"result": 1, "Datastream": {"@iot.id": 2}})
    assert other == 2
    keen = replace(DEVICE, within=DEVICE.within | {("sensing:write", 1)})
    for entity, body in (("Thing", thing()), ("Sensor", sensor()), ("Location", location())):
        with pytest.raises(NotAllowed):
            service.create(session, keen, entity, body)
    with pytest.raises(NotAllowed):
        service.update(session, keen, "Thing", 1, {"name": "x"})


def test_a_device_may_bring_the_feature_it_observed(session, lans):
    feature = {"name": "xe buýt", "description": "", "encodingType": "text/plain", "feature": "tuyến 3"}
    body = {"result": 1, "Datastream": {"@iot.id": 1}, "FeatureOfInterest": feature}
    service.create(session, DEVICE, "Observation", body)
    assert session.scalars(select(FeatureOfInterest.name)).all() == ["xe buýt"]


def test_ingest_forgets_a_changed_datastream_when_it_is_committed(session, lans):
    session.commit()
    assert registry.stream(1).name == "PM2.5"
    service.update(session, LAN, "Datastream", 1, {"name": "bụi"})
    session.commit()
    assert registry.stream(1).name == "bụi"


def test_rooms_above_hear_of_every_change(session, make):
    heard = []

    def hearer(_session, news):
        heard.append((news.entity, news.verb))

    bus.hears(EntityChanged)(hearer)
    try:
        id_ = make("Thing", thing(Locations=[location()]))
        service.update(session, officer(None, everywhere=frozenset({"sensing:write"})), "Thing", id_, {"name": "x"})
        service.delete(session, officer(None, everywhere=frozenset({"sensing:write"})), "Thing", id_)
    finally:
        bus._hearers[EntityChanged].remove(hearer)
    assert heard == [
        ("Thing", "created"),
        ("Location", "created"),
        ("HistoricalLocation", "created"),
        ("Thing", "updated"),
        ("Thing", "deleted"),
    ]
