"""Deadlines follow the flow, people and the calendar; and the ladder of each fires once."""

import datetime as dt
import threading

import pytest

from dothi.cases import calendar, chores, due, escalation, timers, types
from dothi.cases import clock as working
from dothi.cases.declared import Category, Type
from dothi.cases.tables import Case, CaseEntry, CaseFiring, CaseSuspension, CaseTimer
from dothi.db import session as db
from dothi.identity.guard import SYSTEM
from dothi.journal.tables import Entry
from dothi.kit import clock
from dothi.kit.clock import VIETNAM, micros, moment
from dothi.kit.errors import BadInput, Conflict
from dothi.notify.tables import Address, Message
from tests.cases import scene


def both(text):
    return {"vi": text, "en": text}


def state(code, phase, vi=None, en=None):
    return {"code": code, "title": {"vi": vi or code, "en": en or code}, "phase": phase}


KIND = Type.model_validate(
    {
        "code": "deed", "title": both("Việc"), "start": "received",
        "states": [
            state("received", "new"), state("working", "open"), state("asking", "waiting", "chờ anh chị trả lời", "waiting for you"),
            state("resolved", "done"), state("closed", "closed"),
        ],
        "transitions": [{"code": "go", "title": both("go"), "from": ["received"], "who": ["handle"]}],
        "timers": [
            {"code": "receive", "title": both("Tiếp nhận"), "runs": ["received"], "ends": ["working", "closed"], "budget": {"working_hours": 4}},
            {
                "code": "resolve", "title": {"vi": "Xử lý", "en": "Resolving"}, "main": True, "basis": "QĐ 1/2026",
                "runs": ["received", "working"], "waits": ["asking"], "ends": ["resolved", "closed"],
                "budget": {"working_days": 5},
                "by_priority": {"urgent": {"hours": 24}, "high": {"working_days": 2}},
                "ladder": [
                    {"code": "near", "at": 80, "to": "handler"}, {"code": "late", "at": 100, "to": "manager"},
                    {"code": "very-late", "at": 200, "to": "leader"},
                ],
            },
        ],
    }
)  # fmt: skip
HOLE = Category.model_validate(
    {"code": "hole", "type": "deed", "title": both("Ổ gà"), "timers": {"resolve": {"working_days": 3}}}
)


@pytest.fixture(autouse=True)
def declared(request, monkeypatch):
    if "database" in request.fixturenames:  # which has this process use the types shipped
        request.getfixturevalue("database")
    states = {("deed", one.code): one for one in KIND.states}
    known = types.Types(by_code={"deed": KIND}, categories_={"hole": HOLE}, states=states)
    monkeypatch.setattr(types, "_used", known)


@pytest.fixture
def now(monkeypatch):
    def set_(text):
        monkeypatch.setattr(clock, "source", lambda: dt.datetime.fromisoformat(text).replace(tzinfo=VIETNAM))
        return at(text)

    set_("2026-11-18T08:12")
    return set_


def at(text):
    return micros(dt.datetime.fromisoformat(text).replace(tzinfo=VIETNAM))


def shown(micros_):
    return None if micros_ is None else f"{moment(micros_).astimezone(VIETNAM):%Y-%m-%d %H:%M}"


def opened(session, when="2026-11-18T08:12", category=None, **more):
    case = scene.row(
        type="deed", category=category.code if category else None, state="received", opened_at=at(when), **more
    )
    session.add(case)
    session.flush()
    timers.moved(session, case, KIND, category, at(when), "dothi")
    session.flush()
    return case


def to(session, case, state_, when, **more):
    case.state = state_
    case.phase = next(one.phase for one in KIND.states if one.code == state_)
    timers.moved(session, case, KIND, None, at(when), "person:3", **more)
    session.flush()


def timer(session, case, code="resolve"):
    return session.query(CaseTimer).filter_by(case_id=case.id, code=code).order_by(CaseTimer.id.desc()).first()


def test_the_flow_begins_pauses_and_ends_them(session, now):
    case = opened(session)
    assert shown(case.due_at) == "2026-11-26 17:00"
    assert shown(timer(session, case, "receive").due_at) == "2026-11-18 14:12"
    assert timers.state(case, at("2026-11-18T09:00")) == "on-time"
    to(session, case, "working", "2026-11-19T09:00")
    assert timer(session, case, "receive").met is False  # after 14:12 of the day before
    to(session, case, "working", "2026-11-19T10:00")  # given to somebody else: nothing begins anew
    assert shown(case.due_at) == "2026-11-26 17:00"
    to(session, case, "asking", "2026-11-20T10:00")
    main = timer(session, case)
    assert (case.due_at, main.due_at, main.next_at, main.running_since, main.consumed) == (None, None, None, None, 2)
    assert timers.state(case, at("2027-01-01T00:00")) == timers.state(main, at("2027-01-01T00:00")) == "paused"
    to(session, case, "working", "2026-11-27T15:00")
    assert shown(case.due_at) == "2026-12-02 17:00"
    ledger = session.query(CaseSuspension).one()
    assert (ledger.kind, ledger.reason, shown(ledger.until)) == ("pause", "asking", "2026-11-27 15:00")
    why = timers.why(session, case, "vi", now=at("2026-11-30T10:00"))
    assert [(line.kind, line.text, line.value) for line in why.lines] == [
        ("start", "Nhận 08:12 thứ Tư 18/11, tính từ hôm sau", ""),
        ("counted", "Thứ Năm 19, thứ Sáu 20/11", "2 ngày"),
        ("paused", "Thứ Bảy 21 – thứ Sáu 27/11, chờ anh chị trả lời", "tạm dừng"),
        ("free", "Thứ Bảy 28, Chủ Nhật 29/11", "nghỉ"),
        ("counted", "Thứ Hai 30/11 – thứ Tư 2/12", "5 ngày"),
        ("due", "Hạn 17:00 thứ Tư 2/12/2026", ""),
    ]
    assert (why.title, why.budget, why.consumed, why.basis) == (
        "Xử lý",
        "5 ngày làm việc",
        "3 ngày làm việc",
        "QĐ 1/2026",
    )
    english = [line.text for line in timers.why(session, case, "en").lines]
    assert english[0] == "Received 08:12 Wednesday 18/11, counted from the next day"
    assert english[2] == "Saturday 21 – Friday 27/11, waiting for you"
    assert timers.state(case, at("2026-12-01T17:01")) == "due-soon"
    assert timers.state(case, at("2026-12-02T17:00")) == "due-soon"
    assert timers.state(case, at("2026-12-02T17:01")) == "overdue"
    to(session, case, "resolved", "2026-12-02T17:00")
    assert (case.due_at, timer(session, case).met, timers.state(case, at("2027-01-01T00:00"))) == (None, True, "none")
    assert timers.why(session, case, "vi").lines[-1].text == "Hạn 17:00 thứ Tư 2/12/2026"
    to(session, case, "working", "2026-12-03T09:00")  # reopened: another clock
    assert shown(case.due_at) == "2026-12-10 17:00"
    assert session.query(CaseTimer).filter_by(case_id=case.id, code="resolve").count() == 2


def test_people_extend_stop_and_weigh_them(session, now):
    case = opened(session, category=HOLE)
    assert shown(case.due_at) == "2026-11-23 17:00"  # the category's three days
    timers.extend(session, case, 2, "complex", "Phải đặt nắp mới", "person:3")
    assert shown(case.due_at) == "2026-11-26 17:00"
    assert timers.why(session, case, "vi").lines[1].text == "Được gia hạn, vụ việc phức tạp"
    timers.suspend(session, case, "force-majeure", "Bão số 14", "person:3", at("2026-11-19T08:00"))
    assert case.due_at is None
    with pytest.raises(Conflict, match="already"):
        timers.suspend(session, case, "force-majeure", "", "person:3", at("2026-11-19T09:00"))
    to(session, case, "asking", "2026-11-20T09:00")
    to(session, case, "working", "2026-11-20T10:00")
    assert case.due_at is None  # the storm goes on
    timers.resume(session, case, at("2026-11-23T09:00"))
    assert shown(case.due_at) == "2026-11-30 17:00"
    case.priority = "high"  # two days by the type, two more were given
    timers.prioritised(session, case, KIND, HOLE)
    assert shown(case.due_at) == "2026-11-27 17:00"
    case.priority = "urgent"
    timers.prioritised(session, case, KIND, HOLE)
    main = timer(session, case)
    assert (main.unit, main.budget) == ("hours", 24 * 60 + 2 * 24 * 60)
    for more, reason in ((0, "complex"), (1, "")):
        with pytest.raises(BadInput):
            timers.extend(session, case, more, reason, "", "person:3")
    to(session, case, "closed", "2026-11-23T10:00")
    with pytest.raises(Conflict, match="no deadline"):
        timers.extend(session, case, 1, "complex", "", "person:3")


def test_a_changed_calendar_moves_open_deadlines_and_says_so(session, now):
    first, second = opened(session, public=True), opened(session)
    urgent = opened(session, "2026-11-18T09:00")
    to(session, urgent, "asking", "2026-11-18T09:30")
    done = opened(session)
    to(session, done, "resolved", "2026-11-18T10:00")
    session.commit()
    assert timers.reproject(session) == timers.Reprojected(0, None)
    calendar.set_day(session, SYSTEM, "2026-11-20", False, "15/QĐ-UBND", "Ngày hội")
    session.commit()
    assert [shown(one.due_at) for one in (first, second, urgent, done)] == ["2026-11-27 17:00"] * 2 + [None] * 2
    entries = session.query(CaseEntry).filter_by(kind="due").all()
    assert {one.case_id for one in entries} == {first.id, second.id}
    assert [shown(entries[0].data[key]) for key in ("before", "after")] == ["2026-11-26 17:00", "2026-11-27 17:00"]
    assert {one.subject for one in session.query(Entry).filter_by(kind="cases.due")} == {
        f"case:{first.number}",
        f"case:{second.number}",
    }
    assert "Ngày hội" in " ".join(line.text for line in timers.why(session, first, "vi").lines)
    assert session.query(CaseSuspension).filter_by(kind="calendar").count() == 2
    calendar.set_day(session, SYSTEM, "2026-11-21", True, "15/QĐ-UBND")  # worked instead
    session.commit()
    assert shown(first.due_at) == "2026-11-26 17:00"
    session.commit()
    # slices, and what a process finds changed when it starts
    half = timers.reproject(session, 0, 2)
    assert half.last is not None
    first.due_at = timer(session, first).due_at = at("2026-12-31T17:00")
    session.commit()
    chores._reckoned = None
    assert (chores.reckon(), chores.reckon()) == (1, 0)
    session.expire_all()
    assert shown(first.due_at) == "2026-11-26 17:00"


def test_the_same_is_said_in_python_and_in_sql(session, now):
    for hours in (1, 5, 23, 26, 50, 200, 2000):
        for past in (1, 30, 300):
            session.add(
                scene.row(
                    type="deed",
                    opened_at=at("2026-11-18T08:12") - past * clock.HOUR,
                    due_at=at("2026-11-18T08:12") + hours * clock.HOUR,
                )
            )
    session.add(scene.row(type="deed", due_at=at("2026-11-18T08:11")))
    session.flush()
    when = at("2026-11-18T08:12")
    edge = due.edge(calendar.load(session), when)
    cases = session.query(Case).all()
    for name, clause in (("overdue", due.overdue(when)), ("due-soon", due.soon(when, edge))):
        found = {one.id for one in session.query(Case).filter(clause)}
        assert found == {one.id for one in cases if due.state(one, when, edge) == name}
        assert found
    cal = calendar.load(session)
    assert due.left(cal, at("2026-11-25T17:00"), at("2026-11-20T10:00"), "vi") == "còn 2 ngày làm việc"
    assert due.left(cal, at("2026-11-20T11:18"), at("2026-11-20T10:00"), "vi") == "còn 1 giờ 18 phút"
    assert due.left(cal, at("2026-11-20T10:00"), at("2026-11-23T10:00"), "en") == "1 working day overdue"


def test_a_deadline_of_three_days_has_no_four_left_on_the_sunday_it_was_received(session):
    cal = calendar.load(session)
    sunday = at("2026-11-08T10:00")
    ends = working.add(cal, sunday, "working-days", 3)
    assert ends == at("2026-11-12T17:00")  # received on Monday; Tuesday, Wednesday, Thursday
    said = [
        due.left(cal, ends, at(one), "vi", sunday)
        for one in ("2026-11-08T10:00", "2026-11-09T18:00", "2026-11-10T08:00")
    ]
    assert said == ["còn 3 ngày làm việc", "còn 3 ngày làm việc", "còn 2 ngày làm việc"]
    evening = at("2026-11-09T18:00")  # Monday after hours: as received on Tuesday
    assert due.left(cal, working.add(cal, evening, "working-days", 3), evening, "vi", evening) == "còn 3 ngày làm việc"
    assert due.left(cal, sunday + clock.DAY, sunday, "vi", sunday) == "còn 24 giờ"
    assert due.left(cal, ends, at("2026-11-16T10:00"), "vi", sunday) == "quá hạn 2 ngày làm việc"


def told(session):
    return [
        (one.data["rung"], one.data["people"])
        for one in session.query(CaseEntry).filter_by(kind="escalated").order_by(CaseEntry.id)
    ]


def test_a_ladder_fires_once_also_after_downtime(session, now):
    city = scene.city(session)
    for person in (city.officer, city.manager, city.leader, city.admin):
        where = f"p{person.id}@example.org"
        session.add(Address(person_id=person.id, channel="mail", target=where, created_at=1, confirmed_at=1))
    case = opened(session, agency_id=city.lights.id, handler_id=city.officer.id)
    session.commit()
    assert escalation.climb(at("2026-11-25T16:59")) == 0
    assert escalation.climb(at("2026-11-25T17:00")) == 1  # four of five days
    assert escalation.climb(at("2026-11-25T18:00")) == 0
    assert told(session) == [("near", 1)]
    to(session, case, "asking", "2026-11-26T08:00")
    session.commit()
    assert escalation.climb(at("2026-12-26T08:00")) == 0  # it waits
    to(session, case, "working", "2026-12-01T08:00")
    session.commit()
    assert escalation.climb(at("2026-12-01T09:00")) == 0  # told of this share before the pause
    assert escalation.climb(at("2026-12-31T09:00")) == 2  # nobody was at work for a month
    assert escalation.climb(at("2027-01-31T09:00")) == 0
    session.expire_all()
    assert told(session) == [("near", 1), ("late", 1), ("very-late", 1)]
    assert timer(session, case).next_at is None
    sent = [one.subject for one in session.query(Message).order_by(Message.id)]
    assert sent == [f"Sắp đến hạn: {case.number} · Ổ gà"] + [f"Quá hạn: {case.number} · Ổ gà"] * 2
    assert {one.visibility for one in session.query(Entry).filter_by(kind="cases.escalated")} == {"restricted"}
    now("2027-01-31T10:00")
    timers.extend(session, case, 40, "complex", "", "person:3")  # more time: near and late lie ahead again
    session.commit()
    assert escalation.climb(at("2027-03-31T09:00")) == 2
    assert session.query(CaseFiring).filter_by(rung="late").count() == 2


def test_what_nobody_handles_escalates_too_and_two_workers_tell_once(database, session, now):
    city = scene.city(session)
    nobody = opened(session, agency_id=city.lights.id)
    nowhere = opened(session)
    near = KIND.timers[1].ladder[0]
    assert escalation.recipients(session, nobody, near) == {city.manager.id}
    assert escalation.recipients(session, nowhere, near) == {city.admin.id}  # cases:assign everywhere
    session.commit()
    fired = []
    start = threading.Barrier(2)

    def work():
        start.wait()
        fired.append(escalation.climb(at("2026-11-26T17:00")))

    workers = [threading.Thread(target=work) for _ in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert sum(fired) == 4
    session.expire_all()
    assert sorted(rung for rung, _ in told(session)) == ["late", "late", "near", "near"]
    with db.reading() as reading:
        assert escalation.due(reading, at("2026-11-26T17:00")) == []
