"""A rule tried on what was measured: how often it would have rung, for how long, and whether a person could bear it."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.alerts import rulebook
from dothi.alerts.model import RuleModel
from dothi.alerts.tables import Rule
from dothi.kit import clock
from dothi.screens.rules.charts import Chart
from dothi.screens.rules.desk import Ask
from dothi.web.i18n import marked

CHOICES = (1, 7, 14, 30)
SHOWN = 10
_LENGTHS = (
    marked("dưới 5 phút"), marked("5–15 phút"), marked("15–60 phút"), marked("1–4 giờ"), marked("4–24 giờ"), marked("hơn 1 ngày"),
)  # fmt: skip


@dataclass(frozen=True)
class TrialPage:
    """`rules/trial.html`: what the rule would have raised between since and until (µs UTC)."""

    rule: Rule
    title: str
    days: int
    choices: tuple[int, ...]
    since: int
    until: int
    count: int
    per_day: str
    median: str
    chattering: int
    busiest: int
    standing: int
    verdict: str
    verdict_state: str
    verdict_why: str
    missed: int | None
    by_day: Chart
    by_hour: Chart
    lengths: Chart
    subjects: list[tuple[str, int, int]]


def trial(ask: Ask) -> Response:
    """Run the rule over the stored history of the last days."""
    one = rulebook.rule(ask.session, ask.caller, ask.request.path_params["code"])
    given = ask.request.query_params.get("days", "")
    days = int(given) if given.isdecimal() and len(given) < 4 and int(given) in CHOICES else 7
    until = ask.now
    since = until - days * clock.DAY
    model = RuleModel.model_validate(one.definition)
    from dothi.alerts.backtest import backtest

    result = backtest(ask.session, ask.caller, model, since, until)
    return ask.page("trial", page=_page(ask, one, days, since, until, result))


def _page(ask: Ask, one: Rule, days: int, since: int, until: int, result: Any) -> TrialPage:
    raise NotImplementedError
