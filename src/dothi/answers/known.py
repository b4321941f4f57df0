"""What a page may name: properties, datasets with their fields, categories, rules, indices, indicators, analyses."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dothi import packs
from dothi.answers import sieve
from dothi.datasets import declared as dataset_files
from dothi.datasets import schema as schemas
from dothi.datasets.cql2 import condition, typed
from dothi.datasets.declared import Declared
from dothi.datasets.schema import Field
from dothi.datasets.selecting import PLACE
from dothi.datasets.tables import Record
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault

_CHARACTER = re.compile(r"^filter(?:, character (\d+))?(?:: )?")
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Known:
    """Every name there is, by code."""

    properties: dict[str, Any] = field(default_factory=dict)
    datasets: dict[str, Declared] = field(default_factory=dict)
    categories: dict[str, str] = field(default_factory=dict)  # category to type
    types: list[str] = field(default_factory=list)
    rules: dict[str, str] = field(default_factory=dict)  # rule to sector
    indices: list[str] = field(default_factory=list)
    indicators: dict[str, Any] = field(default_factory=dict)
    analyses: dict[str, Any] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)  # template of a warning to the dataset it is written from
    _fields: dict[str, tuple[Field, ...]] = field(default_factory=dict)

    def fields(self, dataset: str) -> tuple[Field, ...]:
        """The fields of a dataset; none where its schema is at fault, which its own file tells."""
        if dataset not in self._fields:  # a page names some datasets dozens of times
            schema = self.datasets[dataset].schema_
            self._fields[dataset] = () if schemas.faults(schema) else schemas.fields(schema)
        return self._fields[dataset]


def of(found: Mapping[str, packs.Pack]) -> Known:
    """What some packs declare, read from their files alone: nothing else may be loaded yet."""
    categories = {one.code: one.type for _, one in _all(found, "cases.yaml", "categories")}
    return Known(
        {one.code: one for _, one in _all(found, "observed_properties.yaml", "properties")},
        {code: one for code, (_, one) in dataset_files.declared(dict(found)).items()},
        categories,
        [one.code for _, one in _all(found, "cases.yaml", "types")],
        {one.code: pack for pack, one in _all(found, "alerts.yaml", "rules")},
        [one.code for _, one in _all(found, "indices.yaml", "indices")],
        {one.code: one for _, one in _all(found, "indicators.yaml", "indicators")},
        {one.code: one for _, one in _all(found, "analyses.yaml", "analyses")},
        {one.code: one.record for _, one in _all(found, "warnings.yaml", "templates") if one.record},
    )


def _all(found: Mapping[str, packs.Pack], file: str, key: str) -> Iterable[tuple[str, Any]]:
    for pack in found.values():
        given = pack.files.get(file)
        for one in (getattr(given, key, None) or []) if given is not None else []:
            yield pack.code, one


@dataclass(frozen=True)
class Check:
    """Faults of one file, as the checks of its blocks find them."""

    pack: packs.Pack
    file: str
    known: Known

    def named(self, path: Path, what: str, written: str | None, names: Iterable[str]) -> Iterable[Fault]:
        """A fault where a name is none of those there are."""
        there = list(names)
        if written is not None and written not in there:
            allowed = ", ".join(there) if len(there) <= 40 else None
            said = f'no {what} "{written}"' + ("" if there else f"; no pack declares any {what}")
            yield self.pack.fault(self.file, path, said, near=(written, there), allowed=allowed)

    def property(self, path: Path, code: str | None) -> Iterable[Fault]:
        """A fault where a property does not exist."""
        return self.named(path, "property", code, self.known.properties)

    def dataset(self, path: Path, code: str | None) -> Iterable[Fault]:
        """A fault where a dataset does not exist."""
        return self.named(path, "dataset", code, self.known.datasets)

    def fields(self, path: Path, code: str | None, names: Mapping[str | int, str]) -> Iterable[Fault]:
        """Faults of names that are no fields of a dataset; by the key or place they stand at."""
        if code is None or code not in self.known.datasets:
            return
        there = [one.name for one in self.known.fields(code)]
        for at, name in names.items():
            yield from self.named((*path, at), f"field of {code}", name, there)

    def where_of_records(self, path: Path, code: str | None, where: str | None) -> Iterable[Fault]:
        """Faults of a condition over a dataset's records: how it is written, its names, their kinds."""
        if where is None or code is None or code not in self.known.datasets:
            return
        kinds = kinds_of(self.known.fields(code))

        def column(name: str) -> tuple[Any, str]:
            if name not in kinds:
                message = f'no field of {code} "{name}"'
                raise BadInput(message, [Fault("", message, ", ".join(kinds))])
            kind = kinds[name]
            own = {"geometry": Record.geometry, "id": Record.key, PLACE: Record.unit_code}
            return (own[name], kind) if name in own else (typed(Record.properties, name, kind), kind)

        try:
            condition(sieve.parsed(where, clock.now_micros()), column)
        except BadInput as error:
            yield from self._told(path, error, list(kinds))

    def where_of_values(self, path: Path, where: str | None) -> Iterable[Fault]:
        """Faults of a condition over newest values."""
        if where is None:
            return
        from dothi.datasets.cql2 import queried

        try:
            expression = sieve.parsed(where, clock.now_micros())
            sieve.plain(expression)
        except BadInput as error:
            yield from self._told(path, error, list(sieve.OF_VALUES))
            return
        for name in sorted(queried(expression)):
            yield from self.named(path, "name in a where over values", name, sieve.OF_VALUES)

    def _told(self, path: Path, error: BadInput, names: Sequence[str]) -> Iterable[Fault]:
        for one in error.faults or [Fault("", error.message)]:
            place = _CHARACTER.match(one.place)
            at = f"character {place[1]}: " if place and place[1] else ""
            written = re.search(r'"([^"]+)"$|\'([^\']+)\'$', one.message)
            near = ((written[1] or written[2]), list(names)) if written else None
            yield self.pack.fault(self.file, path, at + one.message, near=near, allowed=one.allowed)


def kinds_of(fields: Iterable[Field]) -> dict[str, str]:
    """What may stand in a where over records, and of which kind."""
    return {**{one.name: one.kind for one in fields}, "geometry": "geometry", "id": "string", PLACE: "string"}
