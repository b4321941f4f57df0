"""Presence, saved views, walls and the steps of procedures."""

from types import SimpleNamespace

import pytest
from sqlalchemy import select

from dothi.alerts import service as alarms
from dothi.alerts.model import Procedure
from dothi.alerts.tables import Alarm
from dothi.duty import presence, procedures, store, views, walls
from dothi.duty.tables import Wall
from dothi.identity import guard
from dothi.identity.guard import ANONYMOUS, sees_entries
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, NotAllowed, NotFound, NotSignedIn
from tests.duty import people


@pytest.fixture
def crew(session):
    """A chief, two duty officers of the centre, officers of two agencies."""
    one, other = people.agency(session), people.agency(session, "giao-thong", "Sở Giao thông")
    made = SimpleNamespace(
        chief=people.person(session, "duc", "duty-chief"), nhung=people.person(session, "nhung", "duty-officer"),
        viet=people.person(session, "viet", "duty-officer"), tam=people.person(session, "tam", "duty-officer", one.code),
        far=people.person(session, "xa", "duty-officer", other.code), agency=one, other=other,
    )  # fmt: skip
    session.commit()
    return made


@pytest.mark.parametrize(
    ("name", "short"), [("Trần Quốc Việt", "QV"), ("Nhung", "N"), ("Nguyễn Thị Ánh", "TÁ"), ("", "")]
)
def test_initials_are_of_the_last_two_names(name, short):
    assert presence.initials(name) == short


def test_others_are_seen_at_alarms_one_sees_for_half_a_minute(session, crew, monkeypatch):
    ours, theirs = people.alarm(session, agency_id=crew.agency.id), people.alarm(session, agency_id=crew.other.id)
    presence.here(session, crew.nhung, "t1", f"alarm:{ours.id}")
    presence.here(session, crew.nhung, "t2", f"alarm:{theirs.id}")
    presence.here(session, crew.viet, "t1", None)
    session.commit()
    everything = {(one.initials, one.subject) for one in presence.others(session, crew.chief)}
    assert everything == {("HN", f"alarm:{ours.id}"), ("HN", f"alarm:{theirs.id}"), ("QV", None)}
    assert [one.subject for one in presence.others(session, crew.tam)] == [f"alarm:{ours.id}"]
    assert {one.subject for one in presence.others(session, crew.nhung)} == {None}
    presence.here(session, crew.nhung, "t1", None)
    assert presence.others(session, crew.tam) == []
    presence.here(session, crew.nhung, "t1", f"alarm:{ours.id}")
    presence.gone(session, crew.nhung, "t2")
    assert {one.subject for one in presence.others(session, crew.chief)} == {None, f"alarm:{ours.id}"}
    session.commit()
    later = clock.moment(clock.now_micros() + presence.SILENCE + 2 * clock.SECOND)
    monkeypatch.setattr(clock, "source", lambda: later)
    assert presence.others(session, crew.chief) == []


def test_presence_is_for_people_who_read_alarms(session, crew):
    with pytest.raises(NotSignedIn):
        presence.here(session, ANONYMOUS, "t")
    with pytest.raises(NotAllowed):
        presence.others(session, people.person(session, "kho", "data-steward"))
    for tab in ("", "a b", "x" * 41, "ổ"):
        with pytest.raises(BadInput):
            presence.here(session, crew.nhung, tab)


def test_a_saved_view_keeps_the_lasting_part_of_the_address_bar(session, crew):
    made = views.save(
        session, crew.nhung, "Thoát nước", "?sector=drainage&map=12/10.5/106.4&at=2026-11-21T10:00:00Z&alarm=CB-26-1"
    )
    assert made.state == {"sector": "drainage", "map": "12/10.5/106.4"}
    assert made.position == 1
    assert views.href(made.state) == "/operations?sector=drainage&map=12%2F10.5%2F106.4"
    assert views.save(session, crew.nhung, "Giao thông", {"sector": "traffic"}).position == 2
    assert views.save(session, crew.nhung, "Nước", {"sector": "water"}, position=1).id == made.id, (
        "it takes the key's place"
    )


def test_ones_own_view_goes_before_the_shared_one_of_the_same_key(session, crew):
    views.save(session, crew.chief, "Chung", {"q": "a"}, position=1, shared=True)
    views.save(session, crew.chief, "Chung hai", {"q": "b"}, position=2, shared=True)
    views.save(session, crew.nhung, "Riêng", {"q": "c"}, position=1)
    assert {key: one.title for key, one in views.keys(session, crew.nhung).items()} == {1: "Riêng", 2: "Chung hai"}
    assert {key: one.title for key, one in views.keys(session, crew.viet).items()} == {1: "Chung", 2: "Chung hai"}
    assert "Riêng" not in {one.title for one in views.list_(session, crew.chief)}


def test_shared_views_are_kept_by_chiefs_and_own_ones_by_their_owner(session, crew):
    with pytest.raises(NotAllowed):
        views.save(session, crew.nhung, "Chung", {}, shared=True)
    shared = views.save(session, crew.chief, "Chung", {}, shared=True)
    own = views.save(session, crew.viet, "Riêng", {})
    with pytest.raises(NotAllowed):
        views.delete(session, crew.nhung, shared.id)
    with pytest.raises(NotFound):
        views.delete(session, crew.nhung, own.id)
    views.delete(session, crew.viet, own.id)
    views.delete(session, crew.chief, shared.id)
    assert views.list_(session, crew.viet) == []
    with pytest.raises(BadInput) as error:
        views.save(session, crew.viet, "", {"q": "x" * 1001}, position=12)
    assert {fault.place for fault in error.value.faults} == {"title", "state", "position"}
    for _ in range(9):
        views.save(session, crew.viet, "đầy", {})
    with pytest.raises(Conflict):
        views.save(session, crew.viet, "mười", {})


def test_a_wall_reads_what_its_maker_reads_and_its_token_is_kept_as_a_hash(session, crew):
    ours, theirs = people.alarm(session, agency_id=crew.agency.id), people.alarm(session, agency_id=crew.other.id)
    lead = people.person(session, "to-truong", "duty-chief", crew.agency.code)
    made, token = walls.create(
        session, lead, "Tường phường", [{"title": "Tất cả", "state": {}, "seconds": 20}], crew.agency.id
    )
    kept = session.scalars(select(Wall.token)).one()
    assert token not in kept
    assert walls.of_token(session, token) is made
    wall = walls.caller_of(made)
    assert [a.id for a in session.scalars(select(Alarm).where(guard.visible(wall, Alarm, "alarms:read")))] == [ours.id]
    assert not {one for one, _ in wall.within} - set(walls.READS)
    everywhere, other = walls.create(session, crew.chief, "Tường lớn", [{"state": "?sector=air", "seconds": 30}])
    seen = session.scalars(select(Alarm).where(guard.visible(walls.caller_of(everywhere), Alarm, "alarms:read")))
    assert {a.id for a in seen} == {ours.id, theirs.id}
    assert everywhere.views[0]["state"] == {"sector": "air"}
    assert walls.saw(session, made)
    assert not walls.saw(session, made)
    walls.revoke(session, crew.chief, made.id)
    assert walls.of_token(session, token) is None
    assert walls.of_token(session, other) is everywhere
    assert [walls.of_token(session, one) for one in ("", "w_", token[:-1], "x" * 500)] == [None] * 4


def test_walls_are_made_and_revoked_by_who_leads_there(session, crew):
    with pytest.raises(NotAllowed):
        walls.create(session, crew.nhung, "Tường", [{"state": {}}])
    lead = people.person(session, "to-truong", "duty-chief", crew.agency.code)
    with pytest.raises(NotAllowed):
        walls.create(session, lead, "Tường", [{"state": {}}])
    made, _ = walls.create(session, crew.chief, "Tường", [{"state": {}}])
    with pytest.raises(NotFound):
        walls.revoke(session, lead, made.id)
    assert walls.list_(session, lead) == []
    with pytest.raises(BadInput) as error:
        walls.create(session, crew.chief, " ", [{"state": {"q": "x" * 2000}, "seconds": 1}])
    assert {fault.place for fault in error.value.faults} == {"title", "views.0.state", "views.0.seconds"}


@pytest.fixture
def sop(monkeypatch):
    """A declared procedure of two steps."""
    made = Procedure.model_validate({
        "code": "trieu-cuong", "title": {"vi": "Ứng phó triều cường", "en": "High tide"}, "steps": [
            {"code": "doi-chieu", "text": {"vi": "Đối chiếu trạm khác", "en": "Compare"}, "minutes": 5},
            {"code": "bao-truong-ca", "text": {"vi": "Báo trưởng ca", "en": "Tell the chief"}, "role": "duty-officer"},
        ],
    })  # fmt: skip
    monkeypatch.setattr(procedures, "declared", lambda code: made if code == made.code else None)
    return made


def test_a_step_is_ticked_and_unticked_by_rows_that_stay(session, crew, sop):
    one = people.alarm(session, ago=60, procedure=sop.code)
    first = procedures.steps(session, crew.nhung, one.id)
    assert [(step.code, step.done, step.late) for step in first.steps] == [
        ("doi-chieu", False, False),
        ("bao-truong-ca", False, False),
    ]
    assert first.steps[0].due_at == one.raised_at + 300 * clock.SECOND
    assert procedures.tick(session, crew.nhung, one.id, "doi-chieu", note="Mộc Hóa 1,71") is not None
    assert procedures.tick(session, crew.viet, one.id, "doi-chieu") is None, "it is done already"
    now = procedures.steps(session, crew.viet, one.id)
    assert (now.done, now.steps[0].by, now.steps[0].note, now.steps[0].due_at) == (
        1,
        "Nguyễn Thị Hồng Nhung",
        "Mộc Hóa 1,71",
        None,
    )
    procedures.tick(session, crew.viet, one.id, "doi-chieu", False)
    session.commit()
    assert procedures.steps(session, crew.nhung, one.id).done == 0
    assert [(row.done, row.actor) for row in store.steps(session, one.id)] == [
        (1, crew.nhung.actor),
        (0, crew.viet.actor),
    ]
    events = [event for event in alarms.events(session, crew.nhung, one.id) if event.kind == "step"]
    assert [event.data["done"] for event in events] == [True, False]
    told = journal.read(session, sees=sees_entries(crew.nhung), kinds=["alerts.alarm.step"])
    assert [entry["data"]["step_text"] for entry in told] == ["Đối chiếu trạm khác"] * 2
    assert procedures.progress(session, [one]) == {one.id: (0, 2)}


def test_a_step_with_a_time_is_late_once_it_is_over(session, crew, sop):
    one = people.alarm(session, ago=301, procedure=sop.code)
    assert procedures.steps(session, crew.nhung, one.id).steps[0].late
    assert procedures.steps(session, crew.nhung, people.alarm(session).id) is None


def test_steps_need_alarms_handle_where_the_alarm_is(session, crew, sop):
    one = people.alarm(session, agency_id=crew.agency.id, procedure=sop.code)
    with pytest.raises(NotFound):
        procedures.tick(session, crew.far, one.id, "doi-chieu")
    with pytest.raises(NotAllowed):
        procedures.tick(session, people.person(session, "lan", "leader"), one.id, "doi-chieu")
    with pytest.raises(BadInput):
        procedures.tick(session, crew.tam, one.id, "khong-co")
    with pytest.raises(NotFound):
        procedures.tick(session, crew.tam, people.alarm(session, agency_id=crew.agency.id).id, "doi-chieu")
    assert not procedures.steps(session, people.person(session, "ho", "leader"), one.id).may
    assert procedures.tick(session, crew.tam, one.id, "doi-chieu").done == 1
