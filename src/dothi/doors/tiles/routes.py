"""Tiles, their descriptions and styles under /ogc: plain routes, called before the pages' layers where possible.

Anyone may call them; what a caller may not see is not there (404), and is never in a tile.
"""

import logging
import re
import secrets

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from dothi.datasets import styles, tiling, usage, views
from dothi.datasets.drawing import Face
from dothi.datasets.reading import Virtual
from dothi.datasets.views import View
from dothi.doors.tiles import answers, asked, collections, documents
from dothi.doors.tiles.answers import ROOT
from dothi.identity import access, guard
from dothi.kit.errors import DothiError, Fault, NotFound

log = logging.getLogger(__name__)
_MINE = re.compile(rf"{ROOT}/(?:collections/([^/\n]+)/(tiles|styles)|(tileMatrixSets))(/[^\n]*)?")
_TRIES = 3


class Unforeseen(DothiError):
    """A fault of ours; the log has it under the reference."""

    status = 500


def mine(path: str) -> bool:
    """Whether a path under the application's root belongs to this door."""
    return _MINE.fullmatch(path) is not None


class Door:
    """The whole interface as an ASGI application."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive, send)
        try:
            response = await _endpoint(request)
        except DothiError as error:
            response = answers.refused(error)
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("reference %s: %s %s", reference, request.method, request.url.path)
            message = f"the server met a fault of its own; it is in the log as {reference}"
            response = answers.refused(Unforeseen(message))
        await response(scope, receive, send)


async def _endpoint(request: Request) -> Response:
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    found = _MINE.fullmatch(path)
    if found is None:
        raise NotFound("nothing is here")
    if request.method == "OPTIONS":
        allowed = {"Allow": "GET, HEAD, OPTIONS", "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS"}
        allowed["Access-Control-Allow-Headers"] = "Authorization, If-None-Match, X-API-Key"
        return Response(status_code=204, headers={**answers.CORS, **allowed, "Access-Control-Max-Age": "86400"})
    if request.method not in ("GET", "HEAD"):
        message = f"{request.method[:20]} is not done to tiles and styles"
        raise answers.WrongMethod(message, [Fault("method", message, "GET, HEAD, OPTIONS")])
    code, kind, _, rest = found.groups()
    rest = (rest or "").strip("/")
    query: bytes = request.scope["query_string"]
    if kind is None:
        asked.only(query, "f")
        if rest and rest != asked.MATRIX_SET:
            raise NotFound(f"no tile matrix set {rest[:60]!r}", [Fault("path", "no such set", asked.MATRIX_SET)])
        body = documents.matrix_set() if rest else documents.matrix_sets(answers.base_of(request))
        return answers.document(request, body, public=True)
    caller = access.caller(request)
    if kind == "styles":
        return await _style(request, caller, code, rest, query)
    head, _, last = rest.partition("/")
    if head and head != asked.MATRIX_SET:
        raise NotFound(f"no tileset {head[:60]!r}", [Fault("path", "no such tileset", asked.MATRIX_SET)])
    if last and last != "tilejson.json":
        return await _tile(request, caller, code, last, query)
    view = await collections.find(caller, code)
    base = answers.base_of(request)
    if not head:
        asked.only(query, "f")
        return answers.document(request, documents.tilesets(base, view), public=documents.public(view))
    wanted, more = asked.tiles(view, query, document=True), asked.again(query)
    make = documents.tilejson if last else documents.tileset
    return answers.document(request, make(base, view, wanted, more), public=documents.public(view))


async def _tile(request: Request, caller: guard.Caller, code: str, last: str, query: bytes) -> Response:
    z, x, y = asked.address(last)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    known = request.headers.get("if-none-match")
    for _ in range(_TRIES):
        view = await collections.find(caller, code)
        plan = tiling.known(caller, view, query)
        if plan is None:
            plan = tiling.plan(caller, view, asked.tiles(view, query), query)
        try:
            tile = await tiling.tile(plan, z, x, y, packed=packed, known=known)
        except tiling.Stale:
            views.forget()
            continue
        if not tile.held and not isinstance(view, Virtual):
            usage.count_use(view.id, "tiles")
        return _answered(plan, tile)
    raise NotFound(f"there is no dataset {code[:80]!r}, or you may not see it")


def _answered(plan: tiling.Plan, tile: tiling.Tile) -> Response:
    headers = answers.cached(tile.etag, public=plan.public)
    if tile.held:
        return Response(status_code=304, headers=headers)
    if not tile.body:  # MapLibre, QGIS and the OGC's own test suite take 204 for a tile with nothing in it
        return Response(status_code=204, headers=headers)
    if tile.packed:
        headers["Content-Encoding"] = "gzip"
    return Response(tile.body, headers=headers, media_type=answers.MVT)


async def _style(request: Request, caller: guard.Caller, code: str, rest: str, query: bytes) -> Response:
    view: View = await collections.find(caller, code)
    base = answers.base_of(request)
    public = documents.public(view)
    if not rest:
        asked.only(query, "f")
        return answers.document(request, documents.style_list(base, view), public=public)
    if rest not in ("default", "default/legend"):
        raise NotFound(f"no style {rest[:60]!r}", [Fault("path", "no such style", "default, default/legend")])
    given = asked.only(query, "f", "face", "lang")
    face, language = given.get("face", "light"), given.get("lang", "vi")
    faults = []
    if face not in styles.FACES:
        faults.append(Fault("face", f"found {face[:40]!r}", ", ".join(styles.FACES)))
    if language not in ("vi", "en"):
        faults.append(Fault("lang", f"found {language[:40]!r}", "vi, en"))
    asked.raised(faults)
    chosen: Face = "dark" if face == "dark" else "light"
    if rest == "default":
        return answers.document(request, documents.style(base, view, chosen, language), answers.STYLE, public=public)
    return answers.document(request, documents.legend(view, chosen, language), public=public)


routes: list[BaseRoute] = [
    Route(f"{ROOT}/{path}", Door())
    for path in (
        "collections/{id}/tiles", "collections/{id}/tiles/{rest:path}", "collections/{id}/styles",
        "collections/{id}/styles/{rest:path}", "tileMatrixSets", "tileMatrixSets/{rest:path}",
    )
]  # fmt: skip
