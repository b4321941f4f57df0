"""`/services`: what there is, and each service with who, papers, fee, days and legal basis."""

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from dothi.cases import appointments, dossiers, quality766
from dothi.cases.declared import Procedure
from dothi.cases.types import types
from dothi.identity import called
from dothi.identity.tables import Agency
from dothi.kit import clock
from dothi.screens.services.desk import Ask

YEAR = 365 * clock.DAY
SPANS = {"month": 30 * clock.DAY, "quarter": 91 * clock.DAY, "year": YEAR}


@dataclass
class Listing:
    """The context of `services/index.html`. fields: (value, title, how many)."""

    services: list[Procedure]
    fields: list[tuple[str, str]]
    text: str
    field: str
    level: str
    every: int


@dataclass
class One:
    """The context of `services/one.html`. expected: when a result is due of a dossier accepted now."""

    service: Procedure
    desks: list[Agency]
    expected: int
    days: list[tuple[str, int]]


@dataclass
class Quality:
    """The context of `services/quality.html`."""

    index: quality766.Index
    offices: list[tuple[str, quality766.Index]]
    span: str
    since: int


@dataclass
class Apologies:
    """The context of `services/apologies.html`."""

    apologies: list[dossiers.Apology]


def index(ask: Ask) -> Response:
    """`/services`."""
    text, field, level = (ask.request.query_params.get(name, "")[:100] for name in ("q", "field", "level"))
    every = types().procedures.values()
    fields = sorted({(one.field.vi, one.field.of(ask.language)) for one in every}, key=lambda one: one[1])
    found = dossiers.catalogue(ask.language, text=text, field=field, level=level)
    return ask.page("index", Listing(found, fields, text, field, level, len(every)))


def one(ask: Ask) -> Response:
    """`/services/{code}`."""
    service = dossiers.procedure(ask.request.path_params["code"])
    desks = dossiers.desks(ask.session, service)
    free = [(day.isoformat(), 0) for day in appointments.days(ask.session, most=1)]
    return ask.page("one", One(service, desks, dossiers.expected(ask.session, service, ask.now), free))


def quality(ask: Ask) -> Response:
    """`/services/quality`."""
    span = ask.request.query_params.get("span", "year")
    span = span if span in SPANS else "year"
    since = ask.now - SPANS[span]
    asked = quality766.Asked(since, ask.now + 1)
    found = quality766.index(ask.session, asked, ask.now)
    page = Quality(found, _offices(ask, asked), span, since)
    return ask.page("quality", page, simulated=found.simulated or None)


def apologies(ask: Ask) -> Response:
    """`/services/apologies`."""
    return ask.page("apologies", Apologies(dossiers.apologies(ask.session, ask.language)))


def query(**values: str) -> str:
    """An address' query, without what is empty."""
    return urlencode({key: value for key, value in values.items() if value})


def _offices(ask: Ask, asked: quality766.Asked) -> list[tuple[str, quality766.Index]]:
    found = quality766.by_office(ask.session, asked, ask.now)
    return [(called.agency(ask.session, name, ask.language), one) for name, one in found]
