"""A network imported, replaced, returned to; its vehicles followed; what citizens and programs are shown of it."""

import datetime as dt

import pytest

from dothi import app
from dothi.db import session as db
from dothi.identity import guard
from dothi.identity.guard import ANONYMOUS, Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, DothiError, NotAllowed, NotFound
from dothi.transit import chores, departing, exporting, following, heard_store, opening, parsing, service, store
from tests.transit.feed import FILES, message, zipped
from tests.web.asking import Asking

CODE = "thu"
EVENING = dt.datetime(2026, 11, 23, 23, 50, tzinfo=clock.VIETNAM)
MORNING = dt.datetime(2026, 11, 24, 7, 0, tzinfo=clock.VIETNAM)
STEWARD = Caller("person", 7, "Người nạp", 3, within=frozenset({("data:write", 3), ("data:read", 3)}))


@pytest.fixture
def at(monkeypatch):
    """Have it be this moment."""

    def go(moment):
        monkeypatch.setattr(clock, "source", lambda: moment)
        return clock.micros(moment)

    return go


@pytest.fixture(scope="module")
def town(standing):
    with db.writing() as session:
        service.follow(session, guard.SYSTEM, CODE, "Xe thử", simulated=True, source="tự làm")
        service.take(session, guard.SYSTEM, CODE, service.read("x.zip", zipped()))
        service.follow(session, guard.SYSTEM, "kin", "Tuyến nội bộ kín", sharing="restricted", agency_id=3)
        service.take(session, guard.SYSTEM, "kin", service.read("k.zip", zipped()))
    return Asking(app.create_app())


def board(now, stop="S2"):
    with db.reading() as session:
        feed = store.feed(session, ANONYMOUS, CODE)
        version = store.version(session, feed.version_id)
        numbers = [
            one.number for one in store.platforms(session, version.id, store.stop(session, version.id, stop).number)
        ]
        return departing.next_ones(session, feed, version, numbers, now)


def told(one):
    return one.trip_id, f"{clock.moment(one.at).astimezone(clock.VIETNAM):%d %H:%M:%S}", one.by


def test_a_journey_after_midnight_belongs_to_the_evening_before_and_a_holiday_has_its_own(town, at):
    assert [told(one) for one in board(at(EVENING))] == [("DEM", "24 00:15:00", "")]
    after = EVENING + dt.timedelta(minutes=20)
    assert [told(one) for one in board(at(after))] == [("DEM", "24 00:15:00", "")]
    noon = dt.datetime(2026, 11, 23, 9, 50, tzinfo=clock.VIETNAM)
    runs = board(at(noon))
    assert [(told(one)[1], one.about) for one in runs] == [
        ("23 10:05:00", True),
        ("23 10:25:00", True),
        ("23 10:45:00", True),
    ]
    assert board(at(dt.datetime(2026, 9, 2, 6, 50, tzinfo=clock.VIETNAM))) == []
    holiday = board(at(dt.datetime(2026, 9, 2, 6, 50, tzinfo=clock.VIETNAM)), "G")  # the station knows its platforms
    assert [told(one)[0] for one in holiday] == ["TET"]


def test_vehicles_are_followed_and_what_was_seen_is_held_against_the_timetable(town, at):
    start = at(MORNING)
    second = start // clock.SECOND

    def hear(moment, **said):
        now = at(MORNING + dt.timedelta(seconds=moment))
        with db.writing() as session:
            return following.take(session, guard.SYSTEM, CODE, message(second + moment, **said), now)

    day = "20261124"
    assert hear(0, vehicles=[("T7", day, 1, True, 10.53)]).matched == 1
    assert hear(60, vehicles=[("T7", day, 2, False, 10.531)]).passages == 1  # left the first stop a minute late
    assert hear(60, vehicles=[("T7", day, 2, False, 10.531)]).state == "old"
    assert told(board(at(MORNING + dt.timedelta(seconds=70)))[0]) == ("T7", "24 07:06:00", "position")
    late = hear(150, vehicles=[("T7", day, 0, False, 10.5325)])  # says no stop: it still comes to the second
    assert (late.matched, late.passages) == (1, 0)
    assert hear(200, updates=[("T7", day, {1: 0, 2: None})]).matched == 1
    assert board(at(MORNING + dt.timedelta(seconds=200)))[0].cancelled
    assert hear(210, updates=[("T7", day, None), ("LA", day, {1: 5})]).unmatched == 1
    assert [one.cancelled for one in board(at(MORNING + dt.timedelta(seconds=210))) if one.trip_id == "T7"] == [True]
    assert hear(320, vehicles=[("T7", day, 0, False, 10.53401)]).passages == 1  # and is there: its position says so
    done = hear(400, updates=[("T7", day, {2: 420, 3: 480})], alert="Đường ngập")
    assert (done.updates, done.notices) == (1, 1)
    assert told(board(at(MORNING + dt.timedelta(seconds=400)))[0]) == ("T7", "24 07:12:00", "update")
    with db.reading() as session:
        feed = store.feed(session, ANONYMOUS, CODE)
        rows = heard_store.punctuality(session, feed.id, start - clock.HOUR, start + clock.HOUR, "stop")
    first = next(one for one in rows if one["stop"] == "S1")
    assert (first["calls"], first["on_time"], first["delay"], first["simulated"]) == (1, 1, 60.0, True)
    assert chores.keep_hours(CODE, start, start + clock.HOUR) == 0  # this city has no such dataset, and nothing breaks


def test_a_new_timetable_replaces_whole_or_not_at_all_and_the_old_one_can_be_returned_to(town, at):
    at(MORNING)
    with db.writing() as session:
        assert service.take(session, guard.SYSTEM, CODE, service.read("x.zip", zipped())).version is None
        made = service.read("y.zip", zipped(stops=FILES["stops.txt"].replace("Chợ Đình", "Chợ mới")))
        assert service.take(session, guard.SYSTEM, CODE, made).version == 2
    assert "Chợ mới" in town.get("/transit?q=cho+moi").text
    other = service.read("z.zip", zipped(agency="agency_name\nKhác\n"))
    with pytest.raises(RuntimeError), db.writing() as session:  # noqa: PT012 - the transaction is what breaks
        service.take(session, guard.SYSTEM, CODE, other)
        raise RuntimeError
    with pytest.raises(BadInput), db.writing() as session:
        service.take(
            session, guard.SYSTEM, CODE, service.read("z.zip", zipped(stop_times="trip_id,stop_id,stop_sequence\n"))
        )
    with db.writing() as session:
        assert [one.number for one in store.versions(session, store.feed(session, ANONYMOUS, CODE).id)] == [2, 1]
        service.return_to(session, guard.SYSTEM, CODE, 1)
        with pytest.raises(BadInput):
            service.return_to(session, guard.SYSTEM, CODE, 9)
    assert "/transit/stops/thu:S2" in town.get("/transit?q=CHO+DINH").text


def test_an_expired_calendar_holds_only_when_somebody_says_so_and_every_page_tells(town, at):
    now = at(dt.datetime(2028, 3, 7, 6, 50, tzinfo=clock.VIETNAM))  # a Tuesday
    assert board(now) == []
    page = "/transit/stops/thu:S2"
    assert "đã hết hạn ngày 31/12/2026" in town.get(page).text
    with db.writing() as session:
        assert service.take_as_current(session, guard.SYSTEM, CODE) % 7 == 0
    assert [told(one)[0] for one in board(now)] == ["T7"]
    for address in (page, "/transit", "/transit/lines/thu:R1"):
        assert "tạm coi như còn hiệu lực" in town.get(address).text, address
    with db.reading() as session:
        feed = store.feed(session, ANONYMOUS, CODE)
        body = exporting.gtfs(session, feed, store.version(session, feed.version_id))
    handed = parsing.parse(opening.of_bytes("e.zip", body))
    assert handed.begins <= now // clock.DAY + 719_163 <= handed.ends
    with db.writing() as session:
        assert service.take_as_current(session, guard.SYSTEM, CODE, undo=True) == 0
    assert board(now) == []


def test_what_is_handed_on_is_what_was_taken_in(town, at):
    at(MORNING)
    handed = parsing.parse(opening.of_bytes("e.zip", town.get("/gtfs/thu.zip").content))
    taken = parsing.parse(opening.of_bytes("x.zip", zipped()))
    assert handed.findings.found == {"time-missing": 1}
    for part in ("stops", "lines", "trips", "calls", "services", "shapes", "agencies"):
        assert getattr(handed, part) == getattr(taken, part), part
    second = clock.now_micros() // clock.SECOND
    body = message(second + 7200, vehicles=[("T7", "20261124", 2, True, 10.534)])
    with db.writing() as session:
        following.take(session, guard.SYSTEM, CODE, body, at(MORNING + dt.timedelta(hours=2)))
    from google.transit import gtfs_realtime_pb2 as pb

    said = pb.FeedMessage.FromString(town.get("/gtfs/thu/vehicle-positions.pb").content)
    assert [(one.vehicle.trip.trip_id, one.vehicle.trip.start_date) for one in said.entity] == [("T7", "20261124")]
    assert town.get("/transit/vehicles.geojson").json()["features"][0]["properties"]["simulated"] is True


def test_pages_programs_and_wrong_questions(town, at):
    at(EVENING)
    for path in (
        "/transit",
        "/transit/feeds",
        "/transit/lines/thu:R1",
        "/transit/stops/thu:S2",
        "/transit/stops/thu:G?lang=en",
    ):
        found = town.get(path, headers={"accept": "text/html"})
        assert found.status_code == 200, path
        assert "mô phỏng" in found.text.lower() or "simulated" in found.text.lower(), path
    stop = town.get("/transit/stops/thu:S2.json").json()
    assert [(one["planned"], one["state"]) for one in stop["departures"]] == [("2026-11-23T17:15:00.000Z", "planned")]
    line = town.get("/transit/lines/thu:R1.json?day=2026-11-24").json()
    assert line["directions"][0]["hours"][0] == ["07", ["00"]]
    assert line["directions"][0]["hours"][-1] == ["00⁺¹", ["10"]]
    near = town.get("/transit.json?near=10.5341,106.41").json()["stops"]
    assert [one["name"] for one in near][:1] == ["Chợ Đình"]
    assert near[0]["metres"] < 20
    assert len(town.get("/transit/stops.geojson?bbox=106.4,10.533,106.42,10.535").json()["features"]) == 1
    for path, status in (
        ("/transit?near=xa", 400), ("/transit/stops.geojson?bbox=1,2", 400), ("/transit/lines/thu:R1?day=mai", 400),
        ("/transit/stops/thu:KHONG", 404), ("/transit/stops/khong", 404), ("/transit/lines/kin:R1", 404), ("/gtfs/kin.zip", 404),
        ("/gtfs/kin/vehicle-positions.pb", 404), ("/transit/style.json?line=kin:R1", 404), ("/transit/stops/kin:S1.json", 404),
    ):  # fmt: skip
        assert town.get(path).status_code == status, path
    for path in (
        "/transit",
        "/transit.json",
        "/transit/feeds",
        "/transit/stops.geojson",
        "/transit/lines.geojson",
        "/transit/style.json",
    ):
        assert "kin:" not in town.get(path).text, path
        assert "nội bộ kín" not in town.get(path).text, path


def test_who_may_bring_a_timetable_in(town):
    with db.writing() as session:
        for caller, code, wrong in (
            (ANONYMOUS, CODE, DothiError),
            (ANONYMOUS, "kin", NotFound),
            (STEWARD, CODE, NotAllowed),
        ):
            with pytest.raises(wrong):
                service.held(session, caller, code)
        assert service.held(session, STEWARD, "kin").code == "kin"
        with pytest.raises(NotAllowed):
            service.follow(session, STEWARD, "moi", "Mới")
        assert service.follow(session, STEWARD, "moi", "Mới", agency_id=3).agency_id == 3
        with pytest.raises(BadInput) as told_:
            service.follow(
                session, guard.SYSTEM, "Sai Mã", " ", url="ftp://x", realtime={"xe": "http://x.vn"}, seconds=1
            )
        assert {one.place for one in told_.value.faults} == {"code", "title", "url", "realtime", "seconds"}
        with pytest.raises(BadInput):
            following.take(session, guard.SYSTEM, CODE, b"khong phai", clock.now_micros())


def test_a_vehicle_that_says_only_its_line_is_placed_told_as_an_estimate_and_never_counted(town, at):
    from google.transit import gtfs_realtime_pb2 as pb

    noon = MORNING + dt.timedelta(hours=3, minutes=3)
    now = at(noon)  # three minutes into the run by frequency of ten o'clock
    said = pb.FeedMessage()
    said.header.gtfs_realtime_version, said.header.timestamp = "2.0", now // clock.SECOND
    one = said.entity.add(id="1").vehicle
    one.trip.route_id, one.vehicle.id = "R1", "xe-9"
    one.position.latitude, one.position.longitude = 10.5320, 106.41  # half way to the second stop: due at 10:02:30
    with db.writing() as session:
        done = following.take(session, guard.SYSTEM, CODE, said.SerializeToString(), now)
    assert (done.matched, done.placed, done.unmatched, done.passages) == (0, 1, 0, 0)
    first = next(one for one in board(now) if one.trip_id == "F" and one.by)
    assert (first.by, first.run, first.delay) == ("placed", 10 * 3600, 30)
    with db.reading() as session:
        feed = store.feed(session, ANONYMOUS, CODE)
        vehicle = next(one for one in heard_store.vehicles(session, feed.id) if one.vehicle == "xe-9")
        assert (vehicle.matched, vehicle.behind, vehicle.sequence) == (False, 30, 2)
        sent = pb.FeedMessage()
        sent.ParseFromString(exporting.positions(session, feed, now))
    ours = next(one.vehicle for one in sent.entity if one.id == "xe-9")
    assert (ours.trip.route_id, ours.trip.trip_id) == ("R1", "")  # nobody said which trip: we do not say it for them
