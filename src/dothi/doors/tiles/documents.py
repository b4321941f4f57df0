"""What describes tiles and styles: matrix set, lists of tilesets, tileset metadata, TileJSON, styles, legends.

OGC 20-057 (API Tiles 1.0), OGC 17-083r4 (Tile Matrix Set 2.0), TileJSON 3.0.0, OGC 20-009 (API Styles, draft).
"""

import math
from typing import Any

from dothi.datasets import reading, styles, tiling
from dothi.datasets.drawing import Face
from dothi.datasets.reading import Asked, Virtual
from dothi.datasets.views import View
from dothi.doors.tiles.answers import JSON, MVT, STYLE, TILEJSON, link, part
from dothi.doors.tiles.asked import MATRIX_SET

_CRS = "http://www.opengis.net/def/crs/EPSG/0/3857"
_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_URI = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{MATRIX_SET}"
_SCHEME = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
_SETS = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
_EDGE = 20037508.342789244  # metres; half the width of the square
_PIXEL = 0.00028  # metres, the standard's rendering pixel
_VIETNAM = (102.1, 6.9, 117.9, 23.4)
_KINDS = {"number": "Number", "integer": "Number", "boolean": "Boolean"}


def matrix_sets(base: str) -> dict[str, Any]:
    """The list of tile matrix sets: the one there is."""
    href = f"{base}/tileMatrixSets/{MATRIX_SET}"
    one = {"id": MATRIX_SET, "title": "Google Maps Compatible for the World", "uri": _URI, "crs": _CRS}
    return {"tileMatrixSets": [one | {"links": [link(href, "self", JSON, "Definition of WebMercatorQuad")]}]}


def matrix_set() -> dict[str, Any]:
    """The definition of WebMercatorQuad (OGC 17-083r4 annex D.1)."""
    return {
        "id": MATRIX_SET,
        "title": "Google Maps Compatible for the World",
        "uri": _URI,
        "crs": _CRS,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [_matrix(z) for z in range(tiling.LAST_ZOOM + 1)],
    }


def _matrix(z: int) -> dict[str, Any]:
    cell = 2 * _EDGE / 256 / 2**z
    return {
        "id": str(z), "scaleDenominator": cell / _PIXEL, "cellSize": cell, "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-_EDGE, _EDGE], "tileWidth": 256, "tileHeight": 256, "matrixWidth": 2**z, "matrixHeight": 2**z,
    }  # fmt: skip


def tilesets(base: str, view: View) -> dict[str, Any]:
    """The tilesets of a collection: the one there is."""
    own = _own(base, view)
    return {
        "links": [
            link(f"{own}/tiles", "self", JSON, "This list"),
            link(own, "http://www.opengis.net/def/rel/ogc/1.0/geodata", JSON, view.title),
        ],
        "tilesets": [
            {
                "title": view.title,
                "dataType": "vector",
                "crs": _CRS,
                "tileMatrixSetURI": _URI,
                "links": [link(f"{own}/tiles/{MATRIX_SET}", "self", JSON, view.title), *_links(base, view, "")],
            }
        ],
    }


def tileset(base: str, view: View, asked: Asked, more: str) -> dict[str, Any]:
    """The metadata of a collection's tileset. more: what narrows it, as `&name=value` texts."""
    own = _own(base, view)
    west, south, east, north = _box(view)
    zoom = _zoom(view)
    dimension = {"Point": 0, "MultiPoint": 0, "LineString": 1, "MultiLineString": 1, "Polygon": 2, "MultiPolygon": 2}
    fields = {one.name: one for one in view.fields}
    names = tiling.attributes(view, asked.properties)
    properties: dict[str, Any] = {}
    for name, kind in names:
        one: dict[str, Any] = {"type": kind if kind in ("number", "integer", "boolean") else "string"}
        if name in fields:
            one |= {"title": fields[name].title or name}
        properties[name] = one
    layer: dict[str, Any] = {
        "id": view.code,
        "title": view.title,
        "description": view.description,
        "dataType": "vector",
        "crs": _CRS,
        "minTileMatrix": "0",
        "maxTileMatrix": str(tiling.LAST_ZOOM),
        "propertiesSchema": {"type": "object", "properties": properties},
        "boundingBox": {"lowerLeft": [west, south], "upperRight": [east, north], "crs": _CRS84},
    }
    if view.geometry_type in dimension:
        layer["geometryDimension"] = dimension[view.geometry_type]
    return {
        "title": view.title,
        "description": view.description,
        "dataType": "vector",
        "crs": _CRS,
        "tileMatrixSetURI": _URI,
        "tileMatrixSetLimits": [_limits(z, (west, south, east, north)) for z in range(tiling.LAST_ZOOM + 1)],
        "boundingBox": layer["boundingBox"],
        "centerPoint": {
            "coordinates": [(west + east) / 2, (south + north) / 2], "crs": _CRS84, "tileMatrix": str(zoom),
        },
        "layers": [layer],
        "links": [
            link(f"{own}/tiles/{MATRIX_SET}{_query(more)}", "self", JSON, view.title), *_links(base, view, more),
        ],
    }  # fmt: skip


def tilejson(base: str, view: View, asked: Asked, more: str) -> dict[str, Any]:
    """TileJSON 3.0.0, which MapLibre, QGIS and GDAL read."""
    box = _box(view)
    titles = {one.name: one.title or one.name for one in view.fields}
    fields = {
        name: f"{_KINDS.get(kind, 'String')}. {titles[name]}" if name in titles else _KINDS.get(kind, "String")
        for name, kind in tiling.attributes(view, asked.properties)
    }
    own = f"{_own(base, view)}/tiles/{MATRIX_SET}"
    return {
        "tilejson": "3.0.0",
        "name": view.title,
        "description": view.description,
        "attribution": view.licence or "",
        "scheme": "xyz",
        "format": "pbf",
        "tiles": [f"{own}/{{z}}/{{y}}/{{x}}?f=mvt{more}"],
        "minzoom": 0,
        "maxzoom": tiling.BEST_ZOOM,
        "bounds": list(box),
        "center": [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2, _zoom(view)],
        "vector_layers": [
            {
                "id": view.code,
                "description": view.title,
                "minzoom": 0,
                "maxzoom": tiling.BEST_ZOOM,
                "fields": fields | {"point_count": "Number. How many records a gathered point stands for"},
            }
        ],
    }


def style_list(base: str, view: View) -> dict[str, Any]:
    """The styles of a collection: the one there is, light and dark."""
    own = f"{_own(base, view)}/styles"
    return {
        "default": "default",
        "styles": [
            {
                "id": "default",
                "title": view.title,
                "links": [
                    link(f"{own}/default", "stylesheet", STYLE, "MapLibre"),
                    link(f"{own}/default?face=dark", "stylesheet", STYLE, "MapLibre, on dark ground"),
                    link(f"{own}/default/legend", "describedby", JSON, "Legend"),
                ],
            }
        ],
        "links": [link(own, "self", JSON, "This list")],
    }


def style(base: str, view: View, face: Face, language: str) -> dict[str, Any]:
    """The MapLibre style of a collection."""
    return styles.default(view, f"{_own(base, view)}/tiles/{MATRIX_SET}/tilejson.json", face, language)


def legend(view: View, face: Face, language: str) -> dict[str, Any]:
    """The legend of a collection."""
    return {"title": view.title, "entries": [styles.in_words(one, face, language) for one in styles.legend(view)]}


def public(view: View) -> bool:
    """Whether everybody gets the same description."""
    return view.sharing == "open" and view.status == "published" and not isinstance(view, Virtual) and _plain(view)


def _plain(view: View) -> bool:
    return all(one.open and not one.personal for one in view.fields)


def _own(base: str, view: View) -> str:
    return f"{base}/collections/{part(view.code)}"


def _query(more: str) -> str:
    return f"?{more[1:]}" if more else ""


def _links(base: str, view: View, more: str) -> list[dict[str, Any]]:
    own = f"{_own(base, view)}/tiles/{MATRIX_SET}"
    tiles = f"{own}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?f=mvt{more}"
    return [
        link(tiles, "item", MVT, "Vector tiles", templated=True),
        link(f"{own}/tilejson.json{_query(more)}", "describedby", TILEJSON, "TileJSON"),
        link(f"{base}/tileMatrixSets/{MATRIX_SET}", _SCHEME, JSON, "Definition of WebMercatorQuad"),
        link(_own(base, view), "http://www.opengis.net/def/rel/ogc/1.0/geodata", JSON, view.title),
    ]


def _box(view: View) -> reading.Box:
    """Where the records are; all of Vietnam while there are none."""
    west, south, east, north = view.bbox or _VIETNAM
    edge = 85.0511287
    return west, max(south, -edge), east, min(north, edge)


def _zoom(view: View) -> int:
    """A zoom at which the whole extent is seen."""
    west, south, east, north = _box(view)
    return max(0, min(14, math.floor(math.log2(360 / max(east - west, (north - south) * 1.1, 0.01)))))


def _limits(z: int, box: reading.Box) -> dict[str, Any]:
    west, south, east, north = box

    def column(lon: float) -> int:
        return min(max(math.floor((lon + 180) / 360 * (1 << z)), 0), (1 << z) - 1)

    def row(lat: float) -> int:
        share = 0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)
        return min(max(math.floor(share * (1 << z)), 0), (1 << z) - 1)

    return {
        "tileMatrix": str(z),
        "minTileRow": row(north), "maxTileRow": row(south), "minTileCol": column(west), "maxTileCol": column(east),
    }  # fmt: skip


COLLECTION_LINKS = (
    link("{collection}/tiles", _SETS, JSON, "Vector tiles"),
    link("{collection}/styles", "http://www.opengis.net/def/rel/ogc/1.0/styles", JSON, "Styles"),
)
LINKS = (
    link("{base}/tileMatrixSets", "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes", JSON, "Tile matrix sets"),
)
