"""The catalogue for programs: DCAT-AP, CKAN, feed, sitemap. They stand before the pages of the same addresses."""

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import BaseRoute, Route

from dothi.doors.catalogue import dcat, feed
from dothi.doors.catalogue.ckan import routes as ckan
from dothi.doors.catalogue.negotiate import FORMS, Negotiated


class _Ending(Convertor[str]):
    regex = "|".join(ending for ending, _, _ in FORMS)

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("rdf_ending", _Ending())
routes: list[BaseRoute] = [
    Route("/catalogue/feed.atom", feed.atom, methods=["GET"]),
    Route("/sitemap.xml", feed.sitemap, methods=["GET"]),
    Route("/robots.txt", feed.robots, methods=["GET"]),
    Route("/catalogue.{ending:rdf_ending}", dcat.catalogue, methods=["GET"]),
    Route("/catalogue/{code}.{ending:rdf_ending}", dcat.dataset, methods=["GET"]),
    Negotiated("/catalogue", dcat.catalogue),
    Negotiated("/catalogue/{code}", dcat.dataset),
    *ckan.routes,
]
