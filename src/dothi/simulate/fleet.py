"""The simulated sensors of the running city: which there are, how often they speak, which are broken."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from dothi.db import session as db
from dothi.kit import clock
from dothi.sensing import columns, ingest
from dothi.simulate import models, store
from dothi.simulate.model import PACE, Model, Site
from dothi.simulate.noise import random, seed_of, smooth
from dothi.simulate.scenario import BEGINS, FADE, MINUTE, Day
from dothi.simulate.tide import Reach

# of a scripted day the history is finer: what rises and falls within it is to be seen
_SCRIPTED = {
    "water-level": 120, "canal-level": 120, "flood-depth": 120, "rainfall": 300, "rainfall-1h": 300, "pm25": 300,
    "pm10": 600, "gate-position": 600, "gate-inside": 600, "traffic-flow": 600, "traffic-speed": 600,
}  # fmt: skip
_SCRIPTED_USUAL = 900
_CHUNK = 100_000
USUAL_DAYS = 30.0


@dataclass(frozen=True)
class Speaker:
    """One simulated datastream."""

    datastream: int
    property: str
    site: Site
    model: Model
    history: int
    live: int
    days: int
    last_at: int | None
    dead_since: int | None

    def values(self, times: np.ndarray[Any, np.dtype[np.int64]]) -> list[float]:
        """What it reads at these instants (µs UTC)."""
        values = self.model(self.site, times)
        if self.site.day is not None:
            values = self.site.day.quiet(self.property, times, values)
        read: list[float] = values.tolist()
        return read

    def silent(self, times: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """When it says nothing: sensors fall silent for an hour or two every few days, a few are dead."""
        gap = smooth(seed_of(self.site.code, "gap"), times, 4 * 3600) > 0.93
        if self.dead_since is not None:
            gap |= times > self.dead_since
        return gap if self.site.day is None else self.site.day.silent(self.site.code, times, gap)

    def instants(self, start: int, end: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        """When it spoke in the history from start up to end, µs UTC."""

        def every(seconds: int, start: int, end: int) -> np.ndarray[Any, np.dtype[np.int64]]:
            step = seconds * clock.SECOND
            return np.arange(-(-start // step) * step, end, step, dtype=np.int64)

        if self.site.day is None:
            return every(self.history, start, end)
        turn = min(max(self.site.day.anchor + (BEGINS - FADE) * MINUTE, start), end)
        fine = _SCRIPTED.get(self.property, _SCRIPTED_USUAL)
        return np.concatenate([every(self.history, start, turn), every(min(fine, self.history), turn, end)])


def speakers(now: int, day: Day | None = None) -> list[Speaker]:
    """Every simulated datastream that has a model. day: the scripted one they take part in."""
    with db.reading() as session:
        rows = store.streams(session)
    if not rows:
        return []
    # the showers cross the middle of the city; rounded, so that another sensor does not move the weather
    centre = (round(median(row[3] for row in rows), 2), round(median(row[4] for row in rows), 2))
    found = []
    taught = models.every()
    for datastream, thing, prop, lon, lat, properties, last_at in rows:
        model = taught.get(prop)
        if model is None:
            continue
        site = _site(thing, lon, lat, properties, centre, day)
        found.append(Speaker(datastream, prop, site, model, *PACE[prop], last_at, _dead(thing, now)))
    return found


def _site(
    code: str, lon: float, lat: float, properties: dict[str, Any], centre: tuple[float, float], day: Day | None
) -> Site:
    chance = random(seed_of(code, "site"), np.arange(4))
    said = properties.get("simulation") or {}
    busy = 1.0 if properties.get("sector") == "traffic" else 0.15 + 0.6 * chance[0]
    usual = Reach()
    reach = Reach(
        share=float(said.get("tide_share", usual.share)), delay=float(said.get("tide_delay", usual.delay)),
        mean=float(said.get("mean", usual.mean)), season=float(said.get("season", usual.season)),
        season_day=float(said.get("season_day", usual.season_day)), per_mm=float(said.get("per_mm", usual.per_mm)),
    )  # fmt: skip
    road, ground = float(said.get("road", busy)), float(said.get("ground", 1.5 + 0.5 * chance[1]))
    return Site(code, lon, lat, centre, road, ground, reach, day, said)


def _dead(code: str, now: int) -> int | None:
    """When the thing died, for about one in fifty: always some hours ago, whenever the demo is started."""
    chance = random(seed_of(code, "dead"), np.arange(2))
    if chance[0] > 0.02:
        return None
    return now - int((3 + 40 * chance[1]) * clock.HOUR)


def fill(fleet: list[Speaker], days: float, now: int, tell: Callable[[int], None] = lambda _: None) -> int:
    """Store the history of the last days, up to now, that is not stored yet; returns how many observations.

    tell: called with the number of datastreams done since the last call.
    """
    made = 0
    pending = columns.Columns([], [], [])
    for speaker in fleet:
        start = now - int(_span(speaker, days) * clock.DAY)
        if speaker.last_at is not None:
            start = max(start, speaker.last_at + 1)
        times = speaker.instants(start, now)
        if len(times):
            times = times[~speaker.silent(times)]
        if len(times):
            pending.datastream.extend([speaker.datastream] * len(times))
            pending.at.extend(times.tolist())
            pending.result.extend(speaker.values(times))
        if len(pending) >= _CHUNK:
            made += ingest.put_now(pending).accepted
            pending = columns.Columns([], [], [])
        tell(1)
    if len(pending):
        made += ingest.put_now(pending).accepted
    if made:
        with db.writing() as session:
            longest = max(_span(one, days) for one in fleet)
            store.received_when_measured(
                session, [one.datastream for one in fleet], now - int(longest * clock.DAY), now
            )
    return made


def _span(speaker: Speaker, days: float) -> float:
    """Days of history: some properties need a year, but not in a demo that is to be a short one."""
    return max(days, speaker.days) if days >= USUAL_DAYS else days
