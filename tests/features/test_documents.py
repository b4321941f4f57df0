"""Landing page, conformance, collections, schemas, one item, other forms, pages for people, OpenAPI."""

import csv
import io
import json

import jsonschema
import pytest
import shapely
from openapi_spec_validator import OpenAPIV30SpecValidator
from pyproj import Transformer

from dothi.datasets.loads import vn2000
from tests.features.conftest import CRS84, EPSG, FIELDS, OGC, link

LAMPS = "collections/lamps/items"


def test_the_landing_page_leads_everywhere(web):
    body = web.get("").json()
    for rel in ("service-desc", "service-doc", "conformance", "data"):
        answer = web.get(link(body, rel))
        assert answer.status_code == 200, rel
        kind = next(one["type"] for one in body["links"] if one["rel"] == rel)
        assert answer.headers["content-type"].partition("; charset")[0] == kind


def test_what_qgis_looks_for_before_it_pushes_filters_down_is_declared(web):
    classes = set(web.get("conformance").json()["conformsTo"])
    parts, cql2 = "http://www.opengis.net/spec/ogcapi-features-", "http://www.opengis.net/spec/cql2/1.0/conf/"
    assert classes >= {
        *(f"{parts}{one}" for one in ("1/1.0/conf/core", "1/1.0/conf/geojson", "1/1.0/conf/oas30", "2/1.0/conf/crs")),
        *(f"{parts}3/1.0/conf/{one}" for one in ("filter", "features-filter", "queryables")),
        *(f"{parts}4/1.0/conf/{one}" for one in ("create-replace-delete", "update", "optimistic-locking-etags")),
        *(f"{cql2}{one}" for one in ("cql2-text", "cql2-json", "basic-cql2", "basic-spatial-functions", "advanced-comparison-operators")),
    }  # fmt: skip


def test_collections_are_those_one_may_see(web, key):
    seen = {one["id"] for one in web.get("collections").json()["collections"]}
    assert seen == {"lamps", "zones", "nowhere", "things", "units"}
    mine = {one["id"] for one in web.get("collections", headers=key).json()["collections"]}
    assert mine == seen | {"closed"}
    found = web.get("collections", params={"q": "LAMPS bo"}).json()["collections"]
    assert [one["id"] for one in found] == ["lamps"]


def test_a_collection_says_what_a_client_needs(web):
    body = web.get("collections/lamps").json()
    assert body["extent"]["spatial"]["bbox"] == [[106.4, 10.5, 106.49, 10.55]]
    assert body["storageCrs"] == CRS84
    assert body["itemType"] == "feature"
    assert body["crs"][0] == CRS84
    assert {f"{EPSG}{code}" for code in (4326, 3857, 4756, 3405, 3406, 5896, 9205, 9218)} <= set(body["crs"])
    assert link(body, "items").endswith(f"{OGC}/{LAMPS}")
    for rel in ("schema", "queryables", "sortables"):
        assert web.get(link(body, f"http://www.opengis.net/def/rel/ogc/1.0/{rel}")).status_code == 200


def test_the_schema_fits_the_items(web):
    schema = web.get("collections/lamps/schema").json()
    assert schema["properties"]["geometry"]["format"] == "geometry-point"
    assert schema["properties"]["power"] == {"title": "Công suất", "type": "number", "x-ogc-unit": "W", "x-ogc-unitLang": "UCUM", "x-ogc-propertySeq": 2}  # fmt: skip
    assert schema["properties"]["since"]["x-ogc-role"] == "primary-interval-start"
    assert not {"contract", "keeper"} & set(schema["properties"])
    jsonschema.Draft202012Validator.check_schema(schema)
    for one in web.get(LAMPS).json()["features"]:
        jsonschema.validate(one["properties"], schema)


def test_queryables_may_be_filtered_and_sortables_sorted_by(web, key):
    for headers in ({}, key):
        queryables = web.get("collections/lamps/queryables", headers=headers).json()["properties"]
        assert ("contract" in queryables) is bool(headers)
        for name in queryables:
            answer = web.get(LAMPS, params={"filter": f'"{name}" IS NULL'}, headers=headers)
            assert answer.status_code == 200, answer.text
        sortables = web.get("collections/lamps/sortables", headers=headers).json()["properties"]
        assert set(sortables) == set(queryables) - {"geometry", "tags"}
        for name in sortables:
            assert web.get(LAMPS, params={"sortby": f"-{name}"}, headers=headers).status_code == 200


def test_one_item(web):
    answer = web.get(f"{LAMPS}/D-003")
    body = answer.json()
    assert answer.headers["content-type"] == "application/geo+json"
    assert (body["id"], body["geometry"]["coordinates"]) == ("D-003", [106.43, 10.5])
    assert body["properties"]["name"] == 'đèn "góc" \\ phố 3'
    assert web.get(link(body, "self")).json() == body
    held = web.get(f"{LAMPS}/D-003", headers={"If-None-Match": answer.headers["etag"]})
    assert (held.status_code, held.content) == (304, b"")
    assert web.head(f"{LAMPS}/D-003").status_code == 200
    assert web.get(f"{LAMPS}/D-003", params={"bbox": "1,2,3,4"}).status_code == 400


def test_an_id_may_hold_any_sign(web):
    body = web.get("collections/zones/items").json()
    assert body["features"][0]["id"] == "tam-giác/1"
    answer = web.get("collections/zones/items/tam-gi%C3%A1c%2F1")
    assert answer.json()["properties"]["name"] == "Tam giác"
    assert web.get(link(answer.json(), "self")).json()["id"] == "tam-giác/1"


def test_hidden_and_absent_are_told_alike(web):
    hidden, absent = web.get("collections/closed"), web.get("collections/clased")
    assert hidden.status_code == absent.status_code == 404
    assert hidden.text.replace("closed", "clased") == absent.text
    for path in ("items", "items/K-1", "schema", "queryables"):
        hidden, absent = web.get(f"collections/closed/{path}"), web.get(f"collections/clased/{path}")
        assert hidden.status_code == absent.status_code == 404
        assert hidden.text.replace("closed", "clased") == absent.text


def test_who_may_sees_fields_of_the_agency_but_no_personal_ones(web, key):
    properties = web.get(f"{LAMPS}/D-001", headers=key).json()["properties"]
    assert properties["contract"] == "HD-1"
    assert "keeper" not in properties
    assert web.get("collections/closed/items", headers=key).json()["numberMatched"] == 1
    listed = web.get(LAMPS, params={"filter": "contract = 'HD-1'"}, headers=key).json()["features"]
    assert [one["id"] for one in listed] == ["D-001"]


def test_hidden_validity_cannot_be_asked_for(web, database, streets):
    from sqlalchemy.orm import Session

    from dothi.datasets import views
    from dothi.datasets.tables import Dataset
    from tests.features.conftest import schema

    with Session(database) as session:
        fields = {
            **FIELDS,
            "since": {**FIELDS["since"], "x-open": False},
            "until": {**FIELDS["until"], "x-open": False},
        }
        one = session.get(Dataset, streets.lamps)
        one.schema, one.described_at = schema(fields), one.described_at + 1
        session.commit()
    views.forget()
    assert (
        web.get(LAMPS, params={"datetime": "1999-01-01T00:00:00Z", "resultType": "hits"}).json()["numberMatched"] == 60
    )
    assert web.get(LAMPS, params={"f": "jsonfg"}).json()["features"][0]["time"] is None


@pytest.mark.parametrize("code", [4326, 4756, 3405, 5897, 9212, 3857])
def test_every_reference_system_in_its_own_axes(web, code):
    answer = web.get(LAMPS, params={"crs": f"{EPSG}{code}", "limit": 2})
    assert answer.headers["content-crs"] == f"<{EPSG}{code}>"
    body = answer.json()
    found = body["features"][0]["geometry"]["coordinates"]
    if (zone := vn2000.by_code(code)) is not None:  # read as the imports read it
        assert vn2000.transformer(zone.meridian, zone.scale).transform(*found) == pytest.approx((106.4, 10.5), abs=2e-8)
    elif code == 4756:  # latitude first
        assert vn2000.geographic().transform(*reversed(found)) == pytest.approx((106.4, 10.5), abs=2e-7)
    else:
        expected = Transformer.from_crs("OGC:CRS84", f"EPSG:{code}").transform(106.4, 10.5)
        assert found == pytest.approx(expected, abs=0.001)
        assert (found[0] < found[1]) is (code == 4326)
    assert web.get(link(body, "next")).headers["content-crs"] == f"<{EPSG}{code}>"
    one = web.get(f"{LAMPS}/D-000", params={"crs": f"{EPSG}{code}"})
    assert one.json()["geometry"]["coordinates"] == found
    assert one.headers["content-crs"] == f"<{EPSG}{code}>"


def test_a_reference_system_that_is_not_offered_is_refused(web):
    for name in ("crs", "bbox-crs", "filter-crs"):
        answer = web.get(LAMPS, params={name: f"{EPSG}2154"})
        assert answer.status_code == 400
        assert answer.json()["faults"][0]["place"] == name


def test_json_fg(web):
    body = web.get(LAMPS, params={"f": "jsonfg", "crs": f"{EPSG}3405", "limit": 2}).json()
    assert body["featureType"] == "lamps"
    assert body["coordRefSys"] == f"{EPSG}3405"
    assert any(one.endswith("json-fg-1/1.0/conf/core") for one in body["conformsTo"])
    first = body["features"][0]
    assert first["time"] == {"interval": ["2026-01-01T00:00:00.000Z", "2026-01-11T00:00:00.000Z"]}
    assert first["geometry"] == {"type": "Point", "coordinates": [106.4, 10.5]}
    assert first["place"]["coordinates"][0] > 600_000
    assert first["properties"]["placeCode"] == "80104"
    plain = web.get(f"{LAMPS}/D-000", params={"f": "jsonfg"}).json()
    assert plain["place"] is None
    assert plain["coordRefSys"] == CRS84


def test_csv(web):
    answer = web.get(LAMPS, headers={"Accept": "text/csv"}, params={"limit": 4})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [one["id"] for one in rows] == ["D-000", "D-001", "D-002", "D-003"]
    assert rows[3]["name"] == 'đèn "góc" \\ phố 3'
    assert (rows[3]["x"], rows[3]["y"]) == ("106.43", "10.5")
    assert rows[2]["tags"] == '["led","cũ"]'
    assert rows[0]["lit"] == "true"
    assert not {"contract", "keeper"} & set(rows[0])
    assert 'rel="next"' in answer.headers["link"]
    shape = next(csv.DictReader(io.StringIO(web.get("collections/zones/items?f=csv").text)))["geometry"]
    assert shapely.from_wkt(shape).geom_type == "Polygon"


@pytest.mark.parametrize("form", ["geoparquet", "flatgeobuf"])
def test_files(web, form, tmp_path):
    answer = web.get(LAMPS, params={"f": form, "limit": 5, "filter": "power = 100"})
    assert answer.status_code == 200, answer.text
    assert 'rel="next"' in answer.headers["link"]
    if form == "flatgeobuf":
        import pyogrio

        (tmp_path / "a.fgb").write_bytes(answer.content)
        meta, _, shapes, _fields = pyogrio.raw.read(tmp_path / "a.fgb")
        names = list(meta["fields"])
        assert len(shapes) == 5
    else:
        from pyarrow import parquet

        table = parquet.read_table(io.BytesIO(answer.content))
        names = table.column_names
        assert table.num_rows == 5
        assert b"geo" in parquet.ParquetFile(io.BytesIO(answer.content)).metadata.metadata
    assert "power" in names
    assert not {"contract", "keeper"} & set(names)


def test_the_form_is_what_is_accepted(web):
    for accept, kind in (
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("application/json", "application/geo+json"),
        ("text/csv;q=0.5, application/geo+json", "application/geo+json"),
        ("application/vnd.ogc.fg+json", "application/vnd.ogc.fg+json"),
    ):
        assert web.get(LAMPS, headers={"Accept": accept}).headers["content-type"].startswith(kind)
    assert web.get(LAMPS, headers={"Accept": "image/png"}).status_code == 406
    assert web.get(LAMPS, params={"f": "gml"}).status_code == 400


@pytest.mark.parametrize("path", ["", "collections", "collections/lamps", LAMPS, f"{LAMPS}/D-003", "api.html"])
def test_pages_for_people(web, path):
    page = web.get(path, params={} if path == "api.html" else {"f": "html"}, headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "<h1>" in page.text
    assert "HD-3" not in page.text
    assert "Ông Ba" not in page.text
    if path == LAMPS:
        assert "đèn &#34;góc&#34; \\ phố 3" in page.text
        assert "The lamps" in page.text
    if path.endswith("D-003"):
        assert "/map?layers=lamps" in page.text


def test_the_description_is_valid_and_holds_every_collection(web):
    document = web.get("api").json()
    assert document["openapi"].startswith("3.0")
    OpenAPIV30SpecValidator(document).validate()
    paths = document["paths"]
    assert set(paths["/collections/lamps/items/{featureId}"]) >= {"get", "put", "patch", "delete"}
    assert "post" in paths["/collections/lamps/items"]
    assert "post" not in paths["/collections/things/items"]
    assert "/collections/closed" not in paths
    assert "contract" not in json.dumps(document)


def test_things_and_units_are_collections_too(web, database, key):
    from sqlalchemy.orm import Session

    from dothi.places.tables import Unit
    from dothi.sensing import collection
    from dothi.sensing.tables import Thing
    from tests.features.conftest import T0

    with Session(database) as session:
        for number, sharing in enumerate(("open", "restricted", "open")):
            session.add(Thing(name=f"Trạm {number}", name_folded=f"tram {number}", description="", sharing=sharing,
                              lon=round(106.4 + number / 10, 1), lat=10.5, unit_code="80104", properties={"sector": "air"}))  # fmt: skip
        square = shapely.to_wkb(shapely.box(106, 10, 107, 11))
        for code, until in (("80", None), ("81", T0)):
            session.add(Unit(code=code, level="province", kind="tỉnh", name=code, full_name=f"Tỉnh {code}", folded=f"tinh {code}",
                             valid_from=0, valid_to=until, geometry=square, area_km2=12.5))  # fmt: skip
        session.commit()
    collection.forget()
    things = web.get("collections/things/items").json()["features"]
    assert [one["properties"]["name"] for one in things] == ["Trạm 0", "Trạm 2"]
    assert things[1]["geometry"]["coordinates"] == [106.6, 10.5]
    assert things[0]["properties"]["properties"] == {"sector": "air"}
    assert things[0]["properties"]["path"] == f"Things({things[0]['id']})"
    asked = {"bbox": "106.5,10,107,11", "filter": "name LIKE 'Trạm%' AND simulated = false", "sortby": "-name"}
    assert len(web.get("collections/things/items", params=asked).json()["features"]) == 1
    assert web.get("collections/things").json()["extent"]["spatial"]["bbox"][0][2] == 106.6
    assert web.get("collections/things/items", params={"as-of": "2026-01-01T00:00:00Z"}).status_code == 400
    units = web.get("collections/units/items").json()["features"]
    assert [(one["id"], one["properties"]["area"]) for one in units] == [("80", 12.5)]
    assert shapely.from_geojson(json.dumps(units[0]["geometry"])).equals(shapely.box(106, 10, 107, 11))
    then = web.get("collections/units/items", params={"as-of": "2020-01-01T00:00:00Z", "bbox": "106.5,10.5,108,12"})
    assert [one["id"] for one in then.json()["features"]] == ["80", "81"]
    assert web.get("collections/units/items/80").json()["properties"]["fullName"] == "Tỉnh 80"
    for path in ("collections/units/items", "collections/things/items/1"):
        assert web.post(path, json={}, headers=key).status_code == 405


def test_what_is_not_done_here_is_said(web):
    assert web.get("nothing/here").status_code == 404
    assert web.delete("collections").status_code == 405
    answer = web.options(LAMPS)
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))
    assert {"PUT", "PATCH", "DELETE"} <= set(web.options(f"{LAMPS}/D-001").headers["allow"].split(", "))
