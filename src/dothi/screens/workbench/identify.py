"""What lies under the pointer: the records of every visible layer."""

import math
from dataclasses import replace

import shapely
from pydantic import Field
from starlette.responses import Response

from dothi.datasets import reading, views
from dothi.kit import geo
from dothi.kit.errors import NotFound
from dothi.screens.asking import Ask
from dothi.screens.workbench import layers
from dothi.screens.workbench.asking import Asked, Selection, answer, posted

LISTED = 25
_DEGREE = 111_195.0  # metres of a degree of latitude


class Pointed(Asked):
    """Where, how wide (metres), and in which layers, the topmost first."""

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-85, le=85)
    radius: float = Field(gt=0, le=100_000)
    layers: list[Selection] = Field(max_length=40)


@posted(Pointed)
def identify(ask: Ask, body: Pointed) -> Response:
    """`POST /map/identify`."""
    wide, high = body.radius / (_DEGREE * math.cos(math.radians(body.lat))), body.radius / _DEGREE
    spot = shapely.affinity.scale(shapely.Point(0, 0).buffer(1, 8), wide, high, origin=(0, 0))
    spot = shapely.affinity.translate(spot, body.lon, body.lat)
    made = []
    for one in body.layers:
        try:
            view = views.view(ask.caller, one.collection)
        except NotFound:
            continue  # it was closed to the caller meanwhile: as if it had never been there
        asked = replace(one.asked(LISTED), bbox=spot.bounds, outline=geo.wkb(spot))
        found = reading.listing(view, asked, ask.session)
        if found.records:
            made.append({
                "code": view.code, "title": view.called(ask.language), "simulated": view.simulated,
                "more": found.after is not None, "records": [layers.record(view, row, ask.language) for row in found.records],
            })  # fmt: skip
    return answer({"layers": made})
