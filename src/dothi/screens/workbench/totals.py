"""What is inside an area: how many, sums and means, by ward and by kind; and which records they are."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import shapely
from pyproj import Geod
from sqlalchemy import func
from starlette.responses import Response

from dothi.datasets import reading, views
from dothi.datasets.schema import Field
from dothi.datasets.views import View
from dothi.kit import geo
from dothi.places import service as places
from dothi.screens.asking import Ask
from dothi.screens.workbench import layers
from dothi.screens.workbench.asking import Selection, answer, drawn, posted

LISTED = 100
CUT = 5000  # records whose areas are cut at the drawn edge
_EARTH = Geod(ellps="WGS84")


class TotalsAsked(Selection):
    """by: a listed field to group by; none: the one the layer is coloured by."""

    by: str | None = None


@posted(TotalsAsked)
def totals(ask: Ask, body: TotalsAsked) -> Response:
    """`POST /map/totals`."""
    view = views.view(ask.caller, body.collection)
    asked = body.asked(LISTED)
    own = reading.rows(view, asked.as_of)
    where = reading.clauses(own, view, asked)
    numbers = [one for one in view.fields if one.kind in ("number", "integer") and one.role is None and not one.values]
    columns = []
    for one in numbers:
        value, _ = reading.column(own, view, one.name)
        columns += [func.count(value), func.sum(value), func.avg(value), func.min(value), func.max(value)]
    whole = ask.session.execute(own.select(func.count(), *columns).where(*where)).one()
    wards = ask.session.execute(
        own.select(own.c.unit_code, func.count(), *columns).where(*where).group_by(own.c.unit_code)
    ).all()
    by = _grouped(view, body.by)
    kinds: Sequence[Any] = []
    if by is not None:
        value, _ = reading.column(own, view, by.name)
        kinds = ask.session.execute(own.select(value, func.count(), *columns).where(*where).group_by(value)).all()
    records = reading.listing(view, asked, ask.session)
    inside = _inside(ask, view, body, whole[0], by.name if by is not None else None)
    named = _ward_names(ask, [row[0] for row in wards])
    return answer({
        "collection": view.code, "title": view.called(ask.language), "count": whole[0], "simulated": view.simulated,
        "measures": [
            {"field": one.name, "title": one.called(ask.language), "unit": layers.unit_of(one, ask.language), "adds": _adds(one), **_measure(whole[1 + 5 * i :])}
            for i, one in enumerate(numbers)
        ],
        "area": inside.get("") if inside is not None else None,
        "places": [
            {"code": row[0], "name": named.get(row[0]) or "", "count": row[1], "sums": [_round(row[3 + 5 * i]) for i in range(len(numbers))]}
            for row in sorted(wards, key=lambda row: (row[0] is None, -row[1]))
        ],
        "kinds": None if by is None else {
            "field": by.name, "title": by.called(ask.language),
            "rows": [
                {"value": row[0], "name": layers.value_title(by, row[0], ask.language), "count": row[1],
                 "area": None if inside is None else inside.get(row[0]), "sums": [_round(row[3 + 5 * i]) for i in range(len(numbers))]}
                for row in sorted(kinds, key=lambda row: (row[0] is None, -row[1]))
            ],
        },
        "records": [layers.record(view, one, ask.language) for one in records.records],
    })  # fmt: skip


# UCUM units of what grows with the number of things; shares and ratios do not add up
_EXTENSIVE = frozenset({"har", "m2", "km2", "m", "km", "m3", "L", "kg", "t", "W", "kW", "MW", "kW.h", "min", "h", "d"})


def _adds(one: Field) -> bool:
    """Whether the sum of a field's values says something."""
    return one.unit in _EXTENSIVE if one.unit else one.kind == "integer"


def _measure(row: Any) -> dict[str, Any]:
    count, total, mean, least, most = row[:5]
    return {"count": count, "sum": _round(total), "mean": _round(mean), "min": _round(least), "max": _round(most)}


def _round(value: Any) -> float | None:
    return None if value is None else round(float(value), 6)


def _grouped(view: View, by: str | None) -> Any:
    """The field to group by: the one asked for, or the listed one the layer is coloured by."""
    listed = [one for one in view.fields if one.values]
    if by is not None:
        return next((one for one in listed if one.name == by), None)
    styled = (view.style or {}).get("fields") or []
    return next((one for one in listed if one.name in styled), None)


def _inside(ask: Ask, view: View, body: TotalsAsked, count: int, by: str | None) -> dict[Any, float] | None:
    """Square metres of the records' own areas inside the drawn one, by kind and in all (under ""); None where there are none."""
    if body.area is None or view.geometry_type not in ("Polygon", "MultiPolygon") or count > CUT:
        return None
    edge = drawn(body.area)
    shapely.prepare(edge)
    made: dict[Any, float] = defaultdict(float)
    for one in reading.read(view, body.asked(), ask.session):
        if one["geojson"] is None:
            continue
        shape = geo.from_geojson(json.loads(one["geojson"]))
        cut = shape if edge.covers(shape) else shapely.intersection(shape, edge)
        size = abs(_EARTH.geometry_area_perimeter(shapely.orient_polygons(cut))[0])
        made[""] += size
        if by is not None:
            made[one["properties"].get(by)] += size
    return {key: round(value, 1) for key, value in made.items()}


def _ward_names(ask: Ask, codes: list[Any]) -> dict[str, str]:
    made = {}
    for code in codes:
        found = None if code is None else places.unit(ask.session, code)
        if found is not None:
            made[code] = (found.full_name_en if ask.language == "en" else None) or found.full_name or found.name
    return made
