"""outbreak: more cases than usual, by disease and place.

Sources: EARS C1, C2, C3: Hutwagner, L. et al. (2003), "The bioterrorism preparedness and response Early Aberration
Reporting System (EARS)", J. Urban Health 80(2 S1): i89-i96. C1 compares with the 7 periods before, C2 with the 7 that
end 2 before, both in standard deviations (alarm from 3); C3 sums what C2 had above 1 over three periods (alarm from 2).
Limit of the improved Farrington method: Noufaily, A. et al. (2013), "An improved algorithm for outbreak detection in
multiple surveillance systems", Statistics in Medicine 32(7): 1206-1222: a quasi-Poisson regression with a trend and a
ten-level season over the years before, past outbreaks weighed down by their Anscombe residuals (above 2.58), the last 26
weeks left out, and the limit as a quantile of the negative binomial distribution.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

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
    TooLittle,
    day_text,
    local_day,
    rounded,
)

_MONDAY = 4  # 1970-01-05 was a Monday


class Outbreak(Parameters):
    """period: day or week (Monday to Sunday). weeks: how many periods back a result is kept for."""

    period: str = Field(default="week", pattern="^(day|week)$")
    kept: int = Field(default=12, ge=1, le=104)
    least_sd: float = Field(default=0.5, gt=0)  # of rare diseases the usual spread would be 0
    least_cases: int = Field(default=3, ge=1)  # fewer cases make no alarm
    years: int = Field(default=5, ge=2, le=10)
    window: int = Field(default=3, ge=1, le=6)
    quantile: float = Field(default=0.99, gt=0.5, lt=1)


@dataclass(frozen=True)
class Ears:
    """The three statistics; nan where there are too few periods before."""

    c1: NDArray[np.float64]
    c2: NDArray[np.float64]
    c3: NDArray[np.float64]


def ears(counts: NDArray[np.float64], least_sd: float = 0.5) -> Ears:
    """C1, C2 and C3 of every period."""
    count = len(counts)
    c1, c2, c3 = (np.full(count, np.nan) for _ in range(3))
    for t in range(7, count):
        base = counts[t - 7 : t]
        c1[t] = (counts[t] - base.mean()) / max(base.std(ddof=1), least_sd)
    for t in range(9, count):
        base = counts[t - 9 : t - 2]
        c2[t] = (counts[t] - base.mean()) / max(base.std(ddof=1), least_sd)
    for t in range(11, count):
        c3[t] = np.maximum(c2[t - 2 : t + 1] - 1, 0).sum()
    return Ears(c1, c2, c3)


@dataclass(frozen=True)
class Limit:
    """What a week should have, the most that is usual, and the spread in proportion to Poisson's."""

    expected: float
    limit: float
    dispersion: float
    weeks: int


def quasi_poisson(
    design: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float, NDArray[np.float64]]:
    """Coefficients, fitted means, dispersion (at least 1) and leverages of a log-linear fit, by reweighted squares."""
    mean = np.maximum(y, 0.1) * 0.5 + max(float(y.mean()), 0.1) * 0.5
    beta: NDArray[Any] = np.zeros(design.shape[1])
    for _ in range(50):
        eta = np.log(mean)
        z = eta + (y - mean) / mean
        w = np.sqrt(weights * mean)
        new, *_ = np.linalg.lstsq(design * w[:, None], z * w, rcond=None)
        mean = np.exp(np.clip(design @ new, -20, 20))
        if np.max(np.abs(new - beta)) < 1e-8:
            beta = new
            break
        beta = new
    w = np.sqrt(weights * mean)
    q, _ = np.linalg.qr(design * w[:, None])
    leverage = np.clip((q**2).sum(axis=1), 0, 0.999)
    free = max(len(y) - np.linalg.matrix_rank(design), 1)
    spread = max(float(np.sum(weights * (y - mean) ** 2 / mean)) / free, 1.0)
    return beta, mean, spread, leverage


def season(week: NDArray[np.int64], at: int, window: int) -> NDArray[np.int64]:
    """The level of each week: 0 within `window` weeks of this time of the year, else one of nine stretches after it."""
    away = (week - at) % 52
    level = np.zeros(len(week), np.int64)
    rest = 52 - (2 * window + 1)
    outside = (away > window) & (away < 52 - window)
    level[outside] = 1 + ((away[outside] - window - 1) * 9) // rest
    return np.minimum(level, 9)


def farrington(counts: NDArray[np.float64], p: Outbreak) -> Limit | None:
    """The limit of the last week of a series; None where there are less than two years before it."""
    from scipy.stats import nbinom, poisson

    now = len(counts) - 1
    first = max(0, now - 52 * p.years - p.window)
    weeks = np.arange(first, now - 26)
    if now - first < 104 or len(weeks) < 52:
        return None
    y = counts[weeks]
    if y.sum() == 0:
        return Limit(0.0, 0.0, 1.0, len(weeks))
    level = season(weeks, now, p.window)
    seasons = [level == one for one in range(1, 10) if (level == one).any()]
    columns = [np.ones(len(weeks)), *[one.astype(float) for one in seasons]]
    trend = (weeks - now) / 52.0
    limit: Limit | None = None
    for with_trend in (True, False):
        design = np.column_stack([*columns, trend] if with_trend else columns)
        weights = np.ones(len(y))
        for turn in range(2):
            beta, mean, spread, leverage = quasi_poisson(design, y, weights)
            if turn == 0:
                anscombe = 1.5 * (y ** (2 / 3) - mean ** (2 / 3)) / (mean ** (1 / 6) * np.sqrt(spread * (1 - leverage)))
                weights = np.where(anscombe > 2.58, np.maximum(anscombe, 1e-9) ** -2.0, 1.0)
                weights *= len(y) / weights.sum()
        expected = float(np.exp(np.clip(beta[0], -20, 20)))  # this time of the year, now
        if spread > 1.0001:
            most = nbinom.ppf(p.quantile, expected / (spread - 1), 1 / spread)
        else:
            most = poisson.ppf(p.quantile, expected)
        limit = Limit(expected, float(most), spread, len(weeks))
        # a trend that promises more than was ever seen is left out, as the source says
        if not with_trend or expected <= y.max():
            break
    return limit


def run(given: Given, p: Outbreak) -> list[Feature]:
    """One feature a disease, place and period that has ended."""
    long = 1 if p.period == "day" else 7
    shift = 0 if p.period == "day" else _MONDAY
    end = (int(local_day(given.now)) - shift) // long  # the period at hand is not over
    counts: dict[tuple[str, str], Counter[int]] = {}
    first = end
    for item in given.records("events"):
        at = item.at()
        if at is None:
            continue
        when = (int(local_day(at)) - shift) // long
        if when >= end:
            continue
        first = min(first, when)
        number = item.number("count")
        where = item.text("place") or item.unit or ""
        counts.setdefault((item.text("disease") or "", where), Counter())[when] += 1 if number is None else int(number)
    if end - first < 12:
        raise TooLittle(
            f"mới có {end - first} kỳ báo cáo, cần ít nhất 12 kỳ để biết mức bình thường",
            f"{end - first} periods are known; 12 are needed to say what is usual",
        )
    made: list[Feature] = []
    for (disease, place), held in sorted(counts.items()):
        series = np.array([held.get(t, 0) for t in range(first, end)], float)
        found = ears(series, p.least_sd)
        for back in range(min(p.kept, len(series) - 9)):
            i = len(series) - 1 - back
            limit = farrington(series[: i + 1], p) if p.period == "week" else None
            made.append(_feature(p, disease, place, first + i, series, i, found, limit, long, shift))
    return made


def _feature(
    p: Outbreak, disease: str, place: str, when: int, series: NDArray[np.float64], i: int, found: Ears,
    limit: Limit | None, long: int, shift: int,
) -> Feature:  # fmt: skip
    cases = int(series[i])
    over = {
        "C1": found.c1[i] >= 3, "C2": found.c2[i] >= 3, "C3": found.c3[i] >= 2,
        "Farrington": limit is not None and cases > limit.limit,
    }  # fmt: skip
    names = [name for name, said in over.items() if said] if cases >= p.least_cases else []
    usual = series[max(0, i - 9) : max(i - 2, 1)]
    spread = max(float(usual.std(ddof=1)) if len(usual) > 1 else 0.0, p.least_sd)
    strong = "Farrington" in names or ("C2" in names and limit is None)
    start = when * long + shift
    return Feature(
        "-".join(part for part in (disease, place, day_text(start)) if part),
        {
            "disease": disease or None, "place": place or None, "start": day_text(start), "end": day_text(start + long - 1),
            "cases": cases,
            "expected": rounded(limit.expected if limit else float(usual.mean()), 1),
            "limit": rounded(limit.limit if limit else float(usual.mean()) + 3 * spread, 1),
            "basis": "farrington" if limit else "ears",
            "c1": rounded(found.c1[i]), "c2": rounded(found.c2[i]), "c3": rounded(found.c3[i]),
            "signals": names, "state": "alarm" if strong else "watch" if names else "usual",
        },
    )  # fmt: skip


METHOD = Method(
    code="outbreak",
    says="More cases than usual, by disease and place (EARS C1 to C3, improved Farrington)",
    source="Hutwagner et al. 2003 (EARS); Noufaily et al. 2013 (improved Farrington)",
    needs={
        "events": Need("records", "cases, or counts of cases: no personal fields", {
            "at": Role("day of the case or of the count", WHEN, needed=True),
            "disease": Role("what is counted apart", WORD),
            "place": Role("place counted apart; the commune of the record otherwise", WORD),
            "count": Role("how many; 1 otherwise", NUMBER),
        }),
    },
    parameters=Outbreak,
    gives={
        "disease": "string", "place": "string", "start": "date", "end": "date", "cases": "integer",
        "expected": "number", "limit": "number", "basis": "string", "c1": "number", "c2": "number", "c3": "number",
        "signals": "array", "state": "string",
    },
    run=run,
)  # fmt: skip
