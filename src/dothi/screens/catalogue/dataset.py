"""`/catalogue/{code}`: one dataset: map, table, columns, fields, quality, versions, downloads, examples, citation."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from markupsafe import Markup
from starlette.responses import Response

from dothi.datasets import describe, quality, usage, views
from dothi.datasets import schema as schemas
from dothi.datasets.schema import Field
from dothi.datasets.views import View
from dothi.identity import guard
from dothi.identity import store as identity
from dothi.kit import clock
from dothi.screens import words
from dothi.screens.asking import city_name
from dothi.screens.catalogue import cells, citing, columns, downloads, examples, history, labels, listing, store, table
from dothi.screens.catalogue.asking import Ask
from dothi.screens.catalogue.citing import Citation
from dothi.screens.catalogue.columns import Column
from dothi.screens.catalogue.downloads import Download
from dothi.screens.catalogue.examples import Example
from dothi.screens.catalogue.history import Between, Happening
from dothi.screens.catalogue.table import Table
from dothi.web.forms import Filled

PLACES = 8


@dataclass(frozen=True, slots=True)
class Shape:
    """The map of a dataset. bounds: west,south,east,north."""

    style: str
    bounds: str
    titles: str
    label: str


@dataclass(frozen=True, slots=True)
class Told:
    """A field as the dictionary lists it."""

    field: Field
    title: str
    other: str
    kind: str
    description: str
    values: Sequence[str]
    notes: Sequence[str]
    reference: str


@dataclass(frozen=True, slots=True)
class Check:
    """A check of quality in words: what holds or not, the figure, and how to mend it."""

    state: str
    title: str
    value: str
    fix: str


@dataclass(frozen=True, slots=True)
class DatasetPage:
    """The context of `catalogue/dataset.html`."""

    view: View
    title: str
    description: str
    agency: str
    contact: Any
    sharing: str
    sharing_state: str
    status: str
    licence: str
    licence_url: str
    frequency: str
    themes: Sequence[tuple[str, str]]
    keywords: Sequence[tuple[str, str]]
    count: str
    changed_age: str
    now: int
    shape: Shape | None
    table: Table
    columns: Sequence[Column] | None
    fields: Sequence[Told]
    checks: Sequence[Check]
    good: int
    happenings: Sequence[Happening]
    between: Between | None
    moments: tuple[str, str]
    downloads: Sequence[Download]
    examples: Sequence[Example]
    citation: Citation
    json_ld: Markup
    info: Sequence[tuple[str, str]]
    source_url: str
    base: str
    sent: bool
    form: Filled
    workbench: str
    model: tuple[str, str] | None


@Ask.asked
def dataset(ask: Ask) -> Response:
    """`/catalogue/{code}`: anybody who may see it; absent and not visible answer alike."""
    code = ask.request.path_params["code"]
    foreign = store.foreign(ask.session, code)
    if foreign is not None:
        return ask.page("foreign", foreign)
    view = views.view(ask.caller, code)
    usage.count_use(view.id, "page")
    return page_of(ask, view)


@Ask.asked
def column_page(ask: Ask) -> Response:
    """`/catalogue/{code}/columns`: the columns of a large dataset, on a page of their own."""
    view = views.view(ask.caller, ask.request.path_params["code"])
    context = {"view": view, "title": view.called(ask.language), "columns": columns.columns(ask, view)}
    return ask.page("columns", context, simulated=view.simulated)


def page_of(ask: Ask, view: View, form: Filled | None = None, status: int = 200) -> Response:
    """A dataset's page; form: the suggested correction as it was filled in, with what is wrong in it."""
    offices = {one.id: one for one in identity.agencies(ask.session)}
    office = offices.get(view.agency_id or 0)
    agency = ((office.name_en if ask.language == "en" else None) or office.name) if office else ""
    publisher = (
        describe.office(office, ask.base) if office
        else describe.city_office(city_name(ask.session, "vi"), city_name(ask.session, "en"), ask.base)
    )  # fmt: skip
    title = view.called(ask.language)
    rows = table.table(ask, view, listing.place_names(ask.session, ask.now))
    share = rows.total / view.count if view.count else 0.0
    checks = _checks(ask, view)
    changed = clock.local_day(view.changed_at) if view.changed_at else None
    spatial = view.geometry_type is not None
    params = ask.request.query_params
    page = DatasetPage(
        view, title, (view.description_en if ask.language == "en" else None) or view.description, agency,
        describe.dataset(view, ask.base, publisher).contact, labels.sharing(view.sharing, ask.say),
        labels.SHARING_STATE.get(view.sharing, ""),
        labels.status(view.status, ask.say) if view.status != "published" else "", labels.licence(view.licence),
        (view.licence or "") if describe.is_web(view.licence) else "", labels.frequency(view.frequency, ask.language),
        [(labels.theme(t, ask.language), f"/catalogue?theme={quote(t)}") for t in view.themes],
        [(str(k), f"/catalogue?q={quote(str(k))}") for k in view.keywords],
        ask.say("{n} bản ghi", n=words.number(view.count, 0, ask.language)),
        words.age(view.changed_at, ask.now, ask.language) if view.changed_at else "", ask.now, _shape(view, ask), rows,
        columns.columns(ask, view) if view.count <= columns.INLINE else None, [_told(one, view, ask) for one in view.fields],
        checks, sum(one.state == "normal" for one in checks), history.happenings(ask, view),
        history.between(ask, view, params.get("from"), params.get("to")),
        (params.get("from") or "", params.get("to") or ""),
        downloads.offered(ask, view, rows.query, share),
        examples.examples(ask.base, view.code, rows.cql, ask.say, spatial=spatial, q=rows.q),
        citing.citation(title, agency, changed, view.version, f"{ask.base}/catalogue/{view.code}",
                        clock.local_day(ask.now), view.code, ask.say),
        _json_ld(describe.schema_org(view, ask.base, publisher)), _info(ask, view, agency),
        (view.source_url or "") if describe.is_web(view.source_url) else "", ask.base,
        params.get("sent") == "1", form or Filled(), f"/map?layers={quote(view.code)}" if spatial else "",
        schemas.model(view.schema),
    )  # fmt: skip
    return ask.page("dataset", page, simulated=view.simulated, status=status)


def titles(view: View, language: str) -> dict[str, str]:
    """Field to its title with its unit, for the map."""
    return {one.name: one.called(language) + (f", {one.unit}" if one.unit else "") for one in view.fields}


def _shape(view: View, ask: Ask) -> Shape | None:
    if view.geometry_type is None or view.bbox is None:
        return None
    label = table.label_field(view)
    return Shape(
        f"/ogc/collections/{quote(view.code)}/styles/default", ",".join(f"{side:.6f}" for side in view.bbox),
        json.dumps(titles(view, ask.language), ensure_ascii=False), label.name if label else "",
    )  # fmt: skip


def _told(field: Field, view: View, ask: Ask) -> Told:
    title = field.called(ask.language)
    other = field.title if ask.language == "en" else (field.title_en or "")
    notes = [ask.say("bắt buộc")] if field.required else []
    if field.name == view.key_field or field.role == "key":
        notes.append(ask.say("khóa"))
    if not field.open:
        notes.append(ask.say("chỉ cơ quan chủ quản thấy"))
    if field.personal:
        notes.append(ask.say("dữ liệu cá nhân"))
    values = [
        str(one) if (word := cells.named(field, one, ask.language)) == str(one) else f"{one}: {word}"
        for one in field.values or ()
    ]
    description = (field.description_en if ask.language == "en" else None) or field.description or ""
    return Told(
        field, title, other if other != title else "", labels.kind(field.kind, ask.say), description,
        values, notes, field.reference or "",
    )  # fmt: skip


def _checks(ask: Ask, view: View) -> list[Check]:
    states = {"good": "normal", "poor": "minor", "bad": "major", "unknown": "nodata"}
    return [
        Check(states.get(one.state, one.state), one.title, one.value, one.fix)
        for one in quality.checks(ask.session, view, ask.language)
    ]


def _info(ask: Ask, view: View, agency: str) -> list[tuple[str, str]]:
    say = ask.say
    made = [(say("Chủ quản"), agency or say("chưa rõ"))]
    held = store.places_of(ask.session, [view]).get(view.id, frozenset())
    if held:
        name = listing.place_names(ask.session, ask.now)
        text = ", ".join(name(code) for code in sorted(held)[:3])
        more = len(held) - 3
        made.append(
            (say("Phạm vi"), text if more <= 0 else say("{places} và {n} xã, phường khác", places=text, n=more))
        )
    if view.valid_from or view.valid_until:
        ends = [words.day(one) if one else "…" for one in (view.valid_from, view.valid_until)]
        made.append((say("Thời gian"), " – ".join(ends)))
    made.append((say("Hình dạng"), labels.shape(view.geometry_type, say)))
    if view.geometry_type:
        made.append((say("Hệ tọa độ"), "WGS 84, VN-2000"))
    made.append((say("Phiên bản"), str(view.version)))
    if view.source:
        made.append((say("Nguồn gốc"), view.source))
    if view.quality:
        made.append((say("Lưu ý"), view.quality))
    return made


def may_describe(ask: Ask, view: View) -> bool:
    """Whether the caller keeps this dataset."""
    return view.describes or guard.may(ask.caller, "data:describe", view.agency_id)


def _json_ld(found: dict[str, Any]) -> Markup:
    # a script element ends at the first "</", whatever the JSON says
    text = json.dumps(found, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(text)  # noqa: S704 - escaped above
