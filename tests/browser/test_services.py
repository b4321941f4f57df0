"""A dossier in Chromium, from the form to the result, with script and without; axe on every page on the way."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from dothi import config
from dothi.cases import dossiers, files
from dothi.cases import service as cases
from dothi.db import session as db
from dothi.identity.guard import SYSTEM
from tests.browser import axe
from tests.browser.conftest import DESK, PHONE
from tests.servers import Running
from tests.services import town

pytestmark = pytest.mark.browser
once = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def place(database: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, object]]:
    monkeypatch.setenv("DOTHI_DEMO", "1")
    monkeypatch.setenv("DOTHI_ROLE", "web")
    config.settings.cache_clear()
    with db.writing() as session:
        city = town.city(session)
    with Running() as running:
        yield running.url, city


def looked_at(page) -> None:
    """No serious fault for people who do not see or do not point, nothing wider than the screen."""
    assert axe.faults(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def written(page) -> None:
    for name, value in town.PERMIT.items():
        if name == "truthful":
            page.check("#f-truthful")
        elif page.locator(f"input[name={name}][type=radio]").count():
            page.check(f"input[name={name}][value={value}]")
        else:
            page.fill(f"#f-{name}", str(value))


@once
def test_a_permit_from_the_form_to_the_result(place, visit, tmp_path):
    url, city = place
    (tmp_path / "so-do.pdf").write_bytes(town.PDF)
    (tmp_path / "ban-ve.png").write_bytes(town.picture())
    visitor = visit(f"{url}/services?q=xay+nha", **PHONE)
    page = visitor.page
    looked_at(page)
    page.get_by_role("link", name="Cấp giấy phép xây dựng nhà ở riêng lẻ").click()
    looked_at(page)
    page.get_by_role("link", name="Nộp trên mạng").click()
    page.get_by_role("button", name="Tiếp: giấy tờ").click()
    expect(page.get_by_role("alert")).to_contain_text("chỗ cần sửa")
    assert page.evaluate("document.activeElement.id") == "wrong"
    looked_at(page)
    # what applies only when is asked only then; what is hidden is not lost
    expect(page.get_by_label("Họ và tên người được ủy quyền")).to_be_hidden()
    page.get_by_role("radio", name="Người được ủy quyền").check()
    expect(page.get_by_label("Họ và tên người được ủy quyền")).to_be_visible()
    with page.expect_response(re.compile("autosave")) as saved:
        written(page)
    assert saved.value.status == 204
    page.goto(f"{url}/services/house-permit/apply")  # the draft came by itself
    expect(page.locator("#f-name")).to_have_value(town.NAME)
    written(page)
    page.get_by_role("button", name="Tiếp: giấy tờ").click()
    page.set_input_files("#p-land", tmp_path / "so-do.pdf")
    page.set_input_files("#p-drawings", tmp_path / "ban-ve.png")
    looked_at(page)
    page.get_by_role("button", name="Tiếp: xem lại").click()
    page.get_by_label("UBND phường Tân An").check()
    looked_at(page)
    page.get_by_role("button", name="Nộp hồ sơ").click()
    expect(page.get_by_text("Đã nhận hồ sơ")).to_be_visible()
    number = re.search(r"/dossiers/([^?]+)", page.url)[1]
    assert dossiers.NUMBER.fullmatch(number)
    looked_at(page)

    def step(caller, transition, **more):
        with db.writing() as session:
            cases.step(session, caller, number, transition, **more)
        page.goto(f"{url}/services/dossiers/{number}")

    step(city.officer, "accept")
    step(city.officer, "process")
    step(city.officer, "ask", text="Bổ sung bản vẽ móng.")
    expect(page.get_by_text("Bổ sung bản vẽ móng.").first).to_be_visible()
    looked_at(page)
    page.set_input_files("#s-drawings", tmp_path / "so-do.pdf")
    page.get_by_role("button", name="Nộp bổ sung").click()
    expect(page.get_by_text("Anh chị đã bổ sung giấy tờ")).to_be_visible()
    step(city.officer, "ask-fee")
    page.get_by_role("button", name="Thanh toán trực tuyến").click()
    expect(page.get_by_role("heading", name="Không có tiền nào được chuyển")).to_be_visible()
    looked_at(page)
    page.get_by_role("button", name="Thanh toán thành công").click()
    expect(page.get_by_text("Đã nộp phí")).to_be_visible()
    with db.writing() as session:
        dossiers.result(session, city.officer, number, files.prepare("giay-phep.pdf", town.PDF))
    step(SYSTEM, "grant")
    page.get_by_role("button", name="Nhận kết quả điện tử").click()
    expect(page.get_by_text("Chữ ký thử nghiệm")).to_be_visible()
    looked_at(page)
    with page.expect_download() as loaded:
        page.get_by_role("link", name=re.compile("giay-phep.pdf")).click()
    assert loaded.value.path().read_bytes() == town.PDF
    page.goto(f"{url}/services/dossiers/{number}/receipt")
    expect(page.get_by_role("img", name="Mã QR của địa chỉ hồ sơ")).to_be_visible()
    looked_at(page)
    for path in ("/services/quality", "/services/appointments?service=house-permit", "/services/apologies"):
        page.goto(url + path)
        looked_at(page)
    assert [one for one in visitor.complaints if "422" not in one] == []


@once
def test_without_script_and_by_keyboard(place, visit):
    url, city = place
    page = visit(f"{url}/services/land-use-information/apply", **DESK, java_script_enabled=False).page
    for name, value in town.LAND.items():
        for one in value if isinstance(value, list) else [value]:
            field = page.locator(f"[name={name}]")
            if field.first.get_attribute("type") in ("radio", "checkbox"):
                page.locator(f"[name={name}][value='{one}']").check()
            else:
                field.fill(one)
    page.get_by_role("button", name="Tiếp: giấy tờ").press("Enter")
    page.get_by_role("button", name="Tiếp: xem lại").press("Enter")
    expect(page.get_by_text("Quy hoạch sử dụng đất; Chỉ giới đường đỏ, lộ giới")).to_be_visible()
    page.get_by_role("button", name="Nộp hồ sơ").press("Enter")
    expect(page.get_by_text("Đã nhận hồ sơ")).to_be_visible()
    page.locator("summary", has_text="Rút hồ sơ").click()
    page.get_by_label("Lý do rút").fill("Nộp nhầm")
    page.get_by_role("button", name="Rút hồ sơ").click()
    expect(page.get_by_text("Công dân yêu cầu rút hồ sơ").first).to_be_visible()
    page.goto(f"{url}/services/appointments?office={city.ward.id}")
    page.locator(".sv-slot").first.click()
    page.get_by_label("Họ và tên người đến").fill("Lê Tám")
    page.get_by_label("Số điện thoại").fill("0912345678")
    page.get_by_role("button", name="Giữ chỗ").click()
    expect(page.get_by_text("Đã giữ chỗ")).to_be_visible()
