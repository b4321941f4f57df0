"""Carry parts over a change of units: by the crosswalk's weights, so that totals stay; rates are never interpolated.

A unit that went over whole carries all of itself. One that was divided needs the weight of each piece; a new unit put
together of several is divided again by what each brought: its size times its weight. Where a weight, a size or a part is
not known, the unit it goes into is lost, and says why. Pure.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from dothi.indicators.model import Aggregate
from dothi.indicators.parts import Part, Parts, merged, weighed

_EXACT = 1e-6


@dataclass(frozen=True, slots=True)
class Link:
    """A line of the crosswalk of one day: (part of) an old unit became (part of) a new one. weight: its share of the old."""

    old: str
    new: str
    extent: str
    weight: float | None


def forward(parts: Parts, links: Iterable[Link], kept: Iterable[str], aggregate: Aggregate | None) -> dict[str, Part]:
    """Parts by the units before a day as parts by the units after it. kept: codes that stood for the same on both sides."""
    by_new, by_old = _sides(links)
    shares = {old: _shares(of) for old, of in by_old.items()}
    made: dict[str, Part] = {}
    for new, of in by_new.items():
        pieces = [(parts.get(one.old), shares[one.old].get(new)) for one in of]
        made[new] = _together(pieces, aggregate)
    return made | {code: parts[code] for code in kept if code in parts and code not in by_new}


def backward(
    parts: Parts, links: Iterable[Link], kept: Iterable[str], aggregate: Aggregate | None, sizes: Mapping[str, float]
) -> dict[str, Part]:
    """Parts by the units after a day as parts by the units before it. sizes: people (or area) of the old units."""
    by_new, by_old = _sides(links)
    shares = {old: _shares(of) for old, of in by_old.items()}
    brought: dict[str, dict[str, float]] = {}
    for new, of in by_new.items():
        if len(of) == 1:
            brought[new] = {of[0].old: 1.0}
            continue
        held = {one.old: (sizes.get(one.old), shares[one.old].get(new)) for one in of}
        known = {old: size * share for old, (size, share) in held.items() if size is not None and share is not None}
        total = sum(known.values())
        brought[new] = {old: one / total for old, one in known.items()} if len(known) == len(held) and total else {}
    made: dict[str, Part] = {}
    for old, of in by_old.items():
        made[old] = _together([(parts.get(one.new), brought[one.new].get(old)) for one in of], aggregate)
    return made | {code: parts[code] for code in kept if code in parts and code not in by_old}


def _sides(links: Iterable[Link]) -> tuple[dict[str, list[Link]], dict[str, list[Link]]]:
    by_new: dict[str, list[Link]] = defaultdict(list)
    by_old: dict[str, list[Link]] = defaultdict(list)
    for one in links:
        by_new[one.new].append(one)
        by_old[one.old].append(one)
    return by_new, by_old


def _shares(of: list[Link]) -> dict[str, float]:
    """The share of an old unit that went into each new one; none where they are not all known or do not make a whole."""
    if len(of) == 1 and of[0].extent in ("whole", "same"):
        return {of[0].new: 1.0}
    weights = {one.new: one.weight for one in of}
    known = {new: one for new, one in weights.items() if one is not None}
    if len(known) < len(of) or abs(sum(known.values()) - 1) > _EXACT:
        return {}
    return known


def _together(pieces: list[tuple[Part | None, float | None]], aggregate: Aggregate | None) -> Part:
    if any(share is None for _, share in pieces):
        return Part(lost="no-weight")
    found = [weighed(part, share, aggregate) for part, share in pieces if part is not None and share is not None]
    if len(found) < len(pieces):
        return replace(merged(found, aggregate), lost="part-missing") if found else Part(lost="part-missing")
    return merged(found, aggregate)
