"""travel-time: how slow each road is, and the likely reason.

Source: travel time index (time now / time of free flow) of FHWA, Travel Time Reliability (2006) and Urban Congestion
Report; free flow is the 85th percentile of the speeds seen (Highway Capacity Manual 7th ed., 2022: low-volume speeds).
Reasons are told in the order of FHWA's causes of congestion (Cambridge Systematics 2005): incident, weather, demand. A
reason is only likely: what was nearby at the time, not what caused it.
"""

import numpy as np
from pydantic import Field

from dothi.analyses.ground import apart
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
    centre,
    rounded,
)
from dothi.kit import clock


class TravelTime(Parameters):
    """minutes: what `now` means. slow, jam: the index from which a road is called so. rain: mm in an hour."""

    minutes: int = Field(default=60, ge=5, le=240)
    percentile: float = Field(default=85, ge=50, le=99)
    least_values: int = Field(default=24, ge=4)
    slow: float = Field(default=1.3, gt=1)
    jam: float = Field(default=2.0, gt=1)
    rain: float = Field(default=2.5, gt=0)
    rain_within: float = Field(default=10_000, gt=0)  # metres of the gauge
    incident_within: float = Field(default=500, gt=0)
    incident_hours: float = Field(default=2, gt=0)
    heavy: float = Field(default=0.9, gt=0, le=1)  # share of the highest 5 % of volumes


def run(given: Given, p: TravelTime) -> list[Feature]:
    """One feature a place where speed is measured."""
    made: list[Feature] = []
    flows = {one.key: one for one in given.observations("volume")}
    for one in given.observations("speed"):
        free = one.number("free_speed") or (
            float(np.percentile(one.value, p.percentile)) if len(one.at) >= p.least_values else None
        )
        # an hour's mean stands at the hour's beginning
        recent = one.during(given.now - (p.minutes * 60 * clock.SECOND + clock.HOUR), given.now + 1)
        if free is None or free <= 0 or not len(recent.at):
            continue
        speed = max(float(recent.value[-1]), 0.5)
        at = int(recent.at[-1])
        index = max(free / speed, 1.0)
        level = "jam" if index >= p.jam else "slow" if index >= p.slow else "free"
        reason, about = ("none", None) if level == "free" else _reason(given, p, one, flows.get(one.key), at)
        made.append(Feature(one.key, {
            "road": one.text("road"), "name": one.name or one.key, "at": clock.iso(at), "speed": rounded(speed, 1),
            "free_speed": rounded(free, 1), "index": rounded(index, 2), "level": level, "reason": reason, "about": about,
            "delay": rounded(60 / speed - 60 / free if speed < free else 0.0, 2),
        }, one.shape))  # fmt: skip
    if not made:
        raise TooLittle(
            f"chưa nơi nào có {p.least_values} giá trị tốc độ và giá trị trong {p.minutes} phút qua",
            f"nowhere are {p.least_values} speeds and one of the last {p.minutes} minutes known",
        )
    return made


def _reason(given: Given, p: TravelTime, one: Series, flow: Series | None, at: int) -> tuple[str, str | None]:
    here = centre(one.shape)
    for item in given.records("incidents"):
        begun, over, where = item.at(), item.at("until"), centre(item.shape)
        if here is None or where is None or begun is None or begun > at + clock.HOUR:
            continue
        ends = over if over is not None else begun + int(p.incident_hours * clock.HOUR)
        if ends >= at and apart(here, where) <= p.incident_within:
            return "incident", item.key
    for gauge in given.observations("rain"):
        where = centre(gauge.shape)
        if here is None or where is None or apart(here, where) > p.rain_within:
            continue
        lately = gauge.during(at - clock.HOUR, at + clock.HOUR)
        if len(lately.at) and float(lately.value.max()) >= p.rain:
            return "rain", gauge.key
    if flow is not None and len(flow.at) >= p.least_values:
        lately = flow.during(at, at + clock.HOUR)
        if len(lately.at) and lately.value[-1] >= p.heavy * np.percentile(flow.value, 95):
            return "volume", flow.key
    return "unknown", None


METHOD = Method(
    code="travel-time",
    says="Congestion index of each road, and the likely reason",
    source="Travel time index (FHWA 2006); free flow after HCM 7th ed.",
    needs={
        "speed": Need("observations", "mean speed, km/h", {
            "road": Role("name of the road", WORD), "free_speed": Role("speed of free flow, km/h", NUMBER),
        }),
        "volume": Need("observations", "vehicles an hour at the same things", needed=False),
        "rain": Need("observations", "rain, mm in an hour", needed=False),
        "incidents": Need("records", "accidents, works, closures", {
            "at": Role("when it began", WHEN, needed=True), "until": Role("when it was over", WHEN),
        }, shape="any", needed=False),
    },
    parameters=TravelTime,
    gives={
        "road": "string", "name": "string", "at": "date-time", "speed": "number", "free_speed": "number",
        "index": "number", "level": "string", "reason": "string", "about": "string", "delay": "number",
    },
    run=run,
    shape="any",
)  # fmt: skip
