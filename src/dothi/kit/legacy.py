"""Vietnamese text from before Unicode: fonts that drew Vietnamese letters over Latin-1 ones.

The same mojibake lives in single-byte files and, copied as it was, inside Unicode workbooks, so both are
mended on text: the bytes read as Latin-1 first. TCVN3 (ABC) is TCVN 5712:1993; VNI is the two-letter code of VNI fonts.
"""

import re

from dothi.kit.text import nfc

# TCVN 5712:1993, A0 to FF. B0 to B4 are combining tones: grave, hook, tilde, acute, dot below.
_TCVN3 = (
    "\u00a0ĂÂÊÔƠƯĐăâêôơưđẰ"
    "\u0300\u0309\u0303\u0301\u0323àảãáạẲằẳẵắẴ"
    "ẮẦẨẪẤỀặầẩẫấậèỂẻẽ"
    "éẹềểễếệìỉỄẾỒĩíịò"
    "Ổỏõóọồổỗốộờởỡớợù"
    "ỖủũúụừửữứựỳỷỹýỵỐ"
)
_TCVN3_TABLE = {0xA0 + place: letter for place, letter in enumerate(_TCVN3)}
# units are written with Latin-1 signs in files whose words are TCVN3: µg/m³, 21°C, km²
_SIGN = re.compile(r"µ(?=g\b|m\b|S\b)|(?<=m)[²³]|(?<=\d)\s?°|(?<![A-Za-z\xa1-\xff])[°±²³´]")
_KEPT = {sign: chr(0xE000 + place) for place, sign in enumerate("µ°±²³´")}
_GIVEN_BACK = {ord(kept): sign for sign, kept in _KEPT.items()}

_VNI_MARKS = {
    "aø": "à", "aù": "á", "aû": "ả", "aõ": "ã", "aï": "ạ",
    "aê": "ă", "aè": "ằ", "aé": "ắ", "aú": "ẳ", "aü": "ẵ", "aë": "ặ",
    "aâ": "â", "aà": "ầ", "aá": "ấ", "aå": "ẩ", "aã": "ẫ", "aä": "ậ",
    "eø": "è", "eù": "é", "eû": "ẻ", "eõ": "ẽ", "eï": "ẹ",
    "eâ": "ê", "eà": "ề", "eá": "ế", "eå": "ể", "eã": "ễ", "eä": "ệ",
    "oø": "ò", "où": "ó", "oû": "ỏ", "oõ": "õ", "oï": "ọ",
    "oâ": "ô", "oà": "ồ", "oá": "ố", "oå": "ổ", "oã": "ỗ", "oä": "ộ",
    "ôø": "ờ", "ôù": "ớ", "ôû": "ở", "ôõ": "ỡ", "ôï": "ợ", "ô": "ơ",
    "uø": "ù", "uù": "ú", "uû": "ủ", "uõ": "ũ", "uï": "ụ",
    "öø": "ừ", "öù": "ứ", "öû": "ử", "öõ": "ữ", "öï": "ự", "ö": "ư",
    "yø": "ỳ", "yù": "ý", "yû": "ỷ", "yõ": "ỹ", "î": "ỵ",
    "æ": "ỉ", "ó": "ĩ", "ò": "ị", "ñ": "đ",
}  # fmt: skip
_VNI_TABLE = dict(_VNI_MARKS) | {old.upper(): new.upper() for old, new in _VNI_MARKS.items()}
_VNI_TABLE |= {old[0].upper() + old[1:]: new.upper() for old, new in _VNI_MARKS.items()}
_VNI = re.compile("|".join(sorted(map(re.escape, _VNI_TABLE), key=len, reverse=True)))


def from_tcvn3(text: str) -> str:
    """Unicode NFC of TCVN3 (ABC) text whose bytes were read as Latin-1."""
    if text.isascii():
        return text
    kept = _SIGN.sub(lambda found: "".join(_KEPT.get(char, char) for char in found[0]), text)
    return nfc(kept.translate(_TCVN3_TABLE).translate(_GIVEN_BACK))


def from_vni(text: str) -> str:
    """Unicode NFC of VNI text whose bytes were read as windows-1252."""
    if text.isascii():
        return text
    return nfc(_VNI.sub(lambda found: _VNI_TABLE[found[0]], text))


FONTS = {"tcvn3": from_tcvn3, "vni": from_vni}
