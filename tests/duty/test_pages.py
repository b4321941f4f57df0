"""The duty room's pages as a browser without script asks for them: who may, forms, what is shown once."""

import json
import re
from functools import cache
from urllib.parse import urlencode

import pytest

from dothi.app import create
from dothi.db import session as db
from dothi.duty import walls
from dothi.duty.tables import Shift
from dothi.kit import clock
from dothi.screens.duty import desk, routes, words
from tests.access.asking import Web
from tests.duty import people, scene

assert routes.routes  # the list of routes is filled by their modules


@cache
def application():
    """The whole application, asked without a server between; it uses whatever database is in use."""
    return Web(create())


@pytest.fixture
def room(database):
    return scene.built(simulated=True)


class Person:
    """Somebody's browser."""

    def __init__(self, login=None):
        self.cookies = {"dothi_session": scene.token(login)} if login else {}

    def ask(self, method, path, body=b"", **headers):
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        found = application().ask(method, path, {"accept": "text/html", "cookie": cookie, **headers}, body)
        for name, value in found.headers:
            if name == "set-cookie" and value.startswith("dothi_form="):
                self.cookies["dothi_form"] = value.partition("=")[2].partition(";")[0]
        return found

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def post(self, path, values):
        return self.ask(
            "POST", path, urlencode(values).encode(), **{"content-type": "application/x-www-form-urlencoded"}
        )

    def send(self, page, path, **values):
        """Fill in the form of a page and send it."""
        found = re.search(r'name="_token" value="([0-9a-f]+)"', self.get(page).text)
        return self.post(path, {"_token": found[1] if found else "", **values})

    def say(self, body):
        """Say where one is, as JSON."""
        told = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", "/operations/presence", told, accept="application/json")


@pytest.fixture
def browsers(room):
    return Person


def test_every_page_asks_for_its_permission(room, browsers):
    stranger = browsers()
    with db.writing() as session:
        people.person(session, "kho", "data-steward")
    steward, forms = browsers("kho"), 0
    for method, path, who in desk.ROUTES:
        address = re.sub(r"\{\w+\}", "1", path)
        if method == "GET":
            answer = stranger.get(address)
            assert (answer.status, answer.header("location")[:14]) == (303, "/admin/sign-in"), path
            assert steward.get(address).status == 403, path
        else:
            assert stranger.post(address, {}).status == 401, path
            assert steward.post(address, {}).status == 403, path
            forms += 1
        assert who in ("alarms:read", "alarms:handle", "duty:stand", "duty:lead", "orders:give")
    assert forms == 12


def test_a_form_of_another_site_changes_nothing(room, browsers):
    nhung = browsers("nhung")
    for token in ("", "0" * 64):
        assert nhung.post("/operations/handover/sign", {"_token": token, "note": "x"}).status == 403


def test_a_shift_is_handed_over_on_paper_too(room, browsers):
    nhung, viet = browsers("nhung"), browsers("viet")
    page = nhung.get("/operations/handover").text
    assert "Ngập 38 cm, đường Châu Thị Kim" in page
    answer = nhung.send("/operations/handover", "/operations/handover/sign", note="Bơm 2 còn hỏng,\nđã gọi cơ điện")
    assert answer.status == 303
    where = answer.header("location")
    sheet = viet.get(where).text
    for text in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "ỦY BAN NHÂN DÂN TỈNH TÂY NINH",
        "Bơm 2 còn hỏng",
        "Nguyễn Thị Hồng Nhung",
        "/BB-BGC",
    ):
        assert text in sheet
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', sheet)[1]
    assert digest in sheet.partition("Mã kiểm SHA-256")[2]
    assert 'name="digest"' not in nhung.get(where).text, "not to the one who signed"
    wrong = viet.send(where, f"{where}/take", digest="0" * 64)
    assert wrong.status == 412
    assert "vừa được ký lại" in wrong.text
    assert viet.send(where, f"{where}/take", digest=digest).status == 303
    signed = nhung.get(where).text
    assert signed.count("Đã ký điện tử") == 2
    assert "Trần Quốc Việt" in signed
    assert "Anh chị chưa vào ca" in nhung.get("/operations/handover").text
    before = signed.partition("<article")[2]
    with db.writing() as session:
        people.alarm(session, title="Sau khi đã ký")
    assert nhung.get(where).text.partition("<article")[2] == before, "what was signed stays"


def test_a_chief_ends_a_shift_with_a_reason_said(room, browsers):
    duc = browsers("duc")
    with db.reading() as session:
        id_ = session.query(Shift).filter(Shift.ended_at.is_(None)).one().id
    page = f"/operations/handover/{id_}"
    assert browsers("viet").send(page, f"{page}/end", reason="x").status == 403
    bad = duc.send(page, f"{page}/end", reason="")
    assert bad.status == 400
    assert "Cần ghi lý do kết thúc ca" in bad.text
    assert duc.send(page, f"{page}/end", reason="Đổi trực đột xuất").status == 303
    assert "TRƯỞNG CA KẾT THÚC CA" in duc.get(page).text


def test_what_is_wrong_with_an_order_is_said_and_what_was_written_stays(room, browsers):
    lan = browsers("lan")
    page = f"/operations/orders/new?subject=alarm:{room.alarms[0]}"
    assert "Mực nước trạm Tân An vượt báo động III" in lan.get(page).text
    bad = lan.send(
        page, "/operations/orders", text="Đóng cống", due="at", agency="", person="", subject=f"alarm:{room.alarms[0]}"
    )
    assert bad.status == 400
    assert "Chưa ra được chỉ đạo này" in bad.text
    assert "Đóng cống</textarea>" in bad.text
    assert bad.text.count("chọn một đơn vị") == 1
    assert "chọn ngày và giờ" in bad.text
    assert lan.get("/operations/orders/new?subject=alarm:99999").status == 404
    assert browsers("tam").get("/operations/orders/new").status == 403


def test_two_hands_at_one_order_and_the_second_is_told(room, browsers):
    lan, tam = browsers("lan"), browsers("tam")
    page = f"/operations/orders/{room.gate}"
    version = re.search(r'name="version" value="(\d+)"', lan.get(page).text)[1]
    assert lan.send(page, f"{page}/return", text="Còn rò", version=version).status == 303
    late = lan.send(page, f"{page}/accept", text="Tốt lắm", version=version)
    assert late.status == 412
    assert "Người khác vừa cập nhật chỉ đạo này" in late.text
    assert tam.send(page, f"{page}/withdraw", text="x").status == 403
    assert tam.send(page, f"{page}/receive").status == 409
    assert "chưa thể: nhận chỉ đạo" in tam.send(page, f"{page}/receive").text
    assert browsers("xa").get(page).status == browsers("xa").get("/operations/orders/CD-26-9999").status == 404


def test_the_list_says_who_is_late_and_shows_each_only_theirs(room, browsers):
    page = browsers("lan").get("/operations/orders").text
    assert re.search(r"Công ty Công trình đô thị</a>.*?<b class=\"poor\">1</b> / 2", page, re.DOTALL)
    told = browsers("xa").get("/operations/orders?state=all", accept="application/json").json["orders"]
    assert [one["number"] for one in told] == [room.signs]
    assert told[0]["due_at"].endswith("Z")
    assert "14 nắp cống" not in browsers("xa").get("/operations/orders?state=all").text
    assert room.late in browsers("lan").get("/operations/orders?state=late").text
    about = browsers("lan").get(f"/operations/orders?state=all&subject=alarm:{room.alarms[0]}").text
    assert room.gate in about
    assert room.late not in about


def test_a_view_is_kept_under_a_key_and_named_by_the_json(room, browsers):
    nhung = browsers("nhung")
    page = "/operations/views?state=%3Fsector%3Dair%26at%3D2026-01-01T00%3A00%3A00Z"
    assert nhung.send(page, "/operations/views", title="Không khí", state="sector=air", position="5").status == 303
    found = nhung.get("/operations/views.json").json["views"]
    assert [(one["key"], one["title"], one["shared"]) for one in found] == [
        (1, "Thoát nước", True), (2, "Giao thông", True), (3, "Trạm của tôi", False), (5, "Không khí", False),
    ]  # fmt: skip
    assert found[-1]["href"] == "/operations?sector=air"
    bad = nhung.send(page, "/operations/views", title="", state="sector=air", position="5")
    assert bad.status == 400
    assert "còn thiếu" in bad.text
    assert nhung.send(page, "/operations/views", title="x", state="", position="1", shared="1").status == 403


def test_a_walls_address_is_shown_once(room, browsers):
    duc = browsers("duc")
    bad = duc.send("/operations/walls", "/operations/walls", title="Tường", agency="")
    assert bad.status == 400
    made = duc.send("/operations/walls", "/operations/walls", title="Tường", agency="", view="all", seconds_all="20")
    token = re.search(r"/operations/wall#(w_[\w-]+)", made.text)[1]
    with db.reading() as session:
        wall = walls.of_token(session, token)
        assert (wall.title, wall.views) == ("Tường", [{"title": "Toàn cảnh", "state": {}, "seconds": 20}])
    assert token not in duc.get("/operations/walls").text
    assert duc.send("/operations/walls", f"/operations/walls/{wall.id}/revoke").status == 303
    with db.reading() as session:
        assert walls.of_token(session, token) is None
    assert browsers("nhung").get("/operations/walls").status == 403


def test_presence_is_told_in_json(room, browsers):
    nhung, viet, far = browsers("nhung"), browsers("viet"), browsers("xa")
    subject = f"alarm:{room.alarms[0]}"
    assert nhung.say({"tab": "a1", "subject": subject}).json == {"others": []}
    assert far.say({"tab": "c1", "subject": None}).json == {"others": []}, "not an alarm of another agency"
    far.say({"tab": "c1", "gone": True})
    told = viet.say({"tab": "b1", "subject": None}).json["others"]
    assert told == [{"person": "Nguyễn Thị Hồng Nhung", "initials": "HN", "subject": subject}]
    nhung.say({"tab": "a1", "gone": True})
    assert viet.say({"tab": "b1", "subject": None}).json == {"others": []}
    for body in (
        [], {"tab": 5}, {"tab": "a b"}, {"tab": "a", "subject": 7}, {"tab": "a", "subject": "x" * 101}, b"[" * 2000, b"{" * 5000,
        b"\xff\xfe", b'{"tab": "a", "subject": "\\ud800"}', b"",
    ):  # fmt: skip
        assert nhung.say(body).status == 400, body
    for path in ("orders?agency=99999999999999999999", "orders?subject=%00", f"handover?before=9{'9' * 40}"):
        assert nhung.get(f"/operations/{path}").status < 500


def test_the_pages_are_in_english_too(room, browsers):
    lan = browsers("lan")
    for path in (
        "/operations/handover",
        "/operations/orders?state=all",
        f"/operations/orders/{room.pumps}",
        "/operations/views",
        "/operations/orders/new",
    ):
        page = lan.get(f"{path}{'&' if '?' in path else '?'}lang=en").text
        for word in ("Chỉ đạo", "Bàn giao", "Hạn ", "Đơn vị", "quá hạn"):
            assert word not in page.partition("<main")[2].partition("</main>")[0], (path, word)


@pytest.mark.parametrize(
    ("choice", "text", "hour"),
    [("60", "", "11:00"), ("day", "", "17:00"), ("next", "", "17:00"), ("at", "2026-11-21T19:30", "19:30")],
)
def test_a_deadline_is_chosen_in_vietnams_time(choice, text, hour):
    now = clock.parse("2026-11-21T10:00:00+07:00")
    assert words.hour(words.due_of(choice, text, now)) == hour
    assert words.due_of("at", "", now) is None
    assert "day" not in words.dues(clock.parse("2026-11-21T18:00:00+07:00"))


def test_everything_the_room_says_has_its_vietnamese():
    """Each error of the room, so that no officer reads English."""
    import ast
    from pathlib import Path

    import dothi.duty

    said = set()
    for path in Path(dothi.duty.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                "BadInput",
                "Conflict",
                "PreconditionFailed",
                "NotAllowed",
            ):
                said |= {
                    one.value
                    for one in ast.walk(node.args[0])
                    if isinstance(one, ast.Constant) and " " in str(one.value)
                }
    pages = {one for one in said if one not in words.ERRORS}
    assert pages == {"there is no such post", "this is no place to be"}, "only programs see these"
