"""Numbers that callers carry tell nothing: cursors, tags, the live stream's events."""

import asyncio
import base64
import itertools
import json
import re

import pytest

from dothi.datasets import service
from dothi.db import session as db
from dothi.doors.live import events
from dothi.doors.live.events import Cursor, Wanted
from dothi.doors.live.feed import Feed
from dothi.identity.guard import ANONYMOUS, SYSTEM, Caller
from dothi.web.sealed import opened, sealed
from tests.access.worlds import NOW, standing

CURSOR = re.compile(r"cursor=([A-Za-z0-9_-]+)")


def test_a_cursor_holds_no_number_one_could_read(full):
    found = {}
    for size in (1, 2, 3, 8, 9, 10):
        body = full.get(f"/ogc/collections/den/items?limit={size}").text
        found[size] = CURSOR.search(body)[1]
    raw = [base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) for text in found.values()]
    assert len({len(one) for one in raw}) == 1  # however many digits
    for one, other in itertools.pairwise(raw):
        alike = sum(a == b for a, b in zip(one, other, strict=True))
        assert alike < len(one) / 2


@pytest.mark.parametrize("who", ["anonymous", "officer", "granted", "granted-den", "key-other", "key-all"])
def test_a_cursor_leads_everybody_on(full, who):
    ids, path = [], "/ogc/collections/den/items?limit=7"
    while path:
        body = full.get(path, who).json
        ids += [one["id"] for one in body["features"]]
        path = next((one["href"].partition("city.test")[2] for one in body["links"] if one["rel"] == "next"), None)
    assert ids == [f"D{number:02}" for number in range(24)]


def test_a_cursor_cannot_be_made_up(full):
    token = CURSOR.search(full.get("/ogc/collections/den/items?limit=1").text)[1]
    for text in ("WzFd", token[:-2] + "AA", token[::-1], sealed("live", "[1]")):
        assert full.get(f"/ogc/collections/den/items?cursor={text}").status == 400, text
        assert full.get(f"/catalogue/den?after={text}", accept="text/html").status == 400, text


def test_sealed_texts_open_for_their_own_purpose_only(full):
    for text in ("7", "[123456]", '["đèn",null,5]' * 9):
        assert opened("cursor", sealed("cursor", text)) == text
        assert opened("live", sealed("cursor", text)) is None
    assert {opened("cursor", text) for text in ("", "x", "ổ", "A" * 48)} == {None}


@pytest.mark.parametrize("caller", [ANONYMOUS, Caller("person", 90, "p", 1, within=frozenset({("data:read", 90)}))])
def test_the_live_stream_is_the_same_whatever_hidden_things_happen(cities, caller):
    """What it sends, and what its events are called; a cursor is as long whatever it holds, and cannot be read."""
    told = {name: heard(city, caller) for name, city in cities.items()}
    for full, bare in zip(told["full"][0], told["bare"][0], strict=True):
        at = next((i for i, (a, b) in enumerate(zip(full, bare, strict=False)) if a != b), 0)
        assert full == bare, f"{full[max(0, at - 300) : at + 80]}\n{bare[max(0, at - 300) : at + 80]}"
    assert told["full"] == told["bare"]
    assert [one["kind"] for one in told["full"][1]] == ["data.record.updated", "data.load.applied"]


def heard(city, caller):
    """The shape and the content of what a listener gets while something public and something hidden happens."""
    city.enter()
    with db.reading() as session:
        before = service.find(session, SYSTEM, "bang", "B0").properties["ten"]

    async def listen():
        feed = Feed()
        client, first = await feed.join(caller, Wanted(), None)
        await asyncio.to_thread(happen, city, before)
        await feed._tell_journal()
        sent = client.take()
        feed.leave(client)
        client, again = await feed.join(caller, Wanted(), Cursor(0, 0))
        feed.leave(client)
        return b"".join(first), sent, b"".join(again)

    with standing(NOW):
        first, sent, again = asyncio.run(listen())
    data = [json.loads(line[6:]) for line in sent.decode().splitlines() if line.startswith("data: ")]
    sealed_ids = re.compile(rb'(^id: |"id":")[A-Za-z0-9_-]{40,}', re.MULTILINE)
    shapes = [sealed_ids.sub(lambda found: found[1] + b"*" * len(found[0]), one) for one in (first, sent, again)]
    assert not re.search(rb'"(?:load|review)":', sent + again)
    return shapes, [{name: value for name, value in one.items() if name != "id"} for one in data]


def happen(city, before) -> None:
    """A change everybody sees, one that only the first world has, and a file loaded."""
    from dothi.datasets.loads import service as loads

    def put(code, key, text):
        feature = {"type": "Feature", "id": key, "geometry": None, "properties": {"ma": key, "ten": text}}
        with db.writing() as session:
            service.put(session, SYSTEM, code, key, feature)

    if city.world.secret:
        put("noi-bo", "K77", "Hồ sơ kín lúc này")
    put("bang", "B0", before + "*")
    if city.world.secret:
        put("noi-bo", "K78", "Hồ sơ kín nữa")
    path = city.data / "bang.csv"
    path.write_text("ma,ten\nB8,Bậc tám\nB0,Bậc không\n", encoding="utf-8")
    loads.apply(SYSTEM, loads.stage(SYSTEM, "bang", path, None, "upsert").id)


def test_an_entry_of_the_stream_has_no_number_of_a_row():
    one = {"id": 41, "at": "2026", "kind": "data.load.applied", "subject": "dataset:x", "data": {"load": 7, "added": 1}}
    made = json.loads(events.entry(one))
    assert made["data"] == {"added": 1}
    assert made["id"] not in ("41", 41)
    assert events.entry(one) == events.entry(one)
