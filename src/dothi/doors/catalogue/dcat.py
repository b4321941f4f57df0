"""`/catalogue` and `/catalogue/{code}` as RDF, a page of datasets at a time."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from rdflib import Graph
from starlette.requests import Request
from starlette.responses import Response

from dothi.datasets import usage
from dothi.doors.catalogue import graph, negotiate
from dothi.doors.catalogue.asking import CORS, Ask
from dothi.doors.catalogue.graph import Page
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import whole

SIZE, MOST = 50, 200  # datasets of a page
_KEPT = 32  # finished documents
_RDFLIB = {ending: name for ending, _, name in negotiate.FORMS}
_documents: OrderedDict[str, bytes] = OrderedDict()
_lock = threading.Lock()


def catalogue(request: Request) -> Response:
    """The catalogue. `page` from 1, `limit` datasets a page; hydra links lead on."""
    ask = Ask(request)
    ending = request.path_params.get("ending") or negotiate.wanted(request.headers.get("accept", "")) or "ttl"
    number, size = _paging(request)
    found = ask.views
    last = max(1, -(-len(found) // size))
    if number > last:
        raise BadInput("no such page", [Fault("page", str(number), f"1 to {last}")])
    part = found[(number - 1) * size : number * size]

    def address(of: int) -> str:
        given = {
            name: value for name, value in (("page", of), ("limit", size)) if value != {"page": 1, "limit": SIZE}[name]
        }
        return f"{ask.base}/catalogue.{ending}" + (f"?{urlencode(given)}" if given else "")

    page = Page(
        address(number), address(1), address(number - 1) if number > 1 else None,
        address(number + 1) if number < last else None, address(last), len(found), size,
    )  # fmt: skip
    stamp = _stamp(ask, ending, page, [(v.code, v.version, v.described_at, v.changed_at, v.agency_id) for v in found])
    links = [(page.first, "first"), (page.previous, "prev"), (page.next, "next"), (page.last, "last")]
    return _answer(
        request, ending, stamp, lambda: graph.catalogue(ask.whole, [ask.described(view) for view in part], page),
        ", ".join(f'<{at}>; rel="{rel}"' for at, rel in links if at),
    )  # fmt: skip


def dataset(request: Request) -> Response:
    """One dataset."""
    ask = Ask(request)
    ending = request.path_params.get("ending") or negotiate.wanted(request.headers.get("accept", "")) or "ttl"
    view = ask.view(request.path_params["code"])
    usage.count_use(view.id, "dcat")
    stamp = _stamp(ask, ending, view.code, (view.version, view.described_at, view.changed_at, view.agency_id))
    return _answer(
        request, ending, stamp, lambda: graph.single(ask.whole, ask.described(view)),
        f'<{ask.base}/catalogue/{view.code}>; rel="describes"',
    )  # fmt: skip


def _paging(request: Request) -> tuple[int, int]:
    faults, found = [], {"page": 1, "limit": SIZE}
    for name, text in request.query_params.multi_items():
        most = MOST if name == "limit" else 1_000_000
        if name not in found:
            faults.append(Fault(name, "unknown parameter", "page, limit"))
        elif not (number := whole(text, 8)) or number > most:
            faults.append(Fault(name, repr(text[:40]), f"a whole number from 1 to {most}"))
        else:
            found[name] = number
    if faults:
        raise BadInput("the catalogue cannot be asked so", faults)
    return found["page"], found["limit"]


def _stamp(ask: Ask, ending: str, *of: object) -> str:
    text = repr((ask.base, ask.city, ending, of))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _answer(request: Request, ending: str, stamp: str, make: Callable[[], Graph], link: str) -> Response:
    """The document, from those kept where it is there; 304 where the caller has it."""
    headers = {
        "etag": f'"{stamp}"', "vary": "Accept, Authorization, Cookie", "cache-control": "no-cache", "link": link, **CORS,
    }  # fmt: skip
    if f'"{stamp}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    with _lock:
        body = _documents.get(stamp)
        if body is not None:
            _documents.move_to_end(stamp)
    if body is None:
        options: dict[str, Any] = {"auto_compact": True} if ending == "jsonld" else {}  # with a context of our prefixes
        body = make().serialize(format=_RDFLIB[ending], encoding="utf-8", **options)
        with _lock:
            _documents[stamp] = body
            while len(_documents) > _KEPT:
                _documents.popitem(last=False)
    return Response(body, headers=headers, media_type=f"{negotiate.MEDIA[ending]}; charset=utf-8")
