"""What this server conforms to, and the links other doors under the same address add."""

from collections.abc import Iterable
from typing import Any

from dothi.datasets import cql2

_CORE = "http://www.opengis.net/spec/ogcapi-{}"
_OWN = (
    *(f"common-1/1.0/conf/{one}" for one in ("core", "landing-page", "json", "html", "oas30")),
    *(f"common-2/1.0/conf/{one}" for one in ("collections", "json", "html")),
    *(f"features-1/1.0/conf/{one}" for one in ("core", "geojson", "html", "oas30")),
    "features-2/1.0/conf/crs",
    *(
        f"features-3/1.0/conf/{one}"
        for one in ("filter", "features-filter", "queryables", "queryables-query-parameters")
    ),
    *(
        f"features-4/1.0/conf/{one}"
        for one in ("create-replace-delete", "update", "optimistic-locking-etags", "features")
    ),
    *(
        f"features-5/1.0/conf/{one}"
        for one in ("schemas", "core-roles-features", "returnables-and-receivables", "queryables", "sortables")
    ),
    "features-6/1.0/conf/property-selection",
    "features-8/1.0/conf/sorting",
)
# the draft's name of a class, by which QGIS before 3.44 knows it
_DRAFT = "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-operators"
_FG = tuple(f"http://www.opengis.net/spec/json-fg-1/1.0/conf/{one}" for one in ("core", "types-schemas"))
_more: list[str] = []
LINKS: list[dict[str, Any]] = []
COLLECTION_LINKS: list[dict[str, Any]] = []
PATHS: dict[str, Any] = {}


def classes() -> list[str]:
    """The URIs of all conformance classes."""
    own = [_CORE.format(one) for one in _OWN]
    return list(dict.fromkeys([*own, *cql2.CLASSES, _DRAFT, *_FG, *_more]))


def extend(more: Iterable[str], links: Iterable[dict[str, Any]] = (), paths: dict[str, Any] | None = None) -> None:
    """Add what another door under the same address conforms to.

    links: for the landing page where their address begins with {base}, for each collection with a geometry where it
    begins with {collection}; paths: of OpenAPI 3.0.
    """
    _more.extend(one for one in more if one not in _more)
    for one in links:
        known = COLLECTION_LINKS if one["href"].startswith("{collection}") else LINKS
        if one not in known:
            known.append(one)
    PATHS.update(paths or {})
