"""What a city says about cases: which office gets which, and the crews that go out; as items, with every fault."""

from collections.abc import Iterable, Iterator

from dothi.cases.types import Types, types
from dothi.city.blueprint import Blueprint, Office
from dothi.city.items import Item, flat
from dothi.kit.errors import Fault
from dothi.packs.lines import Source

DOSSIER = "dossier"  # the type whose categories are the public services

Place = tuple[str | int, ...]


def items(blueprint: Blueprint) -> Iterator[Item]:
    """Each rule of an office, one for every category and ward it names, and each crew."""
    for office in blueprint.cases.offices:
        for category, ward in _pairs(office):
            code = ".".join((office.type, category or "*", ward or "*"))
            yield Item("office", code, flat({
                "type": office.type, "category": category, "unit": ward, "agency": office.agency,
            }))  # fmt: skip
    for crew in blueprint.cases.crews:
        code = (blueprint.prefix or "").lower() + crew.code
        yield Item("crew", code, flat({
            "name": crew.name, "agency": crew.agency, "categories": crew.categories, "lon": crew.lon, "lat": crew.lat,
        }))  # fmt: skip


def _pairs(office: Office) -> Iterator[tuple[str | None, str | None]]:
    """Category and ward of each rule; None: all of them."""
    anything: tuple[str | None, ...] = (None,)
    for category in tuple(office.categories) or anything:
        for ward in tuple(office.wards) or anything:
            yield category, ward


def faults(blueprint: Blueprint, source: Source) -> Iterator[Fault]:
    """Types, categories, services, wards and agencies that are not there, and rules that contradict each other."""
    agencies = [one.code for one in blueprint.agencies]
    wards = [unit for area in blueprint.places.areas for unit in area.units]
    declared = types()
    seen: dict[tuple[str, str | None, str | None], int] = {}
    for i, office in enumerate(blueprint.cases.offices):
        here: Place = ("cases", "offices", i)
        yield from _known(source, (*here, "agency"), "agency", [office.agency], agencies)
        yield from _known(source, (*here, "type"), "type of cases", [office.type], declared.by_code)
        known = _categories(declared, office.type)
        what = "public service" if office.type == DOSSIER else f'category of type "{office.type}"'
        yield from _known(source, (*here, "categories"), what, office.categories, known)
        yield from _off(blueprint, source, (*here, "categories"), declared, office.categories)
        yield from _known(source, (*here, "wards"), "ward of this city", office.wards, wards)
        for category, ward in _pairs(office):
            first = seen.setdefault((office.type, category, ward), i)
            if first != i:
                said = f'cases of type "{office.type}", category "{category or "*"}", ward "{ward or "*"}"'
                yield source.fault(here, f"{said} already go to an office by offices.{first}")
    yield from _crews(blueprint, source, declared, agencies)


def _crews(blueprint: Blueprint, source: Source, declared: Types, agencies: list[str]) -> Iterator[Fault]:
    codes: list[str] = []
    for i, crew in enumerate(blueprint.cases.crews):
        here: Place = ("cases", "crews", i)
        yield from _known(source, (*here, "agency"), "agency", [crew.agency], agencies)
        yield from _known(source, (*here, "categories"), "category", crew.categories, declared.categories_)
        yield from _off(blueprint, source, (*here, "categories"), declared, crew.categories)
        if (crew.lon is None) != (crew.lat is None):
            yield source.fault(here, "says half a place", allowed="lon and lat, or neither")
        if crew.code in codes:
            yield source.fault((*here, "code"), f'there already is a crew "{crew.code}"')
        codes.append(crew.code)


def _categories(declared: Types, type_: str) -> list[str]:
    return list(declared.procedures) if type_ == DOSSIER else [one.code for one in declared.categories(type_)]


def _off(blueprint: Blueprint, source: Source, at: Place, declared: Types, names: list[str]) -> Iterator[Fault]:
    for name in names:
        sector = declared.sectors.get(name)
        if sector is not None and sector not in blueprint.sectors:
            yield source.fault(
                at,
                f'"{name}" is of sector "{sector}", which is not switched on',
                allowed=f"{sector}: {{}} under sectors",
            )


def _known(source: Source, at: Place, what: str, names: Iterable[str], known: Iterable[str]) -> Iterator[Fault]:
    all_ = list(known)
    for name in names:
        if name not in all_:
            allowed = ", ".join(all_) if len(all_) <= 12 else None
            yield source.fault(at, f'no {what} "{name}"', near=(name, all_), allowed=allowed)
