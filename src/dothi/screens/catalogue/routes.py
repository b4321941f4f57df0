"""The catalogue's pages. Everything here is open to anybody, and shows each caller what they may see."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from dothi.screens.catalogue import correcting, dataset, downloads, listing, record


def _get(path: str, view: Callable[[Request], Response]) -> Route:
    return Route(path, view, methods=["GET"])


routes: list[BaseRoute] = [
    _get("/catalogue", listing.index),
    Route("/catalogue/{code}/download.{ext}", downloads.download, methods=["GET"]),
    _get("/catalogue/{code}/columns", dataset.column_page),
    Route("/catalogue/{code}/corrections", correcting.suggest, methods=["POST"]),
    _get("/catalogue/{code}/records/{key:path}", record.record),
    _get("/catalogue/{code}", dataset.dataset),
]
