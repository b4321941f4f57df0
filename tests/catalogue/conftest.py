"""Datasets of an invented city, put into the tables directly."""

import json

import httpx
import pytest
import shapely

from dothi.city import store as city_store
from dothi.datasets import schema as schemas
from dothi.datasets import views
from dothi.datasets.tables import Dataset, Record
from dothi.datasets.writing import Derive
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from dothi.kit.text import fold
from tests import looping

DAY = 24 * 3600 * 1_000_000
MADE = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
SCHEMA = {
    "type": "object",
    "properties": {
        "ten": {"type": "string", "title": "Tên", "title-en": "Name"},
        "cong_suat": {"type": "number", "title": "Công suất", "x-unit": "W"},
        "so_bong": {"type": "integer"},
        "hong": {"type": "boolean"},
        "ngay": {"type": "string", "format": "date"},
        "luc": {"type": "string", "format": "date-time"},
        "nhan": {"type": "array"},
        "chu_ho": {"type": "string", "x-personal": True},
        "gia": {"type": "number", "x-open": False},
    },
    "x-order": ["ten", "cong_suat", "so_bong", "hong", "ngay", "luc", "nhan", "chu_ho", "gia"],
}
LAMPS = [
    ("D1", 106.40, 10.53, {"ten": "Đèn Nguyễn Huệ", "cong_suat": 150, "so_bong": 1, "hong": False, "ngay": "2026-01-05",
                           "luc": "2026-01-05T07:00:00Z", "nhan": ["led"], "chu_ho": "Trần Thị Lan", "gia": 12.5}),
    ("D2", 106.41, 10.54, {"ten": "Đèn Lê Lợi", "cong_suat": 70.5, "so_bong": 2, "hong": True, "ngay": "2026-02-01",
                           "luc": "2026-02-01T07:00:00Z", "nhan": [], "chu_ho": "Lê Văn Hai", "gia": 30}),
    ("D3", 106.42, 10.55, {"ten": "Trụ đèn 100%_\\ cầu", "cong_suat": 250, "so_bong": 4, "hong": False,
                           "ngay": "2026-03-09", "luc": "2026-03-09T07:00:00Z", "nhan": None}),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _fresh():
    """No view of an earlier test's database."""
    views.forget()


@pytest.fixture
def put(session):
    """Put a dataset with its records; its agency by code."""

    def add(code, records=(), **said):
        agency = said.pop("agency", None)
        owner = identity.store.agency_by_code(session, agency) if agency else None
        if agency and owner is None:
            owner = identity.create_agency(session, SYSTEM, agency, f"Sở {agency}", name_en=f"Department {agency}")
        title = said.pop("title", f"Bộ {code}")
        values = {
            "title_en": None, "description": f"Mô tả của {code}", "agency_id": owner.id if owner else None, "sharing": "open",
            "status": "published", "schema": SCHEMA, "geometry_type": None, "keywords": [], "themes": [],
            "licence": "https://creativecommons.org/licenses/by/4.0/", "frequency": "MONTHLY", "simulated": False,
            "created_at": MADE, "described_at": MADE, "count": len(records), "version": 1,
        } | said  # fmt: skip
        if records and values["geometry_type"]:
            box = shapely.MultiPoint([(x, y) for _, x, y, _ in records]).bounds
            values |= dict(zip(("west", "south", "east", "north"), box, strict=True))
        one = Dataset(code=code, title=title, folded=fold(f"{title} {values['description']}"), **values)
        session.add(one)
        session.flush()
        derive = Derive(schemas.fields(values["schema"]))
        for key, lon, lat, properties in records:
            shape = {"type": "Point", "coordinates": [lon, lat]} if values["geometry_type"] else None
            session.add(
                Record(
                    dataset_id=one.id, key=key, properties=properties, version=1, recorded_at=MADE, recorded_by="key:1",
                    geometry=shapely.to_wkb(shapely.Point(lon, lat)) if shape else None,
                    geojson=json.dumps(shape) if shape else None,
                    west=lon if shape else None, east=lon if shape else None,
                    south=lat if shape else None, north=lat if shape else None,
                    folded=derive.folded(key, properties),
                )
            )  # fmt: skip
        session.commit()
        views.forget()
        return one

    return add


@pytest.fixture
def portal(session, put):
    """Five datasets: two open ones, one shared, one restricted, one draft."""
    city_store.put_setting(session, "city", {"name": {"vi": "Tân An", "en": "Tan An"}})
    put(
        "den-duong", LAMPS, agency="so-xd", title="Đèn đường", title_en="Street lights", geometry_type="Point",
        themes=["TRAN", "REGI"], keywords=["đèn", "chiếu sáng"], source="Sở Xây dựng kê khai",
        source_url="https://nguon.example/den", quality="Thiếu vài cột", simulated=True, changed_at=MADE + 40 * DAY,
        contact={"name": "Phòng Hạ tầng", "email": "ha-tang@so-xd.example", "phone": "0272 3 826 152"},
        valid_from=MADE, valid_until=MADE + 365 * DAY, properties={"hvd": "mobility", "series": {"code": "dt", "title": "Đô thị"}},
    )  # fmt: skip
    put("ngan-sach", agency="so-tc", title="Ngân sách năm", themes=["ECON"], keywords=["thu chi"], frequency="ANNUAL")
    put(
        "chia-se",
        LAMPS,
        agency="so-xd",
        title="Chia sẻ giữa các sở",
        sharing="shared",
        themes=["GOVE"],
        keywords=["riêng"],
    )
    put("noi-bo", LAMPS, agency="so-ca", title="Nội bộ", sharing="restricted", themes=["JUST"])
    put("nhap", agency="so-xd", title="Bản nháp", status="draft")
    session.commit()


class Local:
    """The application asked in this process, without what a whole server starts."""

    url = "http://local.example"

    def __init__(self, application):
        self._transport = httpx.ASGITransport(application)

    def request(self, method, url, **said):
        async def go():
            async with httpx.AsyncClient(transport=self._transport) as client:
                return await client.request(method, url, **said)

        return looping.run(go())

    def get(self, url, **said):
        return self.request("GET", url, **said)

    def post(self, url, **said):
        return self.request("POST", url, **said)


@pytest.fixture(scope="session")
def application():
    """The application, made once."""
    from dothi.app import create_app

    return create_app()


@pytest.fixture
def local(database, application):
    return Local(application)
