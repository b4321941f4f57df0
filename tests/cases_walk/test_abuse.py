"""What strangers try: bombs and polyglots, script in names, forged forms, guessed numbers, tokens of others, fields nobody asked for."""

import re
import uuid
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dothi import config
from dothi.app import create_app
from dothi.cases import own, shelf, throttling
from dothi.cases import service as cases
from dothi.cases.contacts import Contact
from dothi.cases.tables import Case, CaseEntry, CaseFile, CaseFollower, CaseTally, Job
from dothi.db import session as db
from dothi.identity import service as identity
from dothi.identity.guard import ANONYMOUS, SYSTEM
from tests.cases import reporters, scene
from tests.cases_walk import walk
from tests.reports.conftest import hidden, sheet
from tests.web.asking import TOKEN, Browser

SCRIPT = "<script>zqx(1)</script>"
AT = {"lon": "106.4137", "lat": "10.5359"}
NEVER = "PA-26-999999"
SENT = re.compile(r"/reports/(PA-\d\d-\d{6})")
# whatever a form might ask for, filled in with what changes something
EVERYTHING = {
    "act": "take", "do": "hide", "reason": "x", "text": "x", "code": "000000", "fixed": "1", "rating": "5", "sure": "1",
    "version": "1", "purpose": "chỉ để xem", "state": "done", "name": "X", "phone": "0901234567", "off": "", "public": "1",
}  # fmt: skip


@pytest.fixture(scope="module")
def town(standing):
    """The people of `scene.city`, a shown and a private report of two reporters, and browsers to ask with."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("SMS_URL", "file:"), ("SMTP_URL", "file:"), ("REQUESTS_PER_MINUTE", "0"), ("REPORTS_PER_HOUR", "0"),
                            ("REPORTS_PER_CONTACT", "0"), ("IMAGE_PIXELS", "20000000"), ("FILE_BYTES", "400000")):  # fmt: skip
            patch.setenv(f"DOTHI_{name}", value)
        config.settings.cache_clear()
        with Session(standing, expire_on_commit=False) as session:
            people = scene.city(session)
            made = SimpleNamespace(people=people, application=create_app())
            for name, public in (("shown", True), ("private", False)):
                one = scene.opened(
                    session, ANONYMOUS, public=public, contact=Contact("Nguyễn An", "0901234567"), title=f"Việc {name}"
                )
                cases.confirm(session, SYSTEM, one.case.id)
                cases.assign(session, people.admin, one.case.id, office=people.lights.id)
                setattr(made, name, one)
            session.commit()

        def browser(caller=None):
            found = Browser(made.application)
            if caller is not None:
                with db.writing() as session:
                    found.http.cookies.set("dothi_session", identity.sign_in(session, caller.id))
            return found

        made.browser = browser
        yield made
    config.settings.cache_clear()


def send(browser, files=None, **more):
    page = browser.get("/reports/new")
    fields = {"_token": TOKEN.search(page.text)[1], **hidden(page, "key", "secret")}
    browser.page = browser.http.post("/reports/new", data={**fields, **sheet(**more)}, files=files)
    return browser.page


def counted():
    """How much there is: nothing refused may change it."""
    with db.reading() as session:
        found = {table.__tablename__: session.scalar(select(func.count()).select_from(table))
                 for table in (Case, CaseEntry, CaseFile, CaseFollower, Job)}  # fmt: skip
        return found, sorted(
            session.execute(select(Case.number, Case.version, Case.state, Case.hidden, Case.rating)).all()
        )


# uploads


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bomb.png", reporters.png_bomb()), ("trang.jpg", b"<html><script>alert(1)</script></html>"),
        ("hinh.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), ("don.pdf", reporters.PDF),
        ("may.exe", b"MZ" + b"\0" * 400), ("to.jpg", reporters.photo() + b"\0" * 500_000), ("nua.jpg", reporters.photo()[:300]),
    ],
)  # fmt: skip
def test_a_file_that_is_no_picture_is_refused_and_nothing_is_kept(town, name, content):
    before = counted()
    page = send(town.browser(), files={"photo": (name, content, "image/jpeg")})
    assert page.status_code in (400, 413), name
    assert counted() == before


def test_a_picture_that_is_an_archive_too_is_painted_anew(town):
    name = f'"><img src=x onerror=zqx(1)>{SCRIPT}.jpg'
    page = send(town.browser(), files={"photo": (name, reporters.jpeg_and_zip(), "text/html")})
    number = SENT.search(str(page.url))[1]
    assert SCRIPT not in page.text
    with db.reading() as session:
        (kept,) = session.scalars(
            select(CaseFile).join(Case, Case.id == CaseFile.case_id).where(Case.number == number)
        ).all()
    assert kept.media_type == "image/jpeg"
    assert not set(kept.name) & set('<>"/\\')
    with Image.open(shelf.path(kept.shown)) as shown:
        shown.verify()
    content = shelf.path(kept.shown).read_bytes()
    assert b"PK\x03\x04" not in content
    assert b"Evil" not in content
    officer = town.browser(town.people.admin)
    saved = officer.http.get(f"/cases/{number}/files/{kept.id}/original")
    assert saved.headers["content-disposition"].startswith("attachment")
    assert saved.headers["x-content-type-options"] == "nosniff"
    assert town.browser().http.get(f"/cases/{number}/files/{kept.id}/original").status_code == 404


# script in words


def test_script_in_words_is_words(town):
    page = send(town.browser(), text=f"{SCRIPT}</textarea>'\"&lt;", address=f"{SCRIPT}]]>", name="Nguyễn <b>An</b>")
    assert page.status_code == 400  # no name of anybody
    assert SCRIPT not in page.text
    page = send(town.browser(), text=f"{SCRIPT}</textarea>'\"&lt;", address=f"{SCRIPT}]]>", category="pothole")
    number = SENT.search(str(page.url))[1]
    with db.writing() as session:
        cases.confirm(session, SYSTEM, number)
        cases.assign(session, town.people.admin, number, office=town.people.lights.id)
        cases.comment(session, town.people.officer, number, f"Trả lời {SCRIPT}", public=True)
    stranger, officer = town.browser(), town.browser(town.people.officer)
    for path in (f"/reports/{number}", "/reports", f"/reports?q={SCRIPT}", f"/reports/{number}?said={SCRIPT}"):
        found = stranger.http.get(path)
        assert SCRIPT not in found.text, path
        assert "script-src" in found.headers["content-security-policy"]
    for path in (f"/desk/cases/{number}", "/desk?which=all", f"/desk?q={SCRIPT}", f"/desk/cases/{number}/print"):
        assert SCRIPT not in officer.get(path).text, path
    for path in ("/reports.atom", "/open311/v2/requests.xml", f"/open311/v2/requests/{number}.xml"):
        found = stranger.http.get(path)
        if found.status_code == 200:
            ET.fromstring(found.content)
            assert SCRIPT not in found.text, path
    for path in ("/reports.geojson", "/open311/v2/requests.json"):
        found = stranger.http.get(path)
        assert "json" in found.headers["content-type"]
        assert found.headers["x-content-type-options"] == "nosniff"


# forged forms, guessed numbers, tokens of others


def posts(town) -> list[str]:
    """Every form of the pages of cases, for the private report."""
    found = []
    for path, methods in walk._paths(create_app().router.routes):
        if (
            methods
            and "POST" in methods
            and path.startswith(("/reports/{", "/desk/", "/field", "/services/d", "/cases/{", "/desk"))
        ):
            filled = path.replace("{number}", town.private.case.number)
            found.append(re.sub(r"\{[^}]+\}", "1", filled))
    return sorted(set(found))


def test_a_form_from_elsewhere_does_nothing(town):
    browsers = [town.browser(town.people.manager), town.browser(town.people.worker), town.browser()]
    paths, before = posts(town), counted()
    assert len(paths) > 8
    for browser in browsers:
        for path in paths:
            for more in ({}, {"_token": "0" * 64}):
                answer = browser.http.request("POST", path, data=EVERYTHING | more)
                assert answer.status_code in (303, 400, 401, 403, 404, 405, 413, 422), (path, answer.status_code)
                if answer.status_code == 303:
                    assert "sign-in" in answer.headers["location"], path
    assert counted() == before


def test_nobody_acts_on_a_case_that_is_none_of_theirs(town):
    number, before = town.private.case.number, counted()
    others = [town.browser(one) for one in (town.people.stranger, town.people.citizen, town.people.worker)] + [
        town.browser()
    ]
    wrong = town.browser()
    wrong.http.cookies.set("dothi_reports", f"{number}:{town.shown.token}")  # somebody's own token of another report
    for browser in (*others, wrong):
        token = TOKEN.search(browser.get("/reports/new").text)[1]
        for path in posts(town):
            if number in path:
                answers = [
                    browser.http.request("POST", one, data=EVERYTHING | {"_token": token})
                    for one in (path, path.replace(number, NEVER))
                ]
                assert answers[0].status_code == answers[1].status_code, path
                assert answers[0].status_code in (400, 401, 403, 404, 422) or "sign-in" in str(answers[0].url), path
                assert "Việc private" not in answers[0].text, path
        assert browser.http.get(f"/reports/{number}").status_code == 404
    assert counted() == before


def test_what_is_not_to_be_seen_answers_as_what_never_was(town):
    number, never = town.private.case.number, NEVER
    for caller in (None, town.people.citizen, town.people.stranger):
        browser = town.browser(caller)
        for path in ("/reports/{}", "/reports/{}/receipt", "/cases/{}", "/desk/cases/{}", "/services/dossiers/{}",
                     "/open311/v2/requests/{}.json", "/open311/v2/requests/{}.xml", "/cases/{}/files/1/public"):  # fmt: skip
            answers = []
            for one in (number, never):
                found = browser.http.get(path.format(one))
                text = re.sub(r"\b\d{2}:\d{2}(:\d{2})?\b|nonce=\S+|[0-9a-f]{32,}", "*", found.text.replace(one, "N"))
                answers.append((found.status_code, str(found.url).replace(one, "N"), text))
            assert answers[0] == answers[1], path


def test_only_the_very_token_opens_ones_own_page(town):
    number, good = town.private.case.number, own.token(town.private.case)
    for token in (
        "x" * 43,
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        own.token(town.shown.case),
        town.shown.token,
        good + "A",
    ):
        browser = town.browser()
        browser.get(f"/reports/{number}?t={token}")
        assert browser.page.status_code == 404
        assert "Việc private" not in browser.page.text
    for token in (good, town.private.token):
        browser = town.browser()
        assert "Việc private" in browser.get(f"/reports/{number}?t={token}").text
        assert token not in str(browser.page.url)


def test_fields_nobody_asked_for_change_nothing(town):
    more = {
        "state": "closed", "phase": "closed", "agency": "1", "agency_id": str(town.people.roads.id), "office": "xay-dung",
        "priority": "urgent", "simulated": "1", "exercise": "1", "confirmed": "1", "channel": "phone", "person_id": "1",
        "opened_at": "1", "number": "PA-26-000777", "hidden": "x", "rating": "5", "met": "1", "due_at": "1", "id": "777",
        "handler_id": "1", "merged_into": "1", "followers": "99", "version": "9", "unit": "1", "subject": "alarm:1",
    }  # fmt: skip
    page = send(town.browser(), **more)
    number = SENT.search(str(page.url))[1]
    with db.reading() as session:
        case = session.scalar(select(Case).where(Case.number == number))
        assert (case.state, case.phase, case.channel, case.priority) == (
            "unconfirmed",
            "new",
            "web",
            "high" if case.priority == "high" else "normal",
        )
        assert (case.agency_id, case.handler_id, case.person_id, case.merged_into, case.subject) == (None,) * 5
        assert (case.simulated, case.exercise, case.hidden, case.rating, case.followers, case.version) == (
            False,
            False,
            None,
            None,
            0,
            1,
        )
        assert case.opened_at > 1_000_000
    answer = town.browser().http.post("/open311/v2/requests.json", data={
        "service_code": "pothole", "lat": AT["lat"], "long": AT["lon"], "description": "x", "attribute[danger]": "yes", "phone": "0901234567", **more,
    })  # fmt: skip
    with db.reading() as session:
        newest = session.scalar(select(Case).order_by(Case.id.desc()).limit(1))
        if answer.status_code in (200, 201):
            assert newest.channel == "open311"
        assert (newest.state, newest.agency_id, newest.simulated, newest.person_id) == (
            "unconfirmed",
            None,
            False,
            None,
        )


# too often, too late, at once


def test_too_often_is_told_when_to_come_back(town, monkeypatch):
    monkeypatch.setenv("DOTHI_REPORTS_PER_HOUR", "2")
    config.settings.cache_clear()
    throttling.forget()
    try:
        pages = [send(town.browser(), text=f"Lần {n}") for n in range(4)]
        assert [one.status_code for one in pages][2:] == [429, 429]
        assert int(pages[-1].headers["retry-after"]) > 0
        found = town.browser()
        number = SENT.search(str(send_free(town, found, monkeypatch).url))[1]
        for _ in range(7):
            found.get(f"/reports/{number}/receipt")
            found.post(f"/reports/{number}/confirm", code="000000")
        with db.reading() as session:
            assert session.scalar(select(Case.state).where(Case.number == number)) == "unconfirmed"
    finally:
        monkeypatch.undo()
        config.settings.cache_clear()
        throttling.forget()


def send_free(town, browser, monkeypatch):
    monkeypatch.setenv("DOTHI_REPORTS_PER_HOUR", "0")
    config.settings.cache_clear()
    return send(browser, phone="0901234599")


def test_of_two_officers_at_the_desk_one_wins_and_the_other_is_told_who(town):
    with db.writing() as session:
        made = scene.lifecycle(session, town.people, until="assigned").case
        number, version = made.number, made.version
    browsers = [town.browser(one) for one in (town.people.officer, town.people.second)]
    tokens = [TOKEN.search(one.get("/reports/new").text)[1] for one in browsers]

    def start(place):
        return browsers[place].http.post(
            f"/desk/cases/{number}/act", data={"_token": tokens[place], "act": "step:start", "version": str(version)}
        )

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(start, range(2)))
    with db.reading() as session:
        steps = session.scalars(
            select(CaseEntry)
            .join(Case, Case.id == CaseEntry.case_id)
            .where(Case.number == number, CaseEntry.step == "start")
        ).all()
    assert len(steps) == 1
    lost = next(one for one in answers if one.status_code >= 400)
    winner = "Lê Minh Đức" if steps[0].actor == town.people.second.actor else "Võ Văn Tâm"
    assert winner in lost.text


@pytest.mark.soak
def test_five_hundred_citizens_at_once(town):
    """Of one place: some press twice, some lose the answer and send again; each report is there once, none is missing."""
    keys = [str(uuid.uuid4()) for _ in range(280)]
    sent = keys + keys[:140] + keys[:80]  # 140 of them sent twice, 80 a third time
    secrets = {key: f"{uuid.uuid4().hex}{uuid.uuid4().hex}" for key in keys}
    with db.reading() as session:
        before = session.scalar(select(func.count()).select_from(Case))
        last = max(int(one[-6:]) for one in session.scalars(select(Case.number)))
        tallied = session.scalar(select(func.sum(CaseTally.count)))

    def report(key):
        with db.writing() as session:
            made = cases.open_(session, ANONYMOUS, scene.new(key=key, token=secrets[key], title="Ngập ở chợ"))
            return key, made.case.number, made.token

    sent = sorted(sent, key=lambda key: key[::-1])  # the same ones come together
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(report, sent))
    assert len(answers) == 500
    numbers = {key: number for key, number, _ in answers}
    assert all(numbers[key] == number and token == secrets[key] for key, number, token in answers)
    assert len(set(numbers.values())) == len(keys)
    assert sorted(int(one[-6:]) for one in numbers.values()) == list(range(last + 1, last + 1 + len(keys)))  # none lost
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == before + len(keys)
        assert session.scalar(select(func.sum(CaseTally.count))) == tallied + len(keys)
        entries = select(func.count()).select_from(CaseEntry).join(Case, Case.id == CaseEntry.case_id)
        assert session.scalar(entries.where(Case.title == "Ngập ở chợ")) == len(keys)


def test_a_double_click_on_the_page_makes_one_report(town):
    """The same sheet sent by eight threads at once, photo and all."""
    browser = town.browser()
    page = browser.get("/reports/new")
    fields = {"_token": TOKEN.search(page.text)[1], **hidden(page, "key", "secret"), **sheet(text="Bấm hai lần")}
    cookies = dict(browser.http.cookies)

    def click(_):
        other = town.browser()
        other.http.cookies.update(cookies)
        answer = other.http.post(
            "/reports/new", data=fields, files={"photo": ("a.jpg", reporters.photo(), "image/jpeg")}
        )
        return answer.status_code, SENT.search(str(answer.url)) and SENT.search(str(answer.url))[1]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(click, range(8)))
    assert {status for status, _ in answers} == {200}
    assert len({number for _, number in answers}) == 1
    with db.reading() as session:
        (case,) = session.scalars(select(Case).where(Case.text == "Bấm hai lần")).all()
        assert session.scalar(select(func.count()).select_from(CaseFile).where(CaseFile.case_id == case.id)) == 1
