"""A file as its layers, whatever its format; nothing is read but heads."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from dothi.datasets.loads import sheets, unpacking
from dothi.datasets.loads.found import Layer
from dothi.datasets.loads.geojson import GeoJson
from dothi.datasets.loads.unpacking import Member
from dothi.kit.errors import BadInput, Fault


@dataclass(frozen=True)
class How:
    """How a file is to be read, where guessing is not enough; None: guess."""

    layer: str | None = None
    encoding: str | None = None
    font: str | None = None
    delimiter: str | None = None
    header_row: int | None = None


@contextmanager
def opened(path: Path, how: How | None = None) -> Iterator[list[Layer]]:
    """The layers of a file or archive, those named by `how.layer` only; at least one. Raises BadInput."""
    how = how or How()
    with ExitStack() as stack:
        found: list[Layer] = []
        for member in unpacking.members(path, stack):
            found += _layers(member, how)
        if not found:
            raise BadInput(f"{path.name} holds no layer")
        if how.layer is not None:
            named = [one for one in found if one.name == how.layer]
            if not named:
                allowed = ", ".join(one.name for one in found)
                raise BadInput(f"{path.name}: no layer {how.layer!r}", [Fault("layer", repr(how.layer), allowed)])
            found = named
        # what has geometry and rows first: a GeoPackage may hold a table of styles before its layers
        yield sorted(found, key=lambda one: (not one.columns and not one.geometry, one.count == 0))


def _layers(member: Member, how: How) -> list[Layer]:
    name, path = member.name, member.path
    match member.format:
        case "geojson" | "geojsonseq":
            return [GeoJson(name, path, lines=member.format == "geojsonseq", encoding=how.encoding)]
        case "csv":
            return [
                sheets.Csv(
                    name, path, encoding=how.encoding, font=how.font, delimiter=how.delimiter, header_row=how.header_row
                )
            ]
        case "xlsx":
            names = [one for one in sheets.sheets(name, path) if how.layer in (None, one)]
            made = [sheets.Excel(name, path, one, font=how.font, header_row=how.header_row) for one in names]
            return [one for one in made if one.columns]
        case "geoparquet":
            from dothi.datasets.loads.geoparquet import GeoParquet

            return [GeoParquet(name, path)]
    from dothi.datasets.loads import ogr

    if member.format == "shp":
        return [ogr.Ogr(name, path, "shp", None, encoding=how.encoding)]
    return [ogr.Ogr(name, path, member.format, one) for one in ogr.layers(name, path) if how.layer in (None, one)]
