"""CKAN's Action API: the forms its clients read, what is found, what is refused and how."""

import json
from urllib.parse import urlencode

import pytest
from ckanapi import RemoteCKAN
from ckanapi.errors import NotAuthorized, NotFound, SearchQueryError, ValidationError

from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM


@pytest.fixture
def call(local):
    """Call an action by POST; its result."""

    def calling(name, /, key=None, **given):
        headers = {"authorization": key} if key else {}
        answer = local.post(f"{local.url}/api/3/action/{name}", json=given, headers=headers)
        body = answer.json()
        assert (answer.status_code, body["success"]) == (200, True), body
        assert body["help"].endswith(f"help_show?name={name}")
        return body["result"]

    return calling


@pytest.fixture
def refused(local):
    """Call an action that is refused; the status and the error."""

    def calling(name, /, **given):
        answer = local.post(f"{local.url}/api/3/action/{name}", json=given)
        assert answer.json()["success"] is False
        return answer.status_code, answer.json()["error"]

    return calling


def names(result):
    return [one["name"] for one in result["results"]]


def test_a_package_says_what_the_dataset_is(call, portal, local):
    one = call("package_show", id="den-duong")
    assert (one["name"], one["title"], one["private"], one["isopen"]) == ("den-duong", "Đèn đường", False, True)
    assert one["license_id"] == "cc-by-4.0"
    assert one["metadata_modified"] == "2026-02-10T00:00:00.000000"
    assert one["organization"]["title"] == "Sở so-xd"
    assert one["owner_org"] == one["organization"]["id"]
    assert [group["name"] for group in one["groups"]] == ["tran", "regi"]
    assert [tag["name"] for tag in one["tags"]] == ["đèn", "chiếu sáng"]
    extras = {extra["key"]: extra["value"] for extra in one["extras"]}
    assert json.loads(extras["spatial"])["type"] == "Polygon"
    assert extras["frequency"].endswith("/MONTHLY")
    assert extras["identifier"] == f"{local.url}/catalogue/den-duong"
    assert {"CSV", "GeoJSON", "GeoPackage"} <= {each["format"] for each in one["resources"]}
    assert call("package_show", id=one["id"]) == one
    assert call("resource_show", id=one["resources"][0]["id"]) == one["resources"][0]
    found = call("resource_search", query=["format:geopackage", "name:tải"])
    assert (found["count"], found["results"][0]["package_id"]) == (1, one["id"])


def test_lists_have_what_everybody_sees_and_nothing_of_the_rest(call, portal):
    assert call("package_list") == ["den-duong", "ngan-sach"]
    assert call("package_list", limit=1, offset=1) == ["ngan-sach"]
    assert [one["name"] for one in call("current_package_list_with_resources")] == ["den-duong", "ngan-sach"]
    assert call("organization_list") == ["so-tc", "so-xd"]
    assert [(one["name"], one["package_count"]) for one in call("organization_list", all_fields=True, sort="name desc")] == [
        ("so-xd", 1), ("so-tc", 1)]  # fmt: skip
    assert sorted(call("group_list")) == ["econ", "regi", "tran"]
    assert call("tag_list") == ["chiếu sáng", "đèn", "thu chi"]
    assert call("tag_list", query="den") == ["đèn"]
    shown = call("organization_show", id="so-xd", include_datasets=True)
    assert (shown["package_count"], [one["name"] for one in shown["packages"]]) == (1, ["den-duong"])
    assert call("group_show", id="tran")["package_count"] == 1
    assert [one["name"] for one in call("tag_show", id="đèn", include_datasets=True)["packages"]] == ["den-duong"]
    assert {one["id"] for one in call("license_list")} >= {"cc-by-4.0", "cc-zero", "odc-odbl"}


def test_what_may_not_be_seen_is_as_what_is_not_there(refused, portal):
    asked = {"package_show": "id", "datastore_search": "resource_id", "datastore_info": "id", "resource_show": "id"}
    for name, parameter in asked.items():
        answers = [refused(name, **{parameter: code}) for code in ("chia-se", "noi-bo", "nhap", "nothing")]
        assert all(answer == answers[3] for answer in answers)
        assert (answers[3][0], answers[3][1]["__type"]) == (404, "Not Found Error")


def test_agencies_and_themes_of_hidden_datasets_are_not_told(refused, call, portal):
    assert refused("organization_show", id="so-ca") == refused("organization_show", id="nothing")
    assert call("group_show", id="just")["package_count"] == 0
    assert refused("tag_show", id="riêng") == refused("tag_show", id="nothing")
    counts = call("package_search", **{"facet.field": ["organization", "groups", "tags", "private"]})["facets"]
    assert counts["organization"] == {"so-tc": 1, "so-xd": 1}
    assert counts["private"] == {"false": 2}
    assert "just" not in counts["groups"]
    assert "riêng" not in counts["tags"]


def test_a_key_is_taken_as_ckan_s_clients_send_it(call, portal, session, local):
    key = identity.create_key(session, SYSTEM, "reader", ["data:read"], agency="so-ca")
    session.commit()
    assert call("package_list", key=key) == ["chia-se", "den-duong", "ngan-sach", "noi-bo"]
    assert call("package_search", key=key, fq="private:true")["count"] == 2
    for headers in ({"authorization": "dk_99_x"}, {"x-ckan-api-key": key + "x"}):
        answer = local.get(f"{local.url}/api/3/action/package_list", headers=headers)
        assert (answer.status_code, answer.json()["error"]["__type"]) == (403, "Authorization Error")


SEARCHES = [
    ({}, ["den-duong", "ngan-sach"]),
    ({"q": "den duong"}, ["den-duong"]),
    ({"q": "*:*", "sort": "name desc"}, ["ngan-sach", "den-duong"]),
    ({"fq": "organization:so-tc"}, ["ngan-sach"]),
    ({"fq": "groups:(tran OR econ)", "sort": "title asc"}, ["den-duong", "ngan-sach"]),
    ({"fq": "+res_format:GeoPackage"}, ["den-duong"]),
    ({"fq_list": ["groups:tran", "groups:econ"]}, []),
    ({"q": "metadata_modified:[2026-02-01T00:00:00Z TO *]"}, ["den-duong"]),
    ({"rows": 1, "start": 1, "sort": "name asc"}, ["ngan-sach"]),
    ({"rows": 0}, []),
    ({"q": "street lights"}, ["den-duong"]),
    ({"ext_bbox": "106.41,10.5,107,11"}, ["den-duong"]),
    ({"ext_bbox": "105,10,106,11"}, []),
]


def test_searching_packages(call, portal):
    for given, found in SEARCHES:
        assert names(call("package_search", **given)) == found, given


def test_what_is_called_by_the_words_asked_for_comes_first(call, put):
    put("den", title="Đèn đường")
    put("bien", title="Biển báo", description="Biển báo và đèn trên đường")
    put("khach", title="Khách đến bằng đường sông")
    assert names(call("package_search", q="đèn đường")) == ["den", "khach", "bien"]


def test_every_package_is_found_once_over_the_pages(call, put):
    for number in range(7):
        put(f"bo-{number}")
    found = [
        name
        for start in (0, 3, 6)
        for name in names(call("package_search", rows=3, start=start, sort="metadata_created asc, name asc"))
    ]
    assert found == [f"bo-{number}" for number in range(7)]
    assert call("package_search", rows=3)["count"] == 7


def test_facets_count_the_whole_of_what_is_found(call, portal):
    found = call("package_search", rows=0, **{"facet.field": '["res_format", "groups"]', "facet.limit": -1})
    assert found["facets"]["res_format"]["CSV"] == 2
    items = {one["name"]: one["display_name"] for one in found["search_facets"]["groups"]["items"]}
    assert items["tran"] == "Giao thông"


def records(call, **given):
    return call("datastore_search", resource_id="den-duong", **given)


def keys(result):
    return [one["_id"] for one in result["records"]]


def test_records_are_a_table_of_what_may_be_seen(call, portal):
    found = records(call)
    assert [one["id"] for one in found["fields"]] == [
        "_id", "ten", "cong_suat", "so_bong", "hong", "ngay", "luc", "nhan", "geometry"]  # fmt: skip
    assert {one["id"]: one["type"] for one in found["fields"]}["cong_suat"] == "numeric"
    assert found["total"] == 3
    assert found["records"][0] == {
        "_id": "D1", "ten": "Đèn Nguyễn Huệ", "cong_suat": 150, "so_bong": 1, "hong": False, "ngay": "2026-01-05",
        "luc": "2026-01-05T07:00:00Z", "nhan": ["led"], "geometry": {"type": "Point", "coordinates": [106.4, 10.53]},
    }  # fmt: skip
    package = call("package_show", id="den-duong")
    csv = next(each for each in package["resources"] if each["format"] == "CSV")
    assert csv["datastore_active"]
    assert call("datastore_search", resource_id=csv["id"])["records"] == found["records"]
    assert call("datastore_info", id=csv["id"])["meta"]["count"] == 3


READINGS = [
    ({"filters": {"ten": "Đèn Lê Lợi"}}, ["D2"]),
    ({"filters": {"cong_suat": 70.5}}, ["D2"]),
    ({"filters": {"so_bong": [1, 4]}}, ["D1", "D3"]),
    ({"filters": '{"so_bong": "4", "hong": "false"}'}, ["D3"]),
    ({"filters": {"hong": True}}, ["D2"]),
    ({"filters": {"ngay": "2026-03-09"}}, ["D3"]),
    ({"filters": {"luc": "2026-02-01T07:00:00Z"}}, ["D2"]),
    ({"filters": {"_id": ["D1", "D2"]}}, ["D1", "D2"]),
    ({"filters": {"ten": []}}, []),
    ({"filters": {"ten": "đèn"}}, []),
    ({"q": "nguyen"}, ["D1"]),
    ({"q": "den"}, ["D1", "D2", "D3"]),
    ({"q": {"ten": "LE LOI"}}, ["D2"]),
    ({"q": {"ten": "100%_\\"}}, ["D3"]),
    ({"q": "%"}, ["D3"]),
    ({"q": "_"}, ["D3"]),
    ({"sort": "cong_suat desc"}, ["D3", "D1", "D2"]),
    ({"sort": "hong desc, ngay asc"}, ["D2", "D1", "D3"]),
    ({"sort": '"_id" desc', "limit": 2}, ["D3", "D2"]),
    ({"limit": 1, "offset": 2}, ["D3"]),
    ({"limit": 0}, []),
    ({"offset": 10}, []),
]


def test_filtering_sorting_and_paging_records(call, portal):
    for given, found in READINGS:
        assert keys(records(call, **given)) == found, given


def test_words_of_hidden_fields_are_not_found(call, portal, refused):
    for q in ("lan", "hai", {"ten": "lan"}, "12.5"):
        assert records(call, q=q)["total"] == 0
    hidden = [refused("datastore_search", resource_id="den-duong", **given)
              for name in ("chu_ho", "gia", "nothing")
              for given in ({"filters": {name: "x"}}, {"sort": name}, {"fields": name}, {"q": {name: "x"}})]  # fmt: skip
    assert {status for status, _ in hidden} == {409}
    told = [json.dumps(error).replace("chu_ho", "…").replace("gia", "…").replace("nothing", "…") for _, error in hidden]
    assert told[:4] == told[4:8] == told[8:]


def test_fields_and_forms_of_records(call, portal):
    some = records(call, fields="ten,so_bong", sort="so_bong")
    assert some["records"][0] == {"ten": "Đèn Nguyễn Huệ", "so_bong": 1}
    assert records(call, fields=["so_bong"], records_format="lists")["records"] == [[1], [2], [4]]
    text = records(call, fields=["ten", "hong"], records_format="csv", limit=1)["records"]
    assert text == "Đèn Nguyễn Huệ,false\n"
    assert "total" not in records(call, include_total=False)
    assert "offset=2" in records(call, limit=2)["_links"]["next"]


def test_faults_are_told_all_at_once_in_ckan_s_form(refused, portal):
    status, error = refused(
        "datastore_search", resource_id="den-duong", filters={"no": 1, "so_bong": "many", "hong": "maybe"}, sort="no",
        fields="no", limit="x", records_format="pdf", include_total="perhaps", distinct=True,
    )  # fmt: skip
    assert (status, error["__type"]) == (409, "Validation Error")
    assert set(error) == {"__type", "filters", "sort", "fields", "limit", "records_format", "include_total", "distinct"}
    assert len(error["filters"]) == 3
    assert refused("package_show")[1] == {"__type": "Validation Error", "id": ["Missing value"]}
    status, error = refused("package_search", q="(open")
    assert (status, error["__type"]) == (400, "Search Query Error")
    assert refused("package_search", rows="-1", sort="colour")[0] == 409


def test_what_is_not_offered_says_so(refused, local):
    for name in ("datastore_search_sql", "package_create", "datastore_upsert"):
        status, error = refused(name, sql="SELECT 1")
        assert (status, error["__type"]) == (403, "Authorization Error")
    assert "not offered" in refused("datastore_search_sql")[1]["message"]
    answer = local.get(f"{local.url}/api/3/action/no_such_thing")
    assert (answer.status_code, answer.json()) == (400, "Bad request - Action name not known: no_such_thing")


def test_parameters_come_by_get_by_form_and_by_json(local, portal):
    url = f"{local.url}/api/3/action/datastore_search"
    given = {"resource_id": "den-duong", "filters": '{"so_bong": 2}', "limit": "5"}
    answers = [
        local.get(f"{url}?{urlencode(given)}"),
        local.post(url, data=given),
        local.post(url, json=given | {"filters": {"so_bong": 2}, "limit": 5}),
        local.post(url, content=json.dumps(given), headers={"content-type": "application/x-www-form-urlencoded"}),
        local.post(url, files={name: (None, value) for name, value in given.items()}),
        local.get(f"{local.url}/api/action/datastore_search?{urlencode(given)}"),
    ]
    assert [keys(answer.json()["result"]) for answer in answers] == [["D2"]] * 6


def test_a_body_that_is_no_object_is_refused_in_words(local, database):
    for body in (b"{", b"[]", b"\xff", b'"x"', b"1", b"[" * 50_000):
        answer = local.post(f"{local.url}/api/3/action/package_list", content=body)
        assert (answer.status_code, answer.json()["error"]["__type"]) == (409, "Validation Error")


def test_every_action_tells_what_it_is_for(call):
    from dothi.doors.catalogue.ckan.actions import ACTIONS

    assert len(ACTIONS) > 20
    for name in ACTIONS:
        assert call("help_show", name=name)
    assert call("site_read") is True
    assert call("status_show")["ckan_version"]


def test_ckanapi_reads_the_portal(portal, server):
    for get_only in (False, True):
        with RemoteCKAN(server.url, get_only=get_only) as remote:
            assert remote.action.package_list() == ["den-duong", "ngan-sach"]
            found = remote.action.package_search(q="đèn", fq="groups:tran", rows=5)
            assert (found["count"], names(found)) == (1, ["den-duong"])
            resource = found["results"][0]["resources"][0]
            table = remote.action.datastore_search(resource_id=resource["id"], limit=2)
            assert (table["total"], keys(table)) == (3, ["D1", "D2"])
            with pytest.raises(NotFound):
                remote.action.package_show(id="noi-bo")
            with pytest.raises(ValidationError):
                remote.action.package_show()
            with pytest.raises(NotAuthorized):
                remote.action.datastore_search_sql(sql="SELECT 1")
            with pytest.raises(SearchQueryError):
                remote.action.package_search(q="(open")
