"""The catalogue in RDF: what is in it for whom, in every form, whole over its pages."""

import pytest
from rdflib import DCTERMS, FOAF, RDF, Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic

from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM

DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCATAP = Namespace("http://data.europa.eu/r5r/")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
TYPES = {
    "ttl": ("text/turtle", "turtle"),
    "jsonld": ("application/ld+json", "json-ld"),
    "rdf": ("application/rdf+xml", "xml"),
}

# rdflib's reader of JSON-LD warns of its own classes
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")


def read(local, url, form="turtle", **headers):
    answer = local.get(url, headers=headers)
    assert answer.status_code == 200, answer.text
    return Graph().parse(data=answer.text, format=form)


def codes(graph):
    return sorted(
        str(one).rpartition("/")[2].removesuffix("#dataset") for one in graph.subjects(RDF.type, DCAT.Dataset)
    )


def test_every_form_says_the_same(local, portal):
    for path in ("/catalogue", "/catalogue/den-duong"):
        graphs = []
        for ending, (media, form) in TYPES.items():
            answer = local.get(f"{local.url}{path}.{ending}")
            assert answer.headers["content-type"].startswith(media)
            assert answer.headers["access-control-allow-origin"] == "*"
            graph = Graph().parse(data=answer.text, format=form)
            for triple in [*graph.triples((None, HYDRA.view, None))]:  # the page's own address differs
                for part in [*graph.triples((triple[2], None, None))]:
                    graph.remove(part)
                graph.remove(triple)
            graphs.append(graph)
            asked = local.get(f"{local.url}{path}", headers={"accept": media})
            assert asked.headers["content-type"].startswith(media)
            assert "Accept" in asked.headers["vary"]
        assert isomorphic(graphs[0], graphs[1])
        assert isomorphic(graphs[0], graphs[2])


def test_everybody_sees_open_published_datasets_and_no_others(local, portal):
    assert codes(read(local, f"{local.url}/catalogue.ttl")) == ["den-duong", "ngan-sach"]
    hidden = [local.get(f"{local.url}/catalogue/{code}.ttl") for code in ("chia-se", "noi-bo", "nhap", "nothing-there")]
    assert [answer.status_code for answer in hidden] == [404] * 4
    said = {
        answer.text.replace(code, "…")
        for answer, code in zip(hidden, ("chia-se", "noi-bo", "nhap", "nothing-there"), strict=True)
    }
    assert len(said) == 1


def test_a_reader_sees_shared_ones_too_and_their_own_agency_s(local, portal, session):
    key = identity.create_key(session, SYSTEM, "reader", ["data:read"], agency="so-ca")
    session.commit()
    graph = read(local, f"{local.url}/catalogue.ttl", authorization=f"Bearer {key}")
    assert codes(graph) == ["chia-se", "den-duong", "ngan-sach", "noi-bo"]
    rights = {str(graph.value(one, DCTERMS.identifier)).rpartition("/")[2]: str(graph.value(one, DCTERMS.accessRights)).rpartition("/")[2]
              for one in graph.subjects(RDF.type, DCAT.Dataset)}  # fmt: skip
    assert rights == {"den-duong": "PUBLIC", "ngan-sach": "PUBLIC", "chia-se": "RESTRICTED", "noi-bo": "NON_PUBLIC"}


def test_what_is_said_of_a_dataset(local, portal):
    graph = read(local, f"{local.url}/catalogue/den-duong.ttl")
    one = URIRef(f"{local.url}/catalogue/den-duong#dataset")
    assert {*graph.objects(one, DCTERMS.title)} == {
        Literal("Đèn đường", lang="vi"),
        Literal("Street lights", lang="en"),
    }
    assert str(graph.value(one, DCTERMS.identifier)) == f"{local.url}/catalogue/den-duong"
    publisher = graph.value(one, DCTERMS.publisher)
    assert Literal("Sở so-xd", lang="vi") in graph.objects(publisher, FOAF.name)
    contact = graph.value(one, DCAT.contactPoint)
    assert graph.value(contact, VCARD.hasEmail) == URIRef("mailto:ha-tang@so-xd.example")
    assert {str(theme).rpartition("/")[2] for theme in graph.objects(one, DCAT.theme)} == {"TRAN", "REGI"}
    assert str(graph.value(one, DCTERMS.accrualPeriodicity)).endswith("/MONTHLY")
    assert str(graph.value(one, DCTERMS.modified)) == "2026-02-10T00:00:00+00:00"
    boxes = [str(box) for place in graph.objects(one, DCTERMS.spatial) for box in graph.objects(place, DCAT.bbox)]
    assert boxes == ["POLYGON((106.4 10.53,106.42 10.53,106.42 10.55,106.4 10.55,106.4 10.53))"]
    period = graph.value(one, DCTERMS.temporal)
    assert str(graph.value(period, DCAT.startDate)) == "2026-01-01T00:00:00+00:00"
    assert str(graph.value(one, DCATAP.hvdCategory)).endswith("c_b79e35eb")
    assert graph.value(one, DCAT.inSeries) == URIRef(f"{local.url}/catalogue#series-dt")
    provenance = str(
        graph.value(graph.value(one, DCTERMS.provenance), URIRef("http://www.w3.org/2004/02/skos/core#prefLabel"))
    )
    assert "Sở Xây dựng kê khai" in provenance
    assert "mô phỏng" in provenance
    for form in graph.objects(one, DCAT.distribution):
        assert str(graph.value(form, DCTERMS.license)) == "https://creativecommons.org/licenses/by/4.0/"
        assert str(graph.value(form, DCAT.accessURL)).startswith(local.url)
    kinds = {str(form).rpartition("#")[2] for form in graph.objects(one, DCAT.distribution)}
    assert {"csv", "geojson", "gpkg", "geoparquet", "features", "tiles", "ckan"} <= kinds


def test_a_dataset_without_geometry_has_no_spatial_forms(local, portal):
    graph = read(local, f"{local.url}/catalogue/ngan-sach.ttl")
    kinds = {str(form).rpartition("#")[2] for form in graph.subjects(RDF.type, DCAT.Distribution)}
    assert "csv" in kinds
    assert not kinds & {"geojson", "gpkg", "tiles", "shp"}


# what DCAT-AP 3 wants of each class at least: (class, property, at least, at most)
MANDATORY = [
    (DCAT.Catalog, DCTERMS.title, 1, None), (DCAT.Catalog, DCTERMS.description, 1, None), (DCAT.Catalog, DCTERMS.publisher, 1, 1),
    (DCAT.Catalog, DCTERMS.license, 0, 1), (DCAT.Catalog, FOAF.homepage, 0, 1), (DCAT.Catalog, DCTERMS.issued, 0, 1),
    (DCAT.Catalog, DCTERMS.modified, 0, 1),
    (DCAT.Dataset, DCTERMS.title, 1, None), (DCAT.Dataset, DCTERMS.description, 1, None), (DCAT.Dataset, DCTERMS.publisher, 0, 1),
    (DCAT.Dataset, DCTERMS.accessRights, 0, 1), (DCAT.Dataset, DCTERMS.accrualPeriodicity, 0, 1),
    (DCAT.Dataset, DCTERMS.issued, 0, 1), (DCAT.Dataset, DCTERMS.modified, 0, 1), (DCAT.Dataset, DCAT.version, 0, 1),
    (DCAT.Distribution, DCAT.accessURL, 1, None), (DCAT.Distribution, DCTERMS.license, 0, 1), (DCAT.Distribution, DCTERMS["format"], 0, 1),
    (DCAT.Distribution, DCAT.mediaType, 0, 1), (DCAT.Distribution, DCATAP.availability, 0, 1),
    (DCAT.DataService, DCTERMS.title, 1, None), (DCAT.DataService, DCAT.endpointURL, 1, None), (DCAT.DataService, DCTERMS.publisher, 0, 1),
    (DCAT.CatalogRecord, FOAF.primaryTopic, 1, 1), (DCAT.CatalogRecord, DCTERMS.modified, 1, 1),
    (DCAT.DatasetSeries, DCTERMS.title, 1, None), (DCAT.DatasetSeries, DCTERMS.description, 1, None),
    (FOAF.Agent, FOAF.name, 1, None), (FOAF.Agent, DCTERMS.type, 0, 1),
    (DCTERMS.Location, DCAT.bbox, 0, 1), (DCTERMS.Location, DCAT.centroid, 0, 1), (DCTERMS.PeriodOfTime, DCAT.startDate, 0, 1),
    (VCARD.Kind, VCARD.hasEmail, 0, 1), (VCARD.Kind, VCARD.hasURL, 0, 1),
]  # fmt: skip


def test_what_the_profile_demands_is_there_and_nothing_twice(local, portal):
    graph = read(local, f"{local.url}/catalogue.ttl")
    seen = set()
    for kind, predicate, least, most in MANDATORY:
        for node in graph.subjects(RDF.type, kind):
            seen.add(kind)
            many = len([*graph.objects(node, predicate)])
            assert many >= least, (kind, node, predicate)
            assert most is None or many <= most, (kind, node, predicate, many)
    assert seen == {kind for kind, *_ in MANDATORY}
    typed = {
        DCTERMS.publisher: FOAF.Agent, DCAT.distribution: DCAT.Distribution, DCAT.accessService: DCAT.DataService,
        DCTERMS.license: DCTERMS.LicenseDocument, DCTERMS.language: DCTERMS.LinguisticSystem, DCTERMS.spatial: DCTERMS.Location,
        DCAT.contactPoint: VCARD.Kind, DCTERMS.accrualPeriodicity: DCTERMS.Frequency, DCAT.mediaType: DCTERMS.MediaType,
        DCTERMS.conformsTo: DCTERMS.Standard, DCAT.landingPage: FOAF.Document, FOAF.primaryTopic: DCAT.Resource,
    }  # fmt: skip
    for predicate, kind in typed.items():
        objects = {*graph.objects(None, predicate)}
        assert objects, predicate
        assert all((node, RDF.type, kind) in graph for node in objects), predicate


def test_a_big_catalogue_comes_in_pages_that_are_whole_together(local, put):
    for number in range(7):
        put(f"bo-{number}")
    url, found, pages = f"{local.url}/catalogue.ttl?limit=3", [], 0
    while url:
        graph = read(local, url)
        pages += 1
        found += codes(graph)
        view = next(graph.subjects(RDF.type, HYDRA.PartialCollectionView))
        assert int(graph.value(view, HYDRA.totalItems)) == 7
        following = graph.value(view, HYDRA.next)
        assert (following is None) == (graph.value(view, HYDRA.nextPage) is None)
        url = str(following) if following is not None else None
    assert (pages, sorted(found)) == (3, [f"bo-{n}" for n in range(7)])


def test_bad_pages_are_refused_with_every_fault(local, portal):
    answer = local.get(f"{local.url}/catalogue.ttl?page=0&limit=x&colour=red")
    assert answer.status_code == 400
    assert {fault["place"] for fault in answer.json()["faults"]} == {"page", "limit", "colour"}
    assert local.get(f"{local.url}/catalogue.ttl?page=2").status_code == 400


def test_an_unchanged_catalogue_is_not_sent_again(local, portal, put):
    first = local.get(f"{local.url}/catalogue.ttl")
    known = {"if-none-match": first.headers["etag"]}
    assert local.get(f"{local.url}/catalogue.ttl", headers=known).status_code == 304
    assert local.get(f"{local.url}/catalogue.rdf", headers=known).status_code == 200
    put("moi")
    again = local.get(f"{local.url}/catalogue.ttl", headers=known)
    assert again.status_code == 200
    assert "moi#dataset" in again.text


def test_an_empty_catalogue_is_one_all_the_same(local):
    graph = read(local, f"{local.url}/catalogue.ttl")
    assert codes(graph) == []
    assert len([*graph.subjects(RDF.type, DCAT.Catalog)]) == 1


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_who_wants_no_rdf_gets_none(local, portal, accept):
    for path in ("/catalogue", "/catalogue/ngan-sach"):
        assert "turtle" not in local.get(f"{local.url}{path}", headers={"accept": accept}).headers["content-type"]


def test_texts_of_every_kind_stay_readable(local, put):
    put("la", title='Tên "lạ" <b>& \\ \n dòng', description="\u200b😀 '''", keywords=['"', "<x>"], source_url="javascript:alert(1)",
        contact={"email": "no <mail>", "url": "http://a b", "phone": "x"}, licence="not an address", frequency="SOMETIMES")  # fmt: skip
    for ending, (_, form) in TYPES.items():
        graph = read(local, f"{local.url}/catalogue/la.{ending}", form)
        titles = {str(title) for title in graph.objects(URIRef(f"{local.url}/catalogue/la#dataset"), DCTERMS.title)}
        assert 'Tên "lạ" <b>& \\ \n dòng' in titles
        assert "javascript" not in graph.serialize()


def test_the_data_model_a_dataset_follows_is_named(local, put):
    model = "https://smart-data-models.github.io/dataModel.Parking/OffStreetParking/schema.json"
    fields = {"cho": {"type": "integer", "title": "Số chỗ", "x-model": "totalSpotNumber"}}
    put(
        "bai-do", schema={"type": "object", "x-model": {"name": "OffStreetParking", "url": model}, "properties": fields}
    )
    graph = read(local, f"{local.url}/catalogue/bai-do.ttl")
    said = set(graph.objects(URIRef(f"{local.url}/catalogue/bai-do#dataset"), DCTERMS.conformsTo))
    assert said == {URIRef(model)}
    assert (URIRef(model), RDF.type, DCTERMS.Standard) in graph
    page = local.get(f"{local.url}/catalogue/bai-do", headers={"accept": "text/html"}).text
    assert f'<a href="{model}" rel="noopener">OffStreetParking</a>' in page
    assert "OffStreetParking: <code>totalSpotNumber</code>" in page
