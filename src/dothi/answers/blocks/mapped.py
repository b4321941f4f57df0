"""Layers on a small map, and the way to the same ones on the map of plans and data."""

import json
from dataclasses import replace

import shapely

from dothi.answers import model, reading, shown
from dothi.answers.asking import Asking
from dothi.answers.blocks import things
from dothi.answers.blocks.words import title_of
from dothi.datasets import reading as stored
from dothi.datasets.selecting import Asked

_MOST = 400  # records and things on the small map


def answer(ask: Asking, spec: model.Map) -> shown.Map:
    """Where the layers lie, and what of them is drawn."""
    made = shown.Map("map", title_of(spec, ask, ask.say("Trên bản đồ")))
    sources: list[str] = []
    corners: list[tuple[float, float]] = []
    codes: list[str] = []
    for code in spec.datasets:
        view = ask.view(code)
        if view is None or view.geometry_type is None:
            continue
        codes.append(code)
        made.simulated = made.simulated or view.simulated
        made.at = max(filter(None, (made.at, view.changed_at)), default=None)
        sources.append(view.called(ask.language))
        if view.bbox is not None and view.count and ask.city is None:
            corners += [(view.bbox[0], view.bbox[1]), (view.bbox[2], view.bbox[3])]
        asked = Asked(unit=ask.place, city=ask.city, as_of=ask.at, limit=_MOST)
        count = int(view.count) if ask.city is None else stored.count(view, replace(asked, unit=None), ask.session)
        made.layers.append((view.called(ask.language), code, count))
        for one in stored.listing(view, asked, ask.session).records:
            if one["geojson"] and ask.city is not None:
                west, south, east, north = shapely.from_geojson(one["geojson"]).bounds
                corners += [(west, south), (east, north)]
            if one["geojson"]:
                name = reading.name_of(view, one["properties"], str(one["key"]), ask)
                made.features.append({"g": json.loads(one["geojson"]), "n": name, "h": reading.href(view, str(one["key"])), "l": len(codes) - 1})  # fmt: skip
    for code in spec.properties:
        values = ask.newest(code)
        made.things += [one.thing for one in values if one.thing is not None and one.thing not in made.things]
        made.simulated = made.simulated or any(one.simulated for one in values)
        made.at = max(filter(None, (made.at, *(one.at for one in values))), default=None)
        corners += [(one.lon, one.lat) for one in values if one.lon is not None and one.lat is not None]
        if values:
            sources.append(things.source(code, values, ask))
    made.source = " · ".join(sources)
    made.href = ask.address("/map", l=",".join(codes)) if codes else "/#ds"
    made.api = reading.api_of(codes[0]) if codes else ""
    if corners:
        west, south = min(x for x, _ in corners), min(y for _, y in corners)
        east, north = max(x for x, _ in corners), max(y for _, y in corners)
        margin = max(0.003, 0.06 * max(east - west, north - south))
        made.bounds = [round(v, 5) for v in (west - margin, south - margin, east + margin, north + margin)]
    else:
        made.why = ask.say("Chưa có gì để vẽ lên bản đồ.")
    return made
