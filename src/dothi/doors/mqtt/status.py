"""Connection states of things: what devices and the broker say, written in order, without undoing newer news.

A device publishes `online` to dothi/things/<id>/status when it connects and sets `offline` there as its last will.
Either may be JSON with the moment the device connected, `{"status": "offline", "time": "2026-11-21T07:30:00Z"}`: a
will that arrives after the device has come back then changes nothing.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from dothi.db import session as db
from dothi.doors.mqtt import store
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault

log = logging.getLogger(__name__)
_AGAIN_SECONDS = 1.0
_MOST = 100_000


@dataclass(frozen=True, slots=True)
class State:
    """A thing is online or offline. at: since when; since: the newest moment this news knows of (µs UTC)."""

    thing_id: int
    connected: bool
    at: int
    since: int
    actor: str

    @property
    def word(self) -> str:
        """`online` or `offline`."""
        return "online" if self.connected else "offline"


class _Said(msgspec.Struct):
    status: str
    time: str | None = None


_said = msgspec.json.Decoder(_Said)


def read(thing_id: int, payload: bytes, actor: str) -> State:
    """The state a payload on a status topic tells; raises BadInput for another payload."""
    now = clock.now_micros()
    word, moment = payload.strip(), None
    if word.startswith(b"{"):
        try:
            said = _said.decode(word)
        except msgspec.DecodeError as error:
            raise _bad(str(error)) from None
        word = said.status.encode()
        moment = min(clock.parse(said.time), now) if said.time else None
    if word == b"online":
        return State(thing_id, connected=True, at=moment or now, since=moment or now, actor=actor)
    if word == b"offline":
        return State(thing_id, connected=False, at=now, since=moment or now, actor=actor)
    raise _bad(f"{payload[:60]!r}")


def _bad(found: str) -> BadInput:
    allowed = 'online, offline, or {"status": "offline", "time": "2026-11-21T07:30:00Z"}'
    return BadInput(f"not a status: {found}; allowed: {allowed}", [Fault("status", found, allowed)])


class Keeper:
    """Writes states down, many in one transaction, on a thread."""

    def __init__(self, changed: Callable[[State, int | None, str], None]) -> None:
        """changed: called on the loop with each state that was news, its thing's agency and sharing, after the commit."""
        self._changed = changed
        self._waiting: list[State] = []
        self._task: asyncio.Task[None] | None = None

    def note(self, state: State) -> None:
        """Write a state down soon. Things in a storm of reconnections share transactions."""
        if len(self._waiting) < _MOST:
            self._waiting.append(state)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def drained(self) -> None:
        """Return when everything noted is written."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=5)

    async def _work(self) -> None:
        while self._waiting:
            states, self._waiting = self._waiting, []
            try:
                news = await asyncio.to_thread(_write, states)
            except Exception:
                log.exception("%d connection states could not be written; trying again", len(states))
                self._waiting[:0] = states
                await asyncio.sleep(_AGAIN_SECONDS)
                continue
            for state, agency, sharing in news:
                self._changed(state, agency, sharing)


def _write(states: list[State]) -> list[tuple[State, int | None, str]]:
    news: list[tuple[State, int | None, str]] = []
    with db.writing() as session:
        owners = store.owners(session, {state.thing_id for state in states})
        for state in states:
            if state.thing_id not in owners:
                continue
            if not store.set_connection(
                session, state.thing_id, connected=state.connected, at=state.at, since=state.since
            ):
                continue
            agency, sharing = owners[state.thing_id]
            journal.append(
                session, f"sensing.thing.{'connected' if state.connected else 'disconnected'}", actor=state.actor,
                subject=f"thing:{state.thing_id}", agency_id=agency, visibility=sharing,  # type: ignore[arg-type]
                data={"at": clock.iso(state.at)},
            )  # fmt: skip
            news.append((state, agency, sharing))
    return news
