"""Which encoding a text file has: by its mark, by being valid UTF, else by which reading yields Vietnamese syllables."""

import codecs
import re
from dataclasses import dataclass

from dothi.kit.errors import BadInput, Fault
from dothi.kit.legacy import FONTS
from dothi.kit.text import nfc

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# what a mapping may name, and how: (Python codec, font)
NAMES: dict[str, tuple[str, str | None]] = {
    "utf-8": ("utf-8-sig", None), "utf-8-sig": ("utf-8-sig", None),
    "utf-16": ("utf-16", None), "utf-16-le": ("utf-16-le", None), "utf-16-be": ("utf-16-be", None),
    "cp1258": ("cp1258", None), "windows-1258": ("cp1258", None),
    "cp1252": ("cp1252", None), "windows-1252": ("cp1252", None), "latin-1": ("latin-1", None),
    "tcvn3": ("latin-1", "tcvn3"), "abc": ("latin-1", "tcvn3"), "vni": ("cp1252", "vni"),
}  # fmt: skip

_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdđghklmnprstvx])?"
    r"(?:iêu|yêu|oai|oay|oeo|uây|uôi|ươi|ươu|uyê|uya|uyu|iê|yê|ia|ai|ao|au|ay|âu|ây|eo|êu|iu|oa|oă|oe|oi|ôi|ơi|ua"
    r"|uâ|uê|ui|uô|uơ|uy|ưa|ưi|ươ|ưu|oo|[aăâeêioôơuưy])"
    r"(?:ch|ng|nh|[cmnpt])?"
)
_UNIT = re.compile(r"[µμ]g|[µμ]m|[µμ]s|k?m[²³]|[°º][cf]?|n?m³|±|[²³]")
_WORD = re.compile(r"[^\W\d_]*[^\x00-\x7f][\w\u0300-\u0323²³°±¡-¿÷×]*")
_TONES = {0x0300: None, 0x0301: None, 0x0303: None, 0x0309: None, 0x0323: None}


@dataclass(frozen=True)
class Encoding:
    """How a file's bytes become text. font: a legacy Vietnamese font code mended after decoding; sure: not a guess."""

    name: str
    codec: str
    font: str | None = None
    sure: bool = True


def named(name: str) -> Encoding:
    """The encoding a mapping names; raises BadInput with the allowed names."""
    key = name.strip().lower().replace("_", "-")
    if key not in NAMES:
        raise BadInput(f"encoding {name!r} is not known", [Fault("file.encoding", f"{name!r}", ", ".join(NAMES))])
    return Encoding(key, *NAMES[key])


def detect(sample: bytes, *, whole: bool) -> Encoding:
    """The encoding of a file that begins with these bytes.

    whole: the sample is the whole file, so a character cut off at its end is a fault.
    """
    for mark, codec in _MARKS:
        if sample.startswith(mark):
            little = mark == codecs.BOM_UTF16_LE
            name = "utf-8 with BOM" if codec == "utf-8-sig" else f"utf-16-{'le' if little else 'be'} with BOM"
            return Encoding(name, codec)
    head = sample[:4096]
    if len(head) >= 2 and head.count(0) * 4 > len(head):
        return (
            Encoding("utf-16-be", "utf-16-be")
            if head[0::2].count(0) > head[1::2].count(0)
            else Encoding("utf-16-le", "utf-16-le")
        )
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample, final=whole)
    except UnicodeDecodeError:
        return _single_byte(sample)
    return Encoding("ascii" if sample.isascii() else "utf-8", "utf-8")


def decoded(data: bytes, encoding: Encoding) -> str:
    """Text of some bytes, font mended, NFC."""
    text = data.decode(encoding.codec)
    return FONTS[encoding.font](text) if encoding.font else nfc(text)


def plausibility(text: str) -> int:
    """Vietnamese syllables and unit signs among the words with other than ASCII letters, less what is neither."""
    score = 0
    for word in set(_WORD.findall(nfc(text).lower())):
        if _UNIT.fullmatch(word):
            score += 1
            continue
        bare = nfc(_decomposed(word).translate(_TONES))
        tones = len(_decomposed(word)) - len(_decomposed(bare))
        score += 2 if tones <= 1 and _SYLLABLE.fullmatch(bare) else -2
    return score


def _decomposed(text: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFD", text)


def _single_byte(sample: bytes) -> Encoding:
    best, most = "cp1252", None
    for name in ("cp1252", "cp1258", "tcvn3", "vni"):
        codec, font = NAMES[name]
        text = sample.decode(codec, errors="replace")
        score = plausibility(FONTS[font](text) if font else text) - 4 * text.count("\ufffd")
        if most is None or score > most:
            best, most = name, score
    return Encoding(best, *NAMES[best], sure=False)
