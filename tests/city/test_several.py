"""Two cities of one province in one installation: each page shows the chosen one's, the province all; people of one city theirs."""

import json
import re
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from dothi.app import create_app
from dothi.cases.tables import CaseTimer, Crew
from dothi.city import service as city
from dothi.db import session as db
from dothi.duty import orders
from dothi.duty.tables import Order
from dothi.identity import access, guard
from dothi.identity import service as identity
from dothi.identity import store as identity_store
from dothi.kit import clock
from dothi.kit.errors import BadInput
from dothi.places import cities
from dothi.sensing.tables import Thing
from dothi.tasking.tables import Actuator, Task, TaskingCapability
from dothi.transit import service as transit
from dothi.warnings import standing
from dothi.warnings.tables import Warning_
from tests.cases import scene
from tests.city.conftest import SQUARE, YAML, collection
from tests.duty import people
from tests.transit import feed
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


def warning(name, units, at):
    now = clock.now_micros()
    info = {"language": "vi-VN", "event": "Lũ", "headline": name, "description": "x", "instruction": "x"}
    info |= {"sender_name": "Sở thử", "contact": "", "web": ""}
    area = {"names": {"vi": "Vùng"}, "geometry": None}
    return Warning_(
        identifier=name, sender="thu", state="published", status="Actual", msg_type="Alert", infos=[info], areas=[area],
        severity="Severe", category="Met", units=units, sent_at=now, expires_at=now + clock.DAY, drafted_by="person:1",
        drafted_at=now, simulated=True, west=at, east=at, south=10.54, north=10.54,
    )  # fmt: skip


@pytest.fixture(scope="module")
def busy(town):
    """Orders, a crew, a warning, a bus and a task in each of the two cities; in the province an order and a warning too."""
    with db.writing() as session:
        person = identity.create_person(session, guard.SYSTEM, "tinh", "Lê Tỉnh", password=GOOD)
        identity.grant(session, guard.SYSTEM, person, "administrator")
        clerk = identity.create_person(session, guard.SYSTEM, "clerk", "Hồ Văn Thư", password=GOOD)
        identity.grant(session, guard.SYSTEM, clerk, "officer", "agency", "p-kia")
        both = identity.create_person(session, guard.SYSTEM, "both", "Hồ Hai Nơi", password=GOOD)
        for code in ("p-kia", "so-a"):
            identity.grant(session, guard.SYSTEM, both, "officer", "agency", code)
    with db.writing() as session:
        caller = access.of_person(session, identity.person(session, "tinh"))
        offices = {one.code: one.id for one in identity_store.agencies(session)}
        for name in ("p-thu", "p-kia", "so-a"):
            orders.give(
                session, caller, agency_id=offices[name], text=f"Việc của {name}", due_at=clock.now_micros() + clock.DAY
            )
        for code, name, ward, away in (("thu", "Thử", "99901", 0), ("kia", "Kia", "99902", FAR)):
            session.add(
                Crew(code=f"doi-{code}", name=f"Đội {code}", agency_id=offices[f"p-{code}"], categories=[], active=True)
            )
            session.add(warning(f"Nước lên ở {code}", [ward], 106.41 + away))
            transit.follow(session, caller, f"xe-{code}", f"Xe {code}", simulated=True)
            stops = feed.FILES["stops.txt"].replace("106.4100", f"{106.41 + away:.4f}")
            transit.take(session, caller, f"xe-{code}", transit.read("gtfs.zip", feed.zipped(stops=stops)))
            thing = session.scalars(select(Thing).where(Thing.name == f"Sông {name} 01")).one()
            valve = Actuator(name="Van", description="x", encoding_type="text/plain", metadata_="", thing_id=thing.id)
            session.add(valve)
            session.flush()
            able = TaskingCapability(
                name="Đóng mở", description="x", tasking_parameters={"type": "DataRecord", "field": []}, thing_id=thing.id,
                actuator_id=valve.id,
            )  # fmt: skip
            session.add(able)
            session.flush()
            session.add(Task(
                creation_time=1, tasking_parameters={}, capability_id=able.id, actuator_id=valve.id, thing_id=thing.id,
                state="queued", state_at=1, asked_by="person:1", note="", simulated=True,
            ))  # fmt: skip
        session.add(warning("Bão gần bờ", [], 109.0))
    standing.forget()
    return town


def test_every_list_of_the_inside_follows_the_chosen_city(busy, browser):
    browser.sign_in("tinh", GOOD)
    # what a page shows of the two cities and of the province, whichever is looked at
    pages = {
        "/operations/orders": ("Việc của p-thu", "Việc của p-kia", "Việc của so-a"),
        "/warnings": ("Nước lên ở thu", "Nước lên ở kia", "Bão gần bờ"),
        "/operations/warnings": ("Nước lên ở thu", "Nước lên ở kia", "Bão gần bờ"),
        "/transparency": ("Nước lên ở thu", "Nước lên ở kia", "Bão gần bờ"),  # the band over every page
        "/transit": ("Xe thu", "Xe kia", ""),
        "/operations/tasks": ("Sông Thử 01", "Sông Kia 01", ""),
    }
    for chosen, seen in (("all", (0, 1, 2)), ("thu", (0, 2)), ("kia", (1, 2))):
        for path, names in pages.items():
            page = browser.get(f"{path}?city={chosen}")
            assert page.status_code == 200, path
            assert [n for n, name in enumerate(names) if name in page.text or (not name and n in seen)] == list(seen), (
                path,
                chosen,
            )
        board = browser.get("/desk/board").text
        assert [name in board for name in ("UBND Thử", "UBND Kia")] == [n in seen for n in (0, 1)], chosen
    # the choice stuck; cases to be judged are Kia's four of six
    shown = set(re.findall(r"PA-\d\d-\d{6}", browser.get("/desk/moderation").text))
    every = set(re.findall(r"PA-\d\d-\d{6}", browser.get("/desk/moderation?city=all").text))
    assert (len(shown), len(every)) == (4, 6)
    desk = {
        name: set(re.findall(r"PA-\d\d-\d{6}", browser.get(f"/desk?list=all&city={name}").text))
        for name in ("thu", "kia", "all")
    }
    assert (len(desk["thu"]), len(desk["kia"])) == (2, 4)
    assert desk["thu"] | desk["kia"] == desk["all"]
    # an order by its address is no question of the city, nor are those of one subject
    with db.reading() as session:
        number = session.scalar(select(Order.number).where(Order.text == "Việc của p-thu"))
    assert browser.get(f"/operations/orders/{number}?city=kia").status_code == 200
    # messages of the live stream name alarms of both: asked for by number, only those of the city are told
    with db.writing() as session:
        ids = []
        for ward in ("99901", "99902"):
            made = people.alarm(session, ago=60, title=f"Báo động {ward}", subject_name="x")
            made.unit_code = ward
            session.flush()
            ids.append(made.id)
    asked = f"/operations/queue?ids={ids[0]},{ids[1]}"
    json_ = {"accept": "application/json"}
    assert [row[0] for row in browser.http.get(asked, headers=json_).json()["rows"]] == [ids[1]]
    browser.get("/operations?city=all")
    assert len(browser.http.get(asked, headers=json_).json()["rows"]) == 2


def test_who_works_for_offices_of_one_city_never_chooses(busy, browser):
    browser.sign_in("clerk", GOOD)
    page = browser.get("/?city=thu").text
    assert "Kia hôm nay" in page
    assert 'class="town"' not in page
    assert "Nước lên ở thu" not in page
    # of an office of the province too: both, and a choice
    other = browser.another()
    other.sign_in("both", GOOD)
    page = other.get("/").text
    assert "Tây Ninh hôm nay" in page
    assert 'class="town"' in page


def test_warnings_are_followed_city_by_city(busy, browser):
    for said, count in (("", 3), ("?city=thu", 2), ("?city=kia", 2)):
        assert browser.http.get(f"/cap/atom.xml{said}").text.count("<entry") == count, said
        assert len(browser.http.get(f"/cap/current.geojson{said}").json()["features"]) == count, said
    wrong = browser.http.get("/cap/atom.xml?city=x", headers={"accept": "application/json"})
    assert wrong.status_code == 400
    assert {"thu", "kia"} <= set(wrong.json()["faults"][0]["allowed"].split(", "))
    # a browser's choice is no part of an interface
    browser.get("/?city=kia")
    assert browser.http.get("/cap/atom.xml").text.count("<entry") == 3


def test_each_city_has_its_own_deadlines(busy, browser):
    said = "  waste: {overrides: [%s]}\n"
    dumping = "{at: cases.categories.illegal-dumping.timers.resolve.working_days, value: %s, source: thử}"
    first, second = (busy.root / name / "city.yaml" for name in ("thu", "kia"))
    before = {path: path.read_text("utf-8") for path in (first, second)}
    put = {first: said % dumping % 1, second: said % (dumping % 7)}
    for path, text in before.items():
        path.write_text(text.replace("  water: {}\n", "  water: {}\n" + put[path]), "utf-8")
        with db.writing() as session:
            city.apply(session, guard.SYSTEM, city.plan(session, path.parent))
        with db.reading() as session:
            assert city.plan(session, path.parent).work == []
    # a wrong one is refused by the pack's own schema, at the city's line
    wrong = first.read_text("utf-8").replace("value: 1,", "value: 0,")
    first.write_text(wrong, "utf-8")
    with db.reading() as session, pytest.raises(BadInput) as caught:
        city.plan(session, first.parent)
    assert "thu/city.yaml" in str(caught.value.faults[0])
    try:
        given = {}
        with db.writing() as session:
            for name, lon in (("thu", 106.41), ("kia", 106.41 + FAR), ("nowhere", 105.0)):
                case = scene.report(session, category="illegal-dumping", lon=lon, lat=10.54)
                timer = session.scalars(
                    select(CaseTimer).where(CaseTimer.case_id == case.id, CaseTimer.code == "resolve")
                ).one()
                given[name] = (timer.unit, timer.budget)
        assert given == {"thu": ("working-days", 1), "kia": ("working-days", 7), "nowhere": ("working-days", 3)}
        # the desk's table says those of the city looked at
        browser.sign_in("tinh", GOOD)
        said_at = {name: browser.get(f"/desk/settings/deadlines?city={name}").text for name in ("thu", "kia", "all")}
        row = r"Đổ rác trộm</dt><dd class=\"num\">(\d) "
        assert {name: re.findall(row, page) for name, page in said_at.items()} == {
            "thu": ["1"],
            "kia": ["7"],
            "all": ["3"],
        }
    finally:
        for path, text in before.items():
            path.write_text(text, "utf-8")
            with db.writing() as session:
                city.apply(session, guard.SYSTEM, city.plan(session, path.parent))
