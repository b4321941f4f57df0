"""Reporting: with a key at once, by strangers once confirmed; the same sent again is the same; nothing private is shown."""

import threading
import uuid

import httpx
import pytest
import shapely
from sqlalchemy import func, select

from dothi import config
from dothi.app import create_app
from dothi.cases import contacts, throttling
from dothi.cases.tables import Case, CaseContact, CaseEntry, CaseFile
from dothi.datasets import views
from dothi.datasets.tables import Dataset, Record
from dothi.doors.open311 import posting
from dothi.places.tables import Unit
from tests.cases.reporters import jpeg_and_zip, phone_photo, png_bomb
from tests.catalogue.conftest import MADE, SCHEMA
from tests.open311.conftest import code_of, held, made_schema, of_xml
from tests.web.asking import Asking

PLACE = {"lat": "10.535", "long": "106.405"}


def report(**more):
    return {
        "service_code": "lamp-out",
        "description": "Đèn tắt ba đêm",
        **PLACE,
        "address_string": "12 Nguyễn Huệ",
        **more,
    }


def kept(town, number):
    town.session.rollback()
    return town.session.scalars(select(Case).where(Case.number == number)).one()


def count(town):
    town.session.rollback()
    return town.session.scalar(select(func.count()).select_from(Case))


@pytest.fixture
def key(town):
    return town.keys["app"]


def test_a_key_reports_at_once_with_all_that_the_specification_has(web, town, key):
    fields = report(
        api_key=key, first_name="Văn Bình", last_name="Phạm", phone="0987 654 321", email="binh@example.vn", device_id="d-1",
        account_id="u-7", media_url="https://photos.example/lamp.jpg", jurisdiction_id="tan-an",
        description="Gọi tôi 0987654321 khi sửa", **{"attribute[extent]": "street", "attribute[pole]": "T-12"},
    )  # fmt: skip
    answer = web.post("requests.json", data=fields)
    assert answer.status_code == 200
    (made,) = held(made_schema(), answer)
    assert set(made) == {"service_request_id", "service_notice", "account_id"}
    assert "Dự kiến xử lý xong trước" in made["service_notice"]
    case = kept(town, made["service_request_id"])
    assert (case.channel, case.category, case.state, case.fields) == (
        "open311", "lamp-out", "received", {"extent": "street", "pole": "T-12"},
    )  # fmt: skip
    contact = town.session.get(CaseContact, case.id)
    assert (contact.name, contact.phone, contact.email) == ("Phạm Văn Bình", "+84987654321", "binh@example.vn")
    (one,) = held("requests.json", web.get(f"requests/{case.number}.json?extensions=true"))
    assert one["description"] == "Gọi tôi … khi sửa"  # one's own number is taken out of what everybody reads
    assert one["media_url"] is None  # a link is never shown, nor followed
    assert "photos.example" not in web.get(f"requests/{case.number}/updates.json").text
    (note,) = town.session.scalars(select(CaseEntry).where(CaseEntry.case_id == case.id, CaseEntry.kind == "comment"))
    assert (note.public, note.text) == (False, "media_url: https://photos.example/lamp.jpg")


def test_a_stranger_gets_a_token_and_a_number_once_the_code_is_answered(web, town):
    answer = web.post("requests.xml?lang=en", data=report(phone="0912 000 111", description="Chập chờn"))
    assert answer.status_code == 200, answer.text
    (made,) = held(made_schema(), answer)
    assert set(made) == {"token", "service_notice", "account_id"}
    assert made["service_notice"].startswith("A code was sent to you")
    token = made["token"]
    (waits,) = held(made_schema(), web.get(f"tokens/{token}.xml"))
    assert "service_request_id" not in waits
    assert web.get(f"tokens/{token}.json").headers["cache-control"] == "no-store"
    town.session.rollback()
    number = town.session.scalars(select(Case.number).order_by(Case.id.desc())).first()
    assert web.get(f"requests/{number}.json").status_code == 404
    code = code_of(town.session, number)
    wrong = web.post(f"tokens/{token}.json", data={"code": f"{(int(code) + 1) % 10**6:06}"})
    assert wrong.status_code == 400
    assert "4 tries are left" in wrong.json()[0]["description"]
    right = web.post(f"tokens/{token}.json", data={"code": code})
    assert held(made_schema(), right)[0]["service_request_id"] == number
    assert held(made_schema(), web.get(f"tokens/{token}.json")) == [
        {"service_request_id": number, "token": token, "service_notice": right.json()[0]["service_notice"]}
    ]
    assert web.get(f"requests/{number}.json").json()[0]["description"] == "Chập chờn"


def test_a_stranger_without_a_contact_waits_for_somebody_of_the_city(web):
    (made,) = web.post("requests.json?lang=en", data=report(description="Không liên lạc")).json()
    assert "service_request_id" not in made
    assert made["service_notice"] == "The report counts once somebody of the city has looked at it."
    assert web.get("tokens/aaaa.json").status_code == 404
    assert web.get(f"tokens/{'a' * 43}.xml").status_code == 404


def test_the_same_sent_again_is_the_same_and_only_from_its_sender(web, town, key, monkeypatch):
    before = count(town)
    name = {"idempotency-key": str(uuid.uuid4())}
    first, again = (web.post("requests.json", data=report(api_key=key), headers=name).json() for _ in range(2))
    assert first == again
    (other,) = web.post("requests.json", data=report(api_key=key, description="Khác"), headers=name).json()
    assert other["service_request_id"] != first[0]["service_request_id"]
    phone = report(device_id="phone-1", description="Hai lần chạm")
    tokens = {web.post("requests.json", data=phone).json()[0]["token"] for _ in range(2)}
    assert len(tokens) == 1
    somebody = web.post("requests.json", data=report(device_id="phone-2", description="Hai lần chạm")).json()[0][
        "token"
    ]
    assert somebody not in tokens
    assert count(town) == before + 4
    web.post("requests.json", data=report(api_key=key))
    web.post("requests.json", data=report(api_key=key))  # nothing says that these are one
    assert count(town) == before + 6
    at = posting.clock.now_micros
    monkeypatch.setattr(posting.clock, "now_micros", lambda: at() + posting.AGAIN + posting.clock.SECOND)
    assert web.post("requests.json", data=phone).json()[0]["token"] not in tokens


def test_many_at_once_are_one(town, key):
    before = count(town)
    application = create_app()
    fields, name = report(api_key=key, description="Cùng lúc"), {"idempotency-key": "the-very-same-1"}
    said = []

    def send():
        said.append(Asking(application).post("/open311/v2/requests.json", data=fields, headers=name))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert {answer.status_code for answer in said} == {200}
    assert len({answer.json()[0]["service_request_id"] for answer in said}) == 1
    assert count(town) == before + 1


def test_a_picture_is_painted_anew_and_what_is_none_is_refused(web, town, key):
    fields = report(api_key=key, description="Có ảnh")
    answer = web.post("requests.json", data=fields, files={"media": ("anh.jpg", phone_photo(), "image/jpeg")})
    (made,) = held(made_schema(), answer)
    case = kept(town, made["service_request_id"])
    (file,) = town.session.scalars(select(CaseFile).where(CaseFile.case_id == case.id))
    assert (file.public, file.shown is None, file.kind) == (True, False, "before")
    (one,) = web.get(f"requests/{case.number}.json").json()
    assert one["media_url"] == f"http://city.test/cases/{case.number}/files/{file.id}/public"
    picture = web.asking.get(one["media_url"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    assert b"Exif" not in picture.content
    before = count(town)
    for bad in (b"MZ\x90\x00 an exe", png_bomb(), b"", b"<svg onload=alert(1)>"):
        refused = web.post("requests.xml", data=fields, files={"media": ("anh.jpg", bad, "image/jpeg")})
        assert refused.status_code in (400, 413), bad[:20]
        assert "media" in refused.text
    assert web.post("requests.json", data=fields, files={"media": ("a.jpg", jpeg_and_zip())}).status_code == 200
    large = web.post("requests.json", data=fields, files={"media": ("a.jpg", b"\xff\xd8" + b"0" * 11_000_000)})
    assert (large.status_code, large.json()[0]["code"]) == (413, 413)
    assert count(town) == before + 1


def test_who_may_report(web, town, monkeypatch):
    for bad in ("dk_1_aaaaaaaaaaaaaaaaaaaaaaaaaa", "secret", town.keys["reader"]):
        refused = web.post("requests.json", data=report(api_key=bad))
        assert (refused.status_code, refused.json()[0]["code"]) == (403, 403)
        assert "api_key" in refused.json()[0]["description"]
    headers = {"authorization": f"Bearer {town.keys['app']}"}
    assert "service_request_id" in web.post("requests.json", data=report(), headers=headers).json()[0]
    monkeypatch.setenv("DOTHI_OPEN311_ANONYMOUS", "0")
    config.settings.cache_clear()
    try:
        assert web.post("requests.json", data=report(description="Ẩn danh")).status_code == 403
        assert {one["type"] for one in web.get("services.json").json()} == {"realtime"}
    finally:
        monkeypatch.undo()
        config.settings.cache_clear()


def test_a_flood_is_told_to_wait(web, monkeypatch):
    monkeypatch.setenv("DOTHI_REPORTS_PER_HOUR", "2")
    config.settings.cache_clear()
    throttling.forget()
    try:
        said = [web.post("requests.json", data=report(description=f"Lũ {n}")).status_code for n in range(3)]
        assert said == [200, 200, 429]
        refused = web.post("requests.xml", data=report(description="Lũ"))
        assert int(refused.headers["retry-after"]) > 0
        assert of_xml(refused.content)[0]["code"] == 429
    finally:
        monkeypatch.undo()
        config.settings.cache_clear()
        throttling.forget()


def test_what_is_private_by_its_kind_is_taken_and_not_shown(web, key):
    fields = {"service_code": "service-attitude", "description": "Chờ lâu", "api_key": key}
    (made,) = web.post("requests.json", data=fields).json()
    assert web.get(f"requests/{made['service_request_id']}.json").status_code == 404


def test_links_are_never_followed(web, key, monkeypatch):
    def never(*_, **__):
        raise AssertionError("something was fetched")

    monkeypatch.setattr(httpx.Client, "send", never)
    monkeypatch.setattr("urllib.request.urlopen", never)
    for link in ("http://169.254.169.254/latest/meta-data", "https://photos.example/a.jpg"):
        assert web.post("requests.json", data=report(api_key=key, media_url=link)).status_code == 200
    for link in ("file:///etc/passwd", "javascript:alert(1)", "http://a:b@host/", "http://[", f"http://h/{'x' * 3000}"):
        refused = web.post("requests.json", data=report(api_key=key, media_url=link))
        assert refused.status_code == 400
        assert "media_url" in refused.json()[0]["description"]


def test_an_address_may_be_the_lamp_itself_or_a_ward(web, town, key):
    lamp = shapely.Point(106.411, 10.541)
    town.session.rollback()
    of = {"title_en": None, "sharing": "open", "status": "published", "schema": SCHEMA, "geometry_type": "Point", "keywords": [],
          "themes": [], "licence": "https://creativecommons.org/licenses/by/4.0/", "frequency": "MONTHLY", "simulated": False,
          "created_at": MADE, "described_at": MADE, "count": 1, "version": 1, "description": "Đèn"}  # fmt: skip
    for code, sharing in (("lamps", "open"), ("secret-lamps", "restricted")):
        made = Dataset(code=code, title="Đèn đường", folded=code, **of | {"sharing": sharing})
        town.session.add(made)
        town.session.flush()
        town.session.add(Record(
            dataset_id=made.id, key="L-7", properties={"ten": "Đèn"}, version=1, recorded_at=MADE, recorded_by="key:1",
            geometry=shapely.to_wkb(lamp), geojson=shapely.to_geojson(lamp), west=lamp.x, east=lamp.x, south=lamp.y,
            north=lamp.y, folded="l-7",
        ))  # fmt: skip
    town.session.add(Unit(
        code="27694", level="commune", kind="phường", name="Long An", full_name="Phường Long An", folded="phuong long an",
        valid_from=0,
    ))  # fmt: skip
    town.session.commit()
    views.forget()
    place = {"lat": "", "long": "", "address_string": "", "api_key": key}
    (made,) = web.post("requests.json", data=report(**place, address_id="lamps/L-7")).json()
    (one,) = web.get(f"requests/{made['service_request_id']}.json").json()
    assert (one["address_id"], one["address"], one["lat"], one["long"]) == (
        "lamps/L-7",
        "Đèn đường L-7",
        10.541,
        106.411,
    )
    (made,) = web.post("requests.json", data=report(**place, address_id="27694")).json()
    assert kept(town, made["service_request_id"]).unit == "27694"
    assert web.get(f"requests/{made['service_request_id']}.json").json()[0]["address"] == "Phường Long An"
    for unknown in ("secret-lamps/L-7", "lamps/L-8", "lamps/", "1", "/"):
        assert web.post("requests.json", data=report(**place, address_id=unknown)).status_code == 400, unknown


def test_contacts_stay_where_they_belong(town):
    assert contacts.masked_name("Phạm Văn Bình") == "Phạm V. B."
    town.session.rollback()
    texts = town.session.scalars(select(CaseEntry.text)).all()
    assert not any("0987654321" in text or "binh@example.vn" in text for text in texts)
