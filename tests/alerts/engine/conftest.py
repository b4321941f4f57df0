"""Fixtures of the rule engine's tests."""

import pytest
from sqlalchemy import Engine

from tests.alerts.engine.town import Town


@pytest.fixture
def town(database: Engine, monkeypatch: pytest.MonkeyPatch) -> Town:
    """A clock, a hub and an engine to be driven by hand."""
    return Town(monkeypatch)
