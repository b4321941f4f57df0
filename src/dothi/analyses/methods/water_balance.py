"""water-balance: the standard water balance of each zone and month.

Source: IWA, Performance Indicators for Water Supply Services (Alegre et al., 3rd ed. 2016), and Lambert & Hirner (2000),
"Losses from water supply systems: standard terminology": system input = authorised (billed + unbilled) + losses
(apparent + real); water that brings no revenue = system input - billed. 95 % limits as AWWA M36 has them: the variances
of the components add, so that an error of real losses is the root of their sum. What is not measured (unbilled
consumption, theft, meter error) is taken as shares; each is a parameter, and its default is the one M36 names.
"""

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from dothi.analyses.methods.night_flow import FLOW, net
from dothi.analyses.model import (
    NUMBER,
    WHEN,
    WORD,
    Feature,
    Given,
    Method,
    Need,
    Parameters,
    Role,
    Series,
    TooLittle,
    rounded,
)
from dothi.kit import clock


class WaterBalance(Parameters):
    """Shares are of 1. error_…: half the 95 % interval of a component, as a share of it."""

    months: int = Field(default=12, ge=1, le=60)
    least_coverage: float = Field(default=0.9, gt=0, le=1)
    unbilled_share: float = Field(default=0.0125, ge=0)  # of the billed volume
    theft_share: float = Field(default=0.0025, ge=0)  # of the billed volume
    meter_error_share: float = Field(default=0.02, ge=0)  # customers' meters read too little
    error_input: float = Field(default=0.03, ge=0)
    error_billed: float = Field(default=0.02, ge=0)
    error_assumed: float = Field(default=0.5, ge=0)


@dataclass(frozen=True)
class Balance:
    """Cubic metres of a month. error: half the 95 % interval of real losses."""

    billed: float
    unbilled: float
    apparent: float
    real: float
    losses: float
    no_revenue: float
    error: float


def balance(system_input: float, billed: float, unbilled: float | None, p: WaterBalance) -> Balance:
    """The balance of one zone and month; unbilled None: taken as a share of what is billed."""
    free = p.unbilled_share * billed if unbilled is None else unbilled
    theft = p.theft_share * billed
    under = billed * p.meter_error_share / (1 - p.meter_error_share)
    apparent = theft + under
    losses = system_input - billed - free
    parts = [p.error_input * system_input, p.error_billed * billed]
    parts += [p.error_assumed * one for one in (theft, under, 0.0 if unbilled is not None else free)]
    return Balance(
        billed, free, apparent, losses - apparent, losses, system_input - billed, float(np.hypot.reduce(parts))
    )


def month_bounds(month: str) -> tuple[int, int]:
    """Beginning and end (µs UTC, exclusive) of a month like 2026-11 in Vietnam."""
    year, number = int(month[:4]), int(month[5:7])
    after = f"{year + number // 12:04}-{number % 12 + 1:02}"
    first, last = (clock.parse(f"{one}-01T00:00", clock.VIETNAM) for one in (month[:7], after))
    return first, last


def run(given: Given, p: WaterBalance) -> list[Feature]:
    """One feature a zone and month."""
    flows: dict[str, list[Series]] = {}
    for one in given.observations("flow"):
        flows.setdefault(one.text("zone") or one.key, []).append(one)
    nets = {code: net(some) for code, some in flows.items()}
    zones = {one.key: one for one in given.records("zones")}
    billed: dict[tuple[str, str], list[float | None]] = {}
    for item in given.records("billed"):
        zone, month, volume = item.text("zone"), item.text("month"), item.number("volume")
        if zone and month and volume is not None:
            held = billed.setdefault((zone, month[:7]), [0.0, None])
            held[0] = (held[0] or 0.0) + volume
            if (free := item.number("unbilled")) is not None:
                held[1] = (held[1] or 0.0) + free
    shown = sorted({month for _, month in billed})[-p.months :]
    made: list[Feature] = []
    for (zone, month), (volume, free) in sorted(billed.items()):
        if month not in shown or zone not in nets or volume is None:
            continue
        start, end = month_bounds(month)
        at, flow = nets[zone]
        inside = (at >= start) & (at < end)
        hours = (end - start) // clock.HOUR
        coverage = float(inside.sum()) / hours
        values = {
            "zone": zone, "name": (known.text("name") if (known := zones.get(zone)) else None) or zone,
            "month": f"{month}-01", "coverage": rounded(100 * coverage, 1), "billed": rounded(volume, 0),
        }  # fmt: skip
        if coverage < p.least_coverage:
            values["state"] = "incomplete"
        else:
            into = float(flow[inside].mean()) * hours
            one_ = balance(into, volume, free, p)
            values |= {
                "system_input": rounded(into, 0), "unbilled": rounded(one_.unbilled, 0), "authorised": rounded(volume + one_.unbilled, 0),
                "losses": rounded(one_.losses, 0), "apparent_losses": rounded(one_.apparent, 0), "real_losses": rounded(one_.real, 0),
                "real_losses_error": rounded(one_.error, 0), "no_revenue": rounded(one_.no_revenue, 0),
                "no_revenue_share": rounded(100 * one_.no_revenue / into, 1) if into > 0 else None,
                "state": "balanced" if one_.real + one_.error >= 0 else "contradictory",
            }  # fmt: skip
        made.append(Feature(f"{zone}-{month}", values, known.shape if known else None))
    if not made:
        raise TooLittle(
            "chưa có tháng nào có cả sản lượng vào vùng và lượng nước đã lập hóa đơn",
            "no month has both the flow into a zone and what was billed there",
        )
    return made


METHOD = Method(
    code="water-balance",
    says="IWA water balance of each zone and month",
    source="IWA standard water balance (Alegre et al. 2016); error limits after AWWA M36",
    needs={
        "flow": FLOW,
        "billed": Need("records", "what was billed, one record or several a zone and month", {
            "zone": Role("code of the zone", WORD, needed=True),
            "month": Role("a day of the month, or its year and month", (*WHEN, "string"), needed=True),
            "volume": Role("m³ billed", NUMBER, needed=True),
            "unbilled": Role("m³ authorised and not billed, where measured", NUMBER),
        }),
        "zones": Need("records", "the zones; the record's key is the zone's code",
                      {"name": Role("what the zone is called", WORD)}, needed=False),
    },
    parameters=WaterBalance,
    gives={
        "zone": "string", "name": "string", "month": "date", "coverage": "number", "system_input": "number",
        "billed": "number", "unbilled": "number", "authorised": "number", "losses": "number", "apparent_losses": "number",
        "real_losses": "number", "real_losses_error": "number", "no_revenue": "number", "no_revenue_share": "number",
        "state": "string",
    },
    run=run,
    shape="any",
)  # fmt: skip
