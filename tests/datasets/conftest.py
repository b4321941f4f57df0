"""A register of lamps of one agency, and people around it."""

from dataclasses import replace

import pytest

from dothi.datasets import service, views
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.identity.tables import Agency

FIELDS = {
    "code": {"type": "string", "title": "Mã đèn", "x-role": "key"},
    "road": {"type": "string", "title": "Tên đường", "title-en": "Road"},
    "height": {"type": "number", "x-unit": "m", "minimum": 0, "maximum": 40},
    "state": {"oneOf": [{"const": "on", "title": "Sáng"}, {"const": "off", "title": "Tắt"}], "type": "string"},
    "since": {"type": "string", "format": "date", "x-role": "valid-from"},
    "until": {"type": "string", "format": "date", "x-role": "valid-until"},
    "keeper": {"type": "string", "title": "Người phụ trách", "x-personal": True},
    "cost": {"type": "integer", "x-open": False},
}
SCHEMA = {"type": "object", "properties": FIELDS, "required": ["code"], "x-order": list(FIELDS)}


@pytest.fixture
def agencies(session):
    """Two agencies, by code their numbers."""
    session.add_all([Agency(code="so-xd", name="Sở Xây dựng"), Agency(code="so-tc", name="Sở Tài chính")])
    session.flush()
    return {one.code: one.id for one in session.query(Agency)}


def person(id_, agency, *permissions):
    """Somebody who holds some permissions inside an agency."""
    return Caller("person", id_, f"p{id_}", agency, within=frozenset((one, agency) for one in permissions))


@pytest.fixture
def steward(agencies):
    """Keeps the lamps."""
    return person(1, agencies["so-xd"], *guard.ROLES["data-steward"])


@pytest.fixture
def second(agencies):
    """A second steward of the same agency."""
    return person(2, agencies["so-xd"], *guard.ROLES["data-steward"])


@pytest.fixture
def outsider(agencies):
    """An officer of another agency."""
    return person(3, agencies["so-tc"], *guard.ROLES["officer"])


@pytest.fixture
def lamps(session, steward):
    """The dataset `lamps`: restricted, a draft, no records yet."""
    made = service.create(session, steward, body("lamps"))
    session.commit()
    return made


def body(code, **more):
    """The description of a dataset."""
    return {
        "code": code, "title": "Đèn đường", "title_en": "Street lamps", "schema": SCHEMA, "geometry_type": "Point",
    } | more  # fmt: skip


def lamp(code, lon=105.78, lat=10.03, **properties):
    """A feature."""
    shape = None if lon is None else {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "geometry": shape, "properties": {"code": code} | properties}


def share(session, code, sharing, status="published"):
    """Share a dataset as a blueprint does: without a second person."""
    made = service.describe(session, guard.SYSTEM, code, {"sharing": sharing, "status": status})
    session.commit()
    views.forget()
    return made


def everywhere(*permissions):
    """Somebody who holds some permissions everywhere."""
    return replace(Caller("person", 9, "p9"), everywhere=frozenset(permissions))
