"""Crews are sent out, do their jobs, and the cases follow; who may, what is told, what two people at once are told."""

import pytest

from dothi.cases import crews, jobs, parcels, planning, positions, privacy, reading
from dothi.cases import field_store as store
from dothi.cases import service as cases
from dothi.cases.jobs import Meanwhile, Part
from dothi.cases.tables import Case, CaseFile, CrewPosition, Job
from dothi.config import settings
from dothi.identity.guard import ANONYMOUS, sees_entries
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, NotAllowed, NotFound, PreconditionFailed
from tests.cases import scene as base
from tests.field import scene


@pytest.fixture
def city(session):
    return scene.city(session)


def planned(session, city, place=0, crew=None, day=None, **more):
    case = scene.lamp(session, city, place, **more)
    return planning.plan(
        session, city.dispatcher, case.id, (crew or city.crew).id, day or jobs.today(), version=case.version
    )


def numbers(lines):
    return [one.number for one in lines]


def test_a_job_goes_out_and_its_case_is_resolved_with_the_photo_after(session, city):
    job = planned(session, city)
    case = session.get(Case, job.case_id)
    assert (job.state, job.position, case.state, case.crew_id) == ("planned", 1, "assigned", city.crew.id)
    assert numbers(jobs.mine(session, city.worker, job.day)[0]) == [case.number]
    jobs.go(session, city.worker, job.id)
    jobs.begin(session, city.worker, job.id, version=job.version)
    assert (job.state, case.state) == ("working", "working")
    with pytest.raises(BadInput) as refused:
        jobs.finish(session, city.worker, job.id, " ")
    assert {one.place for one in refused.value.faults} == {
        "text", "check.safe", "check.before", "check.repair", "check.test", "check.after",
    }  # fmt: skip
    for code in ("safe", "repair", "test"):
        jobs.tick(session, city.worker, job.id, code, note="đã cắt nhánh" if code == "safe" else "")
    jobs.attach(session, city.worker, job.id, scene.prepared("truoc.jpg"), kind="before", code="before")
    after = jobs.attach(
        session,
        city.worker,
        job.id,
        scene.prepared("sau.jpg", colour=(250, 240, 200)),
        kind="after",
        code="after",
        public=True,
    )
    signed = jobs.sign(session, city.worker, job.id, "Bà Lê Thị Ký", scene.prepared("ky.png", kind="PNG"))
    jobs.work(session, city.worker, job.id, parts=[Part("Bóng LED 60 W", 1, "cái")], note="trụ 36")
    jobs.finish(session, city.worker, job.id, "Đã thay bóng, đèn sáng lại", minutes=35)
    session.commit()
    assert (job.state, job.minutes, case.state) == ("done", 35, "resolved")
    assert (after.public, signed.kind, signed.public, job.signed_by) == (True, "signature", False, "Bà Lê Thị Ký")
    did = [(one.data or {}).get("did") for one in reading.entries(session, case, True) if one.kind == "job"]
    assert did == ["planned", "going", "working", "done"]
    public = reading.entries(session, case, False)
    assert [one.text for one in public if one.step == "resolve"] == ["Đã thay bóng, đèn sáng lại"]
    assert not [one for one in public if one.kind == "job"]
    told = str(journal.read(session, sees=sees_entries(ANONYMOUS), kinds=["cases"]))
    assert "cases.job" not in told
    inside = str(journal.read(session, sees=sees_entries(city.admin), kinds=["cases"]))
    assert "cases.job.done" in inside
    assert "Ký" not in inside
    privacy.erase(session, city.admin, case, reason="theo yêu cầu")
    assert job.signed_by is None
    assert not session.query(CaseFile).filter_by(kind="signature").count()


def test_who_may_plan_and_who_may_work(session, city):
    case = scene.lamp(session, city)
    for nobody in (city.officer, city.worker):
        with pytest.raises((NotAllowed, NotFound)):
            planning.plan(session, nobody, case.id, city.crew.id, jobs.today())
    with pytest.raises(NotFound):
        planning.plan(session, city.stranger_chief, case.id, city.crew.id, jobs.today())
    with pytest.raises(BadInput, match="day"):
        planning.plan(session, city.dispatcher, case.id, city.crew.id, "2020-01-01")
    job = planning.plan(session, city.dispatcher, case.id, city.crew.id, jobs.today())
    with pytest.raises(Conflict, match="planned already"):
        planning.plan(session, city.dispatcher, case.id, city.other.id, jobs.today())
    for stranger in (city.other_worker, city.stranger_chief, city.citizen, city.officer):
        with pytest.raises(NotFound):
            jobs.whole(session, stranger, job.id)
        with pytest.raises(NotFound):
            jobs.begin(session, stranger, job.id)
    jobs.begin(session, city.dispatcher, job.id)  # as the crew says by telephone
    assert job.state == "working"
    with pytest.raises(Meanwhile):
        planning.withdraw(session, city.dispatcher, job.id)


def test_two_at_once_one_wins_and_the_other_is_told_who_and_when(session, city):
    case = scene.lamp(session, city)
    version = case.version
    job = planning.plan(session, city.dispatcher, case.id, city.crew.id, jobs.today(), version=version)
    with pytest.raises(PreconditionFailed, match="Lê Điều"):
        planning.plan(session, city.dispatcher, case.id, city.other.id, jobs.today(), version=version)
    seen = job.version
    jobs.begin(session, city.worker, job.id, version=seen)
    with pytest.raises(PreconditionFailed, match="Thợ Ba"):
        planning.move(session, city.dispatcher, job.id, city.other.id, jobs.today(), version=seen)
    assert jobs.begin(session, city.mate, job.id) is job  # so already: no error
    scene.tick_all(session, city.mate, job)
    jobs.finish(session, city.mate, job.id, "Xong")
    with pytest.raises(Meanwhile, match="Thợ Bốn") as late:
        jobs.finish(session, city.worker, job.id, "Xong")
    assert (late.value.who, late.value.state) == ("Thợ Bốn", "done")


def test_a_job_that_fails_goes_back_to_who_plans(session, city):
    job = planned(session, city)
    with pytest.raises(BadInput) as refused:
        jobs.fail(session, city.worker, job.id, "tired", "")
    assert {one.place for one in refused.value.faults} == {"reason", "text"}
    jobs.fail(session, city.worker, job.id, "missing-parts", "Hết bóng 60 W")
    case = session.get(Case, job.case_id)
    session.flush()
    assert (job.state, case.state, case.crew_id) == ("failed", "assigned", None)
    columns, waiting = planning.board(session, city.dispatcher, city.lights.id, job.day)
    assert [(one.case.number, one.failed) for one in waiting] == [(case.number, "missing-parts")]
    again = planning.plan(session, city.dispatcher, case.id, city.crew.id, job.day, version=case.version)
    assert (again.state, case.crew_id) == ("planned", city.crew.id)
    # what was not done is no load; what is planned is
    column = next(
        one
        for one in planning.board(session, city.dispatcher, city.lights.id, job.day)[0]
        if one.crew.id == city.crew.id
    )
    assert 45 <= column.minutes <= 60
    assert columns[0].shift > 0


def test_a_case_of_type_job_follows_its_own_flow(session, city):
    made = cases.open_(
        session, city.dispatcher,
        base.new(type="job", category=None, title="Kiểm tra tủ điện", office=city.lights.id, key=None),
    )  # fmt: skip
    case = made.case
    job = planning.plan(session, city.dispatcher, case.id, city.crew.id, jobs.today())
    jobs.go(session, city.worker, job.id)
    assert case.state == "going"
    jobs.fail(session, city.worker, job.id, "unsafe", "Nước ngập tủ")
    assert (case.state, case.phase) == ("failed", "waiting")
    job = planning.plan(session, city.dispatcher, case.id, city.crew.id, jobs.today())
    assert case.state == "planned"
    jobs.begin(session, city.worker, job.id)
    with pytest.raises(BadInput):  # its flow asks for the photo after
        with session.begin_nested():
            jobs.finish(session, city.worker, job.id, "Đã kiểm tra")
    session.refresh(job)
    jobs.attach(session, city.worker, job.id, scene.prepared(), kind="after")
    jobs.finish(session, city.worker, job.id, "Đã kiểm tra")
    assert (job.state, case.state) == ("done", "done")


def test_a_case_that_ends_without_its_crew_takes_the_job_back(session, city):
    job = planned(session, city)
    cases.step(session, city.officer, job.case_id, "resolve", text="Điện lực đã sửa")
    session.commit()
    assert job.state == "withdrawn"
    assert jobs.mine(session, city.worker, job.day) == ([], [])
    with pytest.raises((Meanwhile, NotFound)):
        jobs.begin(session, city.worker, job.id)


def test_a_day_is_put_in_order_by_hand_and_by_the_machine(session, city):
    made = [planned(session, city, place) for place in (5, 1, 3)]
    day = made[0].day
    first = [one.id for one in made]
    assert [one.id for one in store.day_jobs(session, city.crew.id, day)] == first
    planning.reorder(session, city.dispatcher, city.crew.id, day, [first[2], first[0], first[1]])
    with pytest.raises(PreconditionFailed):
        planning.reorder(session, city.dispatcher, city.crew.id, day, first[:2])
    planning.shift_by(session, city.dispatcher, first[1], -1)
    assert [one.id for one in store.day_jobs(session, city.crew.id, day)] == [first[2], first[1], first[0]]
    jobs.begin(session, city.worker, first[0])
    found = planning.optimise(session, city.dispatcher, city.crew.id, day)
    # begun stays first; then back along the line
    assert [one.id for one in store.day_jobs(session, city.crew.id, day)] == [first[0], first[2], first[1]]
    assert found.changed
    assert found.after.km <= found.before.km
    moved = planning.move(session, city.dispatcher, first[1], city.other.id, day, version=made[1].version)
    session.commit()
    assert (moved.crew_id, moved.state, session.get(Case, moved.case_id).crew_id) == (
        city.other.id,
        "planned",
        city.other.id,
    )
    with pytest.raises(NotFound):
        jobs.go(session, city.worker, first[1])
    case = session.get(Case, made[2].case_id)
    planning.withdraw(session, city.dispatcher, first[2], text="chờ vật tư")
    assert (made[2].state, case.crew_id) == ("withdrawn", None)


def test_the_nearest_crew_that_does_such_work_and_has_time_is_proposed(session, city):
    near, far = scene.lamp(session, city, 0), scene.lamp(session, city, 7)
    day = jobs.today()
    columns, waiting = planning.board(session, city.dispatcher, city.lights.id, day)
    assert {one.case.id: one.suggestion.crew_id for one in waiting} == {near.id: city.crew.id, far.id: city.crew.id}
    city.other.categories = []
    session.flush()
    columns, waiting = planning.board(session, city.dispatcher, city.lights.id, day)
    assert {one.case.id: one.suggestion.crew_id for one in waiting} == {near.id: city.crew.id, far.id: city.other.id}
    ranked = planning.suggested(far, columns, day)
    assert [(one.crew_id, one.source, one.suits) for one in ranked] == [
        (city.other.id, "base", True),
        (city.crew.id, "base", True),
    ]
    crews.on_shift(session, city.worker, shares=True)
    positions.share(session, city.worker, *scene.PLACES[7])
    session.commit()
    columns, _ = planning.board(session, city.dispatcher, city.lights.id, day)
    best = planning.suggested(far, columns, day)[0]
    assert (best.crew_id, best.source, round(best.km)) == (city.crew.id, "position", 0)


def test_positions_are_kept_only_on_shift_with_consent_for_the_office_and_not_for_long(session, city):
    with pytest.raises(Conflict, match="not on shift"):
        positions.share(session, city.worker, 106.41, 10.54)
    crews.on_shift(session, city.worker, shares=False)
    with pytest.raises(Conflict, match="do not share"):
        positions.share(session, city.worker, 106.41, 10.54)
    crews.on_shift(session, city.worker, shares=True)
    assert positions.share(session, city.worker, 106.41, 10.54)
    assert not positions.share(session, city.worker, 106.42, 10.54)  # too soon after the last
    every = [city.crew, city.other]
    assert {one: round(at.lon, 2) for one, at in positions.last(session, city.dispatcher, every).items()} == {
        city.crew.id: 106.41
    }
    for nobody in (city.worker, city.officer, city.stranger_chief, ANONYMOUS):
        assert positions.last(session, nobody, every) == {}
    crews.off_shift(session, city.worker)
    session.commit()
    assert positions.last(session, city.dispatcher, every) == {}
    assert session.query(CrewPosition).count() == 1
    session.commit()
    privacy.forget(clock.now_micros() + (settings().crew_hours + 1) * clock.HOUR)
    assert session.query(CrewPosition).count() == 0
    kinds = [one["kind"] for one in journal.read(session, sees=sees_entries(city.admin), kinds=["cases"])]
    assert [one for one in kinds if "shift" in one] == ["cases.shift.began", "cases.shift.sharing", "cases.shift.ended"]


def test_the_same_parcel_twice_is_done_once_and_answered_alike(session, city):
    job = planned(session, city)
    session.commit()

    def send(key, caller=city.worker, act=None):
        return parcels.once(session, caller, key, act or (lambda: {"job": jobs.begin(session, caller, job.id).id}))

    key = "7b6f2f9a-0000-4000-8000-000000000001"
    first = send(key)
    session.commit()
    again = send(key)
    assert (first.again, again.again, again.body) == (False, True, first.body)
    assert first.body == {"state": "done", "job": job.id}
    with pytest.raises(Conflict):
        send(key, city.mate)
    refused = send(key[:-1] + "2", act=lambda: {"job": jobs.finish(session, city.worker, job.id, "Xong").id})
    assert (refused.body["state"], refused.body["faults"][0][0]) == ("refused", "check.safe")
    scene.tick_all(session, city.mate, job)
    jobs.finish(session, city.mate, job.id, "Xong")
    assert send(key[:-1] + "2").body == refused.body
    late = send(key[:-1] + "3", act=lambda: {"job": jobs.fail(session, city.worker, job.id, "other-owner", "x").id})
    assert (late.body["state"], late.body["who"], late.body["job_state"]) == ("conflict", "Thợ Bốn", "done")
    with pytest.raises(BadInput):
        send("short")
    with pytest.raises(ZeroDivisionError):  # a fault of ours is not kept
        with session.begin_nested():
            send(key[:-1] + "4", act=lambda: 1 / 0)
    assert store.sent(session, key[:-1] + "4") is None
    assert session.query(Job).count() == 1
