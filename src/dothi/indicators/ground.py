"""The places figures are computed for: cities, units and provinces on the boundaries of a time, and across changes."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy.orm import Session

from dothi.indicators import carrying, store
from dothi.indicators.carrying import Link
from dothi.indicators.model import Aggregate
from dothi.indicators.parts import Part, Parts
from dothi.indicators.values import Place, PlaceKind
from dothi.kit import clock
from dothi.places import atlas as atlases
from dothi.places.atlas import AreaRow, Atlas, Row

CITY = "pilot-city"
LEVEL = "commune"


@dataclass
class Ground:
    """Places as a session sees them. now: µs UTC."""

    session: Session
    now: int
    _held: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    _rows: dict[int, dict[str, Row]] = field(default_factory=dict)
    _places: dict[tuple[PlaceKind, int], dict[str, tuple[Place, list[str]]]] = field(default_factory=dict)

    @cached_property
    def atlas(self) -> Atlas:
        """Units and areas of every time."""
        return atlases.current(self.session)

    @cached_property
    def days(self) -> list[int]:
        """The instants at which any unit began or ended."""
        found = {row.valid_from for row in self.atlas.rows}
        return sorted(found | {row.valid_to for row in self.atlas.rows if row.valid_to is not None})

    @cached_property
    def links(self) -> dict[int, list[Link]]:
        """The crosswalk of communes by its days."""
        found: dict[int, list[Link]] = {}
        for one in store.crosswalk(self.session):
            found.setdefault(one.on, []).append(Link(one.old_code, one.new_code, one.extent, one.weight))
        return found

    @cached_property
    def cities(self) -> list[AreaRow]:
        """The pilot cities, by code."""
        return [one for one in self.atlas.areas if one.kind == CITY and one.valid(self.now)]

    def boundary(self, at: int) -> int:
        """Since when the outlines that hold at an instant have held; 0 where none are older."""
        place = bisect_right(self.days, at)
        return self.days[place - 1] if place else 0

    @cached_property
    def today(self) -> int:
        """The boundary of now."""
        return self.boundary(self.now)

    @cached_property
    def _communes(self) -> list[Row]:
        return [row for row in self.atlas.rows if row.level == LEVEL]

    def rows(self, boundary: int) -> dict[str, Row]:
        """The communes of a boundary by code."""
        if boundary not in self._rows:
            self._rows[boundary] = {row.code: row for row in self._communes if row.valid(boundary)}
        return self._rows[boundary]

    def drawn(self, boundary: int) -> bool:
        """Whether any commune of a boundary has an outline, so that a point can be told to lie in it."""
        level = self.atlas.level(self.session, LEVEL)
        return any(row.valid(boundary) for row in level.rows)

    def city_units(self, area: AreaRow, boundary: int) -> list[str]:
        """The codes of a city's communes on a boundary; those that only partly lie in it are among them."""
        key = (area.code, boundary)
        if key not in self._held:
            home = self.boundary(area.valid_from) if area.valid_from is not None else self.today
            codes = set(area.units)
            for day, ahead in self.steps(home, boundary):
                moved = {one.new if ahead else one.old for one in self.links.get(day, [])
                         if (one.old if ahead else one.new) in codes}  # fmt: skip
                gone = {one.old if ahead else one.new for one in self.links.get(day, [])}
                codes = moved | (codes - gone)
            self._held[key] = sorted(codes)
        return self._held[key]

    def steps(self, start: int, goal: int) -> list[tuple[int, bool]]:
        """The days of the crosswalk from one boundary to another, in that order; True: forward in time."""
        ahead = goal >= start
        low, high = (start, goal) if ahead else (goal, start)
        days = sorted((day for day in self.links if low < day <= high), reverse=not ahead)
        return [(day, ahead) for day in days]

    def places(self, kind: PlaceKind, boundary: int) -> dict[str, tuple[Place, list[str]]]:
        """The places of a kind by code, each with the communes of that boundary it is made of."""
        if (kind, boundary) not in self._places:
            self._places[kind, boundary] = self._found(kind, boundary)
        return self._places[kind, boundary]

    def _found(self, kind: PlaceKind, boundary: int) -> dict[str, tuple[Place, list[str]]]:
        rows = self.rows(boundary)
        if kind == "city":
            return {one.code: (Place("city", one.code, one.name, one.name_en), self.city_units(one, boundary))
                    for one in self.cities}  # fmt: skip
        inside = [code for one in self.cities for code in self.city_units(one, boundary)]
        if kind == "unit":
            return {code: (unit(rows[code]), [code]) for code in dict.fromkeys(inside) if code in rows}
        found: dict[str, tuple[Place, list[str]]] = {}
        for code in dict.fromkeys(inside):
            above = self.atlas.province(rows[code], boundary) if code in rows else None
            if above is not None and above.code not in found:
                own = [row.code for row in rows.values() if self._province(row, boundary) == above.code]
                found[above.code] = (unit(above), own)
        return found

    def _province(self, row: Row, boundary: int) -> str | None:
        above = self.atlas.province(row, boundary)
        return above.code if above is not None else None

    def standing(self, place: Place) -> bool:
        """Whether a place stands today."""
        return place.kind == "city" or self.atlas.bearing(place.code, self.today) is not None

    def named(self, kind: str, code: str, boundary: int) -> Place:
        """A place by its code on a boundary; a code nobody bears any more stands for itself."""
        if kind == "city":
            area = next((one for one in self.atlas.areas if one.code == code), None)
            return Place("city", code, area.name if area else code, area.name_en if area else None)
        found = self.atlas.bearing(code, boundary)
        return unit(found) if found is not None else Place("unit", code, code)

    def carry(self, parts: Parts, start: int, goal: int, aggregate: Aggregate | None) -> dict[str, Part]:
        """Parts by the communes of one boundary as parts by those of another."""
        made = dict(parts)
        for day, ahead in self.steps(start, goal):
            before, after = self.rows(day - 1), self.rows(day)
            kept = [code for code, row in before.items() if code in after and after[code].id == row.id]
            links = self.links[day]
            if ahead:
                made = carrying.forward(made, links, kept, aggregate)
            else:
                made = carrying.backward(made, links, kept, aggregate, self._sizes(links, before))
        return made

    def _sizes(self, links: Iterable[Link], before: Mapping[str, Row]) -> dict[str, float]:
        """People of the old units; of those put together with one whose people are unknown, all by area instead."""
        people = {code: float(row.population) for code, row in before.items() if row.population is not None}
        spread = {code: row.area_km2 for code, row in before.items() if row.area_km2 is not None}
        by_new: dict[str, list[str]] = {}
        for one in links:
            by_new.setdefault(one.new, []).append(one.old)
        mixed = {one.old for one in links if one.old not in people}
        while more := {old for olds in by_new.values() if mixed & set(olds) for old in olds} - mixed:
            mixed |= more  # one measure for all that share a new unit
        return {code: one for code, one in people.items() if code not in mixed} | {
            code: spread[code] for code in mixed if code in spread
        }


def unit(row: Row) -> Place:
    """A unit as a place."""
    return Place("province" if row.level == "province" else "unit", row.code, row.full_name, row.full_name_en)


def ground(session: Session, now: int | None = None) -> Ground:
    """The ground as the session's transaction sees it."""
    return Ground(session, clock.now_micros() if now is None else now)
