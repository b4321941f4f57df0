"""The actions of CKAN's API that read (https://docs.ckan.org/en/2.11/api/), by name."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from dothi import __version__
from dothi.datasets import describe, usage, vocabulary
from dothi.datasets.describe import Described
from dothi.datasets.views import View
from dothi.doors.catalogue.asking import Ask
from dothi.doors.catalogue.ckan import lucene, packages
from dothi.doors.catalogue.ckan.given import Given
from dothi.doors.catalogue.ckan.lucene import Doc
from dothi.doors.catalogue.ckan.ready import Ready, ready
from dothi.kit import geo
from dothi.kit.errors import NotAllowed, NotFound
from dothi.kit.text import fold, sort_key

Json = dict[str, Any]
CKAN = "2.11.0"  # the version whose forms are followed
MOST_ROWS = 1000
_NEVER = 10_000_000


class Call:
    """One call of an action."""

    def __init__(self, ask: Ask, given: Given) -> None:
        self.ask, self.given = ask, given

    @cached_property
    def ready(self) -> list[Ready]:
        """What the caller sees, in every form."""
        return [ready(self.ask, view) for view in self.ask.views]

    @cached_property
    def described(self) -> list[Described]:
        """What the caller sees, described."""
        return [one.described for one in self.ready]

    @cached_property
    def packages(self) -> list[tuple[Described, Json]]:
        """The same with its package dictionary."""
        return [(one.described, one.package) for one in self.ready]

    def find(self, name: str) -> tuple[View, Ready]:
        """A dataset by its name, its id or its address."""
        for view, one in zip(self.ask.views, self.ready, strict=True):
            if name in (view.code, one.package["id"], one.described.identifier, one.described.uri):
                return view, one
        raise NotFound("Not found")

    def find_resource(self, id_: str) -> tuple[View, Ready, int]:
        """A resource by its id (or, for its records, the dataset's name), and its place among the dataset's."""
        for view, one in zip(self.ask.views, self.ready, strict=True):
            place = len(one.resources) - 1 if id_ == view.code else one.resources.get(id_)
            if place is not None:
                return view, one, place
        raise NotFound("Not found: Resource was not found.")


Action = Callable[[Call], Any]
ACTIONS: dict[str, Action] = {}
_A = TypeVar("_A", bound=Action)


def action(made: _A) -> _A:
    """Offer a function under its name."""
    ACTIONS[made.__name__] = made
    return made


@action
def site_read(call: Call) -> bool:  # noqa: ARG001 - an action's shape
    """Return true: the site may be read."""
    return True


@action
def status_show(call: Call) -> Json:
    """Return what this site is."""
    whole = call.ask.whole
    return {
        "ckan_version": CKAN, "site_url": call.ask.base, "site_title": whole.title, "site_description": whole.description,
        "locale_default": "vi", "error_emails_to": None, "extensions": ["datastore", "dcat"],
        "software": f"dothi {__version__}",
    }  # fmt: skip


@action
def help_show(call: Call) -> str | None:
    """Return what an action (`name`) is for."""
    name = call.given.must("name")
    found = ACTIONS.get(name)
    if found is None:
        raise NotFound(f"Action help not found: {name[:100]}")
    return found.__doc__


@action
def package_list(call: Call) -> list[str]:
    """Return the names of the datasets, sorted; `limit`, `offset`."""
    return _slice(call.given, sorted(one.code for one in call.ask.views), _NEVER)


@action
def current_package_list_with_resources(call: Call) -> list[Json]:
    """Return the datasets with their resources, the newest change first; `limit`, `offset`."""
    newest = sorted(call.packages, key=lambda pair: pair[1]["metadata_modified"], reverse=True)
    return [made for _, made in _slice(call.given, newest, MOST_ROWS)]


@action
def package_show(call: Call) -> Json:
    """Return a dataset by `id`: its name or its id."""
    view, one = call.find(call.given.must("id", "name_or_id"))
    usage.count_use(view.id, "ckan")
    return one.package


@action
def package_autocomplete(call: Call) -> list[Json]:
    """Return datasets whose name or title has the text `q`; `limit`."""
    wanted, limit = fold(call.given.must("q")), call.given.number("limit", 10, 100)
    call.given.check()
    found = []
    for one in call.described:
        for name, text in (("title", one.title), ("name", one.code)):
            if wanted in fold(text):
                found.append({"name": one.code, "title": one.title, "match_field": name, "match_displayed": text})
                break
    return found[:limit]


@action
def package_search(call: Call) -> Json:
    """Search datasets: `q`, `fq`, `fq_list`, `ext_bbox`, `sort`, `rows`, `start`, `facet.field`, `facet.limit`, `facet.mincount`."""
    given = call.given
    q, fq = given.text("q"), [given.text("fq"), *(given.list("fq_list") or [])]
    rows, start = given.number("rows", 10, MOST_ROWS), given.number("start", 0, _NEVER)
    fields = (given.list("facet.field") or []) if given.flag("facet", default=True) else []
    limit_text = str(given.values.get("facet.limit", 50))
    limit = -1 if limit_text == "-1" else given.number("facet.limit", 50, 10_000)
    least = given.number("facet.mincount", 1, _NEVER)
    order, box = _order(given), _box(given)
    given.check()
    asked = lucene.parse(q)
    tests = [lucene.parse(one) for one in fq if one.strip()]
    seen = (one for one in call.ready if box is None or _meets(one.described.box, box))
    found = [(one.package, one.doc) for one in seen if asked(one.doc) and all(test(one.doc) for test in tests)]
    words = [fold(word) for word in q.split() if word.strip("*:\"'+-()")]
    for key, backwards in reversed(order or [("score", True), ("metadata_modified", True)]):
        found.sort(key=lambda pair, key=key: _sorting(pair, key, words), reverse=backwards)  # type: ignore[misc]
    counts = packages.facets([doc for _, doc in found], fields, limit, least)
    titles = _titles(call)
    return {
        "count": len(found), "sort": given.text("sort") or "score desc, metadata_modified desc",
        "results": [made for made, _ in found[start : start + rows]],
        "facets": counts,
        "search_facets": {
            name: {
                "title": name,
                "items": [
                    {"name": value, "display_name": titles.get((name, value), value), "count": count}
                    for value, count in values.items()
                ],
            }
            for name, values in counts.items()
        },
    }  # fmt: skip


def _box(given: Given) -> tuple[float, ...] | None:
    """`ext_bbox=west,south,east,north`, as ckanext-spatial has it; also among `extras`."""
    text = given.text("ext_bbox") or str(given.table("extras").get("ext_bbox") or "")
    if not text:
        return None
    box = geo.box(text[:200])
    if box is None:
        given.refuse("ext_bbox", "must be west,south,east,north in degrees")
    return box


def _meets(one: tuple[float, ...] | None, other: tuple[float, ...]) -> bool:
    return one is not None and one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _order(given: Given) -> list[tuple[str, bool]]:
    found = []
    known = ("score", "name", "title", "title_string", "metadata_modified", "metadata_created", "views_recent", "id")
    for part in filter(None, (piece.strip() for piece in given.text("sort").split(","))):
        name, _, way = part.partition(" ")
        if name not in known or way.strip().lower() not in ("", "asc", "desc"):
            given.refuse("sort", f"{part[:60]!r} is no order; one of {', '.join(known)} with asc or desc")
        found.append((name, way.strip().lower() == "desc"))
    return found


def _sorting(pair: tuple[Json, Doc], key: str, words: Sequence[str]) -> Any:
    made, doc = pair
    match key:
        case "score":
            # words of the title count, and most where it has them whole and one after another
            title = f" {' '.join(doc.folded.get('title', ()))} "
            whole = sum(f" {word} " in title for word in words)
            return (f" {' '.join(words)} " in title, whole, sum(word in title for word in words))
        case "title" | "title_string":
            return sort_key(made["title"])
        case "views_recent":
            return 0
        case _:
            return made[key]


def _titles(call: Call) -> dict[tuple[str, str], str]:
    found = {("groups", theme.code.lower()): theme.title for theme in vocabulary.THEMES}
    found |= {("license_id", one.code): one.title for one in vocabulary.LICENCES}
    found |= {("organization", one.publisher.code): one.publisher.name for one in call.described}
    return found


@action
def resource_show(call: Call) -> Any:
    """Return a resource by `id`."""
    _, one, place = call.find_resource(call.given.must("id"))
    return one.package["resources"][place]


@action
def resource_search(call: Call) -> Json:
    """Search resources: `query` such as `name:csv` or `format:GeoJSON` (several all count); `limit`, `offset`."""
    given = call.given
    wanted = given.list("query") or []
    pairs = []
    for text in wanted:
        name, colon, value = text.partition(":")
        if not colon or name not in ("name", "description", "format", "url", "mimetype", "id", "package_id"):
            given.refuse("query", f"{text[:60]!r} must be field:text")
        pairs.append((name, fold(value)))
    if not wanted:
        given.refuse("query", "Missing value")
    limit, offset = given.number("limit", MOST_ROWS, MOST_ROWS), given.number("offset", 0, _NEVER)
    given.check()
    found = [
        each
        for _, made in call.packages
        for each in made["resources"]
        if all(value in fold(str(each[name])) for name, value in pairs)
    ]
    return {"count": len(found), "results": found[offset : offset + limit]}


@action
def organization_list(call: Call) -> list[Any]:
    """Return the agencies that publish datasets; `all_fields`, `sort` (name, title, package_count), `limit`, `offset`."""
    found: dict[str, Json] = {}
    for one in call.described:
        if one.publisher.code:
            held = found.setdefault(one.publisher.code, {**packages.organization(one.publisher), "package_count": 0})
            held["package_count"] += 1
    return _listed(call.given, list(found.values()), "organizations")


@action
def organization_show(call: Call) -> Json:
    """Return an agency by `id`, its name or its id; `include_datasets`."""
    id_ = call.given.must("id")
    mine = [pair for pair in call.packages if id_ in (pair[0].publisher.code, pair[1]["owner_org"])]
    if not mine or not id_:
        raise NotFound("Not found")
    return _shown(call.given, packages.organization(mine[0][0].publisher), mine, default=False)


@action
def group_list(call: Call) -> list[Any]:
    """Return the themes datasets are of; `all_fields`, `sort`, `limit`, `offset`."""
    found: dict[str, Json] = {}
    for one in call.described:
        for theme in one.themes:
            held = found.setdefault(theme.code, {**packages.group(theme), "type": "group", "package_count": 0})
            held["package_count"] += 1
    return _listed(call.given, list(found.values()), "groups")


@action
def group_show(call: Call) -> Json:
    """Return a theme by `id`; `include_datasets`."""
    id_ = call.given.must("id")
    for theme in vocabulary.THEMES:
        if id_.lower() == theme.code.lower() or id_ == describe.uuid_of(theme.uri):
            mine = [pair for pair in call.packages if theme in pair[0].themes]
            return _shown(
                call.given, {**packages.group(theme), "type": "group", "state": "active"}, mine, default=False
            )
    raise NotFound("Not found")


@action
def tag_list(call: Call) -> list[Any]:
    """Return the keywords datasets have; `query`, `all_fields`."""
    wanted, whole = fold(call.given.text("query")), call.given.flag("all_fields")
    call.given.check()
    words = sorted({word for one in call.described for word in one.keywords if wanted in fold(word)}, key=sort_key)
    return [packages.tag(word) for word in words] if whole else words


@action
def tag_show(call: Call) -> Json:
    """Return a keyword by `id`; `include_datasets`."""
    id_ = call.given.must("id")
    for one in call.described:
        for word in one.keywords:
            if id_ in (word, describe.uuid_of(f"tag:{word}")):
                found = packages.tag(word)
                if call.given.flag("include_datasets"):
                    found["packages"] = [made for each, made in call.packages if word in each.keywords]
                return found
    raise NotFound("Not found")


@action
def license_list(call: Call) -> list[Json]:  # noqa: ARG001 - an action's shape
    """Return the licences datasets may be under."""
    return [packages.licence(one) for one in vocabulary.LICENCES]


@action
def vocabulary_list(call: Call) -> list[Json]:  # noqa: ARG001 - an action's shape
    """Return an empty list: keywords are free words."""
    return []


@action
def organization_list_for_user(call: Call) -> list[Json]:  # noqa: ARG001 - an action's shape
    """Return an empty list: nothing is written through this interface."""
    return []


@action
def datastore_search_sql(call: Call) -> None:  # noqa: ARG001 - an action's shape
    """Not offered: use datastore_search, or filter with CQL2 at /ogc."""
    raise NotAllowed("datastore_search_sql is not offered here; use datastore_search, or CQL2 filters at /ogc")


def _slice(given: Given, found: list[Any], most: int) -> list[Any]:
    limit, offset = given.number("limit", most, most), given.number("offset", 0, _NEVER)
    if "page" in given and "limit" in given:
        offset = max(given.number("page", 1, _NEVER) - 1, 0) * limit
    given.check()
    return found[offset : offset + limit]


def _listed(given: Given, found: list[Json], only: str) -> list[Any]:
    wanted = given.list(only)
    if wanted is not None:
        found = [one for one in found if one["name"] in wanted or one["id"] in wanted]
    name, _, way = (given.text("sort") or given.text("order_by") or "title asc").partition(" ")
    if name not in ("name", "title", "package_count", "packages") or way.strip().lower() not in ("", "asc", "desc"):
        given.refuse("sort", "must be name, title or package_count, with asc or desc")
        name = "title"
    whole = given.flag("all_fields")
    keys: dict[str, Callable[[Json], Any]] = {
        "name": lambda one: one["name"],
        "title": lambda one: sort_key(one["title"]),
    }
    found.sort(key=keys.get(name, lambda one: one["package_count"]), reverse=way.strip().lower() == "desc")
    for one in found:
        one.setdefault("display_name", one["title"])
    part = _slice(given, found, MOST_ROWS)
    return part if whole else [one["name"] for one in part]


def _shown(given: Given, made: Json, mine: Sequence[tuple[Described, Json]], *, default: bool) -> Json:
    with_datasets = given.flag("include_datasets", default=default)
    given.check()
    found = {**made, "package_count": len(mine), "users": [], "tags": [], "extras": [], "groups": []}
    found.setdefault("display_name", made["title"])
    if with_datasets:
        found["packages"] = [one for _, one in mine[:MOST_ROWS]]
    return found
