"""Parts: what an input comes to in one place and stretch of time, so kept that parts can be put together. Pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from dothi.indicators.model import ADDITIVE, APART, Aggregate

PLACES = 9  # decimals that are kept of sums and values: what is left of adding in another order is far below
Number = int | float  # a whole one stays whole, in a receipt too


class Part(msgspec.Struct, frozen=True, array_like=True):
    """seen: rows there were; count: of them, those that fulfil `where` (weighted where the crosswalk carried them).

    sum, low, high: of what is aggregated; of a median or another that cannot be put together, `sum` is the result itself.
    expected: rows there should have been, 0 where nobody can say. sha: of the rows. lost: why it cannot be said.
    """

    seen: Number = 0
    count: Number = 0
    sum: Number = 0.0
    low: Number | None = None
    high: Number | None = None
    expected: Number = 0
    sha: str = ""
    simulated: bool = False
    lost: str | None = None

    @classmethod
    def of(cls, kept: Sequence[Any]) -> "Part":
        """As it was kept."""
        return cls(*kept)


Parts = Mapping[str, Part]  # by the code of a place
_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(dict[str, Part])


def text(said: Any) -> bytes:
    """Something as JSON, its keys in order: the same for what is the same."""
    return _encoder.encode(said)


def kept(body: str) -> dict[str, Part]:
    """Parts by place, of their JSON text."""
    return _decoder.decode(body)


def result(aggregate: Aggregate | None, part: Part) -> float | None:
    """The number of an input; None where nothing was there to make it of."""
    if aggregate == "count":
        return part.count
    if aggregate in (None, "sum", "distinct"):
        return rounded(part.sum)
    if aggregate == "share":
        return rounded(part.sum / part.count) if part.count else None
    if not part.count:
        return None
    if aggregate in ("mean", "latest"):
        return rounded(part.sum / part.count)
    return part.low if aggregate == "min" else part.high if aggregate == "max" else rounded(part.sum)


def rounded(number: float) -> float:
    """A number to the decimals that are kept; nothing has no sign (one of the databases keeps none)."""
    return round(float(number), PLACES) + 0.0


def merged(parts: Iterable[Part], aggregate: Aggregate | None) -> Part:
    """Parts of several places (of times: aggregates in BY_TIME only) as one."""
    if aggregate in APART:
        raise ValueError(f"{aggregate} cannot be put together")
    some = list(parts)
    if len(some) == 1:
        return some[0]
    lows = [one.low for one in some if one.low is not None]
    highs = [one.high for one in some if one.high is not None]
    return Part(
        _whole(sum([one.seen for one in some])), _whole(sum([one.count for one in some])),
        rounded(sum([one.sum for one in some])), min(lows, default=None), max(highs, default=None),
        _whole(sum([one.expected for one in some])), hashed(sorted([one.sha for one in some])),
        any(one.simulated for one in some), next((one.lost for one in some if one.lost is not None), None),
    )  # fmt: skip


def weighed(part: Part, weight: float, aggregate: Aggregate | None) -> Part:
    """A share of a part. Only what adds up has shares: a smallest value or a median has none, and says so."""
    if weight == 1:
        return part
    if aggregate is not None and aggregate not in ADDITIVE:
        return msgspec.structs.replace(part, lost=part.lost or "no-shares")
    return msgspec.structs.replace(
        part, seen=part.seen * weight, count=part.count * weight, sum=part.sum * weight, expected=part.expected * weight,
        low=None, high=None,
    )  # fmt: skip


def hashed(said: Iterable[str]) -> str:
    """The hash of some texts in their order."""
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]


def _whole(number: Number) -> Number:
    return int(number) if number == int(number) else number
