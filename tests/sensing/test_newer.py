"""Rows newer than all that stands take a quick way into the database; what stands afterwards is as by any other."""

import contextlib
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.db import session as db
from dothi.db.bulk import COLUMNS, EXTRA_INTEGERS, EXTRA_TEXTS, MISSING, NEW, REPEATED, SUPERSEDING, Batch
from dothi.db.writers import make_writer
from dothi.kit.clock import HOUR, SECOND
from dothi.sensing.tables import DatastreamState, DirtyHour, Observation, ObservationSuperseded
from tests.sensing.city import streams

T = 1_760_000_000_000_000
SIZES = (1, 40, 700, 2600)  # a row, a few, one statement, too many for one


def batch(ids: list[int], start: int, rows: int, *, extras: bool = False) -> Batch:
    """Values a second for each datastream; every third has no result, every fifth no feature of interest."""
    each = max(1, rows // len(ids))
    ids = ids[: rows // each]
    at = [start + i * SECOND for i in range(each)]
    count = each * len(ids)
    result = np.array([np.nan if extras and i % 3 == 2 else i / 4 for i in range(count)])
    feature = np.array([0 if extras and i % 5 == 4 else 7 for i in range(count)])
    more: dict[str, Any] = {}
    if extras:
        for place, name in enumerate(EXTRA_INTEGERS, 1):
            more[name] = [None if i % 4 == place else start + i * SECOND + place for i in range(count)]
        for name in EXTRA_TEXTS:
            more[name] = [None if i % 2 else f'"{name} ở {i}"' for i in range(count)]
    return Batch(np.repeat(ids, each), np.array(at * len(ids)), result, feature, start + HOUR, more)


def stands(session: Session, ids: list[int]) -> set[tuple[Any, ...]]:
    """All rows, as Batch.rows gives them."""
    columns = [getattr(Observation, name) for name in COLUMNS]
    found = set(map(tuple, session.execute(select(*columns).where(Observation.datastream_id.in_(ids)))))
    session.rollback()
    return found


@pytest.mark.parametrize("extras", [False, True])
def test_what_stands_is_what_was_sent_however_much_it_was(session, extras):
    ids = sorted(streams(session, 3))
    writer = make_writer(db.engine())
    sent: set[tuple[Any, ...]] = set()
    with contextlib.closing(writer):
        for turn, rows in enumerate(SIZES):
            one = batch(ids, T + turn * HOUR, rows, extras=extras)
            assert (writer.write(one) == NEW).all()
            sent |= set(one.rows())
            assert (writer.write(one) == REPEATED).all()
        assert stands(session, ids) == sent
        last = batch(ids, T + 2 * HOUR, 30, extras=extras)
        last.result[:] = 99.5
        assert (writer.write(last) == SUPERSEDING).all()
    assert len(session.scalars(select(ObservationSuperseded)).all()) == 30
    for id_ in ids:
        mine = sorted(row for row in sent if row[0] == id_)
        state = session.get(DatastreamState, id_)
        assert state.count == len(mine)
        assert (state.first_at, state.last_at) == (mine[0][1], mine[-1][1])
        assert (state.result, state.result_json) == (mine[-1][3], mine[-1][4])
        assert state.until == max(row[2] or row[1] for row in mine)
        assert state.last_result_at == max(row[5] or row[1] for row in mine)
        marked = {
            hour
            for mark in session.scalars(select(DirtyHour).where(DirtyHour.datastream_id == id_))
            for hour in range(mark.first_hour, mark.last_hour + 1, HOUR)
        }
        assert marked >= {row[1] // HOUR * HOUR for row in mine}


@pytest.mark.parametrize("rows", SIZES)
def test_a_batch_that_is_refused_leaves_nothing_and_the_next_one_lands(session, rows):
    ids = sorted(streams(session, 2))
    writer = make_writer(db.engine())
    with contextlib.closing(writer):
        bad = batch(ids, T, rows)
        bad.datastream[-1] = 4_000_000  # not there
        assert (writer.write(bad) == MISSING).sum() == 1
        broken = batch(ids, T + HOUR, rows)
        broken.feature[-1] = 2**40  # more than PostgreSQL's column holds
        before = stands(session, ids)
        failed = False
        try:
            writer.write(broken)
        except Exception:
            failed = True
        assert not failed or stands(session, ids) == before
        assert (writer.write(batch(ids, T + 2 * HOUR, rows)) == NEW).all()
