"""A cached tile is never stale, and what lies elsewhere does not make it so."""

import math

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from dothi.datasets import stamps
from dothi.datasets.tables import Dataset, TileStamp
from dothi.kit import clock


def make(session, code="lamps"):
    now = clock.micros(clock.now())
    row = {"code": code, "title": code, "folded": code, "schema": {}, "created_at": now, "described_at": now}
    found = session.execute(insert(Dataset).values(sharing="open", status="published", **row).returning(Dataset.id))
    return found.scalar_one()


def version(session, dataset_id, z, x, y):
    return session.execute(stamps.of_tile(dataset_id, z), {"x": x, "y": y}).scalar_one()


def position(lon, lat):
    """Where a position lies in the unit square, from the formula of EPSG:3857."""
    sine = math.sin(math.radians(max(min(lat, 85.0511287), -85.0511287)))
    return (lon + 180) / 360, 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)


def meets(box, z, x, y):
    """Whether a box touches a tile with its buffer: the plain twin."""
    west, south, east, north = box
    (x0, y0), (x1, y1) = position(west, north), position(east, south)
    size = 2.0**-z
    reach = stamps.BUFFER * size
    return (
        x0 <= (x + 1) * size + reach
        and x1 >= x * size - reach
        and y0 <= (y + 1) * size + reach
        and y1 >= y * size - reach
    )


longitude = st.floats(105.0, 106.5)
latitude = st.floats(20.0, 21.5)
width = st.sampled_from([0.0, 0.0, 1e-6, 0.001, 0.01, 0.2, 3.0, 40.0])


@st.composite
def box(draw):
    west, south = draw(longitude), draw(latitude)
    return west, south, west + draw(width), min(south + draw(width), 85.0)


@st.composite
def tile(draw):
    z = draw(st.integers(0, 20))
    x, y = position(draw(longitude), draw(latitude))
    return z, int(x * 2**z), int(y * 2**z)


@given(writes=st.lists(st.lists(box(), max_size=4), max_size=4), tiles=st.lists(tile(), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_tile_has_at_least_the_version_of_the_last_write_that_meets_it(session, writes, tiles):
    session.rollback()
    dataset_id = make(session)
    for number, boxes in enumerate(writes, 1):
        stamps.touch(session, dataset_id, boxes, number)
    for one in tiles:
        needed = max((n for n, boxes in enumerate(writes, 1) if any(meets(b, *one) for b in boxes)), default=0)
        assert version(session, dataset_id, *one) >= needed
    session.rollback()


@given(lon=longitude, lat=latitude, z=st.integers(0, 20), data=st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_write_of_a_small_box_leaves_tiles_two_cells_away_alone(session, lon, lat, z, data):
    session.rollback()
    dataset_id = make(session)
    stamps.touch(session, dataset_id, [(lon, lat, lon + 0.005, lat + 0.005)], 1)
    x, y = (part * 2**z for part in position(lon, lat))
    finest = min((level for level in stamps.LEVELS if level >= z), default=stamps.LEVELS[0])
    cell = 2.0 ** (z - finest)  # width of a cell in tiles
    away = 3 * cell + 0.005 / 360 * 2**z + stamps.BUFFER
    aside = math.floor(x + away) + 1 + data.draw(st.integers(0, 3))
    if aside < 2**z:
        assert version(session, dataset_id, z, aside, math.floor(y)) == 0
    assert version(session, dataset_id, z, math.floor(x), math.floor(y)) == 1
    session.rollback()


def test_a_write_in_one_ward_leaves_the_tiles_of_another_alone(session):
    dataset_id = make(session)
    hoan_kiem, ha_dong = (105.84, 21.02, 105.86, 21.04), (105.74, 20.95, 105.76, 20.97)
    stamps.touch(session, dataset_id, [hoan_kiem], 1)
    stamps.touch(session, dataset_id, [ha_dong], 2)
    for z in (12, 14, 16):
        x, y = (int(part * 2**z) for part in position(105.85, 21.03))
        assert version(session, dataset_id, z, x, y) == 1
    x, y = (int(part * 2**9) for part in position(105.85, 21.03))
    assert version(session, dataset_id, 9, x, y) == 2  # both wards are in it


def test_nothing_said_of_where_means_everywhere(session):
    dataset_id = make(session)
    stamps.touch(session, dataset_id, None, 7)
    assert version(session, dataset_id, 14, 13000, 7200) == 7
    assert version(session, dataset_id, 0, 0, 0) == 7


def test_records_without_geometry_touch_no_tile(session):
    dataset_id = make(session)
    stamps.touch(session, dataset_id, [], 3)
    assert version(session, dataset_id, 0, 0, 0) == 0


def test_another_dataset_is_left_alone(session):
    one, other = make(session), make(session, "benches")
    stamps.touch(session, one, None, 5)
    assert version(session, other, 3, 6, 3) == 0


def test_a_load_of_a_million_points_stamps_few_cells(session):
    import numpy as np

    random = np.random.default_rng(1)
    points = np.stack([random.uniform(105, 106, 1_000_000), random.uniform(20, 21, 1_000_000)], axis=1)
    cells = stamps.cells(np.concatenate([points, points], axis=1))
    assert 0 < len(cells) < 10_000


def test_across_the_antimeridian_both_sides_are_touched(session):
    dataset_id = make(session)
    stamps.touch(session, dataset_id, [(179.99, 0.01, -179.99, 0.02)], 1)
    assert version(session, dataset_id, 10, 1023, 511) == 1
    assert version(session, dataset_id, 10, 0, 511) == 1
    assert version(session, dataset_id, 10, 512, 511) == 0


def test_an_older_write_that_comes_late_does_not_turn_the_clock_back(session):
    dataset_id = make(session)
    stamps.touch(session, dataset_id, None, 9)
    stamps.touch(session, dataset_id, None, 8)
    assert version(session, dataset_id, 4, 12, 6) == 9
    assert session.scalar(select(TileStamp.version)) == 9
