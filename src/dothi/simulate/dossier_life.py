"""What becomes of a simulated dossier: which of the national steps comes next and when, by chance and office hours. Pure."""

from dataclasses import dataclass
from typing import Literal

from dothi.cases.calendar import Calendar
from dothi.kit import clock
from dothi.simulate import case_life
from dothi.simulate.case_words import one_of
from dothi.simulate.dossier_words import said
from dothi.simulate.luck import chance

Do = Literal[
    "accept", "decline", "process", "forward", "ask", "supply", "ask-fee", "pay", "pay-desk", "withdraw", "stop", "resume",
    "grant", "refuse", "approve", "return", "apologise", "receive", "hand-over", "rate", "appeal",
]  # fmt: skip
By = Literal["office", "manager", "applicant"]
_MONTH = 30 * clock.DAY


@dataclass(frozen=True)
class Standing:
    """What decides what is next.

    at: when it last changed; elsewhere: another office decides; owes: a fee is open; pending: a step waits for approval.
    """

    key: str
    procedure: str
    state: str
    version: int
    at: int
    due_at: int | None
    online: bool
    elsewhere: bool
    owes: bool
    asked: bool
    pending: bool
    apologised: bool
    rated: bool
    appealed: bool


@dataclass(frozen=True)
class Act:
    """A step, by whom and when. until: the new date an apology names; rating: 1 to 5."""

    at: int
    do: Do
    by: By
    text: str = ""
    reason: str | None = None
    until: int | None = None
    rating: int | None = None


def next_act(cal: Calendar, one: Standing) -> Act | None:
    """What happens next; None: nothing more does."""
    if one.pending:
        back = chance(one.key, one.version, "sent back") < 0.05
        return Act(
            _working(cal, one, 15, 300),
            "return" if back else "approve",
            "manager",
            _said(one, "returns") if back else "",
        )
    match one.state:
        case "filed":
            return _filed(cal, one)
        case "accepted":
            return Act(_working(cal, one, 30, 900), "forward" if one.elsewhere else "process", "office")
        case "processing":
            return _worked_on(cal, one)
        case "supplement":
            return _asked(cal, one)
        case "fee":
            return _owed(cal, one)
        case "stopped":
            return _stopped(cal, one)
        case "done":
            return _done(cal, one)
        case "handed-over" if not one.rated and chance(one.key, "rates") < 0.5:
            return _rated(one)
        case "handed-over" | "not-accepted" if not one.appealed and chance(one.key, "appeals") < 0.025:
            return Act(_awake(one, 10, 300), "appeal", "applicant", _said(one, "appeals"))
        case _:
            return None


def _filed(cal: Calendar, one: Standing) -> Act:
    luck = chance(one.key, "fate")
    if luck < 0.015:
        return Act(_awake(one, 0.3, 5), "withdraw", "applicant", _said(one, "withdrawals"))
    at = _working(cal, one, 15, 600 if chance(one.key, "slow") < 0.05 else 380)
    if luck < 0.075:
        reason = one_of(list(said()["declines"]), one.key, "declined")
        return Act(at, "decline", "office", said()["declines"][reason], reason)
    return Act(at, "accept", "office")


def _worked_on(cal: Calendar, one: Standing) -> Act | None:
    if not one.asked and chance(one.key, "asks") < 0.14:
        asked = said()["services"][one.procedure]["asks"]
        return Act(_working(cal, one, 60, 900), "ask", "office", one_of(asked, one.key, "asked"))
    if one.owes:
        return Act(_working(cal, one, 20, 500), "ask-fee", "office")
    if chance(one.key, one.version, "stops") < 0.012:
        reason = one_of(("dispute", "authority"), one.key, "why stopped")
        return Act(_working(cal, one, 120, 1500), "stop", "office", said()["stops"][reason], reason)
    forgotten, late = chance(one.key, "forgotten") < 0.012, chance(one.key, "late") < 0.09
    overdue = one.due_at if one.due_at is not None and (late or forgotten) else None
    if overdue is not None and not one.apologised and chance(one.key, "apologises") < 0.65:
        begin = max(one.at, overdue)
        at = cal.ahead(begin, int((30 + 300 * chance(one.key, "when")) * case_life.MINUTE))
        until = cal.ahead(at, int((480 + 1900 * chance(one.key, "new date")) * case_life.MINUTE))
        return Act(at, "apologise", "manager", _said(one, "apologies"), until=until)
    if forgotten:
        return None
    if overdue is not None:
        at = cal.ahead(max(one.at, overdue), int((60 + 1800 * chance(one.key, "how late")) * case_life.MINUTE))
    elif one.due_at is not None and one.due_at > one.at:
        share = 0.15 + 0.65 * chance(one.key, one.version, "quick")
        at = cal.ahead(one.at, int(cal.time_between(one.at, one.due_at) * share))
    else:
        at = _working(cal, one, 30, 400)
    if chance(one.key, "refused") < 0.05:
        return Act(at, "refuse", "office", said()["services"][one.procedure]["refusal"], "conditions")
    return Act(at, "grant", "office")


def _asked(cal: Calendar, one: Standing) -> Act | None:
    luck = chance(one.key, "supplies")
    if luck < 0.8:
        by: By = "applicant" if one.online else "office"
        at = _awake(one, 3, 200) if one.online else _working(cal, one, 300, 3000)
        return Act(at, "supply", by, _said(one, "supplies"))
    if luck < 0.88:
        return Act(_awake(one, 20, 260), "withdraw", "applicant", _said(one, "withdrawals"))
    if luck < 0.96:
        at = cal.ahead(one.at + _MONTH, 90 * case_life.MINUTE)
        return Act(at, "stop", "office", said()["stops"]["not-supplied"], "not-supplied")
    return None


def _owed(cal: Calendar, one: Standing) -> Act | None:
    luck = chance(one.key, "pays")
    if luck < (0.86 if one.online else 0.25):
        return Act(_awake(one, 0.2, 70), "pay", "applicant")
    if luck < 0.94:
        return Act(_working(cal, one, 60, 2000), "pay-desk", "office")
    if luck < 0.985:
        at = cal.ahead(one.at + _MONTH, 60 * case_life.MINUTE)
        return Act(at, "stop", "office", said()["stops"]["not-paid"], "not-paid")
    return None


def _stopped(cal: Calendar, one: Standing) -> Act | None:
    luck = chance(one.key, one.version, "goes on")
    if luck < 0.4 and not one.owes:
        return Act(_working(cal, one, 1400, 8000), "resume", "office", _said(one, "resumes"))
    if luck < 0.7:
        return Act(_working(cal, one, 2400, 9000), "refuse", "office", said()["stops"]["refusal"], "not-supplied")
    return None


def _done(cal: Calendar, one: Standing) -> Act | None:
    luck = chance(one.key, "collects")
    if one.online and luck < 0.8:
        return Act(_awake(one, 0.2, 60), "receive", "applicant")
    if luck < 0.97:
        return Act(_working(cal, one, 40, 2600), "hand-over", "office")
    return None


def _rated(one: Standing) -> Act:
    luck = chance(one.key, "rating") - (0.25 if one.apologised else 0)
    rating = 5 if luck > 0.5 else 4 if luck > 0.18 else 3 if luck > 0.07 else 2 if luck > 0.02 else 1
    text = one_of(said()["thanks" if rating > 3 else "complaints"], one.key, "words")
    return Act(_awake(one, 0.1, 90), "rate", "applicant", text, rating=rating)


def _said(one: Standing, name: str) -> str:
    return one_of(said()[name], one.key, one.version, name)


def _working(cal: Calendar, one: Standing, least: int, most: int) -> int:
    """So many minutes of office hours later."""
    luck = chance(one.key, one.version, "takes")
    at = cal.ahead(one.at, int((least + (most - least) * luck * luck) * case_life.MINUTE))
    return at + int(chance(one.key, one.version, "second") * 50 * clock.SECOND)


def _awake(one: Standing, least: float, most: float) -> int:
    """So many hours later, in the waking part of a day."""
    return case_life.awake(one.at, least, most, one.key, one.version, "awake")
