"""Whatever stands in the address of a page: it is answered, or refused; it is never the server's fault."""

from datetime import timedelta

import pytest

from dothi.db import session as db
from dothi.identity import guard
from dothi.identity import service as identity
from tests import hostile
from tests.access import walk, worlds


@pytest.fixture(scope="module")
def root(cities):
    """In both worlds, somebody who may do everything: their name among the callers."""
    for city in cities.values():
        city.enter()
        with worlds.standing(worlds.NOW - timedelta(hours=1)), db.writing() as session:
            who = identity.create_person(session, guard.SYSTEM, "root", "Người quản trị")
            for role in guard.ROLES:
                identity.grant(session, guard.SYSTEM, who, role)
            city.world.headers["root"] = {"cookie": f"dothi_session={identity.sign_in(session, who.id)}"}
    return "root"


@pytest.mark.soak
def test_no_address_is_the_servers_fault(full, root):
    pages = [(one.route, one.path) for one in walk.requests() if one.method == "GET"]
    faulty = hostile.broken(lambda path: full.get(path, root, accept="text/html").status, pages)
    assert not faulty, "\n".join(faulty)
