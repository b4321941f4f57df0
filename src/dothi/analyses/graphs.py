"""Graphs as square sparse matrices, by scipy: it takes a third of a second to import, and no start is to wait for it."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def matrix(values: ArrayLike, rows: ArrayLike, columns: ArrayLike, count: int) -> Any:
    """Of so many nodes; values of the same row and column add up."""
    from scipy.sparse import csr_matrix

    return csr_matrix((values, (rows, columns)), shape=(count, count))


def components(graph: Any) -> Any:
    """Of each node, the number of the component it is in, whichever way the edges lead."""
    from scipy.sparse.csgraph import connected_components

    return connected_components(graph, directed=False)[1]


def dijkstra(graph: Any, nodes: ArrayLike, *, limit: float = np.inf, predecessors: bool = False) -> Any:
    """Shortest ways from some nodes to all, edges taken either way: infinite beyond the limit, or where none leads.

    predecessors: gives with them of each node the one before it on the way.
    """
    from scipy.sparse import csgraph

    return csgraph.dijkstra(graph, directed=False, indices=nodes, limit=limit, return_predecessors=predecessors)


def pairs(points: NDArray[np.float64], within: float) -> NDArray[np.int64]:
    """Each two points (n, 2) no farther apart than that, as (m, 2) of their places."""
    from scipy.spatial import cKDTree

    found: NDArray[np.int64] = cKDTree(points).query_pairs(within, output_type="ndarray")
    return found
