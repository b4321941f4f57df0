"""Descriptions as CKAN has them: package, resource, organization, group, tag and licence dictionaries. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from dothi.datasets import describe, vocabulary
from dothi.datasets.describe import Described, Distribution, Office
from dothi.datasets.vocabulary import Licence, Term
from dothi.doors.catalogue.ckan.lucene import Doc
from dothi.kit import clock

Json = dict[str, Any]


def moment(micros: int) -> str:
    """An instant as CKAN writes it: UTC without saying so, six decimals."""
    return clock.moment(micros).replace(tzinfo=None).isoformat(timespec="microseconds")


def package(one: Described) -> Json:
    """A dataset."""
    id_ = describe.uuid_of(one.page)
    resources = [resource(form, one, place) for place, form in enumerate(one.distributions)]
    return {
        "id": id_, "name": one.code, "title": one.title, "notes": one.description, "url": one.page,
        "author": one.publisher.name, "author_email": one.contact.email,
        "maintainer": one.contact.name, "maintainer_email": one.contact.email,
        "version": str(one.version), "type": "dataset", "state": "active", "private": one.access.code != "PUBLIC",
        "creator_user_id": None, "plugin_data": None,
        "isopen": bool(one.licence and one.licence.is_open),
        "license_id": one.licence.code if one.licence else "notspecified" if not one.licence_url else "other",
        "license_title": one.licence.title if one.licence else one.licence_url,
        "license_url": one.licence.uri if one.licence else one.licence_url,
        "metadata_created": moment(one.issued), "metadata_modified": moment(one.modified),
        "owner_org": describe.uuid_of(one.publisher.uri) if one.publisher.code else None,
        "organization": organization(one.publisher) if one.publisher.code else None,
        "groups": [group(theme) for theme in one.themes],
        "tags": [tag(word) for word in one.keywords], "num_tags": len(one.keywords),
        "resources": resources, "num_resources": len(resources),
        "extras": [{"key": key, "value": value} for key, value in _extras(one)],
        "relationships_as_subject": [], "relationships_as_object": [],
    }  # fmt: skip


def _extras(one: Described) -> Iterable[tuple[str, str]]:
    """What CKAN has no place for, under the names ckanext-dcat gives it."""
    yield "uri", one.uri
    yield "identifier", one.identifier
    yield "issued", clock.iso(one.issued)
    yield "modified", clock.iso(one.modified)
    yield "language", json.dumps([vocabulary.LANGUAGES["vi"]])
    yield "frequency", one.frequency.uri
    yield "access_rights", one.access.uri
    yield "theme", json.dumps([theme.uri for theme in one.themes])
    yield "publisher_uri", one.publisher.uri
    yield "publisher_name", one.publisher.name
    yield "contact_name", one.contact.name
    optional: dict[str, str | None] = {
        "contact_email": one.contact.email,
        "contact_url": one.contact.url,
        "title_en": one.title_en,
        "notes_en": one.description_en,
        "provenance": one.provenance,
        "quality": one.quality,
        "source_url": one.source_url,
        "temporal_start": clock.iso(one.start) if one.start is not None else None,
        "temporal_end": clock.iso(one.end) if one.end is not None else None,
        "spatial": _spatial(one.box),
        "geometry_type": one.geometry.code if one.geometry else None,
        "hvd_category": one.hvd.uri if one.hvd else None,
        "in_series": one.series.code if one.series else None,
        "simulated": "true" if one.simulated else None,
        "records": str(one.count),
    }
    yield from ((key, value) for key, value in optional.items() if value)


def _spatial(box: tuple[float, float, float, float] | None) -> str | None:
    if box is None:
        return None
    west, south, east, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return json.dumps({"type": "Polygon", "coordinates": [ring]}, separators=(",", ":"))


def resource(form: Distribution, one: Described, place: int) -> Json:
    """A distribution."""
    return {
        "id": describe.uuid_of(form.uri), "package_id": describe.uuid_of(one.page), "position": place,
        "name": form.title, "description": f"{one.title}: {form.title}", "url": form.access_url,
        "format": form.format.title_en if form.download else {"ckan": "API"}.get(form.code, form.format.title_en),
        "mimetype": form.format.media_type.partition(";")[0], "mimetype_inner": None,
        "resource_type": "file" if form.download else "api", "url_type": None, "state": "active",
        "created": moment(one.issued), "last_modified": moment(one.modified), "metadata_modified": moment(one.modified),
        "size": None, "hash": "", "cache_url": None, "cache_last_updated": None,
        "datastore_active": form.code in ("csv", "ckan"),
    }  # fmt: skip


def organization(office: Office) -> Json:
    """An agency."""
    return {
        "id": describe.uuid_of(office.uri), "name": office.code, "title": office.name, "type": "organization",
        "description": office.name_en or "", "image_url": "", "created": None, "is_organization": True,
        "approval_status": "approved", "state": "active",
    }  # fmt: skip


def group(theme: Term) -> Json:
    """A theme."""
    return {
        "id": describe.uuid_of(theme.uri), "name": theme.code.lower(), "title": theme.title,
        "display_name": theme.title, "description": theme.title_en, "image_display_url": "",
    }  # fmt: skip


def tag(word: str) -> Json:
    """A keyword."""
    return {
        "id": describe.uuid_of(f"tag:{word}"),
        "name": word,
        "display_name": word,
        "state": "active",
        "vocabulary_id": None,
    }


def licence(one: Licence) -> Json:
    """Terms of use."""
    return {
        "id": one.code, "title": one.title_en, "url": one.uri, "status": "active", "maintainer": "", "family": "",
        "domain_content": True, "domain_data": True, "domain_software": False, "is_generic": False,
        "od_conformance": "approved" if one.is_open else "rejected",
        "osd_conformance": "not reviewed", "is_okd_compliant": one.is_open, "is_osi_compliant": False,
    }  # fmt: skip


def document(one: Described, made: Json) -> Doc:
    """A package as searching sees it."""
    formats = tuple(dict.fromkeys(form["format"] for form in made["resources"]))
    organization_ = (one.publisher.code,) if one.publisher.code else ()
    fields: dict[str, tuple[str, ...]] = {
        "id": (made["id"],), "name": (one.code,), "title": (one.title, *filter(None, [one.title_en])),
        "notes": (one.description, *filter(None, [one.description_en])),
        "organization": organization_, "owner_org": (made["owner_org"],) if made["owner_org"] else (),
        "groups": tuple(theme.code.lower() for theme in one.themes), "tags": one.keywords, "keywords": one.keywords,
        "license_id": (made["license_id"],), "license": (made["license_id"],),
        "res_format": formats, "res_url": tuple(form["url"] for form in made["resources"]),
        "metadata_created": (f"{made['metadata_created']}Z",), "metadata_modified": (f"{made['metadata_modified']}Z",),
        "state": ("active",), "type": ("dataset",), "dataset_type": ("dataset",), "capacity": ("public" if not made["private"] else "private",),
        "private": (str(made["private"]).lower(),), "isopen": (str(made["isopen"]).lower(),),
        "author": (one.publisher.name,), "maintainer": (one.contact.name,), "url": (one.page,), "version": (made["version"],),
    }  # fmt: skip
    for extra in made["extras"]:
        fields.setdefault(f"extras_{extra['key']}", (extra["value"],))
        fields.setdefault(extra["key"], (extra["value"],))
    text = [*fields["title"], *fields["notes"], *one.keywords, one.publisher.name, one.publisher.name_en or "", one.code,
            *(name for theme in one.themes for name in (theme.title, theme.title_en))]  # fmt: skip
    return Doc.of(fields, " ".join(text))


FACETS = ("organization", "groups", "tags", "res_format", "license_id", "private", "frequency", "geometry_type")


def facets(docs: Sequence[Doc], names: Sequence[str], limit: int, least: int) -> dict[str, dict[str, int]]:
    """How many of the documents have each value of each field, the commonest first."""
    found: dict[str, dict[str, int]] = {}
    for name in names:
        counts = Counter(value for doc in docs for value in dict.fromkeys(doc.fields.get(name, ())))
        ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        found[name] = dict(pair for pair in (ranked if limit < 0 else ranked[:limit]) if pair[1] >= least)
    return found
