"""`/catalogue`: every dataset the caller may see, searched and narrowed by facets; the address holds all of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session
from starlette.responses import Response

from dothi.datasets import views, vocabulary
from dothi.datasets.views import View
from dothi.identity import guard
from dothi.identity import store as identity
from dothi.identity.tables import Agency
from dothi.places import atlas as atlases
from dothi.places import cities
from dothi.screens import words
from dothi.screens.catalogue import finding, labels, store
from dothi.screens.catalogue.asking import Ask
from dothi.screens.catalogue.finding import Choice, Found, Listed, Wanted
from dothi.web.i18n import Say

SHOWN = 7  # choices of a facet before the rest folds away


@dataclass(frozen=True, slots=True)
class Facet:
    """A group of choices. more: what folds away; clear: the address without its choices."""

    name: str
    title: str
    shown: Sequence[Choice]
    more: Sequence[Choice]
    clear: str
    chosen: int


@dataclass(frozen=True, slots=True)
class Item:
    """A dataset in the list. facts: short words under the title."""

    one: Listed
    sharing: str
    state: str
    facts: Sequence[str]
    formats: str
    age: str
    status: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The context of `catalogue/index.html`."""

    asked: Wanted
    found: Found
    says: str
    items: Sequence[Item]
    facets: Sequence[Facet]
    chosen: Sequence[Choice]
    sorts: Sequence[tuple[str, str, bool]]
    hidden: Sequence[tuple[str, str]]
    before: str
    after: str
    now: int
    all: int
    steward: bool


@Ask.asked
def index(ask: Ask) -> Response:
    """`/catalogue`: anybody; datasets are those the caller may see."""
    wanted = finding.wanted(ask.request.query_params.multi_items())
    agencies = {one.code: _named(one, ask.language) for one in identity.agencies(ask.session)}
    label = labels.labeller(ask.say, ask.language, agencies, place_names(ask.session, ask.now))
    all_ = listed(ask)
    found = finding.found(all_, wanted, ask.now, label)
    page = Listing(
        wanted, found, _says(ask.say, found, wanted), [_item(one, ask) for one in found.rows],
        _facets(ask.say, found, wanted), [one for choices in found.facets.values() for one in choices if one.chosen],
        _sorts(ask.say, wanted), [(f, v) for f, values in wanted.chosen.items() for v in values],
        wanted.address(wanted.page - 1) if 1 < wanted.page <= found.pages else "",
        wanted.address(wanted.page + 1) if wanted.page < found.pages else "",
        ask.now, len(all_), guard.may_somewhere(ask.caller, "data:describe"),
    )  # fmt: skip
    return ask.page("index", page, simulated=bool(page.items) and all(item.one.simulated for item in page.items))


def listed(ask: Ask) -> list[Listed]:
    """All the caller may see: our own datasets, then those of other portals.

    Of a city: those with something in it, counted by what is, and those that are empty anywhere.
    """
    offices = {one.id: one for one in identity.agencies(ask.session)}
    seen = views.views(ask.caller)
    if (city := cities.lens(ask.session)) is not None:
        counts = store.counts_in(ask.session, seen, city)
        seen = [replace(one, count=counts.get(one.id, 0)) for one in seen if one.id in counts or not one.count]
    held = store.places_of(ask.session, seen)
    if city is not None and city.units:
        held = {id_: codes & set(city.units) for id_, codes in held.items()}
    mine = [_of(one, offices, held.get(one.id, frozenset()), ask.language) for one in seen]
    return [*mine, *store.harvested(ask.session, ask.caller)]


def formats_of(view: View) -> tuple[str, ...]:
    """The formats a dataset is had in."""
    return tuple(
        one.code for one in vocabulary.FORMATS
        if (one.code != "json") and (not one.spatial or view.geometry_type is not None)
    )  # fmt: skip


def place_names(session: Session, now: int) -> Callable[[str], str]:
    """A commune's code to its name."""
    atlas = atlases.current(session)

    def named(code: str) -> str:
        row = atlas.bearing(code, now)
        return row.full_name if row else code

    return named


def _of(view: View, offices: dict[int, Agency], places: frozenset[str], language: str) -> Listed:
    office = offices.get(view.agency_id or 0)
    agency = _named(office, language) if office else ""
    description = (view.description_en if language == "en" else None) or view.description
    return Listed(
        view.code, f"/catalogue/{view.code}", view.called(language), description, office.code if office else None, agency, view.sharing,
        view.licence, tuple(view.themes), formats_of(view), places, view.geometry_type, view.changed_at, view.count,
        view.simulated, None,
        finding.searched(
            view.code, view.title, view.title_en, view.description, view.description_en, office.name if office else "",
            office.name_en if office else "", *(str(k) for k in view.keywords),
            *(labels.theme(t, "vi") for t in view.themes), *(labels.theme(t, "en") for t in view.themes),
            *(part for f in view.fields for part in (f.name, f.title, f.title_en)),
        ),
        view.status,
    )  # fmt: skip


def _named(agency: Agency, language: str) -> str:
    return (agency.name_en if language == "en" else None) or agency.name


def _item(one: Listed, ask: Ask) -> Item:
    facts = [one.agency_name] if one.agency_name else []
    if one.portal:
        facts.append(ask.say("từ {portal}", portal=one.portal))
    else:
        facts.append(labels.shape(one.geometry, ask.say))
    if one.count is not None:
        facts.append(ask.say("{n} bản ghi", n=words.number(one.count, 0, ask.language)))
    if one.licence:
        facts.append(labels.licence(one.licence))
    main = [f for f in one.formats if f not in ("geojsonseq", "mvt")]
    return Item(
        one, labels.sharing(one.sharing, ask.say), labels.SHARING_STATE.get(one.sharing, ""), facts,
        ", ".join(labels.format_(f, ask.language) for f in main),
        words.age(one.changed_at, ask.now, ask.language) if one.changed_at else "",
        labels.status(one.status, ask.say) if one.status != "published" else "",
    )  # fmt: skip


def _facets(say: Say, found: Found, wanted: Wanted) -> list[Facet]:
    titles = {
        "theme": say("Chủ đề"), "agency": say("Cơ quan"), "place": say("Phường, xã"), "format": say("Định dạng"),
        "fresh": say("Mới cập nhật"), "licence": say("Giấy phép"), "sharing": say("Mức chia sẻ"),
        "portal": say("Cổng dữ liệu"),
    }  # fmt: skip
    made = []
    for name, title in titles.items():
        choices = [one for one in found.facets[name] if one.count or one.chosen]
        chosen = sum(one.chosen for one in choices)
        if name in ("sharing", "portal") and len(choices) < 2 and not chosen:
            continue  # one choice is no choice
        first = [one for i, one in enumerate(choices) if i < SHOWN or one.chosen]
        rest = [one for one in choices if one not in first]
        if choices:
            made.append(Facet(name, title, first, rest, finding.without(wanted, name), chosen))
    return made


def _sorts(say: Say, wanted: Wanted) -> list[tuple[str, str, bool]]:
    named = {
        "fit": say("Khớp nhất"), "updated": say("Mới cập nhật"), "title": say("Tên A–Z"), "count": say("Nhiều bản ghi"),
    }  # fmt: skip
    return [(key, text, key == wanted.sort) for key, text in named.items() if key != "fit" or wanted.q]


def _says(say: Say, found: Found, wanted: Wanted) -> str:
    if wanted.q:
        return say("{n} tập dữ liệu khớp “{q}”", n=found.total, q=wanted.q)
    return say("{n} tập dữ liệu", n=found.total)
