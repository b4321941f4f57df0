"""Vietnamese text: folding for search, the order of the alphabet for lists."""

import re
import unicodedata

_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_LETTER = {letter: place for place, letter in enumerate(_ALPHABET, start=1)}
# ngang, huyền, hỏi, ngã, sắc, nặng: the order of tones in Vietnamese dictionaries
_TONE = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}


def nfc(text: str) -> str:
    """The text in Unicode NFC, the form every stored text has."""
    return unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """The text as a search compares it: no diacritics, đ as d, case folded, single spaces.

    "Phường Phú Thuỷ", "phường phú thủy" and "phuong phu thuy" fold alike.
    """
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    bare = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(bare.casefold().split())


def whole(text: str | None, digits: int = 17) -> int | None:
    """A whole number as addresses and forms have it, 0 or more; None for anything else.

    Plain digits alone: no sign, no digits of other scripts, none too many for a column of the database.
    """
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= digits else None


def slug(text: str) -> str:
    """A text as part of an address: "Trạm Cầu Rạch Chanh" is tram-cau-rach-chanh; empty where nothing of it can stand there."""
    return re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")


def sort_key(text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The key that sorts Vietnamese text: letters first, tones break ties."""
    letters: list[int] = []
    tones: list[int] = []
    for char in unicodedata.normalize("NFC", text.lower()):
        parts = unicodedata.normalize("NFD", char)
        tone = next((_TONE[c] for c in parts if c in _TONE), 0)
        base = unicodedata.normalize("NFC", "".join(c for c in parts if c not in _TONE))
        if base in _LETTER:
            letters.append(_LETTER[base])
        elif base.isspace():
            letters.append(-1)
        else:
            letters.append(100 + ord(base[0]) if base else 0)
        tones.append(tone)
    return tuple(letters), tuple(tones)
