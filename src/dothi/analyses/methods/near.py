"""near: the nearest facility of each record, along the streets where there are some, else as the crow flies.

Source: network distance by Dijkstra's algorithm (1959); straight distance on the local plane. The distance says what it
is of: `streets` or `straight`. A record or a facility far from any street is measured straight.
"""

import numpy as np
from pydantic import Field

from dothi.analyses.ground import plane_of
from dothi.analyses.model import (
    STREET,
    WORD,
    Feature,
    Given,
    Method,
    Need,
    Parameters,
    Role,
    TooLittle,
    centre,
    rounded,
)


class Near(Parameters):
    """limit: metres beyond which a record is `far`. kilometres_per_hour: makes minutes of metres; 0: none are said."""

    limit: float = Field(default=500, gt=0)
    within: float = Field(default=300, gt=0)  # of a street
    kilometres_per_hour: float = Field(default=0, ge=0, le=120)


def run(given: Given, p: Near) -> list[Feature]:
    """One feature a record."""
    records = [(one, where) for one in given.records("records") if (where := centre(one.shape)) is not None]
    facilities = [(one, where) for one in given.records("facilities") if (where := centre(one.shape)) is not None]
    if not records or not facilities:
        raise TooLittle("chưa có điểm để đo", "there is nothing to measure between")
    plane = plane_of([one.shape for one, _ in records + facilities])
    here, there = plane.metres([w for _, w in records]), plane.metres([w for _, w in facilities])
    straight = np.hypot(here[:, None, 0] - there[None, :, 0], here[:, None, 1] - there[None, :, 1])
    ways = np.full(straight.shape, np.inf)
    streets = given.streets()
    if streets is not None and len(streets.shapes):
        a, b = (streets.snap([w for _, w in some], p.within) for some in (records, facilities))
        # the fewer are the starts: what is kept of each is its way to every node
        far = streets.between(a, b) if len(a) <= len(b) else streets.between(b, a).T
        ways = far + np.where(a.found, a.away, 0)[:, None] + np.where(b.found, b.away, 0)[None, :]
    made: list[Feature] = []
    for i, (record, _) in enumerate(records):
        by = "streets" if np.isfinite(ways[i]).any() else "straight"
        row = ways[i] if by == "streets" else straight[i]
        best = int(np.argmin(row))
        facility, metres = facilities[best][0], float(row[best])
        pace = p.kilometres_per_hour * 1000 / 60
        made.append(Feature(record.key, {
            "name": record.text("name"), "nearest": facility.key, "nearest_name": facility.text("name"),
            "metres": rounded(metres, 0), "straight_metres": rounded(float(straight[i, best]), 0), "by": by,
            "minutes": rounded(metres / pace, 1) if pace else None, "state": "far" if metres > p.limit else "near",
        }, record.shape))  # fmt: skip
    return made


METHOD = Method(
    code="near",
    says="The nearest facility of each record",
    source="Shortest ways on the street graph (Dijkstra 1959)",
    needs={
        "records": Need("records", "what is measured from", {"name": Role("what it is called", WORD)}, shape="any"),
        "facilities": Need("records", "what is measured to", {"name": Role("what it is called", WORD)}, shape="any"),
        "streets": Need("streets", "the street graph", STREET, needed=False),
    },
    parameters=Near,
    gives={
        "name": "string", "nearest": "string", "nearest_name": "string", "metres": "number",
        "straight_metres": "number", "by": "string", "minutes": "number", "state": "string",
    },
    run=run,
    shape="any",
    timeless=True,
)  # fmt: skip
