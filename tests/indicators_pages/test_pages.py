"""What the pages say is what is stored: numbers, why they are missing, receipts that add up, targets, files."""

import csv
import io
import json
import re

import pytest
from openpyxl import load_workbook

from dothi.app import create_app
from dothi.db import session as db
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from dothi.indicators import service as indicators
from dothi.kit import clock
from tests.indicators import town
from tests.web.asking import Asking, Browser

PAGES = (
    "/indicators", "/indicators/pm25-mean", "/indicators/pm25-mean?place=27694&on=now", "/indicators/sets/iso-37122", "/scoreboard",
    "/scoreboard?by=wards", "/scoreboard?by=years",
)  # fmt: skip


@pytest.fixture(scope="module")
def http(standing):
    """The town of two wards: hours of PM2.5 in February and March 2026, computed."""
    keep, clock.source = clock.source, lambda: clock.moment(town.NOW)
    try:
        with db.writing() as session:
            streams = town.build(session)
        for code, value in (("A1", 50.0), ("A2", 30.0), ("B1", 20.0)):
            for day in ("2026-01-15", "2026-02-15", "2026-03-05"):
                with db.writing() as session:
                    town.hours(session, streams[code], town.day(day), [value + hour / 10 for hour in range(24)])
        with db.writing() as session:
            indicators.compute(session, periods=["2026-01", "2026-02", "2026-03"], now=town.NOW)
        yield Asking(create_app(), accept="text/html")
    finally:
        clock.source = keep


def data(http, path):
    answer = http.get(path)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text)


def test_a_search_finds_words_without_their_marks(http):
    found = http.get("/indicators?q=trung+binh+pm").text
    assert "/indicators/pm25-mean" in found
    assert "/indicators/lamps-working" not in found
    assert "Không có chỉ tiêu nào như vậy" in http.get("/indicators?q=zzzz").text
    assert "/indicators/lamps-working" not in http.get("/indicators?sector=air").text
    wrong = http.get("/indicators?place=zz&light=blue")
    assert wrong.status_code == 400
    assert "tan-an" in wrong.text


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_whole_in_both_languages(http, path):
    for language in ("vi", "en"):
        answer = http.get(f"{path}{'&' if '?' in path else '?'}lang={language}")
        assert answer.status_code == 200
        assert f'<html lang="{language}"' in answer.text
    body = re.sub(r"<(script|svg)[^>]*>.*?</\1>", "", answer.text, flags=re.DOTALL)
    for left in ("Chỉ tiêu", "Biên nhận", "Độ phủ", "kỳ đang chạy", "Mục tiêu"):
        assert left not in body, left
    http.get("/indicators?lang=vi")  # what follows reads Vietnamese


def test_a_number_says_what_it_is_and_what_it_lacks(http):
    page = http.get("/indicators/pm25-mean?period=2026-02").text
    plan = re.search(r'<svg class="ind-plan".*?</svg>', page, flags=re.DOTALL)[0]
    assert re.findall(r'aria-label="(Phường [^"]+)"', plan) == [
        "Phường Long An: 41,1 µg/m³",
        "Phường Tân An: 21,1 µg/m³",
    ]
    assert "class=none" not in plan
    assert "class=none" in http.get("/indicators/pm25-mean?period=2025-11").text  # missing is hatched
    value = data(http, "/api/indicators/pm25-mean?period=2026-02")["value"]
    assert value["number"] == pytest.approx((51.15 + 31.15 + 21.15) / 3)
    assert "34,5" in page  # one decimal, as declared
    assert value["state"] == "thin"  # one day of twenty-eight
    assert "Thiếu dữ liệu" in page
    assert "kỳ đang chạy" in http.get("/indicators/pm25-mean?period=2026-03").text
    missing = data(http, "/api/indicators/pm25-mean?period=2025-11")["value"]
    assert (missing["number"], missing["state"]) == (None, "missing")
    assert missing["reason_text"]
    assert missing["reason_text"] in http.get("/indicators/pm25-mean?period=2025-11").text


def test_a_receipt_opens_and_its_rows_add_up(http):
    address = data(http, "/api/indicators/pm25-mean?period=2026-02")["value"]["receipt"].removeprefix(
        "http://city.test"
    )
    receipt = data(http, address)
    assert receipt["again"]["same"]
    assert receipt["whole"]
    page = http.get(address.removesuffix(".json")).text
    assert "Tính lại từ dữ liệu đang lưu: ra đúng số này." in page
    assert receipt["sha256"] in page
    rows = list(csv.DictReader(io.StringIO(http.get(address.replace(".json", ".csv")).content.decode("utf-8-sig"))))
    measured = [float(row["number"]) for row in rows if row["input"] == "pm25"]
    assert len(measured) == 72
    assert sum(measured) / len(measured) == pytest.approx(receipt["number"], abs=1e-9)
    assert http.get("/indicators/receipts/999-tan-an").status_code == 404


def test_a_target_is_set_by_who_may_and_lights_the_number(http):
    url = "/indicators/pm25-mean"
    stranger = Browser(http.application)
    assert "targets/drop" not in stranger.get(url).text
    assert stranger.http.post(f"{url}/targets", data={"year": "2026", "value": "30"}).status_code in (401, 403)
    with db.writing() as session:
        chief = identity.create_person(session, SYSTEM, "lanhdao", "Lãnh đạo", password="mat-khau-dai-1")
        identity.grant(session, SYSTEM, chief, "leader")
    boss = Browser(http.application)
    boss.sign_in("lanhdao", "mat-khau-dai-1")
    boss.get(url)
    boss.post(f"{url}/targets", year="2026", value="mot")
    assert boss.page.status_code == 400
    assert "không phải một số" in boss.page.text
    boss.post(f"{url}/targets", year="2026", value="30,5", source="Kế hoạch thử", phase="2026–2030")
    assert "Đã đặt mục tiêu." in boss.page.text
    value = data(http, f"/api{url}?period=2026-02")["value"]
    assert (value["target"]["value"], value["light"]) == (30.5, "bad")
    assert "Chưa đạt mục tiêu" in http.get(f"{url}?period=2026-02").text
    newest = data(http, "/api/indicators?q=pm25-mean")["indicators"][0]["value"]["light"]
    assert url in http.get(f"/indicators?light={newest}").text
    assert url not in http.get(f"/indicators?light={'good' if newest == 'bad' else 'bad'}").text
    boss.post(f"{url}/targets/drop", year="2026")
    assert "Đã bỏ mục tiêu." in boss.page.text


def test_the_published_set_is_whole_and_says_what_it_needs(http):
    page = http.get("/indicators/sets/iso-37122").text
    assert page.count('<span class="num no">') == 80
    assert "chưa đo; cần:" in page
    assert "/indicators/air-stations-per-km2" in page
    assert http.get("/indicators/sets/none").status_code == 404


def test_files_hold_the_same_numbers(http):
    rows = {row["indicator"]: row for row in data(http, "/indicators.json")["indicators"]}
    sheet = list(csv.DictReader(io.StringIO(http.get("/indicators.csv").content.decode("utf-8-sig"))))
    days = next(row for row in sheet if row["indicator"] == "pm25-days-over-limit")
    assert (days["numerator"], days["denominator"], days["factor"]) == ("1.0", "3.0", "100.0")
    assert "1 ÷ 3 × 100" in http.get("/indicators/pm25-days-over-limit?period=2026-03").text
    assert [row["indicator"] for row in sheet] == list(rows)
    number = rows["pm25-mean"]["value"]
    assert float(next(row for row in sheet if row["indicator"] == "pm25-mean")["value"]) == number
    book = load_workbook(io.BytesIO(http.get("/indicators.xlsx").content)).active
    table = list(book.values)
    at = table[0].index("value")
    assert next(row for row in table if row[0] == "pm25-mean")[at] == number
    assert http.get("/indicators.csv?from=2026-05&to=2026-01").status_code == 400


def test_sdmx_reads_back(http):
    """SDMX-JSON 2.0: every index leads to a value of its dimension, and the numbers are those of the series."""
    message = data(http, "/indicators.sdmx.json?q=pm25-mean&place=all&kind=month&from=2026-01")
    structure, dataset = message["data"]["structures"][0], message["data"]["dataSets"][0]
    assert structure["dataSets"] == [dataset["structure"]] == [0]
    assert message["meta"]["schema"].endswith("2.0.0/sdmx-json-data-schema.json")
    dimensions, times = structure["dimensions"]["series"], structure["dimensions"]["observation"][0]["values"]
    positions = [one["keyPosition"] for one in (*dimensions, *structure["dimensions"]["observation"])]
    assert positions == [0, 1, 2, 3]
    statuses = structure["attributes"]["observation"][0]["values"]
    found = {}
    for key, series in dataset["series"].items():
        ids = tuple(one["values"][int(i)]["id"] for one, i in zip(dimensions, key.split(":"), strict=True))
        assert len(series["attributes"]) == len(structure["attributes"]["series"])
        for i, told in series["observations"].items():
            assert len(told) == 1 + len(structure["attributes"]["observation"])
            found[*ids, times[int(i)]["id"]] = (told[0], statuses[told[1]]["id"])
    assert found["pm25-mean", "tan-an", "M", "2026-02"] == (pytest.approx(34.483333333), "U")
    assert found["pm25-mean", "27694", "M", "2026-03"][1] == "P"
    values = data(http, "/api/indicators/pm25-mean/values?place=27712&period=month&from=2026-01")["values"]
    told = [found["pm25-mean", "27712", "M", one["period"]][0] for one in values]
    assert told == [one["number"] for one in values]


def test_the_board_shows_open_data_only(http):
    board = http.get("/scoreboard").text
    assert "/indicators/pm25-mean" in board or "/indicators/pm25-days-over-limit" in board
    seen = set(re.findall(r'href="/indicators/([a-z0-9-]+)["?]', board))
    public = {one["code"] for one in data(http, "/api/indicators")["indicators"] if one["value"]["number"] is not None}
    assert seen <= public


def test_the_board_by_ward_and_over_the_years(http):
    def row(path):
        text = re.sub(
            r"<[^>]+>",
            " ",
            re.search(r'<tr><th scope="row"><a href="/indicators/pm25-days-over-limit.*?</tr>', http.get(path).text)[0],
        )
        return [word for word in text.split() if re.fullmatch(r"[0-9]+,[0-9]|–", word)]

    with db.writing() as session:
        indicators.compute(session, ["pm25-days-over-limit"], ["2026"], now=town.NOW)
    value = data(http, "/api/indicators/pm25-days-over-limit?period=2026-03")["value"]
    wards = data(http, "/api/indicators/pm25-days-over-limit/places?period=2026-03")["values"]
    assert row("/scoreboard?by=wards") == [f"{one['number']:.1f}".replace(".", ",") for one in (value, *wards)]
    year = data(http, "/api/indicators/pm25-days-over-limit?period=2026")["value"]["number"]
    assert row("/scoreboard?by=years") == [f"{year:.1f}".replace(".", ","), "–", "–", "–"]
    assert "50,0" in http.get("/scoreboard?place=27694").text
    wrong = http.get("/scoreboard?by=months&place=zz")
    assert wrong.status_code == 400
    assert "wards, years" in wrong.text
    assert "tan-an" in wrong.text
