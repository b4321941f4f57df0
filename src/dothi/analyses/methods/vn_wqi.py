"""vn-wqi: the Vietnamese water quality index of each sampling point.

Source: Decision 1460/QĐ-TCMT of 12 November 2019, technical guidance on computing VN_WQI: five groups, sub-indices
between break points, WQI = (I / 100) * (geometric mean of II / 100) * (geometric mean of III / 100) * ((mean IV)² * mean V)^(1/3).
Certainty: the tables were taken from four implementations that agree, not from the decision itself; the form of the whole
index, the least data (three of the five groups, group IV with three parameters) and the metals are second-hand. Check
against the decision before a figure is published as official.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pydantic import Field
from shapely.geometry.base import BaseGeometry

from dothi.analyses.model import (
    NUMBER,
    WHEN,
    WORD,
    Feature,
    Given,
    Kind,
    Method,
    Need,
    Parameters,
    Role,
    TooLittle,
    rounded,
)
from dothi.kit import clock

_Q = (100.0, 75.0, 50.0, 25.0, 10.0)
# break points beside 100, 75, 50, 25, 10: mg/l, coliforms MPN/100 ml, pesticides µg/l
POINTS: dict[str, tuple[float, ...]] = {
    "bod5": (4, 6, 15, 25, 50), "cod": (10, 15, 30, 50, 150), "toc": (4, 6, 15, 25, 50), "n_nh4": (0.3, 0.3, 0.6, 0.9, 5),
    "n_no3": (2, 5, 10, 15, 15), "p_po4": (0.1, 0.2, 0.3, 0.5, 4), "coliform": (2500, 5000, 7500, 10_000, 10_000),
    "e_coli": (20, 50, 100, 200, 200), "arsenic": (0.01, 0.02, 0.05, 0.1, 0.1), "cadmium": (0.005, 0.005, 0.008, 0.01, 0.1),
    "lead": (0.02, 0.02, 0.04, 0.05, 0.5), "chromium6": (0.01, 0.02, 0.04, 0.05, 0.1), "copper": (0.1, 0.2, 0.5, 1.0, 2),
    "zinc": (0.5, 1.0, 1.5, 2, 3), "mercury": (0.001, 0.001, 0.0015, 0.002, 0.01),
}  # fmt: skip
# one limit: 100 up to it, 10 above
LIMITS = {"n_no2": 0.05, "aldrin": 0.1, "bhc": 0.02, "dieldrin": 0.1, "ddts": 1.0, "heptachlor": 0.2}
GROUPS = {
    "II": ("aldrin", "bhc", "dieldrin", "ddts", "heptachlor"),
    "III": ("arsenic", "cadmium", "lead", "chromium6", "copper", "zinc", "mercury"),
    "IV": ("do", "bod5", "cod", "toc", "n_nh4", "n_no3", "n_no2", "p_po4"),
    "V": ("coliform", "e_coli"),
}
PARAMETERS = ("ph", *(name for names in GROUPS.values() for name in names))
LEVELS = ((91, "excellent"), (76, "good"), (51, "medium"), (26, "poor"), (10, "bad"), (0, "heavily-polluted"))


class VnWqi(Parameters):
    """hours: how old a value may be, beside the newest of the point."""

    hours: float = Field(default=24, gt=0)
    least_groups: int = Field(default=3, ge=1, le=5)
    least_of_iv: int = Field(default=3, ge=1, le=8)


@dataclass(frozen=True)
class Index:
    """value: None where there is too little; parts: sub-index of each parameter; worst: the lowest of them."""

    value: float | None
    parts: Mapping[str, float]
    groups: Mapping[str, float]
    worst: str | None


def saturation(do: float, temperature: float) -> float:
    """Dissolved oxygen (mg/l) in % of what water of this temperature (°C) holds."""
    t = temperature
    return 100 * do / (14.652 - 0.41022 * t + 0.0079910 * t**2 - 0.000077774 * t**3)


def part(name: str, value: float) -> float:
    """The sub-index of one parameter; of `do` the value is % saturation."""
    if name == "ph":
        return 10.0 if value < 5.5 or value > 9 else float(np.interp(value, [5.5, 6, 8.5, 9], [50, 100, 100, 50]))
    if name == "do":
        if value < 20 or value > 200:
            return 10.0
        return float(np.interp(value, [20, 50, 75, 88, 112, 125, 150, 200], [25, 50, 75, 100, 100, 75, 50, 25]))
    if name in LIMITS:
        return 100.0 if value <= LIMITS[name] else 10.0
    points = POINTS[name]
    strict = points[0] == points[1]  # the first break point counts for 75 already
    if value < points[0] or (value == points[0] and not strict):
        return 100.0
    for i in range(1, 4):
        if points[i] < value <= points[i + 1]:
            low, high = points[i], points[i + 1]
            return (_Q[i] - _Q[i + 1]) / (high - low) * (high - value) + _Q[i + 1]
        if value == points[i]:
            return _Q[i]
    if value > points[4] or value > points[3]:
        return 10.0
    low, high = points[0], points[1]
    return (100.0 - 75.0) / (high - low) * (high - value) + 75.0


def index(values: Mapping[str, float], p: VnWqi) -> Index:
    """The whole index of one sample; `do` in mg/l with `temperature`, or `do_percent`."""
    known = {name: value for name, value in values.items() if name in PARAMETERS and name != "do"}
    if (percent := values.get("do_percent")) is not None:
        known["do"] = percent
    elif "do" in values and "temperature" in values:
        known["do"] = saturation(values["do"], values["temperature"])
    parts = {name: part(name, value) for name, value in known.items()}
    groups: dict[str, float] = {}
    if "ph" in parts:
        groups["I"] = parts["ph"]
    for name, members in GROUPS.items():
        some = [parts[one] for one in members if one in parts]
        if some:
            groups[name] = float(np.mean(some)) if name in ("IV", "V") else float(np.exp(np.mean(np.log(some))))
    worst = min(parts, key=lambda one: parts[one], default=None)
    of_iv = sum(one in parts for one in GROUPS["IV"])
    if len(groups) < p.least_groups or of_iv < p.least_of_iv:
        return Index(None, parts, groups, worst)
    core = (groups["IV"] ** 2 * groups["V"]) ** (1 / 3) if "V" in groups else groups["IV"]
    factor = float(np.prod([groups[one] / 100 for one in ("I", "II", "III") if one in groups]))
    return Index(float(np.floor(factor * core + 0.5)), parts, groups, worst)


def run(given: Given, p: VnWqi) -> list[Feature]:
    """One feature a sampling point: its newest sample, or the newest values of its sensors."""
    newest: dict[str, tuple[int, dict[str, float], str | None, BaseGeometry | None]] = {}
    for item in given.records("samples"):
        at = item.at()
        if at is None or at > given.now:
            continue
        point = item.text("station") or item.key
        numbers = {
            name: number
            for name in (*PARAMETERS, "do_percent", "temperature")
            if (number := item.number(name)) is not None
        }
        if numbers and (point not in newest or at > newest[point][0]):
            newest[point] = (at, numbers, item.text("name"), item.shape)
    series = [(name, one) for name in (*PARAMETERS, "do_percent", "temperature") for one in given.observations(name)]
    last: dict[str, int] = {}
    for _, one in series:
        last[one.key] = max(last.get(one.key, 0), int(one.at[-1]))
    sensed: dict[str, tuple[int, dict[str, float], str | None, BaseGeometry | None]] = {}
    for name, one in series:
        if one.at[-1] >= last[one.key] - p.hours * clock.HOUR:
            held = sensed.setdefault(one.key, (last[one.key], {}, one.name or None, one.shape))
            held[1][name] = float(one.value[-1])
    made = [_point(code, *said, p) for code, said in sorted((sensed | newest).items())]
    if not made:
        raise TooLittle("chưa có mẫu nước nào", "there is no sample")
    return made


def _point(
    code: str, at: int, values: dict[str, float], name: str | None, shape: BaseGeometry | None, p: VnWqi
) -> Feature:
    found = index(values, p)
    level = None if found.value is None else next(word for least, word in LEVELS if found.value >= least)
    return Feature(code, {
        "name": name or code, "at": clock.iso(at), "wqi": None if found.value is None else int(found.value),
        "level": level or "too-little", "worst": found.worst, "worst_index": rounded(found.parts[found.worst], 0) if found.worst else None,
        "measured": sorted(found.parts), "groups": sorted(found.groups),
    }, shape)  # fmt: skip


_GIVES: dict[str, Kind] = {
    "name": "string", "at": "date-time", "wqi": "integer", "level": "string", "worst": "string",
    "worst_index": "number", "measured": "array", "groups": "array",
}  # fmt: skip
_ROLES = {name: Role("pH" if name == "ph" else "value", NUMBER) for name in (*PARAMETERS, "do_percent", "temperature")}
METHOD = Method(
    code="vn-wqi",
    says="Vietnamese water quality index of each sampling point",
    source="Decision 1460/QĐ-TCMT of 12 November 2019 (tables second-hand)",
    needs={
        "samples": Need("records", "samples, a field for each parameter", {
            "at": Role("when it was taken", WHEN, needed=True), "station": Role("point; the record's key otherwise", WORD),
            "name": Role("what the point is called", WORD), **_ROLES,
        }, needed=False),
        **{name: Need("observations", f"sensors of {name}", needed=False) for name in _ROLES},
    },
    parameters=VnWqi,
    gives=_GIVES,
    run=run,
    shape="any",
)  # fmt: skip
