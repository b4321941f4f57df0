"""Observations posted one at a time: the hot lane of this door, from bytes to a commit without an ORM object."""

import asyncio
import time

from dothi.db import session as db
from dothi.doors.sensorthings.asked import Answer, Ask, must_be_json
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.sensing import decode, ingest, registry, store
from dothi.sensing.columns import Columns
from dothi.sensing.registry import Stream

_LINKS = ("FeatureOfInterest", "Datastream", "MultiDatastream")
_KEEP_SECONDS, _KEEP_MOST = 30.0, 20_000
_features: dict[tuple[object, int], float] = {}


class NotPlain(Exception):
    """The Observation brings entities of its own; the ordinary way makes them."""


async def post(ask: Ask, stream_id: int | None, *, multi: bool = False) -> Answer:
    """Store one Observation and answer after its commit.

    stream_id: the (Multi)Datastream of the path. Raises NotPlain for an Observation with entities nested in it.
    """
    must_be_json(ask.kind)
    if stream_id is not None:
        await known(stream_id, multi=multi)
    try:
        columns = decode.observation(ask.body, stream_id)
    except BadInput as error:
        if any(fault.place.partition(".")[0] in _LINKS for fault in error.faults):
            raise NotPlain from None
        raise
    id_ = columns.datastream[0]
    if stream_id is not None and id_ != stream_id:
        message = f"the path says Datastream {stream_id}, the body {id_}"
        raise BadInput(message, [Fault("Datastream", message, "one of them")])
    stream = registry.remembered(id_) or await asyncio.to_thread(registry.stream, id_)
    if stream is None:
        message = f"there is no Datastream {id_}"
        raise BadInput(message, [Fault("Datastream", message, "the id of one that is there")])
    guard.require(ask.caller, "observations:write", stream.agency_id, thing_id=stream.thing_id)
    if columns.feature is not None:
        lacking = await lacking_features(ask.caller, {one for one in columns.feature if one})
        if lacking:
            message = f"there is no FeatureOfInterest {min(lacking)}"
            raise BadInput(message, [Fault("FeatureOfInterest", message, "the id of one that is there")])
    receipt = await ingest.aput(columns)
    if receipt.refused:
        reason = receipt.refused[0].reason
        raise BadInput(reason, [Fault("result", reason)])
    return _created(ask, columns, stream)


async def known(id_: int, *, multi: bool) -> Stream:
    """The (Multi)Datastream of a path; NotFound when there is none of that kind."""
    stream = registry.remembered(id_) or await asyncio.to_thread(registry.stream, id_)
    if stream is None or stream.multi != multi:
        raise NotFound(f"there is no {'MultiDatastream' if multi else 'Datastream'} {id_}")
    return stream


async def lacking_features(caller: Caller, ids: set[int]) -> set[int]:
    """Which of some features of interest are not there for the caller."""
    sight, now = guard.sight(caller), time.monotonic()
    unsure = {id_ for id_ in ids if now - _features.get((sight, id_), -_KEEP_SECONDS) >= _KEEP_SECONDS}
    if not unsure:
        return set()
    there = await asyncio.to_thread(_features_there, caller, unsure)
    if len(_features) > _KEEP_MOST:
        _features.clear()
    _features.update(dict.fromkeys(((sight, id_) for id_ in there), now))
    return unsure - there


def _features_there(caller: Caller, ids: set[int]) -> set[int]:
    with db.reading() as session:
        return set(store.owners(session, caller, "FeatureOfInterest", ids))


def _created(ask: Ask, columns: Columns, stream: Stream) -> Answer:
    id_ = f"{stream.id}-{columns.at[0]}"
    link = f"{ask.root}/Observations('{id_}')"
    if ask.minimal:
        return Answer(204, b"", {"Location": link}, "Observation", id_)
    at = clock.iso(columns.at[0])
    until = columns.until[0] if columns.until else None
    when = at if until is None else f"{at}/{clock.iso(until)}"
    result_at = columns.result_time[0] if columns.result_time else None
    text = columns.result_json[0] if columns.result_json else None
    if text is None:
        number = columns.result[0] or 0.0
        text = str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    kind = "MultiDatastream" if stream.multi else "Datastream"
    said = (
        f'{{"@iot.selfLink":"{link}","@iot.id":"{id_}","phenomenonTime":"{when}","result":{text},'
        f'"resultTime":"{at if result_at is None else clock.iso(result_at)}",'
        f'"{kind}@iot.navigationLink":"{link}/{kind}",'
        f'"FeatureOfInterest@iot.navigationLink":"{link}/FeatureOfInterest"}}'
    )
    return Answer(201, said.encode(), {"Location": link}, "Observation", id_)
