"""Lists by key: every case once and in order, filters, search without diacritics, what stands near; the figures."""

import statistics

import pytest
from sqlalchemy import event

from dothi.cases import reading, stats
from dothi.cases import service as cases
from dothi.cases.reading import Asked, PublicAsked
from dothi.cases.tables import Case
from dothi.identity.guard import ANONYMOUS, SYSTEM
from dothi.kit import clock
from dothi.kit.errors import BadInput
from tests.cases import scene

NOW = clock.now_micros()


@pytest.fixture
def city(session):
    return scene.city(session)


@pytest.fixture
def many(session, city):
    """Sixty cases of two offices, some without a due moment, some closed, hidden, private or not confirmed."""
    rows = []
    for i in range(60):
        more = {"state": "working", "phase": "open"}
        if i % 10 == 9:
            more = {"state": "closed", "phase": "closed", "closed_at": NOW, "resolved_at": NOW, "met": i % 20 == 9}
        elif i % 10 == 8:
            more = {"state": "waiting-citizen", "phase": "waiting"}
        rows.append(scene.row(
            number=f"PA-26-{i:06}", agency_id=city.lights.id if i % 3 else city.roads.id, unit=f"0{i % 4}",
            opened_at=NOW - (i // 2) * clock.HOUR, due_at=None if i % 10 >= 8 else NOW + (i % 7 - 3) * clock.DAY,
            handler_id=city.officer.id if i % 5 == 1 else None, public=i != 4, hidden="x" if i == 5 else None,
            folded=f"pa-26-{i:06} o ga {'tan an' if i % 6 == 0 else 'long an'}", **more,
        ))  # fmt: skip
    rows.append(scene.row(number="PA-26-000999", state="unconfirmed", phase="new", agency_id=city.lights.id))
    session.add_all(rows)
    session.commit()
    return rows


def walk(page_of, asked, limit=7):
    found, after = [], None
    while True:
        page = page_of(
            type(asked)(
                **{**{k: getattr(asked, k) for k in asked.__dataclass_fields__}, "after": after, "limit": limit}
            )
        )
        found += page.lines
        after = page.next
        if after is None:
            return found


def test_an_inbox_walks_all_of_the_team_by_what_is_next_due(session, city, many):
    found = walk(lambda asked: reading.inbox(session, city.officer, asked), Asked())
    mine = [one for one in many if one.agency_id == city.lights.id and one.closed_at is None]
    wanted = sorted(mine, key=lambda one: (one.due_at is None, one.due_at or 0, one.id))
    assert [one.id for one in found] == [one.id for one in wanted]
    assert {one.office for one in found} == {"Công ty Chiếu sáng đô thị"}
    everything = walk(lambda asked: reading.inbox(session, city.admin, asked), Asked())
    assert len(everything) == sum(one.closed_at is None for one in many)


def test_the_lists_of_a_desk_and_their_counts_say_the_same(session, city, many):
    counts = reading.counts(session, city.officer)
    for which, count in counts.items():
        asked = Asked(which=which)
        assert len(walk(lambda one: reading.inbox(session, city.officer, one), asked)) == count, which
    assert counts["mine"] > 0 < counts["overdue"]
    assert counts["waiting"] == 4
    with pytest.raises(BadInput):
        reading.inbox(session, city.officer, Asked(which="everything"))
    with pytest.raises(BadInput):
        reading.inbox(session, city.officer, Asked(after="x.y"))
    assert reading.inbox(session, ANONYMOUS).lines == []
    assert reading.inbox(session, city.officer, Asked(office=city.roads.id)).lines == []


def test_a_search_needs_no_diacritics(session, city, many):
    wanted = {
        one.number
        for one in many
        if "tan an" in one.folded and one.agency_id == city.lights.id and one.closed_at is None
    }
    for said in ("Tan An", "Tân An", "an tân  ổ gà"):
        assert {one.number for one in reading.inbox(session, city.officer, Asked(text=said)).lines} == wanted
    assert [one.number for one in reading.public_list(session, PublicAsked(text="PA-26-000012")).lines] == [
        "PA-26-000012"
    ]
    assert reading.public_list(session, PublicAsked(text="100%_")).lines == []


def test_the_public_list_is_newest_first_and_holds_nothing_private(session, city, many):
    found = walk(lambda asked: reading.public_list(session, asked), PublicAsked())
    shown = [one for one in many if one.public and not one.hidden and one.state != "unconfirmed"]
    assert [one.id for one in found] == [one.id for one in sorted(shown, key=lambda one: (-one.opened_at, -one.id))]
    some = walk(
        lambda asked: reading.public_list(session, asked),
        PublicAsked(unit="01", phases=("open",), since=NOW - clock.DAY),
    )
    assert {one.id for one in some} == {
        one.id for one in shown if one.unit == "01" and one.phase == "open" and one.opened_at >= NOW - clock.DAY
    }
    names = set(reading.Public.__dataclass_fields__)
    assert not names & {"person_id", "secret", "key", "fields", "handler_id", "hidden"}


def test_what_stands_near_is_offered_nearest_first(session, city):
    lon, lat = scene.PLACE
    close = scene.report(session, lon=lon + 0.0001, lat=lat)
    closer = scene.report(session, lon=lon, lat=lat)
    scene.report(session, lon=lon + 0.01, lat=lat)
    scene.report(session, lon=lon, lat=lat, public=False)
    rejected = scene.report(session, lon=lon, lat=lat, office=city.lights.id)
    cases.step(session, city.manager, rejected.id, "reject", reason="no-basis", text="không có")
    found = reading.near(session, "other", lon, lat)
    assert [(one.id, one.metres) for one in found] == [(closer.id, 0), (close.id, 11)]


def test_lists_ask_a_fixed_number_of_statements(session, city, many):
    said = []
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *a: said.append(a[2]))
    reading.inbox(session, city.officer, Asked(limit=50))
    first = len(said)
    reading.public_list(session, PublicAsked(limit=50))
    assert (first <= 5, len(said) - first <= 2) == (True, True), said
    assert not any("count(*)" in one.lower() for one in said if "case_" in one)


def test_a_report_needs_few_statements(session, city):
    made = scene.lifecycle(session, city, until="assigned")  # also reads what a process reads once
    session.commit()
    said = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *a: said.append(a[2]))
    cases.step(session, city.officer, made.case.id, "start")
    session.commit()
    assert len(said) <= 9, "\n".join(said)
    said.clear()
    scene.opened(session, SYSTEM)
    session.commit()
    own = [one for one in said if one != "BEGIN" and "FROM unit" not in one]  # a city without wards reads them again
    assert len(own) <= 15, "\n".join(own)


def test_the_figures_of_transparency_are_those_of_the_cases_behind(session, city, many):
    asked = stats.Asked(NOW - 60 * clock.DAY, NOW + clock.DAY)
    shown = [one for one in many if one.public and not one.hidden and one.state != "unconfirmed"]
    by_office = {row.key: row for row in stats.figures(session, "office", asked, NOW)}
    for office in (city.lights.id, city.roads.id):
        mine = [one for one in shown if one.agency_id == office]
        solved = [one for one in mine if one.resolved_at]
        row = by_office[office]
        assert (row.received, row.solved) == (len(mine), len(solved))
        assert row.overdue == sum(one.phase != "closed" and one.due_at is not None and one.due_at < NOW for one in mine)
        assert row.on_time == sum(bool(one.met) for one in solved) / len(solved)
        assert row.median == int(statistics.median(one.resolved_at - one.opened_at for one in solved))
        behind = walk(lambda one: reading.public_list(session, one), stats.behind("office", office, asked), 50)
        assert len(behind) == row.received
    for by in stats.BY:
        rows = stats.figures(session, by, asked, NOW)
        assert sum(row.received for row in rows) == len(shown), by
        for row in rows:
            assert (
                len(walk(lambda one: reading.public_list(session, one), stats.behind(by, row.key, asked), 200))
                == row.received
            )
    assert by_office[city.lights.id].name == "Công ty Chiếu sáng đô thị"
    assert session.query(Case).count() == len(many)
