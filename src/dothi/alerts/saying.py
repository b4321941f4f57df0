"""An alarm in the reader's language: its title, its figure, its unit and limit.

Kept is how it reads in Vietnamese; the sector packs know every unit in both languages, and a number is written anew.
"""

import re
from functools import lru_cache
from typing import Protocol

from dothi import packs
from dothi.alerts import declared
from dothi.packs import Text
from dothi.sensing.sectors import sectors
from dothi.sensing.state import number

NBSP = "\u00a0"
# what the engine counts in, where it is not the unit of a property
COUNTED = {"absent": Text(vi="phút", en="min"), "agree": Text(vi="cảm biến", en="sensors")}
_SPANS = {"ngày": "d", "giờ": "h", "phút": "min", "giây": "s"}
_WORDS = {"có": "yes", "không": "no"}
_NUMBER = re.compile(r"−?\d{1,3}(\.\d{3})*(,\d+)?|−?\d+(,\d+)?")
_SWAPPED = str.maketrans(".,", ",.")


class Titled(Protocol):
    """What has a title in both languages."""

    @property
    def title(self) -> str:
        """In Vietnamese."""

    @property
    def title_en(self) -> str | None:
        """In English."""


class Measured(Protocol):
    """What has a figure: an alarm, and a line of a queue."""

    @property
    def value_text(self) -> str:
        """The figure as Vietnamese writes it."""

    @property
    def unit(self) -> str:
        """The unit as Vietnamese writes it."""


class Limited(Protocol):
    """What a figure is held against."""

    @property
    def limit(self) -> float | None:
        """The number itself."""

    @property
    def unit(self) -> str:
        """The unit as Vietnamese writes it."""


def title(one: Titled, language: str) -> str:
    """What the alarm is called."""
    return (one.title_en if language == "en" else None) or one.title


def unit(written: str, language: str) -> str:
    """A unit as it is kept, in a language: `tổ` is `pumps`, `m/15 phút` is `m/15 min`."""
    if language != "en" or not written:
        return written
    known = _units()
    if written in known:
        return known[written]
    bare, _, per = written.rpartition("/")
    said = " ".join(_SPANS.get(word, word) for word in per.split())
    return f"{known.get(bare, bare)}/{said}" if bare else written


def figure(written: str, language: str) -> str:
    """A figure as it is kept, in a language: `1.234,5` is `1,234.5`, `có` is `yes`; a device's own words stay."""
    if language != "en":
        return written
    if _NUMBER.fullmatch(written):
        return written.translate(_SWAPPED)
    return _WORDS.get(written, written)


def value(one: Measured, language: str, gap: str = " ") -> str:
    """The figure with its unit: 1,46 m; 1.46 m."""
    return measured(one.value_text, one.unit, language, gap)


def measured(text: str, of: str, language: str, gap: str = " ") -> str:
    """A kept figure with its kept unit."""
    alone = bare(text, of, language)
    return f"{alone}{gap}{unit(of, language)}" if alone and of else alone


def bare(text: str, of: str, language: str) -> str:
    """A kept figure without its kept unit."""
    return figure(text.removesuffix(of).rstrip() if of else text, language)


def limit(one: Limited, language: str, gap: str = " ") -> str:
    """The limit it is held against, with its unit; empty where there is none."""
    if one.limit is None:
        return ""
    digits = len(f"{one.limit:.4f}".rstrip("0").partition(".")[2])
    return f"{number(one.limit, digits, language)}{gap}{unit(one.unit, language)}".strip()


@packs.renewed
@lru_cache(maxsize=1)
def _units() -> dict[str, str]:
    """Units of properties, of rules and of counts, Vietnamese to English, where the two differ."""
    said = [one.unit.symbol for one in sectors().properties.values()]
    said += [one.on.unit for one in declared.rules().values() if one.on.unit is not None]
    said += COUNTED.values()
    return {one.vi: one.en for one in said if isinstance(one, Text)}
