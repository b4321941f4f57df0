"""A job runs where its lease is, one place at a time, and goes on elsewhere after a crash."""

from datetime import UTC, datetime, timedelta

import pytest

from dothi.db import session as db
from dothi.jobs import runner, store
from dothi.kit import clock

START = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture
def at(monkeypatch):
    def set_(minutes: float) -> None:
        monkeypatch.setattr(clock, "source", lambda: START + timedelta(minutes=minutes))

    set_(0)
    return set_


@pytest.fixture
def job(monkeypatch):
    ran: list[str] = []
    monkeypatch.setattr(runner, "_jobs", {})
    runner.every("test.job", minutes=1)(lambda: ran.append(runner.HOLDER))
    return ran


def as_(monkeypatch, holder: str) -> bool:
    monkeypatch.setattr(runner, "HOLDER", holder)
    return runner.run("test.job")


def test_only_the_holder_runs_and_another_takes_over_when_it_falls_silent(database, at, job, monkeypatch):
    assert as_(monkeypatch, "one")
    assert not as_(monkeypatch, "two")
    at(1)
    assert as_(monkeypatch, "one")  # renewed
    at(2.5)
    assert not as_(monkeypatch, "two")
    at(4)  # one has crashed: its lease has run out
    assert as_(monkeypatch, "two")
    assert not as_(monkeypatch, "one")
    assert job == ["one", "one", "two"]


def test_a_lease_given_back_is_free_at_once(database, at, job, monkeypatch):
    assert as_(monkeypatch, "one")
    with db.writing() as session:
        store.release(session, "test.job", "two")  # not its to give
    assert not as_(monkeypatch, "two")
    with db.writing() as session:
        store.release(session, "test.job", "one")
    assert as_(monkeypatch, "two")


def test_a_failing_job_is_noted_and_late_ones_are_named(database, at, monkeypatch):
    monkeypatch.setattr(runner, "_jobs", {})
    runner.every("bad", minutes=1)(lambda: 1 / 0)
    runner.every("good", minutes=1)(lambda: None)
    assert runner.run("bad")
    assert runner.run("good")
    assert runner.late(clock.now_micros()) == ["bad"]
    at(30)
    assert runner.late(clock.now_micros()) == ["bad", "good"]


def test_a_quick_job_is_noted_now_and_then_and_its_failure_at_once(database, at, monkeypatch):
    ran: list[float] = []

    def work() -> None:
        ran.append(clock.now_micros())
        if len(ran) == 6:
            raise ValueError("no")

    monkeypatch.setattr(runner, "_jobs", {})
    runner.every("quick", seconds=3)(work)
    noted: list[int] = []
    for turn in range(17):
        at(turn * 0.05)
        assert runner.run("quick")
        with db.reading() as session:
            (last,) = store.runs(session)
        assert (last.error is not None) == (turn == 5)
        noted.append(last.started_at)
    assert len(ran) == 17
    assert len(set(noted)) == 3
    assert max(b - a for a, b in zip(noted, ran, strict=True)) < 30 * clock.SECOND
