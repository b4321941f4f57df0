"""What the workbench answers: totals of an area, records under the pointer, only what the caller may see."""

import json
import re
from collections import Counter
from datetime import date

import pytest
import shapely

from dothi.datasets import service as datasets
from dothi.db import session as db
from dothi.identity import guard
from dothi.identity import service as identity
from dothi.kit import clock
from dothi.screens.workbench import layers
from tests.workbench.city import features

WHOLE = {
    "type": "Polygon",
    "coordinates": [[[106.2, 10.4], [106.6, 10.4], [106.6, 10.7], [106.2, 10.7], [106.2, 10.4]]],
}
CENTRE = {
    "type": "Polygon",
    "coordinates": [[[106.40, 10.53], [106.42, 10.53], [106.42, 10.545], [106.40, 10.545], [106.40, 10.53]]],
}
ACCEPT = {"accept": "application/json"}


def inside(code, area):
    shape = shapely.from_geojson(json.dumps(area))
    return [one for one in features(code) if shape.intersects(shapely.from_geojson(json.dumps(one["geometry"])))]


def ask(web, path, body, **headers):
    return web.post(f"/map/{path}", json=body, headers={**ACCEPT, **headers})


def held(web, which="gis-layers", **headers):
    page = web.get("/map", headers=headers).text
    found = re.search(rf'id="{which}">(.*?)</script>', page, re.DOTALL)
    return json.loads(found.group(1))


def key_of(*scopes):
    """A key with these scopes, of the office that owns the planning layers."""
    with db.writing() as session:
        made = identity.create_key(session, guard.SYSTEM, "bàn quy hoạch", scopes=list(scopes), agency="so-xay-dung")
    return {"authorization": f"Bearer {made[1] if isinstance(made, tuple) else made}"}


def test_totals_of_an_area_are_those_of_its_records(web):
    found = ask(web, "totals", {"collection": "lamps", "area": CENTRE}).json()
    wanted = [one["properties"] for one in inside("lamps", CENTRE)]
    assert found["count"] == len(wanted) > 10
    power = next(one for one in found["measures"] if one["field"] == "power")
    assert power["sum"] == pytest.approx(sum(one["power"] for one in wanted))
    assert power["mean"] == pytest.approx(sum(one["power"] for one in wanted) / len(wanted))
    assert (power["min"], power["max"]) == (min(o["power"] for o in wanted), max(o["power"] for o in wanted))
    assert power["unit"] == "W"
    kinds = {row["value"]: row["count"] for row in found["kinds"]["rows"]}
    assert kinds == Counter(one[found["kinds"]["field"]] for one in wanted)
    assert sum(place["count"] for place in found["places"]) == len(wanted)
    assert {place["name"] for place in found["places"]} <= {"Phường Long An", "Phường Tân An", "Phường Khánh Hậu"}
    assert len(found["records"]) == min(100, len(wanted))


def test_totals_keep_to_the_filter(web):
    found = ask(
        web, "totals", {"collection": "lamps", "area": WHOLE, "filter": "condition = 'out' AND power >= 120"}
    ).json()
    wanted = [o for o in features("lamps") if o["properties"]["condition"] == "out" and o["properties"]["power"] >= 120]
    assert found["count"] == len(wanted) > 0
    assert {one["key"] for one in found["records"]} == {one["id"] for one in wanted}


def test_areas_are_cut_at_the_drawn_edge(web):
    found = ask(web, "totals", {"collection": "land-use-plan", "area": CENTRE}).json()
    drawn = 0.02 * 111_320 * 0.98316 * 0.015 * 110_574  # of the drawn box, m²
    assert found["area"] == pytest.approx(drawn, rel=0.01)  # the zones cover the wards
    assert sum(row["area"] for row in found["kinds"]["rows"]) == pytest.approx(found["area"])
    assert found["count"] == len(inside("land-use-plan", CENTRE))


def test_the_pointer_finds_the_records_of_every_layer(web):
    lamp = inside("lamps", CENTRE)[0]
    lon, lat = lamp["geometry"]["coordinates"]
    asked = [
        {"collection": "lamps"},
        {"collection": "land-use-plan"},
        {"collection": "schools", "filter": "level = 'primary'"},
    ]
    found = ask(web, "identify", {"lon": lon, "lat": lat, "radius": 3, "layers": asked}).json()["layers"]
    assert [one["code"] for one in found] == ["lamps", "land-use-plan"]
    record = found[0]["records"][0]
    assert record["key"] == lamp["id"]
    assert record["href"].endswith(f"/ogc/collections/lamps/items/{lamp['id']}?f=html")
    said = {one["title"]: one["value"] for one in record["properties"]}
    assert said["Tuyến đường"] == lamp["properties"]["road"]
    assert said["Loại đèn"] in ("LED", "Cao áp natri")
    assert web.get(record["href"], headers={"accept": "text/html"}).status_code == 200


def test_what_one_may_not_see_is_as_if_it_were_not_there(web):
    assert "flood-spots" not in {one["code"] for one in held(web)}
    assert "health-stations" not in {one["code"] for one in held(web)}  # shared among offices
    hidden = ask(web, "totals", {"collection": "flood-spots", "area": WHOLE})
    absent = ask(web, "totals", {"collection": "no-such-layer", "area": WHOLE})
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.text.replace("flood-spots", "X") == absent.text.replace("no-such-layer", "X")
    spot = features("flood-spots")[0]["geometry"]["coordinates"]
    asked = {
        "lon": spot[0],
        "lat": spot[1],
        "radius": 50,
        "layers": [{"collection": "flood-spots"}, {"collection": "ghost"}],
    }
    assert ask(web, "identify", asked).json() == {"layers": []}
    assert web.get("/map/export", params={"collection": "flood-spots"}).status_code == 404


def test_restricted_fields_are_absent_and_cannot_be_asked_about(web):
    cabinets = next(one for one in held(web) if one["code"] == "lighting-cabinets")
    assert "customer_code" not in {one["name"] for one in cabinets["fields"]}
    asked = {"collection": "lighting-cabinets", "area": WHOLE}
    assert "MP0000" not in ask(web, "totals", asked).text
    by_hidden = ask(web, "totals", {**asked, "filter": "customer_code = 'MP000001'"})
    by_absent = ask(web, "totals", {**asked, "filter": "customer_kode = 'MP000001'"})
    assert (by_hidden.status_code, by_absent.status_code) == (400, 400)
    assert by_hidden.text.replace("customer_code", "X") == by_absent.text.replace("customer_kode", "X")


def test_the_owning_office_sees_its_own(web):
    key = key_of("data:read")
    seen = {one["code"]: one for one in held(web, **key)}
    assert {"flood-spots", "health-stations"} <= set(seen)
    assert "customer_code" in {one["name"] for one in seen["lighting-cabinets"]["fields"]}
    assert ask(web, "totals", {"collection": "flood-spots", "area": WHOLE}, **key).json()["count"] == len(
        features("flood-spots")
    )


def test_an_earlier_moment_is_counted_as_it_was_known(web):
    before = clock.iso(clock.now_micros())
    with db.writing() as session:
        for one in features("zoning")[:2]:
            datasets.delete(session, guard.SYSTEM, "zoning", one["id"])
    total = len(features("zoning"))
    assert ask(web, "totals", {"collection": "zoning", "area": WHOLE}).json()["count"] == total - 2
    assert ask(web, "totals", {"collection": "zoning", "area": WHOLE, "as_of": before}).json()["count"] == total


def test_questions_that_are_wrong_are_refused_in_words(web):
    for body in (
        {"collection": "lamps", "area": {"type": "Point", "coordinates": [106, 10]}},
        {"collection": "lamps", "area": {"type": "Polygon", "coordinates": [[[106, 10], [107, 10], [106, 10]]]}},
        {"collection": "lamps", "area": WHOLE, "filter": "power >"},
        {"collection": "lamps", "as_of": "yesterday"},
        {"collection": "lamps", "nonsense": 1},
        ["lamps"],
    ):
        answer = ask(web, "totals", body)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), body
    assert web.post("/map/totals", content=b"{", headers=ACCEPT).status_code == 400
    assert web.post("/map/totals", content=b" " * 1_100_000, headers=ACCEPT).status_code == 413


def test_planning_layers_say_how_the_public_is_consulted(web):
    found = {one["code"]: one["consultations"] for one in held(web)}
    assert {one["code"] for one in found["plans"]} == {one["id"] for one in features("plans")}
    assert [one["code"] for one in found["land-use-plan"]] == ["QHSDD-TA"]
    assert [one["code"] for one in found["zoning"]] == ["QHPK-LA"]
    assert found["lamps"] == []


@pytest.mark.parametrize(
    ("declared", "starts", "ends", "state"),
    [
        ("open", "2026-11-01", "2026-11-30", "open"), ("open", "2026-11-01", "2026-11-20", "closed"),
        ("closed", "2026-12-01", None, "upcoming"), ("upcoming", "2026-11-21", "2026-11-21", "open"),
        ("adopted", "2026-12-01", None, "adopted"), ("upcoming", None, None, "upcoming"), (None, None, None, "closed"),
    ],
)  # fmt: skip
def test_dates_decide_where_a_consultation_stands(declared, starts, ends, state):
    assert layers.standing(declared, starts, ends, date(2026, 11, 21)) == state


@pytest.mark.parametrize("kind", ["geojson", "csv", "xlsx", "gpkg"])
def test_the_selection_is_downloaded_as_it_is_counted(web, kind):
    asked = {"collection": "lamps", "area": json.dumps(CENTRE), "filter": "kind = 'led'", "format": kind}
    answer = web.get("/map/export", params=asked)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith('attachment; filename="lamps-selection.')
    wanted = {one["id"] for one in inside("lamps", CENTRE) if one["properties"]["kind"] == "led"}
    if kind == "geojson":
        assert {one["id"] for one in answer.json()["features"]} == wanted
    elif kind == "csv":
        assert len(answer.content.decode("utf-8-sig").strip().splitlines()) == len(wanted) + 1
    else:
        assert answer.content.startswith(b"PK" if kind == "xlsx" else b"SQLite format 3")


def test_a_download_that_cannot_be_is_refused_before_it_begins(web):
    for asked in ({"format": "doc"}, {"area": "{"}, {"filter": "nothing ="}, {"color": "red"}):
        answer = web.get("/map/export", params={"collection": "lamps", **asked}, headers=ACCEPT)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), asked
