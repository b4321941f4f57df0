"""The lists a description is made of, and which form of the catalogue a caller wants."""

import pytest

from dothi.datasets import describe, vocabulary
from dothi.doors.catalogue import negotiate


@pytest.mark.parametrize(
    "said",
    [
        "https://creativecommons.org/licenses/by/4.0/", "http://creativecommons.org/licenses/by/4.0",
        "https://creativecommons.org/licenses/by/4.0/deed.vi", "https://www.creativecommons.org/licenses/by/4.0/legalcode",
        "http://publications.europa.eu/resource/authority/licence/CC_BY_4_0", "CC-BY-4.0", "cc-by", "CC BY 4.0",
    ],
)  # fmt: skip
def test_a_licence_is_known_however_it_is_written(said):
    found = vocabulary.licence(said)
    assert found.code == "cc-by-4.0"
    assert found.is_open


@pytest.mark.parametrize("said", [None, "", "mine", "https://creativecommons.org/licenses/by/3.0/"])
def test_other_terms_are_not_taken_for_known_ones(said):
    assert vocabulary.licence(said) is None


def test_every_list_has_both_languages_and_codes_of_its_own():
    for terms in (
        vocabulary.LICENCES, vocabulary.FREQUENCIES, vocabulary.THEMES, vocabulary.FORMATS,
        vocabulary.GEOMETRIES.values(), vocabulary.HVD.values(), vocabulary.ACCESS.values(),
    ):  # fmt: skip
        codes = [term.code for term in terms]
        assert len(codes) == len(set(codes))
        assert all(term.title and term.title_en and term.uri.startswith("http") for term in terms)


def test_a_code_or_its_address_names_a_theme_and_a_frequency():
    assert vocabulary.theme("ENVI") is vocabulary.theme(
        "http://publications.europa.eu/resource/authority/data-theme/ENVI"
    )
    assert vocabulary.theme("envi").code == "ENVI"
    assert vocabulary.theme("x") is None
    assert vocabulary.frequency("http://publications.europa.eu/resource/authority/frequency/DAILY").days == 1


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("CSV", "csv"), ("text/csv; charset=utf-8", "csv"), ("http://publications.europa.eu/resource/authority/file-type/CSV", "csv"),
        ("http://www.iana.org/assignments/media-types/application/geo+json", "geojson"), ("Excel", "xlsx"), ("PDF", None),
    ],
)  # fmt: skip
def test_a_format_is_known_by_name_type_or_address(said, code):
    found = vocabulary.format_of(said)
    assert (found.code if found else None) == code


@pytest.mark.parametrize(
    ("accept", "ending"),
    [
        ("text/turtle", "ttl"),
        ("application/ld+json", "jsonld"),
        ("application/rdf+xml, text/turtle;q=0.5", "rdf"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", None),
        ("*/*", None),
        ("", None),
        ("text/turtle;q=0.5, text/html", None),
        ("text/turtle, */*;q=0.1", "ttl"),
        ("text/turtle;q=0", None),
        ("text/turtle;q=nan-sense", None),
        ("application/json", None),
    ],
)
def test_the_form_a_caller_prefers(accept, ending):
    assert negotiate.wanted(accept) == ending


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("https://a.example/x?y=1#z", True), ("http://a.example/tiếng-việt", True), ("javascript:alert(1)", False),
        ("https://a.example/<x>", False), ('https://a.example/"', False), ("https://a.example/a b", False),
        ("https://a.example/\n", False), (None, False), (1, False), ("ftp://a.example", False),
    ],
)  # fmt: skip
def test_only_addresses_of_the_web_may_be_linked(address, fine):
    assert describe.is_web(address) is fine
