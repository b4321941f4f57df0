"""Two cities beside each other: what one has and the other has not, and where the same thing is said otherwise."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from dothi.city.difference import FieldChange
from dothi.city.items import KINDS, Item, Key

OWN = ("base", "area", "records")  # differ between any two cities; only their number is told


@dataclass
class Kind:
    """One kind of item: codes only one of them has, those both have otherwise, and how many are alike."""

    kind: str
    only_first: list[str] = field(default_factory=list)
    only_second: list[str] = field(default_factory=list)
    differ: dict[str, list[FieldChange]] = field(default_factory=dict)
    alike: int = 0


def diff(first: Iterable[Item], second: Iterable[Item], prefixes: tuple[str, str] = ("", "")) -> list[Kind]:
    """The difference by kind. prefixes: of the codes of each city's things, so that the same thing is known again."""
    left = {_key(item, prefixes[0]): item for item in first}
    right = {_key(item, prefixes[1]): item for item in second}
    made: list[Kind] = []
    for kind in KINDS:
        mine, theirs = ([key for key in side if key[0] == kind] for side in (left, right))
        one = Kind(kind)
        one.only_first = [left[key].code for key in mine if key not in right]
        one.only_second = [right[key].code for key in theirs if key not in left]
        for key in mine:
            if key not in right:
                continue
            fields = [
                FieldChange(name, None, left[key].fields.get(name), right[key].fields.get(name))
                for name in dict.fromkeys([*left[key].fields, *right[key].fields])
                if left[key].fields.get(name) != right[key].fields.get(name)
            ]
            if fields:
                one.differ[left[key].code] = fields
            else:
                one.alike += 1
        if one.only_first or one.only_second or one.differ or one.alike:
            made.append(one)
    return made


def _key(item: Item, prefix: str) -> Key:
    code = item.code.removeprefix(prefix).removeprefix(prefix.lower()) if prefix else item.code
    if item.kind == "base":
        code = ""
    if item.kind == "setting":
        code = code.partition(":")[0]
    return item.kind, code.partition("@")[0] if item.kind == "records" else code


def as_json(made: list[Kind]) -> list[dict[str, Any]]:
    """The difference for machines."""
    return [
        {"kind": one.kind, "onlyFirst": one.only_first, "onlySecond": one.only_second, "alike": one.alike,
         "differ": {code: [asdict(field_) for field_ in fields] for code, fields in one.differ.items()}}
        for one in made
    ]  # fmt: skip
