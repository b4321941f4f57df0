"""What dothi says over MQTT: new observations after their commit, and entities after they changed.

Topics are those of OGC 18-088 clause 14.2: `v1.1/<Set>`, `v1.1/<Set>(id)/<Set>`, `v1.1/<Set>(id)` and
`v1.1/<Set>(id)/<property>`, each also with `?$select=` on the embedded broker. On somebody else's broker nobody knows
who reads, so there only open data is said, on the first two forms and the third.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from dothi.db import session as db
from dothi.doors.mqtt import represent, store, topics
from dothi.doors.mqtt.subscriptions import Subscriptions
from dothi.kit import bus
from dothi.sensing import registry
from dothi.sensing.columns import Columns
from dothi.sensing.live import hub
from dothi.sensing.news import EntityChanged, after_commit
from dothi.sensing.registry import Stream

log = logging.getLogger(__name__)

GATHER_SECONDS = 0.02
MOST = 100_000  # observations waiting to be said; what comes beyond is stored, only not said
_TURN = 200  # observations said between two looks at the sockets
_json = msgspec.json.Encoder()
Forms = list[tuple[str, tuple[str, ...] | None]]


class Mouth(Protocol):
    """Where news goes out: the embedded broker, or a client of another one."""

    def forms(self, path: str, *, wildcards: bool = True) -> Forms:
        """The topics to say news of a path on, each with the properties it selects (None: all)."""

    def listens(self) -> bool:
        """Whether anybody could hear anything."""

    def below(self, path: str) -> list[str]:
        """The topics below a path that somebody listens to."""

    def say(self, topic: str, payload: bytes, sharing: str, agency_id: int | None) -> None:
        """Say it to those who may hear it."""


class Publisher:
    """Says what was committed, in batches."""

    def __init__(self, mouth: Mouth, mode: str) -> None:
        """mode: the setting mqtt_publish."""
        self._mouth, self._mode = mouth, mode
        self._loop = asyncio.get_running_loop()
        self._observed: list[tuple[Columns, Sequence[int]]] = []
        self._rows = 0
        self._changed: dict[tuple[str, int], str] = {}
        self._said: dict[str, bytes] = {}  # property topic → what was said last
        self._task: asyncio.Task[None] | None = None
        self._unlisten: Callable[[], None] | None = None
        self.let_go = 0

    def start(self) -> None:
        """Begin to listen."""
        global _active
        if self._mode != "off":
            self._unlisten = hub.listen(self._heard)
            _active = self

    async def stop(self) -> None:
        """Say no more."""
        global _active
        if _active is self:
            _active = None
        if self._unlisten is not None:
            self._unlisten()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _heard(self, columns: Columns, stored: Sequence[int]) -> None:
        if not self._mouth.listens():
            return
        if self._rows + len(stored) > MOST:
            self.let_go += len(stored)
            return
        self._rows += len(stored)
        self._observed.append((columns, stored))
        self._go()

    def changed(self, news: EntityChanged) -> None:
        """An entity changed; called from any thread, after the commit."""
        self._loop.call_soon_threadsafe(self._note, news)

    def _note(self, news: EntityChanged) -> None:
        if isinstance(news.id, int) and self._mode == "all" and len(self._changed) < MOST and self._mouth.listens():
            self._changed[news.entity, news.id] = news.verb
            self._go()

    def _go(self) -> None:
        if self._task is None or self._task.done():
            self._task = self._loop.create_task(self._speak())

    async def _speak(self) -> None:
        while self._observed or self._changed:
            await asyncio.sleep(GATHER_SECONDS)
            observed, self._observed = self._observed, []
            changed, self._changed = self._changed, {}
            try:
                for columns, stored in observed:
                    await self._say_observations(columns, stored)
                    self._rows -= len(stored)
                if changed:
                    shown = await asyncio.to_thread(_represent, list(changed))
                    for name, one, near in shown:
                        self._say_entity(name, one, near)
            except Exception:
                log.exception("news of %d commits could not be said over MQTT", len(observed))
                self._rows = sum(len(stored) for _, stored in self._observed)

    async def _say_observations(self, columns: Columns, stored: Sequence[int]) -> None:
        streams = await asyncio.to_thread(registry.streams, {columns.datastream[i] for i in stored})
        forms: dict[tuple[int, int | None], Forms] = {}
        root = represent.base()
        for turn, index in enumerate(stored):
            stream = streams.get(columns.datastream[index])
            if stream is None:
                continue
            feature = (columns.feature[index] if columns.feature else None) or stream.feature_id
            wanted = forms.get((stream.id, feature))
            if wanted is None:
                wanted = forms[stream.id, feature] = self._forms(stream, feature)
            own = f"v1.1/Observations({stream.id}-{columns.at[index]})"
            if wanted:
                body = represent.observation(columns, index, stream, root)
                self._say(wanted, body, stream.sharing, stream.agency_id)
            if self._mouth.below(own):
                self._say_properties(own, represent.observation(columns, index, stream, root), stream)
            if turn % _TURN == _TURN - 1:
                await asyncio.sleep(0)

    def _forms(self, stream: Stream, feature: int | None) -> Forms:
        """The topics an observation of a datastream is said on."""
        set_ = "MultiDatastreams" if stream.multi else "Datastreams"
        found = self._mouth.forms(f"v1.1/{set_}({stream.id})/Observations")
        if self._mode == "all":
            found = self._mouth.forms("v1.1/Observations") + found
            found += self._mouth.forms(f"v1.1/FeaturesOfInterest({feature})/Observations", wildcards=False)
            nested = f"v1.1/Things({stream.thing_id})/{set_}({stream.id})/Observations"
            found += self._mouth.forms(nested, wildcards=False)
        return found

    def _say(self, forms: Forms, body: dict[str, Any], sharing: str, agency_id: int | None) -> None:
        whole: bytes | None = None
        for topic, chosen in forms:
            if chosen is None:
                whole = whole or _json.encode(body)
                self._mouth.say(topic, whole, sharing, agency_id)
            else:
                self._mouth.say(topic, _json.encode(_select(body, chosen)), sharing, agency_id)

    def _say_entity(self, name: str, one: represent.Shown, near: list[tuple[str, int]]) -> None:
        set_ = topics.SETS[name]
        path = f"v1.1/{set_}({one.body['@iot.id']})"
        forms = self._mouth.forms(f"v1.1/{set_}") + self._mouth.forms(path)
        for other, id_ in near:
            forms += self._mouth.forms(f"v1.1/{other}({id_})/{set_}")
        self._say(forms, one.body, one.sharing, one.agency_id)
        for topic in self._mouth.below(path):
            self._say_property(topic, path, one.body, one.sharing, one.agency_id)

    def _say_properties(self, path: str, body: dict[str, Any], stream: Stream) -> None:
        for topic in self._mouth.below(path):
            self._say_property(topic, path, body, stream.sharing, stream.agency_id)

    def _say_property(self, topic: str, path: str, body: dict[str, Any], sharing: str, agency_id: int | None) -> None:
        """Say a property that is not what was said of it last."""
        name = topic.removeprefix(path + "/")
        if name not in body:
            return
        payload = _json.encode({name: body[name]})
        if self._said.get(topic) != payload:
            if len(self._said) > MOST:
                self._said.clear()
            self._said[topic] = payload
            self._mouth.say(topic, payload, sharing, agency_id)


_active: Publisher | None = None


@bus.hears(EntityChanged)
def _entity_changed(session: Any, news: EntityChanged) -> None:
    publisher = _active
    if publisher is not None and news.verb != "deleted" and news.entity != "Observation":
        after_commit(session, lambda: publisher.changed(news))


def _represent(wanted: list[tuple[str, int]]) -> list[tuple[str, represent.Shown, list[tuple[str, int]]]]:
    found = []
    with db.reading() as session:
        for name, id_ in wanted:
            one = represent.entity(session, name, id_)
            if one is not None:
                found.append((name, one, store.neighbours(session, name, id_)))
    return found


def _select(body: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The chosen properties; `id` and the link names choose the members that stand for them."""
    chosen = {"id": "@iot.id", "@iot.id": "@iot.id", "@iot.selfLink": "@iot.selfLink"}
    keys = [chosen.get(name, name if name in body else f"{name}@iot.navigationLink") for name in names]
    return {key: body[key] for key in keys if key in body}


class OfBroker:
    """The embedded broker as a mouth: it knows who listens to what."""

    def __init__(
        self, subscriptions: Subscriptions[Any], say: Callable[[str, bytes, str, int | None, bool], None]
    ) -> None:
        self._subscriptions, self._out = subscriptions, say

    def forms(self, path: str, *, wildcards: bool = True) -> Forms:
        """The subscribed forms; with wildcards about, the plain topic is said as well."""
        found = list(self._subscriptions.forms(path))
        if wildcards and self._subscriptions.heard_by_wildcard(path) and all(chosen is not None for _, chosen in found):
            found.append((path, None))
        return found

    def listens(self) -> bool:
        """Whether anybody subscribed to anything under v1.1."""
        return self._subscriptions.any_under(topics.BASE)

    def below(self, path: str) -> list[str]:
        """Subscribed topics below a path."""
        return self._subscriptions.under(path)

    def say(self, topic: str, payload: bytes, sharing: str, agency_id: int | None) -> None:
        """Hand it to the broker."""
        self._out(topic, payload, sharing, agency_id, "?" not in topic)


class OfClient:
    """Another broker as a mouth: everything open is said, whoever listens."""

    def __init__(self, connected: Callable[[], bool], say: Callable[[str, bytes], None]) -> None:
        self._connected, self._out = connected, say

    def forms(self, path: str, *, wildcards: bool = True) -> Forms:
        """The plain topic; paths that only a listener makes worth saying are not said."""
        return [(path, None)] if wildcards else []

    def listens(self) -> bool:
        """Whether the broker is there."""
        return self._connected()

    def below(self, path: str) -> list[str]:  # noqa: ARG002 - the mouth's shape
        """Nobody knows."""
        return []

    def say(self, topic: str, payload: bytes, sharing: str, agency_id: int | None) -> None:  # noqa: ARG002
        """Open data only."""
        if sharing == "open":
            self._out(topic, payload)
