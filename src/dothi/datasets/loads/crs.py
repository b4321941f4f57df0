"""Which reference system a file is in, and its positions in WGS 84."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.database import query_crs_info
from pyproj.enums import PJType
from pyproj.exceptions import CRSError

from dothi.datasets.loads import vn2000
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import fold

ALLOWED = "EPSG:9210, VN-2000 105°45', VN-2000 Long An, EPSG:4326, or WKT"
# with Hoàng Sa, Trường Sa and the sea between: degrees west, south, east, north
VIETNAM = (102.0, 6.0, 118.0, 23.6)
_WGS84 = frozenset({"epsg:4326", "crs84", "ogc:crs84", "wgs84", "wgs 84", "wgs-84"})
_URI = re.compile(r"(?:https?://www\.opengis\.net/def/crs/|urn:ogc:def:crs:)(\w+)[/:][\w.]*[/:](\w+)$", re.IGNORECASE)


@dataclass(frozen=True)
class System:
    """A reference system with what it takes to leave it. transformer: None where positions are WGS 84 already."""

    name: str
    transformer: Transformer | None = None
    epsg: int | None = None
    notices: tuple[str, ...] = ()
    meridian: float | None = None
    uri: str = field(default="", compare=False)

    def to_wgs84(self, shapes: NDArray[Any]) -> NDArray[Any]:
        """Some geometries (None stays None) in WGS 84, two dimensions; what has no place there gets infinite positions."""
        flat = shapely.force_2d(shapes)
        if self.transformer is None:
            return np.asarray(flat)
        places = shapely.get_coordinates(flat)
        if not len(places):
            return np.asarray(flat)
        x, y = self.transformer.transform(places[:, 0], places[:, 1], errcheck=False)
        return np.asarray(shapely.set_coordinates(flat, np.column_stack([x, y])))


WGS84 = System("WGS 84 (EPSG:4326)", epsg=4326, uri="http://www.opengis.net/def/crs/OGC/1.3/CRS84")


def said(text: str) -> System:
    """The system somebody names; raises BadInput with what may be said."""
    plain = text.strip()
    uri = _URI.match(plain)
    if uri is not None:
        plain = f"{uri[1]}:{uri[2]}"
    if fold(plain) in _WGS84:
        return WGS84
    code = re.fullmatch(r"(?:epsg\s*:\s*)?(\d{4,6})", plain, re.IGNORECASE)
    if code is None and (zone := vn2000.said(plain)) is not None:
        return _of_zone(zone)
    try:
        made = CRS.from_user_input(int(code[1]) if code else plain)
    except CRSError:
        raise BadInput(
            f"reference system {text[:80]!r} is not known", [Fault("crs", f"{text[:80]!r}", ALLOWED)]
        ) from None
    return of(made)


def of(found: Any) -> System:
    """The system of a file: WKT, PROJJSON (dict) or pyproj's own; VN-2000 always by the official parameters.

    Raises BadInput for what is not a system with a way to WGS 84.
    """
    try:
        made = found if isinstance(found, CRS) else CRS.from_user_input(found)
    except CRSError as error:
        message = f"the file's reference system cannot be read: {str(error)[:200]}"
        raise BadInput(message, [Fault("crs", message, ALLOWED)]) from None
    inner = made.source_crs if made.is_bound and made.source_crs is not None else made
    if inner.is_compound:
        inner = inner.sub_crs_list[0]
    epsg = inner.to_epsg(min_confidence=90) if not made.is_bound else None
    if epsg is not None and (zone := vn2000.by_code(epsg)) is not None:
        return _of_zone(zone)
    if epsg == 4326:
        return WGS84
    known = _is_vn2000(inner)
    if inner.is_projected and (system := _transverse(made, inner, known=known)) is not None:
        return system
    if inner.is_geographic and known:
        return System("VN-2000 (EPSG:4756)", vn2000.geographic(), 4756, uri=_uri(4756))
    if inner.is_geographic and not made.is_bound and inner.ellipsoid is not None and _on_wgs84(inner):
        return WGS84
    try:
        way = Transformer.from_crs(made, CRS.from_epsg(4326), always_xy=True)
    except CRSError as error:
        raise BadInput(
            f"there is no way from {inner.name} to WGS 84: {error}", [Fault("crs", inner.name, ALLOWED)]
        ) from None
    return System(f"{inner.name} (EPSG:{epsg})" if epsg else inner.name, way, epsg, uri=_uri(epsg))


def _of_zone(zone: vn2000.Zone, notices: tuple[str, ...] = ()) -> System:
    way = vn2000.transformer(zone.meridian, zone.scale)
    return System(zone.name, way, zone.epsg or None, notices, zone.meridian, _uri(zone.epsg or None))


def _uri(epsg: int | None) -> str:
    return f"http://www.opengis.net/def/crs/EPSG/0/{epsg}" if epsg else ""


def _is_vn2000(system: CRS) -> bool:
    geodetic = system.geodetic_crs
    names = [system.name, geodetic.name if geodetic else "", system.datum.name if system.datum else ""]
    return any(re.search(r"vn[\s_-]*2000|viet\s*_?nam[\s_-]*2000", fold(name)) for name in names)


def _on_wgs84(system: CRS) -> bool:
    """Whether a datum is WGS 84, or not named while the ellipsoid is that of WGS 84."""
    datum = fold(system.datum.name if system.datum else "").replace("_", " ")
    ellipsoid = system.ellipsoid
    on_it = ellipsoid is not None and abs(ellipsoid.semi_major_metre - 6378137.0) < 0.01
    return on_it and ("1984" in datum or "wgs" in datum or "unknown" in datum or not datum)


def _transverse(made: CRS, inner: CRS, *, known: bool) -> System | None:
    """A transverse Mercator that is a VN-2000 zone: by its name, or by a scale and meridian nobody else has here."""
    operation = inner.coordinate_operation
    if operation is None or "transverse mercator" not in operation.method_name.lower().replace("_", " "):
        return None
    given = {one.name.lower(): float(one.value) for one in operation.params}
    meridian = given.get("longitude of natural origin", 0.0)
    scale = given.get("scale factor at natural origin", 1.0)
    easting, northing = given.get("false easting", 0.0), given.get("false northing", 0.0)
    metres = all(abs(axis.unit_conversion_factor - 1.0) < 1e-12 for axis in inner.axis_info)
    usual = metres and abs(easting - vn2000.EASTING) < 1e-6 and abs(northing) < 1e-6 and 101.9 <= meridian <= 111.1
    if not usual or not (abs(scale - vn2000.THREE) < 1e-9 or abs(scale - vn2000.SIX) < 1e-9):
        return None
    zone = vn2000.zone(round(meridian, 9), vn2000.THREE if abs(scale - vn2000.THREE) < 1e-9 else vn2000.SIX)
    notices: list[str] = []
    if not known:
        # GIS programs without VN-2000 write its 3° zones as WGS 84 with a scale of 0.9999, which no zone of WGS 84 has
        if zone.scale != vn2000.THREE or not _on_wgs84(inner):
            return None
        notices.append(f'the file says "{inner.name}"; its scale and meridian are those of {zone.name}, taken as such')
    elif made.is_bound:
        notices.append("the file's own parameters to WGS 84 are not used: the official seven are")
    if not zone.epsg:
        notices.append(f"{vn2000.degrees(zone.meridian)} is not the meridian of any province")
    return _of_zone(zone, tuple(notices))


# --- positions that are not where the system says ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Proposal:
    """Another reading under which the positions lie in Vietnam. swap: first coordinate north, second east."""

    crs: str
    swap: bool
    why: str


def inside_vietnam(longitudes: NDArray[Any], latitudes: NDArray[Any]) -> NDArray[np.bool_]:
    """Which positions lie in Vietnam's frame, its islands and sea included."""
    west, south, east, north = VIETNAM
    inside: NDArray[np.bool_] = (
        (longitudes >= west) & (longitudes <= east) & (latitudes >= south) & (latitudes <= north)
    )
    return inside


def proposals(first: NDArray[Any], second: NDArray[Any]) -> list[Proposal]:
    """Readings of coordinates as the file has them under which they lie in Vietnam, the likeliest first."""
    good = np.isfinite(first) & np.isfinite(second)
    x, y = first[good], second[good]
    if not len(x):
        return []
    found: list[Proposal] = []
    for swap, (east, north) in ((False, (x, y)), (True, (y, x))):
        said_ = ", the first coordinate being the latitude" if swap else ""
        if inside_vietnam(east, north).mean() > 0.9:
            found.append(Proposal("EPSG:4326", swap, f"degrees, WGS 84{said_}"))
        if np.median(np.abs(east)) > 200_000 and np.median(np.abs(north)) > 500_000:
            found += _in_metres(east, north, swap=swap)
    return found


def _in_metres(east: NDArray[Any], north: NDArray[Any], *, swap: bool) -> Iterable[Proposal]:
    first = " (first coordinate north)" if swap else ""
    candidates = sorted(vn2000.ZONES, key=lambda one: one.scale != vn2000.THREE)
    for zone in candidates:
        reach = 250_000 if zone.scale == vn2000.THREE else 400_000
        if np.abs(east - vn2000.EASTING).max() > reach:
            continue
        lon, lat = vn2000.transformer(zone.meridian, zone.scale).transform(east, north, errcheck=False)
        lon, lat = np.asarray(lon), np.asarray(lat)
        for west, south, over, top, where in _areas().get(zone.epsg, ()):
            share = ((lon >= west) & (lon <= over) & (lat >= south) & (lat <= top)).mean()
            if share > 0.9:
                yield Proposal(f"EPSG:{zone.epsg}", swap, f"{zone.name}{first}: {where}")
                break
    if np.abs(east).max() < 2.1e7 and np.median(east) > 1.1e7:
        way = Transformer.from_crs(3857, 4326, always_xy=True)
        if inside_vietnam(*map(np.asarray, way.transform(east, north, errcheck=False))).mean() > 0.9:
            yield Proposal("EPSG:3857", swap, f"Web Mercator{first}")


@lru_cache(maxsize=1)
def _areas() -> dict[int, tuple[tuple[float, float, float, float, str], ...]]:
    """Where each zone is used, by the EPSG database; a zone with areas of provinces only there."""
    found: dict[int, list[tuple[float, float, float, float, str]]] = {}
    for one in query_crs_info(auth_name="EPSG", pj_types=PJType.PROJECTED_CRS):
        if one.name.startswith("VN-2000 /") and one.area_of_use is not None:
            area = one.area_of_use
            where = (area.name or "").removeprefix("Vietnam - ").rstrip(".")
            found.setdefault(int(one.code), []).append((area.west, area.south, area.east, area.north, where))
    return {code: tuple(_provincial(areas)) for code, areas in found.items()}


def _provincial(areas: list[tuple[float, float, float, float, str]]) -> list[tuple[float, float, float, float, str]]:
    return [area for area in areas if "onshore" not in area[4]] or areas
