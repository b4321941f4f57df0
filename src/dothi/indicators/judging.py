"""From inputs to a number, and what to think of it: state, light, trend, forecast. Pure.

Trend: Theil-Sen slope with the Mann-Kendall test (Mann 1945; Kendall 1975; Sen 1968), ties counted.
Forecast: regression on trend and season (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., chapter 7),
with its own prediction interval.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

import msgspec

from dothi.indicators.model import Declared
from dothi.indicators.parts import Part, rounded
from dothi.indicators.periods import Period
from dothi.indicators.values import Forecast, Light, Point, State, Trend
from dothi.kit.formula import Formula

_SEASONS = {"day": 7, "week": 52, "month": 12, "quarter": 4}
_TREND = 12  # periods a trend looks back
_LEAST = 4
BAND = 0.8
FEW = "few-"


class Given(msgspec.Struct, frozen=True, array_like=True):
    """One input of a place: its number, or why there is none."""

    value: float | None
    part: Part | None = None
    why: str | None = None


class Judged(msgspec.Struct, frozen=True):
    """What a formula says of a place."""

    number: float | None
    numerator: float | None
    denominator: float | None
    coverage: float | None
    state: State
    reason: str | None


def judged(one: Declared, given: Mapping[str, Given]) -> Judged:
    """The number of an indicator, from its inputs."""
    coverage = _coverage(one, given)
    values: dict[str, float] = {}
    for name in one.names:
        value = given[name].value
        if value is None:
            return Judged(None, None, None, coverage, "missing", given[name].why or "no-data")
        values[name] = float(value)
    numerator = denominator = None
    if len(one.formulas) == 2:
        above, denominator = one.formulas[0](values), _of(one.formulas[1], values)
        numerator = None if above is None else rounded(float(above))
        number = None if above is None or not denominator else rounded(one.factor * above / denominator)
    else:
        number = _of(one.formulas[0], values)
        if one.shared is not None and (part := given[one.shared].part) is not None:
            numerator, denominator = rounded(part.sum), rounded(part.count)
    if number is None:
        return Judged(
            None,
            numerator,
            denominator,
            coverage,
            "missing",
            "nothing-to-divide-by" if denominator == 0 else "no-result",
        )
    if few := _few(one, given):
        return Judged(number, numerator, denominator, coverage, "ok", few)
    thin = one.coverage is not None and (coverage is None or coverage < one.coverage.least)
    return Judged(number, numerator, denominator, coverage, "thin" if thin else "ok", "thin" if thin else None)


def factor(told: float, number: float | None, numerator: float | None, denominator: float | None) -> float | None:
    """What the ratio of the counted parts was multiplied by: as the formula says, or once.

    Numbers of before hold the factor in their numerator. None where there are no parts, or neither leads to the number.
    """
    if number is None or numerator is None or not denominator:
        return None
    for each in (told, 1.0):
        if math.isclose(each * numerator / denominator, number, rel_tol=1e-6, abs_tol=2e-9):
            return each
    return None


def _few(one: Declared, given: Mapping[str, Given]) -> str | None:
    """The reason of a number that rests on so few cases that it may tell of single people; none of none is no secret."""
    for name in one.names:
        part, of = given[name].part, one.inputs[name]
        if of.indicator is not None and hushed(given[name].why):
            return given[name].why
        if one.least is not None and of.cases is not None and part is not None:
            for count in (part.seen, part.count):
                if 0 < count < one.least:
                    return few(one.least)
    return None


def few(least: int) -> str:
    """The reason of fewer than so many."""
    return f"{FEW}{least}"


def hushed(reason: str | None) -> bool:
    """Whether a number is for those alone who may read cases."""
    return reason is not None and reason.startswith(FEW)


def _of(one: Formula, values: Mapping[str, float]) -> float | None:
    made = one(values)
    return None if made is None else rounded(float(made))


def _coverage(one: Declared, given: Mapping[str, Given]) -> float | None:
    part = given[one.coverage.of].part if one.coverage is not None else None
    if part is None or not part.expected:
        return None
    return round(min(1.0, part.seen / part.expected), 4)


def light(one: Declared, number: float | None, target: float | None) -> Light | None:
    """Green where the target is reached, amber within `near` of it, red beyond; None without target or direction."""
    if number is None or target is None or one.direction == "none":
        return None
    short = target - number if one.direction == "up" else number - target
    if short <= 0:
        return "good"
    return "near" if short <= one.near * abs(target) else "bad"


def trend(one: Declared, series: Sequence[float | None]) -> Trend | None:
    """Where the last periods go, oldest first; None of fewer than four numbers."""
    known = [(i, value) for i, value in enumerate(series[-_TREND:]) if value is not None]
    if len(known) < _LEAST:
        return None
    slopes = sorted((b - a) / (j - i) for (i, a), (j, b) in combinations(known, 2))
    middle = len(slopes) // 2
    slope = slopes[middle] if len(slopes) % 2 else (slopes[middle - 1] + slopes[middle]) / 2
    certain = _mann_kendall([value for _, value in known]) < 0.1
    way = "flat" if not certain or slope == 0 else "up" if slope > 0 else "down"
    good = None if way == "flat" or one.direction == "none" else way == one.direction
    return Trend(way, rounded(slope), good, certain, len(known))  # type: ignore[arg-type]


def _mann_kendall(values: Sequence[float]) -> float:
    """The two-sided probability that a series without trend looks like this."""
    n = len(values)
    s = sum((b > a) - (b < a) for a, b in combinations(values, 2))
    ties = [values.count(one) for one in set(values)]
    spread = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
    if spread <= 0:
        return 1.0
    z = (abs(s) - 1) / math.sqrt(spread) if s else 0.0
    return math.erfc(max(z, 0.0) / math.sqrt(2))


def forecast(one: Declared, series: Sequence[tuple[Period, float | None]]) -> Forecast | None:
    """How a series goes on, its periods in order; None where there is too little of it, or nothing is declared."""
    if one.forecast is None or not series:
        return None
    season = _SEASONS.get(series[0][0].kind, 0) if one.forecast.method == "seasonal" else 0
    values = [value for _, value in series]
    if season and sum(v is not None for v in values) < 2 * season + 2:
        season = 0
    fitted = _fit(values, season, one.forecast.periods)
    if fitted is None:
        return None
    points, last = [], series[-1][0]
    low = (
        0.0 if all(v is None or v >= 0 for v in values) else -math.inf
    )  # what was never below nothing is not foretold to be
    for middle, half in fitted:
        last = last.before(-1)
        points.append(
            Point(
                last.code,
                last.start,
                rounded(max(low, middle)),
                rounded(max(low, middle - half)),
                rounded(middle + half),
            )
        )
    method = "trend-and-season" if season else "trend"
    return Forecast(method, tuple(points), _error(values, season))


def _fit(values: Sequence[float | None], season: int, ahead: int) -> list[tuple[float, float]] | None:
    """Middle and half width of the band of the steps after a series; None of too few numbers."""
    import numpy as np

    at = np.array([i for i, value in enumerate(values) if value is not None], float)
    y = np.array([value for value in values if value is not None], float)
    width = 2 + max(0, season - 1)
    if len(y) < max(_LEAST, width + 2):
        return None

    def design(
        t: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    ) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
        columns = [np.ones(len(t)), t] + [(t % season == k).astype(float) for k in range(1, season)]
        return np.stack(columns, axis=1)

    x, coming = design(at), design(np.arange(len(values), len(values) + ahead, dtype=float))
    inverse = np.linalg.pinv(x.T @ x)
    beta = inverse @ x.T @ y
    free = len(y) - width
    variance = float(((y - x @ beta) ** 2).sum()) / free
    spread = np.sqrt(np.maximum(variance * (1 + np.einsum("ij,jk,ik->i", coming, inverse, coming)), 0))
    from scipy.stats import t as student

    wide = float(student.ppf((1 + BAND) / 2, free))
    return [(float(m), wide * float(s)) for m, s in zip(coming @ beta, spread, strict=True)]


def _error(values: Sequence[float | None], season: int) -> float | None:
    """Mean absolute error one step ahead over the last year (or the last third), each step foretold from those before it."""
    tested, wrong = min(season or len(values) // 3, 24), []
    for i in range(len(values) - tested, len(values)):
        actual, told = values[i], _fit(values[:i], season, 1)
        if actual is not None and told is not None:
            wrong.append(abs(told[0][0] - actual))
    return rounded(sum(wrong) / len(wrong)) if wrong else None
