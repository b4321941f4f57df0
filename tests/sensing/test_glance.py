"""What the pages show of the city: the newest values, and series whose buckets are what the raw values give."""

from collections import defaultdict

from dothi.identity.guard import ANONYMOUS, SYSTEM
from dothi.kit import clock
from dothi.kit.clock import DAY, HOUR, SECOND
from dothi.sensing import glance, ingest, rollup
from dothi.sensing.columns import Columns
from dothi.sensing.tables import Datastream, ObservedProperty, Thing
from tests.sensing.city import streams

MINUTE = 60 * SECOND
START = clock.parse("2026-10-05T00:00:00Z")


def put(stream: int, at: list[int], values: list[float | None]) -> None:
    receipt = ingest.put_now(Columns([stream] * len(at), at, values))
    assert receipt.accepted == len(at)


def test_a_thing_comes_with_the_newest_value_of_each_datastream(session):
    d, other, _ = streams(session)
    put(d, [START, START + HOUR], [5.0, 7.5])
    (thing,) = glance.things(session, ANONYMOUS)
    assert [s.id for s in thing.streams] == [d, other, other + 1]
    assert (thing.streams[0].result, thing.streams[0].at, thing.streams[0].count) == (7.5, START + HOUR, 2)
    assert (thing.streams[1].result, thing.streams[1].at, thing.streams[1].count) == (None, None, 0)
    assert thing.last_at == START + HOUR
    assert glance.thing(session, ANONYMOUS, thing.id).name == "Trạm"
    assert glance.thing(session, ANONYMOUS, thing.id + 1) is None


def test_things_are_found_by_box_words_property_and_number(session):
    d, *_ = streams(session)
    thing = session.get(Thing, session.get(Datastream, d).thing_id)
    thing.lon, thing.lat = 106.41, 10.53
    session.get(ObservedProperty, session.get(Datastream, d).observed_property_id).code = "pm25"
    session.add(Thing(name="Cầu Tân An", name_folded="cau tan an", description="", sharing="open", lon=106.5, lat=10.6))
    session.commit()

    def names(**asked) -> list[str]:
        return [t.name for t in glance.things(session, ANONYMOUS, **asked)]

    assert names() == ["Cầu Tân An", "Trạm"]
    assert names(box=(106.4, 10.5, 106.45, 10.55)) == ["Trạm"]
    assert names(words="tan an") == names(words="Tân An") == ["Cầu Tân An"]
    assert names(words="100%") == []
    assert names(properties=["pm25"]) == ["Trạm"]
    assert names(limit=1) == ["Cầu Tân An"]
    assert names(ids=[thing.id]) == ["Trạm"]


def test_a_caller_sees_only_what_is_shared_with_them(session):
    d, *_ = streams(session)
    put(d, [START], [5.0])
    thing = session.get(Thing, session.get(Datastream, d).thing_id)
    thing.simulated = True
    session.commit()
    assert glance.any_simulated(session, ANONYMOUS)
    assert glance.totals(session, ANONYMOUS)[:2] == (1, 1)
    assert glance.stream_of(session, ANONYMOUS, d)[0] == thing.id
    thing.sharing = "restricted"
    for one in session.query(Datastream):
        one.sharing = "restricted"
    session.commit()
    assert glance.things(session, ANONYMOUS) == []
    assert not glance.any_simulated(session, ANONYMOUS)
    assert glance.totals(session, ANONYMOUS) == (0, 0, None)
    assert glance.stream_of(session, ANONYMOUS, d) is None
    assert glance.stream_of(session, SYSTEM, d) is not None
    assert glance.stream_of(session, SYSTEM, d + 1000) is None


def plain(at: list[int], values: list[float | None], width: int) -> dict[int, tuple[float, float, float]]:
    """The slow twin: mean, least and greatest of each bucket that has a number."""
    buckets: dict[int, list[float]] = defaultdict(list)
    for moment, value in zip(at, values, strict=True):
        if value is not None:
            buckets[moment - moment % width].append(value)
    return {b: (sum(v) / len(v), min(v), max(v)) for b, v in buckets.items()}


def test_few_observations_are_shown_themselves_and_nothing_is_never_zero(session):
    d, *_ = streams(session)
    put(d, [START, START + HOUR, START + 2 * HOUR], [1.0, None, 3.0])
    series = glance.series(session, d, START, START + 2 * HOUR)
    assert (series.step, series.at, series.value) == (0, [START, START + HOUR], [1.0, None])


def test_many_observations_become_buckets_of_whole_minutes(session):
    d, *_ = streams(session)
    at = [START + i * 20 * SECOND for i in range(600)]
    values = [None if i % 50 == 7 else float(i % 37) for i in range(600)]
    put(d, at, values)
    series = glance.series(session, d, START, START + 200 * MINUTE, points=100)
    assert series.step == 2 * MINUTE
    expected = plain(at, values, series.step)
    assert series.at == sorted(expected)
    for moment, mean, low, high in zip(series.at, series.value, series.low, series.high, strict=True):
        assert abs(mean - expected[moment][0]) < 1e-9
        assert (low, high) == expected[moment][1:]


def test_a_long_stretch_is_read_from_the_hours(session):
    d, *_ = streams(session)
    at = [START + i * 30 * MINUTE for i in range(24 * 2 * 20)]
    values = [float(i % 11) for i in range(len(at))]
    put(d, at, values)
    rollup.settle_all()
    series = glance.series(session, d, START, START + 20 * DAY, points=100)
    assert series.step == 5 * HOUR
    expected = plain(at, values, series.step)
    assert series.at == sorted(expected)
    for moment, mean, low, high in zip(series.at, series.value, series.low, series.high, strict=True):
        assert abs(mean - expected[moment][0]) < 1e-9
        assert (low, high) == expected[moment][1:]


def test_days_count_in_local_time(session):
    d, *_ = streams(session)
    vietnam = 7 * HOUR
    midnight = clock.parse("2026-10-04T17:00:00Z")  # 00:00 of 5 October in Vietnam
    put(d, [midnight - MINUTE, midnight, midnight + MINUTE, midnight + HOUR], [1.0, 2.0, 3.0, 4.0])
    days = glance.days(session, d, midnight - DAY, midnight + DAY, vietnam)
    assert days == {midnight - DAY: (1, 1), midnight: (3, 2)}


def test_a_thing_without_values_has_no_newest(session):
    streams(session)
    (thing,) = glance.things(session, ANONYMOUS)
    assert thing.last_at is None
