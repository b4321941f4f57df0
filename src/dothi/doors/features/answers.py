"""Answers of this door: links, headers, documents, and errors as problem+json."""

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dothi.kit.errors import DothiError
from dothi.web import errors

JSON, GEOJSON, HTML = "application/json", "application/geo+json", "text/html"
SCHEMA = "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
PATCH = "application/merge-patch+json"
REL = "http://www.opengis.net/def/rel/ogc/1.0/"  # what relations of OGC begin with
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Content-Crs, ETag, Last-Modified, Link, Location",
    "X-Content-Type-Options": "nosniff",
}
VARY = "Accept, Accept-Language, Authorization, Cookie"


class Missing(DothiError):
    """A write that must say which version it changes does not."""

    status = 428


class NoForm(DothiError):
    """There is no form of this the caller takes."""

    status = 406


class WrongMethod(DothiError):
    """The resource is there, and this is not done to it."""

    status = 405


class WrongKind(DothiError):
    """The body is of a kind this resource does not take."""

    status = 415


def link(href: str, rel: str, kind: str, title: str | None = None, **more: Any) -> dict[str, Any]:
    """A link object (RFC 8288 in JSON)."""
    made: dict[str, Any] = {"href": href, "rel": rel, "type": kind}
    if title is not None:
        made["title"] = title
    return made | more


def part(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="!$'()*,-.:;=@_~")


def text(value: Any) -> str:
    """A value as JSON text."""
    return msgspec.json.encode(value).decode()


def tag(*parts: Any) -> str:
    """A strong entity tag that says what a representation depends on."""
    return '"' + hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest() + '"'


def unchanged(request: Request, etag: str) -> bool:
    """Whether the caller already holds what the tag names."""
    known = request.headers.get("if-none-match")
    if known is None:
        return False
    return known.strip() == "*" or etag in (one.strip().removeprefix("W/") for one in known.split(","))


def document(
    request: Request, body: Any, kind: str = JSON, *, private: bool = False, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON document with its tag."""
    text = body if isinstance(body, bytes) else msgspec.json.encode(body)
    etag = '"' + hashlib.blake2b(text, digest_size=12).hexdigest() + '"'
    said = {**CORS, "ETag": etag, "Vary": VARY, **cached(private=private), **(headers or {})}
    if unchanged(request, etag):
        return Response(status_code=304, headers=said)
    return Response(text, headers=said, media_type=kind)


def cached(*, private: bool) -> dict[str, str]:
    """How long an answer may be kept: it is asked for again each time, and what needs a key stays with the caller."""
    return {"Cache-Control": "private, no-cache" if private else "no-cache"}


def refused(request: Request, error: DothiError) -> Response:
    """An error in the form its caller reads: problem+json (RFC 9457), or a page for a browser."""
    wants = request.query_params.get("f") if request.method in ("GET", "HEAD") else "json"
    headers = {**CORS, **errors.headers_of(error)}
    if wants in (None, "html") and errors.for_browser(request):
        return errors.answer(request, error.status, error.message, error.faults, headers)
    return errors.problem(error.status, error.message, error.faults, headers)
