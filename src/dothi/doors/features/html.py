"""Pages for people: the same documents as tables and links, in the site's frame."""

import json
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dothi.datasets.reading import Virtual
from dothi.datasets.views import View
from dothi.doors.features import answers, formats
from dothi.web import i18n, shell
from dothi.web.address import root_of

_MOST = 60  # columns of a table
# what a link leads to, by its relation; those to forms of the page or of its items are called by the form's name
_LEADS = {
    "next": i18n.marked("Trang tiếp theo"),
    "conformance": i18n.marked("Các lớp tuân thủ"),
    "service-desc": i18n.marked("Mô tả OpenAPI"),
    f"{answers.REL}queryables": i18n.marked("Trường lọc được"),
}
_FORMS = {one.kind: one.called for one in (*formats.ITEMS, *formats.DOCUMENT)}


def landing(request: Request, document: dict[str, Any]) -> Response:
    """The landing page."""
    return _page(request, "landing", {name: document[name] for name in ("title", "description", "links")})


def collections(request: Request, found: Sequence[View], q: str) -> Response:
    """The collections a caller may see."""
    return _page(request, "collections", {"found": found, "q": q})


def collection(request: Request, view: View, links: Sequence[dict[str, Any]]) -> Response:
    """One collection with its fields."""
    page = None if isinstance(view, Virtual) else f"/catalogue/{answers.part(view.code)}"
    return _page(request, "collection", {**_about(request, view), "links": links, "page": page})


def items(request: Request, view: View, records: Sequence[dict[str, Any]], links: Sequence[dict[str, Any]]) -> Response:
    """A page of records as a table."""
    return _page(request, "items", {**_about(request, view), "records": records, "links": links})


def item(request: Request, view: View, record: dict[str, Any], here: str) -> Response:
    """One record."""
    about = {**_about(request, view), "record": record, "here": here, "map": _map(view, record)}
    return _page(request, "item", about)


def _map(view: View, record: dict[str, Any]) -> str | None:
    """The workbench with this record in sight."""
    if record["geojson"] is None or isinstance(view, Virtual) or record["west"] is None:
        return None
    box = ",".join(f"{record[side]:.6f}" for side in ("west", "south", "east", "north"))
    return f"/map?layers={answers.part(view.code)}&bbox={box}"


def _about(request: Request, view: View) -> dict[str, Any]:
    language = i18n.language_of(request)
    return {
        "title": view.called(language),
        "description": (view.description_en if language == "en" else None) or view.description,
        "here": f"{root_of(request)}/collections/{answers.part(view.code)}",
        "fields": view.fields[:_MOST],
        "simulated": view.simulated,
    }


def _page(request: Request, name: str, context: dict[str, Any]) -> Response:
    known = {"base": root_of(request), "part": answers.part, "cell": _cell, "leads": _LEADS, "forms_of": _FORMS}
    page = shell.page(request, f"features/{name}.html", {**known, **context})
    page.headers["Vary"] = answers.VARY
    return page


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "✓" if value else "–"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
