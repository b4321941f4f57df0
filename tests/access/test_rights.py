"""Who holds rights sees what is theirs, at every door; nobody else a word of it."""

import re

import mapbox_vector_tile
import pytest

from tests.access import walk
from tests.access.worlds import HIDDEN, NOW, SECRET, standing

INSIDE = ("insider", "inside-steward", "granted", "key", "key-all")
STRANGERS = ("anonymous", "officer", "granted-other", "key-other", "keeper")
# words that stand in what is hidden and nowhere else
WORDS = ("Nội bộ mật", "Hồ sơ kín", "Tệp kín", "bí mật", "kin@so-ca.example")
FIELD_WORDS = ("hop_dong", "an_tu", "BIMAT", "Trần Văn Kín", "Giá mua", "Số hợp đồng", "Người trông")


def addresses(code, key):
    return (
        f"/ogc/collections/{code}", f"/ogc/collections/{code}/items", f"/ogc/collections/{code}/items/{key}",
        f"/ogc/collections/{code}/tiles/WebMercatorQuad/0/0/0", f"/ogc/collections/{code}/styles/default",
        f"/api/3/action/package_show?id={code}", f"/api/3/action/datastore_search?resource_id={code}", f"/catalogue/{code}.ttl",
        f"/catalogue/{code}", f"/catalogue/{code}/records/{key}", f"/catalogue/{code}/download.csv",
        f"/map/export?collection={code}&format=csv",
    )  # fmt: skip


@pytest.mark.parametrize("who", INSIDE)
def test_the_restricted_is_there_for_those_who_may(full, who):
    for path in addresses("noi-bo", "K0"):
        assert full.get(path, who).status == 200, path
    assert "noi-bo" in full.get("/api/3/action/package_list", who).text
    assert "noi-bo" in full.get("/ogc/collections", who).text
    assert "Nội bộ mật" in full.get("/catalogue", who, accept="text/html").text
    assert "Hồ sơ kín sửa" in full.get("/ogc/collections/noi-bo/items", who).text


@pytest.mark.parametrize("who", STRANGERS)
def test_it_is_there_for_nobody_else(full, who):
    for code in SECRET:
        for path in addresses(code, "K0"):
            assert full.get(path, who).status == 404, path


@pytest.mark.parametrize("who", ["anonymous", "keeper"])
def test_no_answer_has_a_word_of_it(full, who):
    """Nor of fields that are kept back, in any answer that was not asked for them by name."""
    hidden = WORDS + (FIELD_WORDS if who == "anonymous" else FIELD_WORDS[-1:])
    for one in walk.requests():
        if not one.few or any(name in one.path for name in HIDDEN):
            continue
        found = full.ask(who, one)
        text = found.body.decode("utf-8", "replace")
        assert [word for word in hidden if word in text] == [], one.named


def test_sharing_goes_as_far_as_it_says(full):
    for who, expected in (("anonymous", 404), ("officer", 200), ("granted-other", 200), ("granted", 404)):
        assert full.get("/ogc/collections/chia-se/items", who).status == expected, who
    for who, expected in (("anonymous", 404), ("officer", 200), ("keeper", 404), ("key-other", 200), ("key", 404)):
        assert full.get("/ogc/collections/tc-rieng/items", who).status == expected, who


def test_drafts_and_retired_ones_show_to_their_agency_only(full):
    for code in ("nhap", "thoi"):
        assert full.get(f"/ogc/collections/{code}/items", "insider").status == 200
        assert full.get(f"/ogc/collections/{code}/items", "granted").status == 404
        assert full.get(f"/steward/{code}", "inside-steward", accept="text/html").status == 200


@pytest.mark.parametrize("who", ["keeper", "granted-den", "key-all"])
def test_fields_that_are_kept_back_show_to_those_who_read_in_the_agency(full, who):
    shown = full.get("/ogc/collections/den/items/D04", who).json["properties"]
    assert (shown["gia"], shown["hop_dong"], "chu" in shown) == (104.0, "HD-BIMAT-4", False)
    assert full.get("/ogc/collections/den/items?filter=gia=104", who).json["numberReturned"] == 1
    assert full.get("/ogc/collections/den/items?sortby=-gia&limit=1", who).json["features"][0]["id"] == "D23"
    assert {"gia", "hop_dong", "an_tu"} <= set(full.get("/ogc/collections/den/queryables", who).json["properties"])
    rows = full.get('/api/3/action/datastore_search?resource_id=den&filters={"hop_dong":"HD-BIMAT-4"}', who).json[
        "result"
    ]
    assert [row["ma"] for row in rows["records"]] == ["D04"]
    body = full.get("/ogc/collections/den/tiles/WebMercatorQuad/9/240/407?properties=gia", who).body
    (layer,) = mapbox_vector_tile.decode(body).values()
    assert any("gia" in one["properties"] for one in layer["features"])
    # and what they are sent stays with them
    assert "private" in full.get("/ogc/collections/den/items/D04", who).header("cache-control")


def test_personal_fields_show_to_nobody_who_does_not_say_why(full):
    for who in ("keeper", "granted-den", "key-all", "inside-steward"):
        for path in ("/ogc/collections/den/items", "/catalogue/den/download.csv", "/catalogue/den"):
            assert "Trần Văn Kín" not in full.get(path, who, accept="*/*").text, (who, path)
        assert full.get("/ogc/collections/den/items?filter=chu%20IS%20NULL", who).status == 400


@pytest.mark.parametrize("name", ["gia", "chu"])
def test_a_hidden_name_is_refused_as_one_that_never_was(full, name):
    never, tried = "z" * len(name), 0
    for one in walk.requests():
        if not re.search(rf"[^a-z_%]{name}[^a-z_]", f"{one.path} {one.body.decode()} "):
            continue
        if "den" not in f"{one.path}{one.body.decode()}":
            continue
        other = walk.Asked(
            one.route,
            one.path.replace(name, never),
            one.method,
            one.headers,
            one.body.replace(name.encode(), never.encode()),
        )
        hidden, unknown = (full.ask("anonymous", each) for each in (one, other))
        assert hidden.status == unknown.status, one.named
        assert hidden.body.replace(name.encode(), never.encode()) == unknown.body, one.named
        tried += 1
    assert tried > 40


def test_what_is_restricted_meanwhile_is_gone_at_once(full):
    """A page kept for one reader is not shown to the next, nor to the same one after sharing became less."""
    from dothi.datasets import service
    from dothi.db import session as db
    from dothi.identity.guard import SYSTEM

    paths = [path for path in addresses("vung", "V0") if "things" not in path]
    assert {full.get(path).status for path in paths} == {200}
    tags = {path: full.get(path).header("etag") for path in paths}
    with standing(NOW), db.writing() as session:
        service.describe(session, SYSTEM, "vung", {"sharing": "restricted"})
    try:
        for path in paths:
            assert full.get(path, **({"if-none-match": tags[path]} if tags[path] else {})).status == 404, path
        assert full.get("/ogc/collections/vung/items", "keeper").status == 200
    finally:
        with standing(NOW), db.writing() as session:
            service.describe(session, SYSTEM, "vung", {"sharing": "open"})
