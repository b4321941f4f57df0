"""GeoPackage, Shapefile, KML and FlatGeobuf: written by GDAL to a temporary file, then handed on in pieces."""

import re
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from dothi.datasets.formats import arrow, rows
from dothi.datasets.formats.rows import Column, Target
from dothi.datasets.formats.sheet import pieces
from dothi.datasets.loads.gdal import pyogrio
from dothi.datasets.loads.words import slug
from dothi.datasets.reading import Asked
from dothi.datasets.views import View
from dothi.kit.errors import BadInput

# dBASE's companion holds single and many lines or areas under one type, points and many points under two
_FAMILIES = {"points": ("Point", "MultiPoint"), "lines": ("LineString", "MultiLineString"),
             "areas": ("Polygon", "MultiPolygon")}  # fmt: skip


def gpkg(view: View, asked: Asked, where: Target) -> Iterator[bytes]:
    """OGC GeoPackage, one layer called by the dataset's code."""
    yield from _single(view, asked, where, "GPKG", "out.gpkg", SPATIAL_INDEX="YES")


def flatgeobuf(view: View, asked: Asked, where: Target) -> Iterator[bytes]:
    """FlatGeobuf with its index."""
    yield from _single(view, asked, where, "FlatGeobuf", "out.fgb")


def kml(view: View, asked: Asked, where: Target) -> Iterator[bytes]:
    """KML whose placemarks are called by the dataset's name field."""
    columns = rows.columns(view, asked)
    names = [one.name for one in columns]
    named = next((one.name for one in view.fields if one.role == "name"), None)
    if named in names and "Name" not in names:
        names[names.index(named)] = "Name"
    # dates as texts: KML would make time stamps of them, which a map shows as an animation
    plain = [replace(one, kind="string") if one.kind in ("date", "date-time") else one for one in columns]
    with tempfile.TemporaryDirectory(prefix="dothi-export-") as folder:
        path = Path(folder) / "out.kml"
        _write(path, "LIBKML", view, asked, where, plain, names)
        yield from pieces(path)


def shp(view: View, asked: Asked, where: Target) -> Iterator[bytes]:
    """A zip of shapefiles: one for points, lines and areas each where the dataset has several; columns.txt names fields."""
    columns = rows.columns(view, asked)
    names = short_names([one.name for one in columns])
    texts = [replace(one, kind="string") if one.kind == "date-time" else one for one in columns]
    family = next((name for name, types in _FAMILIES.items() if view.geometry_type in types), None)
    with tempfile.TemporaryDirectory(prefix="dothi-export-") as folder:
        inside = Path(folder) / "shapes"
        inside.mkdir()
        for name, types in _FAMILIES.items():
            if family not in (None, name):
                continue
            stem = view.code if family else f"{view.code}-{name}"
            keep = None if family else _only(types)
            type_ = view.geometry_type if view.geometry_type in ("Point", "MultiPoint") else types[name == "points"]
            _write(inside / f"{stem}.shp", "ESRI Shapefile", view, asked, where, texts, names, type_=type_, keep=keep,
                   ENCODING="UTF-8")  # fmt: skip
        path = Path(folder) / "out.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for one in sorted(inside.iterdir()):
                archive.write(one, one.name)
            lines = [
                f'{short},"{one.name}","{one.title.replace(chr(34), chr(39))}"'
                for short, one in zip(names, columns, strict=True)
            ]
            archive.writestr("columns.txt", "\ufeffcolumn,field,title\r\n" + "\r\n".join(lines) + "\r\n")
        yield from pieces(path)


def _only(types: Sequence[str]) -> Callable[[Any], bool]:
    def keep(shape: Any) -> bool:
        return shape is not None and shape.geom_type in types

    return keep


def short_names(names: Sequence[str]) -> list[str]:
    """Names of at most ten plain characters, each once: what dBASE allows."""
    made: list[str] = []
    for name in names:
        short = base = (slug(name) if not re.fullmatch(r"\w+", name, re.ASCII) else name)[:10].rstrip("_")
        number = 2
        while short.lower() in {one.lower() for one in made}:
            short = f"{base[: 10 - len(str(number)) - 1]}_{number}"
            number += 1
        made.append(short)
    return made


def _single(view: View, asked: Asked, where: Target, driver: str, name: str, **options: Any) -> Iterator[bytes]:
    columns = rows.columns(view, asked)
    with tempfile.TemporaryDirectory(prefix="dothi-export-") as folder:
        path = Path(folder) / name
        _write(path, driver, view, asked, where, columns, _free(columns, driver), **options)
        yield from pieces(path)


def _free(columns: Sequence[Column], driver: str) -> list[str]:
    """Names that are not those the format has for itself."""
    own = {"geometry", "geom", "fid", "ogc_fid"} if driver == "GPKG" else {"geometry"}
    return [f"{one.name}_" if one.name.lower() in own else one.name for one in columns]


def _write(
    path: Path,
    driver: str,
    view: View,
    asked: Asked,
    where: Target,
    columns: Sequence[Column],
    names: Sequence[str],
    *,
    type_: str | None = None,
    keep: Callable[[Any], bool] | None = None,
    **options: Any,
) -> None:
    drawn = view.geometry_type is not None and asked.geometry
    made = arrow.schema(columns, names, drawn=drawn)
    reader = pa.RecordBatchReader.from_batches(
        made, arrow.batches(view, asked, where, columns, made, drawn=drawn, keep=keep, many=type_ == "MultiPoint")
    )
    kind = type_ or view.geometry_type or "Unknown"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pyogrio.write_arrow(
                reader, path, layer=path.stem if driver == "ESRI Shapefile" else view.code, driver=driver,
                geometry_name=arrow.SHAPE if drawn else None,
                geometry_type=("Unknown" if kind == "Geometry" else kind) if drawn else None,
                crs=where.wkt if drawn else None, **options,
            )  # fmt: skip
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FieldError) as error:
        raise BadInput(f"{view.code} cannot be written as {driver}: {str(error)[:200]}") from None
