"""The simulated operator says what a real one would: a feed without a fault, vehicles of its own trips, on their way."""

import datetime as dt

from dothi.kit import clock
from dothi.simulate import buses, network
from dothi.transit import opening, parsing, realtime


def test_the_simulated_buses_keep_to_their_own_timetable():
    net = buses.drawn("tan-an")
    made = parsing.parse(opening.of_bytes("b.zip", buses.timetable(net, dt.date(2026, 11, 23))))
    assert made.findings.found == {}
    assert len(made.lines) == 3
    assert any(one["last"] > 24 * 3600 for one in made.trips)
    trips, seen = {one["trip_id"] for one in made.trips}, set()
    spots = {one.pattern.line: one.pattern.points for one in net.trips}
    for minutes in range(0, 60, 2):
        now = clock.micros(dt.datetime(2026, 11, 23, 7, minutes, tzinfo=clock.VIETNAM))
        heard = realtime.decode(buses.message(net, now), now)
        assert heard.refused == []
        assert {one.of.trip_id for one in heard.vehicles} | {one.of.trip_id for one in heard.updates} <= trips
        seen |= {one.of.route_id for one in heard.vehicles}
        for one in heard.vehicles:
            near = min(network.metres((one.lon, one.lat), point) for point in spots[one.of.route_id])
            assert near < 1500  # on its own line, whose points lie up to some kilometres apart
    assert seen == {"MP1", "MP2", "MP3"}
    assert all("mô phỏng" in one.header["vi"] for one in heard.notices)


def test_a_city_nobody_planned_buses_for_has_none():
    assert buses.drawn("ben-luc") is None
