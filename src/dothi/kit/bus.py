"""Down is a call, up is news: a frozen dataclass said here is heard by upper rooms in the same transaction."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

News = TypeVar("News")
_hearers: dict[type, list[Callable[[Any, Any], None]]] = defaultdict(list)


def hears(kind: type[News]) -> Callable[[Callable[[Any, News], None]], Callable[[Any, News], None]]:
    """Have a function called as `hearer(session, news)` whenever news of this kind is said."""

    def keep(hearer: Callable[[Any, News], None]) -> Callable[[Any, News], None]:
        if hearer not in _hearers[kind]:
            _hearers[kind].append(hearer)
        return hearer

    return keep


def say(session: Any, news: object) -> None:
    """Tell every hearer; what they do belongs to the same transaction, and their error undoes it."""
    for hearer in list(_hearers[type(news)]):
        hearer(session, news)
