"""What a sector's `expect.yaml` may promise, and how the promise is checked."""

from collections.abc import Iterable, Iterator
from datetime import date

from pydantic import Field

from dothi import packs
from dothi.kit import units
from dothi.kit.errors import BadInput, Fault
from dothi.sensing import aqi
from dothi.sensing.sectors import Code, Index, Property, Sectors, State, sectors
from dothi.sensing.state import judge

UCUM = "a code of UCUM, as in m/s, ug/m3, Cel, %, {persons}"


@packs.unpromised
def _units(found: dict[str, packs.Pack]) -> Iterable[Fault]:
    """Units that can be calculated with."""
    for file, key in (("observed_properties.yaml", "properties"), ("indicators.yaml", "indicators")):
        for pack in found.values():
            given = pack.files.get(file)
            for i, one in enumerate(getattr(given, key) if given is not None else []):
                if not units.known(one.unit.ucum):
                    said = f'"{one.unit.ucum}" is not a UCUM unit'
                    yield pack.fault(file, (key, i, "unit", "ucum"), said, allowed=UCUM)


class HourlyCase(packs.Strict):
    """Hourly means by property, newest first, and the index they make."""

    title: str = ""
    given: dict[str, list[float | None]]
    index: int | None
    level: str | None = None
    dominant: str | None = None
    reason: str | None = None
    parts: dict[str, int] = Field(default_factory=dict)


class DailyCase(packs.Strict):
    """The concentrations of a day by column, and the index they make."""

    title: str = ""
    given: dict[str, float]
    index: int | None
    level: str | None = None
    dominant: str | None = None
    parts: dict[str, int] = Field(default_factory=dict)


class StateCase(packs.Strict):
    """A newest value and the state it makes; station: whose alarm levels hold."""

    title: str = ""
    property: Code
    value: float | str | bool | None
    age_minutes: float = 0
    station: Code | None = None
    state: State
    level: str | None = None
    judged: bool | None = None


class LimitCase(packs.Strict):
    """The strictest limit of an averaging time on a day."""

    title: str = ""
    property: Code
    averaging: str
    on: date
    value: float


def _index(pack: packs.Pack) -> Index:
    file = pack.files.get("indices.yaml")
    if file is None:
        raise BadInput(f"{pack.code} promises an index and has no indices.yaml")
    found: Index = file.indices[0]
    return found


def _hourly(pack: packs.Pack, case: HourlyCase) -> Iterator[str]:
    reading = aqi.hourly(_index(pack), case.given)
    yield from _differs("reason", case.reason, reading.reason)
    yield from _reading(case, reading)


def _daily(pack: packs.Pack, case: DailyCase) -> Iterator[str]:
    yield from _reading(case, aqi.together(_index(pack), case.given))


def _reading(case: HourlyCase | DailyCase, reading: aqi.Reading) -> Iterator[str]:
    yield from _differs("index", case.index, reading.value)
    yield from _differs("level", case.level, reading.level.code if reading.level else None)
    yield from _differs("dominant", case.dominant, reading.dominant)
    if case.parts:
        yield from _differs("parts", case.parts, {name: part.value for name, part in reading.parts.items()})


def _state(pack: packs.Pack, case: StateCase) -> Iterable[str]:
    taught = _taught(pack)
    known = taught.properties.get(case.property)
    if known is None:
        return [f'no property "{case.property}"']
    levels = {}
    if case.station is not None:
        if case.station not in taught.stations:
            return [f'no station "{case.station}" in alarm_levels.yaml']
        levels = taught.stations[case.station].levels
    index = taught.indices.get(known.state.index) if known.state.index else None
    said = judge(known, case.value, case.age_minutes * 60, index=index, levels=levels)
    found = [*_differs("state", case.state, said.state), *_unit(known)]
    if case.level is not None:
        found += _differs("level", case.level, said.level)
    if case.judged is not None:
        found += _differs("judged", case.judged, said.judged)
    return found


def _limit(pack: packs.Pack, case: LimitCase) -> Iterator[str]:
    known = _taught(pack).properties[case.property]
    values = [one.value for one in known.limits_on(case.on) if one.averaging == case.averaging]
    yield from _differs("value", case.value, min(values, default=None))


def _taught(pack: packs.Pack) -> Sectors:
    """The pack as part of what is shipped, or alone when it is somebody's own."""
    from dothi.sensing.sectors import together

    try:
        shipped = sectors()
    except FileNotFoundError:
        return together({pack.code: pack})
    return shipped if shipped.packs.get(pack.code) is pack else together({**shipped.packs, pack.code: pack})


def _unit(known: Property) -> Iterator[str]:
    code = known.unit.ucum
    if not units.known(code):
        yield f'{known.code}: "{code}" is not a UCUM unit'


def _differs(what: str, promised: object, found: object) -> Iterator[str]:
    if promised != found:
        yield f"{what}: promised {promised}, found {found}"


packs.promise("hourly", HourlyCase, _hourly)
packs.promise("daily", DailyCase, _daily)
packs.promise("states", StateCase, _state)
packs.promise("limits", LimitCase, _limit)
