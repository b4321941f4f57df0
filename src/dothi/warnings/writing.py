"""A message as XML, its elements in the order of the schema."""

from collections.abc import Iterable
from typing import Any

from lxml import etree

from dothi.warnings import areas
from dothi.warnings.model import NAMESPACE, Alert, Area, Info, Named, Resource, written

_Element = Any  # lxml's, which comes without types


def element(alert: Alert) -> _Element:
    """The `alert` element."""
    root = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={None: NAMESPACE})
    _texts(root, (
        ("identifier", alert.identifier), ("sender", alert.sender), ("sent", written(alert.sent)),
        ("status", alert.status), ("msgType", alert.msg_type), ("source", alert.source), ("scope", alert.scope),
        ("restriction", alert.restriction), ("addresses", alert.addresses), *(("code", one) for one in alert.codes),
        ("note", alert.note), ("references", " ".join(map(str, alert.references)) or None),
        ("incidents", alert.incidents),
    ))  # fmt: skip
    for info in alert.infos:
        _info(root, info)
    return root


def xml(alert: Alert) -> bytes:
    """The whole document, unsigned."""
    return document(element(alert))


def document(root: _Element) -> bytes:
    """An element as a UTF-8 document."""
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _info(root: _Element, info: Info) -> None:
    made = _sub(root, "info")
    _texts(made, (
        ("language", info.language), *(("category", one) for one in info.categories), ("event", info.event),
        *(("responseType", one) for one in info.responses), ("urgency", info.urgency), ("severity", info.severity),
        ("certainty", info.certainty), ("audience", info.audience),
    ))  # fmt: skip
    _named(made, "eventCode", info.event_codes)
    _texts(made, (
        ("effective", _when(info.effective)), ("onset", _when(info.onset)), ("expires", _when(info.expires)),
        ("senderName", info.sender_name), ("headline", info.headline), ("description", info.description),
        ("instruction", info.instruction), ("web", info.web), ("contact", info.contact),
    ))  # fmt: skip
    _named(made, "parameter", info.parameters)
    for one in info.resources:
        _resource(made, one)
    for area in info.areas:
        _area(made, area)


def _resource(info: _Element, one: Resource) -> None:
    _texts(_sub(info, "resource"), (
        ("resourceDesc", one.description), ("mimeType", one.mime_type),
        ("size", None if one.size is None else str(one.size)), ("uri", one.uri), ("derefUri", one.deref_uri),
        ("digest", one.digest),
    ))  # fmt: skip


def _area(info: _Element, area: Area) -> None:
    made = _sub(info, "area")
    _texts(made, (
        ("areaDesc", area.description), *(("polygon", areas.ring_text(ring)) for ring in area.polygons),
        *(("circle", areas.circle_text(one)) for one in area.circles),
    ))  # fmt: skip
    _named(made, "geocode", area.geocodes)
    _texts(made, (("altitude", _number(area.altitude)), ("ceiling", _number(area.ceiling))))


def _named(parent: _Element, name: str, pairs: Iterable[Named]) -> None:
    for pair in pairs:
        _texts(_sub(parent, name), (("valueName", pair[0]), ("value", pair[1])))


def _texts(parent: _Element, pairs: Iterable[tuple[str, str | None]]) -> None:
    for name, value in pairs:
        if value is not None:
            _sub(parent, name).text = _clean(value)


def _sub(parent: _Element, name: str) -> _Element:
    return etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")


def _clean(text: str) -> str:
    """Without the characters XML has no place for."""
    return "".join(
        sign for sign in text
        if sign in "\t\n" or " " <= sign <= "\ud7ff" or "\ue000" <= sign <= "\ufffd" or sign >= "\U00010000"
    )  # fmt: skip


def _when(micros: int | None) -> str | None:
    return None if micros is None else written(micros)


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:f}".rstrip("0").rstrip(".")
