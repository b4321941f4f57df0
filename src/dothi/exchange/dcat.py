"""Datasets of a portal that describes them in DCAT: Turtle, RDF/XML or JSON-LD, over hydra's pages.

A document is read as data only: one that declares XML entities or names a JSON-LD context elsewhere is refused, so that
reading it neither swells nor asks a third server.
"""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any
from xml.parsers import expat

import shapely
from rdflib import DCTERMS, FOAF, RDF, RDFS, SKOS, BNode, ConjunctiveGraph, Graph, Literal, Namespace, URIRef
from rdflib.plugins.parsers.jsonld import to_rdf
from rdflib.term import Node

from dothi.exchange import foreign
from dothi.exchange.fetch import Answer, Refused
from dothi.exchange.foreign import Foreign, Form

ACCEPT = "text/turtle, application/ld+json;q=0.9, application/rdf+xml;q=0.8"
FORMS = {
    "text/turtle": "turtle", "application/x-turtle": "turtle", "application/n-triples": "nt",
    "application/rdf+xml": "xml", "application/xml": "xml", "text/xml": "xml",
    "application/ld+json": "json-ld", "application/json": "json-ld",
}  # fmt: skip
_ENDINGS = {"ttl": "turtle", "nt": "nt", "rdf": "xml", "xml": "xml", "jsonld": "json-ld", "json": "json-ld"}
DCAT = Namespace("http://www.w3.org/ns/dcat#")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
LOCN = Namespace("http://www.w3.org/ns/locn#")
SCHEMA = Namespace("http://schema.org/")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
Get = Callable[[str, str], Answer]
log = logging.getLogger(__name__)


def read(get: Get, url: str, pages: int) -> Iterator[Foreign | str]:
    """Every dataset of a catalogue, or in words why one cannot be taken. Raises Refused when it cannot be read on."""
    seen: set[str] = set()
    told: set[Node] = set()
    wanted: str | None = url
    while wanted is not None and wanted not in seen:
        if len(seen) >= pages:
            raise Refused(f"{url} has more than {pages} pages")
        seen.add(wanted)
        answer = get(wanted, ACCEPT)
        graph = parse(answer)
        for node in sorted(graph.subjects(RDF.type, DCAT.Dataset, unique=True), key=str):
            if node not in told:
                told.add(node)
                yield dataset(graph, node)
        wanted = _next(graph, answer.url)


def parse(answer: Answer) -> Graph:
    """The document as a graph. Raises Refused for one that cannot or may not be read."""
    ending = answer.url.partition("?")[0].rpartition(".")[2].lower()
    form = FORMS.get(answer.media_type) or _ENDINGS.get(ending)
    if form is None:
        raise Refused(f"{answer.url[:200]} is {answer.media_type or 'of no type'}, no RDF that is read here")
    graph = Graph()
    try:
        if form == "json-ld":
            whole = _Whole()
            to_rdf(_no_context_elsewhere(json.loads(answer.body)), whole, base=answer.url)
            for triple in whole.triples((None, None, None)):
                graph.add(triple)
        else:
            if form == "xml":
                _no_entities(answer.body)
            graph.parse(data=answer.body, format=form, publicID=answer.url)
    except Refused:
        raise
    except RecursionError:
        raise Refused(f"{answer.url[:200]} is nested too deep") from None
    except Exception as error:  # rdflib's parsers raise many kinds
        raise Refused(f"{answer.url[:200]} cannot be read as {form}: {str(error)[:200]}") from None
    return graph


class _Whole(ConjunctiveGraph):
    """What JSON-LD is read into, named graphs and all: rdflib's reader wants this class, and warns of it by its own name."""


def _no_entities(body: bytes) -> None:
    """Refuse a document that declares entities: a few lines of them swell to gigabytes, or read files."""

    def declared(name: str, *_: object) -> None:
        raise Refused(f"the document declares an entity ({name[:40]!r}); such documents are not read")

    parser = expat.ParserCreate()
    parser.EntityDeclHandler = declared
    parser.ExternalEntityRefHandler = lambda *_: 0
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.Parse(body, True)


def _no_context_elsewhere(value: Any) -> Any:
    """The document, refused where a context is an address: reading it would ask another server."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            context = one.get("@context")
            for part in context if isinstance(context, list) else [context]:
                if isinstance(part, str):
                    raise Refused(
                        f"the document names a context elsewhere ({part[:100]!r}); offer Turtle, or the context itself"
                    )
            if "@import" in one:
                raise Refused("the document imports a context from elsewhere")
            waiting += one.values()
    return value


def _next(graph: Graph, here: str) -> str | None:
    for view in {
        *graph.subjects(RDF.type, HYDRA.PartialCollectionView),
        *graph.subjects(RDF.type, HYDRA.PagedCollection),
    }:
        for predicate in (HYDRA.next, HYDRA.nextPage):
            for found in graph.objects(view, predicate):
                if str(found) != here:
                    return str(found)
    return None


def dataset(graph: Graph, node: Node) -> Foreign | str:
    """A dataset as the graph tells it."""
    identifier = foreign.text(_first(graph, node, DCTERMS.identifier), 500) or (
        str(node)[:500] if isinstance(node, URIRef) else ""
    )
    title = _said(graph, node, DCTERMS.title, "vi", foreign.TITLE)
    if not identifier or not title:
        return f"a dataset without {'an identifier' if not identifier else 'a title'}: {str(node)[:100]}"
    english = _in(graph, node, DCTERMS.title, "en")
    period = _first(graph, node, DCTERMS.temporal)
    landing = next(filter(None, (foreign.address(one) for one in graph.objects(node, DCAT.landingPage))), None)
    forms = [_form(graph, one) for one in list(graph.objects(node, DCAT.distribution))[: foreign.FORMS]]
    found = sorted(filter(None, forms), key=lambda one: (one.format, one.url))
    licences = [foreign.licence(one) for one in (*graph.objects(node, DCTERMS.license), *_of_forms(graph, node))]
    return Foreign(
        identifier=identifier,
        title=title,
        title_en=foreign.text(english, foreign.TITLE) if english and str(english) != title else None,
        description=_said(graph, node, DCTERMS.description, "vi", foreign.TEXT),
        publisher=_agent(graph, _first(graph, node, DCTERMS.publisher)),
        landing=landing or foreign.address(node) or foreign.address(identifier),
        licence=next(filter(None, licences), None),
        frequency=foreign.frequency(_first(graph, node, DCTERMS.accrualPeriodicity)),
        keywords=foreign.words(sorted(map(str, graph.objects(node, DCAT.keyword)))),
        themes=foreign.themes(sorted(map(str, graph.objects(node, DCAT.theme)))),
        modified=foreign.moment(_first(graph, node, DCTERMS.modified) or _first(graph, node, DCTERMS.issued)),
        start=foreign.moment(_first(graph, period, DCAT.startDate) or _first(graph, period, SCHEMA.startDate)),
        end=foreign.moment(_first(graph, period, DCAT.endDate) or _first(graph, period, SCHEMA.endDate)),
        box=_box(graph, node),
        forms=tuple(found),
    )


def _form(graph: Graph, node: Node) -> Form | None:
    url = _first(graph, node, DCAT.downloadURL) or _first(graph, node, DCAT.accessURL)
    kind = _first(graph, node, DCTERMS["format"])
    label = (
        (_first(graph, kind, RDFS.label) or _first(graph, kind, SKOS.prefLabel)) if isinstance(kind, BNode) else kind
    )
    return foreign.form(_said(graph, node, DCTERMS.title, "vi", foreign.TITLE), url, label, _media(graph, node))


def _media(graph: Graph, node: Node) -> str | None:
    found = _first(graph, node, DCAT.mediaType)
    return None if found is None else str(found).rpartition("/media-types/")[2] or str(found)


def _of_forms(graph: Graph, node: Node) -> list[Node]:
    return [one for form in graph.objects(node, DCAT.distribution) for one in graph.objects(form, DCTERMS.license)]


def _agent(graph: Graph, node: Node | None) -> str | None:
    if node is None or isinstance(node, Literal):
        return foreign.text(node, 300) or None
    for predicate in (FOAF.name, RDFS.label, SKOS.prefLabel, VCARD.fn):
        if found := _said(graph, node, predicate, "vi", 300):
            return found
    return None


def _box(graph: Graph, node: Node) -> tuple[float, float, float, float] | None:
    """The box of the first place that has one, in WKT or GeoJSON."""
    for place in graph.objects(node, DCTERMS.spatial):
        for predicate in (DCAT.bbox, LOCN.geometry):
            for shape in graph.objects(place, predicate):
                text = str(shape)
                if len(text) > 200_000:
                    continue
                found = foreign.box(text) if text.lstrip().startswith("{") else _wkt(text)
                if found is not None:
                    return found
    return None


def _wkt(text: str) -> tuple[float, float, float, float] | None:
    bare = text.partition(">")[2].strip() if text.lstrip().startswith("<") else text
    try:
        west, south, east, north = shapely.from_wkt(bare).bounds
    except (shapely.errors.GEOSException, ValueError, TypeError):
        return None
    return (west, south, east, north) if -180 <= west <= east <= 180 and -90 <= south <= north <= 90 else None


def _first(graph: Graph, node: Node | None, predicate: URIRef) -> Node | None:
    """A value, the smallest where there are several, so that reading again gives the same."""
    return None if node is None else min(graph.objects(node, predicate), key=str, default=None)


def _in(graph: Graph, node: Node, predicate: URIRef, language: str) -> Literal | None:
    found = (
        one
        for one in graph.objects(node, predicate)
        if isinstance(one, Literal) and (one.language or "").startswith(language)
    )
    return min(found, key=str, default=None)


def _said(graph: Graph, node: Node, predicate: URIRef, language: str, most: int) -> str:
    """A text in a language, or in English, or as it is there."""
    found = _in(graph, node, predicate, language) or _in(graph, node, predicate, "en") or _first(graph, node, predicate)
    return foreign.text(found, most)
