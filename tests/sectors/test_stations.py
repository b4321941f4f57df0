"""Air, water and states of real stations in the database, by rollups and by raw observations."""

from datetime import date, datetime

import pytest
from sqlalchemy import select

from dothi.identity import guard
from dothi.kit import clock
from dothi.kit.clock import HOUR, SECOND
from dothi.sensing import air, ingest, rollup, service, state, water
from dothi.sensing.columns import Columns
from dothi.sensing.sectors import sectors
from dothi.sensing.tables import ObservationHour, Thing

NOW = clock.parse("2026-11-21T14:30:00+07:00")
END = clock.parse("2026-11-21T14:00:00+07:00")  # of the last whole hour
PM25 = [26.9, 24.7, 20.5, 23.5, 19.5, 16.5, 19.0, 16.5, 20.3, 22.4, 19.6, 20.6]


@pytest.fixture
def station(session):
    """station(code, {property: unit}, …) creates a thing and returns (thing id, {property: datastream id})."""

    def make(code, units, sharing="open", levels=None, lon=106.41, lat=10.54, **properties):
        taught = sectors()
        thing = service.ensure(session, guard.SYSTEM, "Thing", code, {
            "name": f"Trạm {code}", "description": code, "properties": {"sharing": sharing, **properties},
            "Locations": [{"name": code, "description": "", "encodingType": "application/geo+json",
                           "location": {"type": "Point", "coordinates": [lon, lat]}}],
        })  # fmt: skip
        sensor = service.ensure(session, guard.SYSTEM, "Sensor", "s", {
            "name": "s", "description": "", "encodingType": "application/json", "metadata": {"m": 1},
        })  # fmt: skip
        streams = {}
        for property_, unit in units.items():
            known = taught.properties.get(property_)
            observed = service.ensure(session, guard.SYSTEM, "ObservedProperty", property_, {
                "name": known.name.vi if known else property_, "description": "", "definition": "urn:x",
            })  # fmt: skip
            streams[property_] = service.ensure(session, guard.SYSTEM, "Datastream", f"{code}.{property_}", {
                "name": property_, "description": "", "unitOfMeasurement": {"name": unit, "symbol": unit, "definition": unit},
                "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
                "properties": {"levels": levels} if levels else {},
                "Thing": {"@iot.id": thing}, "Sensor": {"@iot.id": sensor}, "ObservedProperty": {"@iot.id": observed},
            })  # fmt: skip
        session.commit()
        return thing, streams

    return make


def put(session, stream, points):
    session.commit()
    receipt = ingest.put_now(Columns([stream] * len(points), [at for at, _ in points], [float(v) for _, v in points]))
    assert receipt.refused == []


def hourly(values, end=END):
    """One value in the middle of each hour, the last hour ending at `end`."""
    first = end - len(values) * HOUR
    return [(first + i * HOUR + HOUR // 2, v) for i, v in enumerate(values)]


@pytest.mark.parametrize("settled", [False, True], ids=["raw", "rolled up"])
def test_the_worked_example_from_the_database(session, station, settled):
    thing, streams = station("AQ1", {"pm25": "ug/m3", "no2": "ug/m3", "o3": "ug/m3"}, official=True, simulated=True)
    put(session, streams["pm25"], hourly(PM25))
    put(session, streams["no2"], hourly([118.7]))
    put(session, streams["o3"], hourly([136.1]))
    if settled:
        rollup.settle_all()
        assert session.scalars(select(ObservationHour.datastream_id)).first() is not None
    now = air.station_now(session, thing, NOW)
    assert (now.aqi, now.dominant, now.level.code, now.at) == (59, "no2", "moderate", END)
    assert [(part.property, part.index, part.averaging) for part in now.parts] == [
        ("no2", 59, "1h"), ("o3", 43, "1h"), ("pm25", 41, "nowcast"),
    ]  # fmt: skip
    assert (now.completeness, now.official, now.simulated, now.reason) == (1.0, True, True, None)


def test_the_same_without_and_with_a_correction_after_the_rollup(session, station):
    thing, streams = station("AQ1", {"pm25": "ug/m3"})
    put(session, streams["pm25"], hourly([30.0] * 12))
    rollup.settle_all()
    put(session, streams["pm25"], [(END - HOUR // 2, 90.0)])
    session.rollback()
    assert air.station_now(session, thing, NOW).parts[0].concentration > 40


def test_a_station_without_particles_has_no_index_and_says_why(session, station):
    thing, streams = station("AQ1", {"no2": "ug/m3"})
    assert air.station_now(session, thing, NOW).reason == "no-data"
    put(session, streams["no2"], hourly([50.0]))
    now = air.station_now(session, thing, NOW)
    assert (now.aqi, now.level, now.reason) == (None, None, "no-particles")
    assert now.parts[0].index == 25


def test_a_thing_that_measures_no_air_is_no_air_station(session, station):
    thing, _ = station("R1", {"water-level": "m"})
    assert air.station_now(session, thing, NOW) is None
    assert water.station_now(session, thing, NOW) is not None
    assert water.station_now(session, station("AQ1", {"pm25": "ug/m3"})[0], NOW) is None


def test_a_gas_in_ppb_becomes_a_concentration(session, station):
    thing, streams = station("AQ1", {"pm25": "ug/m3", "no2": "[ppb]"})
    put(session, streams["pm25"], hourly([10.0] * 12))
    put(session, streams["no2"], hourly([100.0]))  # 188 µg/m³
    part = air.station_now(session, thing, NOW).parts[0]
    assert (part.property, part.index) == ("no2", 94)
    assert part.concentration == pytest.approx(188.04, abs=0.01)


def test_an_implausible_hour_is_no_hour(session, station):
    thing, streams = station("AQ1", {"pm25": "ug/m3"})
    put(session, streams["pm25"], hourly([20.0] * 11 + [99_999.0]))
    now = air.station_now(session, thing, NOW)
    assert now.aqi == 40
    assert now.completeness == pytest.approx(11 / 12)


def test_hours_are_all_there_and_a_gap_is_no_zero(session, station):
    thing, streams = station("AQ1", {"pm25": "ug/m3"})
    put(session, streams["pm25"], hourly([20.0] * 12, end=END - 6 * HOUR))
    hours = air.station_hours(session, thing, 24, NOW)
    assert [hour.at for hour in hours] == [END - i * HOUR for i in range(23, -1, -1)]
    # two of the newest three hours are there until one hour after the last
    assert [hour.aqi for hour in hours[-8:]] == [40, 40, 40, None, None, None, None, None]
    assert hours[-8].values == {"pm25": 20.0}
    assert hours[-1].values == {}


def test_days_are_days_in_viet_nam(session, station):
    thing, streams = station("AQ1", {"pm25": "ug/m3"})
    midnight = clock.parse("2026-11-20T00:00:00+07:00")
    put(session, streams["pm25"], [(midnight + i * HOUR, 55.7) for i in range(24)])
    days = air.station_days(session, thing, 3, NOW)
    assert [(day.day, day.aqi, day.hours) for day in days] == [
        (date(2026, 11, 18), None, 0), (date(2026, 11, 19), None, 0), (date(2026, 11, 20), 110, 24),
    ]  # fmt: skip


@pytest.mark.parametrize(("year", "limit"), [(2025, 50), (2026, 45)])
def test_the_day_mean_stands_beside_the_limit_of_its_time(session, station, year, limit):
    thing, streams = station("AQ1", {"pm25": "ug/m3"})
    end = clock.micros(datetime(year, 11, 21, 14, tzinfo=clock.VIETNAM))
    put(session, streams["pm25"], hourly([47.0] * 24, end=end))
    found = {one.averaging: one for one in air.station_now(session, thing, end + 1).limits}
    assert (found["24h"].limit.value, found["24h"].mean, found["24h"].exceeded) == (limit, 47.0, limit < 47)


def test_the_list_of_stations_shows_what_the_caller_may_see(session, station):
    one, streams = station("AQ1", {"pm25": "ug/m3"})
    hidden, _ = station("AQ2", {"pm25": "ug/m3"}, sharing="restricted")
    station("R1", {"water-level": "m"})
    put(session, streams["pm25"], hourly([55.7] * 12))
    assert [(s.thing_id, s.aqi, s.level.code) for s in air.stations(session, guard.ANONYMOUS, NOW)] == [
        (one, 110, "poor")
    ]
    assert {s.thing_id for s in air.stations(session, guard.SYSTEM, NOW)} == {one, hidden}


LEVELS = {
    "bd1": {"value": 1.2, "certainty": "assumed"}, "bd2": {"value": 1.4, "certainty": "assumed"},
    "bd3": {"value": None, "certainty": "unknown", "note": "chưa rõ"},
}  # fmt: skip


def test_a_rising_river_above_alarm_two(session, station):
    thing, streams = station("R1", {"water-level": "m"}, levels=LEVELS, river="Vàm Cỏ Tây")
    put(session, streams["water-level"], [(NOW - i * 600 * SECOND, 1.5 - i * 0.05) for i in range(13)])
    now = water.station_now(session, thing, NOW)
    assert (now.value, now.state, now.alarm.code, now.river) == (1.5, "major", "bd2", "Vàm Cỏ Tây")
    assert now.trend == pytest.approx(0.3)
    assert now.direction == "rising"
    assert [(one.code, one.value, one.certainty, one.reached) for one in now.levels] == [
        ("bd1", 1.2, "assumed", True), ("bd2", 1.4, "assumed", True), ("bd3", None, "unknown", False),
    ]  # fmt: skip
    assert now.high == (NOW, 1.5)
    assert water.series(session, thing, NOW - HOUR, NOW + 1)[-1] == (NOW, 1.5)


def test_a_stage_in_centimetres_is_shown_in_metres(session, station):
    thing, streams = station("R1", {"water-level": "cm"}, levels=LEVELS)
    put(session, streams["water-level"], [(NOW, 145.0)])
    now = water.station_now(session, thing, NOW)
    assert now.value == pytest.approx(1.45)
    assert (now.state, now.trend, now.direction) == ("major", None, None)
    assert water.stations(session, guard.ANONYMOUS, NOW)[0].value == pytest.approx(1.45)


def test_a_station_whose_levels_are_unknown_is_not_judged(session, station):
    thing, streams = station("R1", {"water-level": "m"})
    put(session, streams["water-level"], [(NOW, 9.0)])
    now = water.station_now(session, thing, NOW)
    assert (now.state, now.judged, now.alarm) == ("normal", False, None)
    assert {one.certainty for one in now.levels} == {"unknown"}


def test_a_silent_station_is_offline_and_an_empty_one_has_no_data(session, station):
    thing, streams = station("R1", {"water-level": "m"}, levels=LEVELS)
    assert water.station_now(session, thing, NOW).state == "nodata"
    put(session, streams["water-level"], [(NOW - 2 * HOUR, 1.5)])
    now = water.station_now(session, thing, NOW)
    assert (now.state, now.value, now.alarm, now.age_s) == ("offline", 1.5, None, 7200)


def only(session, **options):
    return {one.code: one for one in state.states(session, options.pop("caller", guard.ANONYMOUS), at=NOW, **options)}


def test_the_worst_live_value_speaks_for_a_thing(session, station):
    _, streams = station("M1", {"pm25": "ug/m3", "noise": "dB[SPL]", "humidity": "%"}, simulated=True)
    put(session, streams["pm25"], [(NOW, 31.4)])
    put(session, streams["noise"], [(NOW, 86.0)])
    put(session, streams["humidity"], [(NOW - 20 * HOUR, 70.0)])
    one = only(session)["M1"]
    assert (one.state, one.property, one.value, one.text, one.sector) == ("major", "noise", 86.0, "86", "air")
    assert (one.simulated, one.streams, one.at, one.age_s, one.word) == (True, 3, NOW, 0, "Rất ồn")


def test_among_equals_the_sectors_headline_speaks(session, station):
    _, streams = station("M1", {"humidity": "%", "pm10": "ug/m3", "pm25": "ug/m3"})
    for stream in streams.values():
        put(session, stream, [(NOW, 20.0)])
    one = only(session)["M1"]
    assert (one.property, one.state, one.level, one.unit) == ("pm25", "normal", "good", "µg/m³")


def test_states_of_things_without_data_or_datastreams(session, station):
    station("M1", {"pm25": "ug/m3"})
    station("M2", {})
    _, streams = station("M3", {"pm25": "ug/m3"})
    put(session, streams["pm25"], [(NOW - 3 * HOUR, 20.0)])
    found = only(session)
    assert {code: one.state for code, one in found.items()} == {"M1": "nodata", "M2": "nodata", "M3": "offline"}
    assert (found["M1"].value, found["M1"].text, found["M3"].text) == (None, "", "20")


def test_a_last_will_makes_a_thing_offline_until_it_speaks_again(session, station):
    thing, streams = station("M1", {"pm25": "ug/m3"})
    put(session, streams["pm25"], [(NOW - HOUR, 20.0)])
    row = session.get(Thing, thing)
    row.connected, row.connected_at = False, NOW - HOUR // 2
    session.commit()
    assert only(session)["M1"].state == "offline"
    put(session, streams["pm25"], [(NOW, 20.0)])
    assert only(session)["M1"].state == "normal"


def test_states_respect_the_box_and_the_caller(session, station):
    station("M1", {"pm25": "ug/m3"}, lon=106.40)
    station("M2", {"pm25": "ug/m3"}, lon=106.60)
    station("M3", {"pm25": "ug/m3"}, sharing="restricted")
    assert set(only(session)) == {"M1", "M2"}
    assert set(only(session, bbox=(106.3, 10.0, 106.5, 11.0))) == {"M1"}
    assert set(only(session, caller=guard.SYSTEM)) == {"M1", "M2", "M3"}


def test_a_city_may_be_more_patient_than_the_pack(session, station):
    _, streams = station("M1", {"pm25": "ug/m3"})
    put(session, streams["pm25"], [(NOW - 3 * HOUR, 20.0)])
    service.update(
        session, guard.SYSTEM, "ObservedProperty", service.by_code(session, "ObservedProperty", "pm25"),
        {"properties": {"code": "pm25", "stale_minutes": 240}},
    )  # fmt: skip
    assert only(session)["M1"].state == "normal"


def test_values_are_judged_in_the_packs_unit(session, station):
    _, streams = station("M1", {"water-level": "cm"}, levels=LEVELS)
    put(session, streams["water-level"], [(NOW, 130.0)])
    one = only(session)["M1"]
    assert (one.state, one.level, one.value, one.text, one.unit) == ("minor", "bd1", 1.3, "1,30", "m")


def test_a_value_in_a_unit_that_cannot_be_is_shown_and_not_judged(session, station):
    """Real files say that temperature is in µg/m³."""
    _, streams = station("M1", {"air-temperature": "µg/m³"})
    put(session, streams["air-temperature"], [(NOW, 41.0)])
    one = only(session)["M1"]
    assert (one.state, one.judged, one.text, one.unit) == ("normal", False, "41,0", "µg/m³")


def test_a_property_no_pack_knows_is_shown_without_judgement(session, station):
    _, streams = station("M1", {"radon": "Bq/m3"})
    put(session, streams["radon"], [(NOW, 1234.5)])
    one = only(session)["M1"]
    assert (one.state, one.judged, one.text, one.unit, one.sector) == ("normal", False, "1.234,5", "Bq/m3", None)


@pytest.mark.parametrize(
    ("value", "decimals", "vi", "en"),
    [
        (1234567.891, 1, "1.234.567,9", "1,234,567.9"),
        (-0.04, 1, "0,0", "0.0"),
        (-1.5, 1, "\u22121,5", "\u22121.5"),
        (None, 1, "", ""),
    ],
)
def test_numbers_are_written_as_people_read_them(value, decimals, vi, en):
    assert (state.number(value, decimals), state.number(value, decimals, "en")) == (vi, en)


@pytest.mark.parametrize(
    ("points", "slope", "word"),
    [([(0, 1.0), (HOUR, 1.2), (2 * HOUR, 1.4)], 0.2, "rising"), ([(0, 1.4), (HOUR, 1.2), (2 * HOUR, 1.0)], -0.2, "falling"),
     ([(0, 1.0), (HOUR, 1.01), (2 * HOUR, 1.0)], 0.0, "steady"), ([(0, 1.0), (HOUR, 2.0)], None, None), ([], None, None)],
)  # fmt: skip
def test_a_trend_is_the_slope_of_the_last_hours(points, slope, word):
    assert water.trend(points) == (None if slope is None else pytest.approx(slope))
    assert water.direction(water.trend(points)) == word
