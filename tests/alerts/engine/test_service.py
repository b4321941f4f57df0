"""What people do with alarms, who may, and what is kept of it."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from dothi.alerts import maintenance, rulebook, service, standing
from dothi.alerts.queue import Asked, queue, whole
from dothi.alerts.tables import Alarm
from dothi.db import session as db
from dothi.identity.guard import ANONYMOUS, SYSTEM, Caller
from dothi.identity.tables import Person
from dothi.journal.tables import Entry
from dothi.kit.errors import BadInput, Conflict, NotAllowed, NotFound, NotSignedIn
from tests.alerts.engine.town import HOUR, MINUTE, S, agency, alarms, gauge, rule


def officer(of, *permissions, id_=7):
    held = permissions or ("alarms:read", "alarms:handle")
    return Caller("person", id=id_, name="Nhung", agency_id=of, within=frozenset((one, of) for one in held))


@pytest.fixture
def two(town, session):
    """An alarm of each of two agencies, one of them shared with all."""
    a, b = agency(session, "a"), agency(session, "b")
    (own,) = gauge(session, "Sông Vàm", agency_id=a.id, sharing="restricted")
    (other,) = gauge(session, "Kênh", agency_id=b.id, sharing="restricted", unit_code="28243")
    (shared,) = gauge(session, "Cầu", agency_id=b.id, sharing="shared")
    session.add(Person(id=9, login="binh", name="Bình", created_at=0, agency_id=a.id))
    session.commit()
    ids = {"a": a.id, "b": b.id}
    town.make(rule("high", {"minor": {"above": 1.5}, "critical": {"above": 2}}))
    town.start()
    town.say((own, town.now, 1.7), (other, town.now, 1.8), (shared, town.now, 2.5))
    found = {one.datastream_id: one.id for one in alarms(session)}
    session.rollback()
    return {**ids, "own": found[own], "other": found[other], "shared": found[shared]}


def entries(session, kind):
    session.rollback()
    return list(session.scalars(select(Entry).where(Entry.kind == f"alerts.alarm.{kind}").order_by(Entry.id)))


def test_an_agency_sees_and_handles_its_own_and_sees_what_is_shared(two, session):
    caller = officer(two["a"])
    assert {line.head.id for line in queue(session, caller)} == {two["own"], two["shared"]}
    with pytest.raises(NotFound) as hidden:
        service.alarm(session, caller, two["other"])
    with pytest.raises(NotFound) as absent:
        service.alarm(session, caller, 99999)
    assert str(hidden.value).replace(str(two["other"]), "") == str(absent.value).replace("99999", "")
    with pytest.raises(NotFound):
        service.acknowledge(session, caller, [two["own"], two["other"]])
    with pytest.raises(NotAllowed):
        service.acknowledge(session, caller, [two["own"], two["shared"]])
    session.rollback()
    with pytest.raises(NotSignedIn):
        service.acknowledge(session, ANONYMOUS, [two["own"]])
    assert queue(session, ANONYMOUS) == []
    with pytest.raises(NotAllowed):
        service.acknowledge(session, officer(two["a"], "alarms:read"), [two["own"]])
    session.rollback()
    assert service.acknowledge(session, caller, [two["own"]])[0].acknowledged


def test_every_verb_leaves_an_event_and_an_entry(two, session, town):
    caller, id_ = officer(two["a"]), two["own"]
    with db.writing() as writing:
        service.acknowledge(writing, caller, [id_], "đã thấy")
        service.acknowledge(writing, caller, [id_])
        service.unacknowledge(writing, caller, [id_])
        service.assign(writing, caller, [id_], 9)
        service.comment(writing, caller, [id_], "gọi trạm bơm")
        service.shelve(writing, caller, [id_], town.now + HOUR, "đang sửa")
        service.shelve(writing, caller, [id_], None, "")
        service.clear(writing, caller, [id_], "đã xử lý")
    kinds = [one.kind for one in service.events(session, caller, id_)]
    assert kinds == [
        "raised", "acknowledged", "unacknowledged", "assigned", "commented", "shelved", "shelved", "cleared",
    ]  # fmt: skip
    for kind in kinds[1:]:
        (entry, *_) = entries(session, kind)
        assert (entry.actor, entry.subject, entry.agency_id, entry.visibility) == (
            "person:7", f"alarm:{id_}", two["a"], "restricted",
        )  # fmt: skip
        assert entry.data["number"].startswith("CB-26-")
    assert entries(session, "commented")[0].data["text"] == "gọi trạm bơm"
    assert entries(session, "assigned")[0].data["person_id"] == 9
    found = service.alarm(session, caller, id_)
    assert (found.active, found.cleared_how, found.assignee_id, found.suppressed) == (False, "by-hand", 9, None)


def test_two_officers_at_once_one_wins(two, session):
    caller, id_ = officer(two["a"]), two["own"]
    seen = service.alarm(session, caller, id_).version
    session.rollback()
    with db.writing() as writing:
        service.acknowledge(writing, caller, [id_], versions={id_: seen})
    with pytest.raises(Conflict) as refused:
        service.clear(session, caller, [id_], "xong", versions=[seen])
    assert "CB-26-" in str(refused.value)
    session.rollback()
    assert service.alarm(session, caller, id_).active


def test_what_is_wrong_is_said(two, session, town):
    caller, id_ = officer(two["a"]), two["own"]
    for work in (
        lambda: service.comment(session, caller, [id_], " "),
        lambda: service.clear(session, caller, [id_], ""),
        lambda: service.comment(session, caller, [id_], "x" * 2001),
        lambda: service.shelve(session, caller, [id_], town.now - 1, ""),
        lambda: service.shelve(session, caller, [id_], town.now + 8 * 24 * HOUR, "lâu"),
        lambda: service.assign(session, caller, [id_], 12345),
        lambda: service.acknowledge(session, caller, []),
        lambda: queue(session, caller, Asked(severity="worst")),
        lambda: queue(session, caller, Asked(state="open")),
    ):
        with pytest.raises(BadInput):
            work()
        session.rollback()
    with pytest.raises(BadInput) as both:
        service.shelve(session, caller, [id_], town.now - 1, "")
    assert {fault.place for fault in both.value.faults} == {"until", "reason"}


def test_the_queue_is_by_severity_then_by_who_waits_then_by_age(two, session, town):
    with db.writing() as writing:
        service.acknowledge(writing, SYSTEM, [two["own"]])
    found = whole(session, SYSTEM)
    assert [line.head.id for line in found.lines] == [two["shared"], two["other"], two["own"]]
    assert found.by_severity == {"critical": 1, "major": 0, "minor": 2, "warning": 0}
    assert (found.waiting, found.active, found.alarms) == (2, 3, 3)


ASKED = [
    (Asked(severity="critical"), {"shared"}),
    (Asked(severity=["minor", "major"]), {"own", "other"}),
    (Asked(state="unacknowledged"), {"other", "shared"}),
    (Asked(state="acknowledged"), {"own"}),
    (Asked(state="cleared"), set()),
    (Asked(state="suppressed"), set()),
    (Asked(state="all"), {"own", "other", "shared"}),
    (Asked(sector="water"), {"own", "other", "shared"}),
    (Asked(sector="air"), set()),
    (Asked(unit="28243"), {"other"}),
    (Asked(text="song vam"), {"own"}),
    (Asked(text="SÔNG VÀM"), {"own"}),
    (Asked(text="kenh quy tac"), {"other"}),
    (Asked(text="%"), set()),
    (Asked(mine=True), {"own"}),
    (Asked(unassigned=True), {"other", "shared"}),
    (Asked(assignee=9), {"own"}),
    (Asked(near_breach=True), {"shared"}),
]


def test_what_can_be_asked_of_the_queue_now_and_of_the_past(two, session, town):
    everywhere = Caller("person", id=9, everywhere=frozenset({"alarms:read", "alarms:handle"}))
    town.clock.now += 3 * MINUTE
    with db.writing() as writing:
        service.acknowledge(writing, everywhere, [two["own"]])
        service.assign(writing, everywhere, [two["own"]], 9)
    here = town.now

    def found(asked):
        return {line.head.id for line in queue(session, everywhere, asked)}

    wanted = [{two[one] for one in names} for _, names in ASKED]
    assert [found(asked) for asked, _ in ASKED] == wanted
    session.rollback()
    town.clock.now += HOUR
    with db.writing() as writing:
        service.clear(writing, SYSTEM, [two["own"], two["other"], two["shared"]], "hết")
    assert [found(replace(asked, at=here, known=here)) for asked, _ in ASKED] == wanted
    assert found(Asked(at=here - HOUR, known=here)) == set()


def test_a_past_moment_comes_from_events_alone(two, session, town):
    ids = [two["own"], two["other"], two["shared"]]
    began = town.now
    town.clock.now += 10 * MINUTE
    with db.writing() as writing:
        service.acknowledge(writing, SYSTEM, ids)
        service.clear(writing, SYSTEM, ids, "hết")
        for one in writing.scalars(select(Alarm)):
            one.severity = one.worst = "warning"  # what the row says now is not asked
            one.value_text, one.assignee_id, one.repeats = "?", 3, 9
    found = standing.standing(session, SYSTEM, began + MINUTE)
    assert [(one.id, one.severity, one.active, one.acknowledged, one.repeats, one.assignee_id) for one in found] == [
        (two["own"], "minor", True, False, 1, None), (two["other"], "minor", True, False, 1, None),
        (two["shared"], "critical", True, False, 1, None),
    ]  # fmt: skip
    assert {one.value_text for one in found} == {"1,70", "1,80", "2,50"}
    assert standing.standing(session, SYSTEM, town.now) == []
    assert standing.standing(session, officer(two["a"]), began + MINUTE)[0].id == two["own"]
    assert len(standing.standing(session, officer(two["a"]), began + MINUTE)) == 2


def test_what_was_and_what_we_knew(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("high", {"major": {"above": 1.5}}))
    town.start()
    began = town.now
    town.say((stream, began, 1.7))
    town.wait(10 * MINUTE)
    town.say((stream, town.now, 1.0))
    town.wait(10 * MINUTE)
    town.say((stream, began + 2 * MINUTE, 1.0))  # it had been over soon
    late = town.now
    session.rollback()

    def stood(at, known):
        return [(one.active, one.raised_at) for one in standing.standing(session, SYSTEM, at, known)]

    assert stood(began - 1, late) == []
    assert stood(began + 5 * MINUTE, began + 5 * MINUTE) == [(True, began)]
    assert stood(began + 5 * MINUTE, began + 15 * MINUTE) == [(True, began)]
    assert stood(began + 5 * MINUTE, late) == [(False, began)]
    assert stood(began + MINUTE, late) == [(True, began)]
    town.say((stream, began, 1.2))  # and it never was
    session.rollback()
    assert stood(began + MINUTE, town.now) == []
    town.wait(MINUTE)
    assert stood(began + MINUTE, late - S) == [(True, began)]
    assert sum(one["major"] for one in standing.counts(session, SYSTEM, began - HOUR, town.now, 10 * MINUTE)) == 0


def test_counts_for_the_scrubber(two, session, town):
    found = standing.counts(session, SYSTEM, town.now - HOUR, town.now + HOUR, 30 * MINUTE)
    assert [(one["at"], one["critical"], one["minor"]) for one in found] == [
        (town.now - HOUR, 0, 0), (town.now - HOUR // 2, 0, 0), (town.now, 1, 2), (town.now + HOUR // 2, 0, 0),
    ]  # fmt: skip
    assert (
        sum(one["minor"] for one in standing.counts(session, officer(two["a"]), town.now - HOUR, town.now + 1, HOUR))
        == 1
    )
    with pytest.raises(BadInput):
        standing.counts(session, SYSTEM, town.now, town.now - 1, HOUR)


def test_why_an_alarm_names_the_values_the_rule_and_its_version(two, session):
    found = service.explanation(session, SYSTEM, two["own"])
    (value,) = found["evidence"]
    assert (value["value"], value["received_at"], found["rule"], found["version"]) == (1.7, value["at"], "high", 1)
    assert value["href"] == f"/sta/v1.1/Observations('{value['stream']}-{value['at']}')"
    assert found["definition"]["when"]["minor"] == {"above": 1.5}
    # who may see the alarm and not the datastream is not shown the value
    assert service.explanation(session, officer(two["a"]), two["own"])["evidence"] == []
    assert (
        len(service.explanation(session, officer(two["a"], "alarms:read", "sensing:read"), two["own"])["evidence"]) == 1
    )


def test_rules_are_made_changed_and_switched_by_who_may(two, session):
    chief = officer(two["a"], "alarms:read", "rules:write")
    made = rulebook.create(session, chief, rule("mine", {"minor": {"above": 1}}), agency_id=two["a"])
    assert (made.status, made.version, made.origin) == ("draft", 1, "person")
    with pytest.raises(NotAllowed):
        rulebook.create(session, chief, rule("all", {"minor": {"above": 1}}))
    with pytest.raises(NotAllowed):
        rulebook.switch(session, officer(two["b"], "alarms:read", "rules:write"), "mine", "on")
    with pytest.raises(BadInput):
        rulebook.create(session, chief, rule("mine", {"minor": {"above": 1}}), agency_id=two["a"])
    with pytest.raises(BadInput) as wrong:
        rulebook.create(session, chief, {"code": "x", "when": {"bad": {}}, "on": {}}, agency_id=two["a"])
    assert len(wrong.value.faults) > 1
    changed = rulebook.change(session, chief, "mine", rule("mine", {"minor": {"above": 2}}), 1)
    assert changed.version == 2
    with pytest.raises(Conflict):
        rulebook.change(session, chief, "mine", rule("mine", {"minor": {"above": 3}}), 1)
    assert rulebook.switch(session, chief, "mine", "on", 2).status == "on"
    assert [one.definition["when"]["minor"]["above"] for one in rulebook.versions(session, chief, "mine")] == [2, 1]
    session.commit()
    kinds = session.scalars(select(Entry.kind).where(Entry.subject == "rule:mine").order_by(Entry.id)).all()
    assert kinds == ["alerts.rule.created", "alerts.rule.changed", "alerts.rule.on"]


def test_rules_of_packs_come_at_the_start_and_keep_a_persons_switch(town, session, monkeypatch):
    from dothi.alerts import declared
    from dothi.alerts.model import RuleModel

    def pack(**when):
        return {"tide": RuleModel.model_validate(rule("tide", when or {"major": {"above": 1.5}}))}

    monkeypatch.setattr(declared, "rules", pack)
    town.start()
    with db.writing() as writing:
        rulebook.switch(writing, SYSTEM, "tide", "off")
    monkeypatch.setattr(declared, "rules", lambda: pack(minor={"above": 1.2}))
    town.start()
    found = rulebook.rule(session, SYSTEM, "tide")
    assert (found.status, found.version, found.origin) == ("off", 2, "pack")
    with pytest.raises(NotAllowed):
        rulebook.change(session, SYSTEM, "tide", rule("tide", {"major": {"above": 9}}), 2)
    session.rollback()
    with db.writing() as writing:
        rulebook.switch(writing, SYSTEM, "tide", "on")
    monkeypatch.setattr(declared, "rules", dict)
    town.start()
    session.expire_all()
    assert rulebook.rule(session, SYSTEM, "tide").status == "off"


def test_maintenance_is_planned_by_who_handles_the_agencys_alarms(two, session, town):
    own = officer(two["a"], "alarms:read", "alarms:handle", "sensing:read")
    thing = session.get(Alarm, two["own"]).thing_id
    other = session.get(Alarm, two["other"]).thing_id
    times = {"starts_at": town.now, "ends_at": town.now + HOUR, "reason": "sửa chữa"}
    made = maintenance.plan(session, own, scope_kind="thing", scope=str(thing), **times)
    with pytest.raises(BadInput):  # not visible is not there
        maintenance.plan(session, own, scope_kind="thing", scope=str(other), **times)
    with pytest.raises(NotAllowed):
        maintenance.plan(session, own, scope_kind="sector", scope="water", **times)
    with pytest.raises(BadInput) as wrong:
        maintenance.plan(session, SYSTEM, starts_at=5, ends_at=4, scope_kind="x", scope="", reason="")
    assert {one.place for one in wrong.value.faults} == {"ends_at", "scope_kind", "reason"}
    session.commit()
    assert [one.id for one in maintenance.current(session, own)] == [made.id]
    assert maintenance.current(session, officer(two["b"])) == []
    with pytest.raises(NotFound):
        maintenance.cancel(session, officer(two["b"]), made.id)
    session.rollback()
    maintenance.cancel(session, own, made.id)
    session.commit()
    assert maintenance.current(session, SYSTEM) == []
