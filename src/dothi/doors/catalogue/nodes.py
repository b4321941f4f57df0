"""The nodes descriptions are made of, each typed and told apart by the table it is of."""

import json

from rdflib import DCTERMS, FOAF, RDF, RDFS, SKOS, XSD, BNode, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from dothi.datasets import describe, vocabulary
from dothi.datasets.describe import Contact, Office
from dothi.datasets.vocabulary import Format, Licence, Term
from dothi.kit import clock

DCAT = Namespace("http://www.w3.org/ns/dcat#")  # rdflib's own knows version 2 only
ADMS = Namespace("http://www.w3.org/ns/adms#")
DCATAP = Namespace("http://data.europa.eu/r5r/")
ELI = Namespace("http://data.europa.eu/eli/ontology#")
GEO = Namespace("http://www.opengis.net/ont/geosparql#")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")


def file_type(graph: Graph, node: URIRef, form: Format) -> None:
    """Say of a distribution which file type and media type it is."""
    kind, media = URIRef(form.uri), URIRef(form.iana)
    graph.add((node, DCTERMS.format, kind))
    graph.add((kind, RDF.type, DCTERMS.MediaTypeOrExtent))
    graph.add((kind, SKOS.inScheme, URIRef(f"{vocabulary.AUTHORITY}/file-type")))
    graph.add((node, DCAT.mediaType, media))
    graph.add((media, RDF.type, DCTERMS.MediaType))


def texts(graph: Graph, node: Node, predicate: URIRef, text: str, english: str | None) -> None:
    """Say a text in Vietnamese, and in English where there is one."""
    graph.add((node, predicate, Literal(text, lang="vi")))
    if english:
        graph.add((node, predicate, Literal(english, lang="en")))


def moment(micros: int) -> Literal:
    """An instant (µs UTC) as xsd:dateTime."""
    return Literal(clock.iso(micros), datatype=XSD.dateTime)


def office(graph: Graph, office: Office) -> URIRef:
    """A publisher."""
    node = URIRef(office.uri)
    graph.add((node, RDF.type, FOAF.Agent))
    graph.add((node, FOAF.name, Literal(office.name, lang="vi")))
    if office.name_en:
        graph.add((node, FOAF.name, Literal(office.name_en, lang="en")))
    if office.electronic_code:
        graph.add((node, DCTERMS.identifier, Literal(office.electronic_code)))
    scheme = URIRef("http://purl.org/adms/publishertype/1.0")
    kind = URIRef("http://purl.org/adms/publishertype/RegionalAuthority")
    graph.add((node, DCTERMS.type, kind))
    graph.add((kind, RDF.type, SKOS.Concept))
    graph.add((kind, SKOS.prefLabel, Literal("Regional authority", lang="en")))
    graph.add((kind, SKOS.inScheme, scheme))
    graph.add((scheme, RDF.type, SKOS.ConceptScheme))
    graph.add((scheme, DCTERMS.title, Literal("ADMS publisher type", lang="en")))
    return node


def contact(graph: Graph, contact: Contact, uri: str) -> URIRef:
    """Whom to ask; uri: the name of the node."""
    node = URIRef(uri)
    graph.add((node, RDF.type, VCARD.Kind))
    graph.add((node, RDF.type, VCARD.Organization))
    graph.add((node, VCARD.fn, Literal(contact.name)))
    if contact.email:
        graph.add((node, VCARD.hasEmail, address(graph, f"mailto:{contact.email}")))
    if contact.phone:
        digits = "".join(sign for sign in contact.phone if sign.isascii() and (sign.isdigit() or sign == "+"))
        graph.add((node, VCARD.hasTelephone, URIRef(f"tel:{digits}")))
    if contact.url:
        graph.add((node, VCARD.hasURL, address(graph, contact.url)))
    return node


def document(graph: Graph, address: str) -> URIRef:
    """A page of the web."""
    node = URIRef(address)
    graph.add((node, RDF.type, FOAF.Document))
    return node


def address(graph: Graph, address: str) -> URIRef:
    """An address that stands for itself, typed for validators that draw no conclusions."""
    node = URIRef(address)
    graph.add((node, RDF.type, RDFS.Resource))
    return node


def concept(graph: Graph, term: Term, scheme: str) -> URIRef:
    """An entry of a table (scheme)."""
    node = URIRef(term.uri)
    graph.add((node, RDF.type, SKOS.Concept))
    texts(graph, node, SKOS.prefLabel, term.title, term.title_en)
    graph.add((node, SKOS.inScheme, URIRef(scheme)))
    return node


def access(graph: Graph, term: Term) -> URIRef:
    """Who may have it."""
    node = URIRef(term.uri)
    graph.add((node, RDF.type, DCTERMS.RightsStatement))
    texts(graph, node, SKOS.prefLabel, term.title, term.title_en)
    graph.add((node, SKOS.inScheme, URIRef(f"{vocabulary.AUTHORITY}/access-right")))
    return node


def licence(graph: Graph, licence: Licence | None, address: str | None = None) -> Node:
    """The licence node; one that is not on our list is named by its address, an unnamed one says so in words."""
    node: URIRef | BNode
    if licence is not None:
        node = URIRef(licence.uri)
        texts(graph, node, DCTERMS.title, licence.title, licence.title_en)
        kind = URIRef(licence.kind)
        graph.add((node, DCTERMS.type, kind))
        graph.add((kind, RDF.type, SKOS.Concept))
        graph.add((kind, SKOS.prefLabel, Literal(licence.kind.rpartition("/")[2], lang="en")))
        graph.add((kind, SKOS.inScheme, URIRef("http://purl.org/adms/licencetype/1.0")))
    elif describe.is_web(address):
        node = URIRef(str(address))
    else:
        node = BNode()
        texts(graph, node, DCTERMS.title, "Chưa nêu giấy phép", "No licence stated")
    graph.add((node, RDF.type, DCTERMS.LicenseDocument))
    return node


def language(graph: Graph, address: str) -> URIRef:
    """A language of the EU table."""
    node = URIRef(address)
    graph.add((node, RDF.type, DCTERMS.LinguisticSystem))
    graph.add((node, SKOS.inScheme, URIRef(f"{vocabulary.AUTHORITY}/language")))
    return node


def country(graph: Graph) -> URIRef:
    """Vietnam."""
    node = URIRef(vocabulary.COUNTRY)
    graph.add((node, RDF.type, DCTERMS.Location))
    graph.add((node, SKOS.inScheme, URIRef(f"{vocabulary.AUTHORITY}/country")))
    return node


def standard(graph: Graph, address: str, title: str) -> URIRef:
    """A standard something keeps to."""
    node = URIRef(address)
    graph.add((node, RDF.type, DCTERMS.Standard))
    graph.add((node, DCTERMS.title, Literal(title, lang="en")))
    return node


def period(graph: Graph, start: int | None, end: int | None) -> BNode:
    """From when until when (µs UTC)."""
    node = BNode()
    graph.add((node, RDF.type, DCTERMS.PeriodOfTime))
    if start is not None:
        graph.add((node, DCAT.startDate, moment(start)))
    if end is not None:
        graph.add((node, DCAT.endDate, moment(end)))
    return node


def box(graph: Graph, box: tuple[float, float, float, float]) -> BNode:
    """A box in degrees, with its middle, in WKT and GeoJSON."""
    west, south, east, north = (round(side, 6) for side in box)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    wkt = "POLYGON((" + ",".join(f"{x} {y}" for x, y in ring) + "))"
    middle = f"POINT({round((west + east) / 2, 6)} {round((south + north) / 2, 6)})"
    node = BNode()
    graph.add((node, RDF.type, DCTERMS.Location))
    graph.add((node, DCAT.bbox, Literal(wkt, datatype=GEO.wktLiteral)))
    graph.add((node, DCAT.centroid, Literal(middle, datatype=GEO.wktLiteral)))
    # by GeoSPARQL 1.1: what the profile's two sets of shapes ask of locn:geometry excludes each other
    shape = BNode()
    graph.add((node, GEO.hasGeometry, shape))
    graph.add((shape, RDF.type, GEO.Geometry))
    geojson = json.dumps({"type": "Polygon", "coordinates": [ring]}, separators=(",", ":"))
    graph.add((shape, GEO.asWKT, Literal(wkt, datatype=GEO.wktLiteral)))
    graph.add((shape, GEO.asGeoJSON, Literal(geojson, datatype=GEO.geoJSONLiteral)))
    return node
