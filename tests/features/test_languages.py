"""The documents of the door speak the caller's language; a page leads to itself in the other, its question kept."""

import re
from html import unescape

import pytest

PAGES = [
    "",
    "collections?q=den",
    "collections/lamps",
    "collections/lamps/items?limit=3",
    "collections/lamps/items/D-000",
]
BROWSER = {"accept": "text/html", "accept-language": "vi"}


def test_the_landing_page_is_in_the_language_asked_for(web):
    said = {one: web.get("", headers={"accept-language": one}).json() for one in ("vi", "en")}
    assert [said[one]["title"] for one in said] == ["Dữ liệu đô thị", "City data"]
    assert web.get("", params={"lang": "en"}).json() == said["en"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_leads_to_itself_in_the_other_language(web, path):
    page = web.get(path, headers=BROWSER)
    assert 'lang="vi"' in page.text
    (there,) = re.findall(r'<a href="([^"]+)" hreflang="en"', page.text)
    english = web.get(path.partition("?")[0] + unescape(there), headers=BROWSER)
    assert english.status_code == 200
    assert '<html lang="en"' in english.text
    for part in path.partition("?")[2].split("&"):
        assert part in unescape(there)


@pytest.mark.parametrize("path", PAGES)
def test_a_language_nobody_speaks_is_refused_by_name(web, path):
    answer = web.get(path, params={"lang": "fr"}, headers={"accept": "application/json"})
    assert answer.status_code == 400
    assert "lang" in answer.text
    assert "vi, en" in answer.text
