"""`/ogc/api`: the interface as OpenAPI 3.0, self-contained, with each collection's own parameters and schema."""

import asyncio
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dothi import __version__
from dothi.config import settings
from dothi.datasets import reading
from dothi.datasets.reading import Virtual
from dothi.datasets.views import View
from dothi.doors.features import answers, asked, collections, crs, documents, formats, landing, schemas
from dothi.identity import access
from dothi.web import i18n, shell
from dothi.web.address import root_of

Json = dict[str, Any]
_PROBLEM = {"$ref": "#/components/responses/Problem"}
_METHODS = ("get", "post", "put", "patch", "delete")


async def document(request: Request) -> Response:
    """The description of everything the caller may see."""
    given = asked.only_f(request.scope["query_string"])
    caller = access.caller(request)
    if formats.chosen(given.get("f"), request.headers.get("accept") if given else None, _FORMS) is formats.HTML_FORM:
        return page(request)
    found = await asyncio.to_thread(collections.every, caller)
    whole = described(found, root_of(request))
    return answers.document(request, whole, answers.OPENAPI, private=caller.kind != "anonymous")


_FORMS = (
    formats.Form("json", answers.OPENAPI, (answers.OPENAPI, "application/vnd.oai.openapi+json", answers.JSON)),
    formats.HTML_FORM,
)


def page(request: Request) -> Response:
    """The same for people: the calls of one collection stand for those of all."""
    whole = described([], root_of(request))
    calls = [
        (method.upper(), path, one[method]["summary"])
        for path, one in whole["paths"].items()
        for method in _METHODS
        if method in one
    ]
    return shell.page(request, "features/api.html", {"calls": calls, "base": root_of(request)})


def described(found: Sequence[View], base: str) -> Json:
    """The description of some collections, in English as the interface's own words are."""
    say = i18n.speaker("en")
    paths: Json = {
        "/": _get("Landing page", "LandingPage", operation="getLandingPage"),
        "/conformance": _get("Conformance classes", "Conformance", operation="getConformance", html=False),
        "/collections": _get("Collections", "Collections", [_query("q", "Words of a title", _TEXT)], "getCollections"),
    }
    for view in found:
        paths |= _of(view)
    if not found:
        paths |= _any()
    return {
        "openapi": "3.0.3",
        "info": {
            "title": say(documents.TITLE), "description": say(documents.ABOUT), "version": __version__,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "servers": [{"url": base}],
        "tags": [
            {"name": "capabilities"}, *([{"name": "tiles"}] if landing.PATHS else []),
            *({"name": view.code, "description": view.title} for view in found),
        ],
        "paths": {**paths, **landing.PATHS},
        "components": _components(),
    }  # fmt: skip


def _of(view: View) -> Json:
    """The paths of one collection."""
    here = f"/collections/{view.code}"
    simple = asked.simple(view)
    own = [_query(name, f"{name} equals", _plain(kind)) for name, kind in simple.items()]
    shared = [_ref(name) for name in _shared(view)]
    feature, features = _feature(view), _features(view)
    kinds = [formats.GEOJSON_FORM.kind]
    items: Json = {
        "get": _operation(
            view.code, f"get_{_word(view)}_items", f"Items of {view.title}",
            {"200": _said("A page of items", {kind: {"schema": features} for kind in kinds} | _other_forms())},
            [*shared, *own],
        ),
    }  # fmt: skip
    one: Json = {
        "parameters": [_ref("featureId")],
        "get": _operation(
            view.code, f"get_{_word(view)}_item", f"One item of {view.title}",
            {"200": _said("The item", {kinds[0]: {"schema": feature}, answers.HTML: {"schema": _TEXT}})},
            [_ref("f-item"), _ref("lang"), _ref("crs"), _ref("skipGeometry"), _ref("properties")]
            + ([_ref("as-of")] if not isinstance(view, Virtual) or view.historic else []),
        ),
    }  # fmt: skip
    if not isinstance(view, Virtual):
        taken = {"required": True, "content": {kinds[0]: {"schema": _taken(view)}}}
        crs_header, match = _ref("Content-Crs"), _ref("If-Match")
        items["post"] = _keyed(_operation(
            view.code, f"create_{_word(view)}_item", f"Add an item to {view.title}",
            {"201": _said("Created; Location says where")}, [crs_header], taken,
        ))  # fmt: skip
        done = {"201": _said("Created"), "204": _said("Done")}
        one["put"] = _keyed(_operation(
            view.code, f"replace_{_word(view)}_item", "Replace the item", done, [crs_header, match], taken,
        ))  # fmt: skip
        patch = {"required": True, "content": {answers.PATCH: {"schema": {"type": "object"}}}}
        one["patch"] = _keyed(_operation(
            view.code, f"update_{_word(view)}_item", "Change what is named of the item", {"204": done["204"]},
            [crs_header, match], patch,
        ))  # fmt: skip
        one["delete"] = _keyed(_operation(
            view.code, f"delete_{_word(view)}_item", "Delete the item", {"204": done["204"]}, [match],
        ))  # fmt: skip
    made: Json = {
        here: _get(f"About {view.title}", "Collection", operation=f"get_{_word(view)}", tag=view.code),
        f"{here}/items": items,
        f"{here}/items/{{featureId}}": one,
    }
    for what in ("schema", "queryables", "sortables"):
        answer = _said("JSON Schema", {answers.SCHEMA: {"schema": {"type": "object"}}})
        made[f"{here}/{what}"] = {
            "get": _operation(
                view.code, f"get_{_word(view)}_{what}", f"{what} of {view.title}", {"200": answer}, [_ref("f-json")]
            )
        }
    return made


def _any() -> Json:
    """What every collection has, where none is at hand."""
    collection = {"name": "collectionId", "in": "path", "required": True, "schema": _TEXT}
    features = {formats.GEOJSON_FORM.kind: {"schema": {"$ref": "#/components/schemas/FeatureCollection"}}}
    items = _operation(
        "capabilities", "getItems", "Items", {"200": _said("A page", features)}, [_ref("limit"), _ref("f")]
    )
    return {
        "/collections/{collectionId}": {
            **_get("A collection", "Collection", operation="getCollection"),
            "parameters": [collection],
        },
        "/collections/{collectionId}/items": {"get": items, "parameters": [collection]},
    }


def _shared(view: View) -> list[str]:
    names = [
        "f",
        "lang",
        "limit",
        "datetime",
        "filter",
        "filter-lang",
        "filter-crs",
        "properties",
        "sortby",
        "q",
        "resultType",
        "cursor",
    ]
    if view.geometry_type is not None:
        names += ["bbox", "bbox-crs", "crs", "skipGeometry"]
    if not isinstance(view, Virtual) or view.historic:
        names.append("as-of")
    return names


def _word(view: View) -> str:
    return view.code.replace("-", "_")


_TEXT: Json = {"type": "string"}


def _plain(kind: str) -> Json:
    return {
        "number": {"type": "number"}, "integer": {"type": "integer"}, "boolean": {"type": "boolean"},
        "date": {"type": "string", "format": "date"}, "date-time": {"type": "string", "format": "date-time"},
    }.get(kind, _TEXT)  # fmt: skip


def _feature(view: View) -> Json:
    properties = {one.name: _member(schemas.member(one)) for one in view.fields}
    if not isinstance(view, Virtual):
        properties.setdefault(reading.PLACE, {"type": "string", "nullable": True})
    return {
        "type": "object",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": _TEXT,
            "geometry": {"type": "object", "nullable": True},
            "properties": {"type": "object", "nullable": True, "properties": properties},
            "links": {"type": "array", "items": {"$ref": "#/components/schemas/Link"}},
        },
    }


def _taken(view: View) -> Json:
    made = _feature(view)
    return {**made, "required": ["type", "geometry", "properties"]}


def _features(view: View) -> Json:
    return {
        "allOf": [
            {"$ref": "#/components/schemas/FeatureCollection"},
            {"type": "object", "properties": {"features": {"type": "array", "items": _feature(view)}}},
        ]
    }


def _member(given: Json) -> Json:
    """A field in the words of OpenAPI 3.0, which knows fewer than JSON Schema; anything may be null."""
    known = ("title", "description", "type", "format")
    made = {name: value for name, value in given.items() if name in known or name.startswith("x-")}
    if "enum" in given:
        made["enum"] = [*given["enum"], None]
    if given["type"] == "array":
        made["items"] = {}
    return made | {"nullable": True}


def _other_forms() -> Json:
    text, file = {"schema": _TEXT}, {"schema": {"type": "string", "format": "binary"}}
    others = {formats.JSONFG.kind: {"schema": {"type": "object"}}, "text/csv": text, answers.HTML: text}
    return others | {form.kind: file for form in formats.FILES}


def _get(
    summary: str,
    schema: str,
    parameters: Sequence[Json] = (),
    operation: str = "",
    *,
    html: bool = True,
    tag: str = "capabilities",
) -> Json:
    kinds: Json = {answers.JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    if html:
        kinds[answers.HTML] = {"schema": _TEXT}
    given = [*([_ref("f-document"), _ref("lang")] if html else [_ref("f-json")]), *parameters]
    return {"get": _operation(tag, operation, summary, {"200": _said(summary, kinds)}, given)}


def _operation(
    tag: str, name: str, summary: str, responses: Json, parameters: Sequence[Json] = (), body: Json | None = None
) -> Json:
    made: Json = {
        "tags": [tag], "operationId": name, "summary": summary,
        "responses": {**responses, "4XX": _PROBLEM, "5XX": _PROBLEM},
    }  # fmt: skip
    if parameters:
        made["parameters"] = list(parameters)
    return made if body is None else {**made, "requestBody": body}


def _keyed(operation: Json) -> Json:
    return {**operation, "security": [{"key": []}, {"login": []}]}


def _said(about: str, content: Json | None = None) -> Json:
    return {"description": about, "content": content} if content else {"description": about}


def _query(name: str, about: str, schema: Json, **more: Any) -> Json:
    return {"name": name, "in": "query", "description": about, "required": False, "schema": schema} | more


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/parameters/{name}"}


def _components() -> Json:
    most, usual = settings().max_top, settings().default_top
    names = [form.name if form.name != "geojson" else "json" for form in formats.ITEMS]
    systems: Json = {"type": "string", "format": "uri", "enum": list(crs.URIS), "default": crs.CRS84}
    flat = {"style": "form", "explode": False}
    box: Json = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    header: Json = {"in": "header", "required": False, "schema": _TEXT}
    parameters: Json = {
        "f": _query("f", "The form of the answer", {"type": "string", "enum": ["geojson", *names]}),
        "f-item": _query("f", "The form of the answer", {"type": "string", "enum": ["json", "geojson", "jsonfg", "html"]}),
        "f-document": _query("f", "The form of the answer", {"type": "string", "enum": ["json", "html"]}),
        "f-json": _query("f", "The form of the answer", {"type": "string", "enum": ["json"]}),
        "lang": _query("lang", "Language of titles and pages", {"type": "string", "enum": list(i18n.LANGUAGES)}),
        "limit": _query("limit", "Most items of a page; 0: only how many there are",
                        {"type": "integer", "minimum": 0, "maximum": most, "default": usual}, **flat),
        "bbox": _query("bbox", "Items that meet a box: lower corner, upper corner, in the axes of bbox-crs", box, **flat),
        "datetime": _query("datetime", "Items valid at an instant or within an interval: start/end, ../end, start/..", _TEXT),
        "crs": _query("crs", "Coordinate reference system of the answer", systems),
        "bbox-crs": _query("bbox-crs", "Coordinate reference system of bbox", systems),
        "filter-crs": _query("filter-crs", "Coordinate reference system of the geometries in filter", systems),
        "filter": _query("filter", "CQL2", _TEXT),
        "filter-lang": _query("filter-lang", "The language of filter", {"type": "string", "enum": list(asked.LANGUAGES)}),
        "properties": _query("properties", "Only these properties", {"type": "array", "items": _TEXT}, **flat),
        "sortby": _query("sortby", "Names of sortables, - before one for descending",
                         {"type": "array", "items": _TEXT, "minItems": 1}, **flat),
        "q": _query("q", "Words, with or without diacritics", _TEXT),
        "skipGeometry": _query("skipGeometry", "Leave geometries out", {"type": "boolean"}),
        "resultType": _query("resultType", "hits: only how many there are", {"type": "string", "enum": ["hits", "results"]}),
        "as-of": _query("as-of", "As it stood at an instant", {"type": "string", "format": "date-time"}),
        "cursor": _query("cursor", "Where a page begins, from a next link", _TEXT),
        "featureId": {"name": "featureId", "in": "path", "required": True, "schema": _TEXT},
        "Content-Crs": {"name": "Content-Crs", "description": "Coordinate reference system of the body", **header},
        "If-Match": {"name": "If-Match", "description": "The ETag of the item as it was read", **header},
    }  # fmt: skip
    links: Json = {"type": "array", "items": {"$ref": "#/components/schemas/Link"}}
    return {
        "parameters": parameters,
        "responses": {
            "Problem": {
                "description": "What is wrong, in words",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Exception"}},
                            answers.HTML: {"schema": _TEXT}},
            }
        },
        "securitySchemes": {
            "key": {"type": "http", "scheme": "bearer", "description": "A key: dk_…"},
            "login": {"type": "http", "scheme": "basic"},
        },
        "schemas": {
            "Link": {
                "type": "object", "required": ["href", "rel"],
                "properties": dict.fromkeys(("href", "rel", "type", "title", "hreflang"), _TEXT),
            },
            "Exception": {
                "type": "object", "required": ["title", "status", "code"],
                "properties": {
                    "type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "code": _TEXT, "detail": _TEXT,
                    "faults": {"type": "array", "items": {"type": "object"}},
                },
            },
            "LandingPage": {
                "type": "object", "required": ["links"],
                "properties": {"title": _TEXT, "description": _TEXT, "links": links},
            },
            "Conformance": {
                "type": "object", "required": ["conformsTo"],
                "properties": {"conformsTo": {"type": "array", "items": _TEXT}},
            },
            "Collection": {
                "type": "object", "required": ["id", "links"],
                "properties": {
                    "id": _TEXT, "title": _TEXT, "description": _TEXT, "links": links, "extent": {"type": "object"},
                    "itemType": _TEXT, "crs": {"type": "array", "items": _TEXT}, "storageCrs": _TEXT,
                },
            },
            "Collections": {
                "type": "object", "required": ["links", "collections"],
                "properties": {
                    "links": links,
                    "collections": {"type": "array", "items": {"$ref": "#/components/schemas/Collection"}},
                },
            },
            "FeatureCollection": {
                "type": "object", "required": ["type", "features"],
                "properties": {
                    "type": {"type": "string", "enum": ["FeatureCollection"]},
                    "features": {"type": "array", "items": {"type": "object"}}, "links": links,
                    "numberMatched": {"type": "integer", "minimum": 0},
                    "numberReturned": {"type": "integer", "minimum": 0},
                },
            },
        },
    }  # fmt: skip
