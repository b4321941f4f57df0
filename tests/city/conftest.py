"""A small city on disk: one ward, one road, one river, five sensors."""

import json
from pathlib import Path

import pytest

YAML = """\
city: thu
version: "1"
name: {vi: Thành phố Thử, en: Test Town}
simulated: true
centre: [106.41, 10.54]
places:
  base: base.geojson
  wards: wards.geojson
  areas:
    - {code: thu, name: {vi: Thử, en: Test}, units: ["99901"], valid_from: 2025-07-01}
agencies:
  - code: so-b
    name: {vi: Sở B, en: Department B}
    parent: so-a
  - code: so-a
    name: {vi: Sở A, en: Department A}
sectors:
  water: {}
  air: {}
models:
  - {code: radar, name: Máy đo, description: {vi: Máy đo, en: Gauge}}
sensors:
  - code: RIV-{n:02}
    name: {vi: "Sông {n:02}", en: "River {n:02}"}
    sector: water
    agency: so-b
    model: radar
    at: {points: [{lon: 106.41, lat: 10.54}]}
    datastreams:
      - property: water-level
        station: phu-an
  - code: AQ-{n:02}
    name: {vi: "Bụi {road} {n:02}", en: "Dust {road} {n:02}"}
    sector: air
    agency: so-a
    model: radar
    at: {along: [{name: Hung Vuong, every: 300, start: 100, most: 4}]}
    datastreams: [{property: pm25}]
"""
SQUARE = [[106.40, 10.53], [106.42, 10.53], [106.42, 10.55], [106.40, 10.55], [106.40, 10.53]]


def collection(*features) -> str:
    made = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}
        for kind, coordinates, properties in features
    ]}  # fmt: skip
    return json.dumps(made, ensure_ascii=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the small city."""
    made = tmp_path / "thu"
    made.mkdir()
    (made / "city.yaml").write_text(YAML, "utf-8")
    road = [[106.40, 10.54], [106.42, 10.54]]
    (made / "base.geojson").write_text(
        collection(("LineString", road, {"kind": "road", "name": "Hùng Vương", "approximate": True})), "utf-8"
    )
    ward = {"code": "99901", "name": "Phường Thử", "parent": "80", "kind": "ward"}
    (made / "wards.geojson").write_text(collection(("Polygon", [SQUARE], ward)), "utf-8")
    return made


@pytest.fixture
def edit(folder: Path):
    """Change the small city's blueprint: edit(written, instead)."""

    def change(written: str, instead: str) -> None:
        path = folder / "city.yaml"
        text = path.read_text("utf-8")
        assert written in text
        path.write_text(text.replace(written, instead, 1), "utf-8")

    return change
