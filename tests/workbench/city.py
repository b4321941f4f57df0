"""Tân An with its datasets and without its sensors: what the workbench is looked at with."""

import json
import shutil
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dothi.city import service as cities
from dothi.db import session as db
from dothi.identity import guard

LAYERS = ("lighting", "planning", "water", "facilities", "security")  # the sectors with layers that are looked at
FEWER = {"lamps": 4, "zoning": 12}  # every so manieth is taken: the workbench is no test of loading


def features(code: str) -> list[dict[str, Any]]:
    """The records of a layer as they are loaded."""
    text = (cities.find("tan-an") / "data" / f"{code}.geojson").read_text("utf-8")
    found: list[dict[str, Any]] = json.loads(text)["features"][:: FEWER.get(code, 1)]
    return found


def build(folder: Path) -> None:
    """Apply the shipped city, without sensors, into the database in use."""
    shipped = cities.find("tan-an")
    made = folder / "tan-an"
    shutil.copytree(shipped, made)
    reader = YAML(typ="safe")
    blueprint = reader.load(made / "city.yaml")
    blueprint.pop("cases")  # offices handle categories of every sector
    (made / "city.yaml").write_text(json.dumps(blueprint, ensure_ascii=False, default=str), "utf-8")
    for file in (made / "sectors").iterdir():
        if file.stem not in LAYERS:
            file.unlink()
            continue
        layers = reader.load(file)["datasets"]
        layers.pop("infrastructure-corridors", None)
        if "flood-spots" in layers:  # a restricted layer beside open ones, and one that only offices share
            layers["flood-spots"]["sharing"] = "restricted"
        file.write_text(json.dumps({"datasets": layers}, ensure_ascii=False), "utf-8")
    for code in FEWER:
        text = json.dumps({"type": "FeatureCollection", "features": features(code)}, ensure_ascii=False)
        (made / "data" / f"{code}.geojson").write_text(text, "utf-8")
    with db.writing() as session:
        cities.apply(session, guard.SYSTEM, cities.plan(session, made))
