"""Every sentence of the interface has its English."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract
from starlette.requests import Request

import dothi
from dothi.app import create_app
from dothi.web import i18n, openapi

ROOT = Path(dothi.__path__[0])
SPOKEN = {"_": None, "say": None, "marked": None}


def sentences():
    """Every sentence given to `_()`, `say()` or `marked()`, and where."""
    found = {}
    for path in sorted([*ROOT.glob("web/templates/**/*.html"), *ROOT.rglob("*.py")]):
        if path.name == "cli.py" or "cli" in path.parts:
            continue  # the command line speaks English
        method = "jinja2.ext.babel_extract" if path.suffix == ".html" else "python"
        options = {"trim_blocks": "true", "lstrip_blocks": "true"}
        with path.open("rb") as file:
            for line, text, *_ in extract(method, file, keywords=SPOKEN, options=options):
                if isinstance(text, str):
                    found.setdefault(text, f"{path.relative_to(ROOT)}:{line}")
    return found


def test_every_sentence_has_its_english():
    english = i18n.catalogue("en")
    said = sentences()
    assert len(said) > 100
    assert [f"{where}: {text}" for text, where in said.items() if text not in english] == []


def test_a_translation_says_the_same_values():
    for source, text in i18n.catalogue("en").items():
        assert set(re.findall(r"\{(\w+)", source)) == set(re.findall(r"\{(\w+)", text)), source


def test_what_every_interface_is_for_is_told_in_vietnamese_too():
    document = create_app().openapi()
    spoken = openapi.spoken(document, "vi")
    told = [
        (tag["description"], other["description"]) for tag, other in zip(document["tags"], spoken["tags"], strict=True)
    ]
    told += [
        (one["summary"], spoken["paths"][path][method]["summary"])
        for path, item in document["paths"].items() for method, one in item.items() if "summary" in one
    ]  # fmt: skip
    assert len(told) > 300
    assert sorted({text for text, other in told if text == other and text != "TileJSON 3.0.0"}) == []
    assert not any("{one}" in other for _, other in told)
    assert openapi.said("Its Observations; the path goes on from each by its id", "vi").startswith(
        "Observations của nó"
    )
    assert openapi.said("Its Observations", "en") == "Its Observations"


@pytest.mark.parametrize(
    ("query", "cookie", "accept", "language"),
    [
        (b"", "", "", "vi"), (b"lang=en", "dothi_lang=vi", "vi", "en"), (b"", "dothi_lang=en", "vi", "en"),
        (b"", "", "en-US,en;q=0.9", "en"), (b"", "", "fr,en;q=0.5", "en"), (b"lang=xx", "", "fr", "vi"),
    ],
)  # fmt: skip
def test_the_language_is_what_was_asked_for_last(query, cookie, accept, language):
    headers = [(b"accept-language", accept.encode()), (b"cookie", cookie.encode())]
    request = Request({"type": "http", "method": "GET", "query_string": query, "headers": headers})
    assert i18n.language_of(request) == language
