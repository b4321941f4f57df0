"""The two forms of every answer, JSON and XML, made of one document. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from dothi.kit.errors import DothiError

FORMATS = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}
# what one member of a list is called in XML; the specification's own where it names one
_ONE = {
    "attributes": "attribute", "values": "value", "endpoints": "endpoint", "formats": "format", "services": "service",
    "service_requests": "request", "service_request_updates": "request_update", "errors": "error", "notes": "note",
    "media_urls": "media_url",
}  # fmt: skip
# the names dothi gives places of a case, and what this interface calls them
_PLACES = {
    "category": "service_code", "place": "lat", "text": "description", "address": "address_string", "file": "media",
    "name": "first_name, last_name", "key": "idempotency-key",
}  # fmt: skip
NO_KEY = "api_key"
LONGEST = 600  # characters of a description of an error


@dataclass(frozen=True, slots=True)
class Document:
    """What is answered. root: its XML element, which names the members of a list; content: a list, or one object."""

    root: str
    content: Sequence[Mapping[str, Any]] | Mapping[str, Any]


def text(document: Document, form: str) -> bytes:
    """The document in a form of FORMATS."""
    if form == "xml":
        root = etree.Element(document.root)
        _fill(root, document.content)
        return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))
    said = json.dumps(document.content, ensure_ascii=False, separators=(",", ":"))
    return said.encode("utf-8", "replace")


def _fill(node: Any, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _fill(etree.SubElement(node, name), inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _fill(etree.SubElement(node, _ONE[node.tag]), inner)
    elif isinstance(value, bool):
        node.text = "true" if value else "false"
    elif value is not None:
        # a control character is no XML
        node.text = "".join(c for c in str(value) if c in "\n\t" or (" " <= c < "\ud800") or "\ue000" <= c < "\ufffe"
                            or c > "\uffff")  # fmt: skip


def status_of(error: DothiError) -> int:
    """The status of an error: GeoReport says 403, never 401, of a key that is missing or wrong."""
    return 403 if error.status == 401 else error.status


def refused(error: DothiError) -> Document:
    """An error as GeoReport has it: a code and a description for each fault."""
    return errors(status_of(error), [f"{said(fault.place)}: {fault.message}" + _allowed(fault.allowed)
                                     for fault in error.faults] or [error.message])  # fmt: skip


def errors(status: int, descriptions: Iterable[str]) -> Document:
    """Errors of one status."""
    return Document("errors", [{"code": status, "description": one[:LONGEST]} for one in descriptions])


def said(place: str) -> str:
    """The name this interface has for a place of a case."""
    if place.startswith("fields."):
        name, dot, inside = place.removeprefix("fields.").partition(".")
        return f"attribute[{name}]{dot}{inside}"
    return _PLACES.get(place, place)


def _allowed(allowed: str | None) -> str:
    return f"; allowed: {allowed}" if allowed else ""
