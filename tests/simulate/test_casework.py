"""The demo's cases: made at once they are what the verbs make one by one, and they live on while nobody touches them."""

import heapq
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from dothi.cases import calendar, escalation, news, reading, tally, timers
from dothi.cases import service as cases
from dothi.cases.tables import (
    Case,
    CaseEntry,
    CaseFiring,
    CaseFollower,
    CaseLink,
    CaseSequence,
    CaseSuspension,
    CaseTally,
    CaseTimer,
    Crew,
    OfficeRule,
)  # fmt: skip
from dothi.identity.guard import ANONYMOUS
from dothi.journal.tables import Entry
from dothi.kit import clock
from dothi.simulate import case_life, case_photos, case_rows, case_staff, case_words, casework
from tests.cases import scene

DAYS, A_DAY = 36, 1.7
NOW = clock.parse("2026-11-20T15:00:00+07:00")  # what comes by chance depends on it
HANG = (CaseEntry, CaseTimer, CaseFollower, CaseLink)


@pytest.fixture(scope="module")
def town():
    found = case_words.city(Path("cities/tan-an/base.geojson"), Path("cities/tan-an/wards.geojson"))
    assert found is not None
    return found


@pytest.fixture
def company(session):
    centre = scene.office(session, "tt-1022", "Tổng đài 1022")
    works = scene.office(session, "cong-trinh-do-thi", "Công ty Công trình đô thị")
    ward = scene.office(session, "p-long-an", "UBND phường Long An")
    session.add(
        Crew(code="chieu-sang", name="Đội chiếu sáng", agency_id=works.id, categories=["lamp-out", "lamp-pole"])
    )
    session.add(
        Crew(code="thoat-nuoc", name="Đội thoát nước", agency_id=works.id, categories=["manhole", "drain-blocked"])
    )
    session.add(OfficeRule(type="report", agency_id=ward.id))
    for category in ("lamp-out", "lamp-pole", "manhole", "drain-blocked", "waste-not-collected"):
        session.add(OfficeRule(type="report", category=category, agency_id=works.id))
    session.add(OfficeRule(type="report", category="other", agency_id=centre.id))
    session.flush()
    made = case_staff.hire(session)
    session.commit()
    return made


def births(town, now):
    return case_words.births(town, now - DAYS * clock.DAY, now, A_DAY)


@pytest.mark.soak
def test_rows_made_at_once_are_what_the_verbs_write(session, town, company, monkeypatch):
    now = NOW
    monkeypatch.setattr(escalation, "_LATE", -1)  # nobody is told of the past
    coming = births(town, now)
    stock = casework.stocked(session, company, coming, now, lambda *_: None)
    case_rows.live(session, stock, coming)
    assert case_rows.write(session, stock) == len(coming) > 50
    session.commit()
    at_once = dump(session)
    done = {one["step"] for one in at_once["entry"]} | {one["kind"] for one in at_once["entry"]}
    assert {"assign", "start", "ask", "resolve", "duplicate", "joined", "linked", "rated", "escalated"} <= done

    for table in (*HANG, CaseSuspension, CaseFiring, Case, CaseTally, CaseSequence):
        session.execute(delete(table))
    session.execute(delete(Entry).where(Entry.kind.startswith("cases.")))
    session.commit()
    by_verbs(session, company, coming, now)
    one_by_one = dump(session)
    for name, rows in one_by_one.items():
        assert unlike(at_once[name], rows) == [], name


def test_a_calendar_finds_nothing_to_move_and_counts_agree(session, town, company):
    now = NOW
    coming = births(town, now)
    stock = casework.stocked(session, company, coming, now, lambda *_: None)
    case_rows.live(session, stock, coming)
    case_rows.write(session, stock)
    session.commit()
    assert timers.reproject(session, most=10_000).moved == 0
    kept = tally.count(session)
    assert kept == len(coming) == tally.recount(session)
    assert all(one.simulated for one in session.scalars(select(Case)))
    page = reading.public_list(session, reading.PublicAsked(limit=200))
    assert page.lines
    states = Counter(session.scalars(select(Case.state)))
    assert {"closed", "working", "resolved"} <= set(states)


def test_open_cases_live_on_until_somebody_touches_them(session, town, company, monkeypatch):
    now = clock.now_micros()
    coming = births(town, now)
    stock = casework.stocked(session, company, coming, now, lambda *_: None)
    case_rows.live(session, stock, coming)
    case_rows.write(session, stock)
    session.commit()
    open_ = list(session.scalars(select(Case).where(Case.closed_at.is_(None), Case.state == "working")))
    mine = open_[0]
    manager = scene.person(session, "quan-ly", "manager")
    cases.comment(session, manager, mine.id, "Để tôi xem.")
    session.commit()
    monkeypatch.setattr(casework, "_city", lambda: "here")
    monkeypatch.setattr(casework, "sketch", lambda city: town)
    later = now + 3 * clock.DAY
    version = mine.version
    with news.at(later):
        assert casework.live(later) > 5
    session.expire_all()
    assert session.get(Case, mine.id).version == version
    new = session.scalars(select(Case).where(Case.key.startswith("sim:live:"))).all()
    assert new
    assert all(one.simulated for one in new)
    assert any(one.version > 1 for one in new)


def test_every_drawing_is_drawn_and_every_category_has_one_that_exists():
    named = {one.photo for one in case_words.kinds().values() if one.photo}
    assert named == set(case_photos.names())
    before, after = (case_photos.drawing("lamp", when, 0) for when in ("before", "after"))
    assert before != after
    assert before.startswith(b"\x89PNG")


def unlike(some, others):
    """How the first that differ do."""
    assert len(some) == len(others)
    pairs = [(a, b) for a, b in zip(some, others, strict=True) if a != b]
    return [f"{key}: {a[key]} | {b[key]}" for a, b in pairs[:2] for key in a if a[key] != b[key]]


def dump(session):
    """Everything of the cases, without what a row is numbered by."""
    session.expire_all()
    numbers = {one.id: one.number for one in session.scalars(select(Case))}
    timed = {one.id: (numbers[one.case_id], one.code, one.since) for one in session.scalars(select(CaseTimer))}

    def rows(table, *but, order=None, **names):
        query = select(table).order_by(order if order is not None else table.id)
        found = [
            {k: v for k, v in vars(one).items() if not k.startswith("_") and k != "id"}
            for one in session.scalars(query)
        ]
        for row in found:
            for key, known in names.items():
                row[key] = known.get(row[key])
            for key in but:
                row.pop(key)
        return found

    links = rows(CaseLink, case_id=numbers)
    for one in links:
        one["to"] = numbers[int(one["to"].partition(":")[2])]
    made = {
        "case": rows(Case, order=Case.number, merged_into=numbers),
        "entry": rows(CaseEntry, order=(CaseEntry.at), case_id=numbers),
        "timer": rows(CaseTimer, case_id=numbers),
        "suspension": rows(CaseSuspension, timer_id=timed),
        "firing": rows(CaseFiring, order=CaseFiring.at, timer_id=timed),
        "follower": rows(CaseFollower, case_id=numbers),
        "link": links,
        "tally": [one for one in rows(CaseTally, order=CaseTally.month) if one["count"]],
        "journal": [one for one in rows(Entry) if one["kind"].startswith("cases.")],
    }  # fmt: skip
    return {name: sorted(found, key=repr) for name, found in made.items()}


def by_verbs(session, company, coming, now):
    """The same lives, deed by deed."""
    cal = calendar.load(session)
    ids, joins = {}, {}
    turns = [(one.at, n, one) for n, one in enumerate(coming)]
    heapq.heapify(turns)
    count = len(turns)

    def turn(birth):
        case = session.get(Case, ids[birth.key], populate_existing=True)
        rungs = list(session.scalars(select(CaseTimer.next_at).where(
            CaseTimer.case_id == case.id, CaseTimer.ended_at.is_(None), CaseTimer.next_at.is_not(None)
        )))  # fmt: skip
        twin = session.get(Case, ids[birth.twin]) if birth.twin in ids else None
        goes_on = twin is not None and twin.closed_at is None
        view = case_rows.view(case, birth.key, twin=goes_on)
        act = case_life.next_act(cal, view)
        moments = [*rungs, *([act.at] if act else []), *joins[birth.key][:1]]
        return (min(moments, default=None), rungs, act, case)

    planned = {}
    while turns:
        at, _, birth = heapq.heappop(turns)
        if at > now:
            break
        real, clock.source = clock.source, lambda at=at: clock.moment(at)
        try:
            if birth.key not in ids:
                ids[birth.key] = casework.born(session, company, birth).id
                joins[birth.key] = list(birth.joiners)
                planned[birth.key] = turn(birth)[2]
            else:
                _, rungs, _, case = turn(birth)
                act = planned[birth.key]
                first = min([*rungs, *([act.at] if act else []), *joins[birth.key][:1]], default=None)
                if first is None or first > at:
                    continue
                if rungs and min(rungs) <= at:
                    with news.at(at):
                        escalation.climbed(session, case.id, at)
                elif joins[birth.key] and joins[birth.key][0] <= at:
                    joins[birth.key].pop(0)
                    if case.phase != "closed":
                        with news.at(at):
                            cases.join(session, ANONYMOUS, case.id, case_rows.follower(birth.key, at))
                elif act is not None and act.at <= at:
                    into = None
                    if act.do == "duplicate":
                        twin = session.get(Case, ids[birth.twin], populate_existing=True)
                        if twin.closed_at is None and twin.merged_into is None:
                            into = twin.id
                        else:
                            act = case_life.Act(at, "assign", "centre")
                    casework.take(session, company, case, act, into)
                    planned[birth.key] = turn(birth)[2]
        finally:
            session.commit()
            clock.source = real
        act = planned[birth.key]
        rungs = turn(birth)[1]
        later = min([*rungs, *([act.at] if act else []), *joins[birth.key][:1]], default=None)
        if later is not None:
            count += 1
            heapq.heappush(turns, (max(later, at), count, birth))
