"""A running server with the planners' layers."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.workbench import city


@pytest.fixture
def planned(database: object, tmp_path: Path) -> None:
    """The city of the planners."""
    city.build(tmp_path)


@pytest.fixture
def web(planned: None, server) -> Iterator[httpx.Client]:
    """An anonymous client of the running city."""
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client
