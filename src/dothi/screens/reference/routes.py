"""`/docs/api`: the interfaces as a page for people, made from the same document programs read at `/openapi.json`."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from dothi.web import shell

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
    return shell.page(request, "reference.html", {"parts": parts(request.app.openapi()), "entries": []})


routes: list[BaseRoute] = [Route("/docs/api", _page, methods=["GET"])]
