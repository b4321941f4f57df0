"""Registers of the demo: deterministic, filled up to now, known since when they happened, and growing with time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

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
