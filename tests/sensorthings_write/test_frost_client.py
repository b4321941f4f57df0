"""frost_sta_client, as its users use it, creates, reads, patches, updates and deletes everything."""

import frost_sta_client as fsc
import geojson
import jsonpatch
import pytest
from requests.exceptions import HTTPError

pytestmark = pytest.mark.filterwarnings("default")  # the client's own


@pytest.fixture
def service(open_writes, server):
    return fsc.SensorThingsService(f"{server.url}/sta/v1.1")


@pytest.fixture
def datastream(service):
    place = fsc.Location(
        name="bến sông",
        description="Vàm Cỏ Tây",
        location=geojson.Point((106.41, 10.53)),
        encoding_type="application/geo+json",
    )
    thing = fsc.Thing(name="Trạm Tân An", description="trạm đo", properties={"mast": 3})
    thing.locations = [place]
    made = fsc.Datastream(
        name="mực nước",
        description="mực nước sông",
        observation_type="http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        unit_of_measurement=fsc.UnitOfMeasurement(name="metre", symbol="m", definition="m"),
    )
    made.sensor = fsc.Sensor(
        name="radar", description="cảm biến", encoding_type="application/pdf", metadata="https://example.org"
    )
    made.observed_property = fsc.ObservedProperty(
        name="mực nước", definition="https://example.org/level", description="so với mốc"
    )
    made.thing = thing
    service.create(made)
    return made


def test_it_makes_a_datastream_with_all_around_it(service, datastream):
    found = service.datastreams().find(datastream.id)
    assert found.name == "mực nước"
    assert found.unit_of_measurement.symbol == "m"
    things = service.things().query().expand("Locations,Datastreams").list()
    (thing,) = list(things)
    assert thing.properties == {"mast": 3}
    assert thing.locations.entities[0].location["coordinates"] == [106.41, 10.53]
    assert [d.id for d in thing.datastreams.entities] == [datastream.id]


def test_it_observes_corrects_and_deletes(service, datastream):
    made = fsc.Observation(
        result=1.25, phenomenon_time="2026-11-21T05:00:00Z", datastream=datastream, parameters={"mốc": "Hòn Dấu"}
    )
    service.create(made)
    assert isinstance(made.id, str)
    assert service.observations().find(made.id).result == 1.25
    service.patch(made, [{"op": "replace", "path": "/result", "value": 1.5}])
    found = service.observations().find(made.id)
    assert (found.result, found.parameters) == (1.5, {"mốc": "Hòn Dấu"})
    found.result = 1.75
    service.update(found)
    assert service.observations().find(made.id).result == 1.75
    service.delete(found)
    with pytest.raises(HTTPError, match="404"):
        service.observations().find(made.id)


def test_it_sends_a_data_array(service, datastream):
    array = fsc.model.ext.data_array_value.DataArrayValue()
    array.datastream = datastream
    array.components = {array.Property.PHENOMENON_TIME, array.Property.RESULT}
    for minute in range(3):
        observation = fsc.Observation(
            result=minute, phenomenon_time=f"2026-11-21T05:0{minute}:00Z", datastream=datastream
        )
        array.add_observation(observation)
    document = fsc.model.ext.data_array_document.DataArrayDocument()
    document.add_data_array_value(array)
    links = service.observations().create(document)
    assert [one.self_link.rpartition("/")[2].startswith("Observations('") for one in links] == [True] * 3
    assert service.datastreams().find(datastream.id).phenomenon_time is not None


def test_it_updates_patches_and_deletes_every_kind(service, datastream):
    thing = service.things().query().list().entities[0]
    feature = fsc.FeatureOfInterest(
        name="đoạn sông",
        description="cầu Tân An",
        feature=geojson.Point((106.4, 10.5)),
        encoding_type="application/geo+json",
    )
    service.create(feature)
    history = fsc.HistoricalLocation(time="2020-01-01T00:00:00Z")
    history.thing = thing
    history.locations = [service.locations().query().list().entities[0]]
    service.create(history)
    kinds = [
        (service.things(), thing),
        (service.locations(), service.locations().query().list().entities[0]),
        (service.sensors(), service.sensors().query().list().entities[0]),
        (service.observed_properties(), service.observed_properties().query().list().entities[0]),
        (service.datastreams(), service.datastreams().find(datastream.id)),
        (service.features_of_interest(), feature),
    ]
    for dao, entity in kinds:
        entity.name = "tên mới"
        service.update(entity)
        assert dao.find(entity.id).name == "tên mới", dao
        service.patch(entity, jsonpatch.JsonPatch([{"op": "add", "path": "/properties/màu", "value": "xanh"}]))
        assert dao.find(entity.id).properties["màu"] == "xanh", dao
    service.patch(history, [{"op": "replace", "path": "/time", "value": "2021-01-01T00:00:00Z"}])
    assert service.historical_locations().find(history.id).time.startswith("2021-01-01T00:00:00")
    service.delete(history)
    for dao, entity in reversed(kinds):
        service.delete(entity)
        with pytest.raises(HTTPError, match="404"):
            dao.find(entity.id)


class Units(list):
    """The client asks a plain list for its state, which since Python 3.11 answers None."""

    def __getstate__(self):
        return [one.__getstate__() for one in self]


def test_it_makes_a_multi_datastream(service, datastream):
    metre = fsc.UnitOfMeasurement(name="metre", symbol="m", definition="m")
    kind = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
    made = fsc.MultiDatastream(
        name="mực nước và mưa",
        description="hai kết quả",
        multi_observation_data_types=[kind, kind],
        unit_of_measurements=Units([metre, metre]),
        observation_type="http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_ComplexObservation",
    )
    made.thing = fsc.Thing(id=1)
    made.sensor = fsc.Sensor(id=1)
    made.observed_properties = [
        fsc.ObservedProperty(id=1),
        fsc.ObservedProperty(name="mưa", definition="https://example.org/rain", description="lượng mưa"),
    ]
    service.create(made)
    observation = fsc.Observation(result=[1, 2], phenomenon_time="2026-11-21T05:00:00Z")
    observation.multi_datastream = made
    service.create(observation)
    assert service.observations().find(observation.id).result == [1, 2]
    found = service.multi_datastreams().find(made.id)
    assert len(found.unit_of_measurements) == 2
    service.delete(found)
