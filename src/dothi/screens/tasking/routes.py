"""The pages of tasks; who may ask for each is said where it is declared (desk.ROUTES)."""

from starlette.routing import BaseRoute

from dothi.screens.tasking import giving, queue, schedules

routes: list[BaseRoute] = [*giving.routes, *schedules.routes, *queue.routes]
