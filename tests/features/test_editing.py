"""Features are created, replaced, updated and deleted; tags keep two editors apart; the history knows it all."""

import pytest

from dothi.datasets import service
from dothi.db import session as db
from dothi.identity.guard import SYSTEM
from tests.features.conftest import EPSG, ids

LAMPS = "collections/lamps/items"
NEW = {
    "type": "Feature", "geometry": {"type": "Point", "coordinates": [106.41, 10.52]},
    "properties": {"name": "Đèn mới", "power": 60, "lit": True},
}  # fmt: skip


def test_a_new_feature_is_where_its_location_says(web, key):
    made = web.post(LAMPS, json=NEW, headers=key)
    assert made.status_code == 201, made.text
    shown = web.get(made.headers["location"], headers=key)
    assert shown.json()["properties"]["name"] == "Đèn mới"
    assert shown.json()["geometry"] == NEW["geometry"]
    assert shown.headers["etag"] == made.headers["etag"]
    body = web.get(LAMPS, params={"limit": 100}).json()
    assert body["numberMatched"] == 61
    assert body["features"][-1]["id"] == shown.json()["id"]
    assert ids(web.get(LAMPS, params={"bbox": "106.405,10.515,106.415,10.525", "q": "den moi"})) == [shown.json()["id"]]


def test_strangers_write_nothing(web):
    for answer in (
        web.post(LAMPS, json=NEW), web.put(f"{LAMPS}/D-001", json=NEW), web.delete(f"{LAMPS}/D-001"),
        web.patch(f"{LAMPS}/D-001", json={"properties": {"power": 1}}),
    ):  # fmt: skip
        assert answer.status_code == 401
    assert web.post("collections/closed/items", json=NEW).status_code == 404
    assert web.get(LAMPS).json()["numberMatched"] == 60


def test_what_a_reader_sends_back_may_be_put(web, key):
    read = web.get(f"{LAMPS}/D-001", headers=key)
    body = read.json()
    body["properties"] |= {"power": 55, "name": "đổi"}
    done = web.put(f"{LAMPS}/D-001", json=body, headers={**key, "If-Match": read.headers["etag"]})
    assert done.status_code == 204, done.text
    now = web.get(f"{LAMPS}/D-001", headers=key)
    assert now.headers["etag"] == done.headers["etag"] != read.headers["etag"]
    assert now.json()["properties"] == body["properties"] | {"placeCode": None}  # no communes are known here
    with db.reading() as session:
        record = service.find(session, SYSTEM, "lamps", "D-001")
        assert record.properties["keeper"] == "Ông Ba"  # what the editor does not see stays
        assert [one.version for one in service.history(session, SYSTEM, "lamps", "D-001")] in ([1, 2], [2, 1])


def test_two_editors_do_not_overwrite_each_other(web, key):
    tag = web.get(f"{LAMPS}/D-002").headers["etag"]
    first = web.patch(f"{LAMPS}/D-002", json={"properties": {"power": 1}}, headers={**key, "If-Match": tag})
    assert first.status_code == 204, first.text
    for method, body in (("PATCH", {"properties": {"power": 2}}), ("PUT", NEW), ("DELETE", None)):
        late = web.request(method, f"{LAMPS}/D-002", json=body, headers={**key, "If-Match": tag})
        assert late.status_code == 412, late.text
    assert web.get(f"{LAMPS}/D-002").json()["properties"]["power"] == 1
    gone = web.delete(f"{LAMPS}/D-002", headers={**key, "If-Match": f'"x", {first.headers["etag"]}'})
    assert gone.status_code == 204
    assert web.get(f"{LAMPS}/D-002").status_code == 404
    assert web.put(f"{LAMPS}/D-002", json=NEW, headers={**key, "If-Match": "*"}).status_code == 412
    again = web.put(f"{LAMPS}/D-002", json=NEW, headers={**key, "If-None-Match": "*"})
    assert again.status_code == 201
    assert again.headers["location"].endswith(f"{LAMPS}/D-002")
    assert again.headers["etag"] not in (tag, first.headers["etag"])
    assert web.put(f"{LAMPS}/D-002", json=NEW, headers={**key, "If-None-Match": "*"}).status_code == 412


def test_an_owner_may_want_every_change_to_name_its_version(web, key):
    with db.writing() as session:
        service.describe(session, SYSTEM, "lamps", {"properties": {"requireIfMatch": True}})
    answer = web.patch(f"{LAMPS}/D-003", json={"properties": {"power": 1}}, headers=key)
    assert answer.status_code == 428
    assert answer.json()["faults"][0]["place"] == "If-Match"
    tag = web.get(f"{LAMPS}/D-003").headers["etag"]
    assert (
        web.patch(f"{LAMPS}/D-003", json={"properties": {"power": 1}}, headers={**key, "If-Match": tag}).status_code
        == 204
    )


def test_a_patch_changes_what_it_names(web, key):
    kind = {"Content-Type": "application/merge-patch+json"}
    body = '{"type": "Feature", "properties": {"power": null, "name": "khác"}}'
    answer = web.patch(f"{LAMPS}/D-004", content=body, headers={**key, **kind, "Prefer": "return=representation"})
    assert answer.status_code == 200
    assert answer.json() == {name: value for name, value in web.get(f"{LAMPS}/D-004", headers=key).json().items() if name != "links"}  # fmt: skip
    assert "power" not in answer.json()["properties"]
    assert answer.json()["properties"]["poles"] == 4
    assert answer.json()["geometry"]["coordinates"] == [106.44, 10.5]
    moved = {"geometry": {"type": "Point", "coordinates": [10.51, 106.45]}}
    done = web.patch(f"{LAMPS}/D-004", json=moved, headers={**key, "Content-Crs": f"<{EPSG}4326>"})
    assert done.status_code == 204
    assert web.get(f"{LAMPS}/D-004").json()["geometry"]["coordinates"] == pytest.approx([106.45, 10.51])


def test_a_feature_in_vn_2000_lands_where_it_was_read(web, key):
    asked = {"crs": f"{EPSG}9212"}
    body = web.get(f"{LAMPS}/D-005", params=asked, headers=key).json()
    body["properties"]["name"] = "lại"
    done = web.put(f"{LAMPS}/D-005", json=body, headers={**key, "Content-Crs": f"<{EPSG}9212>"})
    assert done.status_code == 204, done.text
    assert web.get(f"{LAMPS}/D-005").json()["geometry"]["coordinates"] == pytest.approx([106.45, 10.5], abs=2e-8)


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [
        ("POST", "{", 400),
        ("POST", "[]", 400),
        ("POST", '{"type": "Feature"}', 400),
        ("POST", '{"type": "Feature", "geometry": {"type": "Point", "coordinates": [1e400, 0]}, "properties": {"name": "a"}}', 400),
        ("POST", '{"type": "Feature", "geometry": {"type": "Point", "coordinates": [200, 0]}, "properties": {"name": "a"}}', 400),
        ("POST", '{"type": "Feature", "geometry": null, "properties": {"nope": 1}}', 400),
        ("POST", '{"type": "Feature", "geometry": null, "properties": {"name": 3}}', 400),
        ("POST", '{"type": "FeatureCollection", "features": []}', 400),
        ("PATCH", '{"geometry": {"type": "Polygon", "coordinates": [[[1,2],[3,4]]]}}', 400),
        ("PATCH", '{"power": 3}', 400),
        ("PATCH", '{"properties": 3}', 400),
        ("PUT", '{"type": "Feature", "geometry": null, "properties": null}', 400),
    ],
)  # fmt: skip
def test_what_is_no_feature_is_refused_with_its_faults(web, key, method, body, status):
    path = LAMPS if method == "POST" else f"{LAMPS}/D-001"
    answer = web.request(method, path, content=body, headers={**key, "Content-Type": "application/geo+json"})
    assert answer.status_code == status, answer.text
    assert answer.json()["faults"]


def test_bodies_of_another_kind_are_refused(web, key):
    assert web.post(LAMPS, content="<a/>", headers={**key, "Content-Type": "application/gml+xml"}).status_code == 415
    assert web.post(LAMPS, json=NEW, headers={**key, "Content-Crs": f"<{EPSG}2154>"}).status_code == 400
    assert web.patch(f"{LAMPS}/none", json={"properties": {}}, headers=key).status_code == 404
    assert web.delete(f"{LAMPS}/none", headers=key).status_code == 404
