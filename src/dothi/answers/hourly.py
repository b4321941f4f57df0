"""The hours of a property in its own unit: a number of a stretch of time, and lines over it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from dothi.answers import reckon, store
from dothi.answers.asking import Asking, conversion
from dothi.kit import clock
from dothi.kit.units import Line
from dothi.sensing.sectors import sectors

_MOST = 40  # streams whose hours are read one by one
_VIETNAM = store.VIETNAM


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours by datastream, in the property's unit; expected: hours there could be of all streams."""

    streams: list[store.Stream]
    hours: list[store.Hour]
    begin: int
    end: int
    expected: int

    @property
    def simulated(self) -> bool:
        """Whether any of the streams is."""
        return any(one.simulated for one in self.streams)

    @property
    def newest(self) -> int | None:
        """The end of the newest hour there is."""
        return max((one.hour + clock.HOUR for one in self.hours), default=None)


def read(ask: Asking, code: str, width: int, daily: tuple[int, int] | None = None) -> Hours:
    """The whole hours of a property in the last stretch of time (µs) before the moment asked of."""
    end = ask.moment // clock.HOUR * clock.HOUR
    begin = end - width
    ids = ask.ids(code)
    streams = store.streams(ask.session, ask.caller, ids, ask.place) if ids else []
    lines = {one.id: conversion(sectors().properties[code], one.symbol, one.definition) for one in streams}
    usable = [one for one in streams if lines[one.id] is not None]
    found = store.hours(ask.session, [one.id for one in usable], begin, end, daily) if usable else []
    made = [_converted(one, line) for one in found if (line := lines[one.stream]) is not None]
    share = 1.0 if daily is None else sum(reckon.in_hours(h, daily) for h in range(24)) / 24
    return Hours(usable, made, begin, end, round(len(usable) * (width // clock.HOUR) * share))


def _converted(one: store.Hour, line: Line) -> store.Hour:
    if line.scale == 1 and line.offset == 0:
        return one
    low, high = sorted((line(one.min), line(one.max)))
    total = line.scale * one.sum + line.offset * one.numbers
    return store.Hour(
        one.stream, one.hour, line(one.mean), low, high, line(one.first), line(one.last), total, one.numbers
    )


def number(hours: Sequence[store.Hour], how: str) -> float | None:
    """One number of many hours."""
    if not hours:
        return None
    match how:
        case "count":
            return float(sum(one.numbers for one in hours))
        case "sum":
            return sum(one.sum for one in hours)
        case "integral":
            return sum(one.mean for one in hours)
        case "min":
            return min(one.min for one in hours)
        case "max":
            return max(one.max for one in hours)
        case "rise":
            by_stream: dict[int, list[tuple[float | None, float | None]]] = defaultdict(list)
            for one in hours:
                by_stream[one.stream].append((one.first, one.last))
            rises = [made for pairs in by_stream.values() if (made := reckon.rise(pairs)) is not None]
            return sum(rises) if rises else None
    return reckon.of_numbers([one.mean for one in hours], how)


def over_time(hours: Sequence[store.Hour], how: str, step: int) -> list[tuple[int, float]]:
    """A point for each hour or local day: things put together by mean, sum, min, max or integral."""
    slots: dict[int, list[store.Hour]] = defaultdict(list)
    for one in hours:
        at = one.hour if step == clock.HOUR else (one.hour + _VIETNAM) // clock.DAY * clock.DAY - _VIETNAM
        slots[at].append(one)
    return [(at, _slot(slots[at], how, step)) for at in sorted(slots)]


def _slot(hours: Sequence[store.Hour], how: str, step: int) -> float:
    if how == "min":
        return min(one.min for one in hours)
    if how == "max":
        return max(one.max for one in hours)
    if how == "integral":
        return sum(one.mean for one in hours)
    if how == "sum":
        if step == clock.HOUR:
            return sum(one.mean for one in hours)
        # of a day: the mean over its hours of what the things made together
        by_hour: dict[int, float] = defaultdict(float)
        for one in hours:
            by_hour[one.hour] += one.mean
        return sum(by_hour.values()) / len(by_hour)
    return sum(one.mean for one in hours) / len(hours)
