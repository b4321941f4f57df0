"""The query language of package_search: what is found by which words."""

import pytest

from dothi.doors.catalogue.ckan.lucene import Doc, QueryError, parse

LAMP = Doc.of(
    {
        "title": ("Đèn đường phường Tân An",), "name": ("den-duong",), "groups": ("tran", "regi"),
        "organization": ("so-xd",), "tags": ("chiếu sáng", "đèn"), "res_format": ("CSV", "GeoJSON"),
        "metadata_modified": ("2026-03-01T08:00:00.000000Z",), "private": ("false",),
    },
    "Đèn đường phường Tân An: cột đèn, tủ điều khiển. Sở Xây dựng",
)  # fmt: skip
WATER = Doc.of(
    {
        "title": ("Mực nước sông",), "name": ("muc-nuoc",), "groups": ("envi",), "organization": ("so-nnmt",),
        "tags": (), "res_format": ("CSV",), "metadata_modified": ("2025-12-31T23:59:59.000000Z",), "private": ("false",),
    },
    "Mực nước sông Vàm Cỏ Tây",
)  # fmt: skip


@pytest.mark.parametrize(
    ("query", "lamp", "water"),
    [
        ("", True, True),
        ("*:*", True, True),
        ("đèn", True, False),
        ("den duong", True, False),
        ("ĐÈN VÀM", False, False),
        ("đèn OR sông", True, True),
        ("đèn AND NOT sông", True, False),
        ("-đèn", False, True),
        ("NOT đèn", False, True),
        ("!đèn", False, True),
        ("+song", False, True),
        ('"Vàm Cỏ"', False, True),
        ('"Cỏ Vàm"', False, False),
        ("chieu*", False, False),  # a keyword, not in the text of this document
        ("phuo*", True, False),
        ("organization:so-xd", True, False),
        ("organization:(so-xd OR so-nnmt)", True, True),
        ("+organization:so-nnmt +groups:envi", False, True),
        ("organization:so-xd AND groups:envi", False, False),
        ("(organization:so-xd OR groups:envi) AND res_format:GeoJSON", True, False),
        ('tags:"chiếu sáng"', True, False),
        ("tags:chieu*", True, False),
        ("tags:*", True, False),
        ("-tags:*", False, True),
        ("res_format:csv", True, True),
        ("title:sông", False, True),
        ('title:"nước sông"', False, True),
        ("name:muc-n?oc", False, True),
        ("metadata_modified:[2026-01-01T00:00:00Z TO *]", True, False),
        ("metadata_modified:[* TO 2026-01-01T00:00:00Z]", False, True),
        ("metadata_modified:[2025-12-31 TO 2025-12-31]", False, True),
        ("metadata_modified:{2025-12-31T23:59:59.000000Z TO *}", True, False),
        ("capacity:private", False, False),
        ("nosuchfield:x", False, False),
        ("đèn^4 sông^2", False, False),
        ("title:(đèn -sông)", True, False),
    ],
)
def test_what_a_query_finds(query, lamp, water):
    test = parse(query)
    assert (test(LAMP), test(WATER)) == (lamp, water)


@pytest.mark.parametrize(
    "query",
    [
        "(đèn",
        "đèn)",
        "a AND",
        "AND",
        "OR x OR",
        "[1 TO 2]",
        "a:(b",
        "NOT",
        '"open',
        "a:[1 TO",
        "(" * 50 + "a",
        "x" * 5000,
    ],
)
def test_what_is_no_query_is_refused_in_words(query):
    with pytest.raises(QueryError) as error:
        parse(query)(LAMP)
    assert error.value.message


def test_many_stars_are_no_trap():
    assert not parse("name:" + "*a" * 60)(Doc.of({"name": ("a" * 59,)}, ""))
    assert parse("*" * 200)(LAMP)
