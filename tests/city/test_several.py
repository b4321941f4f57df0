"""Two cities of one province in one installation: each page shows the chosen one's, the province all; people of one city theirs."""

import json
import re
from types import SimpleNamespace

import pytest

from dothi.app import create_app
from dothi.city import service as city
from dothi.db import session as db
from dothi.identity import access, guard
from dothi.identity import service as identity
from dothi.kit.errors import BadInput
from dothi.places import cities
from tests.cases import scene
from tests.city.conftest import SQUARE, YAML, collection
from tests.web.asking import Browser

GOOD = "mật khẩu dài của tôi"
INPUTS = """\
inputs:
  units:
    type: units
    title: {vi: Phường, en: Wards}
    default: [{code: "%s", name: {vi: %s, en: %s}, agency: %s, lon: 106.41, lat: 10.54}]
"""
OFFICE = "  - {code: %s, name: {vi: UBND %s, en: Committee %s}, parent: so-a}\nsectors:\n"
FAR = 0.5  # degrees between the two


def made(root, code, name, ward, away, *, sectors=""):
    """The folder of a small city, so many degrees east of the first, on whose edge a post stands outside its ward."""
    folder = root / code
    folder.mkdir()
    text = YAML.replace("city: thu", f"city: {code}").replace("code: thu,", f"code: {code},").replace("99901", ward)
    text = text.replace("Thành phố Thử", name).replace("Test Town", f"{name} Town").replace("vi: Thử", f"vi: {name}")
    text = text.replace("106.41", f"{106.41 + away:.2f}").replace("RIV-", f"{code.upper()}-RIV-")
    text = text.replace("AQ-", f"{code.upper()}-AQ-").replace("  - code: so-b", f"  - code: so-{code}")
    text = text.replace("agency: so-b", f"agency: so-{code}").replace("Sông {n:02}", f"Sông {name} {{n:02}}")
    text = text.replace("Bụi {road}", f"Bụi {name}")
    text = text.replace("sectors:\n", OFFICE % (f"p-{code}", name, name) + sectors, 1)
    text = text.replace("agencies:\n", INPUTS % (ward, name, name, f"p-{code}") + "agencies:\n", 1)
    # 500 m outside the ward's eastern edge: no commune is known there, and it is the city's all the same
    text = text.replace("lat: 10.54}]}", f"lat: 10.54}}, {{lon: {106.425 + away:.3f}, lat: 10.54}}]}}", 1)
    (folder / "city.yaml").write_text(text, "utf-8")
    road = [[106.40 + away, 10.54], [106.42 + away, 10.54]]
    square = [[x + away, y] for x, y in SQUARE]
    (folder / "base.geojson").write_text(
        collection(("LineString", road, {"kind": "road", "name": "Hùng Vương", "approximate": True})), "utf-8"
    )
    wards = collection(("Polygon", [square], {"code": ward, "name": f"Phường {name}", "parent": "80", "kind": "ward"}))
    (folder / "wards.geojson").write_text(wards, "utf-8")
    return folder


@pytest.fixture(scope="module")
def town(standing, tmp_path_factory):
    """Two cities with a post each outside its ward, reports in both, and an officer of the second alone."""
    root = tmp_path_factory.mktemp("cities")
    first = made(root, "thu", "Thử", "99901", 0)
    second = made(root, "kia", "Kia", "99902", FAR)
    with db.writing() as session:
        city.apply(session, guard.SYSTEM, city.plan(session, first))
    alone = Browser(create_app())
    before = alone.get("/").text
    with db.writing() as session:
        city.apply(session, guard.SYSTEM, city.plan(session, second))
    with db.writing() as session:
        for lon, count in ((106.41, 2), (106.41 + FAR, 3), (106.424 + FAR, 1)):
            for _ in range(count):
                scene.report(session, lon=lon, lat=10.54)
        officer = identity.create_person(session, guard.SYSTEM, "kia", "Võ Kia", password=GOOD)
        identity.grant(session, guard.SYSTEM, officer, "duty-officer", "area", "kia")
        chief = identity.create_person(session, guard.SYSTEM, "chief", "Lê Chung", password=GOOD)
        identity.grant(session, guard.SYSTEM, chief, "duty-chief")
    return SimpleNamespace(root=root, before=before)


@pytest.fixture
def browser(town):
    return Browser(create_app())


def names(answer):
    return sorted(one["properties"]["n"] for one in json.loads(answer.text)["features"])


def test_each_page_shows_the_chosen_city_and_the_province_all(town, browser):
    # one city: no choice is offered
    assert 'class="town"' not in town.before
    assert "Thử hôm nay" in town.before
    # several: everything, under the province's name, until somebody chooses
    front = browser.get("/").text
    assert "Tây Ninh hôm nay" in front
    assert {"Sông Thử 01", "Sông Kia 01"} <= set(names(browser.http.get("/portal/things.geojson")))
    choices = re.search(r'<details class="town">.*?</details>', front, re.DOTALL)[0]
    assert re.findall(r"city=(\w+)", choices) == ["thu", "kia", "all"]
    assert re.search(r'city=all"[^>]*aria-current', choices)
    # chosen: its own, and the post beyond its edge; the browser remembers
    front = browser.get("/?city=kia").text
    assert "Kia hôm nay" in front
    assert "Sông Thử" not in front
    kia = names(browser.http.get("/portal/things.geojson"))
    assert kia == ["Bụi Kia 01", "Bụi Kia 02", "Bụi Kia 03", "Bụi Kia 04", "Sông Kia 01", "Sông Kia 02"]
    bounds = [float(x) for x in re.search(r'data-bounds="([\d.,-]+)"', front)[1].split(",")]
    assert bounds[0] > 106.41 + FAR - 0.05
    for path in ("/sectors", "/sectors/water", "/water", "/air", "/reports/new"):
        page = browser.get(path)
        assert page.status_code == 200, path
        assert "Thử" not in page.text.replace("?city=thu", "").replace(">Thử<", ""), path
    figure = json.loads(browser.http.get("/transparency.json").text)["figures"][0]
    assert figure["received"] == 4
    assert len(json.loads(browser.http.get("/reports.geojson").text)["features"]) == 4
    start = json.loads(re.search(r'id="gis-settings">([^<]+)<', browser.get("/map").text)[1])
    assert start["centre"] == [106.91, 10.54]
    # a single thing's address is no question of the city
    thing = browser.http.get("/sta/v1.1/Things?$filter=name eq 'Sông Thử 01'").json()["value"][0]["@iot.id"]
    assert browser.get(f"/things/{thing}").status_code == 200
    # and back
    assert "Tây Ninh hôm nay" in browser.get("/?city=all").text
    assert json.loads(browser.http.get("/transparency.json").text)["figures"][0]["received"] == 6
    # a city that is not there is none
    assert "Tây Ninh hôm nay" in browser.get("/?city=nirgendwo").text


def test_people_of_a_city_begin_there_and_see_it_alone(town, browser):
    with db.reading() as session:
        caller = access.of_person(session, identity.person(session, "kia"))
    assert caller.areas == {"kia"}
    assert not caller.everywhere
    assert guard.may_somewhere(caller, "alarms:read")
    browser.sign_in("kia", GOOD)
    assert "Kia hôm nay" in browser.get("/").text
    page = browser.get("/?city=thu").text
    assert "Kia hôm nay" in page
    assert "Sông Thử" not in page
    assert 'class="town"' not in page
    shown = browser.http.get("/operations/map.json", headers={"accept": "application/json"}).json()
    assert {one["properties"]["n"][:8] for one in shown["things"]["features"]} == {"Bụi Kia ", "Sông Kia"}
    assert "Đô thị Kia" in browser.get("/operations").text
    # who works for the province chooses
    chief = browser.another()
    chief.sign_in("chief", GOOD)
    assert "Đô thị Tây Ninh" in chief.get("/operations").text
    assert len(chief.http.get("/operations/map.json").json()["things"]["features"]) == 12
    assert "Đô thị Thử" in chief.get("/operations?city=thu").text
    assert len(chief.http.get("/operations/map.json").json()["things"]["features"]) == 6


def test_standards_name_the_cities_their_own_way(town, browser):
    ask = browser.http
    ends = ask.get("/open311/v2/discovery.json").json()["endpoints"]
    assert [one["jurisdiction_id"] for one in ends] == ["thu", "kia"]
    for said, count in (
        ("", 6),
        ("?jurisdiction_id=thu", 2),
        ("?jurisdiction_id=kia", 4),
        ("?jurisdiction_id=city.test", 6),
    ):
        assert len(ask.get(f"/open311/v2/requests.json{said}").json()) == count, said
    wrong = ask.get("/open311/v2/requests.json?jurisdiction_id=x")
    assert wrong.status_code == 404
    assert "thu, kia" in wrong.text
    # one catalogue, the province's; agencies of every city publish in it
    assert "Danh mục dữ liệu Tây Ninh" in ask.get("/catalogue.ttl").text


def test_nothing_is_asked_of_who_is_no_page(town):
    """Rooms asked without a page, as chores and interfaces do, leave the chosen city aside."""
    with db.reading() as session:
        assert cities.lens(session) is None
        cities.choose("kia")
        try:
            seen = cities.lens(session)
            assert seen.units == ("99902",)
            assert seen.holds("99902")
            assert not seen.holds("99901")
            assert seen.holds(None, 106.93, 10.54)
            assert not seen.holds(None, 106.43, 10.54)
            assert seen.holds(None)
        finally:
            cities.leave()
        assert cities.lens(session) is None


def test_two_cities_cannot_set_one_value_of_a_pack_differently(town):
    said = "  water: {overrides: [{at: observed_properties.properties.water-level.state.stale_minutes, value: %s, source: thử}]}\n"
    third = made(town.root, "ba", "Ba", "99903", 2 * FAR, sectors=said % 30)
    fourth = made(town.root, "tu", "Tư", "99904", 3 * FAR, sectors=said % 45)
    for folder in (third, fourth):
        text = (folder / "city.yaml").read_text("utf-8").replace("  water: {}\n", "")
        (folder / "city.yaml").write_text(text, "utf-8")
    with db.reading() as session:
        before = city.plan(session, third)
    assert before.work
    with db.writing() as session:
        city.apply(session, guard.SYSTEM, city.plan(session, third))
    with db.reading() as session, pytest.raises(BadInput) as caught:
        city.plan(session, fourth)
    message = str(caught.value.faults[0])
    for part in ("tu", "ba", "30", "45", "observed_properties.properties.water-level.state.stale_minutes"):
        assert part in message, message
