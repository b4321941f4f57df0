"""Take what names somebody out of texts: however it is written, with or without diacritics, spaces and dots. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from dothi.kit.text import fold, nfc

GONE = "…"
_SPACES = r"\s+"
_SEPARATOR = r"[\s.\-()/]*"
_SHORTEST = 4  # letters of a personal answer that is looked for: less would tear words apart


class Personal(Protocol):
    """What is known of somebody."""

    @property
    def name(self) -> str | None: ...  # noqa: D102
    @property
    def phone(self) -> str | None: ...  # noqa: D102
    @property
    def email(self) -> str | None: ...  # noqa: D102
    @property
    def identity_number(self) -> str | None: ...  # noqa: D102
    @property
    def home(self) -> str | None: ...  # noqa: D102
    @property
    def papers(self) -> dict[str, Any] | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Needles:
    """What is looked for: in texts without diacritics, and in texts as they are."""

    folded: re.Pattern[str] | None
    exact: re.Pattern[str] | None

    @classmethod
    def of(cls, who: Personal) -> "Needles":
        """What names somebody. A name of one word is looked for as it is written only: An is also a word."""
        folded, exact = [], []
        for said in (who.name, who.email, who.home, *_texts(who.papers or {})):
            words = fold(said or "").split()
            if len(words) > 1 or (words and said != who.name and len(words[0]) >= _SHORTEST):
                folded.append(rf"(?<!\w){_SPACES.join(map(re.escape, words))}(?!\w)")
            elif words and said == who.name:
                exact.append(rf"(?<!\w){re.escape(nfc(said or '').strip())}(?!\w)")
        numbers = {who.phone or "", who.identity_number or ""}
        numbers |= {one for one in _texts(who.papers or {}) if re.fullmatch(r"[+\d][\d\s.\-()]{7,}", one)}
        for number in sorted(filter(None, numbers)):
            digits = re.sub(r"\D", "", number)
            dialled = number.startswith(("+84", "0")) and len(digits) < 12
            start = rf"(?:\+?84|0){_SEPARATOR}" if dialled else r"(?<!\d)"
            bare = digits.removeprefix("84") if number.startswith("+84") else digits
            bare = bare.removeprefix("0") if dialled else bare
            if len(bare) >= _SHORTEST:
                folded.append(rf"(?<!\d){start}{_SEPARATOR.join(bare)}(?!\d)")
        return cls(_either(folded), _either(exact))

    def gone_from(self, text: str) -> str:
        """The text without them; the very same text where there are none."""
        spans = [found.span() for found in self.exact.finditer(text)] if self.exact else []
        if self.folded:
            bare, places = _bare(text)
            spans += [(places[a], places[b - 1] + 1) for a, b in (m.span() for m in self.folded.finditer(bare))]
        if not spans:
            return text
        out, end = [], 0
        for begin, until in sorted(spans):
            if begin >= end:
                out += [text[end:begin], GONE]
            end = max(end, until)
            while end < len(text) and unicodedata.combining(text[end]):
                end += 1
        return "".join([*out, text[end:]])

    def gone_from_value(self, value: Any) -> Any:
        """A JSON value whose texts, keys too, are without them."""
        if isinstance(value, str):
            return self.gone_from(value)
        if isinstance(value, list):
            return [self.gone_from_value(one) for one in value]
        if isinstance(value, dict):
            return {self.gone_from(str(key)): self.gone_from_value(one) for key, one in value.items()}
        return value


def _bare(text: str) -> tuple[str, list[int]]:
    """The text letter by letter without diacritics and case, and where in the text each letter of it stands."""
    bare, places = [], []
    for place, letter in enumerate(text):
        plain = unicodedata.normalize("NFD", {"đ": "d", "Đ": "D"}.get(letter, letter))
        for part in plain.casefold():
            if not unicodedata.combining(part):
                bare.append(part)
                places.append(place)
    return "".join(bare), places


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _either(patterns: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(sorted(set(patterns), key=len, reverse=True))) if patterns else None
