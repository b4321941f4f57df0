"""The city as it was: the state of every thing by two clocks.

`at` is the clock of what was (phenomenon time), `known` the clock of what we knew (received time). A value counts that
was of `at` or before and had been received by `known`; one replaced or deleted after `known` still stands.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.sensing import picture_store, state_store
from dothi.sensing.picture_store import Value
from dothi.sensing.state import Box, ThingState, of_rows

# A datastream's values are looked at one by one this far back from `at`. Past them (an outage of hours, a load of
# history) the edge of what was known is found by halving, so that no moment costs a reading of all history.
LOOK = 300
_HALVINGS = 12
_CLOSE = clock.HOUR


@dataclass(slots=True)
class Picture:
    """A city at a moment. at, known: µs UTC. later: datastreams whose value at `at` came only after `known`."""

    at: int
    known: int
    things: list[ThingState]
    later: int


def picture(
    session: Session, caller: Caller, at: int, known: int | None = None, *, bbox: Box | None = None,
    language: str = "vi", things: list[int] | None = None,
) -> list[ThingState]:  # fmt: skip
    """Every thing a caller may see in its state of then; `sensing.state.states` of another moment.

    at: µs UTC. known: µs UTC; None: everything known by now. Where things stand and what judges them is today's.
    """
    return whole(session, caller, at, known, bbox=bbox, language=language, things=things).things


def whole(
    session: Session, caller: Caller, at: int, known: int | None = None, *, bbox: Box | None = None,
    language: str = "vi", things: list[int] | None = None,
) -> Picture:  # fmt: skip
    """The picture, and how much of it was only known later."""
    known = clock.now_micros() if known is None else known
    rows = state_store.newest(session, caller, bbox, things)
    streams = [row.datastream_id for row in rows if row.datastream_id is not None]
    values, later = _values(session, streams, at, known)
    then = []
    for row in rows:
        value = values.get(row.datastream_id) if row.datastream_id is not None else None
        told = row.connected_at is not None and row.connected_at <= min(at, known)
        then.append(
            row._replace(
                last_at=value.at if value else None,
                result=value.result if value else None,
                result_json=value.result_json if value else None,
                connected=row.connected if told else None,
            )
        )
    return Picture(at, known, of_rows(session, then, at, language), later)


def values(session: Session, streams: Collection[int], at: int, known: int | None = None) -> dict[int, Value]:
    """The newest value of each datastream by the two clocks; datastreams without one are absent.

    Asks nobody's permission: the datastreams are ones the caller was found to see.
    """
    return _values(session, streams, at, clock.now_micros() if known is None else known)[0]


def _values(session: Session, streams: Collection[int], at: int, known: int) -> tuple[dict[int, Value], int]:
    if not streams:
        return {}, 0
    today = picture_store.newest(session, streams, at)
    found = {stream: value for stream, value in today.items() if value.received_at <= known}
    late = [stream for stream in today if stream not in found]
    if late:
        keys = _before(session, late, at, known)
        found |= picture_store.at_keys(session, keys) if keys else {}
    after = {stream: found[stream].at if stream in found else -(2**62) for stream in streams}
    found |= picture_store.superseded(session, after, at, known)
    return found, len(late)


def _before(session: Session, late: list[int], at: int, known: int) -> dict[int, int]:
    """Of datastreams whose newest value came later than `known`: the time of the newest that had come.

    Exact among the last LOOK values; further back where what came late is one stretch, as after an outage.
    """
    keys = picture_store.among_last(session, late, at, known, LOOK)
    first = picture_store.first(session, [stream for stream in late if stream not in keys])
    seen = {stream: value.at for stream, value in first.items() if value.received_at <= known and value.at <= at}
    low, high = dict(seen), dict.fromkeys(seen, at)  # what stood newest at `low` was known, at `high` it was not
    for _ in range(_HALVINGS):
        middle = {stream: (low[stream] + high[stream]) // 2 for stream in seen if high[stream] - low[stream] > _CLOSE}
        if not middle:
            break
        for stream, value in picture_store.newest_each(session, middle).items():
            if value.received_at <= known:
                low[stream], seen[stream] = middle[stream], value.at
            else:
                high[stream] = value.at
    spans = {stream: (at_ - 1, high[stream]) for stream, at_ in seen.items()}
    return keys | (picture_store.known_between(session, spans, known) if spans else {})
