"""The frame around every page: language, theme, bands of truth, navigation; and the headers a page is sent with."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dothi.config import settings
from dothi.kit import clock
from dothi.web import assets, i18n

THEME_COOKIE = "dothi_theme"
YEAR = 365 * 24 * 3600
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Link:
    """An entry of the navigation."""

    href: str
    label: str
    current: bool


@dataclass(frozen=True)
class Band:
    """What every page tells first: a shape, what, until when, and the page that says all. marks: exercise, simulated."""

    tone: str
    word: str
    title: str
    text: str
    href: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Frame:
    """What `base.html` says around a page.

    translated: this page's own question in the other language; cities: those to choose from, where there are several.
    """

    language: str
    other_language: str
    translated: str
    theme: str | None
    path: str
    nav: list[Link]
    open_writes: bool
    demo: bool
    bands: list[Band]
    cities: list[Link]


# pages add themselves here, so that the navigation names only what exists
NAVIGATION: list[tuple[str, str]] = []
# rooms above say here what every page tells first, in the language asked for; they keep it ready, it is asked every time
BANDS: list[Callable[[str], list[Band]]] = []
log = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def templates() -> Environment:
    """The Jinja environment of all pages."""
    env = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
                      trim_blocks=True, lstrip_blocks=True)  # fmt: skip
    env.globals["assets"] = assets.tags
    env.filters["iso"] = clock.iso
    return env


def page(request: Request, template: str, context: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """A page in the caller's language, with the headers that keep foreign script out."""
    language = i18n.language_of(request)
    say = i18n.speaker(language)
    path = request.url.path
    other = "en" if language == "vi" else "vi"
    frame = Frame(
        language, other, _translated(request, other), _theme(request), path,
        [Link(href, say(label), path == href or path.startswith(href + "/")) for href, label in NAVIGATION],
        settings().open_writes, settings().demo, _bands(language), _cities(request),
    )  # fmt: skip
    html = templates().get_template(template).render(_=say, frame=frame, request=request, **context)
    answer = HTMLResponse(html, status, headers=_headers())
    if request.query_params.get("lang") in i18n.LANGUAGES:
        answer.set_cookie(i18n.COOKIE, language, max_age=YEAR, samesite="lax")
    return answer


def _bands(language: str) -> list[Band]:
    """What every page tells first; a page is never lost for it."""
    try:
        return [band for say in BANDS for band in say(language)]
    except Exception:
        log.exception("the bands over every page could not be asked for")
        return []


def _translated(request: Request, language: str) -> str:
    """What was asked of the page, asked in a language."""
    asked = [(name, text) for name, text in request.query_params.multi_items() if name != "lang"]
    return "?" + urlencode([*asked, ("lang", language)])


def _cities(request: Request) -> list[Link]:
    """The cities to choose from, as the page's own question says."""
    switch: Callable[[], list[Link]] | None = getattr(request.state, "switch", None)
    return [] if switch is None else switch()


def _theme(request: Request) -> str | None:
    chosen = request.cookies.get(THEME_COOKIE)
    return chosen if chosen in ("light", "dark") else None


def _headers() -> dict[str, str]:
    outside = " ".join(sorted({_origin(url) for url in (settings().map_style, settings().map_tiles) if url}))
    policy = (
        "default-src 'self'; script-src 'self'; style-src 'self'; font-src 'self'; object-src 'none'; base-uri 'self'; "
        f"form-action 'self'; frame-ancestors 'self'; worker-src 'self' blob:; img-src 'self' data: blob: {outside}; "
        f"connect-src 'self' {outside}"
    )
    return {
        "content-security-policy": policy,
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "cache-control": "no-cache",
        "vary": "Accept-Language, Cookie",
    }


def allow(answer: Response, *, pictures: Iterable[str]) -> None:
    """Let one page show pictures and streams from these origins too, and play what its script puts together of them."""
    hosts = " ".join(sorted(pictures))
    parts = [
        f"{part} {hosts}" if part.strip().startswith(("img-src", "connect-src")) else part
        for part in answer.headers["content-security-policy"].split(";")
    ]
    answer.headers["content-security-policy"] = ";".join([*parts, f" media-src 'self' blob: {hosts}"])


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else "'self'"
