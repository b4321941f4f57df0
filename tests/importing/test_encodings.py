"""Vietnamese in every encoding that reaches a province's desk."""

import unicodedata

import pytest

from dothi.kit import encodings, legacy
from dothi.kit.errors import BadInput

TEXT = "trạm,thời gian,nhiệt độ\nĐà Nẵng,1,21°C\nHà Nội,2,25 µg/m³\nCầu Rạch Chanh,3,Thủ Thừa\n"


def in_cp1258(text: str) -> bytes:
    """windows-1258 writes a letter, then its tone."""
    made = []
    for char in unicodedata.normalize("NFC", text):
        apart = unicodedata.normalize("NFD", char)
        tones = [mark for mark in apart if mark in "\u0300\u0301\u0303\u0309\u0323"]
        base = unicodedata.normalize("NFC", "".join(mark for mark in apart if mark not in tones))
        try:
            made.append(char.encode("cp1258"))
        except UnicodeEncodeError:
            made.append((base + "".join(tones)).encode("cp1258"))
    return b"".join(made)


def in_tcvn3(text: str) -> bytes:
    codes = {letter: code for code, letter in legacy._TCVN3_TABLE.items()}
    return bytes(ord(c) if ord(c) < 128 or c in "µ°³" else codes[c] for c in text)


WAYS = {
    "utf-8": TEXT.encode(),
    "utf-8 with BOM": TEXT.encode("utf-8-sig"),
    "utf-8, letters apart": unicodedata.normalize("NFD", TEXT).encode(),
    "utf-16-le with BOM": b"\xff\xfe" + TEXT.encode("utf-16-le"),
    "utf-16-be with BOM": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "utf-16-le": TEXT.encode("utf-16-le"),
    "utf-16-be": TEXT.encode("utf-16-be"),
    "cp1258": in_cp1258(TEXT),
    "tcvn3": in_tcvn3(TEXT),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_same_table_is_read_from_every_encoding(way):
    found = encodings.detect(WAYS[way], whole=True)
    assert encodings.decoded(WAYS[way], found).removeprefix("\ufeff") == TEXT
    assert found.name == way.partition(",")[0]


def test_signs_of_units_do_not_make_a_western_file_vietnamese():
    western = "PM2.5 µg/m³;21°C;±0,5\nCafé;crème".encode("cp1252")
    assert encodings.detect(western, whole=True).name == "cp1252"


def test_tcvn3_reads_the_national_motto():
    # as it looks in any old document whose .VnTime font is missing
    said = legacy.from_tcvn3("Céng hoµ x· héi chñ nghÜa ViÖt Nam, §éc lËp - Tù do - H¹nh phóc")
    assert said == "Cộng hoà xã hội chủ nghĩa Việt Nam, Độc lập - Tự do - Hạnh phúc"


def test_tcvn3_leaves_the_signs_of_units_alone():
    assert legacy.from_tcvn3("Bôi PM10 (µg/m³), 21°C, l­u l­îng m³/s") == "Bụi PM10 (µg/m³), 21°C, lưu lượng m³/s"


def test_vni_reads_the_national_motto():
    said = legacy.from_vni("Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam, Ñoäc laäp - Töï do - Haïnh phuùc, ÑÖÔØNG")
    assert said == "Cộng hòa xã hội chủ nghĩa Việt Nam, Độc lập - Tự do - Hạnh phúc, ĐƯỜNG"


def test_every_vietnamese_letter_has_one_tcvn3_code():
    letters = [letter for letter in legacy._TCVN3_TABLE.values() if not unicodedata.combining(letter)]
    assert len(set(letters)) == len(letters)
    lower = {c for c in letters if c.islower()}
    bases, tones = "aăâeêioôơuưy", ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
    wanted = {unicodedata.normalize("NFC", b + t) for b in bases for t in tones} - set("aeiouy") | {"đ"}
    assert lower == wanted


def test_a_character_cut_off_at_the_sample_is_no_fault_but_at_the_end_is():
    cut = "a,Đà".encode()[:-1]
    assert encodings.detect(cut, whole=False).name == "utf-8"
    assert encodings.detect(cut, whole=True).name != "utf-8"


def test_an_unknown_encoding_is_refused_with_those_there_are():
    with pytest.raises(BadInput, match="tcvn3"):
        encodings.named("ebcdic")
