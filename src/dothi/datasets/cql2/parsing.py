"""Either encoding of CQL2 read into a tree, within the bounds of the settings."""

from typing import Any

from dothi.config import settings
from dothi.datasets.cql2 import from_json, from_text
from dothi.datasets.cql2.crs import CRS84, projection
from dothi.datasets.cql2.tree import Expression, Room, refused
from dothi.kit.errors import BadInput, Fault

TEXT, JSON = "cql2-text", "cql2-json"
LANGUAGES = (TEXT, JSON)


def parse(given: Any, lang: str = TEXT, crs: str | None = None) -> Expression:
    """The expression a filter says.

    given: the text of either encoding, or JSON that is read already. lang: cql2-text or cql2-json.
    crs: URI of the system its geometries are written in (filter-crs); None for longitude and latitude in WGS 84.
    Raises BadInput naming the place, what was found and what was expected there.
    """
    if lang not in LANGUAGES:
        message = f"no filter language {lang[:60]!r}"
        raise BadInput(message, [Fault("filter-lang", message, ", ".join(LANGUAGES))])
    config = settings()
    system = projection(crs or CRS84)
    if isinstance(given, str | bytes) and len(given) > config.max_filter:
        raise refused("", f"a filter of {len(given)} characters", f"at most {config.max_filter}")
    room = Room(config.max_filter_depth, config.max_filter_parts)
    if lang == JSON:
        return from_json.parse(given, system, room)
    if not isinstance(given, str):
        raise refused("", "not a text", "CQL2 text")
    return from_text.parse(given, system, room)
