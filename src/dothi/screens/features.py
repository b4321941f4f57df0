"""Things as the map wants them: one GeoJSON feature each, with limits so that the page judges live values itself."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from dothi.alerts import saying
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.sensing import glance, state, state_store
from dothi.sensing.glance import StreamNow, ThingNow
from dothi.sensing.sectors import SEVERITY, Index, Property, sectors
from dothi.sensing.state import ThingState

OTHER = "other"  # of things no sector pack knows


def property_of(stream: StreamNow) -> Property | None:
    """What the packs know of a stream's observed property."""
    return sectors().property_of(stream.property_code, stream.property_name)


def digits(stream: StreamNow) -> int:
    """Decimals a stream's values are shown with."""
    known = property_of(stream)
    return known.decimals if known else 1


def stream_name(stream: StreamNow, language: str) -> str:
    """What a stream observes, in the reader's language where a pack knows it."""
    known = property_of(stream)
    return known.name.of(language) if known else stream.property_name


def unit(stream: StreamNow, language: str) -> str:
    """The unit of a stream's values as people read it."""
    known = property_of(stream)
    return saying.unit(stream.unit or (known.unit.shown() if known else ""), language)


def stale_seconds(stream: StreamNow) -> float:
    """Seconds without a value after which a stream counts as silent."""
    known = property_of(stream)
    own = stream.properties.get("stale_minutes")
    minutes = own if isinstance(own, int | float) and not isinstance(own, bool) else None
    return 60 * (minutes or (known.state.stale_minutes if known else state.UNKNOWN_STALE_MINUTES))


def bands(stream: StreamNow) -> list[dict[str, Any]] | None:
    """The limits from which a stream's number is minor, major, critical; None when a number alone does not decide."""
    known = property_of(stream)
    if known is None:
        return []
    rule = known.state
    if rule.levels:
        own = state_store.level_values(stream.properties)
        return [{"at": v, "s": one.state} for one in rule.levels if (v := own.get(one.code)) is not None]
    if rule.index:
        index = sectors().indices.get(rule.index)
        return _index_bands(index, known.code) if index else []
    found = []
    for one in rule.when:
        low = one.from_ if one.from_ is not None else one.above
        high = one.to if one.to is not None else one.below
        if one.equals is not None or (low is None) == (high is None):
            return None
        found.append({"at": low, "s": one.state} if low is not None else {"at": high, "s": one.state, "below": True})
    return found


def _index_bands(index: Index, code: str) -> list[dict[str, Any]]:
    """The concentrations at which an index reaches each worse level, by its own breakpoints."""
    column = next((c for c in index.columns.values() if c.property == code and c.averaging != "8h"), None)
    if column is None:
        return []
    steps = index.steps[: len(column.breakpoints)]
    found: list[dict[str, Any]] = []
    for before, level in zip(index.levels, index.levels[1:], strict=False):
        if SEVERITY[level.state] > SEVERITY[before.state] and before.to + 0.5 <= steps[-1]:
            found.append(
                {"at": round(float(np.interp(before.to + 0.5, steps, column.breakpoints)), 3), "s": level.state}
            )
    return found


def sector_of(thing: ThingNow, said: ThingState | None) -> str:
    """The sector a thing belongs to on the map."""
    if said is not None and said.sector:
        return said.sector
    for stream in thing.streams:
        known = property_of(stream)
        if known is not None:
            return sectors().sector_of.get(known.code, OTHER)
    return OTHER


class Kinds:
    """What streams of one property share on the map: said once, for a map asks for a hundred thousand streams.

    said: what the page is told of each kind, by the kind's number.
    """

    def __init__(self, language: str) -> None:
        self.said: list[dict[str, Any]] = []
        self._language = language
        self._shared: dict[tuple[str | None, str, str], Kind] = {}

    def of(self, stream: StreamNow) -> "Kind":
        """The kind of a stream; its own when its properties say something that is judged by."""
        if "levels" in stream.properties or "stale_minutes" in stream.properties:
            return self._made(stream)
        key = (stream.property_code, stream.property_name, stream.unit)
        if key not in self._shared:
            self._shared[key] = self._made(stream)
        return self._shared[key]

    def _made(self, stream: StreamNow) -> "Kind":
        known, limits = property_of(stream), bands(stream)
        shown: dict[str, Any] = {
            "n": stream_name(stream, self._language), "u": unit(stream, self._language), "g": digits(stream),
            "l": stale_seconds(stream),
        }  # fmt: skip
        if limits:
            shown["b"] = limits
        self.said.append(shown)
        return Kind(len(self.said) - 1, known.code if known else None, limits is None)


@dataclass(frozen=True, slots=True)
class Kind:
    """code: of the property, None when no pack knows it. fixed: a number alone does not decide the state."""

    number: int
    code: str | None
    fixed: bool


def feature(thing: ThingNow, said: ThingState | None, kinds: Kinds) -> dict[str, Any]:
    """One thing as GeoJSON, in the short names `frontend/src/pure/merge.ts` describes; `k`: the kind of a stream."""
    streams, fixed, speaks = [], said is not None and thing.connected is False and said.state == "offline", 0
    for i, one in enumerate(thing.streams):
        kind = kinds.of(one)
        fixed = fixed or kind.fixed
        if said is not None and kind.code is not None and kind.code == said.property and one.at == said.at:
            speaks = i
        entry: dict[str, Any] = {
            "d": one.id, "k": kind.number, "v": one.result, "t": None if one.at is None else one.at // 1000,
        }  # fmt: skip
        if one.result is None and one.result_json is not None:
            entry["x"] = plain(one.result_json)
        streams.append(entry)
    properties: dict[str, Any] = {
        "id": thing.id, "n": thing.name, "s": said.state if said else "nodata", "c": sector_of(thing, said),
        "m": speaks, "st": streams,
    }  # fmt: skip
    if said is not None and said.word:
        properties["why"] = said.word
    if fixed:
        properties["fixed"] = True
    if thing.simulated:
        properties["sim"] = True
    place = None if thing.lon is None or thing.lat is None else {"type": "Point", "coordinates": [thing.lon, thing.lat]}
    return {"type": "Feature", "id": thing.id, "geometry": place, "properties": properties}


def plain(text: str) -> str:
    """A result that is no number, as words."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def collection(
    session: Session, caller: Caller, language: str, ids: Sequence[int] | None = None, box: glance.Box | None = None
) -> dict[str, Any]:
    """The things a caller may see as a FeatureCollection with the `kinds` of their streams.

    ids: only these; box: west, south, east, north.
    """
    things, kinds, now = glance.things(session, caller, ids=ids, box=box), Kinds(language), clock.now_micros()
    said = {one.thing_id: one for one in state.of_rows(session, glance.rows(things), now, language)}
    shown = [feature(one, said.get(one.id), kinds) for one in things]
    return {"type": "FeatureCollection", "at": clock.iso(now), "kinds": kinds.said, "features": shown}
