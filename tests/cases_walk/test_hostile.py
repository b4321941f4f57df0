"""Whatever stands in the address of a page of cases: it is answered, or refused; it is never the server's fault."""

import pytest

from tests import hostile
from tests.cases_walk import walk


@pytest.mark.soak
def test_no_address_is_the_servers_fault(city):
    routes = [one for one in walk.routes() if one.startswith(walk.OF_CASES) and one not in walk.EXEMPT]
    pages = [(route, path) for route in routes for path in walk.filled(route, city.world)]
    faulty = hostile.broken(lambda path: city.get("admin", path).status, pages)
    assert not faulty, "\n".join(faulty)
