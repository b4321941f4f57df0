"""The words of the interface: Vietnamese in the source, English from the catalogues `locale/en/LC_MESSAGES/*.po`.

Catalogues are read as they are written: nothing has to be compiled.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import read_po
from starlette.requests import Request

from dothi.config import settings

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ("vi", "en")
COOKIE = "dothi_lang"
Say = Callable[..., str]


@lru_cache(maxsize=4)
def catalogue(language: str) -> dict[str, str]:
    """Source sentence to sentence; empty for Vietnamese."""
    found: dict[str, str] = {}
    if language == "vi":
        return found
    for path in sorted((LOCALE / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            found |= {str(m.id): str(m.string) for m in read_po(file, locale=language) if m.id and m.string}
    return found


def speaker(language: str) -> Say:
    """The `_()` of a language: `_("còn {n} giờ", n=3)`."""
    words = catalogue(language)

    def say(text: str, **values: object) -> str:
        said = words.get(text, text)
        return said.format(**values) if values else said

    return say


def language_of(request: Request) -> str:
    """The language a caller asked for: `?lang=`, then the cookie, then the browser, then the setting."""
    for asked in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if asked in LANGUAGES:
            return asked
    for part in request.headers.get("accept-language", "").split(","):
        first = part.split(";")[0].strip()[:2].lower()
        if first in LANGUAGES:
            return first
    return settings().language


def marked(text: str) -> str:
    """A sentence said later by `_()`, marked here so that the catalogue must have it."""
    return text
