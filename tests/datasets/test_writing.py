"""Many records are made ready in one pass; each is what it would be alone."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dothi.datasets import placing, shaping, writing
from dothi.kit import geo
from dothi.places import atlas, service, store
from dothi.places.tables import Unit
from tests.datasets.conftest import SCHEMA, lamp


@pytest.fixture(autouse=True)
def nowhere(request, monkeypatch):
    """No communes, where a test does not ask for them."""
    if "session" not in request.fixturenames:
        monkeypatch.setattr(placing, "communes", lambda _, shapes: np.full(len(shapes), None, object))


def dataset(kind="Point", key="code", schema=SCHEMA):
    return SimpleNamespace(schema=schema, geometry_type=kind, key_field=key)


def shape(text, kind="Geometry"):
    """One shape given as text (WKT)."""
    made = shaping.shaped(np.array([shapely.from_wkt(text)], object), kind)
    return made, made.shapes[0]


def test_rows_are_ready_and_faults_have_their_row_and_column():
    made = writing.prepare(None, dataset(), [
        lamp("A1", road="Hòa Bình"), lamp("A2", height="tall", lamp=1), lamp(None), lamp("A1"), lamp("A5", 10.0, 105.0), lamp("A6", None),
    ])  # fmt: skip
    assert [(row["row"], row["key"]) for row in made.rows] == [(1, "A1"), (6, "A6")]
    assert made.rows[1]["west"] is made.rows[1]["geometry"] is made.rows[1]["geojson"] is None
    assert [(fault.row, fault.column) for fault in made.faults] == [
        (2, "height"), (2, "lamp"), (3, "code"), (4, "id"), (5, "geometry"),
    ]  # fmt: skip
    assert made.faults[0].value == "tall"


def test_rows_keep_the_numbers_of_their_file():
    made = writing.prepare(None, dataset(), [lamp("A1"), lamp("A2", height=-1)], numbers=[12, 40])
    assert (made.rows[0]["row"], made.faults[0].row) == (12, 40)


def test_shapes_a_reader_has_are_taken_as_they_are():
    shapes = np.array([shapely.Point(105.78, 10.03, 7.5), None], object)
    made = writing.prepare(
        None, dataset(), [{"properties": {"code": "A1"}}, {"properties": {"code": "A2"}}], shapes=shapes
    )
    assert made.rows[0]["geojson"] == '{"type":"Point","coordinates":[105.78,10.03]}'
    assert len(made.rows[0]["geometry"]) == 21  # two dimensions
    assert made.rows[1]["geojson"] is None
    assert shapes[0].has_z  # what was given is left as it was


def test_a_whole_number_may_be_the_key():
    held = {"properties": {"n": {"type": "integer"}}}
    made = writing.prepare(
        None, dataset(None, "n", held), [{"properties": {"n": 7}}, {"id": "8", "properties": {}}, {"id": "x"}]
    )
    assert [(row["key"], row["properties"]) for row in made.rows] == [("7", {"n": 7}), ("8", {"n": 8})]
    assert {fault.row for fault in made.faults} == {3}


@pytest.mark.parametrize("key", ["", "  ", "x" * 201, "a\nb", True, 1.5, {}])
def test_what_is_no_key(key):
    assert writing.key_of(key)[0] is None


# --- shapes


def test_geojson_has_seven_decimals_and_the_bytes_have_all():
    made, _one = shape("LINESTRING (105.123456789 10.5, 106 11.000000001)")
    assert json.loads(made.texts[0])["coordinates"] == [[105.1234568, 10.5], [106.0, 11.0]]
    assert geo.from_wkb(made.wkb[0]).coords[0][0] == 105.123456789


@pytest.mark.parametrize(
    ("text", "kind", "area"),
    [
        ("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))", "MultiPolygon", 2.0),
        ("POLYGON ((0 0, 0 4, 4 4, 4 0, 0 0), (1 1, 1 5, 3 5, 3 1, 1 1))", None, None),
        ("POLYGON ((0 0, 0 2, 2 2, 2 0, 0 0), (0 0, 0 2, 2 2, 2 0, 0 0))", "", 0.0),
        ("POLYGON ((0 0, 2 0, 2 2, 2 4, 2 2, 0 2, 0 0))", "Polygon", 4.0),
        ("MULTIPOLYGON (((0 0, 2 0, 2 2, 0 2, 0 0)), ((1 1, 3 1, 3 3, 1 3, 1 1)))", None, 7.0),
    ],
)
def test_what_is_broken_is_repaired_in_its_dimension_or_refused(text, kind, area):
    made, one = shape(text)
    if kind == "":
        assert one is None
        assert "cannot be repaired" in made.refused[0]
        return
    assert "was repaired" in made.repaired[0]
    assert one.is_valid
    assert shapely.get_dimensions(one) == 2
    assert kind is None or one.geom_type == kind
    assert area is None or math.isclose(one.area, area)


@pytest.mark.parametrize("text", ["LINESTRING (1 1, 1 1)", "POLYGON ((0 0, 1 1, 2 2, 0 0))"])
def test_what_collapses_is_refused(text):
    made, one = shape(text)
    assert one is None
    assert 0 in made.refused


@pytest.mark.parametrize(
    ("text", "wanted", "becomes"),
    [
        ("POLYGON ((0 0, 1 0, 1 1, 0 0))", "MultiPolygon", "MultiPolygon"), ("MULTIPOINT ((1 1))", "Point", "Point"),
        ("MULTIPOINT ((1 1), (2 2))", "Point", None), ("POINT (1 1)", "MultiPoint", "MultiPoint"), ("POINT (1 1)", "LineString", None),
        ("POINT EMPTY", "Point", "nothing"), ("LINESTRING (0 0, 1 1)", "MultiLineString", "MultiLineString"),
        ("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))", "Polygon", None), ("GEOMETRYCOLLECTION (POINT (1 1))", "Geometry", "GeometryCollection"),
    ],
)  # fmt: skip
def test_shapes_fit_the_type_of_their_dataset(text, wanted, becomes):
    made, one = shape(text, wanted)
    if becomes == "nothing":
        assert (one, made.refused) == (None, {})
    elif becomes is None:
        assert one is None
        assert wanted in made.refused[0]
    else:
        assert one.geom_type == becomes == json.loads(made.texts[0])["type"]


def test_a_dataset_without_shapes_takes_none():
    assert shape("POINT (1 1)", None)[0].refused == {0: "this dataset has no shapes"}


def test_huge_shapes_are_refused():
    angles = np.linspace(0, 2 * np.pi, shaping.MOST_VERTICES + 2)
    ring = shapely.linearrings(np.column_stack([np.cos(angles), np.sin(angles)]))
    made = shaping.shaped(np.array([shapely.polygons(ring), shapely.Point(1, 1)], object), "Geometry")
    assert list(made.refused) == [0]
    assert made.shapes[1] is not None


@pytest.mark.parametrize("text", ["LINESTRING (0 1e-9, 1e-9 0)", "POLYGON ((0 0, 1e-9 0, 0 1e-9, 0 0))"])
def test_what_is_one_place_at_the_precision_kept_is_refused(text):
    assert shape(text, "Geometry")[0].refused == {0: "is one place, not a line or a surface"}


def test_rings_turn_as_geojson_asks():
    _, one = shape("POLYGON ((0 0, 0 4, 4 4, 4 0, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))")
    assert one.exterior.is_ccw
    assert not one.interiors[0].is_ccw


number = st.floats(-200, 200) | st.sampled_from([math.nan, math.inf, 90.0, -180.0])
position = st.tuples(number, number)
any_shape = st.one_of(
    st.none(),
    st.builds(lambda c: {"type": "Point", "coordinates": list(c)}, position),
    st.builds(lambda c: {"type": "LineString", "coordinates": c}, st.lists(position, max_size=5)),
    st.builds(lambda c: {"type": "Polygon", "coordinates": [[*c, *c[:1]]]}, st.lists(position, max_size=6)),
    st.builds(lambda c: {"type": "MultiPolygon", "coordinates": [[[*r, *r[:1]]] for r in c]}, st.lists(st.lists(position, min_size=3, max_size=6), max_size=3)),
    st.dictionaries(st.sampled_from(["type", "coordinates", "geometries"]), st.sampled_from(["Point", [], [1, 2], [[1]], None, "x", 3])),
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.lists(any_shape, max_size=6), st.sampled_from(["Geometry", "Polygon", "MultiPolygon", "Point", None]))
def test_any_shapes_are_kept_valid_or_refused_each_as_if_alone(given_shapes, wanted):
    features = [{"id": f"k{i}", "geometry": one, "properties": {}} for i, one in enumerate(given_shapes)]
    empty = {"properties": {}}
    made = writing.prepare(None, dataset(wanted, None, empty), features)
    refused = {fault.row for fault in made.faults if not fault.repaired}
    assert {row["row"] for row in made.rows} | refused == set(range(1, len(features) + 1))
    for row in made.rows:
        if row["geometry"] is None:
            assert row["geojson"] is row["west"] is None
            continue
        one = geo.from_wkb(row["geometry"])
        assert one.is_valid
        assert not one.has_z
        assert one.bounds == (row["west"], row["south"], row["east"], row["north"])
        assert wanted in ("Geometry", one.geom_type)
        told = geo.from_geojson(json.loads(row["geojson"]))
        assert told.geom_type == one.geom_type
        assert shapely.equals_exact(told, one, 1e-6)
    for i, feature in enumerate(features):
        alone = writing.prepare(None, dataset(wanted, None, empty), [feature])
        assert bool(alone.rows) == (i + 1 not in refused)


# --- places


def test_the_commune_of_many_is_the_commune_of_each(session):
    boxes = [(105, 10, 106, 11), (106, 10, 107, 11), (105.5, 10.5, 105.6, 10.6)]
    for i, box in enumerate(boxes):
        session.add(
            Unit(code=f"0000{i}", level="commune", kind="xã", name=f"X{i}", full_name=f"Xã X{i}", valid_from=0, folded=f"x{i}",
                 geometry=geo.wkb(shapely.box(*box)), approximate=False)
        )  # fmt: skip
    store.touch(session)
    session.commit()
    spots = [(105.2, 10.2), (106, 10.5), (106.5, 10.5), (105.55, 10.55), (99, 9), (105, 10)]
    points = np.array([None, *(shapely.Point(*spot) for spot in spots)], object)
    found = placing.communes(session, points).tolist()
    one_by_one = [service.locate_code(session, lon, lat) for lon, lat in spots]
    assert found == [None, *one_by_one]
    assert len(set(found)) == 4
    wide = np.array([shapely.box(105.1, 10.1, 105.3, 10.3), shapely.LineString([(106.2, 10.2), (106.4, 10.4)])], object)
    assert placing.communes(session, wide).tolist() == ["00000", "00001"]
    atlas.forget()
