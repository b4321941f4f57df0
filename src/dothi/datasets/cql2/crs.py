"""Geometries of a filter from the system they are written in (filter-crs) to WGS 84 longitude and latitude."""

import re
from functools import lru_cache
from typing import Any

import numpy as np
import pyproj
import shapely
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from dothi.datasets.loads import vn2000
from dothi.kit.errors import BadInput, Fault

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_VN2000 = 4756  # its longitude and latitude, latitude first
_FORMS = re.compile(
    r"https?://www\.opengis\.net/def/crs/(?P<a>EPSG|OGC)/[^/\s]{1,16}/(?P<c>[A-Za-z0-9]{1,10})"
    r"|urn:ogc:def:crs:(?P<ua>EPSG|OGC):[^:\s]{0,16}:(?P<uc>[A-Za-z0-9]{1,10})"
    r"|\[?(?P<sa>EPSG|OGC):(?P<sc>[A-Za-z0-9]{1,10})\]?"
)


class Projection:
    """A coordinate reference system; its axes are in the order its authority says (EPSG:4326: latitude first)."""

    def __init__(self, name: str, crs: pyproj.CRS) -> None:
        self.name = name
        self.geographic = crs.is_geographic
        self.east_first = crs.axis_info[0].direction.lower() in {"east", "west"}
        geodetic = crs.geodetic_crs
        # left to itself PROJ takes other parameters than the national ones in the south, 80 cm off
        self._vietnamese = geodetic is not None and geodetic.to_epsg() == _VN2000
        end = pyproj.CRS.from_epsg(_VN2000) if self._vietnamese else pyproj.CRS.from_authority("OGC", "CRS84")
        self._transformer = pyproj.Transformer.from_crs(crs, end)

    def to_wgs84(self, geometry: BaseGeometry) -> BaseGeometry:
        """The geometry in longitude and latitude; a position out of the system's reach becomes infinite."""
        return shapely.transform(geometry, self._moved)

    def _moved(self, positions: Any) -> Any:
        x, y = self._transformer.transform(positions[:, 0], positions[:, 1])
        if self._vietnamese:
            x, y = vn2000.geographic().transform(y, x)
        return np.column_stack([x, y])


@lru_cache(maxsize=64)
def projection(uri: str) -> Projection | None:
    """The system of a URI, URN or CURIE of EPSG or OGC; None for longitude and latitude in WGS 84.

    Raises BadInput for anything else: a definition written out, a file, a system PROJ does not know.
    """
    found = _FORMS.fullmatch(uri.strip())
    if found is not None:
        authority, code = found["a"] or found["ua"] or found["sa"], found["c"] or found["uc"] or found["sc"]
        if (authority, code.upper()) == ("OGC", "CRS84"):
            return None
        try:
            return Projection(uri, pyproj.CRS.from_authority(authority, code))
        except CRSError:
            pass
    message = f"no coordinate reference system {uri[:120]!r}"
    raise BadInput(message, [Fault("filter-crs", message, f"{CRS84}, http://www.opengis.net/def/crs/EPSG/0/…")])
