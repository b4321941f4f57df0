"""What a dataset is in the terms of DCAT, as plain values: what the catalogue's doors and pages say of it. Pure."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dothi.datasets import schema as schemas
from dothi.datasets import vocabulary
from dothi.datasets.vocabulary import Format, Frequency, Licence, Term
from dothi.kit import clock

if TYPE_CHECKING:
    from dothi.datasets.views import View
    from dothi.identity.tables import Agency

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
# what a dataset is downloaded as; the second only where it has geometry
PLAIN_DOWNLOADS = ("csv", "xlsx")
SPATIAL_DOWNLOADS = ("geojson", "gpkg", "shp", "geoparquet", "kml", "flatgeobuf")


@dataclass(frozen=True, slots=True)
class Office:
    """Who publishes: an agency, or the city where a dataset belongs to none."""

    code: str
    name: str
    name_en: str | None = None
    electronic_code: str | None = None
    uri: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask. Of an office, never of a person."""

    name: str
    email: str | None = None
    phone: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A standard interface the data is had through. uri: its name in RDF."""

    code: str
    uri: str
    title: str
    title_en: str
    endpoint: str
    description: str  # address of what describes it: OpenAPI, documentation
    standard: str  # URI
    standard_title: str


@dataclass(frozen=True, slots=True)
class Distribution:
    """One form a dataset is had in. download: a whole file; otherwise an interface to ask."""

    code: str
    uri: str
    title: str
    title_en: str
    access_url: str
    format: Format
    download: bool
    service: Service | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Datasets that belong together: properties.series of each names it."""

    code: str
    uri: str
    title: str
    title_en: str | None


@dataclass(frozen=True, slots=True)
class Described:
    """A dataset in the terms of DCAT. Times in µs UTC, box in degrees (west, south, east, north)."""

    code: str
    uri: str
    page: str
    identifier: str
    title: str
    title_en: str | None
    description: str
    description_en: str | None
    publisher: Office
    contact: Contact
    keywords: tuple[str, ...]
    themes: tuple[Term, ...]
    licence: Licence | None
    licence_url: str | None  # as said, also where it is not on our list
    access: Term
    frequency: Frequency
    issued: int
    modified: int
    start: int | None
    end: int | None
    box: tuple[float, float, float, float] | None
    geometry: Term | None
    provenance: str | None
    source_url: str | None
    quality: str | None
    hvd: Term | None
    series: Series | None
    simulated: bool
    count: int
    version: int
    distributions: tuple[Distribution, ...]
    model: tuple[str, str] | None = None  # the data model it follows: its type and the address of its schema


def office(agency: "Agency", base: str) -> Office:
    """An agency as a publisher."""
    return Office(
        agency.code, agency.name, agency.name_en, agency.electronic_code, f"{base}/catalogue#agency-{agency.code}"
    )


def city_office(name: str, name_en: str | None, base: str) -> Office:
    """The city itself as a publisher."""
    return Office("", name or "dothi", name_en or name or "dothi", None, f"{base}/catalogue#publisher")


def services(base: str) -> dict[str, Service]:
    """The interfaces datasets are served through, by code."""
    docs = "http://www.opengis.net/doc"
    return {
        one.code: one
        for one in (
            Service(
                "features", f"{base}/catalogue#service-features", "OGC API Features: đối tượng địa lý",
                "OGC API Features", f"{base}/ogc", f"{base}/ogc/api",
                f"{docs}/IS/ogcapi-features-1/1.0", "OGC API - Features - Part 1: Core",
            ),
            Service(
                "tiles", f"{base}/catalogue#service-tiles", "OGC API Tiles: ô bản đồ", "OGC API Tiles",
                f"{base}/ogc", f"{base}/ogc/api", f"{docs}/IS/ogcapi-tiles-1/1.0", "OGC API - Tiles - Part 1: Core",
            ),
            Service(
                "ckan", f"{base}/catalogue#service-ckan", "CKAN Action API: danh mục và bảng",
                "CKAN Action API", f"{base}/api/3/action", f"{base}/api/3/action/help_show?name=package_search",
                "https://docs.ckan.org/en/latest/api/", "CKAN Action API, version 3",
            ),
        )
    }  # fmt: skip


def sensorthings(base: str) -> Service:
    """The interface observations are served through; it serves no dataset of records."""
    return Service(
        "sensorthings", f"{base}/catalogue#service-sensorthings", "SensorThings API: số liệu cảm biến",
        "SensorThings API: observations", f"{base}/sta/v1.1", f"{base}/openapi.json",
        "http://www.opengis.net/doc/IS/sensorthings/1.1", "OGC SensorThings API Part 1: Sensing, version 1.1",
    )  # fmt: skip


def dataset(view: "View", base: str, publisher: Office) -> Described:
    """A dataset as one caller sees it. base: address of this server, without a slash at the end."""
    page = f"{base}/catalogue/{view.code}"
    extra = view.properties or {}
    return Described(
        code=view.code,
        uri=f"{page}#dataset",
        page=page,
        identifier=page,
        title=view.title,
        title_en=view.title_en,
        description=view.description or view.title,
        description_en=view.description_en,
        publisher=publisher,
        contact=_contact(view.contact, publisher, page),
        keywords=tuple(str(word) for word in view.keywords or () if str(word).strip()),
        themes=tuple(found for code in view.themes or () if (found := vocabulary.theme(str(code))) is not None),
        licence=vocabulary.licence(view.licence),
        licence_url=view.licence,
        access=vocabulary.ACCESS.get(view.sharing, vocabulary.ACCESS["restricted"]),
        frequency=vocabulary.frequency(view.frequency) or vocabulary.UNKNOWN,
        issued=view.created_at,
        modified=max(view.described_at, view.changed_at or 0),
        start=view.valid_from,
        end=view.valid_until,
        box=view.bbox,
        geometry=vocabulary.geometry(view.geometry_type),
        provenance=view.source,
        source_url=view.source_url if is_web(view.source_url) else None,
        quality=view.quality,
        hvd=vocabulary.HVD.get(str(extra.get("hvd") or "")),
        series=_series(extra.get("series"), base),
        simulated=view.simulated,
        count=view.count,
        version=view.version,
        model=schemas.model(view.schema),
        distributions=_distributions(view, base, page),
    )


def is_web(address: object) -> bool:
    """Whether a text is an address of the web that may stand in a link."""
    return (
        isinstance(address, str)
        and address.startswith(("http://", "https://"))
        and not any(sign in address for sign in '<>"{}|^`\\')
        and not any(sign <= " " for sign in address)
    )


def uuid_of(uri: str) -> str:
    """The UUID that stands for one of our addresses where a UUID is asked for."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, uri))


def _contact(given: Mapping[str, Any] | None, publisher: Office, page: str) -> Contact:
    said = given or {}
    text = {name: str(said[name]).strip() for name in ("name", "email", "phone") if said.get(name)}
    email = text.get("email")
    if email is not None and ("@" not in email or any(sign in email for sign in ' <>"\n')):
        email = None
    url = said.get("url")
    return Contact(
        text.get("name") or publisher.name, email, text.get("phone"),
        str(url) if is_web(url) else None if email else page,
    )  # fmt: skip


def _series(given: object, base: str) -> Series | None:
    if isinstance(given, str):
        given = {"code": given}
    if not isinstance(given, Mapping) or not given.get("code"):
        return None
    code = str(given["code"])
    safe = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_.") else "-" for sign in code)
    english = given.get("title_en")
    return Series(
        code, f"{base}/catalogue#series-{safe}", str(given.get("title") or code), str(english) if english else None
    )


def _distributions(view: "View", base: str, page: str) -> tuple[Distribution, ...]:
    served = services(base)
    collection = f"{base}/ogc/collections/{view.code}"
    found = []
    for code in PLAIN_DOWNLOADS + (SPATIAL_DOWNLOADS if view.geometry_type else ()):
        form = vocabulary.FORMAT[code]
        found.append(
            Distribution(
                code, f"{page}#{code}", f"Tải về {form.title}", f"Download as {form.title_en}",
                f"{page}/download.{form.extension}", form, download=True,
            )
        )  # fmt: skip
    found.append(
        Distribution(
            "features", f"{page}#features", "Truy vấn qua OGC API Features", "Query by OGC API Features",
            f"{collection}/items", vocabulary.FORMAT["geojson"], download=False, service=served["features"],
        )
    )  # fmt: skip
    if view.geometry_type:
        found.append(
            Distribution(
                "tiles", f"{page}#tiles", "Ô bản đồ vectơ", "Vector tiles",
                f"{collection}/tiles/WebMercatorQuad/tilejson.json", vocabulary.FORMAT["mvt"], download=False,
                service=served["tiles"],
            )
        )  # fmt: skip
    found.append(
        Distribution(
            "ckan", f"{page}#ckan", "Truy vấn bảng qua CKAN", "Query the table by CKAN",
            f"{base}/api/3/action/datastore_search?resource_id={view.code}", vocabulary.FORMAT["json"],
            download=False, service=served["ckan"],
        )
    )  # fmt: skip
    return tuple(found)


def schema_org(view: "View", base: str, publisher: Office) -> dict[str, Any]:
    """A dataset as schema.org JSON-LD, for the head of its page (Google Dataset Search reads it)."""
    one = dataset(view, base, publisher)
    found: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": one.uri,
        "url": one.page,
        "identifier": one.identifier,
        "name": one.title,
        "alternateName": one.title_en,
        # a description of fewer than 50 characters is not taken up by search engines; it is said as it is all the same
        "description": one.description,
        "keywords": [*one.keywords, *(theme.title for theme in one.themes)],
        "license": one.licence.uri if one.licence else one.licence_url,
        "isAccessibleForFree": True,
        "creator": _organization(one.publisher),
        "publisher": _organization(one.publisher),
        "dateCreated": clock.iso(one.issued),
        "dateModified": clock.iso(one.modified),
        "version": str(one.version),
        "temporalCoverage": _coverage(one.start, one.end),
        "spatialCoverage": _place(one.box),
        "isBasedOn": one.source_url,
        "creditText": one.provenance,
        "variableMeasured": [_variable(field) for field in view.fields],
        "includedInDataCatalog": {"@type": "DataCatalog", "@id": f"{base}/catalogue#catalogue", "url": f"{base}/catalogue"},
        "distribution": [
            {
                "@type": "DataDownload",
                "name": each.title,
                "encodingFormat": each.format.media_type,
                "contentUrl": each.access_url,
            }
            for each in one.distributions
            if each.download
        ],
    }  # fmt: skip
    return {name: value for name, value in found.items() if value not in (None, [], "")}


def _organization(one: Office) -> dict[str, Any]:
    found = {"@type": "GovernmentOrganization", "@id": one.uri, "name": one.name, "alternateName": one.name_en}
    return {name: value for name, value in found.items() if value}


def _variable(field: Any) -> dict[str, Any]:
    found = {
        "@type": "PropertyValue",
        "name": field.name,
        "alternateName": field.title,
        "description": field.description,
        "unitText": field.unit,
    }
    return {name: value for name, value in found.items() if value}


def _coverage(start: int | None, end: int | None) -> str | None:
    if start is None and end is None:
        return None
    return f"{'..' if start is None else clock.iso(start)}/{'..' if end is None else clock.iso(end)}"


def _place(box: tuple[float, float, float, float] | None) -> dict[str, Any] | None:
    if box is None:
        return None
    west, south, east, north = box
    return {
        "@type": "Place",
        "geo": {"@type": "GeoShape", "box": " ".join(str(round(x, 6)) for x in (south, west, north, east))},
    }


def names(offices: Iterable["Agency"], base: str) -> dict[int, Office]:
    """Agencies as publishers, by id."""
    return {one.id: office(one, base) for one in offices}
