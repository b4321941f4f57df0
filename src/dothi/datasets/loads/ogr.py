"""Formats GDAL reads, as Arrow batches: Shapefile, GeoPackage, KML, DXF, FlatGeobuf, TopoJSON."""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from pyproj import CRS

from dothi.datasets.loads import crs as systems
from dothi.datasets.loads import dbf
from dothi.datasets.loads.found import BATCH, Batch, RowFault
from dothi.datasets.loads.gdal import pyogrio
from dothi.kit.encodings import Encoding, decoded
from dothi.kit.errors import BadInput, Fault

DataLayerError, DataSourceError = pyogrio.errors.DataLayerError, pyogrio.errors.DataSourceError

_LATIN = "ISO-8859-1"  # every byte a letter of the same number, so that bytes can be had back


def layers(name: str, path: Path) -> list[str]:
    """The names of a file's layers that have geometry, then of those that have none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = pyogrio.list_layers(path)
    except (DataSourceError, DataLayerError, ValueError) as error:
        raise _broken(name, error) from None
    return [str(row[0]) for row in sorted(found, key=lambda row: row[1] is None)]


def _broken(name: str, error: Exception) -> BadInput:
    said = str(error).replace("It might help to specify the correct driver explicitly by prefixing the file path", "")
    return BadInput(f"{name} cannot be read: {said.split('; ')[-1][:300]}", [Fault("file", name)])


class Ogr:
    """One layer of a file."""

    def __init__(self, file: str, path: Path, format_: str, layer: str | None, *, encoding: str | None = None) -> None:
        self.format, self._path, self._file = format_, path, file
        self.notices: list[str] = []
        self._how: Encoding | None = None
        if format_ == "shp":
            self._shape_parts()
            self._how, self.notices = dbf.encoding_of(path, encoding)
        self._layer = None if format_ == "shp" else layer
        self._options: dict[str, Any] = {"encoding": _LATIN} if self._how is not None else {}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                info = pyogrio.read_info(path, layer=self._layer, **self._options)
        except (DataSourceError, DataLayerError, ValueError, UnicodeDecodeError) as error:
            raise _broken(file, error) from None
        self.name = file if format_ == "shp" else str(layer or info["layer_name"])
        self.encoding: str | None = self._how.name if self._how else "utf-8"
        self._raw_names = [str(one) for one in info["fields"]]
        self.columns = [self._text(one) for one in self._raw_names]
        self._json = {
            self._text(str(one))
            for one, sub in zip(info["fields"], info.get("ogr_subtypes", []), strict=False)
            if str(sub) == "OFSTJSON"
        }
        self.count: int | None = int(info["features"]) if info["features"] >= 0 else None
        self.geometry = info["geometry_type"] is not None
        self.system = self._system(info["crs"])
        self._done = 0
        self.about = f"{format_}, layer {self.name!r}, {self.encoding}"

    def _shape_parts(self) -> None:
        lacking = [part for part in (".dbf", ".shx") if not self._path.with_suffix(part).is_file()]
        if ".dbf" in lacking:
            self.notices.append("there is no .dbf: the shapes come without attributes")
        if ".shx" in lacking:
            message = f"{self._file}: the .shx of the shapefile is missing"
            raise BadInput(message, [Fault("file", "no .shx", ".shp, .shx and .dbf together, zipped")])

    def _system(self, said: str | None) -> systems.System | None:
        if self.format in ("kml", "topojson"):
            return systems.WGS84
        wkt: Any = said
        if self.format == "shp":
            prj = self._path.with_suffix(".prj")
            wkt = prj.read_text("utf-8", errors="replace").strip() if prj.is_file() else None
            if not wkt:
                self.notices.append("there is no .prj: `crs:` says which reference system it is")
        if not wkt or "ENGCRS" in wkt or "LOCAL_CS" in wkt or "Unknown engineering" in wkt:
            return None
        try:
            found = systems.of(CRS.from_user_input(wkt))
        except Exception as error:  # PROJ says what it thinks of a .prj in several kinds of error
            self.notices.append(f"the reference system of the file cannot be read ({str(error)[:120]}); `crs:` says it")
            return None
        self.notices.extend(found.notices)
        return found

    def share(self) -> float:
        """How much has been read."""
        return self._done / self.count if self.count else 0.0

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """The features in order."""
        number = 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                with pyogrio.open_arrow(
                    self._path, layer=self._layer, use_pyarrow=True, batch_size=size, **self._options
                ) as (about, reader):
                    shape = about["geometry_name"] or "wkb_geometry"
                    for piece in reader:
                        yield self._batch(piece, shape, number)
                        number += len(piece)
                        self._done = number - 1
            except (DataSourceError, DataLayerError, pa.ArrowException, OSError, UnicodeDecodeError) as error:
                if isinstance(error, BadInput):
                    raise
                raise BadInput(f"{self._file}: damaged after feature {number - 1:,}: {str(error)[:200]}") from None

    def _batch(self, piece: Any, shape: str, number: int) -> Batch:
        rows = np.arange(number, number + len(piece), dtype=np.int64)
        shapes, faults = None, []
        keep: Any = slice(None)
        if shape in piece.schema.names:
            shapes, broken = from_wkb(piece.column(shape))
            if broken:
                faults = [RowFault(int(rows[i]), "geometry", None, why) for i, why in broken.items()]
                keep = np.setdiff1d(np.arange(len(piece)), list(broken))
                shapes = shapes[keep]
        names = dict(zip(self.columns, self._raw_names, strict=True))

        def column(name: str) -> list[Any]:
            if name not in names or names[name] not in piece.schema.names:
                return [None] * len(rows[keep])
            values = self._values(piece.column(names[name]), as_json=name in self._json)
            return values if isinstance(keep, slice) else [values[i] for i in keep]

        return Batch(rows[keep], column, shapes, faults)

    def _text(self, said: str) -> str:
        return said if self._how is None else _mended(said, self._how)

    def _values(self, column: Any, *, as_json: bool) -> list[Any]:
        how = self._how
        text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        if as_json:
            return [_loaded(value) for value in column.to_pylist()]
        if how is None or not text:
            return list(column.to_pylist())
        coded = column.dictionary_encode()
        words = [_mended(word, how) for word in coded.dictionary.to_pylist()]
        return [None if place is None else words[place] for place in coded.indices.to_pylist()]


def _loaded(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _mended(said: str, how: Encoding) -> str:
    """The text of letters that stand for bytes."""
    if said.isascii():
        return said
    try:
        return decoded(said.encode("latin-1"), how)
    except UnicodeDecodeError:
        return said.encode("latin-1", "replace").decode(how.codec, "replace")
    except UnicodeEncodeError:
        return said


def from_wkb(column: Any) -> tuple[Any, dict[int, str]]:
    """The geometries of a column of well-known binary (null stays None), and what is wrong with which."""
    texts = np.array(column.to_pylist(), dtype=object)
    shapes = shapely.from_wkb(texts, on_invalid="ignore")
    made = np.full(len(texts), None, dtype=object)
    made[:] = shapes
    broken: dict[int, str] = {}
    for place in np.flatnonzero([text is not None and shape is None for text, shape in zip(texts, made, strict=True)]):
        try:
            shapely.from_wkb(texts[place])
            broken[int(place)] = "broken geometry"
        except Exception as error:
            broken[int(place)] = f"broken geometry: {str(error)[:120]}"
    return made, broken
