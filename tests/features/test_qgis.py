"""QGIS reads the interface: what it lists, its boxes and its filters are ours. Debian's QGIS, without a screen."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.features.conftest import lamp

SCRIPT = Path(__file__).with_name("qgis_reads.py")
PYTHON = "/usr/bin/python3"  # QGIS's bindings are Debian's


@pytest.fixture
def seen(streets, server, tmp_path) -> dict:
    environment = {
        "QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8",
        "QGIS_CUSTOM_CONFIG_PATH": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path),
    }  # fmt: skip
    done = subprocess.run(
        [PYTHON, str(SCRIPT), f"{server.url}/ogc", "lamps"],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_qgis_reads_a_collection_its_boxes_its_filters_and_its_tiles(seen):
    assert seen["valid"]
    assert seen["crs"] in {"OGC:CRS84", "EPSG:4326"}
    assert seen["type"] == 1  # Point
    assert seen["count"] == 60
    names = [name for name, _ in seen["fields"]]
    assert {"name", "power", "poles", "lit", "installed"} <= set(names)
    assert not {"contract", "keeper"} & set(names)
    assert seen["in_box"] == sorted(lamp(i)["name"] for i in range(3))
    assert seen["strong"] == sorted(lamp(i)["name"] for i in range(60) if lamp(i).get("power", 0) > 120)
    assert seen["first"] == [106.4, 10.5]
    assert not seen["restricted"]
    assert seen["tiles"]
