"""The rule engine: 1,000 rules over 100,000 datastreams, its evaluations a second and its share of the cost of ingest.

Both run on one thread of one process, one after the other on the same commits, so that each one's time is its own. On
SQLite processor time is counted; on PostgreSQL, where ingest's work is mostly the server's, the time that passes.
"""

import json
import random
import resource
import subprocess
import sys
import time

from bench.harness import Place, emit

THINGS, RULES = 20_000, 1_000  # five datastreams a thing
PROPERTIES = ("pm25", "pm10", "no2", "so2", "o3")
COMMITS, ROWS = 200, 5_000
WARM = 25  # commits that are not counted: the first of everything
STEP = 3_000_000  # between commits: every datastream speaks once a minute
ALARMING = 0.00005  # of the values: one alarm in 20,000, 7,200 a day
LIMIT = 0.25


def run(place: Place) -> None:
    """Measure in a process of its own."""
    made = subprocess.run([sys.executable, "-m", "bench.rules"], env=place.env, check=True, capture_output=True)
    found = json.loads(made.stdout.splitlines()[-1])
    emit("rules.evaluations per core", place.kind, found["rows"] / found["rules"], "observations/s")
    emit("rules.quiet", place.kind, found["rows"] / found["hear"], "observations/s")
    emit("rules.ingest", place.kind, found["rows"] / found["ingest"], "observations/s")
    emit("rules.share of ingest, hearing", place.kind, found["hear"] / found["ingest"], "of its cost", LIMIT)
    emit("rules.share of ingest", place.kind, found["rules"] / found["ingest"], "of its cost", LIMIT)
    emit("rules.open", place.kind, found["open"], "s for 100,000 subjects")
    emit("rules.open again", place.kind, found["again"], "s for 100,000 subjects")
    emit("rules.memory", place.kind, found["memory"], "MB")
    emit("rules.alarms", place.kind, found["alarms"], "raised and cleared")


def _city() -> list[int]:
    from sqlalchemy import insert, select

    from dothi.db import schema
    from dothi.db import session as db
    from dothi.sensing.tables import Datastream, DatastreamState, FeatureOfInterest, ObservedProperty, Sensor, Thing

    schema.upgrade(db.engine())
    with db.writing() as session:
        session.add(Sensor(name="s", description="", encoding_type="text/plain", metadata_="m"))
        place = FeatureOfInterest(
            name="f", description="", encoding_type="application/geo+json", feature={}, sharing="open"
        )
        session.add(place)
        session.add_all([ObservedProperty(code=c, name=c, definition=c, description="") for c in PROPERTIES])
        session.flush()
        session.execute(insert(Thing), [
            {"code": f"T{i:05d}", "name": f"Trạm {i}", "name_folded": f"tram {i}", "description": "", "sharing": "open",
             "simulated": True, "unit_code": f"{i * RULES // len(PROPERTIES) // THINGS:05d}"} for i in range(THINGS)
        ])  # fmt: skip
        things = list(session.scalars(select(Thing.id).order_by(Thing.id)))
        known = dict(session.execute(select(ObservedProperty.code, ObservedProperty.id)).all())
        session.execute(insert(Datastream), [
            {"name": "d", "description": "", "observation_type": "x/OM_Measurement", "thing_id": thing, "sensor_id": 1,
             "observed_property_id": known[code], "sharing": "open", "multi": False, "feature_id": place.id,
             "unit": {"name": "", "symbol": "µg/m³", "definition": "ucum:ug/m3"}}
            for thing in things for code in PROPERTIES
        ])  # fmt: skip
        ids = list(session.scalars(select(Datastream.id).order_by(Datastream.id)))
        session.execute(insert(DatastreamState), [{"datastream_id": one, "count": 0} for one in ids])
    return ids


def _rules() -> None:
    from dothi.alerts import rulebook
    from dothi.db import session as db
    from dothi.identity.guard import SYSTEM

    kinds = [
        *[{"major": {"above": 500}, "critical": {"above": 800}}] * 5,
        *[{"minor": {"above": 500, "lasting": "10m"}}] * 2,
        {"minor": {"above": 500, "times": 3, "within": "30m"}},
        {"minor": {"rate": {"rise": 5000, "per": "1m", "over": "10m"}}},
        {"minor": {"absent": "30m"}},
    ]
    with db.writing() as session:
        for i in range(RULES):
            group, property_ = divmod(i, len(PROPERTIES))
            on = {"property": PROPERTIES[property_], "where": {"units": [f"{group:05d}"]}}
            told = {"code": f"r-{i}", "title": {"vi": f"Quy tắc {i}", "en": f"Rule {i}"}, "on": on}
            rulebook.create(session, SYSTEM, {**told, "when": kinds[(i // 5) % len(kinds)]}, status="on")


def _measure() -> None:
    from sqlalchemy import func, select

    from dothi.alerts import declared
    from dothi.alerts.rounds import Rounds
    from dothi.alerts.tables import Alarm
    from dothi.db import session as db
    from dothi.kit import clock
    from dothi.sensing import ingest
    from dothi.sensing.columns import Columns

    declared.rules = dict  # only the rules of the measurement
    ids = _city()
    _rules()
    tick = time.process_time if db.engine().dialect.name == "sqlite" else time.perf_counter
    began = clock.now_micros() // STEP * STEP - COMMITS * STEP
    rounds = Rounds(poll=3_000_000)
    spent = {"open": -time.perf_counter(), "ingest": 0.0, "hear": 0.0, "rules": 0.0}
    rounds.open(began)
    spent["open"] += time.perf_counter()
    chance = random.Random(1)
    for turn in range(COMMITS + WARM):
        begin = turn * ROWS % len(ids)
        streams = ids[begin : begin + ROWS]
        at = began + turn * STEP
        values = [600.0 if chance.random() < ALARMING else chance.uniform(5, 200) for _ in streams]
        columns = Columns(streams, [at] * ROWS, values)
        marks = [tick()]
        ingest.put_now(columns)
        marks.append(tick())
        rounds.hear(columns, range(ROWS), at)
        marks.append(tick())
        rounds.round(at)
        marks.append(tick())
        if turn >= WARM:
            spent["ingest"] += marks[1] - marks[0]
            spent["hear"] += marks[2] - marks[1]
            spent["rules"] += marks[3] - marks[1]
    spent["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    again = time.perf_counter()
    Rounds().open(began + (COMMITS + WARM) * STEP)
    spent["again"] = time.perf_counter() - again
    with db.reading() as session:
        spent["alarms"] = session.scalar(select(func.count()).select_from(Alarm))
    spent["rows"] = COMMITS * ROWS
    print(json.dumps(spent))


if __name__ == "__main__":
    _measure()
