"""catchment: what can be walked to within some minutes, and how many people live there.

Source: isochrones by shortest ways on the street graph (Dijkstra 1959), as in O'Sullivan, Morrison & Shearer (2000),
"Using desktop GIS for the investigation of accessibility by public transport", IJGIS 14(1): 85-104; the streets that are
reached are given a width, since people live along them. Walking speed 4.8 km/h (1.33 m/s) is the usual planning figure;
children 4 km/h.
"""

from typing import Any

import numpy as np
import shapely
import shapely.ops
from pydantic import Field, field_validator

from dothi.analyses.model import (
    NUMBER,
    STREET,
    WORD,
    Feature,
    Given,
    Item,
    Method,
    Need,
    Parameters,
    Role,
    TooLittle,
    centre,
    rounded,
)
from dothi.analyses.streets import Streets


class Catchment(Parameters):
    """minutes: of walking, ascending. width: metres on both sides of a reached street that count as reached."""

    minutes: list[float] = Field(default=[5, 10, 15], min_length=1, max_length=5)
    kilometres_per_hour: float = Field(default=4.8, gt=0, le=60)
    width: float = Field(default=80, ge=10, le=500)
    within: float = Field(default=300, gt=0)  # of a street
    together: bool = True  # and one area of all places, so that nobody is counted twice

    @field_validator("minutes")
    @classmethod
    def _ascend(cls, value: list[float]) -> list[float]:
        if value != sorted(set(value)) or value[0] <= 0:
            raise ValueError("minutes must ascend and be above 0")
        return value


def reached(streets: Streets, edge: int, along: float, away: float, metres: float) -> Any:
    """The streets (metres) within a walk of one place, its way to the street counted; empty where there is none."""
    from dothi.analyses.streets import Snapped

    left = metres - away
    if left <= 0:
        return shapely.MultiLineString()
    at = Snapped(np.array([edge]), np.array([along]), np.zeros(1))
    ways = streets.to_nodes(at, left)[0]
    from_a, from_b = left - ways[streets.a], left - ways[streets.b]
    length = streets.lengths
    whole = (from_a >= 0) & (from_b >= 0) & (from_a + from_b >= length)
    lines: list[Any] = list(streets.shapes[whole])
    for i in np.flatnonzero(~whole & ((from_a > 0) | (from_b > 0))):
        if from_a[i] > 0:
            lines.append(shapely.ops.substring(streets.shapes[i], 0, min(from_a[i], length[i])))
        if from_b[i] > 0:
            lines.append(shapely.ops.substring(streets.shapes[i], max(length[i] - from_b[i], 0), length[i]))
    own = shapely.ops.substring(streets.shapes[edge], max(along - left, 0), min(along + left, length[edge]))
    # what is reached from both ends counts once
    return shapely.union_all([one for one in [*lines, own] if one.geom_type == "LineString" and one.length > 0])


def covered(area: Any, people: list[tuple[Any, float]], tree: shapely.STRtree) -> float:
    """People within an area: all of a point's, of a polygon the share of it that lies inside."""
    total = 0.0
    for i in tree.query(area, predicate="intersects"):
        shape, number = people[int(i)]
        total += number if shape.area == 0 else number * shapely.intersection(shape, area).area / shape.area
    return total


def run(given: Given, p: Catchment) -> list[Feature]:
    """One feature a place and number of minutes, and one of all places."""
    streets = given.streets()
    if streets is None or not len(streets.shapes):
        raise TooLittle("chưa có đường nào trong mạng lưới", "there are no streets")
    places = [(one, where) for one in given.records("places") if (where := centre(one.shape)) is not None]
    if not places:
        raise TooLittle("chưa có điểm nào có vị trí", "no place has a position")
    plane = streets.plane
    people = [
        (plane.flat(one.shape), number)
        for one in given.records("people")
        if one.shape is not None and (number := one.number("people")) is not None
    ]
    tree = shapely.STRtree([shape for shape, _ in people])
    all_people = sum(number for _, number in people)
    snapped = streets.snap([where for _, where in places], p.within)
    made: list[Feature] = []
    for minutes in p.minutes:
        areas: list[Any] = []
        for i, (place, _) in enumerate(places):
            if not snapped.found[i]:
                continue
            metres = minutes / 60 * p.kilometres_per_hour * 1000
            lines = reached(streets, int(snapped.edge[i]), float(snapped.along[i]), float(snapped.away[i]), metres)
            if shapely.is_empty(lines):
                continue
            area = shapely.simplify(shapely.buffer(lines, p.width, quad_segs=4), 2.0)
            areas.append(area)
            made.append(
                _feature(
                    f"{place.key}-{minutes:g}",
                    place,
                    minutes,
                    area,
                    people,
                    tree,
                    all_people,
                    plane,
                    float(lines.length),
                )
            )
        if p.together and areas:
            area = shapely.union_all(areas)
            made.append(_feature(f"all-{minutes:g}", None, minutes, area, people, tree, all_people, plane, None))
    if not made:
        raise TooLittle(
            f"không điểm nào cách đường dưới {p.within:g} m", f"no place lies within {p.within:g} m of a street"
        )
    return made


def _feature(
    key: str, place: Item | None, minutes: float, area: Any, people: list[tuple[Any, float]], tree: shapely.STRtree,
    all_people: float, plane: Any, metres: float | None,
) -> Feature:  # fmt: skip
    number = covered(area, people, tree) if people else None
    capacity = place.number("capacity") if place else None
    return Feature(key, {
        "place": place.key if place else None, "name": place.text("name") if place else None, "minutes": rounded(minutes, 1),
        "people": None if number is None else round(number), "people_share": rounded(100 * number / all_people, 1) if number is not None and all_people else None,
        "capacity": capacity, "people_per_place": rounded(number / capacity, 1) if number is not None and capacity else None,
        "area_km2": rounded(area.area / 1e6, 3), "streets_km": rounded(metres / 1000, 2) if metres is not None else None,
    }, shapely.multipolygons(shapely.get_parts(plane.round(area))))  # fmt: skip


METHOD = Method(
    code="catchment",
    says="Areas within a walk of places on the street graph, and the people who live there",
    source="Isochrones by shortest ways (Dijkstra 1959; O'Sullivan et al. 2000)",
    needs={
        "places": Need("records", "where people walk to: schools, clinics, stops", {
            "name": Role("what it is called", WORD), "capacity": Role("places it has", NUMBER),
        }, shape="any"),
        "streets": Need("streets", "the streets one may walk: leave motorways out by `where`", STREET),
        "people": Need("records", "people by point or polygon", {
            "people": Role("how many", NUMBER, needed=True),
        }, needed=False),
    },
    parameters=Catchment,
    gives={
        "place": "string", "name": "string", "minutes": "number", "people": "integer", "people_share": "number",
        "capacity": "number", "people_per_place": "number", "area_km2": "number", "streets_km": "number",
    },
    run=run,
    shape="polygon",
    timeless=True,
)  # fmt: skip
