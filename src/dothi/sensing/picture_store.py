"""The SQL behind the picture: what a datastream's newest value was, asked of thousands of datastreams at once.

The key (datastream, at) answers each datastream with one step into the index. No other index would: received times
follow phenomenon times but for what came late, so values are looked at from the newest back until one was known.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, and_, bindparam, column, func, select
from sqlalchemy.orm import Session

from dothi.db.words import integers, spans
from dothi.sensing.tables import Observation, ObservationSuperseded

_O: Any = Observation.__table__
_S: Any = ObservationSuperseded.__table__


Keys = Mapping[int, int]  # datastream id: phenomenon time, µs UTC


class Value(NamedTuple):
    """An observation as the map needs it: at and received_at in µs UTC."""

    at: int
    result: float | None
    result_json: str | None
    received_at: int


def newest(session: Session, streams: Collection[int], at: int) -> dict[int, Value]:
    """The newest value of each datastream at a moment, as it stands today: one step into the index each."""
    asked = integers(bindparam("ids", json.dumps(list(streams)))).table_valued(column("value", BigInteger))
    o = _O.alias("o")
    last = select(func.max(o.c.at)).where(o.c.datastream_id == asked.c.value, o.c.at <= at).scalar_subquery()
    heads = select(asked.c.value.label("stream"), last.label("at")).subquery("heads")
    return _values(session, heads.c.stream, heads.c.at)


def newest_each(session: Session, moments: Keys) -> dict[int, Value]:
    """The newest value of each datastream at a moment of its own, as it stands today."""
    asked = _asked((stream, at, at) for stream, at in moments.items())
    o = _O.alias("o")
    last = select(func.max(o.c.at)).where(o.c.datastream_id == asked.c.key, o.c.at <= asked.c.begin_).scalar_subquery()
    heads = select(asked.c.key.label("stream"), last.label("at")).subquery("heads")
    return _values(session, heads.c.stream, heads.c.at)


def first(session: Session, streams: Collection[int]) -> dict[int, Value]:
    """The oldest value of each datastream, as it stands today."""
    asked = integers(bindparam("ids", json.dumps(list(streams)))).table_valued(column("value", BigInteger))
    o = _O.alias("o")
    oldest = select(func.min(o.c.at)).where(o.c.datastream_id == asked.c.value).scalar_subquery()
    heads = select(asked.c.value.label("stream"), oldest.label("at")).subquery("heads")
    return _values(session, heads.c.stream, heads.c.at)


def at_keys(session: Session, keys: Keys) -> dict[int, Value]:
    """The observations of some keys, one of each datastream."""
    asked = _asked((stream, at, at) for stream, at in keys.items())
    return _values(session, asked.c.key, asked.c.begin_)


def among_last(session: Session, streams: Collection[int], at: int, known: int, look: int) -> dict[int, int]:
    """Of each datastream the newest phenomenon time whose value was known by then, among its last `look` values."""
    asked = integers(bindparam("ids", json.dumps(list(streams)))).table_valued(column("value", BigInteger))
    o = _O.alias("o")
    last = (
        select(o.c.at, o.c.received_at)
        .where(o.c.datastream_id == asked.c.value, o.c.at <= at)
        .order_by(o.c.at.desc())
        .limit(look)
        .correlate(asked)
        .subquery("last")
    )
    found = select(func.max(last.c.at)).where(last.c.received_at <= known).correlate(asked).scalar_subquery()
    rows = session.execute(select(asked.c.value, found))
    return {stream: one for stream, one in rows if one is not None}


def known_between(session: Session, spans_: Mapping[int, tuple[int, int]], known: int) -> dict[int, int]:
    """Of each datastream the newest time in (begin, end] whose value was known by then."""
    asked = _asked((stream, begin, end) for stream, (begin, end) in spans_.items())
    o = _O.alias("o")
    found = (
        select(o.c.at)
        .where(o.c.datastream_id == asked.c.key, o.c.at > asked.c.begin_, o.c.at <= asked.c.end_)
        .where(o.c.received_at <= known)
        .order_by(o.c.at.desc())
        .limit(1)
        .correlate(asked)
        .scalar_subquery()
    )
    rows = session.execute(select(asked.c.key, found))
    return {stream: one for stream, one in rows if one is not None}


def superseded(session: Session, after: Mapping[int, int], at: int, known: int) -> dict[int, Value]:
    """Values that stood at `known` and were replaced or deleted later, newer than the phenomenon time given of each."""
    asked = _asked((stream, begin, at) for stream, begin in after.items())
    s = _S.alias("s")
    found = (
        select(s.c.id)
        .where(s.c.datastream_id == asked.c.key, s.c.at > asked.c.begin_, s.c.at <= asked.c.end_)
        .where(s.c.received_at <= known, s.c.superseded_at > known)
        .order_by(s.c.at.desc(), s.c.id.desc())
        .limit(1)
        .correlate(asked)
        .scalar_subquery()
    )
    best = select(found.label("id")).select_from(asked).subquery("best")
    rows = session.execute(
        select(_S.c.datastream_id, _S.c.at, _S.c.result, _S.c.result_json, _S.c.received_at).join(
            best, best.c.id == _S.c.id
        )
    )
    return {row[0]: Value(*row[1:]) for row in rows}


def _asked(rows: Iterable[tuple[int, int, int]]) -> Any:
    text: Any = bindparam("spans", json.dumps(list(rows)))
    return spans(text).table_valued(column("key", BigInteger), column("begin_", BigInteger), column("end_", BigInteger))


def _values(session: Session, stream: Any, at: Any) -> dict[int, Value]:
    query = select(_O.c.datastream_id, _O.c.at, _O.c.result, _O.c.result_json, _O.c.received_at).join(
        stream.table, and_(_O.c.datastream_id == stream, _O.c.at == at)
    )
    return {row[0]: Value(*row[1:]) for row in session.execute(query)}
