"""Datasets of a CKAN portal, by package_search, a page at a time (https://docs.ckan.org/en/2.11/api/)."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from dothi.exchange import foreign
from dothi.exchange.fetch import Answer, Refused
from dothi.exchange.foreign import Foreign

ROWS = 100
Get = Callable[[str, str], Answer]


def read(get: Get, url: str, pages: int) -> Iterator[Foreign | str]:
    """Every dataset of a portal, or in words why one cannot be taken. Raises Refused when the portal cannot be read on.

    url: the portal's own address, with or without /api/3/action.
    """
    base = url.partition("/api/")[0].rstrip("/")
    start, total = 0, None
    for _ in range(pages):
        # an order that stays the same while we read
        query = {"rows": ROWS, "start": start, "sort": "metadata_created asc, name asc"}
        result = _call(get, f"{base}/api/3/action/package_search?{urlencode(query)}")
        found, total = result.get("results"), result.get("count")
        if not isinstance(found, list) or not isinstance(total, int):
            raise Refused(f"{base} does not answer package_search as CKAN does")
        for one in found:
            yield package(one, base)
        start += len(found)
        if not found or start >= total:
            return
    raise Refused(f"{base} has more than {pages} pages")


def _call(get: Get, url: str) -> Mapping[str, Any]:
    answer = get(url, "application/json")
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise Refused(f"{url} answers no JSON: {str(error)[:100]}") from None
    if not isinstance(value, dict) or value.get("success") is not True or not isinstance(value.get("result"), dict):
        raise Refused(f"{url} answers without success")
    found: Mapping[str, Any] = value["result"]
    return found


def package(one: object, base: str) -> Foreign | str:
    """A package as its portal tells it."""
    if not isinstance(one, Mapping):
        return "a package that is no object"
    extras = foreign.pairs(one.get("extras"))
    name = foreign.text(one.get("name"), 200)
    identifier = (
        foreign.text(extras.get("identifier"), 500)
        or foreign.text(extras.get("guid"), 500)
        or foreign.text(one.get("id"), 500)
    )
    title = foreign.text(one.get("title"), foreign.TITLE) or name
    if not identifier or not title:
        return f"a package without {'an id' if not identifier else 'a title'}: {name[:60]!r}"
    publisher = one.get("organization")
    resources = one.get("resources")
    forms = (
        foreign.form(each.get("name"), each.get("url"), each.get("format"), each.get("mimetype"))
        for each in (resources if isinstance(resources, list) else [])[: foreign.FORMS]
        if isinstance(each, Mapping)
    )
    page = f"{base}/dataset/{name}" if name else base
    own = foreign.address(one.get("url"))
    return Foreign(
        identifier=identifier,
        title=title,
        title_en=foreign.text(extras.get("title_en"), foreign.TITLE) or None,
        description=foreign.text(one.get("notes")),
        publisher=foreign.text(publisher.get("title") or publisher.get("name"), 300) or None
        if isinstance(publisher, Mapping)
        else foreign.text(extras.get("publisher_name") or one.get("author"), 300) or None,
        landing=own if own and own == extras.get("identifier") else foreign.address(page),
        licence=foreign.licence(one.get("license_url")) or foreign.licence(one.get("license_id")),
        frequency=foreign.frequency(extras.get("frequency")),
        keywords=foreign.words(_names(one.get("tags"))),
        themes=foreign.themes([*_list(extras.get("theme")), *_names(one.get("groups"))]),
        modified=foreign.moment(extras.get("modified") or one.get("metadata_modified")),
        start=foreign.moment(extras.get("temporal_start")),
        end=foreign.moment(extras.get("temporal_end")),
        box=foreign.box(extras["spatial"]) if extras.get("spatial") else None,
        forms=tuple(filter(None, forms)),
    )


def _names(value: object) -> list[object]:
    return [one.get("name") for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _list(value: object) -> list[object]:
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.lstrip().startswith("[") else [value]
        except (ValueError, RecursionError):
            return []
    return value if isinstance(value, list) else []
