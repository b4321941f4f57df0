"""What describes tiles and styles, as clients read it."""

import math

import httpx
import pyogrio
import pytest
import shapely

from dothi.datasets import styles, views
from dothi.identity.guard import ANONYMOUS
from tests.tiles.conftest import PATH, tile_of

HERE = (105.85, 21.03)
OWN = "/ogc/collections/lamps"


def some(sets, **more):
    sets.make(**more)
    sets.put("lamps", [("A", shapely.Point(HERE), {"code": "A", "name": "Đèn A", "kind": "led", "power": 70})])


def test_the_matrix_set_is_the_worlds_usual_one(sets, ask):
    (one,) = ask.get("/ogc/tileMatrixSets").json["tileMatrixSets"]
    assert one["id"] == "WebMercatorQuad"
    whole = ask.get("/ogc/tileMatrixSets/WebMercatorQuad").json
    first, last = whole["tileMatrices"][0], whole["tileMatrices"][-1]
    assert first["scaleDenominator"] == pytest.approx(559082264.0287178)
    assert first["cellSize"] == pytest.approx(156543.03392804097)
    assert last["matrixWidth"] == 2**24
    assert ask.get("/ogc/tileMatrixSets/Other").status == 404


def test_a_client_finds_its_way_from_the_list_to_a_tile(sets, ask):
    some(sets)
    listed = ask.get(f"{OWN}/tiles").json["tilesets"][0]
    assert listed["dataType"] == "vector"
    assert listed["tileMatrixSetURI"] == "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
    own = next(one["href"] for one in listed["links"] if one["rel"] == "self")
    tileset = ask.get(httpx.URL(own).raw_path.decode()).json
    (layer,) = tileset["layers"]
    assert layer["geometryDimension"] == 0
    assert set(layer["propertiesSchema"]["properties"]) == {"key", "name", "kind"}
    item = next(one for one in tileset["links"] if one["rel"] == "item")
    assert item["templated"]
    limits = next(one for one in tileset["tileMatrixSetLimits"] if one["tileMatrix"] == "14")
    x, y, _ = tile_of(*HERE, 14)
    assert limits["minTileRow"] <= y <= limits["maxTileRow"]
    assert limits["minTileCol"] <= x <= limits["maxTileCol"]
    url = item["href"].replace("{tileMatrix}", "14").replace("{tileRow}", str(y)).replace("{tileCol}", str(x))
    assert ask.get(httpx.URL(url).raw_path.decode()).keys == {"A"}


def test_tilejson_carries_the_filter_along(sets, ask):
    some(sets)
    told = ask.get(f"{OWN}/tiles/WebMercatorQuad/tilejson.json?filter=power%3E100&properties=power").json
    assert told["tilejson"] == "3.0.0"
    assert set(told["vector_layers"][0]["fields"]) == {"key", "name", "power", "point_count"}
    x, y, _ = tile_of(*HERE, 14)
    url = told["tiles"][0].replace("{z}", "14").replace("{y}", str(y)).replace("{x}", str(x))
    assert ask.get(httpx.URL(url).raw_path.decode()).status == 204
    assert ask.get(f"{OWN}/tiles/WebMercatorQuad/tilejson.json?filter=((").status == 400


def test_documents_carry_tags(sets, ask):
    some(sets)
    for path in (f"{OWN}/tiles", f"{OWN}/styles", f"{OWN}/styles/default", "/ogc/tileMatrixSets"):
        answer = ask.get(path)
        assert answer.headers["cache-control"] in ("public, no-cache", "private, no-cache")
        assert ask.get(path, if_none_match=answer.headers["etag"]).status == 304


def test_a_table_without_places_has_no_tiles(sets, ask):
    sets.make(geometry_type=None)
    assert ask.get(f"{OWN}/tiles").status == 404


def test_gdal_reads_a_tile(sets, ask, tmp_path):
    some(sets)
    x, y, _ = tile_of(*HERE, 14)
    path = tmp_path / f"{y}.pbf"
    path.write_bytes(ask.get(PATH.format("lamps", 14, y, x)).body)
    meta, _, geometry, fields = pyogrio.raw.read(path, X=str(x), Y=str(y), Z="14")
    assert "3857" in meta["crs"]
    point = shapely.from_wkb(geometry)[0]
    west = 20037508.342789244
    assert point.x == pytest.approx(HERE[0] / 180 * west, abs=1)
    north = math.log(math.tan(math.pi / 4 + math.radians(HERE[1]) / 2)) / math.pi * west
    assert point.y == pytest.approx(north, abs=1)
    named = dict(zip(meta["fields"], fields, strict=True))
    assert named["name"][0] == "Đèn A"


def view(code="lamps"):
    views.forget()
    return views.view(ANONYMOUS, code)


def test_a_legend_tells_classes_apart_without_colour(sets):
    some(sets)
    entries = styles.legend(view())
    assert [(one.label, one.label_en, one.value) for one in entries] == [
        ("Đèn LED", "LED", "led"), ("Cao áp", "Sodium", "hps"), ("Khác", "Other", None)]  # fmt: skip
    assert len({one.shape for one in entries[:-1]}) == 2
    assert all(one.colour != one.dark for one in entries)


@pytest.mark.parametrize(("kind", "part"), [("Polygon", "pattern"), ("LineString", "dash"), ("Point", "shape")])
def test_each_kind_of_geometry_has_its_signs(sets, kind, part):
    many = {"type": "object", "properties": {"a": {"type": "string", "enum": [f"v{n}" for n in range(12)]}}}
    sets.make(geometry_type=kind, schema=many, key_field=None)
    entries = styles.legend(view())[:-1]
    # colour and sign together are never the same twice
    assert len({(one.colour, getattr(one, part)) for one in entries}) == len(entries) == 12
    assert len({getattr(one, part) for one in entries}) == 6


def test_the_default_style_draws_every_class_and_what_is_gathered(sets, ask):
    some(sets)
    light = ask.get(f"{OWN}/styles/default")
    assert light.headers["content-type"] == "application/vnd.mapbox.style+json"
    style = light.json
    assert style["version"] == 8
    assert style["sources"]["lamps"]["url"].endswith("/ogc/collections/lamps/tiles/WebMercatorQuad/tilejson.json")
    assert len({layer["id"] for layer in style["layers"]}) == len(style["layers"])
    assert all(layer["source"] == layer["source-layer"] == "lamps" for layer in style["layers"])
    assert "point_count" in light.body.decode()
    dark = ask.get(f"{OWN}/styles/default?face=dark&lang=en").json
    assert dark["layers"] != style["layers"]
    assert [one["label"] for one in dark["metadata"]["dothi:legend"]] == ["LED", "Sodium", "Other"]
    assert ask.get(f"{OWN}/styles/default?face=pink").status == 400
    assert ask.get(f"{OWN}/styles/other").status == 404


def test_a_datasets_own_layers_are_taken_with_the_classes_they_match(sets, ask):
    paint = {"circle-color": ["match", ["get", "kind"], "led", "#112233", ["hps", "old"], "#445566", "#888888"]}
    own = {"fields": ["power"], "layers": [{"type": "circle", "paint": paint}]}
    some(sets, style=own)
    entries = styles.legend(view())
    assert [(one.label, one.colour) for one in entries] == [
        ("Đèn LED", "#112233"), ("Cao áp, old", "#445566"), ("Khác", "#888888")]  # fmt: skip
    assert styles.used(view()) == ("power", "kind")
    style = ask.get(f"{OWN}/styles/default").json
    assert style["layers"][0]["paint"] == paint
    assert style["layers"][0]["filter"] == ["!", ["has", "point_count"]]  # those have a layer of their own
    x, y, _ = tile_of(*HERE, 14)
    assert ask.tile("lamps", 14, x, y).features[0]["properties"] == {
        "key": "A",
        "name": "Đèn A",
        "kind": "led",
        "power": 70,
    }


def test_things_have_tiles_too(sets, ask, session):
    from dothi.sensing.tables import Thing

    rows = {"name": "Trạm 1", "name_folded": "tram 1", "description": "", "lon": HERE[0], "lat": HERE[1]}
    session.add(Thing(**rows, properties={}, sharing="open"))
    session.commit()
    x, y, _ = tile_of(*HERE, 14)
    answer = ask.tile("things", 14, x, y, "?properties=name,simulated")
    assert [one["properties"]["name"] for one in answer.features] == ["Trạm 1"]
    assert answer.headers["cache-control"] == "private, no-cache"
    assert (
        ask.tile("things", 14, x, y, "?properties=name,simulated", if_none_match=answer.headers["etag"]).status == 304
    )
