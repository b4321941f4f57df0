"""A few datasets for the catalogue's pages: open lamps, open wards, a shared register, a draft nobody else sees."""

from dothi.datasets import service
from dothi.db import session as db
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from dothi.places import base
from dothi.places import service as places
from tests.browser.seed import CITY, WARDS

LAMPS = {
    "type": "object",
    "properties": {
        "ma": {"type": "string", "title": "Mã trụ", "title-en": "Code", "x-role": "key"},
        "ten": {"type": "string", "title": "Tên trụ", "title-en": "Name", "x-role": "name"},
        "loai": {
            "title": "Loại bóng", "title-en": "Bulb", "oneOf": [
                {"const": "led", "title": "Đèn LED"}, {"const": "natri", "title": "Natri cao áp"},
            ],
        },
        "cong_suat": {"type": "number", "title": "Công suất", "title-en": "Power", "x-unit": "W"},
        "lap_ngay": {"type": "string", "format": "date", "title": "Ngày lắp"},
        "ghi_chu": {"type": "string", "title": "Ghi chú nội bộ", "x-open": False},
    },
    "required": ["ma"],
    "x-order": ["ma", "ten", "loai", "cong_suat", "lap_ngay", "ghi_chu"],
}  # fmt: skip
WEST, SOUTH = 106.38, 10.52


def lamp(i: int, **more: object) -> dict[str, object]:
    """A lamp as a feature."""
    properties = {
        "ma": f"T{i:03d}", "ten": f"Trụ đường Châu Thị Kim {i}", "loai": "led" if i % 3 else "natri", "cong_suat": 60.5 + 10 * (i % 8),
        "lap_ngay": f"{2015 + i % 6}-03-{1 + i % 28:02d}", "ghi_chu": f"bí mật {i}",
    }  # fmt: skip
    point = {"type": "Point", "coordinates": [WEST + 0.002 * (i % 10), SOUTH + 0.002 * (i // 10)]}
    return {"type": "Feature", "geometry": point, "properties": {**properties, **more}}


def datasets(count: int = 45) -> None:
    """The datasets, each in transactions of its own as people would write them."""
    with db.writing() as session:
        places.put_area(session, SYSTEM, "tan-an", name="Tân An", units=WARDS, approximate=True)
        base.load_base(session, CITY, "tan-an")
        for code, name, english in (
            ("xay-dung", "Sở Xây dựng", "Department of Construction"),
            ("tai-chinh", "Sở Tài chính", "Department of Finance"),
        ):
            identity.create_agency(session, SYSTEM, code, name, name_en=english)
        service.create(session, SYSTEM, {
            "code": "den-duong", "title": "Đèn đường Tân An", "title_en": "Street lamps of Tân An", "agency": "xay-dung",
            "description": "Mỗi dòng là một trụ đèn đường, có loại bóng và công suất; số liệu mô phỏng.", "sharing": "open",
            "status": "published", "schema": LAMPS, "geometry_type": "Point", "key_field": "ma", "themes": ["ENER"],
            "licence": "https://creativecommons.org/licenses/by/4.0/", "frequency": "MONTHLY", "keywords": ["chiếu sáng"],
            "contact": {"name": "Phòng Hạ tầng", "email": "hatang@example.vn"}, "simulated": True,
            "source": "Sinh ra để trình diễn.",
        })  # fmt: skip
        service.create(session, SYSTEM, {
            "code": "so-cong", "title": "Sổ đăng ký cống", "agency": "xay-dung", "sharing": "shared", "status": "published",
            "schema": {"type": "object", "properties": {"so": {"type": "string", "title": "Số hiệu cống"}}}, "themes": ["ENVI"],
        })  # fmt: skip
        service.create(session, SYSTEM, {
            "code": "ban-nhap", "title": "Bản nháp chưa công bố", "agency": "tai-chinh", "themes": ["ECON"],
            "schema": {"type": "object", "properties": {"a": {"type": "string", "title": "A"}}},
        })  # fmt: skip
    with db.writing() as session:
        for i in range(count):
            service.put(session, SYSTEM, "den-duong", None, lamp(i))
        service.put(session, SYSTEM, "so-cong", None, {"geometry": None, "properties": {"so": "C-1"}})


def signed_in(role: str, agency: str | None = None) -> str:
    """The session token of a person with a role, everywhere or inside an agency."""
    with db.writing() as session:
        login = f"{role}-{agency or 'all'}"
        made = identity.create_person(session, SYSTEM, login, f"Người {role} {agency or ''}".strip(), agency=agency)
        identity.grant(session, SYSTEM, made, role, "agency" if agency else "all", agency)
        return identity.sign_in(session, made.id)
