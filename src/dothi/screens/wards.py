"""The wards and communes a page offers: of the city's own area, or all that are known."""

from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from dothi.kit.text import sort_key
from dothi.places import cities, store
from dothi.places import service as places

AREA = "pilot-city"
_NEAR = 0.02  # degrees beyond the city's edge that still count: our outlines are approximate, and so is GPS


def wards(session: Session, language: str, now: int) -> list[tuple[str, str]]:
    """Code and full name of each, by name."""
    seen = cities.lens(session)
    of_area = (
        set(seen.units)
        if seen is not None
        else {code for row in places.area_rows(session, now, AREA) for code in row.units}
    )
    found = [
        one
        for one in store.slim_units(session)
        if one.level == "commune" and one.valid_from <= now and (one.valid_to is None or now < one.valid_to)
    ]
    mine = [one for one in found if one.code in of_area] or found
    named = [(one.code, (one.full_name_en if language == "en" else None) or one.full_name) for one in mine]
    return sorted(named, key=lambda pair: sort_key(pair[1]))


def short(full: str) -> str:
    """A ward's name in a list: P. Long An."""
    for word, letter in (("phường ", "P. "), ("xã ", "X. "), ("đặc khu ", "ĐK. ")):
        if full.lower().startswith(word):
            return letter + full[len(word) :]
    return full


def bounds(session: Session, now: int) -> list[float] | None:
    """West, south, east, north of the city; None where its outline is not known."""
    shapes = [one.bounds for one in _shapes(session, now)]
    if not shapes:
        return None
    west, south, east, north = zip(*shapes, strict=True)
    return [round(one, 5) for one in (min(west), min(south), max(east), max(north))]


def outside(session: Session, lon: float, lat: float, now: int) -> bool:
    """Whether a place is clearly not of the city; no where the city's outline is not known."""
    shapes = _shapes(session, now, every=True)
    return bool(shapes) and not any(shape.distance(Point(lon, lat)) <= _NEAR for shape in shapes)


def _shapes(session: Session, now: int, *, every: bool = False) -> list[BaseGeometry]:
    """The outline of each city, or of the one a page is about."""
    seen = None if every else cities.lens(session)
    rows = [
        one
        for one in places.area_rows(session, now, AREA)
        if seen is None or not seen.units or set(one.units) <= set(seen.units)
    ]
    found = (places.area_shape(session, row.code, now) for row in rows)
    return [one for one in found if one is not None]
