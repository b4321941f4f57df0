"""forecast-level: the water level of the next hours from the tide, what it is above the tide now, and the rain.

Sources: harmonic analysis of the tide by least squares (Doodson 1921; Foreman 1977, Manual for tidal heights analysis and
prediction), constituents that the record is long enough to tell apart (Rayleigh criterion); the residual by
autoregression with rain (ARX: Box, Jenkins et al. 2015). One regression for each hour ahead. The last quarter of the
record is not used for fitting: on it the band (80 %) and the skill are measured, skill = 1 - MSE / MSE of persistence
(Murphy 1988). A forecast without skill says so.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from dothi.analyses.ground import apart
from dothi.analyses.model import (
    NUMBER,
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
    hourly,
    rounded,
)
from dothi.kit import clock

# degrees an hour (IHO list of harmonic constituents), the most telling first
CONSTITUENTS = {
    "M2": 28.9841042, "K1": 15.0410686, "O1": 13.9430356, "S2": 30.0, "N2": 28.4397295, "M4": 57.9682084,
    "Q1": 13.3986609, "MS4": 58.9841042, "P1": 14.9589314, "K2": 30.0821373,
}  # fmt: skip


class ForecastLevel(Parameters):
    """hours: how far ahead. least_days: of the record; 15 tell the moon's from the sun's tide."""

    hours: int = Field(default=6, ge=1, le=24)
    least_days: int = Field(default=20, ge=15, le=400)
    tide: bool = True
    rain_within: float = Field(default=20_000, gt=0)
    decimals: int = Field(default=2, ge=0, le=4)


@dataclass(frozen=True)
class Lead:
    """The forecast of one hour ahead. low, high: 80 % band. tide: the tide's part."""

    hours: int
    level: float
    low: float
    high: float
    tide: float
    skill: float
    tested: int


def resolvable(hours: float) -> list[str]:
    """Constituents a record of so many hours can tell from each other (Rayleigh: a whole turn apart)."""
    chosen: list[str] = []
    for name, speed in CONSTITUENTS.items():
        if speed * hours >= 360 and all(abs(speed - CONSTITUENTS[one]) * hours >= 360 for one in chosen):
            chosen.append(name)
    return chosen


def waves(at: NDArray[np.int64], names: list[str]) -> NDArray[np.float64]:
    """One, and the cosine and sine of each constituent at instants (µs UTC)."""
    hours = np.asarray(at, float) / clock.HOUR
    turns = np.radians(np.outer(hours, [CONSTITUENTS[one] for one in names]) % 360)
    return np.column_stack([np.ones(len(hours)), np.cos(turns), np.sin(turns)])


def even(at: NDArray[np.int64], value: NDArray[np.float64], start: int, count: int) -> NDArray[np.float64]:
    """Values on every hour from a start; nan where there is none."""
    made = np.full(count, np.nan)
    where = (at - start) // clock.HOUR
    inside = (where >= 0) & (where < count)
    made[where[inside]] = value[inside]
    return made


def forecast(level: NDArray[np.float64], rain: NDArray[np.float64] | None, start: int, p: ForecastLevel) -> list[Lead]:
    """Forecasts from the last hour of an even record, which is known (hourly means, nan where missing)."""
    count = len(level)
    at = start + np.arange(count + p.hours, dtype=np.int64) * clock.HOUR
    names = resolvable(count) if p.tide else []
    cut = count * 3 // 4
    train = np.flatnonzero(np.isfinite(level[:cut]))
    design = waves(at, names)
    beta, *_ = np.linalg.lstsq(design[train], level[train], rcond=None)
    tide = design @ beta
    rest = level - tide[:count]
    wet = np.zeros(count) if rain is None else np.nan_to_num(rain)
    total = np.concatenate(([0.0], np.cumsum(wet)))
    wide = rain is not None
    return [_lead(lead, level, rest, tide, total, cut, with_rain=wide) for lead in range(1, p.hours + 1)]


def _lead(
    lead: int, level: NDArray[np.float64], rest: NDArray[np.float64], tide: NDArray[np.float64],
    total: NDArray[np.float64], cut: int, *, with_rain: bool,
) -> Lead:  # fmt: skip
    count = len(level)
    i = np.arange(12, count)
    columns = [np.ones(len(i)), rest[i], rest[i - 1]]
    if with_rain:
        # rain of the last hour, of the two before it, of the three before those and of the six before
        columns += [total[i + 1 - a] - total[i + 1 - b] for a, b in ((0, 1), (1, 3), (3, 6), (6, 12))]
    known = np.column_stack(columns)
    goal = np.full(len(i), np.nan)
    goal[: len(i) - lead] = rest[12 + lead :]
    good = np.asarray(np.isfinite(known).all(axis=1))
    usable = good & np.isfinite(goal)
    fit, test = usable & (i + lead < cut), usable & (i >= cut)
    if fit.sum() < 5 * known.shape[1] or test.sum() < 24:
        raise TooLittle("chuỗi mực nước còn nhiều chỗ trống", "the record has too many gaps")
    # a little shrinking keeps rain that hardly ever fell from weighing anything
    square = known[fit].T @ known[fit] + 1e-6 * np.eye(known.shape[1])
    beta = np.linalg.solve(square, known[fit].T @ goal[fit])
    errors = goal[test] - known[test] @ beta
    persistence = level[i[test] + lead] - level[i[test]]
    skill = 1 - float((errors**2).mean()) / max(float((persistence**2).mean()), 1e-12)
    low, high = np.quantile(errors, [0.1, 0.9])
    if not good[-1]:
        raise TooLittle("thiếu giá trị của giờ gần nhất", "the last hour is not known")
    middle = float(tide[count - 1 + lead] + known[-1] @ beta)
    return Lead(
        lead, middle, middle + float(low), middle + float(high), float(tide[count - 1 + lead]), skill, int(test.sum())
    )


def run(given: Given, p: ForecastLevel) -> list[Feature]:
    """One feature a station and hour ahead."""
    made: list[Feature] = []
    reasons: list[TooLittle] = []
    for one in given.observations("level"):
        try:
            made += _station(given, p, one)
        except TooLittle as little:
            reasons.append(little)
    if not made:
        raise reasons[0] if reasons else TooLittle("chưa có trạm mực nước nào", "there is no level")
    return made


def _station(given: Given, p: ForecastLevel, one: Series) -> list[Feature]:
    at, value = hourly(one)
    if not len(at) or at[-1] < given.now - 3 * clock.HOUR:
        raise TooLittle("không có mực nước trong 3 giờ qua", "no level of the last 3 hours is known")
    start, count = int(at[0]), int((at[-1] - at[0]) // clock.HOUR) + 1
    if count < p.least_days * 24 or len(at) < 0.6 * p.least_days * 24:
        said = f"{len(at)} hours of level are known; {p.least_days} days are needed"
        raise TooLittle(f"mới có {len(at)} giờ mực nước, cần {p.least_days} ngày", said)
    gauge = _gauge(given, p, one)
    rain = None if gauge is None else even(*hourly(gauge), start, count)
    if rain is not None and np.isfinite(rain).sum() < 0.5 * count:
        rain, gauge = None, None
    shape, limit = one.shape, one.number("limit")
    made: list[Feature] = []
    for lead in forecast(even(at, value, start, count), rain, start, p):
        when = start + (count - 1 + lead.hours) * clock.HOUR
        state = "no-skill" if lead.skill <= 0 else "usual" if limit is None or lead.high < limit else "may-exceed" if lead.level < limit else "exceeds"  # fmt: skip
        made.append(Feature(f"{one.key}-{lead.hours:02}", {
            "station": one.key, "name": one.name or one.key, "at": clock.iso(when), "made_of": clock.iso(int(at[-1])), "hours_ahead": lead.hours,
            "level": rounded(lead.level, p.decimals), "low": rounded(lead.low, p.decimals), "high": rounded(lead.high, p.decimals),
            "tide": rounded(lead.tide, p.decimals) if p.tide else None, "skill": rounded(lead.skill, 2), "tested_hours": lead.tested,
            "limit": limit, "rain_gauge": gauge.key if gauge else None, "state": state,
        }, shape))  # fmt: skip
    return made


def _gauge(given: Given, p: ForecastLevel, one: Series) -> Series | None:
    here = centre(one.shape)
    near = [
        (metres, i) for i, gauge in enumerate(given.observations("rain"))
        if here and (where := centre(gauge.shape)) and (metres := apart(here, where)) <= p.rain_within
    ]  # fmt: skip
    return given.observations("rain")[min(near)[1]] if near else None


METHOD = Method(
    code="forecast-level",
    says="Water level of the next hours, with a band and its skill",
    source="Harmonic tide (Foreman 1977), residual by ARX, skill after Murphy 1988",
    needs={
        "level": Need("observations", "water level or depth, hourly; as much of the past as there is", {
            "limit": Role("level that matters at this station", NUMBER), "name": Role("what it is called", WORD),
        }),
        "rain": Need("observations", "rain, mm in an hour", needed=False),
    },
    parameters=ForecastLevel,
    gives={
        "station": "string", "name": "string", "at": "date-time", "made_of": "date-time", "hours_ahead": "integer",
        "level": "number", "low": "number", "high": "number", "tide": "number", "skill": "number",
        "tested_hours": "integer", "limit": "number", "rain_gauge": "string", "state": "string",
    },
    run=run,
    shape="any",
)  # fmt: skip
