"""Tân An with its datasets and without its sensors: what the workbench is looked at with."""

import json
import shutil
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dothi.city import service as cities
from dothi.db import session as db
from dothi.identity import guard

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
    blueprint = YAML(typ="safe").load(shipped / "city.yaml")
    kept = {name: value for name, value in blueprint.items() if name not in ("sensors", "models")}
    del kept["datasets"]["infrastructure-corridors"]
    for code in FEWER:
        text = json.dumps({"type": "FeatureCollection", "features": features(code)}, ensure_ascii=False)
        (made / "data" / f"{code}.geojson").write_text(text, "utf-8")
    # a restricted layer beside open ones, and one that only offices share
    kept["datasets"]["flood-spots"]["sharing"] = "restricted"
    (made / "city.yaml").write_text(json.dumps(kept, ensure_ascii=False, default=str), "utf-8")
    with db.writing() as session:
        cities.apply(session, guard.SYSTEM, cities.plan(session, made))
