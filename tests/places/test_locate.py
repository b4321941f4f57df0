"""The fast way to find a unit agrees with asking every outline in turn."""

import threading

import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box

from dothi.db import session as db
from dothi.identity.guard import SYSTEM
from dothi.places import atlas, service
from dothi.places.atlas import FOREVER, Atlas, Row
from dothi.places.describe import Options
from dothi.places.importing import import_units
from dothi.places.readers import Raw

from .conftest import REFORM, collection, feature

grid = st.integers(0, 6)


def _row(number, start, end, approximate):
    code = f"{number:05d}"
    return Row(
        number, code, "commune", "xã", code, f"Xã {code}", None, None, start, end, None, None, None, None,
        approximate, None, code, code, code, code,
    )  # fmt: skip


@st.composite
def lands(draw):
    """Rectangles that may touch, overlap, and stand at different times."""
    rows, shapes = [], []
    for number in range(1, draw(st.integers(1, 8)) + 1):
        x, y, start = draw(grid), draw(grid), draw(st.integers(0, 3))
        end = draw(st.one_of(st.none(), st.integers(start + 1, 6)))
        rows.append(_row(number, start, end, draw(st.booleans())))
        shapes.append(box(x, y, x + draw(st.integers(1, 3)), y + draw(st.integers(1, 3))))
    return rows, shapes


def plain(rows, shapes, x, y, at):
    """The oracle: ask each outline, official before sketch, then the smaller, then by code."""
    there = [
        (row.approximate, shape.area, row.code) for row, shape in zip(rows, shapes, strict=True)
        if row.valid_from <= at < (FOREVER if row.valid_to is None else row.valid_to) and shape.intersects(Point(x, y))
    ]  # fmt: skip
    return min(there)[2] if there else None


class _Shelf:
    """Stands in for the database: hands out the outlines."""

    def __init__(self, rows, shapes):
        self.held = [
            type("R", (), {"id": r.id, "geometry": shapely.to_wkb(s)}) for r, s in zip(rows, shapes, strict=True)
        ]

    def execute(self, _):
        return self

    def all(self):
        return self.held


@settings(max_examples=150, deadline=None)
@given(
    lands(),
    st.lists(st.tuples(st.floats(-1, 10), st.floats(-1, 10)) | st.tuples(grid, grid), max_size=12),
    st.integers(0, 6),
)
def test_the_tree_agrees_with_point_in_polygon(land, points, at):
    rows, shapes = land
    level = Atlas(1, rows, []).level(_Shelf(rows, shapes), "commune")
    found = atlas.locate(level, [x for x, _ in points], [y for _, y in points], at)
    assert [row.code if row else None for row in found] == [plain(rows, shapes, x, y, at) for x, y in points]


def test_many_points_at_once(country):
    found = service.locate_many(country, [106.42, 106.42, 0.0], [10.55, 10.51, 0.0])
    assert [row.code if row else None for row in found] == ["27694", "27712", None]
    assert service.locate_many(country, [], []) == []


def test_a_point_on_a_border_belongs_to_one_ward_always_the_same(country):
    assert len({service.locate_code(country, 106.42, 10.54) for _ in range(5)}) == 1
    assert service.locate_code(country, 106.42, 10.54) in ("27694", "27712")


def test_a_change_is_seen_by_everybody_after_its_commit_only(database, country):
    square = feature("27715", "Phường Khánh Hậu", (106.30, 10.50, 106.39, 10.54))
    raw = Raw("feature 1", square["properties"], square["geometry"])
    written, seen = threading.Event(), threading.Event()

    def write():
        with db.writing() as session:
            import_units(session, SYSTEM, [raw], Options(REFORM))
            assert service.locate_code(session, 106.35, 10.52) == "27715"
            written.set()
            seen.wait(20)

    writer = threading.Thread(target=write)
    writer.start()
    assert written.wait(20)
    with db.reading() as other:
        assert service.locate_code(other, 106.35, 10.52) is None
    seen.set()
    writer.join()
    with db.reading() as other:
        assert service.locate_code(other, 106.35, 10.52) == "27715"


def test_an_import_undone_leaves_no_trace_in_memory(country, file):
    square = feature("27715", "Phường Khánh Hậu", (106.30, 10.50, 106.39, 10.54))
    import_units(country, SYSTEM, [Raw("f", square["properties"], square["geometry"])], Options(REFORM))
    assert service.locate_code(country, 106.35, 10.52) == "27715"
    country.rollback()
    assert service.locate_code(country, 106.35, 10.52) is None


def test_a_smaller_outline_wins_where_outlines_overlap(country, take):
    take(collection(feature("27000", "Xã Lớn", (106.3, 10.4, 106.6, 10.6))))
    assert service.locate_code(country, 106.42, 10.55) == "27694"
    assert service.locate_code(country, 106.55, 10.42) == "27000"


def test_nothing_is_held_after_forgetting(country):
    service.locate_code(country, 106.42, 10.55)
    assert atlas._kept
    atlas.forget()
    assert not atlas._kept
