"""The pages of indicators. Anybody may ask for each and sees the numbers whose every input they may see."""

from starlette.routing import BaseRoute

from dothi.screens.indicators import api, board, export, listing, one, receipts, sets
from dothi.screens.indicators.asking import DESK, get

routes: list[BaseRoute] = [
    get("/indicators", listing.index),
    get("/indicators.csv", export.csv),
    get("/indicators.xlsx", export.xlsx),
    get("/indicators.json", export.json),
    get("/indicators.sdmx.json", export.sdmx),
    get("/indicators/receipts/{id}.json", receipts.json),
    get("/indicators/receipts/{id}.csv", receipts.csv),
    get("/indicators/receipts/{id}", receipts.index),
    get("/indicators/sets/{code}", sets.index),
    get("/indicators/{code}", one.index),
    DESK.post("/indicators/{code}/targets", one.put),
    DESK.post("/indicators/{code}/targets/drop", one.drop),
    get("/scoreboard", board.index),
    get("/api/indicators", api.index),
    get("/api/indicators/{code}", api.one),
    get("/api/indicators/{code}/values", api.values),
    get("/api/indicators/{code}/places", api.places),
]
