"""The street graph: lines joined where they meet, snapping of points, shortest ways by scipy's Dijkstra."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dothi.analyses import graphs
from dothi.analyses.ground import Plane, plane_of

GAP = 10.0  # metres: a line that ends this near another meets it
_SAME = 0.05  # metres: ends this near are one node
_PAST = 0.2  # metres by which such an end is drawn over the other line, so that they cross


@dataclass(frozen=True)
class Snapped:
    """Points put onto the graph: edge (-1: nothing near), metres along it from its first node, metres away from it."""

    edge: NDArray[np.int64]
    along: NDArray[np.float64]
    away: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.edge)

    @property
    def found(self) -> NDArray[np.bool_]:
        """Which points have an edge."""
        return self.edge >= 0


class Streets:
    """A graph of street pieces in metres. keys: of each piece, the record it came from; names: what people call it."""

    def __init__(
        self, lines: Sequence[BaseGeometry], keys: Sequence[str], names: Sequence[str | None] | None = None,
        grades: Sequence[Any] | None = None, gap: float = GAP,
    ) -> None:  # fmt: skip
        """grades: lines of different grades (a bridge, an expressway above) meet at their ends only."""
        given = np.asarray(lines, object)
        self.plane: Plane = plane_of(given)
        flat = shapely.force_2d(self.plane.flat(given))
        parts, whose = shapely.get_parts(flat, return_index=True)
        parts = _closed_up(parts, gap)
        labels = [None] * len(given) if names is None else list(names)
        levels = [None if grades is None else grades[i] for i in whose]
        pieces: list[BaseGeometry] = []
        of: list[int] = []
        for level in dict.fromkeys(levels):
            here = [i for i, one in enumerate(levels) if one == level]
            noded = shapely.get_parts(shapely.line_merge(shapely.node(shapely.multilinestrings(parts[here]))))
            noded = _split_again(noded, parts[here])
            tree = shapely.STRtree(parts[here])
            middles = shapely.line_interpolate_point(noded, 0.5, normalized=True)
            pieces += list(noded)
            of += [int(whose[here[int(i)]]) for i in tree.nearest(middles)] if len(noded) else []
        self.shapes: NDArray[Any] = np.asarray(pieces, object)
        self.lengths: NDArray[np.float64] = shapely.length(self.shapes) if len(pieces) else np.empty(0)
        self.keys = [keys[i] for i in of]
        self.names = [labels[i] for i in of]
        self.origin = np.asarray(of, np.int64)
        self._join()
        self._prune()
        self.tree = shapely.STRtree(self.shapes)

    def _join(self) -> None:
        ends = [shapely.get_coordinates(shapely.get_point(self.shapes, i)) for i in (0, -1)]
        both = np.vstack(ends) if len(self.shapes) else np.empty((0, 2))
        count = len(self.shapes)
        pairs = graphs.pairs(both, _SAME) if count else np.empty((0, 2), np.int64)
        ones = graphs.matrix(np.ones(len(pairs)), pairs[:, 0], pairs[:, 1], 2 * count)
        where = graphs.components(ones) if count else np.empty(0, np.int64)
        first = np.unique(where, return_index=True)[1]
        self.nodes: NDArray[np.float64] = both[first]
        self.a: NDArray[np.int64] = where.reshape(-1)[:count]
        self.b: NDArray[np.int64] = where.reshape(-1)[count:]
        self.graph = self._matrix(self.lengths)
        self.component: NDArray[np.int32] = graphs.components(self.graph) if len(self.nodes) else np.empty(0, np.int32)

    def _prune(self) -> None:
        """Leave out the stubs that closing gaps drew over the other line."""
        degree = np.bincount(np.concatenate((self.a, self.b)), minlength=len(self.nodes))
        keep = [
            i for i, length in enumerate(self.lengths)
            if length > 2 * _PAST or min(degree[self.a[i]], degree[self.b[i]]) > 1
        ]  # fmt: skip
        if len(keep) == len(self.shapes):
            return
        self.shapes, self.lengths, self.origin = self.shapes[keep], self.lengths[keep], self.origin[keep]
        self.keys, self.names = [self.keys[i] for i in keep], [self.names[i] for i in keep]
        self._join()

    def _matrix(self, weights: NDArray[np.float64]) -> Any:
        """The shortest of several edges between two nodes counts."""
        low, high = np.minimum(self.a, self.b), np.maximum(self.a, self.b)
        keep = low != high
        order = np.lexsort((weights[keep], high[keep], low[keep]))
        low, high, cost = low[keep][order], high[keep][order], weights[keep][order]
        first = np.ones(len(low), bool)
        first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
        return graphs.matrix(cost[first], low[first], high[first], len(self.nodes))

    @property
    def kilometres(self) -> float:
        """The length of all."""
        return float(self.lengths.sum()) / 1000

    def snap(self, positions: Any, within: float = 250.0) -> Snapped:
        """Positions (n, 2) in degrees, each on the nearest street within so many metres."""
        points = shapely.points(self.plane.metres(positions))
        edge = np.full(len(points), -1, np.int64)
        along, away = np.zeros(len(points)), np.full(len(points), np.inf)
        if len(points) and len(self.shapes):
            (which, found), metres = self.tree.query_nearest(
                points, max_distance=within, return_distance=True, all_matches=False
            )
            edge[which], away[which] = found, metres
            along[which] = shapely.line_locate_point(self.shapes[found], points[which])
        return Snapped(edge, along, away)

    def to_nodes(self, at: Snapped, limit: float = np.inf) -> NDArray[np.float64]:
        """Metres from each snapped point to every node: infinite beyond the limit, or where no street leads."""
        count = len(self.nodes)
        found = np.full((len(at), count), np.inf)
        here = np.flatnonzero(at.found)
        if not len(here) or not count:
            return found
        edge = at.edge[here]
        ends = np.unique(np.concatenate((self.a[edge], self.b[edge])))
        place = np.full(count, -1)
        place[ends] = np.arange(len(ends))
        ways = graphs.dijkstra(self.graph, ends, limit=limit)
        first = ways[place[self.a[edge]]] + at.along[here][:, None]
        last = ways[place[self.b[edge]]] + (self.lengths[edge] - at.along[here])[:, None]
        found[here] = np.minimum(first, last)
        found[found > limit] = np.inf
        return found

    def between(self, starts: Snapped, ends: Snapped, limit: float = np.inf) -> NDArray[np.float64]:
        """Metres along streets from each start to each end, the way to the street and from it not counted."""
        ways = self.to_nodes(starts, limit)
        found = np.full((len(starts), len(ends)), np.inf)
        there = np.flatnonzero(ends.found)
        if not len(there) or not len(starts):
            return found
        edge, along = ends.edge[there], ends.along[there]
        found[:, there] = np.minimum(ways[:, self.a[edge]] + along, ways[:, self.b[edge]] + self.lengths[edge] - along)
        same = starts.edge[:, None] == edge[None, :]
        direct = np.abs(starts.along[:, None] - along[None, :])
        found[:, there] = np.where(same, np.minimum(found[:, there], direct), found[:, there])
        found[~starts.found] = np.inf
        found[found > limit] = np.inf
        return found

    def way(self, nodes: Sequence[tuple[int, float]]) -> list[BaseGeometry]:
        """The line (metres) between each two points (edge, metres along) that follow one another, by the shortest way."""
        made: list[BaseGeometry] = []
        for start, end in itertools.pairwise(nodes):
            made.append(self._line(start, end))
        return made

    def _line(self, start: tuple[int, float], end: tuple[int, float]) -> BaseGeometry:
        (e, x), (f, y) = start, end
        choices: list[tuple[float, BaseGeometry]] = []
        if e == f:
            choices.append((abs(x - y), _piece(self.shapes[e], x, y)))
        froms = ((int(self.a[e]), x, 0.0), (int(self.b[e]), float(self.lengths[e]) - x, float(self.lengths[e])))
        tos = ((int(self.a[f]), y, 0.0), (int(self.b[f]), float(self.lengths[f]) - y, float(self.lengths[f])))
        for node, cost, side in froms:
            ways, before = graphs.dijkstra(self.graph, node, predecessors=True)
            for other, more, far in tos:
                total = cost + ways[other] + more
                if np.isfinite(total):
                    middle = self._through(node, other, before)
                    line = _run_on([_piece(self.shapes[e], x, side), *middle, _piece(self.shapes[f], far, y)])
                    choices.append((float(total), line))
        if not choices:
            return shapely.LineString([self._point(e, x), self._point(f, y)])
        return min(choices, key=lambda one: one[0])[1]

    def _through(self, start: int, end: int, before: NDArray[Any]) -> list[BaseGeometry]:
        made: list[BaseGeometry] = []
        while end != start:
            previous = int(before[end])
            both = np.flatnonzero(((self.a == previous) & (self.b == end)) | ((self.a == end) & (self.b == previous)))
            edge = both[np.argmin(self.lengths[both])]
            shape = self.shapes[edge]
            made.append(shape if self.a[edge] == previous else shapely.reverse(shape))
            end = previous
        return made[::-1]

    def _point(self, edge: int, along: float) -> tuple[float, float]:
        found = shapely.line_interpolate_point(self.shapes[edge], along)
        return float(found.x), float(found.y)


def _piece(line: BaseGeometry, start: float, end: float) -> BaseGeometry:
    from shapely.ops import substring

    found = substring(line, start, end)
    return shapely.LineString([found.coords[0]] * 2) if found.geom_type == "Point" else found


def _run_on(lines: list[BaseGeometry]) -> BaseGeometry:
    coords = np.vstack([shapely.get_coordinates(one) for one in lines])
    keep = np.ones(len(coords), bool)
    keep[1:] = np.any(np.abs(np.diff(coords, axis=0)) > 1e-6, axis=1)
    kept = coords[keep]
    return shapely.LineString(kept if len(kept) > 1 else np.vstack([kept, kept]))


def _closed_up(parts: NDArray[Any], gap: float) -> NDArray[Any]:
    """Lines whose ends nearly meet another line drawn a hand's breadth over it."""
    if len(parts) < 2 or gap <= 0:
        return parts
    tree = shapely.STRtree(parts)
    made = parts.copy()
    for side in (0, -1):
        ends = shapely.get_point(parts, side)
        whose, other = tree.query(ends, predicate="dwithin", distance=gap)
        metres = shapely.distance(ends[whose], parts[other])
        for i in np.unique(whose[whose != other]):
            mine = np.flatnonzero((whose == i) & (other != i))
            near = mine[np.argmin(metres[mine])]
            target = shapely.line_interpolate_point(
                parts[other[near]], shapely.line_locate_point(parts[other[near]], ends[i])
            )
            end, to = shapely.get_coordinates(ends[i])[0], shapely.get_coordinates(target)[0]
            if np.abs(shapely.get_coordinates(parts[other[near]]) - end).sum(axis=1).min() < 1e-6:
                continue  # they share a vertex, which is a node already
            away = np.hypot(*(to - end))
            coords = shapely.get_coordinates(made[i])
            before = coords[-2] if side else coords[1]
            heading = (to - end) / away if away > 1e-9 else (end - before) / max(np.hypot(*(end - before)), 1e-9)
            past = to + heading * _PAST
            made[i] = shapely.linestrings(np.vstack([coords, past]) if side else np.vstack([past, coords]))
    return made


def _split_again(noded: NDArray[Any], parts: NDArray[Any]) -> NDArray[Any]:
    """Merged pieces cut where an original line begins or ends, so that a piece belongs to one record."""
    ends = np.concatenate([shapely.get_point(parts, 0), shapely.get_point(parts, -1)])
    tree = shapely.STRtree(ends)
    made: list[BaseGeometry] = []
    for line in noded:
        near = tree.query(line, predicate="dwithin", distance=0.01)
        cuts = sorted({round(float(shapely.line_locate_point(line, ends[i])), 3) for i in near})
        length = float(line.length)
        stops = [0.0, *[one for one in cuts if 0.05 < one < length - 0.05], length]
        made += [_piece(line, a, b) for a, b in itertools.pairwise(stops)]
    return np.asarray([one for one in made if one.length > 0], object)
