"""The commune each shape lies in, for many shapes in one pass."""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from dothi.kit import clock
from dothi.places import atlas as atlases

LEVEL = "commune"


def communes(session: Session, shapes: NDArray[np.object_], at: int | None = None) -> NDArray[np.object_]:
    """The code of the commune each shape lies in at an instant (µs; None: now); None where there is none.

    A shape larger than a point is where a point inside it is, so that it belongs to one commune.
    """
    answer = np.full(len(shapes), None, object)
    here = np.flatnonzero(~shapely.is_missing(shapes))
    if not len(here):
        return answer
    level = atlases.current(session).level(session, LEVEL)
    if not level.rows:
        return answer
    points = _points(shapes[here])
    when = clock.now_micros() if at is None else at
    point, unit = level.tree.query(points, predicate="intersects")
    standing = (level.starts[unit] <= when) & (when < level.ends[unit])
    point, unit = point[standing], unit[standing]
    # on a border the unit of the lowest rank wins, as places.atlas.locate has it
    by_rank = np.lexsort((level.rank[unit], point))
    point, unit = point[by_rank], unit[by_rank]
    first = np.flatnonzero(np.concatenate(([True], point[1:] != point[:-1]))) if len(point) else np.empty(0, int)
    codes = np.array([row.code for row in level.rows], object)
    answer[here[point[first]]] = codes[unit[first]]
    return answer


def _points(shapes: NDArray[np.object_]) -> Any:
    """A point inside each shape."""
    plain = shapely.get_type_id(shapes) == 0
    if plain.all():
        return shapes
    made = shapes.copy()
    made[~plain] = shapely.point_on_surface(shapes[~plain])
    return made
