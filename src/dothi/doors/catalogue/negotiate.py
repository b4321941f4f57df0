"""Which form of the catalogue a caller wants: by the address's ending, or by Accept (RFC 9110 section 12.5.1). Pure."""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.datastructures import Headers
from starlette.routing import Match, Route
from starlette.types import Scope

TURTLE, JSONLD, RDFXML = "text/turtle", "application/ld+json", "application/rdf+xml"
# ending, media type, rdflib's name
FORMS: tuple[tuple[str, str, str], ...] = (
    ("ttl", TURTLE, "turtle"),
    ("jsonld", JSONLD, "json-ld"),
    ("rdf", RDFXML, "xml"),
)
MEDIA = {ending: media for ending, media, _ in FORMS}
_ASKED = {media: ending for ending, media, _ in FORMS} | {"application/x-turtle": "ttl", "application/xml+rdf": "rdf"}


def wanted(accept: str) -> str | None:
    """The ending of the RDF form an Accept header prefers to a page; None where a page suits as well or better."""
    best: dict[str, float] = {}
    page = 0.0
    for part in accept.split(",")[:50]:
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = _weight(parameters)
        if media in _ASKED:
            best[_ASKED[media]] = max(weight, best.get(_ASKED[media], 0.0))
        elif media in {"text/html", "application/xhtml+xml", "*/*", "text/*"}:
            page = max(page, weight)
    ending = max(best, key=lambda one: best[one], default=None)
    return ending if ending is not None and best[ending] > 0 and best[ending] >= page else None


def _weight(parameters: Sequence[str]) -> float:
    for one in parameters:
        name, _, value = one.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


class Negotiated(Route):
    """A route that is there only for callers who want RDF; to all others the page of the same address answers."""

    def __init__(self, path: str, endpoint: Callable[..., Any]) -> None:
        super().__init__(path, endpoint, methods=["GET"])

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As any route, and only where the caller prefers a form of RDF."""
        match, child = super().matches(scope)
        if match is Match.FULL and wanted(Headers(scope=scope).get("accept", "")) is None:
            return Match.NONE, {}
        return (match, child) if match is Match.FULL else (Match.NONE, {})
