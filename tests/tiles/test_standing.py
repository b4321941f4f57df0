"""The door in the whole application: declared, linked, described."""

import httpx
from openapi_spec_validator import OpenAPIV30SpecValidator

from dothi.app import create
from tests.tiles.conftest import Asker


def test_the_landing_page_declares_and_links_tiles(sets):
    sets.make()
    ask = Asker(create())
    classes = ask.get("/ogc/conformance").json["conformsTo"]
    for one in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt", "oas30"):
        assert f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{one}" in classes
    collection = ask.get("/ogc/collections/lamps?f=json").json
    (tiles,) = [one for one in collection["links"] if one["rel"].endswith("tilesets-vector")]
    assert ask.get(httpx.URL(tiles["href"]).path).json["tilesets"]
    described = ask.get("/ogc/api?f=json").json
    OpenAPIV30SpecValidator(described).validate()
    path = "/collections/{collectionId}/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"
    assert described["paths"][path]["get"]["operationId"] == "collection.vector.getTile"
    assert ask.get("/ogc/collections/lamps/tiles/WebMercatorQuad/2/1/3").status == 204
    assert ask.get("/ogc/collections/lamps/items").status == 200
    ask.close()
