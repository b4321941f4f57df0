"""The catalogue for programs as OpenAPI."""

from dothi.doors.catalogue.negotiate import JSONLD, RDFXML, TURTLE
from dothi.web.openapi import Json, content, inside, operation, query

_TEXT: Json = {"type": "string", "maxLength": 400}
_CODE = inside("code", "The dataset's name", {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"})
_ENDING = inside("ending", "Which form of RDF", {"type": "string", "enum": ["ttl", "jsonld", "rdf"]})
_GRAPH: Json = {"type": "string", "description": "RDF by DCAT-AP 3"}
_CKAN: Json = {
    "type": "object",
    "description": "An answer as CKAN gives it",
    "properties": {
        "help": {"type": "string"}, "success": {"type": "boolean"}, "result": {}, "error": {"type": "object"},
    },
    "required": ["success"],
}  # fmt: skip


def _rdf(summary: str, *parameters: Json) -> Json:
    answers: dict[str, tuple[str, Json | None]] = {
        "200": ("The description", content(_GRAPH, TURTLE, RDFXML) | content({"type": "object"}, JSONLD)),
        "304": ("Unchanged since the ETag sent", None),
    }
    return {"get": operation("catalogue", summary, answers, parameters)}


def _xml(summary: str, kind: str, *parameters: Json) -> Json:
    answers: dict[str, tuple[str, Json | None]] = {"200": ("Found", content({"type": "string"}, kind))}
    return {"get": operation("catalogue", summary, answers, parameters)}


def _action(method: str) -> Json:
    said: dict[str, tuple[str, Json | None]] = {
        "200": ("Done", content(_CKAN)),
        "400": ("No such action, or a query that cannot be read", content({})),
        "403": ("Not allowed, or not offered", content(_CKAN)),
        "404": ("Not found", content(_CKAN)),
        "409": ("The parameters are not what they must be", content(_CKAN)),
    }
    name = inside(
        "name", "Name of the action: package_search, datastore_search …", {"type": "string", "pattern": "^[a-z_]+$"}
    )
    parameters = [
        name,
        query("id", "Name or id of what is wanted", _TEXT), query("q", "What is looked for", _TEXT),
        query("fq", "Filters: `organization:so-xd AND groups:tran`", _TEXT),
        query("resource_id", "Resource, or name of a dataset, for its records", _TEXT),
        query("filters", "Values of columns as JSON", _TEXT), query("sort", "Order", _TEXT),
        query("rows", "Packages of a page", {"type": "integer", "minimum": 0}),
        query("start", "First package, from 0", {"type": "integer", "minimum": 0}),
        query("limit", "Records of a page", {"type": "integer", "minimum": 0}),
        query("offset", "First record, from 0", {"type": "integer", "minimum": 0}),
    ]  # fmt: skip
    return operation("catalogue", f"Call an action of CKAN's API ({method})", said, parameters)


openapi: Json = {
    "tags": [{"name": "catalogue", "description": "Datasets in DCAT-AP 3 and by CKAN's Action API, feed of changes, sitemap"}],
    "paths": {
        "/catalogue.{ending}": _rdf(
            "The catalogue with its datasets, a page at a time", _ENDING,
            query("page", "Which page, from 1", {"type": "integer", "minimum": 1}),
            query("limit", "Datasets of a page", {"type": "integer", "minimum": 1, "maximum": 200}),
        ),
        "/catalogue/{code}.{ending}": _rdf("One dataset", _CODE, _ENDING),
        "/catalogue/feed.atom": _xml(
            "What changed lately", "application/atom+xml", query("dataset", "Only of this dataset", _TEXT)
        ),
        "/sitemap.xml": _xml("The public pages", "application/xml"),
        "/robots.txt": _xml("Where the sitemap is", "text/plain"),
        "/api/3/action/{name}": {"get": _action("GET"), "post": _action("POST")},
    },
}  # fmt: skip
