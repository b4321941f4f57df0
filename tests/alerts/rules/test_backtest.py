"""A rule over stored history: figures as one would count them by hand."""

import pytest

from dothi.alerts import backtest_store
from dothi.alerts.backtest import Known, backtest, chatters
from dothi.identity.guard import ANONYMOUS, SYSTEM
from dothi.kit.clock import DAY, HOUR
from dothi.kit.errors import BadInput
from dothi.sensing import ingest, rollup
from dothi.sensing.columns import Columns
from tests.alerts.rules.ground import thing
from tests.alerts.rules.making import rule
from tests.alerts.rules.plain import BEGIN, M

MODEL = {"when": {"major": {"above": 2.0, "lasting": "10m"}, "minor": {"above": 1.0}}}


def put(rows):
    ingest.put_now(Columns([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]))
    rollup.settle_all()


def history(stream, *pairs):
    return [(stream, BEGIN + minute * M, float(value)) for minute, value in pairs]


@pytest.fixture
def river(session):
    """A gauge that is up twice on Monday and flaps on Wednesday."""
    id_, ids = thing(session, "A", {"water-level": {}})
    session.commit()
    stream = ids["water-level"]
    rows = history(stream, *((m, 0.5) for m in range(-600, 5 * 1440, 20)))
    kept = {at: value for _, at, value in rows}
    kept |= {at: v for _, at, v in history(stream, (480, 1.5), (485, 2.5), (500, 2.5), (520, 1.5), (540, 0.5))}
    kept |= {at: v for _, at, v in history(stream, (1200, 1.5), (1203, 0.5))}
    for i in range(6):
        kept |= {at: v for _, at, v in history(stream, (2880 + 4 * i, 1.5), (2882 + 4 * i, 0.5))}
    put([(stream, at, value) for at, value in sorted(kept.items())])
    return id_, stream


def test_the_figures_are_those_one_counts_by_hand(session, river):
    id_, _ = river
    until = BEGIN + 5 * DAY
    known = [
        Known(BEGIN + 490 * M, BEGIN + 530 * M, "triều cường"), Known(BEGIN + 4 * DAY, BEGIN + 4 * DAY + HOUR, "không thấy"),
        Known(BEGIN + 490 * M, BEGIN + 530 * M, "ở nơi khác", thing_id=id_ + 1),
    ]  # fmt: skip
    made = backtest(session, SYSTEM, rule(**MODEL, group={"window": "30m"}), BEGIN, until, known)
    assert (made.subjects, made.dead, len(made.alarms), made.standing) == (1, 0, 8, 0)
    first = made.alarms[0].episode
    assert (first.raised_at, first.worst, first.cleared_at) == (BEGIN + 480 * M, "major", BEGIN + 540 * M)
    assert [sum(counts.values()) for _, counts in made.per_day] == [2, 0, 6, 0, 0]
    assert made.per_day[0] == (BEGIN, {"major": 1, "minor": 1})
    assert {hour: count for hour, count in enumerate(made.per_hour) if count} == {8: 1, 20: 1, 0: 6}
    assert made.lengths == [7, 0, 0, 1, 0, 0]
    assert made.lines == 3  # what flaps is one line
    assert [(name, count) for _, name, count in made.chattering] == [("Trạm A", 8)]
    assert (made.slots, made.busy, made.fullest) == (720, 5, 3)
    assert made.share == pytest.approx(5 / 720)
    assert made.bearable
    assert [one.title for one in made.missed] == ["không thấy", "ở nơi khác"]
    assert [one.title for one in made.caught] == ["triều cường"]
    told = made.as_json()
    assert (told["alarms"], told["severities"]) == (8, {"major": 1, "minor": 7})


def test_days_that_cannot_matter_are_not_read_and_change_nothing(session, river, monkeypatch):
    until = BEGIN + 5 * DAY
    quick = backtest(session, SYSTEM, rule(**MODEL), BEGIN, until)
    monkeypatch.setattr(backtest_store, "days", lambda *_: {})
    whole = backtest(session, SYSTEM, rule(**MODEL), BEGIN, until)
    assert quick.skipped_days > 0
    assert whole.skipped_days == 0
    assert quick.values < whole.values
    assert quick.alarms == whole.alarms


def test_a_day_whose_rollup_is_out_of_date_is_read(session, river):
    _, stream = river
    ingest.put_now(Columns([stream], [BEGIN + 3 * DAY + 10 * HOUR + 7 * M], [1.9]))
    made = backtest(session, SYSTEM, rule(**MODEL), BEGIN + 3 * DAY, BEGIN + 4 * DAY)
    assert [one.episode.raised_at for one in made.alarms] == [BEGIN + 3 * DAY + 10 * HOUR + 7 * M]


def test_an_alarm_that_stood_before_is_not_counted_and_one_that_stands_is(session, river):
    made = backtest(session, SYSTEM, rule(**MODEL), BEGIN + 490 * M, BEGIN + 1201 * M)
    assert [one.episode.raised_at for one in made.alarms] == [BEGIN + 1200 * M]
    assert made.standing == 1


def test_unknown_thresholds_are_said(session, river):
    made = backtest(session, SYSTEM, rule(when={"minor": {"from": {"level": "bd1"}}}), BEGIN, BEGIN + DAY)
    assert (made.subjects, made.dead, made.alarms) == (1, 1, [])


def test_what_a_caller_may_not_see_is_not_tested_on(session):
    _, ids = thing(session, "B", {"water-level": {}}, sharing="restricted", agency=5)
    session.commit()
    put(history(ids["water-level"], (0, 1.5)))
    assert len(backtest(session, SYSTEM, rule(**MODEL), BEGIN, BEGIN + DAY).alarms) == 1
    assert backtest(session, ANONYMOUS, rule(**MODEL), BEGIN, BEGIN + DAY).subjects == 0


def test_sensors_together_are_tested_together(session):
    streams = [thing(session, code, {"pm25": {}}, lon=106.40 + i / 1000)[1]["pm25"] for i, code in enumerate("ABC")]
    session.commit()
    put([row for i, stream in enumerate(streams) for row in history(stream, (0, 20), (10 + i, 90), (20, 90), (30, 10))])
    on = {"property": "pm25", "together": {"by": "area"}}
    made = backtest(
        session, SYSTEM, rule(on=on, when={"major": {"above": 80, "agree": {"count": 3}}}), BEGIN, BEGIN + DAY
    )
    (one,) = made.alarms
    assert (one.episode.raised_at, one.episode.cleared_at) == (BEGIN + 12 * M, BEGIN + 30 * M)


@pytest.mark.parametrize(("since", "until"), [(5, 5), (5, 4), (0, 93 * DAY)])
def test_a_stretch_that_is_none_is_refused(session, since, until):
    with pytest.raises(BadInput):
        backtest(session, SYSTEM, rule(**MODEL), since, until)


def test_chattering_is_more_than_three_raises_in_thirty_minutes():
    assert not chatters([0, 10 * M, 20 * M])
    assert chatters([0, 10 * M, 20 * M, 30 * M])
    assert not chatters([0, 10 * M, 20 * M, 31 * M])
    assert chatters([0, 60 * M, 65 * M, 70 * M, 75 * M])
