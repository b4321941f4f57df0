"""The agency desk as a browser without script asks for it: who sees what, every form, what two do at once."""

import io
import re
from datetime import timedelta

import openpyxl
import pytest

from dothi.cases import calendar, reading
from dothi.cases import service as cases
from dothi.cases.tables import Case, CaseFile, Workday
from dothi.cases.types import types, use
from dothi.db import session as db
from dothi.identity.guard import SYSTEM, Caller
from dothi.identity.tables import Person
from dothi.journal.tables import Entry
from dothi.screens.casework import desk, routes
from tests.cases import scene
from tests.casework.room import PERSONAL, Room, photo

assert routes.routes  # the list of routes is filled by their module
once = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # nothing here that two databases do differently


@pytest.fixture
def room(database):
    return Room()


def version(number):
    with db.reading() as session:
        return session.query(Case.version).filter_by(number=number).scalar()


def standing(number):
    with db.reading() as session:
        found = session.query(Case).filter_by(number=number).one()
        session.expunge(found)
        return found


def act(browser, number, code, form=True, seen=None, **values):
    """Open the form of an action and send it."""
    if form:
        assert browser.get(f"/desk/cases/{number}?act={code}").status_code == 200
    else:
        browser.get(f"/desk/cases/{number}")
    return browser.post(f"/desk/cases/{number}/act", act=code, version=str(seen or version(number)), **values)


@once
def test_every_page_is_for_those_who_read_cases(room):
    stranger, worker = room.at(), room.at("worker")
    for method, path, who in desk.ROUTES:
        address = path.replace("{number}", room.numbers["open"]).replace("{id:id}", str(room.file))
        address = re.sub(r"\{\w+(:\w+)?\}", "1", address)
        if method == "GET":
            assert "/admin/sign-in" in str(stranger.get(address).url), path
            assert worker.get(address).status_code == 403, path
        else:
            worker.get("/admin")
            assert worker.post(address).status_code == 403, path
            officer = room.at("officer")
            assert officer.http.post(address, data={"text": "x"}).status_code == 403, (path, who)  # no token


def test_an_officer_sees_nothing_of_another_office(room):
    mine, theirs = room.numbers["open"], room.numbers["other"]
    officer, other, leader = room.at("officer"), room.at("stranger"), room.at("leader")
    page = officer.get("/desk").text
    assert mine in page
    assert theirs not in page
    assert theirs in other.get("/desk").text
    assert {mine, theirs} <= set(re.findall(r"PA-\d\d-\d{6}", leader.get("/desk").text))
    for path in ("", "/print", f"/photos/{room.file}", "?part=1"):
        assert other.get(f"/desk/cases/{mine}{path}").status_code == 404, path
    assert "Không có việc" in other.get(f"/desk?case={mine}").text
    for code, values in (("comment", {"text": "x"}), ("transfer", {"text": "x", "reason": "other"}), ("take", {})):
        other.get("/desk/new")
        assert other.post(f"/desk/cases/{mine}/act", act=code, **values).status_code == 404
    other.get("/desk/new")
    assert other.post(f"/desk/cases/{mine}/contact", purpose="gọi lại").status_code == 404
    other.get(f"/desk/bulk?do=comment&case={mine}:1&case={theirs}:1")
    assert mine not in other.page.text.partition("<main")[2]  # above it a link asks the same in the other language
    done = other.post("/desk/bulk", do="comment", text="Đã xem", case=f"{mine}:1")
    assert done.status_code == 400
    assert mine not in other.get("/desk/export?format=csv").text
    assert mine not in other.get(f"/desk?office={room.lights}").text
    # whoever only reported a case has their own page of it, not the office's
    with db.writing() as session:
        own = scene.report(session, Caller("person", room.ids["stranger"], "Trần Quốc Việt"))
        cases.assign(session, SYSTEM, own.id, office=room.lights)
        number = own.number
    assert room.at("stranger").get(f"/desk/cases/{number}").status_code == 404


def test_the_inbox_counts_groups_filters_and_finds(room):
    officer = room.at("officer")
    page = officer.get("/desk").text
    assert re.search(r"Việc của đội</span><span class=\"n num\">3<", page)
    assert re.search(r"Giao cho tôi</span><span class=\"n num\">1<", page)
    assert re.search(r"Chưa phân công</span><span class=\"n num\">2<", page)
    assert "Sau đó" in page
    mine = officer.get("/desk?list=mine").text
    assert room.numbers["open"] in mine
    assert room.numbers["new"] not in mine
    found = officer.get("/desk?q=den+tat+o+PAIR").text
    assert room.numbers["pair"] in found
    assert room.numbers["new"] not in found
    assert "Không có việc nào khớp" in officer.get("/desk?q=khongco").text
    for which in ("unassigned", "overdue", "soon", "waiting", "co-handled", "done", "all", "orders"):
        assert officer.get(f"/desk?list={which}").status_code == 200, which
    assert officer.get("/desk?list=nothing").status_code == 404
    assert officer.get("/desk?after=nonsense").status_code == 400
    assert officer.get("/desk?category=nothing").status_code == 400


def test_pages_of_the_inbox_follow_one_another(room, monkeypatch):
    monkeypatch.setattr("dothi.screens.casework.inbox.LIMIT", 2)
    officer, seen = room.at("officer"), []
    address = "/desk?list=team"
    while address:
        page = officer.get(address).text
        seen += re.findall(r'data-case="([^"]+)"', page)
        found = re.search(r'href="([^"]+)" rel="next"', page)
        address = found[1].replace("&amp;", "&") if found else None
    assert sorted(seen) == sorted(room.numbers[one] for one in ("new", "open", "pair"))


def test_a_case_goes_through_the_forms_of_its_flow(room):
    officer, number = room.at("officer"), room.numbers["new"]
    page = officer.get(f"/desk/cases/{number}").text
    assert "Bắt đầu xử lý" in page
    assert "act=assign" not in page or "Giao việc" in page
    assert act(officer, number, "take").status_code == 200
    assert standing(number).handler_id == room.ids["officer"]
    assert act(officer, number, "step:start").status_code == 200
    empty = act(officer, number, "step:resolve")
    assert empty.status_code == 400
    assert "Cần ghi nội dung." in empty.text
    officer.get(f"/desk/cases/{number}?act=step:resolve")
    token = re.search(r'name="_token" value="([0-9a-f]+)"', officer.page.text)[1]
    answer = officer.http.post(
        f"/desk/cases/{number}/act",
        data={
            "_token": token,
            "act": "step:resolve",
            "version": str(version(number)),
            "text": "Đã thay bóng",
            "public": "1",
        },
        files={"after": ("sau.jpg", photo(), "image/jpeg")},
    )
    assert answer.status_code == 200
    found = standing(number)
    assert found.state == "resolved"
    with db.reading() as session:
        kinds = [(one.kind, one.public) for one in session.query(CaseFile).filter_by(case_id=found.id)]
        assert kinds == [("after", True)]
        told = reading.entries(session, found, inside=False)
    assert "Đã thay bóng" in [one.text for one in told]
    assert "Còn lại" not in officer.get(f"/desk/cases/{number}").text


@once
def test_a_step_kept_from_the_public_stays_inside(room):
    officer, number = room.at("officer"), room.numbers["open"]
    act(officer, number, "step:ask", text="Số cột nào?")
    act(officer, number, "comment", text="Gọi điện lực trước")
    act(officer, number, "comment", text="Đội đang đến", public="1")
    with db.reading() as session:
        told = " ".join(one.text for one in reading.entries(session, standing(number), inside=False))
    assert "Đội đang đến" in told
    assert "điện lực" not in told
    assert "Số cột" not in told


@once
def test_what_does_not_belong_to_the_office_goes_on_with_its_name(room):
    officer, number = room.at("officer"), room.numbers["open"]
    refused = act(officer, number, "transfer", reason="not-ours", text="Không phải việc của chúng tôi")
    assert refused.status_code == 400
    assert "Nói rõ việc này của cơ quan nào" in refused.text
    assert "Không phải việc của chúng tôi</textarea>" in refused.text
    gone = act(officer, number, "transfer", reason="not-ours", text="Việc của Sở Xây dựng")
    assert f"Việc {number} không còn ở đơn vị của anh chị" in gone.text
    assert standing(number).agency_id is None
    other = room.numbers["new"]
    act(officer, other, "transfer", reason="wrong-place", office=str(room.roads), text="Đường tỉnh")
    assert standing(other).agency_id == room.roads
    page = room.at("stranger").get(f"/desk/cases/{other}").text
    assert "Ngoài địa bàn" in page
    assert "Đường tỉnh" in page


@once
def test_help_of_another_office_is_asked_and_given(room):
    officer, number = room.at("officer"), room.numbers["open"]
    act(officer, number, "co-handle", office=str(room.roads), text="Rào vỉa hè")
    other = room.at("stranger")
    assert number in other.get("/desk?list=co-handled").text
    page = other.get(f"/desk/cases/{number}").text
    assert "Báo phối hợp xong" in page
    assert "Chuyển đơn vị" not in page
    assert act(other, number, "co-done", text="Đã rào").status_code == 200
    assert number not in other.get("/desk?list=co-handled").text


@once
def test_managers_extend_stop_and_let_go_on(room):
    manager, officer, number = room.at("manager"), room.at("officer"), room.numbers["open"]
    assert "act=extend" not in officer.get(f"/desk/cases/{number}").text
    assert act(officer, number, "extend", amount="2", reason="complex", text="Chờ vật tư").status_code == 403
    before = standing(number).due_at
    assert act(manager, number, "extend", amount="2", reason="complex", text="Chờ vật tư").status_code == 200
    assert standing(number).due_at > before
    page = manager.page.text
    assert "vụ việc phức tạp" in page
    act(manager, number, "suspend", reason="force-majeure", text="Bão")
    assert standing(number).due_at is None
    assert "đang tạm dừng" in manager.get(f"/desk/cases/{number}").text
    act(manager, number, "resume")
    assert standing(number).due_at is not None


def test_priority_place_category_links_and_moderation(room):
    manager, number = room.at("manager"), room.numbers["open"]
    act(manager, number, "priority", priority="urgent", text="Gần trường học")
    act(manager, number, "place", address="Số 5 Nguyễn Thông", place="106.41 10.54")
    assert act(manager, number, "place", address="", place="không phải").status_code == 400
    act(manager, number, "link", kind="part-of", to=room.numbers["pair"])
    category = next(one.code for one in types().categories("report") if one.public and one.code != "other")
    act(manager, number, "category", category=category)
    found = standing(number)
    assert (found.priority, found.address, found.lon, found.category) == (
        "urgent",
        "Số 5 Nguyễn Thông",
        106.41,
        category,
    )
    page = manager.get(f"/desk/cases/{number}").text
    assert "Một phần của" in page
    assert "Bình thường → Khẩn" in page
    act(manager, number, "hide", reason="Có tên người")
    assert standing(number).hidden == "Có tên người"
    assert number in manager.get("/desk/moderation?which=hidden").text
    act(manager, number, "show")
    act(manager, number, "reword", title="Đèn tắt", text="Trước số nhà *")
    assert (standing(number).hidden, standing(number).title) == (None, "Đèn tắt")
    assert room.at("officer").get("/desk/moderation").status_code == 403


def test_a_case_is_joined_to_the_one_nearby(room):
    officer, one, other = room.at("officer"), room.numbers["new"], room.numbers["pair"]
    page = officer.get(f"/desk/cases/{one}?act=merge").text
    assert f'value="{other}"' in page  # near, of the same category
    page = officer.post(f"/desk/cases/{one}/act", act="merge", search="1", find="pair", text="Cùng một cột").text
    assert "Cùng một cột</textarea>" in page
    act(officer, one, "merge", duplicate_of=other)
    assert standing(one).state == "duplicate"
    assert f"/desk/cases/{other}" in officer.get(f"/desk/cases/{one}").text


def test_two_at_once_one_wins_and_nothing_typed_is_lost(room):
    first, second, number = room.at("officer"), room.at("second"), room.numbers["open"]
    seen = version(number)
    second.get(f"/desk/cases/{number}?act=step:ask")
    act(first, number, "step:resolve", text="Đã sửa", seen=seen)
    late = second.post(
        f"/desk/cases/{number}/act", act="step:resolve", version=str(seen), text="Tôi cũng đã đến nơi", public="1"
    )
    assert late.status_code == 412
    assert re.search(r"Võ Văn Tâm đã làm bước “Báo đã xử lý” lúc \d\d:\d\d", late.text)
    assert "Tôi cũng đã đến nơi</textarea>" in late.text
    part = second.post(f"/desk/cases/{number}/act", act="step:resolve", version=str(seen), text="Lần nữa", part="1")
    assert (part.status_code, "<html" in part.text) == (412, False)


@once
def test_a_step_waits_for_another_persons_approval(room):
    shipped = types()
    report = shipped.type("report").model_copy(deep=True)
    next(one for one in report.transitions if one.code == "reject").effects.append("needs-approval")
    changed = {**shipped.steps, **{("report", one.code): one for one in report.transitions}}
    use(type(shipped)(**{
        **{name: getattr(shipped, name) for name in shipped.__dataclass_fields__},
        "by_code": {**shipped.by_code, "report": report}, "steps": changed,
    }))  # fmt: skip
    try:
        officer, manager, number = room.at("officer"), room.at("manager"), room.numbers["new"]
        act(officer, number, "step:reject", reason="no-basis", text="Đến nơi không thấy")
        assert standing(number).state == "assigned"
        assert number in manager.get("/desk?list=approval").text
        page = manager.get(f"/desk/cases/{number}").text
        assert "Đến nơi không thấy" in page
        assert 'value="approve"' in page
        assert 'value="approve"' not in officer.get(f"/desk/cases/{number}").text
        refused = act(manager, number, "return", form=False)
        assert refused.status_code == 400
        act(manager, number, "return", form=False, text="Chụp ảnh đã")
        assert standing(number).pending_id is None
        act(officer, number, "step:reject", reason="no-basis", text="Có ảnh rồi")
        act(manager, number, "approve", form=False)
        assert standing(number).state == "rejected"
    finally:
        use(None)


def test_many_at_once_each_says_whether_it_worked(room):
    boss, names = room.at("dispatcher"), room.numbers
    marked = [f"{names[one]}:{version(names[one])}" for one in ("new", "open", "pair")]
    stale = [*marked[:2], f"{names['pair']}:0"]
    page = boss.get("/desk/bulk?do=assign&" + "&".join(f"case={one}" for one in stale)).text
    assert "3 việc" in page
    assert 'name="case" value=' in page
    token = re.search(r'name="_token" value="([0-9a-f]+)"', page)[1]

    def send(**values):
        return boss.http.post("/desk/bulk", data={"_token": token, "case": stale, **values}).text

    assert "Chọn người xử lý hoặc một đội." in send(do="assign")
    done = send(do="assign", handler=str(room.ids["second"]))
    assert "2 trên 3 việc đã xong" in done
    assert done.count('data-s="critical"') == 1
    assert standing(names["new"]).handler_id == room.ids["second"]
    assert standing(names["pair"]).handler_id is None
    texts = send(do="comment", text="{number} đang chờ vật tư", public="1")
    assert "3 trên 3 việc đã xong" in texts
    with db.reading() as session:
        told = [one.text for one in reading.entries(session, standing(names["new"]), inside=False)]
    assert f"{names['new']} đang chờ vật tư" in told


def test_a_contact_is_masked_until_a_purpose_is_said(room):
    officer, number = room.at("officer"), room.numbers["open"]
    for path in (
        "/desk",
        f"/desk?case={number}",
        f"/desk/cases/{number}",
        f"/desk/cases/{number}/print",
        "/desk/export?format=csv",
    ):
        page = officer.get(path).text
        assert not [one for one in PERSONAL if one in page], path
    assert "Nguyễn V. A." in officer.get(f"/desk/cases/{number}").text
    refused = officer.post(f"/desk/cases/{number}/contact", purpose="x")
    assert refused.status_code == 400
    assert "+84901234567" not in refused.text
    shown = officer.post(f"/desk/cases/{number}/contact", purpose="Gọi hỏi số cột đèn")
    assert "+84901234567" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert "+84901234567" not in officer.get(f"/desk/cases/{number}").text
    with db.reading() as session:
        read = session.query(Entry).filter_by(kind="cases.contact.read").all()
        assert [(one.actor, "số cột đèn" in str(one.data)) for one in read] == [(f"person:{room.ids['officer']}", True)]
    leader = room.at("leader")
    leader.get(f"/desk/cases/{number}")
    assert leader.post(f"/desk/cases/{number}/contact", purpose="tò mò").status_code == 403


@once
def test_the_inbox_is_taken_along_as_a_table(room):
    officer = room.at("officer")
    with db.writing() as session:
        session.query(Case).filter_by(number=room.numbers["new"]).one().title = "=1+1"
    text = officer.get("/desk/export?format=csv").content.decode("utf-8-sig")
    assert text.count("\r\n") == 4
    assert "'=1+1" in text
    book = openpyxl.load_workbook(io.BytesIO(officer.get("/desk/export?format=xlsx").content))
    cells = [cell for row in book.active.iter_rows() for cell in row]
    assert [one.data_type for one in cells if one.value == "=1+1"] == ["s"]
    officer.get("/desk/export")
    assert officer.post("/desk/export", format="csv", purpose="").status_code == 400
    full = officer.post("/desk/export", format="csv", purpose="Khảo sát hài lòng quý IV")
    assert full.content.decode("utf-8-sig").count("+84901234567") == 3
    with db.reading() as session:
        assert session.query(Entry).filter_by(kind="cases.contact.read").count() == 3
    assert room.at("leader").get("/desk/export").text.count("purpose") == 0
    assert officer.get("/desk/export?format=exe").status_code == 400


def test_a_call_becomes_a_case_once_or_joins_one(room):
    officer = room.at("officer")
    near = officer.get("/desk/new?category=other&place=106.4051 10.5351").text
    assert room.numbers["open"] in near
    wrong = officer.post("/desk/new", category="", text="", phone="12", place="đâu đó")
    assert wrong.status_code == 400
    key = re.search(r'name="key" value="([^"]+)"', officer.get("/desk/new").text)[1]
    call = {
        "category": "other", "text": "Cây đổ trước nhà", "address": "Hẻm 42 Nguyễn Thông", "place": "106.42 10.53", "key": key,
        "name": "Lê Thị Bé", "phone": "0912 345 678", "channel": "phone", "public": "1", "office": str(room.lights),
    }  # fmt: skip
    made = officer.post("/desk/new", **call)
    number = re.search(r"Đã ghi việc (PA-\d\d-\d{6})", made.text)[1]
    found = standing(number)
    assert (found.channel, found.state, found.agency_id, found.person_id) == ("phone", "received", room.lights, None)
    assert re.search(rf"Đã ghi việc {number}", officer.post("/desk/new", **call).text)  # a double click
    bad = officer.post("/desk/new", **{**call, "phone": "123", "key": key + "x"})
    assert "Không phải số điện thoại" in bad.text
    assert "Cây đổ trước nhà</textarea>" in bad.text
    before = standing(room.numbers["open"]).followers
    for _ in range(2):
        officer.get("/desk/new")
        officer.post("/desk/new/join", number=room.numbers["open"], phone="0912345678")
    assert standing(room.numbers["open"]).followers == before + 1
    assert room.at("leader").get("/desk/new").status_code == 403


@once
def test_a_photo_is_blurred_hidden_and_shown_by_hand(room):
    officer, path = room.at("officer"), f"/desk/cases/{room.numbers['open']}/photos/{room.file}"
    with db.reading() as session:
        before = session.get(CaseFile, room.file).shown
    officer.get(path)
    assert officer.post(path, boxes="10 10 500 20").status_code == 400
    assert "10.0 10.0 50.0 20.0" in officer.post(path, boxes="10 10 50 20").text
    officer.post(f"{path}/show", public="")
    with db.reading() as session:
        made = session.get(CaseFile, room.file)
        assert (made.blurred, made.public) == ([[0.1, 0.1, 0.5, 0.2]], False)
        assert made.shown != before
    assert officer.get(f"/desk/cases/{room.numbers['pair']}/photos/{room.file}").status_code == 404
    leader = room.at("leader")
    assert leader.get(path).status_code == 200
    assert leader.post(path, boxes="").status_code == 403


@once
def test_templates_belong_to_an_office(room):
    manager, officer = room.at("manager"), room.at("officer")
    manager.get("/desk/settings")
    assert manager.post("/desk/settings", title="A", text="{nothing}", office=str(room.lights)).status_code == 400
    made = manager.post(
        "/desk/settings", title="Hẹn khảo sát", text="{number}: mai đến {address}", office=str(room.lights)
    )
    assert "Hẹn khảo sát" in made.text
    page = officer.get(f"/desk/cases/{room.numbers['open']}?act=comment").text
    assert f"{room.numbers['open']}: mai đến Đường Nguyễn Thông" in page
    assert "Hẹn khảo sát" not in room.at("stranger").get("/desk/settings").text
    officer.get("/desk/settings")
    assert officer.post("/desk/settings", title="B", text="B").status_code == 403
    assert manager.post("/desk/settings", title="B", text="B", office="").status_code == 403  # everybody's
    id_ = re.search(r"edit=(\d+)", made.text)[1]
    manager.get(f"/desk/settings?edit={id_}")
    assert "Hẹn khảo sát" not in manager.post("/desk/settings", id=id_, drop="1").text


def test_a_day_declared_off_says_how_many_deadlines_move(room):
    admin = room.at("admin")
    with db.reading() as session:
        cal = calendar.load(session)
        day = cal.nth(calendar.day_of(standing(room.numbers["open"]).opened_at), 2)
    page = admin.get("/desk/settings/calendar").text
    assert "12729/VPCP-KGVX" in admin.get("/desk/settings/calendar?year=2026").text
    assert "7:30–11:30" in page
    wanted = {"day": day.isoformat(), "works": "", "document": "99/TTg", "note": "Nghỉ bão"}
    before = standing(room.numbers["open"]).due_at
    look = admin.post("/desk/settings/calendar", look="1", **wanted)
    assert "Nếu lưu, 4 hạn đang tính sẽ dời." in look.text
    with db.reading() as session:
        assert session.get(Workday, day.isoformat()) is None
    assert standing(room.numbers["open"]).due_at == before
    saved = admin.post("/desk/settings/calendar", **wanted)
    assert "4 hạn đang tính đã dời" in saved.text
    assert standing(room.numbers["open"]).due_at - before >= timedelta(days=1).total_seconds() * 1_000_000
    back = admin.post("/desk/settings/calendar", day=day.isoformat(), drop="1")
    assert "4 hạn đang tính đã dời" in back.text
    assert standing(room.numbers["open"]).due_at == before
    assert admin.post("/desk/settings/calendar", day="hôm nay", document="").status_code == 400
    manager = room.at("manager")  # of one office: the calendar is the city's
    manager.get("/desk/settings/calendar")
    assert manager.post("/desk/settings/calendar", **wanted).status_code == 403


@once
def test_rules_say_where_new_cases_go(room):
    admin = room.at("admin")
    admin.get("/desk/settings/offices")
    assert "Đội 1" in admin.page.text
    page = admin.post("/desk/settings/offices", type="report", category="other", office=str(room.roads)).text
    assert "Sở Xây dựng" in page
    with db.writing() as session:
        assert scene.report(session, category="other").agency_id == room.roads
    admin.post("/desk/settings/offices", type="report", category="other", drop="1")
    with db.writing() as session:
        assert scene.report(session, category="other").agency_id != room.roads
    assert "khi đã dùng 80 % thời hạn" in admin.get("/desk/settings/deadlines").text


@once
def test_english_pages_are_english(room):
    manager = room.at("manager")
    for path in ("/desk", f"/desk/cases/{room.numbers['open']}?act=transfer", "/desk/new", "/desk/settings/deadlines"):
        page = manager.get(f"{path}{'&' if '?' in path else '?'}lang=en").text
        assert "Working" in page or "Deadline" in page or "Enter a 1022 call" in page, path


@once
def test_handlers_to_choose_from_are_those_of_the_office(room):
    boss = room.at("dispatcher")
    page = boss.get(f"/desk/cases/{room.numbers['new']}?act=assign").text
    with db.reading() as session:
        theirs = session.get(Person, room.ids["stranger"]).name
    assert "Lê Minh Đức" in page
    assert theirs not in page
