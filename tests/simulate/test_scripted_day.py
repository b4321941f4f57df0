"""The scripted day raises, groups, escalates and clears what cities/tan-an/scripted-day.yaml declares, and nothing else."""

from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML
from sqlalchemy import select

from dothi.alerts.standing import course
from dothi.alerts.tables import Alarm, AlarmEvent
from dothi.city import service as cities
from dothi.db import session as db
from dothi.identity.guard import SYSTEM
from dothi.kit import clock
from dothi.packs.content import content_path
from dothi.sensing.tables import Thing
from dothi.simulate import fleet, rehearsal, scenario
from dothi.simulate.model import Site
from dothi.simulate.models import every
from dothi.simulate.scenario import BEGINS, ENDS, MINUTE, Day

MODELS = every()

DECLARED = YAML(typ="safe").load(content_path("cities") / "tan-an" / "scripted-day.yaml")
ANCHOR = clock.parse(DECLARED["start"])
CENTRE = (106.41, 10.54)
WATCHED = ("water-level", "rainfall", "rainfall-1h", "flood-depth", "canal-level", "pm25", "pm10")
SITE = Site("HYD-TANAN", 106.4258, 10.5390, CENTRE, day=Day(ANCHOR))


def minutes(start: int, end: int, step: int = 1):
    return ANCHOR + np.arange(start, end, step, dtype=np.int64) * MINUTE


def told_of(one) -> bool:
    """Whether the script tells of a datastream, or its rules look at it beside one that it does."""
    if one.property not in WATCHED:
        return False
    near = scenario.near(one.site.lon, one.site.lat, scenario.PLUME) > 0.02
    return near if one.site.code.startswith("AQL-") else not one.site.code.startswith(("RIV", "SAL", "GATE"))


@pytest.fixture
def lived(database):
    """The whole day lived through at the declared start; its alarms: (rule, at) -> list of steps in minutes."""
    with db.writing() as session:
        cities.apply(session, SYSTEM, cities.plan(session, cities.find("tan-an")))
    day = Day(ANCHOR)
    speakers = [one for one in fleet.speakers(ANCHOR, day) if told_of(one)]
    begin = ANCHOR + BEGINS * MINUTE
    fleet.fill(speakers, 0.1, begin)
    living = rehearsal.Rehearsal(speakers, begin)
    living.until(ANCHOR + ENDS * MINUTE)
    living.close()
    with db.reading() as session:
        things = dict(session.execute(select(Thing.id, Thing.code)).all())
        found = []
        for alarm in session.scalars(select(Alarm).order_by(Alarm.raised_at, Alarm.id)):
            events = session.scalars(select(AlarmEvent).where(AlarmEvent.alarm_id == alarm.id).order_by(AlarmEvent.id))
            told = course(list(events))
            if told.gone:
                continue
            steps = [((one["at"] - ANCHOR) / MINUTE, one["severity"]) for one in told.steps]
            if told.cleared is not None:
                steps.append(((told.cleared[0] - ANCHOR) / MINUTE, "cleared"))
            found.append((alarm, things.get(alarm.thing_id) or alarm.subject, steps))
        return found


# what the engine keeps in PostgreSQL is tests/alerts'; here it is the script that is looked at
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_day_raises_groups_escalates_and_clears_what_is_declared_and_nothing_else(lived):
    left = [(alarm.rule_code, at, steps) for alarm, at, steps in lived]
    faults = []
    for one in DECLARED["expected"]:
        same = [row for row in left if row[:2] == (one["rule"], one["at"])]
        fits = [row for row in same if alike(row[2], one["steps"], one["tolerance"])]
        if fits:
            left.remove(fits[0])
        else:
            faults.append(
                f"{one['rule']} at {one['at']}: {one['steps']} is declared, {[r[2] for r in same]} was raised"
            )
    faults += [f"{rule} at {at}: {steps} was not declared" for rule, at, steps in left if worse_than_warning(steps)]
    assert faults == []
    firsts = [one["steps"][0][0] for one in DECLARED["expected"]]
    assert firsts == sorted(firsts)
    grouped = {}
    for alarm, at, _ in lived:
        grouped.setdefault(alarm.group_key, set()).add(at)
    assert len(grouped["heavy-rain"]) > 5  # one line of the queue for all gauges
    assert len(grouped["pm25-around"]) > 3
    assert all(alarm.simulated for alarm, _, _ in lived)
    # whoever starts the demo finds some over, some standing, and more to come
    standing = {alarm.rule_code for alarm, _, steps in lived if steps[0][0] <= 0 < steps[-1][0]}
    assert {"river-stage", "street-flood", "heavy-rain", "flood-sensor-flapping"} <= standing
    assert sum(steps[-1] < (0, "") for _, _, steps in lived) > 5
    assert sum(0 < steps[0][0] <= 30 for _, _, steps in lived) > 5
    # what was known when: everything was noticed within minutes, as if it had been lived through
    assert all(0 <= alarm.noticed_at - alarm.raised_at < 10 * MINUTE for alarm, _, _ in lived)


def alike(steps, declared, tolerance) -> bool:
    """Whether an alarm went the declared way."""
    return [what for _, what in steps] == [what for _, what in declared] and all(
        abs(at - said) <= tolerance for (at, _), (said, _) in zip(steps, declared, strict=True)
    )


def worse_than_warning(steps) -> bool:
    return any(what not in ("warning", "cleared") for _, what in steps)


def test_the_script_is_a_pure_function_of_time():
    times = minutes(BEGINS - 120, ENDS + 1440, 7)
    for code, model in MODELS.items():
        whole = model(SITE, times)
        assert (model(SITE, times[100:101]) == whole[100:101]).all(), code


def test_the_script_begins_smoothly_and_goes_on_day_after_day():
    level = MODELS["water-level"]
    times = minutes(BEGINS - 180, ENDS + 3000)
    assert np.abs(np.diff(level(SITE, times))).max() < 0.08
    plain = Site(SITE.code, SITE.lon, SITE.lat, CENTRE)
    before = minutes(BEGINS - 300, BEGINS - 61)
    assert (level(SITE, before) == level(plain, before)).all()
    today, tomorrow = minutes(BEGINS, ENDS), minutes(BEGINS + 1440, ENDS + 1440)
    assert level(SITE, today) == pytest.approx(level(SITE, tomorrow), abs=0.03)


@pytest.mark.parametrize("month", range(1, 13))
def test_whatever_the_season_the_river_passes_its_levels_at_the_same_minute(month):
    anchor = clock.parse(f"2026-{month:02}-14T{(month * 5) % 24:02}:00:00Z")
    site = Site("HYD-TANAN", 106.4258, 10.5390, CENTRE, day=Day(anchor))
    at = np.arange(-200, 300)
    level = MODELS["water-level"](site, anchor + at.astype(np.int64) * MINUTE)
    for limit, minute in ((1.20, -50), (1.40, -22), (1.60, 13)):
        assert at[np.argmax(level >= limit)] == pytest.approx(minute, abs=4)
    quiet = Site("LGT-017", 106.4, 10.5, CENTRE, day=Day(anchor))
    speaker = fleet.Speaker(1, "salinity", quiet, MODELS["salinity"], 60, 60, 0, None, None)
    assert max(speaker.values(anchor + at.astype(np.int64) * MINUTE)) < 1


def test_only_the_scripts_own_sensors_fall_silent():
    day = Day(ANCHOR)
    times = minutes(BEGINS, ENDS)
    dead = fleet.Speaker(
        1, "canal-level", Site("CAN-05", *CENTRE, CENTRE, day=day), MODELS["canal-level"], 60, 60, 0, None, 0
    )
    other = fleet.Speaker(
        2, "canal-level", Site("CAN-02", *CENTRE, CENTRE, day=day), MODELS["canal-level"], 60, 60, 0, None, 0
    )
    assert not other.silent(times).any()
    silent = times[dead.silent(times)]
    assert ((silent.min() - ANCHOR) / MINUTE, (silent.max() - ANCHOR) / MINUTE) == (-47, 419)


def test_a_demo_started_again_within_the_hour_goes_on_with_its_day(tmp_path: Path):
    kept = tmp_path / "day"
    first = scenario.chosen("day", ANCHOR, kept)
    assert scenario.chosen("day", ANCHOR + 59 * MINUTE, kept) == first
    assert scenario.chosen("day", ANCHOR + 61 * MINUTE, kept) == Day(ANCHOR + 61 * MINUTE)
    assert scenario.read(str(first)) == first
    assert scenario.chosen("calm", ANCHOR, kept) is None
    assert not kept.exists()
