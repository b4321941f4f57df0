"""The pages of the transparency figures; anybody may ask for each."""

from starlette.routing import BaseRoute

from dothi.screens.transparency import figures, records
from dothi.screens.transparency.asking import get

routes: list[BaseRoute] = [
    get("/transparency", figures.index),
    get("/transparency.csv", figures.csv),
    get("/transparency.json", figures.json),
    get("/transparency/cases", records.index),
]
