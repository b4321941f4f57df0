"""The Python of the guide runs as it stands against a server with a sensor of the README's making."""

import json
import sys
import urllib.parse
import urllib.request

import pytest

from tests.docs.pages import ROOT, here, shell, to_run

pytestmark = pytest.mark.usefixtures("whole")
README, CLIENTS = "README.md", "docs/guide/clients.md"


@pytest.fixture
def run(server, tmp_path):
    """Run the one Python example that has these words in it; what it printed."""

    def run(words):
        (code,) = [code for code in to_run(CLIENTS, "python") if words in code]
        script = tmp_path / "example.py"
        script.write_text(here(code, server.url), encoding="utf-8")
        return shell([*to_run(README, "bash"), "export KEY STREAM", "echo; echo ====", f"{sys.executable} {script}"],
                     server.url, tmp_path).partition("\n====\n")[2]  # fmt: skip

    return run


def read(server, path):
    with urllib.request.urlopen(f"{server.url}/sta/v1.1/{urllib.parse.quote(path, safe='/?&=$(),;')}") as answer:
        return json.load(answer)


def test_frost_sta_client_creates_reads_filters_updates_and_deletes(run, server):
    assert run("frost_sta_client").splitlines() == [
        "2026-11-20T08:01:00.000Z 0.6",
        "2026-11-20T08:02:00.000Z 0.2",
    ]
    assert [one["name"] for one in read(server, "Things?$select=name")["value"]] == ["My air sensor"]


def test_pandas_reads_tables_and_means(run):
    said = run("import pandas")
    assert "My air sensor" in said
    assert "62.5" in said
    assert "count     2.00" in said
    assert "40.45" in said  # the hour's mean of 18.4 and 62.5, or of the day's


def test_a_device_publishes_and_knows_that_it_is_stored(run, server):
    assert run("import paho").strip() == "stored"
    # DESC in capitals, as frost_sta_client writes it
    newest = read(server, "Observations?$orderby=phenomenonTime DESC&$top=1&$select=result")
    assert newest["value"] == [{"result": 23.4}]


def test_qgis_finds_its_layers(server, run):
    """What the SensorThings provider of QGIS asks for, and the address of the GeoJSON layer in the guide."""
    run("import paho")
    point = "location/type eq 'Point' or location/geometry/type eq 'Point'"
    assert read(server, f"Locations?$top=0&$count=true&$filter={point}")["@iot.count"] == 1
    box = "geography'Polygon ((106 10, 107 10, 107 11, 106 11, 106 10))'"
    expand = "$expand=Things($expand=Datastreams($expand=Observations($top=1;$orderby=phenomenonTime desc)))"
    inside = read(server, f"Locations?$top=200&$filter=({point}) and geo.intersects(location, {box})&{expand}")
    assert len(inside["value"][0]["Things"][0]["Datastreams"][0]["Observations"]) == 1
    for entity in ("MultiDatastreams", "FeaturesOfInterest", "Sensors"):
        assert "@iot.count" in read(server, f"{entity}?$top=0&$count=true")
    lines = (ROOT / CLIENTS).read_text(encoding="utf-8").splitlines()
    (address,) = [line for line in lines if line.startswith("http://") and "GeoJSON" in line]
    with urllib.request.urlopen(here(address, server.url)) as answer:
        (feature,) = json.load(answer)["features"]
    assert feature["geometry"]["type"] == "Point"
    assert feature["properties"]["Datastreams"][0]["Observations"][0]["result"] == 23.4
