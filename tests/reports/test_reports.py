"""Reports over the pages, without script: sent once however often, confirmed by a code, joined, rated, hidden, forgotten."""

import json
import re
import threading
import uuid

import pytest

from dothi.cases import service as cases
from dothi.cases import throttling
from dothi.cases.tables import Case, CaseContact, CaseFile
from dothi.config import settings
from dothi.db import session as db
from dothi.identity.guard import ANONYMOUS, SYSTEM, sees_entries
from dothi.journal import service as journal
from tests.cases import reporters
from tests.reports.conftest import AT, code_of, hidden, sheet
from tests.web.asking import Asking

RECEIPT = re.compile(r"/reports/(PA-\d\d-\d{6})/receipt")
PHOTO = {"photo": ("nắp cống.jpg", reporters.phone_photo(), "image/jpeg")}


def token_of(page):
    return re.search(r'name="_token" value="([0-9a-f]+)"', page.text)[1]


def fields_of(browser):
    page = browser.get("/reports/new")
    return {"_token": token_of(page), **hidden(page, "key", "secret")}


def send(browser, files=None, **more):
    browser.page = browser.http.post("/reports/new", data={**fields_of(browser), **sheet(**more)}, files=files)
    return browser.page


def sent(browser, files=None, **more):
    page = send(browser, files, **more)
    found = RECEIPT.search(str(page.url))
    assert found, (page.status_code, re.sub(r"<[^>]+>|\s+", " ", page.text)[-1500:])
    return found[1]


def confirmed(browser, files=None, **more):
    number = sent(browser, files, **more)
    browser.get(f"/reports/{number}/receipt")
    assert "Đã tiếp nhận" in browser.post(f"/reports/{number}/confirm", code=code_of(number)).text
    return number


def case_of(number):
    with db.reading() as session:
        case = session.query(Case).filter_by(number=number).one()
        session.expunge(case)
        return case


def count(table=Case):
    with db.reading() as session:
        return session.query(table).count()


def steps(town, number, *names):
    """An office handles it."""
    people, how = town.people, {"resolve": {"text": "Đã vá mặt đường"}, "ask": {"text": "Gần số nhà nào?"}}
    with db.writing() as session:
        for name in names:
            if name == "assign":
                cases.assign(session, people.admin, number, office=people.lights.id, handler=people.officer.id)
            else:
                cases.step(session, people.officer, number, name, **how.get(name, {}))


def test_a_report_is_looked_through_then_sent_once_and_counts_with_its_code(town):
    browser = town.browser()
    fields = fields_of(browser)
    looked = browser.http.post(
        "/reports/new", data={**fields, **sheet(do="look", phone="0901 234 567", **{"q-danger": None})}, files=PHOTO
    )
    assert looked.status_code == 200
    assert "Có nguy hiểm cho người đi đường không?" in looked.text  # of its category
    assert 'href="tel:114"' in looked.text
    assert "09xx xxx 567" in looked.text
    carried = dict(re.findall(r'<input type="hidden" name="([\w]+)" value="([^"]*)"', looked.text))
    assert carried["kept"]
    assert carried["key"] == fields["key"]
    # the question is asked until it is answered, and what was sent is not lost
    again = browser.http.post("/reports/new", data={**carried, "_token": token_of(looked), "do": "send"})
    assert again.status_code == 400
    assert "Trả lời giúp câu này." in again.text
    before = count()
    done = [browser.http.post("/reports/new", data={**carried, "_token": token_of(looked), "do": "send", "q-danger": "no"})
            for _ in range(3)]  # fmt: skip
    number = RECEIPT.search(str(done[0].url))[1]
    assert {RECEIPT.search(str(one.url))[1] for one in done} == {number}
    assert (count(), count(CaseFile), count(CaseContact)) == (before + 1, 1, 1)
    assert case_of(number).state == "unconfirmed"
    stranger = town.browser()
    assert stranger.get(f"/reports/{number}").status_code == 404
    assert number not in stranger.get("/reports").text
    # a wrong code is counted, the right one makes it count
    browser.get(f"/reports/{number}/receipt")
    wrong = "000000" if code_of(number) != "000000" else "111111"
    assert "Còn 4 lần thử" in browser.post(f"/reports/{number}/confirm", code=wrong).text
    page = browser.post(f"/reports/{number}/confirm", code=code_of(number))
    assert "Đã tiếp nhận" in page.text
    assert number in page.text
    assert "<svg" in page.text
    assert "Hạn xử lý:" in page.text
    assert stranger.get(f"/reports/{number}").status_code == 200
    assert number in stranger.get("/reports").text
    shown = stranger.page.text
    assert "/thumb" in shown
    picture = stranger.http.get(re.search(r"/cases/[\w-]+/files/\d+/thumb", shown)[0])
    assert picture.headers["content-type"] == "image/jpeg"
    assert b"Exif" not in picture.content
    original = re.sub(r"thumb$", "original", re.search(r"/cases/[\w-]+/files/\d+/thumb", shown)[0])
    assert stranger.http.get(original).status_code == 404
    assert stranger.http.get(original.replace(number, "PA-26-999999")).status_code == 404


def test_many_at_once_with_one_key_are_one_report(town):
    key, secret, before, answers = str(uuid.uuid4()), "s" * 43, count(), []

    def once():
        http = Asking(town.browser().application, accept="application/json")
        token = http.get("/reports/token").json()["token"]
        answers.append(
            http.post("/reports/new", data={**sheet(nameless="1"), "key": key, "secret": secret, "_token": token})
        )

    crowd = [threading.Thread(target=once) for _ in range(6)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert {one.status_code for one in answers} <= {200, 201}, [one.text for one in answers]
    assert len({one.json()["number"] for one in answers}) == 1
    assert count() == before + 1
    # somebody else with the same key learns the number alone
    http = Asking(town.browser().application, accept="application/json")
    token = http.get("/reports/token").json()["token"]
    other = http.post("/reports/new", data={**sheet(nameless="1"), "key": key, "secret": "t" * 43, "_token": token})
    assert other.json()["url"] == f"/reports/{other.json()['number']}"
    assert "dothi_reports" not in http.cookies
    assert http.get(other.json()["url"]).status_code == 404


def test_faults_stand_under_their_fields_and_nothing_is_lost(town):
    before = count()
    page = send(
        town.browser(), category="", lon="", lat="", address="", phone="0912 34", text="Ổ voi <script>alert(1)</script>"
    )
    assert page.status_code == 400
    assert count() == before
    for said in ("Chọn việc cần phản ánh.", "Cho biết ở đâu", "Chọn phường, xã.", "Còn thiếu 4 số."):
        assert said in page.text
    assert "<script>alert" not in page.text
    assert "Ổ voi &lt;script&gt;" in page.text
    far = send(town.browser(), lon="105.85", lat="21.03")
    assert "ở ngoài địa bàn" in far.text
    http = Asking(town.browser().application, accept="application/json")
    token = http.get("/reports/token").json()["token"]
    told = http.post("/reports/new", data={**sheet(phone="", text="x" * 1001, **{"q-danger": ""}), "_token": token})
    assert {one["place"] for one in told.json()["faults"]} == {"phone", "text", "q-danger"}
    # by a ward and an address, without a map; the text keeps its writer's own number to itself
    by_hand = {"lon": "", "lat": "", "ward": "27694", "address": "Hẻm 12 Hùng Vương"}
    number = confirmed(town.browser(), **by_hand, phone="0901 234 567", text="Gọi tôi 0901.234.567 nhé")
    assert (case_of(number).unit, case_of(number).lon) == ("27694", None)
    page = town.browser().get(f"/reports/{number}").text
    assert "nhé" in page
    assert not re.search(r"0901|234\D?567", page)


def test_what_is_no_photo_what_comes_from_elsewhere_and_too_much_is_refused(town, monkeypatch):
    before = (count(), count(CaseFile))
    bomb = send(town.browser(), files={"photo": ("a.png", reporters.png_bomb(), "image/png")})
    script = send(town.browser(), files={"photo": ("a.jpg", b"<script>alert(1)</script>", "image/jpeg")})
    pdf = send(town.browser(), files={"photo": ("<b>.pdf", reporters.PDF, "application/pdf")})
    assert [one.status_code for one in (bomb, script, pdf)] == [400, 400, 400]
    assert "không nhận được ảnh này" in script.text
    assert "chỉ nhận ảnh" in pdf.text
    assert "<b>.pdf" not in pdf.text
    browser = town.browser()
    fields = {**fields_of(browser), **sheet()}
    assert browser.http.post("/reports/new", data={**fields, "_token": "0" * 64}).status_code == 403
    assert browser.http.post("/reports/new", data=fields, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert (count(), count(CaseFile)) == before
    monkeypatch.setattr(settings(), "reports_per_hour", 2)
    stranger = town.browser()
    first = [send(stranger, nameless="1").status_code for _ in range(3)]
    assert first == [200, 200, 429]
    assert count() == before[0] + 2
    throttling.forget()


def test_joining_follows_instead_of_doubling_and_is_counted_once(town):
    number = confirmed(town.browser(), category="lamp-out", **{"q-danger": None})
    stranger = town.browser()
    near = stranger.get(f"/reports/near?category=lamp-out&lon={AT[0] + 0.0002}&lat={AT[1]}")
    assert number in near.text
    assert "Tôi cũng gặp" in near.text
    before = case_of(number).followers
    looked = send(stranger, category="lamp-out", do="look", **{"q-danger": None})
    assert f"/reports/{number}/join" in looked.text
    stranger.page = looked
    for _ in range(2):
        page = stranger.post(f"/reports/{number}/join")
        assert "theo dõi chung" in page.text
        stranger.get(f"/reports/{number}")
    assert case_of(number).followers == before + 1
    assert page.text.count("cũng gặp việc này") == 1
    assert "Đang theo dõi" in stranger.page.text
    stranger.post(f"/reports/{number}/follow", off="1")
    assert case_of(number).followers == before


def test_its_reporter_answers_says_it_is_not_done_and_rates_it(town):
    browser = town.browser()
    number = confirmed(browser, files=PHOTO)
    steps(town, number, "assign", "start", "ask")
    stranger = town.browser()
    page = stranger.get(f"/reports/{number}")
    assert "Gần số nhà nào?" in page.text
    assert "Gửi trả lời" not in page.text
    assert stranger.post(f"/reports/{number}/more", text="Số 12").status_code == 404
    page = browser.get(f"/reports/{number}")
    assert "Cơ quan hỏi thêm" in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    page = browser.post(f"/reports/{number}/more", text="Gần nhà số 12, của bà Sáu")
    assert "Người gửi đã bổ sung thông tin" in page.text
    assert "bà Sáu" in page.text
    assert "bà Sáu" not in stranger.get(f"/reports/{number}").text  # what the reporter writes later is the office's
    steps(town, number, "resolve")
    assert stranger.get(f"/reports/{number}").text.count("Đã vá mặt đường") == 1
    assert stranger.post(f"/reports/{number}/rate", fixed="yes").status_code == 404
    page = browser.get(f"/reports/{number}")
    assert "Việc này đã xong chưa?" in page.text
    assert browser.post(f"/reports/{number}/rate", fixed="no").status_code == 400
    assert "Đã mở lại" in browser.post(f"/reports/{number}/rate", fixed="no", text="Còn lún một bên").text
    assert case_of(number).state == "working"
    steps(town, number, "resolve")
    browser.get(f"/reports/{number}")
    assert "hài lòng thế nào" in browser.post(f"/reports/{number}/rate", fixed="yes").text
    browser.post(f"/reports/{number}/rate", rating="4")
    case = case_of(number)
    assert (case.state, case.satisfied, case.rating) == ("closed", True, 4)
    text = stranger.get(f"/reports/{number}").text
    assert "Người gửi chấm 4/5" in text
    assert "Còn lún" not in text
    assert "Vì sao hạn là ngày này?" in text
    assert "Công ty Chiếu sáng" in text


def test_the_own_link_goes_into_a_cookie_and_its_data_can_be_erased(town):
    browser = town.browser()
    number = confirmed(browser, name="Nguyễn Thị Bí Mật", email="bimat@example.vn")
    private = re.search(r"\?t=([\w-]+)", browser.get(f"/reports/{number}/receipt").text)[1]
    other = town.browser()
    other.http.follow = False
    moved = other.http.get(f"/reports/{number}?t={private}")
    assert (moved.status_code, moved.headers["location"]) == (303, f"/reports/{number}")
    assert moved.headers["referrer-policy"] == "no-referrer"
    assert "httponly" in moved.headers["set-cookie"].lower()
    wrong = town.browser().http
    wrong.follow = False
    assert "set-cookie" not in wrong.get(f"/reports/{number}?t={'x' * 43}").headers
    other.http.follow = True
    assert "Xóa thông tin của tôi" in other.get(f"/reports/{number}").text
    assert other.post(f"/reports/{number}/erase").status_code == 400
    other.get(f"/reports/{number}")
    assert "Đã xóa thông tin" in other.post(f"/reports/{number}/erase", sure="1").text
    with db.reading() as session:
        contact = session.get(CaseContact, case_of(number).id)
        assert (contact.name, contact.phone, contact.email) == (None, None, None)
    assert "Xóa thông tin của tôi" not in browser.get(f"/reports/{number}").text  # no link is the reporter's any more
    told = json.dumps(journal_of(), ensure_ascii=False)
    assert "Bí Mật" not in told
    assert "bimat" not in told


def journal_of():
    with db.reading() as session:
        return journal.read(session, sees=sees_entries(ANONYMOUS), kinds=["cases"])


def test_nobody_is_named_anywhere_in_public_and_private_ones_are_not_there(town):
    secret_ = confirmed(town.browser(), private="1", name="Lê Riêng Tư", phone="0977 111 222")
    open_ = confirmed(town.browser(), name="Trần Hữu Danh", phone="0977 333 444", email="danh@example.vn", files=PHOTO)
    stranger = town.browser()
    texts = [stranger.get(path).text for path in (
        f"/reports/{open_}", "/reports", "/reports?q=hung+vuong", "/reports.geojson", "/reports.atom",
        f"/reports.atom?case={open_}", f"/reports/near?category=pothole&lon={AT[0]}&lat={AT[1]}",
    )]  # fmt: skip
    assert all(open_ in text for text in (texts[0], texts[1], texts[3], texts[4], texts[6]))
    for text in texts:
        assert not any(
            one in text for one in ("Hữu Danh", "333444", "333 444", "danh@example", "Riêng", "111222", secret_)
        )
    for path in (f"/reports/{secret_}", f"/reports.atom?case={secret_}", f"/reports/{secret_}?t=abc"):
        assert stranger.get(path).status_code == 404, path
    for verb in ("join", "follow", "rate", "more", "erase", "code", "confirm"):
        stranger.get("/reports/new")
        assert stranger.post(f"/reports/{secret_}/{verb}", text="a", sure="1", code="123456").status_code == 404, verb
    for path in ("/reports/%00", "/reports/PA-26-000000", "/reports/..%2f..%2fetc", "/cases/x/files/1/public"):
        assert stranger.get(path).status_code == 404, path


def test_who_moderates_hides_rewords_and_shows_again(town):
    number = confirmed(town.browser(), text="Xe 62A-123.45 của ông Ba đậu chắn", files=PHOTO)
    steps(town, number, "assign")
    chief = town.signed_in(town.people.manager)
    assert "Kiểm duyệt" in chief.get(f"/reports/{number}").text
    chief.post(f"/reports/{number}/moderate", do="reword", title="Xe đậu chắn lối", text="Một xe con đậu chắn")
    page = town.browser().get(f"/reports/{number}")
    assert "Xe đậu chắn lối" in page.text
    assert "62A" not in page.text
    picture = re.search(r"/cases/[\w-]+/files/(\d+)/public", page.text)
    chief.get(f"/reports/{number}")
    chief.post(f"/reports/{number}/moderate", do="blur", file=picture[1], boxes="0.1,0.1,0.5,0.5")
    with db.reading() as session:
        assert session.get(CaseFile, int(picture[1])).blurred == [[0.1, 0.1, 0.5, 0.5]]
    chief.get(f"/reports/{number}")
    chief.post(f"/reports/{number}/moderate", do="hide", reason="Nêu tên người khác")
    stranger = town.browser()
    assert stranger.get(f"/reports/{number}").status_code == 404
    assert stranger.http.get(picture[0]).status_code == 404
    other = town.signed_in(town.people.stranger_chief)
    assert other.get(f"/reports/{number}").status_code == 404
    assert "Nêu tên người khác" in chief.get(f"/reports/{number}").text
    chief.post(f"/reports/{number}/moderate", do="show")
    assert stranger.get(f"/reports/{number}").status_code == 200
    assert stranger.post(f"/reports/{number}/moderate", do="hide", reason="x").status_code in (401, 403)


def test_the_list_is_filtered_counted_and_paged(town):
    with db.writing() as session:
        for n in range(40):
            new = cases.New("report", "lamp-out", text="", lon=AT[0], lat=AT[1], address=f"Đường Trương Định {n}", confirmed=True, simulated=True)  # fmt: skip
            cases.open_(session, SYSTEM, new)
    browser = town.browser()
    page = browser.get("/reports?category=lamp-out&q=truong+dinh&ward=27694")
    if "PA-" not in page.text:  # our outlines put the place elsewhere
        page = browser.get("/reports?category=lamp-out&q=truong+dinh")
    first = re.findall(r'<li><a href="/reports/(PA-[\d-]+)"', page.text)
    assert len(first) == 30
    assert "Dữ liệu mô phỏng" in page.text
    after = re.search(r'href="(/reports\?[^"]*after=[^"]*)" rel="next"', page.text)[1].replace("&amp;", "&")
    rest = re.findall(r'<li><a href="/reports/(PA-[\d-]+)"', browser.get(after).text)
    assert len(rest) == 10
    assert not set(first) & set(rest)
    assert "đang xử lý" in page.text
    marks = json.loads(browser.get("/reports.geojson?category=lamp-out").text)
    assert len(marks["features"]) >= 40
    assert browser.get("/reports?state=nonsense").status_code == 400
    assert browser.get("/reports?since=2026-13-40").status_code == 400
    assert browser.get("/reports?since=2020-01-01&until=2020-02-01").text.count("Chưa có phản ánh nào như vậy") == 1
    assert browser.get("/reports?after=1.2;drop").status_code == 400
    assert "Reports" in browser.get("/reports?lang=en").text


@pytest.mark.parametrize("path", ["/reports/new", "/reports/worker.js", "/reports/token"])
def test_what_a_phone_keeps_is_there(town, path):
    assert town.browser().get(path).status_code == 200
