"""Several cities in one installation: what is whose, and what they share."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from dothi.city import store
from dothi.city.difference import Change
from dothi.city.items import Item, Key
from dothi.places.cities import CITY


def scoped(session: Session, city: str, wanted: Mapping[Key, Item]) -> dict[Key, Item]:
    """A city's items under the names they have here.

    The first city keeps `city`, `inputs` …; others `city:<code>` …. A file of records another city also loads into the
    same dataset is `<dataset>@<city>`.
    """
    first = store.setting(session, CITY)
    alone = not isinstance(first, dict) or first.get("code") in (None, city)
    held = elsewhere(session, city)
    made: dict[Key, Item] = {}
    for item in wanted.values():
        code = item.code
        if item.kind == "setting" and not alone:
            code = f"{code}:{city}"
        if item.kind == "records" and item.key in held:
            code = f"{code}@{city}"
        made[item.kind, code] = Item(item.kind, code, item.fields)
    return made


def elsewhere(session: Session, city: str) -> dict[Key, str]:
    """Every item another city of this installation was applied with, and that city."""
    return {
        key: other for other, version in store.others(session, city).items() for key in store.kept_items(version)
    }  # fmt: skip


def explained(changes: list[Change], held: Mapping[Key, str], applied: Mapping[Key, Item]) -> list[Change]:
    """Changes with what another city has to do with them; nothing that is also another's is removed."""
    for one in changes:
        if one.key in held and one.key not in applied and one.verb == "keep" and one.note is None:
            one.note = f"also of {held[one.key]}, which has it so"
    return changes
