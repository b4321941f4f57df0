"""Places over HTTP: public, quick to repeat, and never at a loss for words."""

import json
from pathlib import Path

import httpx
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, shape

import dothi
from dothi.app import create_app
from dothi.db import session as db
from dothi.identity.guard import ANONYMOUS, SYSTEM
from dothi.kit.errors import BadInput, NotSignedIn
from dothi.places import base, geojson, service
from tests import looping

from .conftest import BEFORE, collection, feature

TAN_AN = Path(dothi.__path__[0]).parents[1] / "cities" / "tan-an"


class Web:
    """The whole application, asked without a socket."""

    def __init__(self):
        self.transport = httpx.ASGITransport(create_app(), raise_app_exceptions=False)

    def get(self, path, **more):
        async def ask():
            async with httpx.AsyncClient(transport=self.transport, base_url="http://dothi") as client:
                return await client.get(path, **more)

        return looping.run(ask())


@pytest.fixture
def web(country):
    return Web()


def test_units_by_level_name_province_box_and_time(web):
    def codes(query):
        answer = web.get(f"/places/units?{query}")
        assert answer.status_code == 200, answer.text
        return [unit["code"] for unit in answer.json()["units"]]

    assert codes("level=commune&parent=92") == ["31135", "31147"]
    assert codes("q=tan an&level=commune") == ["31147", "27712"]
    assert codes("bbox=106.3,10.4,106.5,10.6&level=commune") == ["27694", "27712"]
    assert codes("level=district&at=2025-06-30") == ["794", "804", "916"]
    assert codes("q=Phường 1&at=2025-06-30") == ["27694"]
    assert codes("q=Phường 1&former=1") == ["27694"]
    limited = web.get("/places/units?level=province&limit=2").json()
    assert (limited["count"], len(limited["units"])) == (34, 2)
    assert limited["units"][0]["fullName"] == "Thành phố Hà Nội"


def test_a_unit_with_its_history(web):
    unit = web.get("/places/units/31135").json()
    assert (unit["fullName"], unit["province"], unit["standing"]) == ("Phường Ninh Kiều", "Thành phố Cần Thơ", True)
    assert [u["fullName"] for u in unit["history"]] == ["Phường Tân An", "Phường Ninh Kiều"]
    assert {(p["code"], p["fullName"]) for p in unit["predecessors"]} == {
        ("31135", "Phường Tân An"),
        ("916", "Quận Ninh Kiều"),
    }
    assert unit["successors"] == []
    then = web.get("/places/units/31135?at=2025-06-30").json()
    assert [s["fullName"] for s in then["successors"]] == ["Phường Ninh Kiều"]
    ended = web.get("/places/units/794").json()
    assert (ended["standing"], ended["level"], len(ended["successors"])) == (False, None, 2)
    missing = web.get("/places/units/99999")
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")
    assert web.get("/places/units/%00").status_code == 404


def test_outlines_are_cached_by_tag_until_places_change(web, take):
    first = web.get("/places/units.geojson?level=commune&parent=80")
    assert first.headers["content-type"] == "application/geo+json"
    assert {f["id"] for f in first.json()["features"]} == {"27694", "27712"}
    tag = first.headers["etag"]
    assert (
        web.get("/places/units.geojson?level=commune&parent=80", headers={"If-None-Match": f'"x", W/{tag}'}).status_code
        == 304
    )
    take(collection(feature("27715", "Phường Khánh Hậu", (106.30, 10.50, 106.39, 10.54))))
    second = web.get("/places/units.geojson?level=commune&parent=80", headers={"If-None-Match": tag})
    assert (second.status_code, len(second.json()["features"])) == (200, 3)
    assert web.get("/places/units.geojson?level=commune&at=2025-06-30").json()["features"] == []


def test_neighbours_still_share_their_border_when_simplified(web):
    for query in ("simplify=500", "zoom=6", "zoom=14"):
        features = web.get(f"/places/units.geojson?parent=80&{query}").json()["features"]
        shapes = [shape(f["geometry"]) for f in features]
        assert shapely.coverage_is_valid(shapes)
        assert not any(s.is_empty for s in shapes)
    assert geojson.zoom_tolerance(0) > geojson.zoom_tolerance(10) > 1


def test_search_and_locate(web):
    found = web.get("/places/search?q=tan an").json()["results"]
    assert [hit["label"] for hit in found] == ["Phường Tân An, Thành phố Cần Thơ", "Phường Tân An, Tỉnh Tây Ninh"]
    here = web.get("/places/locate?lon=106.42&lat=10.55").json()
    assert (here["commune"]["fullName"], here["province"]["fullName"]) == ("Phường Long An", "Tỉnh Tây Ninh")
    assert web.get("/places/locate?lon=0&lat=0").json() == {"commune": None, "province": None}
    assert web.get("/places/locate?lon=106.42&lat=10.55&at=2020-01-01").json()["commune"] is None


def test_every_fault_of_a_query_at_once(web):
    answer = web.get("/places/units?level=planet&at=yesterday&bbox=1,2,3&limit=0&colour=red")
    assert answer.status_code == 400
    assert {fault["place"] for fault in answer.json()["faults"]} == {"level", "at", "bbox", "limit", "colour"}
    assert web.get("/places/search").status_code == 400
    assert web.get("/places/locate?lon=x").status_code == 400
    assert web.get("/places/units.geojson?simplify=nan").status_code == 400
    assert web.get("/places/base.geojson?area=nowhere").status_code == 404


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["units", "units.geojson", "search", "locate", "base.geojson", "units/80"]),
    st.dictionaries(
        st.sampled_from(["q", "level", "at", "bbox", "parent", "limit", "lon", "lat", "zoom", "area", "simplify"]),
        st.text(max_size=12),
        max_size=4,
    ),
)
def test_no_query_breaks_the_server(web, path, query):
    assert web.get(f"/places/{path}", params=query).status_code in (200, 400, 404)


def test_the_base_map_of_tan_an_is_our_own_sketch(session):
    made = base.load_base(session, TAN_AN, "tan-an")
    session.commit()
    assert made == len(json.loads((TAN_AN / "base.geojson").read_text("utf-8"))["features"]) > 30
    assert base.load_base(session, TAN_AN, "tan-an") == 0
    service.put_area(session, SYSTEM, "tan-an", name="Tân An", units=["27694", "27712", "27715"])
    session.commit()
    web = Web()
    features = web.get("/places/base.geojson?area=tan-an").json()["features"]
    assert all(f["properties"]["approximate"] and "phác thảo của dothi" in f["properties"]["source"] for f in features)
    wards = [f for f in features if f["properties"]["kind"] == "ward"]
    assert {w["properties"]["fullName"] for w in wards} == {"Phường Long An", "Phường Tân An", "Phường Khánh Hậu"}
    assert shapely.coverage_is_valid([shape(w["geometry"]) for w in wards])
    # facts 8.1: 83.21 km²; one degree is 109.45 by 110.6 km here
    assert sum(shape(w["geometry"]).area for w in wards) * 109.45 * 110.6 == pytest.approx(83.21, rel=0.01)
    for poi in (f for f in features if f["properties"].get("ward")):
        assert service.locate_code(session, *poi["geometry"]["coordinates"]) == poi["properties"]["ward"]
    river = next(shape(f["geometry"]) for f in features if f["properties"]["kind"] == "river")
    for lon, lat in ((106.4258, 10.5390), (106.4076, 10.5558)):  # the gauging station and bridge Tân An 1
        assert river.distance(Point(lon, lat)) < 0.001
    assert service.unit(session, "27694").full_name == "Phường Long An"
    assert [h.label for h in service.search(session, "khanh hau")] == ["Phường Khánh Hậu, Tỉnh Tây Ninh"]


def test_the_inset_shows_hoang_sa_and_truong_sa(web):
    inset = [f for f in web.get("/places/base.geojson").json()["features"] if f["properties"].get("inset")]
    named = {f["properties"]["name"] for f in inset if f["properties"]["kind"] == "label"}
    assert {"Quần đảo Hoàng Sa (Việt Nam)", "Quần đảo Trường Sa (Việt Nam)", "Biển Đông"} <= named
    country = next(shape(f["geometry"]) for f in inset if f["properties"]["kind"] == "country")
    assert country.is_valid
    for lon, lat in ((105.85, 21.03), (108.2, 16.05), (106.7, 10.78), (105.77, 10.03), (106.41, 10.54)):
        assert country.contains(Point(lon, lat))


def test_an_empty_house_answers_too(session):
    web = Web()
    assert web.get("/places/units.geojson").json()["features"] == []
    assert web.get("/places/base.geojson?zoom=8").json()["features"]
    assert web.get("/places/units").json() == {"count": 0, "units": []}
    assert web.get("/places/locate?lon=106.4&lat=10.5").json()["commune"] is None


def test_only_so_many_texts_are_kept():
    for number in range(100):
        geojson.kept(("test", number), lambda: b"x")
    assert len(geojson._kept) == 64
    geojson.kept(("test", 99), lambda: pytest.fail("made twice"))
    geojson.forget()


def test_a_base_map_that_cannot_be_drawn_names_every_fault(session, file):
    bad = file(
        "base.geojson",
        collection(
            feature("x", "y", (1, 1, 2, 2)), {"type": "Feature", "properties": {"kind": "road"}, "geometry": None}
        ),
    )
    with pytest.raises(BadInput) as caught:
        base.load_base(session, bad, "a")
    assert len(caught.value.faults) == 2
    with pytest.raises(NotSignedIn):
        base.load_base(session, bad, "a", ANONYMOUS)


def test_official_outlines_replace_the_sketches_on_the_map(session, take):
    base.load_base(session, TAN_AN, "tan-an")
    session.commit()
    report = take(collection(feature("27694", "Phường Long An", (106.36, 10.52, 106.45, 10.58))))
    assert report.replaced_sketches == 1
    base.load_base(session, TAN_AN, "tan-an")
    session.commit()
    with db.reading() as other:
        text = geojson.units(other, "commune", "80", BEFORE + 10**12, 0)
    drawn = {f["id"]: f["properties"]["approximate"] for f in json.loads(text.body)["features"]}
    assert drawn == {"27694": False, "27712": True, "27715": True}
