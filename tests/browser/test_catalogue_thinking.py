"""The catalogue's thinking without a server: facets, conditions, bins, citations."""

import pytest

from dothi.datasets.cql2 import parse
from dothi.datasets.schema import Field
from dothi.kit import clock
from dothi.kit.errors import BadInput
from dothi.screens.catalogue import citing, columns, filters, finding
from dothi.screens.catalogue.finding import Listed

NOW = clock.parse("2026-11-21T00:00:00Z")
FIELDS = (
    Field("ten", "string", "Tên"), Field("cao", "number", "Cao"), Field("nam", "integer", "Năm"), Field("ngày lắp", "date", "Ngày"),
    Field("lúc", "date-time", "Lúc"), Field("a:min:b", "boolean", "Lạ"),
)  # fmt: skip


def one(code: str, **more: object) -> Listed:
    given: dict[str, object] = {
        "href": f"/catalogue/{code}", "title": code, "description": "", "agency": None, "agency_name": "", "sharing": "open",
        "licence": None, "themes": (), "formats": ("csv",), "places": frozenset(), "geometry": None, "changed_at": None,
        "count": 1, "simulated": False, "portal": None, "text": finding.searched(code),
    }  # fmt: skip
    return Listed(code, **{**given, **more})  # type: ignore[arg-type]


def found(rows: list[Listed], *pairs: tuple[str, str]) -> finding.Found:
    return finding.found(rows, finding.wanted(pairs), NOW, lambda _, value: value)


ROWS = [
    one("Đèn đường", themes=("ENER", "TRAN"), agency="xd", changed_at=NOW - clock.HOUR),
    one("Cống thoát nước", themes=("ENVI",), agency="xd", changed_at=NOW - 10 * clock.DAY),
    one("Cây xanh đường phố", themes=("ENVI",), agency="mt"),
]


def test_words_are_found_in_any_order_with_or_without_diacritics():
    for q in ("duong den", "ĐÈN  đường", "den duong"):
        assert [r.code for r in found(ROWS, ("q", q)).rows] == ["Đèn đường"]
    assert found(ROWS, ("q", "duong")).total == 2
    assert found(ROWS, ("q", "không có")).total == 0


def test_a_facet_counts_what_it_would_show_beside_the_other_facets():
    asked = found(ROWS, ("theme", "ENVI"), ("agency", "xd"))
    assert [r.code for r in asked.rows] == ["Cống thoát nước"]
    themes = {c.value: (c.count, c.chosen) for c in asked.facets["theme"]}
    assert themes == {"ENVI": (1, True), "ENER": (1, False), "TRAN": (1, False)}
    assert {c.value: c.count for c in asked.facets["agency"]} == {"xd": 1, "mt": 1}


def test_each_choice_leads_to_exactly_the_count_it_tells():
    for facet, choices in found(ROWS).facets.items():
        for choice in choices:
            pairs = [tuple(part.split("=")) for part in choice.href.partition("?")[2].split("&")]
            assert found(ROWS, *pairs).total == choice.count, (facet, choice)  # type: ignore[arg-type]


def test_freshness_holds_the_shorter_times_too_and_never_changed_is_said_apart():
    counts = {c.value: c.count for c in found(ROWS).facets["fresh"]}
    assert counts == {"day": 1, "week": 1, "month": 2, "year": 2, "never": 1}


def test_pages_beyond_the_last_show_the_last():
    many = [one(f"d{i:03d}") for i in range(45)]
    assert len(found(many, ("page", "3")).rows) == 5
    assert found(many, ("page", "99")).rows == found(many, ("page", "3")).rows
    assert found(many, ("page", "-1"), ("sort", "nonsense"), ("place", "\0")).total in (0, 45)


@pytest.mark.parametrize(
    ("text", "cql"),
    [
        ("ten:is:O'Neil", "ten = 'O''Neil'"),
        ("cao:min:1.234,5", "cao >= 1234.5"),
        ("cao:max:-2.5", "cao <= -2.5"),
        ("ngày lắp:max:2026-01-02", "\"ngày lắp\" <= DATE('2026-01-02')"),
        ("lúc:max:2026-01-02", "\"lúc\" <= TIMESTAMP('2026-01-02T16:59:59.000Z')"),
        ("a:min:b:is:true", '"a:min:b" = TRUE'),
        ("ten:empty", "ten IS NULL"),
        ("ten:has:50%", "ACCENTI(CASEI(ten)) LIKE ACCENTI(CASEI('%50\\%%'))"),
    ],
)
def test_a_condition_becomes_cql2_that_parses(text, cql):
    made = filters.conditions([text], FIELDS)
    assert filters.cql(made) == cql
    assert parse(cql, lang="cql2-text") is not None
    assert filters.conditions([made[0].text], FIELDS) == made


def test_every_condition_that_cannot_be_is_named_at_once():
    with pytest.raises(BadInput) as refused:
        filters.conditions(["khong:is:1", "cao:min:cao lắm", "cao:has:1", "nam:is:", "ngày lắp:min:mai"], FIELDS)
    assert len(refused.value.faults) == 5


@pytest.mark.parametrize(
    ("low", "high", "whole"),
    [(0, 1, False), (3.2, 87.9, False), (-5, 5, True), (7, 7, True), (1e-6, 2e-6, False), (0, 10**9, True)],
)
def test_bins_hold_the_whole_range_and_are_few(low, high, whole):
    start, width = columns.width_of(low, high, whole=whole)
    assert start <= low
    assert width > 0
    assert (high - start) // width < 40
    assert not whole or float(width).is_integer()


def test_a_citation_names_who_when_which_version_and_where():
    from datetime import date

    def say(text: str, **values: object) -> str:
        return text.format(**values)

    made = citing.citation(
        "Đèn & cống 100%", "Sở Xây dựng", date(2025, 3, 1), 7, "https://a.vn/catalogue/x", date(2026, 11, 21), "x", say
    )
    assert (
        made.text
        == "Sở Xây dựng (2025). Đèn & cống 100% (phiên bản 7) [tập dữ liệu]. https://a.vn/catalogue/x, xem ngày 21/11/2026."
    )
    assert r"title = {{Đèn \& cống 100\%}}" in made.bibtex
    assert made.bibtex.startswith("@misc{x-2025,")
