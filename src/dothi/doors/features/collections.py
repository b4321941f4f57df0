"""What a collection is: a dataset the caller may see, or something else that is read like one."""

import asyncio
from typing import Any

from dothi.datasets import units, views
from dothi.datasets.reading import Virtual
from dothi.datasets.views import View
from dothi.identity import guard
from dothi.kit import text
from dothi.sensing import collection as things

_OTHERS = {things.CODE: things.view, units.CODE: units.view}


async def find(caller: guard.Caller, code: str) -> View:
    """The collection of a name; NotFound, worded alike for absent and not visible."""
    other = _OTHERS.get(code)
    return await asyncio.to_thread(other, caller) if other is not None else await views.aview(caller, code)


def found(caller: guard.Caller, code: str) -> View:
    """The same, for plain threads."""
    other = _OTHERS.get(code)
    return other(caller) if other is not None else views.view(caller, code)


def every(caller: guard.Caller, q: str | None = None) -> list[View]:
    """The collections a caller may see, in title order."""
    sought = text.fold(q or "").split()
    others = [make(caller) for make in _OTHERS.values()]
    fitting = [one for one in others if all(word in one.folded for word in sought)]
    return sorted([*views.views(caller, q), *fitting], key=lambda one: text.sort_key(one.title))


def virtual(view: View) -> bool:
    """Whether a collection is no dataset, so that nothing can be written to it here."""
    return isinstance(view, Virtual)


def extent(view: View) -> dict[str, Any]:
    """The extent as collections and tiles give it."""
    made: dict[str, Any] = {}
    if view.bbox is not None:
        made["spatial"] = {"bbox": [list(view.bbox)], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
    return made
