"""The rules' pages with some rules, and people who may read or change them."""

import pytest

from dothi.alerts import rulebook
from dothi.app import create_app
from dothi.db import session as db
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from tests.web.asking import Browser

FLOOD = {
    "code": "ngap-thu", "title": {"vi": "Ngập đường thử", "en": "Test flooding"}, "sector": "water",
    "on": {"property": "flood-depth"},
    "when": {"major": {"from": 30, "lasting": "5m"}, "minor": {"from": 15}},
    "clear": {"margin": 3, "lasting": "10m"}, "group": {"by": "unit", "window": "1h"}, "status": "draft",
}  # fmt: skip


@pytest.fixture
def rules(database):
    """Two agencies, a rule of the whole city and one of an agency."""
    with db.writing() as session:
        for code, name in (("so-nnmt", "Sở Nông nghiệp và Môi trường"), ("so-xd", "Sở Xây dựng")):
            identity.create_agency(session, SYSTEM, code, name)
        office = identity.store.agency_by_code(session, "so-nnmt")
        rulebook.create(session, SYSTEM, FLOOD)
        rulebook.create(
            session,
            SYSTEM,
            {**FLOOD, "code": "ngap-nn", "title": {"vi": "Ngập của sở", "en": "The office's flooding"}},
            agency_id=office.id,
        )
    return {"so-nnmt": office.id}


@pytest.fixture
def browser(rules):
    """A browser of somebody with a role: browser(role, agency) -> Browser."""
    application, made = create_app(), 0

    def signed_in(role, agency=None):
        nonlocal made
        made += 1
        found = Browser(application)
        with db.writing() as session:
            person = identity.create_person(session, SYSTEM, f"{role}-{made}", "Trần Thị Lan", agency=agency)
            identity.grant(session, SYSTEM, person, role, "agency" if agency else "all", agency)
            found.http.cookies.set("dothi_session", identity.sign_in(session, person.id))
        return found

    return signed_in


@pytest.fixture
def flooded(rules):
    """A street that was under water twice yesterday, of which only its own agency is told."""
    from dothi.kit import clock
    from dothi.sensing.tables import Thing
    from tests.browser import seed

    with db.writing() as session:
        known = seed.properties(session)
        id_, streams = seed.thing(session, "Ngập thử", 106.4, 10.5, ["flood-depth"], known, sharing="restricted")
        session.get(Thing, id_).agency_id = rules["so-nnmt"]
    now = clock.now_micros() // clock.HOUR * clock.HOUR
    depth = [40 if minute in range(60, 90) else 20 if minute in range(300, 330) else 0 for minute in range(0, 1200, 2)]
    seed.put([
        (streams["flood-depth"], now - 21 * clock.HOUR + i * 2 * 60 * clock.SECOND, float(cm)) for i, cm in enumerate(depth)
    ])  # fmt: skip
    return id_
