"""A report on its way: opened once, handled, rated; who may, what is told, what stays unsaid."""

import random
from dataclasses import replace

import pytest

from dothi import packs
from dothi.cases import news, numbering, offices, reading, tally, templates, types
from dothi.cases import service as cases
from dothi.cases.contacts import Contact
from dothi.cases.flow import CannotStep
from dothi.cases.tables import Case, CaseEntry, CaseTally
from dothi.identity.guard import ANONYMOUS, SYSTEM, sees_entries
from dothi.journal import service as journal
from dothi.kit import bus, clock
from dothi.kit.errors import BadInput, Conflict, NotAllowed, NotFound, NotSignedIn, PreconditionFailed
from tests.cases import scene


@pytest.fixture
def city(session):
    return scene.city(session)


def kinds(session, case, inside=True):
    return [one.kind for one in reading.entries(session, case, inside)]


def test_a_report_goes_from_a_citizen_to_an_office_and_is_rated(session, city):
    heard = []
    bus.hears(news.CaseMoved)(hearer := lambda _, one: heard.append(one))
    try:
        made = scene.lifecycle(session, city, text="Gọi cho tôi số 0901234567")
    finally:
        bus._hearers[news.CaseMoved].remove(hearer)
    session.commit()
    case = made.case
    year = f"{clock.now().astimezone(clock.VIETNAM):%y}"
    assert (case.number, case.state, case.phase) == (f"PA-{year}-000001", "closed", "closed")
    assert (case.rating, case.satisfied, case.met, case.due_at) == (5, True, True, None)
    assert [(one.before, one.after, one.step) for one in heard] == [
        (None, "unconfirmed", None), ("unconfirmed", "received", "confirm"), ("received", "assigned", "assign"),
        ("assigned", "working", "start"), ("working", "resolved", "resolve"), ("resolved", "closed", None),
    ]  # fmt: skip
    assert kinds(session, case) == ["opened", "confirmed", "assigned", "state", "state", "rated"]
    entries = journal.read(session, sees=sees_entries(ANONYMOUS), kinds=["cases"])
    assert [one["kind"] for one in entries] == [
        "cases.confirmed", "cases.assigned", "cases.stepped", "cases.stepped", "cases.rated",
    ]  # fmt: skip
    told = str(entries) + str(journal.read(session, sees=sees_entries(city.stranger), kinds=["cases"]))
    assert "0901234567" not in told
    assert {one["subject"] for one in entries} == {f"case:{case.number}"}


def test_the_same_key_is_the_same_case_and_its_token_only_for_who_has_it(session, city):
    secret = "s" * 40
    first = scene.opened(session, ANONYMOUS, key="0b9c7c3e-1111-2222", token=secret)
    again = scene.opened(session, city.citizen, key="0b9c7c3e-1111-2222", title="Khác")
    mine = scene.opened(session, ANONYMOUS, key="0b9c7c3e-1111-2222", token=secret)
    assert (first.token, again.token, mine.token) == (secret, None, secret)
    assert {one.case.id for one in (first, again, mine)} == {first.case.id}
    assert (first.new, again.new) == (True, False)
    assert scene.report(session).number.endswith("-000002")


def test_opening_says_every_fault_and_personal_answers_go_to_the_contact(session, city):
    with pytest.raises(BadInput) as refused:
        cases.open_(
            session, ANONYMOUS, scene.new(category=None, lon=200, text="x" * 4001, channel="fax", fields={"a": 1})
        )
    assert {one.place for one in refused.value.faults} == {"text", "place", "category", "channel"}
    with pytest.raises(BadInput, match="category"):
        cases.open_(session, ANONYMOUS, scene.new(category="nothing"))
    with pytest.raises(NotSignedIn):
        cases.open_(session, ANONYMOUS, scene.new(type="job", category=None))
    schema = {"type": "object", "properties": {"who": {"type": "string", "x-personal": True}, "n": {"type": "integer"}}}
    known = types.types()
    types.use(replace(known, categories_={**known.categories_, "other": known.category("other").model_copy(update={"questions": schema})}))  # fmt: skip
    try:
        made = cases.open_(session, ANONYMOUS, scene.new(fields={"who": "Lê Thị Bí Mật", "n": 3}))
        with pytest.raises(BadInput, match=r"fields\.n"):
            cases.open_(session, ANONYMOUS, scene.new(fields={"n": "ba"}))
    finally:
        types.use(None)
    assert made.case.fields == {"n": 3}
    assert made.case.state == "unconfirmed"  # a stranger answers a code first
    session.commit()
    assert "Bí Mật" not in str(journal.read(session, sees=sees_entries(city.admin)))


def test_an_officer_opens_for_who_called_and_a_rule_names_the_office(session, city):
    offices.rule(session, city.admin, "report", None, None, "xay-dung")
    offices.rule(session, city.admin, "report", "other", None, "chieu-sang")
    made = cases.on_behalf(
        session, city.dispatcher, scene.new(contact=Contact(name="Nguyễn Văn An", phone="0901234567"))
    )
    assert (made.case.channel, made.case.state, made.case.agency_id) == ("phone", "received", city.lights.id)
    assert made.case.person_id is None
    with pytest.raises(NotSignedIn):
        cases.on_behalf(session, ANONYMOUS, scene.new())


def test_two_officers_at_once_one_wins_and_the_other_is_told_who_and_when(session, city):
    case = scene.lifecycle(session, city, until="assigned").case
    seen = case.version
    cases.step(session, city.officer, case.id, "start", version=seen)
    with pytest.raises(PreconditionFailed, match=r"Võ Văn Tâm changed this case at \d\d:\d\d"):
        cases.step(session, city.second, case.id, "reject", reason="no-basis", text="không", version=seen)
    made = scene.lifecycle(session, city, until="resolved")
    with pytest.raises(PreconditionFailed, match="Công ty Chiếu sáng"):  # a citizen learns which office, not who
        cases.rate(session, ANONYMOUS, made.case.id, fixed=True, token=made.token, version=1)


def test_each_verb_is_for_its_side_and_a_strangers_case_answers_like_none(session, city):
    case = scene.lifecycle(session, city, until="assigned", public=False).case
    for name in (case.id, case.number, "PA-26-999999", 10**15):
        with pytest.raises(NotFound, match="no such case"):
            cases.step(session, city.stranger, name, "start")
        with pytest.raises(NotFound, match="no such case"):
            cases.comment(session, ANONYMOUS, name, "xin chào", token="x" * 43)
        with pytest.raises(NotFound):
            cases.follow(session, city.citizen, name)
    with pytest.raises(NotAllowed):
        cases.hide(session, city.officer, case.id, "vì")
    with pytest.raises(NotAllowed):
        cases.extend(session, city.officer, case.id, 1, reason="force-majeure", text="bão")
    with pytest.raises(NotAllowed):
        cases.rate(session, city.officer, case.id, fixed=True)
    with pytest.raises(CannotStep):
        cases.step(session, city.officer, case.id, "assign-all")


def test_not_ours_names_whose(session, city):
    case = scene.report(session, office=city.lights.id)
    with pytest.raises(BadInput) as refused:
        cases.transfer(session, city.officer, case.id, None, reason="not-ours", text="Không phải của chúng tôi")
    assert refused.value.faults[0].place == "text"
    cases.transfer(session, city.officer, case.id, None, reason="not-ours", text="Việc này của sở Xay dựng.")
    assert (case.agency_id, kinds(session, case)[-1]) == (None, "transferred")
    with pytest.raises(NotFound):
        cases.comment(session, city.officer, case.id, "của ai?")
    cases.transfer(session, city.admin, case.id, "xay-dung", reason="wrong-place", text="Chuyển")
    assert case.agency_id == city.roads.id
    entry = reading.entries(session, case, inside=False)
    assert all(one.actor is None for one in entry)
    assert "transferred" not in [one.kind for one in entry]


def test_reopening_within_the_window_and_a_no_reopens(session, city):
    made = scene.lifecycle(session, city, until="resolved")
    case = cases.rate(session, ANONYMOUS, made.case.id, fixed=False, rating=1, text="Vẫn tắt", token=made.token)
    assert (case.state, case.reopened, case.resolved_at, case.met) == ("working", 1, None, None)
    assert case.due_at is not None
    cases.step(session, city.officer, case.id, "resolve", text="Thay cả dây")
    cases.rate(session, ANONYMOUS, case.id, fixed=True, rating=4, token=made.token)
    assert case.state == "closed"
    with news.at(clock.now_micros() + 8 * clock.DAY), pytest.raises(CannotStep):
        cases.reopen(session, ANONYMOUS, case.id, text="Lại tắt", token=made.token)
    cases.reopen(session, ANONYMOUS, case.id, text="Lại tắt, gọi 0901234567", token=made.token)
    assert case.reopened == 2
    public = reading.entries(session, case, inside=False)
    assert "Lại tắt" not in str(public)
    assert "Vẫn tắt" in str(reading.entries(session, case, inside=False, reporter=True))
    assert "Lại tắt" in str(reading.entries(session, case, inside=True))


def test_merging_keeps_every_follower_and_leads_on(session, city):
    first, second, third = (scene.report(session, city.citizen, office=None) for _ in range(3))
    for i, case in enumerate((first, second, third)):
        for j in range(3):
            cases.follow(session, ANONYMOUS, case.id, f"address:{i + j + 1}")
    cases.merge(session, city.admin, first.number, second.number)
    cases.merge(session, city.admin, second.number, third.number)
    session.expire_all()
    assert (first.state, first.merged_into, second.merged_into) == ("duplicate", third.id, third.id)
    assert third.followers == 6  # addresses 1 to 5, and the citizen who reported the others
    assert reading.gathered(session, third.id) == [third.id, first.id, second.id]
    assert reading.public_case(session, first.number).merged_number == third.number
    with pytest.raises((CannotStep, BadInput)):
        cases.merge(session, city.admin, third.number, first.number)
    with pytest.raises(BadInput):
        cases.merge(session, city.admin, third.number, third.number)


def test_joining_counts_once_and_names_nobody(session, city):
    case = scene.report(session)
    for _ in range(2):
        cases.join(session, city.citizen, case.number)
        cases.join(session, ANONYMOUS, case.number, "browser:" + "a" * 64)
    assert (case.followers, case.version) == (2, 1)
    told = [one for one in reading.entries(session, case, inside=False) if one.kind == "joined"]
    assert [one.data["count"] for one in told] == [1, 2]
    assert all(one.actor is None and one.name is None for one in told)
    cases.unfollow(session, city.citizen, case.number)
    assert case.followers == 1
    with pytest.raises(BadInput):
        cases.follow(session, ANONYMOUS, case.number, f"person:{city.officer.id}")


def test_a_step_that_needs_approval_is_confirmed_by_somebody_else(session, city):
    known = types.types()
    report = known.type("report").model_copy(deep=True)
    resolve = next(one for one in report.transitions if one.code == "resolve")
    resolve.effects.append("needs-approval")
    types.use(types.of_packs({"x": packs.Pack("x", None, files={"cases.yaml": types.File(types=[report], categories=[known.category("other")])})}))  # type: ignore[arg-type]  # fmt: skip
    try:
        case = scene.lifecycle(session, city, until="working").case
        cases.step(session, city.manager, case.id, "resolve", text="Xong rồi")
        assert (case.state, case.pending_id is not None) == ("working", True)
        assert [one.number for one in reading.inbox(session, city.manager, reading.Asked("approval")).lines] == [
            case.number
        ]
        with pytest.raises(CannotStep):
            cases.step(session, city.officer, case.id, "ask", text="?")
        with pytest.raises(NotAllowed, match="another person"):
            cases.approve(session, city.manager, case.id)
        with pytest.raises(NotAllowed):
            cases.approve(session, city.officer, case.id)
        with pytest.raises(BadInput):
            cases.approve(session, city.leader, case.id, ok=False)
        cases.approve(session, city.leader, case.id, ok=False, text="Chưa có ảnh")
        cases.step(session, city.officer, case.id, "resolve", text="Xong, có ảnh")
        cases.approve(session, city.manager, case.id)
        assert (case.state, case.pending_id) == ("resolved", None)
        assert kinds(session, case)[-4:] == ["pending", "returned", "pending", "state"]
        assert kinds(session, case, inside=False)[-1] == "state"
        with pytest.raises(Conflict):
            cases.approve(session, city.manager, case.id)
    finally:
        types.use(None)


def test_an_office_that_helps_sees_the_inside_and_says_when_it_has(session, city):
    case = scene.lifecycle(session, city, until="assigned", public=False).case
    cases.co_handle(session, city.officer, case.id, "xay-dung", text="Nhờ đào đường")
    assert reading.case(session, city.stranger, case.number) is case
    listed = lambda: [one.number for one in reading.inbox(session, city.stranger, reading.Asked("co-handled")).lines]  # noqa: E731
    assert listed() == [case.number]
    cases.comment(session, city.stranger, case.id, "Chiều nay đào")
    with pytest.raises(NotAllowed):
        cases.step(session, city.stranger, case.id, "start")
    cases.co_done(session, city.stranger, case.id)
    assert listed() == []


def test_the_inside_never_reaches_the_public(session, city):
    case = scene.lifecycle(session, city, until="working").case
    cases.comment(session, city.officer, case.id, "BÍ MẬT nội bộ")
    cases.comment(session, city.officer, case.id, "Chờ vật tư", public=True)
    cases.assign(session, city.dispatcher, case.id, crew=city.crew.id, text="BÍ MẬT đội 1")
    cases.priority_(session, city.officer, case.id, "high", text="BÍ MẬT")
    cases.step(session, city.worker, case.id, "resolve", text="BÍ MẬT của đội", public=False)
    session.commit()
    public = reading.entries(session, reading.public_case(session, case.number), inside=False)
    assert "Chờ vật tư" in str(public)
    assert "BÍ MẬT" not in str(public) + str(reading.public_case(session, case.number))
    assert "BÍ MẬT" not in str(journal.read(session, sees=sees_entries(ANONYMOUS)))
    cases.hide(session, city.manager, case.id, "Có biển số xe")
    for name in (case.id, case.number):
        with pytest.raises(NotFound):
            reading.public_case(session, name)
    assert reading.public_list(session).lines == []
    cases.show(session, city.manager, case.id)
    assert len(reading.public_list(session).lines) == 1


def test_the_tally_is_the_count_after_anything(session, city):
    chance = random.Random(5)
    made = [scene.opened(session, chance.choice([SYSTEM, ANONYMOUS]), office=city.lights.id) for _ in range(12)]
    session.commit()
    verbs = [
        lambda one: cases.confirm(session, SYSTEM, one.case.id),
        lambda one: cases.assign(session, city.admin, one.case.id, office=chance.choice([city.lights.id, city.roads.id])),
        lambda one: cases.step(session, city.admin, one.case.id, chance.choice(["start", "ask", "answer", "resolve"]), text="x"),
        lambda one: cases.rate(session, ANONYMOUS, one.case.id, fixed=chance.random() < 0.5, token=one.token),
        lambda one: cases.transfer(session, city.admin, one.case.id, "xay-dung", reason="other", text="x"),
        lambda one: cases.merge(session, city.admin, one.case.id, chance.choice(made).case.id),
        lambda one: cases.hide(session, city.admin, one.case.id, "x"),
        lambda one: cases.show(session, city.admin, one.case.id),
        lambda one: cases.step(session, city.admin, one.case.id, "reject", reason="no-basis", text="x"),
    ]  # fmt: skip
    for _ in range(90):
        try:
            chance.choices(verbs, [6, 8, 12, 3, 2, 1, 1, 2, 1])[0](chance.choice(made))
        except (BadInput, Conflict, NotAllowed):
            session.rollback() if chance.random() < 0.1 else session.commit()
    session.commit()
    kept = {key(row): row.count for row in session.query(CaseTally) if row.count}
    counted: dict = {}
    for case in session.query(Case):
        counted[tally.key(case)] = counted.get(tally.key(case), 0) + 1
    assert kept == counted
    assert tally.recount(session) == len(made)
    states = {one.state for one in session.query(Case)}
    assert len(states) > 3, states


def key(row):
    return (row.month, row.type, row.category, row.unit, row.agency_id, row.phase, row.public, row.simulated)


def test_what_nobody_speaks_of_is_closed_after_a_week_and_priorities_move_the_deadline(session, city):
    case = scene.lifecycle(session, city, until="working").case
    before = case.due_at
    cases.priority_(session, city.officer, case.id, "urgent")
    assert case.due_at < before
    cases.extend(session, city.manager, case.id, 24 * 60, reason="force-majeure", text="Bão số 12")
    cases.step(session, city.officer, case.id, "resolve", text="Xong")
    assert cases.accept_silent(session, SYSTEM) == 0
    with news.at(clock.now_micros() + 8 * clock.DAY):
        assert cases.accept_silent(session, SYSTEM) == 1
    assert case.state == "closed"


def test_numbers_of_a_type_may_follow_a_scheme_of_their_own(session, city):
    numbering.scheme("job", lambda _s, values, _at: (f"H53-{values['channel']}", lambda n: f"H53.{n:04d}"))
    try:
        made = [scene.report(session, city.dispatcher, type="job", category=None, channel="desk") for _ in range(2)]
    finally:
        numbering._schemes.pop("job")
    assert [one.number for one in made] == ["H53.0001", "H53.0002"]


def test_templates_fill_their_slots_and_belong_to_their_office(session, city):
    case = scene.lifecycle(session, city, until="assigned").case
    kept = templates.save(
        session, city.manager, title="Hẹn", text="{number} xong trước {due}, {office}", office="chieu-sang"
    )
    assert templates.filled(session, kept, case).startswith(f"{case.number} xong trước ")
    assert templates.list_(session, city.stranger) == []
    assert templates.list_(session, city.officer, case) == [kept]
    with pytest.raises(BadInput):
        templates.save(session, city.admin, title="Sai", text="{phone}")
    with pytest.raises(NotAllowed):
        templates.save(session, city.manager, title="Của ai cũng được", text="x")
    with pytest.raises(NotFound):
        templates.remove(session, city.stranger, kept.id)
    assert session.query(CaseEntry).count() > 0
