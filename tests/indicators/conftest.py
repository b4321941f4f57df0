"""The town, and a clock that stands."""

import pytest

from dothi.kit import clock
from tests.indicators import town


@pytest.fixture
def streams(session, monkeypatch):
    """The town at its moment; the numbers of its datastreams by code."""
    monkeypatch.setattr(clock, "source", lambda: clock.moment(town.NOW))
    return town.build(session)
