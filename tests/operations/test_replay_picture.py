"""The city of any moment by two clocks: what was, and what was known of it."""

import random

import pytest
from sqlalchemy import event, func, insert, select

from dothi.identity.guard import ANONYMOUS, SYSTEM
from dothi.kit import clock
from dothi.sensing import history, ingest, picture, picture_store, state
from dothi.sensing.columns import Columns
from dothi.sensing.tables import Datastream, DatastreamState, Observation, ObservationSuperseded, Thing
from tests.operations import plain_picture
from tests.sensing.city import streams

MINUTE, HOUR, DAY = 60 * clock.SECOND, clock.HOUR, clock.DAY
NOON = clock.parse("2026-11-21T12:00:00+07:00")
_O, _S = Observation.__table__, ObservationSuperseded.__table__


def put(session, stream, at, result, received, **more):
    """One observation, received when we say."""
    session.execute(insert(_O).values(datastream_id=stream, at=at, result=result, received_at=received, **more))


def months(session):
    """PostgreSQL keeps observations by month; these are there."""
    from dothi.db.writers import ensure_partitions

    ensure_partitions(session, [NOON - 90 * DAY + n * DAY for n in range(92)])


def seen(session, at, known=None, who=SYSTEM):
    return {one.thing_id: one for one in picture.picture(session, who, at, known)}


def test_what_was_known_then_and_what_is_known_today_are_two_pictures(session):
    (one,) = streams(session, 1)
    months(session)
    put(session, one, NOON - 10 * MINUTE, 20.0, NOON - 10 * MINUTE + clock.SECOND)
    put(session, one, NOON - 5 * MINUTE, 90.0, NOON + 2 * HOUR)  # its broker was away
    thing = session.scalar(select(Thing.id))
    then, today = seen(session, NOON, NOON)[thing], seen(session, NOON)[thing]
    assert (then.value, then.age_s) == (20.0, 600)
    assert (today.value, today.age_s) == (90.0, 300)
    assert picture.whole(session, SYSTEM, NOON, NOON).later == 1
    assert picture.whole(session, SYSTEM, NOON).later == 0
    assert picture.whole(session, SYSTEM, NOON + 3 * HOUR, NOON + 3 * HOUR).later == 0


def test_a_value_corrected_or_deleted_later_still_stands_in_what_was_known(session):
    one, two = streams(session, 2)
    months(session)
    for stream in (one, two):
        put(session, stream, NOON - MINUTE, 20.0, NOON - MINUTE)
        put(session, stream, NOON, 99.0, NOON)
    session.commit()
    known = NOON + MINUTE
    history.record(session, {"datastream_id": one, "at": NOON, "result": 30.0})
    history.remove(session, two, NOON)
    now = clock.now_micros()
    assert {k: v.result for k, v in picture.values(session, [one, two], NOON, known).items()} == {one: 99.0, two: 99.0}
    assert {k: v.result for k, v in picture.values(session, [one, two], NOON, now).items()} == {one: 30.0, two: 20.0}


def test_now_is_what_the_map_says(session):
    made = streams(session, 5)
    months(session)
    session.commit()
    now = clock.now_micros()
    luck = random.Random(3)
    rows = [(luck.choice(made[:4]), now - luck.randrange(10 * DAY), luck.random() * 50) for _ in range(300)]
    ingest.put_now(Columns(*(list(column) for column in zip(*rows, strict=True))))
    session.rollback()
    now = clock.now_micros()
    assert picture.picture(session, SYSTEM, now, now) == state.states(session, SYSTEM, at=now)
    assert picture.picture(session, SYSTEM, now, now, language="en") == state.states(
        session, SYSTEM, at=now, language="en"
    )


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(6))
def test_the_picture_is_the_plain_twins(session, seed):
    """Late values, corrections, deletions and streams without any, at two hundred pairs of clocks."""
    luck = random.Random(seed)
    made = streams(session, 6)
    months(session)
    rows: dict[tuple[int, int], dict[str, object]] = {}
    free: dict[tuple[int, int], int] = {}  # a version begins where the one before it ended
    gone = []
    for _ in range(250):
        key = (luck.choice(made[:5]), NOON - luck.randrange(60) * MINUTE)
        received = key[1] + luck.choice([0, 0, 1, 90, 7200]) * clock.SECOND + luck.randrange(3)
        received = max(received, free.get(key, 0))
        if key in rows:
            gone.append({**rows.pop(key), "superseded_at": received, "deleted": False})
        row = {"datastream_id": key[0], "at": key[1], "result": luck.random(), "received_at": received}
        free[key] = received + 1
        if luck.random() < 0.1:
            free[key] = received + luck.randrange(1, HOUR)
            gone.append({**row, "superseded_at": free[key], "deleted": True})
        else:
            rows[key] = row
    session.execute(insert(_O), list(rows.values()))
    session.execute(insert(_S), gone)
    there = plain_picture.versions(session, made)
    for _ in range(200):
        at = NOON - luck.randrange(-5, 65) * MINUTE + luck.randrange(2)
        known = at + luck.choice([-HOUR, 0, 0, MINUTE, HOUR, DAY])
        assert picture.values(session, made, at, known) == plain_picture.values(there, at, known)


def test_behind_a_long_stretch_of_late_values_stands_the_one_that_was_known(session, monkeypatch):
    monkeypatch.setattr(picture, "LOOK", 3)
    made = streams(session, 3)
    months(session)
    for stream, days in ((made[0], 9), (made[1], 2)):  # silent so long, and it all came at noon
        for n in range(days * 24):
            put(session, stream, NOON - n * HOUR, float(n), NOON + HOUR)
        put(session, stream, NOON - days * DAY, 7.0, NOON - days * DAY)
        put(session, stream, NOON - days * DAY - HOUR, 6.0, NOON - days * DAY - HOUR)
    for n in range(24 * 40):  # a load of history: nothing of it was known
        put(session, made[2], NOON - n * HOUR, 1.0, NOON + HOUR)
    found = picture.values(session, made, NOON, NOON)
    assert found == plain_picture.values(plain_picture.versions(session, made), NOON, NOON)
    assert {stream: value.result for stream, value in found.items()} == {made[0]: 7.0, made[1]: 7.0}


def test_nobody_sees_in_the_past_what_is_not_theirs(session):
    (one,) = streams(session, 1)
    months(session)
    put(session, one, NOON, 20.0, NOON)
    thing = session.scalar(select(Thing))
    thing.sharing, session.get(Datastream, one).sharing = "restricted", "restricted"
    session.flush()
    assert picture.picture(session, ANONYMOUS, NOON, NOON) == []
    assert len(picture.picture(session, SYSTEM, NOON, NOON)) == 1


def test_a_last_will_said_later_does_not_cut_off_the_past(session):
    (one,) = streams(session, 1)
    months(session)
    put(session, one, NOON, 20.0, NOON)
    thing = session.scalar(select(Thing))
    thing.connected, thing.connected_at = False, NOON + HOUR
    session.flush()
    assert seen(session, NOON, NOON)[thing.id].state != "offline"
    assert seen(session, NOON + 2 * HOUR)[thing.id].state == "offline"


def test_forty_datastreams_cost_the_statements_of_one(session):
    made = streams(session, 40)
    months(session)
    for n, stream in enumerate(made):
        put(session, stream, NOON - n * MINUTE, 1.0, NOON + n)
    told: list[str] = []
    heard = session.get_bind(), "before_cursor_execute", lambda *a: told.append(a[2])
    event.listen(*heard)
    picture.values(session, made, NOON, NOON)
    event.remove(*heard)
    assert len(told) <= 6


def test_the_store_reads_one_value_of_each_datastream(session):
    made = streams(session, 3)
    months(session)
    for n in range(50):
        put(session, made[0], NOON - n * MINUTE, float(n), NOON)
    found = picture_store.newest(session, made, NOON - 10 * MINUTE)
    assert {k: v.result for k, v in found.items()} == {made[0]: 10.0}
    assert session.scalar(select(func.count()).select_from(DatastreamState)) == 3
