"""A rule tried on what was measured: how often it would have rung, for how long, and whether a person could bear it."""

from collections import Counter
from dataclasses import dataclass

from starlette.responses import Response

from dothi.alerts import known, rulebook
from dothi.alerts.backtest import Known, Result, backtest
from dothi.alerts.model import RuleModel
from dothi.alerts.tables import Rule
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.screens import words as common
from dothi.screens.rules import charts, words
from dothi.screens.rules.charts import Chart
from dothi.screens.rules.desk import WRITES, Ask
from dothi.sensing.state import number
from dothi.web.forms import Filled
from dothi.web.i18n import marked

CHOICES = (1, 7, 14, 30)
USUAL = 7  # days
SHOWN = 10
LONGEST = 20_000  # characters of a list of events in an address
EVENTS = "events"
_LENGTHS = (
    marked("dưới 5 phút"), marked("5–15 phút"), marked("15–60 phút"), marked("1–4 giờ"), marked("4–24 giờ"), marked("hơn 1 ngày"),
)  # fmt: skip


@dataclass(frozen=True)
class TrialPage:
    """`rules/trial.html`: what the rule would have raised in the last days.

    subjects: where most, chattering ones first. known: events it was held against; missed: those without an alarm.
    """

    rule: Rule
    title: str
    days: int
    choices: tuple[int, ...]
    result: Result
    per_day: str
    typical: str
    load: str
    verdict: str
    verdict_state: str
    by_day: Chart
    by_hour: Chart
    lengths: Chart
    subjects: list[tuple[str, int, bool]]
    known: int
    missed: list[tuple[str, str]]
    may_write: bool


def trial(ask: Ask) -> Response:
    """Run the rule over the stored history of the last days."""
    one = rulebook.rule(ask.session, ask.caller, ask.request.path_params["code"])
    given = ask.request.query_params.get("days", "")
    days = int(given) if given in map(str, CHOICES) else USUAL
    model = RuleModel.model_validate(one.definition)
    filled = Filled({"events": ask.request.query_params.get("events", "")[:LONGEST]})
    events: list[Known] = []
    try:
        events = known.read(ask.session, filled.values["events"], EVENTS, ask.caller)
    except BadInput as error:
        faults = [
            Fault("events", one.place.rpartition(":")[2] + ": " + one.message, one.allowed) for one in error.faults
        ]
        filled = Filled(filled.values, {"events": faults})
    result = backtest(ask.session, ask.caller, model, ask.now - days * clock.DAY, ask.now, events)
    return ask.page("trial", filled, 400 if filled.faults else 200, page=page(ask, one, days, result))


def page(ask: Ask, one: Rule, days: int, result: Result) -> TrialPage:
    """What the page shows of a trial."""
    raised = [(alarm.episode.raised_at, alarm.episode.worst) for alarm in result.alarms]
    lengths = [
        ((alarm.episode.cleared_at or result.until) - alarm.episode.raised_at) / clock.SECOND / 60 for alarm in result.alarms
    ]  # fmt: skip
    where = Counter(alarm.name for alarm in result.alarms)
    shaky = {name for _, name, _ in result.chattering}
    if result.subjects == result.dead:
        verdict, state = (
            marked("Quy tắc này không theo dõi được nơi nào: không có thiết bị hợp hoặc chưa biết ngưỡng."),
            "major",
        )
    elif not result.bearable:
        verdict, state = (
            marked("Quá sức một người trực: sửa ngưỡng, thời gian chờ hoặc cách gộp trước khi bật."),
            "major",
        )
    elif result.chattering:
        verdict, state = marked("Vừa sức trực, nhưng có nơi nhấp nháy: thêm khoảng lùi hoặc thời gian giữ."), "minor"
    elif not result.alarms:
        verdict, state = marked("Không báo lần nào trong khoảng này."), "info"
    else:
        verdict, state = marked("Vừa sức một người trực."), "normal"
    return TrialPage(
        rule=one, title=words.title(one, ask.language), days=days, choices=CHOICES, result=result,
        per_day=number(len(result.alarms) / days, 1, ask.language),
        typical=words.minutes(result.typical_s / 60, ask.say, ask.language) if result.typical_s is not None else "",
        load=number(result.per_ten_minutes, 3, ask.language), verdict=ask.say(verdict), verdict_state=state,
        by_day=charts.days(raised, result.since, result.until), by_hour=charts.hours(raised),
        lengths=charts.durations(lengths, [ask.say(word) for word in _LENGTHS]),
        subjects=[(name, count, name in shaky) for name, count in
                  sorted(where.items(), key=lambda pair: (pair[0] not in shaky, -pair[1], pair[0]))[:SHOWN]],
        known=len(result.caught) + len(result.missed),
        missed=[(common.moment(event.at), event.title) for event in result.missed],
        may_write=ask.may(WRITES, one.agency_id),
    )  # fmt: skip
