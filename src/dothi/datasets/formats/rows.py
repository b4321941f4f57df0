"""Records on their way into a file: read with one statement, moved to another reference system, as columns."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.enums import TransformDirection

from dothi.datasets import reading
from dothi.datasets.loads import crs as systems
from dothi.datasets.reading import Asked, Rows
from dothi.datasets.views import View
from dothi.db import session as db
from dothi.kit.errors import BadInput, Fault

BATCH = 2000
WGS84 = 4326


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file. name: plain; title: for people; kind: as schema.Field.kind."""

    name: str
    title: str
    kind: str


@dataclass(frozen=True, slots=True)
class Record:
    """One record. properties: what the caller may see; wkb: WGS 84; unit_code: the commune it lies in."""

    key: str
    properties: dict[str, Any]
    wkb: bytes | None
    geojson: str | None
    unit_code: str | None


def columns(view: View, asked: Asked) -> list[Column]:
    """What a table of the records has: their id where no field is it, the fields, the commune."""
    wanted = [one for one in view.fields if asked.properties is None or one.name in asked.properties]
    names = {one.name for one in wanted}
    made = [Column(one.name, one.title or one.name, one.kind) for one in wanted]
    if view.key_field not in names:
        made.insert(0, Column("id" if "id" not in names else "_id", "id", "string"))
    if reading.PLACE not in {one.name for one in view.fields} and (
        asked.properties is None or reading.PLACE in asked.properties
    ):
        made.append(Column(reading.PLACE, reading.PLACE, "string"))
    return made


def values(view: View, made: Sequence[Column], record: Record) -> list[Any]:
    """The values of a record in the order of the columns."""
    own = {one.name for one in view.fields}
    return [
        record.properties.get(one.name)
        if one.name in own
        else (record.unit_code if one.name == reading.PLACE else record.key)
        for one in made
    ]


def texts(view: View, asked: Asked) -> Iterator[list[str]]:
    """Finished GeoJSON features, made by the database, some at a time."""
    yield from _stream(view, asked, None, lambda row: str(row[0]))


def records(view: View, asked: Asked, *, wkb: bool = True) -> Iterator[list[Record]]:
    """The records, some at a time."""

    def choose(some: Rows) -> Sequence[Any]:
        text = reading.properties_text(some, view, asked.properties).label("text")
        shape = [some.c.geometry.label("shape")] if wkb and asked.geometry else []
        return [some.c.key.label("key"), text, some.c.geojson.label("geojson"), some.c.unit_code.label("unit"), *shape]

    def made(row: Any) -> Record:
        properties = json.loads(row[1])
        shape = bytes(row[4]) if wkb and asked.geometry and row[4] is not None else None
        return Record(row[0], properties, shape, row[2] if asked.geometry else None, row[3])

    yield from _stream(view, asked, choose, made)


def _stream(view: View, asked: Asked, choose: Any, made: Any) -> Iterator[list[Any]]:
    """One statement, so that all of a file is of one moment; the database keeps the rows until they are asked for."""
    query = reading.page(view, asked, choose)
    # closed also where the limit leaves rows unread
    with db.reading() as session, session.execute(query, execution_options={"yield_per": BATCH}) as found:
        rows = iter(found) if asked.limit is None else islice(found, asked.limit)  # a page has one row too many
        while some := list(islice(rows, BATCH)):
            yield [made(row) for row in some]


# --- reference systems


@dataclass(frozen=True)
class Target:
    """The reference system of a file. way: back from it to WGS 84; None: it is WGS 84."""

    name: str
    epsg: int | None
    way: Transformer | None = None

    @property
    def wkt(self) -> str:
        """Well-known text, as GDAL takes it."""
        return f"EPSG:{self.epsg}" if self.epsg else "EPSG:4326"

    def projjson(self) -> dict[str, Any] | None:
        """PROJJSON; None for WGS 84 with the longitude first, which GeoParquet means by saying nothing."""
        if self.way is None:
            return None
        made: dict[str, Any] = CRS.from_epsg(self.epsg or WGS84).to_json_dict()
        return made

    def shapes(self, wkbs: Sequence[bytes | None]) -> NDArray[Any]:
        """Geometries in this system."""
        found = np.full(len(wkbs), None, dtype=object)
        found[:] = shapely.from_wkb(np.array(wkbs, dtype=object))
        if self.way is None:
            return found
        way = self.way

        def moved(places: NDArray[Any]) -> NDArray[Any]:
            x, y = way.transform(places[:, 0], places[:, 1], direction=TransformDirection.INVERSE, errcheck=False)
            return np.column_stack([x, y])

        return np.asarray(shapely.transform(found, moved))


def target(said: str | None) -> Target:
    """The system somebody asks a file in: an EPSG code, its URI, or words for a zone of VN-2000. Raises BadInput."""
    if said is None:
        return Target("WGS 84", WGS84)
    found = systems.said(said)
    if found.transformer is None:
        return Target("WGS 84", WGS84)
    if found.epsg is None:
        raise BadInput(
            f"{found.name} has no EPSG code to write into a file",
            [Fault("crs", found.name, "a system with an EPSG code")],
        )
    return Target(found.name, found.epsg, found.transformer)
