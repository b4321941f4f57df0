"""The search for personal data finds Vietnamese forms, and leaves alone what only looks a little like them."""

import pytest

from dothi.datasets import personal, schema

PEOPLE = ["Nguyễn Văn An", "Trần Thị Bình", "Lê Hoàng Cường", "Phạm Minh Đức"]


def found(name, values, kind="string", title=None, **more):
    held = {"properties": {name: {"type": kind, **({"title": title} if title else {}), **more}}}
    return {one.kind: one for one in personal.findings(schema.fields(held), [{name: value} for value in values])}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["079203001234", "001199012345"], "national-id"),
        (["CCCD: 079203001234"], "national-id"),
        (["0912345678"], "phone"),
        (["+84 912 345 678"], "phone"),
        (["gọi 090.123.4567 sau giờ hành chính", "", "", ""], "phone"),
        (["an.nguyen@gmail.com"], "email"),
        (["62A-123.45", "59-X1 234.56"], "plate"),
        (["51F-123.45"], "plate"),
        (["0100109106", "0301442379-001"], "tax-id"),
        (PEOPLE, "name"),
    ],
)
def test_values_tell_what_they_are(values, kind):
    assert kind in found("note", values)


@pytest.mark.parametrize(
    ("name", "title", "kind"),
    [
        ("so_cccd", None, "national-id"), ("x1", "Số căn cước công dân", "national-id"), ("sdt_chu_ho", None, "phone"),
        ("ho_ten", None, "name"), ("a", "Chủ hộ", "name"), ("ngay_sinh", None, "birth"), ("a", "Số tài khoản", "bank"),
        ("a", "Địa chỉ thường trú", "address"), ("a", "Chẩn đoán", "health"), ("fullName", None, "name"), ("a", "Mã số thuế", "tax-id"),
        ("bien_so_xe", None, "plate"), ("so_the_bhyt", None, "insurance"),
    ],
)  # fmt: skip
def test_names_of_fields_tell_too(name, title, kind):
    assert kind in found(name, [], title=title)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("ten_duong", ["Nguyễn Trãi", "Trần Hưng Đạo", "Lê Lợi"]),
        ("ten_truong", ["Trường THPT Lê Quý Đôn", "Trường TH Võ Thị Sáu"]),
        ("don_vi", PEOPLE),
        ("ma", ["CS-0912-0001", "A0001"]),
        ("ma_so", ["123456789012"]),
        ("cao_do", [1.5, 2.25]),
        ("dien_thoai", ["0272 3826 123", "02723826124"]),
        ("email", ["vanthu@longan.gov.vn"]),
        ("ngay_lap", ["2024-01-02"]),
        ("address", ["Số 12 đường Lê Lợi", "34/5 phố Huế"]),
        ("so_ho", [120, 350]),
        ("ten", ["Công viên Thống Nhất", "Chợ Bến Thành"]),
    ],
)
def test_what_is_about_places_and_offices_is_left_alone(name, values):
    kind = "number" if isinstance(values[0], float) else "integer" if isinstance(values[0], int) else "string"
    assert found(name, values, kind) == {}


def test_numbers_are_searched_where_spreadsheets_made_them_numbers():
    assert "phone" not in found("x", [912345678], "integer")  # the zero in front is lost: it could be anything
    assert "national-id" in found("cccd", [79203001234], "integer")


def test_an_address_is_personal_where_people_are():
    fields = {"properties": {"nguoi": {"type": "string"}, "noi": {"type": "string"}}}
    homes = ["Số 12 đường Lê Lợi", "34/5 phố Huế", "số nhà 7", "12 đường Hòa Bình"]
    records = [{"nguoi": a, "noi": b} for a, b in zip(PEOPLE, homes, strict=True)]
    assert [one.kind for one in personal.findings(schema.fields(fields), records)] == ["name", "address"]
    assert personal.findings(schema.fields(fields), [{"noi": one} for one in homes]) == []


@pytest.mark.parametrize("flag", [{"x-personal": True}, {"x-open": False}])
def test_what_is_masked_or_kept_back_is_settled(flag):
    assert found("ho_ten", PEOPLE, **flag) == {}


def test_samples_are_masked():
    one = found("note", ["0912345678"])["phone"]
    assert one.samples == ("09••••••••",)
    assert (one.count, one.share, one.why) == (1, 1.0, "values")
