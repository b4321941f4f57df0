"""Our encoder says what another library reads."""

import math
from itertools import pairwise

import mapbox_vector_tile
import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dothi.datasets import mvt

whole = st.integers(-64, 4160)
position = st.tuples(whole, whole)
value = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**62), 2**62), st.floats(allow_nan=False), st.text(max_size=6)
)


def read(body):
    return mapbox_vector_tile.decode(body, default_options={"y_coord_down": True, "geojson": True})


@st.composite
def shape(draw):
    kind = draw(st.sampled_from(["point", "points", "line", "lines", "box", "ring", "boxes", "empty"]))
    if kind == "empty":
        return shapely.Point()
    if kind == "point":
        return shapely.Point(draw(position))
    if kind == "points":
        return shapely.MultiPoint(draw(st.lists(position, min_size=2, max_size=4, unique=True)))
    if kind in {"line", "lines"}:
        lines = [draw(st.lists(position, min_size=2, max_size=5, unique=True)) for _ in range(1 + (kind == "lines"))]
        return shapely.LineString(lines[0]) if kind == "line" else shapely.MultiLineString(lines)
    x, y, size = draw(whole), draw(whole), draw(st.integers(8, 500))
    if kind == "box":
        return shapely.box(x, y, x + size, y + size, ccw=draw(st.booleans()))
    if kind == "ring":
        return shapely.box(x, y, x + size, y + size).difference(shapely.box(x + 2, y + 2, x + 5, y + 6))
    return shapely.MultiPolygon([shapely.box(x, y, x + size, y + 3), shapely.box(x, y + 5, x + size, y + 9)])


def same(found, value):
    return type(found) is type(value) and (found == value or (math.isnan(found) and math.isnan(value)))


@given(st.lists(st.tuples(shape(), value, value), max_size=6))
@settings(max_examples=80, deadline=None)
def test_another_library_reads_the_same_features(features):
    geometries = np.array([one for one, _, _ in features], dtype=object)
    columns = [("tên", [a for _, a, _ in features]), ("b", [b for _, _, b in features])]
    body = mvt.layer("lớp", 4096, geometries, columns)
    drawn = [one for one in features if not one[0].is_empty]
    if not drawn:
        assert body == b""
        return
    layer = read(body)["lớp"]
    assert layer["version"] == 2
    assert layer["extent"] == 4096
    for found, (geometry, a, b) in zip(layer["features"], drawn, strict=True):
        there = shapely.geometry.shape(found["geometry"])
        assert there.equals(geometry) or shapely.equals_exact(there.normalize(), geometry.normalize())
        wanted = {name: one for name, one in (("tên", a), ("b", b)) if one is not None}
        assert found["properties"].keys() == wanted.keys()
        assert all(same(found["properties"][name], one) for name, one in wanted.items())


def test_outer_rings_have_a_positive_area_whichever_way_they_came():
    squares = np.array([shapely.box(0, 0, 10, 10, ccw=True), shapely.box(0, 0, 10, 10, ccw=False)], dtype=object)
    for feature in read(mvt.layer("a", 4096, squares, []))["a"]["features"]:
        ring = feature["geometry"]["coordinates"][0]
        assert sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(ring)) == 200
