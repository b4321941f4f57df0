"""The duty room in Chromium: a handover between two people, an order through four hands, the record on paper."""

import re
from collections.abc import Iterator
from itertools import groupby, product
from operator import itemgetter
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine

from dothi.alerts.model import Procedure
from dothi.db import session as db
from dothi.duty import procedures, shifts
from tests.browser import axe
from tests.browser.conftest import PHONE, at_length
from tests.duty import people, scene
from tests.filled import filled
from tests.servers import Running

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]
DESKTOP, TABLET = {"viewport": {"width": 1440, "height": 900}}, {"viewport": {"width": 834, "height": 1112}}
SOP = Procedure.model_validate({
    "code": "trieu-cuong", "title": {"vi": "Ứng phó triều cường, cấp 3", "en": "High tide, level 3"}, "steps": [
        {"code": "doi-chieu", "text": {"vi": "Đối chiếu trạm Mộc Hóa và camera", "en": "Compare"}, "minutes": 5},
        {"code": "bao-truong-ca", "text": {"vi": "Báo trưởng ca và Ban Chỉ huy", "en": "Tell the chief"}, "minutes": 30},
        {"code": "dong-cong", "text": {"vi": "Đóng cống Bảo Định", "en": "Close the gate"}},
    ],
})  # fmt: skip


@pytest.fixture
def room(database: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """The running server, its people and what they have done so far."""
    monkeypatch.setattr(procedures, "declared", lambda code: SOP if code == SOP.code else None)
    found = filled("scene", database, lambda: scene.built(procedure=SOP.code))
    with Running() as running:
        found.url = running.url
        yield found


@pytest.fixture
def at(room, visit):
    """Open a page as somebody: at(login, path) -> Visitor. Without a path, none yet."""

    def opened(login: str, path: str = "", **screen: object):
        return visit("about:blank", **{**DESKTOP, **screen}).enter(room.url, scene.token(login), path)

    return opened


def test_a_shift_goes_from_one_officer_to_the_next(at, room):
    leaving = at("nhung", "/operations/handover").page
    expect(leaving.get_by_role("heading", name="Cảnh báo còn mở")).to_be_visible()
    leaving.get_by_label("Điều ca sau cần biết").fill("Bơm 2 Bảo Định còn hỏng, thợ hẹn 23:00.\nCống có 2 người trực.")
    leaving.get_by_role("button", name="Ký bàn giao").click()
    sheet = leaving.locator("article.sheet")
    expect(sheet).to_contain_text("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
    expect(sheet).to_contain_text("thợ hẹn 23:00")
    expect(leaving.get_by_role("button", name="Ký nhận ca")).to_have_count(0)

    coming = at("viet", "/operations/handover").page
    expect(coming.locator("aside")).to_contain_text("Nguyễn Thị Hồng Nhung đã ký bàn giao")
    coming.get_by_role("link", name="Đọc biên bản và ký nhận").click()
    expect(coming.locator("article.sheet")).to_contain_text("Ngập 38 cm, đường Châu Thị Kim")
    coming.get_by_role("button", name="Ký nhận ca").click()
    expect(coming.locator(".signatures")).to_contain_text("Trần Quốc Việt")
    assert coming.locator(".signatures").inner_text().count("Đã ký điện tử") == 2

    coming.goto(f"{room.url}/operations/handover")
    expect(coming.locator(".duty-head")).to_contain_text("Ca của anh chị từ")
    leaving.goto(f"{room.url}/operations/handover")
    expect(leaving.locator(".duty-head")).to_contain_text("Anh chị chưa vào ca")
    expect(leaving.locator("aside")).to_contain_text("Nguyễn Thị Hồng Nhung → Trần Quốc Việt")
    with db.reading() as session:
        assert [one.person.name for one in shifts.current(session)] == ["Trần Quốc Việt"]


def test_an_order_goes_through_four_hands(at, room):
    with db.writing() as session:
        people.person(session, "pho", "leader")
    gives = at("lan", f"/operations/orders/new?subject=alarm:{room.alarms[1]}", java_script_enabled=False).page
    expect(gives.locator(".about")).to_contain_text("Ngập 38 cm")
    gives.get_by_label("Việc phải làm").fill("Cử tổ cứu hộ đến Châu Thị Kim")
    gives.get_by_label("Giao cho đơn vị").select_option(label="Công ty Công trình đô thị")
    gives.get_by_label("trong 2 giờ").check()
    gives.get_by_role("button", name="Ra chỉ đạo").click()
    number = re.search(r"CD-\d\d-\d{4}", gives.url)[0]
    where = f"/operations/orders/{number}"
    expect(gives.locator(".duty-head")).to_contain_text("Chờ nhận")

    receives = at("tam", "/operations/orders").page
    receives.get_by_role("link", name="Cử tổ cứu hộ đến Châu Thị Kim").click()
    expect(receives.get_by_role("button", name="Nghiệm thu")).to_have_count(0)
    receives.get_by_role("button", name="Nhận chỉ đạo").click()
    expect(receives.locator(".duty-head")).to_contain_text("Đang làm")
    receives.locator("summary", has_text="Báo cáo tiến độ").click()
    receives.get_by_label("Đã làm được gì").fill("Tổ 1 đã đến")
    receives.get_by_role("button", name="Báo cáo tiến độ").click()
    expect(receives.locator(".timeline")).to_contain_text("Tổ 1 đã đến")

    does = at("hai", where, **PHONE).page
    does.get_by_label("Kết quả").fill("Đưa 3 hộ ra khỏi chỗ ngập")
    does.get_by_role("button", name="Báo đã xong").click()
    expect(does.locator(".duty-head")).to_contain_text("Chờ nghiệm thu")

    accepts = at("pho", where).page
    accepts.get_by_label("Nhận xét").fill("Tốt")
    accepts.get_by_role("button", name="Nghiệm thu").click()
    expect(accepts.locator(".duty-head")).to_contain_text("Đã hoàn thành")
    who = accepts.locator(".timeline > li b").all_inner_texts()
    assert [one.partition(" ")[0] for one in who] == ["Phạm", "Võ", "Võ", "Đặng", "Người"]
    assert accepts.locator("form[action*=orders]").count() == 0, "it is closed"


def test_an_order_is_given_in_a_dialog_over_the_page_one_is_on(at):
    visitor = at("lan", "/operations/orders")
    page = visitor.page
    page.locator("a[data-order]").click()
    dialog = page.get_by_role("dialog", name="Ra chỉ đạo")
    expect(dialog.get_by_label("Việc phải làm")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator("a[data-order]")).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_label("Việc phải làm").fill("Kiểm tra 5 điểm ngập")
    dialog.get_by_label("Giao cho đơn vị").select_option(label="Sở Xây dựng")
    dialog.get_by_label("Ngày và giờ khác").fill("2020-01-01T10:00")
    assert dialog.get_by_label("Giờ khác", exact=True).is_checked(), "typing a time chooses it"
    dialog.get_by_role("button", name="Ra chỉ đạo").click()
    expect(dialog.locator(".err")).to_contain_text("đã qua")
    expect(dialog.get_by_label("Việc phải làm")).to_have_value("Kiểm tra 5 điểm ngập")
    dialog.get_by_label("trong 30 phút").check()
    dialog.get_by_role("button", name="Ra chỉ đạo").click()
    expect(page.locator(".orders")).to_contain_text("Kiểm tra 5 điểm ngập")
    assert [one for one in visitor.complaints if "400" not in one] == []


def test_steps_are_ticked_in_place_and_can_be_undone(at, room):
    with db.reading() as session:
        number = session.get(scene.Alarm, room.alarms[0]).number
    visitor = at("nhung", f"/operations/alarms/{number}?part=1")
    page = visitor.page
    steps = page.locator("duty-steps")
    expect(steps).to_contain_text("0/3 bước")
    expect(steps.locator("li[data-late]")).to_have_count(1)
    page.get_by_role("button", name="Đã làm: Đối chiếu").click()
    expect(steps).to_contain_text("1/3 bước")
    expect(steps.locator("li.done")).to_contain_text("Nguyễn Thị Hồng Nhung")
    page.goto(f"{room.url}/operations/alarms/{number}?part=1")
    page.get_by_role("button", name="Bỏ đánh dấu: Đối chiếu").click()
    page.goto(f"{room.url}/operations/alarms/{number}?part=1")
    expect(steps).to_contain_text("0/3 bước")


PAGES = [
    ("nhung", "/operations/handover"), ("viet", "/operations/handover/1"), ("lan", "/operations/orders"),
    ("tam", "/operations/orders/CD-{year}-0002"), ("lan", "/operations/orders/new?subject=alarm:1"),
    ("duc", "/operations/views?state=%3Fq%3Dx"), ("duc", "/operations/walls"),
]  # fmt: skip


@pytest.mark.parametrize(
    "looks",
    [at_length(((DESKTOP, "light"), (TABLET, "dark"))), ((PHONE, "light"), (PHONE, "dark"))],
    ids=["desk, tablet", "phone"],
)
def test_nothing_serious_for_axe_on_any_page(at, room, looks):
    for login, told in groupby(sorted(PAGES), key=itemgetter(0)):
        own = [path.format(year=room.late[3:5]) for _, path in told]
        visitor = at(login, **looks[0][0])
        page = visitor.page
        for path, (screen, scheme) in product(own, looks):
            page.set_viewport_size(screen["viewport"])
            page.emulate_media(color_scheme=scheme)
            page.goto(room.url + path)
            assert axe.faults(page) == [], (path, screen, scheme)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"
            assert visitor.complaints == [], (path, screen, scheme)
        page.context.close()


def test_the_record_prints_on_a4(at, tmp_path: Path):
    page = at("viet", "/operations/handover/1").page
    printed = page.pdf(path=tmp_path / "bien-ban.pdf", prefer_css_page_size=True)
    assert re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", printed)[0] == (b"594.95996", b"841.91998")
    page.emulate_media(media="print")
    for hidden in ("header.h", "footer.f", ".duty-tabs", ".sheet-bar"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.locator(".letterhead")).to_be_visible()
    expect(page.locator(".simline")).to_be_visible()


def test_a_walls_address_is_shown_once_and_opens_the_wall(at, room):
    visitor = at("duc", "/operations/walls")
    page = visitor.page
    page.get_by_label("Tên", exact=True).fill("Tường phòng trực")
    page.get_by_role("button", name="Tạo và lấy địa chỉ").click()
    address = page.get_by_label("Địa chỉ màn hình").input_value()
    assert re.fullmatch(re.escape(room.url) + r"/operations/wall#w_[\w-]{43}", address)
    page.goto(f"{room.url}/operations/walls")
    assert "w_" not in page.locator("main").inner_html()
    page.get_by_role("button", name="Thu hồi màn hình").click()
    expect(page.locator(".walls")).to_contain_text("đã thu hồi")
