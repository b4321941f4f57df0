"""analyses.yaml: which method a sector applies to which of its data, and the dataset the result is kept in."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator, model_validator

from dothi import packs
from dothi.analyses.methods import methods
from dothi.analyses.model import GIVEN_ALWAYS, Kind, Method, Need
from dothi.datasets import cql2
from dothi.datasets import declared as datasets
from dothi.datasets import schema as schemas
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.packs.shape import _fault as shown
from dothi.sensing.sectors import Certainty, sectors

FILE = "analyses.yaml"
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
_SPAN = re.compile(r"^([1-9]\d*)(m|h|d|w)$")
_UNITS = {"m": 60 * clock.SECOND, "h": clock.HOUR, "d": clock.DAY, "w": 7 * clock.DAY}
_SHAPES = {
    "point": ("Point", "MultiPoint"), "line": ("LineString", "MultiLineString"),
    "polygon": ("Polygon", "MultiPolygon"),
}  # fmt: skip
# what may be read of a case, of a commune
CASE_FIELDS: dict[str, Kind] = {
    "number": "string", "category": "string", "state": "string", "priority": "string", "at": "date-time",
    "closed": "date-time",
}  # fmt: skip
UNIT_FIELDS: dict[str, Kind] = {"code": "string", "name": "string", "people": "number", "area_km2": "number"}


def span(text: str) -> int:
    """A stretch of time like 15m, 6h, 14d, 2w, in µs."""
    found = _SPAN.match(text)
    if found is None:
        raise ValueError(f"{text!r} is no stretch of time; write 15m, 6h, 14d or 2w")
    return int(found[1]) * _UNITS[found[2]]


class Observed(packs.Strict):
    """Observations of one property, of every thing that has it or of some. of: means of hours, or values as they came."""

    property: str
    of: Annotated[str, Field(pattern="^(hour|raw)$")] = "hour"
    last: str = "14d"
    sector: str | None = None
    attributes: dict[str, str | float | bool] = Field(default_factory=dict)

    @field_validator("last")
    @classmethod
    def _span(cls, value: str) -> str:
        span(value)
        return value


class CasesAsked(packs.Strict):
    """Cases of a type, of some categories, opened lately; all of them where nothing is said."""

    type: str | None = None
    categories: list[str] = Field(default_factory=list)
    last: str | None = None

    @field_validator("last")
    @classmethod
    def _span(cls, value: str | None) -> str | None:
        if value is not None:
            span(value)
        return value


class Input(packs.Strict):
    """One input of a method: exactly one of dataset, observations, cases, units. fields: which field has which role."""

    dataset: str | None = None
    where: str | None = None
    observations: Observed | None = None
    cases: CasesAsked | None = None
    units: Annotated[str, Field(pattern="^(commune|province)$")] | None = None
    last: str | None = None
    fields: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one(self) -> "Input":
        if sum(one is not None for one in (self.dataset, self.observations, self.cases, self.units)) != 1:
            raise ValueError("say exactly one of dataset, observations, cases, units")
        if self.where is not None and self.dataset is None:
            raise ValueError("`where` narrows a dataset; of observations use sector and attributes")
        if self.last is not None:
            span(self.last)
        if self.last is not None and self.dataset is None:
            raise ValueError("`last` of observations and cases stands inside them")
        return self


class Analysis(packs.Strict):
    """A method applied to data of the city."""

    code: Code
    title: packs.Text
    description: packs.Text | None = None
    method: str
    source: str
    certainty: Certainty
    inputs: dict[str, Input]
    parameters: dict[str, Any] = Field(default_factory=dict)
    result: str
    every: str
    limits: packs.Text

    @field_validator("every")
    @classmethod
    def _often(cls, value: str) -> str:
        if span(value) < 5 * _UNITS["m"]:
            raise ValueError("is too often; 5m is the least")
        return value

    @property
    def pace(self) -> int:
        """Time between two runs, µs."""
        return span(self.every)

    def chosen(self) -> Any:
        """The parameters as the method's own model."""
        return methods()[self.method].parameters.model_validate(self.parameters)


class Analyses(packs.Strict):
    """The whole file."""

    analyses: list[Analysis]


packs.schema(FILE, Analyses)


@lru_cache(maxsize=1)
def analyses() -> dict[str, tuple[str, Analysis]]:
    """Every analysis of the packs shipped with this installation by code, with its sector."""
    return {one.code: (pack.code, one) for pack, _, one in each(sectors().packs)}


def each(found: Mapping[str, packs.Pack]) -> Iterator[tuple[packs.Pack, int, Analysis]]:
    """Every declared analysis of some packs, with its pack and place in the file."""
    for pack in found.values():
        file: Analyses | None = pack.files.get(FILE)
        for i, one in enumerate(file.analyses if file else []):
            yield pack, i, one


def fields_of(one: datasets.Declared) -> dict[str, schemas.Field]:
    """The fields of a declared dataset by name; none where its schema is at fault."""
    return {} if schemas.faults(one.schema_) else {field.name: field for field in schemas.fields(one.schema_)}


def bound(one: Input, need: Need, names: Iterable[str]) -> dict[str, str]:
    """Role to field: as the pack says, otherwise the field that is called like the role."""
    there = set(names)
    return {role: role for role in need.roles if role in there} | one.fields


@packs.names
def _check(found: dict[str, packs.Pack]) -> Iterable[Fault]:
    """Codes given once, methods, inputs, roles and results that exist and fit each other."""
    held = {code: one for code, (_, one) in datasets.declared(found).items()}
    properties = [one.code for pack in found.values() if (file := pack.files.get("observed_properties.yaml")) for one in file.properties]  # fmt: skip
    categories = [one.code for pack in found.values() if (file := pack.files.get("cases.yaml")) for one in file.categories]  # fmt: skip
    seen: dict[str, str] = {}
    results: dict[str, str] = {}
    for pack, i, one in each(found):
        here = ("analyses", i)
        if one.code in seen:
            yield pack.fault(FILE, (*here, "code"), f'analysis "{one.code}" is already in {seen[one.code]}')
        seen.setdefault(one.code, pack.code)
        if one.result in results:
            said = f'dataset "{one.result}" already holds the result of "{results[one.result]}"; each has its own'
            yield pack.fault(FILE, (*here, "result"), said)
        results.setdefault(one.result, one.code)
        method = methods().get(one.method)
        if method is None:
            known = list(methods())
            yield pack.fault(FILE, (*here, "method"), f'no method "{one.method}"', near=(one.method, known), allowed=", ".join(known))  # fmt: skip
            continue
        fields: dict[str, dict[str, Kind]] = {}
        yield from _inputs(pack, here, one, method, held, properties, categories, list(found), fields)
        yield from _result(pack, here, one, method, held)
        try:
            chosen = method.parameters.model_validate(one.parameters)
        except ValidationError as error:
            for each_ in error.errors(include_url=False):
                each_["loc"] = (*here, "parameters", *each_["loc"])
                yield shown(pack.sources[FILE], each_)
            continue
        for path, message, wrong, allowed in method.check(fields, chosen):
            yield pack.fault(FILE, (*here, *path), message, near=(wrong, allowed), allowed=", ".join(allowed) or None)


def _inputs(
    pack: packs.Pack, here: tuple[str | int, ...], one: Analysis, method: Method,
    held: Mapping[str, datasets.Declared], properties: list[str], categories: list[str], codes: list[str],
    fields: dict[str, dict[str, Kind]],
) -> Iterable[Fault]:  # fmt: skip
    for name, need in method.needs.items():
        if need.needed and name not in one.inputs:
            yield pack.fault(FILE, (*here, "inputs"), f'method {method.code} needs an input "{name}": {need.says}')
    for name, given in one.inputs.items():
        at: tuple[str | int, ...] = (*here, "inputs", name)
        known_need = method.needs.get(name)
        if known_need is None:
            known = list(method.needs)
            yield pack.fault(FILE, at, f'method {method.code} has no input "{name}"', near=(name, known), allowed=", ".join(known))  # fmt: skip
            continue
        if (known_need.takes == "observations") != (given.observations is not None):
            wanted = "observations" if known_need.takes == "observations" else "dataset" if known_need.takes == "streets" else "dataset, cases, units"  # fmt: skip
            yield pack.fault(FILE, at, f"takes {known_need.takes}: {known_need.says}", allowed=wanted)
            continue
        if given.observations is not None:
            yield from _observed(pack, at, given.observations, properties, codes)
            yield from _roles(pack, at, known_need, given, None)
            continue
        kinds: dict[str, Kind] | None
        if given.dataset is not None:
            declared = held.get(given.dataset)
            if declared is None:
                yield pack.fault(FILE, (*at, "dataset"), f'no dataset "{given.dataset}"', near=(given.dataset, list(held)), allowed=", ".join(held))  # fmt: skip
                continue
            yield from _dataset(pack, at, given, known_need, declared)
            own = fields_of(declared)
            kinds = {field: one_.kind for field, one_ in own.items()}  # type: ignore[misc]
            for role, bound_to in bound(given, known_need, own).items():
                if bound_to in own and own[bound_to].personal:
                    yield pack.fault(FILE, (*at, "fields", role), f'"{bound_to}" is personal; no analysis reads it')
        elif given.cases is not None:
            kinds = CASE_FIELDS
            for j, category in enumerate(given.cases.categories):
                if category not in categories:
                    yield pack.fault(FILE, (*at, "cases", "categories", j), f'no category "{category}"', near=(category, categories))  # fmt: skip
        else:
            kinds = UNIT_FIELDS
        fields[name] = kinds
        yield from _roles(pack, at, known_need, given, kinds)


def _observed(
    pack: packs.Pack, at: tuple[str | int, ...], one: Observed, properties: list[str], codes: list[str]
) -> Iterable[Fault]:
    if one.property not in properties:
        yield pack.fault(FILE, (*at, "observations", "property"), f'no property "{one.property}"', near=(one.property, properties))  # fmt: skip
    if one.sector is not None and one.sector not in codes:
        yield pack.fault(FILE, (*at, "observations", "sector"), f'no sector "{one.sector}"', near=(one.sector, codes), allowed=", ".join(codes))  # fmt: skip


def _dataset(
    pack: packs.Pack, at: tuple[str | int, ...], given: Input, need: Need, declared: datasets.Declared
) -> Iterable[Fault]:
    shape = "line" if need.takes == "streets" else need.shape
    kind = declared.geometry_type
    if shape is not None and (kind is None or (kind not in (*_SHAPES.get(shape, (kind,)), "Geometry"))):
        yield pack.fault(FILE, (*at, "dataset"), f'"{declared.code}" holds {kind or "no shapes"}; the method needs {shape} shapes')  # fmt: skip
    if given.last is not None and "at" not in bound(given, need, fields_of(declared)):
        yield pack.fault(
            FILE,
            (*at, "last"),
            'says nothing without the role "at"',
            allowed="fields: {at: a date or instant}" if "at" in need.roles else "no `last` here",
        )
    if given.where is None:
        return
    names = [*fields_of(declared), "id", "geometry", "placeCode"]
    try:
        used = cql2.queried(cql2.parse(given.where))
    except BadInput as error:
        yield pack.fault(FILE, (*at, "where"), str(error.faults[0] if error.faults else error.message))
        return
    for name in sorted(used - set(names)):
        yield pack.fault(FILE, (*at, "where"), f'no field "{name}"', near=(name, names), allowed=", ".join(names))


def _roles(
    pack: packs.Pack, at: tuple[str | int, ...], need: Need, given: Input, kinds: Mapping[str, Kind] | None
) -> Iterable[Fault]:
    roles = list(need.roles)
    for role, field in given.fields.items():
        if role not in need.roles:
            if need.own_fields:
                continue
            yield pack.fault(FILE, (*at, "fields", role), f'the input has no role "{role}"', near=(role, roles), allowed=", ".join(roles) or "none")  # fmt: skip
        elif kinds is not None and field not in kinds:
            yield pack.fault(FILE, (*at, "fields", role), f'no field "{field}"', near=(field, list(kinds)), allowed=", ".join(kinds))  # fmt: skip
    if kinds is None:
        return
    made = bound(given, need, kinds)
    for role, about in need.roles.items():
        named = made.get(role)
        if named is None:
            if about.needed:
                yield pack.fault(FILE, at, f'role "{role}" ({about.says}) has no field', allowed=f"fields: {{{role}: one of {', '.join(kinds)}}}")  # fmt: skip
        elif named in kinds and kinds[named] not in about.kinds:
            yield pack.fault(FILE, (*at, "fields", role), f'"{named}" is a {kinds[named]}; role "{role}" takes {", ".join(about.kinds)}')  # fmt: skip


def _result(
    pack: packs.Pack, here: tuple[str | int, ...], one: Analysis, method: Method, held: Mapping[str, datasets.Declared]
) -> Iterable[Fault]:
    at = (*here, "result")
    declared = held.get(one.result)
    if declared is None:
        yield pack.fault(FILE, at, f'no dataset "{one.result}" for the result', near=(one.result, list(held)), allowed="a dataset of some datasets.yaml")  # fmt: skip
        return
    if any(given.dataset == one.result for given in one.inputs.values()):
        yield pack.fault(FILE, at, "an analysis does not read its own result")
    if declared.key_field != "code":
        yield pack.fault(FILE, at, f'"{one.result}" must have the key field "code"', allowed="key_field: code")
    gives: dict[str, Kind] = {**GIVEN_ALWAYS, **method.gives}
    for name, field in fields_of(declared).items():
        if name not in gives:
            yield pack.fault(FILE, at, f'field "{name}" of "{one.result}" is nothing method {method.code} gives', near=(name, list(gives)), allowed=", ".join(gives))  # fmt: skip
        elif field.kind != gives[name] and not (field.kind == "number" and gives[name] == "integer"):
            yield pack.fault(FILE, at, f'field "{name}" of "{one.result}" is a {field.kind}; method {method.code} gives a {gives[name]}')  # fmt: skip
    kind = declared.geometry_type
    if kind is not None and kind != "Geometry" and (method.shape is None or (method.shape != "any" and kind not in _SHAPES[method.shape])):  # fmt: skip
        yield pack.fault(FILE, at, f'"{one.result}" holds {kind}; method {method.code} gives {method.shape or "no shapes"}')  # fmt: skip


def _learn() -> None:
    """Teach packs the promise `analyses`, which reads what stands above."""
    from dothi.analyses import promises  # noqa: F401


_learn()
