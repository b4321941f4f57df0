"""Acknowledged means committed, each key once, nothing lost of what was known before."""

import threading
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi import config
from dothi.kit.clock import HOUR
from dothi.kit.errors import Busy
from dothi.sensing import ingest, rollup
from dothi.sensing.columns import Columns
from dothi.sensing.tables import DatastreamState, DirtyHour, Observation, ObservationHour, ObservationSuperseded
from tests.sensing.city import streams

T = 1_760_000_000_000_000


def stored(session: Session) -> dict[tuple[int, int], float | None]:
    session.expire_all()
    rows = session.execute(select(Observation.datastream_id, Observation.at, Observation.result)).all()
    session.rollback()
    return {(d, at): result for d, at, result in rows}


def test_a_value_is_stored_once_however_often_it_comes(session):
    d, *_ = streams(session)
    first = ingest.put(Columns([d], [T], [12.5])).result(10)
    again = ingest.put(Columns([d], [T], [12.5])).result(10)
    assert (first.accepted, first.repeated) == (1, 0)
    assert (again.accepted, again.repeated) == (0, 1)
    assert stored(session) == {(d, T): 12.5}


def test_a_corrected_value_supersedes_and_the_old_one_is_kept(session):
    d, *_ = streams(session)
    ingest.put_now(Columns([d], [T], [12.5]))
    receipt = ingest.put_now(Columns([d], [T], [13.0]))
    assert (receipt.accepted, receipt.superseded) == (1, 1)
    assert stored(session) == {(d, T): 13.0}
    old = session.scalars(select(ObservationSuperseded)).one()
    assert (old.result, old.at, old.deleted) == (12.5, T, False)
    assert old.superseded_at >= old.received_at
    assert session.get(DatastreamState, d).count == 1


def test_a_key_sent_several_times_in_one_body_is_written_in_order(session):
    d, *_ = streams(session)
    receipt = ingest.put_now(Columns([d] * 4, [T] * 4, [1.0, 2.0, 2.0, 3.0]))
    assert (receipt.accepted, receipt.superseded, receipt.repeated) == (3, 2, 1)
    assert stored(session) == {(d, T): 3.0}
    assert session.scalars(select(ObservationSuperseded.result)).all() == [1.0, 2.0]


def test_an_unknown_datastream_is_refused_by_its_place_and_the_rest_lands(session):
    d, *_ = streams(session)
    receipt = ingest.put_now(Columns([d, 4711, d], [T, T, T + 1], [1.0, 2.0, 3.0]))
    assert receipt.accepted == 2
    assert [(r.index, r.reason) for r in receipt.refused] == [(1, "there is no Datastream 4711")]


def test_a_deleted_datastream_is_refused_though_it_is_remembered(session):
    d, e, *_ = streams(session)
    ingest.put_now(Columns([d, e], [T, T], [1.0, 1.0]))
    session.delete(session.get(DatastreamState, d))
    session.commit()
    receipt = ingest.put_now(Columns([d, e], [T + 1, T + 1], [1.0, 1.0]))
    assert receipt.accepted == 1
    assert [r.index for r in receipt.refused] == [0]


def test_results_that_do_not_fit_their_type_are_refused(session):
    number, *_ = streams(session, 1)
    truth, *_ = streams(session, 1, observation_type="x/OM_TruthObservation")
    receipt = ingest.put_now(
        Columns(
            [number, truth, truth, number],
            [T] * 3 + [T + 1],
            [None, 1.0, None, None],
            result_json=['"abc"', None, "true", "null"],
        )
    )
    assert receipt.accepted == 2
    assert [r.index for r in receipt.refused] == [0, 1]
    assert "is not a number" in receipt.refused[0].reason
    assert "is not true or false" in receipt.refused[1].reason


def test_the_state_row_knows_count_span_and_newest(session):
    d, *_ = streams(session)
    ingest.put_now(Columns([d, d], [T, T + 20], [1.0, 2.0]))
    ingest.put_now(Columns([d, d], [T + 10, T - 10], [5.0, 6.0]))  # late data
    state = session.get(DatastreamState, d)
    assert (state.count, state.first_at, state.last_at, state.result) == (4, T - 10, T + 20, 2.0)
    session.rollback()
    ingest.put_now(Columns([d], [T + 20], [9.0]))  # the newest is corrected
    session.refresh(state)
    assert (state.count, state.result) == (4, 9.0)


def test_every_optional_column_is_kept(session):
    d, *_ = streams(session)
    row = Columns(
        [d],
        [T],
        [1.5],
        until=[T + 60],
        result_time=[T + 70],
        valid_from=[T],
        valid_until=[T + 90],
        quality=['"good"'],
        parameters=['{"a":1}'],
        feature=[1],
    )
    many = Columns([d] * 600, list(range(T + 1000, T + 1600)), [1.0] * 600, until=list(range(T + 1001, T + 1601)))
    ingest.put_now(row)
    ingest.put_now(many)
    o = session.scalars(select(Observation).where(Observation.at == T)).one()
    assert (o.until, o.result_time, o.valid_from, o.valid_until, o.quality, o.parameters, o.feature_id) == (
        T + 60,
        T + 70,
        T,
        T + 90,
        '"good"',
        '{"a":1}',
        1,
    )
    assert session.get(DatastreamState, d).until == T + 1600


def test_a_full_queue_refuses_and_takes_nothing(session, monkeypatch):
    d, *_ = streams(session)
    monkeypatch.setenv("DOTHI_QUEUE_ROWS", "10")
    config.settings.cache_clear()
    block = threading.Event()
    real = ingest._commit
    monkeypatch.setattr(ingest, "_commit", lambda parts: (block.wait(10), real(parts))[1])
    first = ingest.put(Columns([d] * 8, list(range(T, T + 8)), [1.0] * 8))
    with pytest.raises(Busy, match="again"):
        ingest.put(Columns([d] * 8, list(range(T + 8, T + 16)), [1.0] * 8))
    block.set()
    assert first.result(10).accepted == 8
    assert len(stored(session)) == 8


def test_old_and_far_instants_find_a_place(session):
    d, *_ = streams(session)
    years = [-5_000_000_000_000_000, -1, 0, T, 4_000_000_000_000_000]
    assert ingest.put_now(Columns([d] * 5, years, [1.0] * 5)).accepted == 5
    assert len(stored(session)) == 5
    rollup.settle_all()
    hours = session.scalars(select(ObservationHour.hour).order_by(ObservationHour.hour)).all()
    assert hours == [at // HOUR * HOUR for at in years]


rows = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 40), st.sampled_from([1.0, 2.0, 3.5]), st.integers(0, 4)), max_size=60
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows)
def test_any_order_and_any_batches_give_what_a_plain_dictionary_gives(session, sent):
    ids = streams(session, 3)
    ids.append(999_999)  # not there
    plain: dict[tuple[int, int], float] = {}
    fresh = 0
    batches: dict[int, list[tuple[int, int, float]]] = {}
    for which, minute, value, batch in sent:
        batches.setdefault(batch, []).append((ids[which], T + minute * 1_000_000 * 60, value))
    refused = accepted = repeated = 0
    for _, batch in sorted(batches.items()):
        receipt = ingest.put_now(Columns(*map(list, zip(*batch, strict=True))))
        accepted, repeated = accepted + receipt.accepted, repeated + receipt.repeated
        refused += len(receipt.refused)
        for d, at, value in batch:
            if d != 999_999:
                fresh += (d, at) not in plain
                plain[d, at] = value
    assert {k: v for k, v in stored(session).items() if k[0] in ids} == plain
    assert accepted + repeated + refused == len(sent)
    counts = Counter(d for d, _ in plain)
    for d in ids[:3]:
        state = session.get(DatastreamState, d)
        session.refresh(state)
        assert state.count == counts[d]
        mine = {at: v for (e, at), v in plain.items() if e == d}
        if mine:
            assert (state.first_at, state.last_at, state.result) == (min(mine), max(mine), mine[max(mine)])
    session.rollback()


def test_rollups_are_what_the_raw_values_give_also_after_a_correction(session):
    d, *_ = streams(session, 1)
    e, *_ = streams(session, 1, observation_type="x/OM_Observation")
    ats = [T // HOUR * HOUR + k * 7 * 60_000_000 for k in range(40)]
    ingest.put_now(Columns([d] * 40, ats, [float(k) for k in range(40)]))
    ingest.put_now(Columns([e], [T], [None], result_json=['"mưa"']))
    rollup.settle_all()
    ingest.put_now(Columns([d], [ats[3]], [100.0]))
    assert session.scalars(select(DirtyHour.datastream_id)).all() == [d]
    session.rollback()
    rollup.settle_all()
    values = {at: float(k) for k, at in enumerate(ats)} | {ats[3]: 100.0}
    hours = {at // HOUR * HOUR for at in ats}
    found = {h.hour: h for h in session.scalars(select(ObservationHour).where(ObservationHour.datastream_id == d))}
    assert set(found) == hours
    for hour, h in found.items():
        mine = [v for at, v in sorted(values.items()) if at // HOUR * HOUR == hour]
        assert (h.count, h.numbers, h.sum, h.min, h.max, h.first, h.last) == (
            len(mine),
            len(mine),
            sum(mine),
            min(mine),
            max(mine),
            mine[0],
            mine[-1],
        )
    text = session.scalars(select(ObservationHour).where(ObservationHour.datastream_id == e)).one()
    assert (text.count, text.numbers, text.sum) == (1, 0, None)


def test_retention_keeps_rollups_the_newest_and_an_exact_count(session):
    d, *_ = streams(session, 2, retention_days=30)
    ingest.put_now(Columns([d] * 3, [T, T + HOUR, T + 2 * HOUR], [1.0, 2.0, 3.0]))
    assert rollup.expire() == 2
    assert stored(session) == {(d, T + 2 * HOUR): 3.0}
    state = session.get(DatastreamState, d)
    assert (state.count, state.first_at, state.last_at) == (1, T + 2 * HOUR, T + 2 * HOUR)
    assert len(session.scalars(select(ObservationHour)).all()) == 3
