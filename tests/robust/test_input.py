"""Hostile input on the real server: taken, or refused with a named reason; never a 5xx, and others go on undisturbed."""

import base64
import gzip
import json

import pytest

from tests.robust.conftest import STA, reason, station
from tests.sensorthings_write.conftest import NOON, datastream, location, point, sensor, thing

MANY = "1" * 30
JSON = {"Content-Type": "application/json"}


def fed(web, path, body, method="POST", headers=JSON):
    """The answer to a body sent as bytes."""
    return web.request(
        method, path, content=body if isinstance(body, bytes) else json.dumps(body).encode(), headers=headers
    )


def token(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode()


BAD = [
    b'{"result":1e999}', b'{"result":-1e999}', b'{"result":NaN}', b'{"result":Infinity}', b'{"result":[1e999]}',
    b'{"result":"\\u0000"}', b'{"result":{"a":"\\u0000"}}', b'{"result":{"\\u0000":1}}', b'{"result":"\\ud800"}',
    b'{"result":["\\udc00\\ud800"]}', b'{"result":"\xff"}', b"\xff\xfe", b"", b"null", b"[]", b'{"result":1}{}',
    b'{"result":' + b"[" * 150 + b"]" * 150 + b"}", b'{"result":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    b'{"result":' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
    b'{"result":1,"parameters":{"a":"\\u0000"}}', b'{"result":1,"parameters":{"a":"\\ud800"}}',
    b'{"result":1,"parameters":{"a":' + b"[" * 900 + b"]" * 900 + b"}}", b'{"result":1,"parameters":{"a":1e999}}',
    b'{"result":1,"resultQuality":"\\u0000"}', b'{"result":1,"resultQuality":' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'{"result":1,"phenomenonTime":"\\u0000"}', b'{"result":1,"phenomenonTime":"9999-12-31T23:59:60Z"}',
    b'{"result":1,"resultTime":"0001-01-01T00:00:00+14:00"}', b'{"result":1,"validTime":"9999-12-31T23:59:59-14:00"}',
    b'{"result":1,"FeatureOfInterest":{"@iot.id":999999}}', b'{"result":1,"FeatureOfInterest":{"@iot.id":' + MANY.encode() + b"}}",
    b'{"result":1,"Datastream":{"@iot.id":999999}}',
]  # fmt: skip


def test_a_bad_observation_is_refused_and_the_next_one_stored(web):
    for raw in BAD:
        path = f"{STA}/Datastreams({station(web).stream})/Observations"
        refused = fed(web, path, raw)
        assert 400 <= refused.status_code < 500, (raw[:200], refused.status_code, refused.text[:300])
        assert reason(refused)
        assert fed(web, path, {"result": 7, "phenomenonTime": NOON}).status_code == 201, raw[:200]
        (one,) = web.get(path).json()["value"]
        assert one["result"] == 7, raw[:200]


def test_numbers_and_texts_at_the_edge_come_back_as_sent(web, city):
    path = f"{STA}/Datastreams({city.stream})/Observations"
    for raw in ("1" * 400, "-0.0", "1e308", "1e-400", '"\\\\u0000"', json.dumps("x" * 200_000), "[" * 90 + "]" * 90):
        made = fed(web, path, f'{{"result":{raw}}}'.encode())
        if made.status_code == 201:
            assert web.get(made.headers["location"]).json()["result"] == json.loads(raw)
        else:
            assert reason(made)
    for form in ("json", "CSV", "dataArray", "GeoJSON"):
        assert web.get(f"{path}?$resultFormat={form}").status_code == 200


def test_bad_rows_of_a_data_array_do_not_keep_good_ones_out(web, city):
    rows = [
        [NOON, 1],
        [NOON, [["\0"]]],
        ["99999-01-01T00:00:00Z", 2],
        [{}, 3],
        [None, None, None],
        ["2026-11-21T06:00:00Z", 4],
    ]
    group = {"Datastream": {"@iot.id": city.stream}, "components": ["phenomenonTime", "result"], "dataArray": rows}
    said = fed(web, f"{STA}/CreateObservations", [group]).json()
    assert [text.startswith("error") for text in said] == [False, True, True, True, True, False]
    for raw in (b"[" * 5000, b"{}", b"[{}]", b'[{"components":[],"dataArray":' + b"[" * 5000 + b"}]", b"\xff"):
        assert reason(fed(web, f"{STA}/CreateObservations", raw))


KEPT_NOWHERE = [
    ("Things", thing(name="\0")), ("Things", thing(name="x" * 5000)), ("Things", thing(properties={"\0": 1})),
    ("Things", thing(properties={"code": "\0"})), ("Things", {"name": "\ud800", "description": "x"}),
    ("Things", thing(Locations=[{"@iot.id": 99999}])), ("Things", thing(Locations=[{"@iot.id": 2**70}])),
    ("Things", thing(HistoricalLocations=[{"time": "9999-12-31T23:59:60Z", "Locations": [{"@iot.id": 1}]}])),
    ("Datastreams", datastream(Thing={"@iot.id": 99999})), ("Datastreams", datastream(Thing={"@iot.id": 1}, Sensor={"@iot.id": 99999})),
    ("Datastreams", datastream(Thing={"@iot.id": 1}, ObservedProperty={"@iot.id": 99999})),
    ("Datastreams(1)/Observations(99)", {}), ("HistoricalLocations", {"time": NOON, "Thing": {"@iot.id": 1}, "Locations": [{"@iot.id": 99999}]}),
    ("Locations", location(lon=1e300)), ("Locations", {**location(), "location": {"type": "Point", "coordinates": []}}),
    ("Locations", {**location(), "location": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}}),
    ("Sensors", sensor(metadata={"a": [1, {"b": "\0"}]})), ("FeaturesOfInterest", {**location(), "feature": point(lon="NaN")}),
    ("Things(99999)/Datastreams", datastream()), ("Things(1)/Locations/$ref", {"@iot.id": 99999}),
]  # fmt: skip


def test_an_entity_no_database_could_keep_is_refused(web, city):
    before = web.get(f"{STA}/Things/$count").text
    for path, body in KEPT_NOWHERE:
        refused = fed(web, f"{STA}/{path}", body)
        assert 400 <= refused.status_code < 500, (path, body, refused.status_code, refused.text[:300])
        assert reason(refused)
        assert web.get(f"{STA}/Things/$count").text == before, (path, body)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"name":"x","description":"y","properties":{"a":' + b"[" * 500 + b"]" * 500 + b"}}",
    ],
)
def test_deep_json_is_refused_at_every_door(web, city, raw):
    for method, path, kind in (
        ("POST", "Things", JSON), ("PATCH", "Things(1)", JSON), ("PUT", "Things(1)", JSON), ("POST", "$batch", JSON),
        ("PATCH", "Things(1)", {"Content-Type": "application/json-patch+json"}),
        ("POST", "Datastreams(1)/Observations", JSON), ("POST", "CreateObservations", JSON),
    ):  # fmt: skip
        assert reason(fed(web, f"{STA}/{path}", raw, method, kind))


LONG = "and id gt 0 " * 3000
QUERIES = [
    f"$top={MANY}", "$top=-1", "$top=1e3", f"$skip={MANY}", "$skip=9223372036854775807", "$count=maybe", "$nonsense=1", "%00=1",
    "$skiptoken=%00", f"$skiptoken={token(b'[' * 5000)}", f"$skiptoken={token(b'[1e999]')}", f"$skiptoken={token(b'[99999999999999999999]')}",
    "$filter=name eq '%00'", "$filter=name eq '%ed%a0%80'", f"$filter=id eq {MANY}", "$filter=id div 0 eq 1", "$filter=id mod 0 eq 1",
    "$filter=id add 9223372036854775807 gt 1", "$filter=id mul 1e308 mul 1e308 gt 1", "$filter=" + "(" * 2000, "$filter=" + "not " * 2000 + "true",
    "$filter=" + "-" * 3000 + "1 eq 1", "$filter=id gt 0 " + LONG, "$filter=properties/a'b eq 1", "$filter=properties/%00 eq 1",
    f"$filter=substring(name,{MANY}) eq 'a'", "$filter=substring(name,-1) eq 'a'", "$filter=substring(name,1,2147483648) eq 'a'",
    "$filter=geo.intersects(Locations/location,geography'POLYGON((0 0))')", "$filter=geo.distance(Locations/location,geography'POINT EMPTY') lt 1",
    "$filter=geo.intersects(Locations/location,geography'POINT(nan 1e999)')", "$filter=st_relate(Locations/location,geography'POINT(1 1)','T')",
    "$filter=st_within(Locations/location,geography'POLYGON((0 0,1 1,0 1,1 0,0 0))')", "$filter=now() add duration'P999999999D' gt now()",
    "$filter=Datastreams/phenomenonTime gt 9999-12-31T23:59:59Z add duration'P1D'", "$filter=Datastreams/phenomenonTime gt 0000-01-01T00:00:00Z",
    "$orderby=name;drop table thing", "$orderby=name' or 1=1 --", "$orderby=properties/a') desc; --", "$orderby=properties/a%00",
    "$orderby=" + ",".join(["name"] * 2000), "$orderby=id div 0", "$orderby=(select 1)", "$select=%00", "$select=name'\";drop table thing",
    "$select=" + ",".join(["name"] * 2000), "$expand=%00", "$expand=" + "Datastreams($expand=Thing($expand=" * 50 + "Thing" + "))" * 50,
    "$expand=Datastreams/Thing/Datastreams/Thing/Datastreams/Thing/Datastreams", "$expand=" + ",".join(["Datastreams"] * 1000),
    f"$expand=Datastreams($top={MANY})", "$expand=Datastreams($orderby=id div 0)", "$resultFormat=%00", "as-of=%00", "$filter=", "&&=&",
    "interval=1h&aggregate=avg", "$filter=name eq 'x' or 1 eq 1; --", "$filter=properties/x') or ('1' eq '1",
]  # fmt: skip


@pytest.mark.parametrize("sort", ["Things", "Datastreams(1)/Observations", "Observations"])
def test_any_query_is_answered_or_refused_with_a_reason(web, city, sort):
    fed(web, f"{STA}/Datastreams({city.stream})/Observations", {"result": 7})
    for text in QUERIES:
        answer = web.get(f"{STA}/{sort}?{text.replace(' ', '%20').replace('#', '%23')}")
        if answer.status_code == 200:
            answer.json()
        else:
            assert reason(answer), text
    assert web.get(f"{STA}/Things/$count").text == "1"  # nothing was dropped


def test_deep_expand_is_refused_with_the_limit(web, city):
    deep = "Datastreams($expand=Thing($expand=Datastreams($expand=Thing($expand=Datastreams($expand=Thing)))))"
    assert "5" in reason(web.get(f"{STA}/Things?$expand={deep}"))


PATHS = [
    f"/things/{MANY}", "/things/" + "1" * 5000, f"/air/{MANY}", f"/water/{MANY}", f"/portal/series/{MANY}", f"/portal/things.geojson?ids={MANY}",
    "/portal/things.geojson?bbox=nan,nan,nan,nan", "/portal/series/1?from=9999-12-31T23:59:60Z", "/portal/series/1?from=x&to=%00", "/%ff%fe", "/%00",
    "/static/%00.js", "/static/x%00", "/static/" + "a" * 5000 + ".css", "/static/%2e%2e/%2e%2e/config.py", "/static/..%2f..%2fconfig.py",
    "/static/..%5c..%5cconfig.py", "/static//etc/passwd", "/static/....//....//config.py", "/places/units/%00", "/places/units?at=%00",
    "/places/locate?lon=1e999&lat=nan", "/live?bbox=nan,1,1,1", "/live?x=1", f"/live?thing={MANY}", f"{STA}/Things({MANY})", f"{STA}/Things(-1)",
    f"{STA}/Things(%00)", f"{STA}/%00", f"{STA}/%0a", f"{STA}/Things(1)%0d%0aX-A:%20b", f"{STA}x", f"{STA}/Observations('1-99999999999999999')",
    f"{STA}/Observations('99999999999-1')", f"{STA}/" + "Things(1)/Datastreams(1)/Thing/" * 40, f"{STA}/Things(1)/Locations({MANY})", f"{STA}/../../admin",
]  # fmt: skip


def test_a_path_that_is_none_is_not_found_in_words(web, city):
    for path in PATHS:
        answer = web.get(path)
        assert reason(answer), path
        assert "class Settings" not in answer.text
        assert "x-a" not in answer.headers


def test_a_packed_body_is_refused_unread(web, city):
    bomb = gzip.compress(b"0" * 20_000_000)
    for path in (f"{STA}/Things", f"{STA}/$batch", f"{STA}/CreateObservations", "/admin/sign-in"):
        answer = fed(web, path, bomb, headers={**JSON, "Content-Encoding": "gzip"})
        assert answer.status_code == 415, path
        assert "gzip" in reason(answer)


def test_a_batch_of_anything_is_answered(web, city):
    def said(*requests):
        return fed(web, f"{STA}/$batch", {"requests": list(requests)})

    for one in (
        {"url": "Things?$filter=name eq 'đường'"}, {"url": f"Things?$top={MANY}"}, {"url": "http://[x"}, {"url": "/%00"},
        {"url": "../../admin"}, {"url": "$batch", "method": "POST", "body": {"requests": []}}, {"url": "$metadata"},
        {"url": "Things", "method": "POST", "body": thing(name="\0")}, {"url": "Things", "method": "POST", "body": "\ud800"},
        {"url": "Things(1)", "method": "DELETE", "headers": {"content-type": "x\r\ny"}},
    ):  # fmt: skip
        answer = said({"id": "1", "method": "GET", **one})
        if answer.status_code == 200:
            assert answer.json()["responses"][0]["status"] < 500
        else:
            assert reason(answer)
    nested = b"x"
    for level in range(400, 0, -1):
        nested = b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n%b\r\n--b%d--\r\n" % (
            level - 1,
            level,
            nested,
            level - 1,
        )
    answer = fed(web, f"{STA}/$batch", nested, headers={"Content-Type": "multipart/mixed; boundary=b0"})
    assert answer.status_code < 500


def test_names_are_shown_as_text_on_every_page(web, city):
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    body = thing(
        name=evil, description=evil, properties={"sharing": "open", evil: evil, "source": evil},
        Locations=[location(name=evil)], Datastreams=[datastream(name=evil)],
    )  # fmt: skip
    made = fed(web, f"{STA}/Things", body).json()["@iot.id"]
    stream = web.get(f"{STA}/Things({made})/Datastreams").json()["value"][0]["@iot.id"]
    assert (
        fed(web, f"{STA}/Datastreams({stream})/Observations", {"result": 7, "parameters": {"a": evil}}).status_code
        == 201
    )
    for path in (
        "/",
        "/air",
        "/water",
        f"/things/{made}",
        f"/things/{made}?lang=en",
        "/portal/map.svg",
        "/?q=" + evil,
        "/admin/sign-in?next=" + evil,
    ):
        page = web.get(path)
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text, path
        assert "<img src=x" not in page.text, path
        if page.headers["content-type"].startswith("text/html"):
            assert "script-src 'self';" in page.headers["content-security-policy"]
    for path in (
        "/portal/things.geojson",
        f"{STA}/Things",
        f"{STA}/Things({made})/name/$value",
        f"{STA}/Things?$resultFormat=CSV",
    ):
        answer = web.get(path)
        assert not answer.headers["content-type"].startswith("text/html")
        assert answer.headers["x-content-type-options"] == "nosniff"
