"""`/catalogue/{code}/records/{key}`: one record, where it is, and everything it ever was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from dothi.datasets import history as past
from dothi.datasets import reading, views
from dothi.datasets.history import Version
from dothi.datasets.views import View
from dothi.kit.errors import NotFound
from dothi.screens import words
from dothi.screens.catalogue import cells, history, listing
from dothi.screens.catalogue.asking import Ask
from dothi.screens.catalogue.cells import Cell
from dothi.screens.catalogue.history import Changed
from dothi.web.forms import Filled

LEAST = 0.004  # degrees a map shows around a point


@dataclass(frozen=True, slots=True)
class Was:
    """A version: what happened, when, by whom (only those who keep the dataset read that), and the fields it changed."""

    what: str
    when: str
    by: str
    changed: Sequence[Changed]


@dataclass(frozen=True, slots=True)
class RecordPage:
    """The context of `catalogue/record.html`. gone: since when it is no more; record_key: for the correction's form."""

    view: View
    title: str
    name: str
    facts: Sequence[str]
    values: Sequence[tuple[str, str, Cell, str]]
    versions: Sequence[Was]
    gone: str
    geojson: str
    bounds: str
    api: str
    record_key: str
    form: Filled


@Ask.asked
def record(ask: Ask) -> Response:
    """Anybody who may see the dataset; a record that never was answers as a dataset that is not there."""
    view = views.view(ask.caller, ask.request.path_params["code"])
    return page_of(ask, view, ask.request.path_params["key"])


def page_of(ask: Ask, view: View, key: str, form: Filled | None = None, status: int = 200) -> Response:
    """A record's page; form: the suggested correction as it was filled in."""
    versions = past.versions(ask.session, ask.caller, view.code, key)
    if not versions:
        raise NotFound(ask.say("Không có bản ghi nào ở địa chỉ này, hoặc nó không công khai."))
    last = versions[-1]
    now = reading.one(view, key, session=ask.session)
    shown: Mapping[str, Any] = now or {
        "properties": last.properties,
        "geojson": last.geojson,
        "unit_code": last.unit_code,
    }
    values = shown["properties"]
    facts = [ask.say("phiên bản {n}", n=last.version), f"{ask.say('Khóa')}: {key}"]
    if shown.get("unit_code"):
        facts.insert(0, listing.place_names(ask.session, ask.now)(shown["unit_code"]))
    page = RecordPage(
        view, view.called(ask.language), history.record_name(view, shown, key), facts,
        [(one.called(ask.language), one.name,
          cells.cell(one, values.get(one.name), ask.language, ask.say("có"), ask.say("không"), 2000), one.unit or "")
         for one in view.fields],
        _was(ask, view, versions), _when(last.until) if now is None and last.until else "", shown.get("geojson") or "",
        _bounds(shown), f"/ogc/collections/{quote(view.code)}/items/{quote(key, safe='')}", key, form or Filled(),
    )  # fmt: skip
    return ask.page("record", page, simulated=view.simulated, status=status)


def _was(ask: Ask, view: View, oldest_first: Sequence[Version]) -> list[Was]:
    made: list[Was] = []
    before: dict[str, Any] | None = None
    gone = False
    for one in oldest_first:
        by = one.by if view.describes else ""
        now = {"properties": one.properties, "geojson": one.geojson}
        if before is None:
            made.append(Was(ask.say("Ghi lần đầu"), _when(one.at), by, ()))
        else:
            changed = history.differences(ask, view, before, now)
            made.append(Was(ask.say("Sửa") if not gone else ask.say("Khôi phục"), _when(one.at), by, changed))
        before = now
        if one.deleted:
            made.append(
                Was(ask.say("Xóa"), _when(one.until or one.at), one.until_by or "" if view.describes else "", ())
            )
        gone = one.deleted
    return made[::-1]


def _when(at: int) -> str:
    return f"{words.hour(at)} {words.day(at)}"


def _bounds(record: Mapping[str, Any]) -> str:
    box = [record.get(side) for side in ("west", "south", "east", "north")]
    if None in box:
        return ""
    west, south, east, north = (float(side) for side in box if side is not None)
    pad = max(LEAST, (east - west) * 0.2, (north - south) * 0.2)
    return f"{west - pad:.6f},{south - pad:.6f},{east + pad:.6f},{north + pad:.6f}"
