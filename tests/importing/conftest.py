"""Files and mappings made in the test itself."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from sqlalchemy import Engine, text

from dothi.sensing.tabular import mapping as maps
from dothi.sensing.tabular import run
from dothi.sensing.tabular.report import Summary

RIVER = """
title: River gauges
time: {column: thời gian, format: dd/MM/yyyy HH:mm, zone: Asia/Ho_Chi_Minh}
station: {column: trạm, code: "gauge-{slug}", create: true, sharing: open}
sensor: {code: gauge, name: Gauge}
properties:
  level: {column: mực nước, unit: m, range: [-5, 20]}
  temperature: {column: nhiệt độ, unit: Cel}
"""


@pytest.fixture
def mapped(tmp_path: Path) -> Callable[[str], maps.Mapping]:
    """A mapping from its YAML."""

    def made(yaml: str = RIVER) -> maps.Mapping:
        path = tmp_path / "mapping.yaml"
        path.write_text(dedent(yaml), "utf-8")
        return maps.load(path)[0]

    return made


@pytest.fixture
def imported(tmp_path: Path, mapped: Callable[[str], maps.Mapping]) -> Callable[..., Summary]:
    """Import a file of these contents."""

    def made(contents: str | bytes | Path, yaml: str = RIVER, **how) -> Summary:
        path = contents if isinstance(contents, Path) else tmp_path / "table.csv"
        if not isinstance(contents, Path):
            path.write_bytes(contents.encode() if isinstance(contents, str) else contents)
        return run.observations(path, mapped(yaml), **how)

    return made


@pytest.fixture
def stored(database: Engine) -> Callable[[], list[tuple]]:
    """What stands in the database: (thing's code, property's code, µs, result, JSON), in that order."""

    def read() -> list[tuple]:
        asked = (
            "SELECT t.code, p.code, o.at, o.result, o.result_json FROM observation o"
            " JOIN datastream d ON d.id = o.datastream_id JOIN thing t ON t.id = d.thing_id"
            " JOIN observed_property p ON p.id = d.observed_property_id ORDER BY 1, 2, 3"
        )
        with database.connect() as connection:
            return [tuple(row) for row in connection.execute(text(asked))]

    return read
