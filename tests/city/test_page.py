"""The page of a city: who may see it, the plan that is shown is what is applied, the way back, the export."""

import io
import re
import zipfile

import pytest
from sqlalchemy import func, select

from dothi.app import create_app
from dothi.city import service as city
from dothi.city.tables import CityVersion
from dothi.db import session as db
from dothi.identity import guard
from dothi.identity import service as identity
from dothi.sensing import service as sensing
from tests.web.asking import Browser

GOOD = "mật khẩu dài của tôi"


@pytest.fixture
def shipped(folder, monkeypatch):
    """The small city as one that is shipped."""
    from dothi import packs

    real = packs.content_path

    def at(name):
        return folder.parent if name == "cities" else real(name)

    monkeypatch.setattr("dothi.screens.admin.city.content_path", at)
    return folder


@pytest.fixture
def browser(database, shipped):
    """A browser in which the administrator is signed in; the small city is applied and one name changed by hand."""
    with db.writing() as session:
        for login, role in (("admin", "administrator"), ("kiem", "auditor")):
            person = identity.create_person(session, guard.SYSTEM, login, login.title(), password=GOOD)
            identity.grant(session, guard.SYSTEM, person, role)
        city.apply(session, guard.SYSTEM, city.plan(session, shipped))
        sensing.update(session, guard.SYSTEM, "Thing", sensing.by_code(session, "Thing", "RIV-01"), {"name": "Cầu Thử"})
    made = Browser(create_app())
    made.get("/admin/sign-in")
    made.post("/admin/sign-in", login="admin", password=GOOD)
    return made


def versions():
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(CityVersion))


def test_a_city_is_looked_at_applied_and_brought_back(browser, edit):
    assert 'href="/admin/city/thu"' in browser.get("/admin/city").text
    page = browser.get("/admin/city/thu").text
    assert "Không có gì phải làm" in page
    assert "Cầu Thử" in page
    edit("Sông {n:02}", "Trạm sông {n:02}")
    edit("most: 4", "most: 2")
    page = browser.get("/admin/city/thu").text
    assert re.search(r"Cầu Thử</b>.*Trạm sông 01", page)
    assert "AQ-04" in page
    sha = re.search(r'name="sha" value="(\w+)"', page)[1]
    # nobody confirms what they did not see
    edit("most: 2", "most: 3")
    assert browser.post("/admin/city/thu/apply", sha=sha, confirm="1").status_code == 409
    assert "Kế hoạch đã khác với lúc xem" in browser.page.text
    sha = re.search(r'name="sha" value="(\w+)"', browser.page.text)[1]
    assert browser.post("/admin/city/thu/apply", sha=sha).status_code == 400
    assert versions() == 1
    assert browser.post("/admin/city/thu/apply", sha=sha, confirm="1").status_code == 200
    assert "Đã áp dụng" in browser.page.text
    assert versions() == 2
    # and back
    with db.reading() as session:
        first = session.scalar(select(func.min(CityVersion.id)))
    page = browser.get(f"/admin/city/thu?back_to={first}").text
    assert "AQ-04" in page
    sha = re.search(r'name="sha" value="(\w+)"', page)[1]
    browser.post("/admin/city/thu/apply", sha=sha, confirm="1", back_to=str(first))
    with db.reading() as session:
        assert sensing.by_code(session, "Thing", "AQ-04")
    with db.writing() as session:
        sensing.create(session, guard.SYSTEM, "Thing", {"name": "Không mã", "description": "x"})
    answer = browser.http.get("/admin/city/thu/export.zip")
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    assert {"thu/city.yaml", "thu/base.geojson", "thu/wards.geojson"} <= set(packed.namelist())
    assert b"1 things have no code and stay here" in packed.read("thu/left-out.txt")


def test_faults_are_said_and_strangers_are_kept_out(browser, edit):
    edit("station: phu-an", "station: phu-on")
    page = browser.get("/admin/city/thu")
    assert page.status_code == 200
    assert "did you mean &#34;phu-an&#34;" in page.text
    for path in (
        "/admin/city/nirgendwo",
        "/admin/city/..%2Fetc",
        "/admin/city/thu?back_to=99",
        "/admin/city/thu?back_to=x",
    ):
        assert browser.get(path).status_code in (400, 404), path
    other = browser.another()
    other.get("/admin/sign-in")
    other.post("/admin/sign-in", login="kiem", password=GOOD)
    assert other.get("/admin/city").status_code == 403
    assert other.get("/admin/city/thu/export.zip").status_code == 403
    assert str(browser.another().get("/admin/city/thu").url).endswith("next=/admin/city/thu")
