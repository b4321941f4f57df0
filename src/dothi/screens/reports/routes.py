"""The pages of the reports; who may ask for each is said where it is declared."""

from starlette.routing import BaseRoute

from dothi.screens.reports import feed, listing, one, pictures, writing

routes: list[BaseRoute] = [*pictures.routes, *listing.routes, *feed.routes, *writing.routes, *one.routes]
