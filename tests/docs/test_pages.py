"""Links of the documentation lead somewhere, and the Vietnamese README says what the English one says."""

import re

import pytest

from tests.docs.pages import PAGES, ROOT, blocks

_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def prose(page):
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def anchors(page):
    """The names GitHub gives the headings of a page."""
    heads = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_there_are_pages():
    assert {"README.md", "README.vi.md", "docs/guide/README.md"} <= {str(page.relative_to(ROOT)) for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    lost = []
    for path, anchor in _LINK.findall(prose(page)):
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and there.suffix == ".md" and anchor not in anchors(there)):
            lost.append(f"{path}#{anchor}" if anchor else path)
    assert not lost


def test_every_page_of_the_guide_is_in_its_contents():
    guide = ROOT / "docs/guide"
    listed = {path for path, _ in _LINK.findall(prose(guide / "README.md"))}
    assert {page.name for page in guide.glob("*.md")} - {"README.md"} <= listed


def test_the_vietnamese_readme_is_the_twin_of_the_english_one():
    english, vietnamese = ROOT / "README.md", ROOT / "README.vi.md"
    assert blocks("README.vi.md") == blocks("README.md")
    levels = [
        [len(head) for head in re.findall(r"^(#+) ", prose(page), re.MULTILINE)] for page in (english, vietnamese)
    ]
    assert levels[0] == levels[1]
    places = [sorted(path for path, _ in _LINK.findall(prose(page))) for page in (english, vietnamese)]
    swapped = [path.replace("README.md", "README.vi.md") if path == "README.md" else path for path in places[1]]
    assert sorted(swapped) == places[0]
    listed = [len(re.findall(r"^- ", prose(page), re.MULTILINE)) for page in (english, vietnamese)]
    assert listed[0] == listed[1]
