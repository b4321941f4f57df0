"""night-flow: the minimum night flow of each district meter area, and what of it leaks.

Source: IWA Water Loss Task Force, District Metered Areas: Guidance Notes (2007), and Lambert, A. (2009), "Ten years'
experience in using the UARL formula": between 1 and 4 o'clock people use little, so that most of what flows into a zone
leaks; what they do use is 6 % of people awake, 10 litres each an hour (0.6 l/person/h). The night's leakage counts for
24 hours where the pressure is the same all day, else by the night-day factor sum of (P(t) / P(night))^N1. Unavoidable
losses: UARL = (18 Lm + 0.8 Nc + 25 Lp) P litres a day, Lm km of mains, Nc connections, Lp km of service pipe beyond the
boundary (0 where unknown), P metres of pressure; ILI = real losses / UARL.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
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
    Series,
    TooLittle,
    day_text,
    hourly,
    local_day,
    local_hour,
    rounded,
)
from dothi.kit import clock

_BURST = 3.0  # robust standard deviations above the earlier nights


class NightFlow(Parameters):
    """hours: the local hours of the night looked at, the second exclusive. nights: how many the figure is of."""

    hours: tuple[int, int] = (1, 4)
    nights: int = Field(default=14, ge=3, le=120)
    least_nights: int = Field(default=5, ge=3)
    litres_per_person_hour: float = Field(default=0.6, ge=0)
    people_per_connection: float = Field(default=3.6, gt=0)
    pressure_exponent: float = Field(default=1.0, ge=0.5, le=2.5)
    metres_per_bar: float = 10.197
    burst_share: float = Field(default=0.15, ge=0)  # a rise smaller than this share of the usual night is none


@dataclass(frozen=True)
class Nights:
    """The least hourly flow of each local night, in order."""

    day: NDArray[np.int64]
    least: NDArray[np.float64]


def nights(at: NDArray[np.int64], flow: NDArray[np.float64], hours: tuple[int, int]) -> Nights:
    """The least hourly mean within the hours of each local day; nights with less than two of them are left out."""
    hour = local_hour(at)
    inside = (hour >= hours[0]) & (hour < hours[1]) & np.isfinite(flow)
    days, where, counts = np.unique(local_day(at[inside]), return_inverse=True, return_counts=True)
    least = np.full(len(days), np.inf)
    np.minimum.at(least, where, flow[inside])
    enough = counts >= min(2, hours[1] - hours[0])
    return Nights(days[enough], least[enough])


def day_factor(at: NDArray[np.int64], pressure: NDArray[np.float64], hours: tuple[int, int], n1: float) -> float:
    """How many hours of night leakage a whole day's makes; 24 where the pressure never changes."""
    hour = local_hour(at)
    means = np.array([pressure[hour == one].mean() if (hour == one).any() else np.nan for one in range(24)])
    night = np.nanmean(means[hours[0] : hours[1]])
    if not np.isfinite(night) or night <= 0 or np.isnan(means).any():
        return 24.0
    return float(np.sum((means / night) ** n1))


def unavoidable(mains_km: float, connections: float, service_km: float, pressure_m: float) -> float:
    """UARL in cubic metres a day."""
    return (18 * mains_km + 0.8 * connections + 25 * service_km) * pressure_m / 1000


def run(given: Given, p: NightFlow) -> list[Feature]:
    """One feature a zone."""
    zones = {one.key: one for one in given.records("zones")}
    pressures = {one.text("zone") or one.key: one for one in given.observations("pressure")}
    flows: dict[str, list[Series]] = {}
    for one in given.observations("flow"):
        flows.setdefault(one.text("zone") or one.key, []).append(one)
    made = [_zone(given, p, code, some, zones.get(code), pressures.get(code)) for code, some in sorted(flows.items())]
    found = [one for one in made if one is not None]
    if not found:
        raise TooLittle(
            f"chưa có đủ {p.least_nights} đêm lưu lượng ở vùng nào",
            f"no zone has the flow of {p.least_nights} nights yet",
        )
    return found


FLOW = Need("observations", "flow into the zone, m³/h; several inlets are added", {
    "zone": Role("code of the zone; the thing's own code otherwise", WORD),
    "direction": Role("`out` of a meter whose flow leaves the zone", WORD),
})  # fmt: skip


def net(flows: list[Series]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The flow into a zone: its inlets' sum, less what goes out (role `direction` is `out`), where all were read."""
    hours = [hourly(one) for one in flows]
    common = hours[0][0]
    for at, _ in hours[1:]:
        common = np.intersect1d(common, at)
    total = np.zeros(len(common))
    for one, (at, value) in zip(flows, hours, strict=True):
        sign = -1.0 if one.text("direction") == "out" else 1.0
        total += sign * value[np.searchsorted(at, common)]
    return common, total


def _zone(
    given: Given, p: NightFlow, code: str, flows: list[Series], zone: Item | None, pressure: Series | None
) -> Feature | None:
    at, flow = net(flows)
    found = nights(at, flow, p.hours)
    least = found.least[-p.nights :]
    if len(least) < p.least_nights:
        return None
    usual = float(np.median(least))
    connections = zone.number("connections") if zone else None
    people = (zone.number("people") if zone else None) or (
        connections * p.people_per_connection if connections else None
    )
    use = people * p.litres_per_person_hour / 1000 if people is not None else None
    leak = max(usual - use, 0.0) if use is not None else None
    metres = factor = None
    if pressure is not None and len(pressure.at):
        when, bars = hourly(pressure)
        factor = day_factor(when, bars, p.hours, p.pressure_exponent)
        metres = float(bars.mean()) * p.metres_per_bar
    losses = leak * (factor or 24.0) if leak is not None else None
    mains = zone.number("mains_km") if zone else None
    least_loss = unavoidable(mains, connections, 0.0, metres) if mains and connections and metres else None
    inflow = float(np.mean(flow[at >= given.now - p.nights * clock.DAY])) * 24 if len(flow) else None
    before, last = least[:-1], float(least[-1])
    middle = float(np.median(before))
    spread = max(1.4826 * float(np.median(np.abs(before - middle))), 1e-9)
    rises = last > middle + _BURST * spread and last > middle * (1 + p.burst_share)
    return Feature(
        code,
        {
            "name": (zone.text("name") if zone else None) or flows[0].name or code,
            "night": day_text(int(found.day[-1])),
            "nights": len(least),
            "minimum_night_flow": rounded(usual),
            "last_night_flow": rounded(last),
            "change": rounded(100 * (last - middle) / middle, 1) if middle > 0 else None,
            "night_use": rounded(use),
            "leakage": rounded(leak),
            "day_factor": rounded(factor or 24.0, 1),
            "real_losses": rounded(losses, 1),
            "losses_per_connection": rounded(1000 * losses / connections, 0) if losses is not None and connections else None,
            "losses_share": rounded(100 * losses / inflow, 1) if losses is not None and inflow else None,
            "unavoidable_losses": rounded(least_loss, 1),
            "ili": rounded(losses / least_loss, 1) if losses is not None and least_loss else None,
            "state": "burst" if rises else "usual",
        },
        zone.shape if zone and zone.shape is not None else flows[0].shape,
    )  # fmt: skip


METHOD = Method(
    code="night-flow",
    says="Minimum night flow and leakage of each district meter area",
    source="IWA Water Loss Task Force, District Metered Areas: Guidance Notes (2007)",
    needs={
        "flow": FLOW,
        "pressure": Need("observations", "pressure at the zone's average point, bar", {
            "zone": Role("code of the zone", WORD),
        }, needed=False),
        "zones": Need("records", "the zones; the record's key is the zone's code", {
            "name": Role("what the zone is called", WORD),
            "connections": Role("service connections", NUMBER),
            "people": Role("people supplied", NUMBER),
            "mains_km": Role("km of mains", NUMBER),
        }, needed=False),
    },
    parameters=NightFlow,
    gives={
        "name": "string", "night": "date", "nights": "integer", "minimum_night_flow": "number",
        "last_night_flow": "number", "change": "number", "night_use": "number", "leakage": "number",
        "day_factor": "number", "real_losses": "number", "losses_per_connection": "number", "losses_share": "number",
        "unavoidable_losses": "number", "ili": "number", "state": "string",
    },
    run=run,
    shape="any",
)  # fmt: skip
