"""What the time machine and the wall ask of the server."""

import httpx
import pytest
from sqlalchemy import select

from dothi import config
from dothi.alerts.tables import Alarm
from dothi.db import session as db
from dothi.duty import walls
from dothi.kit import clock
from tests.browser import seed
from tests.duty import people
from tests.servers import Running

MINUTE = 60 * clock.SECOND


@pytest.fixture
def room(database, monkeypatch):
    """A chief, a wall, and alarms of two hours; the address answers."""
    monkeypatch.setenv("DOTHI_ROLE", "web")
    config.settings.cache_clear()
    with db.writing() as session:
        people.agency(session)
        duc = people.person(session, "duc", "duty-chief")
        from dothi.identity import service as identity

        token = identity.sign_in(session, duc.id)
        wall, secret = walls.create(session, duc, "Phòng trực", [{"title": "Toàn cảnh", "state": {}, "seconds": 30}])
        for ago, severity in ((5, "critical"), (10, "major"), (100, "minor")):
            people.alarm(session, ago=ago * 60, severity=severity, unit="m", value_text="1,63")
        made = {"wall": wall.id, "secret": secret, "duc": duc}
    with Running() as running, httpx.Client(base_url=running.url) as client:
        yield client, {"cookie": f"dothi_session={token}"}, made


def test_the_bars_of_the_track_are_the_alarms_raised(room):
    client, who, _ = room
    now = clock.now_micros()
    since, until = clock.iso(now - 180 * MINUTE), clock.iso(now + MINUTE)
    asked = {"since": since, "until": until, "step": "3620"}
    found = client.get("/operations/replay/counts.json", params=asked, headers=who).json()
    assert [sum(row[i] for row in found["rows"]) for i in (1, 2, 3, 4)] == [1, 1, 1, 0]
    assert client.get("/operations/replay/counts.json", params={**asked, "step": "x"}, headers=who).status_code == 400
    wrong = client.get("/operations/replay/counts.json", params={"since": "x", "until": "y"}, headers=who)
    assert wrong.status_code == 400
    assert all(f"{name}" in wrong.text for name in ("since", "until"))


def test_the_present_is_a_number_in_the_past(room):
    client, who, _ = room
    then = clock.iso(clock.now_micros() - 60 * MINUTE)
    found = client.get("/operations/replay/now.json", params={"at": then, "known": then}, headers=who).json()
    assert (found["new"], found["critical"]) == (2, 1)


def test_a_walls_token_is_never_in_an_address_and_opens_the_wall_alone(room):
    client, _, made = room
    assert client.get("/operations/wall").status_code == 200
    assert made["secret"] not in client.get("/operations/wall").text
    assert client.get("/operations/wall/now.json").status_code == 401
    assert client.get(f"/operations/wall/now.json?token={made['secret']}").status_code == 401
    opened = client.post("/operations/wall/open", content=made["secret"])
    assert opened.status_code == 204
    assert "httponly" in opened.headers["set-cookie"].lower()
    assert "path=/operations/wall" in opened.headers["set-cookie"].lower()
    found = client.get("/operations/wall/now.json").json()
    assert (found["worst"]["n"], len(found["alarms"]), found["top"]["value"]) == (1, 3, "1,63\u00a0m")
    # nothing but the wall's own addresses
    kept = {"cookie": f"dothi_wall={made['secret']}"}
    assert client.get("/operations/queue", headers=kept).status_code in (303, 401)
    assert client.post("/operations/wall/open", content="w_wrong").status_code == 401


def test_from_afar_one_sees_how_it_is_now_not_how_it_was_when_it_became_so_bad(room):
    client, _, made = room
    now = clock.now_micros()
    with db.writing() as session:
        _, streams = seed.thing(session, "Trạm Tân An", 106.4, 10.5, ["water-level"], seed.properties(session))
        worst = session.scalar(select(Alarm).where(Alarm.severity == "critical"))
        worst.datastream_id = streams["water-level"]
    seed.put([(streams["water-level"], now - 4 * MINUTE, 1.63), (streams["water-level"], now - MINUTE, 1.77)])
    client.post("/operations/wall/open", content=made["secret"])
    top = client.get("/operations/wall/now.json").json()["top"]
    assert (top["value"], top["figure"]) == ("1,77\u00a0m", "1,77")
    with db.writing() as session:  # a count of silent minutes is not what the station measures
        session.scalar(select(Alarm).where(Alarm.severity == "critical")).unit = "phút"
    assert client.get("/operations/wall/now.json").json()["top"]["figure"] == "1,63"


def test_a_revoked_wall_sees_nothing(room):
    client, _, made = room
    client.post("/operations/wall/open", content=made["secret"])
    with db.writing() as session:
        walls.revoke(session, made["duc"], made["wall"])
    assert client.get("/operations/wall/now.json").status_code == 401
    assert client.get("/operations/wall/live?kind=alerts").status_code == 401


def test_a_wall_is_seen_to_live(room):
    client, _, made = room
    client.post("/operations/wall/open", content=made["secret"])
    client.get("/operations/wall/now.json")
    with db.reading() as session:
        assert walls.of_token(session, made["secret"]).seen_at is not None
