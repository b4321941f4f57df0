"""A warning's life: one writes, another approves, and everybody is told."""

import threading

import pytest

from dothi.db import session as db
from dothi.identity import guard
from dothi.identity.guard import ANONYMOUS, Caller
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, DothiError, NotAllowed, NotFound, NotSignedIn
from dothi.warnings import service, store
from dothi.warnings.service import CannotStep, NotSecondPerson
from dothi.warnings.tables import Warning_
from tests.warnings.conftest import CHIEF, HOUR, OTHER, READER, WRITER, composed, said


@pytest.fixture
def asked(session, wards):
    row = service.draft(session, WRITER, composed())
    row = service.ask(session, WRITER, row.id, row.version)
    session.commit()
    return row


def test_what_two_people_agree_on_is_in_force(session, publish):
    row = publish()
    (now,) = service.current(session, ANONYMOUS)
    assert now.identifier == row.identifier
    assert now.info("en")["headline"] == "River above alarm level III"
    assert now.places("vi") == "phường Long An, phường Tân An"
    assert row.units == ["27694", "27712"]


def test_who_wrote_it_does_not_approve_it(session, wards):
    """Whatever else they may: the duty chief who writes one needs another."""
    row = service.draft(session, CHIEF, composed())
    row = service.ask(session, CHIEF, row.id, row.version)
    with pytest.raises(NotSecondPerson):
        service.approve(session, CHIEF, row.id, row.version)
    with pytest.raises(NotSecondPerson):
        service.refuse(session, CHIEF, row.id, "sai", row.version)
    assert service.why_not(CHIEF, row) == "author"
    assert service.why_not(OTHER, row) is None
    assert service.approve(session, OTHER, row.id, row.version).state == "published"


def test_who_rewrote_it_last_is_its_author(session, asked):
    """The chief who mends a word has become the author, and the first author may judge what the chief made of it."""
    row = service.edit(session, CHIEF, asked.id, composed(severity="Extreme"), asked.version)
    assert row.state == "draft"
    row = service.ask(session, WRITER, row.id, row.version)
    with pytest.raises(NotSecondPerson):
        service.approve(session, CHIEF, row.id, row.version)
    assert service.approve(session, OTHER, row.id, row.version).severity == "Extreme"


@pytest.mark.parametrize("caller", [WRITER, READER, ANONYMOUS])
def test_approving_takes_the_right_to(session, asked, caller):
    with pytest.raises((NotAllowed, NotSignedIn, NotFound)):
        service.approve(session, caller, asked.id, asked.version)


def test_a_key_approves_nothing_whatever_it_holds(session, asked):
    with pytest.raises(NotSecondPerson):
        service.approve(session, guard.SYSTEM, asked.id, asked.version)


def test_what_was_not_asked_is_not_approved(session, wards):
    row = service.draft(session, WRITER, composed())
    with pytest.raises(CannotStep):
        service.approve(session, CHIEF, row.id, row.version)


def test_only_what_was_read_is_approved(session, asked):
    """Had a word changed since the approver opened it, they read it again."""
    read = asked.version
    row = service.edit(session, WRITER, asked.id, composed(severity="Extreme"), read)
    row = service.ask(session, WRITER, row.id, row.version)
    with pytest.raises(Conflict):
        service.approve(session, CHIEF, row.id, read)


def both(*works):
    """Do several things at once, each in a transaction of its own; what each gave or raised."""
    start, found = threading.Barrier(len(works)), [None] * len(works)

    def run(i, work):
        start.wait()
        try:
            with db.writing() as session:
                found[i] = work(session).state
        except DothiError as error:
            found[i] = error

    threads = [threading.Thread(target=run, args=(i, work)) for i, work in enumerate(works)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return found


def test_of_two_who_approve_at_once_one_does(session, asked):
    id_, version = asked.id, asked.version
    found = both(*[lambda s, who=who: service.approve(s, who, id_, version) for who in (CHIEF, OTHER)])
    assert sorted(isinstance(one, DothiError) for one in found) == [False, True]
    assert len(service.current(session, ANONYMOUS)) == 1
    kinds = [one["kind"] for one in journal.read(session, sees=guard.sees_entries(guard.SYSTEM), kinds=["warnings"])]
    assert kinds.count("warnings.message.published") == 1


def test_no_race_lets_an_author_approve_their_own_words(session, asked):
    """The chief edits while approving: whichever comes first, the chief's own words are never published by the chief."""
    id_ = asked.id
    for _ in range(3):
        version = session.get(Warning_, id_, populate_existing=True).version
        session.rollback()
        edited, approved = both(
            lambda s, v=version: service.edit(s, CHIEF, id_, composed(severity="Extreme"), v),
            lambda s, v=version: service.approve(s, CHIEF, id_, v),
        )
        row = session.get(Warning_, id_, populate_existing=True)
        assert isinstance(edited, DothiError) != isinstance(approved, DothiError)
        if row.state == "published":
            assert (row.severity, row.drafted_by, row.decided_by) == ("Severe", WRITER.actor, CHIEF.actor)
            return
        assert row.drafted_by == CHIEF.actor
        row = service.edit(session, WRITER, row.id, composed(), row.version)
        service.ask(session, WRITER, row.id, row.version)
        session.commit()


def test_refused_with_a_reason_it_goes_back(session, asked):
    with pytest.raises(BadInput):
        service.refuse(session, CHIEF, asked.id, "  ", asked.version)
    row = service.refuse(session, CHIEF, asked.id, "Sai tên phường", asked.version)
    assert (row.state, row.decision_note) == ("refused", "Sai tên phường")
    row = service.edit(session, WRITER, row.id, composed(units=("27694",)), row.version)
    row = service.ask(session, WRITER, row.id, row.version)
    assert service.approve(session, CHIEF, row.id, row.version).units == ["27694"]


def test_everything_that_is_missing_is_said_at_once(session, wards):
    row = service.draft(
        session, WRITER,
        composed(units=(), expires_at=None, said={"en": said("…"), "vi": said("Nước […mức báo động]")}),
    )  # fmt: skip
    with pytest.raises(BadInput) as caught:
        service.ask(session, WRITER, row.id, row.version)
    assert {fault.place for fault in caught.value.faults} == {"area", "expires", "headline_vi"}


def test_a_ward_that_is_none_and_a_line_are_no_areas(session, wards):
    line = {"type": "LineString", "coordinates": [[106, 10], [107, 11]]}
    for changes in ({"units": ("99999",)}, {"shape": line}, {"shape": {"type": "Polygon", "coordinates": "x"}}):
        with pytest.raises(BadInput):
            service.draft(session, WRITER, composed(**changes))


def test_a_drawn_area_touches_its_wards(session, publish):
    drawn = {"type": "Polygon", "coordinates": [[[106.41, 10.51], [106.43, 10.51], [106.43, 10.52], [106.41, 10.51]]]}
    row = publish(units=(), shape=drawn, shape_names={"vi": "Ven sông", "en": "Riverside"})
    assert row.units == ["27694", "27712"]
    assert [one["names"] for one in row.areas] == [{"vi": "Ven sông", "en": "Riverside"}]


def test_an_update_takes_the_place_of_what_it_updates(session, publish):
    first = publish()
    row = service.update(session, WRITER, first.id)
    row = service.edit(session, WRITER, row.id, composed(severity="Extreme", units=("27712",)), row.version)
    row = service.ask(session, WRITER, row.id, row.version)
    assert [one.identifier for one in service.current(session, ANONYMOUS)] == [first.identifier]
    row = service.approve(session, CHIEF, row.id, row.version)
    assert [one.identifier for one in service.current(session, ANONYMOUS)] == [row.identifier]
    assert [(one["identifier"], one["sent"]) for one in row.references] == [(first.identifier, first.sent_at)]
    assert session.get(Warning_, first.id).state == "superseded"


def test_a_second_update_names_all_before_it(session, publish):
    row = publish()
    before = [row.identifier]
    for severity in ("Extreme", "Moderate"):
        row = service.update(session, WRITER, row.id)
        row = service.edit(session, WRITER, row.id, composed(severity=severity), row.version)
        row = service.ask(session, WRITER, row.id, row.version)
        row = service.approve(session, CHIEF, row.id, row.version)
        assert [one["identifier"] for one in row.references] == before
        before.append(row.identifier)
    assert [one.state for one in store.chain(session, WRITER, row.chain_id)] == [
        "superseded",
        "superseded",
        "published",
    ]


def test_a_cancellation_too_is_a_second_persons(session, publish):
    first = publish()
    with pytest.raises(BadInput):
        service.cancel(session, CHIEF, first.id, {"vi": ""})
    row = service.cancel(session, CHIEF, first.id, {"vi": "Nước đã rút", "en": "The water has gone"})
    assert row.state == "asked"
    with pytest.raises(NotSecondPerson):
        service.approve(session, CHIEF, row.id, row.version)
    row = service.approve(session, OTHER, row.id, row.version)
    assert service.current(session, ANONYMOUS) == []
    assert session.get(Warning_, first.id).state == "cancelled"
    assert row.infos[0]["description"] == "Nước đã rút"


def test_one_successor_at_a_time(session, publish):
    first = publish()
    row = service.update(session, WRITER, first.id)
    with pytest.raises(CannotStep):
        service.cancel(session, WRITER, first.id, {"vi": "hết"})
    service.drop(session, WRITER, row.id, row.version)
    service.cancel(session, WRITER, first.id, {"vi": "hết"})


def test_what_ended_meanwhile_is_not_updated(session, publish, monkeypatch):
    first = publish(expires_at=clock.now_micros() + HOUR)
    row = service.update(session, WRITER, first.id)
    row = service.edit(session, WRITER, row.id, composed(expires_at=clock.now_micros() + 9 * HOUR), row.version)
    row = service.ask(session, WRITER, row.id, row.version)
    later = clock.moment(clock.now_micros() + 2 * HOUR)
    monkeypatch.setattr(clock, "source", lambda: later)
    assert service.expire(session) == 1
    with pytest.raises(Conflict):
        service.approve(session, CHIEF, row.id, row.version)


def test_it_ends_by_itself(session, publish, monkeypatch):
    row = publish(expires_at=clock.now_micros() + HOUR)
    ends = row.expires_at
    later = clock.moment(clock.now_micros() + 2 * HOUR)
    monkeypatch.setattr(clock, "source", lambda: later)
    assert service.current(session, ANONYMOUS) == []
    assert service.expire(session) == 1
    assert service.expire(session) == 0
    assert session.get(Warning_, row.id).ended_at == ends


def test_the_past_is_as_it_was(session, publish, monkeypatch):
    first = publish()
    middle = clock.now_micros() + HOUR
    monkeypatch.setattr(clock, "source", lambda: clock.moment(middle + HOUR))
    row = service.cancel(session, WRITER, first.id, {"vi": "hết"})
    service.approve(session, CHIEF, row.id, row.version)
    assert service.current(session, ANONYMOUS) == []
    assert [one.identifier for one in service.current(session, ANONYMOUS, middle)] == [first.identifier]
    assert service.current(session, ANONYMOUS, first.sent_at - 1) == []
    assert service.current(session, ANONYMOUS, middle, known=first.sent_at - 1) == []


def test_only_here_and_gravest_first(session, publish):
    west = publish(units=("27715",), severity="Minor")
    east = publish(units=("27712",), severity="Extreme")
    assert [one.id for one in service.current(session, ANONYMOUS)] == [east.id, west.id]
    assert [one.id for one in service.current(session, ANONYMOUS, bbox=(106.43, 10.51, 106.5, 10.6))] == [east.id]
    assert service.current(session, ANONYMOUS, bbox=(107, 11, 108, 12)) == []


def test_drafts_are_seen_by_those_who_work_at_them(session, asked):
    inside = Caller("person", 20, "Trong", 1, within=frozenset({("warnings:draft", 1)}))
    outside = Caller("person", 21, "Ngoài", 2, within=frozenset({("warnings:draft", 2), ("warnings:approve", 2)}))
    assert service.one(session, inside, asked.id).id == asked.id
    for stranger in (ANONYMOUS, READER, outside):
        with pytest.raises(NotFound) as hidden:
            service.one(session, stranger, asked.id)
        with pytest.raises(NotFound) as nothing:
            service.one(session, stranger, 987654)
        assert hidden.value.message.replace(str(asked.id), "n") == nothing.value.message.replace("987654", "n")
        assert store.at_desk(session, stranger, store.OPEN) == []
        assert service.current(session, stranger) == []
    assert store.published(session, ANONYMOUS, asked.identifier) is None


def test_the_journal_tells_the_public_only_of_what_was_published(session, publish):
    publish()
    row = service.draft(session, WRITER, composed(said={"vi": said("Bí mật")}))
    service.ask(session, WRITER, row.id, row.version)
    entries = journal.read(session, sees=guard.sees_entries(ANONYMOUS), kinds=["warnings"])
    assert [one["kind"] for one in entries] == ["warnings.message.published"]
    told = str(entries)
    assert "Bí mật" not in told
    assert "person:" not in told
    kept = journal.read(session, sees=guard.sees_entries(guard.SYSTEM), kinds=["warnings"])
    assert {"warnings.message.drafted", "warnings.message.asked", "warnings.message.approved"} <= {
        one["kind"] for one in kept
    }


@pytest.mark.parametrize("status", ["Exercise", "Test"])
def test_an_exercise_is_told_as_one(session, publish, status):
    publish(status=status)
    (one,) = service.current(session, ANONYMOUS)
    assert one.exercise
    assert journal.read(session, sees=guard.sees_entries(ANONYMOUS), kinds=["warnings"]) == []


def test_an_update_keeps_the_status(session, publish):
    row = service.update(session, WRITER, publish(status="Exercise").id)
    with pytest.raises(BadInput):
        service.edit(session, WRITER, row.id, composed(status="Actual"), row.version)
