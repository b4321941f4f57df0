"""From an older version of a pack or blueprint to a newer one: what was renamed, which values are called otherwise, what went.

`migrations.yaml` beside a pack's sector.yaml or a city's city.yaml. A migration is done once, in the apply that first
sees the newer version; what people changed by hand is carried along, and what a map does not know is named and left.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from dothi import packs
from dothi.city import practising
from dothi.city.difference import Change, FieldChange
from dothi.city.items import Item, Key
from dothi.city.practice import KINDS as PRACTICE
from dothi.sensing.sectors import Code

FILE = "migrations.yaml"
Name = Annotated[str, Field(min_length=1, max_length=120)]


class Rename(packs.Strict):
    """A thing that is called otherwise from now on; what it holds stays."""

    kind: Literal["property", "thing", "sensor", "dataset", "agency", "area", "crew"]
    from_: Name = Field(alias="from")
    to: Name


class Values(packs.Strict):
    """Values of a dataset's field that are called otherwise."""

    dataset: Code
    field: Name
    values: dict[str, str | int | float | bool | None] = Field(min_length=1)


class Drop(packs.Strict):
    """A field of a dataset that is no more; its values stay in the history of the records."""

    dataset: Code
    field: Name


class Migration(packs.Strict):
    """What has to be done to come to a version."""

    to: int | str
    why: packs.Text
    rename: list[Rename] = Field(default_factory=list)
    map: list[Values] = Field(default_factory=list)
    drop: list[Drop] = Field(default_factory=list)


class Migrations(packs.Strict):
    """migrations.yaml, the oldest first."""

    migrations: list[Migration]


packs.schema(FILE, Migrations)


@dataclass(frozen=True)
class Step:
    """One thing to do. about: the pack or city and the version it leads to."""

    about: str
    what: Rename | Values | Drop
    why: packs.Text

    @property
    def code(self) -> str:
        """What it is about, as it was called."""
        return self.what.from_ if isinstance(self.what, Rename) else f"{self.what.dataset}.{self.what.field}"


def order(version: int | str) -> tuple[int, ...]:
    """A version as it is compared: by its numbers."""
    return tuple(int(part) for part in re.findall(r"\d+", str(version)))


def steps(found: Migrations | None, about: str, was: int | str, now: int | str) -> list[Step]:
    """What lies between two versions."""
    made: list[Step] = []
    for one in sorted(found.migrations if found else [], key=lambda one: order(one.to)):
        if order(was) < order(one.to) <= order(now):
            todo: list[Rename | Values | Drop] = [*one.rename, *one.map, *one.drop]
            made += [Step(f"{about} {one.to}", what, one.why) for what in todo]
    return made


def inverse(step: Step) -> Step | None:
    """The step that undoes another; None where nothing does (values of a dropped field stay in the history)."""
    what = step.what
    if isinstance(what, Rename):
        return Step(step.about, Rename.model_validate({"kind": what.kind, "from": what.to, "to": what.from_}), step.why)
    if isinstance(what, Values) and len(set(what.values.values())) == len(what.values):
        values = {str(new): old for old, new in what.values.items()}
        return Step(step.about, Values.model_validate({**what.model_dump(), "values": values}), step.why)
    return None


def beside(folder: Path) -> Migrations | None:
    """The migrations of a city's folder. Raises BadInput with every fault."""
    path = (folder.parent if folder.suffix else folder) / FILE
    return packs.load_file(path, Migrations, f"{path.parent.name}/{FILE}")[0] if path.is_file() else None


LINKS = {
    "thing": "thing",
    "property": "property",
    "sensor": "sensor",
    "agency": "agency",
}  # fields that name another item


def renamed(items: dict[Key, Item], one: Rename) -> dict[Key, Item]:
    """Items as they are called after a rename, with every field that names the item."""
    made: dict[Key, Item] = {}
    for item in items.values():
        code, fields = item.code, dict(item.fields)
        if item.kind == one.kind and code == one.from_:
            code = one.to
        if item.kind == "datastream":
            thing, _, property_ = code.rpartition(".")
            if one.kind == "thing" and thing == one.from_:
                code = f"{one.to}.{property_}"
            if one.kind == "property" and property_ == one.from_:
                code = f"{thing}.{one.to}"
        if item.kind == "records" and one.kind == "dataset" and code == one.from_:
            code = one.to
        link = LINKS.get(one.kind)
        if link is not None and fields.get(link) == one.from_:
            fields[link] = one.to
        if one.kind == "agency" and fields.get("parent") == one.from_:
            fields["parent"] = one.to
        moved = Item(item.kind, code, fields)
        if item.kind in PRACTICE:
            moved = practising.renamed(item, one.kind, one.from_, one.to)
        made[moved.key] = moved
    return made


def shown(step: Step, counts: dict[str, Any]) -> Change:
    """A step as a change of the plan. counts: what the database says of it."""
    what = step.what
    if isinstance(what, Rename):
        change = Change("migrate", what.kind, what.from_, what.to, note=f"{step.about}: {step.why.vi}")
        change.fields = [FieldChange("code", what.from_, what.from_, what.to)]
        if not counts.get("there"):
            change.note = f"{step.about}: already done"
        return change
    change = Change(
        "migrate", "dataset", f"{what.dataset}.{what.field}", what.dataset, note=f"{step.about}: {step.why.vi}"
    )
    change.observations = int(counts.get("records", 0))
    if isinstance(what, Values):
        change.fields = [FieldChange(what.field, old, old, new) for old, new in what.values.items()]
        if counts.get("unknown"):
            change.note = f"{change.note}; left as they are: " + ", ".join(map(str, counts["unknown"]))
    return change
