"""Names of administrative units: their kinds, their spellings, and what people type for them."""

import re
import unicodedata
from dataclasses import dataclass

from dothi.kit.text import fold, nfc

# kind: levels it may stand at, English word, what people write for it (folded)
KINDS: dict[str, tuple[tuple[str, ...], str, tuple[str, ...]]] = {
    "thành phố": (("province", "district"), "City", ("thanh pho", "tp", "t p")),
    "tỉnh": (("province",), "Province", ("tinh", "t")),
    "quận": (("district",), "District", ("quan", "q")),
    "huyện": (("district",), "District", ("huyen", "h")),
    "thị xã": (("district",), "Town", ("thi xa", "tx", "t x")),
    "phường": (("commune",), "Ward", ("phuong", "p")),
    "xã": (("commune",), "Commune", ("xa", "x")),
    "thị trấn": (("commune",), "Township", ("thi tran", "tt", "t t")),
    "đặc khu": (("commune",), "Special Zone", ("dac khu", "dk")),
}
LEVELS = ("province", "district", "commune")
WIDTH = {"province": 2, "district": 3, "commune": 5}  # digits of a code
_LEVEL_OF_WIDTH = {width: level for level, width in WIDTH.items()}
_TONES = "\u0300\u0309\u0303\u0301\u0323"
_OTHER_NAMES = {"hcm": "Hồ Chí Minh", "tphcm": "Hồ Chí Minh", "sai gon": "Hồ Chí Minh"}
_PUNCTUATION = re.compile(r"[^\w\s]|_")
_APOSTROPHE = re.compile(r"['’ʼ`]")


def plain(text: str) -> str:
    """The text without punctuation: "Bà Rịa - Vũng Tàu" and "Bà Rịa–Vũng Tàu", "P.Tân An" and "P Tân An" become alike."""
    return " ".join(_PUNCTUATION.sub(" ", _APOSTROPHE.sub("", nfc(text))).split())


def key(text: str) -> str:
    """What two spellings of one name share: no punctuation, no diacritics, no case."""
    return fold(plain(text))


def accent_key(text: str) -> str:
    """The text with each syllable's tone moved to its end, so that Thuỷ and Thủy, Hoà and Hòa are equal.

    Letters keep their own marks (ă â ê ô ơ ư đ): Tân and Tan still differ.
    """
    return " ".join(_toned(word) for word in plain(text).casefold().split())


def _toned(word: str) -> str:
    parts = unicodedata.normalize("NFD", word)
    tone = next((str(_TONES.index(c) + 1) for c in parts if c in _TONES), "")
    return unicodedata.normalize("NFC", "".join(c for c in parts if c not in _TONES)) + tone


def split_kind(full: str) -> tuple[str | None, str]:
    """The kind of unit a full name begins with, and the name without it: ("phường", "Tân An").

    None where it begins with no kind. "TP HCM" is ("thành phố", "Hồ Chí Minh").
    """
    words = nfc(full).split()
    for kind, (_, _, written) in KINDS.items():
        length = len(kind.split())
        if len(words) > length and " ".join(words[:length]).casefold() == kind:
            return kind, " ".join(words[length:])
        short = written[1]
        found = re.match(rf"{short}(?:\.\s*|\s+)(?=\S)", " ".join(words), re.IGNORECASE)
        if found and len(short) > 1:
            rest = " ".join(words)[found.end() :]
            return kind, _OTHER_NAMES.get(key(rest), rest)
    return None, " ".join(words)


def full_name(kind: str, name: str) -> str:
    """Phường Tân An, of its kind and its name."""
    return f"{kind.capitalize()} {name}"


def level_of(code: str, kind: str | None = None) -> str | None:
    """The level a unit's kind stands for, or else its code's number of digits.

    A ward is a commune whatever is left of its code: tables that lost their leading zeros say 82 for 00082.
    """
    by_code = _LEVEL_OF_WIDTH.get(len(code)) if code.isdigit() else None
    levels = KINDS[kind][0] if kind in KINDS else ()
    if len(levels) != 1 or (by_code is not None and len(code) > WIDTH[levels[0]]):
        return by_code
    return levels[0]


def joined(*full_names: str) -> str:
    """The key some conversion tables use for a unit: tinhlongan_thanhphotanan_phuong5."""
    return "_".join(key(name).replace(" ", "") for name in full_names)


def joined_accents(full: str) -> str:
    """The same for one name, where such tables keep the diacritics of namesakes: its letters, then its tones in order."""
    parts = unicodedata.normalize("NFD", plain(full).casefold().replace(" ", ""))
    letters = unicodedata.normalize("NFC", "".join(c for c in parts if c not in _TONES))
    return letters + "".join(str(_TONES.index(c) + 1) for c in parts if c in _TONES)


@dataclass(frozen=True)
class Reading:
    """One way to understand what was typed: a name, perhaps the kind of unit, perhaps the province it lies in."""

    name: str  # folded
    accents: str
    kind: str | None = None
    within: str | None = None  # folded name of a province


def readings(text: str) -> list[Reading]:
    """What a typed text may mean, the plainest first: whole, and with its leading kind word understood.

    "P. Tân An, Cần Thơ" is a phường named Tân An within Cần Thơ.
    """
    head, comma, tail = nfc(text).partition(",")
    within = key(split_kind(tail.strip())[1]) if comma and tail.strip() else None
    name, accents = key(head), accent_key(head)
    if not name:
        return []
    found = [Reading(name, accents, None, within)]
    for short, other in _OTHER_NAMES.items():
        if name == short or name.endswith(f" {short}"):
            found.append(Reading(key(other), key(other), None, within))
    for kind, (_, _, written) in KINDS.items():
        for word in written:
            if name.startswith(f"{word} "):
                rest = accents.split()[len(word.split()) :]
                found.append(Reading(name.removeprefix(f"{word} "), " ".join(rest), kind, within))
    glued = re.match(r"(p|q|x)(\d{1,2})$", name)
    if glued:  # P3, Q1
        kind = {"p": "phường", "q": "quận", "x": "xã"}[glued[1]]
        found.append(Reading(glued[2], glued[2], kind, within))
    return found
