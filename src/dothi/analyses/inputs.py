"""What an analysis reads, as its method sees it: records, cases, communes, series, streets, and how open each is."""

import hashlib
import json
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from sqlalchemy.orm import Session

from dothi.analyses import declared, store
from dothi.analyses.declared import Analysis, Input
from dothi.analyses.methods import methods
from dothi.analyses.model import Given, Item, Method, Need, Series, TooLittle, graph_of
from dothi.analyses.streets import Streets
from dothi.datasets import cql2, reading, views
from dothi.db import session as db
from dothi.identity import guard
from dothi.kit import clock, units
from dothi.kit.errors import BadInput
from dothi.sensing.sectors import sectors

RANK = {"restricted": 0, "shared": 1, "open": 2}
_GRAPHS = 8


@dataclass
class Read:
    """Everything a run reads. open: how openly the least open input may be shown; whose: agencies of restricted ones."""

    given: Given
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    simulated: bool = False
    open: str = "open"
    narrow: str = ""  # the input that makes it so
    whose: set[int | None] = field(default_factory=set)
    timeless: bool = True

    def narrows(self, name: str, sharing: str, agency: int | None) -> None:
        """Take an input's sharing into account."""
        if RANK[sharing] < RANK[self.open]:
            self.open, self.narrow = sharing, name
        if sharing == "restricted":
            self.whose.add(agency)

    def print(self, one: Analysis, method: Method) -> str | None:
        """What the result follows from, as a hash; None where it also follows from the time."""
        if not (self.timeless and method.timeless):
            return None
        told = [method.code, method.source, one.parameters, self.told]
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


def read(session: Session, one: Analysis, at: int) -> Read:
    """Read every input of an analysis, as of now, about the moment `at` (µs UTC)."""
    method = methods()[one.method]
    items: dict[str, list[Item]] = {}
    series: dict[str, list[Series]] = {}
    roads: dict[str, Streets] = {}
    made = Read(Given(at, items, series, roads))
    for name, given in one.inputs.items():
        need = method.needs[name]
        if given.observations is not None:
            series[name] = _series(session, made, name, given, need, at)
        elif need.takes == "streets":
            roads[name] = _streets(session, made, name, given, need)
        elif given.dataset is not None:
            items[name] = _records(session, made, name, given, need, at)
        elif given.cases is not None:
            items[name] = _cases(session, made, name, given, need, at)
        else:
            items[name] = _units(session, made, name, given, need, at)
    return made


def _view(session: Session, made: Read, name: str, given: Input, need: Need) -> tuple[views.View, dict[str, str]]:
    """A dataset as an analysis reads it, and which of its fields has which role."""
    code = given.dataset or ""
    view = views.read(session, guard.SYSTEM, code)
    if view is None:
        raise TooLittle(f"thành phố chưa có tập dữ liệu {code}", f"the city has no dataset {code}")
    roles = declared.bound(given, need, [one.name for one in view.fields])
    made.simulated |= view.simulated
    used = {*roles.values(), *(cql2.queried(cql2.parse(given.where)) if given.where else ())}
    closed = [one.name for one in view.fields if not one.open and one.name in used]
    sharing = "restricted" if closed or view.status != "published" else view.sharing
    made.narrows(name, sharing, view.agency_id)
    made.told[name] = {"dataset": code, "version": view.version, "where": given.where, "fields": roles}
    return view, roles


def _records(session: Session, made: Read, name: str, given: Input, need: Need, at: int) -> list[Item]:
    view, roles = _view(session, made, name, given, need)
    asked = reading.Asked(where=cql2.parse(given.where) if given.where else None)
    rows = list(reading.read(view, asked, session, wkb=view.geometry_type is not None))
    shapes = (
        shapely.from_wkb([row.get("geometry") for row in rows]) if rows and view.geometry_type else [None] * len(rows)
    )
    found: list[Item] = []
    for row, shape in zip(rows, shapes, strict=True):
        properties = row["properties"]
        values = {role: properties.get(name_) for role, name_ in roles.items()}
        if need.own_fields:
            values = {**properties, **values}
        if properties.get("simulated") is True:
            made.simulated = True
        found.append(Item(row["key"], values, shape, row["unit_code"]))
    if given.last is not None:
        since = at - declared.span(given.last)
        found = [one for one in found if (when := one.at()) is not None and since <= when <= at]
        made.timeless = False
    made.told[name]["count"] = len(found)
    return found


_graphs: OrderedDict[tuple[Any, ...], Streets] = OrderedDict()
_lock = threading.Lock()


def _streets(session: Session, made: Read, name: str, given: Input, need: Need) -> Streets:
    """The graph of a dataset's lines, built once for each of its versions."""
    view, roles = _view(session, made, name, given, need)
    key = (id(db.engine()), view.id, view.version, given.where, tuple(sorted(roles.items())))
    with _lock:
        graph = _graphs.get(key)
    if graph is None:
        graph = graph_of(_records(session, made, name, given, need, 0))
        with _lock:
            _graphs[key] = graph
            while len(_graphs) > _GRAPHS:
                _graphs.popitem(last=False)
    made.told[name]["count"] = len(set(graph.keys))
    return graph


def forget() -> None:
    """Drop the graphs that are kept."""
    with _lock:
        _graphs.clear()


def _cases(session: Session, made: Read, name: str, given: Input, need: Need, at: int) -> list[Item]:
    asked = given.cases or declared.CasesAsked()
    since = at - declared.span(asked.last) if asked.last else None
    roles = declared.bound(given, need, declared.CASE_FIELDS)
    rows = store.cases(session, asked.type, asked.categories, since)
    found: list[Item] = []
    for row in rows:
        own = {
            "number": row.number, "category": row.category, "state": row.state, "priority": row.priority,
            "at": row.opened_at, "closed": row.closed_at,
        }  # fmt: skip
        made.simulated |= row.simulated
        shape = None if row.lon is None or row.lat is None else shapely.Point(row.lon, row.lat)
        found.append(Item(row.number, {role: own.get(name_) for role, name_ in roles.items()}, shape, row.unit))
    made.narrows(name, "restricted", None)  # where somebody called from is not for everybody
    made.told[name] = {
        "cases": asked.model_dump(),
        "count": len(found),
        "since": None if since is None else clock.iso(since),
    }
    made.timeless = False
    return found


def _units(session: Session, made: Read, name: str, given: Input, need: Need, at: int) -> list[Item]:
    roles = declared.bound(given, need, declared.UNIT_FIELDS)
    found: list[Item] = []
    for row in store.units(session, given.units or "commune", at):
        own = {"code": row.code, "name": row.full_name, "people": row.population, "area_km2": row.area_km2}
        shape = None if row.geometry is None else shapely.from_wkb(row.geometry)
        found.append(Item(row.code, {role: own.get(name_) for role, name_ in roles.items()}, shape, row.code))
    made.told[name] = {"units": given.units, "count": len(found), "codes": hashlib.sha256(
        json.dumps([one.key for one in found]).encode()).hexdigest()[:12]}  # fmt: skip
    return found


def _series(session: Session, made: Read, name: str, given: Input, need: Need, at: int) -> list[Series]:
    asked = given.observations
    assert asked is not None  # noqa: S101 - only asked for where it is
    wanted = sectors().properties[asked.property]
    since = at - declared.span(asked.last)
    fetch = store.hours if asked.of == "hour" else store.values
    # the hour at hand is not over; its mean would be of a part of it
    until = at // clock.HOUR * clock.HOUR if asked.of == "hour" else at + 1
    found: list[Series] = []
    count = 0
    for one in store.streams(session):
        known = sectors().property_of(one.property_code, one.property_name)
        own = one.properties or {}
        if known is None or known.code != wanted.code:
            continue
        if asked.sector is not None and asked.sector not in (own.get("sector"), sectors().sector_of.get(wanted.code)):
            continue
        if any(own.get(key) != value for key, value in asked.attributes.items()):
            continue
        when, value = fetch(session, one.id, since, until)
        if not len(when):
            continue
        code = units.ucum_of(one.unit)
        if code and code != wanted.unit.ucum:
            try:
                line = units.gas_line(code, wanted.unit.ucum, wanted.molar_mass)
            except BadInput:
                continue  # measures something else under the same name
            value = np.array([line(each) for each in value])
        roles = {role: role for role in need.roles} | given.fields
        shape = None if one.lon is None or one.lat is None else shapely.Point(one.lon, one.lat)
        values = {role: own.get(name_) for role, name_ in roles.items()}
        found.append(Series(one.thing_code or str(one.thing_id), when, value, values, shape, one.unit_code, one.name))
        made.simulated |= one.simulated
        made.narrows(name, one.sharing, one.agency_id)
        count += len(when)
    made.told[name] = {
        "observations": asked.property, "of": asked.of, "from": clock.iso(since), "to": clock.iso(at),
        "series": len(found), "count": count, "unit": wanted.unit.ucum,
    }  # fmt: skip
    made.timeless = False
    return found
