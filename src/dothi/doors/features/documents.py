"""The documents of the door: landing page, conformance, collections, schemas, queryables, sortables."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dothi.config import settings
from dothi.datasets.reading import Virtual
from dothi.datasets.views import View
from dothi.doors.features import answers, asked, collections, crs, formats, html, landing, schemas
from dothi.doors.features.answers import HTML, JSON, OPENAPI, REL, SCHEMA, link
from dothi.identity import access
from dothi.kit import clock
from dothi.web import i18n
from dothi.web.address import root_of

TITLE = i18n.marked("Dữ liệu đô thị")
ABOUT = i18n.marked("Bản ghi của các tập dữ liệu theo OGC API Features: lọc, sắp xếp, tải về, và sửa khi có quyền.")


async def root(request: Request) -> Response:
    """The landing page, in the caller's language."""
    say = i18n.speaker(i18n.language_of(request))
    given = asked.only_f(request.scope["query_string"])
    form = formats.chosen(given.get("f"), request.headers.get("accept"), formats.DOCUMENT)
    base = root_of(request)
    body = {
        "title": say(TITLE),
        "description": say(ABOUT),
        "links": [
            *_forms(f"{base}/", form),
            link(f"{base}/api", "service-desc", OPENAPI, "OpenAPI 3.0"),
            link(f"{base}/api.html", "service-doc", HTML, "Documentation"),
            link(f"{base}/conformance", "conformance", JSON, "Conformance"),
            link(f"{base}/collections", "data", JSON, "Collections"),
            *({**one, "href": one["href"].replace("{base}", base)} for one in landing.LINKS),
        ],
    }
    if form is formats.HTML_FORM:
        return html.landing(request, body)
    return answers.document(request, body)


async def conformance(request: Request) -> Response:
    """What this server conforms to."""
    given = asked.only_f(request.scope["query_string"])
    formats.chosen(given.get("f"), request.headers.get("accept") if given else None, (formats.JSON_FORM,))
    return answers.document(request, {"conformsTo": landing.classes()})


async def listed(request: Request) -> Response:
    """The collections the caller may see."""
    given = asked.only_f(request.scope["query_string"], "q")
    form = formats.chosen(given.get("f"), request.headers.get("accept"), formats.DOCUMENT)
    caller = access.caller(request)
    found = await asyncio.to_thread(collections.every, caller, given.get("q"))
    if form is formats.HTML_FORM:
        return html.collections(request, found, given.get("q", ""))
    base = root_of(request)
    body = {
        "links": _forms(f"{base}/collections", form),
        "crs": crs.listed(None),
        "numberMatched": len(found),
        "numberReturned": len(found),
        "collections": [described(view, base, short=True) for view in found],
    }
    return answers.document(request, body, private=caller.kind != "anonymous")


async def one(request: Request, code: str) -> Response:
    """One collection."""
    given = asked.only_f(request.scope["query_string"])
    form = formats.chosen(given.get("f"), request.headers.get("accept"), formats.DOCUMENT)
    view = await collections.find(access.caller(request), code)
    body = described(view, root_of(request))
    if form is formats.HTML_FORM:
        return html.collection(request, view, body["links"])
    return answers.document(request, body, private=view.sharing != "open")


async def schema(request: Request, code: str, what: str) -> Response:
    """The schema of a collection's items, or what of them may be filtered or sorted by."""
    given = asked.only_f(request.scope["query_string"])
    form = formats.Form("json", SCHEMA, (SCHEMA, JSON))
    formats.chosen(given.get("f"), request.headers.get("accept") if given else None, (form,))
    view = await collections.find(access.caller(request), code)
    where = f"{root_of(request)}/collections/{answers.part(code)}/{what}"
    make = {"schema": schemas.returned, "queryables": schemas.queryables, "sortables": schemas.sortables}[what]
    return answers.document(request, make(view, where), SCHEMA, private=view.sharing != "open")


def described(view: View, base: str, *, short: bool = False) -> dict[str, Any]:
    """A collection as JSON."""
    here = f"{base}/collections/{answers.part(view.code)}"
    items = [link(f"{here}/items", "items", formats.GEOJSON_FORM.kind, "Items as GeoJSON")]
    items += [
        link(f"{here}/items?f={form.name}", "items", form.kind, f"Items as {form.name}")
        for form in formats.ITEMS if form is not formats.GEOJSON_FORM
    ]  # fmt: skip
    made: dict[str, Any] = {
        "id": view.code, "title": view.title, "description": view.description, "itemType": "feature",
        "keywords": list(view.keywords), "extent": _extent(view),
        "crs": ["#/crs"] if short else crs.listed(view.crs),
    }  # fmt: skip
    if view.geometry_type is not None:
        made["storageCrs"] = crs.CRS84
        dimension = {
            "Point": 0,
            "MultiPoint": 0,
            "LineString": 1,
            "MultiLineString": 1,
            "Polygon": 2,
            "MultiPolygon": 2,
        }
        if view.geometry_type in dimension:
            made["geometryDimension"] = dimension[view.geometry_type]
    if view.title_en:
        made["titleEn"] = view.title_en
    if not isinstance(view, Virtual):
        made["itemCount"] = view.count
        if view.changed_at is not None:
            made["updated"] = clock.iso(view.changed_at)
        if view.licence:
            made["license"] = view.licence
    if view.simulated:
        made["simulated"] = True
    made["links"] = [
        link(here, "self", JSON, view.title),
        link(f"{here}?f=html", "alternate", HTML, view.title),
        *items,
        link(f"{here}/schema", f"{REL}schema", SCHEMA, "Schema of the items"),
        link(f"{here}/schema", "describedby", SCHEMA, "Schema of the items"),  # by this name GDAL looks for it
        link(f"{here}/queryables", f"{REL}queryables", SCHEMA, "What items may be filtered by"),
        link(f"{here}/sortables", f"{REL}sortables", SCHEMA, "What items may be sorted by"),
        *({**one, "href": one["href"].replace("{collection}", here)} for one in _more(view)),
    ]
    if not isinstance(view, Virtual):
        site = (settings().public_url or base.removesuffix("/ogc")).rstrip("/")
        made["links"].append(link(f"{site}/catalogue/{answers.part(view.code)}", "describedby", HTML, "The dataset"))
        if view.licence:
            made["links"].append(link(view.licence, "license", HTML, "Licence"))
    return made


def _more(view: View) -> list[dict[str, Any]]:
    return [] if isinstance(view, Virtual) or view.geometry_type is None else landing.COLLECTION_LINKS


def _extent(view: View) -> dict[str, Any]:
    made = collections.extent(view)
    if view.valid_from is not None or view.valid_until is not None:
        span = [None if at is None else clock.iso(at) for at in (view.valid_from, view.valid_until)]
        made["temporal"] = {"interval": [span], "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"}
    return made


def _forms(here: str, form: formats.Form) -> list[dict[str, Any]]:
    html_now = form is formats.HTML_FORM
    return [
        link(here, "self", form.kind, "This document"),
        link(f"{here}?f={'json' if html_now else 'html'}", "alternate", JSON if html_now else HTML, "The other form"),
    ]
