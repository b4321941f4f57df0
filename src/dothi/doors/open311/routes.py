"""`/open311/v2`: GeoReport v2 in JSON and XML. Reading is for everybody; reporting for keys, and for anybody where allowed."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from dothi.cases import lists, reading
from dothi.config import settings
from dothi.db import session as db
from dothi.doors.open311 import asked, catalogue, formats, posting, represent, store
from dothi.doors.open311.formats import FORMATS, Document
from dothi.identity import access
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, DothiError, Fault, NotFound, TooLarge
from dothi.places import cities
from dothi.places.cities import Lens
from dothi.web import errors
from dothi.web.address import base_of

HERE = "/open311/v2"
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
CHANGED = "2026-11-22T00:00:00+07:00"  # when the endpoint last changed its ways; discovery tells it
FIELDS, LONGEST, LARGEST = 300, 64 * 1024, 512 * 1024  # of a form: fields, bytes of one, bytes without files
_CORS = {"access-control-allow-origin": "*", "access-control-expose-headers": "ETag, Last-Modified, Link"}
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a view says: the document, its newest change (µs), links to other pages, seconds it may be kept."""

    document: Document
    changed: int | None = None
    links: Sequence[tuple[str, str]] = ()
    keep: int = 30


@dataclass(frozen=True, slots=True)
class Ask:
    """A GET as its view sees it. given: one value of each parameter; city: the jurisdiction, where there are several."""

    session: Session
    request: Request
    given: dict[str, str]
    city: Lens | None = None

    @property
    def base(self) -> str:
        """This server's address."""
        return base_of(self.request)

    @property
    def language(self) -> str:
        """The language of names and notes."""
        return asked.language_of(self.request)

    @property
    def extended(self) -> bool:
        """Whether more than the specification has is wanted."""
        return asked.truth(self.given, "extensions")

    def part(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])

    def row(self) -> Any:
        """The request of the address. Raises NotFound alike for one that is not public."""
        name = self.part("id")
        found = store.named(self.session, [name], catalogue.types_())
        if not found:
            raise NotFound("no such request", [Fault("service_request_id", f"{name[:60]!r} was not found")])
        return found[0]


View = Callable[[Ask], Answer]


def discovery(ask: Ask) -> Answer:
    """`discovery.{format}`: who to ask for a key, and where the endpoint is: once for each city."""
    base = ask.base
    return Answer(Document("discovery", {
        "changeset": CHANGED, "contact": settings().mail_from or base, "key_service": f"{base}/admin/keys",
        "endpoints": [_endpoint(base, city) for city in cities.all_(ask.session).values() or [{}]],
    }), keep=300)  # fmt: skip


def _endpoint(base: str, city: dict[str, Any]) -> dict[str, Any]:
    endpoint = {
        "specification": SPECIFICATION, "url": f"{base}{HERE}", "changeset": CHANGED,
        "type": "test" if city.get("simulated") or settings().demo else "production",
        "formats": ["text/xml", "application/json"],
    }  # fmt: skip
    return endpoint | ({"jurisdiction_id": city["code"]} if city.get("code") else {})


def services(ask: Ask) -> Answer:
    """`services.{format}`: what can be reported."""
    language, batch = ask.language, settings().open311_anonymous
    return Answer(
        Document("services", [catalogue.service(one, language, batch=batch) for one in catalogue.categories()]),
        keep=300,
    )


def definition(ask: Ask) -> Answer:
    """`services/{code}.{format}`: what is asked of a report of a service."""
    category = catalogue.category(ask.part("code"))
    return Answer(Document("service_definition", catalogue.definition(category, ask.language)), keep=300)


def requests(ask: Ask) -> Answer:
    """`requests.{format}`: public requests, newest first, a thousand at most."""
    wanted = asked.requests(ask.given, clock.now_micros())
    kinds = catalogue.types_()
    if wanted.ids:
        rows, more = store.named(ask.session, wanted.ids, kinds), False
    else:
        categories = [catalogue.category(code).code for code in wanted.codes] if wanted.codes else None
        rows = store.page(ask.session, wanted, kinds, categories, ask.city)
        more, rows = len(rows) > wanted.size, rows[: wanted.size]
    made = represent.requests(ask.session, rows, ask.base, ask.language, extensions=ask.extended)
    newest = max((row.updated_at for row in rows), default=None)
    return Answer(Document("service_requests", made), newest, _links(ask.request, wanted, more=more))


def one(ask: Ask) -> Answer:
    """`requests/{id}.{format}`: one public request."""
    row = ask.row()
    made = represent.requests(ask.session, [row], ask.base, ask.language, extensions=ask.extended)
    return Answer(Document("service_requests", made), row.updated_at)


def updates(ask: Ask) -> Answer:
    """`requests/{id}/updates.{format}`: what happened to it, oldest first (an extension)."""
    row = ask.row()
    public = lists.publics(ask.session, [row])[0]
    told = reading.entries(ask.session, public, inside=False, language=ask.language)
    pictures = store.pictures(ask.session, [row.id]).get(row.id, [])
    made = represent.updates(public, told, pictures, ask.base, ask.language)
    return Answer(Document("service_request_updates", made), max([row.updated_at, *(one.at for one in told)]))


def token(ask: Ask) -> Answer:
    """`tokens/{token}.{format}`: the request of a token."""
    found = posting.by_token(ask.session, ask.part("token"), ask.language)
    return Answer(Document("service_requests", [found]), keep=0)


def _links(request: Request, wanted: asked.Asked, *, more: bool) -> list[tuple[str, str]]:
    """The addresses of the pages around a page."""
    deeper = (wanted.page + 1) * wanted.size <= asked.DEEPEST
    pages = [("prev", wanted.page - 1)] if wanted.page > 1 else []
    pages += [("next", wanted.page + 1)] if more and deeper else []
    if not pages:
        return []
    left_out = {"page", "page_size", "api_key"}
    rest = [(name, value) for name, value in request.query_params.multi_items() if name not in left_out]
    here = f"{base_of(request)}{quote(request.url.path)}"
    return [
        (rel, f"{here}?{urlencode([*rest, ('page', page), ('page_size', wanted.size)])}")
        for rel, page in [("first", 1), *pages]
    ]


# how a request comes in and goes out


def _get(view: View) -> Callable[[Request], Response]:
    def endpoint(request: Request) -> Response:
        form = request.path_params["format"]
        try:
            _known(form)
            given = asked.merged(request.query_params.multi_items())
            if any("\0" in one for one in (*given.values(), *map(str, request.path_params.values()))):
                raise BadInput("a zero character is no text", [Fault("value", "holds a zero character", "text")])
            with db.reading() as session:
                city = _jurisdiction(session, request, given.get("jurisdiction_id", ""))
                answer = view(Ask(session, request, given, city))
        except DothiError as error:
            return _refused(error, form)
        return _kept(request, answer, form)

    return endpoint


async def _post(request: Request) -> Response:
    """`POST requests.{format}`: a form, with pictures perhaps, or everything in the query."""
    return await _sent(request, _report)


async def _confirm(request: Request) -> Response:
    """`POST tokens/{token}.{format}` with `code`: confirms a report (an extension)."""
    return await _sent(request, _confirmed)


def _report(request: Request, given: posting.Sent) -> dict[str, Any]:
    return posting.post(given, _by_headers(request))


def _confirmed(request: Request, given: posting.Sent) -> dict[str, Any]:
    code = given.values.get("code", "")
    if not code:
        raise BadInput("no code was given", [Fault("code", "is missing", "the six digits that were sent")])
    return posting.confirm(request.path_params["token"], code, given.language)


def _by_headers(request: Request) -> Caller:
    """Who the headers say: a key or a login; never a cookie, which other sites could make a browser send."""
    if any(name in request.headers for name in ("authorization", "x-api-key")):
        return access.caller(request)
    return access.anonymous()


async def _sent(request: Request, view: Callable[[Request, posting.Sent], dict[str, Any]]) -> Response:
    form = request.path_params["format"]
    try:
        _known(form)
        pairs, uploads = await _read(request)
        given = posting.sent(
            [*pairs, *request.query_params.multi_items()], uploads, request.headers.get("idempotency-key"),
            access.address(request), asked.language_of(request),
        )  # fmt: skip
        answer = await run_in_threadpool(_answered, request, given, view)
    except DothiError as error:
        return _refused(error, form)
    except HTTPException as error:  # the form is none
        return _said(formats.errors(error.status_code, [str(error.detail)]), form, error.status_code)
    return _said(Document("service_requests", [answer]), form, 200, {"cache-control": "no-store"})


def _answered(
    request: Request, given: posting.Sent, view: Callable[[Request, posting.Sent], dict[str, Any]]
) -> dict[str, Any]:
    with db.reading() as session:
        _jurisdiction(session, request, given.values.get("jurisdiction_id", ""))
    return view(request, given)


async def _read(request: Request) -> tuple[list[tuple[str, str]], list[posting.Upload]]:
    """The fields of the body and its files, no more of either than the settings allow."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        most = settings().case_files
        async with request.form(max_files=most, max_fields=FIELDS, max_part_size=LONGEST) as form:
            pairs = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
            files = [
                posting.Upload(one.filename or "media", await one.read(settings().file_bytes + 1))
                for name, one in form.multi_items()
                if isinstance(one, UploadFile) and name.startswith("media") and (one.size or one.filename)
            ]
        return pairs, files
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > LARGEST:
                raise TooLarge("the form is too large", [Fault("body", "too many bytes", f"at most {LARGEST} bytes")])
    except ClientDisconnect:
        raise BadInput("the body broke off") from None
    if not body.strip():
        return [], []
    if kind not in ("", "application/x-www-form-urlencoded"):
        allowed = "application/x-www-form-urlencoded or multipart/form-data"
        raise BadInput("the body is no form", [Fault("content-type", repr(kind[:60]), allowed)])
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS), []
    except ValueError:
        raise BadInput("the form cannot be read", [Fault("body", "is no form in UTF-8", f"{FIELDS} fields")]) from None


def _known(form: str) -> None:
    if form not in FORMATS:
        raise NotFound("no such format", [Fault("format", repr(form[:20]), ", ".join(FORMATS))])


def _jurisdiction(session: Session, request: Request, said: str) -> Lens | None:
    """Which city a request is about that names a jurisdiction: a city's code, or the host, which is all of them.

    None: everything, as without one. Raises NotFound.
    """
    if not said:
        return None
    host = base_of(request).partition("://")[2].partition(":")[0]
    held = cities.all_(session)
    if said in held:
        return cities.of_city(session, held[said]) if len(held) > 1 else None
    if said != host:
        known = ", ".join(held) or host
        raise NotFound("no such jurisdiction", [Fault("jurisdiction_id", f"{said[:60]!r} was not found", known)])
    return None


def _kept(request: Request, answer: Answer, form: str) -> Response:
    body = formats.text(answer.document, form)
    if not answer.keep:
        return Response(body, headers={"cache-control": "no-store", **_CORS}, media_type=FORMATS[form])
    tag = '"' + hashlib.sha256(body).hexdigest()[:24] + '"'
    headers = {"etag": tag, "cache-control": f"public, max-age={answer.keep}", **_CORS}
    if answer.changed is not None:
        headers["last-modified"] = format_datetime(clock.moment(answer.changed), usegmt=True)
    if answer.links:
        headers["link"] = ", ".join(f'<{address}>; rel="{rel}"' for rel, address in answer.links)
    held = request.headers.get("if-none-match", "")
    # the ETag alone decides: a request that was hidden leaves the list without a newer change in it
    if held.strip() == "*" or tag in [one.strip().removeprefix("W/") for one in held.split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=FORMATS[form])


def _refused(error: DothiError, form: str) -> Response:
    headers = {name: value for name, value in errors.headers_of(error).items() if name == "retry-after"}
    return _said(formats.refused(error), form, formats.status_of(error), headers)


def _said(document: Document, form: str, status: int, headers: dict[str, str] | None = None) -> Response:
    form = form if form in FORMATS else "json"
    return Response(
        formats.text(document, form), status, headers={**_CORS, **(headers or {})}, media_type=FORMATS[form]
    )


def _nothing(request: Request) -> Response:
    """What is not there, or is asked for in another way, is said as GeoReport says it too."""
    path = request.path_params["rest"]
    form = "xml" if path.endswith(".xml") else "json"
    allowed = sorted({method for there, method in _PATHS if _same(there, path)})
    if not allowed:
        return _said(formats.errors(404, ["nothing has this address; see discovery.json"]), form, 404)
    if request.method == "OPTIONS":
        headers = {"allow": ", ".join([*allowed, "OPTIONS"]), "access-control-allow-methods": "GET, HEAD"}
        return Response(status_code=204, headers={**_CORS, **headers})
    return _said(formats.errors(405, [f"only {', '.join(allowed)}"]), form, 405, {"allow": ", ".join(allowed)})


def _same(there: str, path: str) -> bool:
    wanted, given = there.split("/"), path.split("/")
    return len(wanted) == len(given) and all(
        w.startswith("{") or g.rpartition(".")[0] == w.rpartition(".")[0] for w, g in zip(wanted, given, strict=True)
    )


_GETS: tuple[tuple[str, View], ...] = (
    ("discovery.{format}", discovery), ("services.{format}", services), ("services/{code}.{format}", definition),
    ("requests.{format}", requests), ("requests/{id}.{format}", one), ("requests/{id}/updates.{format}", updates),
    ("tokens/{token}.{format}", token),
)  # fmt: skip
_POSTS = (("requests.{format}", _post), ("tokens/{token}.{format}", _confirm))
_PATHS = [*((path, "GET") for path, _ in _GETS), *((path, "POST") for path, _ in _POSTS)]

routes: list[BaseRoute] = [
    *(Route(f"{HERE}/{path}", _get(view), methods=["GET"], name=f"open311 GET {path}") for path, view in _GETS),
    *(Route(f"{HERE}/{path}", view, methods=["POST"], name=f"open311 POST {path}") for path, view in _POSTS),
    Route(f"{HERE}/{{rest:path}}", _nothing, methods=_METHODS, name="open311 nothing"),
]
