"""Downloads of whole datasets as OpenAPI; the pages around them are for people."""

from dothi.datasets.formats import export
from dothi.web.openapi import Json, content, inside, operation, query

_TEXT: Json = {"type": "string", "maxLength": 400}
_FILE: Json = {"type": "string", "format": "binary"}
_MEDIA = tuple(dict.fromkeys(media.partition(";")[0] for media, _ in export.formats.values()))

openapi: Json = {
    "paths": {
        "/catalogue/{code}/download.{ext}": {
            "get": operation(
                "catalogue", "A dataset as a file, whole or filtered",
                {"200": ("The file, streamed", content(_FILE, *_MEDIA))},
                [
                    inside("code", "The dataset's name", {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"}),
                    inside("ext", "Extension of the file: csv, xlsx, geojson, gpkg, shp.zip …", {"type": "string", "pattern": "^[a-z.]+$"}),
                    query("f", "Condition `field:operator:value`; operators has, is, not, min, max, empty, full", _TEXT),
                    query("filter", "Filter in CQL2 text", _TEXT), query("q", "Words of text", _TEXT),
                    query("unit", "Code of a commune", {"type": "string", "pattern": "^[0-9]{1,10}$"}),
                    query("sort", "Field to sort by, with - for descending", _TEXT),
                    query("crs", "Reference system: EPSG code, or words for a VN-2000 zone", _TEXT),
                ],
            ),
        },
    },
}  # fmt: skip
