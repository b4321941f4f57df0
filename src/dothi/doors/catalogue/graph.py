"""Descriptions as RDF by DCAT-AP 3.0.1 (https://semiceu.github.io/DCAT-AP/releases/3.0.1/).

Every node that is named is also typed, and every code of an EU table says which table it is of: validators that fetch
nothing then find all they look for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rdflib import DCTERMS, FOAF, RDF, SKOS, XSD, BNode, Graph, Literal, URIRef

from dothi.datasets import describe, vocabulary
from dothi.datasets.describe import Contact, Described, Distribution, Office, Series, Service
from dothi.datasets.vocabulary import Term
from dothi.doors.catalogue import nodes
from dothi.doors.catalogue.nodes import ADMS, DCAT, DCATAP, ELI, GEO, HYDRA, VCARD

_PREFIXES = {
    "adms": ADMS, "dcat": DCAT, "dcatap": DCATAP, "dct": DCTERMS, "eli": ELI, "foaf": FOAF, "geo": GEO, "hydra": HYDRA,
    "skos": SKOS, "vcard": VCARD, "xsd": XSD,
}  # fmt: skip
_CHANGES = (
    ("http://purl.org/adms/changetype/created", "mới tạo", "created"),
    ("http://purl.org/adms/changetype/updated", "đã cập nhật", "updated"),
)
_PROFILE = URIRef("http://data.europa.eu/r5r/")


@dataclass(frozen=True)
class Page:
    """Which part of the catalogue a document holds. total: datasets in all; the addresses of its neighbours."""

    this: str
    first: str
    previous: str | None
    next: str | None
    last: str
    total: int
    size: int


@dataclass(frozen=True)
class Whole:
    """The catalogue itself. issued, modified: µs UTC of the oldest and the newest description."""

    base: str
    title: str
    title_en: str
    description: str
    description_en: str
    publisher: Office
    issued: int
    modified: int

    @property
    def uri(self) -> URIRef:
        """Its name."""
        return URIRef(f"{self.base}/catalogue#catalogue")


def empty() -> Graph:
    """A graph with the prefixes people know."""
    graph = Graph(bind_namespaces="none")
    for prefix, namespace in _PREFIXES.items():
        graph.bind(prefix, namespace)
    return graph


def catalogue(whole: Whole, datasets: Sequence[Described], page: Page) -> Graph:
    """The catalogue with some of its datasets."""
    graph = empty()
    node = whole.uri
    _catalogue_itself(graph, whole)
    offered = [*describe.services(whole.base).values(), describe.sensorthings(whole.base)]
    for service in offered:
        served = [one for one in datasets if any(form.service == service for form in one.distributions)]
        _service(graph, service, whole, served)
        graph.add((node, DCAT.service, URIRef(service.uri)))
    for one in datasets:
        add_dataset(graph, one)
        graph.add((node, DCAT.dataset, URIRef(one.uri)))
        _record(graph, node, one)
    _paging(graph, node, page)
    return graph


def single(whole: Whole, one: Described) -> Graph:
    """One dataset, with the catalogue it is in."""
    graph = empty()
    _catalogue_itself(graph, whole)
    add_dataset(graph, one)
    graph.add((whole.uri, DCAT.dataset, URIRef(one.uri)))
    for service in {form.service.code: form.service for form in one.distributions if form.service}.values():
        _service(graph, service, whole, [one])
        graph.add((whole.uri, DCAT.service, URIRef(service.uri)))
    _record(graph, whole.uri, one)
    return graph


def _catalogue_itself(graph: Graph, whole: Whole) -> None:
    node = whole.uri
    graph.add((node, RDF.type, DCAT.Catalog))
    nodes.texts(graph, node, DCTERMS.title, whole.title, whole.title_en)
    nodes.texts(graph, node, DCTERMS.description, whole.description, whole.description_en)
    graph.add((node, DCTERMS.publisher, nodes.office(graph, whole.publisher)))
    graph.add((node, DCTERMS.issued, nodes.moment(whole.issued)))
    graph.add((node, DCTERMS.modified, nodes.moment(whole.modified)))
    graph.add((node, FOAF.homepage, nodes.document(graph, f"{whole.base}/catalogue")))
    graph.add((node, DCTERMS.license, nodes.licence(graph, vocabulary.licence("cc-zero"))))
    graph.add((node, DCTERMS.spatial, nodes.country(graph)))
    scheme = URIRef(vocabulary.THEME_SCHEME)
    graph.add((scheme, RDF.type, SKOS.ConceptScheme))
    graph.add((scheme, DCTERMS.title, Literal("Data theme", lang="en")))
    graph.add((node, DCAT.themeTaxonomy, scheme))
    for address in vocabulary.LANGUAGES.values():
        graph.add((node, DCTERMS.language, nodes.language(graph, address)))


def add_dataset(graph: Graph, one: Described) -> URIRef:
    """Everything said of one dataset."""
    node = URIRef(one.uri)
    graph.add((node, RDF.type, DCAT.Dataset))
    graph.add((node, RDF.type, DCAT.Resource))
    graph.add((node, DCTERMS.identifier, Literal(one.identifier)))
    nodes.texts(graph, node, DCTERMS.title, one.title, one.title_en)
    nodes.texts(graph, node, DCTERMS.description, one.description, one.description_en)
    graph.add((node, DCTERMS.publisher, nodes.office(graph, one.publisher)))
    graph.add((node, DCTERMS.creator, nodes.office(graph, one.publisher)))
    graph.add((node, DCAT.contactPoint, nodes.contact(graph, one.contact, f"{one.page}#contact")))
    graph.add((node, DCAT.landingPage, nodes.document(graph, one.page)))
    graph.add((node, DCTERMS.issued, nodes.moment(one.issued)))
    graph.add((node, DCTERMS.modified, nodes.moment(one.modified)))
    graph.add((node, DCAT.version, Literal(str(one.version))))
    for word in one.keywords:
        graph.add((node, DCAT.keyword, Literal(word, lang="vi")))
    for theme in one.themes:
        graph.add((node, DCAT.theme, nodes.concept(graph, theme, vocabulary.THEME_SCHEME)))
    frequency = URIRef(one.frequency.uri)
    graph.add((node, DCTERMS.accrualPeriodicity, frequency))
    graph.add((frequency, RDF.type, DCTERMS.Frequency))
    graph.add((frequency, SKOS.inScheme, URIRef(f"{vocabulary.AUTHORITY}/frequency")))
    graph.add((node, DCTERMS.accessRights, nodes.access(graph, one.access)))
    graph.add((node, DCTERMS.language, nodes.language(graph, vocabulary.LANGUAGES["vi"])))
    graph.add((node, DCTERMS.spatial, nodes.country(graph)))
    if one.box is not None:
        graph.add((node, DCTERMS.spatial, nodes.box(graph, one.box)))
    if one.start is not None or one.end is not None:
        graph.add((node, DCTERMS.temporal, nodes.period(graph, one.start, one.end)))
    if one.geometry is not None:
        graph.add(
            (node, DCTERMS.conformsTo, nodes.standard(graph, describe.CRS84, "WGS 84 longitude-latitude (CRS84)"))
        )
    if one.model is not None:
        name, address = one.model
        graph.add((node, DCTERMS.conformsTo, nodes.standard(graph, address, f"Smart Data Models: {name}")))
    _lineage(graph, node, one)
    if one.series is not None:
        graph.add((node, DCAT.inSeries, _series(graph, one.series, one)))
    for form in one.distributions:
        graph.add((node, DCAT.distribution, _distribution(graph, form, one)))
    return node


def _lineage(graph: Graph, node: URIRef, one: Described) -> None:
    said = " ".join(filter(None, (one.provenance, one.quality and f"Chất lượng: {one.quality}")))
    if one.simulated:
        said = f"{said} Dữ liệu mô phỏng.".strip()
    if said:
        statement = BNode()
        graph.add((node, DCTERMS.provenance, statement))
        graph.add((statement, RDF.type, DCTERMS.ProvenanceStatement))
        graph.add((statement, SKOS.prefLabel, Literal(said, lang="vi")))
    if one.source_url:
        graph.add((node, FOAF.page, nodes.document(graph, one.source_url)))
    if one.hvd is not None:
        law = URIRef(vocabulary.HVD_LAW)
        graph.add((law, RDF.type, ELI.LegalResource))
        category = nodes.concept(graph, one.hvd, vocabulary.HVD_SCHEME)
        for subject in (node, *(URIRef(form.uri) for form in one.distributions)):
            graph.add((subject, DCATAP.applicableLegislation, law))
        graph.add((node, DCATAP.hvdCategory, category))


def _distribution(graph: Graph, form: Distribution, one: Described) -> URIRef:
    node = URIRef(form.uri)
    graph.add((node, RDF.type, DCAT.Distribution))
    nodes.texts(graph, node, DCTERMS.title, form.title, form.title_en)
    nodes.texts(
        graph, node, DCTERMS.description, f"{one.title}: {form.title}", f"{one.title_en or one.title}: {form.title_en}"
    )
    graph.add((node, DCAT.accessURL, nodes.address(graph, form.access_url)))
    if form.download:
        graph.add((node, DCAT.downloadURL, nodes.address(graph, form.access_url)))
    nodes.file_type(graph, node, form.format)
    graph.add((node, DCTERMS.license, nodes.licence(graph, one.licence, one.licence_url)))
    graph.add((node, DCTERMS.issued, nodes.moment(one.issued)))
    graph.add((node, DCTERMS.modified, nodes.moment(one.modified)))
    graph.add((node, DCTERMS.language, nodes.language(graph, vocabulary.LANGUAGES["vi"])))
    available = URIRef(vocabulary.AVAILABLE)
    graph.add((node, DCATAP.availability, available))
    graph.add((available, RDF.type, SKOS.Concept))
    graph.add((available, SKOS.prefLabel, Literal("available", lang="en")))
    graph.add((available, SKOS.inScheme, URIRef(f"{vocabulary.AUTHORITY}/planned-availability")))
    if form.service is not None:
        graph.add((node, DCAT.accessService, URIRef(form.service.uri)))
        graph.add((node, DCTERMS.conformsTo, nodes.standard(graph, form.service.standard, form.service.standard_title)))
    return node


def _service(graph: Graph, service: Service, whole: Whole, served: Iterable[Described]) -> None:
    node = URIRef(service.uri)
    graph.add((node, RDF.type, DCAT.DataService))
    nodes.texts(graph, node, DCTERMS.title, service.title, service.title_en)
    graph.add((node, DCAT.endpointURL, nodes.address(graph, service.endpoint)))
    graph.add((node, DCAT.endpointDescription, nodes.address(graph, service.description)))
    graph.add((node, DCTERMS.conformsTo, nodes.standard(graph, service.standard, service.standard_title)))
    graph.add((node, DCTERMS.publisher, nodes.office(graph, whole.publisher)))
    contact = Contact(whole.publisher.name, url=f"{whole.base}/catalogue")
    graph.add((node, DCAT.contactPoint, nodes.contact(graph, contact, f"{whole.base}/catalogue#contact")))
    graph.add((node, DCTERMS.accessRights, nodes.access(graph, vocabulary.ACCESS["open"])))
    graph.add((node, DCAT.keyword, Literal("API", lang="en")))
    theme = vocabulary.theme("GOVE")
    if theme is not None:
        graph.add((node, DCAT.theme, nodes.concept(graph, theme, vocabulary.THEME_SCHEME)))
    marked = set()
    for one in served:
        graph.add((node, DCAT.servesDataset, URIRef(one.uri)))
        if one.hvd is not None:
            marked.add(one.hvd)
    for category in marked:
        graph.add((node, DCATAP.hvdCategory, nodes.concept(graph, category, vocabulary.HVD_SCHEME)))
        graph.add((node, DCATAP.applicableLegislation, URIRef(vocabulary.HVD_LAW)))
        graph.add((node, FOAF.page, nodes.document(graph, service.description)))
        graph.add((node, DCTERMS.license, nodes.licence(graph, vocabulary.licence("cc-by-4.0"))))


def _record(graph: Graph, catalogue_: URIRef, one: Described) -> None:
    node = URIRef(f"{one.page}#record")
    graph.add((catalogue_, DCAT.record, node))
    graph.add((node, RDF.type, DCAT.CatalogRecord))
    graph.add((node, FOAF.primaryTopic, URIRef(one.uri)))
    graph.add((node, DCTERMS.issued, nodes.moment(one.issued)))
    graph.add((node, DCTERMS.modified, nodes.moment(one.modified)))
    graph.add((node, DCTERMS.conformsTo, nodes.standard(graph, str(_PROFILE), "DCAT-AP 3.0.1")))
    change = Term("", *_CHANGES[one.modified > one.issued])
    graph.add((node, ADMS.status, nodes.concept(graph, change, "http://purl.org/adms/changetype")))


def _paging(graph: Graph, node: URIRef, page: Page) -> None:
    """Hydra's words of today (view) and those older harvesters look for (PagedCollection)."""
    view = URIRef(page.this)
    graph.add((node, RDF.type, HYDRA.Collection))
    graph.add((node, HYDRA.totalItems, Literal(page.total)))
    graph.add((node, HYDRA.view, view))
    graph.add((view, RDF.type, HYDRA.PartialCollectionView))
    graph.add((view, RDF.type, HYDRA.PagedCollection))
    graph.add((view, HYDRA.totalItems, Literal(page.total)))
    graph.add((view, HYDRA.itemsPerPage, Literal(page.size)))
    for now, before, address in (
        (HYDRA.first, HYDRA.firstPage, page.first), (HYDRA.previous, HYDRA.previousPage, page.previous),
        (HYDRA.next, HYDRA.nextPage, page.next), (HYDRA.last, HYDRA.lastPage, page.last),
    ):  # fmt: skip
        if address is not None:
            graph.add((view, now, URIRef(address)))
            graph.add((view, before, Literal(address)))


def _series(graph: Graph, series: Series, one: Described) -> URIRef:
    node = URIRef(series.uri)
    graph.add((node, RDF.type, DCAT.DatasetSeries))
    nodes.texts(graph, node, DCTERMS.title, series.title, series.title_en)
    nodes.texts(graph, node, DCTERMS.description, series.title, series.title_en)
    if (node, DCTERMS.publisher, None) not in graph:  # one at most, and its datasets may be of several
        graph.add((node, DCTERMS.publisher, nodes.office(graph, one.publisher)))
    graph.add((node, DCAT.contactPoint, URIRef(f"{one.page}#contact")))
    if one.hvd is not None:
        graph.add((node, DCATAP.hvdCategory, URIRef(one.hvd.uri)))
        graph.add((node, DCATAP.applicableLegislation, URIRef(vocabulary.HVD_LAW)))
    return node
