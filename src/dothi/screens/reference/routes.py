"""`/docs/api`: the interfaces as a page for people, made from the same document programs read at `/openapi.json`.

The document is English, the page in the reader's language; `/openapi.json?lang=vi` is the document in Vietnamese.
"""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from dothi.identity import access
from dothi.web import openapi, shell
from dothi.web.i18n import language_of

_METHODS = ("get", "post", "patch", "put", "delete")


@dataclass
class Call:
    """One method of a path. parameters: the names of what may stand in the query."""

    method: str
    path: str
    summary: str
    parameters: list[str]


@dataclass
class Part:
    """What belongs together."""

    name: str
    description: str
    calls: list[Call]


def parts(document: dict[str, Any]) -> list[Part]:
    """The calls of an OpenAPI document by their tags."""
    made = {tag["name"]: Part(tag["name"], tag["description"], []) for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                one = item[method]
                names = [given["name"] for given in one.get("parameters", []) if given["in"] == "query"]
                made[one["tags"][0]].calls.append(Call(method.upper(), path, one["summary"], names))
    return list(made.values())


def _page(request: Request) -> Response:
    document = openapi.spoken(request.app.openapi(), language_of(request))
    return shell.page(
        request, "reference.html", {"parts": parts(document), "entries": [], "caller": access.caller(request)}
    )


def _document(request: Request) -> Response:
    return JSONResponse(openapi.spoken(request.app.openapi(), request.query_params.get("lang", "en")))


routes: list[BaseRoute] = [
    Route("/docs/api", _page, methods=["GET"]),
    Route("/openapi.json", _document, methods=["GET"]),
]
