"""The feed of changes, the sitemap, and what pages say to search engines."""

import json
from xml.etree import ElementTree as ET

from dothi.datasets import describe, views
from dothi.doors.catalogue import feed
from dothi.identity.guard import ANONYMOUS
from dothi.journal import service as journal

ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def said(session, kind, code, visibility="open", title=None):
    journal.append(
        session, kind, actor="key:1", subject=f"dataset:{code}", visibility=visibility, data={"title": title}
    )
    session.commit()


def entries(local, query=""):
    answer = local.get(f"{local.url}/catalogue/feed.atom{query}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/atom+xml")
    return ET.fromstring(answer.content).findall(f"{ATOM}entry")


def titles(local, query=""):
    return [one.findtext(f"{ATOM}title") for one in entries(local, query)]


def test_the_feed_tells_changes_of_what_everybody_sees_the_newest_first(local, portal, session):
    said(session, "data.dataset.created", "ngan-sach")
    said(session, "data.load.applied", "den-duong")
    said(session, "data.load.applied", "den-duong", "restricted")
    for code in ("chia-se", "noi-bo", "nhap"):  # told openly once, but the dataset is no longer open
        said(session, "data.dataset.described", code)
    said(session, "sensing.thing.created", "den-duong")
    assert titles(local) == ["Cập nhật dữ liệu: Đèn đường", "Tập dữ liệu mới: Ngân sách năm"]
    assert titles(local, "?dataset=ngan-sach") == ["Tập dữ liệu mới: Ngân sách năm"]
    one = entries(local)[0]
    assert one.find(f"{ATOM}link").get("href") == f"{local.url}/catalogue/den-duong"
    ids = [each.findtext(f"{ATOM}id") for each in entries(local)]
    assert len(set(ids)) == 2
    assert local.get(f"{local.url}/catalogue/feed.atom?dataset=noi-bo").status_code == 404
    assert local.get(f"{local.url}/catalogue/feed.atom?colour=red").status_code == 400


def test_a_title_of_any_signs_keeps_the_feed_readable(local, put, session):
    put("la", title='<b>&"\x0b\ufffe]]>', description="a\x00".replace("\x00", "\x01"))
    said(session, "data.dataset.created", "la")
    assert titles(local) == ['Tập dữ liệu mới: <b>&"]]>']


def test_the_sitemap_has_every_open_dataset_and_no_other(local, portal, monkeypatch):
    tree = ET.fromstring(local.get(f"{local.url}/sitemap.xml").content)
    places = [one.findtext(f"{MAP}loc") for one in tree.findall(f"{MAP}url")]
    assert f"{local.url}/" in places
    assert [one for one in places if "/catalogue/" in one] == [
        f"{local.url}/catalogue/{code}" for code in ("den-duong", "ngan-sach")
    ]
    dates = [
        one.findtext(f"{MAP}lastmod") for one in tree.findall(f"{MAP}url") if "den-duong" in one.findtext(f"{MAP}loc")
    ]
    assert dates == ["2026-02-10T00:00:00.000Z"]
    assert f"Sitemap: {local.url}/sitemap.xml" in local.get(f"{local.url}/robots.txt").text
    monkeypatch.setattr(feed, "PER_SITEMAP", 3)
    index = ET.fromstring(local.get(f"{local.url}/sitemap.xml").content)
    parts = [one.findtext(f"{MAP}loc") for one in index.findall(f"{MAP}sitemap")]
    found = [one.findtext(f"{MAP}loc") for part in parts for one in ET.fromstring(local.get(part).content)]
    assert sorted(found) == sorted(places)


def test_a_page_can_say_what_the_dataset_is_to_search_engines(portal):
    office = describe.Office(
        "so-xd", "Sở Xây dựng", "Department of Construction", None, "https://a.example/catalogue#agency-so-xd"
    )
    found = describe.schema_org(views.view(ANONYMOUS, "den-duong"), "https://a.example", office)
    json.dumps(found)
    assert found["@type"] == "Dataset"
    assert found["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert found["spatialCoverage"]["geo"]["box"] == "10.53 106.4 10.55 106.42"
    assert found["temporalCoverage"] == "2026-01-01T00:00:00.000Z/2027-01-01T00:00:00.000Z"
    assert {"chu_ho", "gia"}.isdisjoint(one["name"] for one in found["variableMeasured"])
    assert next(one["unitText"] for one in found["variableMeasured"] if one["name"] == "cong_suat") == "W"
    assert {"text/csv", "application/geo+json"} <= {one["encodingFormat"] for one in found["distribution"]}
