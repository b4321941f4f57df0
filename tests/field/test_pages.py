"""The crews' pages and the dispatcher's board without script, and what a telephone sends."""

import json
import re
import uuid

import pytest

from dothi.app import create
from dothi.cases import jobs
from dothi.cases.tables import Case, CaseFile, CrewMember, Job
from dothi.identity import service as identity
from tests.field import scene
from tests.web.asking import TOKEN, Browser


@pytest.fixture
def city(session):
    made = scene.city(session)
    made.lamps = [scene.lamp(session, made, place) for place in range(3)]
    session.commit()
    return made


@pytest.fixture
def browse(session, city):
    """A browser somebody is signed in with."""
    application = create()

    def opened(caller):
        found = Browser(application)
        session.rollback()  # a snapshot of before cannot be written over
        token = identity.sign_in(session, caller.id)
        session.commit()
        found.http.cookies.set("dothi_session", token, domain="city.test")
        return found

    return opened


def parcel(browser, do, job, key=None, files=None, **fields):
    me = browser.http.get("/field/me", headers={"accept": "application/json"}).json()
    data = {"_token": me["token"], "key": key or str(uuid.uuid4()), "do": do, "job": str(job), **fields}
    how = {"files": files} if files else {"files": {"none": ("", b"")}}
    return browser.http.post("/field/parcels", data=data, headers={"accept": "application/json"}, **how)


def test_a_day_without_script_from_the_board_to_done(session, city, browse):
    desk, phone = browse(city.dispatcher), browse(city.worker)
    page = desk.get("/desk/board")
    assert page.status_code == 200
    assert all(one.number in page.text for one in city.lamps)
    assert "Gợi ý: Đội 1" in page.text
    for one in city.lamps:
        page = desk.post("/desk/board/plan", case=one.number, crew=city.crew.id, day=jobs.today(), version=one.version, office=city.lights.id, shown=jobs.today())  # fmt: skip
        assert page.status_code == 200, page.text
    assert "Việc nào cũng đã có đội" in page.text
    first, second, third = session.query(Job).order_by(Job.id)
    session.rollback()
    session.expire_all()
    stale = desk.post("/desk/board/plan", case=city.lamps[0].number, crew=city.crew.id, day=jobs.today(), version=1)
    assert stale.status_code == 412
    assert "Lê Điều vừa đổi việc này" in stale.text
    desk.post("/desk/board/order", job=third.id, by="up", office=city.lights.id)
    page = desk.post(
        "/desk/board/route", crew=city.crew.id, day=jobs.today(), office=city.lights.id, shown=jobs.today()
    )
    assert "đã xếp lại" in page.text
    desk.post("/desk/board/move", job=third.id, crew=city.other.id, day=jobs.today(), version=third.version)
    page = desk.post("/desk/board/withdraw", job=second.id, version=second.version)
    assert page.status_code == 200
    assert f'name="case" value="{city.lamps[1].number}"' in page.text

    page = phone.get("/field")
    assert "Chưa vào ca" in page.text
    assert "Không bắt buộc. Chỉ người điều phối của đơn vị thấy" in page.text
    page = phone.post("/field/shift", do="on", shares="1")
    assert "Đang chia sẻ vị trí" in page.text
    page = phone.get(f"/field/jobs/{first.id}")
    assert re.search(r'href="https://www.google.com/maps/dir/\?api=1&amp;destination=10\.54000,106\.41000"', page.text)
    assert 'href="geo:10.54000,106.41000' in page.text
    assert "maps.apple.com/?daddr=10.54000,106.41000" in page.text
    for verb in ("go", "begin"):
        page = phone.post(f"/field/jobs/{first.id}/{verb}")
    assert 'data-s="working"' in page.text
    page = phone.post(f"/field/jobs/{first.id}/finish", text="Đã thay bóng")
    assert page.status_code == 400
    assert "Chưa làm bước: Đặt rào chắn, ngắt điện nhánh" in page.text
    assert ">Đã thay bóng</textarea>" in page.text  # nothing written is lost
    for code in ("safe", "before", "repair", "test", "after"):
        page = phone.post(f"/field/jobs/{first.id}/tick", code=code, done="1")
    assert page.text.count('aria-pressed="true"') == 5
    token = TOKEN.search(page.text)[1]
    sent = phone.http.post(
        f"/field/jobs/{first.id}/finish",
        data={"_token": token, "text": "Đã thay bóng", "minutes": "30", "part": ["Bóng LED", ""], "count": ["2", ""], "part_unit": ["cái", ""], "signed_by": "Bà Tư"},
        files=[("photo", ("sau.jpg", scene.photo(), "image/jpeg")), ("signature", ("k.png", scene.photo(kind="PNG"), "image/png"))],
    )  # fmt: skip
    assert sent.status_code == 200, sent.text
    assert "Đã kết thúc: 1" in sent.text
    session.rollback()
    session.expire_all()
    assert (session.get(Job, first.id).parts, session.get(Case, first.case_id).state) == (
        [{"name": "Bóng LED", "count": 2, "unit": "cái"}], "resolved",
    )  # fmt: skip
    assert {one.kind for one in session.query(CaseFile)} == {"after", "signature"}
    for other in (city.other_worker, city.officer):
        assert browse(other).get(f"/field/jobs/{first.id}").status_code in (403, 404)
    assert browse(city.worker).get("/desk/board").status_code == 403
    assert "Bà Tư" not in browse(city.citizen).get(f"/reports/{city.lamps[0].number}").text


def test_a_telephone_sends_each_parcel_once(session, city, browse):
    from dothi.cases import planning

    made = [planning.plan(session, city.dispatcher, one.id, city.crew.id, jobs.today()) for one in city.lamps]
    session.commit()
    job = made[0].id
    phone, mate = browse(city.worker), browse(city.mate)
    key = str(uuid.uuid4())
    first = parcel(phone, "begin", job, key)
    assert first.json() | {"version": 0} == {
        "state": "done",
        "job": job,
        "job_state": "working",
        "version": 0,
        "again": False,
    }
    again = parcel(phone, "begin", job, key)
    assert again.json() == first.json() | {"again": True}
    assert parcel(mate, "begin", job, key).status_code == 409
    key = str(uuid.uuid4())
    for _ in range(2):
        photo = parcel(
            phone, "photo", job, key, [("photo", ("a.jpg", scene.photo(), "image/jpeg"))], code="before", public="1"
        )
        assert photo.json()["state"] == "done"
    session.rollback()
    session.expire_all()
    assert [(one.kind, one.public) for one in session.query(CaseFile)] == [("before", True)]
    assert list(session.get(Job, job).checks) == ["before"]
    bad = parcel(phone, "photo", job, files=[("photo", ("a.jpg", b"<script>", "image/jpeg"))])
    assert bad.json()["state"] == "refused"
    assert bad.json()["message"] == "Không nhận loại tệp này"
    refused = parcel(phone, "finish", job, text="Xong")
    assert refused.json()["faults"][0] == "Chưa làm bước: Đặt rào chắn, ngắt điện nhánh"
    assert parcel(mate, "fail", job, reason="unsafe", text="Nước ngập").json()["job_state"] == "failed"
    late = parcel(phone, "finish", job, text="Xong").json()
    assert late["state"] == "conflict"
    assert late["message"].startswith("Đã có người xử lý: Thợ Bốn đã báo chưa làm được lúc ")
    assert parcel(browse(city.other_worker), "go", made[1].id).json()["state"] == "conflict"
    assert parcel(phone, "dance", made[1].id).json()["state"] == "refused"
    forged = phone.http.post("/field/parcels", data={"key": key, "do": "go", "job": "1", "_token": "0"})
    assert forged.status_code == 403
    assert phone.another().http.get("/field/me", headers={"accept": "application/json"}).status_code == 401


def test_positions_and_what_a_telephone_installs(session, city, browse):
    phone = browse(city.worker)
    me = phone.http.get("/field/me").json()
    assert (me["person"], me["shares"], me["today"]) == (city.worker.id, False, jobs.today())
    at = {"_token": me["token"], "lon": "106.41", "lat": "10.54"}
    assert phone.http.post("/field/position", data=at, headers={"accept": "application/json"}).status_code == 409
    phone.get("/field")
    phone.post("/field/shift", do="on")
    phone.post("/field/shift", do="share")
    assert phone.http.post("/field/position", data=at).json() == {"kept": True}
    assert phone.http.get("/field/me").json()["shares"] is True
    board = browse(city.dispatcher).get("/desk/board").text
    points = json.loads(re.search(r'data-points="([^"]*)"', board)[1].replace("&#34;", '"'))
    assert [one["at"] for one in points["routes"] if one["age"]] == [[106.41, 10.54]]
    phone.get("/field")
    phone.post("/field/shift", do="off")
    assert session.get(CrewMember, (city.crew.id, city.worker.id)).shares is False
    session.rollback()
    session.expire_all()
    manifest = phone.http.get("/field/manifest.webmanifest")
    assert manifest.headers["content-type"] == "application/manifest+json"
    assert (manifest.json()["scope"], manifest.json()["start_url"]) == ("/field", "/field")
    for icon in manifest.json()["icons"]:
        assert phone.http.get(icon["src"]).status_code == 200
    worker = phone.http.get("/field/worker.js")
    assert worker.headers["service-worker-allowed"] == "/field"
    assert "javascript" in worker.headers["content-type"]
