"""What the sector packs declare in `indicators.yaml`, with names checked across all packs."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from dothi import packs
from dothi.datasets import cql2
from dothi.datasets import schema as schemas
from dothi.indicators import marks, promises, sets  # noqa: F401 - hears of rolled up hours; teaches packs the promise
from dothi.indicators.model import FILE, Declared, Indicators, Input, Records
from dothi.kit.errors import BadInput, Fault
from dothi.places import cities
from dothi.sensing.sectors import sectors

Wrong = tuple[tuple[str | int, ...], str, str, list[str]]  # path, message, what was written, what there is
_COMMUNE = r"^\d{5}$"  # the code of a commune
_NUMBERS, _DATES = ("number", "integer"), ("date", "date-time")


@lru_cache(maxsize=1)
def indicators() -> dict[str, Declared]:
    """The indicators of every pack shipped with this installation, by code."""
    return together(sectors().packs)


def together(found: Mapping[str, packs.Pack]) -> dict[str, Declared]:
    """The indicators of some packs by code, each with its pack's sector."""
    return {one.code: one.model_copy(update={"sector": pack.code}) for pack, _, one in _each(found)}


def known(session: Session) -> dict[str, Declared]:
    """The indicators of the sectors that any city here has switched on; all of them where there is no city yet."""
    told = [set(one.get("sectors") or ()) for one in cities.all_(session).values()]
    on = set[str]().union(*told) if told else None
    every = indicators()
    found = {code: one for code, one in every.items() if on is None or one.sector in on}
    # what rests on an indicator of a sector that is off is off too
    while lost := [
        code
        for code, one in found.items()
        if any(i.indicator and i.indicator not in found for i in one.inputs.values())
    ]:
        for code in lost:
            del found[code]
    return found


def _each(found: Mapping[str, packs.Pack]) -> Iterator[tuple[packs.Pack, int, Declared]]:
    for pack in found.values():
        file: Indicators | None = pack.files.get(FILE)
        for i, one in enumerate(file.indicators if file is not None else []):
            yield pack, i, one


@packs.names
def _check(found: dict[str, packs.Pack]) -> Iterable[Fault]:
    """Codes given once; properties, datasets and their fields, types of cases, indicators and sets that exist."""
    names = _Names(found)
    seen: dict[str, str] = {}
    for pack, i, one in _each(found):
        here: tuple[str | int, ...] = ("indicators", i)
        if one.code in seen:
            yield pack.fault(FILE, (*here, "code"), f'indicator "{one.code}" is already in {seen[one.code]}')
        seen.setdefault(one.code, pack.code)
        wrongs: list[Wrong] = []
        for name, given in one.inputs.items():
            wrongs += [(("inputs", name, *path), *rest) for path, *rest in names.wrong(one, given)]  # type: ignore[misc]
        for j, standard in enumerate(one.standards):
            known_set = sets.sets().get(standard.set)
            if known_set is None:
                wrongs.append((("standards", j, "set"), f'no set "{standard.set}"', standard.set, list(sets.sets())))
            elif standard.number not in known_set.numbers:
                wrongs.append((("standards", j, "number"), f'no number "{standard.number}" in {standard.set}', standard.number,
                               list(known_set.numbers)))  # fmt: skip
        for path, message, written, allowed in wrongs:
            said = ", ".join(allowed) if len(allowed) <= 40 else None
            yield pack.fault(FILE, (*here, *path), message, near=(written, allowed), allowed=said)
    yield from _rounds(found)


class _Names:
    """What there is to be named, in some packs."""

    def __init__(self, found: Mapping[str, packs.Pack]) -> None:
        def of(file: str, key: str) -> list[Any]:
            given = [pack.files[file] for pack in found.values() if pack.files.get(file) is not None]
            return [one for each in given for one in getattr(each, key)]

        self.properties = [one.code for one in of("observed_properties.yaml", "properties")]
        self.datasets = {one.code: one for one in of("datasets.yaml", "datasets")}
        self.types = [one.code for one in of("cases.yaml", "types")]
        self.categories = [one.code for one in of("cases.yaml", "categories")]
        self.categories += [one.code for one in of("services.yaml", "services")]
        self.indicators = {one.code: one for one in of(FILE, "indicators")}
        self.sectors = list(found)

    def wrong(self, one: Declared, given: Input) -> Iterable[Wrong]:
        """What an input names that does not exist."""
        if given.observations is not None and given.observations.property not in self.properties:
            code = given.observations.property
            yield ("observations", "property"), f'no property "{code}"', code, self.properties
        if given.records is not None:
            yield from self._records(given, given.records)
        if given.cases is not None:
            of = given.cases
            if of.type not in self.types:
                yield ("cases", "type"), f'no type of cases "{of.type}"', of.type, self.types
            for j, code in enumerate(of.categories):
                if code not in self.categories:
                    yield ("cases", "categories", j), f'no category "{code}"', code, self.categories
            if of.sector is not None and of.sector not in self.sectors:
                yield ("cases", "sector"), f'no sector "{of.sector}"', of.sector, self.sectors
        if given.indicator is not None:
            yield from self._other(one, given.indicator)

    def _other(self, one: Declared, code: str) -> Iterable[Wrong]:
        other = self.indicators.get(code)
        if other is None:
            yield ("indicator",), f'no indicator "{code}"', code, list(self.indicators)
            return
        for what, own, its in (("periods", one.periods, other.periods), ("places", one.places, other.places)):
            if lacks := [each for each in own if each not in its]:
                message = f'"{code}" is not computed for the {what} {", ".join(lacks)}'
                yield (
                    ("indicator",),
                    message,
                    code,
                    [c for c, o in self.indicators.items() if set(own) <= set(getattr(o, what))],
                )

    def _records(self, given: Input, of: Records) -> Iterable[Wrong]:
        dataset = self.datasets.get(of.dataset)
        if dataset is None:
            yield ("records", "dataset"), f'no dataset "{of.dataset}"', of.dataset, list(self.datasets)
            return
        if schemas.faults(dataset.schema_):
            return
        if of.whole is not None and (has := _places_of(dataset)):
            message = f"whole: {of.whole} is of records without a place; those of {of.dataset} have {has}"
            yield ("records", "whole"), message, "", []
        fields = {one.name: one for one in schemas.fields(dataset.schema_)}
        for key, kinds in (("during", _DATES), ("unit", ("string",)), ("value", None)):
            name = getattr(of, key)
            if name is None:
                continue
            if name not in fields:
                yield ("records", key), f'no property "{name}" of {of.dataset}', name, list(fields)
                continue
            wanted = kinds or (None if given.aggregate in ("distinct", "count", "share") else _NUMBERS)
            if wanted is not None and fields[name].kind not in wanted:
                fit = [one.name for one in fields.values() if one.kind in wanted]
                yield ("records", key), f'"{name}" is a {fields[name].kind}, not a {" or a ".join(wanted)}', name, fit
        if of.where is None:
            return
        try:
            asked = cql2.queried(cql2.parse(of.where))
        except BadInput as error:
            yield ("records", "where"), f"not CQL2: {error.message}", of.where, []
            return
        for name in sorted(asked - set(fields) - {"geometry", "id", "placeCode"}):
            yield ("records", "where"), f'no property "{name}" of {of.dataset}', name, list(fields)
        for name in sorted((asked | {of.value or "", of.unit or ""}) & set(fields)):
            if fields[name].personal:
                yield ("records",), f'"{name}" is personal: no indicator is made of it', name, [
                    one.name for one in fields.values() if not one.personal]  # fmt: skip


def _places_of(dataset: Any) -> str:
    """What tells the place of a dataset's records: a shape, a field with a commune's code; nothing where none does."""
    if dataset.geometry_type is not None:
        return f"a shape ({dataset.geometry_type})"
    properties = dataset.schema_.get("properties", {})
    named = next((name for name, one in properties.items() if one.get("pattern") == _COMMUNE), None)
    return f'a commune, "{named}" (unit: {named})' if named is not None else ""


def _rounds(found: Mapping[str, packs.Pack]) -> Iterable[Fault]:
    """Indicators that rest on themselves."""
    rests = {one.code: [i.indicator for i in one.inputs.values() if i.indicator] for _, _, one in _each(found)}
    for pack, i, one in _each(found):
        seen: set[str] = set()
        open_ = list(rests[one.code])
        while open_:
            code = open_.pop()
            if code == one.code:
                yield pack.fault(FILE, ("indicators", i, "inputs"), f'"{one.code}" rests on itself')
                break
            if code not in seen:
                seen.add(code)
                open_ += rests.get(code, [])
