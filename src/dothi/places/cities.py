"""The small values running cities keep, for every room to read: name, centre, sectors on, inputs of the blueprint.

Written by `dothi apply` alone. The first city of an installation keeps `city`, `inputs`, …; others `city:<code>`, …
Where there are several, a page is about one of them or about all: `choose` says which, and lists keep what lies there
with `within`. It is what is looked at, not a right: addresses of single things, interfaces and exports leave it aside.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import shapely
from sqlalchemy import ColumnElement, Text, and_, or_, select, true
from sqlalchemy.orm import Mapped, Session, mapped_column

from dothi.db.base import Base
from dothi.db.types import Json
from dothi.identity import access
from dothi.identity import store as identity_store
from dothi.kit import clock, geo
from dothi.places import atlas, store

CITY, INPUTS = "city", "inputs"
ALL = "all"  # no city's code: the whole province
NEAR = 0.02  # degrees beyond a city's edge that still count: outlines are approximate, and so is GPS
Box = tuple[float, float, float, float]


class Setting(Base):
    """Small values the running city keeps: its name, centre, switched-on sectors, inputs."""

    __tablename__ = "city_setting"
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[Any] = mapped_column(Json)


@dataclass(frozen=True, slots=True)
class Lens:
    """The city a page is about.

    areas, units: codes of its areas and their communes; box: west, south, east, north with a margin, if known.
    """

    code: str
    areas: tuple[str, ...]
    units: tuple[str, ...]
    box: Box | None

    def clause(
        self, unit: Any, west: Any = None, south: Any = None, east: Any = None, north: Any = None
    ) -> ColumnElement[bool]:
        """The clause that keeps what lies in the city.

        unit: the column with the commune's code. west, south (east, north): columns of a position (or a box) in degrees, by
        which rows in no known commune are kept: near the city they are its own. What has no place is every city's.
        """
        if not self.units:
            return true()
        nowhere: ColumnElement[bool] = unit.is_(None)
        if self.box is not None and west is not None and south is not None:
            w, s, e, n = self.box
            right, top = (west if east is None else east), (south if north is None else north)
            near = and_(west <= e, right >= w, south <= n, top >= s)
            nowhere = and_(nowhere, or_(west.is_(None), near))
        return or_(unit.in_(self.units), nowhere)

    def touches(self, units: Iterable[str], box: Box | None = None) -> bool:
        """Whether something that lies in several communes, or in a box, has to do with the city; what has no place does."""
        named = set(units)
        if named or not self.units:
            return not self.units or bool(named & set(self.units))
        if box is None or self.box is None:
            return True
        west, south, east, north = self.box
        return box[0] <= east and box[2] >= west and box[1] <= north and box[3] >= south

    def holds(self, unit: str | None, lon: float | None = None, lat: float | None = None) -> bool:
        """What `clause` says, of one row at hand."""
        if unit is not None or not self.units:
            return not self.units or unit in self.units
        if self.box is None or lon is None or lat is None:
            return True
        west, south, east, north = self.box
        return west <= lon <= east and south <= lat <= north


@dataclass(frozen=True, slots=True)
class _Choice:
    """What a request asks for. own: areas beside which whoever asks sees nothing; none: everything."""

    code: str | None
    own: frozenset[str]


_chosen: ContextVar[_Choice | None] = ContextVar("city", default=None)
_boxes: dict[tuple[int | None, tuple[str, ...]], Box | None] = {}
_HELD, _LENS, _HOMES = "dothi.cities", "dothi.lens", "dothi.homes"


def setting(session: Session, name: str) -> Any:
    """A small value of the running city; None when it was never set."""
    return session.scalars(select(Setting.value).where(Setting.name == name)).first()


def choose(code: str | None, own: Iterable[str] = ()) -> None:
    """Have the rest of this request be about a city; None or `all`: about all of them.

    own: codes of areas; whoever has some looks at the cities of these alone, the first of them unless they say which.
    """
    _chosen.set(_Choice(code, frozenset(own)))


def chosen() -> object | None:
    """What this request's page is about, as a key to keep something by; None: it is no page."""
    return _chosen.get()


def leave() -> None:
    """Be about nothing any more: what follows is asked without a page."""
    _chosen.set(None)


def each(session: Session, name: str) -> list[Any]:
    """A value (`city`, `inputs`, …) of every city that has it, the first one's first."""
    mine = (Setting.name == name) | Setting.name.startswith(f"{name}:", autoescape=True)
    rows = session.execute(select(Setting.name, Setting.value).where(mine))
    return [value for _, value in sorted(rows, key=lambda row: row[0])]


def all_(session: Session) -> dict[str, dict[str, Any]]:
    """Every city applied here, by code, the first one first: its setting `city` (name, centre, sectors, areas …)."""
    if _chosen.get() is None:
        return _all(session)
    if _HELD not in session.info:  # of a page, which asks for it many times
        session.info[_HELD] = _all(session)
    return dict(session.info[_HELD])


def _all(session: Session) -> dict[str, dict[str, Any]]:
    return {str(value.get("code")): value for value in each(session, CITY) if isinstance(value, dict)}


def offered(session: Session) -> dict[str, dict[str, Any]]:
    """The cities whoever asks may choose from; those of their own areas where they have some."""
    held, asked = all_(session), _chosen.get()
    if asked is None or not asked.own:
        return held
    mine = {code: city for code, city in held.items() if asked.own & set(city.get("areas") or ())}
    return mine or held


def lens(session: Session) -> Lens | None:
    """The city this page is about; None: all of them, or there is only one."""
    asked = _chosen.get()
    if asked is None:
        return None
    kept = session.info.get(_LENS)
    if kept is None or kept[0] is not asked:
        kept = session.info[_LENS] = (asked, _lens(session, asked))
    found: Lens | None = kept[1]
    return found


def _lens(session: Session, asked: _Choice) -> Lens | None:
    held = all_(session)
    if len(held) < 2:
        return None
    mine = offered(session)
    code = asked.code if asked.code in mine else None
    if code is None and len(mine) < len(held):
        code = next(iter(mine))
    return None if code is None else of_city(session, held[code])


def of_city(session: Session, city: dict[str, Any]) -> Lens:
    """What lies in a city (its setting `city`): the units of its areas."""
    areas = tuple(city.get("areas") or ())
    units = tuple(sorted({code for row in atlas.current(session).areas if row.code in areas for code in row.units}))
    return Lens(str(city.get("code")), areas, units, _box(session, units) if units else None)


def _box(session: Session, units: tuple[str, ...]) -> Box | None:
    key = (store.stamp(session), units)
    if key not in _boxes:
        book, now = atlas.current(session), clock.now_micros()
        ids = [row.id for code in units if (row := book.bearing(code, now)) is not None]
        shapes = store.shapes_of(session, ids)
        while len(_boxes) >= 100:
            _boxes.pop(next(iter(_boxes)), None)
        if shapes:
            west, south, east, north = shapely.total_bounds([geo.from_wkb(one) for one in shapes.values()])
            _boxes[key] = (float(west) - NEAR, float(south) - NEAR, float(east) + NEAR, float(north) + NEAR)
        else:
            _boxes[key] = None
    return _boxes[key]


def within(
    session: Session, unit: Any, west: Any = None, south: Any = None, east: Any = None, north: Any = None
) -> ColumnElement[bool]:
    """`Lens.clause` of the city a page is about; everything where it is about all."""
    seen = lens(session)
    return true() if seen is None else seen.clause(unit, west, south, east, north)


def sectors(session: Session) -> set[str] | None:
    """The sectors switched on in the city a page is about, or in any; None: no city says which."""
    seen, held = lens(session), all_(session)
    told = [held[seen.code]] if seen is not None else list(held.values())
    return {str(code) for one in told for code in one.get("sectors") or ()} or None


def called(city: dict[str, Any], language: str = "vi") -> str:
    """What a city (its setting `city`) is called; empty where it says nothing."""
    name = city.get("name") or ""
    return str(name.get(language) or name.get("vi") or "") if isinstance(name, dict) else str(name)


def title(session: Session, language: str) -> str:
    """What a page is about: the city's name; of several the province's, if they lie in one. Empty before there is one."""
    held, seen = all_(session), lens(session)
    if seen is not None:
        return called(held[seen.code], language)
    if len(held) > 1:
        return _province(session, held.values())
    return called(next(iter(held.values()), {}), language)


def _province(session: Session, held: Iterable[dict[str, Any]]) -> str:
    book, now = atlas.current(session), clock.now_micros()
    areas = {code for one in held for code in one.get("areas") or ()}
    rows = [book.bearing(code, now) for area in book.areas if area.code in areas for code in area.units]
    above = {row.parent_code for row in rows if row is not None and row.parent_code is not None}
    found = book.bearing(next(iter(above)), now) if len(above) == 1 else None
    return "" if found is None else found.name


def view(session: Session) -> tuple[list[float] | None, float]:
    """Where a map of what a page is about begins: [lon, lat] and zoom. Of several cities the middle of them."""
    held, seen = all_(session), lens(session)
    told = [held[seen.code]] if seen is not None else list(held.values())
    centres = [one["centre"] for one in told if one.get("centre")]
    if not centres:
        return None, 13
    if len(centres) == 1:
        return centres[0], told[0].get("zoom", 13)
    lons, lats = zip(*centres, strict=True)
    wide = max(max(lons) - min(lons), max(lats) - min(lats), 0.01)
    zoom = next((z for z in range(12, 5, -1) if wide < 360 / 2**z), 5)
    return [(min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2], zoom


def of(session: Session, name: str, code: str | None = None) -> Any:
    """A value (`city`, `inputs`, …) of a city: the one of this code, else the one a page is about, else the first."""
    seen = lens(session) if code is None else None
    wanted = code if seen is None else seen.code
    if wanted is not None:
        first = setting(session, CITY)
        if not (isinstance(first, dict) and first.get("code") == wanted):
            found = setting(session, f"{name}:{wanted}")
            if found is not None or code is not None:
                return found
    return setting(session, name)


def inputs(session: Session, code: str | None = None) -> dict[str, Any]:
    """The inputs of a city's blueprint: `population` is {unit: {value, year, source}}, `units` a list with codes."""
    return dict(of(session, INPUTS, code) or {})


def offices(session: Session, area: str) -> set[int]:
    """The agencies of an area: those its communes have in the city's inputs, and what is under them."""
    held: set[int] = set()
    for code, city in _all(session).items():
        if area in (city.get("areas") or ()):
            units = inputs(session, code).get("units") or ()
            named = [str(one["agency"]) for one in units if isinstance(one, dict) and one.get("agency")]
            held.update(id_ for one in named for id_ in identity_store.below(session, one))
    return held


def homes(session: Session) -> dict[str, frozenset[int]]:
    """The agencies of each city by its code: those its communes have in its inputs, and what is under them."""
    held: dict[str, frozenset[int]] | None = session.info.get(_HOMES)
    if held is not None and _chosen.get() is not None:  # of a page, which asks for it many times
        return held
    ids, under = dict[str, int](), dict[int, list[int]]()
    for one in identity_store.agencies(session):
        ids[one.code] = one.id
        if one.parent_id is not None:
            under.setdefault(one.parent_id, []).append(one.id)
    made = {}
    for code in _all(session):
        units = inputs(session, code).get("units") or ()
        waiting = [ids[one["agency"]] for one in units if isinstance(one, dict) and one.get("agency") in ids]
        found: set[int] = set()
        while waiting:
            if (id_ := waiting.pop()) not in found:
                found.add(id_)
                waiting += under.get(id_, ())
        made[code] = frozenset(found)
    session.info[_HOMES] = made
    return made


def of_others(session: Session) -> frozenset[int]:
    """The agencies of other cities than the one a page is about; none where it is about all, or there is only one."""
    seen = lens(session)
    if seen is None:
        return frozenset()
    every = homes(session)
    return frozenset[int]().union(*every.values()) - every.get(seen.code, frozenset())


def of_office(session: Session, agency: Any) -> ColumnElement[bool]:
    """The clause that leaves out what belongs to offices of other cities than the one a page is about.

    agency: the column with the agency's id. What is nobody's or an agency's of the whole province is every city's.
    """
    others = of_others(session)
    return or_(agency.is_(None), agency.not_in(sorted(others))) if others else true()


def home(session: Session, agencies: Iterable[int]) -> frozenset[str]:
    """The areas of the cities whose offices all these agencies are; none where one of them is of the whole province."""
    wanted, held = frozenset(agencies), _all(session)
    session.info[_HELD] = held  # the page that is about to be asked for needs it too
    if not wanted or len(held) < 2:
        return frozenset()
    mine = {code: here for code, here in homes(session).items() if wanted & here}
    if wanted - frozenset[int]().union(*mine.values()):
        return frozenset()
    return frozenset(area for code in mine for area in held[code].get("areas") or ())


access.OFFICES.append(offices)
