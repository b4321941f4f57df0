"""The pages of notifications; who may ask for each is said where it is declared."""

from starlette.routing import BaseRoute

from dothi.screens.notify import ladders, log, mine, subscribe

routes: list[BaseRoute] = [*mine.routes, *subscribe.routes, *ladders.routes, *log.routes]
