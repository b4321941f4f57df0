"""An alarm sends somebody: its case, whose it is, what the alarm's log says of it; an order about a case."""

import pytest

from dothi.alerts import service as alerts
from dothi.cases import from_alarm, reading
from dothi.cases import service as cases
from dothi.cases.tables import CaseLink
from dothi.duty import orders
from dothi.kit import clock
from dothi.kit.errors import BadInput, NotAllowed, NotFound
from tests.cases import scene
from tests.duty import people


@pytest.fixture
def city(session):
    made = scene.city(session)
    made.duty = scene.person(session, "truc", "duty-officer", made.lights.code)
    made.alarm = people.alarm(session, agency_id=made.lights.id)
    made.alarm.sector, made.alarm.rule_code = "lighting", "lighting-dark"
    made.alarm.lon, made.alarm.lat = scene.PLACE
    session.commit()
    return made


def test_an_alarm_has_one_case_at_a_time_and_its_log_says_what_became_of_it(session, city):
    made = from_alarm.open_case(session, city.duty, city.alarm.number, office=city.lights.id, text="Đi ngay")
    session.commit()
    assert (made.category, made.channel, made.public, made.subject) == (
        "lamp-out",
        "alarm",
        False,
        f"alarm:{city.alarm.id}",
    )
    assert made.priority == {"critical": "urgent", "major": "high"}[city.alarm.severity]
    assert [(one.kind, one.to) for one in session.query(CaseLink)] == [("caused-by", f"alarm:{city.alarm.id}")]
    again = from_alarm.open_case(session, city.duty, city.alarm.number)
    assert again.id == made.id
    cases.assign(session, city.admin, made.id, office=city.lights.id, handler=city.officer.id)
    cases.step(session, city.officer, made.id, "start")
    cases.step(session, city.officer, made.id, "resolve", text="Đã thay")
    session.commit()
    said = [one.data["text"] for one in alerts.events(session, city.duty, city.alarm.id) if one.kind == "commented"]
    assert said == [made.number, f"{made.number}: đã xử lý"]
    assert [one.number for one in from_alarm.of_alarm(session, city.officer, city.alarm.id)] == [made.number]
    assert from_alarm.of_alarm(session, city.stranger, city.alarm.id) == []
    with pytest.raises(NotFound):
        reading.public_case(session, made.number)


def test_who_neither_handles_cases_nor_sees_the_alarm_opens_none(session, city):
    with pytest.raises((NotAllowed, NotFound)):
        from_alarm.open_case(session, city.worker, city.alarm.number)
    with pytest.raises(NotAllowed):
        from_alarm.open_case(session, city.leader, city.alarm.number)


def test_a_leader_orders_from_a_case_they_see(session, city):
    case = scene.report(session)
    session.commit()
    soon = clock.now_micros() + clock.HOUR
    made = orders.give(
        session, city.leader, agency_id=city.lights.id, text="Xử lý trong ngày", due_at=soon, subject=f"case:{case.number}"
    )  # fmt: skip
    assert made.subject_name == f"{case.number} · {case.title}"
    with pytest.raises(BadInput):
        orders.give(session, city.leader, agency_id=city.lights.id, text="x", due_at=soon, subject="case:PA-99-000001")
