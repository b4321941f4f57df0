"""What the driver answers itself is what the session would have answered."""

import pytest
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import DBAPIError

from dothi.cases.tables import Workday
from dothi.db.quick import Objects, Rows

OF_DAY = Objects(Workday, select(Workday).where(Workday.day == bindparam("day")))
ANEW = Objects(
    Workday,
    select(Workday).where(Workday.day == bindparam("day")).with_for_update().execution_options(populate_existing=True),
)
NOTES = Rows(select(Workday.note, Workday.works).where(Workday.actor == "person:1").order_by(Workday.day))


def a_day(day, note="nghỉ bù"):
    return Workday(day=day, works=False, document="12/QĐ", note=note, actor="person:1", at=7)


def test_objects_are_those_of_the_session_and_what_is_changed_of_them_is_written(session):
    session.add(a_day("2026-11-20"))
    found = OF_DAY.first(session, day="2026-11-20")  # written first, as before any other question
    assert found is not None
    assert found.note == "nghỉ bù"
    session.expunge_all()
    found = OF_DAY.first(session, day="2026-11-20")
    assert found is not None
    assert (found.day, found.works, found.document, found.note, found.at) == (
        "2026-11-20",
        False,
        "12/QĐ",
        "nghỉ bù",
        7,
    )
    assert found in session
    assert not session.dirty
    assert session.get(Workday, "2026-11-20") is found
    found.note = "làm bù"
    session.flush()
    assert NOTES.all(session) == [("làm bù", False)]
    assert OF_DAY.first(session, day="2026-11-21") is None


def test_an_object_at_hand_stays_as_it_is_unless_it_is_asked_for_anew(session):
    session.add(a_day("2026-11-20"))
    found = OF_DAY.first(session, day="2026-11-20")
    session.execute(
        update(Workday).values(note="khác"), execution_options={"synchronize_session": False}
    )  # behind its back
    assert OF_DAY.first(session, day="2026-11-20") is found
    assert found is not None
    assert found.note == "nghỉ bù"
    assert ANEW.all(session, day="2026-11-20") == [found]
    assert found.note == "khác"


def test_what_the_driver_refuses_is_said_as_the_session_says_it(session):
    asked = Rows(select(Workday.day).where(Workday.at == bindparam("at")))
    with pytest.raises((DBAPIError, OverflowError)), session.begin_nested():
        asked.all(session, at=1 << 80)
