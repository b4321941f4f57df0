"""The clients others wrote drive a real server: `three` 0.8 of 2013 and `georeport` 0.3, as they come from PyPI."""

import itertools
import sys
import uuid

import georeport
import pytest
import requests

from dothi import config
from tests.cases.reporters import phone_photo
from tests.open311.conftest import HERE, code_of
from tests.servers import Running

PLACE = {"lat": "10.535", "long": "106.405"}


@pytest.fixture(scope="module")
def served(town):
    """The city on a real port."""
    config.settings.cache_clear()
    with Running() as running:
        yield running.url + HERE


@pytest.fixture(scope="module")
def three():
    """The module as it is, written for Python 2: `itertools.ifilter`, today's `filter`, is lent to it while it is used."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(itertools, "ifilter", filter, raising=False)
        patch.delitem(sys.modules, "three.core", raising=False)
        import three

        yield three


def test_three_finds_reads_reports_and_asks_by_token(served, three, town):
    api = three.Three(served, api_key=town.keys["app"], jurisdiction="tan-an")
    (endpoint,) = api.discovery()["endpoints"]
    assert endpoint["url"] == served
    codes = [one["service_code"] for one in api.services()]
    assert {"lamp-out", "waste-not-collected"} <= set(codes)
    assert api.services("lamp-out")["attributes"]
    name = f"Đèn tắt {uuid.uuid4()}"
    (made,) = api.post(
        "lamp-out", address="12 Nguyễn Huệ", name="Bình Phạm", phone="0987654321", description=name, **PLACE
    )
    number = made["service_request_id"]
    (one,) = api.request(number)
    assert (one["description"], one["address"], one["status"]) == (name, "12 Nguyễn Huệ", "open")
    assert number in [one["service_request_id"] for one in api.requests("lamp-out", status="open", count=5)]
    assert api.requests("lamp-out", start="01-01-2020", end="02-01-2020") == []
    (pictured,) = api.post(
        "lamp-out", address="14 Nguyễn Huệ", description="Có ảnh", media=("a.jpg", phone_photo()), **PLACE
    )
    (one,) = api.request(pictured["service_request_id"])
    assert one["media_url"].endswith("/public")
    (refused,) = three.Three(served, api_key="wrong").post("lamp-out", address="x", description="y")
    assert refused["code"] == 403
    stranger = three.Three(served)
    (waits,) = stranger.post(
        "lamp-out", address="16 Nguyễn Huệ", description="Người lạ", email="", phone="0912000222", **PLACE
    )
    assert "service_request_id" not in waits
    (told,) = stranger.token(waits["token"])
    assert "service_request_id" not in told
    number = _newest(town)
    requests.post(f"{served}/tokens/{waits['token']}.json", data={"code": code_of(town.session, number)}, timeout=10)
    (told,) = stranger.token(waits["token"])
    assert told["service_request_id"] == number


@pytest.mark.parametrize("form", ["json", "xml"])
def test_georeport_reads_in_both_forms(served, town, form):
    api = georeport.GeoReport(served, jurisdiction="tan-an", output_format=form)
    services = api.get_service_list()
    assert len(services) > 20
    assert api.get_service_definition("lamp-out")["service_code"] == "lamp-out"
    number = town.cases["working"].number
    found = api.get_service_requests(service_code="lamp-out,lamp-pole", status="open")
    assert number in [one["service_request_id"] for one in found]
    one = api.get_service_request(number)
    assert (one["service_request_id"], one["status"], one["service_code"]) == (number, "open", "lamp-out")
    both = api.get_service_requests(service_request_id=f"{number},{town.cases['rated'].number}")
    assert len(both) == 2
    with pytest.raises(requests.HTTPError, match="404"):
        api.get_service_request(town.cases["hidden"].number)
    with pytest.raises(requests.HTTPError, match="400"):
        api.get_service_requests(start_date="yesterday")


def _newest(town):
    from sqlalchemy import select

    from dothi.cases.tables import Case

    town.session.rollback()
    return town.session.scalars(select(Case.number).order_by(Case.id.desc())).first()
