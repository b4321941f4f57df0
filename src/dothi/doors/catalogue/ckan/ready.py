"""Packages made once and kept while their dataset stays as it is: a search looks at all of them."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dothi.datasets.describe import Described
from dothi.datasets.views import View
from dothi.db import session as db
from dothi.doors.catalogue.asking import Ask
from dothi.doors.catalogue.ckan import packages
from dothi.doors.catalogue.ckan.lucene import Doc

KEPT = 5_000
_kept: "OrderedDict[tuple[Any, ...], Ready]" = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Ready:
    """A dataset in every form this door needs. resources: place among its resources, by id. Not to be changed."""

    described: Described
    package: dict[str, Any]
    doc: Doc
    resources: Mapping[str, int]


def ready(ask: Ask, view: View) -> Ready:
    """The forms of a dataset; nothing in them depends on which of its fields the caller sees."""
    publisher = ask.publisher(view)
    key = (
        id(db.engine()), ask.base, publisher, view.id, view.code, view.title, view.version, view.described_at,
        view.changed_at, view.created_at, view.sharing, view.count, view.folded,
    )  # fmt: skip
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
            return found
    one = ask.described(view)
    package = packages.package(one)
    places = {each["id"]: place for place, each in enumerate(package["resources"])}
    made = Ready(one, package, packages.document(one, package), places)
    with _lock:
        _kept[key] = made
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return made
