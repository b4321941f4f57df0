"""Deadlines a city sets otherwise for what lies in its own communes, where several cities share an installation.

A pack says how long a deadline is; a city's override of one holds in its area alone as soon as there is another city.
Timers that run keep the amount they began with.
"""

import re
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from dothi import packs
from dothi.cases.declared import Amount, Category, Procedure, Timer
from dothi.packs import overrides
from dothi.places import cities

_AMOUNT = r"(?:\.(?P<unit>working_days|working_hours|hours))?"
_OF_CATEGORY = re.compile(r"cases\.categories\.(?P<code>[a-z0-9-]+)\.timers\.(?P<timer>[a-z0-9-]+)" + _AMOUNT)
_OF_TYPE = re.compile(
    r"cases\.types\.(?P<code>[a-z0-9-]+)\.timers\.(?P<timer>[a-z0-9-]+)\.(?:budget|by_priority\.(?P<priority>[a-z]+))"
    + _AMOUNT
)
Key = tuple[str, str, str, str]  # category or type, its code, the timer's code, a priority or nothing


def by_area(at: str) -> bool:
    """Whether an override is of a deadline of reports and such, which each city may set for its own area."""
    return bool(_OF_CATEGORY.fullmatch(at) or _OF_TYPE.fullmatch(at))


def here(
    unit: str | None, type_: str, declared: Timer, category: Category | Procedure | None
) -> tuple[Timer, Category | Procedure | None]:
    """A timer and a category as the city holding a commune has them."""
    held = _known().get(unit) if unit is not None else None
    if held is None:
        return declared, category
    if isinstance(category, Category) and (own := held.get(("category", category.code, declared.code, ""))):
        category = category.model_copy(update={"timers": {**category.timers, declared.code: own}})
    changes: dict[str, Any] = {}
    if budget := held.get(("type", type_, declared.code, "")):
        changes["budget"] = budget
    by_priority = {key[3]: one for key, one in held.items() if key[:3] == ("type", type_, declared.code) and key[3]}
    if by_priority:
        changes["by_priority"] = {**{str(key): one for key, one in declared.by_priority.items()}, **by_priority}
    return declared.model_copy(update=changes) if changes else declared, category


def ward_of_page(session: Session) -> str | None:
    """A commune of the city a page is about, whose deadlines it tells; None: about all of them."""
    seen = cities.lens(session)
    return seen.units[0] if seen is not None and seen.units else None


@packs.renewed
@lru_cache(maxsize=1)
def _known() -> dict[str, dict[Key, Amount]]:
    """What cities set otherwise, by commune."""
    made: dict[str, dict[Key, Amount]] = {}
    for one in overrides.of_areas():
        found = _OF_CATEGORY.fullmatch(one.at)
        kind = "category" if found else "type"
        found = found or _OF_TYPE.fullmatch(one.at)
        if found is None:
            continue
        said = found.groupdict()
        amount = Amount.model_validate({said["unit"]: one.value} if said["unit"] else one.value)
        for unit in one.units:
            made.setdefault(unit, {})[kind, said["code"], said["timer"], said.get("priority") or ""] = amount
    return made
