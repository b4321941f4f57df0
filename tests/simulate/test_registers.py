"""Registers of the demo: deterministic, filled up to now, known since when they happened, and growing with time."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dothi.city import blueprint
from dothi.city import service as city
from dothi.datasets import service as datasets
from dothi.datasets.tables import Dataset, Record, RecordVersion
from dothi.identity import guard
from dothi.kit import clock
from dothi.places import base
from dothi.places import service as places
from dothi.simulate import records, registers
from dothi.simulate.ground import Ground
from dothi.simulate.luck import chance, count, pick
from dothi.simulate.registers import Register, Row

NOW = clock.parse("2026-11-20T15:00:00+07:00")


def falls(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Trees that fell: one or two a day, mended after a day."""
    for day in range(begin, now, clock.DAY):
        for n in range(count(1.2, "falls", day)):
            at = day + int(clock.DAY * chance("at", day, n))
            spot = ground.on_road("falls", day, n, aside=12)
            state = "cleared" if at + clock.DAY <= now else "lying"
            yield Row(f"T-{day // clock.DAY}-{n}", at, {"road": spot.road, "state": state}, spot.point)


@pytest.fixture
def land(session, monkeypatch):
    base.load_base(session, Path("cities/tan-an"), "tan-an")
    places.put_area(session, guard.SYSTEM, "tan-an", name="Tân An", units=["27694", "27712", "27715"])
    fields = {"road": {"type": "string", "title": "Đường"}, "state": {"type": "string", "title": "Tình trạng"}}
    body = {"code": "fallen-trees", "title": "Cây đổ", "geometry_type": "Point", "simulated": True,
            "schema": {"type": "object", "properties": fields}}  # fmt: skip
    datasets.create(session, guard.SYSTEM, body)
    session.commit()
    monkeypatch.setattr(registers, "every", lambda: {"fallen-trees": Register("fallen-trees", falls, 60)})


def test_a_register_is_filled_once_grows_and_is_known_since_it_happened(session, land):
    written = records.fill(NOW)
    held = {one.key: one for one in session.scalars(select(Record))}
    assert 40 < written == len(held) < 110
    days = {one.recorded_at // clock.DAY for one in held.values()}
    assert len(days) > 30
    assert max(one.recorded_at for one in held.values()) <= NOW
    assert {one.unit_code for one in held.values()} <= {"27694", "27712", "27715", None}
    session.rollback()
    assert records.fill(NOW) == 0
    later = records.fill(NOW + 3 * clock.DAY)
    session.rollback()
    now = {one.key: one for one in session.scalars(select(Record))}
    assert later >= len(now) - len(held) > 0
    assert held.keys() <= now.keys()
    turned = session.scalars(select(RecordVersion.key)).all()
    assert turned  # those that lay were cleared, and that they lay is in their history
    assert {now[key].properties["state"] for key in turned} == {"cleared"}


def test_a_dataset_not_marked_simulated_is_never_filled(session, land):
    session.scalars(select(Dataset)).one().simulated = False
    session.commit()
    assert records.fill(NOW) == 0


def test_luck_repeats_and_is_spread():
    assert chance("a", 1) == chance("a", 1) != chance("a", 2)
    drawn = [pick({"a": 3.0, "b": 1.0}, n) for n in range(2000)]
    assert 1400 < drawn.count("a") < 1600
    many = [count(2.5, n) for n in range(4000)]
    assert 2.4 < sum(many) / 4000 < 2.6


def test_every_register_shipped_is_ordered_after_those_it_needs():
    order = list(registers.every())
    for one in registers.every().values():
        assert all(order.index(other) < order.index(one.dataset) for other in one.after if other in order)


def test_what_a_citys_own_file_brought_stays_beside_what_a_register_makes(session, land, monkeypatch):
    body = {"type": "Feature", "id": "CAY-01", "geometry": {"type": "Point", "coordinates": [106.41, 10.53]},
            "properties": {"road": "Hùng Vương", "state": "lying"}}  # fmt: skip
    datasets.put(session, guard.SYSTEM, "fallen-trees", "CAY-01", body)
    session.commit()
    monkeypatch.setattr(registers, "every", lambda: {"fallen-trees": Register("fallen-trees", falls, 60, prefix="T-")})
    assert records.fill(NOW) > 40
    assert records.fill(NOW + 3 * clock.DAY) > 0
    session.rollback()
    assert session.scalars(select(Record.properties).where(Record.key == "CAY-01")).one()["state"] == "lying"


@pytest.mark.parametrize("name", ["tan-an", "phan-thiet", "lang-son", "can-tho"])
def test_no_register_takes_away_what_a_citys_file_has(name):
    taken = {
        code: one for pack in blueprint.load(city.find(name))[0].sectors.values() for code, one in pack.datasets.items()
    }
    for code, one in taken.items():
        made = registers.every().get(code)
        if made is None or one is None or not one.file:
            continue
        kept = json.loads((city.find(name) / one.file).read_text("utf-8"))["features"]
        assert made.prefix, code
        assert not any(feature["id"].startswith(made.prefix) for feature in kept), code


def ground_of(name: str) -> Ground:
    """A city's own files, at its own place."""
    town, folder = blueprint.load(city.find(name))[0], city.find(name)
    own = {
        code: json.loads((folder / one.file).read_text("utf-8"))["features"]
        for pack in town.sectors.values()
        for code, one in pack.datasets.items()
        if one is not None and one.file
    }
    return Ground([], [], town.centre, own)


def made(dataset: str, name: str, begin: int, now: int = NOW) -> list[dict[str, Any]]:
    """What a register makes of a city since a day."""
    return [row.properties for row in registers.every()[dataset].make(ground_of(name), begin, now)]


def test_each_city_sells_what_grows_there():
    day = clock.midnight(clock.local_day(NOW))
    sold = {name: {one["product"] for one in made("market-prices", name, day)} for name in ("lang-son", "phan-thiet")}
    assert "star-anise" in sold["lang-son"]
    assert "dragon-fruit" not in sold["lang-son"]
    assert {"dragon-fruit", "anchovy"} <= sold["phan-thiet"]
    sick = {one["pest"] for one in made("pest-reports", "lang-son", day - 365 * clock.DAY)}
    assert sick
    assert "dragon-fruit-canker" not in sick
    fish = {one["product"] for one in made("production", "phan-thiet", day) if one["enterprise"] == "CN-PT-02"}
    assert fish == {"Nước mắm"}


def test_lorries_at_the_border_add_up():
    begin = clock.midnight(clock.local_day(NOW - 60 * clock.DAY))
    rows = made("border-waits", "lang-son", begin)
    assert {one["gate_name"] for one in rows} == {"Cửa khẩu Hữu Nghị", "Cửa khẩu Tân Thanh"}
    for gate in {one["gate"] for one in rows}:
        days = [one for one in rows if one["gate"] == gate]
        for before, after in pairwise(days):
            assert before["waiting"] + after["arrived"] - after["cleared"] == after["waiting"]
        assert min(one["cleared"] for one in days) > 0


def test_flags_follow_the_waves_and_come_down_at_night():
    noon, night = (clock.parse(f"2026-11-20T{hour}:30:00+07:00") for hour in ("13", "21"))
    by_day, by_night = (made("beaches", "phan-thiet", at - clock.DAY, at) for at in (noon, night))
    assert {one["name"] for one in by_day} == {"Bãi biển Đồi Dương", "Bãi tắm Hàm Tiến", "Bãi Rạng"}
    assert all(one["flag"] in ("green", "yellow", "red") and one["guards"] > 0 for one in by_day)
    assert {(one["flag"], one["guards"], one["reason"]) for one in by_night} == {("none", 0, "Ngoài giờ trực")}
    assert made("beaches", "lang-son", noon - clock.DAY, noon) == []


def test_what_is_held_in_the_open_is_held_by_day_and_boats_race_on_water():
    for name in ("phan-thiet", "lang-son"):
        held = made("events", name, clock.midnight(clock.local_day(NOW - 180 * clock.DAY)))
        assert held
        for one in held:
            hours = [(clock.parse(one[key]) + 7 * clock.HOUR) // clock.HOUR % 24 for key in ("starts", "ends")]
            assert 5 <= hours[0] < hours[1] <= 22
            assert "Dục Thanh" not in one["place"]  # a museum
        races = [one["place"] for one in held if "thuyền" in one["name"]]
        assert races if name == "phan-thiet" else not races
