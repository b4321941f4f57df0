"""What is no filter is refused with its place and what was expected; nothing else ever happens."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dothi.datasets import cql2
from dothi.kit.errors import BadInput
from tests.cql2 import ground

STAR = ", ".join(f"{n * 77 % 180} {n * 53 % 90}" for n in [*range(150), 0])
TEXTS = [
    ("", "character 1", "a property"),
    ("name =", "character 7", "a property"),
    ("name = 'x", "character 8", "a closing '"),
    ('"name = 1', "character 1", 'a closing "'),
    ("(name = 'x'", "character 12", "')'"),
    ("name = 'x')", "character 11", "the end"),
    ("name 'x'", "character 6", "the end"),
    ("name = 'x' AND", "character 15", "a property"),
    ("name = 'x' = 'y'", "character 12", "comparisons do not chain"),
    ("height BETWEEN 1", "character 17", "AND"),
    ("name NOT 'x'", "character 10", "LIKE, BETWEEN or IN"),
    ("name IS 'x'", "character 9", "NULL"),
    ("name IN ()", "character 10", "a property"),
    ("name IN 'x'", "character 9", "'('"),
    ("and = 1", "character 1", '"and"'),
    ("height = 12px", "character 10", "not followed by letters"),
    ("height = 1e999", "character 10", "a finite number"),
    ("height = " + "9" * 5000, "character 10", "at most 400"),
    ("height = 2 ^ 3 ^ 2", "character 16", "parentheses"),
    ("height = -'x'", "character 11", None),
    ("height # 3", "character 8", "a mark"),
    ("name = 'a\0'", "character 8", "characters of Unicode text"),
    ("built = DATE('2026-02-30')", "character 9", "2026-11-21"),
    ("seen = TIMESTAMP('2026-11-21')", "character 8", "2026-11-21T07:30:00Z"),
    ("T_AFTER(seen, INTERVAL('2026-11-21'))", "character 36", "','"),
    ("T_AFTER(seen, INTERVAL('yesterday', '..'))", "character 24", "2026-11-21T07:30:00Z"),
    ("T_AFTER(seen)", "character 1", "2"),
    ("S_INTERSECTS(geometry, POINT(1))", "character 31", "a number"),
    ("S_INTERSECTS(geometry, POINT(a b))", "character 30", "a number"),
    ("S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 0 0)))", "character 24", "at least 4"),
    ("S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 2 0, 3 3)))", "character 24", "the first position again"),
    ("S_INTERSECTS(geometry, POINT(653312 1161106))", "character 24", "filter-crs"),
    ("S_INTERSECTS(geometry, BBOX(0, 2, 1, 1))", "character 24", "lower corner first"),
    ("S_INTERSECTS(geometry, BBOX(0, 2, 1))", "character 24", "4 numbers"),
    (f"S_INTERSECTS(geometry, POLYGON(({STAR})))", "character 24", "rings that do not cross"),
    (f"S_INTERSECTS(geometry, LINESTRING({STAR}, {STAR}))", "character 24", "at most 200"),
    (f"S_INTERSECTS(geometry, GEOMETRYCOLLECTION(LINESTRING({STAR}, {STAR})))", "character 24", "at most 200"),
    (f"S_INTERSECTS(geometry, MULTIPOINT({', '.join(['1 1'] * 10_001)}))", "character 24", "at most 10000"),
    ("(" * 9000 + "height = 1" + ")" * 9000, "character 34", "at most 32 levels"),
    ("NOT " * 9000 + "open", "character 129", "at most 32 levels"),
    ("height = 1" + " + 1" * 9000, "character 140", "at most 32 levels"),
    ("height = 1" + " OR height = 1" * 9000, "character ", "fewer operators"),
    ("name = '" + "x" * 300_000 + "'", "filter: a filter of", "at most 262144"),
]


@pytest.mark.parametrize(("text", "place", "allowed"), TEXTS, ids=[text[:30] for text, *_ in TEXTS])
def test_a_broken_text_is_refused_with_its_place(text, place, allowed):
    with pytest.raises(BadInput) as caught:
        cql2.condition(cql2.parse(text), ground.column)
    assert place in str(caught.value)
    if allowed:
        assert allowed in str(caught.value.faults[0].allowed)


BODIES = [
    ("", "character 1", "a CQL2 JSON expression"),
    ("{", "character 2", "a CQL2 JSON expression"),
    ("null", "filter", "{"),
    ("{}", "filter", "{"),
    ('{"op": "="}', "args", "an array"),
    ('{"op": "=", "args": [1]}', "filter", "2"),
    ('{"op": "=", "args": [{"property": "height"}, null]}', "args[1]", "{"),
    ('{"op": "=", "args": [{"property": 5}, 1]}', "args[0].property", "a text"),
    (
        '{"op": "and", "args": [true, {"op": "=", "args": [{"property": "built"}, {"date": "x"}]}]}',
        "args[1].args[1]",
        "2026",
    ),
    ('{"op": "in", "args": [{"property": "name"}, []]}', "args[1]", "one value or more"),
    ('{"op": "s_within", "args": [{"property": "geometry"}, {"type": "Circle"}]}', "args[1]", "Point"),
    (
        '{"op": "s_within", "args": [{"property": "geometry"}, {"type": "Point", "coordinates": ["1", 2]}]}',
        "args[1]",
        "[x, y]",
    ),
    (
        '{"op": "s_within", "args": [{"property": "geometry"}, {"type": "Point", "coordinates": [NaN, 2]}]}',
        "filter",
        "CQL2",
    ),
    ('{"op": "s_within", "args": [{"property": "geometry"}, {"bbox": [1, 2, "3", 4]}]}', "args[1].bbox", "4 numbers"),
    ('{"op": "t_after", "args": [{"property": "seen"}, {"interval": [1, ".."]}]}', "args[1].interval[0]", "an instant"),
    ("[" * 100_000, "filter", None),
    ('{"op":"not","args":[' * 500 + "true" + "]}" * 500, "filter", "at most 32 levels"),
    ("9" * 10_000, "filter", None),
    ('"\\ud800"', "filter", "Unicode"),
]


@pytest.mark.parametrize(("body", "place", "allowed"), BODIES, ids=[body[:30] for body, *_ in BODIES])
def test_a_broken_json_is_refused_with_its_place(body, place, allowed):
    with pytest.raises(BadInput) as caught:
        cql2.condition(cql2.parse(body, "cql2-json"), ground.column)
    assert place in str(caught.value)
    if allowed:
        assert allowed in str(caught.value.faults[0].allowed)


MEANINGS = [
    ("colour = 'red'", "no queryable 'colour'", "geometry, name"),
    ("name = 5", "a text beside a number", "one kind"),
    ("height > '5'", "a number beside a text", "one kind"),
    ("seen = 'gần đây'", "not a timestamp", "2026"),
    ("geometry = 'x'", "found a geometry", "a text"),
    ("name + 1 = 2", "found a text", "a number"),
    ("CASEI(height) = 'x'", "found a number", "a text"),
    ("name LIKE city", "no text", "CASEI"),
    ("name LIKE 'x\\\\'", "escape character", None),
    ("name LIKE '" + "%a" * 600 + "'", "a pattern of 1200 characters", "at most 1000"),
    ("S_INTERSECTS(name, POINT(1 1))", "found a text", "a geometry"),
    ("A_CONTAINS(tags, 'a')", "found a text", "an array"),
    ("T_AFTER(name, DATE('2026-01-01'))", "found a text", "a date or a timestamp"),
    ("T_AFTER(seen, INTERVAL('2026-01-02', '2026-01-01'))", "ends before it starts", None),
    ("T_AFTER(seen, INTERVAL(name, '..'))", "found a text", "a date"),
    ("name", "found a text", "a boolean"),
    ("1", "found a number", "a boolean"),
    ("buffer(geometry, 10) = 5", "no function 'buffer'", "lower, upper"),
    ("lower(name, city) = 'x'", "lower has 2 arguments", "1"),
    ("lower(height) = 'x'", "lower of a number", "a text"),
]


@pytest.mark.parametrize(("text", "message", "allowed"), MEANINGS, ids=[text[:30] for text, *_ in MEANINGS])
def test_what_means_nothing_is_refused(text, message, allowed):
    with pytest.raises(BadInput) as caught:
        cql2.condition(cql2.parse(text), ground.column)
    fault = caught.value.faults[0]
    assert message in fault.message
    assert fault.place.startswith("filter, character ")
    if allowed:
        assert allowed in str(fault.allowed)


def test_every_fault_is_told_at_once():
    with pytest.raises(BadInput) as caught:
        cql2.condition(cql2.parse("colour = 1 OR (height = 'x' AND NOT size > 2) OR open"), ground.column)
    assert [fault.place for fault in caught.value.faults] == [f"filter, character {at}" for at in (1, 23, 37)]


@pytest.mark.parametrize(
    "crs",
    ["", "EPSG", "EPSG:99999999", "+proj=utm +zone=48", "/etc/passwd", "http://www.opengis.net/def/crs/EPSG/0/x' --"],
)
def test_a_system_nobody_knows_is_refused(crs):
    if not crs:
        assert cql2.parse("open", crs=crs) == cql2.parse("open")
        return
    with pytest.raises(BadInput) as caught:
        cql2.parse("open", crs=crs)
    assert caught.value.faults[0].place == "filter-crs"


def test_a_language_nobody_speaks_is_refused():
    with pytest.raises(BadInput) as caught:
        cql2.parse("open", "ecql")
    assert "cql2-text" in str(caught.value.faults[0].allowed)


WORDS = st.sampled_from(
    [
        "name",
        "height",
        "(",
        ")",
        ",",
        "=",
        "<>",
        "<",
        "AND",
        "OR",
        "NOT",
        "IN",
        "LIKE",
        "BETWEEN",
        "IS",
        "NULL",
        "'x'",
        "'%'",
        "1",
        "-2.5",
        "+",
        "*",
        "^",
        "div",
        "CASEI(",
        "S_WITHIN(",
        "POINT(1",
        "2)",
        "BBOX(1,2,3,4)",
        "INTERVAL(",
        "'..'",
        "'2026-01-01'",
        "DATE(",
        "T_AFTER(",
        "A_CONTAINS(",
        "tags",
        "geometry",
        "seen",
        "TRUE",
        '"',
        "'",
        "\\",
        "lower(",
        "POLYGON((",
        "0",
        "0",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.text() | st.lists(WORDS, max_size=14).map(" ".join))
def test_any_text_is_a_condition_or_refused(text):
    with contextlib.suppress(BadInput):
        cql2.condition(cql2.parse(text), ground.column)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["..", "2026-01-01", "Point"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["op", "args", "property", "interval", "date", "type", "coordinates", "bbox"]), inner
        )
        | st.builds(
            lambda op, args: {"op": op, "args": args},
            st.sampled_from(list(cql2.tree.OPERANDS)),
            st.lists(inner, max_size=3),
        )
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(values)
def test_any_json_is_a_condition_or_refused(value):
    for given_ in (value, json.dumps(value)):
        with contextlib.suppress(BadInput):
            cql2.condition(cql2.parse(given_, "cql2-json"), ground.column)
