"""What citizens see on the public pages, in a real browser against the real server."""

from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from dothi import config
from dothi.kit import clock
from tests.browser import axe, seed
from tests.browser.conftest import PHONE, at_length
from tests.servers import Running

pytestmark = pytest.mark.browser
# how a page looks does not depend on the database under it
once = pytest.mark.parametrize("standing", ["sqlite"], indirect=True)

PAGES = ["/", "/air", "/water", "/things/{river}", "/air/{air0}", "/water/{river}", "/things/{empty}", "/air/{air4}"]


@pytest.fixture(scope="module")
def city(standing):
    """A small simulated Tân An, answering all of these tests; what one sends takes nothing from the others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOTHI_OPEN_WRITES", "1")
        patch.setenv("DOTHI_DEFAULT_SHARING", "open")
        config.settings.cache_clear()
        named = seed.city(lamps=12)
        with Running() as running:
            yield SimpleNamespace(url=running.url, things=named)


def path(city, page):
    return city.url + page.format(**city.things)


def post(city, where, body):
    answer = httpx.post(f"{city.url}/sta/v1.1/{where}", json=body, timeout=30)
    assert answer.status_code == 201, answer.text
    return answer


def days_ago(url):
    """How many days back a series was asked from."""
    query = parse_qs(urlsplit(url).query)
    return round((clock.now_micros() - clock.parse(query["from"][0])) / clock.DAY) if "from" in query else None


def river_stage(city):
    found = httpx.get(f"{city.url}/portal/things.geojson", params={"ids": city.things["river"]}).json()
    kinds = found["kinds"]
    return next(s["d"] for s in found["features"][0]["properties"]["st"] if kinds[s["k"]]["u"] == "m")


def test_a_value_sent_by_a_sensor_moves_on_every_page_that_shows_it(city, visit):
    stage = river_stage(city)
    pages = [visit(path(city, one)) for one in ("/", "/things/{river}", "/water/{river}")]
    for one in pages:
        one.page.wait_for_selector("html[data-live=on]")
    post(city, f"Datastreams({stage})/Observations", {"result": 1.87})
    for one in pages:
        expect(one.page.locator(f"live-value[data-stream='{stage}']").first).to_have_text("1,87")
        assert one.complaints == []


def station(city):
    post(city, "Things", {
        "name": "Trạm vừa dựng", "description": "mới", "properties": {"simulated": True},
        "Locations": [{"name": "chỗ", "description": "chỗ", "encodingType": "application/geo+json",
                       "location": {"type": "Point", "coordinates": [106.41, 10.54]}}],
    })  # fmt: skip


def test_a_new_thing_appears_on_the_open_map_with_its_value(city, visit):
    page = visit(path(city, "/")).page
    page.wait_for_selector("city-map[data-ready]")
    before = int(page.locator("city-map").get_attribute("data-count"))
    station(city)
    expect(page.locator("city-map")).to_have_attribute("data-count", str(before + 1))
    page.get_by_role("combobox").fill("tram vua dung")
    page.get_by_role("option", name="Trạm vừa dựng").click()
    expect(page.locator("city-map .pop")).to_contain_text("Trạm vừa dựng")


def test_a_map_of_some_things_stays_theirs(city, visit):
    some, every = (visit(path(city, one)).page for one in ("/sectors/air", "/"))
    some.locator("city-map").first.scroll_into_view_if_needed()
    for page in (some, every):
        page.wait_for_selector("city-map[data-ready]")
        page.wait_for_selector("html[data-live=on]")
    before = int(every.locator("city-map").get_attribute("data-count"))
    dust = some.locator("city-map").first.get_attribute("data-count")
    assert 0 < int(dust) < before
    station(city)
    expect(every.locator("city-map")).to_have_attribute("data-count", str(before + 1))
    some.wait_for_timeout(600)  # time to ask for it
    expect(some.locator("city-map").first).to_have_attribute("data-count", dust)


@once
def test_places_are_found_with_and_without_diacritics(city, visit):
    page = visit(path(city, "/")).page
    page.wait_for_selector("city-map[data-ready]")
    for typed in ("khanh hau", "Khánh Hậu"):
        page.get_by_role("combobox").fill(typed)
        expect(page.get_by_role("option").filter(has_text="Phường Khánh Hậu")).to_be_visible()
    page.get_by_role("combobox").press("ArrowDown")
    page.get_by_role("combobox").press("Enter")
    expect(page.locator("city-map")).to_have_attribute("data-place", "Phường Khánh Hậu")


@once
def test_the_list_finds_without_diacritics_and_without_script(city, visit):
    page = visit(path(city, "/?q=tram+thuy+van"), java_script_enabled=False).page
    expect(page.locator(".rows li")).to_have_count(1)
    expect(page.locator(".rows li")).to_contain_text("Trạm thủy văn Tân An")


@once
def test_the_essential_facts_need_no_script(city, visit):
    page = visit(path(city, "/"), java_script_enabled=False, **PHONE).page
    assert page.locator(".aqibox b").inner_text().isdigit()
    expect(page.locator(".side")).to_contain_text("Sông Vàm Cỏ Tây")
    expect(page.locator(".side svg.chart:visible")).to_have_count(1)
    page.goto(path(city, "/water/{river}"))
    expect(page.locator("main")).to_contain_text("Báo động III")
    expect(page.locator("svg.chart:visible")).to_have_count(1)
    page.goto(path(city, "/air/{air0}"))
    expect(page.locator("main")).to_contain_text("PM2.5")


@once
def test_no_data_is_said_and_never_shown_as_zero(city, visit):
    page = visit(path(city, "/things/{empty}"), java_script_enabled=False).page
    expect(page.locator(".values .fig")).to_have_text("–")
    expect(page.locator(".values")).to_contain_text("Không có dữ liệu")
    page.goto(path(city, "/air/{air4}"))  # silent for a day
    expect(page.locator(".blk")).to_contain_text("Không có AQI")
    page.goto(path(city, "/?q=tram+moi+lap"))
    expect(page.locator(".rows .val")).to_have_text("không có dữ liệu")


@once
def test_a_gap_in_the_series_stays_a_gap(city, visit):
    page = visit(path(city, "/water/{river}")).page
    page.wait_for_selector("time-chart[data-ready]")
    expect(page.locator("time-chart .say")).to_contain_text("1 khoảng thiếu số liệu")
    page.get_by_role("button", name="Bảng").click()
    expect(page.locator("time-chart .tbl")).to_contain_text("không có dữ liệu")


@once
def test_the_chart_compares_with_the_day_before_and_shows_other_ranges(city, visit):
    visitor = visit(path(city, "/things/{river}"))
    page = visitor.page
    page.wait_for_selector("time-chart[data-ready]")
    with page.expect_response(lambda r: days_ago(r.url) == 2) as asked:
        page.get_by_label("So với").select_option("previous")
    assert asked.value.ok
    with page.expect_response(lambda r: days_ago(r.url) == 30) as asked:
        page.get_by_label("Khoảng thời gian").select_option("30d")
    assert len(asked.value.json()["at"]) > 200
    assert visitor.complaints == []


@once
def test_simulated_data_says_so_on_every_page(city, visit):
    page = visit(path(city, "/"), java_script_enabled=False).page
    for one in PAGES:
        page.goto(path(city, one))
        expect(page.locator(".mode[data-m=sim]")).to_contain_text("Dữ liệu mô phỏng")


@once
def test_the_pages_speak_english_when_asked(city, visit):
    page = visit(path(city, "/?lang=en")).page
    assert page.locator("html").get_attribute("lang") == "en"
    expect(page.locator("h1")).to_have_text("Tân An today")
    page.goto(path(city, "/water/{river}"))  # remembered
    expect(page.locator("main")).to_contain_text("Alarm III")
    expect(page.locator(".fig").first).to_contain_text(".")


@once
@pytest.mark.parametrize(
    ("screen", "pages"),
    [at_length({}, PAGES), ({**PHONE, "color_scheme": "dark"}, PAGES[:5])],
    ids=["desk", "phone-dark"],
)
def test_every_page_is_accessible_and_keeps_its_own_policy(city, visit, screen, pages):
    visitor = visit("about:blank", **screen)
    page = visitor.page
    for one in pages:
        page.goto(path(city, one))
        if page.locator("time-chart").count():
            page.locator("time-chart").scroll_into_view_if_needed()
            page.wait_for_selector("time-chart[data-ready]")
        assert axe.faults(page) == [], one
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{one} scrolls sideways"
        assert visitor.complaints == [], one


@once
def test_the_picture_of_the_map_shows_every_placed_sensor(city):
    things = httpx.get(f"{city.url}/portal/things.geojson").json()["features"]
    svg = httpx.get(f"{city.url}/portal/map.svg").text
    placed = [t for t in things if t["geometry"]]
    assert svg.count("<title>") == len(placed)


def test_a_series_is_refused_in_words_when_the_question_is_wrong(city):
    stage = river_stage(city)
    for query in ("from=yesterday", "from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z"):
        answer = httpx.get(f"{city.url}/portal/series/{stage}?{query}")
        assert answer.status_code == 400
        assert "from" in answer.text
    assert httpx.get(f"{city.url}/portal/series/999999").status_code == 404
    assert httpx.get(f"{city.url}/portal/things.geojson?bbox=1,2,3").status_code == 400
    assert httpx.get(f"{city.url}/things/999999").status_code == 404


def test_long_series_come_as_means_with_their_step(city):
    stage = river_stage(city)
    now = clock.now_micros()
    start, end = clock.iso(now - 400 * clock.DAY), clock.iso(now)
    found = httpx.get(f"{city.url}/portal/series/{stage}", params={"from": start, "to": end}).json()
    assert len(found["at"]) == len(found["value"]) <= 1500
