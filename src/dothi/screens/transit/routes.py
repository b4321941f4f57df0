"""The pages of public transport, and the same for programs. Anybody may look; who holds data:write brings timetables in."""

from starlette.routing import BaseRoute

from dothi.screens.transit import data, feeds, front, line, stop
from dothi.screens.transit.asking import DESK, get

routes: list[BaseRoute] = [
    get("/transit", front.index),
    get("/transit.json", data.index),
    get("/transit/stops.geojson", data.stops),
    get("/transit/lines.geojson", data.lines),
    get("/transit/vehicles.geojson", data.vehicles),
    get("/transit/style.json", data.style),
    get("/transit/feeds", feeds.index),
    DESK.post_reading("/transit/feeds", feeds.bring, files=1),
    DESK.post("/transit/feeds/{code}/return", feeds.back),
    DESK.post("/transit/feeds/{code}/current", feeds.current),
    get("/transit/stops/{id:path}.json", stop.json),
    get("/transit/stops/{id:path}", stop.index),
    get("/transit/lines/{id:path}.json", line.json),
    get("/transit/lines/{id:path}", line.index),
    get("/gtfs/{feed}.zip", data.gtfs),
    get("/gtfs/{feed}/vehicle-positions.pb", data.positions),
]
