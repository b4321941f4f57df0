"""From a rule, or from what the hydromet service declares, to a warning ready to be sent; and where citizens read it."""

import pytest

from dothi.alerts import declared as rules
from dothi.alerts.tables import Rule
from dothi.answers import model
from dothi.answers import service as answers
from dothi.answers.asking import Asking
from dothi.datasets import service as datasets
from dothi.datasets.declared import declared as dataset_files
from dothi.identity.guard import ANONYMOUS, SYSTEM
from dothi.kit import clock
from dothi.kit.errors import NotFound
from dothi.screens.warnings import slots
from dothi.sensing.sectors import sectors
from dothi.warnings import service
from tests.duty import people
from tests.warnings.conftest import CHIEF, READER, WRITER, cancelled

QUESTION = {"code": "q", "ask": {"vi": "q", "en": "q"}, "blocks": [{"figure": {"warnings": {}}}, {"warnings": {}}]}


class Desk:
    """What the operations page hands to a slot."""

    language, replay = "vi", False

    def __init__(self, session, caller):
        self.session, self.caller = session, caller


@pytest.fixture
def flood(session, wards):
    """A river above its second alarm level, by the pack's own rule."""
    rule = rules.rules()["river-stage"]
    row = Rule(
        code="river-stage", title=rule.title.vi, sector="water", origin="pack", definition=rule.definition(), status="on",
        changed_at=clock.now_micros(), changed_by="dothi",
    )  # fmt: skip
    session.add(row)
    session.flush()
    alarm = people.alarm(
        session, rule_id=row.id, rule_code="river-stage", sector="water", severity="major", worst="major",
        subject_name="trạm Tân An", value_text="1,45", unit="m", unit_code="27694", agency_id=1,
        explanation={"property": "water-level"},
    )  # fmt: skip
    session.commit()
    return alarm


def test_a_rule_leads_the_officer_to_a_filled_warning(session, flood):
    desk = slots.of_alarm(Desk(session, WRITER), flood)
    assert desk["lead"] == {
        "title": "Lũ, triều cường trên sông",
        "href": f"/operations/warnings/new?alarm={flood.number}",
    }
    assert slots.of_alarm(Desk(session, READER), flood) is None  # writes no warnings
    made = service.suggestion(session, WRITER, flood.id)
    assert made.template == "river-flood"
    assert made.units == ["27694"]
    assert "trạm Tân An trên báo động II: phường Long An" in made.said["vi"].headline
    assert "above alarm level II" in made.said["en"].headline
    drafted = service.from_alarm(session, WRITER, flood.id)
    after = slots.of_alarm(Desk(session, WRITER), flood)
    assert after["lead"] is None
    assert [one.id for one in after["list"]] == [drafted.id]


def test_below_its_severity_and_once_over_nothing_is_asked_for(session, flood):
    flood.severity = "warning"
    assert service.leads(session, WRITER, flood) is None
    flood.severity, flood.active = "critical", False
    assert service.leads(session, WRITER, flood) is None


def test_a_declared_level_becomes_a_warning(session, wards):
    _, declared = dataset_files(sectors().packs)["risk-declarations"]
    datasets.create(session, SYSTEM, {
        "code": "risk-declarations", "title": "Cấp độ", "schema": declared.kept, "key_field": "code",
        "geometry_type": "Geometry", "sharing": "open", "status": "published", "simulated": True,
    })  # fmt: skip
    session.commit()
    begins = clock.now_micros() - clock.HOUR
    datasets.put(session, SYSTEM, "risk-declarations", None, {
        "type": "Feature", "geometry": {"type": "Point", "coordinates": [106.41, 10.52]}, "properties": {
            "code": "BT-1", "hazard": "surge", "level": 3, "bulletin": "Tin triều cường", "issuer": "Đài thử",
            "valid_from": clock.iso(begins), "valid_until": clock.iso(begins + 30 * clock.HOUR),
        },
    })  # fmt: skip
    session.commit()
    made, filled = service.from_record(session, READER, "risk-level", "BT-1")
    assert filled == {"hazard": "surge", "level": "3", "bulletin": "Tin triều cường", "issuer": "Đài thử"}
    assert made.said["vi"].headline.startswith("Nước dâng, triều cường, rủi ro thiên tai cấp 3: ")
    assert (made.expires_at - begins) // clock.HOUR == 30
    assert made.simulated
    assert made.units == ["27694"]
    for template, key in (("risk-level", "BT-2"), ("street-flood", "BT-1"), ("none", "BT-1")):
        with pytest.raises(NotFound):
            service.from_record(session, READER, template, key)


def told(session, caller=ANONYMOUS, **more):
    session.commit()
    found = answers.answer(Asking(session, caller, "vi", "disaster", **more), model.Question.model_validate(QUESTION))
    return found.head, found.blocks[-1]


def test_the_sector_page_tells_what_is_in_force(session, publish):
    head, rows = told(session)
    assert (head.value, head.state) == (0.0, "normal")
    assert rows.why
    row = publish()
    exercise = publish(status="Exercise")
    head, rows = told(session)
    assert (head.value, head.state, head.name) == (1.0, "major", "Nước sông trên báo động III")
    (one,) = rows.rows
    assert one.href == f"/warnings/{row.identifier}"
    assert [(cell.name, cell.text) for cell in one.cells][:2] == [
        ("Mức", "Nguy hiểm"), ("Khu vực", "phường Long An, phường Tân An"),
    ]  # fmt: skip
    assert one.value.startswith("đến ")
    assert told(session, place="27715")[0].value == 0.0
    assert told(session, place="27712")[0].value == 1.0
    assert exercise.status == "Exercise"
    cancelled(row.id)
    assert told(session, CHIEF)[0].value == 0.0
