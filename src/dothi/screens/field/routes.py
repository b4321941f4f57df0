"""The crews' pages; who may ask for each is said where it is declared (desk.ROUTES)."""

from starlette.routing import BaseRoute

from dothi.screens.field import installing, job, today

routes: list[BaseRoute] = [*installing.routes, *today.routes, *job.routes]
