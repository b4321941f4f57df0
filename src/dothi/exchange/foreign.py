"""A dataset as another portal describes it: plain values, cleaned and cut to size, and what makes two of them the same. Pure."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from dothi.datasets import describe, vocabulary
from dothi.kit.text import fold, nfc

TITLE, TEXT, WORDS, FORMS, ADDRESS = 500, 20_000, 60, 200, 2_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_WHITE = re.compile(r"[ \t]+")


@dataclass(frozen=True)
class Form:
    """One form the dataset is had in there."""

    title: str
    url: str
    format: str
    media_type: str | None = None


@dataclass(frozen=True)
class Foreign:
    """A dataset of another portal. Times in µs UTC, box in degrees (west, south, east, north)."""

    identifier: str
    title: str
    title_en: str | None = None
    description: str = ""
    publisher: str | None = None
    landing: str | None = None
    licence: str | None = None
    frequency: str | None = None
    keywords: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    modified: int | None = None
    start: int | None = None
    end: int | None = None
    box: tuple[float, float, float, float] | None = None
    forms: tuple[Form, ...] = field(default=())

    def metadata(self) -> dict[str, Any]:
        """As it is kept: the terms of DCAT in JSON."""
        made = {
            "@type": "dcat:Dataset",
            "dct:identifier": self.identifier,
            "dct:title": {"vi": self.title} | ({"en": self.title_en} if self.title_en else {}),
            "dct:publisher": self.publisher,
            "dcat:landingPage": self.landing,
            "dct:license": self.licence,
            "dct:accrualPeriodicity": self.frequency,
            "dcat:keyword": list(self.keywords),
            "dcat:theme": list(self.themes),
            "dct:temporal": {"start": self.start, "end": self.end} if self.start or self.end else None,
            "dcat:bbox": list(self.box) if self.box else None,
            "dcat:distribution": [
                {name: value for name, value in asdict(one).items() if value} for one in self.forms
            ],
        }  # fmt: skip
        return {name: value for name, value in made.items() if value not in (None, [], "")}

    def digest(self) -> str:
        """What makes two descriptions the same dataset: its title and where its data lies; without data, its publisher and words."""
        where: Iterable[str] = sorted({_bare(one.url) for one in self.forms})
        what = [fold(self.title), *(where or (fold(self.publisher or ""), fold(self.description)))]
        return hashlib.sha256(json.dumps(what, ensure_ascii=False).encode()).hexdigest()

    def folded(self) -> str:
        """All one may search by."""
        themes = [found for code in self.themes if (found := vocabulary.theme(code)) is not None]
        words = [self.title, self.title_en or "", self.description[:4000], self.publisher or "", *self.keywords,
                 *(name for theme in themes for name in (theme.title, theme.title_en))]  # fmt: skip
        return fold(" ".join(words))


def _bare(url: str) -> str:
    return url.partition("://")[2].removeprefix("www.").rstrip("/").lower()


def text(value: object, most: int = TEXT) -> str:
    """A text as it may be kept: no control signs, NFC, not too long; empty for anything that is none."""
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        return ""
    lines = (_WHITE.sub(" ", line).strip() for line in _CONTROL.sub("", nfc(str(value)[: most * 2])).splitlines())
    return "\n".join(lines).strip()[:most]


def address(value: object) -> str | None:
    """An address that may stand in a link; None for all else (javascript:, file:, broken ones)."""
    found = text(value, ADDRESS)
    return found if describe.is_web(found) and len(found) < ADDRESS else None


def licence(value: object) -> str | None:
    """The address of the terms of use where they are on our list or are an address."""
    found = vocabulary.licence(text(value, ADDRESS))
    return found.uri if found else address(value)


def themes(values: Iterable[object]) -> tuple[str, ...]:
    """The EU themes among some codes or addresses."""
    found = (vocabulary.theme(text(one, ADDRESS)) for one in values)
    return tuple(dict.fromkeys(one.code for one in found if one is not None))


def frequency(value: object) -> str | None:
    """The EU frequency of a code or address."""
    found = vocabulary.frequency(text(value, ADDRESS))
    return found.code if found else None


def words(values: Iterable[object]) -> tuple[str, ...]:
    """Keywords, each once."""
    return tuple(dict.fromkeys(filter(None, (text(one, 100) for one in values))))[:WORDS]


def form(title: object, url: object, kind: object, media: object = None) -> Form | None:
    """A distribution; None without an address that may be linked."""
    where = address(url)
    if where is None:
        return None
    known = vocabulary.format_of(text(kind, 200)) or vocabulary.format_of(text(media, 200))
    name = known.code if known else text(kind, 40).rpartition("/")[2].lower()
    return Form(
        text(title, TITLE) or name or where, where, name, known.media_type if known else text(media, 100) or None
    )


def box(geojson: object) -> tuple[float, float, float, float] | None:
    """The bounds of a GeoJSON geometry, as text or object; None where it is none on the globe."""
    from dothi.kit import geo
    from dothi.kit.errors import DothiError

    try:
        value = json.loads(geojson) if isinstance(geojson, str) and len(geojson) < 1_000_000 else geojson
        west, south, east, north = geo.from_geojson(value).bounds
    except (ValueError, RecursionError, DothiError):
        return None
    return west, south, east, north


def moment(value: object) -> int | None:
    """µs UTC of an ISO date or instant (UTC where no zone is said); None where it is none."""
    from datetime import UTC

    from dothi.kit import clock
    from dothi.kit.errors import DothiError

    said = text(value, 60)
    if re.fullmatch(r"\d{4}(-\d\d){0,2}", said):
        said = f"{said}{'-01' * (2 - said.count('-'))}T00:00:00"
    try:
        return clock.parse(said, zone=UTC)
    except DothiError:
        return None


def pairs(value: object) -> dict[str, Any]:
    """CKAN's extras, a list of key and value, as one table."""
    if not isinstance(value, list):
        return {}
    return {str(one["key"]): one.get("value") for one in value if isinstance(one, Mapping) and "key" in one}
