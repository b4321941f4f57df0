"""Pages of items: order, cursors, boxes, time, properties, counts; the same on both databases."""

import httpx
import pytest
import shapely
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from dothi.datasets import views
from dothi.datasets.tables import Dataset, Record
from tests.features.conftest import CRS84, EPSG, T0, ids, lamp, link, put, row, walk

LAMPS = "collections/lamps/items"


def test_a_page_is_geojson_with_links_and_the_kept_count(web):
    answer = web.get(LAMPS, params={"limit": 7})
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["content-crs"] == f"<{CRS84}>"
    body = answer.json()
    assert (body["type"], body["numberMatched"], body["numberReturned"]) == ("FeatureCollection", 60, 7)
    first = body["features"][0]
    assert first["type"] == "Feature"
    assert first["id"] == "D-000"
    assert first["geometry"] == {"type": "Point", "coordinates": [106.4, 10.5]}
    seen = {name: value for name, value in lamp(0).items() if name not in ("contract", "keeper")}
    assert first["properties"] == {**seen, "placeCode": "80104"}
    assert link(body, "self").endswith(f"/ogc/{LAMPS}?limit=7")
    assert {one["rel"] for one in body["links"]} == {"self", "alternate", "next", "collection"}


@pytest.mark.parametrize(
    "sort", [None, "power", "-power", "name,-poles", "-lit,installed", "-checked", "placeCode,-id"]
)
def test_every_order_walks_through_all_records_once(web, sort):
    params = {"limit": 7} | ({"sortby": sort} if sort else {})
    found = walk(web, LAMPS, **params)
    assert len(found) == 60
    assert len({one["id"] for one in found}) == 60
    for term in reversed((sort or "id").split(",")):
        name, down = term.lstrip("-"), term.startswith("-")
        values = [one["id"] if name == "id" else one["properties"].get(name) for one in found]
        if term == (sort or "id").split(",")[0]:
            known = [value for value in values if value is not None]
            assert known == sorted(known, reverse=down)
            # what is missing stands last, first in descending order
            gaps = [place for place, value in enumerate(values) if value is None]
            assert gaps == (list(range(len(gaps))) if down else list(range(60 - len(gaps), 60)))


def test_a_next_link_stays_good_when_records_before_it_come_and_go(web, database, streets):
    body = web.get(LAMPS, params={"limit": 10}).json()
    with Session(database) as session:
        session.execute(delete(Record).where(Record.key.in_(["D-003", "D-010"])))
        lamps = session.get(Dataset, streets.lamps)
        put(session, lamps, [row(lamps, "A-000", shapely.Point(106.4, 10.5), {"name": "mới"})])
        session.commit()
    assert ids(web.get(link(body, "next")))[:2] == ["D-011", "D-012"]
    assert ids(web.get(f"{LAMPS}?limit=100"))[-1] == "A-000"


def test_the_last_page_has_no_next_link(web):
    assert link(web.get(LAMPS, params={"limit": 60}).json(), "next") is None
    assert link(web.get(LAMPS, params={"limit": 59}).json(), "next") is not None


def test_a_cursor_of_another_order_or_of_nobody_is_refused(web):
    cursor = httpx.URL(link(web.get(LAMPS, params={"limit": 5}).json(), "next")).params["cursor"]
    for params in ({"cursor": cursor, "sortby": "name"}, {"cursor": "x"}, {"cursor": "W10"}, {"cursor": "WyJhIl0"}):
        assert web.get(LAMPS, params=params).status_code == 400


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ("106.395,10.495,106.415,10.515", ["D-000", "D-001", "D-010", "D-011"]),
        ("106.40,10.50,106.40,10.50", ["D-000"]),  # edges belong to the box, a point is a box
        ("106.4000001,10.5,106.4099999,10.5", []),  # finer than the indexes' 32-bit numbers
        ("106.485,10.545,0,106.5,10.56,100", ["D-059"]),  # six numbers: heights count for nothing
        ("106.485,10.5,-106,10.505", ["D-009"]),  # across the antimeridian
        ("0,0,1,1", []),
    ],
)
def test_boxes(web, box, expected):
    assert ids(web.get(LAMPS, params={"bbox": box})) == expected


def test_a_box_meets_shapes_not_their_boxes(web):
    zones = "collections/zones/items"
    assert ids(web.get(zones, params={"bbox": "106.48,10.58,106.49,10.59"})) == []  # in the triangle's box only
    assert ids(web.get(zones, params={"bbox": "106.41,10.51,106.42,10.52"})) == ["tam-giác/1"]
    assert ids(web.get(zones, params={"bbox": "106.4,10.5,106.6,10.6"})) == ["tam-giác/1", "o"]


def test_a_box_in_other_axes(web):
    at = {"bbox-crs": f"{EPSG}4326", "bbox": "10.495,106.395,10.515,106.415"}
    assert ids(web.get(LAMPS, params=at)) == ["D-000", "D-001", "D-010", "D-011"]
    around = {"bbox-crs": f"{EPSG}3405", "bbox": "600000,1000000,700000,1170000"}
    found = ids(web.get(LAMPS, params=around))
    assert found
    assert found == ids(web.get(LAMPS, params={"limit": 100, **around}))


def test_many_records_in_a_box_are_read_in_order_instead(web, monkeypatch):
    from dothi.datasets import reading
    from dothi.doors.features import prepared

    whole = {"bbox": "106.3,10.4,106.6,10.7", "limit": 9}
    expected = [one["id"] for one in walk(web, LAMPS, **whole)]
    some = ids(web.get(LAMPS, params={"bbox": "106.395,10.495,106.415,10.515"}))
    monkeypatch.setattr(reading, "GATHERED", 20)
    prepared._pages.clear()
    prepared._statements.clear()
    assert [one["id"] for one in walk(web, LAMPS, **whole)] == expected == [f"D-{i:03}" for i in range(60)]
    assert ids(web.get(LAMPS, params={"bbox": "106.395,10.495,106.415,10.515"})) == some
    prepared._pages.clear()
    prepared._statements.clear()


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-01-01T00:00:00Z", ["D-000"]),
        ("2025-12-31T23:59:59.999999Z", []),
        ("../2026-01-02T00:00:00Z", ["D-000", "D-001"]),
        ("2026-01-02/2026-01-02", ["D-000", "D-001"]),  # a day in Vietnam
        ("2026-03-10T00:00:00Z/..", [f"D-{i:03}" for i in range(60) if i % 2]),
        ("2026-01-11T00:00:00Z/2026-01-11T00:00:00Z", ["D-001", "D-002", "D-003", *[f"D-{i:03}" for i in range(4, 11)]]),
    ],
)  # fmt: skip
def test_time(web, when, expected):
    assert ids(web.get(LAMPS, params={"datetime": when, "limit": 100})) == expected


@pytest.mark.parametrize(
    "when", ["yesterday", "2026-01-01", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "..", "../..", "/", "a/b",
             "2026-02-01T00:00:00Z/2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z/..x", ""],
)  # fmt: skip
def test_a_time_that_is_none_is_refused(web, when):
    answer = web.get(LAMPS, params={"datetime": when})
    if when == "2026-01-01":
        assert answer.status_code == 200  # a day
        return
    assert answer.status_code == 400
    assert answer.json()["faults"][0]["place"] == "datetime"


def test_every_fault_is_told_at_once_and_unknown_names_are_faults(web):
    asked = "limit=x&bbox=1,2&datetime=x&crs=y&sortbyy=name&properties=nope&skipGeometry=maybe&resultType=all&filter-lang=sql"
    answer = web.get(f"{LAMPS}?{asked}&limit=3&as-of=never&cursor=%00")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    places = {one["place"] for one in answer.json()["faults"]}
    assert places == {
        "limit", "bbox", "datetime", "crs", "sortbyy", "properties", "skipGeometry", "resultType", "filter-lang", "as-of",
        "cursor",
    }  # fmt: skip


def test_counts_alone(web):
    for params in ({"resultType": "hits"}, {"limit": 0}):
        body = web.get(LAMPS, params=params).json()
        assert (body["numberMatched"], body["numberReturned"], body["features"]) == (60, 0, [])
    assert web.get(LAMPS, params={"resultType": "hits", "power": "100"}).json()["numberMatched"] == 18
    assert "numberMatched" not in web.get(LAMPS, params={"power": "100"}).json()


def test_the_limit_is_bounded(web, monkeypatch):
    assert len(ids(web.get(LAMPS, params={"limit": 99_999_999}))) == 60
    assert web.get(LAMPS, params={"limit": -1}).status_code == 400


def test_some_properties_and_no_geometry(web):
    body = web.get(LAMPS, params={"properties": "power,name", "skipGeometry": "true", "limit": 8}).json()
    assert body["features"][1] == {
        "type": "Feature", "id": "D-001", "geometry": None, "properties": {"name": "Đèn Nguyễn Huệ 1", "power": 100},
    }  # fmt: skip
    assert body["features"][7]["properties"] == {"name": 'đèn "góc" \\ phố 7', "power": None}
    assert web.get(LAMPS, params={"properties": "placeCode", "limit": 1}).json()["features"][0]["properties"] == {
        "placeCode": "80104"
    }


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"power": "150.5", "lit": "true"}, [f"D-{i:03}" for i in range(60) if i % 3 == 2 and i % 2 == 0 and i % 10 != 7]),
        ({"installed": "2024-03-15", "poles": "2"}, ["D-002", "D-047"]),
        ({"filter": "power > 100 AND name LIKE 'Cột%'"}, [f"D-{i:03}" for i in range(60) if i % 3 == 2 and i % 4 == 2 and i % 10 != 7]),
        ({"filter": "CASEI(ACCENTI(name)) LIKE CASEI(ACCENTI('dEn tran%'))", "power": "70"}, [f"D-{i:03}" for i in range(0, 60, 12)]),
        ({"filter": '{"op":"=","args":[{"property":"poles"},4]}', "filter-lang": "cql2-json", "bbox": "106.4,10.5,106.49,10.5"}, ["D-004", "D-009"]),
        ({"filter": "S_INTERSECTS(geometry, POLYGON((106.395 10.495, 106.424 10.495, 106.395 10.524, 106.395 10.495)))"}, ["D-000", "D-001", "D-010"]),
        ({"filter": "S_INTERSECTS(geometry, POINT(10.5 106.43))", "filter-crs": f"{EPSG}4326"}, ["D-003"]),
        ({"filter": "id = 'D-017' OR placeCode IS NULL"}, ["D-017"]),
        ({"q": "hung dao 24"}, ["D-024"]),
        ({"placeCode": "80104", "q": "Châu THỊ kim 10"}, ["D-010"]),
    ],
)  # fmt: skip
def test_filters(web, params, expected):
    assert sorted(ids(web.get(LAMPS, params={"limit": 100, **params}))) == expected


@pytest.mark.parametrize(
    "params", [{"filter": "contract = 'HD-1'"}, {"contract": "HD-1"}, {"sortby": "contract"}, {"properties": "keeper"},
               {"filter": "keeper IS NULL"}, {"sortby": "tags"}, {"filter": "power >"}, {"power": "much"}],
)  # fmt: skip
def test_what_is_hidden_or_cannot_be_asked_is_refused(web, params):
    answer = web.get(LAMPS, params=params)
    assert answer.status_code == 400
    assert not {"contract", "keeper"} & set((answer.json()["faults"][0]["allowed"] or "").split(", "))


def test_a_tag_spares_the_page_until_the_dataset_changes(web, database, streets):
    first = web.get(LAMPS)
    tag = first.headers["etag"]
    again = web.get(LAMPS, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content) == (304, b"")
    with Session(database) as session:
        session.execute(update(Dataset).where(Dataset.id == streets.lamps).values(version=2, count=59))
        session.execute(delete(Record).where(Record.key == "D-000"))
        session.commit()
    changed = web.get(LAMPS, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.json()["numberMatched"] == 59


def test_what_was_hidden_meanwhile_is_not_shown_by_an_older_view(web, database, streets):
    web.get(LAMPS)  # now the process keeps a view
    with Session(database) as session:
        one = session.get(Dataset, streets.lamps)
        properties = {**one.schema["properties"], "power": {"type": "number", "x-open": False}}
        one.schema, one.described_at = {**one.schema, "properties": properties}, one.described_at + 1
        session.commit()
    assert "power" not in web.get(LAMPS).json()["features"][0]["properties"]
    assert web.get(LAMPS, params={"power": "100"}).status_code == 400
    with Session(database) as session:
        session.execute(update(Dataset).values(sharing="restricted"))
        session.commit()
    assert web.get(LAMPS).status_code == 404


def test_packed_and_for_every_origin(web):
    answer = web.get(LAMPS, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["access-control-allow-origin"] == "*"
    head = web.head(LAMPS)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["etag"]


def test_the_records_of_a_moment(web, database, streets):
    from dothi.datasets.tables import RecordVersion

    with Session(database) as session:
        one = session.scalars(select(Record).where(Record.key == "D-001")).one()
        names = [
            c.name
            for c in RecordVersion.__table__.c
            if c.name in Record.__table__.c and c.name not in ("id", "geometry")
        ]
        values = {name: getattr(one, name) for name in names} | {"geometry": one.geometry, "record_id": one.id}
        session.add(RecordVersion(**values, superseded_at=T0 + 100, superseded_by="person:2", deleted=False))
        gone = values | {"record_id": 9999, "key": "D-099"}
        session.add(RecordVersion(**gone, superseded_at=T0 + 200, superseded_by="person:2", deleted=True))
        one.properties, one.version, one.recorded_at = {"name": "mới"}, 2, T0 + 100
        session.commit()

    def names_at(moment: str) -> dict[str, str]:
        found = walk(web, LAMPS, limit=50, **{"as-of": moment})
        return {each["id"]: each["properties"]["name"] for each in found}

    assert names_at("2025-12-31T00:00:00Z") == {}
    old = names_at("2026-01-01T00:00:00.000099Z")
    assert len(old) == 61
    assert old["D-001"] == "Đèn Nguyễn Huệ 1"
    assert "D-099" in old
    new = names_at("2026-01-01T00:00:00.000200Z")
    assert len(new) == 60
    assert new["D-001"] == "mới"
    assert "D-099" not in new
    assert web.get(f"{LAMPS}/D-001", params={"as-of": "2026-01-01T00:00:00Z"}).json()["properties"]["power"] == 100
    assert web.get(f"{LAMPS}/D-099", params={"as-of": "2026-01-01T00:00:00Z"}).status_code == 200
    assert web.get(f"{LAMPS}/D-099").status_code == 404


def test_records_without_places(web):
    body = web.get("collections/nowhere/items").json()
    assert body["features"][0]["geometry"] is None
    assert web.get("collections/nowhere/items", params={"bbox": "1,1,2,2"}).status_code == 400
    assert "geometry" not in web.get("collections/nowhere/queryables").json()["properties"]


@pytest.fixture(autouse=True)
def _fresh():
    yield
    views.forget()
