"""The workbench's pages: the map, and the sheet that is printed."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.places import cities
from dothi.places import service as places
from dothi.screens.asking import Ask, map_setting
from dothi.screens.workbench import layers
from dothi.web import shell

# central meridians of the provinces' own VN-2000 zones (Circular 973/2001/TT-TCĐC and the provinces' decisions), from memory:
# degrees by province code since 1 July 2025; anybody may choose another on the page
MERIDIANS = {
    "01": 105.0, "31": 105.75, "48": 107.75, "79": 105.75, "92": 105.0, "46": 107.0, "80": 105.75, "68": 107.75,
    "20": 107.25,
}  # fmt: skip


@dataclass
class Workbench:
    """The context of `workbench/map.html` and `workbench/print.html`."""

    title: str
    layers: list[dict[str, Any]]
    settings: dict[str, Any]
    simulated: bool


@Ask.asked
def workbench(ask: Ask) -> Response:
    """`/map`."""
    return _page(ask, "map.html", "workbench")


@Ask.asked
def sheet(ask: Ask) -> Response:
    """`/map/print`: the same state as a sheet of paper."""
    return _page(ask, "print.html", "workbench-print")


def _page(ask: Ask, template: str, entry: str) -> Response:
    found = layers.catalogue(ask)
    centre, zoom = cities.view(ask.session)
    codes = [one["code"] for one in found]
    page = Workbench(
        ask.say("Bản đồ quy hoạch và dữ liệu"), found,
        {
            "centre": centre, "zoom": zoom, "meridian": _meridian(ask),
            "start": layers.planning_first(codes), "city": ask.city,
            "signedIn": ask.caller.kind == "person",
        },
        any(one["simulated"] for one in found),
    )  # fmt: skip
    context = {
        "page": page, "entries": (entry,), "city": page.settings["city"], "map": map_setting(ask.say),
        "simulated": page.simulated, "caller": ask.caller,
    }  # fmt: skip
    answer = shell.page(ask.request, f"workbench/{template}", context)
    if ask.caller.kind != "anonymous":
        answer.headers["cache-control"] = "no-store"
    return answer


def _meridian(ask: Ask) -> float:
    """The central meridian of the city's province."""
    seen = cities.lens(ask.session)
    units = None if seen is None else seen.units
    for area in places.area_rows(ask.session, kind="pilot-city"):
        for code in area.units if units is None else units:
            unit = places.unit(ask.session, code)
            if unit is not None and unit.parent_code in MERIDIANS:
                return MERIDIANS[unit.parent_code]
    return 105.75
