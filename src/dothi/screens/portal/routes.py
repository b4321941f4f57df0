"""The public pages and what their scripts ask for."""

from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from dothi.screens.portal import air, feeds, front, thing, water
from dothi.web import files, shell
from dothi.web.paths import ID


def _get(path: str, view: Callable[[Request], Response]) -> Route:
    return Route(path, view, methods=["GET"])


shell.NAVIGATION[:] = [
    ("/reports", "Phản ánh"),
    ("/services", "Dịch vụ công"),
    ("/warnings", "Tin cảnh báo"),
    ("/air", "Không khí"),
    ("/water", "Sông và ngập"),
    ("/transit", "Xe buýt"),
    ("/catalogue", "Dữ liệu mở"),
    ("/map", "Bản đồ quy hoạch"),
]

routes: list[BaseRoute] = [
    _get("/", front.front),
    _get(f"/things/{ID}", thing.thing),
    _get("/air", air.air),
    _get(f"/air/{ID}", air.station),
    _get("/water", water.water),
    _get(f"/water/{ID}", water.station),
    _get("/portal/things.geojson", feeds.things),
    _get(f"/portal/series/{ID}", feeds.series),
    _get("/portal/map.svg", feeds.picture),
    Mount("/static", files.Static(Path(shell.__file__).parent / "static")),
]
