"""What people type, and what they find."""

import pytest

from dothi.places import names, service

from .conftest import BEFORE, collection, feature


def labels(session, text, **more):
    return [hit.label for hit in service.search(session, text, **more)]


BOTH = ["Phường Tân An, Thành phố Cần Thơ", "Phường Tân An, Tỉnh Tây Ninh"]


@pytest.mark.parametrize(
    "text",
    [
        "Tân An",
        "tan an",
        "TÂN AN",
        "phường tân an",
        "phuong tan an",
        "P. Tân An",
        "P.Tân An",
        "p tan an",
        "tân a",
        "tanan",
    ],
)
def test_namesakes_are_told_apart_by_their_province(country, text):
    assert labels(country, text) == BOTH


@pytest.mark.parametrize(
    "text", ["Tân An, Cần Thơ", "tan an, can tho", "tan an can tho", "Phường Tân An, TP Cần Thơ", "tan an tp can tho"]
)
def test_a_province_behind_the_name_chooses(country, text):
    assert labels(country, text) == BOTH[:1]


@pytest.mark.parametrize("text", ["Phú Thủy", "Phú Thuỷ", "phường phú thủy"])
def test_either_tone_placement_is_exact(country, text):
    hits = service.search(country, text)
    assert [(h.label, h.exact) for h in hits] == [("Phường Phú Thuỷ, Tỉnh Lâm Đồng", True)]
    assert not service.search(country, "phu thuy")[0].exact


def test_exact_accents_come_first(country, take):
    take(collection(
        feature("28001", "Xã Thạnh An", (106.0, 11.0, 106.1, 11.1)), feature("28002", "Xã Thanh An", (106.1, 11.0, 106.2, 11.1))
    ))  # fmt: skip
    assert [h.name for h in service.search(country, "Thạnh An")] == ["Thạnh An", "Thanh An"]
    assert [h.name for h in service.search(country, "thanh an")] == ["Thanh An", "Thạnh An"]


def test_a_kind_word_chooses_between_commune_and_province(country):
    assert labels(country, "Tuyên Quang") == ["Tỉnh Tuyên Quang", "Xã Tuyên Quang, Tỉnh Lâm Đồng"]
    assert labels(country, "xã Tuyên Quang") == ["Xã Tuyên Quang, Tỉnh Lâm Đồng"]
    assert labels(country, "x. tuyen quang") == ["Xã Tuyên Quang, Tỉnh Lâm Đồng"]


def test_codes_abbreviations_and_nonsense(country):
    assert labels(country, "27712") == ["Phường Tân An, Tỉnh Tây Ninh"]
    assert labels(country, "TP.HCM") == ["Thành phố Hồ Chí Minh"]
    assert labels(country, "  ") == labels(country, "!!!") == labels(country, "zzz") == []
    assert labels(country, "an", limit=1) != []
    # syllables are matched from their beginning: "ng" alone is no name
    assert labels(country, "ong an") == []


def test_former_units_are_found_when_asked_for(country):
    assert labels(country, "P1") == []
    assert labels(country, "Phường 1", former=True) == ["Phường 1, Tỉnh Long An"]
    assert labels(country, "p1, Long An", former=True) == ["Phường 1, Tỉnh Long An"]
    assert labels(country, "Phường 1", at=BEFORE) == ["Phường 1, Tỉnh Long An"]
    standing_first = [h.valid_to is None for h in service.search(country, "Phường Tân An", former=True)]
    assert standing_first == sorted(standing_first, reverse=True)


@pytest.mark.parametrize(
    ("full", "kind", "name"),
    [
        ("Phường Tân An", "phường", "Tân An"),
        ("TP HCM", "thành phố", "Hồ Chí Minh"),
        ("TP. Huế", "thành phố", "Huế"),
        ("Thị trấn Cao Lộc", "thị trấn", "Cao Lộc"),
        ("Đặc khu Hoàng Sa", "đặc khu", "Hoàng Sa"),
        ("Tân An", None, "Tân An"),
        ("Phường", None, "Phường"),
        ("Quản Bạ", None, "Quản Bạ"),
    ],
)
def test_a_full_name_is_its_kind_and_its_name(full, kind, name):
    assert names.split_kind(full) == (kind, name)


def test_spellings_of_one_name():
    assert names.key("Bà Rịa - Vũng Tàu") == names.key("BÀ RỊA–VŨNG TÀU") == "ba ria vung tau"
    assert names.accent_key("Hoà Bình") == names.accent_key("Hòa Bình") != names.accent_key("Hoa Bình")
    assert names.accent_key("Tân") != names.accent_key("Tan")
    assert names.level_of("80") == "province"
    assert names.level_of("x", "phường") == "commune"
    assert names.level_of("x", "thành phố") is None
