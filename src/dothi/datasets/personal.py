"""The search for personal data before a dataset is shown to more people: names of fields, and what their values look like.

It finds what looks like personal data; a person decides. What the schema masks (`x-personal`) or keeps inside the agency
(`x-open: false`) is not reported: those who come to see the dataset do not get it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from dothi.datasets import schema, store
from dothi.datasets.schema import Field
from dothi.kit.text import fold

SAMPLE = 4000  # records looked at


@dataclass(frozen=True, slots=True)
class Finding:
    """A field that may hold personal data.

    kind: one of KINDS. why: `name` (of the field), `values`, or both as `name, values`. count and share: of the values
    looked at that have the form. samples: masked.
    """

    field: str
    title: str
    kind: str
    why: str
    count: int
    share: float
    samples: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "samples": list(self.samples)}


# kind: words that stand in the folded name or title of a field
_NAMES: dict[str, tuple[str, ...]] = {
    "national-id": ("cccd", "cmnd", "cmt", "can cuoc", "chung minh nhan dan", "so dinh danh", "dinh danh ca nhan", "national id",
                    "identity number", "citizen id"),
    "passport": ("ho chieu", "passport"),
    "phone": ("dien thoai", "so dt", "sdt", "di dong", "mobile", "phone", "zalo"),
    "email": ("email", "e mail", "thu dien tu"),
    "plate": ("bien so", "bien kiem soat", "license plate", "plate"),
    "bank": ("so tai khoan", "tai khoan ngan hang", "stk", "bank account", "iban"),
    "tax-id": ("ma so thue", "mst", "tax code", "tax id"),
    "birth": ("ngay sinh", "nam sinh", "date of birth", "dob", "birth"),
    "insurance": ("bhxh", "bhyt", "bao hiem xa hoi", "bao hiem y te", "so the bao hiem"),
    "name": ("ho ten", "ho va ten", "hoten", "ten chu ho", "chu ho", "chu ho so", "nguoi dai dien", "nguoi nop", "nguoi dung ten",
             "chu su dung", "chu so huu", "nguoi lien he", "full name", "fullname", "owner name", "contact person", "benh nhan",
             "hoc sinh", "nguoi bao tin"),
    "address": ("dia chi thuong tru", "thuong tru", "tam tru", "noi o", "cho o", "ho khau", "que quan", "home address",
                "dia chi nha", "dia chi lien he"),
    "health": ("chan doan", "benh an", "benh ly", "diagnosis", "nhom mau", "tinh trang suc khoe"),
    "gender": ("gioi tinh", "gender"),
}  # fmt: skip
KINDS = tuple(_NAMES)
_FAMILIES = ["nguyen", "tran", "le", "pham", "hoang", "huynh", "phan", "vu", "vo", "dang", "bui", "do", "ho", "ngo", "duong", "ly", "an", "au", "bach", "bo", "ca", "cao", "chau", "chu", "chung", "cu", "cung", "dam", "dao", "dau", "diep", "dinh", "doan", "dong", "du", "giang", "ha", "han", "hua", "khuat", "khuc", "kieu", "kim", "la", "lac", "lai", "lam", "luong", "luu", "mac", "mach", "mai", "nghiem", "ngac", "nhan", "ninh", "nong", "ong", "phi", "phung", "quach", "quan", "sam", "son", "ta", "tan", "tang", "thach", "thai", "than", "thieu", "tieu", "to", "ton", "tong", "trang", "trieu", "trinh", "truong", "tu", "ung", "vi", "vien", "vuong", "xa"]  # fmt: skip
_FAMILY = frozenset(_FAMILIES)
# streets, schools and wards are called after people
_NOT_PEOPLE = re.compile(
    r"\b(duong|pho|ngo|hem|tuyen|cau|cong vien|truong|phuong|xa|khu|ap|thon|to dan pho|benh vien|tram|cho|cong ty|don vi|co quan"
    r"|road|street|school|ward|place|bridge|station|agency|company|office|unit|route)\b"
)
_ORGANISATION = re.compile(
    r"\b(cong ty|tnhh|co phan|uy ban|so |phong |truong |benh vien|trung tam|hop tac xa|htx|ban quan ly)\b"
)
# 12 digits: province of birth 001-096, century and sex 0-3 (born until 2099), two digits of the year, six more.
# Decree 137/2015/NĐ-CP article 7
_CCCD = re.compile(r"(?<!\d)0(?:0[1-9]|[1-8]\d|9[0-6])[0-3]\d{8}(?!\d)")
_MOBILE = re.compile(r"(?<![\d.])(?:\+?84|0)[ .-]?[35789]\d(?:[ .-]?\d){7}(?![\d])")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
# series: two digits of the province, one or two letters, perhaps a digit; then 4, 5 or 3+2 digits. Circular 79/2024/TT-BCA
_PLATE = re.compile(r"(?<![A-Z0-9])[1-9]\d ?-? ?[A-Z]{1,2}\d?(?: ?[-.] ?| )?(?:\d{3}\.\d{2}|\d{4,5})(?![\d])")
_TAX = re.compile(r"(?<!\d)(\d{10})(?:-\d{3})?(?!\d)")
_TAX_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
_ADDRESS = re.compile(
    r"(?:^|\b)(?:so nha|so|sn) ?\d+[a-z]?(?:[/-]\d+)*\b|^\d+[a-z]?(?:/\d+)* ?,? (?:duong|pho|ngo|hem|kiet|to|ap|thon)\b"
)
_OFFICE_MAIL = re.compile(r"\.gov\.vn$|^(info|contact|support|hotro|lienhe|vanthu|ubnd)", re.IGNORECASE)
_LEAST_NAMES = 0.5  # of the values must read like a person's name
_FEW = 0.02  # of the values with a form that also turns up by chance


def scan(session: Session, dataset: Any) -> list[Finding]:
    """What may be personal in a dataset (or a view of it): its schema and a sample of its records."""
    whole = store.by_id(session, dataset.id)
    if whole is None:
        return []
    return findings(schema.fields(whole.schema), [held for held, _ in store.sample(session, whole.id, SAMPLE)])


def findings(fields: Iterable[Field], records: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """The same of values at hand."""
    found: list[Finding] = []
    shown = [one for one in fields if one.open and not one.personal]
    addresses: list[Finding] = []
    for one in shown:
        named = set(_by_name(one))
        texts = [text for record in records if (text := _text(record.get(one.name)))]
        seen = _by_values(one, texts) if one.values is None else {}
        for kind in KINDS:
            hits = seen.get(kind, [])
            if kind not in named and not hits:
                continue
            if kind in named and not hits and texts and kind in ("phone", "email") and not _any_like(kind, texts):
                continue  # a hotline's column name with office numbers in it
            why = ", ".join(word for word, holds in (("name", kind in named), ("values", bool(hits))) if holds)
            share = len(hits) / len(texts) if texts else 0.0
            samples = tuple(dict.fromkeys(masked(hit) for hit in hits[:20]))[:3]
            made = Finding(one.name, one.title, kind, why, len(hits), round(share, 4), samples)
            (addresses if kind == "address" and kind not in named else found).append(made)
    # where a shop is is no secret; where somebody lives is
    people = {one.kind for one in found} & {"name", "national-id", "phone", "birth", "insurance", "health"}
    return found + (addresses if people else [])


def masked(value: str) -> str:
    """A value of which one sees what it is, and not which."""
    shown = value[:2]
    rest = re.sub(r"\w", "•", value[2:])
    return (shown + rest)[:40]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()[:2000]
    if isinstance(value, bool) or value is None or isinstance(value, float):
        return ""
    if isinstance(value, int):
        return str(value) if value >= 10**8 else ""
    if isinstance(value, list):
        return " ; ".join(str(one) for one in value if isinstance(one, str))[:2000]
    return ""


def _by_name(one: Field) -> Iterable[str]:
    names = [" ".join(re.split(r"[^a-z0-9]+", fold(text))) for text in (one.name, one.title, one.title_en or "")]
    glued = {name.replace(" ", "") for name in names}
    for kind, words in _NAMES.items():
        if kind == "name" and one.kind not in ("string", "array"):
            continue
        if any(f" {word} " in f" {name} " for word in words for name in names) or any(
            len(word) > 4 and word.replace(" ", "") in glued for word in words
        ):
            yield kind


def _by_values(one: Field, texts: Sequence[str]) -> dict[str, list[str]]:
    """Kind to the values (or parts of them) that have its form."""
    seen: dict[str, list[str]] = {}
    if not texts or one.kind in ("date", "date-time", "number", "boolean", "object"):
        return seen

    def keep(kind: str, hits: list[str], least: float = 0.0) -> None:
        if hits and len(hits) >= least * len(texts):
            seen[kind] = hits

    keep("national-id", [m[0] for text in texts for m in _CCCD.finditer(text)], _FEW)
    keep("phone", [m[0] for text in texts for m in _MOBILE.finditer(text)], 0.0 if one.kind == "string" else 0.5)
    keep("email", [m[0] for text in texts for m in _EMAIL.finditer(text) if not _OFFICE_MAIL.search(m[0])])
    keep("plate", [m[0] for text in texts for m in _PLATE.finditer(text.upper())], _FEW)
    taxes = [m[0] for text in texts for m in _TAX.finditer(text) if _is_tax(m[1])]
    keep("tax-id", [one for one in taxes if not _MOBILE.fullmatch(one)], 0.2)
    if one.kind in ("string", "array"):
        label = fold(f"{one.name} {one.title} {one.title_en or ''}".replace("_", " "))
        if not _NOT_PEOPLE.search(label):
            keep("name", [text for text in texts if _is_person(text)], _LEAST_NAMES)
        keep("address", [text for text in texts if _ADDRESS.search(fold(text))], 0.2)
    return seen


def _any_like(kind: str, texts: Sequence[str]) -> bool:
    form = _MOBILE if kind == "phone" else _EMAIL
    return any(form.search(text) and not (kind == "email" and _OFFICE_MAIL.search(text)) for text in texts)


def _is_tax(digits: str) -> bool:
    """Whether ten digits are a tax number: the last is 10 less the weighted sum of the others modulo 11."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, _TAX_WEIGHTS, strict=False))
    return 10 - total % 11 == int(digits[9])


def _is_person(text: str) -> bool:
    """Whether a text reads like the name of a Vietnamese: a family name and one to four more words, each capitalised."""
    words = text.split()
    if not 2 <= len(words) <= 5 or not all(word.isalpha() and word[0].isupper() for word in words):
        return False
    plain = fold(text)
    return plain.split()[0] in _FAMILY and not _ORGANISATION.search(plain)
