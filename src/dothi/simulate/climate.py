"""Monthly normals of the cities dothi ships, so that each city's weather is its own: nearest station by place.

Values from memory, to ±0.5 °C and ±15 % of rain; QCVN 02:2022/BXD has the official ones. Good for a demo, for nothing else.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dothi.simulate.calendar import day_of_year
from dothi.simulate.noise import Floats, Times, smooth

Months = tuple[float, ...]
_MONTH = 365.2425 / 12


@dataclass(frozen=True)
class Climate:
    """Where, mean temperature (°C) and rain (mm) by month from January.

    surges: °C by which cold air from the north swings the winter's days; dust: particles as a share of the southern usual;
    hazards: what bulletins warn of there (codes of the disaster sector's declarations); grown: what its fields and waters
    sell (products of the agriculture sector's prices).
    """

    lon: float
    lat: float
    temperature: Months
    rain: Months
    surges: float = 0.0
    dust: float = 1.0
    hazards: tuple[str, ...] = ("surge", "heavy-rain")
    grown: tuple[str, ...] = ("paddy", "fragrant-rice", "dragon-fruit", "lime", "pork", "vegetables")

    def mean(self, times: Times) -> Floats:
        """The usual temperature of the day, °C: monthly means joined, and in winter the swings of cold air."""
        turn = (day_of_year(times) / _MONTH - 0.5) % 12
        month = turn.astype(np.int64) % 12
        table = np.asarray(self.temperature)
        part = turn - np.floor(turn)
        usual = table[month] * (1 - part) + table[(month + 1) % 12] * part
        winter = np.maximum(np.cos(2 * np.pi * (day_of_year(times) - 15) / 365), 0)
        return np.asarray(usual + self.surges * winter * smooth(17, times, 90 * 3600))

    def wetter(self, month: int) -> float:
        """Rain of a month (0: January) as a share of Tân An's, which the showers were made for."""
        return 1.0 if self is TAN_AN else self.rain[month] / TAN_AN.rain[month]


TAN_AN = Climate(
    106.41, 10.54,
    (25.4, 26.0, 27.3, 28.6, 28.4, 27.6, 27.2, 27.1, 27.1, 27.0, 26.8, 25.6),
    (7, 3, 8, 42, 170, 200, 200, 190, 245, 270, 130, 38),
)  # fmt: skip
CLIMATES = (
    TAN_AN,
    Climate(
        105.79, 10.04,
        (25.4, 26.0, 27.2, 28.5, 27.9, 27.3, 26.9, 26.8, 26.8, 26.9, 26.9, 25.7),
        (6, 2, 13, 37, 168, 223, 239, 231, 252, 275, 150, 40),
        grown=("paddy", "fragrant-rice", "catfish", "lime", "pork", "vegetables"),
    ),
    Climate(
        108.10, 10.93,
        (24.9, 25.3, 26.6, 28.2, 28.6, 27.8, 27.2, 27.2, 27.1, 27.0, 26.5, 25.5),
        (1, 1, 4, 32, 144, 144, 171, 172, 190, 158, 56, 18),
        hazards=("surge", "heavy-rain", "heat", "drought"), grown=("paddy", "dragon-fruit", "anchovy", "pork", "vegetables"),
    ),
    Climate(
        106.76, 21.85,
        (13.1, 14.6, 18.0, 22.2, 25.4, 26.9, 27.0, 26.5, 25.2, 22.2, 18.3, 14.7),
        (32, 36, 51, 94, 165, 196, 240, 226, 138, 76, 39, 24),
        surges=4.5, dust=1.4, hazards=("heavy-rain", "flash-flood", "flood", "cold"),
        grown=("paddy", "star-anise", "pork", "vegetables"),
    ),
)  # fmt: skip


@lru_cache(maxsize=64)
def at(lon: float, lat: float) -> Climate:
    """The climate nearest to a place."""
    scale = math.cos(math.radians(lat))
    return min(CLIMATES, key=lambda one: math.hypot((one.lon - lon) * scale, one.lat - lat))
