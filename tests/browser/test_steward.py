"""The stewards' pages: a file becomes a dataset, is described, opened by two people, corrected and undone."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine

from dothi.datasets import service, views
from dothi.db import session as db
from dothi.identity.guard import ANONYMOUS, SYSTEM
from dothi.screens.steward import desk
from tests.browser import axe
from tests.browser import catalogue_seed as seed
from tests.browser.conftest import PHONE, at_length
from tests.filled import filled
from tests.servers import Running

pytestmark = pytest.mark.browser
once = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def portal(database: Engine) -> Iterator[str]:
    """The running server's address, with the seed's datasets."""
    filled("12 datasets", database, lambda: seed.datasets(12))
    with Running() as running:
        yield running.url


@pytest.fixture
def work(portal: str, visit):
    """Open a steward's page as a person with a role: work(path, role, agency) -> Visitor."""

    def opened(path: str, role: str = "data-steward", agency: str | None = None, **screen: object):
        return visit("about:blank", **screen).enter(portal, seed.signed_in(role, agency), path)

    return opened


def csv_file(folder: Path, name: str, rows: list[str]) -> Path:
    path = folder / name
    path.write_text("\n".join(rows), "utf-8-sig")
    return path


def send(page, path: Path) -> None:
    page.set_input_files("#file", path)
    page.get_by_role("button", name="Gửi và xem").click()


PUMPS = [
    "Mã bơm;Tên trạm;Công suất (kW);Kinh độ;Vĩ độ;Ngày lắp",
    "B01;Trạm bơm Bình An;45,5;106.391;10.531;2019-05-02",
    "B02;Trạm bơm Long An;30;106.401;10.541;2020-01-15",
    "B03;Trạm bơm hỏng;rất lớn;106.411;10.551;2021-07-01",
]


def test_a_file_becomes_a_dataset_and_its_next_delivery_is_compared_applied_and_undone(work, tmp_path, portal):
    page = work("/steward/new", java_script_enabled=False).page
    send(page, csv_file(tmp_path, "tram bom.csv", PUMPS))
    expect(page.locator(".mapping tbody tr")).to_have_count(4)
    page.locator("#f-title").fill("Trạm bơm Tân An")
    page.locator("#f-code").fill("tram-bom")
    page.locator("select[name=m2_kind]").select_option("number")
    page.locator("select[name=m2_decimal]").select_option(",")
    page.locator("#f-key").select_option("ma_bom")
    page.get_by_role("button", name="Xem trước").click()
    expect(page.locator(".badges")).to_contain_text("chờ duyệt")
    expect(page.locator("#faults tbody tr").filter(has_text="rất lớn")).to_contain_text("loại")
    expect(page.locator(".tallies")).to_contain_text("Bị loại")
    page.get_by_role("button", name="Nạp vào tập dữ liệu").click()
    expect(page.locator(".banner").first).to_contain_text("Đã nạp dữ liệu")
    found = views.view(SYSTEM, "tram-bom")
    assert (found.count, found.geometry_type, found.key_field, found.status) == (2, "Point", "ma_bom", "draft")

    page.goto(f"{portal}/steward/tram-bom/load")
    send(
        page,
        csv_file(
            tmp_path, "lan hai.csv", [PUMPS[0], PUMPS[1].replace("45,5", "50"), PUMPS[3].replace("rất lớn", "12")]
        ),
    )
    page.locator("input[value=replace]").check()
    page.get_by_role("button", name="Xem trước").click()
    diffs = page.locator(".diffs")
    expect(diffs).to_contain_text("45,5")
    expect(diffs).to_contain_text("B03")
    expect(diffs.locator("li").filter(has_text="B02")).to_contain_text("bỏ")
    assert views.view(SYSTEM, "tram-bom").version == found.version, "a preview changes nothing"
    page.get_by_role("button", name="Nạp vào tập dữ liệu").click()
    with db.reading() as session:
        assert service.find(session, SYSTEM, "tram-bom", "B01").properties["cong_suat_k_w"] == 50
        assert service.find(session, SYSTEM, "tram-bom", "B02") is None
    page.get_by_role("link", name="lan hai.csv").click()
    page.get_by_role("button", name="Hoàn tác lần nạp này").click()
    expect(page.locator(".banner").first).to_contain_text("Đã hoàn tác")
    with db.reading() as session:
        assert service.find(session, SYSTEM, "tram-bom", "B01").properties["cong_suat_k_w"] == 45.5
        assert service.find(session, SYSTEM, "tram-bom", "B02") is not None


def test_opening_takes_a_second_person_who_has_seen_what_looks_personal(work, portal):
    with db.writing() as session:
        service.create(session, SYSTEM, {
            "code": "ho-kinh-doanh", "title": "Hộ kinh doanh", "agency": "xay-dung", "schema": {
                "type": "object", "properties": {"dt": {"type": "string", "title": "Số điện thoại cửa hàng"}},
            },
        })  # fmt: skip
        for i in range(6):
            service.put(
                session, SYSTEM, "ho-kinh-doanh", None, {"geometry": None, "properties": {"dt": f"09012345{i}7"}}
            )
    first = work("/steward/ho-kinh-doanh/publish", agency="xay-dung", java_script_enabled=False).page
    expect(first.locator("main")).to_contain_text("số điện thoại")
    first.locator("input[value=open]").check()
    first.get_by_role("button", name="Gửi đề nghị").click()
    expect(first.locator("main")).to_contain_text("Bạn là người đề nghị")
    assert httpx.get(f"{portal}/catalogue/ho-kinh-doanh").status_code == 404
    second = work("/steward", java_script_enabled=False).page
    second.locator("#reviews a").click()
    second.get_by_role("button", name="Đồng ý").click()
    expect(second.locator("[role=alert]")).to_contain_text("dt")
    assert views.view(SYSTEM, "ho-kinh-doanh").sharing == "restricted"
    second.locator("input[name=accepted]").check()
    second.get_by_role("button", name="Đồng ý").click()
    expect(second.locator(".timeline")).to_contain_text("đã đồng ý")
    assert views.view(ANONYMOUS, "ho-kinh-doanh").sharing == "open"


def test_a_description_is_written_in_both_languages_with_its_fields(work, portal):
    page = work("/steward/so-cong/describe", agency="xay-dung", java_script_enabled=False).page
    page.locator("#f-title_en").fill("Register of culverts")
    page.locator("#f-description").fill("Mỗi dòng là một cống thoát nước do công ty công trình đô thị quản lý.")
    page.locator("#f-keywords").fill("cống, thoát nước")
    page.get_by_label("Giao thông").check()
    page.locator("#e0").fill("Culvert number")
    page.locator("input[name=f0_closed]").check()
    page.locator("input[name=f1_name]").fill("sau")
    page.locator("input[name=f1_title]").fill("Sâu")
    page.locator("input[name=f1_unit]").fill("m")
    page.locator("select[name=f1_kind]").select_option("number")
    page.get_by_role("button", name="Lưu mô tả").click()
    expect(page.locator(".banner").first).to_contain_text("Đã lưu mô tả")
    found = views.view(SYSTEM, "so-cong")
    assert (found.title_en, found.keywords, set(found.themes)) == (
        "Register of culverts",
        ("cống", "thoát nước"),
        {"ENVI", "TRAN"},
    )
    assert [(f.name, f.title_en, f.open, f.kind, f.unit) for f in found.fields] == [
        ("so", "Culvert number", False, "string", None), ("sau", None, True, "number", "m"),
    ]  # fmt: skip
    page.goto(f"{portal}/steward/so-cong/describe")
    page.locator("input[name=f2_name]").fill("x'y")
    page.get_by_role("button", name="Lưu mô tả").click()
    expect(page.locator("[role=alert]")).to_be_visible()
    assert len(views.view(SYSTEM, "so-cong").fields) == 2


def test_a_correction_is_answered_and_a_deleted_record_comes_back(work, portal):
    with db.writing() as session:
        service.correct(session, ANONYMOUS, "den-duong", "Trụ này sai chỗ", record_key="T003", contact="an@example.vn")
        service.delete(session, SYSTEM, "den-duong", "T004", None)
    page = work("/steward/corrections", agency="xay-dung", java_script_enabled=False).page
    expect(page.locator(".inbox")).to_contain_text("an@example.vn")
    page.get_by_label("Trả lời").fill("Đã đo lại")
    page.get_by_role("button", name="Đã sửa").click()
    expect(page.locator("main")).to_contain_text("Không có góp ý nào chờ trả lời")
    page.goto(f"{portal}/steward/den-duong/deleted")
    page.get_by_role("button", name="Khôi phục").click()
    expect(page.locator("main")).to_contain_text("Không có bản ghi nào đã xóa")
    assert views.view(SYSTEM, "den-duong").count == 12


def test_nobody_keeps_what_is_not_theirs(portal):
    """Every page and form: strangers are sent to sign in, others' stewards find nothing."""
    html = {"accept": "text/html"}
    with (
        httpx.Client(base_url=portal, headers=html) as stranger,
        httpx.Client(base_url=portal, headers=html, cookies={"dothi_session": seed.signed_in("officer")}) as officer,
        httpx.Client(
            base_url=portal, headers=html, cookies={"dothi_session": seed.signed_in("data-steward", "tai-chinh")}
        ) as other,
    ):
        _nobody(stranger, officer, other)


def _nobody(stranger: httpx.Client, officer: httpx.Client, other: httpx.Client) -> None:
    assert len(desk.ROUTES) > 15
    for method, path, _ in desk.ROUTES:
        address = path.replace("{code}", "so-cong").replace("{id}", "1")
        assert stranger.request(method, address).status_code in ((303,) if method == "GET" else (401,)), address
        assert officer.request(method, address).status_code == 403, address
        if "{" in path:
            assert other.request(method, address).status_code in (403, 404), address
    assert other.get("/steward").text.count("so-cong") == 0


@once
def test_an_upload_is_seen_by_who_sent_it_alone_and_what_is_no_file_is_refused(work, tmp_path, portal):
    page = work("/steward/new", java_script_enabled=False).page
    (tmp_path / "x.zip").write_bytes(b"PK\x05\x06" + b"\0" * 18)
    send(page, tmp_path / "x.zip")
    expect(page.locator("[role=alert]")).to_be_visible()
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [seed.lamp(1)]}))
    page.goto(f"{portal}/steward/new")
    send(page, tmp_path / "a.geojson")
    assert "/steward/uploads/" in page.url
    other = httpx.get(page.url, cookies={"dothi_session": seed.signed_in("administrator")})
    assert other.status_code == 404
    assert (
        httpx.get(
            f"{portal}/steward/uploads/..%2f..%2fsecret",
            cookies={"dothi_session": seed.signed_in("data-steward", "xay-dung")},
        ).status_code
        == 404
    )


@once
@pytest.mark.parametrize("screen", [at_length({}), {**PHONE, "color_scheme": "dark"}], ids=["desk", "phone-dark"])
def test_every_page_is_accessible_and_keeps_its_own_policy(work, tmp_path, portal, screen):
    visitor = work("/steward/den-duong/load", **screen)
    page = visitor.page
    pages = [
        "/steward",
        "/steward/den-duong",
        "/steward/den-duong/describe",
        "/steward/so-cong/publish",
        "/steward/corrections",
        "/steward/new",
        "/steward/new/empty",
    ]
    send(
        page,
        csv_file(
            tmp_path,
            "den.csv",
            ["ma,ten,cong_suat,kinh độ,vĩ độ", "T001,Trụ một,70,106.39,10.53", "T999,Trụ mới,x,106.4,10.54"],
        ),
    )
    page.wait_for_url("**/uploads/**")
    pages.append(page.url.removeprefix(portal))
    page.get_by_role("button", name="Xem trước").click()
    page.wait_for_url("**/loads/**")
    pages.append(page.url.removeprefix(portal))
    for one in pages:
        page.goto(portal + one)
        assert axe.faults(page) == [], one
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{one} scrolls sideways"
    assert visitor.complaints == []
