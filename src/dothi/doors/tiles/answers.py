"""Answers of this door: addresses, links, headers, documents, and errors as problem+json."""

import hashlib
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dothi.kit.errors import DothiError
from dothi.web import errors
from dothi.web.address import root_of

ROOT = "/ogc"
JSON = "application/json"
MVT = "application/vnd.mapbox-vector-tile"
STYLE = "application/vnd.mapbox.style+json"
TILEJSON = "application/json"
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link",
    "X-Content-Type-Options": "nosniff",
}
# what makes two callers get different things
_VARY = "Accept-Encoding, Authorization, X-API-Key, Cookie"


class WrongMethod(DothiError):
    """The resource is there, and this is not done to it."""

    status = 405


def base_of(request: Request) -> str:
    """The address of `/ogc` as callers know it: the setting public_url, or what the request was sent to."""
    return root_of(request) + ROOT


def link(href: str, rel: str, kind: str, title: str | None = None, **more: Any) -> dict[str, Any]:
    """A link object (RFC 8288 in JSON)."""
    made: dict[str, Any] = {"rel": rel, "type": kind, "href": href}
    if title is not None:
        made["title"] = title
    return made | more


def part(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="!$'()*,-.:;=@_~")


def cached(etag: str, *, public: bool) -> dict[str, str]:
    """Headers by which caches may keep an answer, and ask each time whether it still holds.

    What not everybody may see stays with the caller.
    """
    keep = "public, no-cache" if public else "private, no-cache"
    return {**CORS, "ETag": etag, "Cache-Control": keep, "Vary": "Accept-Encoding" if public else _VARY}


def document(request: Request, body: Any, kind: str = JSON, *, public: bool) -> Response:
    """A JSON document with its tag."""
    text = msgspec.json.encode(body)
    etag = f'"{hashlib.blake2b(text, digest_size=12).hexdigest()}"'
    headers = cached(etag, public=public)
    known = request.headers.get("if-none-match")
    if known is not None and (
        known.strip() == "*" or etag in (one.strip().removeprefix("W/") for one in known.split(","))
    ):
        return Response(status_code=304, headers=headers)
    return Response(text, headers=headers, media_type=kind)


def refused(error: DothiError) -> Response:
    """An error as problem+json (RFC 9457)."""
    headers = {**CORS, **errors.headers_of(error)}
    if isinstance(error, WrongMethod):
        headers["Allow"] = "GET, HEAD, OPTIONS"
    return errors.problem(error.status, error.message, error.faults, headers)
