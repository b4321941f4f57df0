"""Whoever waits for an answer goes first; the rules have their share all the same."""

import time

import pytest

from dothi.kit import courtesy


@pytest.fixture(autouse=True)
def nobody(monkeypatch):
    monkeypatch.setattr(courtesy, "_served", {})
    monkeypatch.setattr(courtesy, "_until", 0.0)


class Machine:
    """Clocks of a process whose other threads work all the time that one sleeps, or only so much of it."""

    def __init__(self, others=1.0):
        self.others, self.now, self.mine, self.all = others, 50.0, 0.0, 0.0

    def work(self, seconds):
        self.now, self.mine, self.all = self.now + seconds, self.mine + seconds, self.all + seconds

    def sleep(self, seconds):
        self.now, self.all = self.now + seconds, self.all + seconds * self.others

    def put(self, monkeypatch):
        for name, give in (("monotonic", lambda: self.now), ("thread_time", lambda: self.mine)):
            monkeypatch.setattr(courtesy.time, name, give)
        monkeypatch.setattr(courtesy.time, "process_time", lambda: self.all)
        monkeypatch.setattr(courtesy.time, "sleep", self.sleep)
        return self


def shares(monkeypatch, others, piece):
    """The shares of the processor and of the time that a thread has which stands aside, over two seconds of its work."""
    machine = Machine(others).put(monkeypatch)
    with courtesy.aside():
        while machine.mine < 2:
            courtesy.expect(1.0)
            machine.work(piece)
            courtesy.pause()
    return machine.mine / machine.all, machine.mine / (machine.now - 50)


@pytest.mark.parametrize("piece", [0.00002, 0.003, 0.15])  # as the engine's steps are: mostly short, now and then long
def test_a_thread_that_stands_aside_has_its_share_while_somebody_waits(monkeypatch, piece):
    of_processor, _ = shares(monkeypatch, 1.0, piece)
    assert of_processor == pytest.approx(courtesy.SHARE, rel=0.1)


def test_where_others_wait_for_a_database_the_time_that_goes_by_counts(monkeypatch):
    _, of_time = shares(monkeypatch, 0.01, 0.0005)
    assert of_time == pytest.approx(courtesy.LEAST, rel=0.25)


def test_a_thread_that_stands_aside_works_on_where_nobody_waits(monkeypatch):
    machine = Machine().put(monkeypatch)
    with courtesy.aside():
        for _ in range(1000):
            machine.work(0.001)
            courtesy.pause()
    assert machine.now - 50 == pytest.approx(1.0)


def test_somebody_waits_from_the_request_until_a_little_after_its_answer(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(courtesy.time, "monotonic", lambda: now[0])
    assert not courtesy.waited_for()
    first, second = courtesy.came(), courtesy.came()
    courtesy.went(first)
    now[0] += 1
    assert courtesy.waited_for()
    now[0] += 30  # a stream, that is never answered
    assert not courtesy.waited_for()
    courtesy.went(second)
    assert courtesy.waited_for()  # the next question is on its way
    now[0] += 1
    assert not courtesy.waited_for()
    courtesy.expect(1.0)
    assert courtesy.waited_for()


def test_what_holds_a_lock_is_not_held_up_and_pays_afterwards(monkeypatch):
    naps = []
    monkeypatch.setattr(courtesy.time, "sleep", naps.append)
    courtesy.came()
    with courtesy.aside():
        with courtesy.at_once():
            end = time.thread_time() + 0.02
            while time.thread_time() < end:
                courtesy.pause()
            assert not naps
        monkeypatch.setattr(courtesy.time, "sleep", lambda one: (naps.append(one), courtesy._served.clear()))
        courtesy.pause()
    assert naps
    courtesy.pause()  # a thread that does not stand aside never sleeps
    assert len(naps) == 1
