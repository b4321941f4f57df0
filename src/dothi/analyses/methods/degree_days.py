"""degree-days: what a building would have used in this weather, and what was saved, with its uncertainty.

Sources: ASHRAE Guideline 14-2014, Measurement of Energy, Demand and Water Savings (change-point models; CV(RMSE), NMBE;
uncertainty of savings, equation 4-8 of its whole-building path, after Reddy & Claridge 2000), and EVO, IPMVP Core
Concepts 2022, option C (whole facility). The baseline is energy a day = base + slope * cooling degree days over the
balance temperature that fits best (18 to 28 °C) + what working days add. Of a tropical city there is no heating.
Uncertainty of the savings of m days, at 90 %: t * 1.26 * CV(RMSE) * sqrt(n/n' * (1 + 2/n') / m) of the baseline's
energy, where n' = n (1 - r) / (1 + r) takes into account that days resemble the one before (r).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from dothi.analyses.ground import apart
from dothi.analyses.model import (
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
    centre,
    day_text,
    hourly,
    local_day,
    rounded,
)


class DegreeDays(Parameters):
    """baseline, reporting: first and last local day of each, as 2026-01-01."""

    baseline: tuple[str, str]
    reporting: tuple[str, str]
    balance: tuple[float, float] = (18, 28)
    least_days: int = Field(default=60, ge=20)
    hours_a_day: int = Field(default=22, ge=1, le=24)
    most_cv: float = Field(default=0.25, gt=0)  # CV(RMSE) a model may have
    most_bias: float = Field(default=0.005, gt=0)  # NMBE
    cumulative: bool = False  # the meter counts up; otherwise it gives kW, whose hourly means are kWh
    price: float = Field(default=0, ge=0)  # VND/kWh


@dataclass(frozen=True)
class Baseline:
    """A fitted model. cv, bias: CV(RMSE) and NMBE, of 1; r: how alike the errors of neighbouring days are."""

    base: float
    slope: float
    workday: float
    balance: float
    r2: float
    cv: float
    bias: float
    r: float
    days: int

    def energy(self, mean: NDArray[np.float64], workday: NDArray[np.float64]) -> NDArray[np.float64]:
        """Energy of days of these mean temperatures."""
        return self.base + self.slope * np.maximum(mean - self.balance, 0) + self.workday * workday


def fit(
    energy: NDArray[np.float64], mean: NDArray[np.float64], workday: NDArray[np.float64], bounds: tuple[float, float]
) -> Baseline:
    """The baseline whose balance temperature leaves the least squared error."""
    best: tuple[float, float, NDArray[np.float64], NDArray[np.float64]] | None = None
    differs = np.ptp(workday) > 0
    for balance in np.arange(bounds[0], bounds[1] + 0.01, 0.25):
        columns = [np.ones(len(energy)), np.maximum(mean - balance, 0)]
        design = np.column_stack([*columns, workday] if differs else columns)
        if np.ptp(design[:, 1]) == 0:
            continue
        beta, *_ = np.linalg.lstsq(design, energy, rcond=None)
        left = energy - design @ beta
        error = float(left @ left)
        if best is None or error < best[0] - 1e-9:
            best = (error, float(balance), beta, left)
    if best is None:
        raise TooLittle("nhiệt độ không đổi trong kỳ cơ sở", "the temperature does not vary in the baseline")
    error, balance, beta, left = best
    count = len(energy)
    parameters = len(beta) + 1
    average = float(energy.mean())
    spread = float(((energy - average) ** 2).sum())
    r = float(np.corrcoef(left[:-1], left[1:])[0, 1]) if np.ptp(left) > 1e-12 else 0.0
    return Baseline(
        float(beta[0]), float(beta[1]), float(beta[2]) if differs else 0.0, balance,
        1 - error / spread if spread > 0 else 0.0, float(np.sqrt(error / (count - parameters)) / average) if average else np.inf,
        float(left.sum() / ((count - parameters) * average)) if average else np.inf, min(max(r, 0.0), 0.99), count,
    )  # fmt: skip


def uncertainty(model: Baseline, expected: float, days: int) -> float:
    """Half the 90 % interval of the savings of some days, in the unit of energy."""
    from scipy.stats import t

    effective = max(model.days * (1 - model.r) / (1 + model.r), 3.0)
    part = 1.26 * model.cv * np.sqrt(model.days / effective * (1 + 2 / effective) / days)
    return float(t.ppf(0.95, max(effective - 3, 1)) * part * expected)


def daily(series: Series, hours: int, *, cumulative: bool, mean: bool) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Local days and their means, or their energies; days of which fewer hours are known are left out."""
    at, value = hourly(series)
    if cumulative and not mean:
        steps = np.diff(value, append=np.nan)
        steps[:-1][np.diff(at) != 3_600_000_000] = np.nan
        keep = np.isfinite(steps) & (steps >= 0)
        at, value = at[keep], steps[keep]
    days, where, counts = np.unique(local_day(at), return_inverse=True, return_counts=True)
    means = np.bincount(where, value, minlength=len(days)) / np.maximum(counts, 1)
    enough = counts >= hours
    return days[enough], means[enough] if mean else means[enough] * 24


def run(given: Given, p: DegreeDays) -> list[Feature]:
    """One feature a building."""
    weather = given.observations("temperature")
    if not weather:
        raise TooLittle("chưa có nhiệt độ", "there is no temperature")
    buildings = {one.key: one for one in given.records("buildings")}
    first, last = (_days(one) for one in (p.baseline, p.reporting))
    made: list[Feature] = []
    for meter in given.observations("energy"):
        code = meter.text("building") or meter.key
        building = buildings.get(code)
        near = _nearest(meter, weather)
        made.append(_building(p, code, building, meter, near, first, last))
    if not made:
        raise TooLittle("chưa có công tơ nào", "there is no meter")
    return made


def _days(both: tuple[str, str]) -> tuple[int, int]:
    first, last = (Item("", {"at": one}).at() for one in both)
    if first is None or last is None or last < first:
        raise TooLittle(f"kỳ {both[0]} đến {both[1]} không hợp lệ", f"{both[0]} to {both[1]} is no stretch of days")
    return int(local_day(first)), int(local_day(last))


def _nearest(meter: Series, stations: Sequence[Series]) -> Series:
    here = centre(meter.shape)
    placed = [(apart(here, where), i) for i, one in enumerate(stations) if here and (where := centre(one.shape))]
    return stations[min(placed)[1]] if placed else max(stations, key=lambda one: len(one.at))


def _building(
    p: DegreeDays, code: str, building: Item | None, meter: Series, weather: Series, first: tuple[int, int],
    last: tuple[int, int],
) -> Feature:  # fmt: skip
    days, energy = daily(meter, p.hours_a_day, cumulative=p.cumulative, mean=False)
    when, temperature = daily(weather, p.hours_a_day, cumulative=False, mean=True)
    both, a, b = np.intersect1d(days, when, return_indices=True)
    energy, temperature = energy[a], temperature[b]
    workday = ((both + 3) % 7 < 5).astype(float)  # 1970-01-01 was a Thursday
    base, rest = ((both >= start) & (both <= end) for start, end in (first, last))
    values = {
        "name": (building.text("name") if building else None) or meter.name or code, "building": code,
        "baseline_days": int(base.sum()), "reporting_days": int(rest.sum()), "station": weather.key,
        "from": day_text(last[0]), "until": day_text(last[1]),
    }  # fmt: skip
    shape = building.shape if building and building.shape is not None else meter.shape
    if base.sum() < p.least_days or rest.sum() < 1:
        return Feature(code, {**values, "state": "too-little"}, shape)
    model = fit(energy[base], temperature[base], workday[base], p.balance)
    values |= {
        "base_load": rounded(model.base, 1), "slope": rounded(model.slope, 2), "workday": rounded(model.workday, 1),
        "balance_point": rounded(model.balance, 2), "r2": rounded(model.r2, 3), "cv": rounded(100 * model.cv, 1),
        "bias": rounded(100 * model.bias, 2),
    }  # fmt: skip
    if model.cv > p.most_cv or abs(model.bias) > p.most_bias:
        return Feature(code, {**values, "state": "poor-model"}, shape)
    expected = model.energy(temperature[rest], workday[rest])
    used, would = float(energy[rest].sum()), float(expected.sum())
    unsure = uncertainty(model, would, int(rest.sum()))
    saved = would - used
    state = "saved" if saved > unsure else "wasted" if saved < -unsure else "unclear"
    return Feature(code, {
        **values, "used": rounded(used, 0), "expected": rounded(would, 0), "savings": rounded(saved, 0),
        "uncertainty": rounded(unsure, 0), "savings_share": rounded(100 * saved / would, 1) if would > 0 else None,
        "savings_vnd": rounded(saved * p.price, 0) if p.price else None,
        "anomalous_days": int((energy[rest] > expected + 3 * model.cv * float(energy[base].mean())).sum()), "state": state,
    }, shape)  # fmt: skip


METHOD = Method(
    code="degree-days",
    says="Energy baseline of a building by cooling degree days, and savings with their uncertainty",
    source="ASHRAE Guideline 14-2014; IPMVP Core Concepts 2022, option C",
    needs={
        "energy": Need("observations", "power in kW (hourly means), or a meter that counts kWh", {
            "building": Role("key of the building; the thing's own code otherwise", WORD),
        }),
        "temperature": Need("observations", "outdoor temperature, °C; the nearest station counts"),
        "buildings": Need("records", "the buildings", {"name": Role("what it is called", WORD)}, needed=False),
    },
    parameters=DegreeDays,
    gives={
        "name": "string", "building": "string", "baseline_days": "integer", "reporting_days": "integer",
        "station": "string", "from": "date", "until": "date", "base_load": "number", "slope": "number",
        "workday": "number", "balance_point": "number", "r2": "number", "cv": "number", "bias": "number",
        "used": "number", "expected": "number", "savings": "number", "uncertainty": "number", "savings_share": "number",
        "savings_vnd": "number", "anomalous_days": "integer", "state": "string",
    },
    run=run,
    shape="any",
)  # fmt: skip
