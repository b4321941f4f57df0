"""A rule's subject, resolved: which datastreams it reads, in which unit, and its thresholds as numbers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from operator import attrgetter
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from dothi.alerts import facts_store
from dothi.alerts.facts_store import StreamRow, ThingRow
from dothi.alerts.model import Named, RuleModel, Where, micros
from dothi.identity.guard import Caller
from dothi.kit import units
from dothi.kit.clock import SECOND
from dothi.kit.errors import BadInput, NotFound
from dothi.kit.units import Line
from dothi.places import service as places
from dothi.sensing.sectors import Property, sectors
from dothi.sensing.state import UNKNOWN_STALE_MINUTES
from dothi.sensing.state_store import level_values

Usual = tuple[tuple[float, float] | None, ...]  # (median, spread) of each of the 168 hours of the local week

HOLDS = 3 * 3600 * SECOND  # µs a value stands when nothing says how long
_MINUTE = 60 * SECOND
_EARTH = 6_371_000.0  # m, mean radius
_PLACES = 512  # whose neighbours are looked for at once
_CLOSE = 200.0  # m: where the nearest is looked for first
_UNKNOWN = (None, None, None)  # what a property is that nobody stored
_id = attrgetter("id")


@dataclass(frozen=True, slots=True)
class Input:
    """A datastream as a rule reads it.

    line: how its numbers become the property's unit; None: they are in it. plausible: a number outside is no reading.
    stands: µs a value counts as being so; interval: µs expected between values. usual: in the property's unit.
    """

    name: str
    stream: int
    line: Line | None = None
    plausible: tuple[float, float] | None = None
    stands: int = HOLDS
    interval: int | None = None
    usual: Usual | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything about one subject of one rule that is not in the rule.

    subject: `datastream:12`, `thing:3`, `area:27694`. numbers: thresholds by `Named.key`; None or absent: unknown.
    unit, decimals: how values are written. upstream: code of the thing its water comes from. names: of the
    datastreams' things, for the explanation. shape: of the fence.
    """

    subject: str
    inputs: tuple[Input, ...]
    numbers: Mapping[str, float | None] = field(default_factory=dict)
    name: str = ""
    unit: str = ""
    unit_en: str = ""
    decimals: int = 1
    sector: str | None = None
    thing_id: int | None = None
    datastream_id: int | None = None
    lon: float | None = None
    lat: float | None = None
    unit_code: str | None = None
    agency_id: int | None = None
    sharing: str = "restricted"
    simulated: bool = False
    upstream: str | None = None
    names: Mapping[int, str] = field(default_factory=dict)
    shape: BaseGeometry | None = None

    @property
    def streams(self) -> tuple[int, ...]:
        """Ids of the datastreams it reads."""
        return tuple(one.stream for one in self.inputs)


@dataclass(slots=True)
class Ground:
    """All things and datastreams, read once for many rules. known: what a stored property is, by its id."""

    things: dict[int, ThingRow]
    streams: list[StreamRow]
    known: dict[int, tuple[str | None, Property | None, float | None]]
    agencies: dict[str, int]
    of_property: dict[str, list[StreamRow]] = field(default_factory=dict)
    of_thing: dict[int, list[StreamRow]] = field(default_factory=dict)
    areas: dict[str, tuple[frozenset[str], BaseGeometry | None]] = field(default_factory=dict)
    lines: dict[tuple[str, str | None], Line | None] = field(default_factory=dict)
    by_code: dict[str, int] = field(default_factory=dict)
    of_unit: dict[str | None, list[ThingRow]] = field(default_factory=dict)
    nearest: dict[tuple[str, float], dict[int, StreamRow]] = field(default_factory=dict)
    attributes_of_units: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def ground(session: Session, caller: Caller | None = None) -> Ground:
    """What rules may be about. caller: only what he may see; None: everything, for the engine."""
    taught = sectors()
    known: dict[int, tuple[str | None, Property | None, float | None]] = {}
    for id_, code, name, own in facts_store.properties(session):
        property_ = taught.property_of(code, name)
        stale = (own or {}).get("stale_minutes")
        known[id_] = (property_.code if property_ else code, property_, _number(stale))
    things = {row.id: row for row in facts_store.things(session, caller)}
    streams = [row for row in facts_store.streams(session, caller) if row.thing_id in things]
    made = Ground(things, streams, known, facts_store.agencies(session))
    for row in streams:
        code = known.get(row.property_id or 0, (None, None, None))[0]
        if code is not None:
            made.of_property.setdefault(code, []).append(row)
        made.of_thing.setdefault(row.thing_id, []).append(row)
    made.by_code = {row.code: row.id for row in things.values() if row.code}
    for thing in things.values():
        made.of_unit.setdefault(thing.unit_code, []).append(thing)
    for area in sorted(places.area_rows(session), key=lambda one: len(one.units or ())):
        found = places.area(session, area.code)
        for unit in area.units or ():
            made.attributes_of_units.setdefault(str(unit), []).append((found.properties if found else None) or {})
    return made


def resolve(
    session: Session, model: RuleModel, on: Ground | None = None, *, caller: Caller | None = None
) -> list[Facts]:
    """Every subject of a rule, in a steady order. on: what `ground` read, for many rules."""
    made = ground(session, caller) if on is None else on
    chosen = [made.things[id_] for id_ in _meant(session, model.on.where, made)]
    if model.on.inputs:
        return list(_by_inputs(session, model, made, chosen))
    if model.on.property is None:
        return list(_whole_things(model, made, chosen))
    rows = [row for row in _measuring(model.on.property, chosen, made) if _fits_sector(model, row, made)]
    usual = _usuals(session, model, [row.id for row in rows])
    if model.on.together is not None:
        return list(_together(session, model, made, rows, usual))
    found = []
    for row in rows:
        one = _input(model, made, row, "value", usual)
        if one is not None:
            found.append(_facts(session, model, made, f"datastream:{row.id}", (one,), made.things[row.thing_id], row))
    return found


def _measuring(property_: str, chosen: list[ThingRow], made: Ground) -> list[StreamRow]:
    """The datastreams of a property at some things, by their ids."""
    rows = made.of_property.get(property_, [])
    if len(chosen) * 4 < len(rows):  # a thousand rules about a ward each: not every datastream of the city for each
        there = [row for thing in chosen for row in made.of_thing.get(thing.id, [])]
        return sorted((row for row in there if made.known.get(row.property_id or 0, _UNKNOWN)[0] == property_), key=_id)
    ids = {one.id for one in chosen}
    return [row for row in rows if row.thing_id in ids]


def _number(given: Any) -> float | None:
    return float(given) if isinstance(given, int | float) and not isinstance(given, bool) else None


def _meant(session: Session, where: Where, made: Ground) -> Iterator[int]:
    """The things a rule is about."""
    agency = made.agencies.get(where.agency, -1) if where.agency is not None else None
    inside = _area(session, where.area, made) if where.area is not None else None
    for row in _maybe(where, made):
        own = row.properties or {}
        if where.official is not None and (own.get("official") is True) != where.official:
            continue
        if where.simulated is not None and bool(row.simulated) != where.simulated:
            continue
        if agency is not None and row.agency_id != agency:
            continue
        if where.units and row.unit_code not in where.units:
            continue
        if where.things and not any(fnmatchcase(row.code or "", one) for one in where.things):
            continue
        if any(_under(own, path) != value for path, value in where.attributes.items()):
            continue
        if inside is not None and not _lies(row, *inside):
            continue
        yield row.id


def _maybe(where: Where, made: Ground) -> Iterable[ThingRow]:
    """The things among which all those meant are, by their ids: few where units or codes are named."""
    if where.units:
        return sorted((row for code in set(where.units) for row in made.of_unit.get(code, [])), key=_id)
    if where.things and not any(sign in one for one in where.things for sign in "*?["):
        ids = sorted({made.by_code[one] for one in where.things if one in made.by_code})
        return [made.things[id_] for id_ in ids]
    return made.things.values()


def _area(session: Session, code: str, made: Ground) -> tuple[frozenset[str], BaseGeometry | None]:
    if code not in made.areas:
        try:
            found = places.area(session, code)
            unit_codes = frozenset(str(one) for one in (found.units if found else None) or ())
            made.areas[code] = (unit_codes, None if unit_codes else places.area_shape(session, code))
        except NotFound:
            made.areas[code] = (frozenset(), None)
    return made.areas[code]


def _lies(row: ThingRow, codes: frozenset[str], shape: BaseGeometry | None) -> bool:
    if codes:
        return row.unit_code in codes
    if shape is None or row.lon is None or row.lat is None:
        return False
    return bool(shapely.intersects_xy(shape, row.lon, row.lat))


def _fits_sector(model: RuleModel, row: StreamRow, made: Ground) -> bool:
    wanted = model.on.where.sector
    if wanted is None:
        return True
    thing = made.things[row.thing_id].properties or {}
    code = made.known.get(row.property_id or 0, (None, None, None))[0]
    return wanted in (thing.get("sector"), sectors().sector_of.get(code or ""))


def _usuals(session: Session, model: RuleModel, ids: list[int]) -> dict[int, list[tuple[float, float] | None]]:
    if not any(one.unusual for one in model.when.values()):
        return {}
    return facts_store.usuals(session, ids)


def _input(
    model: RuleModel, made: Ground, row: StreamRow, name: str,
    usual: Mapping[int, Sequence[tuple[float, float] | None]],
) -> Input | None:  # fmt: skip
    """A datastream as the rule reads it; None when its unit cannot become the property's."""
    _, property_, own_stale = made.known.get(row.property_id or 0, (None, None, None))
    absence = all(one.kind == "absent" for one in model.when.values())
    line = None
    if property_ is not None and property_.kind in {"measurement", "count"}:
        line = _line(row.unit, property_, made)
        if line is None and not absence:
            return None
    own = row.properties or {}
    stale = _number(own.get("stale_minutes")) or own_stale
    stale = stale or (property_.state.stale_minutes if property_ else UNKNOWN_STALE_MINUTES)
    every = _number(own.get("every_seconds"))
    slots = usual.get(row.id)
    if slots is not None and line is not None:
        slots = [None if one is None else (line(one[0]), abs(line.scale) * one[1]) for one in slots]
    return Input(
        name, row.id, None if line is None or line == (1.0, 0.0) else line,
        property_.plausible if property_ else None,
        micros(model.stands) if model.stands else int(stale * _MINUTE),
        int(every * SECOND) if every else None,
        None if slots is None else tuple(slots),
    )  # fmt: skip


def _line(unit: Any, property_: Property, made: Ground) -> Line | None:
    code = units.ucum_of(unit)
    key = (property_.code, code)
    if key not in made.lines:
        try:
            made.lines[key] = units.gas_line(code, property_.unit.ucum, property_.molar_mass) if code else None
        except BadInput:
            made.lines[key] = None
    return made.lines[key]


def _facts(
    session: Session, model: RuleModel, made: Ground, subject: str, inputs: tuple[Input, ...], thing: ThingRow,
    row: StreamRow | None = None,
) -> Facts:  # fmt: skip
    property_ = made.known.get(row.property_id or 0, (None, None, None))[1] if row is not None else None
    own = thing.properties or {}
    return Facts(
        subject, inputs, _numbers(model, made, thing, row), thing.name,
        property_.unit.shown() if property_ else "", property_.unit.shown("en") if property_ else "",
        property_.decimals if property_ else 1,
        model.sector or (sectors().sector_of.get(property_.code) if property_ else None) or own.get("sector"),
        thing.id, row.id if row is not None else None, thing.lon, thing.lat, thing.unit_code, thing.agency_id,
        thing.sharing, bool(thing.simulated), own.get("upstream"), {one.stream: thing.name for one in inputs},
        _fence(session, model, made),
    )  # fmt: skip


def _numbers(model: RuleModel, made: Ground, thing: ThingRow, row: StreamRow | None) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for key in model.named():
        kind, _, name = key.partition(":")
        if kind == "level":
            streams = [row] if row is not None else made.of_thing.get(thing.id, [])
            values = (level_values(one.properties).get(name) for one in streams)
            found[key] = next((one for one in values if one is not None), None)
            continue
        owners = [row.properties if row is not None else None, thing.properties]
        owners += made.attributes_of_units.get(thing.unit_code or "", [])
        values = (_number(_under(one or {}, name)) for one in owners)
        found[key] = next((one for one in values if one is not None), None)
    return found


def _under(own: Mapping[str, Any], path: str) -> Any:
    """What stands under a path of keys with dots."""
    value: Any = own
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _fence(session: Session, model: RuleModel, made: Ground) -> BaseGeometry | None:
    codes = [one.fence.area for one in model.when.values() if one.fence is not None and one.fence.area]
    if not codes:
        return None
    key = f"fence:{codes[0]}"
    if key not in made.areas:
        try:
            shape: BaseGeometry | None = places.area_shape(session, codes[0])
        except NotFound:
            shape = None
        made.areas[key] = (frozenset(), shape)
    return made.areas[key][1]


def _whole_things(model: RuleModel, made: Ground, chosen: list[ThingRow]) -> Iterator[Facts]:
    for thing in chosen:
        rows = [row for row in made.of_thing.get(thing.id, []) if _fits_sector(model, row, made)]
        inputs = tuple(one for row in rows if (one := _input(model, made, row, f"s{row.id}", {})) is not None)
        if inputs:
            own = thing.properties or {}
            yield Facts(
                f"thing:{thing.id}", inputs, _numbers(model, made, thing, None), thing.name,
                sector=model.sector or own.get("sector"), thing_id=thing.id, lon=thing.lon, lat=thing.lat,
                unit_code=thing.unit_code, agency_id=thing.agency_id, sharing=thing.sharing,
                simulated=bool(thing.simulated), upstream=own.get("upstream"),
                names={one.stream: thing.name for one in inputs},
            )  # fmt: skip


def _by_inputs(session: Session, model: RuleModel, made: Ground, chosen: list[ThingRow]) -> Iterator[Facts]:
    """One subject for each thing that has, or finds, every input; its own property speaks for units and levels."""
    for thing in chosen:
        inputs: list[Input] = []
        first: StreamRow | None = None
        own = False
        for name, wanted in model.on.inputs.items():
            row = _row(made, thing, wanted.property, wanted.thing, wanted.nearest_m)
            one = _input(model, made, row, name, {}) if row is not None else None
            if row is None or one is None or any(one.stream == other.stream for other in inputs):
                break
            own = own or (wanted.thing is None and wanted.nearest_m is None)
            if row.thing_id == thing.id and first is None:
                first = row
            inputs.append(one)
        else:
            if own and first is not None and _fits_sector(model, first, made):
                yield _facts(session, model, made, f"thing:{thing.id}", tuple(inputs), thing, first)


def _row(made: Ground, thing: ThingRow, property_: str, code: str | None, nearest_m: float | None) -> StreamRow | None:
    if nearest_m is not None:
        return _nearest(made, property_, nearest_m).get(thing.id)
    rows = made.of_property.get(property_, []) if code is not None else made.of_thing.get(thing.id, [])
    id_ = thing.id if code is None else made.by_code.get(code)
    return next(
        (row for row in rows
         if row.thing_id == id_ and made.known.get(row.property_id or 0, _UNKNOWN)[0] == property_), None
    )  # fmt: skip


def _nearest(made: Ground, property_: str, reach: float) -> dict[int, StreamRow]:
    """By thing, the nearest datastream of a property at another thing within so many metres; of equals the older."""
    if (property_, reach) not in made.nearest:
        made.nearest[property_, reach] = found = {}
        rows = [row for row in made.of_property.get(property_, []) if _placed(made.things[row.thing_id])]
        asking = [thing for thing in made.things.values() if _placed(thing)]
        at = [np.array([getattr(made.things[row.thing_id], axis) for row in rows]) for axis in ("lon", "lat")]
        own = np.array([row.thing_id for row in rows])
        radius = min(reach, _CLOSE)
        while rows and asking:  # few are looked at where many are near
            lon, lat = (np.array([getattr(thing, axis) for thing in asking]) for axis in ("lon", "lat"))
            for thing, close in zip(asking, near(lon, lat, radius, *at), strict=True):
                others = close[own[close] != thing.id]
                if len(others):
                    apart = metres(thing.lon, thing.lat, at[0][others], at[1][others])
                    found[thing.id] = rows[others[int(np.argmin(apart))]]  # the rows stand by id: of equals the first
            if radius == reach:
                break
            asking, radius = [one for one in asking if one.id not in found], min(reach, 4 * radius)
    return made.nearest[property_, reach]


def _placed(thing: ThingRow) -> bool:
    return thing.lon is not None and thing.lat is not None


def _together(
    session: Session, model: RuleModel, made: Ground, rows: list[StreamRow],
    usual: Mapping[int, Sequence[tuple[float, float] | None]],
) -> Iterator[Facts]:  # fmt: skip
    """Sensors asked as one. Whose data it is and how freely it is shared is that of the most guarded of them."""
    together = model.on.together
    assert together is not None  # noqa: S101 - the caller has looked
    read = [(row, made.things[row.thing_id], one) for row in rows
            if (one := _input(model, made, row, f"s{row.id}", usual)) is not None]  # fmt: skip
    groups: dict[str, list[int]] = {}
    if together.by == "area":
        groups[f"area:{model.on.where.area or 'all'}"] = list(range(len(read)))
    elif together.by == "unit":
        for i, (_, thing, _) in enumerate(read):
            if thing.unit_code is not None:
                groups.setdefault(f"area:{thing.unit_code}", []).append(i)
    else:
        placed = [i for i, (_, thing, _) in enumerate(read) if thing.lon is not None and thing.lat is not None]
        lon = np.array([read[i][1].lon for i in placed], dtype=float)
        lat = np.array([read[i][1].lat for i in placed], dtype=float)
        for i, close in zip(placed, near(lon, lat, together.metres or 0.0), strict=True):
            groups[f"thing:{read[i][1].id}"] = [placed[k] for k in close.tolist()]
    for subject, members in groups.items():
        if not members:
            continue
        centre = next((i for i in members if f"thing:{read[i][1].id}" == subject), None)
        row, thing, _ = read[members[0] if centre is None else centre]
        plain = _facts(session, model, made, subject, tuple(read[i][2] for i in members), thing, row)
        things = [read[i][1] for i in members]
        guarded = min(things, key=lambda one: ("restricted", "shared", "open").index(one.sharing))
        yield _shared(session, plain, subject, guarded, things, centre is not None, model)


def _shared(
    session: Session, plain: Facts, subject: str, guarded: ThingRow, things: list[ThingRow], own: bool, model: RuleModel
) -> Facts:
    from dataclasses import replace

    names = dict(zip(plain.streams, (one.name for one in things), strict=True))
    made = replace(
        plain, names=names, sharing=guarded.sharing, agency_id=guarded.agency_id, datastream_id=None,
        simulated=any(one.simulated for one in things),
    )  # fmt: skip
    if own:
        return made
    placed = [(one.lon, one.lat) for one in things if one.lon is not None and one.lat is not None]
    code = subject.partition(":")[2]
    unit = places.unit(session, code)
    area = None if unit is not None else places.area(session, code)
    return replace(
        made, name=unit.name if unit is not None else area.name if area is not None else model.title.vi, thing_id=None,
        lon=sum(x for x, _ in placed) / len(placed) if placed else None,
        lat=sum(y for _, y in placed) / len(placed) if placed else None,
        unit_code=code if unit is not None else None,
    )  # fmt: skip


def metres(lon: Any, lat: Any, others_lon: Any, others_lat: Any) -> Any:
    """Distances on the sphere from one place, or each of some places, to others, all in degrees."""
    a, b = np.radians(lat), np.radians(others_lat)
    half = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(np.radians(others_lon - lon) / 2) ** 2
    return 2 * _EARTH * np.arcsin(np.sqrt(half))


def near(lon: Any, lat: Any, reach: float, others_lon: Any = None, others_lat: Any = None) -> Iterator[Any]:
    """For each place, in degrees, the numbers in rising order of those of the others at most `reach` metres away.

    The others are the places themselves unless given: each is then among its own.
    """
    if others_lon is None:
        others_lon, others_lat = lon, lat
    tree = shapely.STRtree(shapely.points(others_lon, others_lat))
    high = float(np.degrees(reach / _EARTH)) * 1.000001  # the box is a little too large rather than too small
    wide = high / np.maximum(np.cos(np.radians(np.minimum(np.abs(lat) + high, 90))), 1e-9)
    boxes = shapely.box(lon - wide, lat - high, lon + wide, lat + high)
    for start in range(0, len(lon), _PLACES):
        ours, others = tree.query(boxes[start : start + _PLACES])
        order = np.lexsort((others, ours))
        ours, others = ours[order], others[order]
        here = ours + start
        kept = metres(lon[here], lat[here], others_lon[others], others_lat[others]) <= reach
        ours, others = ours[kept], others[kept]
        ends = np.searchsorted(ours, np.arange(min(_PLACES, len(lon) - start)), side="right")
        yield from np.split(others, ends[:-1])


def thresholds(model: RuleModel, facts: Facts) -> list[tuple[str, float | None]]:
    """The rule's named thresholds at a subject: what is unknown is None."""
    said = [one for condition in model.when.values() for one in condition.thresholds() if isinstance(one, Named)]
    return [(one.key, facts.numbers.get(one.key, one.default)) for one in said]
