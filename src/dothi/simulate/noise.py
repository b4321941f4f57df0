"""Smooth random variation that is the same whenever it is asked for: a pure function of seed and time."""

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]
Times = NDArray[np.int64]  # µs since 1970 UTC


def seed_of(*names: object) -> int:
    """A stable 32-bit seed made of some names."""
    return zlib.crc32("|".join(map(str, names)).encode())


def random(seed: int, keys: Times) -> Floats:
    """Uniform numbers in [0, 1), one for each key, the same for the same key (Murmur3's finaliser)."""
    start = np.uint64(seed * 0xC2B2AE3D27D4EB4F % (1 << 64))
    mixed = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + start
    for shift, factor in ((33, 0xFF51AFD7ED558CCD), (33, 0xC4CEB9FE1A85EC53)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(33)
    return (mixed >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def smooth(seed: int, times: Times, period: float) -> Floats:
    """Variation between -1 and 1 with a new turn about every `period` seconds."""
    place = times / (period * 1e6)
    knot = np.floor(place).astype(np.int64)
    part = place - knot
    ease = part * part * (3 - 2 * part)
    before, after = random(seed, knot), random(seed, knot + 1)
    return 2 * (before * (1 - ease) + after * ease) - 1


def jitter(seed: int, times: Times) -> Floats:
    """Instrument noise between -1 and 1, independent at each instant."""
    return 2 * random(seed, times // 1_000_000) - 1
