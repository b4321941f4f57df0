"""English sentences in Vietnamese, for what is written in English: the command line, the description of interfaces.

A phrase of a catalogue may name what differs in it: `no city {name}`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from babel.messages.pofile import read_po

from dothi.web.i18n import LOCALE


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """Sentences; and patterns of those in which something differs, the most particular first."""

    plain: dict[str, str]
    patterns: list[tuple[re.Pattern[str], str]]

    def find(self, text: str, inner: Callable[[str, str], str] = lambda _, part: part) -> str | None:
        """A sentence in Vietnamese, None where there is none; inner: what a named part of it becomes."""
        if text in self.plain:
            return self.plain[text]
        for pattern, said in self.patterns:
            if (match := pattern.fullmatch(text)) is not None:
                return said.format(**{name: inner(name, part) for name, part in match.groupdict().items()})
        return None


@lru_cache(maxsize=4)
def phrasebook(name: str) -> Phrasebook:
    """The phrases of `locale/vi/LC_MESSAGES/{name}.po`."""
    with (LOCALE / "vi" / "LC_MESSAGES" / f"{name}.po").open("rb") as file:
        found = {str(one.id): str(one.string) for one in read_po(file, locale="vi") if one.id and one.string}
    named = sorted((one for one in found if "{" in one), key=lambda one: -len(re.sub(r"\{\w+\}", "", one)))
    patterns = [(re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(one))), found[one]) for one in named]
    return Phrasebook({one: said for one, said in found.items() if "{" not in one}, patterns)
