"""When the database or a listener fails: nobody's acknowledgement is wrong, and the others are served."""

import asyncio

import pytest
from sqlalchemy import func, select

from dothi.identity.guard import SYSTEM
from dothi.kit.errors import BadInput, Busy, NotFound
from dothi.sensing import chores, ingest, service
from dothi.sensing.columns import Columns
from dothi.sensing.live import Hub
from dothi.sensing.tables import Observation
from tests.sensing.city import streams

T = 1_760_000_000_000_000


def count(session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Observation))


def test_a_commit_that_fails_once_is_tried_again_for_each_sender(session, monkeypatch):
    d, other, _ = streams(session)
    real, tries = ingest._commit, []

    def sometimes(parts):
        tries.append(len(parts))
        if len(tries) <= 2:
            raise OSError("the disk was away")
        return real(parts)

    monkeypatch.setattr(ingest, "_commit", sometimes)
    receipts = [ingest.put(Columns([one], [T], [1.0])) for one in (d, other)]
    assert [r.result(20).accepted for r in receipts] == [1, 1]
    assert count(session) == 2


def test_a_database_that_stays_away_is_said_and_nothing_is_acknowledged(session, monkeypatch):
    d, *_ = streams(session)

    def never(_):
        ingest._queue.stopping = True  # the server is being stopped: no more patience
        raise OSError("the disk is gone")

    monkeypatch.setattr(ingest, "_commit", never)
    future = ingest.put(Columns([d], [T], [1.0]))
    with pytest.raises(Busy, match="did not take"):
        future.result(20)
    assert count(session) == 0


def test_waiting_callers_on_a_loop_hear_of_the_failure_too(session, monkeypatch):
    d, *_ = streams(session)
    monkeypatch.setattr(ingest, "_one_by_one", lambda jobs: [Busy("not now")] * len(jobs))
    monkeypatch.setattr(ingest, "_commit", lambda parts: 1 / 0)
    with pytest.raises(Busy, match="not now"):
        asyncio.run(ingest.aput(Columns([d], [T], [1.0])))


def test_a_caller_who_left_does_not_keep_the_others_waiting(session):
    d, other, _ = streams(session)

    async def leave() -> None:
        task = asyncio.create_task(ingest.aput(Columns([d], [T], [1.0])))
        await asyncio.sleep(0)
        task.cancel()
        assert (await ingest.aput(Columns([other], [T], [2.0]))).accepted == 1

    asyncio.run(leave())
    assert ingest.put(Columns([d], [T + 1], [1.0])).result(20).accepted == 1


def test_a_listener_that_fails_does_not_keep_the_news_from_the_next():
    hub, heard = Hub(), []

    def broken(columns, stored) -> None:
        raise ValueError("a bug in a screen")

    async def listen() -> None:
        stop = hub.listen(broken)
        hub.listen(lambda columns, stored: heard.append(list(stored)))
        hub.publish(Columns([1], [T], [1.0]), [0])
        await asyncio.sleep(0.01)
        stop()
        stop()  # once more does no harm

    asyncio.run(listen())
    assert heard == [[0]]
    hub.publish(Columns([1], [T], [1.0]), [0])  # the loop of whoever listened is closed
    assert heard == [[0]]


def test_the_standing_work_settles_what_came_in(session):
    from dothi.sensing.tables import DirtyHour, ObservationHour

    d, *_ = streams(session)
    ingest.put_now(Columns([d] * 3, [T, T + 1, T + 2], [1.0, 2.0, 6.0]))
    chores.settle()
    chores.expire()
    session.rollback()
    assert session.scalar(select(func.count()).select_from(DirtyHour)) == 0
    assert session.scalars(select(ObservationHour.sum)).all() == [9.0]


def test_links_that_are_not_there_are_said(session):
    d, *_ = streams(session)
    with pytest.raises(NotFound, match="have no Lamps"):
        service.hop(session, "Datastream", d, "Lamps")
    with pytest.raises(NotFound, match="have no Lamps"):
        service.link(session, SYSTEM, "Datastream", d, "Lamps", 1)
    with pytest.raises(NotFound, match=r"has no Locations\(7\)"):
        service.hop(session, "Thing", 1, "Locations", 7)
    with pytest.raises(BadInput, match="cannot be without its Sensor"):
        service.unlink(session, SYSTEM, "Datastream", d, "Sensor")
    session.rollback()
    ingest.put_now(Columns([d], [T], [1.0]))
    assert service.hop(session, "Observation", f"{d}-{T}", "Datastream") == d
    assert service.hop(session, "Datastream", d, "Observations", f"{d}-{T}") == f"{d}-{T}"
    with pytest.raises(NotFound, match="does not belong"):
        service.hop(session, "Datastream", d + 1, "Observations", f"{d}-{T}")
