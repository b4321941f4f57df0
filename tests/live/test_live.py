"""What listeners hear, what they do not, and what happens when they stop listening."""

import socket
import time

import httpx
import pytest

from dothi.db import session as db
from dothi.doors.live import feed as feeds
from dothi.doors.live import routes, service
from dothi.doors.live.events import Cursor
from dothi.doors.live.feed import Client
from dothi.identity import guard
from dothi.identity.tables import Key
from dothi.journal import service as journal
from dothi.sensing import ingest
from dothi.sensing.columns import Columns
from dothi.sensing.tables import Thing
from tests.mqtt.door import agency, key, post, until

AT = 1_795_219_200_000_000


def put(*rows: tuple[int, int, float]) -> None:
    streams, ats, results = zip(*rows, strict=True)
    assert ingest.put(Columns(list(streams), list(ats), list(results))).result(10).accepted == len(rows)


def header(credentials: tuple[str, str]) -> dict[str, str]:
    return {"X-API-Key": "_".join(credentials)}


def note(kind: str, subject: str = "thing:1", visibility: str = "open", agency_id: int | None = None) -> None:
    with db.writing() as session:
        journal.append(session, kind, actor="key:1", subject=subject, visibility=visibility, agency_id=agency_id)


def test_a_listener_hears_observations_after_their_commit(session, live) -> None:
    thing, (first, second) = post(session)
    with live.listen() as listener:
        put((first, AT, 1.5), (second, AT, 2))
        assert sorted(listener.rows(2)) == [[first, thing, AT, 1.5], [second, thing, AT, 2.0]]
    assert listener.response.headers["content-type"].startswith("text/event-stream")


def test_a_frame_holds_the_newest_of_each_datastream(session, live) -> None:
    thing, (first, _) = post(session)
    with live.listen() as listener:
        put(*[(first, AT + i, float(i)) for i in range(1000)])
        assert listener.rows(1)[-1] == [first, thing, AT + 999, 999.0]


def test_other_results_than_numbers_come_as_they_are(session, live) -> None:
    _, (first, _) = post(session)
    from dothi.sensing import registry
    from dothi.sensing.tables import Datastream

    session.get(Datastream, first).observation_type = "x/OM_TruthObservation"
    session.commit()
    registry.invalidate()
    with live.listen() as listener:
        ingest.put(Columns([first], [AT], [None], ["true"])).result(10)
        assert listener.rows(1)[0][3] is True


def test_a_restricted_observation_never_reaches_those_who_may_not_see_it(session, live) -> None:
    water, air = agency(session, "water"), agency(session, "air")
    _, (secret, _) = post(session, water, "restricted")
    _, (shared, _) = post(session, water, "shared")
    _, (shown, _) = post(session, water, "open")
    owner = header(key(session, "sensing:read", agency_id=water))
    neighbour = header(key(session, "sensing:read", agency_id=air))
    with live.listen() as anybody, live.listen(owner) as mine, live.listen(neighbour) as theirs:
        for at in (AT, AT + 1):
            put((secret, at, 1), (shared, at, 2), (shown, at, 3))
            assert sorted(row[0] for row in mine.rows(3)) == [secret, shared, shown]
            assert sorted(row[0] for row in theirs.rows(2)) == [shared, shown]
            assert [row[0] for row in anybody.rows(1)] == [shown]


def test_a_wrong_key_is_refused(live) -> None:
    answer = httpx.get(live.url, headers={"X-API-Key": "dk_1_wrong-wrong-wrong-wrong"})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_filters(session, live) -> None:
    here, (first, second) = post(session)
    there, (third, _) = post(session)
    for id_, lon in ((here, 106.41), (there, 107.5)):
        place = session.get(Thing, id_)
        place.lon, place.lat = lon, 10.53
    session.commit()
    with (
        live.listen(bbox="106.3,10.4,106.5,10.6") as boxed,
        live.listen(thing=there) as of_thing,
        live.listen(datastream=f"{second},{third}") as of_streams,
        live.listen(kind="sensing") as entries_only,
        live.listen(kind="observation") as observations_only,
    ):
        note("sensing.thing.updated", f"thing:{here}")
        put((first, AT, 1), (second, AT, 2), (third, AT, 3))
        assert sorted(row[0] for row in boxed.rows(2)) == [first, second]
        assert [row[0] for row in of_thing.rows(1)] == [third]
        assert sorted(row[0] for row in of_streams.rows(2)) == [second, third]
        assert len(observations_only.rows(3)) == 3
        assert entries_only.next("journal").data["kind"] == "sensing.thing.updated"
        assert boxed.next("journal").data["subject"] == f"thing:{here}"
        assert entries_only.silent
        assert observations_only.silent


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("bbox=1,2,3", "bbox"),
        ("bbox=5,5,1,1", "bbox"),
        ("thing=x", "thing"),
        ("datastream=-1", "datastream"),
        ("color=1", "color"),
    ],
)
def test_a_wrong_filter_is_named(live, query, place) -> None:
    answer = httpx.get(f"{live.url}?{query}")
    assert answer.status_code == 400
    assert [fault["place"] for fault in answer.json()["errors"]] == [place]
    assert answer.json()["errors"][0]["allowed"]


def test_journal_entries_by_kind_and_by_who_may_see_them(session, live) -> None:
    water = agency(session, "water")
    reader = header(key(session, "journal:read"))
    with live.listen(kind="sensing.thing") as anybody, live.listen(reader, kind="sensing.thing,identity") as auditor:
        note("sensing.thing.updated", visibility="restricted", agency_id=water)
        note("sensing.thingummy.updated")
        note("identity.person.created", "person:1", visibility="restricted")
        note("sensing.thing.deleted")
        assert anybody.next("journal").data["kind"] == "sensing.thing.deleted"
        kinds = [auditor.next("journal").data["kind"] for _ in range(3)]
        assert kinds == ["sensing.thing.updated", "identity.person.created", "sensing.thing.deleted"]
        assert anybody.silent


def test_resuming_skips_no_entry_and_brings_every_datastream_up_to_date(session, live, monkeypatch) -> None:
    thing, (first, second) = post(session)
    with live.listen() as listener:
        note("sensing.thing.created")
        listener.next("journal")
        put((first, AT, 1))
        listener.rows(1)
        last = listener.last
    monkeypatch.setattr(feeds, "_PAGE", 3)
    for number in range(8):
        note(f"sensing.missed.n{number}")
    put((second, AT, 5))
    put((second, AT + 1, 6))
    again = live.listen({"Last-Event-ID": last})
    assert [again.next("journal").data["kind"] for _ in range(8)] == [f"sensing.missed.n{i}" for i in range(8)]
    rows = {row[0]: row for row in again.rows(2)}
    assert rows[second] == [second, thing, AT + 1, 6.0]
    assert again.next("hello")
    note("sensing.later")
    assert again.next("journal").data["kind"] == "sensing.later"
    assert again.silent
    again.close()


def test_nothing_is_lost_between_what_was_missed_and_what_comes(session, live) -> None:
    """Entries appended while listeners join arrive once each."""
    with live.listen() as begin:
        last = begin.last
        for number in range(30):
            note(f"sensing.n{number}")
            if number % 10 == 5:
                joined = live.listen({"Last-Event-ID": last})
                heard = [joined.next("journal").data["kind"] for _ in range(number + 1)]
                assert heard == [f"sensing.n{i}" for i in range(number + 1)]
                joined.close()
        assert [begin.next("journal").data["kind"] for _ in range(30)] == [f"sensing.n{i}" for i in range(30)]


def test_a_cursor_that_is_none_of_ours_is_passed_over(session, live) -> None:
    _, (first, _) = post(session)
    for foreign in ("abc", "1", "1-", "-1", "9" * 50 + "-1"):
        assert Cursor.parse(foreign) is None
        with live.listen({"Last-Event-ID": foreign}):
            pass
    with live.listen({"Last-Event-ID": "999999999-999999999"}) as listener:
        put((first, AT, 1))
        assert listener.rows(1)


def test_a_heartbeat_keeps_a_quiet_stream_open(live, monkeypatch) -> None:
    monkeypatch.setattr(routes, "HEARTBEAT_SECONDS", 0.1)
    with live.listen() as listener:
        assert listener.comments.get(timeout=10) == ": alive"


def test_a_listener_who_left_is_forgotten(live) -> None:
    with live.listen(), live.listen(kind="observation"):
        until(lambda: len(service.feed().clients) == 2)
    until(lambda: not service.feed().clients)
    assert not service.feed()._channels
    assert service.feed()._unlisten is None


def test_a_revoked_key_ends_its_stream(session, live, monkeypatch) -> None:
    from dothi.identity import access

    monkeypatch.setattr(routes, "ASK_AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(routes, "HEARTBEAT_SECONDS", 0.1)
    user, secret = key(session, "sensing:read")
    with live.listen(header((user, secret))) as listener:
        session.get(Key, int(user.removeprefix("dk_"))).revoked_at = 1
        session.commit()
        access.forget()
        assert listener.next("end").data == {"reason": "rights"}
        assert listener.closed.wait(5)


def test_a_stopping_server_sends_its_listeners_away(database) -> None:
    from tests.live.conftest import Live

    live = Live().start()
    with live.listen() as listener:
        live.stop()
        assert listener.next("end").data == {"reason": "restart"}
        assert listener.closed.wait(5)


def test_a_listener_who_stops_reading_is_bounded_and_sent_away(session, live, monkeypatch) -> None:
    monkeypatch.setattr(feeds, "STUCK_SECONDS", 1.0)
    monkeypatch.setattr(feeds, "TICK_SECONDS", 0.02)
    _, streams = post(session)
    address = live.url.removeprefix("http://").partition("/")[0].split(":")
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        sock.connect((address[0], int(address[1])))
        sock.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: service.feed().clients)
        client = next(iter(service.feed().clients))
        data = b"x" * 200_000
        end = time.monotonic() + 20
        while client.end is None and time.monotonic() < end:
            live.loop.call_soon_threadsafe(client.push, data, [(streams[0], 1, AT, 1.0)], Cursor(0, AT))
            time.sleep(0.05)
        assert client.end == "slow"
        assert client.merges >= 1
        assert len(client._frames) <= 3
        until(lambda: not service.feed().clients)


async def _client() -> Client:
    return Client(guard.ANONYMOUS, feeds.Wanted())


def test_a_slow_listener_gets_the_newest_of_each_datastream() -> None:
    import asyncio

    async def check() -> bytes:
        client = await _client()
        client.start(Cursor(3, 100))
        for i in range(10):
            client.push(b"frame", [(1, 1, i, float(i)), (i % 2 + 2, 1, i, float(i))], Cursor(3, 100 + i))
        client.push_entry(4, b'{"id":4}')
        return client.take()

    text = asyncio.run(check()).decode()
    # the entry first, with the moment up to which observations had been sent
    assert text.startswith(f'id: {Cursor(4, 100)}\nevent: journal\ndata: {{"id":4}}\n\n')
    newest = 'data: {"o":[[1,1,9,9.0],[2,1,8,8.0],[3,1,9,9.0]]}'
    assert f"id: {Cursor(4, 109)}\nevent: observations\n{newest}\n\n" in text


def test_too_many_listeners_are_told_to_come_back(live, monkeypatch) -> None:
    monkeypatch.setattr(feeds, "MOST_CLIENTS", 1)
    with live.listen():
        answer = httpx.get(live.url)
        assert answer.status_code == 429
        assert answer.headers["retry-after"]


def test_listeners_who_see_and_ask_the_same_share_one_frame(session, live) -> None:
    with live.listen(), live.listen(), live.listen(kind="observation"):
        until(lambda: len(service.feed().clients) == 3)
        assert sorted(len(channel.clients) for channel in service.feed()._channels.values()) == [1, 2]
