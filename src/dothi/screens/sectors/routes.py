"""The pages that answer by sector; anybody may ask for each, and sees what they may see."""

from starlette.routing import BaseRoute, Route

from dothi.screens.sectors import index, page

routes: list[BaseRoute] = [
    Route("/sectors", index.index, methods=["GET"]),
    Route("/sectors.json", index.index_json, methods=["GET"]),
    Route("/sectors/{code}.json", page.sector_json, methods=["GET"]),
    Route("/sectors/{code}/{question}", page.question, methods=["GET"]),
    Route("/sectors/{code}", page.sector, methods=["GET"]),
]
