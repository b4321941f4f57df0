"""An MQTT door per test, over its own broker and over Mosquitto."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dothi import config
from tests.mqtt.door import Door, Mosquitto


@pytest.fixture
def door(database: Engine) -> Iterator[Door]:
    """The door with the embedded broker on a free port."""
    with Door() as made:
        yield made


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A Mosquitto that is running."""
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    broker = Mosquitto(folder).start()
    yield broker
    broker.stop(9)


@pytest.fixture
def outside(database: Engine, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> Mosquitto:
    """Mosquitto, named by DOTHI_MQTT_URL."""
    monkeypatch.setenv("DOTHI_MQTT_URL", mosquitto.url)
    config.settings.cache_clear()
    return mosquitto
