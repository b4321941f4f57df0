"""Indicators: 200 of them over 100 wards, computing one day anew with a short and a long history of hours.

The figure is what one more day of values costs in processor time: its day, its month and its year for every ward and the
city, read from the rolled up hours and written where they differ. It must not grow with the history: the same day is
computed with a third of it and with all of it, each the best of two. DOTHI_BENCH_WARDS, _INDICATORS and _YEARS make it smaller.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from bench.harness import Place, emit

WARDS = int(os.environ.get("DOTHI_BENCH_WARDS", "100"))
INDICATORS = int(os.environ.get("DOTHI_BENCH_INDICATORS", "200"))
YEARS = float(os.environ.get("DOTHI_BENCH_YEARS", "3"))
PROPERTIES = ("pm25", "pm10", "no2", "o3")  # one datastream each in every ward
LIMIT = 10.0


def run(place: Place) -> None:
    """Measure in a process of its own."""
    sizes = {name: value for name, value in os.environ.items() if name.startswith("DOTHI_BENCH_")}  # a place has none
    env = place.env | sizes
    made = subprocess.run([sys.executable, "-m", "bench.indicators"], env=env, check=True, capture_output=True)
    found = json.loads(made.stdout.splitlines()[-1])
    emit("indicators.first fill of a month", place.kind, found["fill"], "s")
    emit("indicators.one day, a third of the history, processor time", place.kind, found["third"], "s", LIMIT)
    emit("indicators.one day, processor time", place.kind, found["whole"], "s", LIMIT)
    emit(
        "indicators.one day, growth from a third to the whole history",
        place.kind,
        found["whole"] / found["third"],
        "times",
        1.25,
    )
    emit("indicators.one day, by the clock", place.kind, found["clock"], "s")
    emit("indicators.hours stored", place.kind, found["hours"], "rows")
    emit("indicators.numbers of the day", place.kind, found["numbers"], "rows")


def _declared() -> dict[str, Any]:
    from dothi.indicators.model import Declared

    def one(i: int) -> Declared:
        property_ = PROPERTIES[i % len(PROPERTIES)]
        over = {"observations": {"property": property_, "where": f"mean > {10 + i / 4}"}, "aggregate": "count"}
        hours = {"observations": {"property": property_}, "aggregate": "count"}
        text = {"vi": f"x{i}", "en": f"x{i}"}
        return Declared.model_validate({
            "code": f"x{i}", "title": text, "description": text, "unit": {"ucum": "%", "symbol": "%"}, "direction": "down",
            "periods": ["day", "month", "year"], "places": ["city", "unit"], "inputs": {"over": over, "hours": hours},
            "formula": "100 * over / hours", "coverage": {"of": "hours", "least": 0.75}, "source": "bench", "certainty": "assumed",
        })  # fmt: skip

    return {f"x{i}": one(i) for i in range(INDICATORS)}


def _city(session: Any) -> list[int]:
    from sqlalchemy import insert, select

    from dothi.places import store as places
    from dothi.places.tables import Area, Unit
    from dothi.sensing.tables import Datastream, ObservedProperty, Sensor, Thing

    codes = [f"{10000 + i}" for i in range(WARDS)]
    session.execute(insert(Unit), [
        {"code": c, "level": "commune", "kind": "xã", "name": c, "full_name": c, "folded": c, "valid_from": 0, "approximate": True}
        for c in codes
    ])  # fmt: skip
    session.add(Area(code="city", kind="pilot-city", name="City", folded="city", units=codes))
    session.add(Sensor(name="s", description="", encoding_type="t", metadata_=""))
    session.add_all([ObservedProperty(code=c, name=c, definition=c, description="") for c in PROPERTIES])
    session.execute(insert(Thing), [
        {"code": c, "name": c, "name_folded": c, "description": "", "sharing": "open", "simulated": True, "unit_code": c} for c in codes
    ])  # fmt: skip
    session.flush()
    sensor = session.scalars(select(Sensor.id)).one()
    session.execute(insert(Datastream), [
        {"name": "d", "description": "", "observation_type": "m", "thing_id": t, "sensor_id": sensor, "observed_property_id": p,
         "sharing": "open", "multi": False}
        for t in session.scalars(select(Thing.id)).all() for p in session.scalars(select(ObservedProperty.id)).all()
    ])  # fmt: skip
    places.touch(session)
    return list(session.scalars(select(Datastream.id).order_by(Datastream.id)))


def _hours(ids: list[int], first: int, last: int, seed: int) -> Iterator[dict[str, Any]]:
    from random import Random

    from dothi.kit.clock import HOUR

    rng = Random(seed)
    for id_ in ids:
        for hour in range(first, last, HOUR):
            mean = round(40 + 25 * rng.random(), 2)
            yield {"datastream_id": id_, "hour": hour, "count": 4, "numbers": 4, "sum": 4 * mean, "min": mean - 2, "max": mean + 2,
                   "first": mean, "last": mean}  # fmt: skip


def _fill(ids: list[int], first: int, last: int, seed: int) -> int:
    from itertools import islice

    from sqlalchemy import insert

    from dothi.db import session as db
    from dothi.sensing.tables import ObservationHour

    rows, count = _hours(ids, first, last, seed), 0
    while part := list(islice(rows, 200_000)):
        with db.writing() as session:
            session.execute(insert(ObservationHour.__table__), part)
        count += len(part)
    return count


def _measure() -> dict[str, float]:
    from sqlalchemy import update

    from dothi.db import schema
    from dothi.db import session as db
    from dothi.indicators import declared, refresh
    from dothi.indicators.tables import IndicatorMark
    from dothi.kit import clock
    from dothi.kit.clock import DAY, HOUR
    from dothi.sensing.tables import ObservationHour

    known = _declared()
    declared.indicators = lambda: known  # type: ignore[assignment]
    refresh.FILLED.update(day=1, month=1, year=1)
    schema.upgrade(db.engine())
    with db.writing() as session:
        ids = _city(session)
    now = clock.parse("2026-11-21T23:30:00+07:00")
    today = clock.parse("2026-11-21T00:00:00+07:00")
    begin = clock.parse("2026-10-01T00:00:00+07:00")
    stored = _fill(ids, begin, today + DAY, 1)
    at = time.perf_counter()
    refresh.run(now=now)
    found: dict[str, float] = {"fill": time.perf_counter() - at}

    def one_day(shift: float) -> tuple[float, float, int]:
        """Another value in every hour of the day, then what is due."""
        with db.writing() as session:
            h = ObservationHour
            session.execute(
                update(h)
                .where(h.datastream_id.in_(ids), h.hour >= today, h.hour < today + DAY)
                .values(sum=h.sum + 4 * shift)
            )
            session.add_all(
                [IndicatorMark(datastream_id=i, first_hour=today, last_hour=today + 23 * HOUR) for i in ids]
            )
        wall, cpu = time.perf_counter(), time.process_time()
        changed = refresh.run(now=now)
        return time.perf_counter() - wall, time.process_time() - cpu, changed

    def days(first: int, last: int) -> tuple[float, float, int]:
        """The best of two days, once the hours in [first, last) are there."""
        nonlocal stored
        stored += _fill(ids, first, last, 2)
        with db.writing() as session:  # months of before stand as parts, as they would after years of running
            session.add(IndicatorMark(datastream_id=ids[0], first_hour=last - HOUR, last_hour=last - HOUR))
        refresh.run(now=now)
        one_day(3.0)  # the first of everything
        return min((one_day(s) for s in (4.0, -5.0)), key=lambda one: one[1])

    third, whole = (begin - int(YEARS * 365 * part) * DAY for part in (1 / 3, 1))
    found["third"] = days(third, begin)[1]
    found["clock"], found["whole"], numbers = days(whole, third)
    return found | {"hours": float(stored), "numbers": float(numbers)}


if __name__ == "__main__":
    print(json.dumps(_measure()))  # the figures for `run`
