"""The order of a route: never worse than the one given, the best of a few stops, quick for a long day."""

import itertools
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from dothi.cases import routing
from dothi.cases.routing import LATE, Stop

YARD = (106.4086, 10.5402)
places = st.tuples(st.floats(106.35, 106.5), st.floats(10.5, 10.6))
stops = st.lists(st.tuples(places, st.integers(5, 120), st.one_of(st.none(), st.integers(30, 500))), max_size=6).map(
    lambda rows: [Stop(n, at, minutes, due) for n, (at, minutes, due) in enumerate(rows)]
)


def cost(route):
    return routing.drive(route.km) + LATE * route.late


@given(stops)
@settings(max_examples=60, deadline=None)
def test_an_order_is_the_best_of_a_few_and_never_worse_than_the_one_given(rows):
    found = routing.order(YARD, rows)
    assert sorted(found.order) == list(range(len(rows)))
    assert cost(found) <= cost(routing.along(YARD, rows)) + 1e-6
    best = min(cost(routing.along(YARD, list(one))) for one in itertools.permutations(rows))
    assert cost(found) <= best + 1e-6


def test_a_line_is_walked_along_and_what_is_due_comes_first():
    line = [Stop(n, (106.41 + 0.01 * n, 10.54), 30) for n in (4, 0, 2, 1, 3)]
    found = routing.order(YARD, line)
    assert found.order == [0, 1, 2, 3, 4]
    assert found.late == 0
    assert 5 < found.km < 8
    assert routing.order(YARD, [*line[:4], Stop(9, line[4].at, 30, due=40)]).order[0] == 9
    assert routing.order(YARD, []).order == []
    lost = Stop(7, None, 30)
    assert routing.order(None, [lost, *line[:2]]).order[-1] == 7


def test_a_straight_line_is_as_long_as_geographers_say():
    # Hà Nội (21.0278 N 105.8342 E) to TP.HCM (10.7769 N 106.7009 E) by the haversine of a sphere of 6371.0088 km
    assert abs(routing.line_km((105.8342, 21.0278), (106.7009, 10.7769)) - 1143.7) < 1.5


def test_a_long_day_is_quick():
    rows = [Stop(n, (106.4 + (n * 37 % 50) / 500, 10.5 + (n * 53 % 50) / 500), 20, 480) for n in range(30)]
    began = time.perf_counter()
    found = routing.order(YARD, rows)
    assert time.perf_counter() - began < 3
    assert cost(found) < cost(routing.along(YARD, rows))
