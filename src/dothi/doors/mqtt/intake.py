"""Published observations on their way to their commit: acknowledged means committed.

One Intake stands behind each connection. Messages come in as the socket brings them, leave in batches to
sensing.ingest, and are acknowledged in the order they came, after the commit. When the queue is full or the database
is away, they wait here unacknowledged and the connection stops reading; nothing is dropped.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from dothi.doors.mqtt import letters, topics, wire
from dothi.doors.mqtt.letters import Letter
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit.errors import BadInput, Busy, DothiError
from dothi.sensing import decode, ingest, registry
from dothi.sensing.columns import Columns, Receipt, together
from dothi.sensing.registry import Stream

log = logging.getLogger(__name__)

BATCH = 2000  # messages decoded between two looks at the socket: about 20 ms
FULL = 20_000  # messages waiting or in flight at which the connection stops reading
FULL_BYTES = 32 << 20
_AGAIN_SECONDS = 0.2


@dataclass(slots=True)
class Counts:
    """What the door saw since it started, for /health and /metrics."""

    received: int = 0
    accepted: int = 0
    repeated: int = 0
    refused: int = 0


@dataclass(slots=True)
class _Batch:
    messages: list[wire.Publish]
    codes: dict[int, int]  # index of a refused message → reason code
    done: bool = False


@dataclass(slots=True)
class _Decoded:
    columns: Columns | None
    places: list[int] = field(default_factory=list)  # index in the batch of each observation
    refused: list[tuple[int, str, int]] = field(default_factory=list)  # index, reason, code


class Intake:
    """The observations of one connection.

    acknowledge: called on the loop with (message, reason code) pairs, in the order they came; code 0 is success.
    hold: called with True when the connection must stop reading and False when it may go on.
    trusted: the broker has already decided who may publish (somebody else's broker with its own access list).
    """

    def __init__(
        self,
        caller: Caller,
        acknowledge: Callable[[list[tuple[wire.Publish, int]]], None],
        hold: Callable[[bool], None],
        counts: Counts,
        *,
        trusted: bool = False,
    ) -> None:
        self._caller, self._trusted = caller, trusted
        self._acknowledge, self._hold, self._counts = acknowledge, hold, counts
        self._sender = "broker" if trusted else caller.actor
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[wire.Publish] = deque()
        self._flying: deque[_Batch] = deque()
        self._rows = self._bytes = 0  # waiting and in flight
        self._held = self._closed = False
        self._task: asyncio.Task[None] | None = None
        self._landings: set[asyncio.Task[None]] = set()

    def take(self, messages: list[wire.Publish]) -> None:
        """Take observations published to the standard's topics."""
        self._waiting.extend(messages)
        self._rows += len(messages)
        self._counts.received += len(messages)
        self._bytes += sum(len(message.payload) for message in messages)
        if (self._rows >= FULL or self._bytes >= FULL_BYTES) and not self._held:
            self._held = True
            self._hold(True)
        if self._task is None or self._task.done():
            self._task = self._loop.create_task(self._work())

    @property
    def rows(self) -> int:
        """Messages taken and not acknowledged yet."""
        return self._rows

    def close(self) -> None:
        """Forget what is not yet at ingest: the connection is gone, and the sender will send it again."""
        self._closed = True
        self._waiting.clear()

    async def drained(self) -> None:
        """Return when everything taken is acknowledged, or can no longer be."""
        while self._rows and not self._closed:  # noqa: ASYNC110 - asked once, at the end of the server
            await asyncio.sleep(0.02)

    async def _work(self) -> None:
        while self._waiting:
            count = min(BATCH, len(self._waiting))
            messages = [self._waiting.popleft() for _ in range(count)]
            try:
                decoded = await self._decode(messages)
            except Exception:
                log.exception("published observations could not be looked at; trying again")
                self._waiting.extendleft(reversed(messages))
                await asyncio.sleep(_AGAIN_SECONDS)
                continue
            batch = _Batch(messages, {})
            self._flying.append(batch)
            await self._send(batch, decoded)
            await asyncio.sleep(0)

    async def _decode(self, messages: list[wire.Publish]) -> _Decoded:
        made = _Decoded(None)
        parts: list[Columns] = []
        for index, message in enumerate(messages):
            target = topics.target(message.topic)
            try:
                if target is None or target.kind != "observation":
                    made.refused.append((index, f"nothing is published to {message.topic}", wire.NOT_AUTHORISED))
                    continue
                parts.append(decode.observation(message.payload, target.stream))
                made.places.append(index)
            except BadInput as error:
                made.refused.append((index, error.message, wire.PAYLOAD_INVALID))
        if not parts:
            return made
        columns = together(parts)
        streams = await asyncio.to_thread(registry.streams, set(columns.datastream))
        wrong = self._unfit(messages, columns, made.places, streams)
        if wrong:
            made.refused += [(made.places[row], reason, code) for row, (reason, code) in wrong.items()]
            kept = [row for row in range(len(parts)) if row not in wrong]
            made.places = [made.places[row] for row in kept]
            columns = together([parts[row] for row in kept]) if kept else Columns([], [], [])
        made.columns = columns if len(columns) else None
        return made

    def _unfit(
        self, messages: list[wire.Publish], columns: Columns, places: list[int], streams: dict[int, Stream]
    ) -> dict[int, tuple[str, int]]:
        """Rows the sender may not write, or whose topic names another kind of datastream."""
        wrong: dict[int, tuple[str, int]] = {}
        verdicts: dict[int, str | None] = {}
        for row, (id_, place) in enumerate(zip(columns.datastream, places, strict=True)):
            stream = streams.get(id_)
            target = topics.target(messages[place].topic)
            if target is not None and target.stream is not None and id_ != target.stream:
                wrong[row] = (f"the body names Datastream {id_}, the topic {target.stream}", wire.PAYLOAD_INVALID)
                continue
            if id_ not in verdicts:
                verdicts[id_] = None if self._trusted or stream is None else refusal(self._caller, stream)
            if (reason := verdicts[id_]) is not None:
                wrong[row] = (reason, wire.NOT_AUTHORISED)
            elif stream is None:
                # to a sender without rights anywhere, a missing datastream looks like a foreign one
                code = wire.PAYLOAD_INVALID if target is None or target.stream is None else wire.BAD_TOPIC
                wrong[row] = (f"there is no Datastream {id_}", code)
            elif target is not None and (reason := letters.unfit(target, stream)):
                wrong[row] = (reason, wire.BAD_TOPIC)
        return wrong

    async def _send(self, batch: _Batch, decoded: _Decoded) -> None:
        columns = decoded.columns
        if columns is None:
            self._land(batch, decoded, None)
            return
        while not self._closed:
            try:
                future = ingest.put(columns)
            except Busy:
                await asyncio.sleep(_AGAIN_SECONDS / 4)
                continue
            future.add_done_callback(lambda done: self._call(batch, decoded, done))
            return

    def _call(self, batch: _Batch, decoded: _Decoded, done: Future[Receipt]) -> None:
        try:
            self._loop.call_soon_threadsafe(self._committed, batch, decoded, done)
        except RuntimeError:  # the loop closed while we committed; what is committed stays so
            log.debug("nobody waits for %d acknowledgements any more", len(batch.messages))

    def _committed(self, batch: _Batch, decoded: _Decoded, done: Future[Receipt]) -> None:
        error = done.exception()
        if error is not None:  # the database is away: nothing is acknowledged, and it is tried until it is back
            if not self._closed:
                log.warning("%d published observations wait: %s", len(decoded.places), error)
                self._loop.call_later(_AGAIN_SECONDS, self._once_more, batch, decoded)
            return
        self._land(batch, decoded, done.result())

    def _once_more(self, batch: _Batch, decoded: _Decoded) -> None:
        self._follow(self._send(batch, decoded))

    def _land(self, batch: _Batch, decoded: _Decoded, receipt: Receipt | None) -> None:
        refused = list(decoded.refused)
        if receipt is not None:
            self._counts.accepted += receipt.accepted
            self._counts.repeated += receipt.repeated
            refused += [(decoded.places[one.index], one.reason, wire.PAYLOAD_INVALID) for one in receipt.refused]
        if refused:
            self._follow(self._bury(batch, refused))
        else:
            self._finish(batch)

    async def _bury(self, batch: _Batch, refused: list[tuple[int, str, int]]) -> None:
        """Keep what was refused as dead letters, then finish; strangers fill no table."""
        self._counts.refused += len(refused)
        batch.codes.update((index, code) for index, _, code in refused)
        kept = [
            Letter(batch.messages[index].topic, batch.messages[index].payload, reason, self._sender)
            for index, reason, code in refused
            if self._trusted or self._caller.id is not None or code != wire.NOT_AUTHORISED
        ]
        while kept and not self._closed:
            try:
                await asyncio.to_thread(letters.keep, kept)
                break
            except Exception:
                log.exception("%d dead letters could not be written; trying again", len(kept))
                await asyncio.sleep(_AGAIN_SECONDS)
        self._finish(batch)

    def _finish(self, batch: _Batch) -> None:
        batch.done = True
        while self._flying and self._flying[0].done:
            first = self._flying.popleft()
            self._rows -= len(first.messages)
            self._bytes -= sum(len(message.payload) for message in first.messages)
            if not self._closed:
                codes = first.codes
                self._acknowledge([(m, codes.get(i, 0)) for i, m in enumerate(first.messages)])
        if self._held and self._rows < FULL // 2 and self._bytes < FULL_BYTES // 2 and not self._closed:
            self._held = False
            self._hold(False)

    def _follow(self, work: "asyncio._CoroutineLike[None]") -> None:
        task = self._loop.create_task(work)
        self._landings.add(task)
        task.add_done_callback(self._landings.discard)


def refusal(caller: Caller, stream: Stream) -> str | None:
    """Why a caller may not publish to a datastream, or None: they may."""
    try:
        guard.require(caller, "observations:write", stream.agency_id, thing_id=stream.thing_id)
    except DothiError as error:
        return error.message
    return None
