"""The duty room's pages; who may ask for each is said where it is declared (desk.ROUTES)."""

from starlette.routing import BaseRoute

from dothi.screens.duty import handover, here, orders, steps, views, walls

routes: list[BaseRoute] = [
    *handover.routes, *orders.routes, *steps.routes, *views.routes, *walls.routes, *here.routes,
]  # fmt: skip
