"""Any expression holds for the same records on the database as in plain Python, with the index and without."""

import json
from typing import Any

import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dothi.datasets import cql2
from dothi.datasets.cql2 import shapes
from dothi.datasets.cql2.spelling import to_json, to_text
from dothi.datasets.cql2.tree import Call, Interval, Items, Literal, Property
from tests.cql2 import ground, plain

TEXTS = (
    "Đường Trần Phú",
    "duong tran phu",
    "ĐƯỜNG",
    "Straße",
    "STRASSE",
    "a%b",
    "a_b",
    "a\\b",
    "[a]*?",
    "ΣΑΣ",
    "",
    "ﬁn",
)
PATTERNS = ("%", "", "_%", "%tr%", "Đ%", "a\\%b", "a_b", "a\\\\b", "[a]*?", "%ss_", "%ß%")
DATES = ("1999-12-31", "2020-02-29", "2021-01-01", "2026-11-21")
INSTANTS = (
    "2020-02-28T17:00:00Z",
    "2020-02-29T16:59:59.999999Z",
    "2021-01-01T00:00:00+07:00",
    "2026-11-21T07:30:00.25Z",
    "1969-07-20T20:17:40z",
)
SHAPES = (
    "POINT(1 1)",
    "POINT(2 2)",
    "POINT(3 1.5)",
    "MULTIPOINT((1 1),(4 4))",
    "LINESTRING(0 0,2 2,4 0)",
    "LINESTRING(1 1,2 2)",
    "LINESTRING(0 2,4 2)",
    "POLYGON((0 0,2 0,2 2,0 2,0 0))",
    "POLYGON((1 1,3 1,3 3,1 3,1 1))",
    "POLYGON((2 0,4 0,4 2,2 2,2 0))",
    "POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,3 1,3 3,1 3,1 1))",
    "MULTIPOLYGON(((0 0,1 0,1 1,0 1,0 0)),((3 3,4 3,4 4,3 4,3 3)))",
    "MULTILINESTRING((0 0,1 1),(3 3,4 4))",
    "GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(2 2,3 3))",
    "GEOMETRYCOLLECTION(POLYGON((0 0,2 0,2 2,0 2,0 0)),POLYGON((1 1,3 1,3 3,1 3,1 1)))",
)
NUMBERS = st.sampled_from((0, 1, -1, 2, 3, -7, 2.5, -0.5, 0.1, 1e10, 1e200, 1e-200))

maybe = st.sampled_from
RECORDS = st.lists(
    st.tuples(
        st.fixed_dictionaries(
            {},
            optional={
                "name": maybe((*TEXTS, None, 5)),
                "city": maybe(TEXTS),
                "height": NUMBERS | maybe(("tall", None, True)),
                "floors": maybe((0, 1, 2, 3.0, -4, 2.5, "3", 10**17, 10**19)),
                "open": maybe((True, False, None, "true", 1)),
                "built": maybe((*DATES, "2021-02-30", "29/2/2020", None, 2020)),
                "razed": maybe(DATES),
                "seen": maybe((*INSTANTS, "2021-02-29T00:00:00Z", "hôm qua", "2021-01-01T00:00:00", None)),
                "left": maybe(INSTANTS),
                "tags": maybe(([], ["a"], ["a", "b", 1], [1.0, True, "a"], [None], [["a"]], "a", None)),
                "more": maybe(({"a": 1}, {}, None)),
            },
        ),
        maybe((*SHAPES, None)),
    ),
    min_size=4,
    max_size=8,
)


def op(name: str, *args: Any) -> st.SearchStrategy[Any]:
    return st.builds(lambda *made: Call(name, made), *args)


def names(*of: str) -> st.SearchStrategy[Any]:
    return maybe([Property(name) for name in of])


def literals(kind: str, values: Any) -> st.SearchStrategy[Any]:
    return maybe([Literal(kind, value) for value in values])


numbers = st.recursive(
    names("height", "floors") | NUMBERS.map(lambda value: Literal("number", value)),
    lambda inner: (
        st.builds(lambda name, a, b: Call(name, (a, b)), maybe(("+", "-", "*", "/", "%", "div", "^")), inner, inner)
        | st.builds(lambda name, a: Call(name, (a,)), maybe(("abs", "floor", "ceil", "round")), inner)
    ),
    max_leaves=3,
)
texts = st.recursive(
    names("name", "city") | literals("text", TEXTS),
    lambda inner: st.builds(lambda name, a: Call(name, (a,)), maybe(("casei", "accenti", "lower", "upper")), inner),
    max_leaves=3,
)
dates = names("built", "razed") | literals("date", DATES)
instants = names("seen", "left") | literals("instant", [int(plain._instant(text)) for text in INSTANTS])
booleans = names("open") | literals("boolean", (True, False))
geometries = names("geometry") | maybe(
    [shapes.geometry(json.loads(shapely.to_geojson(shapely.from_wkt(text))), None, 0) for text in SHAPES]
    + [shapes.box([1.0, 1.0, 3.0, 2.0], None, 0), shapes.box([2.0, 2.0, 2.0, 2.0], None, 0)]
)
arrays = names("tags") | st.lists(
    literals("text", ("a", "b")) | literals("number", (1, 2)) | literals("boolean", (True,)) | names("name", "floors"),
    max_size=3,
).map(lambda items: Items(tuple(items)))


def compared(values: Any) -> st.SearchStrategy[Any]:
    return (
        st.builds(lambda name, a, b: Call(name, (a, b)), maybe(("=", "<>", "<", ">", "<=", ">=")), values, values)
        | op("between", values, values, values)
        | op("in", values, st.lists(values, min_size=1, max_size=3).map(lambda items: Items(tuple(items))))
        | op("isNull", values)
    )


def intervals(values: Any) -> st.SearchStrategy[Any]:
    def ordered(start: Any, end: Any) -> Interval:
        if isinstance(start, Literal) and isinstance(end, Literal) and start.value > end.value:
            start, end = end, start
        return Interval(start, end)

    return st.builds(ordered, values | st.none(), values | st.none())


def timed(values: Any) -> st.SearchStrategy[Any]:
    both = [name for name in plain_times if name in {"t_after", "t_before", "t_disjoint", "t_equals", "t_intersects"}]
    spans = intervals(values)
    return st.builds(lambda name, a, b: Call(name, (a, b)), maybe(plain_times), spans, spans) | st.builds(
        lambda name, a, b: Call(name, (a, b)), maybe(both), values | spans, values | spans
    )


plain_times = cql2.tree.TEMPORAL
predicates = (
    compared(numbers)
    | compared(texts)
    | compared(dates)
    | compared(instants)
    | compared(dates | instants)
    | compared(booleans)
    | op("like", texts, literals("text", PATTERNS) | op("casei", literals("text", PATTERNS)))
    | timed(dates)
    | timed(instants)
    | st.builds(lambda name, a, b: Call(name, (a, b)), maybe(cql2.tree.SPATIAL), geometries, geometries)
    | st.builds(lambda name, a, b: Call(name, (a, b)), maybe(cql2.tree.ARRAYS), arrays, arrays)
    | op("isNull", names("tags", "more", "geometry", "name"))
    | op("=", st.builds(lambda name, a: Call(name, (a,)), maybe(("year", "month", "day")), dates | instants), numbers)
    | booleans
)
conditions = st.recursive(
    predicates,
    lambda inner: op("and", inner, inner) | op("or", inner, inner) | op("not", inner) | op("=", inner, inner),
    max_leaves=4,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(records=RECORDS, filters=st.lists(conditions, min_size=4, max_size=8))
def test_the_database_finds_what_plain_python_finds(session, records, filters):
    session.rollback()
    dataset_id = ground.dataset(session, records)
    kept = [(properties, shapely.from_wkt(shape) if shape else None) for properties, shape in records]
    for expression in filters:
        wanted = [place for place, (properties, shape) in enumerate(kept) if plain.holds(expression, properties, shape)]
        said = to_text(expression)
        assert ground.found(session, dataset_id, expression) == wanted, said
        assert ground.found(session, dataset_id, expression, index=False) == wanted, said
    session.rollback()


@settings(max_examples=100, deadline=None)
@given(expression=conditions)
def test_what_is_written_out_is_read_again(expression):
    assert cql2.parse(json.dumps(to_json(expression)), "cql2-json") == _flat(expression)
    assert cql2.parse(to_text(expression)) == _flat(expression)


def _flat(node: Any) -> Any:
    """Nested `and` and `or` as one, as both encodings are read."""
    if isinstance(node, Call):
        args = tuple(_flat(arg) for arg in node.args)
        return cql2.tree.joined(node.op, list(args), 0) if node.op in {"and", "or"} else Call(node.op, args)
    return node
