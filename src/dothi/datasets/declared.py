"""datasets.yaml: the datasets a sector pack declares, ready for any city to take up."""

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from dothi import packs
from dothi.datasets import maplibre
from dothi.datasets import schema as schemas
from dothi.kit.errors import Fault

FILE = "datasets.yaml"
GeometryType = Literal[
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection", "Geometry"
]
# the European Union's data-theme and frequency code lists, which DCAT-AP asks for
Theme = Literal[
    "AGRI", "ECON", "EDUC", "ENER", "ENVI", "GOVE", "HEAL", "INTR", "JUST", "REGI", "SOCI", "TECH", "TRAN"
]  # fmt: skip
Frequency = Literal[
    "UPDATE_CONT", "HOURLY", "DAILY", "WEEKLY", "BIWEEKLY", "MONTHLY", "QUARTERLY", "ANNUAL_2", "ANNUAL", "BIENNIAL",
    "IRREG", "NEVER", "UNKNOWN",
]  # fmt: skip

DatasetCode = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]


def _once(words: list[str]) -> list[str]:
    again = next((one for i, one in enumerate(words) if one in words[:i]), None)
    if again is not None:
        raise ValueError(f'"{again}" is given twice')
    return words


class Model(packs.Strict):
    """The FIWARE Smart Data Model a dataset follows: its type and the address of its schema."""

    name: str = Field(pattern=r"^[A-Z][A-Za-z0-9]{1,79}$")
    url: str = Field(pattern=r"^https://[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]{1,400}$")


class Modelled(Model):
    """What is measured, as an attribute of such a model."""

    attribute: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,79}$")


class Style(packs.Strict):
    """How it is drawn: MapLibre layers (no id, no source) and the fields they read."""

    fields: list[str] = Field(default_factory=list)
    layers: list[dict[str, Any]] = Field(min_length=1)


class Declared(packs.Strict):
    """A dataset as a sector describes it; whose it is and what is in it each city says itself."""

    code: DatasetCode
    title: packs.Text
    description: packs.Text
    geometry_type: GeometryType | None = None
    key_field: str | None = None
    licence: str | None = None
    frequency: Frequency | None = None
    themes: list[Theme] = Field(default_factory=list)
    keywords: Annotated[list[str], AfterValidator(_once)] = Field(default_factory=list)
    source: str | None = None
    source_url: str | None = None
    quality: str | None = None
    style: Style | None = None
    model: Model | None = None
    schema_: dict[str, Any] = Field(alias="schema")

    @property
    def references(self) -> dict[str, str]:
        """Fields whose values are keys of another dataset, and which."""
        return {name: field["x-reference"]["dataset"] for name, field in _properties(self).items()
                if isinstance(field, dict) and isinstance(field.get("x-reference"), dict)
                and "dataset" in field["x-reference"]}  # fmt: skip

    @property
    def kept(self) -> dict[str, Any]:
        """The schema as a dataset of a city keeps it: its fields in their order, and the model it follows."""
        model = {"x-model": self.model.model_dump()} if self.model else {}
        return {"type": "object", **model, **self.schema_, "x-order": list(_properties(self))}


class Datasets(packs.Strict):
    """The whole file."""

    datasets: list[Declared]


class Promise(packs.Strict):
    """A record and what becomes of it. refused: the properties that are at fault; none: it is taken."""

    title: str = ""
    dataset: DatasetCode
    properties: dict[str, Any]
    refused: list[str] = Field(default_factory=list)


packs.schema(FILE, Datasets)


def declared(found: dict[str, packs.Pack]) -> dict[str, tuple[str, Declared]]:
    """Every dataset of some packs by code, with the sector that declares it."""
    return {one.code: (pack.code, one) for pack, _, one in _each(found)}


def _each(found: dict[str, packs.Pack]) -> Iterator[tuple[packs.Pack, int, Declared]]:
    for pack in found.values():
        file: Datasets | None = pack.files.get(FILE)
        for i, one in enumerate(file.datasets if file else []):
            yield pack, i, one


def _properties(one: Declared) -> dict[str, Any]:
    held = one.schema_.get("properties")
    return held if isinstance(held, dict) else {}


@packs.names
def _check(found: dict[str, packs.Pack]) -> Iterable[Fault]:
    """Codes given once, schemas that can be kept, keys, styles and references that lead somewhere."""
    codes = [one.code for _, _, one in _each(found)]
    seen: dict[str, str] = {}
    for pack, i, one in _each(found):
        here = ("datasets", i)
        if one.code in seen:
            yield pack.fault(FILE, (*here, "code"), f'dataset "{one.code}" is already in {seen[one.code]}')
        seen.setdefault(one.code, pack.code)
        broken = schemas.faults(one.schema_)
        for fault in broken:
            yield _placed(pack, (*here, "schema"), fault)
        fields = list(_properties(one))
        if one.key_field is not None and one.key_field not in fields:
            yield pack.fault(FILE, (*here, "key_field"), f'no property "{one.key_field}"',
                             near=(one.key_field, fields), allowed=", ".join(fields))  # fmt: skip
        for j, name in enumerate(one.style.fields if one.style else []):
            if name not in fields:
                yield pack.fault(FILE, (*here, "style", "fields", j), f'no property "{name}"',
                                 near=(name, fields), allowed=", ".join(fields))  # fmt: skip
        yield from _modelled(pack, here, one)
        yield from _layers(pack, here, one, fields)
        for name, other in one.references.items():
            if other not in codes:
                at = (*here, "schema", "properties", name, "x-reference", "dataset")
                yield pack.fault(FILE, at, f'no dataset "{other}"', near=(other, codes), allowed=", ".join(codes))


def _modelled(pack: packs.Pack, here: tuple[str | int, ...], one: Declared) -> Iterator[Fault]:
    """Attributes of a model that is not named, and attributes that two fields claim."""
    taken: dict[str, str] = {}
    for name, field in _properties(one).items():
        if not isinstance(field, dict) or not isinstance(field.get("x-model"), str):
            continue
        at = (*here, "schema", "properties", name, "x-model")
        if one.model is None:
            yield pack.fault(FILE, at, "an attribute of no model", allowed="model: {name, url} of the dataset")
        first = taken.setdefault(field["x-model"], name)
        if first != name:
            yield pack.fault(FILE, at, f'"{first}" is the {field["x-model"]} of the model already')


def _layers(pack: packs.Pack, here: tuple[str | int, ...], one: Declared, fields: list[str]) -> Iterator[Fault]:
    """What MapLibre does not know, and fields that are not there."""
    for j, layer in enumerate(one.style.layers if one.style else []):
        at = (*here, "style", "layers", j)
        for wrong in maplibre.faults(layer):
            near = (wrong.said, list(wrong.allowed)) if wrong.said is not None else None
            allowed = wrong.allowed if isinstance(wrong.allowed, str) else ", ".join(wrong.allowed)
            yield pack.fault(FILE, (*at, *wrong.at), wrong.message, near=near, allowed=allowed)
        for place, name in maplibre.read_by(layer):
            if name not in fields:
                yield pack.fault(FILE, (*at, *place), f'no property "{name}"', near=(name, fields),
                                 allowed=", ".join(fields))  # fmt: skip


def _placed(pack: packs.Pack, here: tuple[str | int, ...], fault: Fault) -> Fault:
    """A fault of a schema at its line: its place is the path inside the schema."""
    steps = [int(step) if step.isdigit() else step for step in re.split(r"[./\[\]]+", fault.place) if step]
    if steps[:1] == ["schema"]:
        steps = steps[1:]
    return pack.fault(FILE, (*here, *steps), fault.message, allowed=fault.allowed)


def _keep(pack: packs.Pack, case: Promise) -> Iterable[str]:
    """What differs between a promised record and what its schema says of it."""
    file: Datasets | None = pack.files.get(FILE)
    one = next((one for one in (file.datasets if file else []) if one.code == case.dataset), None)
    if one is None:
        yield f'the pack declares no dataset "{case.dataset}"'
        return
    _, faults = schemas.checker(one.schema_).clean(case.properties)
    refused = {re.split(r"[./\[]", fault.place.removeprefix("properties."))[0] for fault in faults}
    if refused != set(case.refused):
        said = "; ".join(map(str, faults)) or "it is taken"
        yield f"refused should be {sorted(case.refused)} and is {sorted(refused)}: {said}"


packs.promise("datasets", Promise, _keep)
