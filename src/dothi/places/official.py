"""The provinces that come with dothi: names, codes, days and mergers are official facts; there is no geometry here."""

import csv
from importlib import resources
from typing import Any

from sqlalchemy.orm import Session

from dothi.identity import guard
from dothi.journal import service as journal
from dothi.kit.text import fold
from dothi.places import atlas as atlases
from dothi.places import names, store
from dothi.places.describe import day


def ensure(session: Session, caller: guard.Caller = guard.SYSTEM) -> int:
    """Put in the provinces of official/units_2025.csv and what they were merged from; how many rows were new."""
    guard.require(caller, "places:write")
    atlas = atlases.current(session)
    held = {(row.code, row.valid_from) for row in atlas.rows if row.level == "province"}
    units: list[dict[str, Any]] = []
    crosswalk: list[dict[str, Any]] = []
    for line in table():
        start = day(line["valid_from"])
        end = day(line["valid_to"]) if line["valid_to"] else None
        full = names.full_name(line["kind"], line["name"])
        if (line["code"], start) not in held:
            units.append(
                {
                    "code": line["code"],
                    "level": "province",
                    "kind": line["kind"],
                    "name": line["name"],
                    "full_name": full,
                    "folded": fold(full),
                    "valid_from": start,
                    "valid_to": end,
                    "source": line["source"],
                    "approximate": False,
                }
            )
        merged = line["merged_from"].split()
        extent = "same" if merged == [line["code"]] else "whole"
        crosswalk += [
            {"on": start, "level": "province", "old_code": old, "new_code": line["code"], "extent": extent, "weight": 1.0,
             "basis": line["source"]}
            for old in merged
        ]  # fmt: skip
    there = {(c.on, c.old_code, c.new_code) for c in store.changes_on(session, {c["on"] for c in crosswalk})}
    crosswalk = [c for c in crosswalk if (c["on"], c["old_code"], c["new_code"]) not in there]
    store.insert_units(session, units)
    store.insert_changes(session, crosswalk)
    if units or crosswalk:
        store.touch(session)
        journal.append(
            session,
            "places.units.imported",
            actor=caller.actor,
            subject="units",
            visibility="open",
            data={"source": "official/units_2025.csv", "created": len(units), "changes": len(crosswalk)},
        )
    return len(units) + len(crosswalk)


def table() -> list[dict[str, str]]:
    """The rows of official/units_2025.csv."""
    text = resources.files("dothi.places").joinpath("official/units_2025.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))
