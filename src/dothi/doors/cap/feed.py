"""The index of our messages as Atom (RFC 4287): each entry leads to the signed message and to its page. Pure."""

from collections.abc import Iterable
from typing import Any

from lxml import etree

from dothi.kit import clock
from dothi.warnings.model import CONTENT_TYPE
from dothi.warnings.telling import Told

_ATOM = "http://www.w3.org/2005/Atom"
_TITLES = {"vi": "Cảnh báo", "en": "Warnings"}
_BEFORE = {
    "vi": {"Exercise": "DIỄN TẬP: ", "Test": "THỬ NGHIỆM: ", "Update": "Cập nhật: "},
    "en": {"Exercise": "EXERCISE: ", "Test": "TEST: ", "Update": "Update: "},
}  # fmt: skip


def atom(messages: Iterable[Told], base: str, this: str, language: str, sender: str, empty_at: int) -> bytes:
    """The document. this: its own address with the query; empty_at: µs UTC of a feed nothing was ever put in."""
    messages = list(messages)
    host = base.partition("://")[2].partition("/")[0].partition(":")[0]
    feed = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})
    feed.set("{http://www.w3.org/XML/1998/namespace}lang", language)
    newest = max((max(one.sent_at or 0, one.ended_at or 0) for one in messages), default=empty_at)
    _text(feed, "id", this)
    _text(feed, "title", f"{_TITLES[language]} · {sender}")
    _text(feed, "updated", clock.iso(newest))
    _link(feed, "self", this, "application/atom+xml")
    _link(feed, "alternate", f"{base}/warnings", "text/html")
    _text(_sub(feed, "author"), "name", sender)
    for one in messages:
        _entry(feed, one, base, host, language)
    return bytes(etree.tostring(feed, xml_declaration=True, encoding="UTF-8"))


def _entry(feed: Any, one: Told, base: str, host: str, language: str) -> None:
    info = one.info(language)
    entry = _sub(feed, "entry")
    before = _BEFORE[language]
    _text(entry, "id", f"tag:{host},2026:cap/{one.identifier}")
    _text(entry, "title", before.get(one.status, "") + before.get(one.msg_type, "") + info["headline"])
    _text(entry, "updated", clock.iso(one.sent_at or 0))
    _text(entry, "published", clock.iso(one.sent_at or 0))
    _link(entry, "alternate", f"{base}/cap/{one.identifier}.xml", CONTENT_TYPE)
    _link(entry, "related", f"{base}{one.url}", "text/html")
    _text(_sub(entry, "author"), "name", info.get("sender_name") or one.sender)
    for scheme, term in (
        ("severity", one.severity),
        ("category", one.category),
        ("status", one.status),
        ("msgType", one.msg_type),
    ):
        _sub(entry, "category", term=term, scheme=f"urn:oasis:names:tc:emergency:cap:1.2:{scheme}")
    _text(entry, "summary", "\n".join(filter(None, (info["description"], info["instruction"], one.places(language)))))


def _sub(parent: Any, name: str, **attributes: str) -> Any:
    return etree.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)


def _link(parent: Any, rel: str, href: str, kind: str) -> None:
    _sub(parent, "link", rel=rel, href=href, type=kind)


def _text(parent: Any, name: str, text: str) -> None:
    # a control character is no XML
    _sub(parent, name).text = "".join(sign for sign in text if sign in "\n\t" or " " <= sign not in "\ufffe\uffff")
