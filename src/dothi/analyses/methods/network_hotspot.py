"""network-hotspot: stretches of street where events lie closer than chance would put them.

Source: Xie, Z. & Yan, J. (2008), "Kernel density estimation of traffic accidents in a network space", Computers,
Environment and Urban Systems 32: 396-406: events are put onto the nearest street, the streets are cut into pieces
(lixels), and the density of a piece is the sum of a kernel of the distance *along the streets*. Significance by
permutation as in Okabe & Sugihara (2012), Spatial Analysis along Networks: the same number of events is thrown evenly
over the streets many times; a piece is significant where its density is reached by the densest piece of few throws
only (the maximum statistic, which counts all pieces at once).
"""

from typing import Any

import numpy as np
import shapely
import shapely.ops
from numpy.typing import NDArray
from pydantic import Field

from dothi.analyses import graphs
from dothi.analyses.model import (
    NUMBER,
    STREET,
    WHEN,
    Feature,
    Given,
    Method,
    Need,
    Parameters,
    Role,
    TooLittle,
    centre,
    rounded,
)
from dothi.analyses.streets import Snapped, Streets
from dothi.kit import clock


class NetworkHotspot(Parameters):
    """Lengths in metres. permutations: throws; 199 find a significance of 0.005 at best."""

    bandwidth: float = Field(default=200, ge=20, le=2000)
    piece: float = Field(default=50, ge=5, le=500)
    within: float = Field(default=60, gt=0)  # of a street
    permutations: int = Field(default=199, ge=19, le=1999)
    significance: float = Field(default=0.05, gt=0, lt=0.5)
    least_events: int = Field(default=3, ge=2)
    most_pieces: int = Field(default=20_000, ge=100)
    seed: int = 1


def lixels(streets: Streets, piece: float) -> tuple[Snapped, NDArray[np.float64], NDArray[np.int64]]:
    """The middle of each piece on the graph, its length, and where the pieces of each edge begin."""
    counts = np.maximum(1, np.ceil(streets.lengths / piece)).astype(np.int64)
    starts = np.concatenate(([0], np.cumsum(counts)))
    edge = np.repeat(np.arange(len(counts)), counts)
    length = np.repeat(streets.lengths / counts, counts)
    along = (np.arange(len(edge)) - starts[edge] + 0.5) * length
    return Snapped(edge, along, np.zeros(len(edge))), length, starts


def kernel(streets: Streets, middles: Snapped, bandwidth: float) -> Any:
    """The quartic kernel between all pieces nearer than the bandwidth along the streets, per metre, as a sparse matrix.

    Pieces farther apart than that as the crow flies are not looked at: no street is shorter.
    """
    count = len(middles)
    spots = shapely.line_interpolate_point(streets.shapes[middles.edge], middles.along)
    pairs = graphs.pairs(shapely.get_coordinates(spots), bandwidth)
    i, j = pairs[:, 0], pairs[:, 1]
    nodes = _node_ways(streets, bandwidth)
    metres = np.full(len(pairs), np.inf)
    same = middles.edge[i] == middles.edge[j]
    metres[same] = np.abs(middles.along[i] - middles.along[j])[same]
    for start, out in _both_ends(streets, middles, i):
        for end, into in _both_ends(streets, middles, j):
            found = np.asarray(nodes[start, end]).ravel()
            # a way of 0 metres is kept as 1, since nothing kept means no way
            metres = np.minimum(metres, np.where(found > 0, found - 1 + out + into, np.inf))
    near = metres < bandwidth
    i, j, value = i[near], j[near], 15 / 16 * (1 - (metres[near] / bandwidth) ** 2) ** 2 / bandwidth
    own = np.arange(count)
    rows, columns = np.concatenate((i, j, own)), np.concatenate((j, i, own))
    values = np.concatenate((value, value, np.full(count, 15 / 16 / bandwidth)))
    return graphs.matrix(values, rows, columns, count)


def _both_ends(
    streets: Streets, middles: Snapped, which: NDArray[np.int64]
) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """The node at each end of some pieces' streets, and the metres to it."""
    edge, along = middles.edge[which], middles.along[which]
    return [(streets.a[edge], along), (streets.b[edge], streets.lengths[edge] - along)]


def _node_ways(streets: Streets, limit: float) -> Any:
    """Metres, and one more, between nodes nearer than a limit, as a sparse matrix."""
    count = len(streets.nodes)
    rows, columns, values = [], [], []
    for begin in range(0, count, 500):
        some = np.arange(begin, min(begin + 500, count))
        ways = graphs.dijkstra(streets.graph, some, limit=limit)
        i, j = np.nonzero(np.isfinite(ways))
        rows.append(some[i])
        columns.append(j)
        values.append(ways[i, j] + 1)
    return graphs.matrix(np.concatenate(values), np.concatenate(rows), np.concatenate(columns), count)


def significance(
    weights: Any, length: NDArray[np.float64], counts: NDArray[np.float64], permutations: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Density of each piece (events a metre) and how often chance reaches it anywhere."""
    density = weights @ counts
    chance = np.random.default_rng(seed)
    total = round(float(counts.sum()))
    thrown = chance.multinomial(total, length / length.sum(), size=permutations)
    most = np.asarray((weights @ thrown.T.astype(float)).max(axis=0)).ravel()
    reached = (most[None, :] >= density[:, None] - 1e-12).sum(axis=1)
    return density, (reached + 1) / (permutations + 1)


def run(given: Given, p: NetworkHotspot) -> list[Feature]:
    """One feature a hotspot: the stretch, its events, its significance."""
    streets = given.streets()
    events = [(one, where) for one in given.records("events") if (where := centre(one.shape)) is not None]
    if streets is None or not len(streets.shapes):
        raise TooLittle("chưa có đường nào trong mạng lưới", "there are no streets")
    snapped = streets.snap([where for _, where in events], p.within) if events else None
    used = [] if snapped is None else np.flatnonzero(snapped.found).tolist()
    if snapped is None or len(used) < 2 * p.least_events:
        said = f"{len(used)} of {len(events)} events lie within {p.within:g} m of a street; {2 * p.least_events} are needed"
        raise TooLittle(f"chỉ có {len(used)} vụ nằm trên đường, cần ít nhất {2 * p.least_events}", said)
    piece = max(p.piece, streets.kilometres * 1000 / p.most_pieces)
    middles, length, starts = lixels(streets, piece)
    edge = snapped.edge[used]
    spot = starts[edge] + np.minimum(
        (snapped.along[used] / length[starts[edge]]).astype(int), np.diff(starts)[edge] - 1
    )
    weight = np.array([events[i][0].number("weight") or 1.0 for i in used])
    counts: NDArray[np.float64] = np.bincount(spot, weight, minlength=len(middles)).astype(float)
    density, chance = significance(kernel(streets, middles, p.bandwidth), length, counts, p.permutations, p.seed)
    hot = chance <= p.significance
    return _stretches(
        streets, middles, length, starts, hot, density, chance, spot, [events[i][0] for i in used], weight, p
    )


def _stretches(
    streets: Streets, middles: Snapped, length: NDArray[np.float64], starts: NDArray[np.int64], hot: NDArray[np.bool_],
    density: NDArray[np.float64], chance: NDArray[np.float64], spot: NDArray[np.int64], events: list[Any],
    weight: NDArray[np.float64], p: NetworkHotspot,
) -> list[Feature]:  # fmt: skip
    made: list[Feature] = []
    for some in _together(streets, middles, starts, hot):
        here = np.isin(spot, some)
        if here.sum() < p.least_events:
            continue
        lines = [
            shapely.ops.substring(
                streets.shapes[middles.edge[i]], middles.along[i] - length[i] / 2, middles.along[i] + length[i] / 2
            )
            for i in some
        ]
        whole = shapely.line_merge(shapely.multilinestrings([one for one in lines if one.geom_type == "LineString"]))
        top = some[int(np.argmax(density[some]))]
        names = list(dict.fromkeys(streets.names[middles.edge[i]] for i in some if streets.names[middles.edge[i]]))
        days = [at for i in np.flatnonzero(here) if (at := events[i].at()) is not None]
        key = f"{streets.keys[middles.edge[top]]}-{round(float(middles.along[top]) / 100)}-{middles.edge[top]}"
        shape = streets.plane.round(whole)
        made.append(Feature(key, {
            "road": ", ".join(map(str, names[:3])) or None, "events": int(here.sum()), "weight": rounded(float(weight[here].sum()), 1),
            "length_m": rounded(float(length[some].sum()), 0),
            "density": rounded(1000 * float(density[top]), 2), "significance": rounded(float(chance[some].min()), 4),
            "first": clock.iso(min(days)) if days else None, "last": clock.iso(max(days)) if days else None,
        }, shapely.multilinestrings(shapely.get_parts(shape)) if shape.geom_type == "LineString" else shape))  # fmt: skip
    made.sort(key=lambda one: -float(one.values["density"]))
    return [Feature(one.key, {"rank": i, **one.values}, one.shape) for i, one in enumerate(made, 1)]


def _together(
    streets: Streets, middles: Snapped, starts: NDArray[np.int64], hot: NDArray[np.bool_]
) -> list[NDArray[np.int64]]:
    """Significant pieces that follow one another, also around a corner."""
    count = len(middles)
    pairs = [(i, i + 1) for i in range(count - 1) if middles.edge[i] == middles.edge[i + 1]]
    at_node: dict[int, list[int]] = {}
    for edge in range(len(streets.shapes)):
        at_node.setdefault(int(streets.a[edge]), []).append(int(starts[edge]))
        at_node.setdefault(int(streets.b[edge]), []).append(int(starts[edge + 1] - 1))
    pairs += [(some[0], other) for some in at_node.values() for other in some[1:]]
    pairs += [(a, b) for some in at_node.values() for i, a in enumerate(some) for b in some[i + 1 :]]
    kept = [(a, b) for a, b in pairs if hot[a] and hot[b]]
    if not hot.any():
        return []
    both = np.array(kept, np.int64).reshape(-1, 2)
    labels = graphs.components(graphs.matrix(np.ones(len(both)), both[:, 0], both[:, 1], count))
    return [np.flatnonzero((labels == label) & hot) for label in np.unique(labels[hot])]


METHOD = Method(
    code="network-hotspot",
    says="Stretches of street where events cluster",
    source="Xie & Yan 2008 (network kernel density); Okabe & Sugihara 2012 (permutation)",
    needs={
        "events": Need("records", "accidents or incidents with a place", {
            "at": Role("when", WHEN),
            "weight": Role("how much one counts (killed more than scratched); 1 otherwise", NUMBER),
        }, shape="any"),
        "streets": Need("streets", "the street graph: lines", STREET),
    },
    parameters=NetworkHotspot,
    gives={
        "rank": "integer", "road": "string", "events": "integer", "weight": "number", "length_m": "number",
        "density": "number", "significance": "number", "first": "date-time", "last": "date-time",
    },
    run=run,
    shape="line",
    timeless=True,
)  # fmt: skip
