"""A timetable is read whole or its faults are said by name; every row is accepted or refused."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dothi.kit.errors import BadInput
from dothi.transit import departing, opening, osm, parsing, values
from dothi.transit.faults import KINDS
from tests.archives import damaged
from tests.transit.feed import FILES, zipped


def read(**changes):
    return parsing.parse(opening.of_bytes("x.zip", zipped(**changes)))


def test_a_good_feed_is_read_whole_with_a_byte_order_mark_and_columns_nobody_knows():
    made = read()
    assert {name: one["refused"] for name, one in made.findings.counts.items()} == dict.fromkeys(FILES, 0)
    assert made.findings.found == {"unused-column": 1, "time-missing": 1}
    stops = {one["stop_id"]: one for one in made.stops}
    assert stops["S1"]["parent"] == stops["G"]["number"]
    assert stops["S2"]["folded"].startswith("cho dinh")
    between = next(one for one in made.calls if one.trip == 0 and one.sequence == 2)
    assert (between.departure, between.exact) == (values.seconds("07:05:00"), False)
    assert values.seconds("24:15:00") == 87_300
    assert made.trips[2]["frequencies"] == [[36_000, 39_600, 1200, 0]]
    assert made.services["HN"].runs(values.day("20260901"))
    assert not made.services["HN"].runs(values.day("20260902"))
    assert made.services["LE"].runs(values.day("20260902"))


def row(file, text):
    return {file.removesuffix(".txt"): FILES[file] + text}


@pytest.mark.parametrize(
    ("changes", "kind", "place"),
    [
        ({"agency": None}, "missing-file", "agency.txt:0"),
        ({"agency": "agency_name,agency_timezone\nX,Sao/Hoa\n"}, "timezone", "agency.txt:2 agency_timezone Sao/Hoa"),
        (row("stops.txt", "S9,Không nơi,0,0\n"), "bad-position", "stops.txt:6 stop_lat,stop_lon 0,0"),
        (row("stops.txt", "S2,Lần nữa,10.5,106.4\n"), "duplicate-key", "stops.txt:6 stop_id S2"),
        (row("stops.txt", "S9,,10.5,106.4\n"), "name-missing", "stops.txt:6 stop_name"),
        (row("stops.txt", "S9,Lạc,10.5,106.4,0,KHONG\n"), "station-missing", "stops.txt:6 parent_station KHONG"),
        (row("stops.txt", "S9,a,10.5,106.4,0,,1,2,3\n"), "broken-row", "stops.txt:6  9 values"),
        (row("routes.txt", "R2,A,02,,xe,\n"), "bad-number", "routes.txt:3 route_type xe"),
        (row("routes.txt", "R2,A,02,,3,đỏ\n"), "bad-colour", "routes.txt:3 route_color đỏ"),
        (row("calendar.txt", "X,1,1,1,1,1,1,1,20261301,20261231\n"), "bad-date", "calendar.txt:3 start_date 20261301"),
        (row("trips.txt", "KHONG,HN,T9,,0\n"), "no-such", "trips.txt:6 route_id KHONG"),
        (row("trips.txt", "R1,HN,T9,,7\n"), "bad-choice", "trips.txt:6 direction_id 7"),
        (row("stop_times.txt", "T7,7h15,7h15,S2,4\n"), "bad-time", "stop_times.txt:13 arrival_time 7h15"),
        (row("stop_times.txt", "T7,06:00:00,06:00:00,S2,4\n"), "time-goes-back", "stop_times.txt:13 arrival_time 06:00:00–06:00:00"),
        (row("frequencies.txt", "F,12:00:00,11:00:00,600,0\n"), "bad-time", "frequencies.txt:3 start_time,end_time 12:00:00,11:00:00"),
        ({"calendar": None, "calendar_dates": None}, "missing-file", "calendar.txt:0"),
        ({"frequencies": FILES["frequencies.txt"].replace("exact_times", "chuyen_phu")}, "unknown-column", "frequencies.txt:1 chuyen_phu"),
        ({"shapes": "shape_id,shape_pt_lat\nx,1\n"}, "missing-column", "shapes.txt:1 shape_pt_lon"),
    ],
)  # fmt: skip
def test_each_fault_has_a_name_and_a_place(changes, kind, place):
    made = read(**changes)
    found = [one for one in made.findings.listed if one.kind == kind]
    said = [f"{one.file}:{one.row} {one.field} {one.value}".strip() for one in found]
    assert place in said, said
    assert kind in KINDS
    if KINDS[kind] == "refused":
        assert sum(one["refused"] for one in made.findings.counts.values()) >= 1


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.integers(0, 400), st.text(max_size=6))
def test_whatever_is_in_a_file_every_row_is_accepted_or_refused(name, at, text):
    body = FILES[name]
    at = min(at, len(body))
    made = read(**{name.removesuffix(".txt"): body[:at] + text + body[at + len(text) :]})
    for one in made.findings.counts.values():
        assert one["read"] == one["accepted"] + one["refused"]
        assert one["refused"] >= 0
    assert all(0 <= one.trip < len(made.trips) and 0 <= one.stop < len(made.stops) for one in made.calls)


def test_what_is_no_feed_is_refused_in_words():
    for body in (b"", b"PK\x03\x04 nonsense", zipped(stops=None), damaged(*FILES)):
        with pytest.raises(BadInput) as told:
            opening.of_bytes("x.zip", body)
        assert told.value.faults[0].allowed
    with pytest.raises(BadInput, match=r"stops\.txt:1 is no header"):
        read(stops='"' + "x" * 2_000_000)


def test_many_files_that_unpack_to_too_much_together_are_refused(monkeypatch):
    monkeypatch.setattr(opening, "LARGEST", max(map(len, FILES.values())) + 10)
    with pytest.raises(BadInput, match="unpacked"):
        read()


def test_a_trip_by_frequency_leaves_every_so_often_until_its_end():
    assert list(departing.runs([[36_000, 39_600, 1200, 0]], 36_100, 50_000)) == [(37_200, True), (38_400, True)]
    assert list(departing.runs([[36_000, 39_600, 1200, 1]], 0, 36_000)) == [(36_000, False)]


def test_openstreetmap_gives_lines_and_stops_without_times_and_a_bare_node_does_not_hide_its_name():
    elements = [
        {"type": "node", "id": 1, "lat": 10.0, "lon": 105.7, "tags": {"name": "Bến Ninh Kiều", "highway": "bus_stop"}},
        {"type": "node", "id": 2, "lat": 10.01, "lon": 105.7},
        {"type": "node", "id": 1, "lat": 10.0, "lon": 105.7},
        {"type": "node", "id": 3, "lat": 10.02, "lon": 105.7},
        {"type": "way", "id": 7, "nodes": [2, 1]}, {"type": "way", "id": 8, "nodes": [2, 3]},
        {"type": "relation", "id": 9, "tags": {"route": "bus", "ref": "09", "name": "A – B", "to": "B"},
         "members": [{"type": "node", "ref": 1, "role": "platform"}, {"type": "node", "ref": 5, "role": "platform"},
                     {"type": "node", "ref": 3, "role": "platform_exit_only"},
                     {"type": "way", "ref": 7, "role": ""}, {"type": "way", "ref": 8, "role": ""}]},
    ]  # fmt: skip
    made = osm.parse("x.json", json.dumps({"elements": elements}).encode())
    assert [one["name"] for one in made.stops] == ["Bến Ninh Kiều", "OSM 3"]
    assert made.shapes["9"] == [[105.7, 10.0], [105.7, 10.01], [105.7, 10.02]]
    assert [(one.sequence, one.departure) for one in made.calls] == [(1, None), (2, None)]
    assert made.findings.counts["member"] == {"read": 3, "accepted": 2, "refused": 1}


def test_a_vehicle_that_names_its_line_alone_is_placed_on_the_run_nearest_in_time():
    from dothi.transit.placing import Point, Run, Spot, place

    def run(trip, now, start=0):
        way = tuple(Point(n, 600 * n, 10.5 + 0.01 * n, 106.4) for n in range(4))
        return Run(trip, 1, start, now, way)

    early, late = run("A", 700), run("B", 1900)  # a third and more than the whole of the first two ways
    near = Spot("xe-1", 10.512, 106.4, None)  # where the timetable has a run at second 720
    assert place([near], [early, late])["xe-1"].run.trip_id == "A"
    found = place([near], [early, late])["xe-1"]
    assert (found.sequence, found.behind) == (2, -20)
    two = place([near, Spot("xe-2", 10.513, 106.4, None)], [early, late])  # each run once, together the nearest
    assert {name: one.run.trip_id for name, one in two.items()} == {"xe-1": "A", "xe-2": "B"}
    assert place([Spot("x", 10.512, 106.404, None)], [early]) == {}  # 430 m off the way
    assert place([near], [run("C", 5000)]) == {}  # more than an hour behind: it is another's
    back = Run("D", 1, 0, 720, tuple(Point(n, 600 * n, 10.53 - 0.01 * n, 106.4) for n in range(4)))
    heading = Spot("x", 10.517, 106.4, 180.0)
    assert place([heading], [run("A", 1020), back])["x"].run.trip_id == "D"
    stays = Spot("x", 10.512, 106.4, None, ("B", 1, 0))
    assert place([stays], [run("A", 720), run("B", 850)])["x"].run.trip_id == "B"
