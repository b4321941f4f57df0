"""Chances that repeat: numbers that depend on words alone, so that the same demo has the same luck every time."""

import hashlib
import math
from collections.abc import Mapping
from typing import TypeVar

Choice = TypeVar("Choice")


def chance(*words: object) -> float:
    """A number from 0 to 1 that depends on the words alone."""
    return int.from_bytes(hashlib.sha256(repr(words).encode()).digest()[:6]) / 2**48


def pick(weights: Mapping[Choice, float], *words: object) -> Choice:
    """One of the choices, as heavy as its weight."""
    left = chance(*words) * sum(weights.values())
    for choice, weight in weights.items():
        left -= weight
        if left <= 0:
            return choice
    return next(iter(weights))


def count(mean: float, *words: object) -> int:
    """How many of something that happens `mean` times on the average (Poisson, Knuth's way; mean up to some dozens)."""
    limit, product, made = math.exp(-mean), chance(*words, 0), 0
    while product > limit:
        made += 1
        product *= chance(*words, made)
    return made
