"""spatial-check: records held against the rules of the area they lie in (a permit against the zoning plan).

Source: overlay and rule checking as in automated plan checking (Eastman et al. 2009, "Automatic rule-based checking of
building designs", Automation in Construction 18(8)); spatial predicates as ISO 19125-1 has them. The area that covers most of
a record judges it; where that is less than `least_overlap` of it, a person must look.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely
from pydantic import Field, model_validator

from dothi import packs
from dothi.analyses.ground import plane_of
from dothi.analyses.model import (
    WORD,
    Feature,
    Fields,
    Given,
    Item,
    Method,
    Need,
    Parameters,
    Role,
    TooLittle,
    Wrong,
    rounded,
)


class Check(packs.Strict):
    """One rule: a field of the record against a field of the area, or a number or words of its own.

    most, least: the name of the area's field, or a number. among: the area's field that lists what is allowed, or words.
    """

    code: str
    title: packs.Text
    field: str
    most: str | float | None = None
    least: str | float | None = None
    among: str | list[str] | None = None

    @model_validator(mode="after")
    def _one(self) -> "Check":
        if sum(one is not None for one in (self.most, self.least, self.among)) != 1:
            raise ValueError("say exactly one of most, least, among")
        return self


class SpatialCheck(Parameters):
    """tolerance: share by which a number may miss its limit."""

    rules: list[Check] = Field(min_length=1)
    least_overlap: float = Field(default=0.9, gt=0, le=1)
    tolerance: float = Field(default=0.0, ge=0, le=0.2)


def judge(record: Item, area: Item, rule: Check, tolerance: float) -> bool | None:
    """Whether a record keeps a rule; None where one of both sides says nothing."""
    value = record.values.get(rule.field)
    if rule.among is not None:
        allowed = area.values.get(rule.among) if isinstance(rule.among, str) else rule.among
        if value is None or allowed is None:
            return None
        return str(value) in ([str(one) for one in allowed] if isinstance(allowed, list) else [str(allowed)])
    said = rule.most if rule.most is not None else rule.least
    limit = area.number(said) if isinstance(said, str) else said
    number = record.number(rule.field)
    if number is None or limit is None:
        return None
    slack = abs(limit) * tolerance
    return number <= limit + slack if rule.most is not None else number >= limit - slack


def run(given: Given, p: SpatialCheck) -> list[Feature]:
    """One feature a record."""
    records = [one for one in given.records("records") if one.shape is not None]
    areas = [one for one in given.records("areas") if one.shape is not None]
    if not records or not areas:
        raise TooLittle("chưa có hồ sơ hoặc vùng quy hoạch có hình", "there are no shapes to compare")
    plane = plane_of([one.shape for one in records])
    outlines = shapely.make_valid(plane.flat(np.array([one.shape for one in areas], object)))
    tree = shapely.STRtree(outlines)
    return [_one(record, plane.flat(record.shape), areas, outlines, tree, p) for record in records]


def _one(record: Item, shape: Any, areas: list[Item], outlines: Any, tree: shapely.STRtree, p: SpatialCheck) -> Feature:
    flat = shapely.make_valid(shape)
    found = np.sort(tree.query(flat, predicate="intersects"))
    shares = [1.0 if flat.area == 0 else shapely.intersection(flat, outlines[i]).area / flat.area for i in found]
    values: dict[str, Any] = {"record": record.key, "name": record.text("name")}
    if not len(found) or max(shares) <= 0:
        return Feature(record.key, {**values, "broken": [], "unclear": [], "state": "outside"}, record.shape)
    best = int(np.argmax(shares))
    area, share = areas[int(found[best])], float(shares[best])
    judged = {rule.code: judge(record, area, rule, p.tolerance) for rule in p.rules}
    broken = [rule for rule in p.rules if judged[rule.code] is False]
    unclear = [rule.code for rule in p.rules if judged[rule.code] is None]
    state = "breaks" if broken else "unclear" if unclear or share < p.least_overlap else "fits"
    return Feature(record.key, {
        **values, "area": area.key, "area_name": area.text("name"), "overlap": rounded(100 * share, 1),
        "broken": [one.code for one in broken], "unclear": unclear, "state": state,
        "why": "; ".join(_said(record, area, one, "vi") for one in broken) or None,
        "why_en": "; ".join(_said(record, area, one, "en") for one in broken) or None,
    }, record.shape)  # fmt: skip


def _said(record: Item, area: Item, rule: Check, language: str) -> str:
    said = rule.most if rule.most is not None else rule.least if rule.least is not None else rule.among
    limit = area.values.get(said) if isinstance(said, str) else said
    words = {"vi": ("tối đa", "tối thiểu", "chỉ được"), "en": ("at most", "at least", "only")}[language]
    word = words[0] if rule.most is not None else words[1] if rule.least is not None else words[2]
    shown = ", ".join(_shown(one, language) for one in (limit if isinstance(limit, list) else [limit]))
    return f"{rule.title.of(language)}: {_shown(record.values.get(rule.field), language)} ({word} {shown})"


def _shown(value: Any, language: str) -> str:
    """A number as people read it, other values as they are."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    text = f"{value:g}"
    return text.replace(".", ",") if language == "vi" else text


def _check(fields: Fields, p: Any) -> Iterable[Wrong]:
    own, theirs = list(fields.get("records", {})), list(fields.get("areas", {}))
    for i, rule in enumerate(p.rules):
        if own and rule.field not in own:
            yield ("parameters", "rules", i, "field"), f'the records have no field "{rule.field}"', rule.field, own
        for key in ("most", "least", "among"):
            said = getattr(rule, key)
            if isinstance(said, str) and theirs and said not in theirs:
                yield ("parameters", "rules", i, key), f'the areas have no field "{said}"', said, theirs


METHOD = Method(
    code="spatial-check",
    says="Records against the rules of the area they lie in",
    source="Overlay (ISO 19125-1) and rule checking (Eastman et al. 2009)",
    needs={
        "records": Need("records", "what is checked, by the names of its own fields", {"name": Role("what it is called", WORD)},
                        shape="any", own_fields=True),
        "areas": Need("records", "polygons whose fields set the limits", {"name": Role("what it is called", WORD)},
                      shape="polygon", own_fields=True),
    },
    parameters=SpatialCheck,
    gives={
        "record": "string", "name": "string", "area": "string", "area_name": "string", "overlap": "number",
        "broken": "array", "unclear": "array", "state": "string", "why": "string", "why_en": "string",
    },
    run=run,
    shape="any",
    timeless=True,
    check=_check,
)  # fmt: skip
