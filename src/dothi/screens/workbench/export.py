"""The records of a selection as a file."""

import json
from collections.abc import Iterator

from starlette.responses import Response, StreamingResponse

from dothi.datasets import views
from dothi.datasets.formats.export import export, formats
from dothi.kit.errors import BadInput, Fault
from dothi.screens.asking import Ask
from dothi.screens.workbench.asking import Selection, told


@Ask.asked
def download(ask: Ask) -> Response:
    """`/map/export?collection=…&format=…&filter=…&area=…&as_of=…`: area as GeoJSON text."""
    query = dict(ask.request.query_params)
    name = query.pop("format", "geojson")
    query.pop("lang", None)
    if name not in formats:
        raise BadInput(f"no format {name!r}", [Fault("format", f"no format {name!r}", ", ".join(formats))])
    given: dict[str, object] = dict(query)
    if "area" in query:
        try:
            given["area"] = json.loads(query["area"])
        except ValueError:
            raise BadInput("area: is not JSON", [Fault("area", "is not JSON", "a GeoJSON geometry")]) from None
    body = told(Selection, given)
    view = views.view(ask.caller, body.collection)
    kind, ending = formats[name]
    pieces = _started(export(view, body.asked(), name))
    headers = {
        "content-disposition": f'attachment; filename="{view.code}-selection.{ending.lstrip(".")}"',
        "cache-control": "no-store",
    }
    return StreamingResponse(pieces, media_type=kind, headers=headers)


def _started(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, the first already made: what is wrong is said as an error, not inside the file."""
    first = next(pieces, b"")

    def rest() -> Iterator[bytes]:
        yield first
        yield from pieces

    return rest()
