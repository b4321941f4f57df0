"""Items of a collection: pages and single features in GeoJSON straight from the database, other forms by `shown`."""

import asyncio
import re
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from dothi.datasets import ordering, usage, views
from dothi.datasets.reading import Virtual
from dothi.datasets.views import View
from dothi.db import hot
from dothi.doors.features import answers, collections, crs, formats, prepared, shown
from dothi.doors.features.answers import GEOJSON
from dothi.doors.features.asked import Wanted
from dothi.identity import access, guard
from dothi.kit.errors import NotFound
from dothi.web.address import root_of

_BASES = 8  # addresses one server is known by
_SAFE = "()',;/:$@*-._~"
_TAG = re.compile(r'"(\d+)-([0-9a-f]+)-[0-9a-f]+"')


async def page(request: Request, code: str) -> Response:
    """A page of a collection's items."""
    caller = access.caller(request)
    view = await collections.find(caller, code)
    query = request.scope["query_string"]
    _counted(view)
    for last in (False, True):
        ready = prepared.page(caller, view, query)
        form = formats.chosen(ready.wanted.f, request.headers.get("accept"), formats.ITEMS)
        if form is not formats.GEOJSON_FORM or (ready.wanted.crs != crs.CRS84 and not ready.wanted.hits):
            return await shown.page(request, caller, view, ready, form)
        answer = await _page(request, view, ready)
        if answer is not None:
            return answer
        view = await _again(caller, code, last=last)
    raise AssertionError


async def _page(request: Request, view: View, ready: prepared.Page) -> Response | None:
    """The page; None when the view is out of date."""
    base = root_of(request)
    if ready.count is not None:
        found = await hot.fetch(ready.count, ready.binds)
        if not _current(found, view):
            return None
        version, _, number = found[0]
        body = _collection(b"", int(number), 0, _links(view, base, ready, None))
        return _sent(request, view, body, etag(view, version, ready, base, number))
    found = await hot.fetch(ready.statement, ready.binds, short=ready.short)
    if not _current(found, view):
        return None
    version, _, total, features, cursors, number = found[0]
    number, after = int(number), None
    if number > (limit := ready.wanted.asked.limit or 0):
        features, _, _ = features.rpartition(prepared.BETWEEN)
        after, number = cursors.rpartition("\n")[2] if ready.wanted.asked.sort else f"[{cursors}]", limit
    matched = int(total) if ready.bare and total is not None else None
    body = _collection(features or b"", matched, number, _links(view, base, ready, after))
    mark = etag(view, version, ready, base) if version is not None else answers.tag(body.decode())
    return _sent(request, view, body, mark)


def _counted(view: View) -> None:
    if not isinstance(view, Virtual):
        usage.count_use(view.id, "features")


def _current(found: list[tuple[Any, ...]], view: View) -> bool:
    return bool(found) and (isinstance(view, Virtual) or found[0][1] == view.described_at)


async def _again(caller: guard.Caller, code: str, *, last: bool) -> View:
    """The view anew: what was kept of it is out of date."""
    if last:
        raise NotFound("Nothing found.")
    views.forget()
    return await collections.find(caller, code)


def etag(view: View, version: Any, ready: prepared.Page | prepared.Item, base: str, *more: Any) -> str:
    """What a page depends on: the version of the dataset, its description, what of it is shown, the request."""
    return answers.tag(view.code, version, view.described_at, _shown(view), ready.shape, base, *more)


def _shown(view: View) -> tuple[str, ...]:
    """The fields that are shown: a tag made of the hidden ones would let their names be guessed."""
    return tuple(one.name for one in view.fields)


def _collection(features: bytes, matched: int | None, number: int, about: str) -> bytes:
    head = "" if matched is None else f'"numberMatched":{matched},'
    begin = f'{{"type":"FeatureCollection",{head}"numberReturned":{number},"links":{about},"features":['
    return b"".join((begin.encode(), features, b"]}"))


def _links(view: View, base: str, ready: prepared.Page, after: str | None) -> str:
    """The links of a page of GeoJSON as JSON; all but the next are kept."""
    form = formats.GEOJSON_FORM
    known = ready.links.get(base)
    if known is None:
        if len(ready.links) > _BASES:
            ready.links.clear()
        known = ready.links[base] = answers.text(links(view, base, ready.wanted, form, None))
    if after is None:
        return known
    return f"{known[:-1]},{answers.text(_next(view, base, ready.wanted, form, after))}]"


def links(view: View, base: str, wanted: Wanted, form: formats.Form, after: str | None) -> list[dict[str, Any]]:
    """Links of a page: itself, its other forms, the next page, the collection."""
    here = f"{base}/collections/{answers.part(view.code)}"
    kept = [pair for pair in wanted.pairs if pair[0] != "f"]
    asked = [("f", wanted.f)] if wanted.f is not None else []
    made = [answers.link(address(f"{here}/items", [*asked, *kept]), "self", form.kind, "This page")]
    for other in formats.ITEMS:
        if other is not form and (other is not formats.HTML_FORM or not wanted.hits):
            title = f"This page as {other.name}"
            made.append(
                answers.link(address(f"{here}/items", [("f", other.name), *kept]), "alternate", other.kind, title)
            )
    made.append(answers.link(here, "collection", answers.JSON, "The collection"))
    return made if after is None else [*made, _next(view, base, wanted, form, after)]


def _next(view: View, base: str, wanted: Wanted, form: formats.Form, after: str) -> dict[str, Any]:
    rest = [pair for pair in wanted.pairs if pair[0] != "cursor"]
    href = address(f"{base}/collections/{answers.part(view.code)}/items", [*rest, ("cursor", ordering.written(after))])
    return answers.link(href, "next", form.kind, "The next page")


def address(path: str, pairs: list[tuple[str, str]]) -> str:
    """A URL with its query."""
    query = "&".join(f"{quote(name, safe=_SAFE)}={quote(text, safe=_SAFE)}" for name, text in pairs)
    return f"{path}?{query}" if query else path


def _sent(request: Request, view: View, body: bytes, mark: str) -> Response:
    headers = headers_of(view, crs.CRS84) | {"ETag": mark}
    if answers.unchanged(request, mark):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=GEOJSON)


def headers_of(view: View, uri: str) -> dict[str, str]:
    """The headers every answer with features has."""
    # that something is hidden must not show here either
    private = view.sharing != "open" or view.writes or any(not one.open or one.personal for one in view.fields)
    return {**answers.CORS, "Content-Crs": f"<{uri}>", "Vary": answers.VARY, **answers.cached(private=private)}


async def one(request: Request, code: str, key: str) -> Response:
    """One feature."""
    caller = access.caller(request)
    view = await collections.find(caller, code)
    query = request.scope["query_string"]
    _counted(view)
    for last in (False, True):
        ready = prepared.item(caller, view, query)
        form = formats.chosen(ready.wanted.f, request.headers.get("accept"), formats.ITEM)
        asked = ready.wanted.asked
        given = {"key": key} if asked.as_of is None else {"key": key, "as_of": asked.as_of}
        if "\0" in key:
            raise NotFound("Nothing found.")
        found = await hot.fetch(ready.statement, given, short=not isinstance(view, Virtual))
        if found and not _current(found, view):
            view = await _again(caller, code, last=last)
            continue
        if not found:
            if last or isinstance(view, Virtual) or await _fresh(caller, view):
                raise NotFound(f"no item {key[:80]!r} in {code}")
            view = await _again(caller, code, last=last)
            continue
        version, _, text, recorded_at = found[0]
        base = root_of(request)
        mark = (
            item_tag(view, version, recorded_at, ready, base, form) if version is not None else answers.tag(text, base)
        )
        headers = headers_of(view, ready.wanted.crs) | {"ETag": mark}
        if answers.unchanged(request, mark):
            return Response(status_code=304, headers=headers)
        if form is not formats.GEOJSON_FORM or ready.wanted.crs != crs.CRS84:
            answer = await asyncio.to_thread(shown.one, request, view, key, ready, form, base)
            answer.headers.update(headers)
            return answer
        here = f"{base}/collections/{answers.part(code)}"
        at = f"{here}/items/{answers.part(key)}"  # nothing in it needs escaping
        about = (
            f'[{{"href":"{at}","rel":"self","type":"{GEOJSON}"}},'
            f'{{"href":"{at}?f=html","rel":"alternate","type":"text/html"}},'
            f'{{"href":"{here}","rel":"collection","type":"{answers.JSON}"}}]'
        )
        return Response(f'{text[:-1]},"links":{about}}}'.encode(), headers=headers, media_type=GEOJSON)
    raise NotFound(f"no item {key[:80]!r} in {code}")


async def _fresh(caller: guard.Caller, view: View) -> bool:
    """Whether the view still says what the dataset is."""
    return _current(await hot.fetch(prepared.gate(caller, view), {}, short=True), view)


def item_tag(view: View, version: int, recorded_at: int, ready: prepared.Item, base: str, form: formats.Form) -> str:
    """A feature's tag: its version and moment, which writes are checked by, and the form it is in."""
    rest = answers.tag(view.described_at, _shown(view), ready.shape, base, form.name)
    return f'"{version}-{recorded_at:x}-{rest[1:13]}"'


def tagged(text: str) -> tuple[int, int] | None:
    """The version and moment a feature's tag names."""
    found = _TAG.fullmatch(text.strip())
    return (int(found[1]), int(found[2], 16)) if found else None
