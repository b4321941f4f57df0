"""What is in a tile, and what is not, on both databases."""

import gzip

import pytest
import shapely

from dothi import config
from dothi.datasets import tiling
from tests.tiles.conftest import SCHEMA, tile_of

HERE = (105.85, 21.03)


def lamp(key, lon=HERE[0], lat=HERE[1], **more):
    properties = {"code": key, "name": f"Đèn {key}", "kind": "led", "power": 70.5, "year": 2020, "lit": True}
    return key, shapely.Point(lon, lat), properties | {"parts": ["bóng", "cần"], "secret": "két số 9"} | more


@pytest.mark.parametrize("z", [0, 9, 14, 20])
def test_a_point_lies_where_it_is_with_its_styled_attributes(sets, ask, z):
    sets.make()
    sets.put("lamps", [lamp("A1")])
    x, y, (across, down) = tile_of(*HERE, z)
    answer = ask.tile("lamps", z, x, y)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert answer.layer["extent"] == 4096
    (one,) = answer.features
    assert one["geometry"]["type"] == "Point"
    assert one["geometry"]["coordinates"] == pytest.approx([across, down], abs=0.51)
    assert one["properties"] == {"key": "A1", "name": "Đèn A1", "kind": "led"}


def test_asked_attributes_come_with_their_types(sets, ask):
    sets.make()
    sets.put("lamps", [lamp("A1"), lamp("A2", power=3, lit=False, year=None)])
    x, y, _ = tile_of(*HERE, 14)
    answer = ask.tile("lamps", 14, x, y, "?properties=power,year,lit,parts")
    one, two = sorted((one["properties"] for one in answer.features), key=lambda one: one["key"])
    parts = one.pop("parts")
    assert parts.replace(" ", "") == '["bóng","cần"]'
    assert one == {"key": "A1", "name": "Đèn A1", "power": 70.5, "year": 2020, "lit": True}
    assert {name: two.get(name) for name in ("power", "year", "lit")} == {"power": 3, "year": None, "lit": False}
    assert type(one["lit"]) is bool


def test_names_of_any_letters_and_length_are_attributes(sets, ask):
    long = "Tổng diện tích đất nông nghiệp được phép chuyển đổi theo quy hoạch (100%)"
    names = [long, "geometry", 'tỷ lệ %, :x "', "a'b", "_geom"]
    names = [one for one in names if '"' not in one]
    properties = {name: {"type": "string"} for name in names}
    sets.make(schema={"type": "object", "properties": properties, "x-order": names}, key_field=None)
    sets.put("lamps", [("k", shapely.Point(HERE), {name: f"v{place}" for place, name in enumerate(names)})])
    x, y, _ = tile_of(*HERE, 14)
    from urllib.parse import quote

    asked = ",".join(quote(name, safe="") for name in names)
    (one,) = ask.tile("lamps", 14, x, y, f"?properties={asked}").features
    assert one["properties"] == {"key": "k"} | {name: f"v{place}" for place, name in enumerate(names)}


def test_a_field_called_key_does_not_hide_the_key(sets, ask):
    schema = {"type": "object", "properties": {"key": {"type": "string"}}}
    sets.make(schema=schema, key_field=None)
    sets.put("lamps", [("k1", shapely.Point(HERE), {"key": "own"})])
    x, y, _ = tile_of(*HERE, 14)
    (one,) = ask.tile("lamps", 14, x, y, "?properties=key").features
    assert one["properties"] == {"_key": "k1", "key": "own"}


SHAPES = {
    "block": shapely.Point(*HERE).buffer(0.004),
    "ring": shapely.Point(*HERE).buffer(0.003).difference(shapely.Point(*HERE).buffer(0.001)),
    "far": shapely.box(100.0, 15.0, 110.0, 22.0),
    "parts": shapely.MultiPolygon([shapely.box(105.851, 21.031, 105.852, 21.032), shapely.box(105.853, 21.033, 105.854, 21.034)]),
    "road": shapely.LineString([(105.80, 21.0), (105.85, 21.03), (105.9, 21.02)]),
    "roads": shapely.MultiLineString([[(105.849, 21.03), (105.851, 21.031)], [(105.84, 21.03), (105.86, 21.029)]]),
    "stops": shapely.MultiPoint([(105.85, 21.03), (105.8501, 21.0302)]),
    "mixed": shapely.GeometryCollection([shapely.Point(105.85, 21.03), shapely.box(105.849, 21.029, 105.85, 21.03)]),
}  # fmt: skip


@pytest.mark.parametrize("z", [10, 12, 14, 17])
def test_shapes_are_the_true_ones_cut_at_the_margin(sets, ask, z):
    import numpy as np

    sets.make(geometry_type="Geometry")
    sets.put("lamps", [(key, shape, {"code": key, "name": key}) for key, shape in SHAPES.items()])
    x, y, _ = tile_of(*HERE, z)
    found = {one["properties"]["key"]: one for one in ask.tile("lamps", z, x, y).features}

    def units(xy):
        lon, lat = xy.T
        world = 4096 * 2.0**z
        down = (0.5 - np.log(np.tan(np.pi / 4 + np.radians(lat) / 2)) / (2 * np.pi)) * world
        return np.stack([(lon + 180) / 360 * world - x * 4096, down - y * 4096], axis=1)

    area = shapely.box(-64, -64, 4160, 4160)
    for key, whole in SHAPES.items():
        shape = whole if key != "mixed" else shapely.get_parts(whole)[1]  # a collection is drawn by its largest parts
        exact = shapely.transform(shape, units).intersection(area)
        if exact.is_empty:
            assert key not in found
            continue
        if "point_count" in found[key]["properties"]:
            assert max(exact.bounds[2] - exact.bounds[0], exact.bounds[3] - exact.bounds[1]) < 4
            continue
        drawn = shapely.geometry.shape(found[key]["geometry"])
        assert drawn.is_valid
        assert shapely.get_dimensions(drawn) == shapely.get_dimensions(exact)
        assert shapely.hausdorff_distance(drawn, exact) < 4
        assert drawn.area == pytest.approx(exact.area, abs=4 * exact.length + 4)


def test_hidden_fields_are_in_no_tile_and_cannot_be_asked_for(sets, ask):
    sets.make()
    sets.put("lamps", [lamp("A1")])
    x, y, _ = tile_of(*HERE, 14)
    assert "két" not in ask.tile("lamps", 14, x, y).body.decode(errors="replace")
    for query in ("?properties=secret", "?filter=secret='k%C3%A9t s%E1%BB%91 9'"):
        refused = ask.tile("lamps", 14, x, y, query)
        assert refused.status == 400
        absent = ask.tile("lamps", 14, x, y, query.replace("secret", "nobody"))
        assert refused.body.replace(b"secret", b"nobody") == absent.body
    assert b"secret" not in ask.get("/ogc/collections/lamps/tiles/WebMercatorQuad/tilejson.json").body


def test_a_style_that_uses_a_hidden_field_is_not_shown(sets, ask):
    style = {
        "layers": [
            {"type": "circle", "paint": {"circle-color": ["match", ["get", "secret"], "x", "#111111", "#222222"]}}
        ]
    }
    sets.make(style=style)
    sets.put("lamps", [lamp("A1")])
    for path in ("styles/default", "styles/default/legend", "tiles/WebMercatorQuad"):
        assert b"secret" not in ask.get(f"/ogc/collections/lamps/{path}").body


@pytest.mark.parametrize("hidden", [{"sharing": "restricted"}, {"sharing": "shared"}, {"status": "draft"}])
def test_what_may_not_be_seen_is_as_if_it_were_not(sets, ask, hidden):
    sets.make(**hidden)
    sets.put("lamps", [lamp("A1")])
    x, y, _ = tile_of(*HERE, 14)
    for path in (f"tiles/WebMercatorQuad/14/{y}/{x}", "tiles", "tiles/WebMercatorQuad", "styles", "styles/default",
                 "tiles/WebMercatorQuad/tilejson.json", "styles/default/legend", "tiles/WebMercatorQuad/30/0/0"):  # fmt: skip
        there = ask.get(f"/ogc/collections/lamps/{path}")
        absent = ask.get(f"/ogc/collections/nixes/{path}")
        assert there.status == absent.status == 404
        assert there.body.replace(b"lamps", b"nixes") == absent.body


def test_what_is_withdrawn_is_gone_at_once(sets, ask):
    sets.make()
    sets.put("lamps", [lamp("A1")])
    x, y, _ = tile_of(*HERE, 14)
    etag = ask.tile("lamps", 14, x, y).headers["etag"]
    sets.describe("lamps", sharing="restricted")  # by another process: the view kept here does not know
    assert ask.tile("lamps", 14, x, y).status == 404
    assert ask.tile("lamps", 14, x, y, if_none_match=etag).status == 404


def test_a_field_that_is_closed_leaves_the_tiles_at_once(sets, ask):
    sets.make()
    sets.put("lamps", [lamp("A1")])
    x, y, _ = tile_of(*HERE, 14)
    assert ask.tile("lamps", 14, x, y).features[0]["properties"]["kind"] == "led"
    closed = {
        **SCHEMA,
        "properties": {**SCHEMA["properties"], "kind": {**SCHEMA["properties"]["kind"], "x-open": False}},
    }
    sets.describe("lamps", schema=closed)
    assert "kind" not in ask.tile("lamps", 14, x, y).features[0]["properties"]


def test_filters_narrow_the_tile(sets, ask):
    sets.make()
    sets.put("lamps", [lamp("A1"), lamp("A2", kind="hps", power=150), lamp("A3", lon=105.851, power=250)])
    x, y, _ = tile_of(*HERE, 14)

    def keys(query):
        return ask.tile("lamps", 14, x, y, f"?{query}").keys

    assert keys("filter=power%3E100") == {"A2", "A3"}
    assert keys("filter=kind%3D'hps'&properties=year") == {"A2"}
    assert keys("filter=S_INTERSECTS(geometry,BBOX(105.8505,21.0,105.9,21.1))") == {"A3"}
    assert keys('filter-lang=cql2-json&filter={"op":"<","args":[{"property":"power"},100]}') == {"A1"}


def test_datetime_takes_what_was_valid(sets, ask):
    roles = {"since": {"type": "string", "x-role": "valid-from"}, "until": {"type": "string", "x-role": "valid-until"}}
    sets.make(schema={**SCHEMA, "properties": {**SCHEMA["properties"], **roles}})
    day = 86_400_000_000
    sets.put("lamps", [lamp("old", valid_until=100 * day), lamp("new", valid_from=100 * day), lamp("ever")])
    x, y, _ = tile_of(*HERE, 14)
    assert ask.tile("lamps", 14, x, y, "?datetime=1970-03-01T00:00:00Z").keys == {"old", "ever"}
    assert ask.tile("lamps", 14, x, y, "?datetime=1971-03-01T00:00:00Z/..").keys == {"new", "ever"}
    assert ask.tile("lamps", 14, x, y).keys == {"old", "new", "ever"}


def test_as_of_takes_what_stood_then(sets, ask):
    sets.make()
    minute = 60_000_000
    start = 1_700_000_000_000_000
    sets.put("lamps", [lamp("A1"), lamp("A2")], at=start)
    sets.put("lamps", [lamp("A1", name="Đèn mới")], at=start + 10 * minute)
    sets.remove("lamps", "A2", at=start + 20 * minute)
    x, y, _ = tile_of(*HERE, 14)

    def names(minutes):
        from dothi.kit import clock

        at = clock.moment(start + minutes * minute).strftime("%Y-%m-%dT%H:%M:%SZ")
        return sorted(one["properties"]["name"] for one in ask.tile("lamps", 14, x, y, f"?as-of={at}").features)

    assert names(-1) == []
    assert names(5) == ["Đèn A1", "Đèn A2"]
    assert names(15) == ["Đèn A2", "Đèn mới"]
    assert names(25) == ["Đèn mới"]


def test_another_datasets_records_are_not_in_the_tile(sets, ask):
    sets.make()
    sets.make("benches")
    sets.put("lamps", [lamp("A1")])
    sets.put("benches", [lamp("B1")])
    x, y, _ = tile_of(*HERE, 14)
    assert ask.tile("lamps", 14, x, y).keys == {"A1"}
    assert ask.tile("benches", 14, x, y).keys == {"B1"}


@pytest.fixture
def few(monkeypatch, sets):
    monkeypatch.setenv("DOTHI_TILE_FEATURES", "40")
    config.settings.cache_clear()
    yield sets
    config.settings.cache_clear()


def test_points_too_many_are_gathered_and_every_one_counted(few, ask):
    import random

    rng = random.Random(3)
    few.make()
    few.put("lamps", [lamp(f"A{n}", rng.gauss(105.85, 0.02), rng.gauss(21.03, 0.02)) for n in range(300)])
    few.put("lamps", [lamp("alone", 105.6, 21.2)])
    for z in (0, 5, 9):
        x, y, _ = tile_of(*HERE, z)
        answer = ask.tile("lamps", z, x, y)
        assert answer.total == 301
        assert len(answer.features) < 301
        assert all(one["geometry"]["type"] == "Point" for one in answer.features)
    alone = [one for one in answer.features if one["properties"].get("key") == "alone"]
    assert [one["properties"] for one in alone] == [{"key": "alone", "name": "Đèn alone", "kind": "led"}]
    places = [tuple(one["geometry"]["coordinates"]) for one in answer.features]
    assert len({(x // 256, y // 256) for x, y in places}) == len(places)


def test_tiles_beside_each_other_count_every_point_once(few, ask):
    import random

    rng = random.Random(4)
    few.make()
    places = [(rng.gauss(105.85, 0.05), rng.gauss(21.03, 0.05)) for _ in range(400)]
    few.put("lamps", [lamp(f"A{n}", *place) for n, place in enumerate(places)])
    tiles = {tile_of(*place, 11)[:2] for place in places}
    crowded = [tile for tile in tiles if sum(tile_of(*place, 11)[:2] == tile for place in places) > 40]
    assert crowded
    for x, y in crowded:
        assert ask.tile("lamps", 11, x, y).total == sum(tile_of(*place, 11)[:2] == (x, y) for place in places)


def test_small_shapes_are_counted_instead_of_lost(sets, ask):
    sets.make(geometry_type="Polygon")
    houses = [
        (f"H{n}", shapely.box(105.85 + n / 5000, 21.03, 105.8501 + n / 5000, 21.0301), {"code": f"H{n}"})
        for n in range(30)
    ]
    park = ("park", shapely.box(105.8, 21.0, 105.9, 21.1), {"code": "park"})
    sets.put("lamps", [*houses, park])
    x, y, _ = tile_of(105.851, 21.03, 10)
    answer = ask.tile("lamps", 10, x, y)
    assert answer.total == 31
    drawn = [one for one in answer.features if one["geometry"]["type"] != "Point"]
    assert [one["properties"]["key"] for one in drawn] == ["park"]
    x, y, _ = tile_of(105.8501, 21.0301, 17)
    assert ask.tile("lamps", 17, x, y).keys >= {"H0", "park"}


def test_of_too_many_shapes_the_largest_are_drawn_and_the_others_counted(few, ask):
    few.make(geometry_type="Polygon")
    made = []
    for n in range(60):
        west, south, size = 105.8 + (n % 10) / 100, 21.0 + (n // 10) / 100, 0.001 + n / 10_000
        made.append((f"P{n:02}", shapely.box(west, south, west + size, south + size), {"code": f"P{n:02}"}))
    few.put("lamps", made)
    x, y, _ = tile_of(105.85, 21.03, 9)
    answer = ask.tile("lamps", 9, x, y)
    drawn = {one["properties"]["key"] for one in answer.features if one["geometry"]["type"] == "Polygon"}
    assert drawn == {f"P{n:02}" for n in range(20, 60)}
    assert answer.total == 60


def test_nothing_there_is_204(sets, ask):
    sets.make()
    answer = ask.tile("lamps", 14, 1, 1)
    assert (answer.status, answer.body) == (204, b"")
    assert ask.tile("lamps", 14, 1, 1, if_none_match=answer.headers["etag"]).status == 304


@pytest.mark.parametrize(
    "address", ["25/0/0", "2/4/0", "2/0/4", "a/0/0", "2/0", "2/0/0/0", "2/0/-1", "2/0/0.png", "٢/0/0"]
)
def test_addresses_outside_the_matrix_set_are_not_found(sets, ask, address):
    sets.make()
    answer = ask.get(f"/ogc/collections/lamps/tiles/WebMercatorQuad/{address}")
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_every_fault_of_a_query_is_said_at_once(sets, ask):
    sets.make()
    answer = ask.tile("lamps", 2, 3, 1, "?colour=red&f=png&datetime=soon&properties=nix&filter=(&limit=3")
    assert answer.status == 400
    assert {one["place"].split("[")[0] for one in answer.json["faults"]} >= {
        "colour",
        "f",
        "datetime",
        "properties",
        "limit",
    }
    assert len(answer.json["faults"]) >= 6


def test_who_takes_gzip_gets_the_same_tile_packed(sets, ask):
    sets.make()
    sets.put("lamps", [lamp("A1")])
    x, y, _ = tile_of(*HERE, 14)
    plain = ask.tile("lamps", 14, x, y)
    from dothi.datasets import tiling as room

    assert room._tiles
    packed = ask.tile("lamps", 14, x, y, accept_encoding="gzip")  # httpx unpacks it
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.body == plain.body
    assert int(packed.headers["content-length"]) == len(gzip.compress(plain.body, 1, mtime=0))
    assert ask.tile("lamps", 14, x, y).body == plain.body


def test_the_cache_stays_within_its_bytes(sets, ask, monkeypatch):
    monkeypatch.setenv("DOTHI_TILE_CACHE", "2000")
    config.settings.cache_clear()
    sets.make()
    sets.put("lamps", [lamp("A1")])
    for z in range(15):
        x, y, _ = tile_of(*HERE, z)
        ask.tile("lamps", z, x, y, accept_encoding="gzip" if z % 2 else "identity")
        assert tiling._size == sum(one.size for one in tiling._tiles.values()) <= 2000
    assert tiling._tiles
    config.settings.cache_clear()


def test_ogc_head_options_and_other_methods(sets, ask):
    sets.make()
    path = "/ogc/collections/lamps/tiles/WebMercatorQuad/2/1/3"
    assert ask.get(path, method="OPTIONS").status == 204
    answer = ask.get(path, method="POST")
    assert answer.status == 405
    assert "GET" in answer.headers["allow"]
    assert ask.get(path, method="HEAD").status == 204
