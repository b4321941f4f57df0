"""A dispatcher at a desk and a crew's telephone: sent out by keys and by drag, done without a network, synced once."""

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from dothi.cases import jobs
from dothi.cases.tables import Case, CaseFile, Job, Sent
from dothi.db import session as db
from dothi.identity import service as identity
from tests.browser import axe, seed
from tests.browser.conftest import DESK, PHONE
from tests.field import scene
from tests.servers import Running

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


@pytest.fixture
def town(database):
    """The running city with two crews and three dark lamps, and who is signed in."""
    seed.city(lamps=2)
    with Session(database, expire_on_commit=False) as session:
        found = scene.city(session)
        found.cases = [scene.lamp(session, found, place, simulated=True).number for place in (0, 2, 1)]
    with db.writing() as session:
        found.tokens = {
            name: identity.sign_in(session, getattr(found, name).id) for name in ("dispatcher", "worker", "mate")
        }
    with Running() as running:
        found.url = running.url
        yield found


@pytest.fixture
def at(town, visit):
    def opened(who, path, **screen):
        return visit("about:blank", **screen).enter(town.url, town.tokens[who], path)

    return opened


def test_from_the_board_to_a_telephone_without_a_network_and_back(at, town):
    board = at("dispatcher", "/desk/board", **DESK)
    desk = board.page
    expect(desk.locator("html")).to_have_attribute("data-script", "")
    expect(desk.locator(".waiting .card")).to_have_count(3)
    crew = desk.locator(f"section.crew[data-column='{town.crew.id}']")
    # by keys: lift the first card, the number of the crew, drop
    number = desk.locator("section.crew").evaluate_all(
        f"all => all.findIndex(one => one.dataset.column == '{town.crew.id}') + 1"
    )
    desk.locator(".waiting .card").first.focus()
    desk.keyboard.press("Enter")
    expect(desk.locator(".says")).to_contain_text("Đã nhấc")
    desk.keyboard.press(str(number))
    desk.keyboard.press("Enter")
    expect(crew.locator(".card.job")).to_have_count(1)
    expect(desk.locator(".says")).to_contain_text("Đã giao")
    # by drag, and by the plain form
    desk.locator(".waiting .card").first.drag_to(crew.locator(".cards"))
    expect(crew.locator(".card.job")).to_have_count(2)
    desk.locator(".waiting .card").get_by_role("button", name="Giao").click()
    expect(crew.locator(".card.job")).to_have_count(3)
    expect(desk.locator(".waiting")).to_contain_text("Việc nào cũng đã có đội")
    crew.get_by_role("button", name="Xếp đường đi").click()
    expect(desk.locator(".says")).to_contain_text("Đội 1")
    assert axe.in_both_themes(desk) == []

    worker = at("worker", "/field", **PHONE)
    phone = worker.page
    expect(phone.locator("li.stop")).to_have_count(3)
    expect(phone.locator("html")).to_have_attribute("data-kept", "")
    assert axe.in_both_themes(phone) == []
    small = phone.locator("main :is(a.btn, button, summary)").evaluate_all(
        "all => all.filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 44).map(one => one.outerHTML.slice(0, 90))"
    )
    assert small == []
    first = phone.locator("li.stop").first
    job = int(first.get_attribute("data-job"))

    phone.context.set_offline(True)
    first.locator("a.ti").click()  # the page was kept
    expect(phone.locator("field-line")).to_contain_text("Mất mạng")
    phone.get_by_role("button", name="Lên đường").click()
    phone.get_by_role("button", name="Đã đến, bắt đầu làm").click()
    expect(phone.locator(".about [data-state]")).to_contain_text("Đang làm")
    for code in ("safe", "repair", "test"):
        phone.locator(f"[data-code={code}] .tick").click()
    for code in ("before", "after"):
        phone.locator(f"[data-code={code}] input[type=file]").set_input_files(
            {"name": f"{code}.jpg", "mimeType": "image/jpeg", "buffer": scene.photo()}
        )
    expect(phone.locator("[data-count]")).to_have_text("5/5")
    phone.get_by_label("Đã làm gì").fill("Đã thay bóng, đèn sáng lại")
    phone.get_by_text("Chữ ký người nhận bàn giao").click()
    phone.get_by_label("Họ tên người ký").fill("Bà Tư")
    pad = phone.locator("sign-pad canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    phone.mouse.move(box["x"] + 20, box["y"] + 60)
    phone.mouse.down()
    for n in range(1, 8):
        phone.mouse.move(box["x"] + 20 + 25 * n, box["y"] + 60 + (20 if n % 2 else -20))
    phone.mouse.up()
    expect(phone.locator("sign-pad")).to_have_attribute("data-signed", "")
    phone.locator("section.finish").get_by_role("button", name="Báo xong").click()
    expect(phone.locator("field-line")).to_contain_text("8 chờ gửi")
    phone.reload()  # switched off in between: nothing is lost
    expect(phone.locator("field-line")).to_contain_text("8 chờ gửi")
    expect(phone.locator(".about [data-state]")).to_contain_text("Đã xong · chờ gửi")
    with db.reading() as session:
        assert session.get(Job, job).state == "planned"

    phone.context.set_offline(False)
    expect(phone.locator("field-line")).to_have_attribute("data-n", "0")
    expect(phone.locator("section.ended")).to_contain_text("Bà Tư")
    with db.reading() as session:
        done = session.get(Job, job)
        case = session.get(Case, done.case_id)
        assert (done.state, case.state, len(done.checks)) == ("done", "resolved", 5)
        assert sorted((one.kind, one.public) for one in session.query(CaseFile)) == [
            ("after", True), ("before", True), ("signature", False),
        ]  # fmt: skip
        assert session.query(Sent).count() == 8
    expect(crew.locator(".card[data-s=done]")).to_have_count(1)  # the board hears of it

    # a crewmate was first: the telephone tells, and keeps what was written
    phone.goto(f"{town.url}/field")
    expect(phone.locator("html")).to_have_attribute("data-kept", "")
    second = int(phone.locator("ol.stops > li.stop").first.get_attribute("data-job"))
    phone.context.set_offline(True)
    phone.goto(f"{town.url}/field/jobs/{second}")
    phone.get_by_text("Chưa làm được", exact=True).click()
    phone.get_by_label("Thiếu vật tư, thiết bị").check()
    phone.get_by_label("Nói rõ cho người điều phối").fill("Hết bóng 60 W")
    phone.get_by_role("button", name="Gửi lại người điều phối").click()
    expect(phone.locator("field-line")).to_contain_text("1 chờ gửi")
    with db.writing() as session:
        jobs.fail(session, town.mate, second, "unsafe", "Nước ngập")
    phone.context.set_offline(False)
    told = phone.locator("field-told")
    expect(told).to_contain_text("Đã có người xử lý: Thợ Bốn đã báo chưa làm được")
    expect(told).to_contain_text("Hết bóng 60 W")
    assert axe.faults(phone) == []
    told.get_by_role("button", name="Đã đọc, bỏ qua").click()
    expect(told.locator(".banner")).to_have_count(0)
    expect(desk.locator(".waiting .card")).to_have_count(1)
    expect(desk.locator(".waiting .failed")).to_contain_text("Mưa bão, ngập hoặc không an toàn")
    assert [one for one in board.complaints + worker.complaints if "ERR_INTERNET_DISCONNECTED" not in one] == []
