"""A dataset is made, described, shared by two people, and removed."""

import pytest
from sqlalchemy import select

from dothi.datasets import service, views
from dothi.datasets.tables import Dataset, Record, RecordVersion, Review
from dothi.identity import guard
from dothi.journal.tables import Entry
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, NotAllowed, NotFound, NotSignedIn
from tests.datasets.conftest import FIELDS, SCHEMA, body, everywhere, lamp, person, share


def places(error):
    return {fault.place for fault in error.value.faults}


def fields(**more):
    """The schema with some fields changed; None leaves one out."""
    held = {name: one for name, one in (FIELDS | more).items() if one is not None}
    return {"type": "object", "properties": held, "required": ["code"], "x-order": list(held)}


def test_a_new_dataset_is_a_draft_of_its_makers_agency(session, steward, agencies, lamps):
    assert (lamps.agency_id, lamps.sharing, lamps.status, lamps.key_field) == (
        agencies["so-xd"],
        "restricted",
        "draft",
        "code",
    )
    assert lamps.schema == SCHEMA
    assert (lamps.count, lamps.version, lamps.changed_at) == (0, 0, None)
    with pytest.raises(Conflict):
        service.create(session, steward, body("lamps"))


def test_a_description_says_every_fault_at_once(session, steward, agencies):
    with pytest.raises(BadInput) as error:
        service.create(session, steward, {
            "code": "Đèn", "title": " ", "sharing": "public", "frequency": "SOMETIMES", "themes": ["ENVI", "X"], "licence": "nothing",
            "contact": {"email": "x", "fax": "1"}, "geometry_type": "Circle", "valid_from": "yesterday", "agency": "so-xx", "color": 1,
            "schema": {"properties": {"a": {"type": "text"}}}, "key_field": "b", "properties": {"_own": 1}, "source_url": "javascript",
        })  # fmt: skip
    assert places(error) == {
        "code", "title", "sharing", "frequency", "themes.1", "licence", "contact.email", "contact.fax", "geometry_type", "valid_from",
        "agency", "color", "schema.properties.a.type", "properties._own", "source_url",
    }  # fmt: skip


def test_codes_of_licence_frequency_and_theme_become_their_own_form(session, steward):
    made = service.create(session, steward, body(
        "roads", licence="cc-by-4.0", frequency="monthly", themes=["http://publications.europa.eu/resource/authority/data-theme/TRAN"],
        keywords=["đường", "đường"], valid_from="2026-01-01", valid_until="2026-12-31",
    ))  # fmt: skip
    assert made.licence == "https://creativecommons.org/licenses/by/4.0/"
    assert (made.frequency, made.themes, made.keywords) == ("MONTHLY", ["TRAN"], ["đường"])
    assert clock.iso(made.valid_until) == "2026-12-31T17:00:00.000Z"


@pytest.mark.parametrize("sharing", ["shared", "open"])
def test_nobody_shares_alone(session, steward, lamps, sharing):
    with pytest.raises(Conflict):
        service.create(session, steward, body("roads", sharing=sharing, status="published"))
    with pytest.raises(Conflict):
        service.describe(session, steward, "lamps", {"sharing": sharing, "status": "published"})
    service.describe(session, steward, "lamps", {"sharing": sharing})
    with pytest.raises(Conflict):
        service.describe(session, steward, "lamps", {"status": "published"})


def test_inside_the_agency_one_publishes_alone_and_takes_back_alone(session, steward, lamps):
    assert service.describe(session, steward, "lamps", {"status": "published"}).status == "published"
    share(session, "lamps", "open")
    assert service.describe(session, steward, "lamps", {"sharing": "shared"}).sharing == "shared"


def test_who_may_describe(session, steward, outsider, agencies, lamps):
    for caller, answer in (
        (guard.ANONYMOUS, NotSignedIn),
        (outsider, NotAllowed),
        (person(4, agencies["so-xd"], "data:write"), NotAllowed),
    ):
        with pytest.raises(answer):
            service.create(session, caller, body("roads"))
    with pytest.raises(NotAllowed):
        service.create(session, steward, body("roads", agency="so-tc"))
    with pytest.raises(NotAllowed):
        service.describe(session, steward, "lamps", {"agency": "so-tc"})
    with pytest.raises(BadInput):
        service.describe(session, steward, "lamps", {"code": "lights"})


def test_a_reference_leads_to_a_dataset_one_sees(session, steward, outsider, agencies, lamps):
    other = person(5, agencies["so-tc"], *guard.ROLES["data-steward"])
    held = {"properties": {"lamp": {"type": "string", "x-reference": {"dataset": "lamps"}}}}
    with pytest.raises(BadInput) as hidden:
        service.create(session, other, body("repairs", schema=held))
    with pytest.raises(BadInput) as absent:
        service.create(session, other, body("repairs", schema={"properties": {
            "lamp": {"type": "string", "x-reference": {"dataset": "nothing"}}}}))  # fmt: skip
    assert str(hidden.value).replace("lamps", "…") == str(absent.value).replace("nothing", "…")
    share(session, "lamps", "shared")
    assert service.create(session, other, body("repairs", schema=held)).code == "repairs"


# --- a schema that changes


@pytest.fixture
def lit(session, steward, lamps):
    """Two lamps, the first with an earlier version."""
    service.put(
        session, steward, "lamps", None, lamp("A1", road="Lê Lợi", height=8, since="2026-01-01", keeper="An", cost=3)
    )
    service.put(
        session, steward, "lamps", "A1", lamp("A1", road="Lê Lợi", height=9, since="2026-01-01", keeper="An", cost=3)
    )
    service.put(session, steward, "lamps", None, lamp("A2", height=30))
    return lamps


@pytest.mark.parametrize(
    "changes",
    [
        {"height": {"type": "number", "maximum": 20}}, {"height": {"type": "integer"}, "road": {"type": "integer"}},
        {"road": {"type": "string", "enum": ["Hòa Bình"]}}, {"road": {"type": "string", "x-reference": {"dataset": "lamps"}}},
    ],
)  # fmt: skip
def test_a_schema_the_records_do_not_fit_is_refused(session, steward, lit, changes):
    with pytest.raises(Conflict) as error:
        service.describe(session, steward, "lamps", {"schema": fields(**changes)})
    assert error.value.faults
    assert lit.schema == SCHEMA


def test_a_schema_that_asks_more_than_the_records_have_is_refused(session, steward, lit):
    with pytest.raises(Conflict) as error:
        service.describe(session, steward, "lamps", {"schema": SCHEMA | {"required": ["code", "road"]}})
    assert places(error) == {"record A2: properties.road"}


def test_a_key_or_shape_is_no_other_while_there_are_records(session, steward, lit):
    with pytest.raises(Conflict):
        service.describe(session, steward, "lamps", {"geometry_type": "Polygon"})
    assert service.describe(session, steward, "lamps", {"geometry_type": "Geometry"}).geometry_type == "Geometry"
    road_key = fields(code={"type": "string"}, road={"type": "string", "x-role": "key"})
    with pytest.raises(Conflict):
        service.describe(session, steward, "lamps", {"schema": road_key, "key_field": "road"})


def test_what_follows_from_the_fields_is_made_anew_for_earlier_versions_too(session, steward, lit):
    service.describe(session, steward, "lamps", {"schema": fields(
        road={"type": "string", "x-open": False}, since={"type": "string", "format": "date"})})  # fmt: skip
    for table in (Record, RecordVersion):
        one = session.scalars(select(table).where(table.key == "A1")).one()
        assert (one.folded, one.valid_from) == ("a1", None)


def test_a_field_left_out_is_seen_by_nobody_and_stays_masked_when_it_comes_back(session, steward, lit):
    service.describe(session, steward, "lamps", {"schema": fields(keeper=None)})
    view = views.made(lit, steward)
    assert "keeper" in view.hidden
    assert view.properties is None
    assert "keeper" not in service.history(session, steward, "lamps", "A1")[0].properties
    made = service.patch(session, steward, "lamps", "A1", {"properties": {"height": 10}})
    assert "keeper" not in made.properties
    share(session, "lamps", "open")
    with pytest.raises(Conflict):
        service.describe(session, steward, "lamps", {"schema": fields(keeper={"type": "string"})})
    assert service.describe(session, steward, "lamps", {"schema": SCHEMA}).schema == SCHEMA


def test_fields_that_others_do_not_see_are_not_opened_alone(session, steward, lit):
    share(session, "lamps", "open")
    for changes in ({"cost": {"type": "integer"}}, {"keeper": {"type": "string"}}):
        with pytest.raises(Conflict):
            service.describe(session, steward, "lamps", {"schema": fields(**changes)})
    service.describe(session, steward, "lamps", {"sharing": "restricted"})
    service.describe(session, steward, "lamps", {"schema": fields(cost={"type": "integer"})})


def test_who_may_not_see_personal_data_unmasks_none_by_the_schema(session, steward, agencies, lit):
    plain = fields(keeper={"type": "string"})
    with pytest.raises(NotAllowed):
        service.describe(session, steward, "lamps", {"schema": plain})
    service.describe(session, steward, "lamps", {"schema": fields(keeper=None)})
    with pytest.raises(NotAllowed):
        service.describe(session, steward, "lamps", {"schema": plain})
    may = person(20, agencies["so-xd"], "data:describe", "data:personal")
    assert service.describe(session, may, "lamps", {"schema": plain}).schema == plain


def test_removing_a_published_dataset_takes_retiring_it_first(session, steward, lit):
    share(session, "lamps", "open")
    with pytest.raises(Conflict):
        service.remove(session, steward, "lamps")
    service.describe(session, steward, "lamps", {"status": "retired"})
    service.remove(session, steward, "lamps")
    assert session.scalars(select(Dataset)).all() == []
    assert session.scalars(select(RecordVersion)).all() == []


# --- two people


def test_a_second_person_opens(session, steward, second, lamps):
    service.put(session, steward, "lamps", None, lamp("A1"))
    asked = service.ask_review(session, steward, "lamps", sharing="open", note="cho cổng dữ liệu")
    assert (lamps.sharing, asked.decision) == ("restricted", None)
    with pytest.raises(NotAllowed):
        service.decide_review(session, steward, asked.id, "approved")
    with pytest.raises(Conflict):
        service.ask_review(session, second, "lamps", sharing="shared")
    service.decide_review(session, second, asked.id, "approved")
    assert (lamps.sharing, lamps.status, asked.decided_by) == ("open", "published", "person:2")
    with pytest.raises(Conflict):
        service.decide_review(session, second, asked.id, "refused")
    kinds = session.scalars(select(Entry.kind).where(Entry.subject == "dataset:lamps").order_by(Entry.id)).all()
    assert kinds == ["data.dataset.created", "data.review.asked", "data.dataset.shared"]


def test_only_those_decide_who_may(session, steward, outsider, agencies, lamps):
    asked = service.ask_review(session, steward, "lamps", sharing="open")
    for caller, answer in (
        (guard.ANONYMOUS, NotFound), (outsider, NotFound), (person(4, agencies["so-xd"], "data:read", "data:describe"), NotAllowed),
        (everywhere("data:read"), NotAllowed),
    ):  # fmt: skip
        for decision in ("approved", "refused", "withdrawn"):
            with pytest.raises(answer):
                service.decide_review(session, caller, asked.id, decision)
    assert lamps.sharing == "restricted"


def test_a_refusal_changes_nothing_and_another_wish_may_follow(session, steward, second, lamps):
    asked = service.ask_review(session, steward, "lamps", sharing="open")
    service.decide_review(session, second, asked.id, False, "còn thiếu giấy phép")
    assert (lamps.sharing, asked.decision, asked.answer) == ("restricted", "refused", "còn thiếu giấy phép")
    again = service.ask_review(session, steward, "lamps", sharing="shared")
    service.decide_review(session, steward, again.id, "withdrawn")
    assert again.decision == "withdrawn"


def test_less_sharing_needs_nobody_else(session, steward, lamps):
    share(session, "lamps", "open")
    asked = service.ask_review(session, steward, "lamps", sharing="restricted")
    assert (lamps.sharing, asked.decision) == ("restricted", "approved")


def test_what_looks_personal_is_named_or_masked_before_it_is_opened(session, steward, second, lamps):
    for i in range(4):
        service.put(session, steward, "lamps", None, lamp(f"A{i}", road=f"09{i}8123456, gọi anh Ba"))
    asked = service.ask_review(session, steward, "lamps", sharing="open")
    assert [(one["field"], one["kind"]) for one in asked.findings] == [("road", "phone")]
    assert "8123456" not in str(asked.findings)
    for answer in (None, "được"):
        with pytest.raises(BadInput) as error:
            service.decide_review(session, second, asked.id, "approved", answer)
        assert places(error) == {"fields.road"}
    assert lamps.sharing == "restricted"
    service.decide_review(session, second, asked.id, "approved", "road: số máy của cơ quan")
    assert lamps.sharing == "open"


def test_a_field_accepted_by_name_is_not_asked_about_again(session, steward, second, lamps):
    service.put(session, steward, "lamps", None, lamp("A1", road="an@example.com"))
    asked = service.ask_review(session, steward, "lamps", sharing="open")
    service.decide_review(session, second, asked.id, "approved", accepted=["road"])
    assert lamps.sharing == "open"


def test_wishes_are_listed_for_those_who_keep_or_decide(session, steward, second, outsider, lamps):
    service.ask_review(session, steward, "lamps", sharing="open")
    assert [review.sharing for review, _ in service.reviews(session, second)] == ["open"]
    assert service.reviews(session, outsider) == service.reviews(session, guard.ANONYMOUS) == []
    assert session.scalars(select(Review)).one().note is None


# --- corrections


def test_a_correction_reaches_those_who_keep_the_dataset(session, steward, outsider, lamps):
    service.put(session, steward, "lamps", None, lamp("A1"))
    share(session, "lamps", "open")
    sent = service.correct(session, guard.ANONYMOUS, "lamps", " Đèn này hỏng ", record_key="A1", contact="0912345678")
    assert (sent.text, sent.sent_by, sent.state) == ("Đèn này hỏng", "anonymous", "open")
    assert [one.id for one, _ in service.corrections(session, steward)] == [sent.id]
    assert service.corrections(session, outsider) == service.corrections(session, guard.ANONYMOUS) == []
    entry = session.scalars(select(Entry).where(Entry.kind == "data.correction.sent")).one()
    assert (entry.visibility, entry.agency_id, entry.data) == (
        "restricted",
        lamps.agency_id,
        {"correction": sent.id, "record": "A1"},
    )
    with pytest.raises(NotFound):
        service.answer_correction(session, outsider, sent.id, "done", "đã sửa")
    with pytest.raises(BadInput):
        service.answer_correction(session, steward, sent.id, "refused", "")
    service.answer_correction(session, steward, sent.id, "done", "đã sửa")
    assert service.corrections(session, steward) == []
    with pytest.raises(Conflict):
        service.answer_correction(session, steward, sent.id, "done", "lần nữa")


def test_an_empty_correction_or_one_of_nothing_is_refused(session, steward, lamps):
    with pytest.raises(BadInput) as error:
        service.correct(session, steward, "lamps", " ", record_key="Z9", contact="x" * 999)
    assert places(error) == {"text", "record_key", "contact"}
