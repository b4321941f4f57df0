"""The demo's dossiers: made at once they are what the verbs make one by one; all ten national states stand, and live on."""

import heapq
from collections import Counter

import pytest
from sqlalchemy import delete, select

from dothi import config
from dothi.cases import calendar, dossiers, escalation, files, forms, news, quality766, tally, timers, verbs_open
from dothi.cases import service as cases
from dothi.cases.tables import (
    Appointment,
    Case,
    CaseEntry,
    CaseFile,
    CaseFiring,
    CaseSequence,
    CaseSuspension,
    CaseTally,
    CaseTimer,
    Dossier,
    Payment,
)  # fmt: skip
from dothi.cases.types import types
from dothi.journal.tables import Entry
from dothi.kit import clock
from dothi.simulate import case_rows, case_staff, casework, dossier_life, dossier_rows, dossier_words
from dothi.simulate import dossiers as made_up
from tests.cases import scene
from tests.services import town
from tests.simulate.test_casework import dump, unlike

NOW = clock.parse("2026-11-20T15:00:00+07:00")
PERSONAL = {"name": town.NAME, "identity": town.IDENTITY, "phone": town.PHONE, "home": town.HOME, "site": "14 hẻm 4",
            "born": "1980-11-21", "designer": "Đơn vị thiết kế"}  # fmt: skip


@pytest.fixture
def company(session, monkeypatch):
    monkeypatch.setenv("DOTHI_DEMO", "1")
    config.settings.cache_clear()
    scene.office(session, "tt-1022", "Tổng đài 1022")
    town.city(session)
    made = case_staff.hire(session)
    session.commit()
    return made


def lived(session, company, now, days, only=None):
    stock = made_up.stocked(session, company, now, casework.token())
    filed = made_up.filings(session, stock.cal, now - days * clock.DAY, now) if only is None else only
    case_rows.live(session, stock, filed, dossier_rows.PLAY)
    return stock, filed


def telling(stock):
    """Keys of a few dossiers in whose lives every deed is, and every pair of a state and a deed in it."""
    chosen, deeds = set(), set()
    for key, made in stock.made.items():
        states = [one["state"] or "" for one in made.entries]
        new = {(one["kind"], one["step"], was) for one, was in zip(made.entries, ["", *states], strict=False)} - deeds
        if new:
            chosen.add(key)
            deeds |= new
    return chosen


def whole(session):
    """Everything, but what by nature is another each time."""
    found = dump(session)
    for one in found["entry"]:
        if one["kind"] == "signed":
            one["data"] = {key: one["data"][key] for key in ("subject", "test")}
    found["journal"] = [one for one in found["journal"] if one["kind"] != "cases.contact.given"]
    for one in found["journal"]:
        one["data"] = {key: value for key, value in one["data"].items() if key != "file"}
    numbers = {one.id: one.number for one in session.scalars(select(Case))}
    pending = {
        one.id: (one.at, one.step) for one in session.scalars(select(CaseEntry).where(CaseEntry.kind == "pending"))
    }
    for one in found["case"]:
        one["pending_id"] = pending.get(one["pending_id"])
    for table in (Dossier, Payment, CaseFile):
        rows = [
            {k: v for k, v in vars(one).items() if k not in ("id", "_sa_instance_state")}
            for one in session.scalars(select(table))
        ]
        for one in rows:
            one["case_id"] = numbers[one["case_id"]]
        found[table.__tablename__] = rows
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


@pytest.mark.soak
def test_dossiers_made_at_once_are_what_the_verbs_write(session, company, monkeypatch):
    monkeypatch.setattr(escalation, "_LATE", -1)  # nobody is told of the past
    stock, filed = lived(session, company, NOW, 300)
    chosen = telling(stock)
    filed = [one for one in filed if one.key in chosen]
    stock, _ = lived(session, company, NOW, 300, filed)
    assert len(dossier_rows.put(session, stock)) == len(filed) > 20
    tally.recount(session)
    session.commit()
    at_once = whole(session)
    steps = {one["step"] for one in at_once["entry"]}
    kinds = {one["kind"] for one in at_once["entry"]}
    assert {"accept", "decline", "ask", "supply", "ask-fee", "pay", "forward", "process", "grant", "refuse", "stop",
            "withdraw", "hand-over", "resume", "appeal"} <= steps  # fmt: skip
    assert {"pending", "returned", "payment", "signed", "rated", "apology", "escalated"} <= kinds

    for table in (
        Payment,
        Dossier,
        CaseFile,
        CaseEntry,
        CaseFiring,
        CaseSuspension,
        CaseTimer,
        Case,
        CaseTally,
        CaseSequence,
    ):
        session.execute(delete(table))
    session.execute(delete(Entry).where(Entry.kind.startswith("cases.")))
    session.commit()
    by_verbs(session, company, filed, stock)
    one_by_one = whole(session)
    for name, rows in one_by_one.items():
        assert unlike(at_once[name], rows) == [], name


def test_a_year_has_every_national_state_and_the_figures_of_decision_766(session, company):
    made = made_up.fill(session, company, NOW, casework.YEAR, casework.token())
    assert made_up.fill(session, company, NOW, casework.YEAR, casework.token()) == 0  # a stock that stands is kept
    tally.recount(session)
    session.commit()
    assert 400 < made < 800
    national = {one.code: one.national for one in types().type("dossier").states}
    states = Counter(national[one] for one in session.scalars(select(Case.state)))
    assert set(states) == set(range(1, 11))
    assert all(one.simulated and not one.public for one in session.scalars(select(Case)))
    assert tally.count(session) == made
    assert timers.reproject(session, most=10_000).moved == 0
    asked = quality766.Asked(NOW - casework.YEAR, NOW)
    found = sum(quality766.counts(session, asked, NOW).values(), quality766.Counts())
    assert found.dossiers == made
    assert 0.85 < found.in_time / (found.solved + found.late) < 0.99
    assert 0 < found.unsatisfied < found.results
    assert found.paid_online < found.paid <= found.fees
    assert session.scalars(select(Appointment).where(Appointment.at > NOW)).first() is not None
    for of in types().procedures.values():  # what is answered fits the form, and each service is filed
        values = dossier_words.fields(of, "some", clock.local_day(NOW))
        assert set(forms.faults(of.form, values, "vi")) <= set(forms.personal_names(of.form)), of.code
        assert session.scalar(select(Case.id).where(Case.category == of.code).limit(1)) is not None


def test_dossiers_live_on_until_somebody_touches_them(session, company, monkeypatch):
    now = clock.now_micros()
    stock, _ = lived(session, company, now, 8)
    ids = dossier_rows.put(session, stock)
    tally.recount(session)
    session.commit()
    mine = session.scalars(select(Case).where(Case.state == "processing", Case.pending_id.is_(None))).first()
    cases.comment(session, scene.person(session, "quan-ly", "manager"), mine.id, "Để tôi xem.")
    session.commit()
    version, later = mine.version, now + 4 * clock.DAY
    with news.at(later):
        assert made_up.live(company, stock.cal, later, casework.token()) > 10
    session.expire_all()
    assert session.get(Case, mine.id).version == version
    new = session.scalars(select(Case).where(Case.id > max(ids.values()))).all()
    assert new
    assert all(one.simulated and session.get(Dossier, one.id) is not None for one in new)
    assert any(one.version > 1 for one in new)
    assert tally.count(session) == len(ids) + len(new)


def by_verbs(session, company, filed, stock):
    """The same lives, deed by deed."""
    cal, token = calendar.load(session), casework.token()
    ids, planned = {}, {}
    turns = [(one.at, n, one) for n, one in enumerate(filed)]
    heapq.heapify(turns)
    count = len(turns)

    def rungs(id_):
        return list(session.scalars(select(CaseTimer.next_at).where(
            CaseTimer.case_id == id_, CaseTimer.ended_at.is_(None), CaseTimer.next_at.is_not(None)
        )))  # fmt: skip

    def next_(filing):
        case = session.get(Case, ids[filing.key], populate_existing=True)
        row = session.get(Dossier, case.id, populate_existing=True)
        decides = dossiers.deciding(session, case.category, case.unit)
        return dossier_life.next_act(cal, dossier_rows.standing(case, row, filing.key, decides))

    def turn(filing):
        act = planned[filing.key]
        return min([*rungs(ids[filing.key]), *([act.at] if act else [])], default=None)

    while turns:
        at, _, filing = heapq.heappop(turns)
        if at > NOW:
            break
        real, clock.source = clock.source, lambda at=at: clock.moment(at)
        try:
            if filing.key not in ids:
                ids[filing.key] = opened(session, company, filing, token).id
                planned[filing.key] = next_(filing)
            elif (turn(filing) or at + 1) <= at:
                id_, act = ids[filing.key], planned[filing.key]
                if min(rungs(id_), default=at + 1) <= at:
                    with news.at(at):
                        escalation.climbed(session, id_, at)
                elif act is not None and act.at <= at:
                    made_up.take(session, company, session.get(Case, id_), act, token)
                    planned[filing.key] = next_(filing)
            else:
                continue
            session.commit()
        finally:
            clock.source = real
        later = turn(filing)
        if later is not None:
            count += 1
            heapq.heappush(turns, (max(later, at), count, filing))


def opened(session, company, filing, token):
    of = types().procedures[filing.procedure]
    personal = {name: PERSONAL[name] for name in forms.personal_names(of.form) if name in PERSONAL}
    caller = casework._CITIZEN if filing.online else company.staff[filing.desk.office].officer
    new = verbs_open.New(
        type="dossier", category=of.code, title=of.title.vi, fields={**filing.fields, **personal},
        channel="web" if filing.online else "desk", public=False, key=filing.key, token=token(filing.key),
        simulated=True, office=filing.desk.office, receiving=filing.desk.office, unit=filing.desk.unit,
    )  # fmt: skip
    with news.at(filing.at):
        made = verbs_open.open_(session, caller, new).case
        for code in filing.papers:
            kept = files.keep(session, caller, made, "paper", "x", made_up._drawn("paper"), public=False)
            kept.paper = code
        session.get_one(Dossier, made.id).digitised = filing.online
    session.flush()
    return made
