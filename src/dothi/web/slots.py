"""Places in a page where other screens hang in their part: each says its template and what that template needs.

A part is given the page's question and, where the slot is about one, its subject; it answers with the names its template
reads as `slot`, or None for nothing to show here. Templates get it as `{% set slot = slots("operations.shift") %}`.
"""

from collections.abc import Callable, Mapping
from typing import Any

Give = Callable[..., Mapping[str, Any] | None]
_gives: dict[str, Give] = {}


def fill(slot: str, give: Give) -> None:
    """Say what a slot's template needs: give(ask) -> mapping, or give(ask, subject) where the slot has a subject."""
    _gives[slot] = give


def of(slot: str, *about: Any) -> Mapping[str, Any] | None:
    """What a slot's template reads; None when nobody fills it or there is nothing to show."""
    give = _gives.get(slot)
    return None if give is None else give(*about)
