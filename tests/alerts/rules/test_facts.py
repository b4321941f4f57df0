"""A rule's subjects as they stand in the database: which streams, which unit, whose thresholds."""

import numpy as np
import pytest

from dothi.alerts import facts
from dothi.alerts.facts_store import StreamRow, ThingRow
from dothi.identity.guard import ANONYMOUS, SYSTEM
from dothi.kit import clock
from dothi.kit.units import Line
from dothi.places import service as places
from dothi.places.tables import Unit
from tests.alerts.rules.ground import thing
from tests.alerts.rules.making import rule

LEVELS = {"bd1": {"value": 1.2}, "bd3": {"value": None}}
STAGE = {"major": {"from": {"level": "bd3"}}, "minor": {"from": {"level": "bd1"}}}


def subjects(session, model, **more):
    return {one.subject: one for one in facts.resolve(session, model, **more)}


def test_levels_are_each_station_s_own_and_what_is_unknown_stays_unknown(session):
    _, a = thing(session, "A", {"water-level": {"levels": LEVELS, "every_seconds": 60}})
    _, b = thing(session, "B", {"water-level": {}})
    found = subjects(session, rule(when=STAGE))
    first, second = found[f"datastream:{a['water-level']}"], found[f"datastream:{b['water-level']}"]
    assert first.numbers == {"level:bd1": 1.2, "level:bd3": None}
    assert second.numbers == {"level:bd1": None, "level:bd3": None}
    assert (first.name, first.unit, first.decimals, first.sector) == ("Trạm A", "m", 2, "water")
    assert first.inputs[0].interval == 60 * clock.SECOND
    assert first.inputs[0].stands == 60 * 60 * clock.SECOND  # what the pack says of river stages


def test_an_attribute_is_the_datastream_s_then_the_thing_s_then_the_place_s(session):
    session.add(Unit(code="27694", level="commune", kind="phường", name="Long An", full_name="Phường Long An",
                     folded="phuong long an", valid_from=0))  # fmt: skip
    places.put_area(
        session, SYSTEM, "zone", name="Vùng", units=["27694"], properties={"limit": 3, "deep": {"limit": 9}}
    )
    session.flush()
    model = rule(when={"major": {"from": {"attribute": "limit"}}})
    nested = rule(when={"major": {"from": {"attribute": "deep.limit"}}})
    for code, own, more, expected in (
        ("A", {"limit": 1}, {"limit": 2}, 1), ("B", {}, {"limit": 2}, 2), ("C", {}, {}, 3), ("D", {"limit": "1"}, {}, 3),
    ):  # fmt: skip
        _, ids = thing(session, code, {"water-level": own}, unit="27694", **more)
        one = subjects(session, model)[f"datastream:{ids['water-level']}"]
        assert one.numbers == {"attribute:limit": expected}, code
    assert {one.numbers["attribute:deep.limit"] for one in facts.resolve(session, nested)} == {9}
    _, ids = thing(session, "E", {"water-level": {}}, unit="99999")
    assert subjects(session, model)[f"datastream:{ids['water-level']}"].numbers == {"attribute:limit": None}


def test_a_sensor_in_another_unit_is_converted_and_one_in_a_strange_unit_left_out(session):
    _, a = thing(session, "A", {"water-level": {"unit": {"symbol": "cm", "definition": "ucum:cm"}}})
    thing(session, "B", {"water-level": {"unit": {"symbol": "°C", "definition": "ucum:Cel"}}})
    thing(session, "C", {"water-level": {"unit": None}})
    (one,) = facts.resolve(session, rule(when={"minor": {"above": 1}}))
    assert one.subject == f"datastream:{a['water-level']}"
    assert one.inputs[0].line == Line(pytest.approx(0.01), 0)


def test_where_picks_things(session):
    thing(session, "HYD-1", {"water-level": {}}, official=True, river="Hậu", unit="1")
    thing(session, "RIV-1", {"water-level": {}}, unit="2")
    thing(session, "RIV-2", {"water-level": {}}, lon=107.0, sector="water")

    def names(**where):
        model = rule(on={"property": "water-level", "where": where}, when={"minor": {"above": 1}})
        return {one.name.removeprefix("Trạm ") for one in facts.resolve(session, model)}

    assert names() == {"HYD-1", "RIV-1", "RIV-2"}
    assert names(official=True) == {"HYD-1"}
    assert names(official=False) == {"RIV-1", "RIV-2"}
    assert names(things=["RIV-*"]) == {"RIV-1", "RIV-2"}
    assert names(things=["HYD-?", "RIV-2"]) == {"HYD-1", "RIV-2"}
    assert names(attributes={"river": "Hậu"}) == {"HYD-1"}
    assert names(units=["2"]) == {"RIV-1"}
    assert names(sector="water") == {"HYD-1", "RIV-1", "RIV-2"}
    assert names(sector="air") == set()
    assert names(simulated=False) == set()
    assert names(agency="nobody") == set()
    assert names(area="nowhere") == set()


def test_a_caller_s_rule_is_about_what_the_caller_may_see(session):
    thing(session, "A", {"water-level": {}})
    thing(session, "B", {"water-level": {}}, sharing="restricted", agency=7)
    model = rule(when={"minor": {"above": 1}})
    assert len(facts.resolve(session, model)) == 2
    assert [one.name for one in facts.resolve(session, model, caller=ANONYMOUS)] == ["Trạm A"]
    assert (
        len(facts.resolve(session, rule(on={"each": "thing"}, when={"minor": {"absent": "1h"}}), caller=ANONYMOUS)) == 1
    )


def test_inputs_are_the_thing_s_own_or_the_nearest(session):
    _, a = thing(session, "A", {"water-level": {"levels": LEVELS}}, lon=106.40)
    _, near = thing(session, "R1", {"rainfall-1h": {}}, lon=106.42)
    thing(session, "R2", {"rainfall-1h": {}}, lon=106.50)
    thing(session, "B", {"water-level": {}}, lon=108.0)
    on = {"inputs": {"stage": {"property": "water-level"}, "rain": {"property": "rainfall-1h", "nearest_m": 5000}},
          "constants": {"bd1": {"level": "bd1"}}}  # fmt: skip
    (one,) = facts.resolve(session, rule(on=on, when={"major": {"formula": "stage >= bd1 and rain > 30"}}))
    assert one.streams == (a["water-level"], near["rainfall-1h"])
    assert one.numbers == {"level:bd1": 1.2}
    assert one.name == "Trạm A"
    on["inputs"]["rain"] = {"property": "rainfall-1h", "thing": "R2"}
    assert len(facts.resolve(session, rule(on=on, when={"major": {"formula": "stage >= bd1 and rain > 30"}}))) == 2


def test_sensors_asked_together_are_as_guarded_as_the_most_guarded_of_them(session):
    thing(session, "A", {"pm25": {}}, lon=106.40, unit="1")
    thing(session, "B", {"pm25": {}}, lon=106.405, unit="1", sharing="restricted", agency=3)
    thing(session, "C", {"pm25": {}}, lon=106.50, unit="2")

    def found(**together):
        on = {"property": "pm25", "together": together}
        return subjects(session, rule(on=on, when={"major": {"above": 80, "agree": {"count": 2}}}))

    by_unit = found(by="unit")
    assert {key: len(one.inputs) for key, one in by_unit.items()} == {"area:1": 2, "area:2": 1}
    assert (by_unit["area:1"].sharing, by_unit["area:1"].agency_id) == ("restricted", 3)
    assert by_unit["area:2"].sharing == "open"
    everything = found(by="area")["area:all"]
    assert (len(everything.inputs), everything.sharing, everything.thing_id) == (3, "restricted", None)
    near = found(by="distance", metres=1000)
    assert sorted(len(one.inputs) for one in near.values()) == [1, 2, 2]
    assert all(one.thing_id is not None for one in near.values())


def test_one_thing_is_one_subject_of_absence(session):
    id_, ids = thing(session, "A", {"pm25": {"every_seconds": 60}, "water-level": {"every_seconds": 600}}, sector="air")
    (one,) = facts.resolve(
        session, rule(on={"each": "thing", "where": {"sector": "air"}}, when={"minor": {"absent": "1h"}})
    )
    assert (one.subject, set(one.streams)) == (f"thing:{id_}", set(ids.values()))


@pytest.mark.parametrize("reach", [40.0, 900.0, 30_000.0])
def test_the_nearest_is_that_of_measuring_every_pair(reach):
    random = np.random.default_rng(5)
    at = [
        (None, None) if i == 9 else (106.4 + x, 10.5 + y) for i, (x, y) in enumerate(random.normal(0, 0.05, (300, 2)))
    ]
    at[5] = at[6] = at[200]  # three at one place: the oldest is the nearest
    things = {i: ThingRow(i, f"T{i}", "", None, None, "open", False, x, y, None) for i, (x, y) in enumerate(at)}
    rows = [StreamRow(1000 + i, i, 1, "", None, None, "open") for i in range(0, 300, 2)]
    ground = facts.Ground(things, rows, {1: ("rainfall-1h", None, None)}, {}, of_property={"rainfall-1h": rows})
    found = facts._nearest(ground, "rainfall-1h", reach)
    for one in things.values():
        apart = [
            (facts.metres(one.lon, one.lat, other.lon, other.lat), row.id, row) for row in rows
            if (other := things[row.thing_id]).id != one.id and other.lon is not None and one.lon is not None
        ]  # fmt: skip
        nearest = min(
            (each for each in apart if each[0] <= reach), default=(None, None, None), key=lambda each: each[:2]
        )
        assert found.get(one.id) == nearest[2]


@pytest.mark.parametrize("reach", [0.0, 40.0, 900.0, 30_000.0])
def test_neighbours_are_those_of_measuring_every_pair(reach):
    random = np.random.default_rng(3)
    lon, lat = 106.4 + random.normal(0, 0.05, 700), 10.5 + random.normal(0, 0.05, 700)
    lon[5], lat[5] = lon[600], lat[600]  # two at one place
    found = [one.tolist() for one in facts.near(lon, lat, reach)]
    apart = [facts.metres(x, y, lon, lat) for x, y in zip(lon, lat, strict=True)]
    assert found == [np.flatnonzero(one <= reach).tolist() for one in apart]
    assert list(facts.near(lon[:0], lat[:0], reach)) == []
