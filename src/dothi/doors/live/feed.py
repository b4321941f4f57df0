"""The live feed: what was committed, gathered a few times a second, encoded once for all who see and ask the same.

Clients who see the same (guard.sight) and ask the same share a channel. A client that reads too slowly gets the newest
value of each datastream instead of every frame, and is sent away when it stops reading.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from dothi.db import session as db
from dothi.doors.live import events, store
from dothi.doors.live.events import Cursor, Row, Wanted
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import Busy
from dothi.sensing import registry
from dothi.sensing.columns import Columns
from dothi.sensing.live import hub
from dothi.sensing.registry import Stream

log = logging.getLogger(__name__)

TICK_SECONDS = 0.2  # five frames a second at most
JOURNAL_SECONDS = 0.5
STUCK_SECONDS = 60.0  # a client that took nothing for so long is sent away
MOST_CLIENTS = 5_000
# received_at is taken before the commit: what a client resumes from reaches back over the longest commit
SLACK = 60 * clock.SECOND
_FRAMES = 3  # unsent frames at which a client's values are merged
_ENTRIES = 5_000  # unsent journal entries at which a client is beyond help
_PAGE = 500
_RESUMED = 20_000  # datastreams a resuming client is told of at most
Place = tuple[float | None, float | None]
Sight = tuple[object, ...]


def sight(caller: Caller) -> Sight:
    """What a caller may see of observations and of the journal."""
    reads = frozenset(agency for held, agency in caller.within if held == "journal:read")
    seen = tuple(guard.sight(caller, permission) for permission in ("sensing:read", "data:read", "alarms:read"))
    return *seen, "journal:read" in caller.everywhere, reads


class Client:
    """One listener: what waits to be sent to it."""

    def __init__(self, caller: Caller, wanted: Wanted) -> None:
        self.caller, self.wanted, self.sight = caller, wanted, sight(caller)
        self.ready = asyncio.Event()
        self.end: str | None = None  # why it is sent away
        self.ended = asyncio.Event()
        self.entry = 0  # last journal entry sent or waiting
        self._entries: deque[tuple[int, bytes]] = deque()
        self._frames: deque[tuple[bytes, list[Row]]] = deque()
        self._merged: dict[int, Row] = {}
        self._moment = self._sent = 0
        self.took = time.monotonic()
        self.merges = 0

    def push(self, data: bytes, rows: list[Row], cursor: Cursor) -> None:
        """A frame of observations. cursor: how far the feed is."""
        self.entry, self._moment = max(self.entry, cursor.entry), cursor.moment
        if self._merged or len(self._frames) >= _FRAMES:
            if not self._merged:
                self.merges += 1
            for _, old in self._frames:
                self._merged.update((row[0], row) for row in old)
            self._frames.clear()
            self._merged.update((row[0], row) for row in rows)
        else:
            self._frames.append((data, rows))
        self.ready.set()

    def push_entry(self, id_: int, data: bytes) -> None:
        """A journal entry."""
        if id_ <= self.entry:
            return
        self.entry = id_
        self._entries.append((id_, data))
        if len(self._entries) > _ENTRIES:
            self.leave("slow")
        self.ready.set()

    def leave(self, why: str) -> None:
        """Have the client sent away."""
        self.end = self.end or why
        self.ended.set()
        self.ready.set()

    def start(self, cursor: Cursor) -> None:
        """Where the client's stream begins."""
        self.entry = cursor.entry
        self._moment = self._sent = cursor.moment

    def take(self) -> bytes:
        """Everything that waits, as one piece; empty when nothing does."""
        self.ready.clear()
        self.took = time.monotonic()
        parts = [events.frame("journal", Cursor(id_, self._sent), data) for id_, data in self._entries]
        self._entries.clear()
        self._sent = self._moment
        cursor = Cursor(self.entry, self._moment)
        parts += [events.frame("observations", cursor, data) for data, _ in self._frames]
        self._frames.clear()
        if self._merged:
            parts.append(events.frame("observations", cursor, events.observations(list(self._merged.values()))))
            self._merged.clear()
        return b"".join(parts)


class Channel:
    """Clients that see and ask the same."""

    def __init__(self, sight_: Sight, caller: Caller, wanted: Wanted) -> None:
        self.sight, self.caller, self.wanted = sight_, caller, wanted
        self.clients: set[Client] = set()


class Picture:
    """One frame's observations as everybody with the same sight sees them."""

    def __init__(
        self, caller: Caller, observed: dict[int, Row], streams: dict[int, Stream], places: dict[int, Place]
    ) -> None:
        self.rows: list[Row] = [
            (id_, stream.thing_id, observed[id_][2], observed[id_][3])
            for id_, stream in streams.items()
            if guard.sees(caller, stream.sharing, stream.agency_id)
        ]
        self._places = places
        self._where: NDArray[np.float64] | None = None

    def pick(self, wanted: Wanted) -> list[Row]:
        """The rows a filter lets through."""
        rows = self.rows
        if wanted.box is not None and rows:
            if self._where is None:
                # NaN, where a thing has no place, is in no box
                places = (self._places.get(row[1], (None, None)) for row in rows)
                self._where = np.array([(lon, lat) for lon, lat in places], dtype=np.float64)
            west, south, east, north = wanted.box
            lon, lat = self._where[:, 0], self._where[:, 1]
            inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
            rows = [rows[i] for i in np.flatnonzero(inside).tolist()]
        if wanted.things:
            rows = [row for row in rows if row[1] in wanted.things]
        if wanted.datastreams:
            rows = [row for row in rows if row[0] in wanted.datastreams]
        return rows


class Feed:
    """Everything live in this process."""

    def __init__(self) -> None:
        self._channels: dict[tuple[Sight, Wanted], Channel] = {}
        self._observed: dict[int, Row] = {}
        self._unlisten: Callable[[], None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._places: dict[int, tuple[float, Place]] = {}
        self.clients: set[Client] = set()
        self.entry = 0  # the journal is told up to here
        self._telling = asyncio.Lock()  # nobody joins halfway through a reading of the journal
        self._stopping = False

    def start(self) -> None:
        """Begin to follow; costs nothing while nobody listens."""
        self._tasks = [asyncio.create_task(self._observations()), asyncio.create_task(self._journal())]

    def close(self) -> None:
        """Send everybody away and take nobody any more: the server is about to stop."""
        self._stopping = True
        for client in list(self.clients):
            client.leave("restart")

    async def stop(self) -> None:
        """Send everybody away; their browsers come back and resume."""
        self.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None

    async def join(self, caller: Caller, wanted: Wanted, since: Cursor | None) -> tuple[Client, list[bytes]]:
        """A new client, and the events it must be sent before anything else."""
        if len(self.clients) >= MOST_CLIENTS or self._stopping:
            raise Busy(f"{len(self.clients)} clients listen already; come back later")
        client = Client(caller, wanted)
        async with self._telling:
            if self._unlisten is None:
                self._unlisten = hub.listen(self._heard)
                self.entry = await asyncio.to_thread(_last_entry)
            begin, moment = self.entry, clock.now_micros()
            client.start(Cursor(begin, moment))
            # it hears from here on; what was before is read below
            key = (client.sight, wanted)
            self._channels.setdefault(key, Channel(client.sight, caller, wanted)).clients.add(client)
            self.clients.add(client)
        try:
            first = [b"retry: 2000\n\n"]
            if since is not None:
                first += await self._missed(client, since, begin, moment)
            first.append(events.frame("hello", Cursor(begin, moment), events.encode({"at": moment})))
        except BaseException:
            self.leave(client)
            raise
        return client, first

    def leave(self, client: Client) -> None:
        """A client has gone."""
        self.clients.discard(client)
        key = (client.sight, client.wanted)
        channel = self._channels.get(key)
        if channel is not None:
            channel.clients.discard(client)
            if not channel.clients:
                del self._channels[key]
        if not self.clients and self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
            self._observed.clear()

    async def _missed(self, client: Client, since: Cursor, until: int, moment: int) -> list[bytes]:
        """The journal entries after a cursor, every one; the newest state of each datastream changed since."""
        found: list[bytes] = []
        wanted = client.wanted
        if wanted.journal:
            after = min(since.entry, until)
            while True:
                page = await asyncio.to_thread(_entries, client.caller, after, until)
                told = [one for one in page if await self._wants_entry(wanted, one)]
                found += [events.frame("journal", Cursor(one["id"], since.moment), events.entry(one)) for one in told]
                if not page:
                    break
                after = page[-1]["id"]
        if wanted.observations:
            rows = await asyncio.to_thread(_changed, client.caller, since.moment - SLACK)
            places = await self._where({row[1] for row in rows}) if wanted.box else {}
            rows = [row for row in rows if wanted.observation(row, places.get(row[1]))]
            if rows:
                found.append(events.frame("observations", Cursor(until, moment), events.observations(rows)))
        return found

    # observations

    def _heard(self, columns: Columns, stored: Sequence[int]) -> None:
        """Keep the newest of each datastream until the next frame."""
        observed, streams, ats = self._observed, columns.datastream, columns.at
        for i in stored:
            id_ = streams[i]
            before = observed.get(id_)
            if before is None or before[2] <= ats[i]:
                text = columns.result_json[i] if columns.result_json is not None else None
                observed[id_] = (id_, 0, ats[i], columns.result[i] if text is None else msgspec.Raw(text.encode()))

    async def _observations(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self._send_stuck_away()
            if not self._observed:
                continue
            observed, self._observed = self._observed, {}
            moment = clock.now_micros()
            try:
                streams = await asyncio.to_thread(registry.streams, list(observed))
                things = {stream.thing_id for stream in streams.values()}
                boxed = any(channel.wanted.box for channel in self._channels.values())
                places = await self._where(things) if boxed else {}
            except Exception:
                log.exception("a frame of %d datastreams is lost to live listeners", len(observed))
                continue
            pictures: dict[Sight, Picture] = {}
            cursor = Cursor(self.entry, moment)
            for channel in list(self._channels.values()):
                if not channel.wanted.observations:
                    continue
                picture = pictures.get(channel.sight)
                if picture is None:
                    picture = pictures[channel.sight] = Picture(channel.caller, observed, streams, places)
                rows = picture.pick(channel.wanted)
                if rows:
                    data = events.observations(rows)
                    for client in channel.clients:
                        client.push(data, rows, cursor)
                await asyncio.sleep(0)

    def _send_stuck_away(self) -> None:
        late = time.monotonic() - STUCK_SECONDS
        for client in self.clients:
            if client.ready.is_set() and client.took < late:
                client.leave("slow")

    async def _where(self, things: set[int]) -> dict[int, Place]:
        """Where things are; a thing that moved is known within half a minute."""
        now = time.monotonic()
        missing = [id_ for id_ in things if (known := self._places.get(id_)) is None or known[0] < now]
        if missing:
            found = await asyncio.to_thread(_places, missing)
            self._places.update((id_, (now + 30, found.get(id_, (None, None)))) for id_ in missing)
        return {id_: self._places[id_][1] for id_ in things}

    # the journal

    async def _journal(self) -> None:
        while True:
            await asyncio.sleep(JOURNAL_SECONDS)
            if not self.clients:
                continue
            try:
                async with self._telling:
                    await self._tell_journal()
            except Exception:
                log.exception("the journal could not be read for live listeners; trying again")

    async def _tell_journal(self) -> None:
        until = await asyncio.to_thread(_last_entry)
        if until <= self.entry:
            return
        by_sight: dict[Sight, list[Channel]] = {}
        for channel in self._channels.values():
            if channel.wanted.journal:
                by_sight.setdefault(channel.sight, []).append(channel)
        for channels in by_sight.values():
            after = self.entry
            while page := await asyncio.to_thread(_entries, channels[0].caller, after, until):
                for one in page:
                    data = events.entry(one)
                    for channel in channels:
                        if await self._wants_entry(channel.wanted, one):
                            for client in list(channel.clients):
                                client.push_entry(one["id"], data)
                after = page[-1]["id"]
        self.entry = until

    async def _wants_entry(self, wanted: Wanted, one: dict[str, Any]) -> bool:
        place: Place | None = None
        about, _, number = str(one["subject"] or "").partition(":")
        if wanted.box is not None and about == "thing" and number.isdecimal():
            place = (await self._where({int(number)}))[int(number)]
        return wanted.entry(one["kind"], one["subject"], place)


def _last_entry() -> int:
    with db.reading() as session:
        return journal.newest(session)


def _entries(caller: Caller, after: int, until: int) -> list[dict[str, Any]]:
    """The next journal entries a caller may see, up to one; who did it is not told to listeners."""
    with db.reading() as session:
        found = journal.read(session, after, _PAGE, sees=guard.sees_entries(caller))
    return [
        {
            "id": one["id"], "at": clock.iso(one["at"]), "kind": one["kind"], "subject": one["subject"],
            "place": one["place"], "agency": one["agency_id"], "data": one["data"],
        }
        for one in found
        if one["id"] <= until
    ]  # fmt: skip


def _changed(caller: Caller, since: int) -> list[Row]:
    with db.reading() as session:
        return [
            (id_, thing, at, result if text is None else msgspec.Raw(str(text).encode()))
            for id_, thing, at, result, text in store.changed(session, caller, since, _RESUMED)
        ]


def _places(ids: list[int]) -> dict[int, Place]:
    with db.reading() as session:
        return store.places(session, ids)
