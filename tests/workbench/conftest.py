"""A running server with the planners' layers."""

from collections.abc import Iterator

import httpx
import pytest

from tests.servers import Running
from tests.workbench import city


@pytest.fixture(scope="module")
def web(standing: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """An anonymous client of the running city of the planners; what a test takes away it takes from the zoning."""
    city.build(tmp_path_factory.mktemp("planned"))
    with Running() as running, httpx.Client(base_url=running.url, timeout=30) as client:
        yield client
