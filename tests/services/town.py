"""A small city with one-stop desks, for tests of public services. All of it invented."""

import io
import re
from types import SimpleNamespace

from PIL import Image

from dothi.cases import files
from dothi.cases import service as cases
from dothi.db import session as db
from dothi.identity.guard import SYSTEM
from tests.cases import scene
from tests.web.asking import Browser

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
NAME, PHONE, IDENTITY, HOME = "Nguyễn Thị Bích Thủy", "0912345678", "080300004567", "12 hẻm 4 Nguyễn Thông"
PERMIT = {
    "filed_by": "self", "name": NAME, "identity": IDENTITY, "phone": "0912 345 678", "email": "thuy@example.vn", "home": HOME,
    "site": "14 hẻm 4 Nguyễn Thông", "parcel": "1123", "sheet": "45", "land_area": "1.120,5", "work": "new", "floors": "2",
    "footprint": "80", "total_area": "160", "height": "8,4", "adjoining": "no", "truthful": "on",
}  # fmt: skip
LAND = {
    "kind": "person", "name": NAME, "identity": IDENTITY, "phone": PHONE, "email": "thuy@example.vn", "ward": "Phường Tân An",
    "parcel": "12", "sheet": "3", "wanted": ["land-use", "lines"], "purpose": "building", "handover": "electronic",
    "truthful": "on",
}  # fmt: skip
SHOP = {
    "name": NAME, "born": "21/11/1980", "identity": IDENTITY, "phone": PHONE, "email": "thuy@example.vn", "home": HOME,
    "owners": "person", "business": "Tạp hóa Thủy", "premises": "5 Hùng Vương, Tân An", "activities": "Bán lẻ thực phẩm",
    "capital": "50.000.000", "workers": "2", "starts": "2026-12-15", "tax_method": "declared", "handover": "electronic",
    "truthful": "on",
}  # fmt: skip


def picture():
    made = io.BytesIO()
    Image.new("RGB", (80, 60), "#8a8").save(made, "PNG")
    return made.getvalue()


def city(session):
    """A ward's and the province's one-stop desk with people, and an office that resolves."""
    from dothi.cases.tables import OfficeRule

    ward = scene.office(session, "p-tan-an", "UBND phường Tân An")
    centre = scene.office(session, "tt-hcc", "Trung tâm Phục vụ hành chính công")
    land = scene.office(session, "so-nnmt", "Sở Nông nghiệp và Môi trường")
    ward.electronic_code, centre.electronic_code, land.electronic_code = "H53.15", "000.00.01.H53", None
    session.add(OfficeRule(type="dossier", category="land-use-information", unit=None, agency_id=land.id))
    made = SimpleNamespace(
        ward=ward, centre=centre, land=land,
        officer=scene.person(session, "mot-cua", "officer", ward.code, "Võ Một Cửa"),
        chief=scene.person(session, "chu-tich", "manager", ward.code, "Lê Chủ Tịch"),
        clerk=scene.person(session, "hcc", "officer", centre.code, "Trần Trung Tâm"),
        stranger=scene.person(session, "la", "manager", scene.office(session, "so-yt", "Sở Y tế").code, "Phan Lạ"),
    )  # fmt: skip
    session.commit()
    return made


def said(browser):
    """What a page says, without its markup."""
    return re.sub(r"<[^>]+>", " ", browser.page.text)


def fill(application, service, values, office, papers=()):
    """A browser that has filed a dossier, and its number."""
    browser = Browser(application)
    browser.get(f"/services/{service}/apply")
    browser.post(f"/services/{service}/apply", **values, do="next")
    assert browser.page.url.path.endswith("/papers"), said(browser)[:2000]
    upload(browser, service, papers)
    browser.post(f"/services/{service}/apply/papers", do="next")
    assert browser.page.url.path.endswith("/review"), said(browser)[:2000]
    browser.post(f"/services/{service}/apply/review", office=str(office))
    assert "/services/dossiers/" in browser.page.url.path, said(browser)[:2000]
    return browser, browser.page.url.path.rpartition("/")[2]


def upload(browser, service, papers, path=None, start="paper-", **fields):
    """Send files as a browser's form does: (paper, name, bytes)."""
    token = re.search(r'name="_token" value="([0-9a-f]+)"', browser.page.text)[1]
    sent = [(f"{start}{code}", (name, content)) for code, name, content in papers]
    path = path or f"/services/{service}/apply/papers"
    browser.page = browser.http.post(path, data={"_token": token, **fields}, files=sent or [("none", ("", b""))])
    return browser.page


def step(number, caller, transition, **more):
    with db.writing() as session:
        return cases.step(session, caller, number, transition, **more).version


def result(number, caller=SYSTEM):
    from dothi.cases import dossiers

    with db.writing() as session:
        return dossiers.result(session, caller, number, files.prepare("ket-qua.pdf", PDF)).id
