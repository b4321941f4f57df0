"""A dark street lamp, from a citizen's phone to the desk, to a crew without a network, and back with a rating."""

import gzip
import itertools
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from dothi.cases.tables import CaseFile, Sent
from dothi.db import session as db
from dothi.notify.tables import Message
from dothi.screens.transparency import asking
from dothi.web import assets
from tests.browser import axe
from tests.browser import journey_seed as seed
from tests.browser.conftest import DESK, PHONE, Visitor
from tests.servers import Running

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]
NAME, NUMBER = "Nguyễn Văn An", "0912 345 678"
PERSONAL = (NAME, NUMBER, "0912345678", "+84912345678", "912345678", seed.OWNER)
BUDGET = 100_000  # bytes of script, compressed, that a slow phone waits for
LABELS = """() => [...document.querySelectorAll("main :is(input:not([type=hidden], [hidden]), select, textarea)")]
  .filter((one) => ![...one.labels].some((label) => label.textContent.trim()) && !one.ariaLabel
    && !one.getAttribute("aria-labelledby")).map((one) => one.outerHTML.slice(0, 120))"""
HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
  .filter((one) => one.checkVisibility()).map((one) => Number(one.tagName[1]))"""
FOCUSED = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect();
  const steps = [...document.querySelectorAll(".rp-step, .rp-send")];
  return {
    what: one.name || one.id || one.className || one.tagName,
    name: (one.ariaLabel || [...(one.labels ?? [])].map((l) => l.textContent).join(" ") || one.textContent).trim(),
    step: steps.findIndex((step) => step.contains(one)) + 1, wide: box.width * box.height,
    seen: box.bottom > 0 && box.top < innerHeight,
  };
}"""


@pytest.fixture
def town(database: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The running city and who works there; SMS go into files."""
    monkeypatch.setenv("DOTHI_SMS_URL", "file:")
    monkeypatch.setenv("DOTHI_ROLE", "web")  # nothing is sent behind the test's back
    asking.forget()
    made = seed.town(database)
    with Running() as running:
        made.url = running.url
        yield made
    asking.forget()


@pytest.fixture
def at(town: SimpleNamespace, visit: Callable[..., Visitor]) -> Callable[..., Page]:
    """Open a page as somebody: at(who, path) -> Page."""

    def opened(who: str, path: str, **screen: object) -> Page:
        return visit("about:blank", bypass_csp=True, **screen).enter(town.url, town.tokens[who], path).page

    return opened


def code() -> str:
    """The code sent last."""
    with db.reading() as session:
        newest = session.query(Message).order_by(Message.id.desc()).first()
        return str(re.search(r"\d{6}", newest.subject)[0])


def jpeg(name: str, *, lit: bool) -> dict[str, object]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": seed.photo(lit=lit)}


def compressed(addresses: list[str]) -> int:
    """Bytes of scripts as they travel."""
    names = {urlsplit(one).path.removeprefix(assets.BASE) for one in addresses if urlsplit(one).path.endswith(".js")}
    return sum(len(gzip.compress((assets.DIST / name).read_bytes())) for name in names)


def walked(page: Page) -> list[dict[str, object]]:
    """Where Tab leads, from the first field to the button that sends."""
    page.locator("h1").evaluate("one => { one.tabIndex = -1; one.focus(); }")
    found: list[dict[str, object]] = []
    while len(found) < 60 and not (found and found[-1]["step"] == 6):
        page.keyboard.press("Tab")
        found.append(page.evaluate(FOCUSED))
    return found


def confirm(page: Page) -> str:
    """Enter the code; the number on the receipt."""
    expect(page.locator("h1")).to_have_text("Nhập mã xác nhận")
    page.get_by_label("Mã xác nhận").fill(code())
    page.get_by_role("button", name="Xác nhận", exact=True).click()
    expect(page.locator("h1")).to_have_text("Đã tiếp nhận")
    return page.locator(".rp-big").inner_text().strip()


def test_a_report_travels_to_a_crew_and_back(town, at, visit):
    lon, lat = seed.AT
    asked: list[str] = []
    citizen = visit("about:blank", bypass_csp=True, **PHONE)
    phone = citizen.page
    phone.on("request", lambda request: asked.append(request.url))
    phone.goto(f"{town.url}/reports/new")
    phone.wait_for_load_state("networkidle")

    # what the sheet asks of a slow phone, of a screen reader, of the keyboard
    assert 2_000 < compressed(asked) <= BUDGET
    assert phone.evaluate(LABELS) == []
    levels = phone.evaluate(HEADINGS)
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    tabbed = walked(phone)
    steps = [one["step"] for one in tabbed if one["step"]]
    assert steps == sorted(steps)
    assert set(steps) == {1, 2, 3, 4, 5, 6}
    assert [one for one in tabbed if not one["name"] or not one["seen"]] == []
    assert axe.in_both_themes(phone) == []

    # the citizen
    phone.locator("#photo").set_input_files(jpeg("den.jpg", lit=False))
    expect(phone.get_by_role("img", name="Ảnh 1")).to_be_visible()
    phone.get_by_role("button", name="Dùng", exact=True).click()  # the place the photo tells
    expect(phone.locator("report-place")).to_contain_text("Phường Long An")
    phone.get_by_label("Tìm loại việc").fill("den duong tat")
    phone.get_by_label("Tìm loại việc").press("Enter")
    expect(phone.get_by_role("radio", name="Đèn đường tắt")).to_be_checked()
    phone.get_by_label("Mô tả").fill("Tối ba đêm nay, ngay chỗ qua đường")
    phone.get_by_label("Số điện thoại").fill(NUMBER)
    phone.get_by_label("Tên (không bắt buộc)").fill(NAME)
    phone.get_by_role("button", name="Gửi phản ánh").click()
    number = confirm(phone)
    assert re.fullmatch(r"PA-\d\d-\d{6}", number)
    assert axe.in_both_themes(phone) == []

    # the call centre's officer: what it is, when it is due and why, whose it is
    desk = at("taker", "/desk", **DESK)
    desk.locator(f'tr[data-case="{number}"] a.ti').click()
    panel = desk.locator("[data-panel]")
    expect(panel.get_by_role("heading", name="Đèn đường tắt")).to_be_visible()
    shot = panel.locator(".shots img").first
    expect(shot).to_be_visible()
    assert desk.evaluate("(one) => one.decode().then(() => one.naturalWidth)", shot.element_handle()) > 0
    expect(panel.locator(".clock2")).to_contain_text("3 ngày làm việc")
    panel.get_by_text("Vì sao hạn như vậy").click()
    expect(panel.locator("details.why")).to_contain_text("Hạn 17:00")
    assert not any(one in desk.content() for one in PERSONAL)
    panel.get_by_role("link", name="Giao việc").click()
    panel.get_by_label("Đơn vị xử lý").select_option(label="Công ty Chiếu sáng đô thị")
    panel.get_by_role("button", name="Giao việc").click()
    expect(panel.or_(desk.locator(".banner.done")).first).to_contain_text("Đã lưu")

    # the dispatcher and the crew
    board = at("dispatcher", "/desk/board", **DESK)
    card = board.locator(f".waiting .card[data-case='{number}']")
    expect(card).to_contain_text("Đội 1")
    card.get_by_role("button", name="Giao").click()
    planned = board.locator(f"section.crew[data-column='{town.crew.id}'] .card.job")
    expect(planned).to_contain_text(number)

    crew = at("worker", "/field", **PHONE)
    expect(crew.locator("html")).to_have_attribute("data-kept", "")
    crew.locator("li.stop a.ti").click()
    expect(crew.get_by_role("heading", name="Đèn đường tắt")).to_be_visible()
    crew.get_by_role("button", name="Đã đến, bắt đầu làm").click()
    expect(crew.locator(".about [data-state]")).to_contain_text("Đang làm")
    for step in ("safe", "repair", "test"):
        crew.locator(f"[data-code={step}] .tick").click()
    expect(crew.locator("[data-count]")).to_have_text("3/5")
    expect(crew.locator("field-line")).to_have_attribute("data-n", "0")
    crew.context.set_offline(True)
    crew.locator("[data-code=before] .tick").click()
    crew.locator("[data-code=after] input[type=file]").set_input_files(jpeg("sau.jpg", lit=True))
    expect(crew.locator("[data-count]")).to_have_text("5/5")
    crew.get_by_label("Đã làm gì").fill("Đã thay bóng LED 100 W, đèn sáng lại")
    finish = crew.locator("section.finish")
    finish.get_by_label("Vật tư 1").fill("Bóng LED 100 W")
    finish.get_by_label("Số lượng 1").fill("1")
    finish.get_by_label("Đơn vị tính 1").fill("cái")
    finish.get_by_label("Số phút làm").fill("35")
    finish.get_by_role("button", name="Báo xong").click()
    expect(crew.locator("field-line")).to_contain_text("3 chờ gửi")
    crew.context.set_offline(False)
    expect(crew.locator("field-line")).to_have_attribute("data-n", "0")
    expect(crew.locator("section.ended")).to_contain_text("Bóng LED 100 W × 1 cái")
    expect(crew.locator("section.ended")).to_contain_text("35 phút")
    crew.reload()
    with db.reading() as session:
        assert session.query(Sent).count() == 7  # begun, four ticked, a photo, finished: each once
        assert sorted(one.kind for one in session.query(CaseFile)) == ["after", "before"]

    # the citizen again: what it was and is, and what they think of it
    phone.get_by_role("link", name="Xem phản ánh", exact=True).click()
    for word in ("Trước", "Sau"):
        expect(phone.locator("figure").filter(has_text=word).get_by_role("img")).to_be_visible()
    expect(phone.locator("#mine h2")).to_have_text("Việc này đã xong chưa?")
    expect(phone.locator(".timeline")).to_contain_text("Đã thay bóng LED 100 W")
    assert axe.in_both_themes(phone) == []
    phone.get_by_role("button", name="Đã xong").click()
    phone.get_by_role("radio", name="Rất hài lòng").check()
    phone.get_by_role("button", name="Gửi đánh giá").click()
    expect(phone.locator("#mine")).to_contain_text("5/5")
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    assert citizen.complaints == []

    # the manager: closed, with all that happened
    chief = at("manager", f"/desk/cases/{number}", **DESK)
    expect(chief.locator(".head .badge").first).to_have_text("Đã đóng")
    told = chief.locator(".timeline").all_inner_texts()
    said = "\n".join(told)
    for words in ("Đỗ Thị Hoa", "Lê Điều", "Thợ Ba", "Đã thay bóng LED 100 W", "5"):
        assert words in said, said

    # anybody
    public = visit(f"{town.url}/reports/{number}", bypass_csp=True, **PHONE).page
    expect(public.locator("main")).to_contain_text("Đã đóng")
    assert axe.in_both_themes(public) == []
    shown = public.content()
    for one in public.locator(".rp-ba a").all():
        answer = public.request.get(town.url + str(one.get_attribute("href")))
        assert answer.ok
        assert seed.private_in(answer.body()) == []
    service = public.request.get(f"{town.url}/open311/v2/requests/{number}.json")
    [request] = service.json()
    assert (request["service_request_id"], request["status"]) == (number, "closed")
    assert (round(request["long"], 3), round(request["lat"], 3)) == (round(lon, 3), round(lat, 3))
    public.goto(f"{town.url}/transparency")
    figures = public.locator(".tp-figs li")
    expect(figures.filter(has_text="Nhận được").locator(".fig")).to_have_text("1")
    expect(figures.filter(has_text="Đã xử lý").first.locator(".fig")).to_have_text("1")
    for text in (shown, service.text(), public.content(), public.request.get(f"{town.url}/reports.atom").text()):
        assert [one for one in PERSONAL if one in text] == []


def test_the_same_sheet_without_script_to_the_receipt(town, visit):
    page = visit(f"{town.url}/reports/new", java_script_enabled=False, **PHONE).page
    page.get_by_label("Chọn ảnh, tối đa 8").set_input_files(jpeg("den.jpg", lit=False))
    page.get_by_label("Phường, xã").select_option(label="Phường Long An")
    page.get_by_label("Địa chỉ").fill("Trước chợ Tân An")
    radio = page.get_by_role("radio", name="Đèn đường tắt")
    if not radio.is_visible():
        page.locator("summary", has_text="loại khác").click()
    radio.check()
    page.get_by_label("Mô tả").fill("Tối ba đêm nay")
    page.get_by_label("Số điện thoại").fill(NUMBER)
    page.get_by_role("button", name="Xem lại và gửi").click()
    expect(page.locator("h1")).to_have_text("Xem lại trước khi gửi")
    expect(page.locator("main")).to_contain_text("Đèn đường tắt")
    page.get_by_role("button", name="Gửi phản ánh").click()
    number = confirm(page)
    with db.reading() as session:
        assert [one.kind for one in session.query(CaseFile)] == ["before"]
    expect(page.get_by_role("link", name="Xem phản ánh", exact=True)).to_have_attribute("href", f"/reports/{number}")
