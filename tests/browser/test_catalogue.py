"""The public catalogue: what anybody finds, reads, downloads and calls, with and without script."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine

from dothi.datasets import service
from dothi.datasets.tables import Correction
from dothi.db import session as db
from dothi.identity.guard import SYSTEM
from dothi.screens.catalogue import correcting
from tests.browser import axe
from tests.browser import catalogue_seed as seed
from tests.browser.conftest import PHONE, at_length
from tests.filled import filled
from tests.servers import Running

pytestmark = pytest.mark.browser
# how a page looks does not depend on the database under it
once = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PLAIN = {"java_script_enabled": False}


@pytest.fixture
def portal(database: Engine) -> Iterator[str]:
    """The running server's address, with the seed's datasets."""
    correcting.forget()
    filled("datasets", database, seed.datasets)
    with Running() as running:
        yield running.url


def get(url: str, **more: object) -> httpx.Response:
    return httpx.get(url, timeout=30, follow_redirects=True, headers={"accept": "text/html"}, **more)


def test_a_dataset_is_found_with_and_without_diacritics_and_the_counts_are_of_what_is_seen(portal, visit):
    visitor = visit(f"{portal}/catalogue?q=den+duong", **PLAIN)
    page = visitor.page
    expect(page.locator(".cards .ds")).to_have_count(1)
    for typed in ("Đèn đường", "DEN DUONG", "cong suat", "chieu sang", "ha tang khong co"):
        page.goto(f"{portal}/catalogue?q={typed}")
        expect(page.locator(".cards .ds")).to_have_count(0 if "khong" in typed else 1)
    page.goto(f"{portal}/catalogue")
    expect(page.locator(".cat-bar h2")).to_have_text("1 tập dữ liệu")
    assert "Sở Tài chính" not in page.content(), "an agency with drafts only is nobody's facet"
    assert "Môi trường" not in page.locator(".facets").inner_text(), "the shared dataset's theme is not counted"
    visitor.enter(portal, seed.signed_in("officer"), "/catalogue")
    expect(page.locator(".cat-bar h2")).to_have_text("3 tập dữ liệu")


def test_what_is_restricted_is_nowhere_on_the_pages_of_who_may_not_see_it(portal):
    for path in ("", "?sort=ghi_chu", "?q=bi+mat", "/columns", "/records/T001"):
        text = get(f"{portal}/catalogue/den-duong{path}").text
        assert "ghi_chu" not in text.replace("sort=ghi_chu", "") or "cannot sort" in text
        assert "bí mật" not in text
    assert get(f"{portal}/catalogue/den-duong?f=ghi_chu:full").status_code == 400
    absent = get(f"{portal}/catalogue/khong-co")
    for hidden in ("so-cong", "ban-nhap"):
        answer = get(f"{portal}/catalogue/{hidden}")
        assert answer.status_code == absent.status_code == 404
        assert answer.text.replace(hidden, "khong-co") == absent.text
    reader = {"dothi_session": seed.signed_in("officer")}
    assert "Ghi chú nội bộ" in get(f"{portal}/catalogue/den-duong", cookies=reader).text


def test_the_table_sorts_filters_and_pages_without_script(portal, visit):
    page = visit(f"{portal}/catalogue/den-duong", **PLAIN).page
    expect(page.locator(".recs tbody tr")).to_have_count(20)
    page.get_by_role("link", name="Trang sau").click()
    expect(page.locator(".recs tbody tr").first).to_contain_text("Kim 20")
    page.get_by_role("link", name="Công suất, W").click()
    page.get_by_role("link", name="Công suất, W").click()
    expect(page.locator(".recs tbody tr").first).to_contain_text("130,5")
    page.locator("#tf").select_option("cong_suat")
    page.locator("#to").select_option("min")
    page.locator("#tv").fill("130,5")
    page.get_by_role("button", name="Lọc").click()
    expect(page.locator(".recs tbody tr")).to_have_count(5)  # one in eight of 45
    expect(page.locator(".prev .chosen")).to_contain_text("Công suất ≥ 130,5")
    assert "f=cong_suat" in page.locator("#downloads a").first.get_attribute("href")
    page.locator("#tq").fill("chau thi kim 7")
    page.get_by_role("button", name="Lọc").click()
    expect(page.locator(".recs tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Bỏ hết").click()
    expect(page.locator(".recs tbody tr")).to_have_count(20)


def test_a_question_the_table_cannot_answer_is_refused_in_words(portal):
    for query, said in (
        ("f=cong_suat:min:nhiều", "cong_suat"), ("f=xyz:is:1", "xyz"), ("sort=xyz", "xyz"), ("after=@@@", "after"),
        ("filter=cong_suat+%3E", "filter"), ("f=loai:min:1", "min"),
    ):  # fmt: skip
        answer = httpx.get(f"{portal}/catalogue/den-duong?{query}")
        assert answer.status_code == 400, query
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert said in answer.text or said == "filter"


@once
def test_the_examples_run_as_they_stand(portal, visit):
    page = visit(f"{portal}/catalogue/den-duong?f=loai:is:led&f=cong_suat:max:80", **PLAIN).page
    count = int(page.locator(".prev .receipt span").first.inner_text().split()[0])
    assert 0 < count < 45

    def code(key: str) -> str:
        return page.locator(f"#api-{key} pre").evaluate("e => e.textContent")

    shell = subprocess.run(
        ["sh", "-c", code("curl").replace("curl -G", "curl -sfG", 1)], capture_output=True, timeout=30, check=True
    )
    features = json.loads(shell.stdout)["features"]
    assert {f["properties"]["loai"] for f in features} == {"led"}
    assert len(features) == min(10, count)
    for key in ("python", "pandas"):
        done = subprocess.run(
            [sys.executable, "-c", code(key)], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
    assert f"count {count}" in " ".join(done.stdout.split()).replace(".0", "")
    assert (
        "Trụ đường"
        in subprocess.run(
            [sys.executable, "-c", code("python")], capture_output=True, text=True, timeout=60, check=True
        ).stdout
    )


def test_downloads_hold_what_the_table_shows_and_nothing_hidden(portal):
    whole = list(
        csv.DictReader(io.StringIO(get(f"{portal}/catalogue/den-duong/download.csv").content.decode("utf-8-sig")))
    )
    assert len(whole) == 45
    assert "ghi_chu" not in whole[0]
    some = get(f"{portal}/catalogue/den-duong/download.geojson?f=loai:is:natri").json()["features"]
    assert len(some) == 15
    assert {f["properties"]["loai"] for f in some} == {"natri"}
    assert get(f"{portal}/catalogue/den-duong/download.exe").status_code == 404
    assert get(f"{portal}/catalogue/so-cong/download.csv").status_code == 404


def test_a_record_tells_its_history_and_what_two_moments_differ_in(portal, visit):
    with db.writing() as session:
        service.patch(session, SYSTEM, "den-duong", "T007", {"properties": {"cong_suat": 150}}, None)
        service.delete(session, SYSTEM, "den-duong", "T008", None)
    page = visit(f"{portal}/catalogue/den-duong/records/T007", **PLAIN).page
    expect(page.locator(".timeline > li")).to_have_count(2)
    expect(page.locator(".timeline > li").first).to_contain_text("130,5")
    expect(page.locator(".timeline > li").first).to_contain_text("150")
    assert "person:" not in page.content()
    page.goto(f"{portal}/catalogue/den-duong/records/T008")
    expect(page.locator(".banner")).to_contain_text("không còn trong tập dữ liệu")
    assert get(f"{portal}/catalogue/den-duong/records/T999").status_code == 404
    before = service_moment()
    with db.writing() as session:
        service.patch(session, SYSTEM, "den-duong", "T010", {"properties": {"ten": "Trụ mới", "ghi_chu": "kín"}}, None)
        service.patch(session, SYSTEM, "den-duong", "T011", {"properties": {"ghi_chu": "chỉ phần kín"}}, None)
        service.put(session, SYSTEM, "den-duong", None, seed.lamp(900))
    page.goto(f"{portal}/catalogue/den-duong?from={before}#versions")
    expect(page.locator(".sums")).to_contain_text("thêm 1")
    expect(page.locator(".sums")).to_contain_text("bỏ 0")
    expect(page.locator(".diffs")).to_contain_text("Trụ mới")
    assert "kín" not in page.locator(".diffs").inner_text()
    assert "T011" not in page.locator(".diffs").inner_text()


def service_moment() -> str:
    """Now, as the form of two moments writes it, later than everything written before."""
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def test_a_correction_reaches_those_who_keep_the_dataset(portal, visit):
    page = visit(f"{portal}/catalogue/den-duong/records/T003", **PLAIN).page
    page.get_by_label("Sai chỗ nào, đúng ra là gì?").fill("Trụ này ở đầu hẻm 42")
    page.get_by_label("Thư điện tử hoặc số điện thoại").fill("0900000000")
    page.get_by_role("button", name="Gửi").click()
    expect(page.locator(".banner")).to_contain_text("Đã gửi tới cơ quan chủ quản")
    with db.reading() as session:
        found = session.query(Correction).one()
        assert (found.record_key, found.text, found.contact) == ("T003", "Trụ này ở đầu hẻm 42", "0900000000")
    assert "hẻm 42" not in get(f"{portal}/catalogue/den-duong").text
    forged = httpx.post(f"{portal}/catalogue/den-duong/corrections", data={"text": "x"})
    assert forged.status_code == 403


def test_an_address_that_sends_very_many_corrections_is_asked_to_wait(portal):
    with httpx.Client(base_url=portal, timeout=30) as client:
        text = client.get("/catalogue/den-duong", headers={"accept": "text/html"}).text
        token = text.split('name="_token" value="')[1].split('"')[0]
        wrong = client.post(
            "/catalogue/den-duong/corrections?on=record", data={"_token": token, "text": "", "record_key": "T001"}
        )
        assert wrong.status_code == 400
        assert "Trụ đường Châu Thị Kim 1" in wrong.text, "the record's page again"
        codes = [
            client.post("/catalogue/den-duong/corrections", data={"_token": token, "text": f"sai {i}"}).status_code
            for i in range(correcting.MOST)
        ]
        assert codes == [303] * (correcting.MOST - 1) + [429]  # the wrong one counts


@once
def test_the_page_carries_schema_org_and_a_citation(portal):
    text = get(f"{portal}/catalogue/den-duong").text
    told = json.loads(text.split('<script type="application/ld+json">')[1].split("</script>")[0])
    assert told["@type"] == "Dataset"
    assert told["name"] == "Đèn đường Tân An"
    assert "ghi_chu" not in json.dumps(told)
    assert "@misc{den-duong-" in text
    assert "Sở Xây dựng (" in text
    english = get(f"{portal}/catalogue/den-duong?lang=en").text
    assert "Street lamps of Tân An" in english
    assert "Department of Construction" in english


@once
def test_the_map_shows_the_records_and_a_click_names_one(portal, visit):
    visitor = visit(f"{portal}/catalogue/den-duong")
    page = visitor.page
    page.wait_for_selector("dataset-map[data-ready]")
    page.locator(".recs tbody tr").nth(4).locator("td").nth(2).click()  # brings the map to the record
    page.wait_for_timeout(1500)
    box = page.locator("dataset-map").bounding_box()
    # the overview stands at the left and the buttons at the right: the middle of what is left between them
    page.mouse.click(box["x"] + box["width"] / 2 + 36, box["y"] + box["height"] / 2 - 4)
    expect(page.locator("dataset-map .pop")).to_contain_text("Công suất")
    expect(page.locator("dataset-map .pop a")).to_have_attribute("href", "/catalogue/den-duong/records/T004")
    assert visitor.complaints == []


@once
@pytest.mark.parametrize("screen", [at_length({}), {**PHONE, "color_scheme": "dark"}], ids=["desk", "phone-dark"])
def test_every_page_is_accessible_and_keeps_its_own_policy(portal, visit, screen):
    visitor = visit("about:blank", **screen)
    page = visitor.page
    for one in (
        "/catalogue",
        "/catalogue?q=xyz",
        "/catalogue/den-duong?f=loai:is:led",
        "/catalogue/den-duong/records/T001",
    ):
        page.goto(portal + one)
        assert axe.faults(page) == [], one
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{one} scrolls sideways"
        assert visitor.complaints == [], one
