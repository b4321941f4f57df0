"""Items in the other forms: GeoJSON in another coordinate reference system, JSON-FG, CSV, files, pages for people."""

import asyncio
import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import shapely
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from dothi.datasets import reading
from dothi.datasets.reading import Listing
from dothi.datasets.views import View
from dothi.db import hot
from dothi.doors.features import answers, crs, formats, html, items, prepared
from dothi.doors.features.formats import Form
from dothi.identity import guard
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.web.address import root_of

_JSONFG = [f"http://www.opengis.net/spec/json-fg-1/1.0/conf/{part}" for part in ("core", "types-schemas")]
_FILES = {"geoparquet": "parquet", "flatgeobuf": "fgb"}


async def page(request: Request, caller: guard.Caller, view: View, ready: prepared.Page, form: Form) -> Response:
    """A page in a form that is made here."""
    if ready.wanted.hits:
        message = f"{form.name} has no place for a count alone"
        raise BadInput(message, [Fault("resultType", message, "f=json")])
    asked, base = ready.wanted.asked, root_of(request)
    headers = items.headers_of(view, ready.wanted.crs)
    found = await hot.fetch(prepared.gate(caller, view), {}, short=True)
    if found and form is not formats.HTML_FORM:
        headers["ETag"] = items.etag(view, found[0][0], ready, base, form.name)
        if answers.unchanged(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
    if form.name in _FILES:
        return await asyncio.to_thread(_file, view, ready, form, base, headers)
    listing = await asyncio.to_thread(reading.listing, view, asked, wkb=form is not formats.HTML_FORM)
    after = None if listing.after is None else json.dumps(listing.after, ensure_ascii=False, separators=(",", ":"))
    links = items.links(view, base, ready.wanted, form, after)
    if form is formats.HTML_FORM:
        return html.items(request, view, listing.records, links)
    if form is formats.CSV:
        if after is not None:
            headers["Link"] = _header(links)
        headers["Content-Disposition"] = f'inline; filename="{view.code}.csv"'
        return Response(_csv(view, listing, ready.wanted.crs), headers=headers, media_type="text/csv; charset=utf-8")
    body: dict[str, Any] = {"type": "FeatureCollection"}
    if form is formats.JSONFG:
        body |= _fg_head(view, ready.wanted.crs)
    body |= {"numberReturned": len(listing.records), "links": links}
    body["features"] = features(view, listing.records, ready.wanted.crs, form)
    return Response(answers.text(body), headers=headers, media_type=form.kind)


def one(request: Request, view: View, key: str, ready: prepared.Item, form: Form, base: str) -> Response:
    """One feature in a form that is made here."""
    record = reading.one(view, key, ready.wanted.asked.as_of, asked=ready.wanted.asked, wkb=True)
    if record is None:
        return Response(status_code=404)
    here = f"{base}/collections/{answers.part(view.code)}"
    if form is formats.HTML_FORM:
        return html.item(request, view, record, here)
    (body,) = features(view, [record], ready.wanted.crs, form)
    if form is formats.JSONFG:
        body = {"type": "Feature"} | _fg_head(view, ready.wanted.crs) | body
    body["links"] = [
        answers.link(items.address(f"{here}/items/{answers.part(key)}", list(ready.wanted.pairs)), "self", form.kind),
        answers.link(here, "collection", answers.JSON),
    ]
    return Response(answers.text(body), media_type=form.kind)


def features(view: View, records: Sequence[dict[str, Any]], uri: str, form: Form) -> list[dict[str, Any]]:
    """Records as features whose geometry is in a coordinate reference system."""
    shapes = crs.given(shapely.from_wkb([record.get("geometry") for record in records]), uri)
    made = []
    for record, shape in zip(records, shapes, strict=True):
        geometry = None if shape is None else json.loads(shapely.to_geojson(shape))
        one: dict[str, Any] = {"type": "Feature", "id": record["key"]}
        if form is formats.JSONFG:
            plain = None if record["geojson"] is None else json.loads(record["geojson"])
            one |= {
                "time": _time(record), "place": None if uri == crs.CRS84 else geometry,
                "geometry": plain,
            }  # fmt: skip
        else:
            one["geometry"] = geometry
        one["properties"] = properties(view, record)
        made.append(one)
    return made


def properties(view: View, record: dict[str, Any]) -> dict[str, Any]:
    """The properties with the place the server found."""
    if isinstance(view, reading.Virtual) or any(one.name == reading.PLACE for one in view.fields):
        return dict(record["properties"])
    if reading.PLACE not in record["shown"]:
        return dict(record["properties"])
    return {reading.PLACE: record["unit_code"], **record["properties"]}


def _time(record: dict[str, Any]) -> dict[str, Any] | None:
    since, until = record["valid_from"], record["valid_until"]
    if since is None and until is None:
        return None
    return {"interval": [".." if at is None else clock.iso(at) for at in (since, until)]}


def _fg_head(view: View, uri: str) -> dict[str, Any]:
    return {"conformsTo": _JSONFG, "featureType": view.code, "coordRefSys": uri}


def _header(links: Sequence[dict[str, Any]]) -> str:
    return ", ".join(f'<{one["href"]}>; rel="{one["rel"]}"' for one in links if one["rel"] == "next")


def _csv(view: View, listing: Listing, uri: str) -> str:
    """A page as RFC 4180 CSV in UTF-8; points in two columns, other shapes as text, objects and arrays as JSON."""
    shapes = crs.given(shapely.from_wkb([record.get("geometry") for record in listing.records]), uri)
    points = view.geometry_type == "Point"
    names = list(dict.fromkeys(name for record in listing.records for name in properties(view, record)))
    order = {one.name: place for place, one in enumerate(view.fields)}
    names.sort(key=lambda name: order.get(name, -1))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    shape_names = [] if view.geometry_type is None else (["x", "y"] if points else ["geometry"])
    writer.writerow(["id", *shape_names, *names])
    for record, shape in zip(listing.records, shapes, strict=True):
        place: list[Any] = []
        if shape_names:
            place = [shapely.get_x(shape), shapely.get_y(shape)] if points else [shapely.to_wkt(shape, 7)]
            if shape is None:
                place = [None] * len(shape_names)
        values = properties(view, record)
        writer.writerow([record["key"], *place, *(_cell(values.get(name)) for name in names)])
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return answers.text(value)
    return value


def _file(view: View, ready: prepared.Page, form: Form, base: str, headers: dict[str, str]) -> Response:
    """A page as a file of a format that other tools open, made by the exports."""
    from dothi.datasets.formats.export import export

    asked = ready.wanted.asked
    one_more = reading.listing(view, replace(asked, properties=()))
    if one_more.after is not None:
        after = json.dumps(one_more.after, ensure_ascii=False, separators=(",", ":"))
        headers["Link"] = _header(items.links(view, base, ready.wanted, form, after))
    headers["Content-Disposition"] = f'attachment; filename="{view.code}.{_FILES[form.name]}"'
    pieces: Iterator[bytes] = export(
        view, asked, form.name, crs=None if ready.wanted.crs == crs.CRS84 else ready.wanted.crs
    )
    first = next(pieces, b"")  # what it refuses, it refuses before the answer begins

    def flow() -> Iterator[bytes]:
        yield first
        yield from pieces

    return StreamingResponse(flow(), headers=headers, media_type=form.kind)
