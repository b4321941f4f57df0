"""Who looks through which camera, for how long, and that it is written down."""

import re

import httpx
import pytest

from dothi.app import create_app
from dothi.db import session as db
from dothi.identity.guard import SYSTEM, sees_entries
from dothi.journal import service as journal
from dothi.kit import clock
from tests.cameras import city
from tests.web.asking import TOKEN, Asking

ALL = {"CAM-01", "CAM-02", "CAM-03", "CAM-04", "CAM-05", "CAM-06"}
PUBLIC = {"CAM-01", "CAM-02", "CAM-05"}


@pytest.fixture
def town(database, tmp_path):
    city.build(tmp_path / "town")
    return create_app()


@pytest.fixture
def ask(town):
    """A person with a role, asking: ask(role, agency) -> Asking."""
    made = 0

    def asking(role, agency=None, **headers):
        nonlocal made
        made += 1
        found = Asking(town, **{"accept": "application/json", **headers})
        found.cookies.set("dothi_session", city.signed_in(f"{role}-{made}", role, agency))
        return found

    return asking


def codes(answer):
    assert answer.status_code == 200, answer.text
    return {one["code"] for one in answer.json()["cameras"]}


def entries(kind):
    with db.reading() as session:
        return journal.read(session, sees=sees_entries(SYSTEM), kinds=(kind,))


def opened(asking, code):
    """Open a camera as the page's script does."""
    page = asking.get(f"/operations/cameras/{code}", headers={"accept": "text/html"})
    assert page.status_code == 200
    token = TOKEN.search(page.text)[1]
    return token, asking.post(f"/operations/cameras/{code}/open", data={"_token": token})


def test_a_cameras_privacy_class_says_who_may_look(ask):
    assert codes(ask("leader").get("/operations/cameras")) == PUBLIC  # sees alarms, handles none
    assert codes(ask("duty-officer").get("/operations/cameras")) == ALL
    assert codes(ask("duty-officer", "so-xd").get("/operations/cameras")) == PUBLIC | {"CAM-03", "CAM-06"}
    assert codes(ask("duty-officer", "so-yt").get("/operations/cameras")) == PUBLIC | {"CAM-03", "CAM-04"}
    assert ask("data-steward").get("/operations/cameras").status_code == 403
    assert ask("reporter").get("/operations/cameras").status_code == 403


def test_a_stranger_is_asked_to_sign_in(town):
    assert Asking(town).get("/operations/cameras").status_code == 401
    page = Asking(town, accept="text/html").get("/operations/cameras/CAM-01")
    assert page.status_code == 303
    assert page.headers["location"].startswith("/admin/sign-in?next=")


def test_a_camera_one_may_not_look_through_answers_like_one_that_is_not(ask):
    leader = ask("leader", accept="text/html")
    for verb in ("", "/still", "/stream"):
        hidden = leader.get(f"/operations/cameras/CAM-06{verb}")
        nothing = leader.get(f"/operations/cameras/CAM-96{verb}")
        assert hidden.status_code == nothing.status_code == 404
        strip = re.compile(r"CAM-[09]6|[0-9a-f]{16,}")
        assert strip.sub("", hidden.text) == strip.sub("", nothing.text)
    token = TOKEN.search(leader.get("/operations/cameras/CAM-01").text)[1]
    for code in ("CAM-06", "CAM-96", "x'OR'1'='1"):
        assert leader.post(f"/operations/cameras/{code}/open", data={"_token": token}).status_code == 404
    assert entries("duty.camera.opened") == []


def test_the_address_of_a_stream_is_only_for_who_looks_now(ask):
    officer = ask("duty-officer", "so-xd")
    listed = officer.get("/operations/cameras")
    assert "example.vn" not in listed.text
    page = officer.get("/operations/cameras/CAM-05", headers={"accept": "text/html"})
    assert "bi-mat" not in page.text
    _, answer = opened(officer, "CAM-05")
    assert answer.json()["source"] == "https://camera.example.vn:8443/05/live.m3u8?khoa=bi-mat"
    assert "bi-mat" not in ask("leader", "so-yt").get("/ogc/collections/cameras/items/CAM-05").text


def test_the_policy_of_a_page_lets_in_that_cameras_host_and_no_other(ask):
    officer = ask("duty-officer", accept="text/html")
    policy = officer.get("/operations/cameras/CAM-05").headers["content-security-policy"]
    parts = {part.split()[0]: part.split()[1:] for part in policy.split(";")}
    for name in ("img-src", "media-src", "connect-src"):
        assert "https://camera.example.vn:8443" in parts[name]
        assert "http://10.0.0.6" not in parts[name]
    assert parts["script-src"] == ["'self'"]
    for path in ("/operations/cameras", "/operations/cameras/CAM-01"):
        assert "example.vn" not in officer.get(path).headers["content-security-policy"]


def test_looking_is_written_down_from_when_until_when(ask, monkeypatch):
    officer = ask("duty-officer", "so-xd")
    started = clock.now_micros()
    token, answer = opened(officer, "CAM-01")
    said = answer.json()
    assert (said["kind"], said["until"] - started) == (
        "mjpeg",
        pytest.approx(600 * clock.SECOND, abs=60 * clock.SECOND),
    )
    (entry,) = entries("duty.camera.opened")
    assert entry["subject"] == "camera:CAM-01"
    assert entry["actor"].startswith("person:")
    assert entry["data"]["until"] == said["until"]
    monkeypatch.setattr(clock, "source", lambda: clock.moment(started + 90 * clock.SECOND))
    body = {"_token": token, "viewing": said["viewing"], "beacon": "1"}
    assert officer.post("/operations/cameras/CAM-01/close", data=body).status_code == 204
    assert officer.post("/operations/cameras/CAM-01/close", data=body).status_code == 204
    (over,) = entries("duty.camera.closed")
    assert over["data"]["viewing"] == entry["data"]["viewing"]
    assert (over["data"]["from"], over["data"]["until"]) == (entry["data"]["from"], started + 90 * clock.SECOND)


def test_a_viewing_is_one_persons_of_one_camera_and_ends(ask, monkeypatch):
    officer, other = ask("duty-officer"), ask("duty-officer")
    token, answer = opened(officer, "CAM-02")
    source, viewing = answer.json()["source"], answer.json()["viewing"]
    picture = officer.get(source)
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert picture.content.startswith(b"\x89PNG")
    assert other.get(source).status_code == 410
    assert officer.get(source.replace("CAM-02", "CAM-03")).status_code == 410
    assert officer.get("/operations/cameras/CAM-02/still?viewing=gia-mao").status_code == 410
    officer.post("/operations/cameras/CAM-02/close", data={"_token": token, "viewing": viewing})
    assert officer.get(source).status_code == 410
    source = opened(officer, "CAM-02")[1].json()["source"]
    assert officer.get(source).status_code == 200
    late = clock.now_micros() + 601 * clock.SECOND
    monkeypatch.setattr(clock, "source", lambda: clock.moment(late))
    assert officer.get(source).status_code == 410


def test_opening_needs_the_pages_own_form(ask):
    officer = ask("duty-officer")
    assert officer.post("/operations/cameras/CAM-01/open", data={}).status_code == 403
    assert entries("duty.camera.opened") == []


def test_the_nearest_cameras_to_a_place_come_first(ask):
    found = ask("duty-officer").get("/operations/cameras?near=106.4121,10.5401").json()["cameras"]
    assert [one["code"] for one in found][:2] == ["CAM-04", "CAM-03"]
    assert found[0]["metres"] < 20
    assert "CAM-05" not in {one["code"] for one in found}  # eight kilometres away


def test_the_drawn_stream_moves_and_its_end_is_written_down(server, tmp_path):
    city.build(tmp_path / "town")
    cookies = {"dothi_session": city.signed_in("truc", "duty-officer")}
    with httpx.Client(base_url=server.url, cookies=cookies, timeout=30) as http:
        token = TOKEN.search(http.get("/operations/cameras/CAM-01", headers={"accept": "text/html"}).text)[1]
        said = http.post(
            "/operations/cameras/CAM-01/open", data={"_token": token}, headers={"accept": "application/json"}
        )
        body = b""
        with http.stream("GET", said.json()["source"]) as stream:
            assert stream.headers["content-type"] == "multipart/x-mixed-replace; boundary=frame"
            for part in stream.iter_raw():
                body += part
                if body.count(b"--frame") >= 3:
                    break
        frames = body.split(b"--frame\r\n")[1:3]
        assert all(b"Content-Type: image/png" in one for one in frames)
        assert frames[0] != frames[1]
        for _ in range(100):
            if entries("duty.camera.closed"):
                break
            http.get("/health")
        else:
            pytest.fail("the end of the viewing was not written down")
