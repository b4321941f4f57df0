"""A flat piece of ground: metres east and north of a point, good to a tenth of a percent over a city."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

# metres of a degree of latitude, and of longitude on the equator (WGS 84, at the latitudes of Vietnam within 0.3 %)
_LAT, _LON = 110_700.0, 111_320.0


@dataclass(frozen=True)
class Plane:
    """Metres around an origin in degrees."""

    lon: float
    lat: float

    @property
    def _scale(self) -> NDArray[np.float64]:
        return np.array([_LON * np.cos(np.radians(self.lat)), _LAT])

    def metres(self, degrees: Any) -> NDArray[np.float64]:
        """Positions (n, 2) in degrees as metres."""
        return (np.asarray(degrees, float).reshape(-1, 2) - (self.lon, self.lat)) * self._scale

    def degrees(self, metres: Any) -> NDArray[np.float64]:
        """Positions (n, 2) in metres as degrees."""
        return np.asarray(metres, float).reshape(-1, 2) / self._scale + (self.lon, self.lat)

    def flat(self, shapes: Any) -> Any:
        """Shapes in degrees as shapes in metres."""
        return shapely.transform(shapes, self.metres)

    def round(self, shapes: Any) -> Any:
        """Shapes in metres as shapes in degrees."""
        return shapely.transform(shapes, self.degrees)


def plane_of(shapes: Any) -> Plane:
    """The plane around the middle of some shapes in degrees."""
    west, south, east, north = shapely.total_bounds(np.asarray(shapes, object))
    if not np.isfinite(west):
        return Plane(106.0, 16.0)
    return Plane(float(west + east) / 2, float(south + north) / 2)


def apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two positions in degrees."""
    plane = Plane(*one)
    return float(np.hypot(*plane.metres([other])[0]))
