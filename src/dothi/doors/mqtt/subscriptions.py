"""Who subscribed to what: exact filters by look-up, wildcards by walking the few there are."""

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from dothi.doors.mqtt import topics

Who = TypeVar("Who", bound=Hashable)


class Subscriptions(Generic[Who]):
    """Filters with their subscribers; QoS is kept with each."""

    def __init__(self) -> None:
        self._exact: dict[str, dict[Who, int]] = {}
        self._wild: dict[str, dict[Who, int]] = {}
        self._of: dict[Who, set[str]] = {}
        self._by_path: dict[str, set[str]] = {}  # path without ?$select → the exact filters on it

    def __len__(self) -> int:
        return len(self._exact) + len(self._wild)

    def add(self, who: Who, filter_: str, qos: int) -> bool:
        """Subscribe; whether it is new for this subscriber."""
        into = self._wild if topics.wild(filter_) else self._exact
        subscribers = into.setdefault(filter_, {})
        new = who not in subscribers
        subscribers[who] = qos
        self._of.setdefault(who, set()).add(filter_)
        if into is self._exact:
            self._by_path.setdefault(topics.selection(filter_)[0], set()).add(filter_)
        return new

    def drop(self, who: Who, filter_: str) -> bool:
        """Unsubscribe; whether there was such a subscription."""
        into = self._wild if topics.wild(filter_) else self._exact
        subscribers = into.get(filter_, {})
        if subscribers.pop(who, None) is None:
            return False
        self._of.get(who, set()).discard(filter_)
        if not subscribers:
            del into[filter_]
            path = topics.selection(filter_)[0]
            if into is self._exact:
                self._by_path[path].discard(filter_)
                if not self._by_path[path]:
                    del self._by_path[path]
        return True

    def forget(self, who: Who) -> None:
        """Drop all of one subscriber's."""
        for filter_ in list(self._of.get(who, ())):
            self.drop(who, filter_)
        self._of.pop(who, None)

    def of(self, who: Who) -> set[str]:
        """One subscriber's filters."""
        return self._of.get(who, set())

    def any_under(self, prefix: str) -> bool:
        """Whether anything beginning so could have a subscriber."""
        return bool(self._wild) or any(path.startswith(prefix) for path in self._by_path)

    def on(self, topic: str, *, wildcards: bool = True) -> dict[Who, int]:
        """Subscribers of a topic with the QoS of each."""
        found = dict(self._exact.get(topic, ()))
        if not wildcards:
            return found
        for filter_, subscribers in self._wild.items():
            if topics.matches(filter_, topic):
                for who, qos in subscribers.items():
                    found[who] = max(qos, found.get(who, 0))
        return found

    def forms(self, path: str) -> Iterator[tuple[str, tuple[str, ...] | None]]:
        """The exact topics subscribed on a path: the plain one and those with a `?$select=`."""
        for filter_ in self._by_path.get(path, ()):
            yield filter_, topics.selection(filter_)[1]

    def heard_by_wildcard(self, topic: str) -> bool:
        """Whether a filter with wildcards matches a topic."""
        return any(topics.matches(filter_, topic) for filter_ in self._wild)

    def under(self, path: str) -> list[str]:
        """The subscribed paths below a path: properties of an entity."""
        return [one for one in self._by_path if one.startswith(path + "/")]
