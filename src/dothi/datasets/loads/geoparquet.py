"""GeoParquet in, by row groups."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dothi.datasets.loads import crs as systems
from dothi.datasets.loads.found import BATCH, Batch, RowFault
from dothi.datasets.loads.ogr import from_wkb
from dothi.kit.errors import BadInput, Fault


class GeoParquet:
    """A Parquet file, with a geometry column by the GeoParquet metadata or none."""

    format = "geoparquet"
    encoding: str | None = "utf-8"

    def __init__(self, name: str, path: Path) -> None:
        self.name, self._path = name, path
        self.notices: list[str] = []
        try:
            file = pq.ParquetFile(path)
            about = file.metadata.metadata or {}
            geo = json.loads(about.get(b"geo", b"null"))
        except (pa.ArrowException, OSError, ValueError) as error:
            raise BadInput(f"{name}: not a Parquet file that can be read: {str(error)[:200]}") from None
        self._shape = geo.get("primary_column") if isinstance(geo, dict) else None
        self.system: systems.System | None = None
        if self._shape is not None:
            self.system = self._system(geo.get("columns", {}).get(self._shape, {}))
        self.geometry = self._shape is not None
        self.columns = [one for one in file.schema_arrow.names if one not in (self._shape, "bbox")]
        self.count: int | None = file.metadata.num_rows
        self._done = 0
        self.about = f"GeoParquet, {self.count:,} rows" if self.geometry else f"Parquet, {self.count:,} rows"
        file.close()

    def _system(self, told: dict[str, Any]) -> systems.System | None:
        if str(told.get("encoding", "WKB")).upper() != "WKB":
            message = f"{self.name}: geometry encoded as {told['encoding']}"
            raise BadInput(message, [Fault("file", str(told["encoding"]), "WKB")])
        said = told.get("crs", "none given")
        if said == "none given":
            return systems.WGS84
        if said is None:
            return None
        identity = said.get("id", {}) if isinstance(said, dict) else {}
        if (identity.get("authority"), str(identity.get("code"))) in {("OGC", "CRS84"), ("EPSG", "4326")}:
            return systems.WGS84
        found = systems.of(said)
        self.notices.extend(found.notices)
        return found

    def share(self) -> float:
        """How much has been read."""
        return self._done / self.count if self.count else 0.0

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """The rows in order."""
        number = 1
        try:
            with pq.ParquetFile(self._path) as file:
                wanted = [*self.columns, *([self._shape] if self._shape else [])]
                for piece in file.iter_batches(size, columns=wanted):
                    yield self._batch(piece, number)
                    number += len(piece)
                    self._done = number - 1
        except (pa.ArrowException, OSError) as error:
            raise BadInput(f"{self.name}: damaged after row {number - 1:,}: {str(error)[:200]}") from None

    def _batch(self, piece: Any, number: int) -> Batch:
        rows = np.arange(number, number + len(piece), dtype=np.int64)
        shapes, faults = None, []
        keep = np.arange(len(piece))
        if self._shape is not None:
            shapes, broken = from_wkb(piece.column(self._shape))
            faults = [RowFault(int(rows[i]), "geometry", None, why) for i, why in broken.items()]
            if broken:
                keep = np.setdiff1d(keep, list(broken))
                shapes = shapes[keep]

        def column(name: str) -> list[Any]:
            if name not in piece.schema.names:
                return [None] * len(keep)
            values = piece.column(name).to_pylist()
            return values if len(keep) == len(values) else [values[i] for i in keep]

        return Batch(rows[keep], column, shapes, faults)
