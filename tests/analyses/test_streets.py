"""The street graph: joining, snapping, shortest ways."""

import heapq

import numpy as np
import pytest
import shapely

from dothi.analyses.model import Item, TooLittle, graph_of
from dothi.analyses.streets import Streets
from tests.analyses.given import HERE, at, chessboard, line


def places(*points):
    return [(p.x, p.y) for p in points]


def plain(streets, start, end):
    """Dijkstra with a heap over nodes, the slow twin."""
    links = {}
    for a, b, long in zip(streets.a, streets.b, streets.lengths, strict=True):
        links.setdefault(int(a), []).append((int(b), long))
        links.setdefault(int(b), []).append((int(a), long))
    best, queue = {start: 0.0}, [(0.0, start)]
    while queue:
        far, node = heapq.heappop(queue)
        if node == end:
            return far
        for other, long in links.get(node, []):
            if far + long < best.get(other, np.inf) - 1e-9:
                best[other] = far + long
                heapq.heappush(queue, (far + long, other))
    return np.inf


def test_lines_that_cross_become_a_graph_whose_ways_are_the_shortest():
    streets = chessboard(5, 200)
    assert (len(streets.nodes), len(streets.shapes), len(set(streets.component))) == (25, 40, 1)
    assert abs(streets.kilometres - 8.0) < 0.01
    starts = streets.snap(places(at(50, 10), at(790, 400)))
    ends = streets.snap(places(at(400, 390), at(60, -5)))
    assert np.allclose(starts.away, [10, 0], atol=0.1)
    # along the streets: 350 east and 390 north; 10 along the same street
    assert np.allclose(streets.between(starts, ends), [[740, 10], [400, 1130]], atol=1)
    for i in (0, 7, 24):
        far = streets.to_nodes(streets.snap(HERE.degrees([[0, 0]])))[0]
        corner = int(np.argmin(np.hypot(*streets.nodes.T - streets.plane.metres(HERE.degrees([[0, 0]])).T)))
        assert abs(far[i] - plain(streets, corner, i)) < 0.2


def test_an_end_that_nearly_meets_a_street_meets_it_and_one_far_away_does_not():
    main, side, lost = line((0, 0), (400, 0)), line((200, 6), (200, 300)), line((300, 40), (300, 300))
    streets = Streets([main, side, lost], ["main", "side", "lost"])
    assert sorted(streets.keys) == ["lost", "main", "main", "side"]
    ends = streets.snap(places(at(200, 300), at(300, 300)))
    metres = streets.between(streets.snap(places(at(0, 0))), ends)[0]
    assert abs(metres[0] - 500) < 1
    assert np.isinf(metres[1])
    assert not streets.snap(places(at(0, 5000))).found.any()


def test_a_bridge_of_another_grade_is_not_a_crossing():
    both = [line((0, 0), (400, 0)), line((200, -200), (200, 200))]
    flat, bridge = Streets(both, ["a", "b"]), Streets(both, ["a", "b"], grades=[0, 1])
    start, end = places(at(0, 0)), places(at(200, 200))
    assert abs(flat.between(flat.snap(start), flat.snap(end))[0, 0] - 400) < 1
    assert np.isinf(bridge.between(bridge.snap(start), bridge.snap(end))[0, 0])


def test_the_way_runs_along_the_streets():
    streets = chessboard(3, 100)
    snapped = streets.snap(places(at(10, 0), at(190, 200)))
    way = streets.way([(int(e), float(x)) for e, x in zip(snapped.edge, snapped.along, strict=True)])[0]
    assert abs(way.length - 380) < 1
    assert shapely.union_all(streets.shapes).buffer(0.5).contains(way)


def test_a_city_without_streets_is_told_so():
    with pytest.raises(TooLittle, match="no street"):
        graph_of([Item("1", {}, None, None)])
