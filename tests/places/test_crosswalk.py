"""The crosswalk: tables of codes, the converter of names, and both together."""

from sqlalchemy import select

from dothi.places import service
from dothi.places.tables import UnitChange

from .conftest import BEFORE, CROSSWALK, collection, feature

CONVERTER = {
    "DICT_PROVINCE": {"tinhtayninh": ["tinhtayninh", "tinhlongan"], "thanhphohue": ["thanhphohue"], "tinhmo": ["tinhmo"],
                      "tinhlaichau": ["tinhatlantis"]},
    "DICT_PROVINCE_WARD_NO_DIVIDED": {"tinhtayninh": {
        "phuonglongan": ["tinhlongan_thanhphotanan_phuong1", "tinhlongan_thanhphotanan_phuong3"],
        "phuongtanan": ["tinhlongan_thanhphotanan_xabinhtam"],
        "xãtânthành": ["tinhlongan_huyenmochoa_xãtânthành"], "xãtânthạnh": ["tinhlongan_huyentanthanh_xatanthanh"],
        "xatanthanh": ["tinhlongan_huyenmochoa_xatanlap"],
        "xaducue": ["tinhlongan_huyenduchue_xaducue"]}},
    "DICT_PROVINCE_WARD_DIVIDED": {"tinhtayninh": {"tinhlongan_huyenthuthua_xabinhthanh": [
        {"newWardKey": "phuonglongan", "isDefaultNewWard": True}, {"newWardKey": "xathuthua", "isDefaultNewWard": False}]}},
}  # fmt: skip


def counted(session):
    return {
        (c.level, c.old_code, c.new_code): (c.extent, c.weight, c.basis) for c in session.scalars(select(UnitChange))
    }


def test_a_table_twice_changes_nothing(country, take):
    before = counted(country)
    report = take(CROSSWALK, "crosswalk.csv")
    assert (report.unchanged, report.created, report.updated) == (6, 0, 0)
    assert counted(country) == before


def test_refused_rows_of_a_table(country, take):
    head = "old_code,new_code,extent,old_unit,new_unit,weight\n"
    rows = [
        "x,27694,Nhập toàn bộ,,,", "28000,27694,Nhập,,,", "28000,99999,Nhập toàn bộ,,,", "27697,31207,Nhập toàn bộ,,Phường Thốt Nốt,",
        "28001,27694,Giữ nguyên,,Phường Tân An,", "27694,27712,Nhập toàn bộ,Phường 2,,", "28002,27694,whole,,,2", "28002,27694,part,,,0.4",
        "28002,27694,part,,,0.4",
    ]  # fmt: skip
    report = take(head + "\n".join(rows), "bad.csv")
    said = " | ".join(map(str, report.refused))
    assert (report.read, report.created, len(report.refused)) == (9, 2, 7)
    for part in (
        "old_code is 'x'", "extent is 'Nhập'", "no unit bears the code 99999", "27694 is Phường Long An from that day",
        "27694 was Phường 1 until that day, not Phường 2", "weight is '2'", "stands above already",
    ):  # fmt: skip
        assert part in said, part
    assert counted(country)["commune", "28002", "27694"][:2] == ("part", 0.4)
    assert service.unit(country, "31207").full_name == "Phường Thốt Nốt"


def test_a_corrected_row_is_changed_not_doubled(country, take):
    report = take("old_code,new_code,extent\n27712,27712,Nhập một phần\n", "mend.csv")
    assert (report.updated, report.created) == (1, 0)
    assert counted(country)["commune", "27712", "27712"][0] == "part"


def test_a_misprinted_province_is_noticed_and_two_names_for_one_code_refused(country, take):
    head = "new_code,old_code,extent,old_unit,old_district,old_province\n"
    report = take(
        head + "27694,27691,Nhập toàn bộ,Phường 4,Thành phố Tân An (794),Tỉnh Long An (80)\n"
        "27694,27692,Nhập toàn bộ,Phường 5,Thành phố Tân An (794),Tỉnh Tiền Giang (82)\n"
        "27712,27691,Nhập toàn bộ,Phường 6,Thành phố Tân An (794),Tỉnh Long An (80)\n", "typo.csv"
    )  # fmt: skip
    assert (report.created, len(report.refused)) == (2, 1)
    assert "another name above" in str(report.refused[0])
    assert "district 794 lay in 80 above and lies in 82 here" in " ".join(map(str, report.notices))
    assert service.unit(country, "27692", BEFORE).parent_code == "794"


def test_a_province_table_needs_no_districts(country, take):
    report = take("old_code,new_code,extent\n72,80,Nhập toàn bộ\n", "provinces.csv")
    assert report.unchanged == 1


def test_the_converter_by_names(country, take):
    take(collection(feature("28100", "Xã Tân Thành", (106.0, 11.0, 106.1, 11.1)), feature("28101", "Xã Tân Thạnh", (106.1, 11.0, 106.2, 11.1)),
                    feature("28102", "Phường Đức Huệ", (106.2, 11.0, 106.3, 11.1))))  # fmt: skip
    report = take(CONVERTER, "converter.json")
    assert report.read == 5 + 7 + 2
    said = " | ".join(map(str, report.refused))
    assert "no province is called tinhmo" in said
    assert "no old province is called tinhatlantis" in said
    assert "no single unit of tinhtayninh is called xatanthanh" in said
    assert "is called xaducue" in said
    assert len(report.refused) == 4
    now = counted(country)
    assert now["commune", "27694", "27694"][0] == "whole"  # known by its code since the table
    assert now["commune", "tinhlongan_thanhphotanan_phuong3", "27694"][0] == "whole"
    assert now["commune", "tinhlongan_huyenmochoa_xãtânthành", "28100"][0] == "same"
    assert now["commune", "tinhlongan_huyentanthanh_xatanthanh", "28101"][0] == "whole"
    assert now["commune", "28063", "28036"][0] == "part"
    assert take(CONVERTER, "converter.json").unchanged == report.accepted
    assert service.successors(country, "tinhlongan_thanhphotanan_phuong3")[0].new.full_name == "Phường Long An"


def test_keys_of_names_become_codes_when_a_table_tells_them(country, take):
    take(CONVERTER, "converter.json")
    head = "new_code,old_code,extent,old_unit,old_district,old_province\n"
    row = "27694,27697,Nhập toàn bộ,Phường 3,Thành phố Tân An (794),Tỉnh Long An (80)\n"
    report = take(head + row, "late.csv")
    assert (report.updated, report.created) == (1, 0)
    now = counted(country)
    assert ("commune", "27697", "27694") in now
    assert ("commune", "tinhlongan_thanhphotanan_phuong3", "27694") not in now
    assert take(CONVERTER, "converter.json").created == 0


def test_the_other_parts_of_a_unit_known_by_its_key_follow_its_code(country, take):
    """A table of one city names one part of an old commune; the list of names has all of them, and one too many."""
    parts = {
        "tinhlongan_huyenthuthua_xachia": [{"newWardKey": "phuonglongan"}, {"newWardKey": "phuongtanan"}],
        "tinhlongan_huyenthuthua_xanguyen": [{"newWardKey": "phuonglongan"}, {"newWardKey": "phuongtanan"}],
    }
    names_only = {"DICT_PROVINCE": {}, "DICT_PROVINCE_WARD_DIVIDED": {"tinhtayninh": parts}}
    take(names_only, "converter.json")
    report = take(
        "new_code,old_code,extent,old_unit,old_district,old_province\n"
        "27694,28070,Nhập một phần,Xã Chia,Huyện Thủ Thừa (804),Tỉnh Long An (80)\n"
        "27694,28071,Nhập toàn bộ,Xã Nguyên,Huyện Thủ Thừa (804),Tỉnh Long An (80)\n", "city.csv"
    )  # fmt: skip
    assert [c.new_code for c in service.successors(country, "28070", BEFORE)] == ["27694", "27712"]
    assert [c.new_code for c in service.successors(country, "28071", BEFORE)] == ["27694"]
    assert "28071 went to 27694 as a whole" in " ".join(map(str, report.notices))
    again = take(names_only, "converter.json")
    assert (again.unchanged, again.created, len(again.refused)) == (3, 0, 1)
    assert not [code for _, code, _ in counted(country) if "xachia" in code or "xanguyen" in code]


def test_a_commune_raised_to_a_ward_since_goes_by_its_bare_name(country, take):
    take(collection(feature("28102", "Phường Dầu Giây", (106.2, 11.0, 106.3, 11.1))))
    table = {
        "DICT_PROVINCE_WARD_NO_DIVIDED": {"tinhtayninh": {"xadaugiay": ["tinhlongan_huyenx_xay"]}},
        "DICT_PROVINCE": {},
    }
    assert take(table, "c.json").created == 1
