"""Export: every format a dataset can be had in. What is hidden from the view is not in the file."""

from collections.abc import Callable, Iterator

from dothi.datasets import reading
from dothi.datasets.formats import plain, rows, sheet
from dothi.datasets.formats.rows import Target
from dothi.datasets.reading import Asked
from dothi.datasets.views import View
from dothi.kit.errors import BadInput, Fault

# name: media type, extension
formats: dict[str, tuple[str, str]] = {
    "geojson": ("application/geo+json", "geojson"),
    "geojsonseq": ("application/geo+json-seq", "geojsonl"),
    "csv": ("text/csv; charset=utf-8", "csv"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    "gpkg": ("application/geopackage+sqlite3", "gpkg"),
    "shp": ("application/zip", "zip"),
    "kml": ("application/vnd.google-earth.kml+xml", "kml"),
    "geoparquet": ("application/vnd.apache.parquet", "parquet"),
    "flatgeobuf": ("application/flatgeobuf", "fgb"),
}
DRAWN = frozenset({"shp", "kml", "flatgeobuf"})  # a dataset without geometry has none of these
_DEGREES = frozenset({"geojson", "geojsonseq", "kml"})  # are WGS 84 by their standards
_Writer = Callable[[View, Asked, Target], Iterator[bytes]]


def export(view: View, asked: Asked | None, name: str, crs: str | None = None) -> Iterator[bytes]:
    """Records as a file, piece by piece. crs: EPSG code, URI, or words for a VN-2000 zone; WGS 84 when not given.

    What cannot be done is a BadInput at once, before the first piece is asked for.
    """
    if name not in formats:
        raise BadInput(f"no format {name!r}", [Fault("format", repr(name)[:80], ", ".join(formats))])
    if view.geometry_type is None and name in DRAWN:
        raise BadInput(
            f"{view.code} has no geometry, and {name} is nothing without",
            [Fault("format", name, "csv, xlsx, geoparquet")],
        )
    reading.page(view, asked or Asked())  # refuses what cannot be filtered or sorted by
    where = rows.target(crs)
    if where.way is not None and name in _DEGREES:
        raise BadInput(
            f"{name} is in WGS 84 by its standard", [Fault("crs", where.name, "EPSG:4326, or another format")]
        )
    return _writer(name)(view, asked or Asked(), where)


def _writer(name: str) -> _Writer:
    own: dict[str, _Writer] = {
        "geojson": plain.geojson, "geojsonseq": plain.geojsonseq, "csv": plain.csv, "xlsx": sheet.xlsx,
    }  # fmt: skip
    if name in own:
        return own[name]
    if name == "geoparquet":
        from dothi.datasets.formats import geoparquet

        return geoparquet.written
    from dothi.datasets.formats import ogr

    return {"gpkg": ogr.gpkg, "shp": ogr.shp, "kml": ogr.kml, "flatgeobuf": ogr.flatgeobuf}[name]
