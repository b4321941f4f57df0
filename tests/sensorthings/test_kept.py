"""An answer is kept while the database stays as it is, and not one change longer."""

import asyncio
from collections import OrderedDict

import pytest

from dothi.doors.sensorthings import kept
from dothi.identity.guard import SYSTEM
from dothi.kit import clock
from dothi.sensing import service
from dothi.sensing.columns import Columns
from tests.sensorthings.conftest import START, put

MAP = "Things?$expand=Datastreams($expand=Observations($top=1;$orderby=phenomenonTime desc))"


@pytest.fixture(autouse=True)
def none_kept():
    yield
    kept._kept.clear()
    kept._fared.clear()
    kept._total = 0


def test_every_change_is_in_the_next_answer(ask, town, session, nobody):
    def newest(answer):
        streams = {stream["@iot.id"]: stream for thing in answer["value"] for stream in thing["Datastreams"]}
        return streams[town.dust]["Observations"][0]["result"]

    before = ask(MAP)
    assert ask(MAP) == before
    put(Columns([town.dust], [START + 40 * clock.HOUR], [77.0]))
    assert newest(ask(MAP)) == 77
    put(Columns([town.dust], [START + 40 * clock.HOUR], [78.0]))  # in its place
    assert newest(ask(MAP)) == 78
    service.update(session, SYSTEM, "Thing", town.air, {"name": "Trạm mới"})
    assert ask(MAP)["value"][0]["name"] == "Trạm Phú Khương"  # not committed yet
    session.commit()
    assert ask(MAP)["value"][0]["name"] == "Trạm mới"
    assert len(ask(MAP)["value"]) == 3
    ask.caller = nobody
    assert [thing["@iot.id"] for thing in ask(MAP)["value"]] == [town.air]
    service.update(session, SYSTEM, "Thing", town.air, {"properties": {"sharing": "restricted"}})
    session.commit()
    assert ask(MAP)["value"] == []


def test_what_now_asks_for_is_made_each_time(ask, town, monkeypatch):
    url = "Things?$filter=Datastreams/Observations/phenomenonTime lt now()&$expand=Datastreams"
    assert len(ask(url)["value"]) == 3
    monkeypatch.setattr(clock, "now_micros", lambda: START - clock.DAY)
    assert ask(url)["value"] == []


def test_an_answer_is_made_once_for_all_who_ask_meanwhile(monkeypatch):
    stamps, made = [1], []

    async def stamp():
        return stamps[-1]

    async def make():
        made.append(stamps[-1])
        body = b"%d" % len(made)
        await gate.wait()
        return body, "text/plain"

    def asking():
        return asyncio.ensure_future(kept.answer("map", make, light=False))

    async def turns():
        for _ in range(5):
            await asyncio.sleep(0)

    monkeypatch.setattr(kept.hot, "stamp", stamp)
    monkeypatch.setattr(kept, "_kept", OrderedDict())
    monkeypatch.setattr(kept, "_total", 0)

    async def go():
        first = [asking() for _ in range(3)]
        await turns()
        first[0].cancel()  # the one it is made for goes away
        stamps.append(2)  # and something is committed: whoever asks from now on gets a new one
        later = [asking() for _ in range(2)]
        await turns()
        gate.set()
        assert [(await one)[0] for one in first[1:] + later] == [b"1", b"1", b"2", b"2"]
        assert await kept.answer("map", make, light=False) == (b"2", "text/plain")

    gate = asyncio.Event()
    asyncio.run(go())
    assert made == [1, 2]
    assert list(kept._kept.values()) == [(2, (b"2", "text/plain"))]


def test_the_least_asked_for_goes_first(monkeypatch):
    async def stamp():
        return 1

    monkeypatch.setattr(kept.hot, "stamp", stamp)
    monkeypatch.setattr(kept, "_MOST", 25)
    monkeypatch.setattr(kept, "_LARGEST", 20)

    async def ask(key, size):
        async def make():
            return b"x" * size, "text/plain"

        await kept.answer(key, make, light=False)

    async def go():
        for key, size in (("a", 10), ("b", 10), ("a", 10), ("c", 10), ("d", 21)):
            await ask(key, size)

    asyncio.run(go())
    assert list(kept._kept) == ["a", "c"]
    assert kept._total == 20


def test_a_light_answer_that_keeps_changing_is_made_without_asking_whether_it_holds(monkeypatch):
    stamps, asked, made = [0], [], []

    async def stamp():
        asked.append(stamps[0])
        return stamps[0]

    async def make():
        made.append(stamps[0])
        return b"%d" % stamps[0], "text/plain"

    async def ask(times, *, writing):
        for _ in range(times):
            stamps[0] += writing
            assert await kept.answer("page", make, light=True) == (b"%d" % stamps[0], "text/plain")

    monkeypatch.setattr(kept.hot, "stamp", stamp)

    async def go():
        await ask(1, writing=0)
        assert not asked  # most pages are asked for once
        await ask(10, writing=0)
        assert len(made) == 2  # the second time it was kept
        asked.clear()
        await ask(1000, writing=1)
        assert len(asked) < 60
        await ask(100, writing=0)
        made.clear()
        await ask(100, writing=0)
        assert not made

    asyncio.run(go())


def test_a_page_asked_for_again_has_every_change(ask, town, session):
    url = "Things?$top=2"
    for name in ("Một", "Hai", "Ba", "Bốn"):
        for _ in range(3):
            before = ask(url)["value"][0]["name"]
        service.update(session, SYSTEM, "Thing", town.air, {"name": name})
        assert ask(url)["value"][0]["name"] == before  # not committed yet
        session.commit()
        assert ask(url)["value"][0]["name"] == name
