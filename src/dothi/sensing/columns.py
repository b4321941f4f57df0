"""Observations as parallel columns, on their way to a commit."""

from dataclasses import dataclass, field, fields

OPTIONAL = ("result_json", "until", "result_time", "feature", "valid_from", "valid_until", "quality", "parameters")


@dataclass(slots=True)
class Columns:
    """One entry per observation in each list; an optional list is None when no observation has the value.

    Times are µs since 1970 UTC. `result` is a number or None; anything else is JSON text in `result_json`.
    """

    datastream: list[int]
    at: list[int]
    result: list[float | None]
    result_json: list[str | None] | None = None
    until: list[int | None] | None = None
    result_time: list[int | None] | None = None
    feature: list[int | None] | None = None
    valid_from: list[int | None] | None = None
    valid_until: list[int | None] | None = None
    quality: list[str | None] | None = None
    parameters: list[str | None] | None = None

    def __len__(self) -> int:
        return len(self.datastream)


@dataclass(slots=True, frozen=True)
class Refusal:
    """One observation not taken: its place in what was sent, and why."""

    index: int
    reason: str


@dataclass(slots=True)
class Receipt:
    """What became of some observations, said after the commit.

    accepted: stored now, new or in place of another value (`superseded` of them); repeated: the same value stood already.
    """

    accepted: int = 0
    superseded: int = 0
    repeated: int = 0
    refused: list[Refusal] = field(default_factory=list)


def together(parts: list[Columns]) -> Columns:
    """Several columns end to end."""
    if len(parts) == 1:
        return parts[0]
    whole = Columns([], [], [])
    for name in ("datastream", "at", "result"):
        into = getattr(whole, name)
        for part in parts:
            into.extend(getattr(part, name))
    for name in OPTIONAL:
        if any(getattr(part, name) is not None for part in parts):
            values: list[object] = []
            for part in parts:
                given = getattr(part, name)
                values.extend(given if given is not None else [None] * len(part))
            setattr(whole, name, values)
    return whole


def picked(columns: Columns, indices: list[int]) -> Columns:
    """Some of the observations, in the order of the indices."""
    values = (getattr(columns, f.name) for f in fields(columns))
    return Columns(*([v[i] for i in indices] if v is not None else None for v in values))  # type: ignore[arg-type]
