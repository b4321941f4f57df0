"""The dispatcher's board; who may ask is said where it is declared (desk.ROUTES)."""

from starlette.routing import BaseRoute

from dothi.screens.board import page

routes: list[BaseRoute] = [*page.routes]
