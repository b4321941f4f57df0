"""The cities dothi ships: each reads without a fault, is what the official lists say, and has weather and water of its own."""

import json
from collections import Counter

import numpy as np
import pytest

from dothi.city import feeds, service
from dothi.city.wanted import read
from dothi.identity import guard
from dothi.kit import clock
from dothi.packs import content_path
from dothi.places import official
from dothi.places.cities import Setting
from dothi.sensing.sectors import sectors
from dothi.simulate import climate, models
from dothi.simulate.model import MODELS, Site
from dothi.simulate.tide import Reach
from dothi.tasking import installed
from dothi.tasking import store as tasking
from dothi.transit import store as transit

# Decision 19/2025/QĐ-TTg: the communes of each city, and its province
UNITS = {
    "tan-an": ("80", {"27694": "Long An", "27712": "Tân An", "27715": "Khánh Hậu"}),
    "ben-luc": ("80", {"27991": "Bến Lức", "28018": "Mỹ Yên"}),
    "phan-thiet": ("68", {
        "22945": "Phan Thiết", "22924": "Phú Thuỷ", "22918": "Mũi Né", "22954": "Tiến Thành", "22960": "Bình Thuận",
        "22933": "Hàm Thắng", "22963": "Tuyên Quang",
    }),
    "lang-son": ("20", {"05986": "Tam Thanh", "05983": "Lương Văn Tri", "06187": "Kỳ Lừa", "05977": "Đông Kinh"}),
    "can-tho": ("92", {
        "31135": "Ninh Kiều", "31120": "Cái Khế", "31147": "Tân An", "31150": "An Bình", "31168": "Bình Thuỷ",
        "31174": "Thới An Đông", "31183": "Long Tuyền", "31186": "Cái Răng", "31201": "Hưng Phú",
    }),
}  # fmt: skip
PROVINCES = {"80": "Tây Ninh", "68": "Lâm Đồng", "20": "Lạng Sơn", "92": "Cần Thơ"}


@pytest.fixture(scope="module")
def made():
    """Each shipped city: its blueprint and items."""
    return {city: read(service.find(city)) for city in UNITS}


def of(items, kind):
    return {item.code: item.fields for item in items if item.kind == kind}


def test_the_cities_are_those_and_their_provinces_stand():
    assert {path.parent.name for path in content_path("cities").glob("*/city.yaml")} == set(UNITS)
    standing = {row["code"]: row["name"] for row in official.table() if not row["valid_to"]}
    assert {code: standing[code] for code in PROVINCES} == PROVINCES


@pytest.mark.parametrize("city", sorted(UNITS))
def test_a_shipped_city_is_whole(made, city):
    """Its communes and their sketches, agencies under agencies that are there, every pack, every file."""
    blueprint, items = made[city]
    province, communes = UNITS[city]
    assert [set(area.units) for area in blueprint.places.areas] == [set(communes)]
    assert str(blueprint.places.areas[0].valid_from) == "2025-07-01"
    assert {one["code"] for one in blueprint.inputs["units"]} == set(communes)
    folder = service.find(city)
    sketched = [one["properties"] for one in json.loads((folder / "wards.geojson").read_text("utf-8"))["features"]]
    assert {one["code"]: one["name"] for one in sketched} == communes
    assert {one["parent"] for one in sketched} == {province}
    assert all(one["approximate"] for one in sketched)
    codes = {one.code for one in blueprint.agencies}
    assert {one.parent for one in blueprint.agencies} - {None} <= codes
    assert {"tt-1022", "tt-hcc", "so-nnmt"} <= codes
    assert set(blueprint.sectors) == set(sectors().sectors), "a shipped pack is not taken up"
    assert [one.file for _, one in blueprint.taken().values() if one.file and not (folder / one.file).is_file()] == []
    counts = Counter(item.kind for item in items)
    assert 150 <= counts["datastream"] <= 1500
    assert len(blueprint.taken()) >= 50
    for code, fields in of(items, "thing").items():
        assert fields["properties.simulated"], code
        assert abs(fields["lon"] - blueprint.centre[0]) < 0.25, code
        assert abs(fields["lat"] - blueprint.centre[1]) < 0.2, code


def test_alarm_levels_are_known_or_said_to_be_unknown(made):
    def levels(city, code):
        said = of(made[city][1], "datastream")[f"{code}.water-level"].get("properties.levels") or {}
        return {name: (one.get("value"), one["certainty"]) for name, one in said.items()}

    assert levels("can-tho", "CT-HYD-CANTHO") == {
        "bd1": (1.8, "from-memory"), "bd2": (1.9, "verified"), "bd3": (2.0, "verified"),
    }  # fmt: skip
    assert levels("lang-son", "LS-HYD-LANGSON") == {
        "bd1": (252.0, "second-hand"), "bd2": (255.0, "second-hand"), "bd3": (None, "unknown"),
    }  # fmt: skip
    assert levels("phan-thiet", "PT-HYD-CATY") == {}  # no station of the Cà Ty is known: none is invented


def test_each_city_has_its_own_weather_and_water(made):
    """The year's mean temperature is that of the place; the Kỳ Cùng has no tide and keeps below alarm III; the Hậu has one."""
    models.every()
    year = np.arange(clock.parse("2026-01-01T00:00:00Z"), clock.parse("2027-01-01T00:00:00Z"), 27 * clock.HOUR)
    day = np.arange(clock.parse("2026-01-10T00:00:00Z"), clock.parse("2026-01-11T00:00:00Z"), clock.HOUR)
    means = {"lang-son": 21.2, "phan-thiet": 26.8, "can-tho": 26.9}
    stations = {"lang-son": "LS-HYD-LANGSON", "phan-thiet": "PT-HYD-CATY", "can-tho": "CT-HYD-CANTHO"}
    swing = {}
    for city, usual in means.items():
        blueprint, items = made[city]
        said = of(items, "thing")[stations[city]]["properties.simulation"]
        names = {"tide_share": "share", "tide_delay": "delay"}
        reach = Reach(**{names.get(name, name): value for name, value in said.items()})
        site = Site("X", *blueprint.centre, centre=blueprint.centre, reach=reach)
        assert np.mean(MODELS["air-temperature"](site, year)) == pytest.approx(usual, abs=0.7)
        level = MODELS["water-level"](site, year)
        if city == "lang-son":
            assert 248 < level.min() < level.max() < 257
        swing[city] = np.ptp(MODELS["water-level"](site, day))
    assert swing["lang-son"] < 0.4 < swing["phan-thiet"] < swing["can-tho"]
    assert climate.at(106.48, 10.64) is climate.TAN_AN


def test_phan_thiet_beside_another_city(session):
    """Applied, its plan is empty; actuators are its own alone; the feed a city names is followed, and left when it names none."""
    service.apply(session, guard.SYSTEM, service.plan(session, service.find("phan-thiet")))
    assert service.plan(session, service.find("phan-thiet")).work == []
    lamps = {held.code for held, _ in tasking.actuators(session)}
    assert len(lamps) == 16
    assert all(code.startswith("PT-LGT-") for code in lamps)
    # a second city asks for actuators on things of its own codes only
    wanted = {"values": [{"kind": "lamp-circuit", "things": ["LGT-*"]}]}
    session.add(Setting(name="actuators:khac", value=wanted))
    session.flush()
    assert installed.follow(session, guard.SYSTEM) == 16

    address = "https://xe.example.vn/gtfs"
    asked = {
        "bus-timetable": {"url": address, "simulated": True},
        "bus-realtime": {"url": f"{address}/rt", "every_seconds": 20},
    }
    kept = Setting(name="feeds", value=asked)
    session.merge(kept)
    assert feeds.follow(session, guard.SYSTEM) == ["phan-thiet-bus-timetable"]
    row = transit.locked(session, "phan-thiet-bus-timetable")
    assert (row.url, row.seconds, row.simulated) == (address, 20, True)
    assert row.realtime == dict.fromkeys(("positions", "updates", "alerts"), f"{address}/rt")
    assert row.title == "Biểu đồ chạy xe buýt Phan Thiết"
    row.hours = 5  # by hand: the chore leaves it alone
    feeds.follow(session, guard.SYSTEM, missing_only=True)
    assert row.hours == 5
    session.merge(Setting(name="feeds", value={}))
    assert feeds.follow(session, guard.SYSTEM) == []
    assert not row.active
