"""`/reports.atom`: new reports of a ward or category, or what happens with one report, as Atom (RFC 4287)."""

from dataclasses import replace
from typing import Any

from lxml import etree
from starlette.responses import Response

from dothi.cases import reading
from dothi.cases.lists import Public
from dothi.kit import clock
from dothi.screens.desk import ANYBODY
from dothi.screens.reports import listing, saying
from dothi.screens.reports.asking import Ask, get, unknown
from dothi.screens.wards import wards

MOST = 50
_ATOM = "http://www.w3.org/2005/Atom"
_GEORSS = "http://www.georss.org/georss"


def feed(ask: Ask) -> Response:
    """`GET /reports.atom?ward=&category=&state=` or `?case=PA-26-000001`."""
    case = ask.request.query_params.get("case")
    body = _of_one(ask, case) if case is not None else _of_all(ask)
    headers = {"cache-control": ask.kept(60)}
    return Response(body, media_type="application/atom+xml; charset=utf-8", headers=headers)


def _of_all(ask: Ask) -> bytes:
    given, asked = listing.filters(ask)
    found = reading.public_list(ask.session, replace(asked, limit=MOST)).lines
    named = dict(wards(ask.session, ask.language, ask.now))
    parts = [saying.category(ask, given.get("category")), named.get(given.get("ward", ""), "")]
    title = " · ".join(filter(None, [ask.say("Phản ánh hiện trường"), *parts, ask.city]))
    newest = max((one.updated_at for one in found), default=0)
    root = _root(ask, title, newest, "/reports")
    for one in found:
        entry = _entry(
            ask, root, f"report/{one.number}", one.title, one.opened_at, one.updated_at, f"/reports/{one.number}"
        )
        etree.SubElement(
            entry, f"{{{_ATOM}}}category", term=one.category or "", label=saying.category(ask, one.category)
        )
        where = saying.place(ask, one, named)
        _text(entry, "summary", "\n".join(filter(None, [saying.state(ask, one), where, one.text])))
        if one.lat is not None and one.lon is not None:
            etree.SubElement(entry, f"{{{_GEORSS}}}point").text = f"{one.lat} {one.lon}"
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _of_one(ask: Ask, said: str) -> bytes:
    if "\0" in said:
        raise unknown()
    case: Public = reading.public_case(ask.session, said[:40])
    told = reading.entries(ask.session, case, inside=False, language=ask.language)
    lines = [one for one in saying.timeline(ask, case, told) if one.at is not None]
    root = _root(ask, f"{case.number} · {case.title}", case.updated_at, f"/reports/{case.number}")
    for n, one in reversed(list(enumerate(lines))):
        at = one.at or 0
        entry = _entry(ask, root, f"report/{case.number}/{at}.{n}", one.title, at, at, f"/reports/{case.number}")
        _text(entry, "summary", "\n".join(filter(None, [one.text, one.note])))
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _root(ask: Ask, title: str, updated: int, page: str) -> Any:
    root = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM, "georss": _GEORSS})
    root.set("{http://www.w3.org/XML/1998/namespace}lang", ask.language)
    query = ask.request.url.query
    this = f"{ask.base}/reports.atom" + (f"?{query}" if query else "")
    _text(root, "id", this)
    _text(root, "title", title)
    _text(root, "updated", clock.iso(updated))
    etree.SubElement(root, f"{{{_ATOM}}}link", rel="self", href=this, type="application/atom+xml")
    etree.SubElement(root, f"{{{_ATOM}}}link", rel="alternate", href=f"{ask.base}{page}", type="text/html")
    _text(etree.SubElement(root, f"{{{_ATOM}}}author"), "name", ask.city or "dothi")
    return root


def _entry(ask: Ask, root: Any, name: str, title: str, at: int, updated: int, page: str) -> Any:
    entry = etree.SubElement(root, f"{{{_ATOM}}}entry")
    host = ask.base.partition("://")[2].partition("/")[0].partition(":")[0]
    _text(entry, "id", f"tag:{host},2026:{name}")
    _text(entry, "title", title)
    _text(entry, "published", clock.iso(at))
    _text(entry, "updated", clock.iso(updated))
    etree.SubElement(entry, f"{{{_ATOM}}}link", rel="alternate", href=f"{ask.base}{page}", type="text/html")
    return entry


def _text(parent: Any, name: str, text: str) -> None:
    # a control character is no XML
    etree.SubElement(parent, f"{{{_ATOM}}}{name}").text = "".join(
        sign for sign in text if sign in "\n\t" or " " <= sign not in "\ufffe\uffff"
    )


routes = [get("/reports.atom", feed, ANYBODY)]
