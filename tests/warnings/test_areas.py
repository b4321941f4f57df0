"""Areas: small enough for every receiver, and nobody who is inside is left out."""

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dothi.kit.errors import BadInput
from dothi.warnings import areas
from dothi.warnings.model import Area


@pytest.fixture(autouse=True)
def own_key():
    """No database here."""


METRE = 1.2e-5  # degrees: what rounding to five decimals may move


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 3000), st.integers(4, 200))
def test_a_simpler_outline_covers_the_whole(seed, corners, most):
    import numpy as np

    luck = np.random.default_rng(seed)
    turns = np.sort(luck.uniform(0, 2 * np.pi, corners))
    far = 0.02 * (1 + 0.4 * luck.random(corners))
    shape = shapely.make_valid(
        shapely.Polygon(np.column_stack([106.4 + far * np.cos(turns), 10.5 + far * np.sin(turns)]))
    )
    if shape.geom_type != "Polygon" or shape.area < 1e-6:
        return
    simple = areas.covering(shape, most)
    assert all(len(one.exterior.coords) <= max(most, 5) for one in shapely.get_parts(simple))
    assert simple.is_valid
    assert simple.buffer(METRE).covers(shape)


def test_holes_are_filled_and_islands_gathered():
    ring = shapely.Point(106.4, 10.5).buffer(0.05).difference(shapely.Point(106.4, 10.5).buffer(0.02))
    assert areas.covering(ring).covers(shapely.Point(106.4, 10.5))
    islands = shapely.union_all([shapely.Point(106 + i * 0.01, 10.5).buffer(0.002) for i in range(100)])
    simple = areas.covering(islands)
    assert len(shapely.get_parts(simple)) <= areas.MOST_RINGS
    assert simple.buffer(METRE).covers(islands)


def test_a_ring_is_written_latitude_first_and_closed():
    (ring,) = areas.rings(shapely.box(106.4, 10.5, 106.5, 10.6))
    assert ring[0] == ring[-1]
    assert areas.ring_of(areas.ring_text(ring)) == ring
    assert areas.ring_text(ring).startswith("10.5,106.5 ")
    assert areas.ring_text(((1e-7, -1e-7), (0, 1), (1, 1), (0, 0))) == "0,0 0,1 1,1 0,0"


@pytest.mark.parametrize("text", ["", "10.5,106.4", "10,106 10,107 11,107 11,106", "106,10 107,10 107,11 106,10",
                                  "10,106 10 11,107 10,106", "nan,1 1,1 2,2 nan,1", "1_0,1 1,1 2,2 1_0,1", "inf,0 1,1 2,2 inf,0"])  # fmt: skip
def test_what_is_no_ring(text):
    with pytest.raises(ValueError, match=r"."):
        areas.ring_of(text)


@pytest.mark.parametrize("text", ["", "10,106", "10,106 x", "106,10 5", "10,106 -1", "10,106 1e9", "10,106 nan"])
def test_what_is_no_circle(text):
    with pytest.raises(ValueError, match=r"."):
        areas.circle_of(text)


def test_a_circle_is_drawn_around_its_centre():
    shape = areas.shape(Area("x", circles=((10.5, 106.4, 5.0),)))
    west, south, east, north = shape.bounds
    assert abs((north - south) * areas._DEGREE - 10) < 0.1
    assert abs((east - west) * areas._DEGREE * 0.983 - 10) < 0.1
    assert areas.shape(Area("x", circles=((10.5, 106.4, 0.0),))).area > 0
    assert areas.shape(Area("x", geocodes=(("SAME", "006037"),))) is None


def test_what_is_drawn_must_be_a_surface():
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    assert areas.drawn(bow).is_valid
    two = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": bow}] * 2}
    assert areas.drawn(two).area == areas.drawn(bow).area
    for bad in (
        {"type": "Point", "coordinates": [1, 2]},
        {"type": "FeatureCollection", "features": []},
        7,
        None,
        {},
        [],
    ):
        with pytest.raises(BadInput):
            areas.drawn(bad)
