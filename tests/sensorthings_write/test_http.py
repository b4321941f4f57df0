"""Writing over HTTP: addresses, methods, bodies, errors (OGC 18-088 clause 10)."""

import json
import socket

import pytest

from dothi import config
from tests.sensorthings_write.conftest import (
    NOON,
    datastream,
    got,
    location,
    made,
    multi,
    observed_property,
    point,
    sensor,
    thing,
)


def faults(answer):
    said = answer.json()
    assert said["code"] == answer.status_code == said["status"]
    assert said["message"]
    return {fault["place"]: fault["message"] for fault in said["faults"]}


def test_a_created_entity_is_answered_with_its_address_and_itself(sta):
    answer = sta.post("Things", json=thing(properties={"mast": 3}))
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{sta.root}/Things(1)"
    said = answer.json()
    assert said["@iot.id"] == 1
    assert said["properties"] == {"mast": 3}
    assert said == got(sta, "Things(1)")


def test_a_caller_may_want_no_body(sta):
    answer = sta.post("Things", json=thing(), headers={"Prefer": "return=minimal"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["location"].endswith("/Things(1)")


PATHS = [
    ("Things(1)/Datastreams", datastream()),
    ("Things(1)/MultiDatastreams", multi()),
    ("Things(1)/Locations", location()),
    ("Things(1)/HistoricalLocations", {"time": NOON, "Locations": [{"@iot.id": 1}]}),
    ("Datastreams(1)/Thing/Datastreams", datastream()),
    ("Sensors(1)/Datastreams", datastream(Thing={"@iot.id": 1})),
    ("ObservedProperties(1)/Datastreams", datastream(Thing={"@iot.id": 1})),
    ("Datastreams(1)/Observations", {"phenomenonTime": NOON, "result": 1}),
    ("Locations(1)/Things", thing()),
    ("Locations(1)/HistoricalLocations", {"time": NOON, "Thing": {"@iot.id": 1}}),
    ("HistoricalLocations(1)/Locations", location()),
    ("Locations", location(Things=[{"@iot.id": 1}])),
    ("Locations", location(Things=[thing()])),
    ("Sensors", sensor(Datastreams=[datastream(Thing=thing(), Sensor=None)])),
    ("ObservedProperties", observed_property(MultiDatastreams=[])),
    ("Datastreams", datastream(Thing=thing(Locations=[location()]))),
    ("MultiDatastreams", multi(Thing={"@iot.id": 1})),
    (
        "FeaturesOfInterest",
        {
            "name": "sông",
            "description": "",
            "encodingType": "application/geo+json",
            "feature": point(),
            "Observations": [{"phenomenonTime": NOON, "result": 1, "Datastream": {"@iot.id": 1}}],
        },
    ),
    ("Observations", {"result": 3, "Datastream": datastream(Thing=thing(Locations=[location()]))}),
]


def test_entities_are_created_on_every_path(sta, at_work):
    for path, body in PATHS:
        created = made(sta, path, body)
        assert got(sta, created)["@iot.selfLink"] == f"{sta.root}/{created}"


def test_a_child_belongs_to_the_path_it_was_posted_to(sta, at_work):
    created = made(sta, "Things(1)/Datastreams", datastream(name="nhiệt độ"))
    names = [one["name"] for one in got(sta, "Things(1)/Datastreams")["value"]]
    assert names == ["PM2.5", "nhiệt độ"]
    assert got(sta, f"{created}/Thing")["@iot.id"] == 1


def test_an_observation_is_answered_as_it_is_read(sta, at_work):
    body = {"phenomenonTime": NOON, "result": 12.5}
    answer = sta.post("Datastreams(1)/Observations", json=body)
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{sta.root}/Observations('1-1795237200000000')"
    said = answer.json()
    read = got(sta, "Observations('1-1795237200000000')")
    assert said == {name: read[name] for name in said}
    assert said["result"] == 12.5


@pytest.mark.parametrize("result", [0, -1.5, 1e300, 12])
def test_numbers_come_back_as_they_were(sta, at_work, result):
    said = sta.post("Datastreams(1)/Observations", json={"phenomenonTime": NOON, "result": result}).json()
    assert said["result"] == result == got(sta, "Observations('1-1795237200000000')")["result"]


def test_patch_merges_and_put_replaces(sta, at_work):
    answer = sta.patch("Things(1)", json={"properties": {"a": 1}})
    assert answer.status_code == 200
    assert answer.json()["properties"] == {"a": 1}
    assert answer.json()["name"] == "Trạm Phú Khương"
    answer = sta.put("Things(1)", json={"name": "mới", "description": "khác"})
    assert answer.status_code == 200
    assert "properties" not in got(sta, "Things(1)")
    assert sta.patch("Datastreams(1)/Thing", json={"name": "qua đường khác"}).json()["name"] == "qua đường khác"


def test_a_json_patch_changes_inside_properties(sta, at_work):
    kind = {"Content-Type": "application/json-patch+json"}
    steps = [
        {"op": "test", "path": "/name", "value": "Trạm Phú Khương"},
        {"op": "add", "path": "/properties/mast", "value": {"m": 3}},
        {"op": "copy", "from": "/properties/mast", "path": "/properties/pole"},
        {"op": "replace", "path": "/description", "value": "đã sửa"},
        {"op": "remove", "path": "/properties/mast"},
    ]
    answer = sta.patch("Things(1)", content=json.dumps(steps), headers=kind)
    assert answer.status_code == 200, answer.text
    assert answer.json()["properties"] == {"pole": {"m": 3}}
    assert answer.json()["description"] == "đã sửa"


BAD_PATCHES = [
    ([{"op": "test", "path": "/name", "value": "khác"}], 409, "[0]"),
    ([{"op": "remove", "path": "/name"}], 400, "name"),
    ([{"op": "replace", "path": "/nothing/here", "value": 1}], 400, "[0]"),
    ([{"op": "explode", "path": "/name"}], 400, "[0]"),
    ([{"path": "/name"}], 400, "[0]"),
    ([{"op": "add", "path": 5, "value": 1}], 400, "[0]"),
    ([{"op": "replace", "path": "", "value": 5}], 400, "body"),
    ([{"op": "add", "path": "/colour", "value": "red"}], 400, "colour"),
    ({"op": "add"}, 400, "body"),
    ([1], 400, "body"),
]


def test_a_bad_json_patch_is_refused_by_its_operation(sta, at_work):
    for steps, status, place in BAD_PATCHES:
        answer = sta.patch(
            "Things(1)", content=json.dumps(steps), headers={"Content-Type": "application/json-patch+json"}
        )
        assert answer.status_code == status, answer.text
        assert place in faults(answer)
        assert got(sta, "Things(1)")["name"] == "Trạm Phú Khương"


def test_a_json_patch_cannot_fill_the_memory(sta, at_work, monkeypatch):
    monkeypatch.setenv("DOTHI_MAX_BODY", "20000")
    config.settings.cache_clear()
    double = [{"op": "copy", "from": "/properties", "path": f"/properties/p{i}"} for i in range(40)]
    answer = sta.patch("Things(1)", content=json.dumps(double), headers={"Content-Type": "application/json-patch+json"})
    assert answer.status_code == 413


def test_deleting_answers_and_is_for_good(sta, at_work):
    assert sta.delete("Things(1)").status_code == 200
    assert sta.get("Things(1)").status_code == 404
    assert sta.delete("Things(1)").status_code == 404
    assert got(sta, "Datastreams")["value"] == []


def test_references_link_and_unlink(sta, at_work):
    made(sta, "Locations", location(name="thứ hai"))
    assert sta.post("Things(1)/Locations/$ref", json={"@iot.id": 2}).status_code == 204
    assert [one["@iot.id"] for one in got(sta, "Things(1)/Locations")["value"]] == [1, 2]
    assert sta.delete("Things(1)/Locations(1)/$ref").status_code == 204
    answer = sta.post("Things(1)/Locations/$ref", json={"@odata.id": f"{sta.root}/Locations(1)"})
    assert answer.status_code == 204
    assert sta.delete("Things(1)/Locations/$ref", params={"$id": f"{sta.root}/Locations(2)"}).status_code == 204
    assert [one["@iot.id"] for one in got(sta, "Things(1)/Locations")["value"]] == [1]
    assert len(got(sta, "Things(1)/HistoricalLocations")["value"]) == 5
    made(sta, "Sensors", sensor(name="khác"))
    assert sta.put("Datastreams(1)/Sensor/$ref", json={"@iot.id": 2}).status_code == 204
    assert got(sta, "Datastreams(1)/Sensor")["name"] == "khác"
    answer = sta.delete("Datastreams(1)/Sensor/$ref")
    assert answer.status_code == 400
    assert "cannot be without" in answer.json()["message"]


NOT_THERE = [
    ("POST", "Things(99)/Datastreams", 404),
    ("POST", "Nonsense", 404),
    ("POST", "Things(1)/Nonsense", 404),
    ("PATCH", "Things(99)", 404),
    ("PATCH", "Things(1)/Datastreams(99)", 404),
    ("PATCH", "Things(99999999999999999999)", 400),
    ("PATCH", "Things(abc)", 400),
    ("DELETE", "Observations('1-5')", 404),
    ("PUT", "Observations('x')", 400),
    ("POST", "Datastreams(99)/Observations", 404),
    ("POST", "MultiDatastreams(1)/Observations", 404),
    ("POST", "Things(1)", 405),
    ("PATCH", "Things", 405),
    ("PUT", "Things", 405),
    ("DELETE", "Things", 405),
    ("DELETE", "Things(1)/Datastreams", 405),
    ("PUT", "Things(1)/name", 405),
    ("POST", "Datastreams(1)/Thing", 405),
    ("POST", "Things(1)/Locations(1)/$ref", 405),
    ("POST", "Things/$ref", 405),
]


def test_what_is_not_there_or_not_done_is_said(sta, at_work):
    for method, path, status in NOT_THERE:
        answer = sta.request(method, path, json={})
        assert answer.status_code == status, answer.text
        assert answer.json()["code"] == status


BAD = [
    ("Things", {}, {"name", "description"}),
    ("Things", {"name": 5, "description": None}, {"name", "description"}),
    ("Things", {"name": " ", "description": "x" * 10}, {"name"}),
    ("Things", {"name": "x" * 501, "description": ""}, {"name"}),
    ("Things", thing(properties=[1]), {"properties"}),
    ("Things", thing(properties={"sharing": "everyone"}), {"properties.sharing"}),
    ("Things", thing(colour="red"), {"colour"}),
    ("Things", thing(Locations={}), {"Locations"}),
    ("Things", thing(Locations=[{"@iot.id": 99}]), {"Locations[0]"}),
    ("Things", thing(Locations=[{"@iot.id": "1"}]), {"Locations[0].@iot.id"}),
    ("Things", thing(Locations=[5]), {"Locations[0]"}),
    ("Things", thing(Locations=[location(location={"type": "Point"})]), {"Locations[0].location"}),
    ("Things", thing(Locations=[location(lon=200)]), {"Locations[0].location"}),
    ("Things", thing(name="a\0b"), {"name"}),
    ("Things", thing(properties={"x": "\ud800"}), {"properties.x"}),
    (
        "Things",
        thing(Datastreams=[{
            "name": "x", "unitOfMeasurement": {"name": "x", "definition": 5}, "observationType": "OM_Nothing",
            "Sensor": {"@iot.id": 77}, "ObservedProperty": {"name": ""}, "Observations": [{"phenomenonTime": "noon"}],
        }]),
        {
            "Datastreams[0].description", "Datastreams[0].unitOfMeasurement.symbol",
            "Datastreams[0].unitOfMeasurement.definition", "Datastreams[0].observationType", "Datastreams[0].Sensor",
            "Datastreams[0].ObservedProperty.name", "Datastreams[0].ObservedProperty.description",
            "Datastreams[0].ObservedProperty.definition", "Datastreams[0].Observations[0].result",
        },
    ),
    ("Locations", location(location=None), {"location"}),
    ("Locations", location(encodingType=""), {"encodingType"}),
    ("Sensors", sensor(metadata=None), {"metadata"}),
    ("ObservedProperties", observed_property(definition=1), {"definition"}),
    ("HistoricalLocations", {"time": "today"}, {"time", "Thing", "Locations"}),
    ("HistoricalLocations", {"time": "9999-01-01T00:00:00Z", "Thing": {"@iot.id": 1}, "Locations": []},
     {"time", "Locations"}),
    ("Datastreams", datastream(observedArea=5), {"observedArea", "Thing"}),
    ("MultiDatastreams", multi(Thing={"@iot.id": 1}, ObservedProperties=[{"@iot.id": 1}]), {"body"}),
    ("MultiDatastreams", multi(unitOfMeasurements=[{}], Thing={"@iot.id": 1}),
     {"unitOfMeasurements[0].name", "unitOfMeasurements[0].symbol", "unitOfMeasurements[0].definition", "body"}),
    ("Observations", {}, {"Datastream", "result"}),
    ("Observations", {"result": 1, "Datastream": {"@iot.id": 99}}, {"Datastream"}),
    ("Observations", {"result": "x", "Datastream": {"@iot.id": 1}}, {"result"}),
    ("Observations", {"result": 1, "phenomenonTime": "noon", "resultTime": 5, "Datastream": {"@iot.id": 1}},
     {"resultTime"}),
    ("Observations", {"result": 1, "Datastream": {"@iot.id": 1}, "FeatureOfInterest": {"@iot.id": 9}},
     {"FeatureOfInterest"}),
    ("Observations", {"result": 1, "Datastream": {"@iot.id": 1}, "FeatureOfInterest": {"name": "x"}},
     {"FeatureOfInterest.description", "FeatureOfInterest.encodingType", "FeatureOfInterest.feature"}),
    ("Datastreams(1)/Observations", {"result": 1, "Datastream": {"@iot.id": 2}}, {"Datastream"}),
    ("FeaturesOfInterest", {"name": "x", "description": "", "encodingType": "application/geo+json", "feature": "x"},
     {"feature"}),
]  # fmt: skip


def test_every_fault_of_a_bad_body_is_named_at_once(sta, at_work):
    for path, body, places in BAD:
        answer = sta.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, (path, body, answer.text)
        assert set(faults(answer)) == places, (path, body)
    assert len(got(sta, "Things")["value"]) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "line 1 column 1"),
        (b'{"name": }', "line 1 column 10"),
        (b'{"name": NaN}', "NaN is not JSON"),
        (b"\xff\xfe\x00", "not"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"name": 1e999, "description": ""}', "name"),
        (b'{"properties": ' + b"[" * 150 + b"]" * 150 + b"}", "nested too deep"),
    ],
)
def test_what_is_not_json_is_said_with_its_place(sta, body, said):
    answer = sta.post("Things", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert said in answer.json()["message"]


def test_a_body_of_another_kind_is_not_taken(sta, at_work):
    for path in ("Things", "Datastreams(1)/Observations", "CreateObservations", "$batch"):
        answer = sta.post(path, content="<x/>", headers={"Content-Type": "text/xml"})
        assert answer.status_code == 415, path


def test_a_body_larger_than_the_setting_is_refused(sta, monkeypatch):
    monkeypatch.setenv("DOTHI_MAX_BODY", "1000")
    config.settings.cache_clear()
    assert sta.post("Things", json=thing(description="x" * 2000)).status_code == 413

    def pieces():
        for _ in range(100):
            yield b"x" * 100

    answer = sta.post("Things", content=pieces(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


def test_a_caller_who_stops_sending_is_refused(sta, server, monkeypatch):
    monkeypatch.setenv("DOTHI_BODY_SECONDS", "0.2")
    config.settings.cache_clear()
    with socket.create_connection(("127.0.0.1", server.port), 10) as line:
        line.sendall(b"POST /sta/v1.1/Things HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert b" 408 " in line.recv(4096).split(b"\r\n")[0]


def test_a_corrected_observation_moves_with_its_time(sta, at_work):
    created = made(sta, "Datastreams(1)/Observations", {"phenomenonTime": NOON, "result": 1})
    answer = sta.patch(created, json={"phenomenonTime": "2026-11-21T06:00:00Z"})
    assert answer.status_code == 200
    assert answer.headers["location"].endswith("Observations('1-1795240800000000')")
    assert sta.get(created).status_code == 404
    assert got(sta, "Observations('1-1795240800000000')")["result"] == 1


def test_data_arrays_answer_each_row(sta, at_work):
    body = [{
        "Datastream": {"@iot.id": 1}, "components": ["phenomenonTime", "result", "FeatureOfInterest/id"],
        "dataArray@iot.count": 4,
        "dataArray": [[NOON, 1, None], ["noon", 2, None], ["2026-11-21T05:01:00Z", 3, 99],
                      ["2026-11-21T05:02:00Z", "x", None]],
    }, {"Datastream": {"@iot.id": 99}, "components": ["phenomenonTime", "result"], "dataArray": [[NOON, 1]]}]  # fmt: skip
    answer = sta.post("CreateObservations", json=body)
    assert answer.status_code == 201
    first, *others = answer.json()
    assert first == f"{sta.root}/Observations('1-1795237200000000')"
    assert [one.startswith("error ") for one in others] == [True] * 4
    assert "noon" in others[0]
    assert "FeatureOfInterest 99" in others[1]
    assert "not a number" in others[2]
    assert "Datastream 99" in others[3]
    assert got(sta, "Datastreams(1)/Observations?$count=true")["@iot.count"] == 1


def test_a_thousand_rows_are_one_commit_each_with_its_link(sta, at_work):
    rows = [[f"2026-11-21T05:{i // 60:02d}:{i % 60:02d}Z", i / 10] for i in range(1000)]
    body = [{"Datastream": {"@iot.id": 1}, "components": ["phenomenonTime", "result"], "dataArray": rows}]
    answer = sta.post("CreateObservations", json=body)
    assert len(set(answer.json())) == 1000
    link = answer.json()[17]
    assert got(sta, link.removeprefix(sta.root + "/"))["result"] == 1.7


@pytest.mark.parametrize("body", [b"{}", b"[", b'[{"components": []}]', b"[[]]", b'[{"dataArray": 5}]', b"5"])
def test_a_broken_data_array_is_refused_whole(sta, body):
    answer = sta.post("CreateObservations", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert faults(answer)
