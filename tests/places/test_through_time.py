"""Facts 1.3: codes reused, names shared, spellings, many-to-many, leading zeros."""

import pytest

from dothi.identity.guard import ANONYMOUS
from dothi.kit.errors import BadInput, NotFound, NotSignedIn
from dothi.places import official, service
from dothi.places.describe import day

from .conftest import BEFORE, NOW, REFORM, WARDS, collection, feature


def test_a_code_means_another_place_in_another_time(country):
    assert service.unit(country, "31135", BEFORE).full_name == "Phường Tân An"
    assert service.unit(country, "31135", REFORM).full_name == "Phường Ninh Kiều"
    assert service.unit(country, "31135").full_name == "Phường Ninh Kiều"
    assert [unit.full_name for unit in service.history(country, "31135")] == ["Phường Tân An", "Phường Ninh Kiều"]
    assert service.unit(country, "80", BEFORE).name == "Long An"
    assert service.unit(country, "80", REFORM).name == "Tây Ninh"
    assert service.unit(country, "72", REFORM) is None


def test_get_unit_names_the_code_it_does_not_know(country):
    assert service.get_unit(country, "27694").name == "Long An"
    with pytest.raises(NotFound, match="99999"):
        service.get_unit(country, "99999")
    with pytest.raises(NotFound, match="2025-06-29"):
        service.get_unit(country, "92000", BEFORE)


def test_what_an_old_unit_became_and_a_new_one_was_made_of(country):
    parts = service.successors(country, "28063", BEFORE)
    assert [(c.new_code, c.extent, c.new.full_name) for c in parts] == [
        ("27694", "part", "Phường Long An"), ("28036", "part", "Xã Thủ Thừa"),
    ]  # fmt: skip
    made_of = {c.old_code: (c.extent, c.old.full_name) for c in service.predecessors(country, "27694", NOW)}
    assert made_of == {
        "27694": ("whole", "Phường 1"), "28063": ("part", "Xã Bình Thạnh"),
        "794": ("part", "Thành phố Tân An"), "804": ("part", "Huyện Thủ Thừa"),
    }  # fmt: skip


def test_a_district_that_ended_is_its_new_communes(country):
    assert [c.new_code for c in service.successors(country, "794")] == ["27694", "27712"]
    assert service.unit(country, "794", BEFORE).full_name == "Thành phố Tân An"
    assert service.unit(country, "794", REFORM) is None


def test_an_old_code_has_no_successor_after_its_last_change(country):
    assert service.successors(country, "31135", REFORM) == []
    assert service.predecessors(country, "31135", BEFORE) == []


def test_63_provinces_became_34(session):
    official.ensure(session)
    session.commit()
    rows = official.table()
    old = [r for r in rows if r["valid_to"] == "2025-07-01"]
    new = [r for r in rows if r["valid_from"] == "2025-07-01"]
    assert (len(old), len(new)) == (63, 34)
    merged = [c for row in new for c in service.predecessors(session, row["code"], REFORM)]
    assert sorted(c.old_code for c in merged) == sorted(r["code"] for r in old)
    assert sum(c.extent == "same" for c in merged) == 11
    assert {c.old.name for c in merged if c.new_code == "80"} == {"Long An", "Tây Ninh"}
    assert {c.old.name for c in merged if c.new_code == "92"} == {"Cần Thơ", "Hậu Giang", "Sóc Trăng"}
    assert official.ensure(session) == 0


def test_provinces_became_cities_in_2026(session):
    official.ensure(session)
    session.commit()
    assert service.unit(session, "75", day("2026-04-29")).kind == "tỉnh"
    assert service.unit(session, "75", day("2026-04-30")).kind == "thành phố"
    cities = ("01", "22", "24", "31", "46", "48", "75", "79", "92")
    assert {service.unit(session, code, NOW).kind for code in cities} == {"thành phố"}
    assert service.unit(session, "46", day("2024-12-31")).name == "Thừa Thiên Huế"


def test_codes_keep_their_leading_zeros(country, take):
    assert service.unit(country, "00070").name == "Hoàn Kiếm"
    table = (
        "Mã hành chính,Tên đơn vị,Phân loại,Tỉnh thành,Dân số,Diện tích\n70,Hoàn Kiếm,Phường,Hà Nội,105.301,1.91 km²\n"
    )
    report = take(table, "hanoi.csv", level="commune")
    assert (report.updated, report.refused) == (1, [])
    unit = service.unit(country, "00070")
    assert (unit.population, unit.area_km2, unit.parent_code) == (105301, 1.91, "01")
    assert unit.full_name == "Phường Hoàn Kiếm"
    again = take(table, "hanoi.csv")
    assert (again.unchanged, service.unit(country, "70")) == (1, None)  # its kind says what its digits no longer do
    lost = table.replace("70,", "1,").replace("Hoàn Kiếm", "Cửa Nam")
    assert (take(lost, "hanoi.csv").created, service.unit(country, "01").name) == (1, "Hà Nội")


def test_where_a_point_lies_depends_on_the_time(country, take):
    assert service.locate(country, 105.75, 10.02).full_name == "Phường Tân An"
    assert service.locate(country, 105.75, 10.02, BEFORE) is None
    take(collection(feature("31147", "Phường Hưng Lợi", (105.70, 10.00, 105.80, 10.05))), valid_from=day("2004-07-08"))
    assert service.locate(country, 105.79, 10.02, BEFORE).full_name == "Phường Hưng Lợi"
    assert service.locate(country, 105.79, 10.02, REFORM).full_name == "Phường Ninh Kiều"
    assert service.locate(country, 105.75, 10.02, level="province").name == "Cần Thơ"
    assert service.locate_code(country, 0, 0) is None
    with pytest.raises(BadInput, match="level"):
        service.locate(country, 1, 1, level="planet")


def test_a_unit_raised_to_a_ward_ends_and_begins(country, take):
    day_ = day("2026-04-30")
    report = take(collection(feature("22963", "Phường Tuyên Quang", WARDS[5]["geometry"])), valid_from=day_)
    assert report.created == 1
    assert "begins under the same code 22963" in str(report.notices[0])
    assert service.unit(country, "22963", day_ - 1).full_name == "Xã Tuyên Quang"
    assert service.unit(country, "22963", day_).full_name == "Phường Tuyên Quang"
    assert (
        take(collection(feature("22963", "Phường Tuyên Quang", WARDS[5]["geometry"])), valid_from=day_).unchanged == 1
    )


def test_an_outline_is_passed_on_to_the_same_unit_under_a_later_kind(session, take):
    report = take(collection(feature("75", "Thành phố Đồng Nai", (106.7, 10.5, 107.6, 12.2))))
    assert report.updated == 1
    assert service.locate(session, 107, 11, day("2025-12-01"), "province").kind == "tỉnh"
    assert service.locate(session, 107, 11, day("2026-12-01"), "province").kind == "thành phố"


def test_an_area_is_its_units_at_the_time(country, take):
    made = {"name": "Đô thị Tân An", "units": ["27694", "27712"], "properties": {"lon": 106.41, "lat": 10.53}}
    from dothi.identity.guard import SYSTEM

    assert service.put_area(country, SYSTEM, "tan-an", **made)
    assert not service.put_area(country, SYSTEM, "tan-an", **made)
    assert service.put_area(country, SYSTEM, "tan-an", **made, valid_from=REFORM)
    country.commit()
    assert service.area_shape(country, "tan-an").bounds == (106.40, 10.50, 106.45, 10.57)
    assert service.area_shape(country, "tan-an", BEFORE) is None
    assert [row.code for row in service.area_rows(country, kind="pilot-city")] == ["tan-an"]
    assert service.area_rows(country, BEFORE) == []
    assert [(h.type, h.code, h.lon) for h in service.search(country, "do thi tan an")] == [("area", "tan-an", 106.41)]
    assert service.area(country, "tan-an").name == "Đô thị Tân An"
    assert service.drop_area(country, SYSTEM, "tan-an")
    assert not service.drop_area(country, SYSTEM, "tan-an")
    with pytest.raises(NotFound):
        service.area_shape(country, "tan-an")


def test_a_drawn_area_and_what_an_area_must_be(country):
    from shapely.geometry import box

    from dothi.identity.guard import SYSTEM

    service.put_area(country, SYSTEM, "z", name="Vùng trũng", kind="zone", geometry=box(106, 10, 107, 11))
    assert service.area_shape(country, "z").area == 1
    with pytest.raises(BadInput, match="units or a geometry"):
        service.put_area(country, SYSTEM, "x", name="x")
    with pytest.raises(NotSignedIn):
        service.put_area(country, ANONYMOUS, "x", name="x", units=[])
    country.rollback()
