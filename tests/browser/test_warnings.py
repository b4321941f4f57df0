"""A warning as citizens and its two people see it: written, approved by another, over every page, updated, cancelled."""

import json
from collections.abc import Iterator
from itertools import product

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from dothi.db import session as db
from dothi.identity import service as identity
from dothi.identity.guard import ROLES, SYSTEM, Caller
from dothi.kit import clock
from dothi.kit.text import fold
from dothi.places import base
from dothi.places import service as places
from dothi.warnings import composing, parsing, service, signing
from tests.browser import axe, seed
from tests.browser.conftest import DESK, PHONE, at_length
from tests.filled import filled
from tests.servers import Running

pytestmark = pytest.mark.browser
once = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WALL = {"viewport": {"width": 1920, "height": 1080}}


@pytest.fixture
def town(database: Engine) -> Iterator[str]:
    """The running server's address; three wards and a river."""

    def build() -> None:
        with db.writing() as session:
            places.put_area(session, SYSTEM, "tan-an", name="Tân An", units=seed.WARDS, approximate=True)
            base.load_base(session, seed.CITY, "tan-an")

    filled("three wards", database, build)
    with Running() as running:
        yield running.url


@pytest.fixture
def person(town: str, visit):
    """Open a page as somebody with a role: person(path, role, name) -> Visitor. Where the path is empty, none yet."""

    def opened(path: str, role: str, name: str, **screen: object):
        with db.writing() as session:
            made = identity.create_person(session, SYSTEM, fold(name).replace(" ", "."), name)
            identity.grant(session, SYSTEM, made, role)
            token = identity.sign_in(session, made.id)
        return visit("about:blank", **screen).enter(town, token, path)

    return opened


def write(page: Page) -> None:
    """Fill the form by its template."""
    page.get_by_label("phường Long An").check()
    page.get_by_label("phường Tân An").check()
    page.get_by_label("Tên sông").fill("sông Vàm Cỏ Tây")
    page.get_by_label("Trạm đo").fill("trạm Tân An")
    page.get_by_label("Mực nước đo được").fill("1,72 m")
    page.locator("[name=slot-level]").select_option("bd3")
    page.get_by_role("button", name="Điền câu theo mẫu").click()


HEADLINE = "Nước sông Vàm Cỏ Tây tại trạm Tân An trên báo động III"


def band(page: Page):
    return page.get_by_role("complementary", name="Cảnh báo đang có hiệu lực")


def test_two_people_publish_update_and_cancel(person, visit, town):
    """Without script: every step is a form."""
    plain = {"java_script_enabled": False}
    citizen = visit(f"{town}/warnings", **plain).page
    expect(citizen.locator("main")).to_contain_text("Không có cảnh báo nào đang có hiệu lực")
    expect(band(citizen)).to_have_count(0)

    officer = person("/operations/warnings/new?template=river-flood", "duty-chief", "Lê Soạn", **plain).page
    write(officer)
    expect(officer.get_by_label("Tiêu đề").first).to_have_value(HEADLINE + ": phường Long An, phường Tân An")
    officer.get_by_role("button", name="Lưu và xem trước").click()
    expect(officer.locator(".preview")).to_have_count(2)
    officer.get_by_role("button", name="Xin người thứ hai duyệt").click()

    # who wrote it, a chief or not, is told in words why not
    chief = person(officer.url.removeprefix(town), "duty-chief", "Trần Duyệt", **plain).page
    officer.reload()
    expect(officer.locator("main")).to_contain_text("Bạn soạn bản này nên không tự duyệt được")
    expect(officer.locator("main")).to_contain_text("Nhờ một trong những người này: Trần Duyệt")
    expect(officer.get_by_role("button", name="Duyệt và phát")).to_have_count(0)
    citizen.goto(f"{town}/")
    expect(band(citizen)).to_have_count(0)

    expect(chief.locator(".approve")).to_contain_text("bạn là người thứ hai")
    chief.get_by_label("Tôi đã đọc").check()
    chief.get_by_role("button", name="Duyệt và phát").click()
    expect(chief.locator(".warn-head")).to_contain_text("Duyệt: Trần Duyệt")

    citizen.wait_for_timeout(1100)  # a page knows within a second
    for path in ("/", "/air", "/catalogue", "/warnings"):
        citizen.goto(town + path)
        expect(band(citizen)).to_contain_text(HEADLINE)
    band(citizen).get_by_role("link").click()
    expect(citizen.get_by_role("heading", level=1)).to_contain_text(HEADLINE)
    expect(citizen.locator(".todo").first).to_contain_text("Đưa người già, trẻ em")
    expect(citizen.locator(".warn-map .area")).to_have_count(2)
    first = citizen.url
    citizen.goto(f"{first}?lang=en")
    expect(citizen.get_by_role("heading", level=1)).to_contain_text("above alarm level III")
    xml = httpx.get(town + citizen.get_by_role("link", name="CAP 1.2").last.get_attribute("href"))
    assert xml.headers["content-type"].startswith("application/cap+xml")
    assert signing.verified(parsing.parse(xml.content), signing.certificate()) is not None
    citizen.goto(f"{town}/warnings?lang=vi")

    officer.goto(f"{town}/operations/warnings")
    officer.locator(".warn-list").get_by_role("link", name=HEADLINE).click()
    officer.get_by_role("button", name="Soạn bản cập nhật").click()
    officer.get_by_label("Mức độ", exact=True).select_option("Extreme")
    officer.get_by_label("phường Khánh Hậu").check()
    officer.get_by_role("button", name="Lưu và xem trước").click()
    officer.get_by_role("button", name="Xin người thứ hai duyệt").click()
    chief.goto(officer.url)
    chief.get_by_label("Tôi đã đọc").check()
    chief.get_by_role("button", name="Duyệt và phát").click()
    citizen.goto(first)
    expect(citizen.locator("main")).to_contain_text("đã được thay bằng bản mới")
    citizen.get_by_role("link", name="Xem bản mới nhất").click()
    expect(citizen.locator("main")).to_contain_text("Đặc biệt nguy hiểm")
    expect(citizen.locator(".warn-map .area")).to_have_count(3)

    officer.goto(f"{town}/operations/warnings")
    officer.locator(".warn-list").get_by_role("link", name=HEADLINE).first.click()
    officer.get_by_text("Hủy cảnh báo").click()
    officer.get_by_label("Vì sao hết, tiếng Việt").fill("Nước đã rút dưới báo động I.")
    officer.get_by_role("button", name="Xin hủy").click()
    chief.goto(officer.url)
    chief.get_by_label("Tôi đã đọc").check()
    chief.get_by_role("button", name="Duyệt và phát").click()
    citizen.wait_for_timeout(1100)
    citizen.goto(f"{town}/")
    expect(band(citizen)).to_have_count(0)
    citizen.goto(first)
    citizen.get_by_role("link", name="Xem bản mới nhất").click()
    expect(citizen.locator("main")).to_contain_text("Nước đã rút dưới báo động I.")


@once
def test_what_is_missing_stands_at_its_field(person):
    page = person("/operations/warnings/new?template=street-flood", "duty-officer", "Lê Soạn").page
    page.get_by_role("button", name="Lưu và xem trước").click()
    expect(page.locator(".warn-missing li")).to_contain_text(["Khu vực: còn thiếu"])
    expect(page.locator(".warn-missing")).to_contain_text("còn chỗ trống […] chưa điền")
    expect(page.get_by_role("button", name="Xin người thứ hai duyệt")).to_be_disabled()


@once
def test_an_area_is_drawn_with_the_mouse_and_with_keys(person):
    visitor = person("/operations/warnings/new?template=river-flood", "duty-officer", "Lê Soạn")
    page = visitor.page
    page.locator("warning-area").scroll_into_view_if_needed()
    page.wait_for_selector("warning-area[data-ready]")
    canvas = page.locator("warning-area canvas")
    page.get_by_role("button", name="Khoanh vùng").click()
    canvas.evaluate("one => one.scrollIntoView({block: 'center'})")
    box = canvas.bounding_box()
    for x, y in ((0.45, 0.45), (0.55, 0.45), (0.55, 0.55)):
        page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
    expect(page.locator("warning-area .hint")).to_contain_text("3 điểm")
    page.get_by_role("button", name="Xong vùng này").click()
    drawn = json.loads(page.locator("#f-shape").input_value())
    assert drawn["type"] == "Polygon"
    assert len(drawn["coordinates"][0]) == 4
    page.get_by_role("button", name="Xóa vùng khoanh").click()
    assert page.locator("#f-shape").input_value() == ""
    page.get_by_role("button", name="Khoanh vùng").click()
    for key in (" ", "ArrowRight", " ", "ArrowDown", " ", "Enter"):
        page.keyboard.press(key)  # where less motion is asked for, the map is there at once
    page.wait_for_timeout(400)  # it draws what it shows now
    assert json.loads(page.locator("#f-shape").input_value())["type"] == "Polygon"
    # a press on a ward chooses it
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    assert page.locator("input[name=unit]:checked").count() == 1
    write(page)
    page.get_by_label("Tên vùng khoanh, tiếng Việt").fill("Ven sông")
    page.get_by_role("button", name="Lưu và xem trước").click()
    expect(page.locator(".preview").first).to_contain_text("Ven sông")
    assert visitor.complaints == []


def published(**changes: object) -> str:
    """A warning in force, without the pages."""
    said = {
        "vi": composing.Said("Lũ trên sông", HEADLINE, "Nước lên nhanh.", "Không ra sông."),
        "en": composing.Said("River flood", "Vàm Cỏ Tây above alarm level III", "Rising.", "Keep away."),
    }
    with db.writing() as session:
        people = [identity.create_person(session, SYSTEM, f"n{i}{clock.now_micros()}", f"Người {i}") for i in range(2)]
        for one in people:
            identity.grant(session, SYSTEM, one, "duty-chief")
        first, second = (Caller("person", one.id, one.name, everywhere=ROLES["duty-chief"]) for one in people)
        composed = composing.Composed(**{
            "said": said, "categories": ("Met",), "responses": ("Avoid",), "urgency": "Immediate", "severity": "Severe",
            "certainty": "Observed", "expires_at": clock.now_micros() + 6 * clock.HOUR, "units": seed.WARDS[:2], **changes,
        })  # fmt: skip
        row = service.draft(session, first, composed)
        row = service.ask(session, first, row.id, row.version)
        return service.approve(session, second, row.id, row.version).identifier


@once
def test_an_exercise_is_no_band_and_cannot_be_mistaken(town, visit):
    identifier = published(status="Exercise")
    page = visit(f"{town}/warnings").page
    expect(band(page)).to_have_count(0)
    expect(page.locator("main")).to_contain_text("Không có cảnh báo nào đang có hiệu lực")
    expect(page.locator("main")).to_contain_text("Diễn tập và thử nghiệm")
    page.goto(f"{town}/warnings/{identifier}")
    expect(page.locator(".mode[data-m=drill]")).to_contain_text("DIỄN TẬP")


FITS = "document.documentElement.scrollWidth <= innerWidth"


@once
@pytest.mark.parametrize("screens", [at_length((DESK, WALL)), (PHONE,)], ids=["desk, wide", "phone"])
def test_pages_are_for_everybody(town, visit, person, screens):
    """axe finds nothing, nothing is wider than the screen; light and dark, three sizes."""
    identifier = published()
    published(severity="Extreme", simulated=True)
    number = 1
    public = visit("about:blank", **screens[0])
    staff = person("", "duty-chief", "Lê Soạn", **screens[0])
    for visitor, paths in (
        (public, ("/warnings", f"/warnings/{identifier}", "/")),
        (
            staff,
            ("/operations/warnings", "/operations/warnings/new?template=river-flood", f"/operations/warnings/{number}"),
        ),
    ):
        page = visitor.page
        for path, screen in product(paths, screens):
            page.set_viewport_size(screen["viewport"])
            page.emulate_media(color_scheme="light")
            page.goto(town + path)
            assert page.evaluate(FITS), (path, screen, "light")
            assert axe.in_both_themes(page) == [], (path, screen)
            assert page.evaluate(FITS), (path, screen, "dark")
