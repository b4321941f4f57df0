"""Addresses with hostile words in every place a page reads: each parameter it asks for, each part of its path."""

from collections.abc import Callable, Iterable
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from starlette.datastructures import QueryParams

from dothi.db import session as db

WORDS = (
    "", "0", "-1", "9" * 25, "9" * 5000, "²", "nan", "'", "\0", "\ud800", "..", "2026-13-45", "0001-01-01", "9999-12-31", "9999-12-31T23:59:59Z",
    "1,2,3", "nan,nan,nan,nan", "alarm:" + "9" * 25,
)  # fmt: skip

# what a database may stumble over, not the page alone
OF_DATABASES = ("9" * 25, "9" * 5000, "\0", "\ud800", "0001-01-01", "9999-12-31T23:59:59Z")


def broken(ask: Callable[[str], int], asked: Iterable[tuple[str, str]]) -> list[str]:
    """Which addresses are the server's fault (5xx), of all that pages of (route, address) can be asked with.

    What a page reads of its query is noted while it is asked as it stands. PostgreSQL is asked with fewer words.
    """
    words = WORDS if db.engine().dialect.name == "sqlite" else OF_DATABASES
    tried: dict[tuple[str, str], Callable[[str], str]] = {}
    for route, address in asked:
        path, _, query = address.partition("?")
        given = parse_qsl(query, keep_blank_values=True)
        for name in sorted(_read(ask, address) | {name for name, _ in given}):
            tried.setdefault((route, name), _with(path, [one for one in given if one[0] != name], name))
        for place, part in enumerate(parts := route.split("/")):
            if "{" in part and len(parts) == path.count("/") + 1:
                tried.setdefault((route, part), _at(path, place))
    assert len(tried) > 100
    return [url[:200] for make in tried.values() for url in map(make, words) if ask(url) >= 500]


def _read(ask: Callable[[str], int], address: str) -> set[str]:
    """The names a page looks for among the parameters it is given."""
    names: set[str] = set()
    with pytest.MonkeyPatch.context() as patch:
        for verb in ("get", "__getitem__", "__contains__", "getlist"):
            patch.setattr(QueryParams, verb, _noting(getattr(QueryParams, verb), names))
        assert ask(address) < 500, address
    return names


def _noting(verb, names: set[str]):
    def noted(self, name, *more):
        names.add(name)
        return verb(self, name, *more)

    return noted


def _with(path: str, kept: list[tuple[str, str]], name: str) -> Callable[[str], str]:
    return lambda word: f"{path}?{urlencode([*kept, (name, word)], quote_via=quote, errors='surrogatepass')}"


def _at(path: str, place: int) -> Callable[[str], str]:
    def put(word: str) -> str:
        parts = path.split("/")
        parts[place] = quote(word or "0", safe="", errors="surrogatepass")
        return "/".join(parts)

    return put
