"""The workbench and what its script asks for. Everybody may call them; each answers with what the caller may see."""

from starlette.routing import BaseRoute, Route

from dothi.screens.workbench import export, identify, page, totals

routes: list[BaseRoute] = [
    Route("/map", page.workbench, methods=["GET"]),
    Route("/map/print", page.sheet, methods=["GET"]),
    Route("/map/export", export.download, methods=["GET"]),
    Route("/map/identify", identify.identify, methods=["POST"]),
    Route("/map/totals", totals.totals, methods=["POST"]),
]
