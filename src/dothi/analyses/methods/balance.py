"""balance: what is there and what is needed, place by place.

Source: the supply-and-need balance of planning practice (UN-Habitat, Housing Market Studies guide 2011; facility
standards of QCXDVN 01:2021/BXD give needs per head). A place of which one side says nothing is missing, not zero, unless
`empty: zero` says that the register of supply is whole.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

import shapely
from pydantic import Field

from dothi.analyses.model import (
    NUMBER,
    WORD,
    Feature,
    Given,
    Item,
    Method,
    Need,
    Parameters,
    Role,
    TooLittle,
    centre,
    rounded,
)


class Balance(Parameters):
    """per: what one unit of need asks of supply (15 beds per 10,000 people: 0.0015). enough: ratio from which it is met.

    empty: what a place without supply has.
    """

    per: float = Field(default=1, gt=0)
    enough: float = Field(default=1, gt=0)
    short: float = Field(default=0.8, gt=0)
    empty: Literal["missing", "zero"] = "missing"


def by_place(items: Sequence[Item], places: Sequence[Item]) -> tuple[dict[str, float], dict[str, int]]:
    """Sum and number of records of each place: the one the record names, otherwise the one it lies in."""
    known = {one.key for one in places}
    shaped = [one for one in places if one.shape is not None]
    tree = shapely.STRtree([one.shape for one in shaped])
    sums: dict[str, float] = defaultdict(float)
    counts: dict[str, int] = defaultdict(int)
    for item in items:
        amount = item.number("amount") if "amount" in item.values else 1.0
        if amount is None:
            continue
        place = item.text("place")
        if place not in known:
            where = centre(item.shape)
            found: list[int] = (
                sorted(tree.query(shapely.Point(where), predicate="intersects").tolist()) if where else []
            )
            place = shaped[found[0]].key if found else item.unit if item.unit in known else None
        if place is not None:
            sums[place] += amount
            counts[place] += 1
    return dict(sums), dict(counts)


def run(given: Given, p: Balance) -> list[Feature]:
    """One feature a place."""
    places = given.records("places")
    supply, offers = by_place(given.records("supply"), places)
    need, asked = by_place(given.records("need"), places)
    if not places or not (supply or need):
        raise TooLittle("chưa có số cung, số cầu theo nơi", "no place has any supply or need")
    made: list[Feature] = []
    for one in places:
        there, wanted = supply.get(one.key, 0.0 if p.empty == "zero" else None), need.get(one.key)
        needed = None if wanted is None else wanted * p.per
        ratio = there / needed if there is not None and needed else None
        state = "missing" if there is None or needed is None else "enough" if ratio is None or ratio >= p.enough else "tight" if ratio >= p.short else "short"  # fmt: skip
        made.append(Feature(one.key, {
            "name": one.text("name"), "supply": rounded(there, 1), "need": rounded(needed, 1), "offers": offers.get(one.key),
            "asked": asked.get(one.key), "gap": rounded(there - needed, 1) if there is not None and needed is not None else None,
            "ratio": rounded(100 * ratio, 1) if ratio is not None else None, "state": state,
        }, one.shape))  # fmt: skip
    return made


_SIDE = {
    "amount": Role("how much; 1 a record otherwise", NUMBER),
    "place": Role("key of the place; where the record lies otherwise", WORD),
}
METHOD = Method(
    code="balance",
    says="Supply and need, place by place",
    source="Supply-and-need balance of planning practice (UN-Habitat 2011; QCXDVN 01:2021/BXD)",
    needs={
        "supply": Need("records", "what is there", _SIDE),
        "need": Need("records", "what is needed", _SIDE),
        "places": Need("records", "the places: `units: commune`, or a dataset of polygons", {"name": Role("what it is called", WORD)}),
    },
    parameters=Balance,
    gives={
        "name": "string", "supply": "number", "need": "number", "offers": "integer", "asked": "integer",
        "gap": "number", "ratio": "number", "state": "string",
    },
    run=run,
    shape="any",
    timeless=True,
)  # fmt: skip
