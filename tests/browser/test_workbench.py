"""What planners do on the map, in a real browser against the real server."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import PHONE, at_length
from tests.servers import Running
from tests.workbench import city as planning

# how a map behaves does not depend on the database under it, and nothing here changes it
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("standing", ["sqlite"], indirect=True)]
AT = "at=106.41,10.5375,14"


@pytest.fixture(scope="module")
def planned(standing, tmp_path_factory):
    """The running city of the planners: its address."""
    planning.build(tmp_path_factory.mktemp("planned"))
    with Running() as running:
        yield running.url


def opened(visit, url, **options):
    visitor = visit(url, **options)
    visitor.page.wait_for_selector("gis-workbench[data-ready]")
    return visitor


def address(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query, keep_blank_values=True).items()}


def says(page: Page, name: str, wanted: str | None) -> None:
    """The address comes to say this; it follows what is done a moment later. A pattern where it starts with ^."""
    for _ in range(100):
        found = address(page).get(name)
        if found == wanted or (wanted and wanted.startswith("^") and found is not None and re.match(wanted, found)):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{name} is {address(page).get(name)!r}, not {wanted!r}: {page.url}")


def stage(page: Page, x: float, y: float) -> tuple[float, float]:
    """A place of the map, as shares of its width and height."""
    box = page.locator("gis-workbench .stage").bounding_box()
    return box["x"] + box["width"] * x, box["y"] + box["height"] * y


def test_the_map_opens_with_the_plans_and_their_consultations(planned, visit):
    visitor = opened(visit, f"{planned}/map")
    page = visitor.page
    expect(page.locator("gis-layers li[data-code]")).to_have_count(2)
    expect(page.locator("li[data-code=land-use-plan]")).to_contain_text("Đang lấy ý kiến")
    expect(page.locator("li[data-code=land-use-plan] .keys li")).to_have_count(16)
    page.wait_for_timeout(1500)
    assert len(page.locator("gis-workbench .stage").screenshot()) > 60_000  # an empty map is a few kilobytes
    assert visitor.complaints == []


def test_a_click_lists_the_records_of_every_visible_layer(planned, visit):
    page = opened(visit, f"{planned}/map?{AT}&l=plans,land-use-plan").page
    page.mouse.click(*stage(page, 0.5, 0.5))
    results = page.get_by_role("complementary", name="Kết quả")
    expect(results.get_by_role("heading", name="Quy hoạch sử dụng đất", exact=False).first).to_be_visible()
    expect(results).to_contain_text("VN-2000, 105°45′")
    expect(results.locator("a[href^='/ogc/collections/plans/items/']").first).to_be_attached()
    says(page, "pick", "^106.4")
    results.get_by_role("button", name="Đóng").click()
    expect(results).to_be_hidden()
    says(page, "pick", None)


def test_keys_alone_draw_an_area_and_count_what_is_inside(planned, visit):
    page = opened(visit, f"{planned}/map?{AT}&l=lamps").page
    page.get_by_role("button", name="Vẽ vòng tròn").focus()
    page.keyboard.press("Enter")
    canvas = page.locator("gis-workbench canvas").first
    canvas.focus()
    page.keyboard.press("Space")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    figure = page.locator(".totals .fig")
    expect(figure).to_be_visible()
    assert int(re.sub(r"\D", "", figure.inner_text())) > 0
    expect(page.locator(".totals")).to_contain_text("Theo loại đèn")
    expect(page.locator(".totals table").last).to_contain_text("Phường Long An")
    says(page, "area", "^circle:106.4")
    expect(page.get_by_role("link", name="CSV")).to_have_attribute(
        "href", re.compile(r"^/map/export\?collection=lamps&format=csv&area=")
    )


def test_a_filter_is_built_field_by_field(planned, visit):
    page = opened(visit, f"{planned}/map?{AT}&l=lamps&area=circle:106.41,10.5375,2500").page
    figure = page.locator(".totals .fig")
    expect(figure).to_be_visible()
    every = int(re.sub(r"\D", "", figure.inner_text()))
    page.get_by_role("button", name="Tùy chọn: Đèn đường").click()
    page.locator(".flt > summary").click()
    group = page.locator(".cond").first
    group.get_by_label("Trường").select_option("condition")
    group.get_by_label("Giá trị").select_option("out")
    page.get_by_role("button", name="Lọc", exact=True).click()
    expect(page.locator("li[data-code=lamps]")).to_contain_text("đang lọc")
    says(page, "f.lamps", "condition = 'out'")
    expect(figure).not_to_have_text(str(every))
    page.locator(".cql > summary").click()
    page.get_by_label("Viết bằng CQL2").fill("condition = ")
    page.get_by_role("button", name="Lọc", exact=True).click()
    expect(page.locator(".filter .err")).to_be_visible()
    assert address(page)["f.lamps"] == "condition = 'out'"


def test_layers_are_found_added_ordered_faded_and_hidden_with_the_keyboard(planned, visit):
    page = opened(visit, f"{planned}/map?l=plans,land-use-plan").page
    page.get_by_role("searchbox", name="Tìm lớp dữ liệu").fill("den duong")
    page.get_by_role("button", name=re.compile("^Đèn đường")).press("Enter")
    says(page, "l", "lamps,plans,land-use-plan")
    page.get_by_role("button", name=re.compile("^Đèn đường: Kéo")).press("ArrowDown")
    page.keyboard.press("ArrowDown")  # the same handle is still under the hand
    says(page, "l", "plans,land-use-plan,lamps")
    page.get_by_role("button", name="Tùy chọn: Đèn đường").press("Enter")
    page.get_by_role("slider", name="Độ đậm: Đèn đường").press("Home")
    page.get_by_role("button", name="Ẩn: Đồ án quy hoạch").press("Enter")
    says(page, "l", "plans:100:off,land-use-plan,lamps:0")


def test_an_address_shows_everything_again(planned, visit):
    shared = f"{AT}&l=land-use-plan:60,plans&f.land-use-plan=land_type+=+'ODT'&area=box:106.4,10.53,106.42,10.545&sum=land-use-plan&base=plain"
    visitor = opened(visit, f"{planned}/map?{shared}")
    page = visitor.page
    expect(page.locator(".totals .barred")).to_have_count(1)
    expect(page.locator(".totals .barred")).to_contain_text("Đất ở tại đô thị")
    expect(page.locator("li[data-code=land-use-plan]")).to_contain_text("đang lọc")
    expect(page.get_by_label("Nền", exact=True)).to_have_value("plain")
    assert visitor.complaints == []


def test_two_moments_stand_side_by_side_and_move_together(planned, visit):
    page = opened(visit, f"{planned}/map?{AT}&l=land-use-plan").page
    page.get_by_role("button", name="So hai thời điểm").click()
    expect(page.locator("gis-workbench .gl")).to_have_count(2)
    page.get_by_role("slider", name="Vị trí vạch chia").press("ArrowLeft")
    page.get_by_label("Bên trái").fill("2026-01-01")
    says(page, "t1", "2026-01-01")
    says(page, "split", "49")
    page.mouse.move(*stage(page, 0.3, 0.5))
    page.mouse.wheel(0, -200)
    says(page, "at", r"^(?!106\.41,10\.5375,14$)")
    page.get_by_role("button", name="Thôi so sánh").click()
    expect(page.locator("gis-workbench .gl")).to_have_count(1)
    says(page, "t1", None)


@pytest.mark.parametrize(("paper", "width", "height"), [("a4l", 841.9, 595.3), at_length("a3p", 841.9, 1190.6)])
def test_a_sheet_prints_on_one_page_with_all_a_map_must_say(planned, visit, paper, width, height):
    visitor = visit(f"{planned}/map/print?{AT}&l=plans,land-use-plan")
    page = visitor.page
    page.get_by_label("Khổ giấy").select_option(paper)
    page.get_by_label("Tiêu đề", exact=True).fill("Sử dụng đất trung tâm Tân An")
    page.wait_for_selector("gis-print[data-ready]")
    sheet = page.locator(".sheet")
    for words in (
        "Sử dụng đất trung tâm Tân An",
        "Chú giải",
        "Tỷ lệ khoảng 1:",
        "Nguồn: ",
        "In lúc ",
        "LUA · Đất trồng lúa",
    ):
        expect(sheet).to_contain_text(words)
    expect(sheet.get_by_role("img", name=re.compile("Hoàng Sa.*Trường Sa"))).to_be_visible()
    expect(sheet.get_by_role("img", name="Bắc")).to_be_visible()
    expect(sheet.locator(".bar")).to_contain_text("m")
    side = sheet.locator(".side")
    assert side.evaluate("e => e.scrollHeight <= e.clientHeight + 1"), "the legend is cut off"
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", pdf)
    assert len(boxes) == 1
    assert [float(side) for side in boxes[0]] == pytest.approx([width, height], abs=1.5)
    assert len(pdf) > 60_000  # the map is on it
    assert visitor.complaints == []


def test_the_layers_are_listed_without_script(planned, visit):
    page = visit(f"{planned}/map", java_script_enabled=False).page
    expect(page.get_by_role("link", name="Quy hoạch sử dụng đất")).to_have_attribute("href", "/catalogue/land-use-plan")
    expect(page.locator(".mode[data-m=sim]")).to_be_visible()


def test_on_a_phone_the_layers_are_a_sheet_at_the_foot(planned, visit):
    page = opened(visit, f"{planned}/map?{AT}&l=land-use-plan", **PHONE).page
    expect(page.locator("gis-layers")).to_be_hidden()
    page.get_by_role("button", name="Mở bảng").tap()
    expect(page.locator("gis-layers")).to_be_visible()
    page.get_by_role("button", name="Thu bảng").tap()
    page.touchscreen.tap(*stage(page, 0.5, 0.6))
    expect(page.get_by_role("complementary", name="Kết quả")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(
    "screen",
    [at_length({}), at_length({"color_scheme": "dark"}), {**PHONE, "color_scheme": "dark"}],
    ids=["desk", "dark", "phone"],
)
def test_the_workbench_is_accessible(planned, visit, screen):
    visitor = opened(visit, f"{planned}/map?{AT}&l=lamps,land-use-plan,plans&area=circle:106.41,10.5375,900", **screen)
    page = visitor.page
    page.wait_for_selector(".totals .fig")
    if "is_mobile" not in screen:
        page.get_by_role("button", name="Tùy chọn: Đèn đường").click()
        page.locator(".flt > summary").click()
    assert axe.faults(page) == []
    assert visitor.complaints == []
