"""`/catalogue/{code}/download.{ext}`: the records as a file, whole or as the table has them filtered."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from dothi.datasets import describe, usage, views, vocabulary
from dothi.datasets.formats import export
from dothi.datasets.views import View
from dothi.identity import access
from dothi.kit.errors import NotFound
from dothi.screens import words
from dothi.screens.catalogue import store, table
from dothi.screens.catalogue.asking import Ask
from dothi.web.i18n import Say

# bytes of a file beside the bytes of the same records' GeoJSON text and of their properties alone, as measured on
# registers of points and on ward polygons
_OF_SHAPE = {
    "geojson": 1.0, "gpkg": 0.85, "shp": 0.42, "geoparquet": 0.47, "kml": 1.7, "flatgeobuf": 0.8, "csv": 0.0, "xlsx": 0.0,
}  # fmt: skip
_OF_TEXT = {
    "geojson": 1.0, "gpkg": 1.0, "shp": 0.2, "geoparquet": 0.15, "kml": 2.2, "flatgeobuf": 0.9, "csv": 0.5, "xlsx": 0.3,
}  # fmt: skip
_EACH = {"geojson": 60, "gpkg": 90, "kml": 250, "flatgeobuf": 40, "csv": 12, "xlsx": 20}  # bytes of a record besides
_WRITTEN = {"csv": 0.95, "xlsx": 0.22}  # of a shape that is no point, where it stands as text


@dataclass(frozen=True, slots=True)
class Download:
    """A file one can have. size: about how large, in words."""

    name: str
    note: str
    href: str
    size: str


def offered(ask: Ask, view: View, query: str, share: float) -> list[Download]:
    """The files of a dataset. query: conditions the address has set; share: of the records that meet them."""
    shape, text = store.usual_size(ask.session, view) if view.count else (0.0, 0.0)
    codes = (*describe.PLAIN_DOWNLOADS, *(describe.SPATIAL_DOWNLOADS if view.geometry_type else ()))
    made = []
    for code in codes:
        form = vocabulary.FORMAT.get(code)
        if form is None:
            continue
        point = (view.geometry_type or "").endswith("Point")
        size = shape * _OF_SHAPE[code] + text * _OF_TEXT[code] + _EACH.get(code, 0)
        if view.geometry_type is not None and not point:
            size += shape * _WRITTEN.get(code, 0.0)
        size *= view.count * share
        made.append(
            Download(form.named(ask.language), _note(code, ask.say),
                     f"/catalogue/{view.code}/download.{form.extension}{'?' + query if query else ''}",
                     about(size, ask))
        )  # fmt: skip
    return made


def about(size: float, ask: Ask) -> str:
    """≈ 410 kB: a size in words, two digits of it."""
    if size <= 0:
        return ""
    for unit, bytes_ in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= bytes_:
            n = size / bytes_
            return f"≈ {words.number(n, 0 if n >= 10 else 1, ask.language)}{words.NBSP}{unit}"
    return f"≈ 1{words.NBSP}kB"


def _note(code: str, say: Say) -> str:
    match code:
        case "csv":
            return say("bảng, UTF-8; mở được bằng mọi chương trình")
        case "xlsx":
            return say("bảng cho Excel")
        case "geojson":
            return say("cho web và lập trình")
        case "gpkg":
            return say("cho QGIS, ArcGIS")
        case "shp":
            return say("cho phần mềm GIS cũ")
        case "kml":
            return say("cho Google Earth")
        case "geoparquet":
            return say("cho phân tích dữ liệu lớn")
        case "flatgeobuf":
            return say("đọc từng phần qua mạng")
    return ""


def format_of(extension: str) -> str | None:
    """The format a file extension stands for here."""
    for one in vocabulary.FORMATS:
        if one.code in export.formats and extension in (one.extension, one.code, export.formats[one.code][1]):
            return one.code
    return None


async def download(request: Request) -> Response:
    """Anybody, of what they may see; streamed."""
    return await run_in_threadpool(_download, request)


def _download(request: Request) -> Response:
    code, extension = request.path_params["code"], request.path_params["ext"]
    caller = access.caller(request)
    view = views.view(caller, code)
    name = format_of(extension)
    drawn = view.geometry_type is not None
    if name is None or (not drawn and name in export.DRAWN):
        known = [e for e in export.formats if drawn or e not in export.DRAWN]
        raise NotFound(f"this dataset is not had as {extension[:20]!r}; there are: {', '.join(known)}")
    asked, _ = table.asked_of(view, request.query_params)
    media = export.formats[name][0]
    pieces = export.export(view, replace(asked, after=None, geometry=True), name, crs=request.query_params.get("crs"))
    usage.count_use(view.id, "download")
    form = vocabulary.FORMAT.get(name)
    file = f"{view.code}.{form.extension if form else name}"
    return StreamingResponse(
        _led(pieces), media_type=media,
        headers={
            "content-disposition": f"attachment; filename=\"{file}\"; filename*=UTF-8''{quote(file)}",
            "access-control-allow-origin": "*", "vary": "Authorization, X-API-Key, Cookie",
            "cache-control": "no-cache" if view.sharing == "open" and view.status == "published" else "no-store",
        },
    )  # fmt: skip


def _led(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces, the first of them already made: what is wrong is said before the answer begins."""
    rest = iter(pieces)
    first = next(rest, b"")

    def all_() -> Iterator[bytes]:
        yield first
        yield from rest

    return all_()
