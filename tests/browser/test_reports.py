"""A citizen's report on a phone: without script; and with it, written without a network, sent once there is one."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from dothi.cases.tables import Case, CaseFile
from dothi.db import session as db
from dothi.identity.guard import SYSTEM
from dothi.notify.tables import Message
from dothi.places import base
from dothi.places import service as places
from tests.browser import axe, seed
from tests.browser.conftest import PHONE
from tests.cases import reporters
from tests.servers import Running

pytestmark = pytest.mark.browser
once = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SCRIPT = """performance.getEntriesByType("resource")
  .filter((one) => /\\.js$/.test(one.name) && !/maplibre|place-gl|style|start|view/.test(one.name))
  .reduce((sum, one) => sum + one.encodedBodySize, 0)"""
PHOTO = {"name": "duong.jpg", "mimeType": "image/jpeg", "buffer": reporters.phone_photo()}


@pytest.fixture
def town(database: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The running server's address; three wards, and SMS that go into files."""
    monkeypatch.setenv("DOTHI_SMS_URL", "file:")
    monkeypatch.setenv("DOTHI_ROLE", "web")  # nothing is sent behind the test's back
    with db.writing() as session:
        places.put_area(session, SYSTEM, "tan-an", name="Tân An", units=seed.WARDS, approximate=True)
        base.load_base(session, seed.CITY, "tan-an")
    with Running() as running:
        yield running.url


def code() -> str:
    with db.reading() as session:
        newest = session.query(Message).order_by(Message.id.desc()).first()
        return str(re.search(r"\d{6}", newest.subject)[0])


def reports() -> list[tuple[str, float | None, int]]:
    """Number, longitude and photos of every report."""
    with db.reading() as session:
        return [
            (one.number, one.lon, session.query(CaseFile).filter_by(case_id=one.id).count())
            for one in session.query(Case).order_by(Case.id)
        ]


@once
def test_without_script_by_ward_and_address_to_the_receipt(town, visit):
    page = visit(f"{town}/reports/new", java_script_enabled=False, **PHONE).page
    page.get_by_label("Chọn ảnh, tối đa 8").set_input_files(PHOTO)
    page.get_by_label("Phường, xã").select_option(label="Phường Long An")
    page.get_by_label("Địa chỉ").fill("Trước chợ Tân An")
    page.locator("summary", has_text="loại khác").click()
    page.get_by_role("radio", name="Ổ gà, đường hư").check()
    page.get_by_label("Mô tả").fill("Sâu, xe máy dễ ngã")
    page.get_by_label("Số điện thoại").fill("0912 34")
    page.get_by_role("button", name="Xem lại và gửi").click()
    expect(page.locator("main")).to_contain_text("Còn thiếu 4 số. Số di động có 10 số.")
    expect(page.locator("main")).to_contain_text("duong.jpg")  # not to be chosen again
    page.get_by_label("Số điện thoại").fill("0912 345 678")
    page.get_by_label("Có, xe phải tránh").check()  # the category is known now, so its questions are there
    page.get_by_role("button", name="Xem lại và gửi").click()
    expect(page.locator("h1")).to_have_text("Xem lại trước khi gửi")
    expect(page.get_by_role("link", name=re.compile("Gọi 115"))).to_have_attribute("href", "tel:115")
    expect(page.locator("main")).to_contain_text("Ảnh cho biết nơi chụp")
    expect(page.get_by_label("Có, xe phải tránh")).to_be_checked()
    page.get_by_role("button", name="Gửi phản ánh").click()
    expect(page.locator("h1")).to_have_text("Nhập mã xác nhận")
    page.get_by_label("Mã xác nhận").fill(code())
    page.get_by_role("button", name="Xác nhận", exact=True).click()
    expect(page.locator("h1")).to_have_text("Đã tiếp nhận")
    [(number, lon, photos)] = reports()
    assert (lon, photos) == (None, 1)
    page.get_by_role("link", name="Xem phản ánh", exact=True).click()
    expect(page.locator("main")).to_contain_text(number)
    expect(page.get_by_role("img", name=re.compile("^Trước, ảnh 1"))).to_be_visible()
    expect(page.locator("main")).to_contain_text("Vì sao hạn là ngày này?")


@once
def test_with_script_offline_then_online_is_one_report(town, visit):
    seen = visit(f"{town}/reports/new", **PHONE, permissions=["geolocation"],
                 geolocation={"longitude": 106.4137, "latitude": 10.5359, "accuracy": 8}, bypass_csp=True)  # fmt: skip
    page, context = seen.page, seen.page.context
    expect(page.get_by_role("button", name="Chụp ảnh")).to_be_visible()
    script = page.evaluate(SCRIPT)
    assert 2_000 < script < 60_000  # bytes as they travelled; the map apart, which comes when it is seen
    assert axe.in_both_themes(page) == []

    page.get_by_role("button", name="Vị trí của tôi").click()
    expect(page.locator("report-place")).to_contain_text("Phường Long An · sai số GPS 8 m")
    page.get_by_label("Tìm loại việc").fill("o ga")  # without accents
    page.get_by_label("Tìm loại việc").press("Enter")
    expect(page.get_by_role("radio", name="Ổ gà, đường hư")).to_be_checked()
    expect(page.get_by_role("link", name=re.compile("Gọi 115"))).to_be_visible()
    expect(page.locator("main")).to_contain_text("Hạn xử lý dự kiến")
    page.locator("#photo").set_input_files(PHOTO)
    expect(page.get_by_role("img", name="Ảnh 1")).to_be_visible()
    page.get_by_label("Có, xe phải tránh").check()
    page.get_by_label("Số điện thoại").fill("0912 34")
    page.get_by_role("button", name="Gửi phản ánh").click()
    expect(page.locator("#phone + .err")).to_contain_text("Còn thiếu 4 số")
    expect(page.get_by_label("Số điện thoại")).to_be_focused()
    page.locator("[data-saved]").evaluate("one => { one.textContent = '' }")  # what was said of an earlier state
    page.get_by_label("Số điện thoại").fill("0912 345 678")
    expect(page.locator("[data-saved]")).to_contain_text("đã lưu nháp")
    page.evaluate("navigator.serviceWorker.ready.then(() => new Promise((done) => setTimeout(done, 500)))")

    context.set_offline(True)
    page.reload()  # the worker has kept the sheet, the draft is there again
    expect(page.locator("[data-saved]")).to_contain_text("Đã mở lại bản nháp")
    expect(page.get_by_role("radio", name="Ổ gà, đường hư")).to_be_checked()
    expect(page.get_by_role("img", name="Ảnh 1")).to_be_visible()
    page.get_by_role("button", name="Gửi phản ánh").dblclick()
    expect(page.locator("[data-outbox]")).to_contain_text("Đã lưu trên máy")
    assert reports() == []
    context.set_offline(False)
    expect(page.locator("[data-outbox]")).to_contain_text(re.compile(r"Đã gửi PA-\d\d-\d{6}|^$"))
    for _ in range(50):
        if reports():
            break
        page.wait_for_timeout(100)
    page.wait_for_timeout(500)
    [(number, lon, photos)] = reports()
    assert (round(lon or 0, 4), photos) == (106.4137, 1)
    page.goto(f"{town}/reports/{number}/receipt")
    expect(page.locator("h1")).to_have_text("Nhập mã xác nhận")
    page.get_by_label("Mã xác nhận").fill(code())
    page.get_by_role("button", name="Xác nhận", exact=True).click()
    expect(page.locator("h1")).to_have_text("Đã tiếp nhận")
    page.goto(f"{town}/reports/{number}")
    page.get_by_role("button", name="Mở bản đồ").click()
    expect(page.locator("report-pin[data-ready]")).to_be_visible()
    assert axe.in_both_themes(page) == []
    page.goto(f"{town}/reports")
    page.get_by_role("button", name="Mở bản đồ").click()
    expect(page.locator("reports-map[data-ready]")).to_have_attribute("data-count", "1")
    assert axe.in_both_themes(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
