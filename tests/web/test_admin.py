"""The administration as a person without script uses it: pages, forms, and everything refused that must be."""

import re

import httpx
import pytest
from starlette.routing import Mount, Route

from dothi import config
from dothi.app import create_app
from dothi.db import session as db
from dothi.identity import access, service, store
from dothi.identity.guard import SYSTEM
from dothi.journal import seals
from dothi.screens import desk as desks
from dothi.screens.admin import desk
from dothi.sensing.tables import DeadLetter
from tests.sensing.city import streams
from tests.web.asking import TOKEN, Browser

GOOD = "nước lớn nước ròng"


@pytest.fixture
def staff(database):
    with db.writing() as session:
        service.create_agency(session, SYSTEM, "so-nnmt", "Sở Nông nghiệp và Môi trường")
        service.create_agency(session, SYSTEM, "so-xd", "Sở Xây dựng")
        for login, name, role, where in (
            ("admin", "Quản Trị", "administrator", None),
            ("lan", "Trần Thị Lan", "administrator", "so-nnmt"),
            ("kiem", "Lê Kiểm", "auditor", None),
            ("minh", "Phạm Minh", "reporter", None),
        ):
            person = service.create_person(session, SYSTEM, login, name, password=GOOD, agency=where)
            service.grant(session, SYSTEM, person, role, "agency" if where else "all", where)


@pytest.fixture
def browser(staff):
    return Browser(create_app())


def test_a_person_signs_in_goes_where_they_wanted_and_signs_out(browser):
    assert "/admin/sign-in?next=/admin/people" in str(browser.get("/admin/people").url)
    browser.post("/admin/sign-in", login="admin", password=GOOD, next="/admin/people")
    assert browser.page.url.path == "/admin/people"
    assert "Trần Thị Lan" in browser.page.text
    cookie = next(one for one in browser.http.cookies.jar if one.name == access.COOKIE)
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "lax"
    browser.post("/admin/sign-out")
    assert browser.page.url.path == "/admin/sign-in"
    assert browser.get("/admin/people").url.path == "/admin/sign-in"


def test_a_wrong_password_is_said_in_words_and_nothing_is_told_about_the_login(browser):
    wrong = browser.sign_in("admin", "wrong wrong")
    nobody = browser.sign_in("nobody", "wrong wrong")
    assert wrong.status_code == nobody.status_code == 401
    assert "không đúng" in wrong.text
    assert "wrong wrong" not in wrong.text
    assert re.sub(r"admin|nobody|[0-9a-f]{64}", "", wrong.text) == re.sub(r"admin|nobody|[0-9a-f]{64}", "", nobody.text)


def test_after_five_wrong_passwords_the_right_one_must_wait(browser):
    for _ in range(5):
        browser.sign_in("admin", "wrong wrong")
    answer = browser.sign_in("admin", GOOD)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 60


@pytest.mark.parametrize("elsewhere", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"])
def test_signing_in_never_leads_to_another_site(browser, elsewhere):
    browser.get("/admin/sign-in")
    assert browser.post("/admin/sign-in", login="admin", password=GOOD, next=elsewhere).url.path == "/admin"


def test_a_form_without_its_pages_token_changes_nothing(browser):
    browser.sign_in("admin", GOOD)
    for data, headers in (
        ({}, {}),
        ({"_token": "0" * 64}, {}),
        ({"_token": TOKEN.search(browser.get("/admin/agencies").text)[1]}, {"sec-fetch-site": "cross-site"}),
    ):
        answer = browser.http.post("/admin/agencies", data={"code": "x1", "name": "X", **data}, headers=headers)
        assert answer.status_code in (401, 403)
    stranger = browser.another()
    stranger.sign_in("kiem", GOOD)
    theirs = TOKEN.search(stranger.get("/admin").text)[1]  # another browser's token is not ours
    answer = browser.http.post("/admin/agencies", data={"code": "x1", "name": "X", "_token": theirs})
    assert answer.status_code == 403
    with db.reading() as session:
        assert store.agency_by_code(session, "x1") is None


def test_an_administrator_adds_a_person_who_can_then_sign_in(browser):
    browser.sign_in("admin", GOOD)
    browser.get("/admin/people")
    browser.post("/admin/people", login="Hoa", name="Võ Thị Hoa", password="một mật khẩu dài", role="officer",
                 scope="agency:so-xd", agency="so-xd", email="", phone="")  # fmt: skip
    assert browser.page.status_code == 200
    assert "Võ Thị Hoa" in browser.page.text
    assert "Chuyên viên" in browser.page.text
    assert browser.another().sign_in("hoa", "một mật khẩu dài").url.path == "/admin"


def test_every_fault_stands_under_its_field_and_what_was_written_stays(browser):
    browser.sign_in("admin", GOOD)
    browser.get("/admin/people")
    browser.post("/admin/people", login="?", name="Võ Thị Hoa", password="ngan", email="x")
    page = browser.page
    assert page.status_code == 400
    for field in ("login", "password", "email"):
        assert f'id="e-{field}"' in page.text
    assert 'value="Võ Thị Hoa"' in page.text
    assert "ngan" not in page.text


def test_roles_are_given_and_taken_and_people_kept_out_and_let_in(browser):
    with db.reading() as session:
        minh = service.person(session, "minh").id
    browser.sign_in("admin", GOOD)
    path = f"/admin/people/{minh}"
    browser.get(path)
    browser.post(f"{path}/grant", role="leader", scope="all")
    assert "Lãnh đạo" in browser.page.text
    number = re.findall(r'name="grant" value="(\d+)"', browser.page.text)[-1]
    browser.post(f"{path}/take", grant=number)
    with db.reading() as session:
        assert [one.role for one in store.grants(session, minh)] == ["reporter"]
    browser.post(f"{path}/active", active="0")
    assert "đã khóa" in browser.page.text
    assert browser.another().sign_in("minh", GOOD).status_code == 401
    browser.post(f"{path}/active", active="1")
    browser.post(f"{path}/password", password="mật khẩu hoàn toàn mới")
    assert browser.another().sign_in("minh", "mật khẩu hoàn toàn mới").url.path == "/admin"


def test_an_agencys_administrator_sees_and_changes_their_agency_only(browser):
    with db.reading() as session:
        admin, lan = service.person(session, "admin").id, service.person(session, "lan").id
    browser.sign_in("lan", GOOD)
    page = browser.get("/admin/people").text
    assert "Trần Thị Lan" in page
    assert "Lê Kiểm" not in page
    assert browser.get(f"/admin/people/{admin}").status_code == 403
    browser.get(f"/admin/people/{lan}")
    assert browser.post(f"/admin/people/{lan}/grant", role="administrator", scope="all").status_code == 403


def test_a_key_is_shown_once_and_revoked(browser):
    browser.sign_in("admin", GOOD)
    browser.get("/admin/keys")
    fields = {"label": "Trạm cầu Bến Lức", "scope-observations:write": "1", "days": "365"}
    text = re.search(r"dk_\d+_[\w-]{43}", browser.post("/admin/keys", **fields).text)[0]
    assert access.by_key(text).everywhere == {"observations:write"}
    assert text not in browser.get("/admin/keys").text
    browser.post("/admin/keys/1/revoke")
    assert "đã thu hồi" in browser.page.text
    assert access.by_key(text) is None
    wrong = browser.post("/admin/keys", label="", thing="99999", days="x")
    assert wrong.status_code == 400


def test_the_journal_page_filters_and_verifies(browser):
    with db.writing() as session:
        seals.seal(session)
    browser.sign_in("kiem", GOOD)
    page = browser.get("/admin/journal?kind=identity.agency").text
    assert "identity.agency.created" in page
    assert "identity.person.created" not in page.split("<tbody>")[1]
    assert "Sổ nguyên vẹn" in browser.post("/admin/journal/verify").text
    with db.writing() as session:
        from sqlalchemy import text

        session.execute(text("UPDATE journal SET actor = 'nobody' WHERE id = 2"))
    browser.get("/admin/journal")
    assert "Sổ đã bị sửa" in browser.post("/admin/journal/verify").text


def test_a_refused_message_is_looked_at_and_says_why_it_is_still_refused(browser):
    with db.writing() as session:
        session.add(DeadLetter(at=1, topic="v1.1/Datastreams(9)/Observations", payload=b'{"result": <b>1}',
                               reason="not JSON", sender="key:7"))  # fmt: skip
    browser.sign_in("admin", GOOD)
    page = browser.get("/admin/letters").text
    assert "not JSON" in page
    assert "<b>1" not in page
    assert 'role="alert"' in browser.post("/admin/letters/1/replay").text


def test_the_demo_signs_in_as_any_role_with_one_click_and_only_the_demo(browser, monkeypatch):
    browser.get("/admin/sign-in")
    assert "/admin/sign-in/demo" not in browser.page.text
    assert browser.post("/admin/sign-in/demo", role="administrator").status_code == 404
    monkeypatch.setenv("DOTHI_DEMO", "1")
    config.settings.cache_clear()
    browser.get("/admin/sign-in")
    assert "không cần mật khẩu" in browser.page.text
    assert browser.post("/admin/sign-in/demo", role="leader").url.path == "/admin"
    assert "Lãnh đạo (trình diễn)" in browser.page.text
    assert "trình diễn" in browser.page.text
    assert browser.get("/admin/people").status_code == 403


def test_each_page_opens_for_those_it_names_and_no_one_else(browser):
    admin, reporter = browser, browser.another()
    admin.sign_in("admin", GOOD)
    reporter.sign_in("minh", GOOD)
    for method, path, who in desk.ROUTES:
        if method != "GET" or "{" in path:
            continue
        assert admin.get(path).status_code == 200, path
        expected = 200 if who in (desks.ANYBODY, desks.SIGNED_IN) else 403
        assert reporter.get(path).status_code == expected, path
        english = admin.get(f"{path}?lang=en").text
        assert not re.search(r">[^<]*(Người dùng|Cơ quan|Sổ nhật ký|Đăng xuất)[^<]*<", english), path
        admin.get(f"{path}?lang=vi")


# what changes something without a caller being known: signing in, and asking with POST (OGC $batch answers each part)
PUBLIC = {"/admin/sign-in", "/admin/sign-in/demo"}
FILLED = {"id": "1", "path": "Things"}
# asked by POST and changing nothing; and a message anybody may send, which tests/browser/test_catalogue.py tries
ANYBODY = {
    "/api/3/action/{name}", "/api/action/{name}", "/map/identify", "/map/totals", "/catalogue/{code}/corrections",
    "/services/payments/{provider}",  # what a provider signs: tests/services
    "/open311/v2/requests.{format}", "/open311/v2/tokens/{token}.{format}", "/open311/v2/{rest:path}",  # a stranger reports: tests/open311
    "/subscribe/leave/{name}",  # the sealed name is the proof; mail programs send it (RFC 8058): tests/notify
}  # fmt: skip


STANDARD = "/sta/v1.1"  # one route of its own for every path and method
WRITES = [
    ("POST", "/Things"), ("PATCH", "/Things(1)"), ("PUT", "/Things(1)"), ("DELETE", "/Things(1)"),
    ("POST", "/Things(1)/Datastreams"), ("POST", "/Observations"), ("POST", "/Datastreams(1)/Observations"),
    ("POST", "/CreateObservations"), ("DELETE", "/Observations('1-1')"),
]  # fmt: skip


BODIES = {
    "Observations": {"result": 1, "phenomenonTime": "2026-11-21T07:00:00Z", "Datastream": {"@iot.id": 1}},
    "CreateObservations": [
        {
            "Datastream": {"@iot.id": 1}, "components": ["phenomenonTime", "result"],
            "dataArray": [["2026-11-21T07:00:00Z", 1]],
        }
    ],
}  # fmt: skip


def walk(routes, before=""):
    """Every method and path the application answers; a route that names no methods answers all of them."""
    for route in routes:
        if isinstance(route, Mount):
            if before + route.path == STANDARD:
                yield from ((method, STANDARD + path) for method, path in WRITES)
            else:
                yield from walk(route.routes or [], before + route.path)
        elif isinstance(route, Route):
            for method in sorted(route.methods or ("DELETE", "PATCH", "POST", "PUT")):
                yield method, before + route.path


def test_nobody_changes_anything_without_saying_who_they_are(session, server):
    assert streams(session, 1) == [1]  # open to see, and still not to change
    tried = set()
    with httpx.Client(base_url=server.url) as http:
        for method, path in walk(create_app().routes):
            if method in ("GET", "HEAD", "OPTIONS") or path in PUBLIC | ANYBODY:
                continue
            asked = re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: FILLED.get(found[1], "1"), path)
            answer = http.request(method, asked, json=BODIES.get(path.rpartition("/")[2], {"name": "x"}))
            # 405: the route is there for reading alone
            assert answer.status_code in (401, 403, 405), f"{method} {path}: {answer.status_code} {answer.text[:200]}"
            tried.add((method, path))
        batch = {
            "requests": [{"id": "1", "method": "post", "url": "Things", "body": {"name": "x", "description": "x"}}]
        }
        parts = http.post(f"{STANDARD}/$batch", json=batch)
        assert parts.status_code == 401 or [part["status"] for part in parts.json()["responses"]] == [401]
    assert {(method, path) for method, path, _ in desk.ROUTES if method == "POST"} - tried == {
        ("POST", path) for path in PUBLIC
    }
    assert tried >= {(method, STANDARD + path) for method, path in WRITES}
