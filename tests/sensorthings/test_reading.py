"""Every way to read: paths, options, pages, formats, sight, moments of knowledge."""

import csv
import io

import pytest

from dothi.doors.sensorthings import model
from tests.sensorthings.conftest import START


@pytest.fixture
def town(standing_town):
    return standing_town


def test_root_names_every_entity_set_and_what_the_server_conforms_to(ask):
    root = ask("")
    assert [entry["name"] for entry in root["value"]] == [entity.set_name for entity in model.ENTITIES]
    assert root["value"][0]["url"] == "http://town/sta/v1.1/Things"
    assert any("multi-datastream" in one for one in root["serverSettings"]["conformance"])


@pytest.mark.parametrize("entity", model.ENTITIES, ids=lambda entity: entity.name)
def test_every_navigation_property_leads_where_its_link_says(ask, entity):
    for found in ask(entity.set_name)["value"]:
        assert ask(found["@iot.selfLink"]) == found
        for link in entity.links:
            address = found.get(f"{link.name}@iot.navigationLink")
            if address is None:
                assert entity.name == "Observation", link.name
                continue
            there = ask(address)
            expanded = ask(f"{found['@iot.selfLink']}?$expand={link.name}")[link.name]
            assert expanded == (there["value"] if link.many else there)
            target = model.BY_NAME[link.target]
            for one in there["value"] if link.many else [there]:
                assert set(target.property) & set(one)
                back = [n for n in target.links if n.target == entity.name]
                key = (lambda k: f"'{k}'" if isinstance(k, str) else k)(one["@iot.id"])
                for way in back:
                    behind = ask(
                        f"{target.set_name}({key})/{way.name}?$top=1000"
                        if way.many
                        else f"{target.set_name}({key})/{way.name}"
                    )
                    keys = [e["@iot.id"] for e in behind["value"]] if way.many else [behind["@iot.id"]]
                    assert found["@iot.id"] in keys


def test_an_observation_belongs_to_a_datastream_or_a_multidatastream(ask, town):
    wind = ask(f"MultiDatastreams({town.wind})/Observations")["value"][0]
    assert "MultiDatastream@iot.navigationLink" in wind
    assert "Datastream@iot.navigationLink" not in wind
    everywhere = {o["@iot.id"]: o for o in ask("Observations?$top=1000")["value"]}
    assert everywhere[wind["@iot.id"]] == wind
    ask(f"Datastreams({town.wind})", 404)
    ask(f"Observations('{wind['@iot.id']}')/Datastream", 404)


def test_paths_keep_to_their_parents(ask, town):
    assert ask(f"Things({town.air})/Datastreams({town.dust})")["name"] == "bụi mịn"
    ask(f"Things({town.river})/Datastreams({town.dust})", 404)
    ask(f"Things({town.river})/Datastreams({town.dust})/Observations", 404)
    assert ask(f"Things({town.river})/MultiDatastreams")["value"] == []
    name = ask(f"Things({town.air})/Datastreams({town.dust})/Observations('{town.dust}-{START}')/Datastream/Thing/name")
    assert name == {"name": "Trạm Phú Khương"}


def test_properties_values_and_references(ask, town):
    assert ask(f"Things({town.air})/properties/kind") == {"kind": "air"}
    assert ask.get(f"Things({town.air})/properties/tags/1/$value").text == "b"
    assert ask.get(f"Things({town.air})/name/$value").text == "Trạm Phú Khương"
    assert ask(f"Things({town.air})/id") == {"@iot.id": town.air}
    assert ask.get(f"Observations('{town.dust}-{START}')/parameters").status_code == 204
    assert ask.get("Things/$count").text == "3"
    refs = ask(f"Things({town.air})/Datastreams/$ref")["value"]
    assert {ref["@iot.selfLink"] for ref in refs} == {
        f"http://town/sta/v1.1/Datastreams({id_})" for id_ in (town.dust, town.state)
    }


@pytest.mark.parametrize("key", ["'{}'", "%27{}%27"])
def test_observation_ids_may_be_escaped(ask, town, key):
    found = ask(f"Observations({key.format(f'{town.dust}-{START}')})")
    assert found["result"] == 10
    assert found["phenomenonTime"] == found["resultTime"] == "2026-11-20T00:00:00.000Z"


def test_observations_show_what_was_sent(ask, town):
    first, second, *rest = ask(f"Datastreams({town.state})/Observations")["value"]
    assert first["result"] == "hỏng"
    assert second["result"] is True
    assert first["phenomenonTime"] == "2026-11-20T00:00:00.000123Z"
    assert first["resultTime"] == "2026-11-20T00:30:00.000Z"
    assert first["validTime"] == "2026-11-20T00:00:00.000Z/2026-11-20T02:00:00.000Z"
    assert first["resultQuality"] == {"level": "good"}
    assert first["parameters"] == {"n": 1}
    assert second["phenomenonTime"] == "2026-11-20T00:30:00.000123Z/2026-11-20T01:00:00.000Z"
    assert [o["result"] for o in rest] == [False, {"a": {"b": 5}, "c": [1, 2]}, "OK", "it's", 42]
    assert "validTime" not in rest[0]


def test_a_datastream_tells_its_times_and_area(ask, town):
    dust = ask(f"Datastreams({town.dust})")
    assert dust["phenomenonTime"] == "2026-11-20T00:00:00.000Z/2026-11-21T05:30:00.000Z"
    assert "106.41,10.53" in str(dust["observedArea"]["coordinates"]).replace(" ", "")


# --- pages


@pytest.mark.parametrize(
    "url",
    [
        "Observations?$top=7",
        "Observations?$top=1",
        "Observations?$top=7&$orderby=result desc",
        "Observations?$top=7&$orderby=phenomenonTime desc,Datastream/name",
        "Observations?$top=9&$filter=result gt 3",
        "Things?$top=1&$orderby=properties/height",
        "Things?$top=1&$orderby=properties/height desc",
        "Things?$top=2&$orderby=name desc,description",
        "Things?$top=2&$orderby=true,name desc,null eq null desc",
        "Datastreams?$top=1&$orderby=Thing/name",
        "Datastreams?$top=1&$orderby=phenomenonTime desc",
        "ObservedProperties?$top=2&$orderby=length(name),name",
    ],
)
def test_pages_hold_every_entity_once_in_order(ask, url):
    whole = ask.ids(url.replace("$top=7", "$top=1000").replace("$top=9", "$top=1000").replace("$top=1&", "$top=999&"))
    assert ask.ids(url) == whole
    assert len(set(whole)) == len(whole) > 2


@pytest.mark.parametrize("skip", [0, 1, 59, 60, 61, 66, 67, 80, 93, 94, 500])
def test_skip_counts_over_datastreams(ask, skip):
    everything = ask.ids("Observations?$top=1000")
    assert len(everything) == 94
    page = ask(f"Observations?$top=3&$skip={skip}&$count=true")
    assert [o["@iot.id"] for o in page["value"]] == everything[skip : skip + 3]
    assert page["@iot.count"] == 94
    assert ("@iot.nextLink" in page) == (skip + 3 < 94)


def test_counts(ask, town):
    assert ask(f"Datastreams({town.dust})/Observations?$top=0&$count=true") == {"@iot.count": 60, "value": []}
    assert ask("Observations?$count=true&$filter=result gt 20&$top=1")["@iot.count"] == len(
        ask.ids("Observations?$filter=result gt 20")
    )
    assert ask("Things?$count=true")["@iot.count"] == 3


# --- expansion


def test_expand_in_both_spellings_and_with_options(ask, town):
    slash = ask("Things?$expand=Datastreams/ObservedProperty,Locations")
    nested = ask("Things?$expand=Datastreams($expand=ObservedProperty),Locations")
    assert slash == nested
    air = next(t for t in slash["value"] if t["@iot.id"] == town.air)
    assert {d["ObservedProperty"]["name"] for d in air["Datastreams"]} == {"pm25", "state"}
    assert air["Locations"][0]["location"]["coordinates"] == [106.41, 10.53]


def test_the_latest_observation_of_everything(ask, town):
    things = ask(
        "Things?$select=name&$expand=Datastreams($select=name;$orderby=name;"
        "$expand=Observations($top=1;$orderby=phenomenonTime desc;$select=id,result;$count=true))"
    )["value"]
    dust = things[0]["Datastreams"][0]
    latest = ask(f"Datastreams({town.dust})/Observations?$orderby=phenomenonTime desc&$top=1&$select=id,result")
    assert dust["Observations"] == latest["value"]
    assert dust["Observations@iot.count"] == 60
    rest = ask.ids(dust["Observations@iot.nextLink"])
    assert len(rest) == 59
    assert set(things[0]) == {"name", "Datastreams"}


def test_expanded_collections_have_their_own_pages(ask, town):
    got = ask(f"Datastreams({town.dust})?$expand=Observations($filter=result gt 20;$top=2;$skip=1;$count=true)")
    alone = ask(f"Datastreams({town.dust})/Observations?$filter=result gt 20&$top=2&$skip=1&$count=true")
    assert got["Observations"] == alone["value"]
    assert got["Observations@iot.count"] == alone["@iot.count"]
    assert ask(got["Observations@iot.nextLink"])["value"] == ask(alone["@iot.nextLink"])["value"]


def test_select(ask, town):
    assert ask(f"Things({town.air})?$select=name,id") == {"@iot.id": town.air, "name": "Trạm Phú Khương"}
    only = ask(f"Things({town.air})?$select=Datastreams")
    assert list(only) == ["Datastreams@iot.navigationLink"]
    got = ask(f"Observations('{town.state}-{START + 123}')?$select=parameters&$expand=Datastream($select=name)")
    assert got == {"parameters": {"n": 1}, "Datastream": {"name": "trạng thái"}}
    assert ask(f"Observations('{town.dust}-{START}')?$select=parameters") == {}


# --- sight


def test_callers_see_what_they_may(ask, town, nobody, signed_in):
    ask.caller = nobody
    assert ask.ids("Things") == [town.air]
    ask(f"Things({town.river})", 404)
    assert ask.ids("Locations") == ask.ids(f"Things({town.air})/Locations")
    assert len(ask.ids("HistoricalLocations")) == 1
    assert set(ask.ids("Datastreams")) == {town.dust, town.state}
    assert len(ask.ids("Observations?$top=1000")) == 69 == ask("Observations?$count=true&$top=1")["@iot.count"]
    assert ask.ids("Observations?$skip=68&$top=10") == ask.ids("Observations?$top=1000")[68:]
    ask(f"Datastreams({town.level})/Observations", 404)
    assert ask(f"Observations?$filter=Datastream/id eq {town.level}")["value"] == []
    assert ask("ObservedProperties?$filter=Datastreams/name eq 'mực nước'")["value"] == []
    levels = ask("ObservedProperties?$filter=name eq 'level'&$expand=Datastreams")["value"]
    assert levels[0]["Datastreams"] == []
    assert ask("Observations?interval=1d&aggregate=count&$top=100")["value"][-1]["Datastream@iot.id"] != town.level
    ask.caller = signed_in
    assert ask.ids("Things") == [town.air, town.river]
    assert len(ask.ids("Observations?$top=1000")) == 89


# --- formats


def test_data_array_groups_by_datastream(ask, town):
    got = ask("Observations?$resultFormat=dataArray&$top=1000&$select=id,phenomenonTime,result&$count=true")
    plain = ask("Observations?$top=1000")["value"]
    rows = [row for part in got["value"] for row in part["dataArray"]]
    assert rows == [[o["@iot.id"], o["phenomenonTime"], o["result"]] for o in plain]
    assert got["value"][0]["components"] == ["id", "phenomenonTime", "result"]
    links = [v for part in got["value"] for k, v in part.items() if k.endswith("navigationLink")]
    assert f"http://town/sta/v1.1/MultiDatastreams({town.wind})" in links
    assert sum(part["dataArray@iot.count"] for part in got["value"]) == got["@iot.count"] == 94


def test_csv_opens_in_a_spreadsheet(ask, town):
    response = ask.get(f"Datastreams({town.state})/Observations?$resultFormat=CSV&$top=4")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(response.text)))
    assert rows[0][:3] == ["id", "phenomenonTime", "result"]
    assert [row[2] for row in rows[1:]] == ["hỏng", "true", "false", '{"a":{"b":5},"c":[1,2]}']
    following = ask.get(response.headers["link"].partition(">")[0][1:])
    assert len(list(csv.reader(io.StringIO(following.text)))) == 4


@pytest.mark.parametrize(
    "name", ["Things", "Locations", "FeaturesOfInterest", "Datastreams", "Observations", "Sensors"]
)
def test_geojson_places_everything_it_can(ask, name):
    got = ask(f"{name}?$resultFormat=GeoJSON&$top=1000")
    plain = ask(f"{name}?$top=1000")["value"]
    assert got["type"] == "FeatureCollection"
    assert [feature["properties"] for feature in got["features"]] == plain
    assert [feature["id"] for feature in got["features"]] == [one["@iot.id"] for one in plain]
    for feature in got["features"]:
        assert (feature["geometry"] is None) == (name == "Sensors")


# --- manners


def test_conditional_get(ask, town):
    first = ask.get(f"Things({town.air})")
    again = ask.get(f"Things({town.air})", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_head_options_and_cors(ask):
    assert ask.get("Things", "HEAD").status_code == 200
    options = ask.get("Things", "OPTIONS", headers={"Origin": "https://example.org"})
    assert "GET" in options.headers["access-control-allow-methods"]
    assert ask.get("Things").headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("url", "status", "said"),
    [
        ("Nothings", 404, "no entity set 'Nothings'"),
        ("Things(99999)", 404, "Nothing found."),
        ("Things(99999)/Datastreams", 404, "Nothing found."),
        ("Things(x)", 400, "'x' is not an id of Things"),
        ("Observations(5)", 400, "'5' is not an id of Observations"),
        ("Things(1)/Nothing", 404, "Thing has no 'Nothing'"),
        ("Things/Datastreams", 404, "after a collection"),
        ("Things?$top=-1", 400, "$top, position 1: found '-1'"),
        ("Things?$filter=name eq", 400, "$filter, position 8: the text ends here"),
        ("Things?$filter=nam eq 'x'", 400, "$filter, position 1: Thing has no 'nam'"),
        ("Things?$filter=frob(name)", 400, "no function 'frob'"),
        ("Things?$filter=name gt 5", 400, "cannot compare a text with a number"),
        ("Things?$filter=name", 400, "a text is neither true nor false"),
        ("Things?$expand=Nothing", 400, "$expand, position 1: Thing has no navigation property 'Nothing'"),
        ("Things?$expand=Datastreams($top=x)", 400, "$expand, position 18"),
        ("Things?$expand=Datastreams/Thing/Datastreams/Thing/Datastreams/Thing", 400, "$expand is too deep"),
        ("Things?$orderby=Datastreams/name", 400, "Datastreams leads to many entities"),
        ("Things?$select=nothing", 400, "$select, position 1: Thing has no 'nothing'"),
        ("Things?$skiptoken=xx", 400, "$skiptoken: not a cursor"),
        ("Things?$frob=1", 400, "no such query option"),
        ("Things?$resultFormat=dataArray", 400, "dataArray is for Observations"),
        ("Things?interval=1h", 400, "nothing to aggregate"),
        ("Things?as-of=2026-01-01T00:00:00Z", 400, "there are no Observations here"),
        ("Observations?$filter=phenomenonTime gt 2026-13-01T00:00:00Z", 400, "month must be in 1..12"),
    ],
)
def test_errors_say_what_and_where(ask, url, status, said):
    error = ask(url, status)
    assert error["code"] == error["status"] == status
    assert said in error["message"] + error["detail"]


def test_every_fault_of_a_query_is_said_at_once(ask):
    error = ask("Things?$top=x&$filter=name eq&frob=1&$resultFormat=XML", 400)
    assert [fault["place"].partition(",")[0] for fault in error["faults"]] == [
        "$top",
        "$filter",
        "frob",
        "$resultFormat",
    ]
